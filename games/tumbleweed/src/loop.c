/* Loops: a rail for the player's centre, on which only gravity acts. Angles grow counter-clockwise from the bottom. */
#include "player.h"

#define RAIL_RADIUS (LOOP_RADIUS - PLAYER_FEET)
#define TURN_PER_PIXEL 193    /* 65536 / (2 pi RAIL_RADIUS) */
#define RAIL_GRAVITY 48       /* with HOLDING_SPEED: about 6.7 pixels per frame at the bottom lead round */
#define HOLDING_SPEED 0x200   /* slower than this, the player falls off the upper half */
#define ENTRY_HEIGHT 12       /* pixels that the centre may be off the rail's lowest point */
#define RING 10               /* pixels that the ring is thick */

/* 256 · the sine of 1/65536 turns. */
static s16 rail_sine(u16 angle) {
  s16 below = sine_table[angle >> 8], above = sine_table[(u8)((angle >> 8) + 1)];
  return below + (((above - below) * (s16)(angle & 255)) >> 8);
}

static s16 rail_cosine(u16 angle) {
  return rail_sine(angle + 0x4000);
}

static void place_on_rail(void) {
  s16 across = rail_sine(player.rail_angle), along = rail_cosine(player.rail_angle);
  player.x = at_pixel(player.rail->x) + ((s32)RAIL_RADIUS * across << 8);
  player.y = at_pixel(player.rail->y) + ((s32)RAIL_RADIUS * along << 8);
  player.x_speed = ((s32)player.ground_speed * along) >> 8;
  player.y_speed = -(((s32)player.ground_speed * across) >> 8);
  player.angle = -(player.rail_angle >> 8);
}

static u16 crosses(s16 old_x, s16 x, s16 line) {
  return (old_x < line && x >= line) || (old_x > line && x <= line);
}

void loop_catch(s16 old_x) {
  s16 x = pixel(player.x);
  const struct thing *loop = loop_near(x);
  if (!loop || !crosses(old_x, x, loop->x)) return;
  if (absolute(pixel(player.y) - (s16)(loop->y + RAIL_RADIUS)) > ENTRY_HEIGHT) return;
  player.rail = loop;
  player.rail_angle = (x - (s16)loop->x) * TURN_PER_PIXEL;
  place_on_rail();
}

void loop_stop_flight(s16 old_x) {
  s16 x = pixel(player.x), dy;
  const struct thing *loop = loop_near(x);
  if (!loop || !crosses(old_x, x, loop->x)) return;
  dy = pixel(player.y) - (s16)loop->y;
  if (absolute(dy) > LOOP_RADIUS + RING) return;
  player.x = at_pixel(loop->x + (old_x < (s16)loop->x ? -1 : 1));
  player.x_speed = 0;
}

/* Off at the bottom, on the side to which it runs: beyond the loop after a full turn, before it if it rolled back. */
static void leave_rail(void) {
  player.x = at_pixel(player.rail->x + (player.ground_speed < 0 ? -1 : 1));
  player.y = at_pixel(player.rail->y + RAIL_RADIUS);
  player.angle = 0;
  player.rail = 0;
}

static void fall_off(void) {
  player_take_off();
  player.is_rolling = 1;
  player.x_speed = 0;
}

void loop_run(void) {
  s32 angle;
  u16 is_upper;
  player.ground_speed -= ((s32)RAIL_GRAVITY * rail_sine(player.rail_angle)) >> 8;
  angle = player.rail_angle + (((s32)player.ground_speed * TURN_PER_PIXEL) >> 8);
  if (angle < 0 || angle > 0xFFFF) {
    leave_rail();
    return;
  }
  player.rail_angle = angle;
  place_on_rail();
  is_upper = player.rail_angle > 0x4000 && player.rail_angle < 0xC000;
  if (is_upper && absolute(player.ground_speed) < HOLDING_SPEED) fall_off();
}

/* The angle in the lower half of the rail that lies `dx` pixels beside its centre. */
static u16 rail_angle_beside(s16 dx) {
  u8 angle = 0;
  s16 distance = absolute(dx);
  while (angle < 63 && times_sine(RAIL_RADIUS, angle) < distance) angle++;
  return (dx < 0 ? -angle : angle) << 8;
}

void loop_fall(void) {
  s16 dx = pixel(player.x) - (s16)player.rail->x, dy = pixel(player.y) - (s16)player.rail->y;
  if (dy <= 0 || dx * dx + dy * dy < RAIL_RADIUS * RAIL_RADIUS) return;
  player.rail_angle = rail_angle_beside(dx);
  player.ground_speed = ((s32)player.x_speed * rail_cosine(player.rail_angle)
                         - (s32)player.y_speed * rail_sine(player.rail_angle)) >> 8;
  player.is_grounded = 1;
  place_on_rail();
}
