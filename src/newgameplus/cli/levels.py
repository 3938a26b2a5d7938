"""``ngp levels``: list levels and splits, and make new levels of Tumbleweed."""

from __future__ import annotations

from typing import Any

import click

from newgameplus.cli.own_levels import check, generate
from newgameplus.cli.tables import counted, print_json, print_note, print_table
from newgameplus.errors import NewGamePlusError, UsageError, did_you_mean
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.integration import Integration
from newgameplus.games.levels import Level, Split, find_split, levels_of, split_files

_MAX_SHOWN = 20


class _LevelsGroup(click.Group):
    """Gives a hint if the name of a split or game is typed instead of a verb."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            hint = did_you_mean(args[0], self.commands) or f" Try: ngp levels --split {args[0]}"
            raise click.UsageError(f"There is no verb {args[0]!r} of ngp levels.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_LevelsGroup, invoke_without_command=True)
@click.option("--split", "split_name", metavar="SPLIT", help="The levels of one split: a name, a file or a folder.")
@click.option("--game", "game_name", metavar="GAME", help="The levels of one game.")
@click.option("--available", is_flag=True, help="Only levels whose ROM is here.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.pass_context
def levels(ctx: click.Context, split_name: str | None, game_name: str | None, available: bool, as_json: bool) -> None:
    """List levels and splits, and make new levels of Tumbleweed.

    Without verb and options: every split, and the levels that can be played now. In a pipe the fields are separated by
    tabs.
    """
    if ctx.invoked_subcommand is not None:
        if split_name or game_name or available or as_json:
            raise UsageError(
                f"Options for lists do not go with a verb; write options after ngp levels {ctx.invoked_subcommand}."
            )
        return
    if split_name and game_name:
        raise UsageError("Ask for the levels of a split or of a game, not both.")
    if split_name or game_name or available:
        _print_levels(_chosen(split_name, game_name, available), as_json)
    else:
        _print_overview(as_json)


levels.add_command(generate)
levels.add_command(check)


def _chosen(split_name: str | None, game_name: str | None, available: bool) -> list[dict[str, Any]]:
    known: dict[str, Integration] = {}
    if split_name:
        chosen: list[Level] = list(find_split(split_name).levels)
    elif game_name:
        chosen = list(levels_of(find_game(game_name)))
    else:
        known = games()
        chosen = _playable(known)
    entries = [_entry(level, known) for level in chosen]
    return [entry for entry in entries if entry["is_playable"] or not available]


def _entry(level: Level, known: dict[str, Integration]) -> dict[str, Any]:
    """A level as JSON; ``problem`` says why it cannot be played."""
    problem, console, is_default = "", None, False
    try:
        if level.game not in known:
            known[level.game] = find_game(level.game)
        game = known[level.game]
        console = game.console.name
        is_default = level.state == game.default_state
        problem = _problem(level, game)
    except NewGamePlusError as error:
        problem = str(error)
    return {
        "id": str(level),
        "game": level.game,
        "state": level.state,
        "scenario": level.scenario,
        "console": console,
        "is_default": is_default,
        "is_playable": not problem,
        "problem": problem or None,
    }


def _problem(level: Level, game: Integration) -> str:
    if level.state not in game.states and not game.is_power_on(level.state):
        return f"{game.name} has no state {level.state!r}"
    if level.scenario not in game.scenarios:
        return f"{game.name} has no scenario {level.scenario!r}"
    return "" if game.find_rom() is not None else "the ROM is missing"


def _playable(known: dict[str, Integration]) -> list[Level]:
    return [level for game in known.values() if _has_rom(game) for level in levels_of(game)]


def _has_rom(game: Integration) -> bool:
    try:
        return game.find_rom() is not None
    except NewGamePlusError:
        return False


def _print_levels(entries: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"levels": entries})
        return
    rows = [(entry["id"], entry["scenario"], entry["problem"] or "playable") for entry in entries]
    print_table(("level", "scenario", "status"), rows)
    num_playable = sum(entry["is_playable"] for entry in entries)
    print_note(f"{counted(len(entries), 'level')}, {num_playable:,} playable now.")
    missing = sorted({entry["game"] for entry in entries if entry["problem"] == "the ROM is missing"})
    if missing:
        print_note(f"Which ROM a game needs: ngp games info {missing[0]}. Import it: ngp games import PATH")


def _print_overview(as_json: bool) -> None:
    known = games()
    splits = [_split_entry(name, known) for name in split_files()]
    playable = [str(level) for level in _playable(known)]
    num_levels = sum(len(game.starts) for game in known.values())
    if as_json:
        print_json({"splits": splits, "num_levels": num_levels, "num_games": len(known), "playable": playable})
        return
    columns = ("split", "levels", "playable", "what it is")
    print_table(columns, [tuple(str(split[key]) for key in _SPLIT_KEYS) for split in splits])
    known_words = f"{counted(num_levels, 'level')} of {counted(len(known), 'game')} are known"
    print_note(f"{known_words}; {len(playable):,} can be played now:")
    for level in playable[:_MAX_SHOWN]:
        print_note(f"  {level}")
    if len(playable) > _MAX_SHOWN:
        print_note(f"  … and {len(playable) - _MAX_SHOWN:,} more: ngp levels --available")
    print_note("The levels of a split: ngp levels --split NAME. More ROMs: ngp games import PATH")


_SPLIT_KEYS = ("name", "num_levels", "num_playable", "description")


def _split_entry(name: str, known: dict[str, Integration]) -> dict[str, Any]:
    try:
        split = find_split(name)
    except NewGamePlusError as error:
        return {"name": name, "num_levels": 0, "num_playable": 0, "description": str(error), "is_broken": True}
    return {
        "name": name,
        "num_levels": len(split.levels),
        "num_playable": _num_playable(split, known),
        "description": split.description,
        "is_broken": False,
    }


def _num_playable(split: Split, known: dict[str, Integration]) -> int:
    return sum(_entry(level, known)["is_playable"] for level in split.levels)
