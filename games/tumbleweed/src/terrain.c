/* Questions to the level's map. A column of 32 blocks lies together, so finding a block needs no multiplication. */
#include "game.h"
#include "tables.h"

#define BOTTOM (LEVEL_HEIGHT * BLOCK)

/* What bounds the level's top row goes on above it; below it there is nothing, beside it all is solid. */
u8 terrain_at(s16 x, s16 y) {
  if ((u16)y >= BOTTOM) {
    if (y >= 0) return TERRAIN_EMPTY;
    y = 0;
  }
  if ((u16)x >> 4 >= level->width) return TERRAIN_FILL;
  return level->map[(u16)((x & ~15) << 1 | y >> 4)];
}

/* Looks in the block at the point and, where that is full or empty, in the one above or below it. On a curve the surface
 * may leave a block exactly at its edge: the block's slope counts there nevertheless, not that of the earth under it. */
s16 floor_distance(s16 x, s16 y, u8 *block, u16 with_one_way) {
  const u8 *const *heights = with_one_way ? floor_heights : solid_heights;
  s16 in = x & 15, above_ground = (y & 15) - BLOCK;
  u8 found = terrain_at(x, y), height = heights[found][in];
  if (height == BLOCK) {
    u8 above = terrain_at(x, y - BLOCK);
    if (terrain_solidity[above] == SOLIDITY_SOLID) {
      u8 height_above = solid_heights[above][in];
      found = above;
      if (height_above) height += height_above;
    }
  } else if (height == 0) {
    u8 below = terrain_at(x, y + BLOCK);
    height = heights[below][in];
    if (height == 0) return NO_FLOOR;
    if (terrain_solidity[found] != SOLIDITY_SOLID) found = below;
    above_ground -= BLOCK;
  }
  *block = found;
  return -above_ground - height;
}

u16 is_solid(s16 x, s16 y) {
  return solid_heights[terrain_at(x, y)][x & 15] > 15 - (y & 15);
}
