"""``ngp report``: one web page about evaluations or training runs."""

from __future__ import annotations

import math
from pathlib import Path

import click

from newgameplus.cli.tables import counted
from newgameplus.cli.typed import say
from newgameplus.errors import UsageError


def _finite(_: click.Context, param: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} has no end and no size.", param=param)
    return value


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="By default report.html in the first RESULTS.",
)
@click.option("--title", help="Heading of the page; by default the agents and levels.")
@click.option("--videos/--no-videos", default=True, show_default=True, help="Embed videos of episodes.")
@click.option(
    "--video-seconds",
    type=click.FloatRange(min=1.0),
    callback=_finite,
    default=30.0,
    show_default=True,
    help="Longer episodes are sped up to this length.",
)
@click.option(
    "--video-megabytes",
    type=click.FloatRange(min=0.1),
    callback=_finite,
    default=7.0,
    show_default=True,
    help="Limit of the size of all videos.",
)
@click.option(
    "--monitors",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write monitor files for Stable-Baselines3's load_results instead of a page.",
)
@click.option(
    "--layout",
    type=click.Choice(["page", "2018"]),
    default="page",
    show_default=True,
    help="2018: write the files of the contest of 2018 into the folder that --output names, instead of a page.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Rendering processes; by default one per CPU core.")
def report(
    results: tuple[Path, ...],
    output: Path | None,
    title: str | None,
    videos: bool,
    video_seconds: float,
    video_megabytes: float,
    monitors: Path | None,
    layout: str,
    workers: int | None,
) -> None:
    """Write one self-contained web page about evaluations or about training runs, depending on RESULTS.

    For an evaluation the page shows scores, learning curves, every episode, videos of the best, the median and the last
    one, and how to reproduce it; for a training run the returns of each level, the metrics of learning and the watched
    episodes with actions and value estimates. It needs no network. With several RESULTS it compares them. An existing
    report is replaced; any other file is refused.
    """
    from newgameplus.printable import open_console

    if monitors is not None:
        from newgameplus.results.sb3_monitors import write_monitor_files

        num_files = write_monitor_files(results, monitors)
        say(open_console(), f"Wrote {num_files} monitor files to {monitors}.")
        return
    if layout == "2018":
        from newgameplus.results.layout_2018 import write_layout_2018

        if output is None:
            raise UsageError("--layout 2018 writes a folder: name it with --output.")
        num_runs = write_layout_2018(results, output)
        say(open_console(), f"Wrote {counted(num_runs, 'run')} in the layout of 2018 to {output}.")
        return
    from newgameplus.report.page import write_report
    from newgameplus.report.videos import VideoLimits

    limits = VideoLimits(video_seconds, int(video_megabytes * 1e6), workers) if videos else None
    path = write_report(results, output, title=title, videos=limits)
    size = path.stat().st_size / 1e6
    say(open_console(), f"Wrote {path} ({size:.1f} MB). Open it in a browser.")
