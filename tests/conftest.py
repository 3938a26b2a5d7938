"""What tests share: an empty home, Ctrl-C, how hard hypothesis looks, how many threads torch has, what it runs on."""

from __future__ import annotations

import importlib
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from hypothesis import settings

from newgameplus.executor.threads import let_waiting_threads_sleep
from newgameplus.games.folders import GAMES_VARIABLE, HOME_VARIABLE

settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("default")

let_waiting_threads_sleep()  # as ngp does, before a test loads torch


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in the background of a shell, where nobody can press Ctrl-C; the programs that tests start inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


HARDWARE = "needs hardware: "
"""How the reason of a skipped test begins where this machine lacks what is named after it."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a CUDA device, or the compiled kernels of networks, where there are none."""
    if item.get_closest_marker("cuda") and not importlib.import_module("torch").cuda.is_available():
        pytest.skip(f"{HARDWARE}CUDA")
    if item.get_closest_marker("kernels"):
        compiled = importlib.import_module("newgameplus.nn.cpu.compiled")
        if compiled.availability.lack:
            lack, name = compiled.availability.lack, compiled.INSTRUCTION_SET
            pytest.skip(f"{HARDWARE}{name}" if name in lack else f"no kernels: {lack}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped for want of hardware, and of which."""
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])]
    lacking = Counter(reason.partition(HARDWARE)[2] for reason in skipped if HARDWARE in reason)
    if lacking:
        parts = ", ".join(f"{name} {count}" for name, count in sorted(lacking.items()))
        terminalreporter.write_line(f"{lacking.total()} skipped for want of hardware: {parts}")


@pytest.fixture(params=[pytest.param("kernels", marks=pytest.mark.kernels), "torch"])
def road(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both ways in which a CPU computes networks: by the compiled kernels in bfloat16, or as most processors do."""
    name: str = request.param
    with importlib.import_module("newgameplus.nn.cpu.compiled").turned_off() if name == "torch" else nullcontext():
        yield name


@pytest.fixture(scope="session", autouse=True)
def _empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the games, ROMs and splits of the person who runs it, nor writes among them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(tmp_path_factory.mktemp("home")))
        patch.delenv(GAMES_VARIABLE, raising=False)
        yield


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch computes with one thread: the networks of tests are small, and several tests run side by side."""
    torch = importlib.import_module("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
