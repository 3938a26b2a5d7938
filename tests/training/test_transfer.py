"""A file of weights may be anybody's: what is no agent's state is refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.errors import StateError
from newgameplus.results.checkpoints import save_state
from newgameplus.training.transfer import begin_from
from newgameplus.types import WorldSpec


@pytest.mark.parametrize("network", [None, [1], "x", {"changed": "x"}, {"changed": [1]}])
def test_a_damaged_agent_is_refused(network: Any, tmp_path: Path) -> None:
    config = PpoConfig(encoder="dqn-2013", num_hidden=16, device="cpu")
    agent = Ppo(config, WorldSpec(1, (), (84, 84, 4), (), 7), 0)
    state: dict[str, Any] = {"agent": "ppo", "network": network}
    if network is None:
        del state["network"]
    elif isinstance(network, dict):
        own = agent.state()["network"]
        state["network"] = own | {next(iter(own)): network["changed"]}
    save_state(tmp_path / "weights.safetensors", {"format": 1, "agent": state})
    with pytest.raises(StateError, match=r"ppo cannot begin from .*: the agent in it is damaged"):
        begin_from(agent, "ppo", tmp_path / "weights.safetensors")
