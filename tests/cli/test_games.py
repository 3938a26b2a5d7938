"""``ngp games``: list, info and import, as a new user meets them."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from newgameplus.cli.main import run
from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.errors import install_line
from newgameplus.games import ale
from newgameplus.games.folders import GAMES_VARIABLE, HOME_VARIABLE

ROM = random.Random(3).randbytes(40_000)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path / "home"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a game whose ROM is ``ROM``."""
    folder = tmp_path / "collection" / "Mine-Genesis"
    folder.mkdir(parents=True)
    (folder / "rom.sha").write_text(hashlib.sha1(ROM).hexdigest())
    (folder / "data.json").write_text('{"info": {"score": {"address": 16712270, "type": ">u4"}}}')
    (folder / "scenario.json").write_text('{"reward": {"variables": {"score": {"reward": 2}}}}')
    monkeypatch.setenv(GAMES_VARIABLE, str(folder.parent))
    return folder


@pytest.fixture
def offered(tmp_path: Path) -> Path:
    folder = tmp_path / "offered"
    folder.mkdir()
    return folder


def read_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


class TestList:
    def test_bare_verb_lists_every_game(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["games"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) > 1000
        assert "Airstriker-Genesis-v0\tGenesis\t1\tfree" in lines
        assert "SonicTheHedgehog-Genesis-v0\tGenesis\t17\tmissing" in lines

    @pytest.mark.parametrize("console", ["Saturn", "saturn"])
    def test_console_is_understood_in_any_case(self, capsys: pytest.CaptureFixture[str], console: str) -> None:
        assert run(["games", "--console", console]) == 0
        assert capsys.readouterr().out == "VirtuaFighter2-Saturn-v0\tSaturn\t1\tmissing\n"

    def test_text_narrows_the_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["games", "list", "airSTRIKER"]) == 0
        assert capsys.readouterr().out == "Airstriker-Genesis-v0\tGenesis\t1\tfree\n"

    def test_available_shows_free_and_own_games(self, capsys: pytest.CaptureFixture[str], mine: Path) -> None:
        (mine / "rom.md").write_bytes(ROM)
        assert run(["games", "list", "--available", "--json"]) == 0
        found = {game["name"]: game["rom"] for game in read_json(capsys)["games"]}
        assert found == {"Airstriker-Genesis-v0": "free", "Mine-Genesis": "own", "Tumbleweed-Genesis-v0": "free"}

    @pytest.mark.parametrize(("file", "content"), [("rom.sha", b"\xff"), ("metadata.json", b"{")])
    def test_broken_game_is_marked_and_hides_no_other(
        self, capsys: pytest.CaptureFixture[str], mine: Path, file: str, content: bytes
    ) -> None:
        (mine / file).write_bytes(content)
        (mine.parent / "Odd-Console").mkdir()
        (mine.parent / "Odd-Console" / "data.json").write_text("{}")
        (mine.parent / "Odd-Console" / file).write_bytes(content)
        assert run(["games", "list", "--json"]) == 0
        games = {game["name"]: game for game in read_json(capsys)["games"]}
        assert len(games) > 1000
        assert games["Odd-Console"]["rom"] == "broken"
        if file == "rom.sha":
            assert games["Mine-Genesis"]["rom"] == "broken"
            assert str(mine / file) in games["Mine-Genesis"]["problem"]

    def test_person_sees_a_head_and_a_sum(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert run(["games", "list", "airstriker"]) == 0
        out = capsys.readouterr().out
        assert "console" in out
        assert "1 game, 1 with its ROM here" in out

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["list", "airstrikr-genesis"], "Did you mean Airstriker-Genesis-v0"),
            (["--console", "Genesiss"], "Did you mean Genesis"),
            (["imprt"], "Did you mean import"),
            (["sonic"], "ngp games list sonic"),
            (["info", "Airstrike-Genesis"], "Did you mean Airstriker-Genesis-v0"),
            (["import"], "Name a file or a folder"),
            (["import", "/no/such/rom.md"], "There is no file or folder /no/such/rom.md"),
        ],
    )
    def test_mistake_gets_a_hint_and_exit_code_2(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
    ) -> None:
        assert run(["games", *arguments]) == 2
        assert message in capsys.readouterr().err


class TestInfo:
    @pytest.mark.parametrize("width", [30, 80])
    def test_a_terminal_gets_no_broken_word_and_no_escape(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(width))
        assert run(["games", "info", "Airstriker-Genesis"]) == 0
        out = capsys.readouterr().out
        assert "x1b" not in out
        assert out.splitlines()[0].endswith("Airstriker-Genesis-v0\x1b[0m")
        assert "/data/stable/Airstriker-Genesis-v0/rom.md" in out

    def test_everything_about_a_game_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["games", "info", "Airstriker-Genesis"]) == 0
        out = capsys.readouterr().out
        for fact in (
            "genesis_plus_gx",
            "B A MODE START UP DOWN LEFT RIGHT C Y X Z",
            "sonic-7 (7), sonic-8 (8), sonic-10 (10), reverie-8 (8), console (15)",
            "rom.md (free)",
            "a8be7b0ca850119b167f9644e6a4a22e983d61a4",
            "Level1 (default)",
            "scenario scenario (default)",
            "reward: score: +1 for each point up",
            "the episode ends when: gameover is 1 and lives is 0",
            "score\t0xFF024E\t>u4",
        ):
            assert fact in out, fact

    def test_json_has_the_same_facts(self, capsys: pytest.CaptureFixture[str], mine: Path, home: Path) -> None:
        assert run(["games", "info", "Mine-Genesis", "--json"]) == 0
        facts = read_json(capsys)
        assert facts["rom"] == {
            "path": None,
            "origin": None,
            "sha1": [hashlib.sha1(ROM).hexdigest()],
            "import_to": str(home / "roms" / "Mine-Genesis" / "rom.md"),
            "is_made_by_patch": False,
        }
        assert facts["folders"] == [str(mine)]
        assert facts["action_sets"]["reverie-8"][:3] == [["B"], ["B", "RIGHT"], ["RIGHT"]]
        assert facts["variables"] == {"score": {"address": 16712270, "address_hex": "0xFF024E", "type": ">u4"}}
        assert facts["scenarios"]["scenario"]["reward"] == ["score: +2 for each point up"]

    def test_missing_rom_and_lua_scenarios_are_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["games", "info", "SonicTheHedgehog-Genesis"]) == 0
        out = capsys.readouterr().out
        assert "missing; ngp games import PATH would keep it as" in out
        assert "scenario contest (default)\n    reward: the script's contest_reward()" in out

    def test_game_made_by_a_patch_says_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["games", "info", "SonicTheHedgehogCustomKevin-Genesis"]) == 0
        assert "made as soon as the game that it changes is imported" in capsys.readouterr().out

    def test_broken_game_gets_one_sentence(self, capsys: pytest.CaptureFixture[str], mine: Path) -> None:
        (mine / "data.json").write_text("{")
        assert run(["games", "info", "Mine-Genesis"]) == 2
        assert str(mine / "data.json") in capsys.readouterr().err


class TestImport:
    def test_folder_with_everything_is_answered_file_by_file(
        self, capsys: pytest.CaptureFixture[str], mine: Path, offered: Path
    ) -> None:
        (offered / "a.md").write_bytes(ROM)
        (offered / "b.md").write_bytes(b"\x01" * 5000)
        (offered / "notes.txt").write_text("some notes")
        with zipfile.ZipFile(offered / "c.zip", "w") as archive:
            archive.writestr("../out.md", ROM)
        assert run(["games", "import", str(offered)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f"+ {offered / 'a.md'} imported as Mine-Genesis."
        assert lines[1].startswith(f"- {offered / 'b.md'} looks like a ROM without a header, but no game has its SHA-1")
        assert lines[2].startswith(f"- {offered / 'c.zip'}: ../out.md has a name that points out of its folder")
        assert lines[3] == "- 1 file does not look like a ROM: notes.txt."
        assert lines[4] == "4 files looked at: 1 imported, 0 already here, 3 not taken for the reasons above."

    def test_verbose_names_also_what_is_no_rom(self, capsys: pytest.CaptureFixture[str], offered: Path) -> None:
        (offered / "notes.txt").write_text("some notes")
        assert run(["games", "import", "--verbose", str(offered)]) == 1
        assert capsys.readouterr().out.splitlines()[0] == f"- {offered / 'notes.txt'} is a text, not a ROM."

    def test_nothing_taken_is_exit_code_1_and_never_bare(
        self, capsys: pytest.CaptureFixture[str], offered: Path
    ) -> None:
        (offered / "b.md").write_bytes(b"\x01" * 5000)
        assert run(["games", "import", str(offered)]) == 1
        assert "no game has its SHA-1" in capsys.readouterr().out

    def test_empty_folder_says_that_it_is_empty(self, capsys: pytest.CaptureFixture[str], offered: Path) -> None:
        assert run(["games", "import", str(offered)]) == 1
        assert capsys.readouterr().out == "There are no files in the folders that were named.\n"

    def test_fix_is_offered_with_exit_code_1_and_then_done(
        self, capsys: pytest.CaptureFixture[str], mine: Path, offered: Path, home: Path
    ) -> None:
        (offered / "a.smd").write_bytes(bytes(512) + ROM)
        assert run(["games", "import", str(offered)]) == 1
        out = capsys.readouterr().out
        assert "remove the 512-byte copier header; run again with --fix" in out
        assert "1 that --fix would take" in out
        assert run(["games", "import", "--fix", str(offered)]) == 0
        assert (home / "roms" / "Mine-Genesis" / "rom.md").read_bytes() == ROM

    def test_dry_run_promises_and_writes_nothing(
        self, capsys: pytest.CaptureFixture[str], mine: Path, offered: Path, home: Path
    ) -> None:
        (offered / "a.md").write_bytes(ROM)
        assert run(["games", "import", "--dry-run", str(offered)]) == 0
        assert "1 would be imported" in capsys.readouterr().out
        assert not home.exists()

    def test_second_import_is_no_failure(self, capsys: pytest.CaptureFixture[str], mine: Path, offered: Path) -> None:
        (offered / "a.md").write_bytes(ROM)
        assert run(["games", "import", str(offered)]) == 0
        assert run(["games", "import", str(offered)]) == 0
        assert "0 imported, 1 already here" in capsys.readouterr().out

    def test_json_tells_of_every_file(
        self, capsys: pytest.CaptureFixture[str], mine: Path, offered: Path, home: Path
    ) -> None:
        (offered / "a.md").write_bytes(ROM)
        (offered / "notes.txt").write_text("some notes")
        assert run(["games", "import", "--json", str(offered)]) == 0
        report = read_json(capsys)
        assert report["counts"] == {"imported": 1, "present": 0, "fixable": 0, "unknown": 1, "refused": 0}
        assert report["files"][0] == {
            "source": str(offered / "a.md"),
            "outcome": "imported",
            "game": "Mine-Genesis",
            "sha1": hashlib.sha1(ROM).hexdigest(),
            "path": str(home / "roms" / "Mine-Genesis" / "rom.md"),
            "message": "imported as Mine-Genesis",
        }
        assert report["files"][1]["message"] == "is a text, not a ROM"

    def test_broken_game_is_reported_and_stops_no_other(
        self, capsys: pytest.CaptureFixture[str], mine: Path, offered: Path
    ) -> None:
        (offered / "a.md").write_bytes(ROM)
        (mine.parent / "Bad-Genesis").mkdir()
        (mine.parent / "Bad-Genesis" / "rom.sha").write_text("garbage")
        assert run(["games", "import", str(offered)]) == 0
        out = capsys.readouterr().out
        assert "imported as Mine-Genesis" in out
        assert "! Bad-Genesis cannot be imported, its own files are broken" in out

    def test_from_ale_makes_the_atari_split_playable(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["games", "import", "--from-ale"]) == 0
        assert "32 imported" in capsys.readouterr().out
        assert run(["levels", "--split", "atari", "--json"]) == 0
        assert all(level["is_playable"] for level in read_json(capsys)["levels"])

    def test_from_ale_without_the_package_says_how_to_get_it(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        find_spec = ale.importlib.util.find_spec
        monkeypatch.setattr(ale.importlib.util, "find_spec", lambda name: None if name == "ale_py" else find_spec(name))
        assert run(["games", "import", "--from-ale"]) == 2
        assert install_line("atari") in capsys.readouterr().err

    def test_real_rom_under_a_strange_name_is_recognised(
        self, capsys: pytest.CaptureFixture[str], offered: Path
    ) -> None:
        rom = stable_retro_folder() / "data/stable/Airstriker-Genesis-v0/rom.md"
        (offered / "download(1)").write_bytes(rom.read_bytes())
        assert run(["games", "import", str(offered)]) == 0
        assert "is Airstriker-Genesis-v0, which is already here" in capsys.readouterr().out


def test_another_dump_is_marked_and_no_contest_takes_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = stable_retro_folder() / "data/stable/Airstriker-Genesis-v0"
    shutil.copytree(original, home / "games/Known-Genesis", ignore=shutil.ignore_patterns("rom.md"))
    other, results = tmp_path / "other.md", tmp_path / "results"
    other.write_bytes((original / "rom.md").read_bytes() + bytes(2))
    assert run(["games", "import", str(other), "--as", "Known-Genesis"]) == 0
    assert "imported as another dump of Known-Genesis" in capsys.readouterr().out
    assert run(["games", "info", "Known-Genesis"]) == 0
    assert "(another dump than the integration was made for)" in capsys.readouterr().out
    assert run(["evaluate", "random", "--level", "Known-Genesis/Level1", "--results", str(results)]) == 2
    assert "is another dump than those that the contest knows" in capsys.readouterr().err
    assert not results.exists()
    assert run(["games", "import", str(other), str(other), "--as", "Known-Genesis"]) == 2
