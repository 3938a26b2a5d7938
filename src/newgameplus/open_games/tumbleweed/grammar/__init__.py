"""Grammars of Tumbleweed's levels: which pieces may follow which, and the signature pieces of each zone."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import canyon, carnival, foundry, frost, gale, mesa, mine, oasis
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar

GRAMMARS: dict[str, Grammar] = {
    "Mesa": mesa.GRAMMAR,
    "Canyon": canyon.GRAMMAR,
    "Oasis": oasis.GRAMMAR,
    "Gale": gale.GRAMMAR,
    "Mine": mine.GRAMMAR,
    "Frost": frost.GRAMMAR,
    "Carnival": carnival.GRAMMAR,
    "Foundry": foundry.GRAMMAR,
}
"""Grammar of each zone, by name."""
