"""JERK as a machine stepped from outside equals JERK written as loops around a world, which is how 2018 wrote it.

The loops below are stated anew from the published descriptions and drive the world themselves. Most comparisons take
place in a corridor or a moody place made of a few lines: they stand for no emulator, they only make walls, pits, stalls
and losses frequent, so that all branches are taken many times. One comparison plays real Airstriker.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pytest

from newgameplus.agents.jerk.agent import Jerk
from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.envs.contest import make_contest
from newgameplus.envs.world import SingleWorld
from newgameplus.games.levels import find_level
from newgameplus.training.loop import play
from newgameplus.types import NOTHING, Step, WorldSpec

BUTTONS = ("B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z")
B, DOWN, LEFT, RIGHT = (BUTTONS.index(name) for name in ("B", "DOWN", "LEFT", "RIGHT"))
COMBOS = ((LEFT,), (RIGHT,), (LEFT, DOWN), (RIGHT, DOWN), (DOWN,), (DOWN, B), (B,))
SPEC = WorldSpec(1, BUTTONS, (0,), (len(BUTTONS),), num_timesteps=15_000)

Press = tuple[int, ...]
"""The buttons that one step holds."""


class Played(Protocol):
    def reset(self) -> None: ...

    def step(self, press: Press) -> tuple[float, bool]: ...


class Corridor:
    """Walk right for reward; walls need a jump, pits kill who does not jump, lag moves now and then nothing."""

    def __init__(self, seed: int, scale: float) -> None:
        self.random = np.random.default_rng(seed)
        self.scale = scale

    def reset(self) -> None:
        self.place, self.steps, self.air = 0, 0, 0

    def step(self, press: Press) -> tuple[float, bool]:
        self.steps += 1
        self.air = 3 if B in press else max(0, self.air - 1)
        before = self.place
        wanted = before + (RIGHT in press) - (LEFT in press)
        is_blocked = wanted % 90 == 89 and self.air == 0
        if wanted >= 0 and not is_blocked and DOWN not in press and self.random.random() > 0.05:
            self.place = wanted
        is_dead = self.place % 130 == 129 and self.air == 0
        reward = (self.place - before) * self.scale if self.place > 40 else 0.0
        return reward, is_dead or self.place >= 700 or self.steps >= 900


MOODS = ([0.0, -1.0], [0.0, 1.0], [-1.0, 0.0, 0.0, 2.0], [4.0, -3.0, -2.0])


class Moods:
    """Pays rarely, takes away as often, and ends episodes by chance: long stalls, and returns of zero and less."""

    def __init__(self, seed: int, scale: float) -> None:
        self.random = np.random.default_rng(seed)
        self.scale = scale

    def reset(self) -> None:
        self.steps = 0
        self.length = int(self.random.integers(60, 900))
        self.interval = int(self.random.integers(20, 160))
        self.gains = self.random.choice(
            [[0.0, -1.0], [0.0, 1.0], [-1.0, 0.0, 0.0, 2.0]][int(self.random.integers(3))], 50
        )

    def step(self, press: Press) -> tuple[float, bool]:
        self.steps += 1
        block, rest = divmod(self.steps, self.interval)
        reward = float(self.gains[block]) * self.scale if rest == 0 else 0.0
        return reward, self.steps >= self.length


class Finished(Exception):
    """The budget of steps is spent."""


class Trail:
    """What a world's 2018 wrapper remembered of an episode, and of the whole run."""

    def __init__(self, world: Played, num_timesteps: int) -> None:
        self.world, self.num_timesteps = world, num_timesteps
        self.log: list[Press] = []
        self.presses: list[Press] = []
        self.totals: list[float] = []

    def reset(self) -> None:
        self.world.reset()
        self.presses, self.totals = [], []

    def step(self, *press: int) -> tuple[float, bool]:
        if len(self.log) == self.num_timesteps:
            raise Finished
        reward, done = self.world.step(press)
        self.log.append(tuple(sorted(press)))
        self.presses.append(tuple(sorted(press)))
        self.totals.append((self.totals[-1] if self.totals else 0.0) + reward)
        return reward, done

    @property
    def total(self) -> float:
        return self.totals[-1]

    def best_part(self) -> list[Press]:
        return self.presses[: self.totals.index(max(self.totals)) + 1]


Stored = list[tuple[list[float], list[Press]]]


def go(trail: Trail, random: np.random.Generator, num_steps: int, direction: int) -> tuple[float, bool]:
    """Hold a direction; begin a jump of four steps with probability one in ten."""
    earned, jump = 0.0, 0
    for _ in range(num_steps):
        if jump == 0 and random.random() < 0.1:
            jump = 4
        reward, done = trail.step(direction, B) if jump else trail.step(direction)
        jump = max(0, jump - 1)
        earned += reward
        if done:
            return earned, True
    return earned, False


def explore_on(trail: Trail, random: np.random.Generator, backward_steps: int) -> None:
    done = False
    while not done:
        earned, done = go(trail, random, 100, RIGHT)
        if not done and earned <= 0:
            _, done = go(trail, random, backward_steps, LEFT)


def explore(trail: Trail, random: np.random.Generator, backward_steps: int) -> tuple[list[float], list[Press]]:
    trail.reset()
    explore_on(trail, random, backward_steps)
    return [max(trail.totals)], trail.best_part()


def contest_2018(trail: Trail, random: np.random.Generator, stored: Stored, horizon: int) -> None:
    while True:
        if stored and random.random() < 0.25 + len(trail.log) / horizon:
            stored.sort(key=lambda pair: float(np.mean(pair[0])))
            trail.reset()
            done, left = False, list(stored[-1][1])
            while not done:
                _, done = trail.step(*(left.pop(0) if left else ()))
            stored[-1][0].append(trail.total)
        else:
            stored.append(explore(trail, random, 70))


def improved(trail: Trail, random: np.random.Generator, stored: Stored, horizon: int) -> None:
    while True:
        best = max((float(np.mean(pair[0])) for pair in stored), default=0.0)
        if stored and random.random() < 0.12 + len(trail.log) / horizon + best / 10_000:
            stored.sort(key=lambda pair: float(np.mean(pair[0])))
            trail.reset()
            reward, done = 0.0, False
            for press in stored[-1][1]:
                reward, done = trail.step(*press)
                if done:
                    break
            while not done:
                reward, done = go(trail, random, 45, LEFT) if reward <= 0 else go(trail, random, 100, RIGHT)
            stored[-1][0].append(trail.total)
        else:
            stored.append(explore(trail, random, 45))


def follow_then_search(trail: Trail, random: np.random.Generator, sequence: list[Press]) -> int:
    """Play a sequence until its end or 100 steps without reward, then search on; return the last rewarding index."""
    trail.reset()
    last = 0
    for index, press in enumerate(sequence):
        if index - last > 100:
            break
        reward, done = trail.step(*press)
        if reward > 0:
            last = index
        if done:
            return last
    direction, done = RIGHT, False
    while not done:
        earned, done = go(trail, random, 100, direction)
        direction = LEFT if earned == 0 else RIGHT
        if earned != 0:
            last = len(trail.presses)
    return last


def cut_out(sequence: list[Press], random: np.random.Generator) -> list[Press]:
    if random.random() < len(sequence) / 100:
        begin, length = int(random.integers(len(sequence))), int(random.integers(len(sequence) // 5 + 1))
        return [press for index, press in enumerate(sequence) if not begin <= index < begin + length]
    return list(sequence)


def mutate_by_replacing(sequence: list[Press], rate: float, random: np.random.Generator) -> list[Press]:
    mutated = cut_out(sequence, random)
    for _ in range(int(random.integers(len(sequence) // 5 + 1))):
        mutated.pop()
    for age, index in enumerate(reversed(range(len(mutated)))):
        if random.random() < math.exp(-age / 100) * rate:
            mutated[index] = tuple(sorted(COMBOS[int(random.integers(7))]))
    return mutated


def mutate_by_truncating(sequence: list[Press], rate: float, random: np.random.Generator) -> list[Press]:
    mutated = cut_out(sequence, random)
    for age in range(len(mutated)):
        if random.random() < math.exp(-age / 100) * rate:
            return mutated[: len(mutated) - age - 1]
    return mutated


def custom(mutate: Callable[..., list[Press]], damping: float) -> Callable[..., None]:
    def run(trail: Trail, random: np.random.Generator, stored: Stored, horizon: int) -> None:
        stored.append(explore(trail, random, 70))
        while True:
            best = max(stored[::-1], key=lambda pair: float(np.mean(pair[0])))
            mean = float(np.mean(best[0]))
            if random.random() < (mean / 10_000 + (len(trail.log) / horizon) ** 3) / 2:
                stored.sort(key=lambda pair: float(np.mean(pair[0])))
                last = follow_then_search(trail, random, best[1])
                best[0].append(trail.total)
                is_new = len(trail.best_part()) != len(best[1])
            else:
                last = follow_then_search(trail, random, mutate(best[1], (1 - mean / 10_000) * damping, random))
                is_new = True
            is_good = trail.total / mean > 0.6 if mean > 0 else trail.total > mean
            if is_good and is_new:
                stored.append(([max(trail.totals)], trail.best_part()[:last]))

    return run


def returning(trail: Trail, random: np.random.Generator, stored: Stored, horizon: int) -> None:
    while True:
        is_repeat = bool(stored) and random.random() < len(trail.log) / horizon
        sequence: list[Press] = []
        if is_repeat:
            stored.sort(key=lambda pair: float(np.mean(pair[0])))
            sequence = stored[-1][1]
        elif stored and random.random() >= 0.1:
            best = sorted(stored, key=lambda pair: float(np.mean(pair[0])))[::-1][:4]
            chosen = best[int(random.integers(len(best)))][1]
            sequence = chosen[: max(0, len(chosen) - int(random.integers(1, 76)))]
        trail.reset()
        done = False
        for press in sequence:
            _, done = trail.step(*press)
            if done:
                break
        if not done:
            explore_on(trail, random, 70)
        found = [max(trail.totals)], trail.best_part()
        if is_repeat:
            is_further = max(trail.totals) > 1.02 * max(stored[-1][0][0], 1.0) and len(found[1]) > len(sequence)
            stored[-1][0].append(trail.total)
        if not is_repeat or is_further:
            stored.append(found)


RESTATED = {
    "default": contest_2018,
    "improved": improved,
    "mutating": custom(mutate_by_replacing, 0.2),
    "truncating": custom(mutate_by_truncating, 0.3),
    "returning": returning,
}


def restated_run(preset: str, world: Played, num_timesteps: int, horizon: int, seed: int) -> tuple[list[Press], Stored]:
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed).spawn(1)[0]))
    trail, stored = Trail(world, num_timesteps), []
    with pytest.raises(Finished):
        RESTATED[preset](trail, random, stored, horizon)
    return trail.log, stored


def pressed(action: np.ndarray[Any, Any]) -> Press:
    return tuple(np.flatnonzero(action[0]).tolist())


def stored_by(agent: Jerk) -> Stored:
    bits = {1: RIGHT, 2: LEFT, 4: B, 8: DOWN}
    return [
        (
            sequence.returns,
            [tuple(sorted(button for bit, button in bits.items() if code & bit)) for code in sequence.actions],
        )
        for sequence in agent._explorers[0].memory.sequences
    ]


def agent_run(agent: Jerk, world: Played, num_timesteps: int) -> list[Press]:
    log = []
    world.reset()
    nothing, no = np.zeros((1, 0), np.uint8), np.zeros(1, np.bool_)
    for _ in range(num_timesteps):
        press = pressed(agent.act(nothing))
        log.append(press)
        reward, done = world.step(press)
        if done:
            world.reset()
        agent.observe(Step(nothing, np.array([reward]), np.array([done]), no))
    return log


@pytest.mark.parametrize("scale", [1.0, 10.0, 1 / 3], ids=["points", "contest", "fractions"])
@pytest.mark.parametrize("place", [Corridor, Moods])
@pytest.mark.parametrize("preset", RESTATED)
def test_the_machine_presses_and_remembers_what_the_loops_do(
    preset: str, place: type[Corridor | Moods], scale: float
) -> None:
    num_timesteps = 15_000
    for seed in range(2):
        agent = Jerk(Jerk.PRESETS[preset], SPEC, seed)
        log = agent_run(agent, place(seed + 50, scale), num_timesteps)
        expected, stored = restated_run(preset, place(seed + 50, scale), num_timesteps, num_timesteps, seed)
        assert log == expected
        assert stored_by(agent) == stored
        assert sum(len(returns) for returns, _ in stored) > 5


def test_the_contest_preset_spreads_its_schedule_over_a_million_steps() -> None:
    agent = Jerk(Jerk.PRESETS["contest-2018"], SPEC, 3)
    log = agent_run(agent, Corridor(1, 1.0), 15_000)
    expected, _ = restated_run("default", Corridor(1, 1.0), 15_000, 1_000_000, 3)
    assert log == expected
    assert log != agent_run(Jerk(JerkConfig(), SPEC, 3), Corridor(1, 1.0), 15_000)


class Airstriker:
    """The real game, with the manners of the loops."""

    def __init__(self, seed: int) -> None:
        level = find_level("Airstriker-Genesis-v0/Level1", "scenario")
        self.env = make_contest(level, observation_spec=NOTHING, max_episode_steps=120)
        self.seed: int | None = seed

    def reset(self) -> None:
        self.env.reset(seed=self.seed)
        self.seed = None

    def step(self, press: Press) -> tuple[float, bool]:
        action = np.zeros(len(BUTTONS), np.int8)
        action[list(press)] = 1
        _, reward, terminated, truncated, _ = self.env.step(action)
        return float(reward), terminated or truncated


@pytest.mark.parametrize("preset", ["default", "mutating"])
def test_in_airstriker_the_agent_in_the_loop_plays_what_the_loops_play(preset: str) -> None:
    num_timesteps = 700
    game = Airstriker(seed=5)
    try:
        expected, _ = restated_run(preset, game, num_timesteps, num_timesteps, 7)
    finally:
        game.env.close()
    spec = WorldSpec(1, BUTTONS, (0,), (len(BUTTONS),), num_timesteps=num_timesteps)
    agent = Jerk(Jerk.PRESETS[preset], spec, 7)
    world = SingleWorld(Airstriker(seed=5).env)
    try:
        turns = play(agent, world, seed=5)
        assert [pressed(next(turns).action) for _ in range(num_timesteps)] == expected
    finally:
        world.close()
