"""Whether a core's states restore a game entirely: tried once per process for each core build, ROM and options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from newgameplus.emulator.compiled import in_words, required_engine
from newgameplus.emulator.cores import BEFORE_STATE, Core
from newgameplus.emulator.interface import Emulator
from newgameplus.emulator.native import core_spec, fingerprint, read_rom

if TYPE_CHECKING:
    from newgameplus._engine import Console

NUM_STATES = 3
"""Number of states that are saved and loaded."""
NUM_FRAMES = 30
"""Number of frames that are compared after each of them."""
HOLD_FRAMES = 5
"""Number of frames for which the same random buttons are held."""
PRESS_PROBABILITY = 0.3
"""Probability that a button is among them."""
NOT_PLAY = frozenset({None, "START", "SELECT", "MODE", "RESET"})
"""Buttons that are not pressed: a game that pauses hides what a state leaves out."""

_verdicts: dict[tuple[str, bool, tuple[tuple[str, str], ...]], bool] = {}


def are_states_exact(
    core: Core, rom: Path, options: Mapping[str, str] | None, start_state: bytes, *, has_sound: bool = False
) -> bool:
    """Whether a game goes on from a loaded state exactly as it goes on without.

    Cores that are known to leave something out (``BEFORE_STATE``) are not tried: on some games, or at some moments, it
    does not show. For others the memory of ``NUM_STATES * NUM_FRAMES`` frames is compared between a console that plays
    on, one that is saved meanwhile, and one that loads each state.

    Args:
        core: the core.
        rom: path of the ROM.
        options: core options to set besides the default ones.
        start_state: machine state that the trial starts from.
        has_sound: whether the core is run with sound.

    Returns:
        True if no difference was found; False also if the core cannot save.

    Raises:
        EmulatorError: the core cannot be loaded or refuses the start state.
        RomError: the ROM cannot be read.
    """
    if core.name in BEFORE_STATE:
        return False
    content = read_rom(rom)
    key = (fingerprint(core, content), has_sound, tuple(sorted((options or {}).items())))
    if key not in _verdicts:
        with in_words():
            engine = required_engine()
            spec, blob = core_spec(core, rom, options, has_sound=has_sound), engine.Blob(content)
            consoles = [engine.Console(spec, blob) for _ in range(3)]
            _verdicts[key] = _goes_on_alike(consoles, start_state, _masks(core))
    return _verdicts[key]


def load_exactly(emulator: Emulator, state: bytes, masks: Sequence[int]) -> None:
    """Load a state into a console of any past.

    Cores keep the buttons that were held last outside of their states, such as the PAUSE of a Master System, which
    counts only when it goes down. So the buttons are held for a frame before the state is loaded.

    Args:
        emulator: the console.
        state: a machine state.
        masks: button mask of each player in the frame before it was saved.

    Raises:
        EmulatorError: the core refuses the state.
    """
    emulator.step(masks, is_drawn=False)
    emulator.load(state)


def _masks(core: Core) -> list[int]:
    """Random buttons of each frame, the same for every trial."""
    pressed = [bit for bit, name in enumerate(core.console.buttons) if name not in NOT_PLAY]
    held = np.random.default_rng(0).random((NUM_STATES * NUM_FRAMES // HOLD_FRAMES, len(pressed))) < PRESS_PROBABILITY
    masks = [sum(1 << bit for bit, is_held in zip(pressed, row, strict=True) if is_held) for row in held.tolist()]
    return [mask for mask in masks for _ in range(HOLD_FRAMES)]


def _goes_on_alike(consoles: Sequence[Console], start_state: bytes, masks: Sequence[int]) -> bool:
    straight, saved, loaded = consoles
    for num_frames, console in zip((0, 7, 1), consoles, strict=True):  # a different past must not matter
        console.warm_up()
        for _ in range(num_frames):
            console.run([0], True)
    for console in (straight, saved):
        console.load(start_state)
        console.run([0], False)
    expected = list(_memories(straight, masks))
    for begin in range(0, len(masks), NUM_FRAMES):
        part = slice(begin, begin + NUM_FRAMES)
        try:
            state = saved.save()
        except required_engine().EngineError:
            return False
        loaded.load(state)
        if any(list(_memories(console, masks[part])) != expected[part] for console in (saved, loaded)):
            return False
    return True


def _memories(console: Console, masks: Sequence[int]) -> Iterator[bytes]:
    """Run frames and yield the memory after each."""
    for mask in masks:
        console.run([mask], False)
        yield b"".join(console.memory().values())
