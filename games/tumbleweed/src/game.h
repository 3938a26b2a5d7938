/* What the parts of Tumbleweed share: types, the variables that agents read, the player, and each part's doors.
 *
 * Lengths are pixels, times frames (1/60 s), angles 1/256 of a turn clockwise on the screen, speeds 1/256 pixel per
 * frame. Positions are 16.16 fixed point, so that the pixel is the aligned high word: Debian's compiler for the 68000
 * emits accesses at odd addresses for anything else (tools/check_alignment.py stops the build then).
 *
 * Nothing in memory may depend on time within a frame (no beam position, no counter of spent cycles): a frame's memory
 * is then a function of the frame before and the buttons alone, on every emulator, also after a loaded state.
 * Interrupts are let in by the `stop` that ends a frame and nowhere else.
 */
#ifndef GAME_H
#define GAME_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef signed char s8;
typedef short s16;
typedef int s32;

enum mode { MODE_BOOT, MODE_TITLE, MODE_PLAY, MODE_DYING, MODE_CLEAR, MODE_OVER };

/* At 0xFF0000, in this order: data.json says the same. Written once per frame, by publish() in main.c. */
struct variables {
  u16 mode, level, zone, act;              /* +00 */
  u16 request, request_level;              /* +08 write the level, then request = 1: the level begins */
  u16 x, y;                                /* +0C the player's centre */
  s16 x_speed, y_speed, ground_speed;      /* +10 1/256 pixel per frame */
  u16 angle;                               /* +16 */
  u16 coins, lives;                        /* +18 */
  u32 score;                               /* +1C */
  u16 seconds, clock;                      /* +20 timer; frames since the level began */
  u16 goal_x, furthest_x;                  /* +24 progress end x; the best x so far */
  u16 is_grounded, is_rolling, is_hurt;    /* +28 */
  u16 breath, charge, checkpoint;          /* +2E frames of air left; 0 to 8; number of the last one passed */
  u16 camera_x, camera_y;                  /* +34 */
  u16 deaths, num_levels;                  /* +38 */
  u16 lag;                                 /* +3C frames that were not ready in time since the level began */
  u16 seconds_fraction;                    /* +3E */
  u16 switches, shield;                    /* +40 bit per channel that is pressed */
  u16 pack_version, fault;                 /* +44 fault: 0xDEAD after an exception of the processor */
};
extern struct variables V;

/* ---- the level pack, appended to the ROM by Python: big-endian, words aligned ---- */
#define PACK_ADDRESS 0x40000
#define PACK_MAGIC 0x54574C56   /* "TWLV" */
#define PACK_VERSION 1
struct thing { u16 x, y; u8 kind, a, b, c; };
struct level {
  u16 width;              /* blocks */
  u16 zone, act, flags;   /* flags bit 0: slippery */
  u16 start_x, start_y, goal_x, num_things;
  const u8 *map;          /* [width][32], column by column */
  const struct thing *things;   /* sorted by x */
};
struct pack { u32 magic; u16 version, num_levels; const struct level *levels[1]; };
#define PACK ((const struct pack *)PACK_ADDRESS)
extern const struct level *level;

/* ---- buttons ---- */
enum { PAD_UP = 1, PAD_DOWN = 2, PAD_LEFT = 4, PAD_RIGHT = 8, PAD_B = 16, PAD_C = 32, PAD_A = 64, PAD_START = 128,
       PAD_JUMP = PAD_A | PAD_B | PAD_C };
extern u16 pad, pad_pressed;   /* held now; newly held in this frame */

/* ---- the player ---- */
#define PLAYER_FEET 16          /* from the centre down to the ground */
#define PLAYER_HALF_WIDTH 9
struct player {
  s32 x, y;                     /* 16.16 */
  s16 x_speed, y_speed, ground_speed;
  u8 angle, is_grounded, is_rolling, faces_left;
  u8 is_hurt;                   /* thrown back, not under control until it lands */
  u8 charge;                    /* crouch-charge 0 to 8; is_charging says whether there is one */
  u8 is_charging, is_thrown;    /* in the air by anything but a jump: a released button does not cut the rise */
  u16 invulnerable;             /* frames left */
  u16 breath;
  const struct thing *rail;     /* the loop it runs on, or has fallen off inside of; else null */
  u16 rail_angle;               /* on the loop: 0 at the bottom, grows counter-clockwise to the right, 1/65536 turn */
  u16 medium;                   /* of the block at its centre */
  u16 pose, pose_clock;
  const struct thing *stands_on;   /* the platform under it, or null; its motion carries the player */
};
extern struct player player;

/* main.c */
void clear_level(void);               /* the goal is reached: the tally, then the next level */

/* player.c */
void player_begin(u16 x, u16 y);
void player_frame(void);              /* input, physics, terrain; only in MODE_PLAY */
void player_fall_dead(void);          /* the motion of MODE_DYING */
void player_hurt(s16 from_x);         /* loses coins or shield, or dies; nothing while invulnerable */
void player_die(void);
void player_spring(s16 x_speed, s16 y_speed);
void player_draw(void);

/* terrain.c: questions to the map */
u8 terrain_at(s16 x, s16 y);          /* number of the block */
#define NO_FLOOR 32
s16 floor_distance(s16 x, s16 y, u8 *block, u16 with_one_way);   /* down from y to the ground; NO_FLOOR for none near */
u16 is_solid(s16 x, s16 y);
u16 is_wall(s16 x, s16 high, s16 low);   /* is_solid at either height */

/* things.c: the objects */
void things_begin(void);              /* forget what was taken, broken and pressed */
void things_respawn(void);            /* after a death: what must be whole again is */
void things_frame(void);              /* before player_frame: platforms move and carry, barriers block */
void things_touch(void);              /* after player_frame: touch everything near */
void things_draw(void);
void things_scatter(void);            /* coins fly off the player */
const struct thing *loop_near(s16 x); /* the loop near the player whose ring spans x, or null */
/* Distance down from feet_y, a height in the level, to the top of a platform that the player lands or stands on; 32 for
 * none. */
s16 platform_under(s16 x, s16 feet_y, s16 y_speed, const struct thing **found);
u16 barrier_at(s16 x, s16 y);         /* whether a door, a wall or a box is at this point */

/* screen.c: picture, sprites, scrolling */
void screen_begin(void);              /* once, at the start of the program */
void screen_begin_level(void);        /* tiles, palettes, planes; the screen is dark meanwhile */
void screen_place_camera(void);       /* at once, on the player */
void screen_begin_sprites(void);      /* before the first sprite of a picture; those of the HUD stay */
void screen_follow(void);             /* a step towards the player */
struct sprite { u16 y; u8 size, next; u16 tile, x; };   /* as the video processor has it, 128 added to x and y */
extern struct sprite *next_sprite, *const last_sprite;
extern s16 camera_x, camera_y;
/* On the screen; size = (width - 1) << 2 | height - 1, in tiles. Calls are slow on a 68000, so this one is none. */
static inline __attribute__((always_inline)) void screen_sprite(s16 x, s16 y, u8 size, u16 tile) {
  struct sprite *sprite = next_sprite;
  if ((u16)(x + 31) >= 320 + 31 || (u16)(y + 31) >= 224 + 31 || sprite == last_sprite) return;
  sprite->y = y + 128;
  sprite->size = size;
  sprite->tile = tile;
  sprite->x = x + 128;
  next_sprite = sprite + 1;
}
/* The same in the level's pixels. */
static inline __attribute__((always_inline)) void screen_world_sprite(s16 x, s16 y, u8 size, u16 tile) {
  screen_sprite(x - camera_x, y - camera_y, size, tile);
}
void screen_hud_sprite(u16 number, s16 x, s16 y, u16 size, u16 tile);   /* stays until it is set again */
void screen_player_frame(u16 frame);  /* which picture of the player goes into video memory */
void screen_vblank(void);             /* what must be written between two pictures */
void screen_title(void);
void screen_text(u16 row, const char *text);   /* in the middle, with sprites; row of 8 pixels, at most 20 letters */

/* hud.c: score, time, coins, lives, breath */
#define NUM_HUD_SPRITES 11
void hud_begin(void);                 /* with the level's picture: show everything anew */
void hud_frame(void);                 /* what has changed since the frame before */
void hud_copy(void);                  /* between two pictures */
void hud_zone_name(void);             /* over the first seconds of a level */
void hud_tally(u16 goal, u16 time);   /* over the last ones: what they add to the score */

/* sound.c: the PSG */
enum sound { SOUND_JUMP = 1, SOUND_COIN, SOUND_HURT, SOUND_DIE, SOUND_SPRING, SOUND_BREAK, SOUND_POP, SOUND_CHARGE,
             SOUND_RELEASE, SOUND_CHECKPOINT, SOUND_CLEAR, SOUND_SWITCH, SOUND_DROWN, SOUND_LIFE, SOUND_OVER };
void sound_begin_zone(u16 zone);      /* its tune from the start; 8 the title, 9 silence */
void sound_effect(u16 sound);
void sound_frame(void);               /* once per frame */

#endif
