"""What is recomputed of an episode is what the agent saw and computed when it played it."""

from __future__ import annotations

import shutil
import zlib
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.agents.interface import Agent
from newgameplus.contest.evaluation import manifest_of
from newgameplus.contest.judged_world import open_judged_world
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.envs.rules import WorldRules
from newgameplus.envs.world import world_spec
from newgameplus.errors import MovieError, NotFoundError, StateError
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.names import index_of
from newgameplus.results.checkpoints import save_state
from newgameplus.results.evaluations import Results
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.insight import Insight, open_insight
from newgameplus.training.loop import play
from newgameplus.training.opinions import Opinion, opinions_of
from newgameplus.training.plan import TrainingPlan, begin
from newgameplus.training.played import who_played
from newgameplus.training.run import train
from newgameplus.training.seeds import split_seed
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Array, Step

pytestmark = pytest.mark.usefixtures("one_thread")

LEVEL = find_level("Tumbleweed-Genesis-v0/Canyon.Act1")
RULES = WorldRules(max_episode_steps=16)
FIELDS = {
    "ppo": {"encoder": "dqn-2013", "num_hidden": "16", "rollout_steps": "16", "batch_size": "32", "num_epochs": "1"},
    "rainbow": {"encoder": "dqn-2013", "num_hidden": "16", "batch_size": "8", "capacity": "120",
                "min_transitions": "32"},
    "experts": {"encoder": "dqn-2013", "num_hidden": "8", "batch_size": "8", "capacity": "16", "vote_steps": "4",
                "learner_fields": "encoder=dqn-2013,rollout_steps=16,batch_size=32,num_epochs=1,num_hidden=16"},
}  # fmt: skip
NUM_EPISODES = 3


def agent_plan(name: str, **more: Any) -> AgentPlan:
    return AgentPlan(name, "default", configure(find_agent(name), "default", FIELDS.get(name, {})), **more)


@dataclass
class Logged:
    """An agent that plays as another one does, and keeps what that one saw, computed and chose."""

    agent: Agent
    observations: list[Array] = field(default_factory=list)
    opinions: list[Opinion | None] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)

    def act(self, observation: Array) -> Array:
        action = self.agent.act(observation)
        self.observations.append(observation[0].copy())
        self.opinions.append(opinions_of(self.agent)(observation))
        self.actions.append(action[0].tolist())
        return action

    def observe(self, step: Step) -> None:
        self.agent.observe(step)


def trained(name: str, folder: Path) -> Path:
    """A short training run with an episode watched at every checkpoint."""
    plan = TrainingPlan(
        agent=agent_plan(name),
        world=WorldPlan((LEVEL, find_level("Tumbleweed-Genesis-v0/Mesa.Act1")), rules=RULES),
        num_envs=2,
        total_steps=120,
        checkpoint_steps=40,
        watch_steps=40,
    )
    begin(plan, folder)
    for _ in train(plan, folder):
        pass
    return folder


def evaluated(plan: AgentPlan, folder: Path) -> Logged:
    """Play an evaluation as ``ngp evaluate`` does, and log what its agent computes."""
    rules = with_budget(CONTEST, episodes=NUM_EPISODES)
    whole = Plan(plan, WorldPlan((LEVEL,), rules=RULES), rules, seeds=(5,))
    results = Results(folder)
    results.create(manifest_of(whole, ["ngp", "evaluate"]))
    run, (world_seed, agent_seed) = results.run(LEVEL.folder_name, 5), split_seed(5, LEVEL)
    with closing(open_judged_world(whole.world, LEVEL, plan.specs(), whole.rules, run, seed=world_seed)) as world:
        agent = plan.make(world_spec(world), agent_seed)
        if plan.init is not None:
            begin_from(agent, plan.name, Path(plan.init), is_frozen=plan.is_frozen)
        logged = Logged(agent)
        for _ in play(logged, world):  # type: ignore[arg-type]  # it acts and observes
            if world.is_spent:
                break
        world.conclude()
        save_state(run.checkpoint, {**world.state(), "agent": agent.state()})
    return logged


@pytest.fixture(scope="module")
def ppo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained("ppo", tmp_path_factory.mktemp("trained") / "run")


@pytest.fixture(scope="module", params=["ppo", "rainbow", pytest.param("experts", marks=pytest.mark.nightly)])
def frozen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path, Logged]:
    """Name of an agent, its training run, an evaluation of it frozen, and what it computed in that."""
    folder = tmp_path_factory.mktemp(request.param)
    run = trained(request.param, folder / "run")
    plan = agent_plan(request.param, init=str(run), is_frozen=True)
    return request.param, run, folder / "results", evaluated(plan, folder / "results")


def movies(results: Path) -> list[Path]:
    return sorted(results.glob("levels/*/seed-5/bk2/*.bk2"))


def played_through(insight: Insight) -> Insight:
    while insight.num_known < insight.num_steps:
        insight.advance()
    return insight


def test_of_a_frozen_agent_all_is_equal(frozen: tuple[str, Path, Path, Logged]) -> None:
    name, _, results, logged = frozen
    at = 0
    for movie in movies(results):
        with closing(played_through(open_insight(str(movie)))) as insight:
            height, width, channels = insight.about()["observation"]["shape"]
            for step in range(insight.num_steps):
                facts, deflated = insight.look(step * 4 + 1)
                seen = np.frombuffer(zlib.decompress(deflated), np.uint8).reshape(height, width, channels)
                assert np.array_equal(seen, logged.observations[at])
                opinion = logged.opinions[at]
                assert opinion is not None
                assert facts["is_policy"] == (name != "rainbow")
                np.testing.assert_allclose(facts["numbers"], opinion.numbers, atol=2e-6)
                assert facts["value"] == pytest.approx(opinion.value, abs=2e-6)
                assert facts["action"] == logged.actions[at]
                at += 1
            whole = insight.curve(1000)
            if name != "experts" or movie == movies(results)[0]:  # later nobody knows the random numbers of the expert
                assert whole["num_other"] == 0
    assert at == len(logged.actions) >= NUM_EPISODES * 16


def test_of_watched_episodes_those_with_a_checkpoint_are_exact(frozen: tuple[str, Path, Path, Logged]) -> None:
    _, run, _, _ = frozen
    kept = [int(path.stem) for path in TrainingFolder(run).checkpoints()]
    assert kept == [80, 120]
    for index, movie in enumerate(sorted((run / "movies").iterdir(), key=index_of)):
        with closing(played_through(open_insight(str(movie)))) as insight:
            told = insight.about()
            chosen = told["weights"][told["chosen_weights"]]
            assert told["played_at"] == 40 * (index + 1)
            if chosen["is_exact"]:
                assert chosen["num_steps"] == told["played_at"]
                assert insight.curve(1000)["num_other"] == 0
    assert chosen["is_exact"]


def test_a_stretch_of_a_step_is_told_with_what_was_really_held(frozen: tuple[str, Path, Path, Logged]) -> None:
    _, _, results, _ = frozen
    with closing(played_through(open_insight(str(movies(results)[0])))) as insight:
        names = set(insight.about()["actions"])
        delayed = 0
        for frame in range(insight.num_frames):
            facts, _ = insight.look(frame)
            assert facts["first_frame"] <= max(frame, 1) < facts["first_frame"] + 4
            if facts["is_delayed"]:
                delayed += 1
                before, _ = insight.look(frame - 1)
                assert facts["held"] == before["held"] != facts["chosen"]
            assert insight.about()["actions"][facts["action"]] in names
        assert delayed


def test_of_an_agent_that_learns_it_is_said_which_weights_are_shown(ppo_run: Path, tmp_path: Path) -> None:
    evaluated(agent_plan("ppo", init=str(ppo_run)), tmp_path / "results")
    first, _, last = movies(tmp_path / "results")
    played = who_played(last)
    assert played.num_steps is not None
    assert [(each.num_steps, each.is_exact) for each in played.weights] == [(0, False), (played.num_steps + 16, False)]
    assert played.nearest() == played.weights[0]
    assert who_played(first).num_acts is None
    with closing(played_through(open_insight(str(last), 1))) as insight:
        assert insight.about()["chosen_weights"] == 1
        assert len(insight.curve(1000)["values"]) == insight.num_steps
        assert len(insight.curve(5)["values"]) <= 5
    with pytest.raises(NotFoundError, match="no longer there"):
        open_insight(str(last), 2)


def test_weights_that_are_gone_or_others_are_not_offered(ppo_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(ppo_run, tmp_path / "run")
    evaluated(agent_plan("rainbow", init=str(run)), tmp_path / "other")
    assert [each.name for each in who_played(movies(tmp_path / "other")[0]).weights] == ["step 48, the end of the run"]
    evaluated(agent_plan("ppo", init=str(run), is_frozen=True), tmp_path / "results")
    movie = movies(tmp_path / "results")[1]
    assert [each.name for each in who_played(movie).weights] == ["best of run, which it began with"]
    shutil.rmtree(run)
    assert [each.name for each in who_played(movie).weights] == ["step 48, the end of the run"]
    checkpoint = movie.parent.parent / "checkpoint.safetensors"
    checkpoint.write_bytes(b"damaged")
    with closing(played_through(open_insight(str(movie)))) as insight:
        assert "No checkpoint" in insight.about()["note"]
        facts, _ = insight.look(5)
        assert (facts["numbers"], facts["value"]) == (None, None)
        assert facts["chosen"] in insight.about()["actions"]


def test_of_a_random_agent_only_its_actions_are_shown(tmp_path: Path) -> None:
    evaluated(agent_plan("random"), tmp_path / "results")
    with closing(played_through(open_insight(str(movies(tmp_path / "results")[0])))) as insight:
        assert "computes neither" in insight.about()["note"]
        assert insight.about()["weights"] == []
        assert insight.about()["observation"]["shape"] == [0]
        facts, deflated = insight.look(5)
        assert zlib.decompress(deflated) == b""
        assert facts["action"] is None
        assert facts["chosen"]
        assert insight.curve(10)["values"] == []


def test_weights_of_another_network_are_an_error(ppo_run: Path) -> None:
    movie = next((ppo_run / "movies").iterdir())
    played = who_played(movie)
    other = replace(played.agent, config=replace(played.agent.config, num_hidden=32))
    with pytest.raises(StateError, match="ppo cannot play with"):
        Insight(read_movie(movie), replace(played, agent=other), played.weights[0])


def test_a_movie_without_a_step_is_an_error(ppo_run: Path) -> None:
    path = next((ppo_run / "movies").iterdir())
    movie = read_movie(path)
    with pytest.raises(MovieError, match="ends before its first step"):
        Insight(replace(movie, masks=movie.masks[:1]), who_played(path), None)


def test_a_movie_outside_of_a_run_tells_nothing(tmp_path: Path) -> None:
    par = LEVEL.integration.par_movie(LEVEL.state)
    assert par is not None
    with pytest.raises(MovieError, match="nobody knows who played it"):
        open_insight(str(par))
