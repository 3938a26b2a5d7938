/* The loop of frames, and what each mode of the game does in one. */
#include "hardware.h"
#include "tables.h"

#define LIVES 3
#define FRAMES_PER_SECOND 60
#define DYING_FRAMES 100
#define SPARED_FRAMES 60     /* after a death nothing hurts at once */
#define OVER_FRAMES 300
#define CLEAR_FRAMES 240
#define NAME_FRAMES 150
#define TEXT_ROW 10           /* of 28 */
#define TITLE_ROW 22
#define GOAL_SCORE 1000
#define BONUS_SECONDS 300     /* a level cleared sooner than this … */
#define BONUS_PER_SECOND 10   /* … is worth this for every second left */

__attribute__((section(".variables"))) struct variables V;
const struct level *level;
static u16 mode_clock;        /* frames in this mode */
static u16 time_bonus;        /* of the level that was just cleared */

static void enter(u16 mode) {
  V.mode = mode;
  mode_clock = 0;
}

/* ---- levels ---- */

static u16 num_levels(void) {
  return PACK->magic == PACK_MAGIC && PACK->version == PACK_VERSION ? PACK->num_levels : 0;
}

/* The player's place after a death: the last checkpoint, or the start. */
static void place_player(void) {
  const struct thing *thing = level->things;
  u16 passed = 0, i;
  u16 x = level->start_x, y = level->start_y;
  for (i = 0; i < level->num_things && passed < V.checkpoint; i++, thing++) {
    if (thing->kind != KIND_CHECKPOINT) continue;
    passed++;
    x = thing->x;
    y = thing->y;
  }
  player_begin(x, y);
}

static void show_level(void) {
  screen_begin_level();
  screen_place_camera();
  hud_begin();
  hud_copy();
  wait_for_picture();
  screen_vblank();
  show_picture(1);
  wait_for_top();
}

static void begin_level(u16 number) {
  if (number >= num_levels()) number = 0;
  level = PACK->levels[number];
  V.level = number;
  V.zone = level->zone;
  V.act = level->act;
  V.goal_x = level->goal_x;
  V.checkpoint = V.coins = V.shield = V.switches = 0;
  V.seconds = V.seconds_fraction = V.clock = 0;
  things_begin();
  place_player();
  V.furthest_x = player.x >> 16;
  show_level();
  sound_begin_zone(level->zone);
  V.lag = 0;
  enter(MODE_PLAY);
}

static void begin_game(u16 number) {
  if (!num_levels()) return;
  V.lives = LIVES;
  V.score = 0;
  V.deaths = 0;
  begin_level(number);
}

static void begin_title(void) {
  enter(MODE_TITLE);
  sound_begin_zone(NUM_ZONES);
  screen_title();
}

void clear_level(void) {
  if (V.mode != MODE_PLAY) return;
  time_bonus = V.seconds < BONUS_SECONDS ? (BONUS_SECONDS - V.seconds) * BONUS_PER_SECOND : 0;
  V.score += GOAL_SCORE + time_bonus;
  player.is_rolling = 0;
  sound_effect(SOUND_CLEAR);
  enter(MODE_CLEAR);
}

/* ---- frames ---- */

static void count_time(void) {
  V.clock++;
  if (++V.seconds_fraction < FRAMES_PER_SECOND) return;
  V.seconds_fraction = 0;
  V.seconds++;
}

static void draw_text(void) {
  if (V.mode == MODE_PLAY && mode_clock < NAME_FRAMES) hud_zone_name();
  else if (V.mode == MODE_CLEAR) hud_tally(GOAL_SCORE, time_bonus);
  else if (V.mode == MODE_OVER) screen_text(TEXT_ROW, "GAME OVER");
}

static void draw_level(void) {
  if (V.mode != MODE_DYING) screen_follow();
  screen_begin_sprites();
  draw_text();
  player_draw();
  things_draw();
  hud_frame();
}

static void frame_of_play(void) {
  count_time();
  things_frame();
  player_frame();
  if (V.mode == MODE_PLAY) things_touch();
  if (V.mode == MODE_DYING) mode_clock = 0;
  draw_level();
}

static void frame_of_dying(void) {
  player_fall_dead();
  draw_level();
  if (mode_clock < DYING_FRAMES) return;
  if (!V.lives) {
    sound_effect(SOUND_OVER);
    enter(MODE_OVER);
    return;
  }
  things_respawn();
  place_player();
  player.invulnerable = SPARED_FRAMES;
  show_level();
  enter(MODE_PLAY);
}

/* The player comes to rest by itself. */
static void frame_of_clear(void) {
  pad = pad_pressed = 0;
  things_frame();
  player_frame();
  draw_level();
  if (mode_clock < CLEAR_FRAMES) return;
  if (V.level + 1 < V.num_levels) begin_level(V.level + 1);
  else begin_title();
}

static void frame_of_over(void) {
  draw_level();
  if (mode_clock >= OVER_FRAMES || (pad_pressed & PAD_START)) begin_title();
}

static void frame_of_title(void) {
  screen_begin_sprites();
  if (!V.num_levels) screen_text(TITLE_ROW, "ROM WITHOUT LEVELS");
  else if (!(mode_clock & 32)) screen_text(TITLE_ROW, "PRESS START");
  if (pad_pressed & PAD_START) begin_game(0);
}

static void frame(void) {
  mode_clock++;
  switch (V.mode) {
    case MODE_PLAY: frame_of_play(); break;
    case MODE_DYING: frame_of_dying(); break;
    case MODE_CLEAR: frame_of_clear(); break;
    case MODE_OVER: frame_of_over(); break;
    default: frame_of_title();
  }
  sound_frame();
}

static void publish(void) {
  V.x = player.x >> 16;
  V.y = player.y < 0 ? 0 : player.y >> 16;
  V.x_speed = player.x_speed;
  V.y_speed = player.y_speed;
  V.ground_speed = player.ground_speed;
  V.angle = player.angle;
  if (V.x > V.furthest_x) V.furthest_x = V.x;
  V.is_grounded = player.is_grounded;
  V.is_rolling = player.is_rolling;
  V.is_hurt = player.is_hurt;
  V.breath = player.breath;
  V.charge = player.charge;
  V.camera_x = camera_x;
  V.camera_y = camera_y;
}

int main(void) {
  hardware_begin();
  screen_begin();
  V.num_levels = num_levels();
  V.pack_version = PACK->version;
  begin_title();
  V.lag = 0;
  for (;;) {
    if (V.request) {
      begin_game(V.request_level);
      V.request = 0;
    } else {
      frame();
    }
    publish();
    wait_for_picture();
    read_pad();
    screen_vblank();
    wait_for_top();
  }
}
