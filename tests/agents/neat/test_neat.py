"""NEAT keeps an agent's promises, evolves as neat-python does, and plays its winner."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import neat
import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of, configure, describe
from newgameplus.agents.neat.agent import Neat
from newgameplus.agents.neat.compiled import compiled_module
from newgameplus.agents.neat.config import DEFAULT, TUTORIAL_2021, NeatConfig
from newgameplus.agents.neat.evolution import Evolution
from newgameplus.agents.neat.genes import to_state
from newgameplus.agents.neat.genome import genes_of
from newgameplus.agents.neat.settings import NeatFile, changed, neat_config
from newgameplus.errors import LearningError, StateError, UsageError
from newgameplus.testing import check_agent
from newgameplus.testing.promises import first_difference, through_a_file
from newgameplus.types import Array, Step, WorldSpec
from tests.agents.neat.conftest import GENESIS, a_world, small, small_file


def test_it_keeps_every_promise_of_an_agent() -> None:
    check_agent(Neat, small(file=small_file(initial_connection="fs_neat_nohidden")), num_envs=1, num_steps=60)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"actions": "sonic-7", "file": small_file(feed_forward="True")},
        {"num_episodes": 2, "file": small_file(num_hidden="3")},
        {"file": small_file(fitness_threshold="5")},
    ],
    ids=["default", "actions", "episodes", "solved"],
)
def test_it_keeps_them_in_several_rows_and_with_other_fields(fields: dict[str, Any]) -> None:
    world = a_world(3, (4, 5, 1))
    if "actions" in fields:
        world = replace(world, action_shape=(), num_actions=7)
    check_agent(Neat, small(**fields), world=world, num_steps=160)


def steps(num_steps: int, num_envs: int = 2, seed: int = 0) -> Iterator[Step]:
    """Short episodes in which nothing is seen."""
    draw = np.random.default_rng(seed)
    for _ in range(num_steps):
        done = draw.random(num_envs) < 0.3
        observation = draw.integers(0, 256, (num_envs, 28, 40, 1), np.uint8)
        yield Step(observation, draw.normal(5, 3, num_envs), done, np.zeros(num_envs, np.bool_))


def follow(agent: Neat, num_steps: int, seed: int = 0) -> list[Array]:
    actions, num_rows = [], len(agent.state()["memories"])
    for step in steps(num_steps, num_rows, seed):
        actions.append(agent.act(step.observation))
        agent.observe(step)
    return actions


class TestEvolution:
    """The generations are neat-python's own, number by number."""

    def neat_python(self, config: Any, num_generations: int, seed: int) -> tuple[Any, str]:
        population = neat.Population(config, seed=seed)
        population.add_reporter(neat.StdOutReporter(True))
        with redirect_stdout(io.StringIO()) as printed:
            population.run(self.evaluate, num_generations)
        return population, printed.getvalue()

    @staticmethod
    def evaluate(genomes: Any, config: Any) -> None:
        for number, genome in genomes:
            genome.fitness = TestEvolution.fitness_of(number, genome)

    @staticmethod
    def fitness_of(number: int, genome: Any) -> float:
        return float(sum(gene.weight for gene in genome.connections.values()) + number % 5)

    def test_it_makes_the_genomes_of_neat_python_and_tells_its_table(self) -> None:
        rare = {"weight_replace_rate": "0.15", "enabled_rate_to_true_add": "0.1"}
        file, outside = small_file(pop_size="12", **rare), random.getstate()
        plain = neat_config(file, 20, 4)
        plain.genome_type, plain.genome_config.connection_gene_type = neat.DefaultGenome, neat.DefaultConnectionGene
        theirs, printed = self.neat_python(plain, 6, seed=5)
        random.setstate(outside)
        ours = Evolution(neat_config(file, 20, 4), seed=5)
        tables = []
        for _ in range(6):
            fitness = {number: self.fitness_of(number, genome) for number, genome in ours.genomes.items()}
            tables.append(ours.advance(fitness))
        assert random.getstate() == outside
        assert list(ours.genomes) == list(theirs.population)
        for number, genome in theirs.population.items():
            mine = to_state([genes_of(ours.genomes[number])])
            assert first_difference(mine, to_state([genes_of(genome)])) is None
        for table in tables:
            for row in table["species"]:
                fitness, adjusted = (
                    "--" if row[name] is None else f"{row[name]:.3f}" for name in ("fitness", "adjusted_fitness")
                )
                front, stagnation = f"  {row['id']:>4}  {row['age']:>3}  {row['size']:>4}", row["stagnation"]
                line = f"{front}  {fitness:>9}  {adjusted:>7}  {stagnation:>4}"
                assert line in printed
            assert (
                f"Best fitness: {table['fitness']:3.5f} - size: {table['num_nodes'], table['num_connections']!r}"
                in printed
            )
            assert all(note in printed for note in table["notes"])

    def test_resumed_at_any_generation_it_goes_on_as_if_never_left(self) -> None:
        config = neat_config(small_file(pop_size="10", num_hidden="2"), 20, 4)
        straight, resumed = (
            Evolution(config, 3),
            Evolution(neat_config(small_file(pop_size="10", num_hidden="2"), 20, 4), 4),
        )
        for generation in range(8):
            resumed_config = neat_config(small_file(pop_size="10", num_hidden="2"), 20, 4)
            resumed = Evolution(resumed_config, generation)
            resumed.restore(through_a_file(straight.state()))
            for evolution in (straight, resumed):
                fitness = {number: self.fitness_of(number, genome) for number, genome in evolution.genomes.items()}
                told = evolution.advance(fitness)
                assert told["generation"] == generation
            assert first_difference(straight.state(), resumed.state()) is None

    def test_more_species_than_room_is_one_sentence(self) -> None:
        crowded = small_file(compatibility_threshold="0.0001", min_species_size="2")
        evolution = Evolution(neat_config(crowded, 20, 4), 0)
        with pytest.raises(LearningError, match=r"raise pop_size or compatibility_threshold\.$"):
            evolution.advance(dict.fromkeys(evolution.genomes, 1.0))

    def test_extinction_is_an_error_or_a_new_beginning_as_the_file_says(self) -> None:
        dying = {"max_stagnation": "0", "species_elitism": "0"}
        evolution = Evolution(neat_config(small_file(**dying), 20, 4), 0)
        first = set(evolution.genomes)
        told = [evolution.advance(dict.fromkeys(evolution.genomes, 1.0)) for _ in range(2)][-1]
        assert told["extinctions"] > 0
        assert not first & set(evolution.genomes)
        ending = Evolution(neat_config(small_file(**dying, reset_on_extinction="False"), 20, 4), 0)
        with pytest.raises(LearningError, match="extinct"):
            ending.advance(dict.fromkeys(ending.genomes, 1.0))


def test_resumed_without_the_compiled_networks_it_plays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow = Neat(small(), a_world(), 1), Neat(small(), a_world(), 2)
    follow(fast, 30)
    state = through_a_file(fast.state())
    monkeypatch.setattr("newgameplus.agents.neat.networks.compiled_module", lambda: None)
    slow.restore(state)
    monkeypatch.undo()
    assert compiled_module() is not None
    expected, found = follow(fast, 40, seed=1), []
    monkeypatch.setattr("newgameplus.agents.neat.networks.compiled_module", lambda: None)
    found = follow(slow, 40, seed=1)
    assert np.array_equal(expected, found)


def test_its_winner_goes_on_in_another_run_and_in_a_file(tmp_path: Path) -> None:
    trained = Neat(small(), a_world(3), 0)
    follow(trained, 120)
    told = trained.generation()
    assert told["generation"] >= 1
    (tmp_path / "winner.json").write_text(json.dumps(trained.winner()))
    winner = json.loads((tmp_path / "winner.json").read_text())
    frozen = Neat(small(), a_world(1), 9)
    frozen.begin_from(winner, is_frozen=True)
    again = Neat(small(), a_world(1), 8)
    again.begin_from(through_a_file(trained.state()), is_frozen=True)
    assert np.array_equal(follow(frozen, 20), follow(again, 20))
    child = Neat(small(), a_world(3), 0)
    child.begin_from(winner)
    assert child.winner()["winner"]["genes"] == winner["winner"]["genes"]
    follow(child, 60)
    assert child.generation()


def test_a_winner_of_another_world_is_refused() -> None:
    winner = Neat(small(), a_world(), 0).winner()
    with pytest.raises(StateError, match=r"num_inputs = 1,120, and this world needs 840\.$"):
        Neat(small(), a_world(shape=(28, 30, 1)), 0).begin_from(winner)


def test_the_threshold_ends_evolution_and_all_rows_play_the_winner() -> None:
    agent = Neat(small(file=small_file(fitness_threshold="1")), a_world(3), 0)
    assert not agent.is_finished()
    follow(agent, 60)
    assert agent.is_finished()
    assert agent.generation()["is_solved"]
    resumed = Neat(agent.config, a_world(3), 1)
    resumed.restore(through_a_file(agent.state()))
    assert np.array_equal(follow(agent, 20, seed=4), follow(resumed, 20, seed=4))
    action = agent.act(np.repeat(next(steps(1, 1)).observation, 3, axis=0))
    assert (action == action[0]).all()


def test_each_genome_plays_every_level() -> None:
    agent = Neat(small(), a_world(2, levels=(0, 1)), 0)
    num_done = 0
    while not agent.generation():
        follow(agent, 1, seed=num_done)
        num_done += 1
    assert num_done >= 6


def test_the_tutorials_picture_and_buttons() -> None:
    """Its pipeline, line by line: sides exchanged, RGB taken for BGR, raw pixels, outputs cut off to whole numbers."""
    draw = np.random.default_rng(0)
    screen = draw.integers(0, 256, (1, 224, 320, 3), np.uint8)
    agent = Neat(replace(TUTORIAL_2021, file=small_file()), a_world(1, (224, 320, 3)), 0)
    inx, iny = screen.shape[1] // 8, screen.shape[2] // 8
    small_picture = np.reshape(cv2.cvtColor(cv2.resize(screen[0], (inx, iny)), cv2.COLOR_BGR2GRAY), (inx, iny))
    expected = [float(pixel) for row in small_picture for pixel in row]
    assert agent._inputs(screen)[0].tolist() == expected
    for output, is_held in ((0.999, 0), (1.0, 1)):
        agent.begin_from({**agent.winner(), "winner": constant(output)}, is_frozen=True)
        assert (agent.act(screen) == is_held).all()


def constant(output: float) -> dict[str, Any]:
    """A winner whose outputs are always the same; nodes are computed only if they read something."""
    nodes = {
        "key": list(range(12)),
        "bias": [output] * 12,
        "response": [1.0] * 12,
        "time_constant": [1.0] * 12,
        "activation": ["identity"] * 12,
        "aggregation": ["sum"] * 12,
    }
    connections = {
        "source": [-1] * 12,
        "target": list(range(12)),
        "weight": [0.0] * 12,
        "enabled": [True] * 12,
        "innovation": list(range(12)),
    }
    return {"number": 1, "generation": 0, "fitness": 0.0, "genes": {**nodes, **connections}}


def test_seeds_and_worlds_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="seed"):
        Neat(small(), a_world(), -1)
    with pytest.raises(UsageError, match=r"num_inputs = 840, but here are 1,120 pixels: write num_inputs = auto\.$"):
        Neat(small(file=small_file(num_inputs="840")), a_world(), 0)
    with pytest.raises(UsageError, match="num_outputs = 9, but here are 12 outputs"):
        Neat(small(file=small_file(num_outputs="9")), a_world(), 0)
    with pytest.raises(UsageError, match="sees a picture"):
        Neat(small(), WorldSpec(1, ("B",), (0,), (1,)), 0)


class TestFile:
    """neat-python's file is read as it is, and what is wrong with it is said in one sentence."""

    TUTORIAL = changed(DEFAULT.file, num_inputs="1120", num_outputs="12").text.replace(
        "no_fitness_termination = False\n", ""
    )

    def test_the_tutorials_keys_load_with_tabs_and_comments_and_one_warning(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = "# a file\n" + self.TUTORIAL.replace(" = ", "\t= ", 5).replace("sigmoid gauss", "sigmoid  gauss ")
        text = text.replace("[DefaultGenome]", "[DefaultGenome]\n# options:\tmany\n#abs clamped cube")
        path = tmp_path / "neat-config.cfg"
        path.write_text(text)
        config = configure(find_agent("neat"), "tutorial-2021", {"file": str(path)})
        told = capsys.readouterr().err
        assert told == f"{path} lacks no_fitness_termination; neat-python's default is taken.\n"
        Neat(config, a_world(1, (224, 320, 3)), 0)
        described = json.loads(json.dumps(describe(config)))
        assert (described["file"]["path"], described["file"]["sha256"]) == (str(path), config.file.sha256)
        path.unlink()
        assert configuration_of(find_agent("neat"), described) == config
        assert capsys.readouterr().err == ""

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"pop_size": "1"}, "a population of 1 cannot evolve here: pop_size must be at least 3"),
            ({"pop_size": "many"}, r"pop_size in \[NEAT\] is 'many', but should be a whole number from 0"),
            ({"activation_options": "sigmoid gaus"}, "not gaus"),
            ({"activation_default": "tanh"}, "tanh is not among its activation_options sigmoid gauss"),
            ({"initial_connection": "partial_nodirect"}, "with a share of the connections"),
            ({"initial_connection": "full 0.5"}, "initial_connection"),
            ({"weight_max_value": "nan"}, "a number"),
            ({"weight_max_value": "-40"}, "weight_max_value is below weight_min_value"),
            ({"feed_forward": "maybe"}, "True or False"),
        ],
    )
    def test_a_wrong_value_is_one_sentence(self, tmp_path: Path, change: dict[str, str], words: str) -> None:
        text = self.TUTORIAL
        for name, value in change.items():
            text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        self.refused(tmp_path, text, words)

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("weight_init_mean", "weight_init_meen", r"has no key 'weight_init_meen' in neat-python"),
            ("conn_add_prob = 0.5\n", "", r"\[DefaultGenome\] lacks the key 'conn_add_prob'"),
            ("[DefaultSpeciesSet]", "[SpeciesSet]", r"neat-python has no section \[SpeciesSet\]"),
            ("[NEAT]", "[NEAT]\nseed = 3", "leave out the key 'seed'"),
            ("[NEAT]\n", "", "it is no INI file"),
        ],
    )
    def test_a_wrong_key_is_one_sentence(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        self.refused(tmp_path, self.TUTORIAL.replace(old, new), words)

    def refused(self, folder: Path, text: str, words: str) -> None:
        path = folder / "neat.cfg"
        path.write_text(text)
        with pytest.raises(UsageError, match=words) as error:
            configure(find_agent("neat"), "default", {"file": str(path)})
        assert "\n" not in str(error.value)
        assert str(error.value).endswith(".")
        assert not str(error.value).endswith("..")

    def test_a_missing_file_is_one_sentence(self) -> None:
        with pytest.raises(UsageError, match=r"Cannot set file to 'no\.cfg': it cannot be read: No such file"):
            configure(find_agent("neat"), "default", {"file": "no.cfg"})

    def test_a_changed_text_in_a_manifest_is_refused(self) -> None:
        described = describe(small())
        described["file"]["text"] += "\n"
        with pytest.raises(UsageError, match="hash"):
            configuration_of(find_agent("neat"), described)

    def test_our_keys_are_those_of_neat_python(self) -> None:
        """neat-python refuses a key that it does not know, in all sections but one, and reads the rest by name."""
        config = neat_config(DEFAULT.file, 3, 2)
        from newgameplus.agents.neat.settings import KEYS

        theirs = {parameter.name for parameter in config.genome_config._params}
        assert set(KEYS["DefaultGenome"]) == theirs


def test_presets_wish_for_their_worlds() -> None:
    wishes = {name: Neat.wishes(config) for name, config in Neat.PRESETS.items()}
    assert (wishes["default"].frames_per_step, wishes["default"].stall_frames) == (None, 500)
    assert (wishes["mario"].scenario, wishes["mario"].stall_frames, wishes["mario"].frames_per_step) == (
        "neat-2021",
        400,
        1,
    )
    assert isinstance(NeatConfig().file, NeatFile)


def test_evolution_finds_the_buttons_that_are_rewarded() -> None:
    """LEFT is to be held where the picture is bright, RIGHT where it is dark; an episode has ten pictures."""
    file = small_file(pop_size="24", initial_connection="full_direct", compatibility_threshold="6")
    agent, draw = Neat(small(file=file), a_world(4, (2, 2, 1)), 0), np.random.default_rng(0)
    left, right = GENESIS.index("LEFT"), GENESIS.index("RIGHT")
    fitness: list[float] = []
    for number in range(1, 1201):
        is_bright = draw.random(4) < 0.5
        observation = np.where(is_bright, 220, 30).astype(np.uint8)[:, None, None, None].repeat(2, 1).repeat(2, 2)
        action = agent.act(observation)
        reward = np.where(action[:, left] == is_bright, 0.5, 0.0) + np.where(action[:, right] != is_bright, 0.5, 0.0)
        done = np.full(4, number % 10 == 0)
        agent.observe(Step(observation, reward, done, np.zeros(4, np.bool_)))
        if len(fitness) < agent.generation().get("generation", -1) + 1:
            fitness.append(agent.generation()["mean"])
    assert fitness[0] < 5
    assert np.mean(fitness[-5:]) > 6
    assert agent.winner()["winner"]["fitness"] == 10.0
