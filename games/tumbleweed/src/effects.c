/* What flies about when something breaks: each a function of the frames since then. */
#include "things.h"

#define SPARKLE_FRAMES 15
#define FRAGMENT_FRAMES 40
#define SCATTER_FRAMES 36
#define NUM_SCATTERED 8

static s16 scatter_x, scatter_y;
static u16 scatter_clock, is_scattering;

/* Pixels per frame of what flies off, and where fragments begin, from the centre. */
static const struct { s8 x, y; } scatter_speed[NUM_SCATTERED] = {{-3, -4}, {3, -4}, {-2, -6}, {2, -6},
                                                                 {-4, -2}, {4, -2}, {-1, -7}, {1, -7}};
static const struct { s8 x, y, x_speed, y_speed; } fragments[] = {
  {-8, -24, 4, -5}, {8, -24, 6, -4}, {-8, -8, 3, -4}, {8, -8, 7, -3},
  {-8, 8, 3, -3}, {8, 8, 5, -3}, {-8, 24, 2, -2}, {8, 24, 4, -1},
};

/* Pixels fallen after so many frames, a quarter of a pixel per frame faster each. */
static s16 fall_of(u16 age) { return (u16)(age * age) >> 3; }

void effects_begin(void) { is_scattering = 0; }

void pop(struct near *it) { set_state(it, STATE_USED); }

u16 draw_sparkle(s16 x, s16 y, u16 age) {
  if (age >= SPARKLE_FRAMES) return 0;
  DRAW(SPARKLE, age < 5 ? 0 : age < 10 ? 1 : 2, x, y, 0);
  return 1;
}

u16 draw_fragments(s16 x, s16 y, u16 tile, u16 age, u16 leftward) {
  u16 i;
  s16 fallen;
  if (age >= FRAGMENT_FRAMES) return 0;
  fallen = fall_of(age);
  for (i = 0; i < sizeof fragments / sizeof fragments[0]; i++) {
    s16 dx = fragments[i].x_speed * (s16)age;
    if (leftward) dx = -dx;
    screen_world_sprite(x + fragments[i].x + dx - 4, y + fragments[i].y + fragments[i].y_speed * (s16)age + fallen - 8, 1,
                        tile + ((i & 1) << 3) + (i & 2));
  }
  return 1;
}

void things_scatter(void) {
  scatter_x = player_x();
  scatter_y = player_y();
  scatter_clock = V.clock;
  is_scattering = 1;
}

void effects_draw(void) {
  u16 i, age = V.clock - scatter_clock;
  s16 fallen;
  if (!is_scattering) return;
  if (age >= SCATTER_FRAMES) {
    is_scattering = 0;
    return;
  }
  if (age > SCATTER_FRAMES / 2 && (age & 1)) return;   /* they fade by flickering */
  fallen = fall_of(age);
  for (i = 0; i < NUM_SCATTERED; i++) {
    DRAW(COIN, (age >> 1) & 3, scatter_x + scatter_speed[i].x * (s16)age,
         scatter_y + scatter_speed[i].y * (s16)age + fallen, 0);
  }
}
