"""What a movie's file name tells."""

from __future__ import annotations

from newgameplus.movies.names import index_of, level_of, movie_name


def test_indices_are_read_from_names_of_2018_and_of_today(tmp_path):
    assert index_of(tmp_path / "SonicTheHedgehog-Genesis-GreenHillZone.Act1-0012.bk2") == 12
    assert index_of(tmp_path / movie_name("Game-Genesis-v0-Level1", 123456)) == 123456
    assert index_of(tmp_path / "demo.bk2") is None


def test_the_level_of_a_movie_of_another_program_is_read_from_its_name(tmp_path):
    path = tmp_path / "SonicTheHedgehog-Genesis-GreenHillZone.Act1-0012.bk2"
    assert level_of(path, "SonicTheHedgehog-Genesis") == "SonicTheHedgehog-Genesis/GreenHillZone.Act1"
    assert level_of(path, "SonicTheHedgehog2-Genesis") is None
    assert level_of(tmp_path / "demo.bk2", "SonicTheHedgehog-Genesis") is None
