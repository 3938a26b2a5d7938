"""Runs inside a sandbox: uses up what the first argument names, until the sandbox is ended."""

import ctypes
import os
import signal
import sys
import threading


def wait():
    while True:
        signal.pause()


def processes():
    while True:
        try:
            if os.fork() == 0:
                wait()
        except OSError:
            wait()


def threads():
    while True:
        try:
            threading.Thread(target=wait_on, daemon=True).start()
        except RuntimeError:
            wait()


def wait_on():
    threading.Event().wait()


def hold(megabytes):
    return bytearray(b"x") * (megabytes << 20)


def memory():
    _held = hold(256)
    wait()


def memory_of_many():
    for _ in range(8):
        if os.fork() == 0:
            _held = hold(24)
            wait()
    wait()


def fill(folder):
    with open(f"{folder}/large", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            wait()


def many_files():
    for number in range(5000):
        os.close(os.open(f"/tmp/{number}", os.O_CREAT))
    wait()


def deep_folders():
    os.chdir("/tmp")
    for _ in range(5000):
        os.mkdir("d")
        os.chdir("d")
    wait()


def sparse_file():
    with open("/tmp/sparse", "wb") as file:
        file.truncate(1 << 40)


def flood():
    while True:
        os.write(2, b"x" * 100 + b"\n")


def flood_without_newline():
    while True:
        os.write(1, b"x" * 4096)


def escapes():
    os.write(2, b"\x1b]0;owned\x07\x1b[2Jcleared\xff\n")


def survivors():
    """Leave a grandchild in a session of its own, deaf to signals, and end."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            wait()
        os._exit(0)
    os.wait()


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def kill_all():
    if os.fork() == 0:
        wait()
    os.kill(-1, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def crash():
    ctypes.string_at(0)


def fail():
    sys.exit("This entry gives up.")


globals()[sys.argv[1]](*sys.argv[2:])
