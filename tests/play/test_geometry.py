"""Lines are whole pixels high, and the picture has the shape of the console's screen."""

from __future__ import annotations

from fractions import Fraction

import pytest

from newgameplus.play.geometry import place, shape_of, window_size


@pytest.mark.parametrize(
    ("console", "size", "is_square", "shape"),
    [
        ("Genesis", (320, 224), False, Fraction(4, 3)),
        ("Genesis", (256, 224), False, Fraction(4, 3)),
        ("Genesis", (320, 224), True, Fraction(10, 7)),
        ("GameBoy", (160, 144), False, Fraction(10, 9)),
        ("FBNeo", (224, 320), False, Fraction(3, 4)),
    ],
)
def test_shape(console: str, size: tuple[int, int], is_square: bool, shape: Fraction) -> None:
    assert shape_of(console, *size, is_square=is_square) == shape


@pytest.mark.parametrize("scale", range(1, 9))
def test_a_new_window_has_room_for_its_picture_at_that_scale(scale: int) -> None:
    shape = Fraction(4, 3)
    width, height = window_size(320, 224, shape, scale)
    box = place(320, 224, shape, (width, height))
    assert box.height == height == 224 * scale
    assert width - box.width <= 1


def test_a_picture_with_every_line_twice_gets_no_larger_window() -> None:
    assert window_size(640, 448, Fraction(4, 3), 3) == (896, 672)


@pytest.mark.parametrize("room", [(1920, 1080), (1000, 700), (700, 1000), (320, 240)])
def test_the_picture_lies_in_the_middle_and_inside_with_whole_lines(room: tuple[int, int]) -> None:
    box = place(320, 224, Fraction(4, 3), room)
    assert box.height % 224 == 0
    assert 0 <= box.x == (room[0] - box.width) // 2
    assert 0 <= box.y == (room[1] - box.height) // 2
    assert abs(box.width / box.height - 4 / 3) < 0.01


def test_a_window_smaller_than_the_picture_still_shows_all_of_it() -> None:
    box = place(320, 224, Fraction(4, 3), (200, 90))
    assert (box.width, box.height) == (120, 90)
