"""Runs inside a sandbox: tries what a hostile entry would try, and reports each outcome as JSON to descriptor 3.

Each attack is made in a process of its own, since some end with its death. An outcome is the name of the error, the
signal that killed the process, or "succeeded" with what the attack returned.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import platform
import resource
import signal
import socket
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
COLUMN = {"x86_64": 0, "aarch64": 1}[platform.machine()]
CALLS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "clone": (56, 220),
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "ioctl": (16, 29),
    "syslog": (103, 116),
    "open_by_handle_at": (304, 265),
    "a call of the future": (900, 900),
}
NEW_USER, NEW_NETWORK, TIOCSTI, ATTACH = 0x10000000, 0x40000000, 0x5412, 16


def call(name, *arguments):
    converted = [ctypes.c_long(x) if isinstance(x, int) else x for x in arguments]
    result = LIBC.syscall(ctypes.c_long(CALLS[name][COLUMN]), *converted)
    if result == -1:
        raise OSError(ctypes.get_errno(), name)
    return result


def outcome_of(attack):
    """Make an attack in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = f"succeeded: {attack()!r}"
        except OSError as error:
            told = errno.errorcode.get(error.errno, type(error).__name__)
        except BaseException as error:
            told = type(error).__name__
        os.write(writing, told.encode()[:4000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        told = file.read().decode()
    _, status = os.waitpid(child, 0)
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else told


def connect(address):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)


def write(path):
    with open(path, "w") as file:
        file.write("x")


def read(path):
    with open(path) as file:
        return file.read()


def sibling():
    """A process of this sandbox that waits to be attacked."""
    child = os.fork()
    if child == 0:
        signal.pause()
    return child


def attack_sibling(function):
    child = sibling()
    try:
        return function(child)
    finally:
        os.kill(child, signal.SIGKILL)


def call_by_x32():
    return LIBC.syscall(ctypes.c_long(0x40000000 | 39))


def call_by_i386():
    """``getpid`` by interrupt 0x80."""
    code = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()


def open_files():
    opened = []
    try:
        while len(opened) < 10_000:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        return errno.errorcode[error.errno]
    return len(opened)


def fill_pipes():
    """As many pipes as there may be, each full."""
    count = 0
    try:
        while count < 10_000:
            _, writing = os.pipe()
            os.set_blocking(writing, False)
            os.write(writing, bytes(65536))
            count += 1
    except OSError as error:
        return errno.errorcode[error.errno]
    return count


def raise_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))


def rights(process):
    lines = (line.split(":", 1) for line in read(f"/proc/{process}/status").splitlines())
    fields = {name: value.strip() for name, value in lines}
    return {key: fields[key] for key in ("NoNewPrivs", "Seccomp", "CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")}


def attacks(server, host_socket, abstract_name, secret, masked, hidden_file):
    """Name of each attack, and what makes it; the arguments are things of the machine outside."""
    return {
        "inet": lambda: socket.socket(socket.AF_INET),
        "inet6": lambda: socket.socket(socket.AF_INET6),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "vsock": lambda: socket.socket(40, socket.SOCK_STREAM),
        "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "abstract socket": lambda: connect("\0" + abstract_name),
        "socket of the machine": lambda: connect(host_socket),
        "DNS": lambda: socket.getaddrinfo("example.org", 80),
        "ptrace the server": lambda: call("ptrace", ATTACH, server, 0, 0),
        "ptrace a sibling": lambda: attack_sibling(lambda pid: call("ptrace", ATTACH, pid, 0, 0)),
        "ptrace init": lambda: call("ptrace", ATTACH, 1, 0, 0),
        "process_vm_readv": lambda: attack_sibling(lambda pid: call("process_vm_readv", pid, 0, 0, 0, 0, 0)),
        "pidfd_getfd": lambda: call("pidfd_getfd", os.pidfd_open(os.getpid()), 0, 0),
        "signal the server": lambda: os.kill(server, 0),
        "unshare user": lambda: call("unshare", NEW_USER),
        "unshare network": lambda: call("unshare", NEW_NETWORK),
        "clone user": lambda: call("clone", NEW_USER | signal.SIGCHLD, 0, 0, 0, 0),
        "clone3": lambda: call("clone3", 0, 0),
        "setns": lambda: call("setns", os.open("/proc/1/ns/net", os.O_RDONLY), 0),
        "setns to itself": lambda: call("setns", os.open("/proc/self/ns/net", os.O_RDONLY), 0),
        "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, 0),
        "fsopen": lambda: call("fsopen", b"tmpfs", 0),
        "remount": lambda: call("mount", b"none", b"/usr", b"none", 0x20 | 0x1000, 0),
        "pivot_root": lambda: call("pivot_root", b"/tmp", b"/tmp"),
        "chroot": lambda: call("chroot", b"/tmp"),
        "open_by_handle_at": lambda: call("open_by_handle_at", 0, 0, 0),
        "io_uring": lambda: call("io_uring_setup", 8, ctypes.create_string_buffer(200)),
        "bpf": lambda: call("bpf", 0, 0, 0),
        "perf_event_open": lambda: call("perf_event_open", 0, 0, 0, 0, 0),
        "userfaultfd": lambda: call("userfaultfd", 1),
        "keyctl": lambda: call("keyctl", 0, -3, 0, 0, 0),
        "memfd_create": lambda: call("memfd_create", b"x", 0),
        "shmget": lambda: call("shmget", 0, 4096, 0o1600),
        "syslog": lambda: call("syslog", 3, ctypes.create_string_buffer(100), 100),
        "a call of the future": lambda: call("a call of the future"),
        "TIOCSTI": lambda: fcntl.ioctl(0, TIOCSTI, b"x"),
        "TIOCSTI with high bits": lambda: call("ioctl", 0, TIOCSTI | 0xDEAD << 32, ctypes.c_char_p(b"x")),
        "TIOCSTI to an own terminal": lambda: fcntl.ioctl(os.openpty()[1], TIOCSTI, b"x"),
        "open the terminal": lambda: os.open("/dev/tty", os.O_RDWR),
        "x32": call_by_x32,
        "i386": call_by_i386,
        "root of the first process": lambda: sorted(os.listdir("/proc/1/root/")),
        "memory of the first process": lambda: open("/proc/1/mem", "rb"),
        "environment of the first process": lambda: read("/proc/1/environ"),
        "command line of the first process": lambda: read("/proc/1/cmdline"),
        "write to /proc/sys": lambda: write("/proc/sys/kernel/hostname"),
        "write to sysrq": lambda: write("/proc/sysrq-trigger"),
        "write the core pattern": lambda: write("/proc/sys/kernel/core_pattern"),
        "core limit": lambda: resource.getrlimit(resource.RLIMIT_CORE),
        "write its own code": lambda: write(__file__),
        "write beside its own code": lambda: write(os.path.dirname(__file__) + "/x"),
        "remove its own code": lambda: os.remove(__file__),
        "write to /": lambda: write("/x"),
        "write to /usr": lambda: write("/usr/x"),
        "write to /etc": lambda: write("/etc/x"),
        "write to /dev": lambda: write("/dev/x"),
        "device node": lambda: os.mknod("/tmp/null", 0o600 | 0o020000, os.makedev(1, 3)),
        "devices": lambda: sorted(os.listdir("/dev")),
        "kernel memory": lambda: open("/dev/kmsg"),
        "root's file": lambda: read(secret),
        "masked folder": lambda: os.listdir(masked),
        "masked file": lambda: read(hidden_file),
        "write to a masked folder": lambda: write(masked + "/x"),
        "passwords": lambda: read("/etc/passwd"),
        "network of the machine": lambda: read("/proc/net/dev"),
        "abstract names": lambda: read("/proc/net/unix").count("@"),
        "/sys": lambda: os.listdir("/sys"),
        "/home": lambda: os.listdir("/home"),
        "load": lambda: read("/proc/loadavg"),
        "uptime": lambda: read("/proc/uptime"),
        "command line of the kernel": lambda: read("/proc/cmdline"),
        "pressure": lambda: os.listdir("/proc/pressure"),
        "processes": lambda: sum(name.isdigit() for name in os.listdir("/proc")),
        "become root": lambda: os.setuid(0),
        "setgroups": lambda: os.setgroups([0]),
        "real-time priority": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        "nice": lambda: os.nice(-20),
        "other processors": lambda: os.sched_setaffinity(0, range(os.sysconf("SC_NPROCESSORS_CONF"))),
        "processors": lambda: len(os.sched_getaffinity(0)),
        "raise a limit": raise_limit,
        "open files": open_files,
        "full pipes": fill_pipes,
        "set the clock": lambda: __import__("time").clock_settime(0, 0),
        "host name": socket.gethostname,
        "set the host name": lambda: socket.sethostname("x"),
        "su": lambda: subprocess.run(["su", "-c", "true"], stdin=subprocess.DEVNULL, check=True),
        "left in /tmp": lambda: sorted(os.listdir("/tmp")),
        "left in /dev/shm": lambda: sorted(os.listdir("/dev/shm")),
    }


def main():
    arguments = json.loads(sys.argv[1])
    descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1]
    report = {
        "attacks": {name: outcome_of(attack) for name, attack in attacks(**arguments).items()},
        "descriptors": descriptors,
        "environment": dict(os.environ),
        "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
        "status": rights("self"),
        "status of the first process": rights(1),
        "mounts": [line.split() for line in read("/proc/self/mounts").splitlines()],
        "session": [os.getsid(0), os.getpid()],
    }
    for folder in ("/tmp", "/dev/shm"):
        write(f"{folder}/remember me")
    with os.fdopen(3, "w") as file:
        json.dump(report, file)


main()
