"""What is kept of a session with an agent in a sandbox: its end, what it printed, and both sides on one timeline."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from newgameplus.contest.judged_world import Progress
from newgameplus.durable import write_atomically
from newgameplus.fields import to_json
from newgameplus.remote.ends import End
from newgameplus.results.runs import RunFolder

MAX_EVENTS = 10_000
"""Number of episodes that a timeline keeps, the last ones."""


class SessionLog:
    """Files of one session in the folder of its run; those of an earlier one are removed.

    Args:
        folder: folder of the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._events: deque[tuple[float, dict[str, Any]]] = deque(maxlen=MAX_EVENTS)
        self._began = time.monotonic()
        self._seen = Progress()
        for path in (folder.end, folder.entry_log, folder.timeline):
            path.unlink(missing_ok=True)

    def begin(self) -> None:
        """Note that the agent has been started; times count from here."""
        self._began = time.monotonic()
        self._note("begin")

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
        write_atomically(self._folder.entry_log, "".join(f"{line}\n" for _, line in lines))
        write_atomically(self._folder.timeline, "".join(f"{line}\n" for line in timeline))
        write_atomically(self._folder.end, json.dumps(to_json(end), indent=2) + "\n")
        return end

    def _note(self, event: str, **facts: Any) -> None:
        self._events.append((time.monotonic(), {"from": "world", "event": event, **facts}))
