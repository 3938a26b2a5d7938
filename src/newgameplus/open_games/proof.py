"""The proof that a level can be finished: a movie that reaches its goal within the contest's time and loses no life.

The movie is called the level's *par movie*. A search finds it; what counts is that it reaches the goal when it is
played in one go from the level's start state, which is done here before anything is called proven.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.emulator.cores import core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.envs.actions import ActionMeaning
from newgameplus.envs.capacity import num_cores
from newgameplus.envs.frame_skip import MAX_EPISODE_STEPS, FrameSkip
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import EmulatorError, MovieError, NewGamePlusError
from newgameplus.games.integration import read_json_object
from newgameplus.games.levels import Level
from newgameplus.games.native_scenario import NativeScenario
from newgameplus.games.pad import Pad
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.names import movie_name
from newgameplus.movies.record import episode_record
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.open_games.arena import FRAMES_PER_STEP, Arena
from newgameplus.open_games.course import Course, MomentT, Plan
from newgameplus.open_games.search import Progress, Search
from newgameplus.types import Array

MAX_SEARCH_STEPS = 1_500_000
"""Steps of the emulator after which a level counts as unproven; most need a hundredth of it."""
NUM_ROWS = 16
"""Consoles that search side by side; the way found depends on it, but not on the number of threads."""
MAX_FRAMES = MAX_EPISODE_STEPS * FRAMES_PER_STEP
"""The contest's limit for an episode, 18,000 frames."""


class UnprovenError(NewGamePlusError):
    """No way to the goal was found.

    Args:
        course: of the level's game.
        level: which level.
        progress: how far the search came.
        plan: the actions that lead to the furthest place.
    """

    def __init__(self, course: Course[Any], level: Level, progress: Progress, plan: Plan) -> None:
        missing = progress.goal - progress.furthest
        super().__init__(
            f"No way to the goal of {level} was found in {progress.num_steps} steps: the furthest place reached is "
            f"{course.progress_name} = {progress.furthest}, {missing} {course.progress_unit} before the goal at "
            f"{progress.goal}; look at what is there, or search longer or with another seed."
        )
        self.level, self.progress, self.plan = level, progress, plan


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """A way through a level."""

    course: Course[Any]
    level: Level
    plan: tuple[int, ...]
    """The course's actions, one per step of four frames."""
    buttons: Array
    """uint32 ``[num_frames]``: the buttons held in each frame; the first frame is the one that every reset runs."""
    score: float
    """The contest's score of this episode: the sum of its rewards."""
    num_steps: int
    """Steps searched until it was found."""

    @property
    def num_frames(self) -> int:
        """Length in frames, the one of the reset included."""
        return len(self.buttons)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an episode that was played from its buttons ended."""

    num_frames: int
    """Frames until the end, the one of the reset included."""
    score: float
    """The sum of the rewards."""
    is_at_goal: bool
    """Whether it was won, with no life lost."""
    progress: int
    """Where it ended, in the course's unit."""


def prove(
    course: Course[MomentT],
    level: Level,
    *,
    seed: int = 0,
    max_steps: int = MAX_SEARCH_STEPS,
    num_threads: int | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Proof:
    """Find a way from the start of ``level`` to its goal within 18,000 frames that loses no life.

    Args:
        course: of the level's game.
        level: what is to be proven.
        seed: of the search; the same seed finds the same way.
        max_steps: how long to search, in steps of the emulator.
        num_threads: how many threads play; None for one per processor core.
        report: told of the progress now and then.

    Raises:
        UnprovenError: no way was found.
        EmulatorError: a way was found that does not hold when it is played in one go.
        NotFoundError, RomError, IntegrationError: as when the level is played.
    """
    with Arena(course, level, NUM_ROWS, num_threads or num_cores()) as arena:
        search = Search(arena, seed, report)
        plan = search.run(max_steps)
        progress = search.progress()
        report(progress)
        if plan is None:
            raise UnprovenError(course, level, progress, search.furthest_plan())
    return _checked(course, level, plan, progress.num_steps)


def _checked(course: Course[MomentT], level: Level, plan: Plan, num_steps: int) -> Proof:
    """The proof that ``plan`` is: it leads to the goal also when it is played in one go."""
    masks = masks_of(course, level, plan)
    outcome = play(course, level, masks)
    if not outcome.is_at_goal:
        raise EmulatorError(
            f"A way to the goal of {level} was found, but played in one go it ends at {course.progress_name} = "
            f"{outcome.progress}: this core, or the game, does not go on from a saved moment as it went on before."
        )
    buttons = np.array([0, *masks], np.uint32)[: outcome.num_frames]
    return Proof(course, level, tuple(plan), buttons, outcome.score, num_steps)


def masks_of(course: Course[Any], level: Level, plan: Iterable[int]) -> list[int]:
    """Return the buttons of each frame of a plan, four frames per action."""
    game = level.integration
    pad = Pad(game.console, read_json_object(game.scenario(level.scenario)))
    meaning = ActionMeaning(course.actions, game.console.buttons, pad.combos(), pad.filter)
    return [meaning.mask(action) for action in plan for _ in range(FRAMES_PER_STEP)]


def play(course: Course[Any], level: Level, masks: Iterable[int], core: str | None = None) -> Outcome:
    """Play buttons from the start of ``level`` until the episode is over, after the frame that every reset runs.

    Args:
        course: of the level's game; says whether the end is the goal.
        level: what is played and how it is judged.
        masks: the buttons of each frame after the first; at most 18,000 are played.
        core: name of the core that plays it; None for the one that the game names.
    """
    game = level.integration
    played_by = game.core("native") if core is None else core_of(game.console, core)
    emulator = NativeEmulator(game.rom(), played_by, game.core_options)
    try:
        scenario = NativeScenario(emulator, game, level.scenario)
        emulator.load(game.state(level.state, played_by.name))
        emulator.step(is_drawn=False)
        scenario.reset()
        return _played(course, emulator, scenario, masks)
    finally:
        emulator.close()


def _played(
    course: Course[MomentT], emulator: NativeEmulator, scenario: NativeScenario, masks: Iterable[int]
) -> Outcome:
    first, score, num_frames = _moment(course, scenario), 0.0, 1
    for mask in masks:
        if num_frames > MAX_FRAMES:
            break
        emulator.step((int(mask),), is_drawn=False)
        reward, is_over = scenario.judge()
        score += reward
        num_frames += 1
        if is_over:
            break
    last = _moment(course, scenario)
    return Outcome(num_frames, score, course.is_at_goal(first, last), course.progress(last))


def _moment(course: Course[MomentT], scenario: NativeScenario) -> MomentT:
    values = scenario.variables()
    return course.moment(values[name] for name in course.variables)


def par_path(level: Level) -> Path:
    """Where the par movie of a level lies: beside the game's ROM."""
    return level.integration.rom().parent / "par" / f"{level.state}.bk2"


def write_par(proof: Proof, path: Path) -> None:
    """Record the proof as a movie at ``path``, as any episode of the contest is recorded.

    Raises:
        MovieError: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".par-") as folder:
            _record(proof, Path(folder))
            (Path(folder) / movie_name(proof.level.folder_name, 0)).replace(path)
    except OSError as error:
        raise MovieError(f"Cannot write the movie {path}: {error.strerror or error}.") from error


def _record(proof: Proof, folder: Path) -> None:
    env = RetroEnv(
        proof.level,
        kind="none",
        action_spec=proof.course.actions,
        frame_skip=FrameSkip(FRAMES_PER_STEP),
        listeners=[MovieRecorder(folder)],
    )
    try:
        env.reset()
        for action in proof.plan:
            env.step(action)
    finally:
        env.close()


def verify_par(course: Course[Any], level: Level, path: Path, core: str | None = None) -> int:
    """Play the movie at ``path`` from the start of ``level`` and return how many frames it takes to the goal.

    Args:
        course: of the level's game.
        level: the level that it shall prove.
        path: the par movie.
        core: name of the core that plays; None for the one that the movie was recorded on. A core that hands
            buttons over sooner plays it as many frames later, and ends where the other does.

    Raises:
        MovieError: it cannot be read, is of another start, or does not reach the goal with all lives in time.
    """
    movie, game = read_movie(path), level.integration
    recorded_on = episode_record(movie.extra, str(path)).core_name or game.core("native").name
    if (movie.game, movie.start_state) != (level.game, game.state(level.state, recorded_on)):
        raise MovieError(f"The movie {path} does not begin at the start of {level}; record it anew.")
    core = core or recorded_on
    idle = [0] * (course.frames_late.get(recorded_on, 0) - course.frames_late.get(core, 0))
    outcome = play(course, level, [*idle, *movie.masks[1:, 0].tolist()], core)
    if not outcome.is_at_goal:
        raise MovieError(
            f"The movie {path} does not reach the goal of {level} on {core}: after {outcome.num_frames} frames it ends "
            f"at {course.progress_name} = {outcome.progress}; prove the level anew."
        )
    return outcome.num_frames
