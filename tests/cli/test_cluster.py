"""``ngp cluster``, and ``--on`` of the verbs that play elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.cluster.address import parse_address, with_free_port
from newgameplus.games.levels import find_level

psutil = pytest.importorskip("psutil", reason="the extra cluster is not installed")
NOBODY = "tcp://127.0.0.1:1"


def test_a_cluster_is_started_used_looked_at_and_ended(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("NGP_HOME", str(tmp_path))
    address = str(with_free_port(parse_address("tls://127.0.0.1:0")))
    command = [sys.executable, "-m", "newgameplus", "cluster", "up", address, "--workers", "1"]
    up = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        assert up.stdout is not None
        assert up.stdout.readline().startswith(f"A scheduler at {address} and 1 worker, until Ctrl-C.")
        nodes = psutil.Process(up.pid).children()
        arguments = ["random", "--split", "airstriker", "--timesteps", "200", "--on", address, "--json"]
        assert run(["evaluate", *arguments, "--results", str(tmp_path / "results")]) == 0
        assert json.loads(capsys.readouterr().out)["is_complete"]
        assert run(["cluster", "status", address, "--json"]) == 0
        (worker,) = json.loads(capsys.readouterr().out)["workers"]
        assert (worker["doing"], worker["num_done"], worker["problem"]) == ("", 1, None)
        assert run(["cluster", "up", address]) == 2
        assert "Something listens at" in capsys.readouterr().err
    finally:
        up.send_signal(signal.SIGINT)
        code = up.wait(30)
        up.stdout.close()
    assert code == 0
    assert not any(node.is_running() for node in nodes)
    assert (tmp_path / "cluster").stat().st_mode & 0o777 == 0o700


def answer(capsys, *arguments):
    code = run(list(arguments))
    return code, json.loads(capsys.readouterr().out)


def test_movies_are_verified_on_a_cluster_as_here(cluster, tmp_path, capsys):
    source = find_level("Tumbleweed-Genesis-v0/Frost.Act1").integration.par_movie("Frost.Act1")
    (tmp_path / "good.bk2").write_bytes(source.read_bytes())
    (tmp_path / "bad.bk2").write_bytes(source.read_bytes()[:500])
    arguments = ["movie", "verify", str(tmp_path), "--json"]
    assert run(arguments) == 2
    here = capsys.readouterr()
    assert run([*arguments, "--on", cluster.address]) == 2
    assert capsys.readouterr() == here
    assert json.loads(here.out)[0]["outcome"] == "same"


def test_levels_are_checked_on_a_cluster_as_here(cluster, tmp_path, capsys):
    split = tmp_path / "one.toml"
    split.write_text('description = "One level."\nlevels = ["Tumbleweed-Genesis-v0/Frost.Act1"]\n')
    arguments = ["levels", "check", str(split), "--json"]
    here = answer(capsys, *arguments)
    assert answer(capsys, *arguments, "--on", cluster.address) == here
    assert here[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cluster", "join", NOBODY], f"There is no scheduler at {NOBODY}"),
        (["cluster", "status", "tls://127.0.0.1:1"], "There are no certificates in"),
        (["cluster", "up", "tcp://0.0.0.0"], "would let everybody on the network run code"),
        (["cluster", "up", "tls://0.0.0.0"], "names no machine"),
        (["cluster", "join", "here"], "'here' is no address of a scheduler"),
        (["evaluate", "random", "--split", "airstriker", "--on", NOBODY], f"There is no scheduler at {NOBODY}"),
        (["evaluate", "random", "--split", "airstriker", "--on", NOBODY, "--workers", "2"], "goes with this machine"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(arguments, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1
    assert not list(Path().iterdir())


WITHOUT = """
import sys
sys.modules["distributed"] = None
from newgameplus.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def test_the_missing_extra_is_named_with_the_line_that_installs_it():
    command = [sys.executable, "-c", WITHOUT, "cluster", "status"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: A cluster needs the extra cluster: pip install")
