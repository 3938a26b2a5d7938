"""What an agent computes from an observation: its policy or its action values, and its value estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from newgameplus.agents.interface import Agent, Delegates, HasActionValues, HasPolicy
from newgameplus.types import ActionSpec, Array


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an agent computes from an observation."""

    numbers: Array
    """Probability, or expected return, of each action, float32 ``[A]``."""
    value: float
    """Value estimate."""
    is_policy: bool
    """Whether the numbers are probabilities."""

    @property
    def likeliest(self) -> int:
        """The greedy action."""
        return int(self.numbers.argmax())

    @property
    def entropy(self) -> float | None:
        """Entropy of the policy in nats; None if there is no policy."""
        if not self.is_policy:
            return None
        positive = self.numbers[self.numbers > 0].astype(np.float64)
        return float(-(positive * np.log(positive)).sum())


def opinions_of(agent: Agent) -> Callable[[Array], Opinion | None]:
    """Return the function from an observation ``[1, …]`` to the policy or values of the agent, or of its delegate."""
    if isinstance(agent, Delegates):
        return lambda observation: opinions_of(agent.acting_agent())(observation)
    if isinstance(agent, HasPolicy):
        return lambda observation: _by_policy(agent, observation)
    if isinstance(agent, HasActionValues):
        return lambda observation: _by_action_values(agent, observation)
    return lambda observation: None


def action_names(spec: ActionSpec, num_actions: int) -> list[str]:
    """Return the buttons of each action, or its index if the spec does not give them."""
    return ["+".join(combo) or "nothing" for combo in spec.combos] or [str(action) for action in range(num_actions)]


def _by_policy(agent: HasPolicy, observation: Array) -> Opinion:
    probability, value = agent.probabilities(observation)
    return Opinion(probability[0], float(value[0]), is_policy=True)


def _by_action_values(agent: HasActionValues, observation: Array) -> Opinion:
    expected = agent.expected_returns(observation)[0]
    return Opinion(expected, float(expected.max()), is_policy=False)
