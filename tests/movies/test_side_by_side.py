"""Work side by side: every movie gets its answer, also when a process dies over one of them."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

from newgameplus.errors import MovieError
from newgameplus.movies.side_by_side import Advanced, Done, Failed, work_side_by_side


def _spell(path, tell, *, wrong):
    """Body of a worker: die over ``kill``, refuse ``wrong``, spell the rest."""
    if path.name == "kill":
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.name == wrong:
        raise MovieError(f"{path.name} is wrong.")
    tell(1, 2)
    return path.name.upper()


def test_one_dead_worker_and_one_refusal_stop_nobody_else():
    paths = [Path(name) for name in ("a", "kill", "b", "bad")]
    events = list(work_side_by_side(partial(_spell, wrong="bad"), paths, 2))
    assert {event.path.name: event.result for event in events if isinstance(event, Done)} == {"a": "A", "b": "B"}
    failures = {event.path.name: event.reason for event in events if isinstance(event, Failed)}
    assert failures["bad"] == "bad is wrong."
    assert "was ended by SIGSEGV" in failures["kill"]
    assert {event.path.name for event in events if isinstance(event, Advanced)} == {"a", "b"}


def test_nothing_to_do_is_done_at_once():
    assert list(work_side_by_side(partial(_spell, wrong=""), [])) == []
