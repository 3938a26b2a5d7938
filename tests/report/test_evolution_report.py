"""The page of a run that evolves shows its generations, its species and its winner's network."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.errors import ResultsError
from newgameplus.report import generation_figures
from newgameplus.report.generations import read_generations, read_winner
from newgameplus.report.training_content import gather_training
from newgameplus.report.training_runs import read_training_runs
from newgameplus.results.training_runs import TrainingFolder
from tests.agents.neat.conftest import small

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> TrainingFolder:
    path = tmp_path_factory.mktemp("evolution")
    (path / "neat.cfg").write_text(small().file.text)
    options = ["--set", f"file={path / 'neat.cfg'}", "--level", "Airstriker-Genesis-v0/Level1", "--episode-steps", "10"]
    rest = ["--steps", "320", "--num-envs", "4", "--run", str(path / "run")]
    assert run(["train", "neat", *options, *rest]) == 0
    return TrainingFolder(path / "run")


def test_the_page_has_a_section_with_all_of_it(folder: TrainingFolder, tmp_path: Path) -> None:
    assert run(["report", str(folder.path), "-o", str(tmp_path / "page.html"), "--no-videos"]) == 0
    page = (tmp_path / "page.html").read_text()
    section = page.partition('id="evolution"')[2].partition("</section>")[0]
    assert [name for name in ("fitness-0", "seconds-0", "species-0", "network-0") if f'data-figure="{name}"' in section]
    assert "The winner’s network" in section
    content = base64.b64decode(re.search(r'href="data:text/csv;base64,([^"]+)"', section)[1]).decode()  # type: ignore[index]
    rows = list(csv.DictReader(io.StringIO(content)))
    lines = folder.lines("generations")
    assert [float(row["best_fitness"]) for row in rows] == [line["fitness"] for line in lines]
    for row in rows:
        assert sum(int(size) for name, size in row.items() if name.startswith("species_")) == 6


def test_several_runs_have_a_part_each(folder: TrainingFolder) -> None:
    (one,) = read_training_runs([folder.path])
    content = gather_training([one, one], None, [])
    assert [part.colour for part in content.evolutions] == [0, 1]
    assert {"network-0", "network-1"} <= content.figures.keys()


def test_the_network_has_pixels_at_their_places_and_named_outputs(folder: TrainingFolder) -> None:
    winner = read_winner(folder)
    assert winner is not None
    assert (winner.picture, winner.outputs[6:8]) == ((28, 40), ("LEFT", "RIGHT"))
    genes = json.loads(folder.winner.read_text())["agent"]["winner"]["genes"]
    assert winner.num_links == sum(genes["enabled"])
    figure = generation_figures.network(winner)
    x, y = (
        [value for trace in figure["data"][:2] for value in trace[axis] if value is not None and value <= 1]
        for axis in "xy"
    )
    columns, rows = ({round(value * size - 0.5, 6) % 1 for value in values} for values, size in ((x, 40), (y, 28)))
    assert columns <= {0.0}
    assert len(rows) >= 1


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("generations.jsonl", '"fitness": ', '"fitnes": '),
        ("generations.jsonl", '"size": ', '"size": 0.'),
        ("checkpoints/winner.json", '"picture": [28, 40]', '"picture": [28]'),
        ("checkpoints/winner.json", '"source": [', '"source": ["x", '),
        ("checkpoints/winner.json", '"agent": {', '"agent": 3, "x": {'),
    ],
)
def test_a_damaged_file_is_one_sentence(folder: TrainingFolder, tmp_path: Path, name: str, old: str, new: str) -> None:
    damaged = TrainingFolder(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    text = (folder.path / name).read_text()
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new))
    with pytest.raises(ResultsError, match="corrupt"):
        (read_generations if name.endswith("l") else read_winner)(damaged)


def test_a_run_that_does_not_evolve_has_neither(tmp_path: Path) -> None:
    assert read_generations(TrainingFolder(tmp_path)) == ()
    assert read_winner(TrainingFolder(tmp_path)) is None
