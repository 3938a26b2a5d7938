"""A server on real sockets: whatever the other side does, the session ends with a typed reason, and in time."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from array import array
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode

from newgameplus.envs.contest import make_contest
from newgameplus.envs.world import SingleWorld
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.remote.client import BudgetSpentError, RefusedError, RemoteEnv, RemoteError, SessionOverError, connect
from newgameplus.remote.ends import End, Reason, Violation
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.messages import Greeting, Kind
from newgameplus.remote.server import in_process, serve
from newgameplus.remote.transport import Listener, socket_pair
from newgameplus.types import NOTHING, Array

EPISODE_STEPS = 4
SOON = SessionLimits(step_seconds=0.02, bank_seconds=0.0, first_seconds=60.0)
"""An agent that says nothing is not waited for."""
NO_BUTTON = np.zeros(12, np.int8)
READY = struct.pack("<QQQ", Kind.READY, 0, 1)
RESET = struct.pack("<QQ", Kind.RESET, 1)
STEP = struct.pack("<QQI", Kind.STEP, 2, 0)


@pytest.fixture(scope="module")
def world() -> Iterator[SingleWorld]:
    """A level of Tumbleweed, of which nothing is observed."""
    level = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
    with closing(SingleWorld(make_contest(level, observation_spec=NOTHING, max_episode_steps=EPISODE_STEPS))) as made:
        yield made


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for servers."""
    with ThreadPoolExecutor() as made:
        yield made


class Served:
    """A server in a thread, and the agent's end of its connection."""

    def __init__(self, threads: ThreadPoolExecutor, world: SingleWorld, *given: Any, **options: Any) -> None:
        ours, self.agent = socket_pair()
        self.future: Future[End] = threads.submit(serve, world, ours, *given, **options)

    def env(self) -> RemoteEnv:
        return connect(self.agent.detach())

    def end(self) -> End:
        return self.future.result(timeout=30.0)


def open_files() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def play(env: RemoteEnv, num_steps: int) -> None:
    is_over = True
    for _ in range(num_steps):
        if is_over:
            env.reset()
        _, _, is_over = env.step(NO_BUTTON)


def test_a_session_ends_with_its_timesteps_and_says_so_to_both_sides(
    world: SingleWorld, threads: ThreadPoolExecutor
) -> None:
    served = Served(threads, world, SessionLimits(max_timesteps=10, step_seconds=1e9))
    with closing(served.env()) as env:
        play(env, 10)
        for ask in (env.reset, lambda: env.step(NO_BUTTON), env.frame):
            with pytest.raises(BudgetSpentError, match="all timesteps were taken"):
                ask()
    end = served.end()
    assert (end.reason, end.step, end.episode) == (Reason.TIMESTEPS, 10, 2)
    assert 0.0 < end.agent_seconds < end.seconds
    assert end.told().startswith("All timesteps were taken (step 10, episode 3, ")


def test_the_counting_of_2018_leaves_less_steps(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world, SessionLimits(max_timesteps=10, counts_resets=True))
    with closing(served.env()) as env, pytest.raises(BudgetSpentError):
        play(env, 10)
    assert served.end().step == 8, "and 2 resets"


@pytest.mark.parametrize(
    ("sent", "violation"),
    [
        ([b"half"], Violation.LENGTH),
        ([READY, RESET[:-1]], Violation.LENGTH),
        ([READY, bytes(100_000)], Violation.LENGTH),
        ([READY, b""], Violation.LENGTH),
        ([READY, READY], Violation.TWICE),
        ([READY, RESET, RESET], Violation.SEQUENCE),
        ([READY, RESET, STEP[:-4] + b"\xff" * 4], Violation.ACTION),
        ([struct.pack("<QQQ", Kind.READY, 0, 2)], Violation.VERSION),
        ([STEP], Violation.KIND),
    ],
)
def test_what_is_no_message_ends_the_session(
    world: SingleWorld, threads: ThreadPoolExecutor, sent: list[bytes], violation: Violation
) -> None:
    served = Served(threads, world)
    with served.agent as agent:
        for message in sent:
            agent.send(message)
        end = served.end()
    assert (end.reason, end.violation) == (Reason.PROTOCOL, violation)


def test_open_files_are_not_received(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served, before = Served(threads, world), open_files()
    files = array("i", [0] * 100)
    with served.agent as agent:
        agent.sendmsg([READY], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
        end = served.end()
        assert len(open_files()) <= len(before)
    assert (end.reason, end.violation) == (Reason.PROTOCOL, Violation.DESCRIPTORS)


def test_an_agent_that_only_sends_is_ended(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world)
    with served.agent as agent:
        agent.send(READY)
        agent.send(RESET)
        with suppress(OSError):
            for seq in range(2, 1_000_000):
                agent.send(struct.pack("<QQQ", Kind.FRAME, seq, 0))
        end = served.end()
    assert (end.reason, end.violation) == (Reason.PROTOCOL, Violation.UNREAD)


@pytest.mark.parametrize(("said", "reason"), [([READY], Reason.STEP_TIME), ([READY, RESET], Reason.STEP_TIME)])
def test_silence_ends_the_session(
    world: SingleWorld, threads: ThreadPoolExecutor, said: list[bytes], reason: Reason
) -> None:
    served = Served(threads, world, SOON)
    with served.agent as agent:
        for message in said:
            agent.send(message)
        assert served.end().reason is reason


def test_an_agent_that_never_answers_ends_the_session(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world, replace(SOON, first_seconds=0.02))
    with served.agent:
        end = served.end()
    assert end.reason is Reason.NEVER_CONNECTED
    assert end.told() == "The agent never connected: call newgameplus.remote.client.connect()."


def test_an_agent_that_connects_twice_is_ended(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world)
    with served.agent as agent, closing(connect(os.dup(agent.fileno()))) as env:
        env.reset()
        agent.send(READY)
        end = served.end()
    assert (end.reason, end.violation) == (Reason.PROTOCOL, Violation.TWICE)


def test_a_process_connects_once(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world)
    descriptor = served.agent.detach()
    with closing(connect(descriptor)) as env:
        with pytest.raises(RemoteError, match="has connected already: keep the environment"):
            connect(descriptor)
        env.reset()
    served.end()


def test_what_is_refused_is_told_in_words_and_wedges_nothing(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world)
    with closing(served.env()) as env:
        for ask in (lambda: env.step(NO_BUTTON), env.frame):
            with pytest.raises(RefusedError, match="no episode has begun"):
                ask()
        first = env.reset()
        with pytest.raises(RefusedError, match="an episode cannot be left"):
            env.reset()
        assert [env.step(NO_BUTTON)[2] for _ in range(EPISODE_STEPS)] == [False, False, False, True]
        assert env.truncated.all()
        assert not env.terminated.any()
        with pytest.raises(RefusedError, match="the episode is over"):
            env.step(NO_BUTTON)
        assert np.array_equal(env.reset(), first)
    assert served.end().reason is Reason.CLIENT_DISCONNECT


def test_a_picture_is_drawn_only_once_it_was_asked_for(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world)
    with closing(served.env()) as env:
        env.reset()
        with pytest.raises(RefusedError, match="no picture is drawn yet: take a step"):
            env.frame()
        env.step(NO_BUTTON)
        picture = env.frame()
        assert np.array_equal(picture, world.screen(0))
        with pytest.raises(ValueError, match="no row 1"):
            env.frame(1)
    served.end()


def test_the_watch_ends_the_session_and_tells_why_the_connection_broke(
    world: SingleWorld, threads: ThreadPoolExecutor
) -> None:
    served = Served(threads, world, watch=lambda: Reason.OUT_OF_MEMORY)
    with closing(served.env()) as env, pytest.raises(SessionOverError, match="more memory than it may"):
        play(env, 100)
    assert served.end().reason is Reason.OUT_OF_MEMORY
    known: list[Reason | None] = [Reason.AGENT_EXIT, None, None]
    served = Served(threads, world, watch=known.pop)
    served.agent.close()
    assert served.end().reason is Reason.AGENT_EXIT


def test_a_broken_connection_without_a_reason_is_the_agents(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = Served(threads, world, replace(SOON, grace_seconds=0.0), watch=lambda: None)
    served.agent.close()
    assert served.end().reason is Reason.CLIENT_DISCONNECT


def test_the_judge_ends_the_session_after_a_step(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    spent: list[Reason | None] = [Reason.WALL_CLOCK, None, None]
    served = Served(threads, world, judge=spent.pop)
    with closing(served.env()) as env, pytest.raises(BudgetSpentError, match="the time is over"):
        play(env, 100)
    assert (served.end().step, served.end().reason) == (2, Reason.WALL_CLOCK)


class _Breaking(SingleWorld):
    """A world whose steps fail as a core does."""

    error: BaseException

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        raise self.error


@pytest.mark.parametrize(("error", "reason"), [(UsageError("broken"), "error"), (KeyboardInterrupt(), "organiser")])
def test_an_error_of_the_world_is_raised_and_the_agent_is_told(
    world: SingleWorld, threads: ThreadPoolExecutor, error: BaseException, reason: str
) -> None:
    breaking = _Breaking(world.env)
    breaking.error = error
    served = Served(threads, breaking)
    with closing(served.env()) as env, pytest.raises(SessionOverError) as caught:
        play(env, 2)
    assert caught.value.reason == reason
    with pytest.raises(type(error)):
        served.end()


def test_a_world_that_cannot_be_sent_leaves_nothing_open(world: SingleWorld) -> None:
    before = open_files()
    strange = SingleWorld(world.env)
    strange.single_observation_space = Box(0, 1, (2,), np.float64)
    ours, theirs = socket_pair()
    with theirs, pytest.raises(UsageError, match="cannot be sent to another process"):
        serve(strange, ours)
    strange = SingleWorld(world.env)
    strange.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
    with pytest.raises(UsageError, match=r"AutoresetMode\.SAME_STEP"):
        in_process(strange)
    assert open_files() == before


def test_nothing_is_left_open(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    before = open_files()
    for _ in range(3):
        served = Served(threads, world, SessionLimits(max_timesteps=1))
        with closing(served.env()) as env:
            play(env, 1)
        served.end()
        with closing(RemoteEnv(in_process(world))) as env:
            play(env, 1)
    assert open_files() == before


AGENT = """
import sys
from newgameplus.remote.client import connect, SessionOverError
env = connect()
total, is_over = 0.0, True
try:
    while True:
        if is_over:
            env.reset()
        _, reward, is_over = env.step([0] * 7 + [1] + [0] * 4)
        total += reward
except SessionOverError as error:
    print(error.reason, repr(total))
"""


def test_an_agent_of_its_own_process_gets_the_local_rewards(world: SingleWorld) -> None:
    right = np.array([[0] * 7 + [1] + [0] * 4], np.int8)
    world.reset(seed=3)
    expected = sum(float(world.step(right)[1][0]) for _ in range(30))
    ours, theirs = socket_pair()
    with theirs:
        program = subprocess.Popen(
            [sys.executable, "-c", AGENT],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "NGP_REMOTE_FD": str(theirs.fileno())},
            stdout=subprocess.PIPE,
            text=True,
        )
    end = serve(world, ours, SessionLimits(max_timesteps=30), seed=3)
    said, _ = program.communicate(timeout=60)
    assert (end.reason, program.returncode) == (Reason.TIMESTEPS, 0)
    assert said == f"timesteps {expected!r}\n"


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(message)) + message for message in messages)


class OverTcp:
    """A server that listens in a thread; what the first agent with the token does is up to the test."""

    def __init__(self, threads: ThreadPoolExecutor, world: SingleWorld, limits: SessionLimits) -> None:
        self.listener = Listener()

        def accept_and_serve() -> End | None:
            connected = self.listener.accept(30.0)
            return None if connected is None else serve(world, connected, limits)

        self.future = threads.submit(accept_and_serve)

    def agent(self, token: str | None = None) -> socket.socket:
        host, port = self.listener.address.split(":")
        agent = socket.create_connection((host, int(port)))
        agent.sendall((self.listener.token if token is None else token).encode())
        return agent

    def end(self) -> End:
        end = self.future.result(timeout=30.0)
        assert end is not None
        return end


@pytest.mark.parametrize(
    ("sent", "violation"),
    [
        (b"\xff\xff\xff\x7f", Violation.LENGTH),
        (bytes(4), Violation.LENGTH),
        (framed(b"x"), Violation.LENGTH),
        (framed(READY, RESET, RESET), Violation.SEQUENCE),
        (framed(READY, READY), Violation.TWICE),
    ],
)
def test_what_is_no_message_ends_a_session_over_tcp(
    world: SingleWorld, threads: ThreadPoolExecutor, sent: bytes, violation: Violation
) -> None:
    served = OverTcp(threads, world, SOON)
    with served.agent() as agent:
        agent.sendall(sent)
        end = served.end()
    assert (end.reason, end.violation) == (Reason.PROTOCOL, violation)


def test_half_a_message_and_then_nothing_is_silence(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = OverTcp(threads, world, SOON)
    with served.agent() as agent:
        agent.sendall(framed(READY) + b"\x10\0")
        assert served.end().reason is Reason.STEP_TIME


def test_a_byte_at_a_time_buys_no_time(world: SingleWorld, threads: ThreadPoolExecutor) -> None:
    served = OverTcp(threads, world, SOON)
    with served.agent() as agent:
        agent.sendall(framed(READY))
        for byte in framed(RESET)[:-1]:
            agent.send(bytes([byte]))
            if wait([served.future], timeout=0.005).done:
                break
        assert served.end().reason is Reason.STEP_TIME


def test_only_who_knows_the_token_is_let_in_and_nobody_keeps_it_out(
    world: SingleWorld, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = OverTcp(threads, world, SessionLimits(max_timesteps=1))
    strangers = [served.agent("")] * 3 + [served.agent("0" * 32), *(served.agent("half") for _ in range(20))]
    monkeypatch.setenv("NGP_REMOTE_ADDRESS", served.listener.address)
    monkeypatch.setenv("NGP_REMOTE_TOKEN", served.listener.token)
    with closing(connect()) as env:
        play(env, 1)
        with pytest.raises(OSError, match="refused"):
            served.agent()
    assert served.end().reason is Reason.TIMESTEPS
    for stranger in strangers:
        stranger.close()
    monkeypatch.setenv("NGP_REMOTE_TOKEN", "")
    with pytest.raises(RemoteError, match="There is no server at"):
        connect()


def test_a_listener_that_nobody_finds_gives_up() -> None:
    listener = Listener()
    with closing(listener):
        assert listener.accept(0.01) is None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"num_envs": 5000}, "4,096 rows at most, not 5,000"),
        ({"dtype": "float64"}, "uint8 or float32"),
        ({"shape": (1, 1, 1, 1, 1)}, "of four axes"),
        ({"shape": (1 << 16, 1 << 16)}, "1024 MiB at most"),
        ({"buttons": ("A",) * 33}, "32 buttons at most"),
        ({"buttons": ("the button on the left",)}, "names of 16 letters"),
        ({"combos": ((0,) * 9,)}, "of 8 buttons at most"),
    ],
)
def test_a_world_that_the_messages_have_no_room_for_is_refused(changed: dict[str, Any], sentence: str) -> None:
    fitting = Greeting(1, "uint8", (2,), "set", (1,), ("A",), ((0,),))
    fitting.check()
    with pytest.raises(UsageError, match=sentence):
        replace(fitting, **changed).check()
