"""``ngp levels generate`` and ``ngp levels check``: new levels of Tumbleweed, and the proof that they can be won."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.on import elsewhere, on_option
from newgameplus.cli.tables import counted, print_json, print_note, print_table
from newgameplus.errors import EmulatorError, UsageError, did_you_mean
from newgameplus.open_games.seeds import NUM_NAMED

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from newgameplus.executor.interface import Executor
    from newgameplus.games.levels import Level
    from newgameplus.open_games.findings import Check
    from newgameplus.open_games.tumbleweed.blueprint import Blueprint

UNPROVEN = 1
"""Exit code if a level is not proven."""
MAX_COUNT = 1000
_TUMBLEWEED = "newgameplus.open_games.tumbleweed.open_game:TUMBLEWEED"


class Zones(click.ParamType[tuple[str, ...]]):
    """Names of zones, separated by commas."""

    name = "zones"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Parse a list of zones."""
        from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

        if isinstance(value, tuple):
            return value
        by_folded = {name.casefold(): name for name in ZONE_NAMES}
        chosen = [part.strip() for part in str(value).split(",") if part.strip()]
        for name in chosen:
            if name.casefold() not in by_folded:
                hint = did_you_mean(name, ZONE_NAMES)
                self.fail(f"There is no zone {name!r}; there are: {', '.join(ZONE_NAMES)}.{hint}", param, ctx)
        if not chosen:
            self.fail(f"no zone is named; there are: {', '.join(ZONE_NAMES)}.", param, ctx)
        return tuple(dict.fromkeys(by_folded[name.casefold()] for name in chosen))


@click.command()
@click.option("--seed", type=click.IntRange(0, NUM_NAMED - 1), metavar="N", help="Seed of the levels.")
@click.option(
    "--count", type=click.IntRange(1, MAX_COUNT), default=11, show_default=True, metavar="K", help="How many levels."
)
@click.option("--zones", type=Zones(), metavar="A,B", help="Zones, in turn.  [default: all]")
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Where to write.")
@click.option("--final", "is_final", is_flag=True, help="Make the levels of tumbleweed-final, in your own games.")
def generate(seed: int | None, count: int, zones: tuple[str, ...] | None, folder: Path | None, is_final: bool) -> None:
    """Make a set of new levels of Tumbleweed: a game and a split in one folder.

    Nobody has played them, so they show what an agent has learned; keep the seed secret while a contest runs. DIR can
    be used wherever a split is named: ngp evaluate jerk --split DIR. No compiler is needed. To find out whether every
    level can be won: ngp levels check DIR

    --final makes the levels of tumbleweed-final, which are always the same, with a par movie of each.
    """
    if is_final:
        if seed is not None or zones is not None or folder is not None:
            raise UsageError("The levels of tumbleweed-final are always the same: leave out all but --final.")
        _make_final()
        return
    if seed is None or folder is None:
        raise UsageError("Say which levels, and where to write them: ngp levels generate --seed N -o DIR")
    _make_set(seed, count, zones, folder)


def _make_set(seed: int, count: int, zones: tuple[str, ...] | None, folder: Path) -> None:
    from newgameplus.open_games.game_folder import num_states
    from newgameplus.open_games.levelset import check_free
    from newgameplus.open_games.tumbleweed.levelset import write_set
    from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED

    check_free(folder)
    with _progress() as bar:
        drawing = bar.add_task("Drawing levels", total=count)
        blueprints, origin = _drawn(seed, count, zones, lambda: bar.advance(drawing))
        starting = bar.add_task("Making start states", total=num_states(TUMBLEWEED, count))
        split = write_set(
            folder,
            blueprints,
            f"{counted(count, 'level')} of Tumbleweed that nobody has played yet.",
            {"generator": origin},
            report=lambda: bar.advance(starting),
        )
    typed = _typed(folder)
    click.echo(f"Wrote {counted(len(split.levels), 'level')} to {click.format_filename(folder)}.")
    print_note(f"Play them: ngp evaluate jerk --split {typed}. Prove that they can be won: ngp levels check {typed}")


def _make_final() -> None:
    from newgameplus.open_games.tumbleweed.final import NUM_LEVELS, NUM_TASKS, SPLIT, write_final

    with _progress() as bar:
        making = bar.add_task("Making levels", total=NUM_TASKS)
        folder = write_final(lambda: bar.advance(making))
    click.echo(f"Wrote {counted(NUM_LEVELS, 'level')} to {click.format_filename(folder)}.")
    print_note(f"Judge an agent on them, once: ngp evaluate AGENT --split {SPLIT}")


@click.command()
@click.argument("split_name", metavar="SPLIT")
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder of new par movies.  [default: par in the game's folder]",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Seed of the search."
)
@click.option("--max-steps", type=click.IntRange(min=1), metavar="N", help="Limit of search steps per level.")
@on_option
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def check(split_name: str, folder: Path | None, seed: int, max_steps: int | None, address: str, as_json: bool) -> int:
    """Prove that every level of SPLIT, a split of Tumbleweed, can be won: search for a movie that reaches its goal.

    SPLIT is a name, a .toml file, or a folder written by ngp levels generate. If a level already has a par movie, this
    movie is played instead of a search. Exit code 1: a level was not proven, so perhaps it cannot be won.
    """
    from newgameplus.games.levels import find_split
    from newgameplus.open_games.findings import Check
    from newgameplus.open_games.game_folder import check_pack
    from newgameplus.open_games.proof import MAX_SEARCH_STEPS
    from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED

    split = find_split(split_name)
    for level in {level.game: level for level in split.levels}.values():
        check_pack(TUMBLEWEED, level.integration)
    limit = MAX_SEARCH_STEPS if max_steps is None else max_steps
    checks = [Check(_TUMBLEWEED, level, _movies(level, folder), seed, limit) for level in split.levels]
    cluster = elsewhere(address, {level.game for level in split.levels})
    with _progress() as bar:
        findings = _found_here(checks, bar) if cluster is None else _found_elsewhere(checks, cluster, bar)
    _print_findings(findings, as_json)
    return 0 if all(finding["is_proven"] for finding in findings) else UNPROVEN


def _movies(level: Level, folder: Path | None) -> tuple[Path, ...]:
    """Possible paths of a level's par movie; a new one is written to the first."""
    from newgameplus.open_games.proof import par_path

    named = () if folder is None else (folder / f"{level.folder_name}.bk2",)
    return (*named, par_path(level))


def _found_here(checks: list[Check], bar: Bar) -> list[dict[str, Any]]:
    from newgameplus.open_games.findings import find

    overall = bar.add_task("Proving levels", total=len(checks))
    findings = []
    for check in checks:
        task = bar.add_task(f"  {check.level.state}", total=None)
        try:
            findings.append(find(check, partial(_show, bar, task)))
        finally:
            bar.remove_task(task)
        bar.advance(overall)
    return findings


def _found_elsewhere(checks: list[Check], cluster: Executor[Any], bar: Bar) -> list[dict[str, Any]]:
    from newgameplus.executor.interface import Begun, Died, Returned, Task, Told
    from newgameplus.open_games.findings import contents_of, find_elsewhere

    overall = bar.add_task("Proving levels", total=len(checks))
    tasks = {Task(find_elsewhere, (check, contents_of(check.movies)), name=str(check.level)): check for check in checks}
    shown: dict[Task[Any], TaskID] = {}
    findings: dict[Task[Any], dict[str, Any]] = {}
    with closing(cluster):
        for task in tasks:
            cluster.submit(task)
        for event in cluster.events():
            if isinstance(event, Begun):
                shown[event.task] = bar.add_task(f"  {tasks[event.task].level.state}", total=None)
            elif isinstance(event, Told):
                _show(bar, shown[event.task], event.content)
            elif event is not None and event.task in shown:  # a task may be lost before it begins
                bar.remove_task(shown.pop(event.task))
            if isinstance(event, Returned):
                findings[event.task] = _received(tasks[event.task], *event.result)
                bar.advance(overall)
            elif isinstance(event, Died):
                raise EmulatorError(f"The worker that checked {tasks[event.task].level} {event.how}.")
    return [findings[task] for task in tasks]


def _received(check: Check, finding: dict[str, Any], movie: bytes | None) -> dict[str, Any]:
    """Write a new par movie to where it belongs; return the finding."""
    from newgameplus.durable import write_atomically

    if movie is not None:
        check.movies[0].parent.mkdir(parents=True, exist_ok=True)
        write_atomically(check.movies[0], movie)
    return finding


def _show(bar: Bar, task: TaskID, said: Any) -> None:
    """Show the progress of a search, or a sentence about a par movie."""
    if isinstance(said, str):
        bar.console.print(said, markup=False, highlight=False)
    else:
        bar.update(task, completed=said.furthest, total=said.goal)


def _drawn(
    seed: int, count: int, zones: tuple[str, ...] | None, report: Callable[[], None]
) -> tuple[list[Blueprint], dict[str, Any]]:
    """Generate levels, cycling through the zones; return them and the metadata of the set."""
    from newgameplus import __version__
    from newgameplus.open_games.tumbleweed.generate import generate_level
    from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

    chosen = zones or ZONE_NAMES
    drawn = []
    for number in range(count):
        drawn.append(generate_level(chosen[number % len(chosen)], number // len(chosen) + 1, seed))
        report()
    origin = {"newgameplus": __version__, "seed": seed, "count": count, "zones": list(chosen)}
    return drawn, origin


def _print_findings(findings: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"levels": findings, "is_proven": all(finding["is_proven"] for finding in findings)})
        return
    rows = []
    for finding in findings:
        frames = finding["num_frames"]
        status = "proven" if finding["is_proven"] else "NOT PROVEN"
        rows.append((finding["level"], status, _duration(frames), finding["movie"] or finding["problem"]))
    print_table(("level", "status", "par time", "movie"), rows)
    num_proven = sum(finding["is_proven"] for finding in findings)
    print_note(f"{num_proven:,} of {counted(len(findings), 'level')} proven.")


def _duration(num_frames: int | None) -> str:
    """Time such as ``1:05``, at the console's 60 frames per second."""
    if num_frames is None:
        return ""
    minutes, seconds = divmod(round(num_frames / 60), 60)
    return f"{minutes}:{seconds:02}"


def _progress() -> Bar:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from newgameplus.printable import open_console

    console = open_console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _typed(path: Path) -> str:
    """A path quoted for a shell."""
    return shlex.quote(click.format_filename(path))
