"""The parts of gym 0.10 that agents of the contest of 2018 use; importing it gives numpy its names of then back."""

from __future__ import annotations

import numpy as np

from gym import error, spaces, wrappers
from gym.core import ActionWrapper, Env, ObservationWrapper, RewardWrapper, Space, Wrapper

__all__ = [
    "ActionWrapper",
    "Env",
    "ObservationWrapper",
    "RewardWrapper",
    "Space",
    "Wrapper",
    "error",
    "spaces",
    "wrappers",
]

__version__ = "0.10.5"

# numpy 1.24 has removed these names, and 2.0 has brought only bool back.
for _name, _type in (("bool", bool), ("int", int), ("float", float), ("object", object)):
    if _name not in vars(np):
        setattr(np, _name, _type)
