"""The hybrid keeps an agent's promises, follows what it stored, and finds its way by what it sees."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents.configuration import configure, with_fields
from newgameplus.agents.memory.agent import Memory
from newgameplus.agents.memory.config import MemoryConfig
from newgameplus.agents.memory.moves import Move, Script
from newgameplus.agents.memory.player import Player
from newgameplus.agents.memory.track import locate
from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.cli.plan_options import told_weights
from newgameplus.emulator.cores import console_named
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.world import world_spec
from newgameplus.errors import NotFoundError, StateError, UsageError
from newgameplus.experience.episodic import EpisodicMemory, discounted_outcome
from newgameplus.games.action_sets import resolved
from newgameplus.games.levels import find_level
from newgameplus.testing import check_agent
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.loop import play
from newgameplus.types import SONIC_10, WARPED, Array, Step, WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL_PPO = ("encoder=dqn-2013", "num_hidden=16", "actions=sonic-10")
SMALL_RAINBOW = ("encoder=dqn-2013", "num_hidden=16", "capacity=300", "min_transitions=16", "batch_size=8")
SMALL = MemoryConfig(learner_fields=SMALL_PPO, min_episodes=1, device="cpu")
RAINBOW = replace(SMALL, learner="rainbow", learner_fields=SMALL_RAINBOW, learns="all", duplicate_similarity=0.999)
IMITATING = {
    "ppo that imitates": replace(
        SMALL, imitates_best=1, learner_fields=(*SMALL_PPO, "rollout_steps=4", "cloning_epochs=1", "batch_size=16")
    ),
    "rainbow that imitates": replace(
        RAINBOW, imitates_best=1, learner_fields=(*SMALL_RAINBOW, "train_interval=8", "target_interval=24")
    ),
}
SHAPE = (84, 84, 4)
COMBOS = resolved(SONIC_10, console_named("Genesis")).combos
LEVELS = ("Tumbleweed-Genesis-v0/Mesa.Act1", "Tumbleweed-Genesis-v0/Canyon.Act1")


def spec(num_envs: int = 1, combos: Any = COMBOS) -> WorldSpec:
    return WorldSpec(num_envs, (), SHAPE, (), 10, num_timesteps=400, combos=combos)


def make_world(sticky: float = 0.25, max_episode_steps: int = 25) -> RetroVecEnv:
    return RetroVecEnv(
        [find_level(name) for name in LEVELS],
        observation_spec=WARPED,
        action_spec=SONIC_10,
        frame_skip=FrameSkip(4, sticky),
        max_episode_steps=max_episode_steps,
        num_threads=1,
    )


REPEATED = ("ppo", "rainbow that imitates", "rainbow that learns", "hybrid-2018")


@pytest.mark.parametrize(
    "name", ["ppo that imitates", *(pytest.param(each, marks=pytest.mark.nightly) for each in REPEATED)]
)
def test_it_keeps_every_promise_of_an_agent(name: str) -> None:
    hybrid = with_fields(Memory.PRESETS["hybrid-2018"], {"learner_fields": ",".join(SMALL_PPO), "min_episodes": "1"})
    config = (IMITATING | {"ppo": SMALL, "rainbow that learns": RAINBOW, "hybrid-2018": hybrid})[name]
    check_agent(Memory, config, num_steps=16)


def test_resumed_on_a_real_level_it_plays_and_looks_up_as_if_uninterrupted(tmp_path: Path) -> None:
    config = replace(SMALL, fresh_share=0.5, memory_share=0.5, index="flat", reach_steps=10)
    with closing(make_world()) as world:
        described = world_spec(world, num_timesteps=300)

        def begin(name: str) -> Memory:
            agent = Memory(config, described, 3)
            agent.keep_in(tmp_path / name, 1000)
            return agent

        agent = begin("straight")
        expected = [turn.action for _, turn in zip(range(150), play(agent, world, seed=5), strict=False)]
        assert set(agent.state()) == {"agent", "num_rows", "is_pretrained", "learner", "eye", "feature", "rows", "best"}
        shares = agent.metrics()
        assert all(shares[f"share/{name}"] > 0 for name in ("followed", "policy", "script", "memory")), shares
        broken = begin("broken")
        actions = [turn.action for _, turn in zip(range(80), play(broken, world, seed=5), strict=False)]
        kept, of_world, observation = broken.state(), world.state(), world.observation(range(2)).copy()
        for _ in zip(range(9), play(broken, world, observation=observation), strict=False):
            pass  # lost, since no checkpoint followed
        resumed = begin("broken")
        resumed.restore(kept)
        observation = world.restore(of_world)
        actions += [
            turn.action for _, turn in zip(range(70), play(resumed, world, observation=observation), strict=False)
        ]
    assert np.array_equal(actions, expected)
    assert resumed.metrics() == agent.metrics()


def test_without_sticky_frames_a_repeat_earns_what_was_found() -> None:
    config = replace(SMALL, repeat_bias=1.0, fresh_share=0.0)
    with closing(make_world(sticky=0.0, max_episode_steps=40)) as world:
        agent = Memory(config, world_spec(world, num_timesteps=1000), 1)
        totals, returns = np.zeros(2), []
        for _, turn in zip(range(120), play(agent, world, seed=1), strict=False):
            totals += turn.step.reward
            if turn.step.done.any():
                returns.append(totals.copy())
                totals[:] = 0
    assert len(returns) >= 3
    for row, player in enumerate(agent._players):
        sequence = player.store.best()
        assert len(sequence.returns) >= 2
        assert max(each[row] for each in returns[1:]) >= sequence.returns[0] - 1


@pytest.mark.parametrize("name", IMITATING)
def test_the_learner_is_shown_what_the_rows_stored_while_the_features_stay(name: str) -> None:
    with closing(make_world()) as world:
        agent = Memory(IMITATING[name], world_spec(world, num_timesteps=1000), 1)
        begun, seen = agent.state()["learner"]["network"], np.ones((2, *SHAPE), np.uint8)
        features = agent._eye.features(seen)
        for _ in zip(range(26), play(agent, world, seed=5), strict=False):
            pass
    best = [player.store.best() for player in agent._players]
    stored = [found.actions for found in best if found.mean_return > 0]
    assert stored
    learner = agent._learner
    if isinstance(learner, Ppo):
        assert learner._cloning._demonstrations.action.tolist() == [*b"".join(stored)]
    else:
        replay = learner._replay
        slots = np.arange(2 * replay.frames.shape[1])
        shown = slots[replay.are_demonstrations(slots)]
        actions = replay._action.reshape(-1)[shown].tolist()
        assert bytes(actions) == b"".join(stored)
    after = agent.state()["learner"]["network"]
    assert any(not np.array_equal(begun[part], after[part]) for part in begun)
    assert np.array_equal(agent._eye.features(seen), features)


def test_a_run_without_weights_begins_by_saying_so() -> None:
    plan = AgentPlan("memory", "default", SMALL)
    assert "policy of ppo and its features are random; give trained ones with --init" in told_weights(plan)
    assert told_weights(replace(plan, init="runs/joint")) == ""
    assert told_weights(AgentPlan("ppo", "default", Ppo.PRESETS["default"])) == ""


def moments(num: int, seed: int = 0) -> Array:
    found = np.random.default_rng(seed).normal(size=(num, 8))
    unit: Array = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.mark.parametrize(("seen", "expected"), [(10, 10), (11, 11), (8, 8), (16, None)])
def test_the_place_along_a_track_is_found_within_the_window(seen: int, expected: int | None) -> None:
    track = moments(20)
    assert locate(track, track[seen], 10, 0, window=3, least=0.95, margin=0.01) == expected
    assert locate(track, track[seen], 10, 5, window=3, least=0.95, margin=0.01) == seen  # later it looks further ahead


def test_a_sequence_that_goes_in_circles_is_given_up() -> None:
    """A place that looks like an earlier one leads back to it, again and again."""
    config = replace(SMALL, repeat_bias=1.0, patience=12, index="flat", window_steps=4)
    memory = EpisodicMemory(8, config.memory_settings(), discounted_outcome(0.9))
    player = Player(config, Script(config, spec()), memory, 10, 1000, np.random.default_rng(0))
    seen = moments(20)
    for step, feature in enumerate(seen):
        player.act(feature, 0)
        player.observe(feature, 1.0, step == len(seen) - 1)
    for number in range(40):
        feature = seen[number % 4 + 4]  # an obstacle that the stored run did not meet
        player.act(feature, 0)
        player.observe(feature, 0.0, False)
    assert player.counts["followed"] + player.counts["lost"] < 25


def test_while_the_picture_stands_still_the_expected_place_is_kept() -> None:
    track = np.repeat(moments(1), 20, axis=0)
    assert locate(track, track[0], 10, 0, window=5, least=0.95, margin=0.01) == 10


def test_moves_press_the_directions_of_the_action_set() -> None:
    random = np.random.default_rng(0)
    script = Script(replace(SMALL, jump_probability=0.0), spec())
    assert script.action(Move("script", 9), random) == COMBOS.index(("RIGHT",))
    assert script.action(Move("script", 9, is_backward=True), random) == COMBOS.index(("LEFT",))
    jumping = Script(replace(SMALL, jump_probability=1.0), spec())
    assert jumping.action(Move("script", 9), random) == COMBOS.index(("RIGHT", "B"))
    blind = Script(SMALL, spec(combos=()))
    move = Move("script", 99)
    drawn = [blind.action(move, random) for _ in range(40)]
    assert len(set(drawn)) > 3
    assert drawn[0] == drawn[SMALL.jump_steps - 1]


@pytest.mark.parametrize("agent_class", [Ppo, Rainbow])
def test_it_begins_with_the_policy_of_another_agents_run(agent_class: Any) -> None:
    name = agent_class.__name__.casefold()
    fields = {"encoder": "dqn-2013", "num_hidden": "24", "actions": "sonic-10"}
    learner = agent_class(configure(agent_class, "default", fields), spec(), 3)
    config = Memory.continued(SMALL, name, learner.config)
    assert config is not None
    assert config.learner == name
    assert config.learner_config().num_hidden == 24
    agent = Memory(config, spec(), 0)
    agent.begin_from(learner.state(), is_frozen=True)
    seen = np.random.default_rng(0).integers(0, 256, (1, *SHAPE), np.uint8)
    learner.begin_from(learner.state(), is_frozen=True)
    assert np.allclose(agent.acting_agent().features(seen), learner.features(seen), atol=1e-3)  # type: ignore[attr-defined]


def test_it_says_whether_its_policy_is_trained() -> None:
    agent, given = Memory(SMALL, spec(), 0), Memory(SMALL, spec(), 1)
    given.begin_from(agent.state())
    seen, step = np.zeros((1, *SHAPE), np.uint8), Step(np.zeros((1, *SHAPE), np.uint8), *np.zeros((3, 1)))
    for each in (agent, given):
        each.act(seen)
        each.observe(replace(step, terminated=np.array([True]), truncated=np.array([False])))
    assert (agent.metrics()["is_pretrained"], given.metrics()["is_pretrained"]) == (0.0, 1.0)


def test_frozen_it_goes_on_from_a_checkpoint_without_memories() -> None:
    given, seen = Memory(SMALL, spec(), 3).state(), np.ones((1, *SHAPE), np.uint8)
    agent, resumed = Memory(SMALL, spec(), 0), Memory(SMALL, spec(), 1)
    for each in (agent, resumed):
        each.begin_from(given, is_frozen=True)
    agent.act(seen)
    resumed.restore(agent.state())
    assert [resumed.act(seen) for _ in range(8)] == [agent.act(seen) for _ in range(8)]


def test_a_memory_of_another_policy_and_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    agent, other = (Memory(SMALL, spec(), seed) for seed in (0, 1))
    for each in (agent, other):
        each.keep_in(tmp_path / str(each is agent), 100)
        each.act(np.ones((1, *SHAPE), np.uint8))
        each.observe(Step(np.zeros((1, *SHAPE), np.uint8), np.ones(1), np.array([False]), np.array([False])))
    state = agent.state()
    (tmp_path / "True/moments-0.bin").write_bytes((tmp_path / "False/moments-0.bin").read_bytes())
    with pytest.raises(StateError, match="belongs to another policy"):
        agent.restore(state)
    with pytest.raises(StateError, match=r"another network: .* is of shape"):
        agent.begin_from(Ppo(configure(Ppo, "default", {"encoder": "dqn-2013"}), spec(), 0).state())
    with pytest.raises(StateError, match="of the agent 'rainbow', not of 'ppo'"):
        agent.begin_from({"agent": "rainbow"})


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"learner": "jerk"}, UsageError, "The agent jerk does not provide HasWeights, and memory needs a policy"),
        ({"learner": "memory"}, UsageError, "does not provide HasFeatures"),
        ({"learner": "ppp"}, NotFoundError, "There is no agent 'ppp'"),
        ({"learns": "all"}, UsageError, "learns from its own actions alone"),
        ({"imitates_best": -1}, UsageError, "imitates_best must be at least 0"),
        ({"policy_share": 0.9, "memory_share": 0.2}, UsageError, "at most 1 together"),
        ({"num_best": 0}, UsageError, "num_best must be at least 1"),
        ({"learner_fields": ("num_hidden",)}, UsageError, "are written FIELD=VALUE"),
    ],
)
def test_a_wrong_setting_is_refused(fields: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        MemoryConfig(**fields)
