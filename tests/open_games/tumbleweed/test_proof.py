"""The search proves what can be proven, says how far it came in what cannot, and its movies hold on both cores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from newgameplus.errors import MovieError
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import Level, find_level
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.verify import verify_movie
from newgameplus.open_games.game_folder import write_game
from newgameplus.open_games.proof import (
    Proof,
    UnprovenError,
    masks_of,
    par_path,
    play,
    prove,
    verify_par,
    write_par,
)
from newgameplus.open_games.search import Progress
from newgameplus.open_games.tumbleweed.blueprint import Sketch
from newgameplus.open_games.tumbleweed.course import COURSE
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import pack_levels
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind

ROW, WALL = 22, 70
LevelOf = Callable[[Sketch], Level]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of games that is looked into."""
    folder = tmp_path_factory.mktemp("games")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(GAMES_VARIABLE, str(folder))
        yield folder


@pytest.fixture(scope="module")
def level_of(program: bytes, collection: Path) -> LevelOf:
    """Packs a sketch and returns its level, of a game of its own."""

    def pack(sketch: Sketch) -> Level:
        folder = collection / f"ByHand{len(list(collection.iterdir()))}-Genesis-v0"
        folder.mkdir()
        names = write_game(TUMBLEWEED, folder, pack_levels(program, [sketch.finish()]), {})
        return find_level(f"{folder.name}/{names[0]}")

    return pack


@pytest.fixture(scope="module")
def puzzle(level_of: LevelOf) -> Level:
    """A gap, a switch on the way back, its door, and a wall that only a fast roll breaks."""
    sketch = Sketch(width=140)
    sketch.ground(0, 30, row=ROW)
    sketch.ground(34, 140, row=ROW)
    sketch.on_ground(Kind.SWITCH, 45, ROW, a=3)
    sketch.on_ground(Kind.DOOR, 60, ROW, a=3)
    sketch.rect(60, 0, 61, ROW - 4, "brick")
    sketch.on_ground(Kind.BREAKABLE, 90, ROW)
    sketch.rect(89, 0, 92, ROW - 4, "brick")
    return level_of(sketch)


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    """What the search for the proof tells of its progress."""
    return []


@pytest.fixture(scope="module")
def proof(puzzle: Level, told: list[Progress]) -> Proof:
    return prove(COURSE, puzzle, num_threads=1, report=told.append)


@pytest.fixture
def movie(proof: Proof, tmp_path: Path) -> Path:
    path = tmp_path / "par" / "puzzle.bk2"
    write_par(proof, path)
    return path


def test_a_level_with_a_gap_a_door_and_a_wall_is_proven(proof: Proof) -> None:
    assert proof.num_frames < COURSE.max_frames
    assert proof.score > 9900


def test_the_same_seed_finds_the_same_way_with_any_number_of_threads(proof: Proof) -> None:
    assert prove(COURSE, proof.level, num_threads=3).plan == proof.plan


def test_another_seed_finds_another_way(proof: Proof) -> None:
    assert prove(COURSE, proof.level, seed=1).plan != proof.plan


@pytest.mark.parametrize("core", ["picodrive", "genesis_plus_gx"])
def test_the_movie_reaches_the_goal_on_both_cores(proof: Proof, movie: Path, core: str) -> None:
    assert abs(verify_par(COURSE, proof.level, movie, core) - proof.num_frames) <= 1


def test_the_movie_is_one_like_those_of_the_contest(proof: Proof, movie: Path) -> None:
    verdict = verify_movie(movie)
    assert (verdict.outcome, verdict.num_frames) == ("same", proof.num_frames)
    assert verdict.episode_return == proof.score
    assert read_movie(movie).masks[:, 0].tolist() == proof.buttons.tolist()


def test_a_movie_that_stops_before_the_goal_proves_nothing(proof: Proof, movie: Path) -> None:
    whole = read_movie(movie)
    write_movie(movie, dataclasses.replace(whole, masks=whole.masks[:200]))
    with pytest.raises(
        MovieError, match=r"does not reach the goal of ByHand0-Genesis-v0/Mesa\.Act1 .* after 200 frames"
    ):
        verify_par(COURSE, proof.level, movie)


def test_a_movie_from_another_start_proves_nothing(level_of: LevelOf, movie: Path) -> None:
    sketch = Sketch(width=100)
    sketch.ground(0, 100, row=ROW - 1)
    with pytest.raises(MovieError, match="does not begin at the start"):
        verify_par(COURSE, level_of(sketch), movie)


def test_par_movies_lie_beside_the_rom(puzzle: Level) -> None:
    assert par_path(puzzle) == puzzle.integration.rom().parent / "par" / "Mesa.Act1.bk2"


@pytest.fixture(scope="module")
def failure(level_of: LevelOf) -> UnprovenError:
    """What comes of a level with a wall to the ceiling."""
    sketch = Sketch(width=120)
    sketch.ground(0, 120, row=ROW)
    sketch.rect(WALL, 0, WALL + 2, ROW, "brick")
    with pytest.raises(UnprovenError) as caught:
        prove(COURSE, level_of(sketch), max_steps=6000)
    return caught.value


def test_a_wall_to_the_ceiling_is_unproven_and_the_error_says_how_far_one_comes(failure: UnprovenError) -> None:
    furthest, goal = failure.progress.furthest, failure.progress.goal
    assert (WALL - 2) * BLOCK < furthest < WALL * BLOCK
    assert f"the furthest place reached is x = {furthest}, {goal - furthest} pixels before the goal" in str(failure)


def test_the_way_to_the_furthest_place_leads_there_when_played_in_one_go(failure: UnprovenError) -> None:
    outcome = play(COURSE, failure.level, masks_of(COURSE, failure.level, failure.plan))
    assert (outcome.progress, outcome.is_at_goal) == (failure.progress.furthest, False)


def test_a_search_tells_of_its_progress(proof: Proof, told: list[Progress]) -> None:
    assert told[-1].num_steps == proof.num_steps
    assert [progress.num_steps for progress in told] == sorted(progress.num_steps for progress in told)
    assert all(0 < progress.furthest < progress.goal == 128 * BLOCK for progress in told)
