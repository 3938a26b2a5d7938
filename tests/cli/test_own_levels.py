"""``ngp levels generate`` and ``check``: sets that other verbs play, proofs that are kept, words for the mistaken."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from newgameplus.cli.main import run
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import SPLIT_FILE
from newgameplus.open_games.tumbleweed.blueprint import Sketch
from newgameplus.open_games.tumbleweed.levelset import write_set
from newgameplus.web.library import Library
from newgameplus.web.scan import Scanner
from newgameplus.web.view import View


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(GAMES_VARIABLE, "")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_generated_levels_are_listed_and_played_by_their_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["levels", "generate", "--seed", "5", "--count", "3", "--zones", "frost,Mesa", "-o", "secret"]) == 0
    assert run(["levels", "--split", "secret", "--json"]) == 0
    out = capsys.readouterr().out
    entries = json.loads(out[out.index("{") :])["levels"]
    assert [entry["state"] for entry in entries] == ["Frost.Act1", "Mesa.Act1", "Frost.Act2"]
    assert all(entry["is_playable"] for entry in entries)
    arguments = ["random", "--split", "secret", "--timesteps", "300", "--results", "out", "--workers", "1"]
    assert run(["evaluate", *arguments, "--core", "genesis_plus_gx"]) == 0
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert {line["core"]["name"] for line in manifest["levels"]} == {"genesis_plus_gx"}
    assert manifest["split"] == str(folder / "secret" / SPLIT_FILE)


def test_results_on_a_set_are_resumed_from_another_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_easy(folder / "easy")
    assert run(["evaluate", "random", "--split", "easy", "--timesteps", "40", "--results", "out", "--no-movies"]) == 0
    monkeypatch.setenv(GAMES_VARIABLE, "")
    monkeypatch.chdir("/")
    assert run(["evaluate", "--resume", "--results", str(folder / "out")]) == 0
    assert run(["evaluate", "--resume", "--results", str(folder / "out"), "--split", str(folder / "easy")]) == 0
    assert run(["evaluate", "--resume", "--results", str(folder / "out"), "--core", "genesis_plus_gx"]) == 2
    assert "other settings" in capsys.readouterr().err


def test_a_training_run_on_a_set_is_resumed_from_another_folder_and_its_movies_are_watched(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_easy(folder / "easy")
    arguments = ["ppo", "--split", "easy", "--num-envs", "1", "--episode-steps", "20", "--watch-every", "20"]
    assert run(["train", *arguments, "--steps", "40", "--run", "out"]) == 0
    monkeypatch.setenv(GAMES_VARIABLE, "")
    monkeypatch.chdir("/")
    library = Library([folder / "out"], folder / "cache")
    scanner = Scanner(library)
    scanner.start()
    scanner.wait()
    movies = library.page(View())
    assert movies
    assert {movie.obstacle for movie in movies} == {None}
    monkeypatch.setenv(GAMES_VARIABLE, "")
    assert run(["train", "--resume", "--run", str(folder / "out")]) == 0
    monkeypatch.setenv(GAMES_VARIABLE, "")
    assert run(["report", str(folder / "out"), "-o", str(folder / "report.html")]) == 0


def write_easy(folder: Path, *, is_walled: bool = False) -> None:
    sketch = Sketch(width=100)
    sketch.ground(0, 100, row=22)
    if is_walled:
        sketch.rect(60, 0, 62, 22, "brick")
    write_set(folder, [sketch.finish()], "One level.")


def findings(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int) -> list[dict[str, Any]]:
    assert run(["levels", "check", *arguments, "--json"]) == code
    content = json.loads(capsys.readouterr().out)
    assert content["is_proven"] == (code == 0)
    return list(content["levels"])


def test_a_proof_is_kept_and_only_played_the_next_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_easy(folder / "easy")
    (searched,) = findings(["easy"], capsys, 0)
    assert (searched["how"], searched["is_proven"]) == ("searched", True)
    movie = Path(searched["movie"])
    assert movie.is_relative_to(folder / "easy")
    (played,) = findings(["easy"], capsys, 0)
    assert (played["how"], played["num_frames"]) == ("played", searched["num_frames"])
    movie.write_bytes(b"damaged")
    assert findings(["easy"], capsys, 0)[0]["how"] == "searched"
    (elsewhere,) = findings(["easy", "--out", "pars"], capsys, 0)
    assert elsewhere["how"] == "played"
    movie.unlink()
    assert Path(findings(["easy", "--out", "pars"], capsys, 0)[0]["movie"]).parent == Path("pars")


def test_a_level_that_cannot_be_won_is_told_and_ends_with_code_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_easy(folder / "walled", is_walled=True)
    (finding,) = findings(["walled", "--max-steps", "600"], capsys, 1)
    assert finding["movie"] is None
    assert "No way to the goal of" in finding["problem"]
    assert run(["levels", "check", "walled", "--max-steps", "600"]) == 1
    assert "\tNOT PROVEN\t" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "--seed", "1", "--zones", "Mesa,Frots", "-o", "x"], "no zone 'Frots'.*Did you mean Frost"),
        (["generate", "--seed", "1", "--count", "2000", "-o", "x"], "1<=x<=1000"),
        (["generate", "--seed", str(2**63), "-o", "x"], "0<=x<=9223372036854775807"),
        (["generate", "--seed", "1", "-o", "taken"], "nothing is overwritten"),
        (["generate", "-o", "x"], "Say which levels"),
        (["check", "airstriker"], "no levels of Tumbleweed"),
        (["check", "nowhere"], "no split 'nowhere', nor a file or folder"),
        (["--split", "taken"], "holds no split.*split.toml"),
        (["--json", "check", "airstriker"], "write options after ngp levels check"),
        (["generat"], "no verb 'generat' of ngp levels.*Did you mean generate"),
        (["sonic-train"], "Try: ngp levels --split sonic-train"),
    ],
)
def test_a_mistake_gets_a_sentence_and_exit_code_2(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "taken").mkdir()
    (folder / "taken" / "notes.txt").write_text("mine")
    assert run(["levels", *arguments]) == 2
    last = " ".join(capsys.readouterr().err.split())
    assert re.search(message, last), last
    assert [path.name for path in folder.iterdir()] == ["taken"]
