"""``ngp compare``: rank agents over the levels that all of them have played."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.cli.tables import print_json, print_note, print_table
from newgameplus.cli.typed import say

if TYPE_CHECKING:
    from newgameplus.report.standings import Comparison

RANKING = ("agent", "seeds", "score", "95 % interval", "last tenth", "best", "kept", "middle half", "gap")
PAIRS = ("difference", "mean", "95 % interval", "p", "p, all pairs", "improves")


def labelled(text: str) -> tuple[str | None, Path]:
    """Return label and path of ``LABEL=PATH`` or ``PATH``; a path that exists is one, whatever signs it holds."""
    label, separator, path = text.partition("=")
    if separator and not Path(text).exists():
        return label, Path(path)
    return None, Path(text)


def _positive(_: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise click.BadParameter(f"{value} is not more than 0 and finite.", param=param)
    return value


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write one self-contained web page."
)
@click.option("--title", help="Heading of the page; by default the number of agents and the levels.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--partial", is_flag=True, help="Take part of evaluations that are not complete: the levels that are.")
@click.option(
    "--optimum",
    type=float,
    callback=_positive,
    help="Most that an episode can earn, for the optimality gap; by default 10,000 under the contest's scenario.",
)
def compare(
    results: tuple[str, ...],
    output: Path | None,
    title: str | None,
    as_json: bool,
    partial: bool,
    optimum: float | None,
) -> None:
    """Rank agents over the levels that all of them have played.

    RESULTS are results directories of ngp evaluate, each perhaps as LABEL=DIRECTORY. Directories with the same label,
    or of the same agent, configuration and initial weights, are seeds of one agent. Different budgets, rules, splits or
    ROMs are refused.
    """
    from newgameplus.printable import open_console
    from newgameplus.report.contenders import read_contenders
    from newgameplus.report.standings import compare as compare_contenders

    found = compare_contenders(read_contenders([labelled(text) for text in results], allow_partial=partial), optimum)
    if output is not None:
        from newgameplus.report.page import write_comparison

        write_comparison(found, output, title)
    if as_json:
        print_json(found.as_json())
    else:
        _print(found)
    if output is not None:
        say(open_console(stderr=as_json), f"Wrote {output}. Open it in a browser.")


def _print(found: Comparison) -> None:
    from newgameplus.report.comparison_content import cells_of_pair, cells_of_standing, cells_of_zones, notes_of

    where = f"{len(found.levels)} levels of {len(found.zones)} zones"
    ranking = [cells_of_standing(found, number) for number in range(len(found.standings))]
    print_table(RANKING, ranking, f"Score, mean over {where}", numeric=RANKING[1:])
    if found.pairs:
        print_table(PAIRS, [cells_of_pair(found, pair) for pair in found.pairs], "Differences", numeric=PAIRS[1:])
    columns, rows = cells_of_zones(found)
    print_table(columns, rows, "Score by zone", numeric=columns[1:])
    for note in notes_of(found):
        print_note(note)
