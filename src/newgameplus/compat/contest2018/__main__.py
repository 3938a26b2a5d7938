"""Runs a script of 2018 in this process: ``python -m newgameplus.compat.contest2018 SCRIPT [ARGUMENT ...]``."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from newgameplus.compat.contest2018 import PATH


def main(arguments: list[str]) -> None:
    """Run a script with the modules of 2018 on its path, behind the script's own folder.

    Args:
        arguments: the script and its arguments.
    """
    if not arguments or not Path(arguments[0]).is_file():
        what = f"There is no script {arguments[0]}" if arguments else "Name a script"
        sys.exit(f"{what}: python -m newgameplus.compat.contest2018 SCRIPT [ARGUMENT ...]")
    sys.argv = arguments
    sys.path[:0] = [str(Path(arguments[0]).resolve().parent), str(PATH)]
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
