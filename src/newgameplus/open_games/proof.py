"""Proof that a level can be finished: a movie that reaches its goal within the contest's time without losing a life.

The movie is called the level's *par movie*. A search finds it; it counts only if it reaches the goal when played in one
go from the level's start state, which is checked here.
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
from newgameplus.envs.actions import action_meaning
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import EmulatorError, MovieError, NewGamePlusError
from newgameplus.executor.local import available_cores
from newgameplus.games.files import read_json_object
from newgameplus.games.levels import Level
from newgameplus.games.native_scenario import NativeScenario
from newgameplus.games.pad import Pad
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.names import movie_name
from newgameplus.movies.record import episode_record
from newgameplus.movies.recorder import MovieRecorder
from newgameplus.open_games.arena import Arena
from newgameplus.open_games.course import Course, MomentT, Plan
from newgameplus.open_games.search import Progress, Search
from newgameplus.types import Array

MAX_SEARCH_STEPS = 1_500_000
"""Emulator steps after which a level counts as unproven; most need a hundredth of it."""
NUM_ROWS = 16
"""Number of consoles in the search; the plan found depends on it, but not on the number of threads."""


class UnprovenError(NewGamePlusError):
    """The search found no way to the goal.

    Args:
        course: course of the level's game.
        level: the level.
        progress: how far the search came.
        plan: actions that lead to the furthest moment.
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
    """A plan that finishes a level."""

    course: Course[Any]
    level: Level
    plan: tuple[int, ...]
    """Actions of the course, one per step."""
    buttons: Array
    """uint32 ``[num_frames]``: button mask of each frame; the first frame is the one that every reset runs."""
    score: float
    """Contest score of this episode: the sum of its rewards."""
    num_steps: int
    """Number of steps searched until it was found."""

    @property
    def num_frames(self) -> int:
        """Length in frames, including the frame of the reset."""
        return len(self.buttons)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of an episode played from its buttons."""

    num_frames: int
    """Length in frames, including the frame of the reset."""
    score: float
    """Sum of the rewards."""
    is_at_goal: bool
    """Whether it was won without losing a life."""
    progress: int
    """Progress at the end, in the course's unit."""


def prove(
    course: Course[MomentT],
    level: Level,
    *,
    seed: int = 0,
    max_steps: int = MAX_SEARCH_STEPS,
    num_threads: int | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Proof:
    """Find a plan from the start of ``level`` to its goal within the rules, without losing a life.

    Args:
        course: course of the level's game.
        level: the level to prove.
        seed: seed of the search; the same seed finds the same plan.
        max_steps: limit of the search, in emulator steps.
        num_threads: number of threads; None for one per CPU core.
        report: called with the progress from time to time.

    Raises:
        UnprovenError: no plan was found.
        EmulatorError: a plan was found that fails when played in one go.
        NotFoundError, RomError, IntegrationError: as when the level is played.
    """
    with Arena(course, level, NUM_ROWS, num_threads or available_cores()) as arena:
        search = Search(arena, seed, report)
        plan = search.run(max_steps)
        progress = search.progress()
        report(progress)
        if plan is None:
            raise UnprovenError(course, level, progress, search.furthest_plan())
    return checked(course, level, plan, progress.num_steps)


def checked(course: Course[MomentT], level: Level, plan: Plan, num_steps: int) -> Proof:
    """Check that ``plan`` leads to the goal when played in one go; return the proof.

    Raises:
        EmulatorError: it does not.
    """
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
    """Return the button mask of each frame of a plan, as many frames per action as the course's rules say."""
    game = level.integration
    pad = Pad(game.console, read_json_object(game.scenario(level.scenario)))
    meaning = action_meaning(course.actions, game.console, pad)
    return [meaning.mask(action) for action in plan for _ in range(course.rules.frames_per_step)]


def play(course: Course[Any], level: Level, masks: Iterable[int], core: str | None = None) -> Outcome:
    """Play buttons from the start of ``level``, after the frame that every reset runs, until the episode is over.

    Args:
        course: course of the level's game, which recognises the goal.
        level: the level, with its scenario.
        masks: button mask of each frame after the first; at most as many as the rules allow.
        core: name of the core; None for the game's default.
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
        if num_frames > course.max_frames:
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
    """Path of a level's par movie, beside the game's ROM."""
    return level.integration.rom().parent / "par" / f"{level.state}.bk2"


def write_par(proof: Proof, path: Path) -> None:
    """Record the proof as a movie at ``path``, as any episode of the contest is recorded.

    Raises:
        MovieError: it cannot be written.
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
        frame_skip=proof.course.frame_skip,
        listeners=[MovieRecorder(folder)],
    )
    try:
        env.reset()
        for action in proof.plan:
            env.step(action)
    finally:
        env.close()


def verify_par(course: Course[Any], level: Level, path: Path, core: str | None = None) -> int:
    """Play the movie at ``path`` from the start of ``level``; return the number of frames to the goal.

    Args:
        course: course of the level's game.
        level: the level that it proves.
        path: the par movie.
        core: name of the core; None for the one that the movie was recorded on. For a core with less input delay the
            buttons are delayed by the difference, so that the outcome is the same.

    Raises:
        MovieError: it cannot be read, has another start, or does not reach the goal in time with all lives.
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
