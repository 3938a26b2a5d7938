"""Drawn pads: every button of every console has a place of its own, and lights when it is held."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.emulator.cores import consoles
from newgameplus.movies.pad_picture import strip_height, with_pads


@pytest.mark.parametrize("console", sorted(consoles()))
def test_each_button_lights_a_place_of_its_own(console):
    buttons = consoles()[console].buttons
    picture = np.zeros((672, 960, 3), np.uint8)
    rest = with_pads(picture, [0], buttons)
    assert rest.shape == (672 + strip_height(672, 960), 960, 3)
    places = []
    for bit, name in enumerate(buttons):
        lit = (with_pads(picture, [1 << bit], buttons) != rest).any(axis=2)
        assert lit.any() == (name is not None)
        assert not any((lit & other).sum() > 0.1 * lit.sum() for other in places), name
        if name is not None:
            places.append(lit)


def test_every_player_has_a_pad():
    buttons = consoles()["Genesis"].buttons
    picture = np.zeros((224, 320, 3), np.uint8)
    none, second = (with_pads(picture, masks, buttons) for masks in ([0, 0], [0, 0xFFF]))
    changed = np.flatnonzero((none != second).any(axis=(0, 2)))
    assert changed.min() >= 160
