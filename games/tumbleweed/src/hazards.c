/* What hurts and cannot be beaten: thorns that pop out, pendulums and jets of fire. */
#include "things.h"

#define WARNING_FRAMES 20         /* that thorns and jets show themselves before they hurt */
#define HALF_OUT_FRAMES 4         /* that thorns take to go in again */
#define SWING_SPEED 3             /* 1/512 of a turn per frame: a swing to and fro takes 171 frames */
#define LINK 16                   /* pixels between two links of a chain */
#define BALL_RADIUS 12

/* ---- thorns that pop out ---- */

/* Out in the first a frames, in for the b after. */
static u16 thorns_time(const struct near *it) {
  return time_in_cycle(it->thing->a + it->thing->b, it->thing->c, V.clock);
}

TOUCH(thorns) {
  (void)dx, (void)dy;
  if (thorns_time(it) < it->thing->a) player_hurt(it->x);
}

DRAWING(thorns) {
  u16 time = thorns_time(it), out = it->thing->a, left = out + it->thing->b - time;
  if (time < out) {
    DRAW(THORNS, 0, x, y, 0);
  } else if (time < out + HALF_OUT_FRAMES || left < WARNING_FRAMES) {
    DRAW(THORNS, 1, x, y, 0);
  }
}

/* ---- the pendulum ---- */

/* Its angle from hanging, in 1/512 of a turn. */
static s16 swing_of(const struct thing *thing, u16 clock) {
  return fine_sine(SWING_SPEED * clock + 2 * thing->b) * (s16)thing->c >> 7;
}

PLACE(pendulum) {
  u16 swing = swing_of(it->thing, clock);
  it->phase = swing;
  it->x += fine_sine(swing) * (s16)it->thing->a >> 8;
  it->y += fine_sine(swing + 128) * (s16)it->thing->a >> 8;
}

TOUCH(pendulum) {
  (void)dx, (void)dy;
  player_hurt(it->x);
}

DRAWING(pendulum) {
  const struct thing *thing = it->thing;
  s16 step_x = fine_sine(it->phase) >> 2, step_y = fine_sine(it->phase + 128) >> 2;   /* 1/4 pixel per link */
  s16 link_x = 0, link_y = 0, length;
  DRAW(BALL, 0, x, y, 0);
  for (length = 0; length < (s16)thing->a - BALL_RADIUS; length += LINK) {
    DRAW(CHAIN, 0, thing->x + (link_x >> 2), thing->y + (link_y >> 2), 0);
    link_x += step_x;
    link_y += step_y;
  }
}

/* ---- the jet ---- */

static u16 jet_time(const struct near *it) {
  return time_in_cycle(it->thing->a + it->thing->b, it->thing->c, V.clock);
}

TOUCH(jet) {
  (void)dx;
  if (dy < 10 && jet_time(it) < it->thing->a) player_hurt(it->x);
}

DRAWING(jet) {
  u16 time = jet_time(it), on = it->thing->a, flicker = V.clock >> 2 & 1;
  DRAW(NOZZLE, 0, x, y - 4, 0);
  if (time < on) {
    if (time >= 3) DRAW(JET, flicker, x, y - 48, 0);
    DRAW(JET, flicker, x, y - 16, 0);
  } else if (on + it->thing->b - time < WARNING_FRAMES && (V.clock & 2)) {
    DRAW(SPARKLE, flicker, x, y - 12, 0);
  }
}
