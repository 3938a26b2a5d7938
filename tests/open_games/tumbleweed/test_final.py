"""The final levels: always the same, in no other split, and each can be won."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.levels import find_split
from newgameplus.open_games.proof import par_path, verify_par
from newgameplus.open_games.tumbleweed.course import COURSE
from newgameplus.open_games.tumbleweed.curated import SPLITS_FOLDER, chosen_levels
from newgameplus.open_games.tumbleweed.final import (
    NUM_LEVELS,
    SPLIT,
    decoded,
    encoded,
    final_rom,
    read_final,
    split_text,
)
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES


def test_there_are_four_levels_of_each_zone_and_none_is_in_another_split() -> None:
    final = read_final()
    assert Counter(name.partition(".")[0] for name in final.proofs) == dict.fromkeys(ZONE_NAMES, 4)
    assert final.seed not in {level.seed for level in chosen_levels()}


@pytest.mark.nightly
def test_the_seed_gives_the_rom_whose_hash_is_kept() -> None:
    assert hashlib.sha1(final_rom(read_final()), usedforsecurity=False).hexdigest() == read_final().rom_sha1


def test_the_split_names_every_level() -> None:
    assert (SPLITS_FOLDER / f"{SPLIT}.toml").read_text() == split_text(read_final())
    assert [level.state for level in find_split(SPLIT).levels] == list(read_final().proofs)


def test_steps_are_written_and_read() -> None:
    assert encoded([1, 1, 1, 0, 0, 7]) == "1*3 0 0 7"
    assert decoded("1*3 0 0 7") == (1, 1, 1, 0, 0, 7)


def test_levels_that_were_not_made_yet_are_one_sentence_and_other_options_do_not_go_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert run(["evaluate", "random", "--split", SPLIT]) == 2
    assert "not here yet; make them with: ngp levels generate --final" in capsys.readouterr().err
    assert run(["levels", "generate", "--final", "--seed", "3"]) == 2
    assert "leave out all but --final" in capsys.readouterr().err
    assert run(["levels", "generate", "--seed", "3"]) == 2
    assert "ngp levels generate --seed N -o DIR" in capsys.readouterr().err


@pytest.mark.nightly
def test_the_game_is_made_once_and_every_level_is_won(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert run(["levels", "generate", "--final"]) == 0
    levels = find_split(SPLIT).found()
    assert len(levels) == NUM_LEVELS
    for level in levels:
        assert verify_par(COURSE, level, par_path(level)) <= COURSE.max_frames
    assert run(["levels", "generate", "--final"]) == 2
