"""Write tunes.h and tunes.c, the tables that sound.c plays, from the texts of tunes.py and effects.py.

Usage: make_tunes.py OUTDIR
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

from effects import EFFECTS, Effect, Noise, Sweep
from tunes import DRUMS, ENVELOPES, TUNES, Tune, Voice

PSG_CLOCK = 3_579_545
"""Hz; a tone's frequency is this / 32 / period."""
LOWEST_NOTE = 45
"""a2 in MIDI's numbers: the lowest note whose period has 10 bits."""
HIGHEST_NOTE = 96
REST, STOP, AGAIN = 0x80, 0x81, 0x82
"""Bytes in place of a note; sound.c is told of them in tunes.h."""
HOLD = 0x80
"""Mark of an envelope's last byte."""
END = 0xFFFF
"""Ends the frames of an effect."""
SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
SHIFTS = {"": 0, "#": 1, "b": -1}


def period(hertz: float) -> int:
    """The value of a tone channel's register, 10 bits."""
    return max(1, min(1022, round(PSG_CLOCK / 32 / hertz)))


def note_number(text: str, tune: str) -> int:
    """Number of a note in the table of periods: 0 is a2."""
    match = re.fullmatch(r"([a-g])([#b]?)(\d)", text)
    number = -1
    if match:
        letter, shift, octave = match.groups()
        number = 12 * (int(octave) + 1) + SEMITONES[letter] + SHIFTS[shift] - LOWEST_NOTE
    if not 0 <= number <= HIGHEST_NOTE - LOWEST_NOTE:
        sys.exit(
            f"tunes.py, {tune}: {text!r} is no note from a2 to c7; write one as in c5, f#5 or bb4, or r for a rest."
        )
    return number


def split_notes(text: str, tune: Tune) -> list[tuple[str, int]]:
    """The notes of a voice with their ticks, every bar counted."""
    found = []
    for number, bar in enumerate(text.split("|"), start=1):
        parts = [token.partition(":") for token in bar.split()]
        notes = [(name, int(ticks or 1)) for name, _, ticks in parts]
        if sum(ticks for _, ticks in notes) != tune.bar:
            sys.exit(f"tunes.py, {tune.name}: bar {number} is not {tune.bar} ticks long:{bar}")
        found += notes
    return found


def delayed(notes: list[tuple[str, int]], ticks: int) -> list[tuple[str, int]]:
    """The same notes, all later, in the same time: a rest goes before them, and the last one is shortened."""
    if not ticks:
        return notes
    *first, (last, length) = notes
    if length < ticks:
        sys.exit(f"tunes.py: the last note of a voice with an echo must be at least {ticks} ticks long.")
    return [("r", ticks), *first, *([(last, length - ticks)] if length > ticks else [])]


def events(voice: Voice, tune: Tune, *, has_drums: bool = False) -> list[int]:
    """A voice as bytes: three per event (note, frames, envelope), then STOP or AGAIN."""
    lengths = cycle(tune.frames)
    encoded: list[int] = []
    for name, ticks in delayed(split_notes(voice.notes, tune), voice.delay):
        frames = sum(islice(lengths, ticks))
        if frames > 255:
            sys.exit(f"tunes.py, {tune.name}: {name}:{ticks} lasts {frames} frames, 255 are the most.")
        encoded += event_sound(name, voice, tune, has_drums=has_drums, frames=frames)
    return [*encoded, STOP if tune.is_jingle else AGAIN]


def event_sound(name: str, voice: Voice, tune: Tune, *, has_drums: bool, frames: int) -> tuple[int, int, int]:
    """The three bytes of an event."""
    envelopes = list(ENVELOPES)
    if name == "r":
        return REST, frames, 0
    if has_drums:
        register, envelope = DRUMS[name]
        return register, frames, envelopes.index(envelope)
    return note_number(name, tune.name), frames, envelopes.index(voice.envelope)


def glide(start: float, end: float, frames: int) -> Iterator[float]:
    """Values from ``start`` to ``end``, one per frame."""
    return (start + (end - start) * i / max(1, frames - 1) for i in range(frames))


def tone_frames(sweeps: Sequence[Sweep]) -> list[int]:
    """An effect's tone as words, one per frame: attenuation in the upper 4 bits, period in the lower 10."""
    words = []
    for sweep in sweeps:
        pitch = glide(sweep.from_hertz, sweep.to_hertz, sweep.frames)
        loudness = glide(sweep.from_loudness, sweep.to_loudness, sweep.frames)
        words += [(15 - round(loud)) << 12 | period(hertz) for hertz, loud in zip(pitch, loudness, strict=True)]
    return [*words, END] if words else []


def noise_frames(noises: Sequence[Noise]) -> list[int]:
    """An effect's noise as words, one per frame: attenuation in the upper 4 bits, register in the lower 3."""
    words = []
    for noise in noises:
        loudness = glide(noise.from_loudness, noise.to_loudness, noise.frames)
        words += [(15 - round(loud)) << 12 | noise.register for loud in loudness]
    return [*words, END] if words else []


def table(kind: str, name: str, values: Sequence[int]) -> str:
    """A C array."""
    rows = [", ".join(map(str, values[i : i + 24])) for i in range(0, len(values), 24)]
    return f"static const {kind} {name}[] = {{\n  " + ",\n  ".join(rows) + "\n};\n"


def tune_source() -> str:
    """The C source of the tunes."""
    parts, rows = [], []
    for tune in TUNES:
        tracks = [events(voice, tune) for voice in tune.voices]
        tracks += [[]] * (3 - len(tracks))
        tracks.append(events(Voice(tune.drums, ""), tune, has_drums=True) if tune.drums else [])
        names = [f"{tune.name.lower()}_{i}" if track else "0" for i, track in enumerate(tracks)]
        parts += [table("u8", name, track) for name, track in zip(names, tracks, strict=True) if track]
        rows.append(f"  {{{{{', '.join(names)}}}}},")
    return "".join(parts) + "const struct tune tunes[] = {\n" + "\n".join(rows) + "\n};\n"


def effect_source() -> str:
    """The C source of the effects."""
    parts: list[str] = []
    rows = ["  {0, 0, 0, 0},"]
    tune_names = [tune.name for tune in TUNES]
    for effect in EFFECTS:
        jingle = tune_names.index(effect.jingle) if effect.jingle else 0
        rows.append(f"  {{{effect_fields(effect, parts)}, {effect.priority}, {jingle}}},")
    return "".join(parts) + "const struct effect effects[] = {\n" + "\n".join(rows) + "\n};\n"


def effect_fields(effect: Effect, parts: list[str]) -> str:
    """Write the effect's tables into ``parts`` and return their names."""
    names = []
    for kind, words in (("tone", tone_frames(effect.tone)), ("noise", noise_frames(effect.noise))):
        name = f"{effect.name.lower()}_{kind}"
        if words:
            parts.append(table("u16", name, words))
        names.append(name if words else "0")
    return ", ".join(names)


def envelope_source() -> str:
    """The C source of the envelopes and of the notes' periods."""
    parts = []
    for name, digits in ENVELOPES.items():
        attenuations = [15 - int(digit, 16) for digit in digits]
        parts.append(table("u8", f"envelope_{name}", [*attenuations[:-1], attenuations[-1] | HOLD]))
    rows = ", ".join(f"envelope_{name}" for name in ENVELOPES)
    hertz = [440 * 2 ** ((note - 69) / 12) for note in range(LOWEST_NOTE, HIGHEST_NOTE + 1)]
    periods = table("u16", "periods", [period(each) for each in hertz]).removeprefix("static ")
    periods = periods.replace("periods[]", "note_periods[]")
    return "".join(parts) + f"const u8 *const envelopes[] = {{{rows}}};\n" + periods


HEADER = f"""/* Written by sound/make_tunes.py. */
#ifndef TUNES_H
#define TUNES_H
#include "game.h"
enum {{ NOTE_REST = {REST}, NOTE_STOP = {STOP}, NOTE_AGAIN = {AGAIN}, ENVELOPE_HOLD = {HOLD}, EFFECT_END = {END} }};
struct tune {{ const u8 *tracks[4]; }};
struct effect {{ const u16 *tone, *noise; u8 priority, jingle; }};
extern const struct tune tunes[];
extern const struct effect effects[];
extern const u8 *const envelopes[];
extern const u16 note_periods[];
#endif
"""


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tunes.h").write_text(HEADER)
    source = ["/* Written by sound/make_tunes.py. */\n", '#include "tunes.h"\n', envelope_source()]
    (folder / "tunes.c").write_text("".join([*source, tune_source(), effect_source()]))


if __name__ == "__main__":
    main()
