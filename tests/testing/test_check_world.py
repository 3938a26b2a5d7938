"""The kit passes a world that keeps its promises, and names the promise that another one breaks."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from newgameplus.agents.saved import take
from newgameplus.envs.interface import ResumableWorld, World
from newgameplus.errors import StateError, UsageError
from newgameplus.testing import check_world
from newgameplus.types import ActionSpec, Array, State


class Dice:
    """Each row throws a die until it shows an end: a world of two rows that needs no console."""

    num_envs: int = 2
    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012
    single_observation_space: gym.Space[Any] = gym.spaces.Box(0, 255, (3,), np.uint8)
    single_action_space: gym.Space[Any] = gym.spaces.Discrete(3)
    observation_space: gym.Space[Any] = batch_space(single_observation_space, 2)
    buttons: Any = ("B", None, "RIGHT")
    action_spec: Any = ActionSpec("set", (("B",), ("RIGHT",), ()))
    level_ids: Any = ("Dice/One", "Dice/Two")

    def __init__(self) -> None:
        self.action_space: gym.Space[Any] = batch_space(self.single_action_space, 2)
        self.randoms = [np.random.default_rng() for _ in range(2)]
        self.shown = np.zeros((2, 3), np.uint8)
        self.is_open = True

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Array, dict[str, Any]]:
        seeds = [seed, seed + 1] if isinstance(seed, int) else seed or [None, None]
        self.shown = np.zeros((2, 3), np.uint8)
        for row, own in enumerate(seeds):
            self.seed_row(row, own)
            self.begin(row)
        return self.shown.copy(), {}

    def seed_row(self, row: int, seed: int | None) -> None:
        if seed is not None:
            self.randoms[row] = np.random.default_rng(seed)

    def begin(self, row: int) -> None:
        self.shown[row] = 0, 0, row

    def step(self, actions: Array) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        if not (actions < 3).all():
            raise UsageError(f"There is no action {actions.tolist()}.")
        shown = self.shown.copy()
        shown[:, 0] += 1
        shown[:, 1] = [10 * action + random.integers(6) for action, random in zip(actions, self.randoms, strict=True)]
        terminated, truncated = shown[:, 1] % 10 == 5, shown[:, 0] >= 8
        self.shown, info = shown, {}
        over = terminated | truncated
        if over.any():
            info = self.end(over)
        return self.shown.copy(), shown[:, 1].astype(np.float64), terminated, truncated & ~terminated, info

    def end(self, over: Array) -> dict[str, Any]:
        final = np.empty(2, object)
        for row in np.flatnonzero(over):
            final[row] = self.shown[row].copy()
            self.begin(row)
        return {"final_obs": final, "_final_obs": over}

    def random_state(self, row: int) -> dict[str, Any]:
        return dict(self.randoms[row].bit_generator.state)

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        try:
            self.randoms[row].bit_generator.state = state
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"This is no state: {error}.") from error

    def state(self) -> State:
        return {"shown": self.shown.copy(), "random": [self.random_state(row) for row in range(2)]}

    def restore(self, state: State) -> Array:
        shown, random = take(state, "shown", np.ndarray), take(state, "random", list)
        self.shown = shown.copy()
        for row, own in enumerate(random):
            self.restore_random_state(row, own)
        return self.shown.copy()

    def close(self) -> None:
        self.is_open = False


class Brief(Dice):
    """Cannot be saved."""

    state = restore = None  # type: ignore[assignment]


def test_a_world_that_keeps_its_promises_passes() -> None:
    assert isinstance(Dice(), ResumableWorld)
    check_world(Dice)
    check_world(Dice, num_steps=12, seed=0)


def test_a_world_that_cannot_be_saved_is_asked_for_nothing_more() -> None:
    assert isinstance(Brief(), World)
    assert not isinstance(Brief(), ResumableWorld)
    check_world(Brief)


# Each class below breaks one promise.


class NoMeaning:
    metadata: dict[str, Any] = {}  # noqa: RUF012

    def step(self, actions: Array) -> None: ...

    def close(self) -> None: ...


class NextStep(Dice):
    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012


class WrongBatch(Dice):
    observation_space: gym.Space[Any] = gym.spaces.Box(0, 255, (3,), np.uint8)


class OneLevel(Dice):
    level_ids: Any = ("Dice/One",)


class NoSpec(Dice):
    action_spec: Any = "set"


class NoNames(Dice):
    buttons: Any = "B"


class Floats(Dice):
    def step(self, actions: Array) -> Any:
        observation, *told = super().step(actions)
        return [observation / 2, *told]


class SmallRewards(Dice):
    def step(self, actions: Array) -> Any:
        observation, reward, *told = super().step(actions)
        return [observation, reward.astype(np.float32), *told]


class NoMask(Dice):
    def end(self, over: Array) -> dict[str, Any]:
        return {**super().end(over), "_final_obs": np.ones(2, np.bool_)}


class Unending(Dice):
    def step(self, actions: Array) -> Any:
        shown, reward, terminated, truncated, _ = super().step(actions)
        return shown, reward, terminated & False, truncated & False, {}


class ShowsTheEnd(Dice):
    def begin(self, row: int) -> None:
        if not self.shown[row, 0]:
            super().begin(row)


class Overwrites(Dice):
    seen: Any = None

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        self.seen, info = super().reset(seed=seed)
        return self.seen, info

    def step(self, actions: Array) -> Any:
        shown, *told = super().step(actions)
        self.seen[...] = shown
        return [self.seen, *told]


class DeafToSeeds(Dice):
    def seed_row(self, row: int, seed: int | None) -> None:
        super().seed_row(row, None if seed is None else 3)


class BeginsAnew(Dice):
    def seed_row(self, row: int, seed: int | None) -> None:
        self.randoms[row] = np.random.default_rng(seed)


class HiddenChance(Dice):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = np.random.default_rng(0)

    def step(self, actions: Array) -> Any:
        shown, reward, *told = super().step(actions)
        return [shown, reward + self.hidden.random(2), *told]


class ChanceOfItsOwn(Dice):
    """Its random numbers go on between episodes and are not restored."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = int(np.random.default_rng().integers(2**31))

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return super().reset(seed=seed + self.offset if isinstance(seed, int) else seed)


class TakesStrangeRandom(Dice):
    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        if "state" in state:
            super().restore_random_state(row, state)


class RaisesKeyErrors(Dice):
    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        self.randoms[row].bit_generator.state = state


class TakesAnything(Dice):
    def step(self, actions: Array) -> Any:
        return super().step(actions % 3)


class RefusesByAssertion(Dice):
    def step(self, actions: Array) -> Any:
        assert (actions < 3).all()
        return super().step(actions)


class StateOfTuples(Dice):
    def state(self) -> State:
        return {**super().state(), "size": (2, 3)}


class ForgetsWhatItShows(Dice):
    def restore(self, state: State) -> Array:
        super().restore(state)
        return self.shown * 0


class ForgetsItsStep(Dice):
    def state(self) -> State:
        shown = self.shown.copy()
        shown[:, 0] //= 2
        return {**super().state(), "shown": shown}

    def restore(self, state: State) -> Array:
        shown = super().restore(state)
        shown[:, 0] = 2 * shown[:, 0]
        return shown


class DisturbedBySaving(Dice):
    def state(self) -> State:
        state = super().state()
        self.randoms[0].random()
        return state


class Gullible(Dice):
    def restore(self, state: State) -> Array:
        return super().restore({**self.state(), **state})


class CannotCloseTwice(Dice):
    def close(self) -> None:
        if not self.is_open:
            raise UsageError("It is closed already.")
        self.is_open = False


FLAWS = {
    NoMeaning: r"NoMeaning is no World: it lacks action_space, action_spec, buttons,",
    NextStep: r"metadata\['autoreset_mode'\] of NextStep is AutoresetMode.SAME_STEP, not",
    WrongBatch: r"observation_space is single_observation_space with B as the first axis",
    OneLevel: r"level_ids has a string for each of the 2 rows",
    NoSpec: r"action_spec is an ActionSpec, not 'set'",
    NoNames: r"buttons is a tuple of names and None",
    Floats: r"An observation lies in .*this one does not: float",
    SmallRewards: r"reward is an array float64 \(2,\), not array",
    NoMask: r"info\['_final_obs'\] marks the rows whose episode ended",
    Unending: r"No episode ended within 40 steps; make worlds of shorter episodes",
    ShowsTheEnd: r"the observation is the first of the next one, not the last of the ended one",
    Overwrites: r"An observation changed when the world went on",
    DeafToSeeds: r"another seed, another random_state",
    BeginsAnew: r"reset without a seed.* goes on with that row's random numbers; here they begin anew",
    HiddenChance: r"With the random numbers restored an episode goes differently",
    ChanceOfItsOwn: r"The same seed and actions give something else in a new world: see told",
    TakesStrangeRandom: r"restore_random_state takes a state \{\}; refuse it with a StateError",
    RaisesKeyErrors: r"restore_random_state refuses a state \{\} with a StateError, not with",
    TakesAnything: r"step takes the action 3, which is not in Discrete\(3\); refuse it",
    RefusesByAssertion: r"step refuses the action 3 with a UsageError, not with AssertionError",
    StateOfTuples: r"not so state.size, a builtins.tuple",
    ForgetsWhatItShows: r"restore returns the observation of the moment that it goes back to",
    ForgetsItsStep: r"restore returns the observation|Restored after 10 steps, a world goes on differently",
    DisturbedBySaving: r"Restored after 0 steps, a world goes on differently|once it was saved",
    Gullible: r"restore takes a state that is empty; refuse it with a StateError",
}


@pytest.mark.parametrize("world_class", FLAWS, ids=lambda flaw: flaw.__name__)
def test_the_promise_that_a_world_breaks_is_named(world_class: Any) -> None:
    with pytest.raises(AssertionError, match=FLAWS[world_class]):
        check_world(world_class)


def test_what_a_world_raises_is_noted_with_what_was_checked() -> None:
    with pytest.raises(UsageError, match="closed already") as caught:
        check_world(CannotCloseTwice)
    assert any("a second call does nothing" in note for note in caught.value.__notes__)
