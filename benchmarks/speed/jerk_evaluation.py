"""Frames per second of a JERK evaluation on one core, beside stable-retro's bare emulator on the same frames.

One side does the work of a worker of ``ngp evaluate jerk``: the agent plays, every episode is evaluated, logged,
recorded as a movie and checkpointed. The other holds the buttons of those movies and only calls ``em.step``. The gate:
both must end every episode with the same memory. Target: 0.75 of the bare emulator, by the run's own time, which starts
when the world and the agent are created.

Run: python -m benchmarks.speed.jerk_evaluation [--rounds 10] [--steps 2000]
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.turns import Ratio, Round, Side, parse, parser, publish, ratios, raw, run_once, speeds, take_turns
from newgameplus.agents.jerk.config import DEFAULT
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.run import play_run
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import Movie, read_movie
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Array

LEVEL = "Airstriker-Genesis-v0/Level1"
SEED = 2018
EVALUATION, WITH_START, EMULATOR = "JERK evaluation", "JERK evaluation, start included", "stable-retro em.step"
RATIOS = [Ratio(EVALUATION, EMULATOR, target=0.75), Ratio(WITH_START, EMULATOR)]


@dataclass(frozen=True, slots=True)
class Played:
    """Result of a run."""

    num_frames: int
    elapsed_seconds: float
    """The run's own time."""
    memories: list[str]
    """SHA-256 of the console's memory at the end of each episode."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Buttons of a recorded episode, ready for the bare emulator."""

    start_state: bytes
    held: list[Array]
    """Per frame uint8 ``[buttons]``; the first frame is the reset's."""


def evaluation(num_steps: int) -> Callable[[], Played]:
    """A side whose turn is a whole run in a folder of its own."""

    def run() -> Played:
        with tempfile.TemporaryDirectory() as folder:
            play(num_steps, Path(folder))
            return played(Path(folder))

    return run


def play(num_steps: int, folder: Path) -> None:
    """Play one run of JERK into ``folder``."""
    level, rules = find_level(LEVEL), with_budget(CONTEST, timesteps=num_steps)
    plan = Plan(AgentPlan("jerk", "default", DEFAULT), WorldPlan((level,)), rules, (SEED,))
    play_run(Job(plan, level, SEED, folder), lambda progress: None)


def played(folder: Path) -> Played:
    """Read the results of a run."""
    summary = json.loads((folder / "run.json").read_text())
    memories = [movie.extra["memory_sha256"] for movie in movies(folder)]
    return Played(summary["num_frames"], summary["elapsed_seconds"], memories)


def movies(folder: Path) -> list[Movie]:
    """The movies of a run, in order."""
    return [read_movie(path) for path in sorted((folder / "bk2").glob("*.bk2"))]


def recording(num_steps: int) -> Callable[[], tuple[Played, list[Episode]]]:
    """A side whose turn is a whole run; its result includes the buttons of every frame."""

    def run() -> tuple[Played, list[Episode]]:
        with tempfile.TemporaryDirectory() as folder:
            play(num_steps, Path(folder))
            return played(Path(folder)), [episode(movie) for movie in movies(Path(folder))]

    return run


def episode(movie: Movie) -> Episode:
    """Convert the masks of a movie to buttons."""
    bits = np.arange(len(movie.buttons))
    return Episode(movie.start_state or b"", list((movie.masks[:, :1] >> bits & 1).astype(np.uint8)))


def bare_emulator(episodes: list[Episode]) -> Callable[[], list[str]]:
    """A side whose turn is the same frames in stable-retro's emulator; it returns the memory hashes at the ends."""
    import stable_retro

    level = find_level(LEVEL)
    env = stable_retro.make(level.game, level.state, scenario=level.scenario, render_mode="rgb_array").unwrapped
    em = env.em

    def run() -> list[str]:
        memories = []
        for each in episodes:
            em.set_state(each.start_state)
            for held in each.held:
                em.set_button_mask(held, 0)
                em.step()
            memories.append(memory_sha256(env))
        return memories

    return run


def memory_sha256(env: object) -> str:
    """SHA-256 of the memory of stable-retro's environment, all blocks in order of address."""
    blocks = env.data.memory.blocks  # type: ignore[attr-defined]  # stable-retro has no types
    digest = hashlib.sha256()
    for address in sorted(blocks):
        digest.update(blocks[address])
    return digest.hexdigest()


def checked(turns: Round, recorded: Played) -> Round:
    """Return the round with the run's own time in addition to the whole turn; end the program if the sides differ."""
    run = turns[EVALUATION].answer
    if not run.memories == turns[EMULATOR].answer == recorded.memories:
        sys.exit("No parity: the bare emulator does not end its episodes with the memory that JERK's had.")
    own_time = replace(turns[EVALUATION], clock=run.elapsed_seconds)
    return {EVALUATION: own_time, WITH_START: turns[EVALUATION], EMULATOR: turns[EMULATOR]}


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=10)
    options.add_argument("--steps", type=int, default=2000, help="agent steps of a run, about four frames each")
    options.add_argument("--core", type=int, default=0, help="the processor core that both sides are bound to")
    arguments = parse(options, steps=40)
    recorded, episodes = run_once(partial(recording, arguments.steps))
    sides: dict[str, Side] = {
        EVALUATION: partial(evaluation, arguments.steps),
        EMULATOR: partial(bare_emulator, episodes),
    }
    rounds = [checked(turns, recorded) for turns in take_turns(sides, arguments.rounds, arguments.core)]
    publish(
        {
            "figure": "jerk_evaluation",
            "what": "Frames per second on one processor core",
            "unit": "frames per second",
            "level": LEVEL,
            "num_steps": arguments.steps,
            "num_frames": recorded.num_frames,
            "num_episodes": len(episodes),
            "num_rounds": len(rounds),
            "sides": speeds(rounds, recorded.num_frames),
            "ratios": ratios(rounds, RATIOS),
            "seconds": raw(rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
