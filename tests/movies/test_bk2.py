"""The bk2 format: what stable-retro writes we read, what we write it reads, and BizHawk's headers are understood."""

from __future__ import annotations

import codecs
import gc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newgameplus.emulator.cores import consoles
from newgameplus.errors import MovieError
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import EXTRA, HEADER, LOG, STATE, Movie, read_movie, write_movie
from newgameplus.movies.columns import LETTERS

NAMELESS_TO_STABLE_RETRO = {"PAUSE", "RESET", "RUN", "I", "II", "III", "IV", "V", "VI"} | {
    "L2", "R2", "L3", "R3", "C-RIGHT", "C-UP", "C-MODE",
}  # fmt: skip


def _blank(size, at=None):
    rom = bytearray(size)
    for offset, content in (at or {}).items():
        rom[offset : offset + len(content)] = content
    return bytes(rom)


BLANK_ROMS = {
    "Nes": ("nes", _blank(16 + 24576, {0: b"NES\x1a\1\1", 16: b"\x4c\x00\xc0", 16 + 16378: b"\x00\xc0" * 3})),
    "Snes": ("sfc", _blank(32768, {0: b"\x80\xfe", 0x7FFC: b"\x00\x80"})),
    "GameBoy": ("gb", _blank(32768, {0x100: b"\xc3\x00\x01"})),
    "Sms": ("sms", _blank(32768, {0: b"\x18\xfe"})),
    "Atari2600": ("a26", _blank(4096, {0: b"\x4c\x00\xf0", 4092: b"\x00\xf0\x00\xf0"})),
    "GbAdvance": ("gba", _blank(65536, {0: b"\xfe\xff\xff\xea"})),
}
"""Cartridges of our own that do nothing but run in a circle."""


def _mask_of_all(console, without=frozenset()):
    buttons = consoles()[console].buttons
    return sum(1 << bit for bit, name in enumerate(buttons) if name is not None and name not in without)


def _random_movie(console, num_players, seed=0, num_frames=200):
    masks = np.random.default_rng(seed).integers(0, 2**16, (num_frames, num_players), dtype=np.uint32)
    masks &= np.uint32(_mask_of_all(console))
    return Movie("Some-Game-v0", console, bytes(range(256)) * 20, consoles()[console].buttons, masks)


def _log(path):
    with zipfile.ZipFile(path) as file:
        return file.read(LOG).decode()


@pytest.mark.parametrize("num_players", [1, 2])
@pytest.mark.parametrize("console", sorted(consoles()))
def test_stable_retro_reads_what_we_write(console, num_players, tmp_path, their_reading):
    movie = _random_movie(console, num_players)
    path = tmp_path / "ours.bk2"
    write_movie(path, movie)
    game, state, masks = their_reading(path, len(movie.buttons))
    known = np.uint32(_mask_of_all(console, NAMELESS_TO_STABLE_RETRO))
    assert (game, state) == (movie.game, movie.start_state)
    assert masks == (movie.masks & known).tolist()


@pytest.mark.parametrize("console", [*BLANK_ROMS, "Genesis"])
def test_we_read_what_stable_retro_writes_and_write_the_same_log(console, tmp_path, their_reading):
    import stable_retro

    rom = find_level("Airstriker-Genesis-v0").integration.rom()
    if console in BLANK_ROMS:
        extension, content = BLANK_ROMS[console]
        rom = tmp_path / f"rom.{extension}"
        rom.write_bytes(content)
    path = tmp_path / "theirs.bk2"
    machine = stable_retro.RetroEmulator(str(rom))
    machine.step()
    state = machine.get_state()
    num_buttons = len(consoles()[console].buttons)
    recorded = stable_retro.Movie(str(path), True, 2)
    recorded.configure("Some-Game-v0", machine)
    recorded.set_state(state)
    recorded.step()
    for mask in np.random.default_rng(1).integers(0, 2**num_buttons, (50, 2)).tolist():
        for player in range(2):
            for bit in range(num_buttons):
                recorded.set_key(bit, bool(mask[player] >> bit & 1), player)
        recorded.step()
    recorded.close()
    del machine
    gc.collect()
    movie = read_movie(path)
    assert (movie.game, movie.start_state, movie.masks.tolist()) == their_reading(path, num_buttons)
    assert (movie.platform, movie.dialect, movie.is_complete, movie.num_frames) == (console, "retro", True, 51)
    if not NAMELESS_TO_STABLE_RETRO & set(movie.buttons):
        write_movie(tmp_path / "ours.bk2", movie)
        assert _log(tmp_path / "ours.bk2").rstrip("\n") == _log(path)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_masks_survive_writing_and_reading(data, tmp_path):
    console = data.draw(st.sampled_from(sorted(consoles())))
    num_players = data.draw(st.integers(1, 8))
    mask = st.integers(0, 2**16 - 1).map(lambda mask: mask & _mask_of_all(console))
    rows = data.draw(st.lists(st.lists(mask, min_size=num_players, max_size=num_players), min_size=1, max_size=40))
    dialect = data.draw(st.sampled_from(["retro", "bizhawk"]))
    is_complete = data.draw(st.booleans())
    buttons = consoles()[console].buttons
    movie = Movie("A-Game", console, b"state", buttons, np.array(rows, np.uint32), is_complete=is_complete)
    path = tmp_path / "movie.bk2"
    write_movie(path, movie, dialect)
    again = read_movie(path)
    assert again.masks.tolist() == rows
    assert (again.dialect, again.platform, again.game) == (dialect, console, "A-Game")
    assert (again.start_state, again.is_complete) == (b"state", is_complete)


def test_no_two_buttons_of_a_console_share_a_letter():
    for console in consoles().values():
        letters = [LETTERS[name] for name in console.buttons if name is not None]
        assert len(letters) == len(set(letters)), console.name


def _write_zip(path, header, log, **members):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("Header.txt", header)
        file.writestr(LOG, log)
        for name, content in members.items():
            file.writestr(name, content)


def test_the_columns_of_a_bizhawk_log_are_taken_from_its_key_line(tmp_path):
    path = tmp_path / "biz.bk2"
    log = (
        "[Input]\r\nLogKey:#Reset|Power|#P1 C|P1 B|P1 Up|#P2 Start|P2 A|\r\n"
        "|..|...|..|\r\n|..|C.U|.A|\r\n|..|.B.|S.|\r\n[/Input]\r\n"
    )
    _write_zip(path, "\ufeffMovieVersion BizHawk v2.0.0\r\nPlatform GEN\r\nGameName Some Game (W) [!]\r\n", log)
    movie = read_movie(path)
    held = [
        [{movie.buttons[bit] for bit in range(12) if mask >> bit & 1} for mask in row] for row in movie.masks.tolist()
    ]
    assert held == [[set(), set()], [{"C", "UP"}, {"A"}], [{"B"}, {"START"}]]
    assert (movie.game, movie.dialect, movie.start_state) == ("Some Game (W) [!]", "bizhawk", None)


def test_bizhawks_handhelds_name_buttons_without_a_player(tmp_path):
    path = tmp_path / "gb.bk2"
    _write_zip(path, "Platform GB\nGameName X\n", "[Input]\nLogKey:#Up|A|Power|\n|U..|\n|.A.|\n[/Input]\n")
    movie = read_movie(path)
    assert movie.masks.tolist() == [[1 << movie.buttons.index("UP")], [1 << movie.buttons.index("A")]]


def test_a_bizhawk_log_that_resets_the_console_is_refused(tmp_path):
    path = tmp_path / "reset.bk2"
    _write_zip(path, "Platform GEN\nGameName X\n", "[Input]\nLogKey:#Reset|Power|#P1 Up|\n|r.|.|\n[/Input]\n")
    with pytest.raises(MovieError, match=r"Line 3 of Input Log\.txt .* moves a switch of the console"):
        read_movie(path)


def test_a_damaged_key_line_leaves_the_letters(tmp_path):
    path = tmp_path / "damaged.bk2"
    _write_zip(path, "Platform GEN\nGameName X\n", "[Input]\n?????\n|..|........BA..|\n[/Input]\n")
    movie = read_movie(path)
    assert movie.masks.tolist() == [[1 << movie.buttons.index("A") | 1 << movie.buttons.index("B")]]


def test_a_standard_header_is_written_for_bizhawk(tmp_path):
    path = tmp_path / "movie.bk2"
    write_movie(path, _random_movie("Genesis", 1), "bizhawk")
    with zipfile.ZipFile(path) as file:
        header = file.read("Header.txt").decode().splitlines()
    assert {"MovieVersion BizHawk v2.0.0", "Platform GEN", "GameName Some-Game-v0"} <= set(header)
    key = "LogKey:#Reset|Power|#" + "".join(
        f"P1 {name}|" for name in ["Up", "Down", "Left", "Right", "A", "B", "C", "Start", "X", "Y", "Z", "Mode"]
    )
    assert _log(path).splitlines()[1] == key


def test_a_name_with_a_line_break_is_not_written(tmp_path):
    movie = _random_movie("Genesis", 1)
    forged = Movie("X\nPlatform NES", "Genesis", b"", movie.buttons, movie.masks)
    with pytest.raises(MovieError, match="line break"):
        write_movie(tmp_path / "movie.bk2", forged)
    assert not list(tmp_path.iterdir())


def _rewritten(movie_path, target, change):
    """A copy of a movie whose members are what ``change`` makes of their name and content."""
    with zipfile.ZipFile(movie_path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    return target


def test_texts_of_a_movie_may_begin_with_a_byte_order_mark(movie_path, tmp_path):
    def marked(name, content):
        return name, codecs.BOM_UTF8 + content if name in (HEADER, LOG, EXTRA) else content

    plain, read = read_movie(movie_path), read_movie(_rewritten(movie_path, tmp_path / "marked.bk2", marked))
    assert np.array_equal(plain.masks, read.masks)
    assert (plain.header, plain.extra, plain.is_complete) == (read.header, read.extra, read.is_complete)


@pytest.mark.parametrize("name", ["Core", "core.bin", "Core.dat"])
def test_the_start_state_is_found_under_the_names_that_other_versions_give_it(name, movie_path, tmp_path):
    other = _rewritten(movie_path, tmp_path / "other.bk2", lambda old, data: (name if old == STATE else old, data))
    assert read_movie(other).start_state == read_movie(movie_path).start_state


def test_a_start_state_written_as_text_is_refused_by_its_name(movie_path, tmp_path):
    other = _rewritten(movie_path, tmp_path / "text.bk2", lambda old, data: (old.replace(STATE, "Core.txt"), data))
    with pytest.raises(MovieError, match=r"start state in Core\.txt"):
        read_movie(other)
