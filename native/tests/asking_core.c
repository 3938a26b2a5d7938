// A libretro core that asks the frontend for the options listed in its "ROM", one per line, and keeps the answers in its
// memory as lines of "option=value".
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SET_PIXEL_FORMAT = 10, GET_VARIABLE = 15 };

typedef bool (*environment_t)(unsigned, void *);
typedef void (*video_t)(const void *, unsigned, unsigned, size_t);

struct game { const char *path; const char *data; size_t size; const char *meta; };
struct variable { const char *key, *value; };
struct system_info { const char *name, *version, *extensions; bool need_path, block_extract; };
struct av_info { unsigned width, height, max_width, max_height; float aspect; double fps, sample_rate; };

static environment_t environment;
static video_t video;
static uint32_t picture[64 * 64];
static char memory[1 << 14];

void retro_set_environment(environment_t given) { environment = given; }
void retro_set_video_refresh(video_t given) { video = given; }
void retro_set_audio_sample(void *given) { (void)given; }
void retro_set_audio_sample_batch(void *given) { (void)given; }
void retro_set_input_poll(void *given) { (void)given; }
void retro_set_input_state(void *given) { (void)given; }

void retro_init(void) {
  int format = 1;
  environment(SET_PIXEL_FORMAT, &format);
}
void retro_deinit(void) {}
unsigned retro_api_version(void) { return 1; }
void retro_get_system_info(struct system_info *info) { *info = (struct system_info){"Asking", "1", "ask", false, false}; }
void retro_get_system_av_info(struct av_info *info) { *info = (struct av_info){64, 64, 64, 64, 1, 60, 44100}; }

bool retro_load_game(const struct game *game) {
  size_t length = 0;
  for (const char *line = game->data, *end = line + game->size; line < end;) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    if (next == NULL) break;
    char name[256] = "";
    snprintf(name, sizeof name, "%.*s", (int)(next - line), line);
    struct variable asked = {name, NULL};
    if (environment(GET_VARIABLE, &asked) && asked.value != NULL) {
      length += (size_t)snprintf(memory + length, sizeof memory - length, "%s=%s\n", name, asked.value);
    }
    line = next + 1;
  }
  return true;
}
void retro_unload_game(void) {}
void retro_run(void) { video(picture, 64, 64, 64 * sizeof *picture); }
void retro_reset(void) {}
size_t retro_serialize_size(void) { return 1; }
bool retro_serialize(void *state, size_t size) { (void)state; return size == 1; }
bool retro_unserialize(const void *state, size_t size) { (void)state; return size == 1; }
void *retro_get_memory_data(unsigned kind) { (void)kind; return memory; }
size_t retro_get_memory_size(unsigned kind) { (void)kind; return sizeof memory; }
void retro_cheat_reset(void) {}
void retro_cheat_set(unsigned index, bool is_enabled, const char *code) { (void)index; (void)is_enabled; (void)code; }
