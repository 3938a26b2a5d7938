"""The system calls that a program in a sandbox may make, as a filter for the kernel, assembled here without a library.

The filter allows by default and refuses what lets a program act outside itself: on other processes, on namespaces,
mounts, modules, keys and clocks, by a network, by typing into a terminal, or in memory that nobody counts. What the
kernel has learned since this table was made does not exist. Source: seccomp(2), ``linux/filter.h`` and
``linux/seccomp.h``; the numbers are those of ``asm/unistd_64.h`` (x86_64) and ``asm-generic/unistd.h`` (aarch64).
"""

from __future__ import annotations

import errno
import json
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newgameplus.errors import SandboxError

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000
_LOAD, _EQUAL, _GREATER, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Offsets in ``struct seccomp_data``."""
_X32_BIT = 0x40000000
"""Bit of the numbers of x32, a second table of system calls on x86_64."""
_NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_NUM_FAMILIES = 64
"""More than the kernel knows."""

REFUSED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "personality": (135, 92),
    "vhangup": (153, 58),
    "sched_setaffinity": (203, 122),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
}
"""Refused with EPERM: number on x86_64, on aarch64; None where there is no such call."""
ABSENT = {
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "vmsplice": (278, 75),
}
"""Refused with ENOSYS, so that libraries do without: the flags of clone3 lie in memory, where no filter sees them; the
others hold memory that no process maps."""
EXAMINED = {"clone": (56, 220), "socket": (41, 198), "socketpair": (53, 199), "ioctl": (16, 29)}
"""Allowed or refused by an argument."""
LAST_KNOWN = 462
"""``mseal``, Linux 6.10; numbers above it do not exist inside."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A processor family whose numbers are known."""

    name: str
    """As ``platform.machine()`` says it."""
    audit: int
    """``AUDIT_ARCH_…`` of ``linux/audit.h``."""
    column: int
    """Column of its numbers in the tables."""

    def numbers(self, table: dict[str, tuple[int, int]] | dict[str, tuple[int, int | None]]) -> list[int]:
        """Return the numbers of the calls in ``table``, ascending."""
        return sorted(number for row in table.values() if (number := row[self.column]) is not None)


ARCHITECTURES = {
    "x86_64": Architecture("x86_64", 0xC000003E, 0),
    "aarch64": Architecture("aarch64", 0xC00000B7, 1),
}


class _Assembler:
    """Instructions of the kernel's packet filter, with names as targets of jumps."""

    def __init__(self) -> None:
        self._instructions: list[tuple[int, int, str | None, str | None]] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        """Name the next instruction."""
        self._labels[name] = len(self._instructions)

    def load(self, offset: int) -> None:
        """Load the 32 bits at ``offset`` of ``struct seccomp_data``."""
        self._instructions.append((_LOAD, offset, None, None))

    def jump(self, code: int, value: int, true: str | None, false: str | None = None) -> None:
        """Compare what was loaded; go on at a label, or at the next instruction where None is given."""
        self._instructions.append((code, value, true, false))

    def answer(self, action: int) -> None:
        """End with ``action``."""
        self._instructions.append((_RETURN, action, None, None))

    def assembled(self) -> bytes:
        """Return the program as an array of ``struct sock_filter``."""
        return b"".join(
            struct.pack("=HBBI", code, self._distance(true, at), self._distance(false, at), value)
            for at, (code, value, true, false) in enumerate(self._instructions)
        )

    def _distance(self, label: str | None, at: int) -> int:
        return 0 if label is None else self._labels[label] - at - 1


def program(machine: str | None = None, *, has_network: bool = False) -> bytes:
    """Return the filter.

    Args:
        machine: as ``platform.machine()`` says it; None for this machine's.
        has_network: allow sockets of the Internet. Those of this machine's programs (AF_UNIX) are then refused, but for
            pairs: without a network namespace of its own, a program would reach those of the desktop and of services.

    Raises:
        SandboxError: the numbers of this kind of processor are unknown.
    """
    architecture = _architecture(machine)
    code = _Assembler()
    _refuse_other_tables(code, architecture)
    code.jump(_GREATER, LAST_KNOWN, "absent")
    for number in architecture.numbers(REFUSED):
        code.jump(_EQUAL, number, "refused")
    for number in architecture.numbers(ABSENT):
        code.jump(_EQUAL, number, "absent")
    for name, row in EXAMINED.items():
        code.jump(_EQUAL, row[architecture.column], name)
    _answers(code)
    _examine_arguments(code, has_network=has_network)
    return code.assembled()


def profile(machine: str | None = None, *, has_network: bool = False) -> bytes:
    """Return the same filter in the words of container runtimes (OCI's ``linux.seccomp``), as JSON.

    Args:
        machine: see :func:`program`.
        has_network: see :func:`program`.

    Raises:
        SandboxError: the numbers of this kind of processor are unknown.
    """
    architecture = _architecture(machine)
    families = (_INET, _INET6, _NETLINK) if has_network else (_UNIX,)
    own = architecture.column
    rules = [
        _rule([name for name, row in REFUSED.items() if row[own] is not None], errno.EPERM),
        _rule([name for name, row in ABSENT.items() if row[own] is not None], errno.ENOSYS),
        *(_rule(["clone"], errno.EPERM, _masked(0, flag, flag)) for flag in _flags(_NEW_NAMESPACES)),
        *(_rule(["ioctl"], errno.EPERM, _masked(1, 0xFFFFFFFF, request)) for request in (_TIOCSTI, _TIOCLINUX)),
        *_other_families("socket", families),
        *_other_families("socketpair", (_UNIX,)),
    ]
    architectures = [f"SCMP_ARCH_{architecture.name.upper()}"]
    content = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": architectures, "syscalls": rules}
    return json.dumps(content).encode()


def _rule(names: list[str], error: int, *arguments: dict[str, Any]) -> dict[str, Any]:
    """A rule that refuses calls for which all of the arguments hold."""
    return {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": error, "args": list(arguments)}


def _masked(index: int, mask: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}


def _other_families(name: str, families: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Rules that refuse all families but some; of several comparisons of one argument in one rule, any would do."""
    for family in range(_NUM_FAMILIES):
        if family not in families:
            yield _rule([name], errno.EAFNOSUPPORT, _masked(0, 0xFFFFFFFF, family))


def _flags(mask: int) -> list[int]:
    return [1 << bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def _architecture(machine: str | None) -> Architecture:
    machine = platform.machine() if machine is None else machine
    if machine not in ARCHITECTURES:
        known = " and ".join(ARCHITECTURES)
        raise SandboxError(f"There is no filter of system calls for {machine} processors, only for {known}.")
    return ARCHITECTURES[machine]


def _refuse_other_tables(code: _Assembler, architecture: Architecture) -> None:
    """Kill who calls by the tables of another architecture: i386, x32, 32-bit ARM."""
    code.load(_ARCHITECTURE)
    code.jump(_EQUAL, architecture.audit, "known")
    code.answer(_KILL)
    code.label("known")
    code.load(_NUMBER)
    if architecture.name == "x86_64":
        code.jump(_AT_LEAST, _X32_BIT, None, "number")
        code.answer(_KILL)
        code.label("number")


def _answers(code: _Assembler) -> None:
    for label, action in (
        ("allowed", _ALLOW),
        ("refused", _ERRNO | errno.EPERM),
        ("absent", _ERRNO | errno.ENOSYS),
    ):
        code.label(label)
        code.answer(action)


def _examine_arguments(code: _Assembler, *, has_network: bool) -> None:
    """Arguments are compared by their low 32 bits, as the kernel's calls do that take an int (little endian)."""
    code.label("clone")
    code.load(_ARGUMENTS)
    code.jump(_ANY_BIT, _NEW_NAMESPACES, "not so", "yes")
    code.label("ioctl")
    code.load(_ARGUMENTS + 8)
    code.jump(_EQUAL, _TIOCSTI, "not so")
    code.jump(_EQUAL, _TIOCLINUX, "not so", "yes")
    code.label("not so")
    code.answer(_ERRNO | errno.EPERM)
    code.label("yes")
    code.answer(_ALLOW)
    for name, families in (
        ("socket", (_INET, _INET6, _NETLINK) if has_network else (_UNIX,)),
        ("socketpair", (_UNIX,)),
    ):
        code.label(name)
        code.load(_ARGUMENTS)
        for family in families:
            code.jump(_EQUAL, family, f"{name} of a family")
        code.answer(_ERRNO | errno.EAFNOSUPPORT)
        code.label(f"{name} of a family")
        code.answer(_ALLOW)
