"""The sound effects of Tumbleweed: sweeps of a tone and of noise, in the order of ``enum sound`` in game.h.

Loudness goes from 0, silent, to 15.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sweep:
    """A tone that glides."""

    frames: int
    from_hertz: float
    to_hertz: float
    from_loudness: int
    to_loudness: int


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise that fades."""

    frames: int
    register: int
    """0 to 2: a buzz from high to low; 4 to 6: a hiss from high to low."""
    from_loudness: int
    to_loudness: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A sound that takes the third tone channel, the noise, or both from the tune."""

    name: str
    priority: int
    """An effect is not cut off by one of lower priority."""
    tone: tuple[Sweep, ...] = ()
    noise: tuple[Noise, ...] = ()
    jingle: str = ""
    """The tune that it begins instead."""


def notes(frames: int, loudness: int, *hertz: float) -> tuple[Sweep, ...]:
    """Play the notes one after the other and let the last ring."""
    *first, last = hertz
    return (
        *(Sweep(frames, each, each, loudness, loudness - 2) for each in first),
        Sweep(frames * 4, last, last, loudness, 1),
    )


EFFECTS = (
    Effect("JUMP", 1, tone=(Sweep(10, 320, 760, 11, 8), Sweep(4, 760, 820, 7, 3))),
    Effect("COIN", 2, tone=notes(3, 11, 1568, 2093)),
    Effect("HURT", 6, tone=(Sweep(20, 700, 180, 12, 4),), noise=(Noise(12, 5, 11, 2),)),
    Effect(
        "DIE",
        9,
        tone=(
            Sweep(6, 520, 700, 12, 12),
            Sweep(14, 700, 330, 12, 9),
            Sweep(6, 380, 440, 10, 10),
            Sweep(30, 440, 130, 10, 1),
        ),
        noise=(Noise(8, 6, 11, 2),),
    ),
    Effect("SPRING", 4, tone=(Sweep(5, 180, 500, 12, 12), Sweep(5, 420, 800, 12, 10), Sweep(8, 680, 1200, 9, 3))),
    Effect("BREAK", 5, tone=(Sweep(6, 260, 120, 11, 6),), noise=(Noise(6, 5, 13, 10), Noise(18, 6, 10, 1))),
    Effect("POP", 3, tone=(Sweep(3, 500, 1100, 12, 11), Sweep(6, 900, 300, 9, 3)), noise=(Noise(5, 4, 9, 2),)),
    Effect("CHARGE", 3, tone=(Sweep(14, 180, 620, 9, 11), Sweep(4, 620, 560, 9, 3)), noise=(Noise(10, 5, 4, 7),)),
    Effect("RELEASE", 3, tone=(Sweep(14, 900, 240, 11, 4),), noise=(Noise(18, 4, 11, 1),)),
    Effect("CHECKPOINT", 5, tone=notes(5, 11, 784, 988, 1319)),
    Effect("CLEAR", 8, jingle="clear"),
    Effect("SWITCH", 4, tone=(Sweep(2, 400, 400, 12, 10), Sweep(2, 1, 1, 0, 0), Sweep(5, 800, 800, 11, 4))),
    Effect(
        "DROWN",
        9,
        tone=(
            Sweep(8, 260, 420, 11, 6),
            Sweep(8, 230, 380, 10, 5),
            Sweep(8, 200, 330, 9, 4),
            Sweep(24, 280, 115, 9, 1),
        ),
        noise=(Noise(40, 6, 6, 1),),
    ),
    Effect("LIFE", 7, tone=notes(6, 11, 587, 784, 988, 1175, 1568)),
    Effect("OVER", 9, jingle="over"),
)
