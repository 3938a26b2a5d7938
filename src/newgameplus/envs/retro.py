"""A level as a Gymnasium environment."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, runtime_checkable

import cv2
import gymnasium as gym
import numpy as np
from gymnasium import spaces

from newgameplus.emulator.backends import Backend, open_emulator
from newgameplus.emulator.cores import Core, core_of
from newgameplus.emulator.exactness import are_states_exact
from newgameplus.emulator.interface import CLOSED, NO_COPY, Emulator
from newgameplus.emulator.native import NativeEmulator, fingerprint, read_rom
from newgameplus.envs.actions import action_meaning
from newgameplus.envs.frame_skip import EVERY_FRAME, FrameSkip, StickyActions
from newgameplus.envs.inline import EnvInline
from newgameplus.envs.keyboard import KeysToAction, keys_to_action
from newgameplus.errors import EmulatorError, StateError, UsageError
from newgameplus.games.levels import Level
from newgameplus.games.native_scenario import scenario_spec
from newgameplus.games.scenario import open_scenario
from newgameplus.types import BUTTONS, ActionSpec, Array, State

_MOMENT = {"fingerprint", "machine", "scenario", "buttons", "screen", "held", "num_frames", "is_over"}
"""Keys of a saved moment."""


class Played(Protocol):
    """What a listener may ask of the environment that it hears."""

    @property
    def level(self) -> Level:
        """The level that is played."""
        ...

    @property
    def core(self) -> Core:
        """The core that plays it."""
        ...

    @property
    def rom(self) -> Path:
        """Path of the ROM."""
        ...

    @property
    def start_state(self) -> bytes:
        """Machine state that every episode starts from; always the same object."""
        ...

    def ram(self) -> Array:
        """Work RAM, all blocks in order of address, uint8 ``[bytes]``.

        Where a step is played before its frames are heard, as in a batch, it is that at the end of the step.
        """
        ...


class FrameListener(Protocol):
    """Observer of an environment, frame by frame, below the frame skip: a movie recorder, for example."""

    def episode_started(self, env: Played) -> None:
        """Called after the start state was loaded and one frame was run with no button held."""
        ...

    def frame_ran(self, mask: int, reward: float) -> None:
        """Called after each frame that was run while the buttons of ``mask`` were held."""
        ...

    def episode_ended(self, env: Played) -> None:
        """Called after the last frame of the episode; the machine has not been changed since."""
        ...


@runtime_checkable
class FrameWatcher(FrameListener, Protocol):
    """A listener that sees and hears every frame, which is drawn and has sound for its sake."""

    def frame_shown(self, emulator: Emulator) -> None:
        """Called after each frame, also that of a reset, with the machine that has run it."""
        ...


class RetroEnv(EnvInline, gym.Env[Array, Any]):
    """One level of one game; episodes begin at the level's start state.

    An observation is the screen, uint8 ``[H, W, 3]``, or the work RAM, uint8 ``[bytes]``, or nothing, uint8 ``[0]``.
    ``info`` holds the game's variables. The reward of a step is the sum over its frames; a step ends early when the
    scenario ends the episode. A core that can skip drawing draws only the frames that an observation is made of: if a
    step ends early, its picture is the previous one.

    Args:
        level: game, start state and scenario.
        kind: kind of observation.
        takes_maximum: take the maximum of a step's last two frames, per pixel and colour.
        action_spec: meaning of the actions.
        frame_skip: frames per action.
        listeners: observers of every frame; where one is a :class:`FrameWatcher`, all frames are drawn and have sound.
        render_mode: ``rgb_array`` or None; no window is ever opened.
        core: name of the core; None for the game's default.
        backend: the emulator's backend; None for the engine if it was built.

    Raises:
        NotFoundError: no such game, state or scenario.
        RomError: the ROM has not been imported.
        EmulatorError: the core cannot run, or, on the reference backend, another emulator is open in this process.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 60}  # noqa: RUF012 - Gymnasium's own declaration

    def __init__(
        self,
        level: Level,
        *,
        kind: Literal["image", "ram", "none"] = "image",
        takes_maximum: bool = False,
        action_spec: ActionSpec = BUTTONS,
        frame_skip: FrameSkip = EVERY_FRAME,
        listeners: Sequence[FrameListener] = (),
        render_mode: Literal["rgb_array"] | None = None,
        core: str | None = None,
        backend: Backend | None = None,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise UsageError(
                f"render_mode is 'rgb_array' or None, not {render_mode!r}; gymnasium.make adds what 'human' and "
                "'rgb_array_list' need."
            )
        integration = level.integration
        self.level = level
        self.kind = kind
        self._takes_maximum = takes_maximum
        self.render_mode = render_mode
        played_by = integration.core(backend) if core is None else core_of(integration.console, core)
        self.start_state = integration.state(level.state, played_by.name)
        """Machine state that every episode starts from."""
        integration.scenario(level.scenario)
        self.rom = integration.rom()
        self._listeners = tuple(listeners)
        self._watchers = [listener for listener in listeners if isinstance(listener, FrameWatcher)]
        self.emulator = open_emulator(
            self.rom, played_by, integration.core_options, backend=backend, has_sound=bool(self._watchers)
        )
        self._is_drawn = kind == "image" or render_mode is not None or bool(self._watchers)
        self._is_next_drawn = False
        """Whether the next step is drawn in any case."""
        self._skip: StickyActions[int] = StickyActions(frame_skip)
        self._is_running = False
        """Whether an episode has begun whose end has not been reported to the listeners."""
        self._is_over = True
        self._is_closed = False
        self.num_frames = 0
        """Number of frames of this episode so far, without the one that the reset runs."""
        self._buttons = array("I")
        """Button mask of each frame of this episode."""
        self._loaded_screen: Array | None = None
        """Picture of the moment that was loaded, until a frame has run: a core draws only what it runs."""
        try:
            self.scenario = open_scenario(self.emulator, integration, level.scenario)
            self.emulator.load(self.start_state)
            self.emulator.step((0,))  # a core knows the size of its picture only now
            self._picture_shape = self.emulator.screen().shape
            self.actions = action_meaning(action_spec, integration.console, self.scenario)
            self.action_space = self.actions.space
            shape = self._look().shape
        except BaseException:
            self.emulator.close()
            raise
        self.observation_space = spaces.Box(0, 255, shape, np.uint8)

    @property
    def core(self) -> Core:
        """The core that plays it."""
        return self.emulator.core

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """The console's buttons, in the bit order of a mask."""
        return self.core.console.buttons

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode; the machine runs one frame with no button held, as in stable-retro."""
        super().reset(seed=seed, options=options)
        self._end_episode()
        self.emulator.load(self.start_state)
        self.emulator.step((0,), is_drawn=self._is_drawn)
        self.scenario.reset()
        self._skip.reset()
        self._is_running, self._is_over = True, False
        self._loaded_screen = None
        self._buttons = array("I", [0])
        self.num_frames = 0
        for listener in self._listeners:
            listener.episode_started(self)
        self._show()
        return self._look(), self.scenario.variables()

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Apply an action for the frames of one step."""
        if self._is_closed:
            raise EmulatorError(CLOSED)
        if self._is_over:
            raise gym.error.ResetNeeded("The episode is over or has not begun: call reset() before step().")
        return self.hold(self._skip.frames(self.actions.mask(action), self.np_random))

    def hold(self, masks: Sequence[int]) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Run the frames of one step with these button masks, as ``step`` does, even after the end of an episode."""
        total, is_over, before_last = 0.0, False, None
        for num_left, mask in zip(range(len(masks) - 1, -1, -1), masks, strict=True):
            reward, is_over = self.advance(mask, is_drawn=num_left <= self._takes_maximum)
            total += reward
            if is_over:
                break
            if num_left == 1 and self._takes_maximum:
                before_last = self.screen()
        self._is_over, self._is_next_drawn = is_over, False
        return self._look(before_last), total, is_over, False, self.scenario.variables()

    def advance(self, mask: int, *, is_drawn: bool = True) -> tuple[float, bool]:
        """Run a single frame; return its reward and whether the scenario ends the episode there."""
        is_wanted = bool(self._watchers) or (is_drawn and (self._is_drawn or self._is_next_drawn))
        self.emulator.step((mask,), is_drawn=is_wanted)
        self.num_frames += 1
        self._buttons.append(mask)
        self._loaded_screen = None
        reward, is_over = self.scenario.judge()
        for listener in self._listeners:
            listener.frame_ran(mask, reward)
        if self._watchers:
            self._show()
        return reward, is_over

    def draw_next_step(self) -> None:
        """Draw the last frame of the next step, even if no observation is made of it."""
        self._is_next_drawn = True

    def variables(self) -> dict[str, Any]:
        """The game's variables, by name."""
        return self.scenario.variables()

    def render(self) -> Array | None:
        """Return the screen, uint8 ``[H, W, 3]``."""
        return self.screen() if self.render_mode == "rgb_array" else None

    def screen(self) -> Array:
        """The part of the screen that the scenario shows, uint8 ``[H, W, 3]``, always of the size of the first picture.

        Pictures of another size are resampled by area to that of the first one, before the scenario's crop.
        """
        picture = self.emulator.screen() if self._loaded_screen is None else self._loaded_screen.copy()
        if picture.shape != self._picture_shape:
            height, width, _ = self._picture_shape
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        return self.scenario.crop(picture)

    def ram(self) -> Array:
        """Work RAM, all blocks in order of address, uint8 ``[bytes]``."""
        return np.frombuffer(bytearray().join(self.emulator.memory().values()), np.uint8)

    def save(self) -> State:
        """Return this moment as plain data: machine, scenario, picture, and the action that the next step may hold.

        Where the core's states are not exact, a Lua script judges or the backend is the reference, it holds the start
        state and the buttons of each frame since, which :meth:`load` plays again.

        The random generator is not part of it, nor is what wrappers keep (``TimeLimit`` its steps, ``FrameStack`` its
        observations); a row of a batch saves these, too (:meth:`~newgameplus.envs.batch.RetroVecEnv.save`).
        """
        by_state = self._is_saved_by_state
        shown = self.emulator.screen() if self._is_drawn and self._loaded_screen is None else self._loaded_screen
        return {
            "fingerprint": self._fingerprint,
            "machine": np.frombuffer(self.emulator.save() if by_state else self.start_state, np.uint8),
            "scenario": self.scenario.save() if by_state else [],
            "buttons": np.array([] if by_state else self._buttons, np.uint32),
            "screen": np.zeros((0, 0, 3), np.uint8) if shown is None else shown,
            "held": self._skip.held,
            "num_frames": self.num_frames,
            "is_over": self._is_over,
        }

    def load(self, state: State) -> Array:
        """Go back, or over, to a moment that :meth:`save` returned; return its observation.

        Args:
            state: of this environment or of another of the same level and core.

        Raises:
            StateError: it is no such moment, or is of another game or core build.
            UsageError: the environment has listeners; a recorded episode cannot go back.
            EmulatorError: the core or the scenario refuses it.
        """
        if self._listeners:
            raise UsageError(
                "An episode that is recorded frame by frame cannot go back: load into an environment without listeners."
            )
        if not state.keys() >= _MOMENT:
            raise StateError(f"A saved moment is incomplete: it lacks {', '.join(sorted(_MOMENT - state.keys()))}.")
        if state["fingerprint"] != self._fingerprint:
            raise StateError(
                f"The saved moment is not of {self.level.game} on this build of {self.emulator.core.name}."
            )
        self.emulator.load(state["machine"].tobytes())
        if state["buttons"].size:
            self._play_again(state["buttons"].tolist())
        else:
            self.scenario.restore(list(state["scenario"]))
        self._buttons = array("I", state["buttons"].tolist())
        self._loaded_screen = state["screen"] if state["screen"].size else None
        self._skip.hold(state["held"])
        self.num_frames = int(state["num_frames"])
        self._is_over = bool(state["is_over"])
        self._is_running = not self._is_over
        return self._look()

    def _play_again(self, masks: Sequence[int]) -> None:
        """Run the frames of an episode whose start state was loaded; the last one is drawn."""
        for frame, mask in enumerate(masks):
            self.emulator.step((mask,), is_drawn=frame + 1 == len(masks))
            if frame == 0:
                self.scenario.reset()
            else:
                self.scenario.judge()

    @cached_property
    def _is_saved_by_state(self) -> bool:
        game = self.level.integration
        has_script = scenario_spec(game, self.level.scenario).script is not None
        if has_script or not isinstance(self.emulator, NativeEmulator):
            return False
        return are_states_exact(self.emulator.core, self.rom, game.core_options, self.start_state)

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.emulator.core, read_rom(self.rom))

    def get_keys_to_action(self) -> KeysToAction:
        """Return the action of every combination of keys, for ``gymnasium.utils.play.play``.

        The keys are those of ``ngp play``. Where no key is held, ``play`` takes its argument ``noop``.
        """
        return keys_to_action(self.actions)

    def __getstate__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise EmulatorError(NO_COPY)

    def close(self) -> None:
        """End the episode and free the machine."""
        self._end_episode()
        self._is_over = self._is_closed = True
        self.emulator.close()

    def _end_episode(self) -> None:
        if self._is_running:
            self._is_running = False
            for listener in self._listeners:
                listener.episode_ended(self)

    def _show(self) -> None:
        for watcher in self._watchers:
            watcher.frame_shown(self.emulator)

    def _look(self, frame_before: Array | None = None) -> Array:
        if self.kind == "image":
            screen = self.screen()
            return screen if frame_before is None else np.maximum(frame_before, screen)
        return self.ram() if self.kind == "ram" else np.empty(0, np.uint8)
