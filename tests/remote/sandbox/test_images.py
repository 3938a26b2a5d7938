"""Images for containers; the long test makes a system of its own with debootstrap, and attacks from within it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newgameplus.errors import SandboxError
from newgameplus.remote.ends import Reason
from newgameplus.remote.sandbox import container, images
from newgameplus.remote.sandbox.spec import Spec

BASE, AGENT = "localhost/newgameplus-test-base:1", "localhost/newgameplus-test-agent:1"
needs_podman = pytest.mark.usefixtures("working_podman")


def test_an_agent_s_containerfile_copies_and_runs_nothing() -> None:
    text = images.agent_containerfile("debian:12", ["python3", "it's.py"], has_packages=True)
    assert text.splitlines() == [
        "FROM debian:12",
        "COPY entry /entry",
        "COPY packages /packages",
        "ENV PYTHONPATH=/packages",
        "WORKDIR /entry",
        "USER 65534:65534",
        'CMD ["python3", "it\'s.py"]',
    ]
    assert "packages" not in images.agent_containerfile("debian:12", ["python3"], has_packages=False)


def test_the_judge_s_containerfile_installs_without_an_index() -> None:
    text = images.environment_containerfile("python:3.12", "newgameplus-1-py3-none-any.whl")
    assert '"--no-index", "--find-links", "/wheels", "/wheels/newgameplus-1-py3-none-any.whl"' in text
    assert text.endswith('USER 65534:65534\nENTRYPOINT ["ngp"]\n')


@needs_podman
def test_a_base_that_there_is_not_is_told_and_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"cannot make the image localhost/x:1: .*there-is-no-such-base"):
        images.build_agent("localhost/x:1", "localhost/there-is-no-such-base", tmp_path, ["true"])


@pytest.fixture(scope="module")
def base(working_podman: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian with Python, made here."""
    if shutil.which("debootstrap") is None:
        pytest.skip("debootstrap is not installed")
    folder = tmp_path_factory.mktemp("base")
    made = ["debootstrap", "--variant=minbase", "--include=python3", "bookworm", str(folder / "root")]
    subprocess.run(made, check=True, capture_output=True)
    archive = folder / "root.tar"
    subprocess.run(["tar", "-C", folder / "root", "--exclude=./dev", "-cf", archive, "."], check=True)
    subprocess.run(["podman", "import", archive, BASE], check=True, capture_output=True)
    try:
        yield BASE
    finally:
        subprocess.run(["podman", "rmi", "--force", AGENT, BASE], check=False, capture_output=True)


@pytest.mark.nightly
def test_an_agent_runs_in_an_image_of_its_own(base: str, tmp_path: Path) -> None:
    entry, packages = tmp_path / "entry", tmp_path / "packages"
    entry.mkdir()
    packages.mkdir()
    (entry / "agent.py").write_text("import needed, os; print(needed.WORD, os.getuid(), os.getcwd())")
    (packages / "needed.py").write_text("WORD = 'found'")
    argv = ("/usr/bin/python3", "/entry/agent.py")
    images.build_agent(AGENT, base, entry, argv, packages)
    spec = Spec(argv=argv, image=AGENT, env={"PYTHONPATH": images.PACKAGES}, working_folder=images.ENTRY)
    with container.start(spec) as started:
        assert started.wait() is Reason.AGENT_EXIT
    assert started.last_lines() == ("found 65534 /entry",)


@pytest.mark.nightly
def test_attacks_from_an_image_of_its_own_do_not_succeed(
    base: str, run_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGP_TEST_IMAGE", base)
    outcomes = run_as("container")("attacks")["first"]["attacks"]
    succeeded = {name for name, outcome in outcomes.items() if outcome.startswith("succeeded")}
    assert succeeded.isdisjoint(["root's file", "mount", "ptrace init", "inet", "write to /", "write its own code"])
    assert outcomes["masked folder"] == outcomes["/sys"] == "succeeded: []"
    assert outcomes["clone user"] == outcomes["unshare user"] == outcomes["bpf"] == "EPERM"
