/* Objects that give, throw or mark: coins, springs, switches, checkpoints, bumpers and the goal. */
#include "things.h"

#define COIN_SCORE 10
#define COINS_PER_LIFE 50
#define MAX_LIVES 9
#define SPRING_FRAMES 14          /* that a spring stays stretched */
#define BUMPER_SPEED 6            /* pixels per frame */
#define BUMPER_REACH 26
#define BUMPER_FRAMES 10

void give_life(void) {
  if (V.lives < MAX_LIVES) V.lives++;
  sound_effect(SOUND_LIFE);
}

void give_coins(u16 count) {
  while (count--) {
    V.coins++;
    V.score += COIN_SCORE;
    if (V.coins % COINS_PER_LIFE == 0) give_life();
  }
}

/* ---- coins ---- */

TOUCH(coin) {
  (void)dx, (void)dy;
  if (it->state) return;
  pop(it);
  sound_effect(SOUND_COIN);
  give_coins(1);
}

/* Of one that was taken; the others are drawn by things.c. */
DRAWING(coin) {
  if (!draw_sparkle(it->x, it->y, age_of(it))) change_state(it, STATE_DONE);
}

/* ---- springs ---- */

static u16 is_spring_ready(const struct near *it) {
  return (player.is_grounded || player.y_speed >= 0) && (!it->state || age_of(it) > 4);
}

static void throw_by_spring(struct near *it, s16 x_speed, s16 y_speed) {
  set_state(it, STATE_USED);
  sound_effect(SOUND_SPRING);
  player_spring(x_speed, y_speed);
}

static u16 is_stretched(const struct near *it) {
  return it->state && age_of(it) < SPRING_FRAMES;
}

TOUCH(spring) {
  (void)dx;
  if (dy < 8 && is_spring_ready(it)) throw_by_spring(it, 0, -(s16)(it->thing->a << 4));
}

DRAWING(spring) {
  DRAW(SPRING, is_stretched(it), it->x, it->y, 0);
}

TOUCH(diagonal) {
  s16 part = (u16)(it->thing->a * 181) >> 4;   /* 16 a / √2: its share to the side and up */
  (void)dx;
  if (dy < 8 && is_spring_ready(it)) throw_by_spring(it, it->thing->b ? -part : part, -part);
}

DRAWING(diagonal) {
  DRAW(DIAGONAL, is_stretched(it), it->x, it->y, it->thing->b ? MIRRORED : 0);
}

/* ---- switches ---- */

TOUCH(switch) {
  (void)dx, (void)dy;
  if (it->state) return;
  set_state(it, STATE_USED);
  V.switches |= 1 << (it->thing->a & 15);
  sound_effect(SOUND_SWITCH);
}

DRAWING(switch) {
  DRAW(SWITCH, V.switches >> (it->thing->a & 15) & 1, it->x, it->y + 4, 0);
}

/* ---- checkpoints ---- */

/* Which checkpoint of the level it is, from 1. */
static u16 number_of(u16 index) {
  u16 i, number = 0;
  for (i = 0; i <= index; i++) number += level->things[i].kind == KIND_CHECKPOINT;
  return number;
}

TOUCH(checkpoint) {
  u16 number;
  (void)dx, (void)dy;
  if (it->state) return;
  set_state(it, STATE_USED);
  sound_effect(SOUND_CHECKPOINT);
  number = number_of(it->index);
  if (number > V.checkpoint) V.checkpoint = number;
}

DRAWING(checkpoint) {
  u16 state = it->state;
  DRAW(CHECKPOINT, state ? 1 : 0, it->x, it->y, 0);
  if (state) draw_sparkle(it->x, it->y - 16, age_of(it));
}

/* ---- bumpers ---- */

/* Pixels from the centre, a few percent off. */
static u16 distance_of(s16 dx, s16 dy) {
  u16 x = dx < 0 ? -dx : dx, y = dy < 0 ? -dy : dy;
  return x > y ? x + (y * 3 >> 3) : y + (x * 3 >> 3);
}

TOUCH(bumper) {
  u16 distance = distance_of(dx, dy);
  s16 share;
  if (distance >= BUMPER_REACH || (it->state && age_of(it) < 3)) return;
  set_state(it, STATE_USED);
  sound_effect(SOUND_POP);
  if (distance == 0) distance = dy = 1;
  share = (BUMPER_SPEED * (u32)frequency[distance]) >> 8;
  dx = (s16)(dx * share);
  dy = (s16)(dy * share);
  if (player.is_grounded && dy > -0x200) dy = -0x200;   /* off the ground, or it would only slide */
  player_spring(dx, dy);
}

DRAWING(bumper) {
  DRAW(BUMPER, it->state && age_of(it) < BUMPER_FRAMES, it->x, it->y, 0);
}

/* ---- the goal ---- */

DRAWING(goal) {
  DRAW(GOAL_TOP, (V.clock >> 3) & 1, it->x, it->y - 16, 0);
  DRAW(GOAL_POST, 0, it->x, it->y + 16, 0);
}
