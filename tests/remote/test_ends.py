"""Why a session ended, in a number, a word and a sentence."""

from __future__ import annotations

import json
import signal

import pytest

from newgameplus.fields import to_json
from newgameplus.remote.ends import End, Reason, Violation

OF_2018 = ["error", "timesteps", "wall_clock", "client_disconnect", "server_disconnect", "reset"]
"""In the order of the errors' numbers in gym_remote."""


def test_the_first_six_reasons_have_the_numbers_of_2018() -> None:
    assert [Reason(name).code for name in OF_2018] == list(range(6))


def test_every_reason_has_a_number_of_its_own() -> None:
    assert len({reason.code for reason in Reason}) == len(Reason)
    assert sorted(violation.code for violation in Violation) == list(range(1, len(Violation) + 1))


@pytest.mark.parametrize("reason", Reason)
def test_an_end_is_told_in_a_sentence_and_read_back(reason: Reason) -> None:
    end = End(reason, step=1200, episode=3, seconds=2.0, last_lines=("a", "b"), movie="x.bk2")
    assert end.told().endswith(" (step 1,200, episode 4, 2.0 s).")
    assert end.told().count(". ") == 0
    assert End.from_json(json.loads(json.dumps(to_json(end)))) == end


@pytest.mark.parametrize("violation", Violation)
def test_a_violation_is_told(violation: Violation) -> None:
    told = End(Reason.PROTOCOL, violation=violation).told()
    assert told.startswith("The agent broke the protocol: it ")
    assert told.endswith(".")
    assert End.from_json(to_json(End(Reason.PROTOCOL, violation=violation))).violation is violation


def test_a_programs_end_is_told_with_its_status() -> None:
    assert End(Reason.AGENT_EXIT, status=3).told() == "The agent's program ended with exit code 3."
    assert End(Reason.AGENT_SIGNAL, status=signal.SIGSEGV).told() == "The agent's program was killed by SIGSEGV."
    assert "signal 99" in End(Reason.AGENT_SIGNAL, status=99).told()


@pytest.mark.parametrize("content", [{}, {"reason": "bored"}, {"reason": "reset", "mood": 1}])
def test_something_else_is_no_end(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not how a session ended|not a valid Reason"):
        End.from_json(content)
