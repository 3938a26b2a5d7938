from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from newgameplus.errors import IntegrationError, NotFoundError, RomError
from newgameplus.games import files, integration
from newgameplus.games.catalogue import find_game

MakeGame = Callable[..., Path]


def test_missing_rom_names_file_hash_and_way_to_import(home: Path) -> None:
    with pytest.raises(RomError) as caught:
        find_game("SonicTheHedgehog-Genesis").rom()
    message = str(caught.value)
    assert str(home / "roms" / "SonicTheHedgehog-Genesis-v0" / "rom.md") in message
    assert "69e102855d4389c3fd1a8f3dc7d193f8eee5fe5b" in message
    assert "ngp games import PATH" in message


def test_missing_atari_rom_mentions_ale() -> None:
    with pytest.raises(RomError, match="ngp games import --from-ale"):
        find_game("Pong-Atari2600").rom()


def test_game_without_hashes_says_so() -> None:
    with pytest.raises(RomError, match="names no SHA-1"):
        find_game("VirtuaFighter2-Genesis-v0").rom()


def test_arcade_game_has_the_console_of_its_metadata() -> None:
    game = find_game("MortalKombat2-Arcade")
    assert game.console.name == "FBNeo"
    assert game.stored_rom.name == "mk2.zip"


def test_own_rom_beside_its_integration_is_not_called_free(make_game: MakeGame, noise: bytes) -> None:
    make_game("Mine-Genesis", noise, files={"rom.md": noise})
    assert find_game("Mine-Genesis").rom_origin == "own"


@pytest.mark.parametrize(
    ("file", "content", "attribute"),
    [
        ("rom.sha", b"not a hash", "rom_sha1s"),
        ("rom.sha", b"\xff\xfe\x00", "rom_sha1s"),
        ("metadata.json", b"{broken", "metadata"),
        ("metadata.json", b"[1, 2]", "metadata"),
        ("metadata.json", b"[" * 100_000, "metadata"),
        ("metadata.json", b'{"default_state": 7}', "default_state"),
        ("metadata.json", b'{"system": "FBNeo", "original_rom_name": ["a"]}', "stored_rom"),
        ("metadata.json", b'{"system": 5}', "console"),
        ("data.json", b'{"info": {"x": 3}}', "variables"),
        ("data.json", b'{"info": []}', "variables"),
    ],
)
def test_broken_file_is_named_in_the_error(make_game: MakeGame, file: str, content: bytes, attribute: str) -> None:
    folder = make_game("Mine-Arcade", files={"metadata.json": b'{"system": "FBNeo"}', file: content})
    with pytest.raises(IntegrationError, match=str(folder / file)):
        getattr(find_game("Mine-Arcade"), attribute)


def test_oversized_text_is_not_read(make_game: MakeGame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_TEXT_BYTES", 10)
    make_game("Mine-Genesis", b"rom")
    with pytest.raises(IntegrationError, match="larger than 10 bytes"):
        _ = find_game("Mine-Genesis").rom_sha1s


def test_rom_name_cannot_point_out_of_the_store(make_game: MakeGame, home: Path) -> None:
    make_game("Mine-Arcade", metadata={"system": "FBNeo", "original_rom_name": "../../../etc/evil.zip"})
    assert find_game("Mine-Arcade").stored_rom == home / "roms" / "Mine-Arcade" / "evil.zip"


def test_state_name_cannot_point_out_of_the_game(make_game: MakeGame, tmp_path: Path) -> None:
    (tmp_path / "secret.state").write_bytes(gzip.compress(b"secret"))
    make_game("Mine-Genesis", files={"Here.state": gzip.compress(b"state")})
    game = find_game("Mine-Genesis")
    assert game.state("Here") == b"state"
    with pytest.raises(NotFoundError):
        game.state("../../secret")


def test_second_hash_fits_as_well(make_game: MakeGame) -> None:
    make_game("Mine-Genesis", b"one", b"two")
    assert find_game("Mine-Genesis").rom_sha1s == tuple(hashlib.sha1(rom).hexdigest() for rom in (b"one", b"two"))


def test_states_beside_the_data_belong_to_the_named_core_until_it_has_a_folder(make_game: MakeGame) -> None:
    folder = make_game("Mine-Genesis", metadata={"core": "picodrive"}, files={"A.state": gzip.compress(b"plain")})
    game = find_game("Mine-Genesis")
    assert game.plain_core_name == game.core("native").name == game.core("reference").name == "picodrive"
    assert game.state("A") == game.state("A", "picodrive") == b"plain"
    with pytest.raises(NotFoundError, match=r"for the core genesis_plus_gx.*: picodrive"):
        game.state("A", "genesis_plus_gx")
    (folder / "picodrive").mkdir()
    (folder / "picodrive" / "A.state").write_bytes(gzip.compress(b"fast"))
    assert game.plain_core_name == game.core("reference").name == "genesis_plus_gx"
    assert game.core("native").name == "picodrive"
    assert (game.state("A", "genesis_plus_gx"), game.state("A", "picodrive")) == (b"plain", b"fast")


def test_a_state_for_a_core_cannot_be_named_out_of_the_game(make_game: MakeGame, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "A.state").write_bytes(gzip.compress(b"secret"))
    make_game("Mine-Genesis", files={"A.state": gzip.compress(b"state")})
    with pytest.raises(NotFoundError):
        find_game("Mine-Genesis").state("A", "../../secret")


def test_a_game_that_checks_its_rom_refuses_another(make_game: MakeGame, noise: bytes) -> None:
    folder = make_game("Mine-Genesis", noise, metadata={"checks_rom": True}, files={"rom.md": noise})
    assert find_game("Mine-Genesis").rom() == folder / "rom.md"
    (folder / "rom.md").write_bytes(noise[:-1])
    with pytest.raises(RomError, match=f"its SHA-1 is {hashlib.sha1(noise[:-1]).hexdigest()}, not "):
        find_game("Mine-Genesis").rom()


def test_a_par_movie_lies_beside_the_rom_or_beside_the_games_files(tmp_path: Path) -> None:
    bundled = find_game("Tumbleweed-Genesis-v0")
    assert bundled.par_movie("Mesa.Act1") == bundled.rom().parent / "par" / "Mesa.Act1.bk2"
    own = integration.Integration("Own-Genesis-v0", (tmp_path,))
    assert own.par_movie("Level1") is None
    (tmp_path / "par").mkdir()
    (tmp_path / "par" / "Level1.bk2").write_bytes(b"")
    assert own.par_movie("Level1") == tmp_path / "par" / "Level1.bk2"
    assert own.par_movie("../par/Level1") is None
