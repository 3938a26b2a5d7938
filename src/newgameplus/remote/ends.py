"""How a session with an agent in another process ended: a typed reason, and what was known at that moment.

The first six codes are the numbers of the errors of 2018 (``gym_remote.exceptions``), the others are ours.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

LAST_LINES = 40
"""Number of lines of an agent's output that an end keeps."""


@unique
class Reason(StrEnum):
    """Why a session ended; ``code`` is its number in the message BYE."""

    ERROR = "error"
    """The world failed."""
    TIMESTEPS = "timesteps"
    """All timesteps of the budget were taken: the usual end."""
    WALL_CLOCK = "wall_clock"
    """The budget's time was over."""
    CLIENT_DISCONNECT = "client_disconnect"
    """The agent closed its side."""
    SERVER_DISCONNECT = "server_disconnect"
    """The server was gone."""
    RESET = "reset"
    """The agent did not stop asking for a step or a reset when it may not."""
    EPISODES = "episodes"
    """All episodes of the budget were played."""
    STEP_TIME = "step_time"
    """The agent took longer than its time per step and its bank allow."""
    NEVER_CONNECTED = "never_connected"
    """The agent did not answer the server's greeting in time."""
    PROTOCOL = "protocol"
    """The agent sent something that the protocol does not know."""
    AGENT_EXIT = "agent_exit"
    """The agent's program ended."""
    AGENT_SIGNAL = "agent_signal"
    """The agent's program was killed by a signal that nobody here has sent."""
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MANY_PROCESSES = "too_many_processes"
    DISK = "disk"
    """The agent wrote more bytes or files than it may."""
    OUTPUT = "output"
    """The agent printed faster than it may."""
    SANDBOX_FAILED = "sandbox_failed"
    """The sandbox did not start, or broke."""
    ORGANISER = "organiser"
    """Whoever ran the session ended it."""

    @property
    def code(self) -> int:
        """Number of the reason in messages; it never changes."""
        return _CODES[self]


_CODES = {
    Reason.ERROR: 0,
    Reason.TIMESTEPS: 1,
    Reason.WALL_CLOCK: 2,
    Reason.CLIENT_DISCONNECT: 3,
    Reason.SERVER_DISCONNECT: 4,
    Reason.RESET: 5,
    Reason.EPISODES: 16,
    Reason.STEP_TIME: 17,
    Reason.NEVER_CONNECTED: 18,
    Reason.PROTOCOL: 19,
    Reason.AGENT_EXIT: 20,
    Reason.AGENT_SIGNAL: 21,
    Reason.OUT_OF_MEMORY: 22,
    Reason.TOO_MANY_PROCESSES: 23,
    Reason.DISK: 24,
    Reason.OUTPUT: 25,
    Reason.SANDBOX_FAILED: 26,
    Reason.ORGANISER: 27,
}
AS_PLANNED = frozenset({Reason.TIMESTEPS, Reason.EPISODES, Reason.WALL_CLOCK})
"""The ends of a budget."""


@unique
class Violation(StrEnum):
    """What an agent sent that the protocol does not know; the detail of ``Reason.PROTOCOL``."""

    LENGTH = "length"
    """A message of another length than its kind has."""
    KIND = "kind"
    """A kind of message that an agent does not send, or not at this moment."""
    VERSION = "version"
    """A version of the protocol that this server does not speak."""
    SEQUENCE = "sequence"
    """A number that is not that of the last message plus 1: repeated, left out, or sent by a second process."""
    TWICE = "twice"
    """A second greeting in the same session."""
    ACTION = "action"
    """An action that is not one of the world's."""
    ROW = "row"
    """The picture of a row that there is not."""
    DESCRIPTORS = "descriptors"
    """Open files, which nobody asked for."""
    UNREAD = "unread"
    """More messages than answers that were read."""

    @property
    def code(self) -> int:
        """Number of the violation in messages, from 1; 0 is none."""
        return list(Violation).index(self) + 1


_SENTENCES = {
    Reason.ERROR: "The world failed.",
    Reason.TIMESTEPS: "All timesteps were taken.",
    Reason.WALL_CLOCK: "The time was over.",
    Reason.CLIENT_DISCONNECT: "The agent closed the session.",
    Reason.SERVER_DISCONNECT: "The server was gone.",
    Reason.RESET: "The agent did not stop asking for what it may not: step only in an episode, reset only between two.",
    Reason.EPISODES: "All episodes were played.",
    Reason.STEP_TIME: "The agent was too slow: its time per step and its bank were used up.",
    Reason.NEVER_CONNECTED: "The agent never connected: call newgameplus.remote.client.connect().",
    Reason.PROTOCOL: "The agent broke the protocol.",
    Reason.AGENT_EXIT: "The agent's program ended.",
    Reason.AGENT_SIGNAL: "The agent's program was killed.",
    Reason.OUT_OF_MEMORY: "The agent used more memory than it may.",
    Reason.TOO_MANY_PROCESSES: "The agent started more processes or threads than it may.",
    Reason.DISK: "The agent wrote more bytes or files than it may.",
    Reason.OUTPUT: "The agent printed faster than it may.",
    Reason.SANDBOX_FAILED: "The sandbox failed.",
    Reason.ORGANISER: "The session was ended by who ran it.",
}
_VIOLATIONS = {
    Violation.LENGTH: "it sent a message of the wrong length",
    Violation.KIND: "it sent a message of an unknown kind, or not in its turn",
    Violation.VERSION: "it speaks another version; use the client of this version of New Game Plus",
    Violation.SEQUENCE: "it sent a message twice or left one out; only one process may use the connection",
    Violation.TWICE: "it connected twice; keep the environment that connect() returned",
    Violation.ACTION: "it sent an action that is none of the world's",
    Violation.ROW: "it asked for the picture of a row that there is not",
    Violation.DESCRIPTORS: "it sent open files",
    Violation.UNREAD: "it did not read the answers",
}


@dataclass(frozen=True, slots=True)
class End:
    """How a session ended; what ``end.json`` holds."""

    reason: Reason
    step: int = 0
    """Number of agent steps taken."""
    episode: int = 0
    """Number of episodes ended."""
    seconds: float = 0.0
    """Time since the agent answered the greeting."""
    agent_seconds: float = 0.0
    """The part of it in which the agent was to act."""
    cpu_seconds: float = 0.0
    """Processor time of the agent's processes; 0.0 if nobody measured it."""
    violation: Violation | None = None
    """For ``protocol``: what the agent did."""
    status: int | None = None
    """For ``agent_exit`` the program's exit code, for ``agent_signal`` the number of the signal, if they are known."""
    last_lines: tuple[str, ...] = ()
    """The last lines that the agent printed, ``LAST_LINES`` at most."""
    movie: str | None = None
    """File name of the movie of the last episode, in the folder of movies."""

    @property
    def is_as_planned(self) -> bool:
        """Whether the session ended with its budget."""
        return self.reason in AS_PLANNED

    def told(self) -> str:
        """Return what happened, and when, as a sentence for a person."""
        sentence = self._what().removesuffix(".")
        if not self.seconds:
            return f"{sentence}."
        return f"{sentence} (step {self.step:,}, episode {self.episode + 1:,}, {self.seconds:.1f} s)."

    def _what(self) -> str:
        sentence = _SENTENCES[self.reason]
        if self.violation is not None:
            return f"{sentence[:-1]}: {_VIOLATIONS[self.violation]}"
        if self.reason is Reason.AGENT_EXIT and self.status is not None:
            return f"The agent's program ended with exit code {self.status}"
        if self.reason is Reason.AGENT_SIGNAL and self.status is not None:
            return f"The agent's program was killed by {_signal_name(self.status)}"
        return sentence

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> End:
        """Return the end that :func:`newgameplus.fields.to_json` turned into ``content``.

        Raises:
            ValueError: a field is unknown or missing, or there is no such reason or violation.
        """
        typed = dict(content)
        try:
            typed["reason"] = Reason(typed["reason"])
            typed["violation"] = None if typed.get("violation") is None else Violation(typed["violation"])
            return cls(**{**typed, "last_lines": tuple(typed.get("last_lines", ()))})
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is not how a session ended: {error}.") from error


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
