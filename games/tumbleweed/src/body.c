/* The player's body against walls, ground and ceilings: it moves a few pixels at a time and looks around after each. */
#include "player.h"

#define FOOT 7                /* of the two points that feel the ground, sideways from the centre */
#define HIGHEST_STEP 9        /* pixels that the ground may rise in a step; more is a wall */
#define DEEPEST_STEP 10       /* pixels that it may fall; more is an edge that the player runs off */
#define DEEPEST_LEDGE 8       /* pixels that a one-way block's top may lie above the feet and still catch them */
#define SHARP_BEND 24         /* 1/256 turn; a fast player flies off such an edge … */
#define FLIGHT_SPEED 0x500    /* … at this speed */

struct floor {
  s16 distance;
  u8 block, angle;
  const struct thing *platform;
};
u8 ground_block;


/* Looks at two heights in the direction of motion. A hit moves the player back out, onto the wall's side if that is one
 * of the map: doors and boxes lie anywhere, so the player stays where it came from. */
static u16 meet_wall(s16 dx, s32 old_x, s16 lower) {
  s16 x = pixel(player.x), y = pixel(player.y);
  s16 side = x + (dx > 0 ? PLAYER_HALF_WIDTH : -PLAYER_HALF_WIDTH);
  if (is_wall(side, y - 10, y + lower)) {
    player.x = at_pixel(dx > 0 ? (side & ~15) - PLAYER_HALF_WIDTH - 1 : (side | 15) + PLAYER_HALF_WIDTH + 1);
    return 1;
  }
  if (barrier_at(side, y + lower) || barrier_at(side, y - 10)) {
    player.x = old_x;
    return 1;
  }
  return 0;
}

static void feel_ground(struct floor *floor, s16 y_speed) {
  s16 x = pixel(player.x), feet = pixel(player.y) + PLAYER_FEET, distance;
  u8 block;
  const struct thing *platform = 0;
  floor->platform = 0;
  floor->distance = floor_distance(x - FOOT, feet, &floor->block, y_speed >= 0);
  distance = floor_distance(x + FOOT, feet, &block, y_speed >= 0);
  if (distance < floor->distance) {
    floor->distance = distance;
    floor->block = block;
  }
  floor->angle = floor->distance < NO_FLOOR ? terrain_angle[floor->block] : 0;
  distance = platform_under(x, feet, y_speed, &platform);
  if (distance < floor->distance) {
    floor->distance = distance;
    floor->block = TERRAIN_EMPTY;
    floor->angle = 0;
    floor->platform = platform;
  }
}

static u16 flies_off(u8 angle) {
  s8 bend = angle - player.angle;
  if (player.ground_speed < 0) bend = -bend;
  return bend >= SHARP_BEND && absolute(player.ground_speed) >= FLIGHT_SPEED;
}

static void stop_at_wall(void) {
  player.x_speed = player.ground_speed = 0;
}

/* A step along the ground; returns whether the next one may follow. */
static u16 step_on_ground(s32 dx, s32 dy) {
  struct floor floor;
  s32 old_x = player.x;
  player.x += dx;
  if (dx && meet_wall(dx < 0 ? -1 : 1, old_x, 0)) {
    stop_at_wall();
    return 0;
  }
  player.y += dy;
  feel_ground(&floor, 0);
  if (floor.distance < -HIGHEST_STEP) {
    player.x = old_x;
    player.y -= dy;
    stop_at_wall();
    return 0;
  }
  if (floor.distance > DEEPEST_STEP || flies_off(floor.angle)) {
    player_take_off();
    return 0;
  }
  player.y = at_pixel(pixel(player.y) + floor.distance);
  player.angle = floor.angle;
  player.stands_on = floor.platform;
  ground_block = floor.block;
  return 1;
}

static u16 num_steps(s16 x_speed, s16 y_speed) {
  s16 speed = absolute(x_speed);
  u16 steps = 1;
  if (absolute(y_speed) > speed) speed = absolute(y_speed);
  while (speed > MAX_STEP * 256) {
    speed -= MAX_STEP * 256;
    steps++;
  }
  return steps;
}

/* A part of a frame's motion; `1 << 8` makes 16.16 of 1/256 pixel. */
static s32 part(s16 speed, u16 steps) {
  return steps == 1 ? (s32)speed << 8 : (s32)(s16)(speed / (s16)steps) << 8;
}

void body_move_on_ground(s16 x_speed, s16 y_speed) {
  u16 steps = num_steps(x_speed, y_speed);
  s32 dx = part(x_speed, steps), dy = part(y_speed, steps);
  while (steps-- && step_on_ground(dx, dy)) continue;
}

/* Whether the speed points into ground of a slope, so that the flight ends there. */
static u16 runs_into(u8 angle) {
  return times_cosine(player.y_speed, angle) - times_sine(player.x_speed, angle) >= 0;
}

static u16 meet_ground(void) {
  struct floor floor;
  feel_ground(&floor, player.y_speed);
  if (floor.distance > 0 || !runs_into(floor.angle)) return 0;
  if (terrain_solidity[floor.block] == SOLIDITY_ONE_WAY && floor.distance < -DEEPEST_LEDGE) return 0;
  player.y = at_pixel(pixel(player.y) + floor.distance);
  player.stands_on = floor.platform;
  ground_block = floor.block;
  player_land(floor.angle);
  return 1;
}

static void meet_ceiling(void) {
  s16 x = pixel(player.x), top = pixel(player.y) - PLAYER_FEET;
  if (player.y_speed >= 0) return;
  if (is_solid(x - FOOT, top) || is_solid(x + FOOT, top)) {
    player.y = at_pixel((top | 15) + 1 + PLAYER_FEET);
    player.y_speed = 0;
  } else if (barrier_at(x, top)) {
    player.y_speed = 0;
  }
}

void body_move_in_air(void) {
  s16 x_speed = player.x_speed;
  u16 steps = num_steps(x_speed, player.y_speed);
  s32 dx = part(x_speed, steps), dy = part(player.y_speed, steps);
  while (steps--) {
    s32 old_x = player.x;
    player.x += dx;
    if (dx && meet_wall(x_speed, old_x, 6)) player.x_speed = dx = 0;
    if (!player.y_speed) dy = 0;
    player.y += dy;
    meet_ceiling();
    if (meet_ground()) return;
  }
}
