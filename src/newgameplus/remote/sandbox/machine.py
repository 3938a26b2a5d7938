"""What of this machine every sandbox shows, and what it hides."""

from __future__ import annotations

from pathlib import Path

HOST_NAME = "agent"
"""Name of the machine inside."""
INSIDE_ID = "65534"
"""Number of user and group inside, whoever it is outside."""
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Folders of programs and libraries; on most systems all but the first are links into it."""
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
"""What programs and the loader of libraries read to find their parts, and the time zone."""
NETWORK_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/ca-certificates", "/etc/pki")
"""What programs read to find other machines and to trust them."""
HIDDEN_IN_PROC = (
    "buddyinfo",
    "cmdline",
    "diskstats",
    "interrupts",
    "key-users",
    "keys",
    "loadavg",
    "pagetypeinfo",
    "pressure",
    "schedstat",
    "softirqs",
    "stat",
    "timer_list",
    "uptime",
    "vmstat",
    "zoneinfo",
)
"""Files of ``/proc`` that tell of this machine's other work: a clock, and a channel between two sandboxes."""


def system_links() -> list[tuple[str, str]]:
    """Return those of ``SYSTEM`` that are links, each with its target."""
    return [(name, str(Path(name).readlink())) for name in SYSTEM if Path(name).is_symlink()]


def system_folders() -> list[str]:
    """Return those of ``SYSTEM`` that are folders."""
    return [name for name in SYSTEM if Path(name).is_dir() and not Path(name).is_symlink()]
