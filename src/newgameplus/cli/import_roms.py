"""``ngp games import``: import ROMs from files, folders and zips, and explain why other files were not imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.tables import counted, print_json
from newgameplus.errors import UsageError
from newgameplus.games.ale import ale_roms
from newgameplus.games.catalogue import find_game
from newgameplus.games.catalogue import games as all_games
from newgameplus.games.sources import files_in

if TYPE_CHECKING:
    from newgameplus.games.roms import Importer, Verdict

_MARKS = {"imported": "+", "present": "=", "fixable": "!", "unknown": "-", "refused": "-"}
_MAX_NAMED = 5


@click.command(name="import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--from-ale", is_flag=True, help="Take the Atari 2600 ROMs that the package ale-py ships.")
@click.option("--fix", is_flag=True, help="Repair copies of files whose dump has a mechanical defect.")
@click.option("--as", "game_name", metavar="GAME", help="Take one file as GAME's ROM, though it is another dump.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, without writing.")
@click.option("--verbose", is_flag=True, help="Also list files that do not look like a ROM.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def import_roms(
    paths: tuple[Path, ...],
    from_ale: bool,
    fix: bool,
    game_name: str | None,
    dry_run: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Import ROMs from each PATH: a file, a folder that is searched recursively, or a zip.

    Your own files are never changed; recognised ROMs are copied to your home. A file is recognised by its SHA-1, never
    by its name. --as takes another dump of a known game, such as another revision: it is marked, plays and trains, and
    no contest takes it. Exit code 0: something was imported or is already here; 1: nothing could be imported; 2: a path
    does not exist or a ROM cannot be written.
    """
    from newgameplus.games.roms import Importer

    if not paths and not from_ale:
        raise UsageError("Name a file or a folder: ngp games import PATH (or ngp games import --from-ale).")
    if game_name is not None:
        if len(paths) != 1 or from_ale or fix:
            raise UsageError("--as takes one file and no --from-ale or --fix: ngp games import FILE --as GAME")
        _import_as(paths[0], game_name, dry_run, as_json)
        return 0
    files = files_in(paths)
    shipped = ale_roms() if from_ale else []
    importer = Importer(all_games(), fix=fix, dry_run=dry_run)
    verdicts = [*_verdicts(importer, files), *_known(_verdicts(importer, shipped)), *importer.build()]
    if as_json:
        print_json(_as_json(verdicts, importer.broken, dry_run))
    else:
        _print(verdicts, importer, len(files) + len(shipped), verbose, dry_run)
    return 0 if any(verdict.outcome in ("imported", "present") for verdict in verdicts) else 1


def _import_as(path: Path, game_name: str, dry_run: bool, as_json: bool) -> None:
    from newgameplus.games.other_dumps import import_as

    verdict = import_as(path, find_game(game_name), dry_run=dry_run)
    if as_json:
        print_json(_as_json([verdict], {}, dry_run))
    else:
        click.echo(f"{_MARKS[verdict.outcome]} {verdict.source} {verdict.message}.")


def _verdicts(importer: Importer, files: list[Path]) -> Iterator[Verdict]:
    with _progress(len(files)) as advance:
        for path in files:
            yield from importer.take(path)
            advance()


@contextmanager
def _progress(num_files: int) -> Iterator[Any]:
    """Progress bar on standard error, if a person waits for many files."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from newgameplus.printable import open_console

    console = open_console(stderr=True)
    if num_files < 2 or not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn("Looking at files"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("files", total=num_files)
        yield lambda: progress.advance(task)


def _known(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    """Leave out ROMs of ale-py for which stable-retro has no integration: nobody asked for them."""
    return (verdict for verdict in verdicts if verdict.outcome != "unknown")


def _as_json(verdicts: list[Verdict], broken: dict[str, str], dry_run: bool) -> dict[str, Any]:
    files = [
        {
            "source": verdict.source,
            "outcome": verdict.outcome,
            "game": verdict.game,
            "sha1": verdict.sha1,
            "path": str(verdict.path) if verdict.path else None,
            "message": verdict.message,
        }
        for verdict in verdicts
    ]
    counts: Counter[str] = Counter(verdict.outcome for verdict in verdicts)
    return {
        "dry_run": dry_run,
        "counts": {outcome: counts[outcome] for outcome in _MARKS},
        "files": files,
        "broken_games": broken,
    }


def _print(verdicts: list[Verdict], importer: Importer, num_files: int, verbose: bool, dry_run: bool) -> None:
    dull = []
    for verdict in verdicts:
        if verdict.is_rom or verdict.game or verbose:
            click.echo(f"{_MARKS[verdict.outcome]} {verdict.source} {verdict.message}.")
        else:
            dull.append(verdict)
    if dull:
        names = ", ".join(Path(verdict.source).name for verdict in dull[:_MAX_NAMED])
        more = f" and {len(dull) - _MAX_NAMED:,} more (--verbose names all)" if len(dull) > _MAX_NAMED else ""
        do = "does not look like a ROM" if len(dull) == 1 else "do not look like ROMs"
        click.echo(f"- {counted(len(dull), 'file')} {do}: {names}{more}.")
    for name, reason in importer.broken.items():
        click.echo(f"! {name} cannot be imported, its own files are broken: {reason}")
    click.echo(_summary(verdicts, num_files, dry_run))


def _summary(verdicts: list[Verdict], num_files: int, dry_run: bool) -> str:
    counts = Counter(verdict.outcome for verdict in verdicts)
    not_taken = counts["unknown"] + counts["refused"]
    parts = [
        f"{counts['imported']:,} {'would be imported' if dry_run else 'imported'}",
        f"{counts['present']:,} already here",
        f"{counts['fixable']:,} that --fix would take" if counts["fixable"] else "",
        f"{not_taken:,} not taken for the reasons above" if not_taken else "",
    ]
    if not num_files:
        return "There are no files in the folders that were named."
    opened = ", zips opened" if len(verdicts) > num_files else ""
    return f"{counted(num_files, 'file')} looked at{opened}: {', '.join(part for part in parts if part)}."
