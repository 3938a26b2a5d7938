/* Questions to the level's map. A column of 32 blocks lies together, so finding a block needs no multiplication. */
#include "game.h"
#include "tables.h"

#define BOTTOM (LEVEL_HEIGHT * BLOCK)

static const u8 wall[LEVEL_HEIGHT] = {[0 ... LEVEL_HEIGHT - 1] = TERRAIN_FILL};

/* Beside the level all is solid. */
static inline const u8 *column_at(s16 x) {
  if ((u16)x >> 4 >= level->width) return wall;
  return level->map + (u16)((x & ~15) << 1);
}

/* What bounds the level's top row goes on above it; below the level there is nothing. */
static inline u8 block_in(const u8 *column, s16 y) {
  if ((u16)y >= BOTTOM) return y < 0 ? column[0] : TERRAIN_EMPTY;
  return column[(u16)y >> 4];
}

static inline u16 is_solid_in(const u8 *column, s16 x, s16 y) {
  return solid_heights[block_in(column, y)][x & 15] > 15 - (y & 15);
}

u8 terrain_at(s16 x, s16 y) {
  return block_in(column_at(x), y);
}

u16 is_solid(s16 x, s16 y) {
  return is_solid_in(column_at(x), x, y);
}

u16 is_wall(s16 x, s16 high, s16 low) {
  const u8 *column = column_at(x);
  return is_solid_in(column, x, low) || is_solid_in(column, x, high);
}

/* Looks in the block at the point and, where that is full or empty, in the one above or below it. On a curve the
 * surface may leave a block exactly at its edge: its slope counts there nevertheless, not that of the earth under it. */
s16 floor_distance(s16 x, s16 y, u8 *block, u16 with_one_way) {
  const u8 *const *heights = with_one_way ? floor_heights : solid_heights;
  const u8 *column = column_at(x);
  s16 in = x & 15, above_ground = (y & 15) - BLOCK;
  u8 found = block_in(column, y), height = heights[found][in];
  if (height == BLOCK) {
    u8 above = block_in(column, y - BLOCK);
    if (terrain_solidity[above] == SOLIDITY_SOLID) {
      u8 height_above = solid_heights[above][in];
      found = above;
      if (height_above) height += height_above;
    }
  } else if (height == 0) {
    u8 below = block_in(column, y + BLOCK);
    height = heights[below][in];
    if (height == 0) return NO_FLOOR;
    if (terrain_solidity[found] != SOLIDITY_SOLID) found = below;
    above_ground -= BLOCK;
  }
  *block = found;
  return -above_ground - height;
}
