"""How a moment of a game is kept so that all of it comes back: tried once per core, ROM and options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from newgameplus.emulator.compiled import in_words, required_engine
from newgameplus.emulator.cores import BEFORE_STATE, IMAGED, Core
from newgameplus.emulator.interface import Emulator
from newgameplus.emulator.native import NativeEmulator, core_spec, fingerprint, read_rom

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


class Keeping(Enum):
    """How a moment is kept."""

    STATES = "states"
    """As a machine state, which any console of the game can load."""
    IMAGES = "images"
    """As an image of the console, to which only the same one can go back."""
    NOTHING = "nothing"
    """Not at all: it is played to again."""


_verdicts: dict[tuple[str, bool, tuple[tuple[str, str], ...]], bool] = {}
_image_verdicts: dict[tuple[str, bool, tuple[tuple[str, str], ...]], bool] = {}


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

    def try_states(consoles: Sequence[Console]) -> bool:
        return _goes_on_alike(consoles, start_state, _masks(core), lambda console: console.save(), _load)

    return _verdict(_verdicts, core, rom, options, try_states, has_sound=has_sound)


def keeping_of(
    core: Core, rom: Path, options: Mapping[str, str] | None, start_state: bytes, *, has_sound: bool = False
) -> Keeping:
    """How moments of a game are kept on one console: by states if they are exact, else by images if these are.

    Arguments and errors are those of :func:`are_states_exact`.
    """
    if are_states_exact(core, rom, options, start_state, has_sound=has_sound):
        return Keeping.STATES
    if core.name not in IMAGED:
        return Keeping.NOTHING

    def try_images(consoles: Sequence[Console]) -> bool:
        straight, imaged, _ = consoles
        return _goes_on_alike((straight, imaged, imaged), start_state, _masks(core), lambda console: console.image(),
                              lambda console, image: console.put_back(image))  # fmt: skip

    are_exact = _verdict(_image_verdicts, core, rom, options, try_images, has_sound=has_sound)
    return Keeping.IMAGES if are_exact else Keeping.NOTHING


def keep(emulator: Emulator, keeping: Keeping) -> bytes | None:
    """Return the present moment, None if it cannot be kept."""
    if keeping is Keeping.NOTHING:
        return None
    if keeping is Keeping.STATES:
        return emulator.save()
    assert isinstance(emulator, NativeEmulator)  # nothing else keeps images
    return emulator.image()


def bring_back(emulator: Emulator, keeping: Keeping, kept: bytes, masks: Sequence[int]) -> None:
    """Go back to a moment that :func:`keep` returned.

    Args:
        emulator: the console; for images, the same one.
        keeping: how it was kept.
        kept: the moment.
        masks: button mask of each player in the frame before it was kept.

    Raises:
        EmulatorError: the core refuses it.
    """
    if keeping is Keeping.IMAGES:
        assert isinstance(emulator, NativeEmulator)
        emulator.put_back(kept)
    else:
        load_exactly(emulator, kept, masks)


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


def _verdict(
    known: dict[tuple[str, bool, tuple[tuple[str, str], ...]], bool],
    core: Core,
    rom: Path,
    options: Mapping[str, str] | None,
    trial: Callable[[Sequence[Console]], bool],
    *,
    has_sound: bool,
) -> bool:
    """Return what is known, or try it on three consoles."""
    content = read_rom(rom)
    key = (fingerprint(core, content), has_sound, tuple(sorted((options or {}).items())))
    if key not in known:
        with in_words():
            engine = required_engine()
            spec, blob = core_spec(core, rom, options, has_sound=has_sound), engine.Blob(content)
            known[key] = trial([engine.Console(spec, blob) for _ in range(3)])
    return known[key]


def _load(console: Console, state: bytes) -> None:
    console.load(state)


def _goes_on_alike(
    consoles: Sequence[Console],
    start_state: bytes,
    masks: Sequence[int],
    save: Callable[[Console], bytes],
    load: Callable[[Console, bytes], None],
) -> bool:
    """Compare a console that plays straight on, one that is saved meanwhile, and one, perhaps the same, that loads."""
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
            kept = save(saved)
        except required_engine().EngineError:
            return False
        if list(_memories(saved, masks[part])) != expected[part]:
            return False
        load(loaded, kept)
        if list(_memories(loaded, masks[part])) != expected[part]:
            return False
    return True


def _memories(console: Console, masks: Sequence[int]) -> Iterator[bytes]:
    """Run frames and yield the memory after each."""
    for mask in masks:
        console.run([mask], False)
        yield b"".join(console.memory().values())
