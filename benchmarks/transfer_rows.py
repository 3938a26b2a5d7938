"""The rows of the transfer experiment, in the order in which they are played and shown: one entry makes a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newgameplus.results.training_runs import TrainingFolder

PRETRAINING_STEPS = (500_000, 1_000_000, 2_000_000, 4_000_000)
"""Steps of joint training after which frozen weights are judged: does more of it overfit?"""
_LATEST = 1.25
"""A checkpoint after up to this many times the wanted steps stands for them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    label: str
    """Its name on the page."""
    agent: str
    preset: str | None = None
    """Of the agent, when it is judged; None for its default."""
    weights: str | None = None
    """Training run that it begins with, by the name of its folder; None for fresh weights."""
    pretraining_steps: int | None = None
    """Steps of that run, of all levels together; None for what the run would be begun from (``--init``)."""
    is_frozen: bool = False
    options: tuple[str, ...] = ()
    """More options of ``ngp evaluate``."""
    scratch: tuple[str, ...] = ()
    """Rows from nothing that it may be compared with: the first that was played, so that of the same preset."""
    num_seeds: int = 1
    """Seeds that it should have: two where a claim rests on it."""
    dash: str = ""
    """Dash pattern of its curve, as in ``stroke-dasharray``."""
    is_played_by_hand: bool = False
    """Whether a person plays it (``ngp play --rules``), so that it is taken from a results folder that is complete."""

    def init(self, runs: Path) -> Path | None:
        """Return the checkpoint or run that it begins with, None for nothing; it may not be there yet."""
        if self.weights is None or self.pretraining_steps is None:
            return None if self.weights is None else runs / self.weights
        run = TrainingFolder(runs / self.weights)
        found = [path for path in run.path.glob("*/*.safetensors") if steps_of(path) is not None]
        by_steps = {steps_of(path) or 0: path for path in found}
        fitting = [steps for steps in by_steps if 1 <= steps / self.pretraining_steps <= _LATEST]
        return by_steps[min(fitting)] if fitting else run.kept(self.pretraining_steps)


def steps_of(checkpoint: Path) -> int | None:
    """Return after how many steps of training a checkpoint was kept, from its name; None where that does not say it."""
    number = checkpoint.stem.removeprefix("at-")
    return int(number) if number.isdigit() else None


_PPO, _RAINBOW = ("ppo-fine-tuned", "ppo"), ("rainbow",)
_FRESH, _FRESH_FINE_TUNED, _FROZEN, _CEILING = "8 5", "9 4 2 4", "2 4", "1 3"


def _frozen_after(num_steps: int) -> Row:
    label = f"PPO, joint for {num_steps / 1e6:g} M steps, frozen"
    return Row(label, "ppo", "fine-tuned", "ppo", num_steps, is_frozen=True, scratch=_PPO, dash=_FROZEN)


ROWS = {
    "random": Row("random", "random"),
    "jerk": Row("JERK of 2018", "jerk"),
    "jerk-improved": Row("JERK, improved", "jerk", "improved"),
    "jerk-mutating": Row("JERK, mutating", "jerk", "mutating"),
    "jerk-truncating": Row("JERK, truncating", "jerk", "truncating"),
    "jerk-returning": Row("JERK, returning", "jerk", "returning", num_seeds=2),
    "keeper": Row("keeper", "keeper", num_seeds=2),
    "ppo": Row("PPO from nothing", "ppo", "tuned", dash=_FRESH),
    "ppo-fine-tuned": Row("PPO from nothing, fine-tuned", "ppo", "fine-tuned", num_seeds=2, dash=_FRESH_FINE_TUNED),
    "ppo-joint": Row("PPO, joint", "ppo", "fine-tuned", "ppo", scratch=_PPO, num_seeds=2),
    "ppo-joint-frozen": Row("PPO, joint, frozen", "ppo", "fine-tuned", "ppo", None, True, (), _PPO, dash=_FROZEN),
    "rainbow": Row("Rainbow from nothing", "rainbow", "tuned", num_seeds=2, dash=_FRESH),
    "rainbow-joint": Row("Rainbow, joint", "rainbow", "tuned", "rainbow", scratch=_RAINBOW, num_seeds=2),
    "rainbow-joint-frozen": Row(
        "Rainbow, joint, frozen", "rainbow", "tuned", "rainbow", None, True, (), _RAINBOW, dash=_FROZEN
    ),
    "experts": Row("zone experts", "experts", "fine-tuned", "experts", scratch=_PPO),
    **{f"ppo-joint-frozen-{steps // 1000}k": _frozen_after(steps) for steps in PRETRAINING_STEPS},
    "proof": Row("proof (ceiling)", "proof", dash=_CEILING),
    "human": Row("person (ceiling)", "human", is_played_by_hand=True, dash=_CEILING),
}
"""Every row by its name in commands and results."""

BEST_JERK = ("jerk-returning", "jerk-improved", "jerk")
"""What stands for JERK in a comparison: the first of these that was played."""

COMPARED: Sequence[tuple[str, str]] = (
    *((joint, jerk) for joint in ("ppo-joint", "rainbow-joint", "experts") for jerk in BEST_JERK),
    ("jerk-returning", "jerk-improved"),
    ("jerk-returning", "jerk"),
    ("ppo-joint", "rainbow-joint"),
    ("rainbow", "ppo"),
    ("rainbow", "ppo-fine-tuned"),
    ("ppo-fine-tuned", "ppo"),
)
"""Pairs of rows that a reader would put in order, and whose difference is therefore tested."""

COLOURS = {
    "random": "#888888",
    "jerk": "#111111",
    "ppo": "#0072b2",
    "rainbow": "#d55e00",
    "experts": "#009e73",
    "memory": "#cc79a7",
    "keeper": "#b8860b",
    "proof": "#7a5195",
    "human": "#a05a2c",
}
"""Colour of the curves of each agent."""
OTHER_COLOUR = "#5b6675"
