"""Recording: one movie per episode, readable whenever the process is killed, with everything needed to verify it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
import zipfile

import pytest

from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import MovieError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.names import index_of, movie_name
from newgameplus.movies.recorder import FLUSH_FRAMES, MovieRecorder

LEVEL = "Airstriker-Genesis-v0/Level1"

ENDLESS = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from newgameplus.envs.retro import RetroEnv
    from newgameplus.games.levels import find_level
    from newgameplus.movies.recorder import MovieRecorder

    if __name__ == "__main__":
        env = RetroEnv(find_level(sys.argv[1]), kind="none", listeners=[MovieRecorder(Path(sys.argv[2]))])
        env.reset()
        while True:
            env.advance(env.num_frames % 4096)
            print(env.num_frames, flush=True)
    """
)


@pytest.fixture
def recorded_env(tmp_path):
    """An environment that records into a folder, and the recorder."""
    made = []

    def make(first_index=0):
        recorder = MovieRecorder(tmp_path / "bk2", first_index)
        made.append(RetroEnv(find_level(LEVEL), kind="none", listeners=[recorder]))
        return made[-1], recorder

    yield make
    for env in made:
        env.close()


def test_every_episode_becomes_a_numbered_movie(recording):
    names = [f"Airstriker-Genesis-v0-Level1-00000{index}.bk2" for index in range(3)]
    assert [path.name for path in recording.paths] == names
    for path, episode_return, num_frames in zip(recording.paths, recording.returns, recording.num_frames, strict=True):
        movie = read_movie(path)
        assert movie.is_complete
        assert movie.num_frames == 1 + num_frames == movie.extra["num_frames"]
        assert movie.extra["return"] == episode_return
        assert movie.masks[0].tolist() == [0], "the frame of the reset"


def test_a_movie_names_all_that_it_depends_on(movie_path, their_reading):
    level = find_level(LEVEL)
    movie = read_movie(movie_path)
    assert movie.start_state == level.integration.state(level.state)
    assert (movie.extra["level"], movie.extra["scenario"]) == (LEVEL, "scenario")
    assert movie.extra["rom_sha1"] in level.integration.rom_sha1s
    assert set(movie.extra["core"]) == {"name", "version", "sha256", "options"}
    assert movie.extra["core"]["options"]["genesis_plus_gx_render"] == "single field"
    game, state, masks = their_reading(movie_path, 12)
    assert (game, state, masks) == (movie.game, movie.start_state, movie.masks.tolist())


@pytest.mark.parametrize("seed", range(4))
def test_a_process_killed_at_any_moment_leaves_a_movie_that_lacks_a_second_at_most(seed, tmp_path, their_reading):
    num_lines = random.Random(seed).randrange(1, 1500)
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    folder = tmp_path / "bk2"
    with subprocess.Popen([sys.executable, script, LEVEL, folder], stdout=subprocess.PIPE) as process:
        for _ in range(num_lines):
            last = process.stdout.readline()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    path = folder / movie_name("Airstriker-Genesis-v0-Level1", 0)
    assert [entry for entry in folder.iterdir() if entry.suffix == ".bk2"] == [path]
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
    if int(last) < FLUSH_FRAMES:
        with pytest.raises(MovieError, match="has no frames"):
            read_movie(path)
        return
    movie = read_movie(path)
    assert movie.num_frames > int(last) + 1 - FLUSH_FRAMES
    assert movie.masks[1:, 0].tolist() == [number % 4096 for number in range(movie.num_frames - 1)]
    assert not movie.is_complete
    assert movie.extra["level"] == LEVEL
    assert "return" not in movie.extra
    assert their_reading(path, 12) == (movie.game, movie.start_state, movie.masks.tolist())


def test_the_lost_episode_is_replaced_when_the_run_goes_on(recorded_env, tmp_path):
    lost = tmp_path / "bk2" / movie_name("Airstriker-Genesis-v0-Level1", 7)
    lost.parent.mkdir()
    lost.write_bytes(b"cut short")
    env, recorder = recorded_env(first_index=7)
    assert recorder.index == 7
    env.reset()
    env.advance(1)
    env.reset()
    env.advance(2)
    assert recorder.index == 8
    env.close()
    assert [index_of(path) for path in sorted(lost.parent.iterdir())] == [7, 8]
    assert read_movie(lost).masks.tolist() == [[0], [1]]


def test_the_same_episode_makes_the_same_file(recorded_env, tmp_path):
    contents = []
    for _ in range(2):
        env, _ = recorded_env()
        env.reset()
        for mask in range(100):
            env.advance(mask)
        env.close()
        contents.append(next((tmp_path / "bk2").iterdir()).read_bytes())
    assert contents[0] == contents[1]


def test_other_readers_find_the_members_they_know(movie_path):
    with zipfile.ZipFile(movie_path) as file:
        assert set(file.namelist()) == {
            "Header.txt",
            "Input Log.txt",
            "Core.bin",
            "NewGamePlus.json",
            "NewGamePlus.marks",
        }
        assert json.loads(file.read("NewGamePlus.json"))["schema"] == 2


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MovieError, match="Cannot make the folder"):
        MovieRecorder(tmp_path / "file" / "bk2")


def test_a_negative_number_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be negative"):
        MovieRecorder(tmp_path, first_index=-1)
