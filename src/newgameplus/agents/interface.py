"""What an agent is, and what it can do beside playing: small Protocols, asked by ``issubclass`` and ``isinstance``.

An agent offers a part by having its methods; it inherits from none of these. Where only the class is known,
:func:`offers` answers; an instance is asked by ``isinstance``, once per run, since that takes microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from newgameplus.nn.names import DeviceName
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec


@runtime_checkable
class Agent(Protocol):
    """A mind: it is shown a batch of observations, answers with a batch of actions and hears what came of it."""

    observation_spec: ObservationSpec
    """What it wants to see; the world makes exactly this and nothing that nobody reads."""
    action_spec: ActionSpec
    """What its actions mean."""

    def act(self, observation: Array) -> Array:
        """Choose an action ``[B, …]`` for an observation ``[B, …]``; the array is the caller's to keep."""
        ...

    def observe(self, step: Step) -> None:
        """Learn what the last action led to."""
        ...

    def state(self) -> State:
        """Everything needed to go on exactly from here."""
        ...

    def restore(self, state: State) -> None:
        """Go on exactly from ``state``, as returned by an agent of the same class, configuration and world.

        Raises:
            StateError: it is another agent's, another configuration's or damaged.
        """
        ...


class AgentClass(Protocol):
    """What the class of an agent offers beside the methods of an :class:`Agent`."""

    PRESETS: Mapping[str, Any]
    """Name of each preset to its configuration, a frozen dataclass; one is called ``default``."""

    @staticmethod
    def specs(config: Any) -> tuple[ObservationSpec, ActionSpec]:
        """Return what an agent of this configuration wants to see and what its actions mean."""
        ...

    def __call__(self, config: Any, world: WorldSpec, seed: int) -> Agent:
        """Build the agent; it may rely on the world having been made with its ``specs``."""
        ...


REQUIRED_PARTS = ("PRESETS", "specs", "act", "observe", "state", "restore")
"""What a class must have to be an agent's."""


def offers(agent_class: AgentClass, part: type) -> bool:
    """Return whether the agents of a class offer ``part``, a Protocol of this module that has only methods."""
    return isinstance(agent_class, type) and issubclass(agent_class, part)


@runtime_checkable
class HasWeights(Protocol):
    """Learned weights, with which another agent of its class can begin: ``--init``, ``--frozen``, ``--watch-every``."""

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Begin anew with the weights of ``state``, from training elsewhere; learn on unless ``is_frozen``.

        Raises:
            StateError: they do not fit this agent.
        """
        ...


@runtime_checkable
class HasMetrics(Protocol):
    """Figures of its learning, which training writes into metrics.jsonl and draws."""

    def metrics(self) -> dict[str, float]:
        """Return figures of the last update, by name; empty before the first."""
        ...


@runtime_checkable
class HasReplay(Protocol):
    """A replay buffer that can begin with what others played: ``--prefill``."""

    def remember(self, observation: Array, action: Array, step: Step, rows: Sequence[int]) -> None:
        """Store what was played elsewhere; it counts as no step and nothing is learned from it yet.

        Args:
            observation: ``[R, …]``, what was acted on.
            action: ``[R, …]``.
            step: what came of it, ``[R]``; its rewards are the world's.
            rows: R different ones of the B rows, whose part of the replay buffer takes it.
        """
        ...


@runtime_checkable
class KeepsFiles(Protocol):
    """Data that are too large for a checkpoint, kept in files beside it."""

    def keep_in(self, folder: Path, num_steps: int) -> None:
        """Keep them in ``folder``; called once, before the first step and before ``restore``.

        Args:
            folder: made when it is missing.
            num_steps: how many steps, of all rows, may follow a checkpoint that is gone back to.
        """
        ...


@runtime_checkable
class HasPolicy(Protocol):
    """A distribution over numbered actions and a value estimate, which watched episodes draw."""

    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        """Return the policy, float32 ``[B, A]``, and the value, float32 ``[B]``, of an observation ``[B, …]``."""
        ...


@runtime_checkable
class HasActionValues(Protocol):
    """An expected return of each numbered action, which watched episodes draw."""

    def expected_returns(self, observation: Array) -> Array:
        """Return the expected return of each action, float32 ``[B, A]``, of an observation ``[B, …]``."""
        ...


@runtime_checkable
class Delegates(Protocol):
    """An agent that lets others act, of whom watched episodes ask the policy or the action values."""

    def acting_agent(self) -> Agent:
        """Return the agent that chooses the actions of every row now.

        Raises:
            UsageError: several do.
        """
        ...


@runtime_checkable
class NeedsZones(Protocol):
    """Learns only where ``WorldSpec.zones`` tells the zone of each row, so that rows cannot switch levels."""

    @staticmethod
    def needs_zones(config: Any) -> bool:
        """Return whether an agent of this configuration needs them."""
        ...


@runtime_checkable
class HasWishes(Protocol):
    """Asks for a world: training grants it unless told otherwise, the rules of a contest do not."""

    @staticmethod
    def wishes(config: Any) -> Any:
        """Return the world that an agent of this configuration would like to play in."""
        ...


@runtime_checkable
class DescribesArithmetic(Protocol):
    """Says what computes, so that a manifest can tell why two machines may differ in the last bits."""

    @staticmethod
    def arithmetic(config: Any) -> dict[str, Any]:
        """Return library, device, threads, precision and kernels of this machine for a configuration, as JSON types."""
        ...


@runtime_checkable
class HasDevice(Protocol):
    """A configuration that says where its networks run."""

    @property
    def device(self) -> DeviceName:
        """``cpu``, ``cuda`` or ``auto``."""
        ...


@runtime_checkable
class HasCapacity(Protocol):
    """A configuration that says how large its replay buffer is."""

    @property
    def capacity(self) -> int:
        """Transitions of all rows together."""
        ...
