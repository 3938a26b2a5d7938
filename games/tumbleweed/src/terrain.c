/* Questions to the level's map. A column of 32 blocks lies together, so finding a block needs no multiplication. */
#include "game.h"
#include "tables.h"

u8 terrain_at(s16 x, s16 y) {
  if (y < 0) y = 0;   /* what bounds the level's top row goes on above it */
  else if (y >= LEVEL_HEIGHT * BLOCK) return TERRAIN_EMPTY;
  if ((u16)(x >> 4) >= level->width) return TERRAIN_FILL;
  return level->map[(u16)((x & ~15) << 1 | y >> 4)];
}

static u8 height_in(u8 block, s16 x, u16 with_one_way) {
  u8 solidity = terrain_solidity[block];
  if (solidity == SOLIDITY_NONE || (solidity == SOLIDITY_ONE_WAY && !with_one_way)) return 0;
  return shape_heights[terrain_shape[block]][x & 15];
}

/* Looks in the block at the point and, where that is full or empty, in the one above or below it. */
s16 floor_distance(s16 x, s16 y, u8 *block, u16 with_one_way) {
  s16 top = y & ~15;
  u8 found = terrain_at(x, y), height = height_in(found, x, with_one_way);
  if (height == BLOCK) {
    u8 above = terrain_at(x, y - BLOCK), height_above = height_in(above, x, 0);
    if (height_above) {
      found = above;
      height = height_above;
      top -= BLOCK;
    }
  } else if (height == 0) {
    found = terrain_at(x, y + BLOCK);
    height = height_in(found, x, with_one_way);
    top += BLOCK;
    if (height == 0) return NO_FLOOR;
  }
  *block = found;
  return top + BLOCK - height - y;
}

u16 is_solid(s16 x, s16 y) {
  u8 block = terrain_at(x, y);
  if (terrain_solidity[block] != SOLIDITY_SOLID) return 0;
  return shape_heights[terrain_shape[block]][x & 15] > 15 - (y & 15);
}
