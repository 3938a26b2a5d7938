"""The grammars of Tumbleweed's levels: what may follow what, and what each zone is known for."""

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
"""Each zone's name to its grammar."""
