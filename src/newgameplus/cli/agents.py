"""``ngp agents``: what agents there are, where they come from, what they need and how fast they are."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.tables import print_fields, print_json, print_note, print_table, print_title
from newgameplus.errors import NotFoundError

if TYPE_CHECKING:
    from newgameplus.agents.catalogue import Card

COLUMNS = ("agent", "steps/s", "training", "needs", "presets", "what it is")


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def agents(name: str | None, as_json: bool) -> None:
    """List the agents, or show the one called NAME: its source, its presets, and the fields that --set changes."""
    from newgameplus.agents.catalogue import card, cards

    if as_json:
        print_json([_as_json(one) for one in cards()] if name is None else _whole(card(name)))
    elif name is None:
        _list(cards())
    else:
        _show(card(name))


def _list(found: list[Card]) -> None:
    rows = [
        (
            one.name,
            _speed(one, "contest"),
            _speed(one, "training"),
            ", ".join(one.extras),
            str(len(one.presets)),
            one.what,
        )
        for one in found
    ]
    print_table(COLUMNS, rows, numeric=COLUMNS[1:3])
    print_note(_how_measured())
    print_note("More of one: ngp agents NAME")


def _show(found: Card) -> None:
    from newgameplus.agents.catalogue import differing

    print_title(found.what)
    about = {
        "source": found.source.removeprefix("Source: ").removeprefix("Sources: "),
        "needs": ", ".join(found.extras),
        "can": "; ".join(found.can),
    }
    about |= _specs(found.name)
    speeds = {"contest": "judged", "training": "in training"}
    told = [f"{speed} steps/s {words}" for which, words in speeds.items() if (speed := _speed(found, which))]
    about["speed"] = ", ".join(told)
    print_fields({name: text for name, text in about.items() if text})
    print_title("Presets")
    for preset, text in found.presets.items():
        changed = ", ".join(f"{name}={value}" for name, value in differing(found.name, preset).items())
        print_fields({preset: f"{text}{f' ({changed})' if changed else ''}"}, "  ")
    print_title("Fields (--set FIELD=VALUE)")
    print_fields({f"{one.name}={one.default}": one.text for one in found.fields}, "  ")
    if found.speed is not None:
        print_note(_how_measured())


def _specs(name: str) -> dict[str, str]:
    """What the agent sees and does with its default preset; what is missing where it cannot be imported."""
    from newgameplus.agents import find_agent
    from newgameplus.agents.configuration import describe

    try:
        agent_class = find_agent(name)
    except NotFoundError as error:
        return {"missing": str(error)}
    observation, action = agent_class.specs(agent_class.PRESETS["default"])
    shown = {name: value for name, value in describe(observation).items() if value not in (None, False, 1)}
    return {
        "sees": ", ".join(f"{name}={value}" for name, value in shown.items()),
        "does": action.name or action.kind,
    }


def _speed(found: Card, which: str) -> str:
    speed = getattr(found.speed, which, None)
    return "" if speed is None else f"{speed:,.0f}"


def _how_measured() -> str:
    from newgameplus.agents.catalogue import measured

    told = measured()
    return f"steps/s: {told['what']}; {told['cpu']}; {told['result']}." if told else "No speed has been measured."


def _as_json(found: Card) -> dict[str, Any]:
    from newgameplus.agents.catalogue import measured

    return asdict(found) | {"can": found.can, "measured_on": measured().get("cpu")}


def _whole(found: Card) -> dict[str, Any]:
    """The same, with what the agent sees and does, and each preset's values."""
    from newgameplus.agents.catalogue import presets_of
    from newgameplus.agents.configuration import describe

    configs = {preset: describe(config) for preset, config in presets_of(found.name).items()}
    return _as_json(found) | _specs(found.name) | {"configurations": configs}
