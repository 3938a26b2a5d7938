"""The proof: a par movie pressed again, judged like an agent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from newgameplus.agents import AGENTS, CEILINGS, find_agent
from newgameplus.agents.proof.agent import Proof
from newgameplus.agents.proof.config import DEFAULT
from newgameplus.cli.main import run
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.results.monitor import read_monitor
from newgameplus.testing import check_agent
from newgameplus.training.ceilings import presses_of
from newgameplus.types import Step, WorldSpec

LEVEL = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
NONE = np.zeros((2, 0), np.uint8)


def test_it_keeps_every_promise_of_an_agent_and_is_not_listed_as_one() -> None:
    check_agent(Proof)
    assert not AGENTS.keys() & CEILINGS.keys()
    assert find_agent("proof") is Proof


def test_each_row_presses_the_sequence_from_the_beginning_of_its_episode_and_then_nothing() -> None:
    agent = Proof(DEFAULT, WorldSpec(2, ("B", "A"), (0,), (2,)), 0)
    agent.follow(np.array([[1, 0], [0, 1]]))
    seen = []
    for done in ((False, False), (False, True), (False, False)):
        seen.append(agent.act(NONE).tolist())
        agent.observe(Step(NONE, np.zeros(2), np.array(done), np.zeros(2, np.bool_)))
    assert seen == [[[1, 0], [1, 0]], [[0, 1], [0, 1]], [[0, 0], [1, 0]]]


def test_what_it_is_told_are_the_buttons_of_the_par_movie() -> None:
    presses = presses_of(LEVEL, 4)
    path = LEVEL.integration.par_movie(LEVEL.state)
    assert path is not None
    masks = read_movie(path).masks[1:, 0]
    assert (presses.repeat(4, 0)[: len(masks)] @ (1 << np.arange(12)) == masks).all()


def test_it_is_judged_under_the_delays_of_the_contest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["evaluate", "proof", "--level", str(LEVEL), "--episodes", "1", "--seeds", "2", "--no-movies"]
    assert run([*arguments, "--results", "proof", "--workers", "1"]) == 0
    assert json.loads(Path("proof/manifest.json").read_text())["agent"]["name"] == "proof"
    returns = {
        read_monitor(Path(f"proof/levels/{LEVEL.folder_name}/seed-{seed}/monitor.csv"))[0].episode_return
        for seed in (0, 1)
    }
    assert len(returns) == 2
    assert max(returns) < 10_000


def test_a_level_without_a_par_movie_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "proof", "--level", "Airstriker-Genesis-v0/Level1", "--episodes", "1"]) == 2
    assert "Airstriker-Genesis-v0/Level1 has no par movie" in capsys.readouterr().err
