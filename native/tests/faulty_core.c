/* A libretro core that fails as it is told: the first byte of the ROM says how, and holding button 0 says when.
 *
 *   n  never               h  hangs, busy            w  hangs, waiting         s  segmentation fault
 *   d  divides by zero     a  aborts                 L  hangs in retro_load_game           R  refuses the ROM
 *   z  sleeps for 0.8 seconds
 *
 * A state whose last byte is not 0 hangs retro_unserialize. The work memory holds the frame, then the buttons. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

enum { kWidth = 32, kHeight = 16, kRamBytes = 1024, kStateBytes = 16 };

typedef bool (*environment_t)(unsigned, void*);
typedef void (*video_t)(const void*, unsigned, unsigned, size_t);
typedef int16_t (*input_t)(unsigned, unsigned, unsigned, unsigned);

struct info {
  const char *name, *version, *extensions;
  bool needs_path, blocks_extraction;
};
struct av_info {
  unsigned base_width, base_height, max_width, max_height;
  float aspect_ratio;
  double frames_per_second, sample_rate;
};
struct variable {
  const char *key, *value;
};
struct game {
  const char* path;
  const void* data;
  size_t size;
  const char* meta;
};

static const char kMagic[8] = "FAULTY1";
static environment_t environment;
static video_t show;
static input_t button;
static char fault = 'n';
static int* volatile nowhere = NULL;
static uint16_t picture[kWidth * kHeight];
static uint32_t ram[kRamBytes / sizeof(uint32_t)];

static void hang(bool is_busy) {
  const struct timespec moment = {0, 1000000};
  for (volatile bool goes_on = true; goes_on;) {
    if (!is_busy) nanosleep(&moment, NULL);
  }
}

static void fail(void) {
  switch (fault) {
    case 'h':
    case 'w':
      hang(fault == 'h');
      break;
    case 'z':
      nanosleep(&(struct timespec){0, 800000000}, NULL);
      break;
    case 's':
      *nowhere = 1;
      break;
    case 'd':
      raise(SIGFPE); /* not every processor traps a division */
      break;
    case 'a':
      abort();
    default:
      break;
  }
}

EXPORT unsigned retro_api_version(void) { return 1; }
EXPORT void retro_init(void) {}
EXPORT void retro_deinit(void) {}
EXPORT void retro_reset(void) { memset(ram, 0, sizeof ram); }
EXPORT void retro_get_system_info(struct info* info) {
  *info = (struct info){"Faulty", "1", "faulty", false, false};
}
EXPORT void retro_get_system_av_info(struct av_info* info) {
  *info = (struct av_info){kWidth, kHeight, kWidth, kHeight, 2, 60, 44100};
}
EXPORT void retro_set_environment(environment_t function) {
  static const struct variable options[] = {{"faulty_mood", "Mood; calm|cross"}, {NULL, NULL}};
  environment = function;
  environment(16, (void*)options);
}
EXPORT void retro_set_video_refresh(video_t function) { show = function; }
EXPORT void retro_set_audio_sample(void (*function)(int16_t, int16_t)) { (void)function; }
EXPORT void retro_set_audio_sample_batch(size_t (*function)(const int16_t*, size_t)) { (void)function; }
EXPORT void retro_set_input_poll(void (*function)(void)) { (void)function; }
EXPORT void retro_set_input_state(input_t function) { button = function; }

EXPORT bool retro_load_game(const struct game* game) {
  int format = 2; /* RGB 565 */
  environment(10, &format);
  fault = 'n';
  if (game->size > 0) memcpy(&fault, game->data, 1);
  if (fault == 'L') hang(true);
  retro_reset();
  return fault != 'R';
}
EXPORT void retro_unload_game(void) {}

EXPORT void retro_run(void) {
  uint32_t buttons = 0;
  for (unsigned id = 0; id < 12; ++id) buttons |= (uint32_t)(button(0, 1, 0, id) != 0) << id;
  if (buttons & 1) fail();
  ++ram[0];
  ram[1] = buttons;
  for (unsigned index = 0; index < kWidth * kHeight; ++index) picture[index] = (uint16_t)(ram[0] * 40503 + index);
  show(picture, kWidth, kHeight, kWidth * sizeof *picture);
}

EXPORT size_t retro_serialize_size(void) { return kStateBytes; }
EXPORT bool retro_serialize(void* data, size_t size) {
  uint8_t* state = data;
  if (size < kStateBytes) return false;
  memset(state, 0, kStateBytes);
  memcpy(state, kMagic, sizeof kMagic);
  memcpy(state + sizeof kMagic, ram, sizeof *ram);
  return true;
}
EXPORT bool retro_unserialize(const void* data, size_t size) {
  const uint8_t* state = data;
  if (size != kStateBytes || memcmp(state, kMagic, sizeof kMagic) != 0) return false;
  if (state[kStateBytes - 1] != 0) hang(false);
  memcpy(ram, state + sizeof kMagic, sizeof *ram);
  return true;
}

EXPORT void* retro_get_memory_data(unsigned kind) { return kind == 2 ? ram : NULL; }
EXPORT size_t retro_get_memory_size(unsigned kind) { return kind == 2 ? kRamBytes : 0; }
