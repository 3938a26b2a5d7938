"""What is kept of a session with an agent in a sandbox: its end, what it printed, and both sides on one timeline."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from newgameplus.contest.judged_world import Progress
from newgameplus.durable import write_atomically
from newgameplus.fields import to_json
from newgameplus.remote.ends import End, Reason
from newgameplus.results.runs import RunFolder

MAX_EVENTS = 10_000
"""Number of episodes that a timeline keeps, the last ones."""
KEEP_SECONDS = 10.0
"""Time between two writings of what an agent prints while it plays."""


class SessionLog:
    """Files of one session in the folder of its run; those of an earlier one are removed.

    Args:
        folder: folder of the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._events: deque[tuple[float, dict[str, Any]]] = deque(maxlen=MAX_EVENTS)
        self._began = self._next_keep = time.monotonic()
        self._seen = Progress()
        for path in (folder.end, folder.entry_log, folder.timeline):
            path.unlink(missing_ok=True)

    def begin(self) -> None:
        """Note that the agent has been started; times count from here.

        Until the session has ended, its end is that of a session whose server is gone, as a killed one will have been.
        """
        self._began = time.monotonic()
        self._note("begin")
        self._write_end(End(Reason.SERVER_DISCONNECT))

    def keep(self, lines: Callable[[], Sequence[tuple[float, str]]]) -> None:
        """Write what the agent has printed so far, which ``lines`` returns, if that was last done some seconds ago."""
        if time.monotonic() >= self._next_keep:
            self._write_lines(lines())
            self._next_keep = time.monotonic() + KEEP_SECONDS

    def follow(self, progress: Progress) -> None:
        """Note the episode that has ended since the last call, if any."""
        seen = self._seen
        if progress.num_episodes != seen.num_episodes:
            self._note(
                "episode",
                episode=seen.num_episodes,
                steps=progress.num_steps - seen.num_steps,
                episode_return=round(progress.sum_of_returns - seen.sum_of_returns, 6),
            )
            self._seen = replace(progress)

    def finish(self, end: End, lines: Sequence[tuple[float, str]]) -> End:
        """Write the files; return the end with the name of the last movie.

        Args:
            end: how the session ended.
            lines: what the agent printed, each line with the time of its reading, as ``time.monotonic``.
        """
        movies = sorted(path.name for path in self._folder.movies.glob("*.bk2"))
        end = replace(end, movie=movies[-1] if movies else None)
        self._note("end", reason=str(end.reason))
        said = [(at, {"from": "agent", "line": line}) for at, line in lines]
        joined = sorted([*self._events, *said], key=lambda event: event[0])
        timeline = [json.dumps({"seconds": round(at - self._began, 4), **event}) for at, event in joined]
        self._write_lines(lines)
        write_atomically(self._folder.timeline, "".join(f"{line}\n" for line in timeline))
        self._write_end(end)
        return end

    def _write_end(self, end: End) -> None:
        write_atomically(self._folder.end, json.dumps(to_json(end), indent=2) + "\n")

    def _write_lines(self, lines: Sequence[tuple[float, str]]) -> None:
        write_atomically(self._folder.entry_log, "".join(f"{line}\n" for _, line in lines))

    def _note(self, event: str, **facts: Any) -> None:
        self._events.append((time.monotonic(), {"from": "world", "event": event, **facts}))
