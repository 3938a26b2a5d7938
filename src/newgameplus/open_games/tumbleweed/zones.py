"""Zones of Tumbleweed: their names in the order of the ROM, and what all levels of a zone share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zone:
    """A group of levels that look and play alike."""

    name: str
    description: str
    """Its look and its obstacles."""
    is_slippery: bool = False
    """Whether the ground gives little grip."""


ZONES: tuple[Zone, ...] = (
    Zone("Mesa", "Rolling desert hills at noon; loops and half-pipes that want speed, thorns between them."),
    Zone("Canyon", "Red cliffs in the evening; wide gaps with falling and crumbling bridges, springs to upper paths."),
    Zone("Oasis", "Palms and ruins; deep pools where everything is slow and breath is short."),
    Zone("Gale", "Windy grassland under storm clouds; gusts that push back and updrafts that carry."),
    Zone("Mine", "Shafts and beams by lamplight; switches and doors, and walls that only a fast roll breaks."),
    Zone("Frost", "Snow and ice at dusk; little grip, thorns that pop out, slopes that throw back.", is_slippery=True),
    Zone("Carnival", "A fairground at night; moving platforms, bumpers, swinging balls, shooters."),
    Zone("Foundry", "A works over molten iron; conveyor belts, jets of fire, pendulums."),
)
"""All zones; the index is the number in the ROM."""

ZONE_NAMES = tuple(zone.name for zone in ZONES)
