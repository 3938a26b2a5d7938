from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from newgameplus.errors import IntegrationError, NotFoundError, UsageError
from newgameplus.games.ale import ale_roms
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.folders import GAMES_VARIABLE, named_collections
from newgameplus.games.levels import SPLIT_FILE, find_level, find_split, split_files


@pytest.mark.parametrize(
    ("name", "num_levels", "scenario"),
    [
        ("airstriker", 1, "scenario"),
        ("atari", 32, "scenario"),
        ("contest-final-2018", 11, "contest"),
        ("sonic-train", 47, "contest"),
        ("sonic-validation", 11, "contest"),
    ],
)
def test_every_level_of_a_split_exists_in_stable_retro(name: str, num_levels: int, scenario: str) -> None:
    levels = find_split(name).levels
    assert len(levels) == len(set(levels)) == num_levels
    assert [find_level(str(level), scenario) for level in levels] == list(levels)


def test_splits_of_2018_share_no_level_and_train_knows_every_zone() -> None:
    train, validation = find_split("sonic-train").levels, find_split("sonic-validation").levels
    assert not set(train) & set(validation)

    def zones(levels: tuple[object, ...]) -> set[str]:
        return {str(level).partition(".")[0] for level in levels}

    assert len(zones(train)) == 27
    assert zones(validation) <= zones(train)


@pytest.mark.parametrize(
    ("game", "num_train", "num_validation"),
    [("SonicTheHedgehog", 13, 4), ("SonicTheHedgehog2", 15, 3), ("SonicAndKnuckles3", 19, 4)],
)
def test_each_sonic_game_has_its_share(game: str, num_train: int, num_validation: int) -> None:
    for name, wanted in (("sonic-train", num_train), ("sonic-validation", num_validation)):
        levels = find_split(name).levels
        assert sum(level.game == f"{game}-Genesis-v0" for level in levels) == wanted


def test_atari_split_is_what_the_installed_ale_py_can_feed() -> None:
    shipped = {hashlib.sha1(path.read_bytes()).hexdigest() for path in ale_roms()}
    fed = [
        f"{game.name}/{game.default_state}"
        for game in games().values()
        if game.name.endswith("-Atari2600-v0") and not shipped.isdisjoint(game.rom_sha1s)
    ]
    assert [str(level) for level in find_split("atari").levels] == fed


def test_own_split_is_found_in_the_users_folder(home: Path) -> None:
    (home / "splits").mkdir(parents=True)
    (home / "splits" / "mine.toml").write_text('scenario = "scenario"\nlevels = ["Airstriker-Genesis-v0/Level1"]\n')
    assert [str(level) for level in find_split("mine").levels] == ["Airstriker-Genesis-v0/Level1"]
    assert "mine" in split_files()


def test_misspelt_split_gets_a_hint() -> None:
    with pytest.raises(NotFoundError, match="Did you mean sonic-train"):
        find_split("sonic-trian")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"levels = [", "broken"),
        (b'description = "none"', "no list called levels"),
        (b'levels = ["Airstriker-Genesis-v0"]', "is not Game/State"),
        (b'levels = ["Airstriker-Genesis-v0/../x"]', "is not Game/State"),
        (b"levels = [3]", "broken"),
        (b"levels = 3", "broken"),
        (b"levels = []\nscenario = 3", "must be text"),
        (b"\xff\xfe", "broken"),
    ],
)
def test_broken_split_is_an_error_in_words(home: Path, content: bytes, message: str) -> None:
    (home / "splits").mkdir(parents=True)
    (home / "splits" / "mine.toml").write_bytes(content)
    with pytest.raises(IntegrationError, match=message):
        find_split("mine")


def test_a_split_is_found_by_the_path_of_its_file_or_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'description = "Mine."\nscenario = "scenario"\nlevels = ["Airstriker-Genesis-v0/Level1"]\n'
    (tmp_path / "mine.toml").write_text(text)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / SPLIT_FILE).write_text(text)
    monkeypatch.chdir(tmp_path)
    by_file, by_folder = find_split("mine.toml"), find_split("secret")
    assert (by_file.name, by_folder.name) == ("mine", "secret")
    assert by_file.levels == by_folder.levels == find_split("airstriker").levels
    monkeypatch.chdir("/")
    assert [find_split(split.reference) for split in (by_file, by_folder)] == [by_file, by_folder]
    assert find_split("airstriker").reference == "airstriker"


def test_only_a_folder_with_games_is_looked_through_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GAMES_VARIABLE, "")
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    game = tmp_path / "with" / "Mine-Genesis"
    game.mkdir()
    (game / "data.json").write_text('{"info": {}}')
    (game / "scenario.json").write_text("{}")
    for folder in ("with", "without"):
        (tmp_path / folder / SPLIT_FILE).write_text('levels = ["Mine-Genesis/One"]')
        find_split(str(tmp_path / folder))
        find_split(str(tmp_path / folder))
    assert named_collections() == [str(tmp_path / "with")]
    assert find_game("Mine-Genesis").folders == (game,)


def test_what_is_no_split_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"holds no split.*split\.toml"):
        find_split(str(tmp_path))
    with pytest.raises(NotFoundError, match=r"nor a file or folder of that path; there are: airstriker"):
        find_split(str(tmp_path / "missing.toml"))
    odd = tmp_path / "a:b"
    (odd / "Mine-Genesis").mkdir(parents=True)
    (odd / "Mine-Genesis" / "data.json").write_text("{}")
    (odd / SPLIT_FILE).write_text("levels = []")
    with pytest.raises(UsageError, match="separates folders; rename it"):
        find_split(str(odd))
