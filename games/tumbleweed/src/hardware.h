/* The machine's parts as functions: video processor (VDP), pad, and the wait for the next picture. */
#ifndef HARDWARE_H
#define HARDWARE_H

#include "game.h"

/* ---- video memory, in bytes; a tile has 32 ---- */
#define TILE_SPRITES 768
#define TILE_FONT 1360        /* from the space (32) on */
#define TILE_PLAYER 1424
#define TILE_HUD 1440
#define NUM_HUD_TILES 32
#define VIDEO_SCROLL 0xB800
#define VIDEO_SPRITES 0xBC00
#define VIDEO_PLANE_A 0xC000
#define VIDEO_PLANE_B 0xE000
#define PLANE_COLUMNS 64      /* tiles; both planes are as high as wide */

void hardware_begin(void);
void show_picture(u16 is_shown);           /* dark while a level is loaded: video memory is then written much faster */

/* Copies to video memory; each word lies `step` bytes behind the one before. */
void copy_to_video(const void *from, u16 to, u16 num_words, u16 step);
void copy_to_palette(const u16 *from, u16 first, u16 num_colours);
void copy_to_vertical_scroll(u16 plane_a, u16 plane_b);
void fill_video(u16 to, u16 num_words, u16 value);

void read_pad(void);   /* only after wait_for_picture: emulators differ in when the buttons of a frame become visible */

/* Ends a frame's work: returns when the picture has been drawn. Video memory is free then, for about 36 lines. */
void wait_for_picture(void);
/* Returns at the top of the next picture. All else happens from here on, so that an emulator, which gives out memory
 * between two pictures, always sees a frame's work complete, however long it took. */
void wait_for_top(void);

#endif
