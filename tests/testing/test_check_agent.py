"""The kit passes an agent that keeps its promises, and names the promise that another one breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from newgameplus.agents.saved import require_agent, take, take_array
from newgameplus.errors import StateError
from newgameplus.testing import check_agent
from newgameplus.types import NOTHING, ActionSpec, Array, ObservationSpec, State, Step, Wishes, WorldSpec

ACTIONS = ActionSpec("set", (("B",), ("RIGHT",), ()))


@dataclass(frozen=True)
class BanditConfig:
    epsilon: float = 0.3
    step_size: float = 0.1


class Bandit:
    """Remembers a value of each action; has weights, metrics, a policy, action values and a replay buffer."""

    PRESETS: ClassVar[dict[str, Any]] = {"default": BanditConfig(), "greedy": BanditConfig(epsilon=0.0)}

    def __init__(self, config: BanditConfig, world: WorldSpec, seed: int) -> None:
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self.values = np.zeros(world.num_actions or 0)
        self.action = np.zeros(world.num_envs, np.int64)
        self.random = np.random.default_rng(seed)
        self.is_frozen = False

    @staticmethod
    def specs(config: Any) -> tuple[ObservationSpec, ActionSpec]:
        return NOTHING, ACTIONS

    def act(self, observation: Array) -> Array:
        explores = self.random.random(len(observation)) < self.config.epsilon
        drawn = self.random.integers(0, len(self.values), len(observation))
        self.action = np.where(explores, drawn, self.values.argmax())
        return self.action.copy()

    def observe(self, step: Step) -> None:
        if not self.is_frozen:
            self.learn(self.action, step.reward)

    def learn(self, action: Array, reward: Array) -> None:
        for each, value in zip(action, reward, strict=True):
            self.values[each] += self.config.step_size * (value - self.values[each])

    def state(self) -> State:
        random = self.random.bit_generator.state
        return {"agent": "bandit", "values": self.values.copy(), "action": self.action.copy(), "random": random}

    def restore(self, state: State) -> None:
        require_agent(state, "bandit")
        values, action = take_array(state, "values", np.float64), take_array(state, "action", np.int64)
        random = take(state, "random", dict)
        self.values, self.action, self.random.bit_generator.state = values.copy(), action.copy(), random

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        self.values, self.is_frozen = take_array(state, "values", np.float64).copy(), is_frozen

    def metrics(self) -> dict[str, float]:
        return {"best": float(self.values.max())}

    def remember(self, observation: Array, action: Array, step: Step, rows: Any) -> None:
        self.learn(action, step.reward)

    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        policy = np.full((len(observation), 3), self.config.epsilon / 3, np.float32)
        policy[:, self.values.argmax()] += 1 - self.config.epsilon
        return policy, np.full(len(observation), self.values.max(), np.float32)

    def expected_returns(self, observation: Array) -> Array:
        return np.tile(self.values.astype(np.float32), (len(observation), 1))


class Diary(Bandit):
    """Keeps the rewards in a file, if it is given a folder, and draws its numbers from their sum."""

    rewards: Any = ()
    path: Path | None = None

    def keep_in(self, folder: Path, num_steps: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "rewards"

    def observe(self, step: Step) -> None:
        self.write([*self.read(), float(step.reward.sum())])
        self.values[:] = np.roll([1.0, 0.0, 0.0], int(sum(self.read())) % 3)

    def read(self) -> list[float]:
        if self.path is None:
            return list(self.rewards)
        return [float(line) for line in self.path.read_text().split()] if self.path.exists() else []

    def write(self, rewards: list[float]) -> None:
        if self.path is None:
            self.rewards = rewards
        else:
            self.path.write_text(" ".join(map(repr, rewards)))

    def state(self) -> State:
        kept = self.read()
        return {**super().state(), "count": len(kept), "rewards": kept if self.path is None else []}

    def restore(self, state: State) -> None:
        count, rewards = take(state, "count", int), take(state, "rewards", list)
        super().restore(state)
        self.write(rewards if self.path is None else self.read()[:count])

    remember = probabilities = expected_returns = begin_from = None  # type: ignore[assignment]


class Manager(Bandit):
    """Lets a bandit act, and needs to know the zones."""

    def acting_agent(self) -> Bandit:
        return self

    @staticmethod
    def needs_zones(config: BanditConfig) -> bool:
        return True

    @staticmethod
    def wishes(config: BanditConfig) -> Wishes:
        return Wishes(frames_per_step=1)

    @staticmethod
    def arithmetic(config: BanditConfig) -> dict[str, Any]:
        return {"numpy": np.__version__}


@pytest.mark.parametrize("agent_class", [Bandit, Diary, Manager])
def test_an_agent_that_keeps_its_promises_passes(agent_class: Any) -> None:
    check_agent(agent_class)
    check_agent(agent_class, agent_class.PRESETS["greedy"], num_envs=1, num_steps=20, seed=3)


# Each class below breaks one promise.


class NoSpecs(Bandit):
    specs = None  # type: ignore[assignment]


class SpecsOfAnInstance(Bandit):
    def specs(self, config: BanditConfig) -> Any:  # type: ignore[override]
        return NOTHING, ACTIONS


class NoDefault(Bandit):
    PRESETS: ClassVar[dict[str, Any]] = {"greedy": BanditConfig()}


class LooseConfig(Bandit):
    PRESETS: ClassVar[dict[str, Any]] = {"default": {"epsilon": 0.3}}


class TwoConfigs(Bandit):
    PRESETS: ClassVar[dict[str, Any]] = {"default": BanditConfig(), "other": field()}


class NoSeed(Bandit):
    def __init__(self, config: BanditConfig, world: WorldSpec) -> None:
        super().__init__(config, world, 0)


class BlindAct(Bandit):
    def act(self) -> Array:  # type: ignore[override]
        return self.action


class NeverFrozen(Bandit):
    def begin_from(self, state: State) -> None:  # type: ignore[override]
        super().begin_from(state)


class ForgetsRows(Bandit):
    def remember(self, observation: Array, action: Array, step: Step) -> None:  # type: ignore[override]
        pass


class OneSpec(Bandit):
    @staticmethod
    def specs(config: BanditConfig) -> Any:
        return [NOTHING]


class MovingSpecs(Bandit):
    asked: ClassVar[list[int]] = []

    @staticmethod
    def specs(config: BanditConfig) -> Any:
        MovingSpecs.asked.append(0)
        return NOTHING, ActionSpec("set", ACTIONS.combos[: 2 + len(MovingSpecs.asked) % 2])


@dataclass(frozen=True)
class FormulaConfig(BanditConfig):
    formula: Any = complex(1, 1)


class Unwritable(Bandit):
    PRESETS: ClassVar[dict[str, Any]] = {"default": FormulaConfig()}


class OtherSpecs(Bandit):
    def __init__(self, config: BanditConfig, world: WorldSpec, seed: int) -> None:
        super().__init__(config, world, seed)
        self.action_spec = ActionSpec()


class Vandal(Bandit):
    def observe(self, step: Step) -> None:
        step.reward[:] = np.sign(step.reward)
        super().observe(step)


class WrongShape(Bandit):
    def act(self, observation: Array) -> Array:
        return super().act(observation)[:, None]


class Fractions(Bandit):
    def act(self, observation: Array) -> Array:
        return super().act(observation) * 1.0


class OutOfRange(Bandit):
    def act(self, observation: Array) -> Array:
        return super().act(observation) + 1


class Lender(Bandit):
    def act(self, observation: Array) -> Array:
        super().act(observation)
        return self.action


class Unseeded(Bandit):
    def __init__(self, config: BanditConfig, world: WorldSpec, seed: int) -> None:
        super().__init__(config, world, seed)
        self.random = np.random.default_rng()


class HiddenChance(Bandit):
    def metrics(self) -> dict[str, float]:
        return {}

    def learn(self, action: Array, reward: Array) -> None:
        super().learn(action, reward + np.random.default_rng().random() * 1e-9)


class ListState(Bandit):
    def state(self) -> Any:
        return [self.values]


class TupleState(Bandit):
    def state(self) -> State:
        return {**super().state(), "extra": {"size": (1, 2)}}


class ScalarState(Bandit):
    def state(self) -> State:
        return {**super().state(), "best": self.values.max()}


class LiveState(Bandit):
    def state(self) -> State:
        return {**super().state(), "values": self.values}


class ForgetsChance(Bandit):
    def state(self) -> State:
        return {**super().state(), "random": np.random.default_rng(0).bit_generator.state}


class ForgetsLearning(Bandit):
    """Its actions do not show what it forgets."""

    def state(self) -> State:
        return {**super().state(), "values": self.values.round(0)}


class ForgetsAction(Bandit):
    def state(self) -> State:
        return {**super().state(), "action": (self.action + 1) % 3}


class LeavesFilesLong(Diary):
    """Does not cut its file back to what a checkpoint knows."""

    def restore(self, state: State) -> None:
        before = self.read()
        super().restore(state)
        if self.path is not None:
            self.write(before)


class SharesValues(Bandit):
    """Gives a view of a copy that it goes on with itself."""

    def state(self) -> State:
        self.values, kept = self.values.copy(), self.values
        SharesValues.last = self
        return {**super().state(), "values": kept}

    def restore(self, state: State) -> None:
        super().restore(state)
        SharesValues.last.values = self.values

    last: ClassVar[Any] = None


class Gullible(Bandit):
    def restore(self, state: State) -> None:
        if "values" in state:
            super().restore({**super().state(), **state})


class Unkind(Bandit):
    def restore(self, state: State) -> None:
        self.values, self.action = state["values"].copy(), state["action"].copy()
        self.random.bit_generator.state = state["random"]
        require_agent(state, "bandit")


class HalfRestored(Bandit):
    def restore(self, state: State) -> None:
        self.values = np.roll(self.values, 1)
        super().restore(state)


class OffThePad(Bandit):
    @staticmethod
    def specs(config: BanditConfig) -> Any:
        return NOTHING, ActionSpec("multi_discrete")

    def __init__(self, config: BanditConfig, world: WorldSpec, seed: int) -> None:
        super().__init__(config, world, seed)
        self.values, self.shape = np.zeros(3), (world.num_envs, *world.action_shape)

    def act(self, observation: Array) -> Array:
        return np.full(self.shape, 99)

    learn = lambda self, action, reward: None  # noqa: E731
    probabilities = expected_returns = remember = begin_from = None  # type: ignore[assignment]


class NoNumber(Bandit):
    def metrics(self) -> dict[str, float]:
        return {"loss": float("nan")}


class TakesAnything(Bandit):
    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        if "values" in state:
            super().begin_from(state, is_frozen=is_frozen)


class BeginsByChance(Bandit):
    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        super().begin_from(state, is_frozen=is_frozen)
        if not is_frozen:
            self.values += np.random.default_rng().random(3) * 1e6


class Thawing(Bandit):
    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        super().begin_from(state)


class ForgetsOthers(Bandit):
    told: Any = ()

    def remember(self, observation: Array, action: Array, step: Step, rows: Any) -> None:
        self.told = [*self.told, (action.copy(), step.reward.copy())]

    def act(self, observation: Array) -> Array:
        for action, reward in self.told:
            self.learn(action, reward)
        self.told = ()
        return super().act(observation)


class RewardThief(Bandit):
    def remember(self, observation: Array, action: Array, step: Step, rows: Any) -> None:
        step.reward[:] = 1.0


class NoDistribution(Bandit):
    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        policy, value = super().probabilities(observation)
        return policy * 2, value


class NoValue(Bandit):
    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        return super().probabilities(observation)[0], np.zeros(1)


class Moved(Bandit):
    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        self.random.random()
        return super().probabilities(observation)


class OneReturn(Bandit):
    def expected_returns(self, observation: Array) -> Array:
        return super().expected_returns(observation)[:, 0]


class Nobody(Manager):
    def acting_agent(self) -> Any:
        return None


class Perhaps(Manager):
    @staticmethod
    def needs_zones(config: BanditConfig) -> Any:
        return "perhaps"


class WishesForWords(Manager):
    @staticmethod
    def wishes(config: BanditConfig) -> Any:
        return {"stall_frames": 100}


class Sets(Manager):
    @staticmethod
    def arithmetic(config: BanditConfig) -> Any:
        return {"kernels": (1, 2)}


FLAWS = {
    NoSpecs: r"NoSpecs.specs is no method, but None",
    SpecsOfAnInstance: r"SpecsOfAnInstance.specs is asked of the class.*@staticmethod",
    NoDefault: r"NoDefault.PRESETS is a dictionary .* 'default'",
    LooseConfig: r"preset 'default' of LooseConfig is no frozen dataclass",
    TwoConfigs: r"preset 'other' of TwoConfigs is no frozen dataclass",
    NoSeed: r"NoSeed\(config, world, seed\) is what is called, but it is defined as \(config",
    BlindAct: r"BlindAct.act\(self, observation.* is what is called, but it is defined as \(self\)",
    NeverFrozen: r"NeverFrozen.begin_from\(.*is_frozen.* is what is called",
    ForgetsRows: r"ForgetsRows.remember\(.*rows.* is what is called",
    OneSpec: r"specs returns an ObservationSpec and an ActionSpec, not \[",
    MovingSpecs: r"specs of the same configuration are the same each time",
    Unwritable: r"kept in manifests as JSON",
    OtherSpecs: r"observation_spec and action_spec of OtherSpecs are not what its specs",
    Vandal: r"Vandal writes to an array that it was given",
    WrongShape: r"An action of WrongShape is an array of whole numbers \(2,\), not int64 \(2, 1\)",
    Fractions: r"An action of Fractions is an array of whole numbers \(2,\), not float64",
    OutOfRange: r"An action of OutOfRange lies from 0 to 2",
    Lender: r"Lender acts otherwise after the caller changed an action|Lender goes on differently",
    Unseeded: r"Unseeded plays differently with the same seed",
    HiddenChance: r"HiddenChance learns differently with the same seed; the states differ in state.values",
    ListState: r"The state of ListState is a dict, not list",
    TupleState: r"not so state.extra.size, a builtins.tuple",
    ScalarState: r"not so state.best, a numpy.float64",
    LiveState: r"A state of LiveState changed while it went on, in state.values",
    ForgetsChance: r"ForgetsChance goes on differently when it is restored: its state holds all",
    ForgetsLearning: r"ForgetsLearning learns differently when it is restored",
    ForgetsAction: r"ForgetsAction (goes on|learns) differently when it is restored between act and observe",
    SharesValues: r"SharesValues (plays differently once another one was restored from its state|goes on differently)",
    Gullible: r"Gullible.restore takes a state (without 'agent'|that is empty); refuse it with a StateError",
    Unkind: r"Unkind.restore refuses a state without 'values' with a StateError, not with KeyError",
    HalfRestored: r"HalfRestored plays differently once it refused a damaged state",
    NoNumber: r"metrics of NoNumber is a dict of finite numbers by name",
    TakesAnything: r"TakesAnything.begin_from takes a state that is empty",
    BeginsByChance: r"BeginsByChance plays differently from the same weights with the same seed",
    Thawing: r"Thawing plays by the rewards that it hears, though .* froze it",
    ForgetsOthers: r"ForgetsOthers (goes on|learns) differently when it is restored after it was told by remember",
    RewardThief: r"RewardThief.remember writes to an array",
    LeavesFilesLong: r"LeavesFilesLong goes on differently when it is restored, with files and steps written after it",
    NoDistribution: r"probabilities of NoDistribution are 0 or more and add up to 1",
    NoValue: r"probabilities of NoValue returns arrays of shapes \(\(2, 3\), \(2,\)\), not",
    Moved: r"Moved plays differently once probabilities was called",
    OneReturn: r"expected_returns of OneReturn are finite numbers \(2, 3\)",
    Nobody: r"acting_agent of Nobody returns an agent",
    Perhaps: r"needs_zones of Perhaps returns a bool, not 'perhaps'",
    WishesForWords: r"wishes of WishesForWords returns Wishes, not \{'stall_frames': 100\}",
    Sets: r"arithmetic of Sets returns a dict of JSON types",
}


@pytest.mark.parametrize("agent_class", FLAWS, ids=lambda flaw: flaw.__name__)
def test_the_promise_that_an_agent_breaks_is_named(agent_class: Any) -> None:
    with pytest.raises(AssertionError, match=FLAWS[agent_class]):
        check_agent(agent_class, num_steps=60)


def test_what_an_agent_raises_is_noted_with_what_was_checked() -> None:
    with pytest.raises(Exception, match=r"outside|99") as caught:
        check_agent(OffThePad, num_steps=20)
    assert any("A real world accepts the agent" in note for note in caught.value.__notes__)


def test_an_agent_is_named_as_on_the_command_line() -> None:
    check_agent("random", num_steps=20)
    with pytest.raises(StateError):
        Bandit(BanditConfig(), WorldSpec(1, (), (0,), (), 3), 0).restore({"agent": "ppo"})
