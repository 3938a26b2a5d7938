"""Groups that bound memory and processes, where this process may make them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from newgameplus.remote.sandbox import cgroups


@pytest.fixture
def groups() -> cgroups.Groups:
    made = cgroups.make(memory_bytes=(64 << 20) + 1, processes=5)
    if not made.folders():
        pytest.skip("this user may not make cgroups")
    return made


def test_limits_read_back_as_they_were_set(groups: cgroups.Groups) -> None:
    try:
        (folder,) = {Path(folder).name for folder in groups.folders()}
        assert f"-{os.getpid()}-" in folder
        assert (groups.memory_kills(), groups.refused_processes(), groups.cpu_seconds()) == (0, 0, 0.0)
    finally:
        groups.remove()
    assert not any(Path(folder).exists() for folder in groups.folders())
    groups.remove()


def test_a_group_with_a_process_is_removed_once_it_has_ended(groups: cgroups.Groups) -> None:
    child = os.fork()
    if child == 0:
        groups.join()
        os.execvp("sleep", ["sleep", "60"])
    folders = [Path(folder) for folder in groups.folders()]
    while not all(str(child) in (folder / "cgroup.procs").read_text().split() for folder in folders):
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
    groups.remove()
    os.waitpid(child, 0)
    assert not any(folder.exists() for folder in folders)


def test_what_a_killed_guardian_left_is_removed_by_the_next(groups: cgroups.Groups) -> None:
    forgotten = [Path(folder).parent / "ngp-sandbox-1-1" for folder in groups.folders()]
    groups.remove()
    for folder in forgotten:
        folder.mkdir(exist_ok=True)
    cgroups.make(memory_bytes=1 << 20, processes=5).remove()
    assert not any(folder.exists() for folder in forgotten)


def test_a_group_of_version_2_has_both_limits_and_no_swap(tmp_path: Path) -> None:
    # A machine has version 1 or 2: this is a folder like one of version 2.
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids")
    (tmp_path / "cgroup.procs").touch()
    made = cgroups._make_unified(str(tmp_path), "own", 1 << 20, 5)
    assert made == str(tmp_path / "own")
    assert {path.name: path.read_text() for path in (tmp_path / "own").iterdir()} == {
        "memory.max": "1048576",
        "pids.max": "5",
        "memory.swap.max": "0",
        "memory.oom.group": "1",
    }


def test_a_group_that_somebody_else_made_is_left_alone(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os.execvp("sleep", ["sleep", "60"])
    try:
        (tmp_path / "cgroup.procs").write_text(str(child))
        cgroups.Groups(cpu=str(tmp_path)).remove()
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
        with pytest.raises(AssertionError):
            cgroups._kill_all(str(tmp_path))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_the_outermost_group_is_nobody_s() -> None:
    assert all(path not in ("", "/") for path in cgroups.groups_of(os.getpid(), memory_bytes=1, processes=1).folders())
    mounts = {mount for mount, _ in cgroups._places().values()}
    assert not mounts & set(cgroups.groups_of(1, memory_bytes=1, processes=1).folders())


def test_a_group_is_looked_for_from_the_inside_out() -> None:
    assert cgroups._ancestors("/m", "a/b") == ["/m/a/b", "/m/a", "/m"]
    assert cgroups._ancestors("/m", "") == ["/m"]
    assert [cgroups._below(path, root) for path, root in (("/a/b", "/"), ("/a/b", "/a"), ("/ab", "/a"))] == [
        "a/b",
        "b",
        None,
    ]
