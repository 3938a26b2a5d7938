"""Accuracy of the zone experts' classifier on levels of Tumbleweed that it has never seen.

It is trained as in a training run, on the pictures of all 47 training levels during random play, and tested on those of
the 11 validation levels: at the start of a run, where it votes, along 600 steps of random play, and along the par
movies, which go through the whole level.

Run: OMP_NUM_THREADS=1 python -m benchmarks.runs.experts [--turns 1600]
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch

from benchmarks.turns import parse, parser, publish
from newgameplus.agents.experts.classifier import ZoneClassifier
from newgameplus.agents.experts.config import DEFAULT
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, EVERY_FRAME
from newgameplus.games.levels import Level, find_split
from newgameplus.movies.bk2 import read_movie
from newgameplus.open_games.proof import par_path
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES
from newgameplus.types import CONTEST_SIZE, SONIC_10, WARPED, Array, ObservationSpec

LATER_INTERVAL = 20
PRESSES = np.array([0.02, 0.2, 0.02, 0.1, 0.03, 0.03, 0.1, 0.1, 0.05, 0.35])
"""Probability of each action of ``SONIC_10``: mostly to the right, so that more of a level is seen."""
ONE_FRAME = ObservationSpec(gray=True, size=CONTEST_SIZE)


def random_play(levels: Sequence[Level], num_turns: int, seed: int) -> Iterator[Array]:
    """Yield pictures uint8 ``[B, 84, 84, 4]`` of random play, one row per level; buttons are held for some steps."""
    random = np.random.default_rng(seed)
    with closing(RetroVecEnv(levels, observation_spec=WARPED, action_spec=SONIC_10, num_threads=1)) as world:
        yield world.reset(seed=seed)[0]
        action = random.choice(len(PRESSES), len(levels), p=PRESSES)
        for _ in range(num_turns):
            others = random.choice(len(PRESSES), len(levels), p=PRESSES)
            action = np.where(random.random(len(levels)) < 0.2, others, action)
            yield world.step(action)[0]


def par_play(level: Level) -> Array:
    """Pictures of a level's par movie as an agent would see them, every 20 steps, uint8 ``[T, 84, 84, 4]``."""
    frames_per_step, stacks = CONTEST_FRAME_SKIP.num_frames, []
    masks = read_movie(par_path(level)).masks[1:, 0]
    seen: list[Array] = []
    with closing(
        RetroVecEnv([level], observation_spec=ONE_FRAME, frame_skip=EVERY_FRAME, max_episode_steps=None, num_threads=1)
    ) as world:
        seen.append(world.reset()[0][0])
        num_buttons = world.single_action_space.shape[0]  # type: ignore[index]  # one per button
        for number, mask in enumerate(masks.tolist(), start=1):
            buttons = np.array([[mask >> button & 1 for button in range(num_buttons)]], np.int8)
            observation, _, terminated, _, _ = world.step(buttons)
            if terminated[0]:
                break
            if number % frames_per_step == 0:
                seen.append(observation[0])
                if len(seen) >= 4 and len(seen) % LATER_INTERVAL == 0:
                    stacks.append(np.concatenate(seen[-4:], -1))
    return np.stack(stacks)


def zone_numbers(levels: Sequence[Level]) -> Array:
    """Zone index of each level, int64."""
    return np.array([ZONE_NAMES.index(level.zone) for level in levels])


def train(levels: Sequence[Level], num_turns: int) -> tuple[ZoneClassifier, float]:
    """Train a classifier as in a training run; return it with the seconds of its training."""
    classifier = ZoneClassifier(DEFAULT, WARPED_SHAPE, len(ZONE_NAMES), seed=0)
    zones, seconds = zone_numbers(levels), 0.0
    for observation in random_play(levels, num_turns, seed=0):
        start = time.perf_counter()
        classifier.observe(observation, zones)
        seconds += time.perf_counter() - start
    return classifier, seconds


WARPED_SHAPE = (*CONTEST_SIZE, WARPED.stack)


def judge(
    classifier: ZoneClassifier, levels: Sequence[Level], seeds: Sequence[int], num_steps: int
) -> dict[str, dict[str, float]]:
    """Accuracy on each level: votes, pictures of the vote, of random play and of the par movie."""
    zones, found = zone_numbers(levels), []
    for seed in seeds:
        pictures = np.stack(list(random_play(levels, num_steps, seed)), 1)
        told = [(classifier.log_probabilities(row[: DEFAULT.vote_steps]), row[::LATER_INTERVAL]) for row in pictures]
        found.append(
            [
                (
                    float(votes.sum(0).argmax() == zone),
                    float((votes.argmax(-1) == zone).mean()),
                    float((classifier.log_probabilities(later).argmax(-1) == zone).mean()),
                )
                for (votes, later), zone in zip(told, zones, strict=True)
            ]
        )
    means = np.mean(found, axis=0)
    lines = {}
    for level, zone, mean in zip(levels, zones, means.tolist(), strict=True):
        par = float((classifier.log_probabilities(par_play(level)).argmax(-1) == zone).mean())
        lines[level.state] = dict(zip(SIDES, (*mean, par), strict=True))
    return lines


SIDES = ("votes", "pictures of the first 16 steps", "pictures of 600 steps", "pictures of the par movies")


def main() -> None:
    """Train, judge, print the table and store it."""
    options = parser(__doc__, num_rounds=3)
    options.add_argument("--turns", type=int, default=1600, help="steps of each training level")
    options.add_argument("--later-steps", type=int, default=600, help="steps of random play on each validation level")
    options.add_argument("--levels", type=int, help="only the first so many of each split")
    arguments = parse(options, turns=8, later_steps=20, levels=1)
    torch.set_num_threads(1)
    start = time.perf_counter()
    training, validation = (
        find_split(f"tumbleweed-{name}").levels[: arguments.levels] for name in ("train", "validation")
    )
    classifier, seconds = train(training, arguments.turns)
    trained = time.perf_counter() - start
    levels = judge(classifier, validation, range(1, arguments.rounds + 1), arguments.later_steps)
    means = {side: float(np.mean([line[side] for line in levels.values()])) for side in SIDES}
    for state, line in levels.items():
        print(f"{state:16}" + "".join(f"{line[side]:9.3f}" for side in SIDES))
    result: dict[str, Any] = {
        "figure": "experts",
        "what": "Share of right answers of the zone classifier on tumbleweed-validation; chance is 0.125",
        "unit": "share of right answers",
        "num_rounds": arguments.rounds,
        "num_steps": arguments.turns * len(training),
        "sides": {side: {"median": round(mean, 4), "interval": [mean, mean]} for side, mean in means.items()},
        "ratios": [],
        "accuracy_in_training": round(classifier.metrics()["zone_accuracy"], 4),
        "levels": {state: {side: round(share, 3) for side, share in line.items()} for state, line in levels.items()},
        "learning_seconds": round(seconds, 1),
        "training_seconds": round(trained, 1),
        "wall_seconds": round(time.perf_counter() - start, 1),
    }
    publish(result, arguments.results)


if __name__ == "__main__":
    main()
