"""Assemble and write a report: one file that needs no network.

The content of a report, evaluations or training runs, is detected from the folders; a comparison is given its numbers.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from newgameplus.durable import write_atomically
from newgameplus.errors import ResultsError, UsageError
from newgameplus.report.comparison_content import ComparisonContent, gather_comparison
from newgameplus.report.content import Content, gather
from newgameplus.report.evaluations import Evaluation, read_evaluations
from newgameplus.report.standings import Comparison
from newgameplus.report.training_content import Shown, TrainingContent, choose_shown, gather_training
from newgameplus.report.training_runs import TrainingRun, is_training_run, read_training_runs
from newgameplus.report.videos import (
    DEFAULT_LIMITS,
    Clip,
    Video,
    VideoLimits,
    choose_clips,
    render_clips,
    render_movies,
)

GENERATOR = "New Game Plus report"
"""The page's ``generator`` tag, which marks files that a later run may replace."""


def write_report(
    results: Sequence[Path],
    output: Path | None = None,
    *,
    title: str | None = None,
    videos: VideoLimits | None = DEFAULT_LIMITS,
) -> Path:
    """Write one page about one or more evaluations, or about one or more training runs; return its path.

    Args:
        results: results directories or folders of training runs; the page is put beside the first if ``output`` is
            None.
        output: path of the page; an earlier report is replaced, any other file is refused.
        title: heading; None makes one of the agents and levels.
        videos: limits of the embedded videos; None for no videos.

    Raises:
        ResultsError: a directory cannot be reported on, or the page cannot be written.
        UsageError: no directory is given, or both evaluations and training runs.
    """
    if not results:
        raise UsageError("A report needs at least one results directory.")
    num_runs = sum(map(is_training_run, results))
    if 0 < num_runs < len(results):
        raise UsageError("Some of these are evaluations and some training runs; report on each kind by itself.")
    path = output or results[0] / "report.html"
    html = (_report_on_training if num_runs else _report_on_evaluations)(results, path, title, videos)
    _write(path, html)
    return path


def write_comparison(found: Comparison, path: Path, title: str | None = None) -> None:
    """Write one page about a comparison; an earlier page is replaced, any other file is refused.

    Raises:
        ResultsError: the page cannot be written.
    """
    _check_output(path)
    _write(path, _render("comparison.html.j2", gather_comparison(found, title)))


def render_page(evaluations: Sequence[Evaluation], title: str | None, videos: Sequence[tuple[Clip, Video]]) -> str:
    """Return the HTML of the page about evaluations."""
    return _render("evaluations.html.j2", gather(evaluations, title, videos))


def render_training_page(runs: Sequence[TrainingRun], title: str | None, videos: Sequence[tuple[Shown, Video]]) -> str:
    """Return the HTML of the page about training runs."""
    return _render("training.html.j2", gather_training(runs, title, videos))


def _report_on_evaluations(results: Sequence[Path], path: Path, title: str | None, videos: VideoLimits | None) -> str:
    evaluations = read_evaluations(results)
    _check_output(path)
    clips = choose_clips(evaluations)
    rendered = render_clips(clips, videos) if videos else []
    return render_page(evaluations, title, list(zip(clips, rendered, strict=True)) if videos else [])


def _report_on_training(results: Sequence[Path], path: Path, title: str | None, videos: VideoLimits | None) -> str:
    runs = read_training_runs(results)
    _check_output(path)
    shown = choose_shown(runs)
    order = sorted(range(len(shown)), key=lambda place: (_is_between(shown, place), -place))
    movies = [shown[place].episode.movie for place in order]
    rendered = dict(zip(order, render_movies(movies, videos) if videos else [Video()] * len(shown), strict=True))
    return render_training_page(runs, title, [(one, rendered[place]) for place, one in enumerate(shown)])


def _is_between(shown: Sequence[Shown], place: int) -> bool:
    """Whether an episode is neither the first nor the last of its run; its video is the first to be left out."""
    of_run = [one for one in shown if one.run is shown[place].run]
    return shown[place] is not of_run[0] and shown[place] is not of_run[-1]


def _render(template: str, content: Content | TrainingContent | ComparisonContent) -> str:
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (folder / "script.js").read_text(encoding="utf-8")
    plotly = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    return environment.get_template(template).render(
        content=content,
        generator=GENERATOR,
        style=Markup((folder / "style.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hashes=[_hash(script.encode()), _hash(plotly)],
        plotly=base64.b64encode(gzip.compress(plotly, mtime=0)).decode(),
        plotly_version=_plotly_version(plotly),
    )


def _write(path: Path, html: str) -> None:
    try:
        write_atomically(path, html)
    except OSError as error:
        raise ResultsError(f"Cannot write the report to {path}: {error.strerror or error}.") from error


def _check_output(path: Path) -> None:
    if path.is_dir():
        raise ResultsError(f"{path} is a directory; name a file for the report with --output.")
    if not path.parent.is_dir():
        raise ResultsError(f"The folder {path.parent} does not exist; make it first or name another with --output.")
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise ResultsError(f"Cannot write the report to {path}: {error.strerror or error}.") from error
    if start and f'content="{GENERATOR}'.encode() not in start:
        raise ResultsError(f"{path} is not a report and is left as it is; name another file with --output.")


def _hash(text: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"


def _plotly_version(plotly: bytes) -> str:
    found = re.search(rb"plotly\.js v([\d.]+)", plotly[:200])
    return found[1].decode() if found else ""
