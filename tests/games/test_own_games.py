"""Games of a user's own, as editors on Windows and other people's habits leave their files."""

from __future__ import annotations

import codecs
import shutil
from pathlib import Path

import numpy as np
import pytest

from newgameplus.emulator.backends import Backend
from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import IntegrationError, NotFoundError, RomError, UsageError
from newgameplus.games.action_sets import read_action_set
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.folders import own_games
from newgameplus.games.integration import POWER_ON
from newgameplus.games.levels import find_level, find_split, levels_of
from newgameplus.games.other_dumps import import_as
from newgameplus.games.roms import Importer
from newgameplus.types import ObservationSpec


def test_own_game_with_an_imported_rom_is_played(home: Path, airstriker: bytes, tmp_path: Path) -> None:
    original = stable_retro_folder() / "data/stable/Airstriker-Genesis-v0"
    folder = home / "games" / "MyGame-Genesis"
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("rom.md"))
    offered = tmp_path / "copied by a copier.smd"
    offered.write_bytes(bytes(512) + airstriker)
    verdicts = list(Importer(games(), fix=True).take(offered))
    assert {verdict.game for verdict in verdicts if verdict.outcome == "imported"} == {"MyGame-Genesis"}
    env = RetroEnv(find_level("MyGame-Genesis/Level1"))
    try:
        assert env.rom == home / "roms" / "MyGame-Genesis" / "rom.md"
        observation, _ = env.reset(seed=1)
        assert observation.shape == (224, 320, 3)
        assert env.step(env.action_space.sample())[4]["lives"] == 3
    finally:
        env.close()


ORIGINAL = stable_retro_folder() / "data/stable/Airstriker-Genesis-v0"
FOUR_FRAMES = FrameSkip(4, 0.0)
NO_ACTION = np.zeros(12, np.int8)


def a_copy(name: str, **files: bytes | None) -> Path:
    """A game with Airstriker's files but for those named (a dot is written ``__``); None leaves one out."""
    folder = own_games() / name
    shutil.copytree(ORIGINAL, folder)
    for file, content in files.items():
        path = folder / file.replace("__", ".")
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
    return folder


def variables_after(level_id: str, num_frames: int = 60, backend: Backend | None = None) -> list[dict[str, int]]:
    env = RetroEnv(find_level(level_id), backend=backend)
    try:
        env.reset(seed=0)
        return [env.step(NO_ACTION)[4] for _ in range(num_frames)]
    finally:
        env.close()


def test_files_that_begin_with_a_byte_order_mark_are_read() -> None:
    names = ("data.json", "scenario.json", "metadata.json", "rom.sha")
    marked = {name.replace(".", "__"): codecs.BOM_UTF8 + (ORIGINAL / name).read_bytes() for name in names}
    a_copy("Marked-Genesis", **marked)
    assert find_game("Marked-Genesis").rom_sha1s == find_game("Airstriker-Genesis-v0").rom_sha1s
    assert variables_after("Marked-Genesis") == variables_after("Airstriker-Genesis-v0")


@pytest.mark.parametrize(("name", "content"), [("s.toml", 'levels = ["A-Genesis/B"]'), ("a.json", '[["LEFT"], []]')])
def test_splits_and_action_sets_may_begin_with_a_byte_order_mark(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_bytes(codecs.BOM_UTF8 + content.encode())
    read = find_split(str(path)).levels if path.suffix == ".toml" else read_action_set(path).combos
    assert len(read) == 1


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_an_empty_scenario_rewards_nothing_and_never_ends(backend: Backend) -> None:
    a_copy("Empty-Genesis", scenario__json=b"{}")
    env = RetroEnv(find_level("Empty-Genesis"), backend=backend)
    try:
        env.reset(seed=0)
        assert {env.step(NO_ACTION)[1:3] for _ in range(60)} == {(0.0, False)}
    finally:
        env.close()


@pytest.mark.parametrize("name", ["scenario", "contest", "mine"])
def test_a_scenario_with_a_comma_too_many_is_refused_with_its_file_and_position(name: str) -> None:
    folder = a_copy("Comma-Genesis", **{f"{name}__json": b'{"reward": {\n "variables": {},\n}}'})
    with pytest.raises(IntegrationError, match=rf"{folder / name}\.json is not valid json: .*line \d column \d"):
        variables_after(f"Comma-Genesis/{find_game('Comma-Genesis').states[0]}") if name != "mine" else RetroEnv(
            find_level("Comma-Genesis/Level1", "mine")
        )


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_a_game_without_a_state_is_played_from_power_on(backend: Backend) -> None:
    a_copy("Stateless-Genesis", Level1__state=None, metadata__json=b"{}")
    level = find_level("Stateless-Genesis")
    assert (level.state, levels_of(level.integration)) == (POWER_ON, (level,))
    env = RetroEnv(level, kind="ram", backend=backend)
    try:
        episodes = []
        for _ in range(2):
            first, _ = env.reset(seed=0)
            episodes.append([first, *(env.step(NO_ACTION)[0] for _ in range(90))])
        assert np.array_equal(*episodes)
        assert not np.array_equal(first, episodes[0][-1])
    finally:
        env.close()


def test_a_batch_plays_power_on_as_one_environment_does_and_beside_other_levels() -> None:
    levels = [find_level("Airstriker-Genesis-v0/power-on"), find_level("Airstriker-Genesis-v0")]
    env = RetroEnv(levels[0], kind="ram", frame_skip=FOUR_FRAMES)
    batch = RetroVecEnv(levels, observation_spec=ObservationSpec(kind="ram"), frame_skip=FOUR_FRAMES)
    try:
        assert np.array_equal(env.reset(seed=0)[0], batch.reset(seed=0)[0][0])
        for _ in range(15):
            seen = batch.step(np.zeros((2, 12), np.int8))[0]
            assert np.array_equal(env.step(NO_ACTION)[0], seen[0])
            assert not np.array_equal(seen[0], seen[1])
    finally:
        env.close()
        batch.close()


def test_a_game_with_levels_but_no_default_asks_for_one() -> None:
    a_copy("Two-Genesis", metadata__json=b"{}", Level2__state=(ORIGINAL / "Level1.state").read_bytes())
    with pytest.raises(
        NotFoundError, match="2 levels and none of them is the default, so name one: Two-Genesis/Level1"
    ):
        find_level("Two-Genesis")


def test_another_dump_is_taken_by_name_alone_and_is_marked(home: Path, airstriker: bytes, tmp_path: Path) -> None:
    folder = a_copy("Known-Genesis", rom__md=None)
    other = tmp_path / "another revision.md"
    other.write_bytes(airstriker + bytes(2))
    game = find_game("Known-Genesis")
    assert [verdict.outcome for verdict in Importer({game.name: game}).take(other)] != ["imported"]
    verdict = import_as(other, game)
    assert (verdict.path, game.rom_origin) == (home / "roms/Known-Genesis/rom.md", "other")
    assert "another dump of Known-Genesis" in verdict.message
    variables_after("Known-Genesis")
    right = tmp_path / "right.md"
    right.write_bytes(airstriker)
    assert "imported" in [verdict.outcome for verdict in Importer({game.name: game}).take(right)]
    assert find_game("Known-Genesis").rom_origin == "own"
    assert folder.is_dir()


def test_another_dump_is_refused_where_it_makes_no_sense(airstriker: bytes, tmp_path: Path) -> None:
    a_copy("Known-Genesis", rom__md=None)
    right, empty = tmp_path / "right.md", tmp_path / "empty.md"
    right.write_bytes(airstriker)
    empty.touch()
    with pytest.raises(UsageError, match="leave out --as"):
        import_as(right, find_game("Known-Genesis"))
    with pytest.raises(UsageError, match="goes with no other"):
        import_as(right, find_game("Tumbleweed-Genesis"))
    with pytest.raises(RomError, match="is empty; name one ROM"):
        import_as(empty, find_game("Known-Genesis"))
