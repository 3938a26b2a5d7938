"""The filter of system calls, run here as the kernel runs it, for processors that this machine does not have, too."""

from __future__ import annotations

import errno
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from newgameplus.errors import SandboxError
from newgameplus.remote.sandbox.seccomp import ABSENT, ARCHITECTURES, EXAMINED, LAST_KNOWN, REFUSED, profile, program

ALLOWED, KILLED = 0x7FFF0000, 0x80000000
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
machines = pytest.mark.parametrize("machine", ARCHITECTURES)


def refused(number: int) -> int:
    return 0x00050000 | number


def answer(code: bytes, machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """Run a filter on a call."""
    known = ARCHITECTURES[machine].audit if audit is None else audit
    data = struct.pack("<IIQ6Q", number, known, 0, *arguments, *[0] * (6 - len(arguments)))
    instructions = list(struct.iter_unpack("=HBBI", code))
    at = accumulator = 0
    while True:
        operation, true, false, value = instructions[at]
        at += 1
        if operation == 0x06:
            return int(value)
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
            continue
        holds = {
            0x15: accumulator == value,
            0x25: accumulator > value,
            0x35: accumulator >= value,
            0x45: bool(accumulator & value),
        }
        at += true if holds[operation] else false


@machines
def test_each_call_of_the_tables_is_refused_and_others_are_allowed(machine: str) -> None:
    code, column = program(machine), ARCHITECTURES[machine].column
    special = {}
    for table, error in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for name, row in table.items():
            if row[column] is not None:
                special[row[column]] = error
                assert answer(code, machine, row[column] or 0) == refused(error), name
    examined = {row[column] for row in EXAMINED.values()}
    for number in set(range(LAST_KNOWN + 1)) - set(special) - examined:
        assert answer(code, machine, number) == ALLOWED, number


@machines
def test_what_the_kernel_has_learned_since_does_not_exist(machine: str) -> None:
    assert answer(program(machine), machine, LAST_KNOWN + 1) == refused(errno.ENOSYS)


@machines
def test_another_architecture_is_killed(machine: str) -> None:
    assert answer(program(machine), machine, 0, audit=0x40000003) == KILLED


def test_x32_is_killed() -> None:
    assert answer(program("x86_64"), "x86_64", 0x40000000 | 39) == KILLED


@machines
@pytest.mark.parametrize("high_bits", [0, 1 << 32, 0xDEADBEEF << 32])
def test_arguments_are_compared_by_their_low_bits(machine: str, high_bits: int) -> None:
    code, column = program(machine), ARCHITECTURES[machine].column
    ioctl, clone, socket = (EXAMINED[name][column] for name in ("ioctl", "clone", "socket"))
    for request in (0x5412, 0x541C):
        assert answer(code, machine, ioctl, 0, high_bits | request) == refused(errno.EPERM)
    assert answer(code, machine, ioctl, 0, high_bits | 0x5413) == ALLOWED
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert answer(code, machine, clone, high_bits | flag | 17) == refused(errno.EPERM)
    assert answer(code, machine, clone, high_bits | 0x003D0F00) == ALLOWED  # as a new thread
    assert answer(code, machine, socket, high_bits | 2) == refused(errno.EAFNOSUPPORT)


@machines
@pytest.mark.parametrize(("has_network", "families", "pairs"), [(False, {1}, {1}), (True, {2, 10, 16}, {1})])
def test_sockets_are_of_few_families(machine: str, has_network: bool, families: set[int], pairs: set[int]) -> None:
    code, column = program(machine, has_network=has_network), ARCHITECTURES[machine].column
    for name, allowed in (("socket", families), ("socketpair", pairs)):
        answers = {family: answer(code, machine, EXAMINED[name][column], family) for family in range(46)}
        assert {family for family, action in answers.items() if action == ALLOWED} == allowed
        assert set(answers.values()) == {ALLOWED, refused(errno.EAFNOSUPPORT)}


@machines
def test_the_numbers_are_those_of_the_kernel_s_headers(machine: str) -> None:
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"the headers of Linux for {machine} are not installed")
    told = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", header.read_text()))
    column = ARCHITECTURES[machine].column
    for name, row in {**REFUSED, **ABSENT, **EXAMINED}.items():
        if row[column] is not None and name in told:
            assert int(told[name]) == row[column], name


@machines
@pytest.mark.parametrize("has_network", [False, True])
def test_a_container_s_profile_refuses_the_same(machine: str, has_network: bool) -> None:
    content = json.loads(profile(machine, has_network=has_network))
    assert content["defaultAction"] == "SCMP_ACT_ALLOW"
    code, column = program(machine, has_network=has_network), ARCHITECTURES[machine].column
    for rule in content["syscalls"]:
        for name in rule["names"]:
            number = {**REFUSED, **ABSENT, **EXAMINED}[name][column]
            assert number is not None
            arguments = [0] * 6
            assert len(rule["args"]) <= 1  # of several comparisons with one argument, one would do
            for comparison in rule["args"]:
                assert comparison["op"] == "SCMP_CMP_MASKED_EQ"
                arguments[comparison["index"]] = comparison["valueTwo"]
            assert answer(code, machine, number, *arguments) == refused(rule["errnoRet"]), name


@pytest.mark.parametrize("make", [program, profile])
def test_an_unknown_processor_has_no_filter(make: Callable[[str], bytes]) -> None:
    with pytest.raises(SandboxError, match="no filter of system calls for riscv64 processors"):
        make("riscv64")
