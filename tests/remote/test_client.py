"""The agent's side: one file that needs little, refuses what a server should not send, and says what is the matter."""

from __future__ import annotations

import ast
import os
import random
import socket
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.remote import client, messages
from newgameplus.remote.client import (
    BudgetSpentError,
    ProtocolError,
    RefusedError,
    RemoteEnv,
    RemoteError,
    ServerGoneError,
    SessionOverError,
    connect,
)
from newgameplus.remote.ends import AS_PLANNED, Reason
from newgameplus.remote.frames import Frames
from newgameplus.remote.messages import ActionReader, Greeting, Kind, Refusal, bye, hello, obs, refused

SOURCE = Path(client.__file__).read_text(encoding="utf-8")
PAD = Greeting(1, "uint8", (2, 3), "filtered", (12,), ("B", "A", None, *"CDEFGHIJK"))
GREETINGS = {
    "buttons": PAD,
    "all buttons": replace(PAD, action_kind="all", sizes=(2,), buttons=("A", "B"), dtype="float32"),
    "numbers": replace(PAD, action_kind="discrete", sizes=(126,), shape=()),
    "digits": replace(PAD, action_kind="multi_discrete", sizes=(3, 3, 14), shape=(0,)),
    "a set": replace(PAD, action_kind="set", sizes=(3,), combos=((), (0,), (3, 1))),
}
GREETINGS |= {f"{name} in a batch": replace(greeting, num_envs=3) for name, greeting in GREETINGS.items()}


class Script:
    """A server that says what it was told to say, whatever it hears."""

    def __init__(self, greeting: bytes, *answers: bytes, memory: int | None = None) -> None:
        self.greeting, self.memory, self.answers = greeting, memory, list(answers)
        self.heard: list[bytes] = []
        self.is_closed = False

    def hello(self) -> tuple[bytes, int | None]:
        return self.greeting, None if self.memory is None else os.dup(self.memory)

    def send(self, message: bytes) -> None:
        self.heard.append(message)

    def receive(self, longest: int) -> bytes:
        assert longest > 0
        return self.answers.pop(0) if self.answers else b""

    def close(self) -> None:
        self.is_closed = True


def without_memory(greeting: Greeting) -> bytes:
    return hello(replace(greeting, has_memory=False))


def an_obs(greeting: Greeting, seq: int = 1) -> bytes:
    rows = greeting.num_envs
    return obs(seq, 0, np.zeros(rows), bytes(rows)) + bytes(rows * greeting.row_bytes)


def test_it_imports_the_standard_library_and_numpy_alone() -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    assert imported - sys.stdlib_module_names == {"numpy"}


def test_it_is_written_for_python_3_8() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 8))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not [call for call in calls for key in call.keywords if key.arg == "strict"], "zip has none there"


def test_it_knows_the_same_protocol_as_the_server() -> None:
    assert {kind.name: kind.value for kind in Kind} == {kind.name: getattr(client, kind.name) for kind in Kind}
    sizes = {name for name in vars(client) if name.endswith(("_BYTES", "_SLOTS", "_ROWS"))} - {"MAX_HELLO_BYTES"}
    for name in {"MAGIC", "VERSION", *sizes}:
        assert getattr(client, name) == getattr(messages, name), name
    assert {kind: name for name, kind in messages.ACTION_KINDS.items()} == client.ACTION_KINDS
    assert {code: name for name, code in messages.DTYPES.items()} == client.DTYPES
    assert (messages.Way.MEMORY, messages.Way.SAME_STEP) == (client.IN_MEMORY, client.SAME_STEP)
    assert {reason.code: str(reason) for reason in Reason} == {code: told[0] for code, told in client.REASONS.items()}
    assert set(client.REFUSALS) == set(Refusal)


@pytest.mark.parametrize("name", GREETINGS)
def test_the_world_is_as_the_server_says(name: str) -> None:
    greeting = GREETINGS[name]
    with closing(Frames(greeting)) as frames:
        env = RemoteEnv(Script(hello(greeting), memory=frames.fd))
    assert (env.num_envs, env.observation_shape, env.observation_dtype) == (
        greeting.num_envs,
        greeting.shape,
        np.dtype(greeting.dtype),
    )
    assert (env.action_kind, env.buttons) == (greeting.action_kind, greeting.buttons)
    assert env.action_sizes.tolist() == list(greeting.sizes)
    assert env.num_actions == (greeting.sizes[0] if greeting.action_kind in ("set", "discrete") else None)
    assert env.combos == (((), ("B",), ("C", "A")) if greeting.combos else ())


@pytest.mark.parametrize("name", GREETINGS)
def test_every_action_arrives_as_it_was_given(name: str) -> None:
    greeting = GREETINGS[name]
    rows = () if greeting.num_envs == 1 else (greeting.num_envs,)
    script = Script(without_memory(greeting), *(an_obs(greeting, seq) for seq in range(1, 31)))
    env, reader, random_ = RemoteEnv(script), ActionReader(greeting), np.random.default_rng(4)
    for _ in range(30):
        high = 2 if greeting.is_mask else np.array(greeting.sizes) if env.action_shape else greeting.sizes[0]
        action = random_.integers(0, high, (*rows, *env.action_shape))
        env.step(action)
        arrived = reader.read(script.heard[-1][16:])
        assert arrived is not None
        assert arrived.reshape(action.shape).tolist() == action.tolist()
        assert len(script.heard[-1]) <= greeting.request_bytes


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("buttons", [0] * 11),
        ("buttons", [[0] * 12]),
        ("buttons", [0] * 11 + [2]),
        ("buttons", [0] * 11 + [-1]),
        ("buttons", [0.0] * 11 + [0.5]),
        ("buttons", [0.0] * 11 + [float("nan")]),
        ("numbers", 126),
        ("numbers", -1),
        ("numbers", 1.0),
        ("numbers", float("nan")),
        ("numbers", "5"),
        ("numbers", None),
        ("digits", [0, 3, 0]),
        ("digits", 7),
        ("a set in a batch", 2),
        ("a set in a batch", [0, 1, 3]),
    ],
)
def test_an_action_that_there_is_not_is_refused_before_it_is_sent(name: str, action: Any) -> None:
    script = Script(without_memory(GREETINGS[name]), an_obs(GREETINGS[name]))
    env = RemoteEnv(script)
    with pytest.raises(ValueError, match="action"):
        env.step(action)
    assert len(script.heard) == 1
    env.reset()


def test_buttons_may_be_booleans_or_the_floats_0_and_1() -> None:
    script = Script(without_memory(PAD), an_obs(PAD), an_obs(PAD, 2), an_obs(PAD, 3))
    env = RemoteEnv(script)
    held = np.arange(12) % 2
    for given in (held, held.astype(bool), held.astype(np.float32)):
        env.step(given)
    assert len({message[16:] for message in script.heard[1:]}) == 1


def test_a_refusal_is_an_error_in_words_and_the_session_goes_on() -> None:
    env = RemoteEnv(Script(without_memory(PAD), refused(1, Refusal.NOT_RESET), an_obs(PAD, 2)))
    with pytest.raises(RefusedError, match=r"Refused: no episode has begun: call reset\(\) first\."):
        env.step([0] * 12)
    env.reset()


@pytest.mark.parametrize("reason", Reason)
def test_the_end_is_an_error_that_says_why_again_and_again(reason: Reason) -> None:
    script = Script(without_memory(PAD), bye(0, reason))
    env = RemoteEnv(script)
    kind = BudgetSpentError if reason in AS_PLANNED else SessionOverError
    for _ in range(2):
        with pytest.raises(kind, match="The session is over: ") as caught:
            env.reset()
        assert (caught.value.reason, caught.value.code) == (reason, reason.code)
    assert script.is_closed


def test_a_server_that_vanishes_is_gone() -> None:
    env = RemoteEnv(Script(without_memory(PAD)))
    with pytest.raises(ServerGoneError, match="the server is gone"):
        env.reset()
    with pytest.raises(ServerGoneError):
        RemoteEnv(Script(b""))


def test_a_server_of_another_version_is_named() -> None:
    other = bytearray(without_memory(PAD))
    other[24] = 9
    with pytest.raises(ProtocolError, match="speaks version 9 of the protocol, this client version 1"):
        RemoteEnv(Script(bytes(other)))
    with pytest.raises(ProtocolError, match="no world of New Game Plus"):
        RemoteEnv(Script(bytes(200)))


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: memory that can be sealed")
def test_an_observation_that_changes_while_it_is_read_is_not_used() -> None:
    with closing(Frames(PAD)) as frames:
        env = RemoteEnv(Script(hello(PAD), an_obs(replace(PAD, shape=(0,))), memory=frames.fd))
        frames.draw(2, np.zeros((1, 2, 3), np.uint8), {})
        with pytest.raises(ProtocolError, match="has changed an observation"):
            env.reset()


def test_no_answer_of_a_server_breaks_a_client() -> None:
    draw = random.Random(2018)
    greetings = [without_memory(greeting) for greeting in GREETINGS.values()]
    answers = [an_obs(greeting) for greeting in GREETINGS.values()]
    answers += [bye(0, Reason.TIMESTEPS), refused(1, Refusal.OVER), messages.picture(1, 2, 2) + bytes(12)]
    found = set()
    for _ in range(1000):
        greeting = draw.choice(greetings)
        script = Script(mutated(draw, greeting), *(mutated(draw, draw.choice(answers)) for _ in range(3)))
        try:
            env = RemoteEnv(script)
            for ask in (env.reset, env.frame, env.reset):
                try:
                    ask()
                    found.add("answer")
                except RemoteError as error:
                    found.add(type(error).__name__)
        except RemoteError as error:
            found.add(type(error).__name__)
    assert {"answer", "ProtocolError", "RefusedError", "ServerGoneError", "BudgetSpentError"} <= found


def mutated(draw: random.Random, message: bytes) -> bytes:
    """The message, in half of all cases with some bytes changed, cut off or added."""
    changed = bytearray(message)
    for _ in range(draw.choice([0, 0, 0, 1, 1, 2])):
        at = draw.randrange(len(changed) + 1)
        changed[at : at + draw.randrange(3)] = draw.randbytes(draw.choice([1, 1, 2]))
    return bytes(changed[: draw.randrange(len(changed) + 1)] if draw.random() < 0.1 else changed)


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a program that no server has started."""
    for name in (client.DESCRIPTOR_VARIABLE, client.ADDRESS_VARIABLE, client.TOKEN_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_variables")
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (client.DESCRIPTOR_VARIABLE, "three", "is the number of a descriptor, not 'three'"),
        (client.DESCRIPTOR_VARIABLE, "4000", "Descriptor 4000 is no connection to a server"),
        (client.ADDRESS_VARIABLE, "here", "is HOST:PORT, not 'here'"),
        (client.ADDRESS_VARIABLE, "127.0.0.1:99999", "There is no server at 127.0.0.1:99999"),
    ],
)
def test_without_a_server_it_says_so(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(RemoteError, match=sentence):
        connect()


def test_a_file_is_no_server(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(RemoteError, match="is no connection to a server"):
            connect(descriptor)
    finally:
        os.close(descriptor)


def test_children_do_not_inherit_the_connection() -> None:
    ours, theirs = socket.socketpair()
    descriptor = theirs.detach()
    os.set_inheritable(descriptor, True)
    ours.send(without_memory(PAD))
    with closing(ours), closing(connect(descriptor)):
        assert not os.get_inheritable(descriptor)
