"""Folder of a training run.

::

    RUN/
      training.json           the plan
      checkpoints/<n>.safetensors best.safetensors
                              the last two, after n steps, and the one with the highest mean return
      checkpoints/at-<n>.safetensors
                              the agent after n steps, of the steps that were asked for
      checkpoints/winner.json of an agent that evolves: its fittest individual, which is taken instead of the best
      generations.jsonl       of an agent that evolves: one generation per line
      episodes.jsonl          one episode per line
      metrics.jsonl           metrics of learning
      watched.jsonl movies/   episodes played with the weights at some step, and their movies
      replay/                 frames of a replay buffer
      levels/                 sets of a stream of levels
      live/                   what the rows do, while somebody watches (newgameplus.results.live)
      tensorboard/ wandb.txt  event files; id of the run at Weights & Biases
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from newgameplus.durable import hold, remove_unfinished, write_atomically
from newgameplus.errors import NotFoundError, ResultsError, StateError
from newgameplus.renamed import RENAMED, TRAINING_MANIFEST, with_new_names
from newgameplus.results.checkpoints import load_state, peek_state, save_state
from newgameplus.results.json_files import read_json, write_json
from newgameplus.results.json_lines import read_json_lines
from newgameplus.results.kinds import what_it_is
from newgameplus.types import State

FORMAT = 1
"""Version of the folder's layout, of its manifest and of its checkpoints."""
LOGS = ("episodes", "metrics", "watched", "generations")
"""Names of the JSON lines logs: episodes, metrics, watched episodes, generations."""
NUM_KEPT = 2
"""Number of checkpoints kept besides the best: the newest and, in case it is damaged, the one before."""
_SUFFIX = ".safetensors"
_KEPT = "at-"


class TrainingFolder:
    """Folder of a training run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def manifest_path(self) -> Path:
        """Path of the manifest."""
        return self.path / "training.json"

    @property
    def movies(self) -> Path:
        """Folder of the movies of watched episodes."""
        return self.path / "movies"

    @property
    def replay(self) -> Path:
        """Folder of a replay buffer's frames."""
        return self.path / "replay"

    @property
    def levels(self) -> Path:
        """Folder of the sets of a stream of levels."""
        return self.path / "levels"

    @property
    def tensorboard(self) -> Path:
        """Folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    @property
    def wandb_id(self) -> Path:
        """Path of the file with the id of the run at Weights & Biases."""
        return self.path / "wandb.txt"

    @property
    def best_checkpoint(self) -> Path:
        """Path of the checkpoint with the highest mean return, once there is one."""
        return self._checkpoints / f"best{_SUFFIX}"

    @property
    def winner(self) -> Path:
        """Path of the fittest individual of an agent that evolves, once there is one."""
        return self._checkpoints / "winner.json"

    def kept(self, num_steps: int) -> Path:
        """Path of the agent that is kept as it was after ``num_steps`` steps."""
        return self._checkpoints / f"{_KEPT}{num_steps:012d}{_SUFFIX}"

    def all_kept(self) -> list[int]:
        """Return after how many steps an agent is kept, in order."""
        return sorted(int(path.stem.removeprefix(_KEPT)) for path in self._checkpoints.glob(f"{_KEPT}*{_SUFFIX}"))

    @property
    def _checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def log(self, name: str) -> Path:
        """Path of the log called ``name``, one of ``LOGS``."""
        return self.path / f"{name}.jsonl"

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of the log called ``name``; empty if it is missing.

        Raises:
            ResultsError: it is corrupt.
        """
        new_names = RENAMED.get(self.log(name).name, {})
        return [with_new_names(line, new_names) for line in read_json_lines(self.log(name))]

    def exists(self) -> bool:
        """Whether the folder holds a training run."""
        return self.manifest_path.is_file()

    def create(self, manifest: dict[str, Any]) -> None:
        """Create the folder and write the run's manifest into it.

        Raises:
            ResultsError: the folder is not empty, or cannot be written.
        """
        try:
            if self.path.exists() and any(self.path.iterdir()):
                raise ResultsError(f"{self.path} is not empty; give another --run, or --resume to go on with it.")
            self._checkpoints.mkdir(parents=True, exist_ok=True)
            write_json(self.manifest_path, {"format": FORMAT, **manifest})
        except OSError as error:
            raise ResultsError(f"Cannot write a run to {self.path}: {error.strerror or error}.") from error

    def manifest(self) -> dict[str, Any]:
        """Read the manifest.

        Raises:
            ResultsError: there is none, or it is corrupt or of another format.
        """
        if not self.exists():
            if not self.path.exists():
                raise ResultsError(f"There is no folder {self.path}; begin a run with: ngp train AGENT --run DIR")
            raise ResultsError(
                f"There is no training run in {self.path}{what_it_is(self.path)}; "
                "begin one with: ngp train AGENT --run DIR"
            )
        return with_new_names(read_json(self.manifest_path, FORMAT), RENAMED[TRAINING_MANIFEST])

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the folder for this process, and remove unfinished files of a killed one.

        Raises:
            ResultsError: another process holds it, or it cannot be written.
        """
        with hold(self.path, "--run"):
            remove_unfinished(self._checkpoints, _SUFFIX)
            yield

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints, oldest first, without the best one."""
        return sorted(self._checkpoints.glob(f"[0-9]*{_SUFFIX}"))

    def save_checkpoint(self, num_steps: int, state: State, *, is_best: bool) -> None:
        """Write the checkpoint after ``num_steps`` steps, and delete those that are no longer needed.

        Raises:
            OSError: it cannot be written; earlier checkpoints are untouched.
        """
        state = {"format": FORMAT, **state}
        # The best one first: a process killed in between writes both again after it resumes.
        if is_best:
            save_state(self.best_checkpoint, state)
        save_state(self._checkpoints / f"{num_steps:012d}{_SUFFIX}", state)
        for old in self.checkpoints()[:-NUM_KEPT]:
            old.unlink()

    def keep(self, num_steps: int, agent: State) -> None:
        """Write the agent's state after ``num_steps`` steps, to be kept.

        Raises:
            OSError: it cannot be written.
        """
        save_state(self.kept(num_steps), {"format": FORMAT, "agent": agent})

    def save_winner(self, state: State) -> None:
        """Write the fittest individual.

        Args:
            state: an agent's state, as JSON types.

        Raises:
            OSError: it cannot be written.
        """
        write_atomically(self.winner, json.dumps({"format": FORMAT, "agent": state}) + "\n")

    def check_nothing_lost(self, first_checkpoint: int) -> None:
        """Refuse to begin anew over a run whose checkpoints are gone.

        Args:
            first_checkpoint: number of steps by which the run has written a checkpoint.

        Raises:
            ResultsError: its logs go further, so that there was a checkpoint.
        """
        last = max((line["num_steps"] for name in LOGS for line in self.lines(name)), default=0)
        if last > first_checkpoint:
            raise ResultsError(
                f"Cannot resume {self.path}: its logs go as far as step {last:,}, but its checkpoints are gone; "
                "restore them, or begin a new run in another folder."
            )

    def last_checkpoint(self) -> State | None:
        """Return the newest readable checkpoint, or None if none was written.

        Raises:
            StateError: none of them can be read.
        """
        files = self.checkpoints()
        for file in reversed(files):
            try:
                return _checkpoint(file)
            except StateError:
                if file == files[0]:
                    raise
        return None


def latest_training_run(parent: Path = Path("runs")) -> Path:
    """Return the folder of the training run below ``parent`` that was written to last.

    Raises:
        ResultsError: there is none.
    """
    found = [path for path in parent.glob("*") if TrainingFolder(path).exists()]
    if not found:
        raise ResultsError(f"There are no training runs below {parent.resolve()} to resume; name one with --run.")
    return max(found, key=lambda path: max(file.stat().st_mtime for file in path.iterdir()))


def checkpoint_at(path: Path, num_steps: int | None = None) -> Path:
    """Return the checkpoint for ``path``: a file itself; of a run's folder the winner, else the best, else the newest.

    Args:
        path: a checkpoint, or the folder of a run.
        num_steps: take the agent that the run has kept after that many steps; None for the above.

    Raises:
        NotFoundError: there is nothing at ``path``, or nothing was kept after ``num_steps``.
        StateError: it is a folder without a checkpoint.
    """
    if num_steps is not None:
        return _kept_at(TrainingFolder(path), num_steps)
    if path.is_file():
        return path
    if not path.is_dir():
        raise NotFoundError(f"There is no checkpoint at {path}; give a training run's folder or a checkpoint file.")
    folder = TrainingFolder(path)
    chosen = [file for file in (folder.winner, folder.best_checkpoint) if file.is_file()]
    found = chosen[:1] or folder.checkpoints()
    if not found:
        if not folder.exists():
            raise StateError(
                f"{path} is not a training run{what_it_is(path)}; give a run's folder or a checkpoint file."
            )
        raise StateError(f"There is no checkpoint in {path} yet; train for longer, or give another run.")
    return found[-1]


def _kept_at(run: TrainingFolder, num_steps: int) -> Path:
    if not run.kept(num_steps).is_file():
        kept = ", ".join(f"{each:,}" for each in run.all_kept()) or "none"
        raise NotFoundError(
            f"{run.path} keeps no weights after {num_steps:,} steps; kept: {kept}. A run keeps what it was begun with: "
            "ngp train --keep-at N"
        )
    return run.kept(num_steps)


def run_of(checkpoint: Path) -> TrainingFolder:
    """Return the folder of the training run that a checkpoint is in, if it is in one."""
    return TrainingFolder(checkpoint.resolve().parent.parent)


def manifest_of(checkpoint: Path) -> dict[str, Any] | None:
    """Return the manifest of the training run that a checkpoint is of; None if it is of none.

    It is that of the run's folder, or, of exported weights, in the file itself.

    Raises:
        ResultsError: it is corrupt.
        StateError: the file is damaged.
    """
    run = run_of(checkpoint)
    if run.exists():
        return run.manifest()
    plan = peek_state(checkpoint).get("plan") if checkpoint.suffix == _SUFFIX else None
    return plan if isinstance(plan, dict) else None


def export_weights(checkpoint: Path, weights: State, to: Path) -> None:
    """Write weights to one file, with the manifest of the run that they are of.

    Args:
        checkpoint: the checkpoint that they are of.
        weights: an agent's state, or the part of it that other agents begin from.
        to: the file.

    Raises:
        ResultsError: the checkpoint is of no training run, or the file is there already or cannot be written.
    """
    manifest = manifest_of(checkpoint)
    if manifest is None:
        raise ResultsError(f"{checkpoint} is of no training run, so nothing says what its weights are of.")
    if to.exists():
        raise ResultsError(f"{to} is there already and is left as it is; give another name.")
    try:
        save_state(to, {"format": FORMAT, "agent": weights, "plan": manifest})
    except OSError as error:
        raise ResultsError(f"Cannot write {to}: {error.strerror or error}.") from error


def agent_state(checkpoint: Path) -> State:
    """Return the state of the agent in a checkpoint, be it of a training run or of an evaluation's run, or a winner's.

    Raises:
        NotFoundError: there is no such file.
        StateError: it is damaged, of another format, or holds no agent.
    """
    state = _winner(checkpoint) if checkpoint.suffix == ".json" else load_state(checkpoint)
    _check_format(checkpoint, state.get("format", FORMAT))  # an evaluation's checkpoint does not say its format
    agent = state.get("agent")
    if not isinstance(agent, dict):
        raise StateError(f"{checkpoint} holds no agent.")
    return agent


def _winner(path: Path) -> State:
    try:
        return read_json(path, FORMAT)
    except ResultsError as error:
        raise StateError(str(error)) from error


def _checkpoint(path: Path) -> State:
    state = load_state(path)
    _check_format(path, state.get("format"))
    return state


def _check_format(path: Path, found: object) -> None:
    if found != FORMAT:
        raise StateError(f"{path} has format {found!r}; this version of New Game Plus reads format {FORMAT}.")
