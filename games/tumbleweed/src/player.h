/* What the files about the player share. */
#ifndef PLAYER_H
#define PLAYER_H

#include "game.h"
#include "tables.h"

#define MAX_STEP 6            /* pixels moved between two looks at the ground: nothing is passed through unseen */

static inline s16 times_sine(s16 length, u8 angle) { return ((s32)length * sine_table[angle]) >> 8; }
static inline s16 times_cosine(s16 length, u8 angle) { return times_sine(length, angle + 64); }
static inline s16 pixel(s32 place) { return place >> 16; }
static inline s32 at_pixel(s16 place) { return (s32)place << 16; }
static inline s16 absolute(s16 value) { return value < 0 ? -value : value; }

/* player.c */
void player_land(u8 angle);           /* its flight ends on ground of that slope */
void player_take_off(void);           /* it is in the air now, but not by a jump */

/* body.c */
void body_move_on_ground(s16 x_speed, s16 y_speed);
void body_move_in_air(void);
extern u8 ground_block;               /* what it stands on */

/* loop.c */
void loop_catch(s16 old_x);           /* onto the rail, if it has just run into a loop */
void loop_stop_flight(s16 old_x);     /* a loop cannot be jumped through */
void loop_run(void);                  /* a frame on the rail */
void loop_fall(void);                 /* after a frame in the air inside: back onto the rail */

#endif
