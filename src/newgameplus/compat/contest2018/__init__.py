"""The modules that agents of the contest of 2018 import: gym, gym_remote, retro, retro_contest, baselines.

They lie in the folder ``_path``, which is no package: a program sees them if that folder is on its path, as it is in
the sandbox of an entry with ``api = "2018"`` and under ``python -m newgameplus.compat.contest2018 SCRIPT``. In every
other environment ``import gym`` means what it meant before. They need numpy and the client of a remote environment
alone, and Python 3.8; only the games of ``retro`` need New Game Plus.

They offer what the contest's baselines and their like call, with the names, signatures and ends of 2018
(openai/retro-contest, openai/retro-baselines, gym 0.10, openai/baselines).
"""

from __future__ import annotations

from pathlib import Path

PATH = Path(__file__).parent / "_path"
"""Folder with the modules."""
