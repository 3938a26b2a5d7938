"""Round trip of a step between a server and an agent in another process, beside the flow of 2018; and JERK through it.

The world of the first figure emulates nothing: each step shows one of four pictures of 224 x 320, so that the time
between two steps is that of the way. The server copies the picture into the memory that both see. Our agent steps with
and without copies of what it sees, in a sandbox and without one (``--sandbox none``); the agent of 2018 has none, and
its flow is restated here: JSON messages ended by a form feed on a stream, read in pieces of 4,096 bytes, and the
picture in a file that both map. Targets, on an idle core: median below 40 us and p99 below 150 us, at least twice as
fast as in 2018.

The second figure is JERK on a real level: steps per second through the door, at least 0.85 of those in one process.

Server and agent share one processor, as they do where an evaluation keeps all of them busy: they take turns. On two of
which nobody else uses any, each turn also wakes the other one up, which on a virtual machine takes longer than all the
rest: ``--spread`` measures that.

Run: python -m benchmarks.speed.remote_step [--rounds 10] [--steps 4000] [--jerk-steps 3000] [--sandbox bubblewrap]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from benchmarks.turns import Ratio, Turn, median_and_interval, parse, parser, publish, ratios, raw, speeds, take_turns
from newgameplus.agents.jerk.config import DEFAULT
from newgameplus.envs.contest import make_contest
from newgameplus.envs.interface import World
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.games.levels import find_level
from newgameplus.remote.client import SessionOverError, connect
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.sandbox.choice import choose
from newgameplus.remote.sandbox.spec import Bind, Spec, interpreter_binds
from newgameplus.remote.server import serve
from newgameplus.remote.transport import socket_pair
from newgameplus.remote.world import RemoteWorld
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.loop import play
from newgameplus.types import BUTTONS, NOTHING, Array

LEVEL = "Tumbleweed-Genesis-v0/Mesa.Act1"
SEED = 2018
SHAPE = (224, 320, 3)
WALL_CLOCK_SECONDS = 12 * 3600.0
"""Of the server of 2018, which enforced it by the socket's own limit of time."""
WARM_UP = 200
"""Steps of a turn that do not count."""
READS, COPIES, OF_2018 = "remote", "remote, agent copies", "flow of 2018"
LOCAL, REMOTE = "JERK in one process", "JERK through the door"
REMOTE_JERK = "jerk"
FORM_FEED = b"\f"
BEGAN: list[float] = []
"""Processor's time of this process when its agent began to step."""


@dataclass(frozen=True, slots=True)
class Trips:
    """What a turn measured, of steps after the warm-up."""

    median: float
    """Seconds between two steps."""
    late: float
    """99th percentile of them."""
    processor: float
    """Seconds per step of both processors' time."""


class Pace:
    """Notes the time of each step, and the processor's time of the first."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.processor = 0.0

    def note(self) -> None:
        """Note a step."""
        if not self.times:
            self.processor = time.process_time()
        self.times.append(time.perf_counter())

    def trips(self, agent_processor: float) -> Trips:
        """Return what was measured; the agent took ``agent_processor`` seconds of its processor for the same steps."""
        spans = np.diff(self.times)[min(WARM_UP, len(self.times) // 2) :]
        processor = (time.process_time() - self.processor + agent_processor) / len(self.times)
        return Trips(float(np.median(spans)), float(np.quantile(spans, 0.99)), processor)


class Pictures:
    """A world without a game: four pictures in turn."""

    num_envs = 1
    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012 - Gymnasium's own declaration
    single_observation_space = spaces.Box(0, 255, SHAPE, np.uint8)
    single_action_space = spaces.MultiBinary(12)
    observation_space = batch_space(single_observation_space, 1)
    action_space = batch_space(single_action_space, 1)
    buttons = tuple("BACDEFGHIJKL")
    action_spec = BUTTONS
    level_ids = ("none",)

    def __init__(self) -> None:
        random = np.random.default_rng(SEED)
        self.pictures = [random.integers(0, 256, (1, *SHAPE), np.uint8) for _ in range(4)]
        self.pace = Pace()

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Array, dict[str, Any]]:
        """Show the first picture."""
        return self.pictures[0], {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Show the next picture."""
        self.pace.note()
        return self.pictures[len(self.pace.times) % 4], np.ones(1), np.zeros(1, np.bool_), np.zeros(1, np.bool_), {}

    def random_state(self, row: int) -> dict[str, Any]:
        """There is no random generator."""
        return {}

    def restore_random_state(self, row: int, state: dict[str, Any]) -> None:
        """There is no random generator."""

    def close(self) -> None:
        """There is nothing to close."""


class Level(SingleWorld):
    """A level that notes the time of its steps."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.pace = Pace()

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Take a step."""
        self.pace.note()
        return super().step(actions)


@contextmanager
def started(sandbox: str, *arguments: str, descriptor: int | None = None) -> Iterator[list[str]]:
    """An agent of this file, in a sandbox or without; on exit it has ended, and the list has the lines that it said."""
    command = (sys.executable, "-m", "benchmarks.speed.remote_step", *arguments)
    root, said = Path(__file__).parents[2], list[str]()
    if sandbox == "none":
        passed = () if descriptor is None else (descriptor,)
        environment = {**os.environ, "NGP_REMOTE_FD": str(descriptor), "OMP_NUM_THREADS": "1"}
        agent = subprocess.Popen(command, cwd=root, pass_fds=passed, env=environment, stdout=subprocess.PIPE, text=True)
        yield said
        said += agent.communicate()[0].splitlines()
        return
    assert descriptor is not None
    binds, variables = (*interpreter_binds(), Bind(root / "benchmarks")), {"OMP_NUM_THREADS": "1"}
    spec = Spec(argv=command, env=variables, binds=binds, working_folder=str(root), descriptors=(descriptor,))
    with choose(sandbox).start(spec) as program:
        yield said
        program.wait()
        said += program.last_lines()


def served(world: Pictures | Level, num_steps: int, sandbox: str, *arguments: str) -> Trips:
    """Serve a world to an agent of this file for a number of steps."""
    ours, theirs = socket_pair()
    with theirs, started(sandbox, *arguments, descriptor=theirs.fileno()) as said:
        theirs.close()
        serve(world, ours, SessionLimits(max_timesteps=num_steps), seed=SEED)
    return world.pace.trips(float(said[-1]))


def remote(num_steps: int, sandbox: str, agent: str) -> Callable[[], Trips]:
    """A side whose turn is a session with an agent that does nothing but step."""
    return lambda: served(Pictures(), num_steps, sandbox, agent)


def flow_of_2018(num_steps: int) -> Callable[[], Trips]:
    """A side whose turn is a session as gym_remote held it, with an agent that does nothing but step."""

    def turn() -> Trips:
        world = Pictures()
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            shown = np.memmap(Path(folder) / "ob", np.uint8, "w+", shape=SHAPE)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(Path(folder) / "sock"))
                listener.listen(1)
                with started("none", OF_2018, folder) as said, closing(listener.accept()[0]) as stream:
                    stream.settimeout(WALL_CLOCK_SECONDS)
                    serve_as_in_2018(world, stream, shown, num_steps)
        return world.pace.trips(float(said[-1]))

    return turn


def serve_as_in_2018(world: Pictures, stream: socket.socket, shown: Array, num_steps: int) -> None:
    """Answer an agent of 2018: what has changed travels by name; the picture's file only as ``true``."""
    received = bytearray()
    for _ in range(num_steps):
        changed = read_update(stream, received)
        action = np.array([[changed["ac"] >> bit & 1 for bit in range(12)]], np.int8)
        picture, reward, terminated, _, _ = world.step(action)
        shown[:] = picture[0]
        send_update(stream, {"ob": True, "reward": float(reward[0]), "done": bool(terminated[0])})


def read_update(stream: socket.socket, received: bytearray) -> dict[str, Any]:
    """Read the next message, which a form feed ends."""
    while FORM_FEED not in received:
        part = stream.recv(4096)
        if not part:
            raise EOFError
        received += part
    message, _, rest = bytes(received).partition(FORM_FEED)
    received[:] = rest
    content: dict[str, Any] = json.loads(message.decode())["content"]
    return content


def send_update(stream: socket.socket, content: dict[str, Any]) -> None:
    """Send a message."""
    stream.sendall(json.dumps({"type": "update", "content": content}).encode() + FORM_FEED)


def be_of_2018(folder: str) -> None:
    """Be an agent of 2018 that does nothing but step; what it sees is the file itself."""
    shown, received, action = np.memmap(Path(folder) / "ob", np.uint8, "r", shape=SHAPE), bytearray(), [0] * 12
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(Path(folder) / "sock"))
        BEGAN.append(time.process_time())
        with suppress(EOFError, OSError):
            while shown.shape == SHAPE:
                send_update(stream, {"ac": sum(held << bit for bit, held in enumerate(action))})
                read_update(stream, received)


def be_remote(copies: bool) -> None:
    """Be an agent that does nothing but step."""
    env, action = connect(copies=copies), np.zeros(12, np.int8)
    env.reset()
    BEGAN.append(time.process_time())
    with suppress(SessionOverError):
        while True:
            env.step(action)


def be_jerk(num_steps: int) -> None:
    """Be JERK, in a world of another process."""
    world = RemoteWorld(connect())
    with suppress(SessionOverError):
        jerk_plays(world, num_steps, None)


def jerk_plays(world: World, num_steps: int, seed: int | None) -> None:
    """Let JERK take its steps in a world."""
    agent = AgentPlan("jerk", "default", DEFAULT).make(world_spec(world, num_timesteps=num_steps), SEED)
    BEGAN.append(time.process_time())
    for _ in itertools.islice(play(agent, world, seed=seed), num_steps):
        pass


def jerk(num_steps: int, sandbox: str | None) -> Callable[[], tuple[float, float]]:
    """A side whose turn is JERK's steps; without ``sandbox`` in this process.

    Measured are the seconds, by the clock and of the processors, from the first to the last, so that no start counts.
    """

    def turn() -> tuple[float, float]:
        with closing(Level(make_contest(find_level(LEVEL), observation_spec=NOTHING))) as world:
            if sandbox is None:
                jerk_plays(world, num_steps, SEED)
                measured = world.pace.trips(0.0)
            else:
                measured = served(world, num_steps, sandbox, REMOTE_JERK, str(num_steps))
            return world.pace.times[-1] - world.pace.times[0], num_steps * measured.processor

    return turn


def measure_trips(arguments: argparse.Namespace) -> None:
    """Measure the round trip of a step."""
    sides = {
        READS: partial(remote, arguments.steps, arguments.sandbox, READS),
        COPIES: partial(remote, arguments.steps, arguments.sandbox, COPIES),
        OF_2018: partial(flow_of_2018, arguments.steps),
    }
    rounds, late = [], []
    for turns in take_turns(sides, arguments.rounds):
        answers: dict[str, Trips] = {name: turn.answer for name, turn in turns.items()}
        late.append({name: trips.late for name, trips in answers.items()})
        rounds.append({name: Turn(trips.median, trips.processor, None) for name, trips in answers.items()})
    figures = {}
    for name in sides:
        limits = (40.0, 150.0) if name == READS else (None, None)
        medians, tails = [1e6 * turns[name].clock for turns in rounds], [1e6 * each[name] for each in late]
        figures[name] = median_and_interval(medians, at_most=limits[0])
        figures[f"{name}, 99th percentile"] = median_and_interval(tails, at_most=limits[1])
    publish(
        {
            "figure": "remote_step",
            "what": "Round trip of a step with a picture of 224 x 320 x 3, without emulation",
            "unit": "microseconds",
            "sandbox": arguments.sandbox,
            "is_spread": arguments.spread,
            "num_steps": arguments.steps,
            "num_rounds": len(rounds),
            "sides": figures,
            "ratios": ratios(rounds, [Ratio(READS, OF_2018, target=2.0), Ratio(COPIES, OF_2018)]),
            "notes": [f"Our agent's sandbox: {arguments.sandbox}; that of 2018 has none."],
            "seconds": raw(rounds),
        },
        arguments.results,
    )


def measure_jerk(arguments: argparse.Namespace) -> None:
    """Measure JERK through the door."""
    num_steps = arguments.jerk_steps
    sides = {LOCAL: partial(jerk, num_steps, None), REMOTE: partial(jerk, num_steps, arguments.sandbox)}
    rounds = [
        {name: Turn(turn.answer[0], turn.answer[1], None) for name, turn in turns.items()}
        for turns in take_turns(sides, arguments.rounds)
    ]
    publish(
        {
            "figure": "remote_jerk",
            "what": "JERK's steps per second through the door and in one process",
            "unit": "steps per second",
            "level": LEVEL,
            "sandbox": arguments.sandbox,
            "is_spread": arguments.spread,
            "num_steps": num_steps,
            "num_rounds": len(rounds),
            "sides": speeds(rounds, num_steps),
            "ratios": ratios(rounds, [Ratio(REMOTE, LOCAL, target=0.85)]),
            "seconds": raw(rounds),
        },
        arguments.results,
    )


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=10)
    options.add_argument("--steps", type=int, default=4000, help="steps of a turn")
    options.add_argument("--jerk-steps", type=int, default=3000, help="JERK's steps of a turn")
    options.add_argument("--sandbox", default="bubblewrap", help="sandbox of the agents: bubblewrap or none")
    options.add_argument("--spread", action="store_true", help="use all processors, not one for server and agent")
    arguments = parse(options, steps=20, jerk_steps=20, sandbox="none")
    if not arguments.spread and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    measure_trips(arguments)
    measure_jerk(arguments)


AGENTS: dict[str, Callable[[str], None]] = {
    READS: lambda _: be_remote(copies=False),
    COPIES: lambda _: be_remote(copies=True),
    OF_2018: be_of_2018,
    REMOTE_JERK: lambda num_steps: be_jerk(int(num_steps)),
}
"""What this file is when it is started as an agent, by its first argument; the second is the agent's own."""


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in AGENTS:
        AGENTS[sys.argv[1]](sys.argv[-1])
        print(time.process_time() - BEGAN[0])
    else:
        main()
