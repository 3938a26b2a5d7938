"""What it costs a training run to be watched: agent steps per second with and without a viewer, in turns in one run.

PPO learns on 16 rows of Airstriker. The viewer is the server of ``ngp watch --live`` and a client that takes each
message as the page does, without a browser, both on the same machine. Before each turn some steps are not counted, in
which the run notices that somebody has come or gone. Server and client share the cores with the run, so that the ratio
holds what they take from it, too; the share is what the run itself spends.

Run: python -m benchmarks.speed.live [--rounds 6] [--steps 8192] [--rows 16]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from multiprocessing.synchronize import Event
from pathlib import Path

from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.turns import (
    Ratio,
    Round,
    Turn,
    median_and_interval,
    parse,
    parser,
    processor_seconds,
    publish,
    ratios,
    raw,
    speeds,
    temporary_folder,
)
from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.games.levels import find_level
from newgameplus.results.live import LiveFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import TrainingPlan, begin
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan

LEVEL = "Airstriker-Genesis-v0/Level1"
WATCHED, ALONE = "watched", "not watched"
LEAST_SHARE = 0.98
"""Lower bound of the ratio of the speeds."""


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=6)
    options.add_argument("--steps", type=int, default=8192, help="agent steps of a turn")
    options.add_argument("--rows", type=int, default=16)
    arguments = parse(options, steps=256, rows=2)
    folder = temporary_folder() / "run"
    rounds, shares = measure(folder, arguments)
    publish(
        {
            "figure": "live",
            "what": f"PPO on {arguments.rows} rows, with and without ngp watch --live, in one run",
            "num_rounds": arguments.rounds,
            "unit": "agent steps per second",
            "sides": speeds(rounds, arguments.steps),
            "ratios": ratios(rounds, [Ratio(WATCHED, ALONE, LEAST_SHARE)]),
            "notes": [f"Share of the run's time that showing took, by its own account: {max(shares):.2%} at most."],
            "share": median_and_interval(shares),
            "raw": raw(rounds),
        },
        arguments.results,
        ("torch", "starlette", "uvicorn", "websockets"),
    )


def measure(folder: Path, arguments: argparse.Namespace) -> tuple[list[Round], list[float]]:
    """Train, in turns with and without a viewer; return the rounds and the shares that the run tells of."""
    agent = AgentPlan("ppo", "default", configure(find_agent("ppo"), "default", {"rollout_steps": "64"}))
    plan = TrainingPlan(
        agent, WorldPlan((find_level(LEVEL),)), num_envs=arguments.rows, total_steps=10**12, checkpoint_steps=10**12
    )
    begin(plan, folder)
    with watching(folder) as is_wanted:
        reports = train(plan, folder, is_stopped=(schedule := Schedule(folder, arguments, is_wanted)).is_over)
        for _ in reports:
            pass
    return schedule.rounds(), schedule.shares


class Schedule:
    """After each turn of the run: takes the time, calls the viewer or sends it away, says whether all is measured.

    Args:
        folder: folder of the run.
        arguments: options of the script.
        is_wanted: set while the viewer shall look.
    """

    def __init__(self, folder: Path, arguments: argparse.Namespace, is_wanted: Event) -> None:
        self._live, self._is_wanted = LiveFolder(folder), is_wanted
        self._num_rows, self._length = arguments.rows, arguments.steps
        self._order = [
            name for index in range(arguments.rounds) for name in (ALONE, WATCHED)[:: -1 if index % 2 else 1]
        ]
        self._done: list[tuple[str, Turn]] = []
        self._num_steps = 0
        self._began = (0.0, 0.0)
        self.shares: list[float] = []
        self._prepare()

    def is_over(self) -> bool:
        """Count a turn of the run."""
        self._num_steps += self._num_rows
        now = (time.perf_counter(), processor_seconds())
        if self._num_steps <= self._length // 2:  # not counted
            self._began = now
        elif self._num_steps >= self._length // 2 + self._length:
            clock, processor = (after - before for after, before in zip(now, self._began, strict=True))
            name = self._order[len(self._done)]
            self._done.append((name, Turn(clock, processor, None)))
            shown = self._live.read()
            if name == WATCHED and shown is not None:
                self.shares.append(shown.share)
            self._num_steps = 0
            if len(self._done) == len(self._order):
                return True
            self._prepare()
        return False

    def rounds(self) -> list[Round]:
        """The turns, two a round."""
        return [dict(self._done[at : at + 2]) for at in range(0, len(self._done), 2)]

    def _prepare(self) -> None:
        if self._order[len(self._done)] == WATCHED:
            self._is_wanted.set()
            while self._live.stamp() is None and not self._live.is_wanted():
                time.sleep(0.01)  # until the viewer has asked
        else:
            self._is_wanted.clear()
            self._live.remove()


@contextmanager
def watching(folder: Path) -> Iterator[Event]:
    """Run a server and a client, which looks at the run while the event is set."""
    context = multiprocessing.get_context("spawn")
    is_wanted = context.Event()
    command = [sys.executable, "-m", "newgameplus", "watch", "--no-browser", "--live", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().removeprefix("Watch at ").strip()
        viewer = context.Process(target=view, args=(url, is_wanted), daemon=True)
        viewer.start()
        try:
            yield is_wanted
        finally:
            viewer.kill()
            viewer.join()
            server.terminate()


def view(url: str, is_wanted: Event) -> None:
    """Take what the server sends while the event is set, and its JSON every two seconds, as the page does."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.open(url).read()
    page = url.split("?")[0]
    origin = page.removesuffix("/live/1")
    cookie = "; ".join(f"{each.name}={each.value}" for each in jar)
    while is_wanted.wait():
        poll_at, version = 0.0, ""
        with connect(
            f"{page.replace('http', 'ws', 1)}/rows", origin=Origin(origin), additional_headers={"Cookie": cookie},
            compression=None, max_size=None,
        ) as socket:  # fmt: skip
            while is_wanted.is_set():
                if time.monotonic() >= poll_at:
                    poll_at = time.monotonic() + 2.0
                    version = json.loads(opener.open(f"{page}.json?version={version}").read()).get("version", "")
                try:
                    socket.recv(0.5)
                except TimeoutError:
                    continue
                socket.send("drawn")


if __name__ == "__main__":
    main()
