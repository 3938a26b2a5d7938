"""V, M and C keep an agent's promises, learn what there is to learn, and the dream is a world."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.agents.world_model.agent import WorldModel
from newgameplus.agents.world_model.config import CONTEST_2018, WorldModelConfig
from newgameplus.agents.world_model.controller import Linear
from newgameplus.agents.world_model.footage import Episode, Footage, Seen, Story, draw_pictures, draw_sequences
from newgameplus.agents.world_model.networks import Dynamics, Vision
from newgameplus.errors import StateError, UsageError
from newgameplus.testing import check_agent, check_world
from newgameplus.training.loop import play
from newgameplus.types import Array, Step, WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")

FIELDS = {
    "vision_channels": "2,2,4,4",
    "num_latents": "3",
    "num_hidden": "8",
    "num_mixtures": "2",
    "num_individuals": "4",
    "vision_updates": "51",
    "vision_batch": "2",
    "dynamics_updates": "51",
    "dynamics_batch": "4",
    "sequence_steps": "6",
    "dream_generations": "2",
    "dream_rows": "4",
    "dream_episodes": "1",
    "dream_steps": "10",
    "device": "cpu",
}
COMBOS = ((), ("RIGHT",), ("B", "RIGHT"), ("LEFT",))


def config(**changes: str) -> WorldModelConfig:
    found: WorldModelConfig = configure(find_agent("world_model"), "small", FIELDS | changes)
    return found


def build(seed: int = 0, num_rows: int = 2, **changes: str) -> WorldModel:
    return WorldModel(config(**changes), WorldSpec(num_rows, ("B",), (64, 64, 3), (), 4, combos=COMBOS), seed)


class Slides:
    """Two movies of a bright bar: action 1 moves it to the right, which is rewarded, and the others leave it."""

    num_steps = (40, 30)

    def read(self, number: int) -> Iterator[tuple[Array, Array, Step]]:
        random, place, no = np.random.default_rng(number), 0, np.zeros(1, np.bool_)
        for _ in range(self.num_steps[number]):
            action = int(random.integers(4))
            before, place = place, (place + 4 * (action == 1)) % 64
            yield bar(before), np.array([action]), Step(bar(place), np.array([10.0 * (action == 1)]), no, no)


def bar(place: int) -> Array:
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    picture[:, :, place : place + 8] = 255
    return picture


def test_it_keeps_every_promise_of_an_agent() -> None:
    check_agent(WorldModel, config(vision_updates="3", dynamics_updates="3"), num_steps=32)


@pytest.fixture(scope="module")
def learned() -> WorldModel:
    agent = build(vision_updates="300", vision_rate="0.003", dynamics_updates="300", dynamics_rate="0.01")
    agent.reports = list(agent.learn_in_stages(Slides(), play))  # type: ignore[attr-defined]
    return agent


def test_v_and_m_learn_what_the_movies_show(learned: Any) -> None:
    metrics: dict[str, list[dict[str, float]]] = {}
    for stage, _, _, told in learned.reports:
        metrics.setdefault(stage, []).append(told)
    assert list(metrics) == ["collect", "v", "m", "c"]
    assert metrics["v"][-1]["reconstruction"] < 0.85 * metrics["v"][0]["reconstruction"]
    assert metrics["m"][-1]["reward_loss"] < min(0.02, metrics["m"][0]["reward_loss"])
    assert [told["generation"] for told in metrics["c"]] == [1.0, 2.0]


def test_movies_in_several_chunks_teach_too_and_other_ones_do_not_go_on() -> None:
    agent = build(chunk_steps="35", dream_generations="0", vision_updates="120")
    half = list(islice(agent.learn_in_stages(Slides(), play), 4))
    assert [told.stage for told in half] == ["collect", "collect", "v", "v"]
    assert (half[1].num_done, half[1].num_total) == (70, 70)
    again = build(seed=5, chunk_steps="35", dream_generations="0", vision_updates="120")
    again.restore(agent.state())
    others = Slides()
    others.num_steps = (40, 20)
    with pytest.raises(StateError, match="The movies are others than when this run began"):
        list(again.learn_in_stages(others, play))
    *_, last = again.learn_in_stages(Slides(), play)
    assert (last.stage, last.num_done) == ("m", 51)


def test_the_dream_is_a_world_that_draws_only_what_is_looked_at(learned: WorldModel) -> None:
    check_world(lambda: learned.dream(3), num_steps=24)  # type: ignore[arg-type, return-value]
    dream = learned.dream(2)
    seen, _ = dream.reset(seed=3)
    assert seen.shape == (2, 3 + 8)
    assert dream.screen(1).shape == (64, 64, 3)
    rewards = [dream.step(np.array([1, 0]))[1] for _ in range(8)]
    mean = np.mean(rewards, 0)
    assert mean[0] > 5 > mean[1]


def test_nothing_is_dreamt_of_a_world_that_no_movie_has_shown() -> None:
    with pytest.raises(UsageError, match="no movie has shown"):
        build().dream(2)


def test_weights_of_another_action_set_or_other_sizes_are_refused(learned: WorldModel) -> None:
    state = WorldModel.weights_in(learned.state())
    other = WorldModel(config(), WorldSpec(1, ("B",), (64, 64, 3), (), 3, combos=(("A", "C", "X"), ("B",), ())), 0)
    with pytest.raises(StateError, match=r"The saved controller has 36 parameters, this one 48 \(another action set"):
        other.begin_from(state)
    with pytest.raises(StateError, match="belongs to another network"):
        build(num_mixtures="3").begin_from(state)


def test_a_frozen_agent_plays_the_mean_and_plays_alike_in_any_row(learned: WorldModel) -> None:
    agent = build(seed=9)
    agent.begin_from(learned.state(), is_frozen=True)
    for place in (0, 4, 40):
        first, second = agent.act(np.concatenate([bar(place), bar(place)])).tolist()
        assert first == second


def test_buttons_are_pressed_from_zero_on_and_the_nearest_action_is_taken() -> None:
    linear = Linear(1, COMBOS, by_button=True)  # B, LEFT, RIGHT
    assert linear.num_parameters == 6
    parameters = np.array([[1, -1, 1, 0, 0, 0], [1, -1, 1, 0, 0, 0], [0, 0, 0, -1, -1, 1]], np.float32)
    assert linear.actions(np.array([[1.0], [-1.0], [5.0]], np.float32), parameters).tolist() == [2, 3, 1]
    by_action = Linear(2, COMBOS, by_button=False)
    assert by_action.num_parameters == 12
    assert by_action.actions(np.zeros((1, 2), np.float32), np.eye(12, dtype=np.float32)[[10]]).tolist() == [2]


def test_the_sizes_of_2018_are_those_of_the_write_up() -> None:
    with torch.device("meta"):
        vision = Vision(128, CONTEST_2018.vision_channels, 200)
        dynamics = Dynamics(200, 10, num_inputs=1024, num_hidden=1024, num_mixtures=8, takes_scalar=True)
        mean, _ = vision.encode(torch.zeros(1, 128, 128, 3, dtype=torch.uint8))
        assert vision.decode(mean).shape == (1, 3, 128, 128)
    assert vision.posterior.in_features == 6 * 6 * 256
    assert [layer.out_channels for layer in vision.deconvolutions] == [128, 64, 32, 16, 3]
    assert (dynamics.before.in_features, dynamics.lstm.hidden_size) == (201, 1024)  # type: ignore[union-attr]
    four = Linear(200 + 2 * 1024, (("B",), ("DOWN",), ("LEFT",), ("RIGHT",)), by_button=True)
    assert four.num_parameters == 8992 + 4


def test_sequences_end_where_episodes_do_and_every_picture_is_drawn() -> None:
    story = Story(np.arange(3), np.ones(3, np.float32), True)
    seen = Seen(np.arange(4, dtype=np.float32)[:, None], np.zeros((4, 1), np.float32), story)
    batch = draw_sequences([seen], 5, 6, np.random.default_rng(0))
    assert batch.latents[0, :, 0].tolist() == [0, 1, 2, 3, 0, 0, 0]
    assert batch.is_step.sum() == 15
    assert batch.end[0].tolist() == [0, 0, 1, 0, 0, 0]
    cut = draw_sequences([seen], 40, 2, np.random.default_rng(0))
    assert {(row[0], end[-1]) for row, end in zip(cut.latents[:, :, 0], cut.end, strict=True)} == {(0, 0), (1, 1)}
    pictures = np.arange(7, dtype=np.uint8)[:, None, None, None]
    drawn = draw_pictures([Episode(pictures[:4], story), Episode(pictures[4:], story)], 200, np.random.default_rng(0))
    assert set(drawn.ravel().tolist()) == set(range(7))


def test_chunks_hold_whole_movies() -> None:
    class Lengths:
        num_steps = (5, 6, 30, 2)

        def read(self, number: int) -> Any: ...

    assert Footage(Lengths(), 12).chunks == [[0, 1], [2], [3]]
