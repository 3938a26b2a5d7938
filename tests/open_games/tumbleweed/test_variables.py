"""What data.json says of the memory is what the program's header says."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.errors import IntegrationError
from newgameplus.open_games.shipping import data_json
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.variables import RAM_ADDRESS, variables_of

HEADER = Path(__file__).parents[3] / "games/tumbleweed/src/game.h"
SMALL = """
struct variables {
  u16 mode, level;   /* +00 what it is */
  s32 far;           /* +04 */
  s16 x_speed;       /* +08 */
};
"""


def test_the_shipped_variables_are_those_of_the_header() -> None:
    assert (TUMBLEWEED.folder / "data.json").read_text() == data_json(variables_of(HEADER.read_text()))


def test_each_variable_has_its_address_and_type() -> None:
    assert variables_of(SMALL) == {
        "far": {"address": RAM_ADDRESS + 4, "type": ">i4"},
        "level": {"address": RAM_ADDRESS + 2, "type": ">u2"},
        "mode": {"address": RAM_ADDRESS, "type": ">u2"},
        "x_speed": {"address": RAM_ADDRESS + 8, "type": ">i2"},
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("+08", "+06", r"'s16 x_speed;.*lies at offset \+08"),
        ("/* +04 */", "", r"'s32 far;' lies at offset \+04"),
        ("s32 far", "float far", "'float far' in struct variables is no declaration"),
        ("struct variables", "struct others", "has no struct variables"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(IntegrationError, match=message):
        variables_of(SMALL.replace(old, new))
