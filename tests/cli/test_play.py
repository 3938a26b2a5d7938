"""``ngp play`` from the shell: it plays and records, and says in one sentence why it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from newgameplus.cli.main import run
from newgameplus.emulator.compiled import engine
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.verify import verify_movie

LEVEL = "Airstriker-Genesis-v0/Level1"
needs_engine = pytest.mark.skipif(engine() is None, reason="the native engine is not built here")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own, and SDL's drivers that need no devices."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    return tmp_path


@needs_engine
def test_playing_leaves_a_movie_in_the_users_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["play", LEVEL, "--frames", "90", "--scale", "2", "--mute"]) == 0
    movie = home / "movies" / "Airstriker-Genesis-v0-Level1-000000.bk2"
    assert capsys.readouterr().out == f"{movie}  90 frames, return 0\n"
    verdict = verify_movie(movie)
    assert (verdict.outcome, verdict.num_frames) == ("same", 91)
    assert run(["play", LEVEL, "--frames", "5", "--fullscreen"]) == 0
    assert len(list(movie.parent.iterdir())) == 2


@needs_engine
def test_a_movie_is_continued_into_a_new_one(home: Path) -> None:
    first, second = home / "first.bk2", home / "second.bk2"
    assert run(["play", LEVEL, "--frames", "70", "--record", str(first)]) == 0
    before = first.read_bytes()
    assert run(["play", "--movie", str(first), "--frames", "10", "--record", str(second)]) == 0
    assert first.read_bytes() == before
    assert read_movie(second).num_frames == 81
    assert verify_movie(second).outcome == "same"


@needs_engine
def test_a_folder_for_movies_is_made(home: Path) -> None:
    assert run(["play", LEVEL, "--frames", "5", "--record", str(home / "mine")]) == 0
    assert [path.name for path in (home / "mine").iterdir()] == ["Airstriker-Genesis-v0-Level1-000000.bk2"]


@needs_engine
def test_a_movie_that_exists_is_never_replaced(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "mine.bk2").write_bytes(b"precious")
    assert run(["play", LEVEL, "--record", str(home / "mine.bk2")]) == 2
    assert "exists and is left as it is" in capsys.readouterr().err
    assert (home / "mine.bk2").read_bytes() == b"precious"


@needs_engine
def test_a_movie_of_another_level_or_core_or_for_two_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "mine.bk2"
    assert run(["play", LEVEL, "--frames", "5", "--record", str(path)]) == 0
    assert run(["play", "--movie", str(path), "--core", "picodrive"]) == 2
    assert "recorded on genesis_plus_gx" in capsys.readouterr().err
    movie = read_movie(path)
    for_two = type(movie)(
        game=movie.game, platform=movie.platform, start_state=movie.start_state, buttons=movie.buttons,
        masks=np.repeat(movie.masks, 2, axis=1), extra=movie.extra,
    )  # fmt: skip
    write_movie(home / "two.bk2", for_two)
    assert run(["play", "--movie", str(home / "two.bk2")]) == 2
    assert "only movies of one can be continued" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Airstrker-Genesis-v0"], "Did you mean Airstriker-Genesis-v0"),
        ([f"{LEVEL}2"], "Did you mean Level1?"),
        ([LEVEL, "--movie", "nowhere.bk2"], "nowhere.bk2 is not there"),
        ([LEVEL, "--scale", "0"], "--scale"),
        (["SonicTheHedgehog-Genesis-v0/GreenHillZone.Act1"], "ROM"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run(["play", *arguments, "--frames", "1"]) == 2
    assert sentence in capsys.readouterr().err


def test_no_display_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    assert run(["play", LEVEL, "--frames", "1"]) == 2
    assert capsys.readouterr().err.startswith("Error: There is no display to play on")


@needs_engine
def test_without_a_sound_device_the_level_plays_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "nonsense")
    assert run(["play", LEVEL, "--frames", "3"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("There is no sound device")


@needs_engine
def test_a_wrong_file_of_keys_is_said_and_the_level_plays_on(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "keys.toml").write_text('[commands.keyboard]\npause = "KeyPP"\n')
    assert run(["play", LEVEL, "--frames", "3"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"{home}/keys.toml are wrong in line 2, commands.keyboard.pause: there is no key 'KeyPP'." in said


def test_without_pygame_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['pygame'] = None\n"
        f"from newgameplus.cli.main import run; sys.exit(run(['play', {LEVEL!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "[play]" in done.stderr


def test_without_a_level_and_without_the_usual_split_one_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newgameplus.cli.play.DEFAULT_SPLIT", "no-such-split")
    assert run(["play"]) == 2
    assert "Missing argument 'LEVEL'" in capsys.readouterr().err


@needs_engine
def test_without_a_level_the_first_of_the_usual_split_is_played(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newgameplus.cli.play.DEFAULT_SPLIT", "airstriker")
    assert run(["play", "--frames", "2"]) == 0
    assert "Airstriker-Genesis-v0-Level1" in capsys.readouterr().out


@needs_engine
def test_a_person_is_judged_only_as_the_rules_say(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged = ["play", LEVEL, "--rules", "contest"]
    budget = ["--timesteps", "40", "--results", str(home / "me")]
    for arguments, message in (
        (["play", LEVEL, "--timesteps", "40"], "--timesteps needs --rules contest"),
        (judged, "Say how long you play each level"),
        ([*judged, "--web"], "--web does nothing with --rules"),
        ([*judged, "--movie", "a.bk2"], "--movie does nothing with --rules"),
        ([*judged, "--timesteps", "0"], "must be more than 0"),
        ([*judged[:2], "--rules", "mine", *budget], "There are no rules 'mine'"),
        (["evaluate", "human", "--level", LEVEL, *budget], "Nobody sits here to play as human"),
    ):
        assert run(arguments) == 2
        assert message in capsys.readouterr().err
    assert not (home / "me").exists()
    assert run([*judged, *budget, "--frames", "2"]) == 0
    assert "Go on with: ngp play --rules contest --resume --results" in capsys.readouterr().out
    for arguments, message in (
        ([*judged, "--timesteps", "50", *budget[2:]], "was begun with other settings; go on with: ngp play --rules"),
        (["play", "--rules", "contest-2018", "--resume", *budget[2:]], "was begun with other settings"),
    ):
        assert run(arguments) == 2
        assert message in capsys.readouterr().err
    assert run(["play", "--rules", "contest", "--resume", *budget[2:], "--frames", "2"]) == 0
