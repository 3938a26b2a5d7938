"""The state machine of a session: turns, limits, and what happens to everything else that an agent may send."""

from __future__ import annotations

import math
import random
import struct
from dataclasses import replace

import numpy as np
import pytest

from newgameplus.errors import UsageError
from newgameplus.remote.conversation import Act, Begin, Conversation, Order, Refuse, Show, Stop, Wait
from newgameplus.remote.ends import Reason, Violation
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.messages import Greeting, Kind, Refusal

GREETING = Greeting(1, "uint8", (2,), "filtered", (12,), tuple("ABCDEFGHIJKL"))
LIMITS = SessionLimits(max_timesteps=5, step_seconds=1.0, bank_seconds=3.0, first_seconds=10.0, max_refusals=3)


def ready(version: int = 1) -> bytes:
    return struct.pack("<QQQ", Kind.READY, 0, version)


def reset(seq: int) -> bytes:
    return struct.pack("<QQ", Kind.RESET, seq)


def step(seq: int, *masks: int) -> bytes:
    return struct.pack(f"<QQ{len(masks) or 1}I", Kind.STEP, seq, *(masks or (0,)))


def frame(seq: int, row: int = 0) -> bytes:
    return struct.pack("<QQQ", Kind.FRAME, seq, row)


class Talk:
    """A conversation whose orders are answered at once, by a clock that is set by hand."""

    def __init__(self, limits: SessionLimits = LIMITS, greeting: Greeting = GREETING) -> None:
        self.said = Conversation(greeting, limits, 0.0)
        self.now = 0.0
        self.stop: Stop | None = None

    def say(self, message: bytes, after: float = 0.0, num_ended: int = 0, work: float = 0.0) -> Order:
        """Say something after some time; what is ordered takes ``work`` seconds and ends ``num_ended`` episodes."""
        self.now += after
        order = self.said.hear(message, self.now)
        if isinstance(order, Act | Begin):
            self.now += work
            self.stop = self.said.answered(num_ended, self.now)
        return order


def playing(limits: SessionLimits = LIMITS) -> Talk:
    talk = Talk(limits)
    assert talk.say(ready()) == Wait()
    assert talk.say(reset(1)) == Begin(1)
    return talk


def test_a_session_begins_with_a_greeting_and_a_reset() -> None:
    order = playing().say(step(2, 0b101))
    assert isinstance(order, Act)
    assert order.actions.tolist() == [[1, 0, 1, *[0] * 9]]
    assert order.actions.dtype == np.int8


def test_what_is_asked_at_the_wrong_moment_is_refused_and_the_session_goes_on() -> None:
    talk = Talk()
    talk.say(ready())
    assert talk.say(step(1)) == Refuse(1, Refusal.NOT_RESET)
    assert talk.say(frame(2)) == Refuse(2, Refusal.NOT_RESET)
    assert talk.say(reset(3)) == Begin(3)
    assert talk.say(reset(4)) == Refuse(4, Refusal.IN_EPISODE)
    assert isinstance(talk.say(step(5), num_ended=1), Act)
    assert talk.say(step(6)) == Refuse(6, Refusal.OVER)
    assert talk.say(reset(7)) == Begin(7)
    assert talk.say(reset(8)) == Refuse(8, Refusal.IN_EPISODE)
    assert isinstance(talk.say(step(9)), Act), "in 2018 one reset in mid-episode wedged the session for good"
    assert (talk.said.num_steps, talk.said.num_episodes) == (2, 1)


def test_an_agent_that_goes_on_asking_for_what_it_may_not_is_ended() -> None:
    talk = playing()
    orders = [talk.say(reset(seq)) for seq in range(2, 6)]
    assert [type(order) for order in orders] == [Refuse] * 3 + [Stop]
    assert orders[-1] == Stop(Reason.RESET)


def test_a_picture_is_asked_for_by_its_row() -> None:
    talk = playing()
    assert talk.say(frame(2)) == Show(2, 0)
    assert talk.say(frame(3, 1)) == Stop(Reason.PROTOCOL, Violation.ROW)


@pytest.mark.parametrize(
    ("message", "violation"),
    [
        (b"", Violation.LENGTH),
        (b"\3", Violation.LENGTH),
        (step(2)[:-1], Violation.LENGTH),
        (step(2) + b"\0", Violation.LENGTH),
        (step(2, 0, 0), Violation.LENGTH),
        (reset(2) + bytes(8), Violation.LENGTH),
        (struct.pack("<QQ", 77, 2), Violation.KIND),
        (struct.pack("<QQ", Kind.OBS, 2), Violation.KIND),
        (struct.pack("<QQ", 2**64 - 1, 2), Violation.KIND),
        (step(1), Violation.SEQUENCE),
        (step(3), Violation.SEQUENCE),
        (step(2**64 - 1), Violation.SEQUENCE),
        (ready(), Violation.TWICE),
        (step(2, 1 << 12), Violation.ACTION),
        (step(2, 2**32 - 1), Violation.ACTION),
    ],
)
def test_what_the_protocol_does_not_know_ends_the_session(message: bytes, violation: Violation) -> None:
    assert playing().say(message) == Stop(Reason.PROTOCOL, violation)


@pytest.mark.parametrize(
    ("message", "violation"),
    [
        (ready(2), Violation.VERSION),
        (step(1), Violation.KIND),
        (struct.pack("<QQQ", Kind.READY, 1, 1), Violation.SEQUENCE),
    ],
)
def test_the_first_message_is_an_answer_to_the_greeting(message: bytes, violation: Violation) -> None:
    assert Talk().say(message) == Stop(Reason.PROTOCOL, violation)


def test_an_agent_may_leave() -> None:
    assert playing().say(struct.pack("<QQQQ", Kind.BYE, 1, 3, 0)) == Stop(Reason.CLIENT_DISCONNECT)


@pytest.mark.parametrize(("counts_resets", "num_steps"), [(False, 5), (True, 4)])
def test_the_last_step_of_the_budget_is_answered_and_ends_the_session(counts_resets: bool, num_steps: int) -> None:
    talk = playing(replace(LIMITS, counts_resets=counts_resets))
    for seq in range(2, num_steps + 2):
        assert talk.stop is None
        talk.say(step(seq))
    assert talk.stop == Stop(Reason.TIMESTEPS)
    assert talk.said.num_steps == num_steps


def test_a_reset_can_be_the_last_timestep_under_the_counting_of_2018() -> None:
    talk = playing(replace(LIMITS, counts_resets=True, max_timesteps=3))
    talk.say(step(2), num_ended=1)
    assert talk.stop is None
    talk.say(reset(3))
    assert talk.stop == Stop(Reason.TIMESTEPS)


def test_a_batch_counts_the_episodes_that_its_rows_begin_themselves() -> None:
    talk = Talk(replace(LIMITS, max_episodes=3, max_timesteps=None), replace(GREETING, num_envs=2))
    talk.say(ready())
    talk.say(reset(1))
    assert talk.say(reset(2)) == Refuse(2, Refusal.IN_EPISODE)
    assert isinstance(talk.say(step(3, 0, 1), num_ended=2), Act)
    assert isinstance(talk.say(step(4, 0, 1), num_ended=0), Act)
    assert talk.stop is None
    talk.say(step(5, 0, 1), num_ended=1)
    assert talk.stop == Stop(Reason.EPISODES)


def test_the_bank_pays_for_the_agents_time_and_not_for_the_worlds() -> None:
    talk = playing()
    talk.say(step(2), after=2.5, work=100.0)
    talk.say(step(3), after=2.5, work=100.0)
    assert talk.said.clock.agent_seconds == 5.0
    assert talk.said.clock.deadline == talk.now + 1.0, "3.0 s were in the bank"
    assert talk.say(step(4), after=1.001) == Stop(Reason.STEP_TIME)


def test_refused_requests_and_pictures_buy_no_time() -> None:
    talk = playing()
    deadline = talk.said.clock.deadline
    talk.say(reset(2), after=0.9)
    talk.say(frame(3), after=0.9)
    assert talk.said.clock.deadline == deadline
    assert talk.say(reset(4), after=2.3) == Stop(Reason.STEP_TIME)


def test_an_action_received_after_the_deadline_is_late_whenever_it_was_sent() -> None:
    talk = playing()
    deadline = talk.said.clock.deadline
    assert talk.said.clock.late(deadline) is None
    assert isinstance(talk.said.hear(step(2), deadline), Act)
    talk = playing()
    assert talk.said.hear(step(2), np.nextafter(talk.said.clock.deadline, np.inf)) == Stop(Reason.STEP_TIME)


def test_the_wall_clock_runs_from_the_answer_to_the_greeting() -> None:
    talk = Talk(replace(LIMITS, max_wall_clock_seconds=4.0))
    talk.say(ready(), after=9.0)
    talk.say(reset(1), after=0.5, work=3.0)
    assert talk.said.clock.deadline == 13.0
    assert talk.say(step(2), after=0.75) == Stop(Reason.WALL_CLOCK)
    assert talk.said.clock.seconds(talk.now) == 4.25


def test_an_agent_that_never_answers_is_not_waited_for() -> None:
    talk = Talk()
    assert talk.said.clock.late(10.0) is None
    assert talk.said.clock.late(10.1) is Reason.NEVER_CONNECTED
    assert talk.say(ready(), after=10.1) == Stop(Reason.NEVER_CONNECTED)


@pytest.mark.parametrize(
    "bad",
    [{"max_timesteps": 0}, {"step_seconds": -1.0}, {"bank_seconds": math.nan}, {"first_seconds": math.inf}],
)
def test_limits_are_numbers_with_an_end(bad: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="session's"):
        SessionLimits(**bad)  # type: ignore[arg-type]


GREETINGS = (
    GREETING,
    replace(GREETING, num_envs=3),
    replace(GREETING, action_kind="discrete", sizes=(126,)),
    replace(GREETING, num_envs=2, action_kind="multi_discrete", sizes=(3, 3, 14)),
)


def random_message(draw: random.Random, seq: int) -> bytes:
    """What an agent sends, mostly right, often with a byte changed, cut off or added."""
    kind = draw.choice([*Kind, draw.getrandbits(64)])
    length = {Kind.RESET: 0, Kind.STEP: draw.choice([4, 12, 24]), Kind.BYE: 16}.get(kind, 8)
    payload = draw.randbytes(length) if draw.random() < 0.3 else draw.randrange(2).to_bytes(16, "little")[:length]
    message = struct.pack("<QQ", kind, max(0, seq + draw.choice([1, 1, 1, 1, 0, 2]))) + payload
    if draw.random() < 0.2:
        at = draw.randrange(len(message))
        message = message[:at] + draw.randbytes(draw.randrange(3)) + message[at + draw.randrange(2) :]
    return message


def test_no_message_breaks_a_conversation() -> None:
    draw = random.Random(2018)
    talk, orders = Talk(), set()
    for _ in range(5_000):
        order = talk.say(random_message(draw, talk.said.seq), num_ended=draw.random() < 0.2)
        orders.add(type(order))
        if isinstance(order, Stop) or talk.stop is not None:
            talk = Talk(LIMITS, draw.choice(GREETINGS))
            if draw.random() < 0.9:
                orders.add(type(talk.say(ready())))
            if draw.random() < 0.7:
                talk.say(reset(1))
    assert orders == {Wait, Begin, Act, Show, Refuse, Stop}
