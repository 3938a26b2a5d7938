"""``ngp movie``: what it prints and writes, and how it refuses."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from newgameplus.cli.main import run
from newgameplus.envs.retro import RetroEnv
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.recorder import MovieRecorder

LEVEL = "Airstriker-Genesis-v0/Level1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two recorded episodes of 61 and 41 frames."""
    place = tmp_path_factory.mktemp("bk2")
    env = RetroEnv(find_level(LEVEL), kind="none", listeners=[MovieRecorder(place)])
    try:
        for num_frames in (60, 40):
            env.reset()
            for _ in range(num_frames):
                env.advance(1)
    finally:
        env.close()
    return place


@pytest.fixture
def movies(folder):
    """The two movies."""
    return sorted(folder.glob("*.bk2"))


@pytest.fixture
def tampered(movies, tmp_path):
    """A movie whose last frames were changed."""
    movie = read_movie(movies[0])
    masks = movie.masks.copy()
    masks[-20:] = 2
    path = tmp_path / "tampered.bk2"
    write_movie(path, dataclasses.replace(movie, masks=masks))
    return path


def test_info_describes_a_movie(movies, capsys):
    assert run(["movie", "info", str(movies[0])]) == 0
    text = capsys.readouterr().out
    for expected in (LEVEL, "61 frames", "B 98%", "complete", "genesis_plus_gx"):
        assert expected in text


def test_info_as_json(folder, capsys):
    assert run(["movie", "info", str(folder), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["num_frames"], second["num_frames"]) == (61, 41)
    assert first["buttons"]["B"] == 60
    assert first["record"]["level"] == LEVEL
    assert first["is_complete"]


def test_looking_into_a_movie_loads_no_emulator(movies):
    code = (
        "import sys; from newgameplus.cli.main import run; "
        f"run(['movie', 'info', {str(movies[0])!r}]); "
        "print(sorted({'stable_retro', 'gymnasium', 'av', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_verify_finds_recorded_movies_the_same(folder, capsys):
    assert run(["movie", "verify", str(folder)]) == 0
    assert "2 of 2 movies as recorded, 0 different." in capsys.readouterr().out


def test_verify_ends_with_1_when_a_movie_differs(tampered, movies, capsys):
    assert run(["movie", "verify", str(movies[0]), str(tampered), "--json"]) == 1
    same, different = json.loads(capsys.readouterr().out)
    assert (same["outcome"], different["outcome"]) == ("same", "different")
    assert "the button log has been changed" in different["differences"]


def test_verify_says_when_there_is_nothing_to_compare_with(movies, tmp_path, capsys):
    path = tmp_path / "foreign.bk2"
    write_movie(path, dataclasses.replace(read_movie(movies[0]), extra={}, marks=None))
    assert run(["movie", "verify", str(path)]) == 0
    assert "played, nothing to compare with: 61 frames" in capsys.readouterr().out


def test_render_writes_one_video_per_movie_and_leaves_existing_ones(folder, tmp_path, capsys):
    command = ["movie", "render", str(folder), "-o", str(tmp_path / "new"), "--workers", "2"]
    assert run(command) == 0
    assert capsys.readouterr().out.count("pictures") == 2
    videos = sorted((tmp_path / "new").iterdir())
    assert [path.suffix for path in videos] == [".mp4", ".mp4"]
    videos[0].write_bytes(b"mine")
    assert run(command) == 0
    assert "exists and is left as it is" in capsys.readouterr().err
    assert videos[0].read_bytes() == b"mine"
    assert run([*command, "--overwrite"]) == 0
    assert videos[0].read_bytes() != b"mine"


def test_render_makes_a_grid(folder, tmp_path, capsys):
    assert run(["movie", "render", str(folder), "--grid", "-o", str(tmp_path), "--speed", "20"]) == 0
    assert (tmp_path / "grid.mp4").exists()
    assert run(["movie", "render", str(folder), "--grid", "-o", str(tmp_path / "grid.mp4")]) == 2
    assert "--overwrite replaces it" in capsys.readouterr().err


def test_render_draws_the_buttons_below_the_picture(movies, tmp_path):
    import av

    sizes = []
    for arguments in ([], ["--buttons"], ["--buttons", "--grid"]):
        assert run(["movie", "render", str(movies[0]), "-o", str(tmp_path / f"{len(sizes)}"), *arguments]) == 0
        with av.open(str(next((tmp_path / f"{len(sizes)}").iterdir()))) as video:
            sizes.append((video.streams.video[0].width, video.streams.video[0].height))
    assert sizes[0] == (320, 224)
    assert sizes[1] == (320, 224 + 44)
    assert sizes[2] == (8 + 320 + 8, 8 + 268 + 24 + 8)


def test_render_keeps_a_gif_under_its_limit_or_says_what_to_do(movies, tmp_path, capsys):
    command = ["movie", "render", str(movies[0]), "--format", "gif", "-o", str(tmp_path), "--overwrite"]
    assert run(command) == 0
    size = next(tmp_path.iterdir()).stat().st_size
    assert run([*command, "--max-mb", f"{size / 3e6:.6f}"]) == 0
    assert size / 20 < next(tmp_path.iterdir()).stat().st_size <= size / 3 + 1
    capsys.readouterr()
    assert run([*command, "--max-mb", "0.0001"]) == 2
    assert "is under 0.0001 MB" in capsys.readouterr().err
    assert run(["movie", "render", str(movies[0]), "--max-mb", "1"]) == 2
    assert "A size limit above 0 is for gifs only" in capsys.readouterr().err


def test_diff_names_the_first_frame_that_differs(movies, tampered, capsys):
    assert run(["movie", "diff", str(movies[0]), str(tampered)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{movies[0]} and {tampered} diverge at frame 41, 0:00.7."
    assert lines[1] == "buttons\t41\t0:00.7\tB\tA"


def test_diff_as_json(movies, tampered, capsys):
    assert run(["movie", "diff", str(movies[0]), str(tampered), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["num_frames"] == [61, 61]
    assert found["differences"][0]["aspect"] == "buttons"
    assert run(["movie", "diff", str(movies[0]), str(movies[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] == []


def test_diff_of_a_movie_with_its_beginning_is_the_length(movies, capsys):
    assert run(["movie", "diff", *map(str, movies)]) == 1
    assert "length\t41\t0:00.7\t61 frames\t41 frames" in capsys.readouterr().out


def test_export_writes_a_table_per_movie(folder, tmp_path, capsys):
    assert run(["movie", "export", str(folder), "-o", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("frames, ") == 2
    first, second = sorted(tmp_path.glob("*.csv"))
    assert len(first.read_text().splitlines()) == 62
    second.write_text("mine")
    assert run(["movie", "export", str(folder), "-o", str(tmp_path)]) == 0
    assert second.read_text() == "mine"


def test_map_paints_a_level_and_leaves_what_exists(folder, tmp_path, capsys):
    out = tmp_path / "maps" / "level.png"
    assert run(["movie", "map", str(folder), "--out", str(out), "--by", "time"]) == 0
    assert "2 episodes, 320 x 224 pixels" in capsys.readouterr().out
    content = out.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert run(["movie", "map", str(folder), "--out", str(out), "--heat"]) == 2
    assert "exists and is left as it is; --overwrite replaces it." in capsys.readouterr().err
    assert run(["movie", "map", str(folder), "--out", str(out), "--heat", "--overwrite"]) == 0
    assert out.read_bytes() != content


def test_parquet_without_pyarrow_is_refused_with_what_installs_it(movies, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run(["movie", "export", str(movies[0]), "--parquet", "-o", str(tmp_path)]) == 2
    assert "A table in parquet needs a package that is not installed: pip install" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "{tmp}/none.bk2"], "none.bk2 is not there"),
        (["info", "{tmp}/text.bk2"], "is not a bk2 movie"),
        (["verify", "{tmp}/empty"], "holds no movies (*.bk2)"),
        (["render", "{tmp}/video.mp4"], "is no movie: movies end in .bk2"),
        (["render", "{tmp}/text.bk2"], "is not a bk2 movie"),
        (["render", "{movie}", "--speed", "0"], "The speed is a whole number from 1, not 0."),
        (["render", "{movie}", "--format", "avi"], "'avi' is not one of"),
        (["render", "{movie}", "-o", "{tmp}/text.bk2/deep"], "Cannot make the folder"),
        (["render", "{movie}", "{copy}", "-o", "{tmp}/out"], "would both become"),
        (["map", "{tmp}/text.bk2", "--out", "{tmp}/out"], "is not a bk2 movie"),
        (
            ["map", "{movie}", "--level", "Nowhere/At", "--out", "{tmp}/out"],
            "None of the movies is of the level Nowhere",
        ),
        (["map", "{movie}", "--out", "{tmp}/text.bk2/deep.png"], "Cannot make the folder"),
        (["info"], "Missing argument 'MOVIE...'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(arguments, message, movies, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.bk2").write_text("hello")
    (tmp_path / "video.mp4").write_text("")
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / movies[0].name
    copy.write_bytes(movies[0].read_bytes())
    names = {"tmp": tmp_path, "movie": movies[0], "copy": copy}
    assert run(["movie", *(argument.format(**names) for argument in arguments)]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_broken_movie_does_not_hide_the_others(movies, tmp_path, capsys):
    broken = tmp_path / "broken.bk2"
    broken.write_bytes(movies[0].read_bytes()[:200])
    assert run(["movie", "verify", str(broken), str(movies[1])]) == 2
    output = capsys.readouterr()
    assert "as recorded: 41 frames" in output.out
    assert output.err.count("Error:") == 1
