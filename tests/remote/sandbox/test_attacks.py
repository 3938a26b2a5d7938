"""A hostile program in bubblewrap, started by root and by an ordinary user, and in a container.

Of all that it tries, nothing succeeds.
"""

from __future__ import annotations

import platform
from typing import Any

import pytest

IS_X86 = platform.machine() == "x86_64"
REFUSED = {
    "EPERM": [
        *("ptrace the server", "ptrace a sibling", "ptrace init", "process_vm_readv", "pidfd_getfd"),
        *("unshare user", "unshare network", "clone user", "setns", "setns to itself", "mount", "fsopen", "remount"),
        *("pivot_root", "chroot", "open_by_handle_at", "bpf", "perf_event_open", "userfaultfd", "keyctl", "syslog"),
        *("TIOCSTI", "TIOCSTI with high bits", "TIOCSTI to an own terminal", "device node", "setgroups", "nice"),
        *("real-time priority", "other processors", "set the clock", "set the host name"),
    ],
    "ENOSYS": ["clone3", "io_uring", "memfd_create", "shmget", "a call of the future"],
    "EAFNOSUPPORT": ["inet", "inet6", "netlink", "vsock", "packet"],
    "ECONNREFUSED": ["abstract socket"],
    "ENOENT": ["socket of the machine", "kernel memory", "passwords", "/sys", "/home"],
    "ESRCH": ["signal the server"],
    "EROFS": [
        *("write its own code", "write beside its own code", "remove its own code", "write to a masked folder"),
        *("write to /", "write to /usr", "write to /etc", "write to /dev"),
    ],
    "EACCES": [
        *("write to /proc/sys", "write the core pattern", "root's file", "masked file"),
        *("load", "uptime", "command line of the kernel"),
    ],
    "ENXIO": ["open the terminal"],
    "EINVAL": ["become root"],
    "gaierror": ["DNS"],
    "ValueError": ["raise a limit"],
    "CalledProcessError": ["su"],
}
HARMLESS = {
    "masked folder": "[]",
    "pressure": "[]",
    "abstract names": "0",
    "core limit": "(1, 1)",
    "processes": "3",
    "processors": "1",
    "open files": "'EMFILE'",
    "full pipes": "'EMFILE'",
    "host name": "'agent'",
    "environment of the first process": "''",
}
"""What is allowed, and what it returns."""


IN_A_CONTAINER = {
    "write to /proc/sys": "EROFS",
    "write the core pattern": "EROFS",
    "write to /dev": "EACCES",
    "become root": "EPERM",
    "masked file": "succeeded: ''",
    "load": "succeeded: ''",
    "uptime": "succeeded: ''",
    "command line of the kernel": "succeeded: ''",
    "/sys": "succeeded: []",
    "passwords": r"succeeded: '65534:*:65534:65534:container user:/tmp:/bin/sh\n'",
    "processes": "succeeded: 4",  # two of them have ended; nobody but the program itself is there to ask
}
"""Outcomes that are others there."""


@pytest.fixture(scope="module", params=["root", "user", "container"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def is_container(way: str) -> bool:
    return way == "container"


@pytest.fixture(scope="module")
def report(run_as: Any, way: str) -> Any:
    return run_as(way)("attacks")


@pytest.fixture(scope="module")
def outcomes(report: Any) -> dict[str, str]:
    attacks = report["first"]["attacks"]
    assert isinstance(attacks, dict)
    return attacks


@pytest.mark.parametrize(("name", "error"), [(name, error) for error, names in REFUSED.items() for name in names])
def test_an_attack_is_refused(outcomes: dict[str, str], is_container: bool, name: str, error: str) -> None:
    assert outcomes[name] == (IN_A_CONTAINER.get(name, error) if is_container else error)


@pytest.mark.parametrize(("name", "returned"), HARMLESS.items())
def test_what_is_allowed_tells_nothing(outcomes: dict[str, str], is_container: bool, name: str, returned: str) -> None:
    if is_container and name == "environment of the first process":
        pytest.skip("it is the program itself")
    expected = f"succeeded: {returned}"
    assert outcomes[name] == (IN_A_CONTAINER.get(name, expected) if is_container else expected)


@pytest.mark.skipif(not IS_X86, reason="these are tables of system calls of x86_64")
@pytest.mark.parametrize("table", ["x32", "i386"])
def test_calls_by_another_table_kill(outcomes: dict[str, str], table: str) -> None:
    assert outcomes[table] == "SIGSYS"


def test_the_kernel_cannot_be_asked_for_by_sysrq(outcomes: dict[str, str]) -> None:
    assert outcomes["write to sysrq"] in ("EACCES", "ENOENT", "EROFS")


def test_every_attack_is_looked_at(outcomes: dict[str, str]) -> None:
    looked_at = {*HARMLESS, *(name for names in REFUSED.values() for name in names)}
    assert set(outcomes) - looked_at == {
        "x32",
        "i386",
        "write to sysrq",
        "root of the first process",
        "memory of the first process",
        "command line of the first process",
        "devices",
        "network of the machine",
        "left in /tmp",
        "left in /dev/shm",
    }


def test_the_root_of_the_first_process_is_the_sandbox_s_own(outcomes: dict[str, str]) -> None:
    assert "'home'" not in outcomes["root of the first process"]
    assert "'etc'" in outcomes["root of the first process"]


def test_the_first_process_has_no_more_rights_and_its_command_line_no_secrets(
    outcomes: dict[str, str], report: Any
) -> None:
    # Its memory is the agent's to write to, so what it may do, the agent may.
    assert report["first"]["status of the first process"] == report["first"]["status"]
    assert "levels" not in outcomes["command line of the first process"].partition("attacks.py")[0]


def test_there_is_no_privilege_left(report: Any) -> None:
    *ids, groups = report["first"]["ids"]
    assert ids == [[65534] * 3, [65534] * 3]
    assert set(groups) <= {65534}
    nothing = "0" * 16
    capabilities = dict.fromkeys(["CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"], nothing)
    assert report["first"]["status"] == {"NoNewPrivs": "1", "Seccomp": "2", **capabilities}


def test_it_has_the_passed_descriptor_and_no_other(report: Any) -> None:
    assert report["first"]["descriptors"] == [0, 1, 2, 3]


def test_its_environment_is_what_it_was_given(report: Any, is_container: bool) -> None:
    defaults = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "USER": "agent", "LANG": "C.UTF-8"}
    added = {"TERM": "xterm", "container": "podman", "HOSTNAME": "agent"} if is_container else {"PWD": "/tmp"}
    assert report["first"]["environment"] == {**defaults, **added}


def test_it_has_no_terminal_session_of_this_machine(report: Any) -> None:
    session, _ = report["first"]["session"]
    assert session > 0  # one of this machine's would be 0 in its namespace


def test_only_memory_of_a_given_size_is_writable(report: Any, is_container: bool) -> None:
    if is_container:
        pytest.skip("podman's own mounts are root's to write to, which the attacks on /dev and /sys show")
    writable = {mount[1] for mount in report["first"]["mounts"] if "rw" in mount[3].split(",")}
    assert writable == {"/tmp", "/dev/shm", "/proc", "/dev/pts"} | {
        path for path in writable if path.startswith("/dev/") and path.count("/") == 2
    }


def test_no_program_gets_rights_by_being_run(report: Any, is_container: bool) -> None:
    mounts = [mount for mount in report["first"]["mounts"] if not is_container or mount[0].startswith("/dev/")]
    assert all("nosuid" in mount[3].split(",") for mount in mounts)


def test_a_second_sandbox_remembers_nothing_of_the_first(report: Any) -> None:
    second = report["second"]["attacks"]
    assert "remember me" not in second["left in /tmp"]
    assert second["left in /dev/shm"] == "succeeded: []"


def test_there_are_no_devices_but_those_that_every_program_needs(outcomes: dict[str, str]) -> None:
    devices = set(outcomes["devices"].removeprefix("succeeded: ").strip("[]").replace("'", "").split(", "))
    streams = {"fd", "stdin", "stdout", "stderr", "core", "mqueue"}
    assert devices - streams == {"full", "null", "ptmx", "pts", "random", "shm", "tty", "urandom", "zero"}


def test_its_network_is_a_loop_of_its_own(outcomes: dict[str, str]) -> None:
    interfaces = outcomes["network of the machine"].split(r"\n")[2:]
    assert [line.partition(":")[0].strip() for line in interfaces if ":" in line] == ["lo"]
