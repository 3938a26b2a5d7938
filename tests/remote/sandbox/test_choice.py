"""Which sandbox is chosen, what is said where there is none, and programs that run without one."""

from __future__ import annotations

import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from newgameplus.errors import SandboxError, UsageError
from newgameplus.remote.ends import Reason
from newgameplus.remote.sandbox import bubblewrap, container, none
from newgameplus.remote.sandbox.choice import Way, choose
from newgameplus.remote.sandbox.spec import Bind, Spec, interpreter_binds

needs_podman = pytest.mark.usefixtures("working_podman")
needs_bubblewrap = pytest.mark.usefixtures("working_bubblewrap")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may read, which pytest's are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code)


@needs_bubblewrap
def test_auto_is_one_that_was_tried() -> None:
    assert choose("auto").NAME == "bubblewrap"


def test_none_is_chosen_by_its_name_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert choose("none").NAME == "none"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SandboxError, match=r"sudo apt install bubblewrap\..*sudo apt install podman runc\..*--sandbox none"
    ):
        choose("auto")


def test_a_misspelt_name_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"no sandbox bubblewarp\. Did you mean bubblewrap\?"):
        choose("bubblewarp")


def test_a_bubblewrap_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\necho bubblewrap 0.6.2\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxError, match=r"bubblewrap 0\.6\.2 is too old: it must be 0\.8 or newer"):
        choose("bubblewrap")


def test_a_bubblewrap_that_is_no_program_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=rf"{broken} cannot be run: Exec format error\. podman is not"):
        choose("auto")


def test_a_bubblewrap_that_may_make_no_namespace_says_so(monkeypatch: pytest.MonkeyPatch, open_folder: Path) -> None:
    refused = open_folder / "bwrap"
    complaint = "bwrap: setting up uid map: Permission denied"
    refused.write_text(
        f'#!/bin/sh\ncase $1 in --version) echo bubblewrap 0.9.0;; *) echo "{complaint}"; exit 1;; esac\n'
    )
    refused.chmod(0o755)
    monkeypatch.setenv("PATH", f"{open_folder}:{os.environ['PATH']}")
    with pytest.raises(SandboxError, match=f"does not work here.*{complaint}"):
        choose("bubblewrap")


@pytest.mark.parametrize("way", [bubblewrap, container], ids=["bubblewrap", "podman"])
def test_a_network_is_shared_when_asked_for_without_sockets_of_local_programs(
    way: Way, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("working_podman" if way.NAME == "container" else "working_bubblewrap")
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = (
            "import socket\n"
            f"with socket.create_connection(('127.0.0.1', {server.getsockname()[1]})): print('connected', flush=True)\n"
            "socket.socketpair()\n"
            "socket.socket(socket.AF_UNIX)"
        )
        with way.start(Spec(argv=python(code), binds=interpreter_binds(), has_network=True)) as started:
            assert started.wait() is Reason.AGENT_EXIT
    assert {"connected", "OSError: [Errno 97] Address family not supported by protocol"} <= set(started.last_lines())


@needs_bubblewrap
def test_what_cannot_be_bound_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(SandboxError, match="missing"):
        bubblewrap.start(Spec(argv=("true",), binds=(Bind(missing),)))


@needs_bubblewrap
def test_too_little_memory_to_start_with_is_told() -> None:
    with bubblewrap.start(Spec(argv=("true",))) as started:
        if started.groups.memory is None:
            pytest.skip("no cgroup limits memory here")
    with pytest.raises(SandboxError, match="did not start: 65,536 bytes of memory are too few"):
        bubblewrap.start(Spec(argv=("true",), memory_bytes=1 << 16))


@needs_bubblewrap
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a sandbox as root")
class TestStartedByRoot:
    def test_a_folder_that_is_root_s_alone_is_refused(self, tmp_path: Path) -> None:
        tmp_path.chmod(stat.S_IRWXU)
        with pytest.raises(SandboxError, match=r"not everybody's to read.*chmod -R o\+rX"):
            bubblewrap.start(Spec(argv=("true",), binds=(Bind(tmp_path),)))

    def test_it_does_not_run_as_root(self) -> None:
        with pytest.raises(SandboxError, match="cannot run as root"):
            bubblewrap.start(Spec(argv=("true",), user="root"))

    def test_a_user_that_there_is_not_is_told(self) -> None:
        with pytest.raises(SandboxError, match="runs as the user somebody-else, and there is none"):
            bubblewrap.start(Spec(argv=("true",), user="somebody-else"))


@needs_podman
class TestContainer:
    def test_it_is_tried_when_it_is_asked_for(self) -> None:
        assert choose("container").NAME == "container"

    def test_an_image_that_there_is_not_is_not_fetched(self) -> None:
        with pytest.raises(SandboxError, match="localhost/there-is-no-such-image"):
            container.start(Spec(argv=("true",), image="localhost/there-is-no-such-image"))

    def test_a_program_that_there_is_not_is_told(self) -> None:
        with pytest.raises(SandboxError, match="there-is-no-such-program"):
            container.start(Spec(argv=("there-is-no-such-program",)))

    def test_a_program_that_ends_at_once_like_podman_itself_is_told_with_its_exit_code(self) -> None:
        try:
            with container.start(Spec(argv=("sh", "-c", "exit 125"))) as started:
                assert started.wait() is Reason.AGENT_EXIT
                assert started.status == 125
        except SandboxError as error:  # it was gone before it was seen
            assert "it ended with exit code 125" in str(error)  # noqa: PT017 - either may happen

    def test_a_path_that_podman_would_misread_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SandboxError, match="has a colon in its name"):
            container.start(Spec(argv=("true",), binds=(Bind(tmp_path / "a:b"),)))


def test_a_program_without_a_sandbox_ends_with_its_exit_code() -> None:
    with none.start(Spec(argv=python("print('done'); raise SystemExit(3)"))) as started:
        assert started.wait() is Reason.AGENT_EXIT
    assert (started.status, started.last_lines()) == (3, ("done",))


@pytest.mark.parametrize(("code", "reason", "status"), [(255, Reason.AGENT_EXIT, 255), (137, Reason.AGENT_SIGNAL, 9)])
def test_an_exit_code_counts_as_a_signal_only_where_there_is_such_a_one(code: int, reason: Reason, status: int) -> None:
    with none.start(Spec(argv=("sh", "-c", f"exit {code}"))) as started:
        assert started.wait() is reason
    assert started.status == status


def test_nothing_runs_on_after_a_program_without_a_sandbox() -> None:
    code = "import os, time\nif (pid := os.fork()) == 0:\n os.setsid()\n time.sleep(60)\nprint(pid)"
    with none.start(Spec(argv=python(code))) as started:
        assert started.wait() is Reason.AGENT_EXIT
    (pid,) = started.last_lines()
    assert not Path("/proc", pid).exists()


def test_memory_is_limited_without_a_sandbox() -> None:
    code = "import signal\nheld = bytearray(b'x') * (256 << 20)\nsignal.pause()"
    with none.start(Spec(argv=python(code), memory_bytes=64 << 20)) as started:
        assert started.wait() is Reason.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (Spec(argv=("there-is-no-such-program",)), "no program there-is-no-such-program"),
        (Spec(argv=("true",), working_folder="/there/is/none"), "/there/is/none"),
        (Spec(argv=("true",), binds=(Bind(Path("/usr"), Path("/x")),)), "/usr cannot be seen as /x"),
    ],
)
def test_without_a_sandbox_too_a_start_that_fails_is_told(spec: Spec, sentence: str) -> None:
    with pytest.raises(SandboxError, match=sentence):
        none.start(spec)
