/* What the families of objects share: what a kind is, what is known of an object, and how one is drawn.
 *
 * An object's place is a function of the clock and its parameters. What happened to it is in thing_state and
 * thing_clock, nothing else; all that is found out about those near the player is found out anew in every frame.
 */
#ifndef THINGS_H
#define THINGS_H

#include "art.h"
#include "game.h"
#include "tables.h"

/* WHOLE must be 0. USED: taken, beaten, pressed, stepped on, … at thing_clock. DONE: no longer looked at. */
enum state { STATE_WHOLE, STATE_USED, STATE_USED_LEFTWARD, STATE_DONE };
extern u8 thing_state[MAX_OBJECTS];
extern u16 thing_clock[MAX_OBJECTS];

/* An object that is looked at. */
struct near {
  const struct thing *thing;
  const struct kind *kind;
  s16 x, y;     /* of its centre, now */
  u16 index;
  u16 state;    /* the same as thing_state */
  u16 phase;    /* of those that move: how far they are, as their kind has it */
};

/* What the kinds of objects do; a null pointer is nothing. */
struct kind {
  void (*place)(struct near *it, u16 clock);      /* moves it from (thing->x, thing->y) to where it is at that clock */
  void (*prepare)(struct near *it);               /* before the player moves, when it is near */
  void (*touch)(struct near *it, s16 dx, s16 dy); /* after, when the player's centre is less than touch_x and touch_y away */
  void (*draw)(struct near *it);
  u16 touch_x, touch_y;
  u8 moves;     /* whether it moves, or reaches far beyond its place */
  u8 heals;     /* is whole again when the player comes back to life */
} __attribute__((aligned(32)));   /* so that finding one is a shift, where 68000s have no fast multiplication */

static inline s16 player_x(void) { return player.x >> 16; }
static inline s16 player_y(void) { return player.y >> 16; }

/* Frames since something happened to an object. */
static inline u16 age_of(const struct near *it) { return V.clock - thing_clock[it->index]; }

static inline void change_state(struct near *it, u8 state) {
  it->state = thing_state[it->index] = state;
}

/* Something happens to it now. */
static inline void set_state(struct near *it, u8 state) {
  change_state(it, state);
  thing_clock[it->index] = V.clock;
}

/* 512 · length · sin of an angle in 1/512 of a turn. */
static inline s32 fine_wave(u16 angle, s16 length) {
  return sine_table[(angle >> 1) & 255] * length + sine_table[((angle + 1) >> 1) & 255] * length;
}

/* Where a cycle of `period` frames (2 to 511) is: 0 to period - 1; phase in 1/256 of it. */
u16 time_in_cycle(u16 period, u16 phase, u16 clock);
extern const u16 frequency[512];   /* 65536 / period */

void place_thing(struct near *it, const struct thing *thing, u16 clock);

/* A frame of a sprite around a centre; `flags` are the bits that mirror it. */
#define SPRITE_WIDTH(name) ((SPRITE_##name##_SIZE >> 2) * 8 + 8)
#define SPRITE_HEIGHT(name) ((SPRITE_##name##_SIZE & 3) * 8 + 8)
#define SPRITE_TILE(name, frame) \
  (SPRITE_##name##_PALETTE | (SPRITE_##name + (frame) * (SPRITE_WIDTH(name) * SPRITE_HEIGHT(name) / 64)))
#define DRAW(name, frame, x, y, flags) \
  screen_world_sprite((x) - SPRITE_WIDTH(name) / 2, (y) - SPRITE_HEIGHT(name) / 2, SPRITE_##name##_SIZE, \
                      SPRITE_TILE(name, frame) | (flags))
#define MIRRORED 0x0800

/* The families; each kind has the doors that it needs. */
#define PLACE(name) void place_##name(struct near *it, u16 clock)
#define PREPARE(name) void prepare_##name(struct near *it)
#define TOUCH(name) void touch_##name(struct near *it, s16 dx, s16 dy)
#define DRAWING(name) void draw_##name(struct near *it)

/* effects.c */
void effects_begin(void);
void effects_draw(void);
void pop(struct near *it);                      /* beaten or taken: sparkles where it was, then nothing */
u16 draw_sparkle(s16 x, s16 y, u16 age);        /* whether there still are any */
u16 draw_fragments(s16 x, s16 y, u16 tile, u16 age, u16 leftward);

/* pickups.c */
void give_coins(u16 count);
void give_life(void);
TOUCH(coin); DRAWING(coin);
TOUCH(spring); DRAWING(spring);
TOUCH(diagonal); DRAWING(diagonal);
TOUCH(switch); DRAWING(switch);
TOUCH(checkpoint); DRAWING(checkpoint);
TOUCH(bumper); DRAWING(bumper);
DRAWING(goal);

/* enemies.c */
void bounce(void);                              /* the player off what it fell onto */
PLACE(walker); TOUCH(walker); DRAWING(walker);
PLACE(hopper); TOUCH(hopper); DRAWING(hopper);
TOUCH(shooter); DRAWING(shooter);
PLACE(flyer); TOUCH(flyer); DRAWING(flyer);

/* platforms.c */
PLACE(platform); PREPARE(platform); DRAWING(platform);
PLACE(falling); PREPARE(falling); DRAWING(falling);
PREPARE(crumble); DRAWING(crumble);
void platforms_frame(void);                     /* forget the platforms near the player, and carry it */
void add_platform(const struct near *it, s16 half_width, s16 y);   /* whose top is at y */

/* barriers.c */
PREPARE(door); DRAWING(door);
PREPARE(breakable); DRAWING(breakable);
PREPARE(box); DRAWING(box);
void barriers_frame(void);                      /* forget the barriers near the player */

/* hazards.c */
TOUCH(thorns); DRAWING(thorns);
PLACE(pendulum); TOUCH(pendulum); DRAWING(pendulum);
TOUCH(jet); DRAWING(jet);

#endif
