"""Who is in a cluster, and what each worker does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from newgameplus.cluster.attempt import doing
from newgameplus.cluster.identity import difference, identity

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker and what it does."""

    name: str
    host: str
    doing: str
    """Name of the task; empty if it does nothing."""
    seconds: float
    """How long it has been doing this."""
    num_done: int
    """Number of attempts it has ended."""
    problem: str | None
    """Why it can play nothing for this machine, as a sentence, or None."""


def workers_of(client: Client) -> list[WorkerStatus]:
    """Return the workers of a cluster, by name."""
    answers = client.run(doing, on_error="return")
    return sorted((_status(address, answer) for address, answer in answers.items()), key=lambda worker: worker.name)


def _status(address: str, answer: Any) -> WorkerStatus:
    if not isinstance(answer, dict):
        return WorkerStatus(address, "", "", 0.0, 0, f"It has no New Game Plus, or another one: {answer}")
    differing = difference(identity(), answer["identity"])
    parts = {name: answer[name] for name in ("host", "doing", "seconds", "num_done")}
    return WorkerStatus(name=str(answer["name"]), **parts, problem=None if differing is None else f"It {differing}.")
