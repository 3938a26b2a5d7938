/* The objects: which are near the camera, and what every kind does in a frame. */
#include "things.h"

#define NEAR_LEFT 96      /* pixels before the picture's left edge where objects are looked at */
#define NEAR_WIDTH 512
#define NEAR_ABOVE 96
#define NEAR_HEIGHT (224 + 2 * NEAR_ABOVE)
#define MAX_NEAR 80
#define DRAWN_MARGIN 40   /* an object whose centre is this far outside the picture is not seen */
#define LOOP_REACH (LOOP_RADIUS + 10)
#define NUM_KINDS 22

u8 thing_state[MAX_OBJECTS];
u16 thing_clock[MAX_OBJECTS];

static struct near near[MAX_NEAR];
static struct near *near_end = near;
static u16 first;                        /* the first object that may be near */
static const struct thing *loop;         /* near the player */

static const struct kind kinds[NUM_KINDS] = {
  [KIND_COIN] = {0, 0, touch_coin, draw_coin, 18, 22, 0, 0},
  [KIND_SPRING] = {0, 0, touch_spring, draw_spring, 14, 24, 0, 0},
  [KIND_DIAGONAL_SPRING] = {0, 0, touch_diagonal, draw_diagonal, 14, 22, 0, 0},
  [KIND_WALKER] = {place_walker, 0, touch_walker, draw_walker, 18, 20, 0, 1},
  [KIND_HOPPER] = {place_hopper, 0, touch_hopper, draw_hopper, 15, 24, 1, 1},
  [KIND_SHOOTER] = {0, 0, touch_shooter, draw_shooter, 520, 24, 1, 1},
  [KIND_FLYER] = {place_flyer, 0, touch_flyer, draw_flyer, 18, 20, 1, 1},
  [KIND_PLATFORM] = {place_platform, prepare_platform, 0, draw_platform, 0, 0, 1, 0},
  [KIND_FALLING_PLATFORM] = {place_falling, prepare_falling, 0, draw_falling, 0, 0, 1, 1},
  [KIND_CRUMBLE] = {0, prepare_crumble, 0, draw_crumble, 0, 0, 0, 1},
  [KIND_SWITCH] = {0, 0, touch_switch, draw_switch, 19, 18, 0, 0},
  [KIND_DOOR] = {0, prepare_door, 0, draw_door, 0, 0, 0, 0},
  [KIND_BREAKABLE] = {0, prepare_breakable, 0, draw_breakable, 0, 0, 0, 0},
  [KIND_CHECKPOINT] = {0, 0, touch_checkpoint, draw_checkpoint, 16, 44, 0, 0},
  [KIND_BOX] = {0, prepare_box, 0, draw_box, 0, 0, 0, 0},
  [KIND_GOAL] = {0, 0, 0, draw_goal, 0, 0, 0, 0},
  [KIND_POP_THORNS] = {0, 0, touch_thorns, draw_thorns, 20, 21, 0, 0},
  [KIND_PENDULUM] = {place_pendulum, 0, touch_pendulum, draw_pendulum, 17, 21, 1, 0},
  [KIND_JET] = {place_jet, 0, touch_jet, draw_jet, 13, 44, 0, 0},
  [KIND_BUMPER] = {0, 0, touch_bumper, draw_bumper, 26, 26, 0, 0},
};

#define FREQUENCY(n) (u16)((n) < 2 ? 65535 : 65536 / ((n) ? (n) : 1))
#define FREQUENCY_4(n) FREQUENCY(n), FREQUENCY((n) + 1), FREQUENCY((n) + 2), FREQUENCY((n) + 3)
#define FREQUENCY_16(n) FREQUENCY_4(n), FREQUENCY_4((n) + 4), FREQUENCY_4((n) + 8), FREQUENCY_4((n) + 12)
#define FREQUENCY_64(n) FREQUENCY_16(n), FREQUENCY_16((n) + 16), FREQUENCY_16((n) + 32), FREQUENCY_16((n) + 48)
#define FREQUENCY_256(n) FREQUENCY_64(n), FREQUENCY_64((n) + 64), FREQUENCY_64((n) + 128), FREQUENCY_64((n) + 192)
const u16 frequency[512] = {FREQUENCY_256(0), FREQUENCY_256(256)};

u16 time_in_cycle(u16 period, u16 phase, u16 clock) {
  u16 part = clock * frequency[period] + (phase << 8);
  return ((u32)part * period) >> 16;
}

s16 fine_sine(u16 angle) {
  return (sine_table[(angle >> 1) & 255] + sine_table[((angle + 1) >> 1) & 255]) >> 1;
}

void things_begin(void) {
  u16 i;
  for (i = 0; i < MAX_OBJECTS; i++) thing_state[i] = STATE_WHOLE;
  first = 0;
  near_end = near;
  loop = 0;
  effects_begin();
}

void things_respawn(void) {
  u16 i;
  for (i = 0; i < level->num_things; i++) {
    if (kinds[level->things[i].kind].heals) thing_state[i] = STATE_WHOLE;
  }
  effects_begin();
}

void place_thing(struct near *it, u16 clock) {
  const struct thing *thing = it->thing;
  it->x = thing->x;
  it->y = thing->y;
  if (kinds[thing->kind].place) kinds[thing->kind].place(it, clock);
}

/* The first object that may be near follows the camera. */
static void follow_camera(s16 left) {
  const struct thing *things = level->things;
  while (first < level->num_things && (s16)things[first].x < left) first++;
  while (first > 0 && (s16)things[first - 1].x >= left) first--;
}

static void remember_loop(const struct thing *thing) {
  s16 dx = player_x() - thing->x, dy = player_y() - thing->y;
  if (dx > -2 * LOOP_REACH && dx < 2 * LOOP_REACH && dy > -2 * LOOP_REACH && dy < 2 * LOOP_REACH) {
    if (!loop || dx < LOOP_REACH) loop = thing;
  }
}

const struct thing *loop_near(s16 x) {
  s16 dx;
  if (!loop) return 0;
  dx = x - loop->x;
  return dx > -LOOP_REACH && dx < LOOP_REACH ? loop : 0;
}

static void find_near(void) {
  s16 left = camera_x - NEAR_LEFT, top = camera_y - NEAR_ABOVE;
  const struct thing *thing, *end = level->things + level->num_things;
  struct near *it = near;
  u16 index;
  follow_camera(left);
  index = first;
  for (thing = level->things + first; thing < end && (s16)thing->x < left + NEAR_WIDTH; thing++, index++) {
    const struct kind *kind;
    if (thing_state[index] == STATE_DONE) continue;
    if (thing->kind == KIND_LOOP) {
      remember_loop(thing);
      continue;
    }
    kind = &kinds[thing->kind];
    if (!kind->reaches_far && (u16)(thing->y - top) >= NEAR_HEIGHT) continue;
    it->thing = thing;
    it->index = index;
    it->x = thing->x;
    it->y = thing->y;
    if (kind->place) kind->place(it, V.clock);
    if (++it == near + MAX_NEAR) break;
  }
  near_end = it;
}

void things_frame(void) {
  struct near *it, *end;
  platforms_frame();
  barriers_frame();
  loop = 0;
  find_near();
  for (it = near, end = near_end; it < end; it++) {
    const struct kind *kind = &kinds[it->thing->kind];
    if (kind->prepare) kind->prepare(it);
  }
}

void things_touch(void) {
  s16 x = player_x(), y = player_y();
  struct near *it, *end = near_end;
  for (it = near; it < end && V.mode == MODE_PLAY; it++) {
    const struct kind *kind = &kinds[it->thing->kind];
    s16 dx = x - it->x, dy = y - it->y;
    u16 reach_x = kind->touch_x, reach_y = kind->touch_y;
    if ((u16)(dx + reach_x) > (u16)(2 * reach_x) || (u16)(dy + reach_y) > (u16)(2 * reach_y)) continue;
    if (kind->touch) kind->touch(it, dx, dy);
  }
  if (V.mode == MODE_PLAY && x >= (s16)level->goal_x) clear_level();
}

void things_draw(void) {
  s16 left = camera_x - DRAWN_MARGIN, top = camera_y - DRAWN_MARGIN;
  struct near *it, *end = near_end;
  for (it = near; it < end; it++) {
    const struct kind *kind = &kinds[it->thing->kind];
    if (!kind->reaches_far) {
      if ((u16)(it->x - left) > 320 + 2 * DRAWN_MARGIN || (u16)(it->y - top) > 224 + 2 * DRAWN_MARGIN) continue;
    }
    kind->draw(it, it->x, it->y);
  }
  effects_draw();
}
