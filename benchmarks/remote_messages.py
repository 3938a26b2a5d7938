"""Send random and damaged messages to a server and to a client: each must end in an answer or a typed reason.

Half of them go to servers of a small world, as from a foreign agent, half to clients, as from a foreign server. Each is
one that could be right, often with bytes changed, cut off or added. Nothing may crash, take longer than 0.1 s (a few
may, as the machine has other work), or keep memory.

Run: python -m benchmarks.remote_messages [--messages 5000000]
"""

from __future__ import annotations

import argparse
import random
import resource
import struct
import sys
import time
from collections import Counter
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from benchmarks.turns import add_tiny, parse
from newgameplus.remote.client import RemoteEnv, RemoteError
from newgameplus.remote.ends import Reason
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.messages import Kind, Refusal, bye, obs, picture, refused
from newgameplus.remote.server import Server
from newgameplus.types import BUTTONS, Array

MAX_SECONDS = 0.1
MAX_NUM_SLOW = 10
MAX_GROWTH_BYTES = 64 << 20
LIMITS = SessionLimits(max_timesteps=50, max_refusals=10)


class Small:
    """A world of a few bytes, whose episodes end now and then."""

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012 - Gymnasium's own declaration
    single_observation_space = spaces.Box(0, 255, (3,), np.uint8)
    single_action_space = spaces.MultiBinary(12)
    buttons = tuple("BACDEFGHIJKL")
    action_spec = BUTTONS

    def __init__(self, num_envs: int) -> None:
        self.num_envs = num_envs
        self.level_ids = ("none",) * num_envs
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._num_steps = 0

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Array, dict[str, Any]]:
        """Show nothing."""
        return np.zeros((self.num_envs, 3), np.uint8), {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """End every fifth episode."""
        self._num_steps += 1
        rows, seen = self.num_envs, np.zeros((self.num_envs, 3), np.uint8)
        over = np.full(rows, self._num_steps % 5 == 0)
        info = {"final_obs": list(seen), "_final_obs": over} if over[0] else {}
        return seen, np.ones(rows), over, np.zeros(rows, np.bool_), info

    def random_state(self, row: int) -> dict[str, Any]:
        """There is no random generator."""
        return {}

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """There is no random generator."""

    def close(self) -> None:
        """There is nothing to close."""


class Found:
    """What became of the messages, and the longest time that one took."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.longest = 0.0
        self.num_slow = 0

    def note(self, outcome: str, began: float) -> None:
        """Note what became of a message that was sent at ``began``."""
        self.outcomes[outcome] += 1
        seconds = time.perf_counter() - began
        self.longest = max(self.longest, seconds)
        self.num_slow += seconds > MAX_SECONDS


def damaged(draw: random.Random, message: bytes) -> bytes:
    """The message, in a third of all cases with some bytes changed, cut off or added."""
    changed = bytearray(message)
    for _ in range(draw.choice((0, 0, 0, 0, 0, 1, 2))):
        at = draw.randrange(len(changed) + 1)
        changed[at : at + draw.randrange(3)] = draw.randbytes(draw.choice((1, 1, 2)))
    return bytes(changed[: draw.randrange(len(changed) + 1)] if draw.random() < 0.1 else changed)


def request(draw: random.Random, seq: int, rows: int) -> bytes:
    """Something that an agent might send."""
    kind = draw.choices((*Kind, draw.getrandbits(64)), (1, 1, 20, 40, 1, 1, 1, 10, 1, 1))[0]
    if kind == Kind.READY:
        return struct.pack("<QQQ", kind, 0, 1)
    length = {Kind.RESET: 0, Kind.STEP: 4 * rows, Kind.BYE: 16}.get(kind, 8)
    return struct.pack("<QQ", kind, max(0, seq + draw.choice((1,) * 20 + (0, 2)))) + bytes(length)


def ignore(answer: bytes) -> None:
    """Do not read an answer."""


def to_servers(draw: random.Random, num_messages: int, found: Found) -> None:
    """Send messages to servers, with a new one whenever a session ends."""
    server: Server | None = None
    rows, worlds = 1, {rows: Small(rows) for rows in (1, 2)}
    for _ in range(num_messages):
        if server is None:
            rows = draw.choice((1, 1, 2))
            server = Server(worlds[rows], LIMITS, has_memory=draw.random() < 0.1)
            server.hear(struct.pack("<QQQ", Kind.READY, 0, 1), time.monotonic(), ignore)
        message, answers = damaged(draw, request(draw, server.conversation.seq, rows)), list[bytes]()
        began = time.perf_counter()
        stop = server.hear(message, time.monotonic(), answers.append)
        found.note(f"server: {stop.reason} {stop.violation or ''}" if stop else "server: goes on", began)
        if stop is not None:
            server.close()
            server = None
    if server is not None:
        server.close()


class Foreign:
    """A server that says what it was told to say."""

    def __init__(self, messages: list[bytes]) -> None:
        self._messages = messages

    def hello(self) -> tuple[bytes, None]:
        """Return the first message."""
        return self._messages.pop(0), None

    def send(self, message: bytes) -> None:
        """Hear nothing."""

    def receive(self, longest: int) -> bytes:
        """Return the next message."""
        return self._messages.pop(0) if self._messages else b""

    def close(self) -> None:
        """Stay silent."""


def answers(draw: random.Random, seq: int, rows: int) -> tuple[bytes, ...]:
    """What a server might answer."""
    seen = obs(seq, draw.randrange(2), np.zeros(rows), bytes(rows)) + bytes(3 * rows)
    shown = picture(seq, 1, 2) + bytes(6)
    return seen, seen, seen, shown, refused(seq, draw.choice(list(Refusal))), bye(0, draw.choice(list(Reason)))


def to_clients(draw: random.Random, num_messages: int, found: Found) -> None:
    """Let clients ask foreign servers for all that there is to ask."""
    greetings = {rows: Server(Small(rows), LIMITS, has_memory=False).hello() for rows in (1, 2)}
    sent = 0
    while sent < num_messages:
        rows = draw.choice((1, 2))
        greeting = damaged(draw, greetings[rows]) if draw.random() < 0.2 else greetings[rows]
        said = [greeting, *(damaged(draw, draw.choice(answers(draw, seq, rows))) for seq in range(1, 5))]
        sent += len(said)
        began = time.perf_counter()
        try:
            env = RemoteEnv(Foreign(said))
            for ask in (env.reset, lambda env=env: env.step(np.zeros(env.action_shape, np.int8)), env.frame, env.reset):
                listen(ask, found)
        except (RemoteError, ValueError) as error:
            found.note(f"client: {type(error).__name__}", began)


def listen(ask: Any, found: Found) -> None:
    """Ask for something."""
    began = time.perf_counter()
    try:
        ask()
        found.note("client: an answer", began)
    except (RemoteError, ValueError) as error:
        found.note(f"client: {type(error).__name__}", began)


def peak_bytes() -> int:
    """Largest memory of this process so far."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Send the messages, and print what became of them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--messages", type=int, default=5_000_000, help="number of messages")
    options.add_argument("--seed", type=int, default=2018)
    add_tiny(options)
    arguments = parse(options, messages=2000)
    draw, found = random.Random(arguments.seed), Found()
    to_servers(draw, 1000, found)
    to_clients(draw, 1000, found)
    before = peak_bytes()
    to_servers(draw, arguments.messages // 2, found)
    to_clients(draw, arguments.messages - arguments.messages // 2, found)
    growth = peak_bytes() - before
    for outcome, count in sorted(found.outcomes.items()):
        print(f"{outcome:40}{count:12,}")
    print(f"The longest took {found.longest * 1e3:.1f} ms; memory grew by {growth / 2**20:.1f} MiB.")
    if found.num_slow > MAX_NUM_SLOW or growth > MAX_GROWTH_BYTES:
        sys.exit("A message took longer, or more memory, than it may.")


if __name__ == "__main__":
    main()
