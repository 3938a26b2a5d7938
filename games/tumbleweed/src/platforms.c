/* What the tumbleweed stands on: moving, falling and crumbling platforms, and the tops of solid objects. */
#include "things.h"

#define MAX_PLATFORMS 12
#define NO_GROUND 32              /* distance that says that there is none */
#define STEP 6                    /* pixels under the top from which a platform still lifts the player */
#define STEP_STANDING 14          /* the same for the one it stands on */
#define FAST_REACH 32             /* parameters a and b up to which a platform's turn takes 256 frames, else 512 */
#define FALL_BACK 180             /* frames after the fall until a platform is back */
#define FALL_LONGEST 90           /* frames: it has left the level by then */
#define CRUMBLE_BACK 240
#define DEBRIS_FRAMES 24
#define CHEST 10                  /* pixels above the player's centre */
#define HEAD 14

struct top { const struct thing *thing; s16 left, right, y; };
static struct top tops[MAX_PLATFORMS];   /* of those near the player */
static u16 num_tops;

/* Whether a wall is where the player would be carried to. */
static u16 is_blocked(s16 dx) {
  s16 side = player_x() + dx + (dx < 0 ? -PLAYER_HALF_WIDTH : PLAYER_HALF_WIDTH), y = player_y();
  return is_solid(side, y) || is_solid(side, y - CHEST) || barrier_at(side, y);
}

/* The platform under the player takes it along, but not into a wall; a ceiling crushes. */
static void carry_player(void) {
  struct near before, now;
  s16 dx, dy;
  if (!player.stands_on) return;
  place_thing(&before, player.stands_on, V.clock - 1);
  place_thing(&now, player.stands_on, V.clock);
  dx = now.x - before.x;
  dy = now.y - before.y;
  if (dy < -16 || dy > 16) return;       /* it is back at its place */
  if (dx && !is_blocked(dx)) player.x += (s32)dx << 16;
  player.y += (s32)dy << 16;
  if (dy < 0 && is_solid(player_x(), player_y() - HEAD)) player_die();
}

void platforms_frame(void) {
  carry_player();
  num_tops = 0;
}

void add_platform(const struct near *it, s16 half_width, s16 y) {
  s16 dx = player_x() - it->x, dy = player_y() - y, reach = half_width + 48;
  struct top *top = &tops[num_tops];
  if (dx < -reach || dx > reach || dy < -80 || dy > 32 || num_tops == MAX_PLATFORMS) return;
  num_tops++;
  top->thing = it->thing;
  top->left = it->x - half_width;
  top->right = it->x + half_width;
  top->y = y;
}

s16 platform_under(s16 x, s16 feet_y, s16 y_speed, const struct thing **found) {
  s16 nearest = NO_GROUND, sunk = y_speed > 0 ? (y_speed >> 8) + STEP : STEP;
  struct top *top, *end = tops + num_tops;
  if (y_speed < 0) return NO_GROUND;
  for (top = tops; top < end; top++) {
    s16 distance = top->y - feet_y;
    if (x < top->left || x >= top->right || distance >= nearest) continue;
    if (distance < (top->thing == player.stands_on ? -STEP_STANDING : -sunk)) continue;
    nearest = distance;
    *found = top->thing;
  }
  return nearest;
}

/* ---- the moving platform ---- */

PLACE(platform) {
  const struct thing *thing = it->thing;
  u16 is_slow = thing->a > FAST_REACH || thing->b > FAST_REACH;
  u16 angle = (is_slow ? clock : 2 * clock) + 2 * thing->c;
  if (thing->a) it->x += fine_wave(angle, thing->a) >> 8;
  if (thing->b) it->y += fine_wave(angle, thing->b) >> 8;
}

PREPARE(platform) { add_platform(it, 32, it->y - 8); }

DRAWING(platform) {
  DRAW(PLATFORM, 0, it->x - 16, it->y, 0);
  DRAW(PLATFORM, 0, it->x + 16, it->y, MIRRORED);
}

/* ---- the falling platform ---- */

static u16 fall_delay(const struct near *it) { return it->thing->c + 10; }

PLACE(falling) {
  u16 age = clock - thing_clock[it->index] - fall_delay(it);   /* huge before the fall */
  if (!it->state || age >= FALL_BACK) return;
  if (age > FALL_LONGEST) age = FALL_LONGEST;
  it->y += (u16)(age * age * 7) >> 6;          /* the tumbleweed's own gravity */
}

PREPARE(falling) {
  if (it->state) {
    if (age_of(it) >= fall_delay(it) + FALL_BACK) change_state(it, STATE_WHOLE);
  } else if (player.stands_on == it->thing) {
    set_state(it, STATE_USED);
  }
  add_platform(it, 32, it->y - 8);
}

DRAWING(falling) {
  s16 shaken = it->state && age_of(it) < fall_delay(it) ? (s16)(V.clock >> 1 & 1) * 2 - 1 : 0;
  DRAW(FALLING, 0, it->x - 16 + shaken, it->y, 0);
  DRAW(FALLING, 0, it->x + 16 + shaken, it->y, MIRRORED);
}

/* ---- the crumbling block ---- */

static u16 crumble_delay(const struct near *it) { return it->thing->c + 8; }

PREPARE(crumble) {
  if (it->state) {
    u16 age = age_of(it);
    if (age >= crumble_delay(it) + CRUMBLE_BACK) {
      change_state(it, STATE_WHOLE);
    } else if (age >= crumble_delay(it)) {
      return;
    }
  } else if (player.stands_on == it->thing) {
    set_state(it, STATE_USED);
  }
  add_platform(it, 8, it->y - 8);
}

DRAWING(crumble) {
  u16 age, fallen;
  if (!it->state) {
    DRAW(CRUMBLE, 0, it->x, it->y, 0);
    return;
  }
  age = age_of(it);
  fallen = age - crumble_delay(it);
  if (age >= crumble_delay(it) + CRUMBLE_BACK) {   /* and nobody near for whom it had to become whole */
    DRAW(CRUMBLE, 0, it->x, it->y, 0);
  } else if (age < crumble_delay(it)) {
    DRAW(CRUMBLE, 1, it->x, it->y + (V.clock >> 1 & 1), 0);
  } else if (fallen < DEBRIS_FRAMES) {
    DRAW(CRUMBLE, 1, it->x, it->y + (s16)(fallen * fallen >> 2), 0);
  } else if (fallen >= CRUMBLE_BACK - 32 && (V.clock & 2)) {   /* it comes back flickering */
    DRAW(CRUMBLE, 0, it->x, it->y, 0);
  }
}
