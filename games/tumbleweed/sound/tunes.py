"""The tunes of Tumbleweed as text: of the zones and the title, and the jingles of a level's and the game's end.

A voice is a row of notes: ``c5`` is the C above middle C, ``f#5`` and ``bb4`` are sharp and flat, ``r`` is a rest;
``:n`` makes it last n ticks (1 without it). ``|`` ends a bar, and every bar has the tune's number of ticks. The drum
voice has ``k`` (kick), ``s`` (snare), ``h`` (hat) and ``c`` (clang) in place of notes. A voice starts over at its
end, so a drum voice may be one bar long. The lowest note of the sound chip is a2.

An envelope is one hexadecimal digit per frame, f loudest, 0 silent; the last digit is held until the next note.
"""

from __future__ import annotations

from dataclasses import dataclass

ENVELOPES = {
    "fiddle": "9aabbaaa999988887777",
    "pluck": "ba99887766555444333222111",
    "reed": "789aaaaaaaaaaaa9999999988888888777777776666666",
    "bell": "baa999888887777766666555554444433333222221111",
    "brass": "8aaaa99999998",
    "piping": "aaa9999998888887777777",
    "soft": "566666665555555555444444444433",
    "bass": "a99988888777777666665555444433",
    "stab": "765432",
    "echo": "5544443333332222211111",
    "kick": "b952",
    "snare": "a86543211",
    "hat": "63",
    "clang": "86554433222111",
}
"""The loudness of each kind of sound, frame by frame."""

DRUMS = {"k": (6, "kick"), "s": (5, "snare"), "h": (4, "hat"), "c": (0, "clang")}
"""Letter to the noise register (0 to 2 are buzzes from high to low, 4 to 6 hisses) and the envelope."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The notes of one channel and how they fade."""

    notes: str
    envelope: str
    delay: int = 0
    """Ticks by which it is late, for an echo of another voice; its end then comes first."""


@dataclass(frozen=True, slots=True)
class Tune:
    """Three tone channels, of which effects borrow the third, and the drums."""

    name: str
    frames: tuple[int, ...]
    """Length of the ticks in frames, taken in turn; (18, 10) is a shuffle. Bars are multiples of it."""
    bar: int
    """Ticks per bar."""
    voices: tuple[Voice, ...]
    drums: str = ""
    is_jingle: bool = False
    """Whether it is played once only."""


def over(pattern: str, chords: str) -> str:
    """Play ``pattern`` over each bar's chord.

    Args:
        pattern: the notes of a bar, where ``{0}`` is the first note of the chord.
        chords: bars ended by ``|``, each the notes of a chord.
    """
    return " | ".join(pattern.format(*chord.split()) for chord in chords.split("|"))


MESA_LEAD = """
    d5 g5:2 a5 b5:2 a5 g5 | b5:2 d6 b5 g5:2 r:2 | c6:2 b5 c6 e6:2 d6 c6 | b5:3 g5 d5:2 r:2 |
    e5 g5:2 a5 b5:2 g5 e5 | c6:2 b5 a5 g5:2 e5:2 | f#5:2 a5 f#5 d5:2 e5 f#5 | g5:4 r:4 |
    e6:3 d6 c6:2 g5:2 | d6:3 b5 g5:2 r:2 | e6:2 d6 c6 b5:2 c6 e6 | d6:4 r d6 b5 g5 |
    e5 b5:2 a5 g5:2 e5:2 | c6:2 a5 b5 c6:2 e6:2 | d6:2 c6 a5 f#5:2 a5:2 | g5:4 r:2 d5:2"""
MESA_BASS = """
    g3 d3 | g3 d3 | c3 g3 | g3 d3 | e3 b2 | c3 g3 | d3 a2 | g3 d3 |
    c3 g3 | g3 d3 | c3 g3 | g3 d3 | e3 b2 | c3 g3 | d3 a2 | g3 d3"""
MESA_CHORDS = """
    b4 d5 | b4 d5 | c5 e5 | b4 d5 | g4 b4 | c5 e5 | a4 c5 | b4 d5 |
    c5 e5 | b4 d5 | c5 e5 | b4 d5 | g4 b4 | c5 e5 | a4 c5 | b4 d5"""

CANYON_LEAD = """
    a4:2 e5:4 d5 c5 | e5:6 r:2 | f5:2 c6:4 b5 a5 | b5:4 g5:2 d5:2 |
    c6:2 e5:4 a5 b5 | c6:3 b5 a5:2 f5:2 | g#5:4 b5:2 e5:2 | e5:6 r:2 |
    d5:2 a5:4 g5 f5 | e5:2 a5:4 r:2 | f5:2 a5:2 c6:3 d6 | e6:4 c6:2 g5:2 |
    f5:2 d6:4 c6 a5 | a5:2 c6:2 f6:3 e6 | e6:3 d6 b5:2 g#5:2 | a5:5 r:3"""
CANYON_CHORDS = """
    a2 e3 a3 c4 | a2 e3 a3 c4 | f3 c4 f4 a4 | g3 d4 g4 b4 | a2 e3 a3 c4 | f3 c4 f4 a4 | e3 b3 e4 g#4 | e3 b3 e4 g#4 |
    d3 a3 d4 f4 | a2 e3 a3 c4 | f3 c4 f4 a4 | c3 g3 c4 e4 | d3 a3 d4 f4 | f3 c4 f4 a4 | e3 b3 e4 g#4 | a2 e3 a3 c4"""

OASIS_LEAD = """
    d5:6 eb5 f#5 g5:4 f#5:2 eb5:2 | d5:8 r:4 a4:2 c5:2 | eb5:4 d5 eb5 f#5:2 g5:4 a5:2 bb5:2 | a5:10 r:6 |
    bb5:4 a5 bb5 a5:2 g5:4 f#5:2 g5:2 | a5:4 g5:2 f#5:2 eb5:6 r:2 | f#5:3 g5 f#5:2 eb5:2 d5:4 c5:2 eb5:2 | d5:12 r:4 |
    a5:4 bb5:2 c6:2 d6:6 c6 bb5 | c6:4 bb5:2 a5:2 bb5:4 a5:2 g5:2 | a5:2 g5:2 f#5:2 g5:2 eb5:4 f#5:2 eb5:2 |
    d5:12 r:4"""
OASIS_CHORDS = """
    d3 a3 d4 | d3 a3 d4 | eb3 bb3 eb4 | d3 a3 d4 | g3 d4 g4 | c3 g3 c4 |
    eb3 bb3 eb4 | d3 a3 d4 | g3 d4 g4 | c3 g3 c4 | eb3 bb3 eb4 | d3 a3 d4"""

GALE_LEAD = """
    e5:2 g5:2 b5:3 | a5 g5 f#5:2 e5:3 | c6:2 b5:2 g5:3 | a5:2 f#5:2 d5:3 |
    e5:2 g5:2 b5:2 d6 | e6:4 d6 b5:2 | c6:2 a5:2 e5:2 c6 | b5:4 r:3 |
    e6 d6 c6:2 g5:3 | d6 c6 b5 a5 f#5:3 | b5:2 g5:2 e5:3 | g5 a5 b5:2 e5:3 |
    c6:2 e6:2 c6 a5:2 | g5:2 c6:2 e6:3 | d#6:4 b5:3 | b5 a5 f#5 d#5 b4:3"""
GALE_CHORDS = """
    e3 b3 g3 | e3 b3 g3 | c3 g3 e3 | d3 a3 f#3 | e3 b3 g3 | e3 b3 g3 | a2 e3 c3 | b2 f#3 d#3 |
    c3 g3 e3 | d3 a3 f#3 | e3 b3 g3 | e3 b3 g3 | a2 e3 c3 | c3 g3 e3 | b2 f#3 d#3 | b2 f#3 d#3"""

MINE_LEAD = """
    g5:2 r:6 eb5:2 r:6 | c5:4 d5:2 eb5:2 d5:4 r:4 | g5:2 r:6 ab5:2 r:6 | g5:4 f5:2 eb5:2 f5:4 r:4 |
    c6:4 bb5:2 g5:2 ab5:4 f5:4 | g5:4 eb5:2 c5:2 d5:4 r:4 |
    eb5:2 f5:2 f#5:2 g5:2 ab5:2 g5:2 f5:2 d5:2 | c5:8 r:8 |
    eb6:4 d6:2 c6:2 bb5:4 g5:4 | ab5:4 c6:4 g5:6 r:2 | f5:2 ab5:2 c6:2 eb6:2 d6:4 b5:4 | c6:8 r:8"""
MINE_BASS = """
    c3 eb3 f#3 f3 bb2 | c3 eb3 f#3 f3 bb2 | c3 eb3 f#3 f3 bb2 | c3 eb3 f#3 f3 bb2 |
    f3 ab3 b3 bb3 eb3 | c3 eb3 f#3 f3 bb2 | g3 bb3 c#4 c4 f3 | c3 eb3 f#3 f3 bb2 |
    ab3 c4 d4 c#4 f#3 | f3 ab3 b3 bb3 eb3 | g3 bb3 c#4 c4 f3 | c3 eb3 f#3 f3 bb2"""

FROST_LEAD = """
    f#6:6 e6:2 d6:8 | d6:6 c#6:2 b5:8 | b5:4 d6:4 g6:6 f#6:2 | e6:12 r:4 |
    a6:6 g6:2 f#6:8 | c#6:4 f#6:4 a6:4 f#6:4 | g6:6 f#6:2 d6:8 | bb5:4 d6:4 g6:6 r:2 |
    d6:4 e6:4 f#6:8 | f#6:4 e6:4 b5:8 | g6:6 f#6:2 e6:4 d6:4 | c#6:8 e6:4 a5:4 |
    d6:4 a6:4 f#6:8 | e6:4 c#6:4 a5:8 | b5:4 d6:4 bb5:4 d6:4 | d6:12 r:4"""
FROST_CHORDS = """
    d4 f#4 a4 c#5 | b3 d4 f#4 a4 | g3 b3 d4 f#4 | a3 c#4 e4 a4 | d4 f#4 a4 c#5 | f#3 a3 c#4 f#4 | g3 b3 d4 f#4 |
    g3 bb3 d4 f#4 |
    d4 f#4 a4 c#5 | b3 d4 f#4 a4 | g3 b3 d4 f#4 | a3 c#4 e4 a4 | d4 f#4 a4 c#5 | f#3 a3 c#4 f#4 | g3 bb3 d4 f#4 |
    d4 f#4 a4 d5"""
FROST_BASS = "d3 | b2 | g3 | a2 | d3 | f#3 | g3 | g3 | d3 | b2 | g3 | a2 | d3 | f#3 | g3 | d3"

CARNIVAL_LEAD = """
    e5:2 g5:2 c6:2 | b5 c6 d6 c6 g5:2 | f5:2 g5:2 b5:2 | a5 b5 c6 b5 g5:2 |
    d5:2 f5:2 b5:2 | a5 g5 f#5 g5 a5 b5 | c6:2 e6:2 c6:2 | g5:4 r:2 |
    a5:2 c6:2 f6:2 | e6 f6 e6 d6 c6 a5 | g5:2 c6:2 e6:2 | d#6 e6 d#6 e6 c6 g5 |
    f#5:2 a5:2 d6:2 | b5 a5 g5 f5 e5 d5 | c5:2 e5:2 g5:2 | c6:2 r:4"""
CARNIVAL_CHORDS = """
    c3 e4 g4 | g3 e4 g4 | b2 f4 g4 | g3 f4 g4 | d3 f4 g4 | g3 f4 b4 | c3 e4 g4 | g3 e4 g4 |
    f3 a4 c5 | c3 a4 c5 | c3 g4 e4 | g3 g4 e4 | d3 f#4 a4 | g3 f4 b4 | c3 e4 g4 | g3 e4 c4"""

FOUNDRY_LEAD = """
    d5:4 f5:2 d5:2 a5:4 g5:2 f5:2 | e5:2 f5:2 d5:4 r:2 d5:2 e5:2 f5:2 |
    g5:4 f5:2 d5:2 bb5:4 a5:2 f5:2 | g5:6 e5:2 c5:4 e5:4 |
    a5:4 f5:2 a5:2 d6:4 c6:2 a5:2 | bb5:2 a5:2 f5:4 r:2 f5:2 g5:2 a5:2 |
    c6:4 a5:2 c6:2 f6:4 e6:2 c6:2 | c#6:6 e6:2 a5:8 |
    d6:6 c6:2 bb5:4 f5:4 | e6:6 d6:2 c6:4 g5:4 | f6:4 e6:2 d6:2 a5:4 d6:4 |
    f5:2 a5:2 d6:2 a5:2 f5:2 a5:2 d6:2 f6:2 |
    g6:4 f6:2 d6:2 bb5:4 d6:4 | e6:4 c#6:2 a5:2 g5:4 e5:4 |
    f5:2 r f5 e5:2 d5:2 a5:2 r a5 g5:2 f5:2 | e5:4 g5:4 c#6:4 e6:4"""
FOUNDRY_CHORDS = """
    d3 a3 f4 a4 | d3 a3 f4 a4 | bb2 f3 d4 f4 | c3 g3 e4 g4 | d3 a3 f4 a4 | d3 a3 f4 a4 | f3 c4 a4 c5 | a2 e3 c#4 e4 |
    bb2 f3 d4 f4 | c3 g3 e4 g4 | d3 a3 f4 a4 | d3 a3 f4 a4 | g3 d4 bb4 d5 | a2 e3 c#4 e4 | d3 a3 f4 a4 | a2 e3 c#4 e4"""

TITLE_LEAD = """
    d5 g5 b5 d6:3 b5:2 | c6 e6:2 d6 c6:2 g5:2 | b5 d6:2 b5 g5:2 d5:2 | a5:2 f#5 a5 d6:4 |
    e6:3 d6 b5:2 g5:2 | c6:2 e6 d6 c6:2 a5:2 | b5:2 a5 f#5 d5:2 f#5:2 | g5:4 r:4"""
TITLE_CHORDS = """
    g3 d3 b4 d5 | c3 g3 c5 e5 | g3 d3 b4 d5 | d3 a3 a4 c5 |
    e3 b2 b4 e5 | c3 g3 c5 e5 | d3 a3 a4 c5 | g3 d3 b4 d5"""

TWO_STEP_BASS = "{0}:2 {1}:2 {0}:2 {1}:2"
OFF_BEATS = "r:2 {0} r r:2 {1} r"

TUNES = (
    Tune(
        "Mesa",
        frames=(18, 10),
        bar=8,
        voices=(
            Voice(MESA_LEAD, "fiddle"),
            Voice(over(TWO_STEP_BASS, MESA_BASS), "bass"),
            Voice(over(OFF_BEATS, MESA_CHORDS), "stab"),
        ),
        drums="k:2 h h s:2 h h",
    ),
    Tune(
        "Canyon",
        frames=(17,),
        bar=8,
        voices=(
            Voice(CANYON_LEAD, "reed"),
            Voice(over("{0} {1} {2} {3} {2} {1} {2} {1}", CANYON_CHORDS), "bass"),
            Voice(CANYON_LEAD, "echo", delay=3),
        ),
        drums="k:3 h k h s:2 | k:3 h k:2 s h",
    ),
    Tune(
        "Oasis",
        frames=(10,),
        bar=16,
        voices=(
            Voice(OASIS_LEAD, "reed"),
            Voice(over("{0}:4 {1}:2 {2}:4 {1}:2 {2}:2 {1}:2", OASIS_CHORDS), "bass"),
            Voice(OASIS_LEAD, "echo", delay=4),
        ),
        drums="k:4 h:2 h:2 r:2 h:2 k:2 h:2 | k:4 h:2 h:2 r:2 h:2 s:2 h h",
    ),
    Tune(
        "Gale",
        frames=(11,),
        bar=7,
        voices=(
            Voice(GALE_LEAD, "piping"),
            Voice(over("{0} {1} {0} {1} {0} {2} {1}", GALE_CHORDS), "bass"),
            Voice(GALE_LEAD, "echo", delay=1),
        ),
        drums="k h s h k s h",
    ),
    Tune(
        "Mine",
        frames=(8,),
        bar=16,
        voices=(
            Voice(MINE_LEAD, "pluck"),
            Voice(over("{0}:2 r {0} {1}:2 {0}:2 {2}:2 {3}:2 {1}:2 {4}:2", MINE_BASS), "bass"),
            Voice(MINE_LEAD, "echo", delay=3),
        ),
        drums="k:4 c:4 k:2 k:2 c:3 h",
    ),
    Tune(
        "Frost",
        frames=(7,),
        bar=16,
        voices=(
            Voice(FROST_LEAD, "bell"),
            Voice(over(" ".join(["{0} {1} {2} {3} {2} {1} {2} {3}"] * 2), FROST_CHORDS), "soft"),
            Voice(over("{0}:8 {0}:8", FROST_BASS), "soft"),
        ),
        drums="h:4 h:4 h:4 h:2 h:2",
    ),
    Tune(
        "Carnival",
        frames=(11,),
        bar=6,
        voices=(
            Voice(CARNIVAL_LEAD, "piping"),
            Voice(over("{0}:3 r:3", CARNIVAL_CHORDS), "bass"),
            Voice(over("r:2 {1}:2 {2}:2", CARNIVAL_CHORDS), "stab"),
        ),
        drums="k:2 h:2 h:2",
    ),
    Tune(
        "Foundry",
        frames=(6,),
        bar=16,
        voices=(
            Voice(FOUNDRY_LEAD, "brass"),
            Voice(over("{0}:2 {0} {0} {1}:2 {0}:2 {0}:2 {0} {0} {1}:2 {0}:2", FOUNDRY_CHORDS), "bass"),
            Voice(over("r:2 {2}:2 r:2 {3}:2 r:2 {2}:2 r {3} {2}:2", FOUNDRY_CHORDS), "stab"),
        ),
        drums="k:2 h:2 s:2 h:2 k:2 k:2 s:2 c:2",
    ),
    Tune(
        "title",
        frames=(15, 9),
        bar=8,
        voices=(
            Voice(TITLE_LEAD, "fiddle"),
            Voice(over(TWO_STEP_BASS, TITLE_CHORDS), "bass"),
            Voice(over("r:2 {2} r r:2 {3} r", TITLE_CHORDS), "stab"),
        ),
        drums="k:2 h h s:2 h h",
    ),
    Tune("silence", frames=(1,), bar=1, voices=()),
    Tune(
        "clear",
        frames=(7,),
        bar=8,
        voices=(
            Voice("g5 b5 d6 g6:2 d6 e6:2 | f#6:2 a6:2 g6:4 | g6:6 r:2", "fiddle"),
            Voice("g3:2 b3:2 c4:2 c4:2 | d4:2 d3:2 g3:4 | g3:6 r:2", "bass"),
            Voice("d5 g5 b5 d6:2 b5 c6:2 | a5:2 c6:2 b5:4 | b5:6 r:2", "piping"),
        ),
        drums="k:2 s:2 k:2 s:2 | s s s s k:4 | r:8",
        is_jingle=True,
    ),
    Tune(
        "over",
        frames=(13,),
        bar=8,
        voices=(
            Voice("e5:2 d5 c5 a4:4 | f5:2 e5 d5 b4:4 | c5:2 b4:2 a4:4 | a4:6 r:2", "reed"),
            Voice("a3:4 a2:4 | d3:4 g3:4 | e3:4 a2:4 | a2:6 r:2", "bass"),
            Voice("c5:2 b4 a4 e4:4 | a4:2 g4 f4 d4:4 | e4:2 g#4:2 c4:4 | c4:6 r:2", "soft"),
        ),
        is_jingle=True,
    ),
)
"""In the order of their numbers: the zones, 8 the title, 9 silence, 10 a level's end, 11 the game's end."""
