/* Which picture of the player is shown, and where. */
#include "art.h"
#include "hardware.h"
#include "player.h"

#define PLAYER_SIZE 15        /* 4 × 4 tiles */
#define ATTRIBUTES (SPRITE_HEAD_PALETTE | TILE_PLAYER)
#define MIRRORED 0x0800
#define IN_FRONT 0x8000
#define RUN_SPEED 0x500
#define STEP_DISTANCE 12      /* pixels per picture of a walk */
#define TURN_DISTANCE 10      /* pixels per eighth of a turn */
#define IDLE_FRAMES 180
#define BLINK_FRAMES 10

static u16 distance;          /* 1/16 pixel run since the last picture of a walk or a roll */
static u16 picture;           /* counts those */

static void run_on(s16 speed, u16 length) {
  distance += absolute(speed) >> 4;
  while (distance >= length << 4) {
    distance -= length << 4;
    picture++;
  }
}

static u16 standing(void) {
  if (++player.pose_clock >= IDLE_FRAMES + BLINK_FRAMES) player.pose_clock = 0;
  return PLAYER_STAND + (player.pose_clock >= IDLE_FRAMES);
}

static u16 walking(void) {
  s16 speed = player.ground_speed;
  if ((pad & PAD_LEFT && speed > RUN_SPEED / 2) || (pad & PAD_RIGHT && speed < -RUN_SPEED / 2)) return PLAYER_SKID;
  run_on(speed, STEP_DISTANCE);
  return (absolute(speed) >= RUN_SPEED ? PLAYER_RUN : PLAYER_WALK) + (picture & 3);
}

static u16 rolling(void) {
  run_on(player.is_grounded ? player.ground_speed : 0x300, TURN_DISTANCE);
  return PLAYER_ROLL + (picture & 7);
}

static u16 choose(void) {
  if (V.mode == MODE_DYING) return PLAYER_DIE;
  if (V.mode == MODE_CLEAR) return PLAYER_CHEER + (++player.pose_clock >> 3 & 1);
  if (player.is_hurt) return PLAYER_HURT;
  if (player.is_charging) return PLAYER_CHARGE + (++player.pose_clock >> 2 & 1);
  if (player.is_rolling) return rolling();
  if (!player.is_grounded) {
    return player.medium == MEDIUM_WATER ? PLAYER_SWIM + (++player.pose_clock >> 3 & 1) : PLAYER_RUN + 1;
  }
  if (player.ground_speed) return walking();
  if (pad & PAD_DOWN) return PLAYER_CROUCH;
  return standing();
}

void player_draw(void) {
  s16 x = pixel(player.x) - 16, y = pixel(player.y) - 16;
  u16 tile = ATTRIBUTES | (player.faces_left ? MIRRORED : 0) | (V.mode == MODE_DYING ? IN_FRONT : 0);
  screen_player_frame(choose());
  if (player.invulnerable & 4) return;
  if (V.shield) screen_world_sprite(x, y, SPRITE_SHIELD_SIZE, SPRITE_SHIELD_PALETTE | SPRITE_SHIELD);
  screen_world_sprite(x, y, PLAYER_SIZE, tile);
}
