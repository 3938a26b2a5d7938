"""Description of each row of a batch, read from the games' files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newgameplus.emulator.compiled import required_engine
from newgameplus.emulator.cores import BEFORE_STATE, Core, core_of
from newgameplus.emulator.exactness import are_states_exact
from newgameplus.emulator.native import core_spec, fingerprint, read_rom
from newgameplus.envs.actions import ActionMeaning, action_meaning
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.wrappers.observation import check_observation_spec
from newgameplus.errors import UsageError
from newgameplus.games.files import read_json_object
from newgameplus.games.levels import Level
from newgameplus.games.native_scenario import scenario_spec
from newgameplus.games.pad import Pad
from newgameplus.games.window import Window, window_of
from newgameplus.types import ActionSpec, ObservationSpec

if TYPE_CHECKING:
    from newgameplus._engine import Blob, LaneSpec
    from newgameplus._engine import ObservationSpec as EngineObservationSpec


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a batch."""

    level: Level
    core: Core
    """Core that plays it."""
    actions: ActionMeaning
    variables: tuple[str, ...]
    """Names of the game's variables."""
    start_state: bytes
    """Machine state that every episode starts from."""
    has_script: bool
    """Whether a Lua script judges, whose memory has no copy."""
    lane: LaneSpec
    """The engine's description of the row."""

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """The console's buttons, in the bit order of a mask."""
        return self.core.console.buttons

    def check_like(self, first: Row) -> None:
        """Check that this row can be in a batch with ``first``.

        Raises:
            UsageError: their pads or actions differ.
        """
        if self.actions.space != first.actions.space or self.buttons != first.buttons:
            raise UsageError(
                f"The rows of a vector environment must be alike, but {first.level} has the action_space "
                f"{first.actions.space} and {self.level} has {self.actions.space}; give both the same pad or set of "
                "actions."
            )

    def is_saved_by_state(self) -> bool:
        """Whether a snapshot holds the machine's state; otherwise the buttons since the start of the episode.

        Tries the core's states when first called for a core, ROM and options.
        """
        game = self.level.integration
        return not self.has_script and are_states_exact(self.core, game.rom(), game.core_options, self.start_state)


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Creates rows that differ only in their level."""

    observation_spec: ObservationSpec
    action_spec: ActionSpec
    frame_skip: FrameSkip
    max_episode_steps: int | None
    core: str | None
    """Name of the core; None for each game's default."""
    is_approximate: bool = False
    """Whether a reset before each state is enough, where the core needs a new copy of itself to be exact."""

    def __post_init__(self) -> None:
        check_observation_spec(self.observation_spec)
        if self.max_episode_steps is not None and self.max_episode_steps < 1:
            raise UsageError(f"An episode lasts at least 1 step, not {self.max_episode_steps}.")

    def rows(self, levels: Sequence[Level]) -> tuple[Row, ...]:
        """Create one row per level; the files of each level are read once.

        Raises:
            NotFoundError: no such game, state, scenario or core.
            RomError: a ROM has not been imported.
            UsageError: the levels' pads differ.
        """
        roms: dict[bytes, Blob] = {}
        made = {level: self._row(level, roms) for level in dict.fromkeys(levels)}
        first = made[levels[0]]
        for row in made.values():
            row.check_like(first)
        return tuple(made[level] for level in levels)

    def _row(self, level: Level, roms: dict[bytes, Blob]) -> Row:
        game, engine = level.integration, required_engine()
        core = game.core("native") if self.core is None else core_of(game.console, self.core)
        start_state = game.state(level.state, core.name)
        scenario = game.scenario(level.scenario)
        content = read_json_object(scenario)
        rom_path = game.rom()
        rom, judged_by, pad = read_rom(rom_path), scenario_spec(game, level.scenario), Pad(game.console, content)
        is_reset = self.is_approximate and BEFORE_STATE.get(core.name) == "restart"
        if rom not in roms:
            roms[rom] = engine.Blob(rom)
        lane = engine.LaneSpec(
            core=core_spec(core, rom_path, game.core_options, before_state="reset" if is_reset else None),
            fingerprint=fingerprint(core, rom),
            rom=roms[rom],
            start_state=engine.Blob(start_state),
            scenario=judged_by,
            observation=self._observation(window_of(content, scenario)),
            frames_per_step=self.frame_skip.num_frames,
            sticky_probability=self.frame_skip.sticky_probability,
            max_episode_steps=self.max_episode_steps or 0,
        )
        return Row(
            level=level,
            core=core,
            actions=action_meaning(self.action_spec, game.console, pad),
            variables=tuple(variable.name for variable in judged_by.variables),
            start_state=start_state,
            has_script=judged_by.script is not None,
            lane=lane,
        )

    def _observation(self, window: Window) -> EngineObservationSpec:
        spec = self.observation_spec
        return required_engine().ObservationSpec(
            kind=spec.kind,
            window=(window.x, window.y, window.width, window.height),
            crop=spec.crop or (0, 0, 0, 0),
            is_gray=spec.gray or spec.edges is not None,
            size=spec.size or (0, 0),
            **({} if spec.shrink is None else {"shrink": spec.shrink}),
            stack=spec.stack,
            takes_maximum=spec.maximum,
        )
