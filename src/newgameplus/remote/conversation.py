"""What a server and an agent say to each other, as a pure state machine: messages and times in, orders out.

It holds the agent to its turns and limits and never sees the world. What may be asked at the wrong moment is refused in
words, and the conversation goes on; what the protocol does not know ends it.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple, TypeAlias

from newgameplus.remote.ends import Reason, Violation
from newgameplus.remote.limits import AgentClock, SessionLimits
from newgameplus.remote.messages import VERSION, ActionReader, Greeting, Kind, Refusal, Request, read
from newgameplus.types import Array


class Wait(NamedTuple):
    """Nothing is to be done until the next message."""


class Begin(NamedTuple):
    """Show the first observation of an episode."""

    seq: int


class Act(NamedTuple):
    """Take these actions, ``[B, …]``, and show what becomes of them."""

    seq: int
    actions: Array


class Show(NamedTuple):
    """Send the picture of a row."""

    seq: int
    row: int


class Refuse(NamedTuple):
    """Say why not."""

    seq: int
    refusal: Refusal


class Stop(NamedTuple):
    """End the session."""

    reason: Reason
    violation: Violation | None = None


Order: TypeAlias = Wait | Begin | Act | Show | Refuse | Stop


class _Place(Enum):
    """Where a conversation is."""

    GREETED = auto()
    """The agent has not answered."""
    READY = auto()
    """Nothing is played yet."""
    PLAYING = auto()
    BETWEEN = auto()
    """An episode has ended, and the agent is to ask for the next."""


class Conversation:
    """One session, from the greeting to its end.

    Args:
        greeting: what the agent was told of the world.
        limits: limits of the session.
        now: time of the greeting, in seconds of the server's monotonic clock.
    """

    def __init__(self, greeting: Greeting, limits: SessionLimits, now: float) -> None:
        self._greeting, self._limits = greeting, limits
        self._actions = ActionReader(greeting)
        self._step_bytes = greeting.step_bytes
        self._place = _Place.GREETED
        self._num_refused = 0
        self._num_resets = 0
        self.clock = AgentClock(limits, now)
        """What holds the agent to its time."""
        self.seq = 0
        """Number of the last message of the agent."""
        self.num_steps = 0
        """Number of steps taken."""
        self.num_episodes = 0
        """Number of episodes ended, of all rows."""

    def hear(self, message: bytes, now: float) -> Order:
        """Return what is to be done about a message that was received at ``now``; never raises.

        What Begin and Act ask for is answered by :meth:`answered`.
        """
        if (late := self.clock.late(now)) is not None:
            return Stop(late)
        request = read(message, self._step_bytes)
        if isinstance(request, Violation):
            return Stop(Reason.PROTOCOL, request)
        if request.kind is Kind.BYE:
            return Stop(Reason.CLIENT_DISCONNECT)
        if request.kind is Kind.READY:
            return self._connect(request, now)
        if self._place is _Place.GREETED:
            return Stop(Reason.PROTOCOL, Violation.KIND)
        if request.seq != self.seq + 1:
            return Stop(Reason.PROTOCOL, Violation.SEQUENCE)
        self.seq += 1
        return self._asked(request, now)

    def answered(self, num_ended: int, now: float) -> Stop | None:
        """Go on after an order was carried out and answered; return the end if that was the last of the budget.

        Args:
            num_ended: number of rows whose episode ended.
            now: time of the answer.
        """
        self.num_episodes += num_ended
        if num_ended and not self._greeting.is_same_step:
            self._place = _Place.BETWEEN
        if self._greeting.is_same_step:
            self._num_resets += num_ended
        self.clock.go_on(now)
        limits = self._limits
        timesteps = self.num_steps + (self._num_resets if limits.counts_resets else 0)
        if limits.max_timesteps is not None and timesteps >= limits.max_timesteps:
            return Stop(Reason.TIMESTEPS)
        if limits.max_episodes is not None and self.num_episodes >= limits.max_episodes:
            return Stop(Reason.EPISODES)
        return None

    def _connect(self, request: Request, now: float) -> Order:
        if self._place is not _Place.GREETED:
            return Stop(Reason.PROTOCOL, Violation.TWICE)
        if request.value != VERSION:
            return Stop(Reason.PROTOCOL, Violation.VERSION)
        if request.seq != 0:
            return Stop(Reason.PROTOCOL, Violation.SEQUENCE)
        self._place = _Place.READY
        self.clock.connect(now)
        return Wait()

    def _asked(self, request: Request, now: float) -> Order:
        if request.kind is Kind.FRAME:
            is_row = request.value < self._greeting.num_envs
            return self._looked(request) if is_row else Stop(Reason.PROTOCOL, Violation.ROW)
        if request.kind is Kind.RESET:
            if self._place is _Place.PLAYING:
                return self._refuse(Refusal.IN_EPISODE)
            self._num_resets += 1
            self._act(now)
            return Begin(self.seq)
        if self._place is not _Place.PLAYING:
            return self._refuse(Refusal.NOT_RESET if self._place is _Place.READY else Refusal.OVER)
        actions = self._actions.read(request.payload)
        if actions is None:
            return Stop(Reason.PROTOCOL, Violation.ACTION)
        self.num_steps += 1
        self._act(now)
        return Act(self.seq, actions)

    def _looked(self, request: Request) -> Order:
        if self._place is _Place.READY:
            return self._refuse(Refusal.NOT_RESET)
        return Show(self.seq, request.value)

    def _act(self, now: float) -> None:
        self._num_refused = 0
        self._place = _Place.PLAYING
        self.clock.stop(now)

    def _refuse(self, refusal: Refusal) -> Order:
        self._num_refused += 1
        return Refuse(self.seq, refusal) if self._num_refused <= self._limits.max_refusals else Stop(Reason.RESET)
