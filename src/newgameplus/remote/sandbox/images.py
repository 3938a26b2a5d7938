"""Images for the sandbox ``container``: what an entry needs, laid on a base image, and the judge's own side.

Nothing foreign runs while an image of an entry is made: its files are copied, and its packages, which were installed
in a sandbox before. No network is used and no image is fetched, so the base must be here already.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from newgameplus.errors import SandboxError
from newgameplus.remote.sandbox.container import USER, podman

ENTRY, PACKAGES = "/entry", "/packages"
"""Where an image holds the files of an entry, and the packages that it requires."""


def agent_containerfile(base: str, argv: Sequence[str], *, has_packages: bool) -> str:
    """Return the text of a Containerfile for an agent.

    Args:
        base: name of the base image, which has the interpreter that ``argv`` names.
        argv: the agent's program and its arguments.
        has_packages: whether the folder that it is built in has packages beside the entry.
    """
    lines = [f"FROM {base}", f"COPY entry {ENTRY}"]
    if has_packages:
        lines += [f"COPY packages {PACKAGES}", f"ENV PYTHONPATH={PACKAGES}"]
    return _text([*lines, f"WORKDIR {ENTRY}", f"USER {USER}", f"CMD {json.dumps(list(argv))}"])


def environment_containerfile(base: str, wheel: str) -> str:
    """Return the text of a Containerfile for the judge's side, where ``ngp`` runs.

    Args:
        base: name of the base image, with Python and pip.
        wheel: file name of New Game Plus' wheel. It lies in the folder ``wheels`` of the folder that the image is
            built in, with the wheels of all that it requires.
    """
    install = ["python3", "-m", "pip", "install", "--no-index", "--find-links", "/wheels", f"/wheels/{wheel}"]
    lines = [f"FROM {base}", "COPY wheels /wheels", f"RUN {json.dumps(install)}"]
    return _text([*lines, f"USER {USER}", 'ENTRYPOINT ["ngp"]'])


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def build_agent(name: str, base: str, entry: Path, argv: Sequence[str], packages: Path | None = None) -> None:
    """Make the image of an agent, which ``Spec.image`` then names.

    Args:
        name: of the image, such as ``localhost/jerk:1``.
        base: see :func:`agent_containerfile`.
        entry: folder of the entry.
        argv: see :func:`agent_containerfile`.
        packages: folder of the packages that it requires; None for none.

    Raises:
        SandboxError: podman is missing, or cannot make it; the sentence says why.
    """
    program = podman()
    with tempfile.TemporaryDirectory(prefix="newgameplus-image-") as folder:
        shutil.copytree(entry, Path(folder, "entry"), symlinks=True)
        if packages is not None:
            shutil.copytree(packages, Path(folder, "packages"), symlinks=True)
        text = agent_containerfile(base, argv, has_packages=packages is not None)
        Path(folder, "Containerfile").write_text(text, encoding="utf-8")
        command = [program, "build", "--pull=never", "--network", "none", "--tag", name, folder]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or ["it does not say why"]
        raise SandboxError(f"podman cannot make the image {name}: {said[0]}.")
