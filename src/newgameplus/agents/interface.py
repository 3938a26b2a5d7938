"""Interface of an agent, and small Protocols for what it can do besides playing, checked by ``isinstance``.

An agent provides a Protocol by having its methods; it inherits from none of these. If only the class is known, use
:func:`offers`; check an instance once per run, since that takes microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from newgameplus.agents.stages import Learned, Movies
from newgameplus.types import ActionSpec, Array, ObservationSpec, Snapshots, State, Step, Wishes, WorldSpec


@runtime_checkable
class Agent(Protocol):
    """An agent: receives a batch of observations, returns a batch of actions, and observes the resulting step."""

    observation_spec: ObservationSpec
    """Observation that the agent needs; the world computes nothing else."""
    action_spec: ActionSpec
    """Meaning of its actions."""

    def act(self, observation: Array) -> Array:
        """Choose an action ``[B, …]`` for an observation ``[B, …]``; the caller may keep the array."""
        ...

    def observe(self, step: Step) -> None:
        """Observe the step that the last action led to."""
        ...

    def state(self) -> State:
        """Full state, from which the agent continues exactly."""
        ...

    def restore(self, state: State) -> None:
        """Restore ``state``, as returned by an agent of the same class, configuration and world.

        Raises:
            StateError: it belongs to another agent or configuration, or is damaged.
        """
        ...


class AgentClass(Protocol):
    """What an agent's class provides in addition to the methods of an :class:`Agent`."""

    PRESETS: Mapping[str, Any]
    """Configuration of each preset, a frozen dataclass, by name; one is called ``default``."""

    @staticmethod
    def specs(config: Any) -> tuple[ObservationSpec, ActionSpec]:
        """Return the observation and action specs of an agent with this configuration."""
        ...

    def __call__(self, config: Any, world: WorldSpec, seed: int) -> Agent:
        """Create the agent; the world has been made with its ``specs``."""
        ...


REQUIRED_PARTS = ("PRESETS", "specs", "act", "observe", "state", "restore")
"""Attributes that an agent class must have."""


def offers(agent_class: AgentClass, part: type) -> bool:
    """Return whether the agents of a class provide ``part``, a Protocol of this module with methods only."""
    return isinstance(agent_class, type) and issubclass(agent_class, part)


@runtime_checkable
class HasWeights(Protocol):
    """Has learned weights that another agent of its class starts from: ``--init``, ``--frozen``, ``--watch-every``."""

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Start a new run with the weights of ``state``, from another training run; learn unless ``is_frozen``.

        Raises:
            StateError: they do not fit this agent.
        """
        ...


@runtime_checkable
class NamesWeights(Protocol):
    """Names the part of its state that other agents begin from, which is kept and exported instead of the whole."""

    @staticmethod
    def weights_in(state: State) -> State:
        """Return the part of ``state`` that ``begin_from`` reads; not a copy."""
        ...


@runtime_checkable
class ExpectsWeights(Protocol):
    """Is made to begin with given weights, though it also plays without any."""

    @staticmethod
    def without_weights(config: Any) -> str:
        """Return a sentence that a run without ``--init`` begins with."""
        ...


@runtime_checkable
class ContinuesOthers(Protocol):
    """Can begin with the weights of other agents' runs."""

    @staticmethod
    def continued(config: Any, agent: str, other: Any) -> Any | None:
        """Return the configuration that fits the weights of another agent's run, None if no weights of it fit.

        Args:
            config: configuration of this class, of which the other fields are kept.
            agent: name of the other agent.
            other: its configuration.
        """
        ...


@runtime_checkable
class HasMetrics(Protocol):
    """Has metrics of its learning, which training writes to metrics.jsonl and plots."""

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the last update, by name; empty before the first."""
        ...


@runtime_checkable
class HasReplay(Protocol):
    """Has a replay buffer that can be filled before training: ``--prefill``."""

    def remember(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a step that was played elsewhere; it is not counted and triggers no learning.

        Args:
            observation: ``[R, …]``, observation before the step.
            action: ``[R, …]``.
            step: the step, ``[R]``, with unshaped rewards.
            rows: R different indices of the B rows whose part of the replay buffer stores it.
        """
        ...


@runtime_checkable
class LearnsFromDemonstrations(Protocol):
    """Learns from demonstrations, before its first step and while it plays: ``--demonstrations``."""

    def demonstrate(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store a step of a demonstration for the whole run; it is not counted and triggers no learning.

        Demonstrations come whole, one after another, each for one row, so that R is 1; the last step of each ends an
        episode. The arguments are those of :meth:`HasReplay.remember`.
        """
        ...

    def pretrain(self) -> Iterator[tuple[int, int, dict[str, float]]]:
        """Learn from all demonstrations; called once, before the first step.

        Yields:
            The number of gradient steps so far, that of all, and metrics by name.

        Raises:
            LearningError: the loss is NaN or infinite.
        """
        ...


@runtime_checkable
class Imitates(LearnsFromDemonstrations, Protocol):
    """Also learns from demonstrations that come while it plays, whole, each in a row whose episode has just ended."""

    def imitate(self, num_steps: int) -> None:
        """Learn as much as suits the latest demonstration, which had ``num_steps`` steps."""
        ...


@runtime_checkable
class LearnsInStages(Protocol):
    """Learns a model of its world from movies, in stages before its first step: ``--demonstrations``.

    The model counts for the world that it was learned in: another game, action set or frame rate is refused.
    """

    def learn_in_stages(self, movies: Movies, play: Callable[..., Iterator[Any]]) -> Iterator[Learned]:
        """Learn what is yet to be learned; after each report the agent may be saved, and a restored one goes on.

        Args:
            movies: those that the run began with.
            play: the loop (``training.loop.play``), for an agent in a world of the model's own.

        Raises:
            LearningError: the loss is NaN or infinite.
            StateError: the movies are others than those that it has begun to learn from.
            NewGamePlusError: a movie cannot be played.
        """
        ...


@runtime_checkable
class LearnsOffPolicy(Protocol):
    """Learns from actions that others chose in its place."""

    def took(self, action: Array) -> None:
        """Learn from ``action`` ``[B, …]`` instead of what ``act`` returned; called between ``act`` and ``observe``."""
        ...


@runtime_checkable
class FollowsMovie(Protocol):
    """Is told what the par movie of its level presses, so that it is a ceiling and no competitor."""

    def follow(self, presses: Array) -> None:
        """Take the buttons of every step of the movie, int8 ``[T, buttons]`` of 0 and 1; called before the first."""
        ...


@runtime_checkable
class IsPlayedByHand(Protocol):
    """Is a person, who is seated before the first step and plays nowhere else."""

    def seat(self, take_mask: Callable[[], int]) -> None:
        """Press what ``take_mask`` returns, asked once for each step: a bit for each button of the pad."""
        ...


@runtime_checkable
class KeepsFiles(Protocol):
    """Has data too large for a checkpoint, which it keeps in files beside it."""

    def keep_in(self, folder: Path, num_steps: int) -> None:
        """Keep them in ``folder``; called once, before the first step and before ``restore``.

        Args:
            folder: created if missing.
            num_steps: number of steps, over all rows, that may follow a checkpoint before it is restored.
        """
        ...


@runtime_checkable
class HasPolicy(Protocol):
    """Has a distribution over discrete actions and a value estimate, which watched episodes plot."""

    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        """Return the policy, float32 ``[B, A]``, and value estimate, float32 ``[B]``, of observation ``[B, …]``."""
        ...


@runtime_checkable
class HasActionValues(Protocol):
    """Has an expected return of each discrete action, which watched episodes plot."""

    def expected_returns(self, observation: Array) -> Array:
        """Return the expected return of each action, float32 ``[B, A]``, of an observation ``[B, …]``."""
        ...


@runtime_checkable
class HasFeatures(Protocol):
    """Has features of an observation, by which similar ones are recognised."""

    def features(self, observation: Array) -> Array:
        """Return the last hidden layer of the network, float32 ``[B, H]``, of an observation ``[B, …]``."""
        ...


@runtime_checkable
class Delegates(Protocol):
    """Delegates acting to another agent, whose policy or action values watched episodes plot."""

    def acting_agent(self) -> Agent:
        """Return the agent that chooses the actions of all rows.

        Raises:
            UsageError: several agents do.
        """
        ...


@runtime_checkable
class ActsTogether(Protocol):
    """Has agents of one row each that act together, as the rows of a batch, without any influence on each other.

    An evaluation then plays its runs side by side in one process.
    """

    @staticmethod
    def acts_together(config: Any, *, is_frozen: bool) -> bool:
        """Return whether agents with this configuration do, when they are frozen or when they are not."""
        ...

    @staticmethod
    def act_together(agents: Sequence[Any], observation: Array) -> Array:
        """Choose the action ``[B, …]`` of each row for an observation ``[B, …]``.

        Each agent acts as its own ``act`` would, with its own random numbers; only the sums of a network may differ in
        their last bits, and depend on nothing but the row and B.

        Args:
            agents: B agents of one row each, of this class and the same configuration; if they are frozen, with the
                same weights. None in rows that are not played, whose action is 0; at least one is played.
            observation: 0 in rows that are not played.
        """
        ...


@runtime_checkable
class SkipsSteps(Protocol):
    """Can pass over steps that it played before, so that an episode in the middle of a run is looked at again."""

    def skip(self, num_steps: int) -> None:
        """Draw the random numbers that a frozen agent draws in that many steps."""
        ...


@runtime_checkable
class NeedsZones(Protocol):
    """Can learn only if ``WorldSpec.zones`` gives the zone of each row, so rows cannot change levels."""

    @staticmethod
    def needs_zones(config: Any) -> bool:
        """Return whether an agent with this configuration needs the zones."""
        ...


@runtime_checkable
class HasWishes(Protocol):
    """Has wishes for its world: training grants them unless told otherwise, contest rules do not."""

    @staticmethod
    def wishes(config: Any) -> Wishes:
        """Return the wished world settings of this configuration."""
        ...


@runtime_checkable
class Searches(Protocol):
    """Looks for one best trajectory, which it presses when frozen, rather than plays better from episode to episode.

    So the checkpoint with the best trajectory is the one that a training run stands for.
    """

    def best_return(self) -> float | None:
        """Return the return of the best trajectory so far; None before there is one."""
        ...


@runtime_checkable
class UsesSnapshots(Protocol):
    """Lets episodes begin at snapshots, and so wishes for them; training hands it what keeps them."""

    def use_snapshots(self, snapshots: Snapshots) -> None:
        """Use ``snapshots`` of the rows; called once, before the first step and before ``restore``."""
        ...


@runtime_checkable
class DescribesArithmetic(Protocol):
    """Describes its arithmetic, so that a manifest explains why two machines may differ in the last bits."""

    @staticmethod
    def arithmetic(config: Any) -> dict[str, Any]:
        """Return library, device, threads, precision and kernels for a configuration on this machine, as JSON types.

        Raises:
            UsageError: the machine lacks the device that the configuration names.
        """
        ...
