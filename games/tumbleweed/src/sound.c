/* The sound chip (PSG, an SN76489): tunes on three tone channels and the noise, effects over them.
 *
 * A tune has up to four tracks of bytes (build/tunes.c, from sound/tunes.py). An event is three bytes: note, frames,
 * envelope. The note is a number in note_periods, NOTE_REST, or for the noise the value of its register; instead of an
 * event stand NOTE_AGAIN, from the start, or NOTE_STOP. An envelope has the attenuation of each frame, 0 loud to 15
 * silent; ENVELOPE_HOLD marks its last byte, which lasts until the next event.
 *
 * An effect is one word per frame for the third tone channel, the noise, or both: attenuation in the upper 4 bits, below
 * them the period or the noise's register, and EFFECT_END. The tune goes on unheard in a channel that an effect has
 * borrowed. Registers are written when they change only: an emulator makes sound up to that moment at every write.
 */
#include "game.h"
#include "tunes.h"

#define PSG (*(volatile u8 *)0xC00011)
#define SILENT 15
#define LONGEST_PERIOD 0x3FF   /* what a silent channel hums: an emulator spends time on every swing of it */
#define SLOWEST_NOISE 2

enum { BORROWED_TONE = 2, NOISE = 3, NUM_CHANNELS = 4 };

struct channel {
  const u8 *track, *next;   /* null: silent */
  const u8 *envelope;
  const u16 *effect;        /* the frame of the effect that has borrowed the channel, or null */
  u16 pitch, attenuation;   /* of the tune; the pitch is a period, or the noise's register */
  u16 shown_pitch, shown_attenuation;   /* what the chip has */
  u16 frames;               /* until the next event */
};
static struct channel channels[NUM_CHANNELS];
static u16 effect_priority;
static const u8 silence = SILENT | ENVELOPE_HOLD;

static void show_attenuation(struct channel *channel, u16 number, u16 attenuation) {
  channel->shown_attenuation = attenuation;
  PSG = 0x90 | number << 5 | attenuation;
}

static void show_pitch(struct channel *channel, u16 number, u16 pitch) {
  channel->shown_pitch = pitch;
  if (number == NOISE) {
    PSG = 0xE0 | pitch;
    return;
  }
  PSG = 0x80 | number << 5 | (pitch & 15);
  PSG = pitch >> 4;
}

static inline void show(struct channel *channel, u16 number, u16 pitch, u16 attenuation) {
  if (pitch != channel->shown_pitch)
    show_pitch(channel, number, pitch);
  if (attenuation != channel->shown_attenuation)
    show_attenuation(channel, number, attenuation);
}

static void begin_tune(u16 number) {
  for (u16 i = 0; i < NUM_CHANNELS; i++) {
    struct channel *channel = &channels[i];
    channel->track = channel->next = tunes[number].tracks[i];
    channel->envelope = &silence;
    channel->pitch = i == NOISE ? SLOWEST_NOISE : LONGEST_PERIOD;
    channel->attenuation = SILENT;
    channel->frames = 1;
  }
}

static void next_event(struct channel *channel, u16 number) {
  const u8 *event = channel->next;
  if (*event == NOTE_AGAIN)
    event = channel->track;
  if (*event == NOTE_STOP) {
    channel->next = 0;
    channel->attenuation = SILENT;
    return;
  }
  channel->frames = event[1];
  channel->next = event + 3;
  channel->envelope = &silence;
  if (*event == NOTE_REST)
    return;
  channel->envelope = envelopes[event[2]];
  channel->pitch = number == NOISE ? *event : note_periods[*event];
}

static inline void tune_frame(struct channel *channel, u16 number) {
  if (!--channel->frames)
    next_event(channel, number);
  if (!channel->next)
    return;
  u8 attenuation = *channel->envelope;
  if (!(attenuation & ENVELOPE_HOLD))
    channel->envelope++;
  channel->attenuation = attenuation & 15;
}

/* Whether the effect has this channel in this frame. */
static u16 effect_frame(struct channel *channel, u16 number) {
  u16 word = *channel->effect++;
  if (word == EFFECT_END) {
    channel->effect = 0;
    if (!channels[BORROWED_TONE].effect && !channels[NOISE].effect)
      effect_priority = 0;
    return 0;
  }
  show(channel, number, word & 0x3FF, word >> 12);
  return 1;
}

/* At the start nothing is known of the chip, so all is written. */
static void silence_all(void) {
  for (u16 i = 0; i < NUM_CHANNELS; i++) {
    channels[i].effect = 0;
    show_attenuation(&channels[i], i, SILENT);
    show_pitch(&channels[i], i, channels[i].pitch);
  }
  effect_priority = 0;
}

void sound_begin_zone(u16 zone) {
  begin_tune(zone);
  silence_all();
}

void sound_effect(u16 sound) {
  const struct effect *effect = &effects[sound];
  if (effect->jingle)
    begin_tune(effect->jingle);
  if (effect->priority < effect_priority)
    return;
  effect_priority = effect->priority;
  channels[BORROWED_TONE].effect = effect->tone;
  channels[NOISE].effect = effect->noise;
}

void sound_frame(void) {
  for (u16 i = 0; i < NUM_CHANNELS; i++) {
    struct channel *channel = &channels[i];
    if (channel->next)
      tune_frame(channel, i);
    if (!channel->effect || !effect_frame(channel, i))
      show(channel, i, channel->pitch, channel->attenuation);
  }
}
