/* The display over the level: score, time, coins, lives, breath. Its sprites are set once per level; they show tiles of
 * their own, into which a letter's picture is copied when it changes. */
#include "art.h"
#include "hardware.h"
#include "tables.h"

#define LETTER 0xC000         /* palette 2, before all else */
#define IN_FRONT 0x8000
#define WIDE(tiles) (((tiles) - 1) << 2)
#define LAST_BREATH 600       /* frames left when the count of seconds appears */
#define MOST_SCORE 999999
#define MOST_MINUTES 9

/* Where each field's letters begin among the tiles of the HUD. */
enum { SCORE = 6, MINUTES = 16, SECONDS = 18, COINS = 20, LIVES = 24, BREATH = 26, BREATH_SECONDS = 30 };
static const char labels[NUM_HUD_TILES + 1] = "SCORE 000000TIME0:00000 *0AIR 00";
/* Sprite numbers of the field that is hidden most of the time. */
enum { BREATH_SPRITE = 9 };

static u32 shown_score;
static u16 shown_seconds, shown_coins, shown_lives, shown_breath;
static char letters[NUM_HUD_TILES];
static u32 changed;           /* a bit per tile whose letter is not in video memory yet */

static void put(u16 tile, char letter) {
  if (letters[tile] == letter) return;
  letters[tile] = letter;
  changed |= (u32)1 << tile;
}

/* The digit of a number at a power of ten, which is taken out of it: cheaper than dividing. */
static char take_digit(u32 *number, u16 power) {
  static const u32 powers[] = {1, 10, 100, 1000, 10000, 100000};
  char digit = '0';
  while (*number >= powers[power]) {
    *number -= powers[power];
    digit++;
  }
  return digit;
}

static void put_number(u16 tile, u32 number, u16 digits) {
  while (digits--) put(tile++, take_digit(&number, digits));
}

static void place_breath(u16 is_shown) {
  s16 y = is_shown ? 24 : 300;
  screen_hud_sprite(BREATH_SPRITE, 136, y, WIDE(4), LETTER | (TILE_HUD + BREATH));
  screen_hud_sprite(BREATH_SPRITE + 1, 168, y, WIDE(2), LETTER | (TILE_HUD + BREATH + 4));
}

void hud_begin(void) {
  u16 i;
  for (i = 0; i < NUM_HUD_TILES; i++) letters[i] = labels[i];
  changed = ~(u32)0;
  shown_score = 0;
  shown_seconds = shown_coins = shown_lives = shown_breath = 0;
  for (i = 0; i < 3; i++) screen_hud_sprite(i, 16 + i * 32, 8, WIDE(4), LETTER | (TILE_HUD + i * 4));
  screen_hud_sprite(3, 16, 20, WIDE(4), LETTER | (TILE_HUD + 12));
  screen_hud_sprite(4, 64, 20, WIDE(4), LETTER | (TILE_HUD + 16));
  screen_hud_sprite(5, 14, 30, SPRITE_COIN_SIZE, IN_FRONT | SPRITE_COIN_PALETTE | SPRITE_COIN);
  screen_hud_sprite(6, 32, 34, WIDE(3), LETTER | (TILE_HUD + COINS));
  screen_hud_sprite(7, 16, 208, SPRITE_HEAD_SIZE, IN_FRONT | SPRITE_HEAD_PALETTE | SPRITE_HEAD);
  screen_hud_sprite(8, 34, 208, WIDE(2), LETTER | (TILE_HUD + LIVES));
  place_breath(0);
  hud_frame();
}

static void show_time(void) {
  u16 minutes = 0, seconds = V.seconds;
  while (seconds >= 60 && minutes < MOST_MINUTES) {
    seconds -= 60;
    minutes++;
  }
  put(MINUTES, '0' + minutes);
  put_number(SECONDS, seconds < 60 ? seconds : 59, 2);
}

static void show_breath(void) {
  u16 breath = player.breath < LAST_BREATH ? player.breath : 0;
  if ((breath != 0) != (shown_breath != 0)) place_breath(breath != 0);
  shown_breath = breath;
  if (breath) put_number(BREATH_SECONDS, breath / 60, 2);
}

void hud_frame(void) {
  if (V.score != shown_score) put_number(SCORE, V.score < MOST_SCORE ? V.score : MOST_SCORE, 6);
  if (V.seconds != shown_seconds) show_time();
  if (V.coins != shown_coins) put_number(COINS, V.coins, 3);
  if (V.lives != shown_lives) put_number(LIVES + 1, V.lives < 9 ? V.lives : 9, 1);
  shown_score = V.score;
  shown_seconds = V.seconds;
  shown_coins = V.coins;
  shown_lives = V.lives;
  show_breath();
}

void hud_copy(void) {
  u16 tile;
  u32 bits = changed;
  for (tile = 0; bits; tile++, bits >>= 1) {
    if (bits & 1) copy_to_video(font_tiles + (letters[tile] - ' ') * 8, (TILE_HUD + tile) * 32, 16, 2);
  }
  changed = 0;
}

void hud_zone_name(void) {
  static char act[8] = "ACT ";
  u16 number = V.act, at = 4;
  if (number >= 100) act[at++] = '0' + number / 100 % 10;
  if (number >= 10) act[at++] = '0' + number / 10 % 10;
  act[at++] = '0' + number % 10;
  act[at] = 0;
  screen_text(9, zone_names[V.zone]);
  screen_text(11, act);
}

static void draw_bonus(u16 row, char *text, u32 number) {
  u16 digits = 4;
  char *end = text;
  while (*end) end++;
  while (digits--) *(end - 1 - digits) = take_digit(&number, digits);
  screen_text(row, text);
}

void hud_tally(u16 goal, u16 time) {
  static char goal_bonus[] = "GOAL BONUS 0000", quick_bonus[] = "TIME BONUS 0000";
  screen_text(8, "LEVEL CLEAR");
  draw_bonus(11, goal_bonus, goal);
  draw_bonus(13, quick_bonus, time);
}
