/* What hurts and cannot be beaten: thorns that pop out, pendulums and jets of fire. */
#include "things.h"

#define WARNING_FRAMES 20         /* that thorns and jets show themselves before they hurt */
#define HALF_OUT_FRAMES 4         /* that thorns take to go in again */
#define SWING_SPEED 3             /* 1/512 of a turn per frame: a swing to and fro takes 171 frames */
#define LONG_CHAIN 80             /* pixels */

/* Where thorns and jets are in their cycle: out in the first a frames, in for the b after. */
static u16 burst_time(const struct near *it) {
  return time_in_cycle(it->thing->a + it->thing->b, it->thing->c, V.clock);
}

/* ---- thorns that pop out ---- */

TOUCH(thorns) {
  (void)dx, (void)dy;
  if (burst_time(it) < it->thing->a) player_hurt(it->x);
}

DRAWING(thorns) {
  u16 time = burst_time(it), out = it->thing->a, left = out + it->thing->b - time;
  if (time < out) {
    DRAW(THORNS, 0, it->x, it->y, 0);
  } else if (time < out + HALF_OUT_FRAMES || left < WARNING_FRAMES) {
    DRAW(THORNS, 1, it->x, it->y, 0);
  }
}

/* ---- the pendulum ---- */

PLACE(pendulum) {
  const struct thing *thing = it->thing;
  u16 swing = fine_wave(SWING_SPEED * clock + 2 * thing->b, thing->c) >> 8;   /* from hanging, in 1/512 of a turn */
  it->x += fine_wave(swing, thing->a) >> 9;
  it->y += fine_wave(swing + 128, thing->a) >> 9;
}

TOUCH(pendulum) {
  (void)dx, (void)dy;
  player_hurt(it->x);
}

/* Four links divide the chain evenly, or eight a long one: halves and quarters need no sine. */
DRAWING(pendulum) {
  const struct thing *thing = it->thing;
  s16 step_x = it->x - (s16)thing->x, step_y = it->y - (s16)thing->y, x = 0, y = 0;
  u16 links = 4;
  DRAW(BALL, 0, it->x, it->y, 0);
  if (thing->a > LONG_CHAIN) {
    links = 8;
    step_x >>= 1;
    step_y >>= 1;
  }
  while (links--) {
    DRAW(CHAIN, 0, thing->x + (x >> 2), thing->y + (y >> 2), 0);
    x += step_x;
    y += step_y;
  }
}

/* ---- the jet ---- */

TOUCH(jet) {
  (void)dx;
  if (dy < 10 && burst_time(it) < it->thing->a) player_hurt(it->x);
}

DRAWING(jet) {
  u16 time = burst_time(it), on = it->thing->a, flicker = V.clock >> 2 & 1;
  DRAW(NOZZLE, 0, it->x, it->y - 4, 0);
  if (time < on) {
    if (time >= 3) DRAW(JET, flicker, it->x, it->y - 48, 0);
    DRAW(JET, flicker, it->x, it->y - 16, 0);
  } else if (on + it->thing->b - time < WARNING_FRAMES && (V.clock & 2)) {
    DRAW(SPARKLE, flicker, it->x, it->y - 12, 0);
  }
}
