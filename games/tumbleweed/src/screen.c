/* The picture: planes, sprites, scrolling. What changes is prepared here and copied in screen_vblank. */
#include "art.h"
#include "hardware.h"
#include "tables.h"

#define WIDTH 320
#define HEIGHT 224
#define ROWS (HEIGHT / 8)
#define MAX_SPRITES 80
#define WINDOW_COLUMNS (PLANE_COLUMNS / 2)   /* blocks of the level that plane A holds */
#define COLUMNS_BEFORE 5                     /* of them, left of the camera */
#define MAX_COLUMNS_PER_FRAME 2
#define COLUMNS_PER_STEP 8                   /* while a level is begun */
#define TILES_PER_STEP 96
#define DEAD_ZONE_X 8
#define DEAD_ZONE_Y 24
#define MAX_CAMERA_STEP 16
#define WORDS_PER_TILE 16
#define LETTER 0xC000                        /* palette 2, before all else */

struct column { u16 to; u32 left[LEVEL_HEIGHT], right[LEVEL_HEIGHT]; };   /* two tiles of a block in each */

s16 camera_x, camera_y;
static struct sprite sprites[MAX_SPRITES];
struct sprite *next_sprite, *const last_sprite = &sprites[MAX_SPRITES];
static struct column columns[MAX_COLUMNS_PER_FRAME];
static u16 num_columns;
static s16 first_column;                     /* plane A holds this block column and the ones after it */
static u16 scroll_a[ROWS], scroll_b[ROWS];
static u16 player_frame_shown, player_frame_wanted;
static u16 cycle_colours[16], cycle_clock;
static u32 blocks[NUM_TERRAIN][2];           /* upper and lower tile of each block's left half, and of its right half */

/* ---- sprites: a list in which each names the next one; those of the HUD come first ---- */

static void begin_sprites(void) {
  u16 i;
  for (i = 0; i < MAX_SPRITES; i++) sprites[i].next = i + 1;
  next_sprite = sprites + NUM_HUD_SPRITES;
}

void screen_begin_sprites(void) {
  (next_sprite - 1)->next = next_sprite - sprites;
  next_sprite = sprites + NUM_HUD_SPRITES;
}

void screen_hud_sprite(u16 number, s16 x, s16 y, u16 size, u16 tile) {
  struct sprite *sprite = &sprites[number];
  sprite->y = y + 128;
  sprite->size = size;
  sprite->tile = tile;
  sprite->x = x + 128;
}

void screen_text(u16 row, const char *text) {
  s16 x = WIDTH / 2;
  const char *letter;
  for (letter = text; *letter; letter++) x -= 4;
  for (; *text; text++, x += 8) {
    if (*text != ' ') screen_sprite(x, row * 8, 0, LETTER | (TILE_FONT + *text - ' '));
  }
}

void screen_player_frame(u16 frame) {
  player_frame_wanted = frame;
}

/* ---- the level's plane ---- */

static void prepare_column(s16 number) {
  struct column *column = &columns[num_columns];
  const u8 *block;
  u32 *left = column->left, *right = column->right, *end = left + LEVEL_HEIGHT;
  if ((u16)number >= level->width) return;
  block = level->map + (u16)(number << 5);
  while (left < end) {
    const u32 *halves = blocks[*block++];
    *left++ = halves[0];
    *right++ = halves[1];
  }
  column->to = VIDEO_PLANE_A + ((number & (WINDOW_COLUMNS - 1)) << 2);
  num_columns++;
}

static void copy_columns(void) {
  struct column *column;
  for (column = columns; num_columns; num_columns--, column++) {
    copy_to_video(column->left, column->to, PLANE_COLUMNS, PLANE_COLUMNS * 2);
    copy_to_video(column->right, column->to + 2, PLANE_COLUMNS, PLANE_COLUMNS * 2);
  }
}

static void stream_columns(void) {
  s16 wanted = (camera_x >> 4) - COLUMNS_BEFORE;
  while (first_column < wanted && num_columns < MAX_COLUMNS_PER_FRAME) {
    prepare_column(first_column + WINDOW_COLUMNS);
    first_column++;
  }
  while (first_column > wanted && num_columns < MAX_COLUMNS_PER_FRAME) {
    first_column--;
    prepare_column(first_column);
  }
}

/* ---- scrolling ---- */

static s16 clamp(s16 value, s16 low, s16 high) {
  return value < low ? low : value > high ? high : value;
}

static void scroll_to(s16 x, s16 y) {
  camera_x = clamp(x, 0, (s16)(level->width * BLOCK) - WIDTH);
  camera_y = clamp(y, 0, LEVEL_HEIGHT * BLOCK - HEIGHT);
}

/* The panorama's rows move at their own speeds. Rows that move alike lie together, so few products are needed. */
static void prepare_scroll(void) {
  const u16 *speed = background_speed[level->zone];
  u16 row, known = 0, shift = 0;
  for (row = 0; row < ROWS; row++) {
    if (speed[row] != known) {
      known = speed[row];
      shift = -(((u32)(u16)camera_x * known) >> 8);
    }
    scroll_b[row] = shift;
    scroll_a[row] = -camera_x;
  }
}

static s16 follow(s16 camera, s16 wanted, s16 dead_zone) {
  s16 step = wanted - camera;
  if (step > dead_zone) step -= dead_zone;
  else if (step < -dead_zone) step += dead_zone;
  else return camera;
  return camera + clamp(step, -MAX_CAMERA_STEP, MAX_CAMERA_STEP);
}

void screen_follow(void) {
  s16 old_x = camera_x;
  s16 dead_zone_y = player.is_grounded ? 0 : DEAD_ZONE_Y;
  scroll_to(follow(camera_x, (player.x >> 16) - WIDTH / 2, DEAD_ZONE_X),
            follow(camera_y, (player.y >> 16) - HEIGHT / 2, dead_zone_y));
  if (camera_x == old_x) return;
  prepare_scroll();
  stream_columns();
}

/* ---- colours that move: water, lava, wind ---- */

static void cycle_palette(void) {
  const u16 *cycle = zone_cycle[level->zone];
  u16 first = cycle[0], count = cycle[1], moved, i;
  if (!count || ++cycle_clock < cycle[2]) return;
  cycle_clock = 0;
  moved = cycle_colours[0];
  for (i = 0; i < count - 1; i++) cycle_colours[i] = cycle_colours[i + 1];
  cycle_colours[i] = moved;
  copy_to_palette(cycle_colours, first, count);
}

static void begin_cycle(void) {
  const u16 *cycle = zone_cycle[level->zone], *colours = zone_palettes[level->zone][0] + cycle[0];
  u16 i;
  cycle_clock = 0;
  for (i = 0; i < cycle[1]; i++) cycle_colours[i] = colours[i];
}

/* ---- between two pictures ---- */

/* The last one names none; screen_begin_sprites mends that. */
static void copy_sprites(void) {
  (next_sprite - 1)->next = 0;
  copy_to_video(sprites, VIDEO_SPRITES, (next_sprite - sprites) * (sizeof *sprites / 2), 2);
}

static void copy_player(void) {
  if (player_frame_wanted == player_frame_shown) return;
  player_frame_shown = player_frame_wanted;
  copy_to_video(player_tiles[player_frame_shown], TILE_PLAYER * 32, 16 * WORDS_PER_TILE, 2);
}

void screen_vblank(void) {
  copy_sprites();
  if (V.mode == MODE_TITLE) return;
  copy_player();
  copy_to_video(scroll_a, VIDEO_SCROLL, ROWS, 32);
  /* picodrive looks the first lines of a row up where the row would begin without the vertical scroll */
  if (camera_y & 7) copy_to_video(scroll_a, VIDEO_SCROLL + (8 - (camera_y & 7)) * 4, ROWS, 32);
  copy_to_video(scroll_b, VIDEO_SCROLL + 2, ROWS, 32);
  copy_to_vertical_scroll(camera_y, 0);
  copy_columns();
  hud_copy();
  cycle_palette();
}

/* ---- whole pictures; the screen is dark ----
 *
 * They are made in steps that take less than a picture's time even at the speed that video memory has while a picture
 * is shown, 18 bytes per line: after a loaded state, picodrive believes until the picture's end in the light or dark
 * of before. */

static void next_frame(void) {
  sound_frame();
  wait_for_picture();
  wait_for_top();
}

static void copy_tiles(const u32 *tiles, u16 first, u16 num_tiles) {
  while (num_tiles) {
    u16 num = num_tiles < TILES_PER_STEP ? num_tiles : TILES_PER_STEP;
    copy_to_video(tiles, first * 32, num * WORDS_PER_TILE, 2);
    next_frame();
    tiles += num * (32 / sizeof *tiles);
    first += num;
    num_tiles -= num;
  }
}

static void copy_rows(const u16 *map, u16 to, u16 num_columns) {
  u16 row;
  for (row = 0; row < ROWS; row++, map += num_columns, to += PLANE_COLUMNS * 2) {
    copy_to_video(map, to, num_columns, 2);
    if (row == ROWS / 2) next_frame();
  }
  next_frame();
}

/* Sprites that the HUD does not use stand above the picture. */
static void forget_sprites(void) {
  u16 i;
  for (i = 0; i < NUM_HUD_SPRITES; i++) sprites[i].y = 0;
  screen_begin_sprites();
}

void screen_begin(void) {
  begin_sprites();
  copy_to_video(font_tiles, TILE_FONT * 32, 64 * WORDS_PER_TILE, 2);
}

static void begin_blocks(void) {
  const u16 (*tiles)[4] = zone_blocks[level->zone];
  u16 i;
  for (i = 0; i < NUM_TERRAIN; i++, tiles++) {
    blocks[i][0] = (u32)(*tiles)[0] << 16 | (*tiles)[2];
    blocks[i][1] = (u32)(*tiles)[1] << 16 | (*tiles)[3];
  }
}

void screen_begin_level(void) {
  show_picture(0);
  next_frame();
  copy_tiles(zone_tiles[level->zone], 0, zone_num_tiles[level->zone]);
  copy_tiles(sprite_tiles, TILE_SPRITES, NUM_SPRITE_TILES);
  copy_rows(zone_background[level->zone], VIDEO_PLANE_B, PLANE_COLUMNS);
  copy_to_palette(zone_palettes[level->zone][0], 0, 32);
  copy_to_palette(sprite_palettes[0], 32, 32);
  forget_sprites();
  begin_cycle();
  begin_blocks();
  player_frame_shown = ~0;
  next_frame();
}

void screen_place_camera(void) {
  s16 column;
  scroll_to((player.x >> 16) - WIDTH / 2, (player.y >> 16) - HEIGHT / 2);
  first_column = (camera_x >> 4) - COLUMNS_BEFORE;
  for (column = first_column; column < first_column + WINDOW_COLUMNS; column++) {
    prepare_column(column);
    copy_columns();
    if ((column - first_column) % COLUMNS_PER_STEP == COLUMNS_PER_STEP - 1) next_frame();
  }
  prepare_scroll();
  next_frame();
}

void screen_title(void) {
  u16 i;
  show_picture(0);
  next_frame();
  copy_tiles(title_tiles, 0, NUM_TITLE_TILES);
  fill_video(VIDEO_PLANE_B, PLANE_COLUMNS * ROWS / 2, 0);
  next_frame();
  fill_video(VIDEO_PLANE_B + PLANE_COLUMNS * ROWS, PLANE_COLUMNS * ROWS / 2, 0);
  next_frame();
  copy_rows(title_map, VIDEO_PLANE_A, WIDTH / 8);
  copy_to_palette(title_palette, 0, 16);
  copy_to_palette(sprite_palettes[0], 32, 32);
  for (i = 0; i < ROWS; i++) scroll_a[i] = 0;
  copy_to_video(scroll_a, VIDEO_SCROLL, ROWS, 32);
  copy_to_video(scroll_a, VIDEO_SCROLL + 2, ROWS, 32);
  copy_to_vertical_scroll(0, 0);
  forget_sprites();
  next_frame();
  show_picture(1);
}
