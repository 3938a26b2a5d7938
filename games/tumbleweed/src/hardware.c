#include "hardware.h"

#define VDP_DATA (*(volatile u16 *)0xC00000)
#define VDP_CONTROL (*(volatile u16 *)0xC00004)
#define VDP_CONTROL_LONG (*(volatile u32 *)0xC00004)
#define PAD_DATA (*(volatile u8 *)0xA10003)
#define PAD_DIRECTION (*(volatile u8 *)0xA10009)

#define WRITE_VIDEO 0x40000000u
#define WRITE_PALETTE 0xC0000000u
#define WRITE_VERTICAL_SCROLL 0x40000010u
#define PICTURE_OFF 0x34      /* register 1: interrupt after the picture, DMA allowed */
#define PICTURE_ON 0x74
#define PICTURE_WAITS 0x80    /* status: a picture has been drawn and nobody has noticed */
#define BANK_BYTES 0x20000u   /* DMA cannot read across a multiple of this */

u16 pad, pad_pressed;
static volatile u16 dma_last_word;   /* the word that starts DMA must come from memory on a real console */

static const u8 registers[] = {
  0x14,                  /*  0 interrupts at lines */
  PICTURE_OFF,           /*  1 */
  VIDEO_PLANE_A >> 10,   /*  2 */
  0x00,                  /*  3 no window */
  VIDEO_PLANE_B >> 13,   /*  4 */
  VIDEO_SPRITES >> 9,    /*  5 */
  0x00, 0x00,            /*  6 and 7: the backdrop is colour 0 */
  0x00, 0x00,
  0x00,                  /* 10 an interrupt at every line */
  0x02,                  /* 11 horizontal scroll per 8 lines */
  0x81,                  /* 12 320 pixels wide */
  VIDEO_SCROLL >> 10,    /* 13 */
  0x00,
  0x02,                  /* 15 */
  0x11,                  /* 16 planes of 64 × 64 tiles */
  0x00, 0x00,            /* 17 and 18: no window */
};

static void set_register(u16 number, u16 value) {
  VDP_CONTROL = 0x8000 | number << 8 | value;
}

static u32 video_address(u16 to) {
  return (u32)(to & 0x3FFF) << 16 | to >> 14;
}

void hardware_begin(void) {
  u16 i;
  PAD_DIRECTION = 0x40;
  for (i = 0; i < sizeof registers; i++) set_register(i, registers[i]);
  fill_video(0, 0x8000, 0);
}

void show_picture(u16 is_shown) {
  set_register(1, is_shown ? PICTURE_ON : PICTURE_OFF);
}

static void dma(u32 from, u16 to, u16 num_words) {
  u32 command = WRITE_VIDEO | video_address(to) | 0x80;
  u32 source = from >> 1;
  set_register(19, num_words & 255);
  set_register(20, num_words >> 8);
  set_register(21, source & 255);
  set_register(22, source >> 8 & 255);
  set_register(23, source >> 16 & 127);
  VDP_CONTROL = command >> 16;
  dma_last_word = command;
  VDP_CONTROL = dma_last_word;
}

void copy_to_video(const void *from, u16 to, u16 num_words, u16 step) {
  u32 address = (u32)from, in_bank = (BANK_BYTES - (address & (BANK_BYTES - 1))) >> 1;
  set_register(15, step);
  if (num_words > in_bank) {
    dma(address, to, in_bank);
    address += in_bank * 2;
    to += (u16)in_bank * step;
    num_words -= in_bank;
  }
  dma(address, to, num_words);
}

void copy_to_palette(const u16 *from, u16 first, u16 num_colours) {
  set_register(15, 2);
  VDP_CONTROL_LONG = WRITE_PALETTE | (u32)(first * 2) << 16;
  while (num_colours--) VDP_DATA = *from++;
}

void copy_to_vertical_scroll(u16 plane_a, u16 plane_b) {
  set_register(15, 2);
  VDP_CONTROL_LONG = WRITE_VERTICAL_SCROLL;
  VDP_DATA = plane_a;
  VDP_DATA = plane_b;
}

void fill_video(u16 to, u16 num_words, u16 value) {
  set_register(15, 2);
  VDP_CONTROL_LONG = WRITE_VIDEO | video_address(to);
  while (num_words--) VDP_DATA = value;
}

void read_pad(void) {
  u16 directions, others, held;
  PAD_DATA = 0x40;
  __asm__ volatile("nop\n\tnop");
  directions = PAD_DATA;
  PAD_DATA = 0x00;
  __asm__ volatile("nop\n\tnop");
  others = PAD_DATA;
  PAD_DATA = 0x40;
  held = ~((directions & 0x3F) | (others & 0x30) << 2) & 0xFF;
  pad_pressed = held & ~pad;
  pad = held;
}

/* `stop` lets interrupts above a level in and sleeps until one has come; emulators skip a sleeping processor's time. */
#define SLEEP(status) __asm__ volatile("stop #" #status "\n\tmove.w #0x2700, %%sr" ::: "memory", "cc")

void wait_for_picture(void) {
  if (VDP_CONTROL & PICTURE_WAITS) V.lag++;
  SLEEP(0x2500);
}

void wait_for_top(void) {
  /* The first is the interrupt of a line of the picture before, which waits since then; the second comes with the end
   * of the line above the picture. There some emulators end their frame, and cycles decide whether the pad is read
   * before or after it: so a line more. */
  SLEEP(0x2300);
  SLEEP(0x2300);
  SLEEP(0x2300);
}
