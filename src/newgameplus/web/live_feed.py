"""What a page is sent of the rows of a run that goes on."""

from __future__ import annotations

import json
import struct
import time
import zlib
from typing import Any

import numpy as np

from newgameplus.errors import ResultsError
from newgameplus.results.following import Part
from newgameplus.results.live import MAX_PICTURES, WANTED_SECONDS, LiveRows
from newgameplus.web.live_runs import LiveRun, rows_of
from newgameplus.web.messages import told

ASK_SECONDS = 1.0
"""Time between two messages to the run that somebody looks."""
_FASTEST = 1
_SILENT = (
    "The run goes on, but does not show its rows: it is still preparing, is in a long update, or was begun by a "
    "version before ngp watch --live."
)


class Feed:
    """What one page is sent of a run's rows; as long as it is asked for, so is the run.

    A message is, little-endian, the length of its JSON as u32, the JSON, and the deflated RGB pictures one after
    another. The JSON has the ``rows``; a row's ``picture`` has ``width``, ``height`` and ``num_bytes``, or is null
    where there is none that is new.

    Args:
        run: the run.
    """

    def __init__(self, run: LiveRun) -> None:
        self._run = run
        self._playing: list[tuple[int, Part]] = []
        self._seen: dict[int, tuple[int, LiveRows]] = {}
        """Stamp and content of what each part shows."""
        self._ask_at = 0.0
        self._silent_since: float | None = None
        self._was_told = ""

    def next(self) -> bytes | str | None:
        """Return the next message, None if there is nothing new."""
        now = time.monotonic()
        try:
            if now >= self._ask_at:
                self._ask_at = now + ASK_SECONDS
                self._ask(now)
            changed = self._look()
        except ResultsError as error:
            return self._tell(str(error))
        if not changed:
            is_silent = self._silent_since is not None and now - self._silent_since > WANTED_SECONDS
            return self._tell(_SILENT) if is_silent else None
        self._silent_since, self._was_told = None, ""
        return self._message(changed)

    def _ask(self, now: float) -> None:
        self._playing = self._run.playing()[:MAX_PICTURES]
        for _, part in self._playing:
            part.live.ask()
        self._seen = {number: self._seen[number] for number, _ in self._playing if number in self._seen}
        if not self._playing or self._seen:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now

    def _look(self) -> set[int]:
        """Read what is new; return the parts."""
        changed = set()
        for number, part in self._playing:
            stamp = part.live.stamp()
            if stamp is None or (number in self._seen and self._seen[number][0] == stamp):
                continue
            shown = part.live.read()
            if shown is not None:
                self._seen[number] = (stamp, shown)
                changed.add(number)
        return changed

    def _tell(self, message: str) -> str | None:
        if message == self._was_told:
            return None
        self._was_told = message
        return told("silent", message=message)

    def _message(self, changed: set[int]) -> bytes:
        rows: list[dict[str, Any]] = []
        pictures: list[bytes] = []
        for number, part in self._playing:
            if number not in self._seen:
                continue
            shown = self._seen[number][1]
            for index, row in enumerate(rows_of(part, shown)):
                has_picture = index < len(shown.pictures) and len(rows) < MAX_PICTURES
                picture = shown.pictures[index] if has_picture else None
                rows.append({"part": number, "row": index, "has_picture": has_picture, **row, "picture": None})
                if picture is not None and number in changed:
                    pictures.append(zlib.compress(np.ascontiguousarray(picture).data, _FASTEST))
                    height, width, _ = picture.shape
                    rows[-1]["picture"] = {"width": width, "height": height, "num_bytes": len(pictures[-1])}
        shares = [self._seen[number][1].share for number in self._seen]
        head = json.dumps({"rows": rows, "share": max(shares)}).encode()
        return b"".join((struct.pack("<I", len(head)), head, *pictures))
