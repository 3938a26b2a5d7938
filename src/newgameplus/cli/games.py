"""``ngp games``: list games, show one, and import ROMs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from newgameplus.cli.import_roms import import_roms
from newgameplus.cli.tables import counted, print_fields, print_json, print_note, print_table, print_title
from newgameplus.emulator.cores import consoles
from newgameplus.emulator.licences import licence_in_words
from newgameplus.errors import NewGamePlusError, NotFoundError, did_you_mean
from newgameplus.games.action_sets import action_sets
from newgameplus.games.catalogue import find_game
from newgameplus.games.catalogue import games as all_games
from newgameplus.games.integration import PATCH_NAME, Integration, console_name
from newgameplus.games.rules_in_words import in_words

_HERE = ("free", "own", "other")
_ALSO_CALLED = {
    "megadrive": "Genesis",
    "mastersystem": "Sms",
    "atari": "Atari2600",
    "gba": "GbAdvance",
    "arcade": "FBNeo",
}
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _GamesGroup(click.Group):
    """Gives a hint if a game's name is typed instead of a verb."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            hint = did_you_mean(args[0], self.commands) or f" Try: ngp games list {args[0]}"
            raise click.UsageError(f"There is no verb {args[0]!r} of ngp games.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _list_options(function: _Function) -> _Function:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Machine-readable."),
        click.option("--available", is_flag=True, help="Only games whose ROM is here."),
        click.option("--console", metavar="CONSOLE", help="Only games of one console, such as Genesis."),
    ):
        function = option(function)
    return function


@click.group(cls=_GamesGroup, invoke_without_command=True)
@_list_options
@click.pass_context
def games(ctx: click.Context, console: str | None, available: bool, as_json: bool) -> None:
    """List games, show one, import ROMs.

    Without a verb: the same as ``ngp games list``.
    """
    if ctx.invoked_subcommand is None:
        _list("", console, available, as_json)


@games.command(name="list")
@click.argument("text", default="")
@_list_options
def list_games(text: str, console: str | None, available: bool, as_json: bool) -> None:
    """List the games whose name contains TEXT: console, number of levels, and whether the ROM is here.

    ROM is ``free`` (comes with a package), ``own`` (imported by you), ``other`` (imported by you with --as, another
    dump), ``missing``, or ``broken`` (the game's own files are invalid). In a pipe the fields are separated by tabs.
    """
    _list(text, console, available, as_json)


@games.command()
@click.argument("game")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def info(game: str, as_json: bool) -> None:
    """Show what is known of GAME: ROM, start states, scenarios, buttons, action sets, variables."""
    facts = _facts(find_game(game))
    if as_json:
        print_json(facts)
    else:
        _print_facts(facts)


games.add_command(import_roms)


def _list(text: str, console: str | None, available: bool, as_json: bool) -> None:
    wanted = _console_called(console) if console else None
    named = [game for game in all_games().values() if text.casefold() in game.name.casefold()]
    if wanted is not None:
        named = [game for game in named if _console_of(game) == wanted]
    entries = [entry for game in named if (entry := _entry(game))["rom"] in _HERE or not available]
    if as_json:
        print_json({"games": entries})
        return
    if text and not entries:
        raise NotFoundError(f"No game's name holds {text!r}.{did_you_mean(text, all_games())}")
    rows = [(entry["name"], entry["console"], str(entry["num_levels"]), entry["rom"]) for entry in entries]
    print_table(("game", "console", "levels", "ROM"), rows)
    num_here = sum(entry["rom"] in _HERE for entry in entries)
    print_note(f"{counted(len(entries), 'game')}, {num_here:,} with its ROM here. More of one: ngp games info GAME")
    for entry in entries:
        if entry["problem"]:
            print_note(f"{entry['name']} is broken: {entry['problem']}")


def _console_called(name: str) -> str:
    by_folded = {known.casefold(): known for known in consoles()} | _ALSO_CALLED
    if name.casefold() not in by_folded:
        known = ", ".join(consoles())
        raise NotFoundError(f"There is no console {name!r}; there are: {known}.{did_you_mean(name, consoles())}")
    return by_folded[name.casefold()]


def _console_of(game: Integration) -> str:
    try:
        return game.console.name
    except NewGamePlusError:
        return console_name(game.name)


def _entry(game: Integration) -> dict[str, Any]:
    rom: str
    problem = None
    try:
        rom = game.rom_origin or "missing"
        game.rom_sha1s  # noqa: B018 - raises if the hash file is invalid
    except NewGamePlusError as error:
        rom, problem = "broken", str(error)
    return {
        "name": game.name,
        "console": _console_of(game),
        "num_levels": len(game.starts),
        "rom": rom,
        "problem": problem,
    }


def _facts(game: Integration) -> dict[str, Any]:
    console, rom = game.console, game.find_rom()
    return {
        "name": game.name,
        "title": game.metadata.get("title"),
        "console": console.name,
        "core": game.core_name or console.core,
        "core_problem": _core_problem(game),
        "core_licence": licence_in_words(game.core_name or console.core),
        "buttons": [button for button in console.buttons if button],
        "action_sets": {name: spec.combos for name, found in action_sets().items() if (spec := found.on(console))},
        "rom": {
            "path": str(rom) if rom else None,
            "origin": game.rom_origin,
            "sha1": list(game.rom_sha1s),
            "import_to": str(game.stored_rom),
            "is_made_by_patch": game.file(PATCH_NAME) is not None,
        },
        "folders": [str(folder) for folder in game.folders],
        "default_state": game.default_state,
        "states": list(game.starts),
        "default_scenario": game.default_scenario,
        "scenarios": {name: _scenario(game, name) for name in game.scenarios},
        "variables": {name: _variable(variable) for name, variable in game.variables.items()},
    }


def _core_problem(game: Integration) -> str | None:
    try:
        game.core()
    except NewGamePlusError as error:
        return str(error)
    return None


def _scenario(game: Integration, name: str) -> dict[str, Any]:
    path = game.scenario(name)
    try:
        words = in_words(path)
    except NewGamePlusError as error:
        return {"file": str(path), "reward": [], "done": [], "problem": str(error)}
    return {"file": str(path), "reward": list(words.reward), "done": list(words.done), "problem": None}


def _variable(variable: dict[str, Any]) -> dict[str, Any]:
    address = variable.get("address")
    return {
        "address": address,
        "address_hex": f"0x{address:06X}" if isinstance(address, int) else None,
        "type": variable.get("type"),
    }


def _print_facts(facts: dict[str, Any]) -> None:
    print_title(facts["name"])
    lines = {
        "title": facts["title"] or "",
        "console": facts["console"],
        "core": f"{facts['core']}{' - ' + facts['core_problem'] if facts['core_problem'] else ''}",
        "licence": facts["core_licence"],
        "buttons": " ".join(facts["buttons"]),
        "actions": ", ".join(f"{name} ({len(combos)})" for name, combos in facts["action_sets"].items()),
        "ROM": _rom_words(facts["rom"]),
        "SHA-1": " or ".join(facts["rom"]["sha1"]) or "the integration names none",
        "files": ", ".join(facts["folders"]),
        "states": ", ".join(
            f"{state} (default)" if state == facts["default_state"] else state for state in facts["states"]
        )
        or "none",
    }
    print_fields({name: text for name, text in lines.items() if text}, indent="  ")
    for name, scenario in facts["scenarios"].items():
        _print_scenario(name, scenario, name == facts["default_scenario"])
    rows = [
        (name, variable["address_hex"] or "?", str(variable["type"])) for name, variable in facts["variables"].items()
    ]
    print_table(("variable", "address", "type"), rows)


def _rom_words(rom: dict[str, Any]) -> str:
    if rom["path"]:
        about = "another dump than the integration was made for" if rom["origin"] == "other" else rom["origin"]
        return f"{rom['path']} ({about})"
    if rom["is_made_by_patch"]:
        return "missing; made as soon as the game that it changes is imported with: ngp games import PATH"
    return f"missing; ngp games import PATH would keep it as {rom['import_to']}"


def _print_scenario(name: str, scenario: dict[str, Any], is_default: bool) -> None:
    click.echo(f"  scenario {name}{' (default)' if is_default else ''}")
    if scenario["problem"]:
        click.echo(f"    broken: {scenario['problem']}")
        return
    click.echo(f"    reward: {'; '.join(scenario['reward']) or 'none'}")
    click.echo(f"    the episode ends when: {'; or '.join(scenario['done']) or 'never by itself'}")
