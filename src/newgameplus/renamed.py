"""Names that have changed since version 0.1: one table for reading old files and for error messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TRAINING_MANIFEST = "training.json"
METRICS = "metrics.jsonl"
PPO_STATE = "state of ppo"
RENAMED: Mapping[str, Mapping[str, str]] = {
    "newgameplus.agents.ppo.config.PpoConfig": {
        "num_steps": "rollout_steps",
        "smoothing": "gae_lambda",
        "distillation_weight": "rnd_weight",
        "reference_weight": "reference_kl_weight",
    },
    "newgameplus.agents.rainbow.config.RainbowConfig": {
        "num_steps": "n_step",
        "exponent": "priority_alpha",
        "correction": "priority_beta",
        "noise": "noisy_sigma",
        "highest_return": "v_max",
    },
    PPO_STATE: {"distillation": "rnd"},
    TRAINING_MANIFEST: {"num_steps": "total_steps"},
    METRICS: {
        "learning/divergence": "learning/approx_kl",
        "learning/drift": "learning/reference_kl",
        "learning/clipped": "learning/clip_fraction",
    },
}
"""Old name to new name, by the configuration, the file or the state that has it."""


def renamed_fields(kind: type) -> Mapping[str, str]:
    """Return old name to new name of the renamed fields of a dataclass."""
    return RENAMED.get(f"{kind.__module__}.{kind.__qualname__}", {})


def with_new_names(content: Mapping[str, Any], new_names: Mapping[str, str]) -> dict[str, Any]:
    """Return ``content`` with old keys replaced by new ones; if both are present, the new one counts.

    Args:
        content: values by name.
        new_names: old name to new name.
    """
    renamed = {new_names[name]: value for name, value in content.items() if name in new_names}
    return {**renamed, **{name: value for name, value in content.items() if name not in new_names}}
