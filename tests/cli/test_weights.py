"""Weights that a run keeps on its way, and weights that travel in one small file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from newgameplus.cli.main import run
from newgameplus.results.training_runs import TrainingFolder, agent_state

pytestmark = pytest.mark.usefixtures("one_thread")

AIRSTRIKER = ["--level", "Airstriker-Genesis-v0/Level1"]
LEARNING = ["--set", "rollout_steps=8", "--set", "batch_size=16", "--set", "num_hidden=16", "--set", "num_epochs=1"]
PLAYING = [*AIRSTRIKER, "--timesteps", "30", "--frozen", "--no-movies", "--json"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has kept its weights after 20 and 40 steps; look, do not touch."""
    folder = tmp_path_factory.mktemp("runs") / "begun"
    arguments = ["train", "ppo", *AIRSTRIKER, *LEARNING, "--num-envs", "2", "--steps", "48"]
    assert run([*arguments, "--keep-at", "40", "--keep-at", "20", "--run", str(folder)]) == 0
    return folder


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def initial(results: str) -> dict[str, str]:
    """Path and hash of the weights that an evaluation began with."""
    found: dict[str, str] = json.loads((Path(results) / "manifest.json").read_text())["init"]
    return found


def test_weights_are_kept_after_the_steps_that_were_asked_for_and_taken_from_there(
    begun: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = TrainingFolder(begun)
    assert folder.all_kept() == [20, 40]
    early, late = (agent_state(folder.kept(num_steps)) for num_steps in (20, 40))
    assert early.keys() == {"agent", "network"}
    assert not np.array_equal(early["network"]["policy.weight"], late["network"]["policy.weight"])
    arguments = ["evaluate", "ppo", *PLAYING, "--init", str(begun)]
    assert run([*arguments, "--at-steps", "20", "--results", "at"]) == 0
    assert initial("at")["path"] == str(folder.kept(20))
    assert run(["evaluate", "--resume", "--results", "at"]) == 0
    capsys.readouterr()
    assert run([*arguments, "--at-steps", "30"]) == 2
    assert "keeps no weights after 30 steps; kept: 20, 40." in capsys.readouterr().err
    assert run(["evaluate", "ppo", *AIRSTRIKER, "--at-steps", "20"]) == 2
    assert "give both" in capsys.readouterr().err


def test_a_run_does_not_promise_weights_of_steps_that_it_never_plays(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "ppo", *AIRSTRIKER, "--steps", "48", "--keep-at", "50"]) == 2
    assert "kept after 1 to 48 steps" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--float32"]])
def test_exported_weights_play_like_the_run_and_bring_its_configuration(
    begun: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert run(["weights", str(begun), "--at-steps", "40", "-o", "small.safetensors", *options]) == 0
    content = Path("small.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() in capsys.readouterr().out
    assert run(["evaluate", "ppo", *PLAYING, "--init", "small.safetensors", "--results", "small"]) == 0
    manifest = json.loads(Path("small/manifest.json").read_text())
    assert manifest["agent"]["config"]["num_hidden"] == 16
    assert initial("small")["sha256"] == hashlib.sha256(content).hexdigest()
    whole, small = (
        agent_state(path)["network"] for path in (TrainingFolder(begun).kept(40), Path("small.safetensors"))
    )
    for name, array in whole.items():
        np.testing.assert_allclose(small[name], array, rtol=0 if options else 1e-3, atol=0 if options else 1e-6)


def test_weights_that_were_changed_or_are_of_no_run_or_would_overwrite_are_one_sentence(
    begun: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["weights", str(begun), "-o", "small.safetensors"]) == 0
    assert run(["weights", str(begun), "-o", "small.safetensors"]) == 2
    assert "is there already" in capsys.readouterr().err
    content = bytearray(Path("small.safetensors").read_bytes())
    content[-9] ^= 1
    Path("small.safetensors").write_bytes(content)
    assert run(["evaluate", "ppo", *PLAYING, "--init", "small.safetensors"]) == 2
    assert "checksum" in capsys.readouterr().err
    Path("stray.safetensors").write_bytes(TrainingFolder(begun).kept(20).read_bytes())
    assert run(["weights", "stray.safetensors", "-o", "other.safetensors"]) == 2
    assert "is of no training run" in capsys.readouterr().err
