"""What tests share: an empty home, Ctrl-C, how hard hypothesis looks, how many threads torch has, what it runs on."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from newgameplus.executor.threads import let_waiting_threads_sleep
from newgameplus.games.folders import GAMES_VARIABLE, HOME_VARIABLE
from newgameplus.games.lua import ALLOW_LUA

settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("default")

let_waiting_threads_sleep()  # as ngp does, before a test loads torch
os.environ[ALLOW_LUA] = "1"  # tests write scripts of their own


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Begun in the background of a shell, where nobody can press Ctrl-C; the programs that tests start inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


CHROMIUM, CHROMIUM_DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,900",
)
HARDWARE = "needs hardware: "
"""How the reason of a skipped test begins where this machine lacks what is named after it."""


def _instruction_sets() -> tuple[list[str], list[str]]:
    """Those that this installation has kernels of networks for and the processor has, and those that it lacks."""
    try:
        processor = importlib.import_module("newgameplus._processor")
    except ImportError:  # installed without a compiler
        return [], []
    names = processor.compiled_sets()
    return [name for name in names if processor.can_run(name)], [name for name in names if not processor.can_run(name)]


HELD, LACKING = _instruction_sets()
_NO_KERNELS = f"{HARDWARE}{' or '.join(LACKING)}" if LACKING else "no kernels: installed without a compiler"
SETS = HELD or [pytest.param("none", marks=pytest.mark.skip(_NO_KERNELS))]
ROADS = [*SETS[:1], *(pytest.param(name, marks=pytest.mark.nightly) for name in SETS[1:]), "off"]
"""The best instruction set and torch alone; whole agents on the other sets are nightly, their kernels are not."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a CUDA device, a CPU that multiplies bfloat16, or a browser, where there is none."""
    if item.get_closest_marker("cuda") and not importlib.import_module("torch").cuda.is_available():
        pytest.skip(f"{HARDWARE}CUDA")
    if item.get_closest_marker("bfloat16"):
        device = importlib.import_module("newgameplus.nn.device")
        if not device.multiplies_bfloat16(device.find_device("cpu")):
            pytest.skip(f"{HARDWARE}bfloat16")
    if item.get_closest_marker("browser") and not (CHROMIUM and CHROMIUM_DRIVER):
        pytest.skip("Debian's chromium and chromium-driver are not installed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped for want of hardware, and which kernels none could run for want of it."""
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])]
    lacking = Counter(reason.partition(HARDWARE)[2] for reason in skipped if HARDWARE in reason)
    if lacking:
        parts = ", ".join(f"{name} {count}" for name, count in sorted(lacking.items()))
        terminalreporter.write_line(f"{lacking.total()} skipped for want of hardware: {parts}")
    if LACKING:
        terminalreporter.write_line(f"kernels not run for want of hardware: {', '.join(LACKING)}")


@pytest.fixture(params=SETS)
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every instruction set of this processor whose compiled kernels of networks it can run, one after the other."""
    with importlib.import_module("newgameplus.nn.cpu.compiled").using(request.param):
        yield request.param


@pytest.fixture(params=ROADS)
def road(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every way in which this CPU computes networks: by the kernels of an instruction set, or by torch, ``off``."""
    with importlib.import_module("newgameplus.nn.cpu.compiled").using(request.param):
        yield request.param


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


@dataclass
class Cluster:
    """A scheduler and workers on this machine."""

    address: str
    nodes: Any

    def kill(self, name: str) -> None:
        """Kill the process of a node; it is started again."""
        self.nodes.process_of(name).kill()


@contextmanager
def cluster_of(num_workers: int, logs: Path, certificates: Path | None = None) -> Iterator[Cluster]:
    """A cluster whose nodes are started again when they end; with certificates one with TLS."""
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    nodes = importlib.import_module("newgameplus.cluster.nodes")
    addresses = importlib.import_module("newgameplus.cluster.address")
    address = addresses.with_free_port(addresses.parse_address(f"{'tls' if certificates else 'tcp'}://127.0.0.1:0"))
    machine = nodes.nodes_of(address, num_workers, "here", has_scheduler=True, certificates=certificates)
    kept, is_over = nodes.KeptNodes(machine, logs, lambda sentence: None), threading.Event()
    keeping = threading.Thread(target=kept.keep, args=(lambda: not is_over.is_set(),))
    keeping.start()
    try:
        kept.wait_for_scheduler()
        yield Cluster(str(address), kept)
    finally:
        is_over.set()
        keeping.join()
        kept.close()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two workers, which tests leave as it is."""
    with cluster_of(2, tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium, driven by selenium; for tests with the mark ``browser``."""
    webdriver = importlib.import_module("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*_CHROMIUM_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMIUM_DRIVER))
    yield driver
    driver.quit()
