/* What stops the tumbleweed from the side: doors, breakable walls and bonus boxes. */
#include "things.h"

#define MAX_BARRIERS 8
#define HALF_DOOR 8
#define HALF_WALL 16
#define HALF_BOX 12
#define HALF_HEIGHT 32            /* of a door and a breakable wall */
#define BREAKING_SPEED 0x400      /* 1/256 pixel per frame */
#define BALL_HALF_HEIGHT 14
#define DOOR_SPEED 2              /* pixels per frame that an opening door rises */
#define BOX_SCORE 50
#define COINS_IN_BOX 10
enum { BOX_COINS, BOX_SHIELD, BOX_LIFE };

struct block { s16 left, right, top, bottom; };
static struct block blocks[MAX_BARRIERS];   /* of those near the player */
static u16 num_blocks;

void barriers_frame(void) { num_blocks = 0; }

u16 barrier_at(s16 x, s16 y) {
  struct block *block, *end = blocks + num_blocks;
  for (block = blocks; block < end; block++) {
    if (x >= block->left && x < block->right && y >= block->top && y < block->bottom) return 1;
  }
  return 0;
}

/* Solid from `top` to `bottom`, and above it ground. */
static void add_block(const struct near *it, s16 half_width, s16 top, s16 bottom) {
  s16 dx = player_x() - it->x;
  struct block *block = &blocks[num_blocks];
  if (dx < -64 || dx > 64 || num_blocks == MAX_BARRIERS) return;
  num_blocks++;
  block->left = it->x - half_width;
  block->right = it->x + half_width;
  block->top = top;
  block->bottom = bottom;
  add_platform(it, half_width, top);
}

/* Whether the player, rolling, will reach a box around `it` in this frame. */
static u16 is_rolled_into(const struct near *it, s16 half_width, s16 half_height) {
  s16 dx, dy, reach_x = half_width + PLAYER_HALF_WIDTH + 1, reach_y = half_height + BALL_HALF_HEIGHT;
  if (!player.is_rolling) return 0;
  dx = player_x() + (player.x_speed >> 8) - it->x;
  dy = player_y() + (player.y_speed >> 8) - it->y;
  return dx > -reach_x && dx < reach_x && dy > -reach_y && dy < reach_y;
}

/* ---- the door ---- */

/* Pixels that it has risen, all in the end. */
static u16 door_risen(struct near *it) {
  u16 age;
  if (!(V.switches >> (it->thing->a & 15) & 1)) return 0;
  if (!it->state) set_state(it, STATE_USED);
  age = age_of(it);
  if (age < 2 * HALF_HEIGHT / DOOR_SPEED) return age * DOOR_SPEED;
  change_state(it, STATE_DONE);
  return 2 * HALF_HEIGHT;
}

PREPARE(door) {
  u16 risen = door_risen(it);
  if (risen < 2 * HALF_HEIGHT) add_block(it, HALF_DOOR, it->y - HALF_HEIGHT, it->y + HALF_HEIGHT - (s16)risen);
}

/* The lowest `rows` of 8 pixels of half a door, top at y: columns of tiles, as the sprite's middle cannot be left out. */
static void draw_half_door(s16 x, s16 y, u16 rows) {
  u16 tile = SPRITE_TILE(DOOR, 0) + 4 - rows;
  if (rows == 4) {
    screen_world_sprite(x - 8, y, SPRITE_DOOR_SIZE, SPRITE_TILE(DOOR, 0));
  } else if (rows) {
    screen_world_sprite(x - 8, y, rows - 1, tile);
    screen_world_sprite(x, y, rows - 1, tile + 4);
  }
}

DRAWING(door) {
  u16 risen = door_risen(it), rows;
  s16 top;
  rows = (2 * HALF_HEIGHT + 7 - risen) >> 3;   /* that still show */
  top = it->y + HALF_HEIGHT - (s16)risen - (s16)(rows << 3);
  if (rows > 4) {
    draw_half_door(it->x, top, rows - 4);
    top += (rows - 4) << 3;
    rows = 4;
  }
  draw_half_door(it->x, top, rows);
}

/* ---- the breakable wall ---- */

PREPARE(breakable) {
  s16 speed = player.x_speed;
  if (it->state) return;
  if ((speed >= BREAKING_SPEED || speed <= -BREAKING_SPEED) && is_rolled_into(it, HALF_WALL, HALF_HEIGHT)) {
    set_state(it, speed < 0 ? STATE_USED_LEFTWARD : STATE_USED);
    sound_effect(SOUND_BREAK);
    return;
  }
  add_block(it, HALF_WALL, it->y - HALF_HEIGHT, it->y + HALF_HEIGHT);
}

DRAWING(breakable) {
  u16 state = it->state;
  if (state) {
    if (!draw_fragments(it->x, it->y, SPRITE_TILE(BREAKABLE, 0), age_of(it), state == STATE_USED_LEFTWARD)) {
      change_state(it, STATE_DONE);
    }
    return;
  }
  DRAW(BREAKABLE, 0, it->x, it->y - 16, 0);
  DRAW(BREAKABLE, 0, it->x, it->y + 16, 0);
}

/* ---- the bonus box ---- */

static void open_box(struct near *it) {
  pop(it);
  V.score += BOX_SCORE;
  sound_effect(SOUND_BREAK);
  if (it->thing->a == BOX_COINS) give_coins(COINS_IN_BOX);
  if (it->thing->a == BOX_SHIELD) V.shield = 1;
  if (it->thing->a == BOX_LIFE) give_life();
  bounce();
}

PREPARE(box) {
  if (it->state) return;
  if (is_rolled_into(it, HALF_BOX, HALF_BOX)) {
    open_box(it);
    return;
  }
  add_block(it, HALF_BOX, it->y - HALF_BOX, it->y + HALF_BOX);
}

DRAWING(box) {
  if (!it->state) {
    DRAW(BOX, it->thing->a > BOX_LIFE ? BOX_COINS : it->thing->a, it->x, it->y, 0);
  } else if (!draw_sparkle(it->x, it->y, age_of(it))) {
    change_state(it, STATE_DONE);
  }
}
