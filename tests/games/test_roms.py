from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.errors import NotFoundError, RomError
from newgameplus.games import roms, sources
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.headers import swapped
from newgameplus.games.repairs import interleaved
from newgameplus.games.roms import Importer, Verdict
from newgameplus.games.sources import files_in

MakeGame = Callable[..., Path]


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def take(*paths: Path, fix: bool = False, dry_run: bool = False) -> list[Verdict]:
    importer = Importer(games(), fix=fix, dry_run=dry_run)
    return [verdict for path in files_in(paths) for verdict in importer.take(path)] + list(importer.build())


def only(verdicts: Sequence[Verdict]) -> Verdict:
    assert len(verdicts) == 1, verdicts
    return verdicts[0]


@pytest.fixture
def offer(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / "offered" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def zipped(offer: Callable[..., Path]) -> Callable[..., Path]:
    def write(name: str, members: dict[str, bytes]) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        return offer(name, buffer.getvalue())

    return write


class TestTaking:
    def test_known_rom_is_stored_under_its_game_whatever_its_name(
        self, make_game: MakeGame, offer: Callable[..., Path], home: Path, noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        verdict = only(take(offer("holiday.jpg", noise)))
        assert (verdict.outcome, verdict.game, verdict.sha1) == ("imported", "Mine-Genesis", sha1(noise))
        assert verdict.path == home / "roms" / "Mine-Genesis" / "rom.md"
        assert verdict.path.read_bytes() == noise
        assert find_game("Mine-Genesis").rom() == verdict.path
        assert find_game("Mine-Genesis").rom_origin == "own"

    def test_folders_are_searched_to_the_bottom(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        path = offer("a/b/c/game.md", noise)
        assert only(take(path.parents[2])).game == "Mine-Genesis"

    def test_zip_is_opened_by_its_contents_and_not_its_name(
        self, make_game: MakeGame, zipped: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        verdict = only(take(zipped("games.dat", {"folder/game.bin": noise})))
        assert verdict.game == "Mine-Genesis"
        assert verdict.source.endswith("games.dat: folder/game.bin")

    def test_one_rom_serves_every_game_with_its_hash(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("One-Genesis", noise)
        make_game("Two-Genesis", noise)
        assert {verdict.game for verdict in take(offer("game.md", noise))} == {"One-Genesis", "Two-Genesis"}

    def test_second_import_says_that_the_rom_is_here(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        path = offer("game.md", noise)
        take(path)
        verdict = only(take(path))
        assert verdict.outcome == "present"
        assert verdict.message == "is Mine-Genesis, which is already here"

    def test_damaged_copy_in_the_store_is_replaced(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        path = offer("game.md", noise)
        stored = only(take(path)).path
        assert stored is not None
        stored.write_bytes(b"half a file")
        assert only(take(path)).outcome == "imported"
        assert stored.read_bytes() == noise

    def test_free_game_is_already_here(self, offer: Callable[..., Path], airstriker: bytes) -> None:
        verdict = only(take(offer("striker.md", airstriker)))
        assert (verdict.outcome, verdict.game) == ("present", "Airstriker-Genesis-v0")
        assert find_game("Airstriker-Genesis-v0").is_free

    def test_dry_run_writes_nothing(
        self, make_game: MakeGame, offer: Callable[..., Path], home: Path, noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        verdict = only(take(offer("game.md", noise), dry_run=True))
        assert verdict.message == "would be imported as Mine-Genesis"
        assert not home.exists()

    def test_arcade_set_is_taken_whole_and_keeps_its_name(
        self, make_game: MakeGame, zipped: Callable[..., Path], home: Path, noise: bytes
    ) -> None:
        path = zipped("whatever.zip", {"chip1.bin": noise[:100], "chip2.bin": noise[100:200]})
        metadata = {"system": "FBNeo", "original_rom_name": "fight.zip"}
        make_game("Fight-Arcade-v0", path.read_bytes(), metadata=metadata)
        verdict = only(take(path))
        assert verdict.path == home / "roms" / "Fight-Arcade-v0" / "fight.zip"
        assert verdict.path.read_bytes() == path.read_bytes()

    def test_nes_rom_is_known_by_its_hash_without_header_and_kept_with_it(
        self, make_game: MakeGame, offer: Callable[..., Path], dump: SimpleNamespace
    ) -> None:
        rom = dump.nes()
        make_game("Mine-Nes", rom[16:])
        verdict = only(take(offer("game.nes", rom)))
        assert verdict.path is not None
        assert verdict.path.read_bytes() == rom

    def test_n64_rom_is_named_after_its_byte_order(
        self, make_game: MakeGame, offer: Callable[..., Path], dump: SimpleNamespace
    ) -> None:
        rom = swapped(dump.nintendo_64(), 2)
        make_game("Mine-N64", rom)
        path = only(take(offer("game.bin", rom))).path
        assert path is not None
        assert path.name == "rom.v64"
        assert find_game("Mine-N64").rom() == path

    def test_game_with_a_broken_hash_file_stops_no_other(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        make_game("Bad-Genesis", files={"rom.sha": b"\xff\xfe rubbish"})
        importer = Importer(games())
        assert only(list(importer.take(offer("game.md", noise)))).game == "Mine-Genesis"
        assert "rom.sha" in importer.broken["Bad-Genesis"]

    def test_store_that_cannot_be_written_is_an_error_in_words(
        self, make_game: MakeGame, offer: Callable[..., Path], home: Path, noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        home.write_text("a file where a folder should be")
        with pytest.raises(RomError, match="cannot be written"):
            take(offer("game.md", noise))


class TestRepairs:
    @pytest.mark.parametrize(
        ("spoil", "order"),
        [
            (lambda rom: bytes(512) + rom, "remove the 512-byte copier header"),
            (lambda rom: bytes(512) + interleaved(rom), "undo the Super Magic Drive interleave"),
            (lambda rom: swapped(rom, 2), "swap each pair of bytes"),
            (lambda rom: rom + b"\xff" * 65536, "cut the 65,536 bytes after the game"),
        ],
    )
    def test_fix_is_offered_first_and_done_on_demand(
        self,
        make_game: MakeGame,
        offer: Callable[..., Path],
        dump: SimpleNamespace,
        spoil: Callable[[bytes], bytes],
        order: str,
    ) -> None:
        rom = dump.mega_drive()
        make_game("Mine-Genesis", rom)
        path = offer("game.smd", spoil(rom))
        offered = only(take(path))
        assert (offered.outcome, offered.game, offered.path) == ("fixable", "Mine-Genesis", None)
        assert order in offered.message
        assert offered.message.endswith("run again with --fix")
        assert find_game("Mine-Genesis").find_rom() is None
        fixed = only(take(path, fix=True))
        assert fixed.outcome == "imported"
        assert order in fixed.message
        assert find_game("Mine-Genesis").rom().read_bytes() == rom
        assert path.read_bytes() == spoil(rom)

    def test_trimmed_rom_gets_its_padding_back(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        rom = noise[:40_000] + b"\xff" * (65536 - 40_000)
        make_game("Mine-Genesis", rom)
        path = offer("game.md", noise[:40_000])
        assert "put back the 25,536 bytes of 0xFF" in only(take(path)).message
        assert only(take(path, fix=True)).outcome == "imported"
        assert find_game("Mine-Genesis").rom().read_bytes() == rom

    def test_nothing_is_offered_for_a_game_that_is_here(self, offer: Callable[..., Path], airstriker: bytes) -> None:
        verdict = only(take(offer("striker.smd", bytes(512) + airstriker)))
        assert (verdict.outcome, verdict.game) == ("present", "Airstriker-Genesis-v0")


class TestExplanations:
    def explain(self, offer: Callable[..., Path], name: str, data: bytes) -> str:
        verdict = only(take(offer(name, data)))
        assert verdict.outcome == "unknown"
        assert verdict.path is None
        return verdict.message

    def test_other_release_of_a_known_title_names_the_wanted_hash(
        self, offer: Callable[..., Path], dump: SimpleNamespace
    ) -> None:
        rom = dump.mega_drive(title=b"SONIC THE HEDGEHOG")
        message = self.explain(offer, "rom.md", rom)
        assert message.startswith("looks like SONIC THE HEDGEHOG (Genesis, Europe, GM 12345678-00), but")
        wanted = find_game("SonicTheHedgehog-Genesis-v0").rom_sha1s[0]
        assert f"SonicTheHedgehog-Genesis-v0 wants SHA-1 {wanted} and this has {sha1(rom)}" in message
        assert "another region or revision" in message

    def test_region_in_the_file_name_is_mentioned(self, offer: Callable[..., Path], dump: SimpleNamespace) -> None:
        rom = dump.super_nintendo(title=b"SUPER MARIO WORLD")
        message = self.explain(offer, "Super Mario World (Europe) (Rev 1).sfc", rom)
        assert "by its name the release for Europe" in message
        assert "SuperMarioWorld-Snes-v0 wants" in message

    def test_title_cut_short_by_its_header_is_still_found(
        self, offer: Callable[..., Path], dump: SimpleNamespace
    ) -> None:
        message = self.explain(offer, "x.gb", dump.game_boy(title=b"ATTACK OF THE K"))
        assert "AttackOfTheKillerTomatoes-GameBoy-v0 wants" in message

    def test_game_without_integration_is_called_so(self, offer: Callable[..., Path], dump: SimpleNamespace) -> None:
        message = self.explain(offer, "x.gba", dump.game_boy_advance(title=b"XQZ JJVW"))
        assert message.startswith("looks like XQZ JJVW (GbAdvance, Europe, AGBP), but no game has its SHA-1")
        assert "no integration has such a title among the 0 GbAdvance games" in message

    def test_rom_that_is_cut_short_is_suspected(self, offer: Callable[..., Path], dump: SimpleNamespace) -> None:
        message = self.explain(offer, "x.md", dump.mega_drive()[:50_000])
        assert message.endswith("(its header speaks of 65,536 bytes and it has 50,000: it may be cut short)")

    def test_truncated_airstriker_is_recognised_by_its_title(
        self, offer: Callable[..., Path], airstriker: bytes
    ) -> None:
        message = self.explain(offer, "x.md", airstriker[:100_000])
        assert "BasiEgaXorz: Airstriker" in message
        assert "Airstriker-Genesis-v0 wants SHA-1 a8be7b0c" in message
        assert "it may be cut short" in message

    def test_header_is_found_under_a_copier_header(self, offer: Callable[..., Path], dump: SimpleNamespace) -> None:
        message = self.explain(offer, "x.smd", bytes(512) + interleaved(dump.mega_drive(title=b"XQZ JJVW")))
        assert "looks like XQZ JJVW" in message

    def test_nes_rom_without_its_header_cannot_be_run(
        self, make_game: MakeGame, offer: Callable[..., Path], dump: SimpleNamespace
    ) -> None:
        rom = dump.nes()
        make_game("Mine-Nes", rom[16:])
        assert "without the 16 bytes of its iNES header" in self.explain(offer, "game.nes", rom[16:])
        assert find_game("Mine-Nes").find_rom() is None

    def test_atari_rom_is_named_by_its_file(self, offer: Callable[..., Path], noise: bytes) -> None:
        message = self.explain(offer, "Amidar (USA).a26", noise[:4096])
        assert message.startswith("looks like a ROM for Atari2600, by its name the release for USA, but Amidar-Atari")

    def test_arcade_set_of_another_version_is_explained_as_a_whole(self, zipped: Callable[..., Path]) -> None:
        verdict = only(take(zipped("mk2.zip", {"chip1": b"\0\1\2", "chip2": b"\3"})))
        assert "named like the ROM set of MortalKombat2-Arcade-v0" in verdict.message

    @pytest.mark.parametrize(
        ("start", "words"),
        [
            (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
            (b"Rar!\x1a\x07", "a rar archive; unpack it first"),
            (b"\x1f\x8b\x08", "compressed with gzip; unpack it first"),
            (b"PATCH", "an IPS patch, not a ROM"),
            (b"<!DOCTYPE html><html>Not found</html>", "a text, not a ROM"),
        ],
    )
    def test_what_is_no_rom_is_called_by_its_name(self, offer: Callable[..., Path], start: bytes, words: str) -> None:
        padding = b"" if start.startswith(b"<") else bytes(range(256))
        assert self.explain(offer, "game.md", start + padding) == f"is {words}"

    def test_archive_is_worth_a_line_of_its_own_whatever_its_name(self, offer: Callable[..., Path]) -> None:
        assert only(take(offer("stuff", b"7z\xbc\xaf\x27\x1c" + bytes(9)))).is_rom

    def test_markdown_is_not_taken_for_a_mega_drive_rom(self, offer: Callable[..., Path]) -> None:
        verdict = only(take(offer("README.md", b"# Title\n\nSome text.\n")))
        assert not verdict.is_rom

    def test_unknown_binary_gives_its_hash(self, offer: Callable[..., Path], noise: bytes) -> None:
        message = self.explain(offer, "thing.dat", noise)
        assert message == (
            f"is no ROM that is known here: it has no console's header, and no game has its SHA-1 {sha1(noise)}"
        )


class TestHostileFiles:
    def refusals(self, path: Path) -> dict[str, str]:
        return {verdict.source.rpartition(": ")[2]: verdict.message for verdict in take(path) if not verdict.game}

    def test_names_that_point_out_of_the_zip_are_refused_and_the_rest_goes_on(
        self, make_game: MakeGame, zipped: Callable[..., Path], noise: bytes, tmp_path: Path
    ) -> None:
        make_game("Mine-Genesis", noise)
        names = ("../../evil.md", "/etc/evil.md", "C:\\evil.md", "..\\evil.md")
        path = zipped("bad.zip", {**dict.fromkeys(names, noise), "good.md": noise})
        verdicts = take(path)
        assert [verdict.outcome for verdict in verdicts] == ["refused"] * 4 + ["imported"]
        assert all("points out of its folder" in verdict.message for verdict in verdicts[:4])
        assert not list(tmp_path.rglob("evil*"))

    def test_bomb_is_refused_by_its_declared_size(
        self, zipped: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sources, "MAX_ROM_BYTES", 1000)
        path = zipped("bomb.zip", {"bomb.md": bytes(100_000)})
        assert "has 100,000 bytes, more than any cartridge" in self.refusals(path)["bomb.md"]

    def test_bomb_that_lies_about_its_size_is_stopped_while_unpacking(
        self, zipped: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = zipped("bomb.zip", {"bomb.md": bytes(100_000)})
        content = path.read_bytes().replace(struct.pack("<L", 100_000), struct.pack("<L", 10))
        path.write_bytes(content)
        message = self.refusals(path)["bomb.md"]
        assert "damaged" in message or "unpacks to more" in message

    def test_unpacking_of_one_zip_ends_at_its_budget(
        self, zipped: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, noise: bytes
    ) -> None:
        monkeypatch.setattr(sources, "MAX_ARCHIVE_BYTES", 150_000)
        path = zipped("many.zip", {f"{number}.dat": noise for number in range(4)})
        messages = self.refusals(path)
        assert "unpacks to more than the 18,928 bytes" in messages["2.dat"]
        assert "left out" in messages["3.dat"]

    def test_zip_with_endless_contents_is_not_opened(
        self, zipped: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sources, "MAX_DIRECTORY_BYTES", 100)
        path = zipped("long.zip", {f"{number}.dat": b"x" for number in range(50)})
        assert "more files than are looked through" in only(take(path)).message

    def test_truncated_zip_is_called_damaged(self, zipped: Callable[..., Path], noise: bytes) -> None:
        path = zipped("cut.zip", {"a.md": noise})
        path.write_bytes(path.read_bytes()[:1000])
        assert "is a damaged zip" in only(take(path)).message

    def test_damaged_member_is_called_so_and_the_rest_goes_on(
        self, make_game: MakeGame, zipped: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        path = zipped("hurt.zip", {"bad.dat": b"A" * 5000 + noise[::-1], "good.md": noise})
        content = bytearray(path.read_bytes())
        content[60:90] = bytes(30)
        path.write_bytes(content)
        bad, good = take(path)
        assert bad.outcome == "refused"
        assert bad.message.startswith("is damaged")
        assert good.game == "Mine-Genesis"

    def test_encrypted_member_is_called_so(self, zipped: Callable[..., Path], noise: bytes) -> None:
        path = zipped("secret.zip", {"a.md": noise})
        content = bytearray(path.read_bytes())
        content[6] |= 1
        content[content.rindex(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(content)
        assert "encrypted" in self.refusals(path)["a.md"]

    def test_names_cannot_write_to_the_terminal(
        self, zipped: Callable[..., Path], offer: Callable[..., Path], noise: bytes
    ) -> None:
        paths = [zipped("x.zip", {"a\x1b[2Jb.md": noise}), offer("c\x1b[2Jd.md", noise)]
        assert all(verdict.source.isprintable() for verdict in take(*paths))

    def test_empty_huge_and_special_files_are_refused(
        self, offer: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, noise: bytes
    ) -> None:
        monkeypatch.setattr(sources, "MAX_FILE_BYTES", 1000)
        pipe = tmp_path / "pipe.md"
        os.mkfifo(pipe)
        verdicts = take(offer("empty.md", b""), offer("huge.md", noise), pipe)
        assert [verdict.outcome for verdict in verdicts] == ["refused"] * 3
        assert [verdict.message for verdict in verdicts] == [
            "is empty",
            "has 65,536 bytes, more than any game here",
            "is no regular file",
        ]

    def test_large_unknown_file_is_hashed_without_being_loaded(
        self, offer: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, noise: bytes
    ) -> None:
        monkeypatch.setattr(roms, "MAX_ROM_BYTES", 1000)
        assert "larger than any cartridge" in only(take(offer("film.mkv", noise))).message

    def test_large_known_disc_is_imported(
        self, make_game: MakeGame, offer: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, noise: bytes
    ) -> None:
        make_game("Disc-Saturn", noise)
        monkeypatch.setattr(roms, "MAX_ROM_BYTES", 1000)
        assert only(take(offer("disc.chd", noise))).game == "Disc-Saturn"

    def test_missing_path_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError, match="no file or folder"):
            take(tmp_path / "nowhere")

    def test_folder_that_cannot_be_read_is_mentioned(
        self, offer: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, noise: bytes
    ) -> None:
        locked = offer("locked/game.md", noise).parent
        scan = os.scandir

        def scandir(path: str) -> Any:  # the user who runs the tests may be root, whom no permission stops
            if Path(path) == locked:
                raise PermissionError(13, "Permission denied", str(path))
            return scan(path)

        monkeypatch.setattr(os, "scandir", scandir)
        verdict = only(take(locked.parent))
        assert (verdict.source, verdict.message) == (str(locked), "is a folder that cannot be read")

    def test_file_that_goes_away_meanwhile_stops_no_other(
        self, make_game: MakeGame, offer: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        gone, good = offer("a.md", noise), offer("b.md", noise)
        hash_file = roms.file_sha1

        def hash_unless_gone(path: Path) -> str:
            gone.unlink(missing_ok=True)
            return hash_file(path)

        monkeypatch.setattr(roms, "file_sha1", hash_unless_gone)
        first, second = take(gone, good)
        assert first.message == "cannot be read to its end: No such file or directory"
        assert second.game == "Mine-Genesis"

    def test_folder_that_links_to_itself_ends(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis", noise)
        path = offer("game.md", noise)
        (path.parent / "loop").symlink_to(path.parent)
        assert only(take(path.parent)).game == "Mine-Genesis"


class TestPatchedGames:
    def patch(self, source: bytes) -> tuple[bytes, bytes]:
        """A VCDIFF patch that keeps 16 bytes of the source and adds four: COPY 16, ADD 4."""
        body = bytes([20, 0, 4, 2, 1]) + b"NEW!" + bytes([32, 5]) + b"\0"
        size = len(source)
        segment = bytes([1, 0x80 | size >> 14, 0x80 | size >> 7 & 127, size & 127, 0])
        return b"\xd6\xc3\xc4\0\0" + segment + bytes([len(body)]) + body, source[:16] + b"NEW!"

    def test_custom_game_is_made_as_soon_as_its_base_is_imported(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        patch, result = self.patch(noise)
        make_game("Mine-Genesis-v0", noise)
        make_game("MineCustom-Genesis", result, files={"rom.delta": patch})
        base, custom = take(offer("game.md", noise))
        assert (base.game, custom.game) == ("Mine-Genesis-v0", "MineCustom-Genesis")
        assert custom.message == "made from the ROM of Mine-Genesis-v0 by the patch that comes with stable-retro"
        assert find_game("MineCustom-Genesis").rom().read_bytes() == result

    def test_result_with_another_hash_is_not_kept(
        self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes
    ) -> None:
        make_game("Mine-Genesis-v0", noise)
        make_game("MineCustom-Genesis", b"something else", files={"rom.delta": self.patch(noise)[0]})
        assert only(take(offer("game.md", noise))).game == "Mine-Genesis-v0"
        assert find_game("MineCustom-Genesis").find_rom() is None

    def test_broken_base_stops_nothing(self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes) -> None:
        make_game("Mine-Genesis-v0", files={"metadata.json": b"{", "rom.sha": b"garbage"})
        make_game("MineCustom-Genesis", b"something else", files={"rom.delta": b"rubbish"})
        make_game("Other-Genesis", noise)
        assert only(take(offer("game.md", noise))).game == "Other-Genesis"

    def test_damaged_patch_stops_nothing(self, make_game: MakeGame, offer: Callable[..., Path], noise: bytes) -> None:
        make_game("Mine-Genesis-v0", noise)
        make_game("MineCustom-Genesis", b"something else", files={"rom.delta": b"rubbish"})
        assert only(take(offer("game.md", noise))).game == "Mine-Genesis-v0"

    def test_missing_custom_rom_points_to_its_base(self) -> None:
        with pytest.raises(RomError, match="made from the game that it changes"):
            find_game("SonicTheHedgehogCustomKevin-Genesis").rom()


def test_stable_retro_itself_has_not_been_written_to() -> None:
    shipped = {path.name for path in (stable_retro_folder() / "data").rglob("rom.*")}
    assert shipped == {"rom.md", "rom.sha", "rom.delta"}
