"""Limits of a session, and the clock that holds an agent to them: the server's, which runs only one way."""

from __future__ import annotations

import math
from dataclasses import dataclass

from newgameplus.errors import UsageError
from newgameplus.remote.ends import Reason


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Limits of a session; the defaults are those of the contest of 2018 and, for each step, our own."""

    max_timesteps: int | None = 1_000_000
    """Agent steps in each row; None for no limit."""
    counts_resets: bool = False
    """Whether each reset uses up one timestep, as on the server of 2018."""
    max_episodes: int | None = None
    """Episodes that may end, of all rows together; None for no limit."""
    max_wall_clock_seconds: float | None = 12 * 3600.0
    """Time since the agent answered the greeting; None for no limit."""
    step_seconds: float = 2.0
    """Time that the agent may take for each step."""
    bank_seconds: float = 600.0
    """Time beyond ``step_seconds`` that the agent may take in the whole session."""
    first_seconds: float = 120.0
    """Time in which the agent must answer the greeting, for its imports."""
    max_refusals: int = 1000
    """Requests in a row that may be refused."""
    grace_seconds: float = 1.0
    """Time to wait for the reason after the connection broke."""

    def __post_init__(self) -> None:
        named = {
            "timesteps": self.max_timesteps,
            "episodes": self.max_episodes,
            "seconds of wall clock": self.max_wall_clock_seconds,
            "seconds per step": self.step_seconds,
            "seconds until the agent connects": self.first_seconds,
            "refusals": self.max_refusals,
        }
        for name, limit in named.items():
            if limit is not None and not 0 < limit < math.inf:
                raise UsageError(f"A session's limit of {name} must be more than 0 and have an end, not {limit}.")
        if not (0 <= self.bank_seconds < math.inf and 0 <= self.grace_seconds < math.inf):
            raise UsageError("A session's bank and grace are numbers of seconds from 0.")


class AgentClock:
    """Holds an agent to the time limits: it runs while the agent is to act, and not while the world is.

    A request that is refused, or that only looks, is not an act: the agent's time for the step goes on. Every time is
    the server's, in seconds of a monotonic clock. An action that is received after its deadline is late, whenever it
    was sent.

    Args:
        limits: the limits.
        now: time of the greeting.
    """

    def __init__(self, limits: SessionLimits, now: float) -> None:
        self._limits = limits
        self._asked = now
        self._connected: float | None = None
        self._last: float | None = None
        """End of the wall clock."""
        self._bank = limits.bank_seconds
        self.deadline = now + limits.first_seconds
        """Time at which the agent is late, unless a message is received before."""
        self.agent_seconds = 0.0
        """Time in which the agent was to act, until the last message."""

    def seconds(self, now: float) -> float:
        """Time since the agent answered the greeting."""
        return 0.0 if self._connected is None else now - self._connected

    def late(self, now: float) -> Reason | None:
        """Why the session is over if nothing has been received by now; None if it goes on."""
        if now <= self.deadline:
            return None
        if self._connected is None:
            return Reason.NEVER_CONNECTED
        return Reason.WALL_CLOCK if self._last is not None and now > self._last else Reason.STEP_TIME

    def connect(self, now: float) -> None:
        """Begin to count: the agent has answered the greeting."""
        self._connected = now
        wall = self._limits.max_wall_clock_seconds
        self._last = None if wall is None else now + wall
        self.go_on(now)

    def stop(self, now: float) -> None:
        """The agent has acted: take its time from the bank, as far as it took longer than a step may."""
        taken = now - self._asked
        self.agent_seconds += taken
        self._bank -= max(0.0, taken - self._limits.step_seconds)

    def go_on(self, now: float) -> None:
        """The agent has been answered and is to act."""
        self._asked = now
        self.deadline = now + self._limits.step_seconds + self._bank
        if self._last is not None:
            self.deadline = min(self.deadline, self._last)
