from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.folders import GAMES_VARIABLE, own_games

MakeGame = Callable[..., Path]


def test_every_game_found_by_name_equals_its_entry_in_the_catalogue() -> None:
    assert all(find_game(name) == game for name, game in games().items())


def test_all_of_stable_retros_games_are_known() -> None:
    assert len(games()) > 1000


@pytest.mark.parametrize("name", ["BadDudes-Nes", "BadDudes-Nes-v0"])
def test_experimental_folder_without_hash_adds_to_the_stable_game(name: str) -> None:
    game = find_game(name)
    assert game.name == "BadDudes-Nes-v0"
    assert [folder.parent.name for folder in game.folders] == ["stable", "experimental"]
    assert "BadDudes-Nes" not in games()


def test_own_files_come_before_those_of_stable_retro(make_game: MakeGame) -> None:
    folder = make_game("Airstriker-Genesis-v0", files={"mine.json": b'{"reward": {}}'})
    game = find_game("Airstriker-Genesis")
    assert game.folders[0] == folder
    assert set(game.scenarios) == {"mine", "scenario"}
    assert game.is_free


def test_games_in_the_users_folder_are_found() -> None:
    folder = own_games() / "Mine-Genesis"
    folder.mkdir(parents=True)
    (folder / "data.json").write_text("{}")
    assert find_game("Mine-Genesis").folders == (folder,)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../stable/Pong-Atari2600-v0", "Nope-Genesis", "x" * 5000])
def test_name_that_is_no_game_is_an_error(name: str) -> None:
    with pytest.raises(NotFoundError, match="There is no game"):
        find_game(name)


def test_misspelt_game_gets_a_hint() -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean .*SonicTheHedgehog-Genesis-v0"):
        find_game("SonicTheHedgehg-Genesis")


def test_folder_named_by_mistake_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="which is no folder"):
        games()
