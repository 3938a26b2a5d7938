/* The objects: which are near, and what every kind does in a frame.
 *
 * A level's objects are sorted by x, so that those in a range of x are found from an index that moves along. Objects that
 * stand still are looked at in three narrow ranges: around the player, and in the picture. Only those that move are
 * collected, in every frame.
 */
#include "things.h"

#define MOVER_RANGE 160   /* pixels outside the picture where objects may move that have their place there */
#define SOLID_RANGE 80    /* pixels from the player where something solid may have its place */
#define TOUCH_RANGE 32    /* pixels from the player where something that stands still may be touched */
#define DRAWN_RANGE 40    /* pixels outside the picture where an object may be that reaches into it */
#define MAX_MOVERS 48
#define LOOP_REACH (LOOP_RADIUS + 10)
#define FARTHEST_LOOP (4 * LOOP_REACH)
#define NUM_KINDS (KIND_BUMPER + 1)

u8 thing_state[MAX_OBJECTS];
u16 thing_clock[MAX_OBJECTS];

static struct near movers[MAX_MOVERS];
static struct near *movers_end = movers;
static u16 first_mover, first_solid, first_touched, first_drawn;
static const struct thing *loop;         /* the nearest one, or null */
static u16 loop_distance;

enum { STANDS, MOVES, REACHES };
static const struct kind kinds[NUM_KINDS] = {
  [KIND_COIN] = {0, 0, touch_coin, draw_coin, 18, 22, STANDS, 0},
  [KIND_SPRING] = {0, 0, touch_spring, draw_spring, 14, 24, STANDS, 0},
  [KIND_DIAGONAL_SPRING] = {0, 0, touch_diagonal, draw_diagonal, 14, 22, STANDS, 0},
  [KIND_WALKER] = {place_walker, 0, touch_walker, draw_walker, 18, 20, MOVES, 1},
  [KIND_HOPPER] = {place_hopper, 0, touch_hopper, draw_hopper, 15, 24, MOVES, 1},
  [KIND_SHOOTER] = {0, 0, touch_shooter, draw_shooter, 520, 24, REACHES, 1},
  [KIND_FLYER] = {place_flyer, 0, touch_flyer, draw_flyer, 18, 20, MOVES, 1},
  [KIND_PLATFORM] = {place_platform, prepare_platform, 0, draw_platform, 0, 0, MOVES, 0},
  [KIND_FALLING_PLATFORM] = {place_falling, prepare_falling, 0, draw_falling, 0, 0, MOVES, 1},
  [KIND_CRUMBLE] = {0, prepare_crumble, 0, draw_crumble, 0, 0, STANDS, 1},
  [KIND_SWITCH] = {0, 0, touch_switch, draw_switch, 19, 18, STANDS, 0},
  [KIND_DOOR] = {0, prepare_door, 0, draw_door, 0, 0, STANDS, 0},
  [KIND_BREAKABLE] = {0, prepare_breakable, 0, draw_breakable, 0, 0, STANDS, 0},
  [KIND_CHECKPOINT] = {0, 0, touch_checkpoint, draw_checkpoint, 16, 44, STANDS, 0},
  [KIND_BOX] = {0, prepare_box, 0, draw_box, 0, 0, STANDS, 0},
  [KIND_GOAL] = {0, 0, 0, draw_goal, 0, 0, STANDS, 0},
  [KIND_LOOP] = {0, 0, 0, 0, 0, 0, MOVES, 0},
  [KIND_POP_THORNS] = {0, 0, touch_thorns, draw_thorns, 20, 21, STANDS, 0},
  [KIND_PENDULUM] = {place_pendulum, 0, touch_pendulum, draw_pendulum, 17, 21, REACHES, 0},
  [KIND_JET] = {0, 0, touch_jet, draw_jet, 13, 76, STANDS, 0},
  [KIND_BUMPER] = {0, 0, touch_bumper, draw_bumper, 26, 26, STANDS, 0},
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

void things_begin(void) {
  u16 i;
  for (i = 0; i < MAX_OBJECTS; i++) thing_state[i] = STATE_WHOLE;
  first_mover = first_solid = first_touched = first_drawn = 0;
  movers_end = movers;
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

/* The first object at x or to the right of it, looked for from another on. */
static u16 first_from(u16 index, s16 x) {
  const struct thing *thing = level->things + index;
  while (index < level->num_things && (s16)thing->x < x) {
    index++;
    thing++;
  }
  while (index > 0 && (s16)thing[-1].x >= x) {
    index--;
    thing--;
  }
  return index;
}

/* The nearest is the one that matters. */
static void remember_loop(const struct thing *thing) {
  s16 dx = player_x() - thing->x, dy = player_y() - thing->y;
  u16 distance = (dx < 0 ? -dx : dx) + (dy < 0 ? -dy : dy);
  if (distance >= loop_distance) return;
  loop = thing;
  loop_distance = distance;
}

const struct thing *loop_near(s16 x) {
  s16 dx;
  if (!loop) return 0;
  dx = x - loop->x;
  return dx > -LOOP_REACH && dx < LOOP_REACH ? loop : 0;
}

static const struct thing *things_end(void) { return level->things + level->num_things; }

static inline void stand(struct near *it, const struct thing *thing, const struct kind *kind, u16 index) {
  it->thing = thing;
  it->kind = kind;
  it->x = thing->x;
  it->y = thing->y;
  it->index = index;
  it->state = thing_state[index];
}

void place_thing(struct near *it, const struct thing *thing, u16 clock) {
  stand(it, thing, &kinds[thing->kind], thing - level->things);
  if (it->kind->place) it->kind->place(it, clock);
}

static void find_movers(void) {
  s16 right = camera_x + 320 + MOVER_RANGE, left_of_player = player_x() - SOLID_RANGE;
  const struct thing *thing, *end = things_end();
  struct near *it = movers;
  u16 index = first_mover = first_from(first_mover, camera_x - MOVER_RANGE);
  loop = 0;
  loop_distance = FARTHEST_LOOP;
  for (thing = level->things + index; thing < end && (s16)thing->x < right; thing++, index++) {
    const struct kind *kind = &kinds[thing->kind];
    if (!kind->moves || thing_state[index] == STATE_DONE) continue;
    if (thing->kind == KIND_LOOP) {
      remember_loop(thing);
      continue;
    }
    stand(it, thing, kind, index);
    if (kind->place) kind->place(it, V.clock);
    if (kind->prepare && (u16)(it->x - left_of_player) < 2 * SOLID_RANGE) kind->prepare(it);
    if (++it == movers + MAX_MOVERS) break;
  }
  movers_end = it;
}

static void prepare_solids(void) {
  s16 x = player_x();
  const struct thing *thing, *end = things_end();
  struct near it;
  u16 index = first_solid = first_from(first_solid, x - SOLID_RANGE);
  for (thing = level->things + index; thing < end && (s16)thing->x < x + SOLID_RANGE; thing++, index++) {
    const struct kind *kind = &kinds[thing->kind];
    if (kind->moves || !kind->prepare || thing_state[index] == STATE_DONE) continue;
    stand(&it, thing, kind, index);
    kind->prepare(&it);
  }
}

void things_frame(void) {
  platforms_frame();
  barriers_frame();
  find_movers();
  prepare_solids();
}

static inline u16 is_touched(const struct kind *kind, s16 dx, s16 dy) {
  u16 reach_x = kind->touch_x, reach_y = kind->touch_y;
  return (u16)(dx + reach_x) < (u16)(2 * reach_x) && (u16)(dy + reach_y) < (u16)(2 * reach_y);
}

static void touch_movers(s16 x, s16 y) {
  struct near *it;
  for (it = movers; it < movers_end; it++) {
    const struct kind *kind = it->kind;
    s16 dx = x - it->x, dy = y - it->y;
    if (!kind->touch || !is_touched(kind, dx, dy)) continue;
    kind->touch(it, dx, dy);
    if (V.mode != MODE_PLAY) return;
  }
}

static void touch_standing(s16 x, s16 y) {
  const struct thing *thing, *end = things_end();
  struct near it;
  u16 index = first_touched = first_from(first_touched, x - TOUCH_RANGE);
  for (thing = level->things + index; thing < end && (s16)thing->x < x + TOUCH_RANGE; thing++, index++) {
    const struct kind *kind = &kinds[thing->kind];
    s16 dx = x - (s16)thing->x, dy = y - (s16)thing->y;
    if (kind->moves || thing_state[index] == STATE_DONE || !kind->touch || !is_touched(kind, dx, dy)) continue;
    stand(&it, thing, kind, index);
    kind->touch(&it, dx, dy);
    if (V.mode != MODE_PLAY) return;
  }
}

void things_touch(void) {
  s16 x = player_x(), y = player_y();
  touch_movers(x, y);
  if (V.mode == MODE_PLAY) touch_standing(x, y);
  if (V.mode == MODE_PLAY && x >= (s16)level->goal_x) clear_level();
}

static void draw_standing(void) {
  s16 right = camera_x + 320 + DRAWN_RANGE, top = camera_y - DRAWN_RANGE;
  const struct thing *thing, *end = things_end();
  u16 coin = SPRITE_TILE(COIN, V.clock >> 3 & 3);
  struct near it;
  u16 index = first_drawn = first_from(first_drawn, camera_x - DRAWN_RANGE);
  for (thing = level->things + index; thing < end && (s16)thing->x < right; thing++, index++) {
    const struct kind *kind;
    u8 state = thing_state[index];
    if ((u16)(thing->y - top) >= 224 + 2 * DRAWN_RANGE || state == STATE_DONE) continue;
    if (thing->kind == KIND_COIN && state == STATE_WHOLE) {   /* most are, so they take the short way */
      screen_world_sprite(thing->x - 8, thing->y - 8, SPRITE_COIN_SIZE, coin);
      continue;
    }
    kind = &kinds[thing->kind];
    if (kind->moves) continue;
    stand(&it, thing, kind, index);
    kind->draw(&it);
  }
}

static void draw_movers(void) {
  s16 left = camera_x - DRAWN_RANGE;
  struct near *it;
  for (it = movers; it < movers_end; it++) {
    const struct kind *kind = it->kind;
    if (kind->moves == REACHES || (u16)(it->x - left) < 320 + 2 * DRAWN_RANGE) kind->draw(it);
  }
}

void things_draw(void) {
  draw_movers();
  draw_standing();
  effects_draw();
}
