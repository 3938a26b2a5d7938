/* The player: buttons become speeds, the surroundings change them, body.c and loop.c move it. */
#include "player.h"

/* Speeds in 1/256 pixel per frame, accelerations per frame. */
#define TOP_SPEED 0x600       /* by running; slopes and charges lead beyond */
#define MAX_SPEED 0xF00
#define ROLL_SPEED 0x80       /* the slowest roll */
#define ROLL_FRICTION 6
#define ROLL_BRAKING 32
#define SLOPE_PULL 32
#define SLOPE_HOLD 15         /* standing still, it does not slide if the slope pulls no more than this */
#define ROLL_PULL_UP 48
#define ROLL_PULL_DOWN 80
#define GRAVITY 56
#define WATER_GRAVITY 16
#define TERMINAL_SPEED 0xE00
#define WATER_TERMINAL_SPEED 0x400
#define JUMP_SPEED 0x680
#define WATER_JUMP_SPEED 0x380
#define CUT_SPEED 0x400       /* of a rise whose button was released */
#define WATER_CUT_SPEED 0x200
#define GUST_ON_GROUND 20
#define GUST_IN_AIR 40
#define GUST_SPEED 0x500
#define UPDRAFT (GRAVITY + 40)
#define UPDRAFT_SPEED 0x400
#define CONVEYOR_SPEED 0x200
#define CHARGE_BASE 0x500
#define CHARGE_STEP 0xC0
#define MAX_CHARGE 8
#define CHARGE_DECAY 32       /* frames after which a step of the charge is lost */
#define HURT_X_SPEED 0x200
#define HURT_Y_SPEED 0x400
#define INVULNERABLE_FRAMES 90
#define FULL_BREATH 900
#define LEVEL_BOTTOM (LEVEL_HEIGHT * BLOCK + PLAYER_FEET)

struct grip { s16 acceleration, friction, braking, air, top; };
static const struct grip usual = {12, 12, 128, 24, TOP_SPEED};
static const struct grip slippery = {4, 3, 32, 24, TOP_SPEED};
static const struct grip in_water = {6, 6, 64, 12, TOP_SPEED / 2};

struct player player;
static const struct grip *grip;
static u16 charge_clock;

void player_begin(u16 x, u16 y) {
  static const struct player nothing;
  player = nothing;
  player.x = at_pixel(x);
  player.y = at_pixel(y);
  player.breath = FULL_BREATH;
  player.is_thrown = 1;
}

void player_take_off(void) {
  player.is_grounded = player.angle = player.is_charging = player.charge = 0;
  player.is_thrown = 1;
  player.stands_on = 0;
}

static void point_along_ground(void) {
  player.x_speed = player.ground_speed;
  player.y_speed = 0;
  if (!player.angle) return;   /* most ground is flat, and products are slow */
  player.x_speed = times_cosine(player.ground_speed, player.angle);
  player.y_speed = times_sine(player.ground_speed, player.angle);
}

void player_land(u8 angle) {
  player.is_grounded = 1;
  player.angle = angle;
  player.rail = 0;
  player.ground_speed = times_cosine(player.x_speed, angle) + times_sine(player.y_speed, angle);
  if (player.is_hurt) {
    player.is_hurt = 0;
    player.ground_speed = 0;
  }
  player.is_rolling = (pad & PAD_DOWN) && absolute(player.ground_speed) >= ROLL_SPEED;
  point_along_ground();
}

static s16 towards_zero(s16 speed, s16 step) {
  if (speed > step) return speed - step;
  if (speed < -step) return speed + step;
  return 0;
}

/* A push of `step` unless the speed has already come to `limit` in the step's direction. */
static s16 pushed(s16 speed, s16 step, s16 limit) {
  if (step > 0) {
    if (speed >= limit) return speed;
    return speed + step > limit ? limit : speed + step;
  }
  if (speed <= limit) return speed;
  return speed + step < limit ? limit : speed + step;
}

/* -1, 0 or 1: where the buttons point. */
static s16 wish(void) {
  if (pad & PAD_RIGHT) return pad & PAD_LEFT ? 0 : 1;
  return pad & PAD_LEFT ? -1 : 0;
}

static void jump(void) {
  s16 speed = player.medium == MEDIUM_WATER ? WATER_JUMP_SPEED : JUMP_SPEED;
  u8 angle = player.angle;
  player_take_off();
  player.x_speed += times_sine(speed, angle);
  player.y_speed -= times_cosine(speed, angle);
  player.is_rolling = 1;
  player.is_thrown = 0;
  sound_effect(SOUND_JUMP);
}

/* Crouching, the player gathers force with every press and rolls off with it when down is released. */
static void charge(void) {
  player.ground_speed = 0;
  if (!(pad & PAD_DOWN)) {
    s16 speed = CHARGE_BASE + player.charge * CHARGE_STEP;
    player.ground_speed = player.faces_left ? -speed : speed;
    player.is_rolling = 1;
    player.is_charging = player.charge = 0;
    sound_effect(SOUND_RELEASE);
  } else if (pad_pressed & PAD_JUMP) {
    if (player.charge < MAX_CHARGE) player.charge++;
    player.is_charging = 1;
    charge_clock = 0;
    sound_effect(SOUND_CHARGE);
  } else if (++charge_clock == CHARGE_DECAY) {
    charge_clock = 0;
    if (player.charge > 1) player.charge--;
  }
}

static void pull_down_slope(void) {
  s16 pull;
  if (!player.angle) return;
  if (player.is_rolling) {
    u16 is_downhill = (sine_table[player.angle] < 0) == (player.ground_speed < 0);
    pull = times_sine(is_downhill ? ROLL_PULL_DOWN : ROLL_PULL_UP, player.angle);
  } else {
    pull = times_sine(SLOPE_PULL, player.angle);
    if (!player.ground_speed && absolute(pull) <= SLOPE_HOLD) return;
  }
  player.ground_speed += pull;
}

static void roll(void) {
  s16 direction = wish();
  player.ground_speed = towards_zero(player.ground_speed, ROLL_FRICTION);
  if (direction && (direction < 0) != (player.ground_speed < 0)) {
    player.ground_speed = towards_zero(player.ground_speed, ROLL_BRAKING);
  }
  if (absolute(player.ground_speed) < ROLL_SPEED) player.is_rolling = 0;
}

static void walk(void) {
  s16 direction = wish(), speed = player.ground_speed;
  if (pad & PAD_DOWN) {
    if (absolute(speed) >= ROLL_SPEED) {
      player.is_rolling = 1;
      return;
    }
    direction = 0;
  }
  if (!direction) {
    player.ground_speed = towards_zero(speed, grip->friction);
    return;
  }
  player.faces_left = direction < 0;
  if (speed && (direction < 0) != (speed < 0)) player.ground_speed = towards_zero(speed, grip->braking);
  else player.ground_speed = pushed(speed, direction * grip->acceleration, direction * grip->top);
}

static u16 is_crouching(void) {
  return (pad & PAD_DOWN) && !player.is_rolling && absolute(player.ground_speed) < ROLL_SPEED;
}

static void blow_on_ground(void) {
  if (is_crouching()) return;
  if (player.medium == MEDIUM_GUST_LEFT) {
    player.ground_speed = pushed(player.ground_speed, -GUST_ON_GROUND, -GUST_SPEED);
  } else if (player.medium == MEDIUM_GUST_RIGHT) {
    player.ground_speed = pushed(player.ground_speed, GUST_ON_GROUND, GUST_SPEED);
  }
}

static void limit_ground_speed(void) {
  if (player.ground_speed > MAX_SPEED) player.ground_speed = MAX_SPEED;
  if (player.ground_speed < -MAX_SPEED) player.ground_speed = -MAX_SPEED;
}

static s16 conveyor(void) {
  u8 surface = player.stands_on ? SURFACE_NORMAL : terrain_surface[ground_block];
  if (surface == SURFACE_CONVEYOR_LEFT) return -CONVEYOR_SPEED;
  return surface == SURFACE_CONVEYOR_RIGHT ? CONVEYOR_SPEED : 0;
}

static void touch_surface(void) {
  if (player.is_grounded && !player.stands_on && terrain_surface[ground_block] == SURFACE_HURT) {
    player_hurt(pixel(player.x) + (player.faces_left ? -1 : 1));
  }
}

static void frame_on_ground(void) {
  s16 old_x = pixel(player.x);
  if (player.is_charging || (is_crouching() && (pad_pressed & PAD_JUMP))) charge();
  else if (pad_pressed & PAD_JUMP) {
    jump();
    return;
  } else {
    pull_down_slope();
    if (player.is_rolling) roll();
    else walk();
    blow_on_ground();
  }
  limit_ground_speed();
  point_along_ground();
  body_move_on_ground(player.x_speed + conveyor(), player.y_speed);
  if (player.is_grounded) loop_catch(old_x);
  touch_surface();
}

static void steer_in_air(void) {
  s16 direction = wish();
  if (player.is_hurt || player.rail) return;   /* who fell off a loop stays inside of it */
  if (direction) {
    player.faces_left = direction < 0;
    player.x_speed = pushed(player.x_speed, direction * grip->air, direction * grip->top);
  }
  if (!player.is_thrown && !(pad & PAD_JUMP)) {
    s16 cut = player.medium == MEDIUM_WATER ? -WATER_CUT_SPEED : -CUT_SPEED;
    if (player.y_speed < cut) player.y_speed = cut;
  }
}

static void fall(void) {
  if (player.medium == MEDIUM_WATER) {
    player.y_speed += WATER_GRAVITY;
    if (player.y_speed > WATER_TERMINAL_SPEED) player.y_speed = towards_zero(player.y_speed, GRAVITY);
    return;
  }
  player.y_speed += GRAVITY;
  if (player.y_speed > TERMINAL_SPEED) player.y_speed = TERMINAL_SPEED;
}

static void blow_in_air(void) {
  if (player.medium == MEDIUM_GUST_LEFT) player.x_speed = pushed(player.x_speed, -GUST_IN_AIR, -GUST_SPEED);
  else if (player.medium == MEDIUM_GUST_RIGHT) player.x_speed = pushed(player.x_speed, GUST_IN_AIR, GUST_SPEED);
  else if (player.medium == MEDIUM_UPDRAFT) player.y_speed = pushed(player.y_speed, -UPDRAFT, -UPDRAFT_SPEED);
}

static void frame_in_air(void) {
  s16 old_x = pixel(player.x);
  steer_in_air();
  fall();
  blow_in_air();
  body_move_in_air();
  if (player.rail) loop_fall();
  else if (!player.is_grounded) loop_stop_flight(old_x);
  touch_surface();
}

/* Water brakes what falls into it, and lets what leaves it upwards jump out. */
static void change_medium(void) {
  u16 medium = terrain_medium[terrain_at(pixel(player.x), pixel(player.y))];
  if (medium == MEDIUM_WATER && player.medium != MEDIUM_WATER) {
    player.x_speed >>= 1;
    player.y_speed >>= 2;
    if (player.is_grounded) player.ground_speed >>= 1;
  } else if (player.medium == MEDIUM_WATER && medium != MEDIUM_WATER && player.y_speed < 0 && !player.is_grounded) {
    player.y_speed *= 2;
    if (player.y_speed < -JUMP_SPEED) player.y_speed = -JUMP_SPEED;
  }
  player.medium = medium;
}

static void breathe(void) {
  if (player.medium != MEDIUM_WATER) player.breath = FULL_BREATH;
  else if (--player.breath == 0) {
    sound_effect(SOUND_DROWN);
    player_die();
  }
}

void player_frame(void) {
  grip = player.medium == MEDIUM_WATER ? &in_water : level->flags & 1 ? &slippery : &usual;
  if (player.invulnerable) player.invulnerable--;
  if (!player.is_grounded) frame_in_air();
  else if (player.rail) loop_run();
  else frame_on_ground();
  if (V.mode != MODE_PLAY) return;
  change_medium();
  breathe();
  if (pixel(player.y) > LEVEL_BOTTOM) player_die();
}

void player_spring(s16 x_speed, s16 y_speed) {
  player_take_off();
  player.rail = 0;
  player.is_rolling = 0;
  player.is_hurt = 0;
  if (x_speed) {
    player.x_speed = x_speed;
    player.faces_left = x_speed < 0;
  }
  player.y_speed = y_speed;
}

void player_hurt(s16 from_x) {
  if (player.invulnerable || player.is_hurt || V.mode != MODE_PLAY) return;
  if (V.shield) V.shield = 0;
  else if (V.coins) things_scatter();
  else {
    player_die();
    return;
  }
  V.coins = 0;
  player_take_off();
  player.rail = 0;
  player.is_hurt = 1;
  player.is_rolling = 0;
  player.invulnerable = INVULNERABLE_FRAMES;
  player.x_speed = pixel(player.x) < from_x ? -HURT_X_SPEED : HURT_X_SPEED;
  player.y_speed = -HURT_Y_SPEED;
  sound_effect(SOUND_HURT);
}

void player_die(void) {
  if (V.mode != MODE_PLAY) return;
  V.mode = MODE_DYING;
  V.deaths++;
  if (V.lives) V.lives--;
  V.coins = V.shield = 0;
  player_take_off();
  player.rail = 0;
  player.is_rolling = player.is_hurt = 0;
  player.x_speed = player.ground_speed = 0;
  player.y_speed = -JUMP_SPEED;
  player.pose_clock = 0;
  sound_effect(SOUND_DIE);
}

void player_fall_dead(void) {
  player.y_speed += GRAVITY;
  if (player.y_speed > TERMINAL_SPEED) player.y_speed = TERMINAL_SPEED;
  if (pixel(player.y) < LEVEL_BOTTOM + 64) player.y += (s32)player.y_speed << 8;
}
