/* The enemies: what rolls or falls onto them beats them, everything else is hurt. */
#include "things.h"

#define ENEMY_SCORE 100
#define MIN_BOUNCE 0x300           /* 1/256 pixel per frame */
#define MAX_BOUNCE 0x680           /* as a jump */
#define FALLS_ONTO 6               /* pixels that a faller's centre must be above an enemy's */
#define SHOT_PERIOD 128            /* frames between two seeds */
#define AIM_FRAMES 32              /* that the mouth is open before the shot */
#define SEED_SPEED 3               /* pixels per frame */
#define SEED_START 14              /* pixels from the shooter's centre */

void bounce(void) {
  s16 speed = player.y_speed;
  if (player.is_grounded || speed <= 0) return;
  player.y_speed = speed < MIN_BOUNCE ? -MIN_BOUNCE : speed > MAX_BOUNCE ? -MAX_BOUNCE : -speed;
}

static void beat(struct near *it) {
  pop(it);
  V.score += ENEMY_SCORE;
  sound_effect(SOUND_POP);
  bounce();
}

static u16 falls_onto(s16 dy) {
  return !player.is_grounded && player.y_speed > 0 && dy < -FALLS_ONTO;
}

static void meet(struct near *it, u16 is_beaten) {
  if (it->state) return;
  if (is_beaten) {
    beat(it);
  } else {
    player_hurt(it->x);
  }
}

/* Whether it still is; a beaten one sparkles for a while. */
static u16 is_alive(struct near *it) {
  if (!it->state) return 1;
  if (!draw_sparkle(it->x, it->y, age_of(it))) change_state(it, STATE_DONE);
  return 0;
}

/* The clock that moves it: it stops when it is beaten. */
static u16 own_clock(const struct near *it, u16 clock) {
  return it->state ? thing_clock[it->index] : clock;
}

/* ---- the walker ---- */

/* Where a walker is on its way there (0 to 32767) and back (32768 to 65535). Its way is 4 a pixels long, a turn in
 * 64 a / c frames. */
static u16 walk_of(const struct near *it, u16 clock) {
  const struct thing *thing = it->thing;
  u16 rate = (u32)(thing->c * (u32)frequency[thing->a]) >> 6;
  return own_clock(it, clock) * rate + (thing->b << 8);
}

PLACE(walker) {
  u16 walk = it->phase = walk_of(it, clock);
  if (walk & 0x8000) walk = ~walk;
  it->x += (s16)(walk - 0x4000) * (s16)it->thing->a >> 14;
}

TOUCH(walker) {
  (void)dx;
  meet(it, player.is_rolling || falls_onto(dy));
}

DRAWING(walker) {
  if (is_alive(it)) DRAW(WALKER, V.clock >> 3 & 1, it->x, it->y, it->phase & 0x8000 ? MIRRORED : 0);
}

/* ---- the hopper ---- */

/* How far a hop is, 1 to 256, or 0 on the ground. A higher hop takes longer. */
static u16 hop_of(const struct near *it, u16 clock) {
  const struct thing *thing = it->thing;
  u16 duration = 32 + (thing->a >> 2);
  u16 time = time_in_cycle(duration + thing->c, thing->b, own_clock(it, clock));
  return time < duration ? (u16)(time * frequency[duration]) >> 8 : 0;
}

PLACE(hopper) {
  u16 hop = it->phase = hop_of(it, clock);
  it->y -= (u16)((u16)(hop * (256 - hop)) >> 6) * it->thing->a >> 8;
}

TOUCH(hopper) {
  (void)dx;
  meet(it, !player.is_grounded && (player.is_rolling || falls_onto(dy)));
}

DRAWING(hopper) {
  if (is_alive(it)) DRAW(HOPPER, it->phase ? 1 : 0, it->x, it->y, 0);
}

/* ---- the shooter ---- */

static u16 shot_age(const struct near *it) {
  return (V.clock + (it->thing->c >> 1)) & (SHOT_PERIOD - 1);
}

/* Pixels that a seed has flown, or 0 when there is none. */
static u16 flight_of(const struct near *it, u16 age) {
  u16 flown = age * SEED_SPEED;
  return flown < (u16)(it->thing->a << 1) ? flown + SEED_START : 0;
}

static s16 seed_x(const struct near *it, u16 flown) {
  return it->thing->b ? it->x - (s16)flown : it->x + (s16)flown;
}

static void touch_seed(const struct near *it, u16 age, s16 dy) {
  u16 flown = flight_of(it, age);
  s16 dx;
  if (!flown || dy <= -16 || dy >= 16) return;
  dx = player_x() - seed_x(it, flown);
  if (dx > -11 && dx < 11) player_hurt(seed_x(it, flown));
}

static void draw_seed(const struct near *it, u16 age) {
  u16 flown = flight_of(it, age);
  if (flown) DRAW(SEED, age >> 2 & 1, seed_x(it, flown), it->y, 0);
}

TOUCH(shooter) {
  u16 age = shot_age(it);
  if (it->state) return;
  if (dx > -18 && dx < 18) {
    meet(it, player.is_rolling || falls_onto(dy));
    return;
  }
  touch_seed(it, age, dy);
  touch_seed(it, age + SHOT_PERIOD, dy);
}

DRAWING(shooter) {
  u16 age;
  if (!is_alive(it)) return;
  age = shot_age(it);
  DRAW(SHOOTER, age < 8 || age >= SHOT_PERIOD - AIM_FRAMES, it->x, it->y, it->thing->b ? MIRRORED : 0);
  draw_seed(it, age);
  draw_seed(it, age + SHOT_PERIOD);
}

/* ---- the flyer ---- */

/* A lying eight in 256 frames. */
PLACE(flyer) {
  u16 angle = it->phase = (u8)(own_clock(it, clock) + it->thing->b);
  it->x += sine_table[angle] * (s16)it->thing->a >> 8;
  it->y += sine_table[(u8)(2 * angle)] * (s16)it->thing->c >> 8;
}

TOUCH(flyer) {
  (void)dx;
  meet(it, player.is_rolling || falls_onto(dy));
}

DRAWING(flyer) {
  u8 ahead = it->phase + 64;   /* it flies to the right where the cosine is positive */
  if (is_alive(it)) DRAW(FLYER, V.clock >> 2 & 1, it->x, it->y, ahead >= 128 ? MIRRORED : 0);
}
