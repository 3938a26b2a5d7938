"""stable-retro's environment: one frame per step, its attributes and its way of recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import EzPickle

from newgameplus.compat.retro.actions import ActionCode
from newgameplus.compat.retro.chosen_files import ChosenFiles
from newgameplus.compat.retro.enums import Actions, Observations, State
from newgameplus.compat.retro.game_data import GameData
from newgameplus.compat.retro.integrations import Integrations, integration_of
from newgameplus.compat.retro.machine import RetroEmulator
from newgameplus.compat.retro.movie import Movie
from newgameplus.compat.retro.viewer import Viewer
from newgameplus.emulator.backends import open_emulator
from newgameplus.errors import UsageError
from newgameplus.games.integration import POWER_ON, Integration
from newgameplus.games.scenario import open_scenario
from newgameplus.types import Array


class RetroEnv(gym.Env[Array, Any], EzPickle):
    """One game as stable-retro shows it: every step is one frame, and ``info`` is empty after a reset.

    It departs from stable-retro in four ways: any number may be open in a process; ``State.NONE`` goes back to power-on
    at every reset; pictures are upright always; and it is for one player.

    Args:
        game: name of the game, with or without ``-v0``.
        state: name of the start state, or ``State.DEFAULT`` or ``State.NONE``.
        scenario: name of the scenario, or path of its json file; None for ``scenario``.
        info: name of the file of variables, or its path; None for ``data``.
        use_restricted_actions: kind of action.
        record: whether each episode is recorded as a movie in the working directory, or the folder for movies.
        players: 1.
        inttype: kinds of integrations in which the game is looked for.
        obs_type: kind of observation.
        render_mode: ``human`` opens a window and shows each frame in it, ``rgb_array`` returns pictures, None neither.
        shows_every_frame: whether ``human`` shows frames without a call of ``render``.

    Raises:
        GameNotFoundError: no such game of this kind.
        NotFoundError: no such state, scenario or file of variables.
        RomError: the ROM has not been imported.
        UsageError: more than one player, or another render mode.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 60, "video.frames_per_second": 60.0}  # noqa: RUF012 - Gymnasium's own declaration

    def __init__(
        self,
        game: str,
        state: State | str = State.DEFAULT,
        scenario: str | None = None,
        info: str | None = None,
        use_restricted_actions: Actions = Actions.FILTERED,
        record: bool | str = False,
        players: int = 1,
        inttype: Integrations = Integrations.DEFAULT,
        obs_type: Observations = Observations.IMAGE,
        render_mode: str | None = "human",
        *,
        shows_every_frame: bool = True,
    ) -> None:
        EzPickle.__init__(
            self, game, state, scenario, info, use_restricted_actions, record, players, inttype, obs_type, render_mode,
            shows_every_frame=shows_every_frame,
        )  # fmt: skip
        if players != 1:
            raise UsageError(f"There are no environments for {players} players yet: make one with players=1.")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UsageError(f"render_mode is 'human', 'rgb_array' or None, not {render_mode!r}.")
        integration = integration_of(game, inttype)
        self.gamename, self.players, self.system = game, players, integration.console.name
        self.render_mode, self._shows_every_frame = render_mode, shows_every_frame
        self.use_restricted_actions, self._obs_type = use_restricted_actions, obs_type
        self.multi_rewards = False
        self.img: Array | None = None
        self.ram: Array | None = None
        self.viewer: Viewer | None = None
        self.movie: Movie | None = None
        self.movie_id = 0
        self.movie_path: str | None = None
        self.statename: str | None = None
        self.initial_state: bytes | None = None
        """Machine state that later episodes begin with; None for power-on."""
        self._power_on: bytes | None = None
        name = _state_of(state, integration)
        if name is not None:
            self.load_state(name, inttype)
        self._open(ChosenFiles.of(integration, scenario or "scenario", info or "data"))
        if record is not False:
            self.auto_record(None if record is True else record)

    def _open(self, integration: ChosenFiles) -> None:
        self._integration = integration
        emulator = open_emulator(integration.rom(), integration.core(), integration.core_options, has_sound=True)
        try:
            self._scenario = open_scenario(emulator, integration, integration.scenario_file.stem)
            self.em = RetroEmulator(str(integration.rom()), emulator)
            self.data = GameData(emulator, self._scenario)
            emulator.load(self._start())
            self.em.step()
            self.buttons = list(emulator.core.console.buttons)
            self.num_buttons = len(self.buttons)
            self.button_combos = self.data.valid_actions()
            self._code = ActionCode(self.use_restricted_actions, self.num_buttons, self.button_combos, self.data)
            self.action_space = self._code.space
            shape = self._observed().shape
        except BaseException:
            emulator.close()
            raise
        self.observation_space = spaces.Box(0, 255, shape, np.uint8)
        self.img = self.ram = None

    def _start(self) -> bytes:
        if self.initial_state is not None:
            return self.initial_state
        if self._power_on is None:
            self._power_on = self._integration.state(POWER_ON)
        return self._power_on

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode: load the start state and run one frame with no button held."""
        super().reset(seed=seed, options=options)
        self.em.emulator.load(self._start())
        self.em.set_button_mask([0] * self.num_buttons)
        self.em.step()
        if self.movie_path is not None:
            state = Path(self.statename or POWER_ON).stem
            self.record_movie(str(Path(self.movie_path) / f"{self.gamename}-{state}-{self.movie_id:06d}.bk2"))
            self.movie_id += 1
        if self.movie is not None:
            self.movie.step()
        self.data.reset()
        self.data.update_ram()
        observation = self._observed()
        self._show()
        return observation, {}

    def step(self, a: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Run one frame.

        Args:
            a: action; numbers of buttons may be floats, whose fraction is dropped.

        Raises:
            ResetNeeded: ``reset`` was not called.
        """
        if self.img is None and self.ram is None:
            raise gym.error.ResetNeeded("Call reset() before step().")
        for player, mask in enumerate(self.action_to_array(a)):
            if self.movie is not None:
                for key, is_held in enumerate(mask.tolist()):
                    self.movie.set_key(key, bool(is_held), player)
            self.em.set_button_mask(mask, player)
        if self.movie is not None:
            self.movie.step()
        self.em.step()
        self.data.update_ram()
        observation = self._observed()
        reward, is_done, info = self.compute_step()
        self._show()
        return observation, reward, is_done, False, info

    def compute_step(self) -> tuple[float, bool, dict[str, int]]:
        """Reward, end and variables of the last frame."""
        return self.data.current_reward(), self.data.is_done(), self.data.lookup_all()

    def action_to_array(self, a: Any) -> list[Array]:
        """Return the buttons that an action holds, uint8 ``[buttons]``, of each player."""
        return [self._code.buttons(a)]

    def get_action_meaning(self, act: Any) -> list[str | None]:
        """Return the names of the buttons that an action holds."""
        return [name for name, is_held in zip(self.buttons, self.action_to_array(act)[0], strict=True) if is_held]

    def render(self, mode: str | None = None) -> Any:
        """Return the picture (``rgb_array``), or show it and return whether the window is open (``human``).

        Args:
            mode: another mode than the environment's, as in gym-retro.
        """
        picture = self.get_screen() if self.img is None else self.img
        mode = mode or self.render_mode
        if mode != "human":
            return picture if mode == "rgb_array" else None
        if self.viewer is None:
            self.viewer = Viewer()
        self.viewer.imshow(picture)
        return self.viewer.isopen()

    def close(self) -> None:
        """Finish the movie, close the window and free the machine."""
        if self.movie is not None:
            self.movie.close()
            self.movie = None
        if self.viewer is not None:
            self.viewer.close()
            self.viewer = None
        self.em.emulator.close()

    def get_ram(self) -> Array:
        """Work RAM, all blocks in order of address, uint8 ``[bytes]``."""
        return np.frombuffer(bytearray().join(self.em.emulator.memory().values()), np.uint8)

    def get_screen(self, player: int = 0, apply_rotation: bool = False) -> Array:
        """The part of the screen that the scenario shows, uint8 ``[H, W, 3]``, upright."""
        del player, apply_rotation
        return self._scenario.crop(self.em.get_screen())

    def load_state(self, statename: str, inttype: Integrations = Integrations.DEFAULT) -> None:
        """Begin later episodes at a state of the game, named with or without ``.state``.

        Raises:
            NotFoundError: the game has no such state.
        """
        name = statename.removesuffix(".state")
        integration = integration_of(self.gamename, inttype)
        self.initial_state = integration.state(name, integration.core().name)
        self.statename = f"{name}.state"

    def set_value(self, name: str, val: int) -> None:
        """Write a variable into the machine's memory."""
        self.data.set_value(name, val)

    def auto_record(self, path: str | None = None) -> None:
        """Record every later episode in a folder, by default the working directory."""
        self.movie_path = path or str(Path.cwd())

    def record_movie(self, path: str) -> None:
        """Record from now on into a file, which the next recording, ``stop_record`` and ``close`` write."""
        if self.movie is not None:
            self.movie.close()
        self.movie = Movie(path, True, self.players)
        self.movie.configure(self.gamename, self.em)
        self.movie.set_state(self._start())

    def stop_record(self) -> None:
        """Write the movie, and record no later episodes."""
        self.movie_path, self.movie_id = None, 0
        if self.movie is not None:
            self.movie.close()
            self.movie = None

    def _observed(self) -> Array:
        if self._obs_type is Observations.RAM:
            self.ram = self.get_ram()
            return self.ram
        self.img = self.get_screen()
        return self.img

    def _show(self) -> None:
        if self.render_mode == "human" and self._shows_every_frame:
            self.render()


def _state_of(state: State | str, integration: Integration) -> str | None:
    """Name of the start state's file, or None for power-on."""
    if state is State.NONE:
        return None
    if isinstance(state, str):
        return state
    name = integration.default_state
    return None if name is None or integration.is_power_on(name) else name
