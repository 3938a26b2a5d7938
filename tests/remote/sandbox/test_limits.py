"""Programs that use up what there is, in bubblewrap, started by root and by an ordinary user, and in a container.

Each ends with the right reason; after each end, and after kills at random moments, nothing is left.
"""

from __future__ import annotations

from typing import Any

import pytest

ENDS = {
    "processes": "too_many_processes",
    "threads": "too_many_processes",
    "memory": "out_of_memory",
    "memory_of_many": "out_of_memory",
    "fill_tmp": "disk",
    "fill_shm": "disk",
    "many_files": "disk",
    "deep_folders": "disk",
    "sparse_file": "agent_exit",
    "flood": "output",
    "flood_without_newline": "output",
    "escapes": "agent_exit",
    "survivors": "agent_exit",
    "kill_all": "agent_signal",
    "crash": "agent_signal",
    "fail": "agent_exit",
    "stop": None,
}


@pytest.fixture(scope="module", params=["root", "user", pytest.param("container", marks=pytest.mark.nightly)])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def run(run_as: Any, way: str) -> Any:
    return run_as(way)


@pytest.fixture(scope="module")
def outcomes(run: Any) -> Any:
    return run("bombs")


@pytest.mark.parametrize(("name", "reason"), ENDS.items())
def test_a_limit_ends_the_program_with_its_reason(outcomes: Any, way: str, name: str, reason: str | None) -> None:
    if way == "container" and name == "kill_all":
        pytest.skip("it is the first process of its namespace, which no other and not itself can kill")
    assert outcomes[name]["reason"] == reason


@pytest.mark.parametrize("name", ENDS)
def test_nothing_of_it_is_left(outcomes: Any, name: str) -> None:
    assert outcomes[name]["left"] == []


def test_no_descriptor_is_left_open(outcomes: Any) -> None:
    assert outcomes["descriptors"] == []


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("processes", "at most 20 processes and threads"),
        ("memory", "at most 100,663,296 bytes of memory"),
        ("many_files", "files in /tmp, at most 500"),
        ("fill_tmp", "/tmp is full: 4,194,304 bytes"),
        ("fill_shm", "/dev/shm is full: 2,097,152 bytes"),
        ("flood", "bytes, at most 20,000 a second"),
        ("fail", ""),
    ],
)
def test_the_limit_is_named(outcomes: Any, name: str, detail: str) -> None:
    assert outcomes[name]["detail"].endswith(detail)


def test_an_exit_code_and_a_signal_are_told(outcomes: Any) -> None:
    assert [outcomes[name]["status"] for name in ("survivors", "fail", "crash")] == [0, 1, 11]


def test_the_last_words_are_kept(outcomes: Any) -> None:
    assert outcomes["fail"]["lines"] == ["This entry gives up."]


def test_a_terminal_is_not_sent_what_a_program_prints(outcomes: Any) -> None:
    assert outcomes["escapes"]["lines"] == ["\\x1b]0;owned\\x07\\x1b[2Jcleared\N{REPLACEMENT CHARACTER}"]


def test_of_a_flood_its_end_is_kept(outcomes: Any) -> None:
    *lines, last = outcomes["flood"]["lines"]
    assert lines == ["x" * 100] * 39
    assert set(last) == {"x"}
    assert [len(line) for line in outcomes["flood_without_newline"]["lines"]] == [64 << 10]


def test_a_program_that_stops_itself_can_be_ended(outcomes: Any) -> None:
    assert outcomes["stop"]["then"] == "organiser"


def test_processor_time_is_counted(outcomes: Any) -> None:
    assert outcomes["memory"]["cpu_seconds"] > 0


@pytest.mark.parametrize("number", [10, pytest.param(500, marks=pytest.mark.nightly)])
def test_nothing_is_left_when_its_server_or_guardian_is_killed_at_any_moment(run: Any, way: str, number: int) -> None:
    if way == "container" and number > 10:
        pytest.skip("each takes half a second")
    assert run("kills", str(number)) == [[]] * number
