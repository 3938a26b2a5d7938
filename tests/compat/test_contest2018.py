"""Scripts written for the contest of 2018 run as they are, against the session of today."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.compat.contest2018 import PATH
from newgameplus.contest.entry_plan import entry_plan
from newgameplus.contest.entry_run import SessionFailedError, play_in_sandbox
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST_2018
from newgameplus.emulator.compiled import engine
from newgameplus.envs.rules import CONTEST_WORLD
from newgameplus.errors import SandboxError
from newgameplus.games.levels import find_level
from newgameplus.remote.client import DESCRIPTOR_VARIABLE, REASONS
from newgameplus.remote.ends import End, Reason
from newgameplus.remote.entries.entry import Entry
from newgameplus.remote.entries.launch import CLIENT, OLD, OLD_MODULES, PACKAGES, entry_spec
from newgameplus.remote.entries.new import entry_of_2018, new_entry
from newgameplus.remote.entries.store import client_folder
from newgameplus.remote.limits import SessionLimits
from newgameplus.remote.sandbox.choice import choose
from newgameplus.remote.server import serve
from newgameplus.remote.transport import socket_pair
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.training.worlds import WorldPlan, make_single_world
from newgameplus.types import BUTTONS, PICTURE, SONIC_7, WARPED, ActionSpec, ObservationSpec

pytestmark = pytest.mark.skipif(engine() is None, reason="several environments at once need the native engine")

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
RULES = replace(CONTEST_WORLD, max_episode_steps=10)
AS_IN_2018 = SessionLimits(max_timesteps=40, counts_resets=True, step_seconds=60.0)


def world(observation: ObservationSpec = PICTURE, actions: ActionSpec = BUTTONS) -> Any:
    return closing(make_single_world(WorldPlan((LEVEL,), rules=RULES), LEVEL, (observation, actions)))


@dataclass(frozen=True)
class Outcome:
    """What a script did, and how its session ended."""

    end: End
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def run(arguments: Sequence[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the folder of 2018 on its path, as a sandbox does."""
    environment = {**os.environ, "PYTHONPATH": str(PATH), **variables}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=folder, env=environment, check=False
    )


def played(
    script: str,
    folder: Path,
    *,
    arguments: Sequence[str] = ("agent.py",),
    actions: ActionSpec = BUTTONS,
    limits: SessionLimits = AS_IN_2018,
) -> Outcome:
    """Serve a level to a script, and return what became of it."""
    (folder / "agent.py").write_text(script, encoding="utf-8")
    transport, theirs = socket_pair()
    with world(actions=actions) as level, (folder / "output.txt").open("w+", encoding="utf-8") as output:
        with closing(theirs):
            descriptor = theirs.fileno()
            child = subprocess.Popen(
                [sys.executable, *arguments],
                stdout=output, stderr=subprocess.STDOUT, cwd=folder, pass_fds=[descriptor],
                env={**os.environ, "PYTHONPATH": str(PATH), DESCRIPTOR_VARIABLE: str(descriptor)},
            )  # fmt: skip
        end = serve(level, transport, limits, seed=5)
        assert child.wait() == 0, (folder / "output.txt").read_text(encoding="utf-8")
        output.seek(0)
        return Outcome(end, output.read())


HOLD_RIGHT = """
import gym_remote.client as grc
import gym_remote.exceptions as gre
import numpy as np

env = grc.RemoteEnv('tmp/sock')
calls = 0
try:
    kept = first = env.reset()
    copy = first.copy()
    calls += 1
    while True:
        action = env.action_space.sample()
        action[7] = 1
        ob, reward, done, info = env.step(action)
        calls += 1
        assert info == {} and type(reward) is float and type(done) is bool
        assert ob is not kept and not np.shares_memory(ob, kept) and np.array_equal(first, copy)
        kept = ob
        if done:
            env.reset()
            calls += 1
except gre.GymRemoteError as exc:
    print(type(exc).__name__, isinstance(exc, TimeoutError), calls)
    print(env.action_space, env.observation_space, env.observation_space.high.max(), ob.dtype, ob.shape)
"""


def test_a_loop_over_the_remote_environment_ends_with_the_exception_of_2018(tmp_path: Path) -> None:
    outcome = played(HOLD_RIGHT, tmp_path)
    assert outcome.lines == [
        "TimestepTimeoutError True 40",
        "MultiBinary(12) Box(224, 320, 3) 255 uint8 (224, 320, 3)",
    ]
    assert (outcome.end.reason, outcome.end.step, outcome.end.episode) == (Reason.TIMESTEPS, 36, 3)


KNOWLEDGE = """
import random
import gym
import numpy as np
import gym_remote.client as grc
import gym_remote.exceptions as gre

class Tracked(gym.Wrapper):
    def __init__(self, env):
        super(Tracked, self).__init__(env)
        self.actions, self.total, self.steps = [], 0.0, 0

    def reset(self, **kwargs):
        self.actions, self.total = [], 0.0
        return self.env.reset(**kwargs)

    def step(self, action):
        self.actions.append(action.copy())
        ob, rew, done, info = self.env.step(action)
        self.total += rew
        self.steps += 1
        return ob, rew, done, info

def explore(env):
    env.reset()
    done = False
    while not done:
        action = np.zeros((12,), dtype=np.bool)
        action[6 + random.randrange(2)] = True
        action[0] = random.random() < 0.5
        _, _, done, _ = env.step(action)
    return env.actions

def repeat(env, sequence):
    env.reset()
    done, idx = False, 0
    while not done:
        _, _, done, _ = env.step(sequence[idx] if idx < len(sequence) else np.zeros((12,), dtype='bool'))
        idx += 1
    return env.total

env = Tracked(grc.RemoteEnv('tmp/sock', tries=2))
found = []
try:
    while True:
        actions = explore(env)
        found.append(([env.total], actions))
        best = sorted(found, key=lambda pair: np.mean(pair[0]))[-1]
        best[0].append(repeat(env, best[1]))
except gre.GymRemoteError as exc:
    print('exception', exc, env.steps, [len(pair[0]) for pair in found])
"""


def test_retained_knowledge_is_played_again(tmp_path: Path) -> None:
    outcome = played(KNOWLEDGE, tmp_path)
    assert outcome.lines == ["exception The session is over: all timesteps were taken. 36 [2, 1]"]


STACK = """
import gym
import numpy as np
from baselines.common.atari_wrappers import FrameStack, WarpFrame
import gym_remote.client as grc
import gym_remote.exceptions as gre

BUTTONS = ["B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z"]
SETS = [["LEFT"], ["RIGHT"], ["LEFT", "DOWN"], ["RIGHT", "DOWN"], ["DOWN"], ["DOWN", "B"], ["B"]]

class Discretizer(gym.ActionWrapper):
    def __init__(self, env):
        super(Discretizer, self).__init__(env)
        self._actions = [np.array([name in names for name in BUTTONS]) for names in SETS]
        self.action_space = gym.spaces.Discrete(len(self._actions))

    def action(self, a):
        return self._actions[a].copy()

class Scaler(gym.RewardWrapper):
    def reward(self, reward):
        return reward * 0.01

class Backtracking(gym.Wrapper):
    def reset(self, **kwargs):
        self.here = self.best = 0
        return self.env.reset(**kwargs)

    def step(self, action):
        obs, rew, done, info = self.env.step(action)
        self.here += rew
        gain = max(0, self.here - self.best)
        self.best = max(self.best, self.here)
        return obs, gain, done, info

remote = grc.RemoteEnv('tmp/sock')
env = FrameStack(WarpFrame(Backtracking(Scaler(Discretizer(remote)))), 4)
seen = [np.array(env.reset())]
try:
    for step in range(100):
        ob, reward, done, _ = env.step(step % 7)
        seen.append(np.array(ob))
        if done:
            seen.append(np.asarray(env.reset()))
except gre.GymRemoteError:
    np.save('seen.npy', np.array(seen))
print(env.action_space, env.observation_space, env.unwrapped is remote, ob.__class__.__name__, len(ob), ob[0].shape)
"""


def test_a_stack_of_wrappers_shows_what_our_own_specs_show(tmp_path: Path) -> None:
    outcome = played(STACK, tmp_path)
    assert outcome.lines == ["Discrete(7) Box(84, 84, 4) True LazyFrames 84 (84, 4)"]
    seen = np.load(tmp_path / "seen.npy")
    with world(WARPED, SONIC_7) as ours:
        first, _ = ours.reset(seed=5)
        expected = [first[0]]
        for step in range(36):
            observation, _, _, _, info = ours.step(np.array([step % 7]))
            expected += [info["final_obs"][0], observation[0]] if "final_obs" in info else [observation[0]]
    assert np.array_equal(seen, expected)


MISUSE = """
import gym_remote.client as grc
import gym_remote.exceptions as gre

env = grc.RemoteEnv('tmp/sock')
said = []
def tried(call):
    try:
        call()
    except gre.GymRemoteError as error:
        said.append(type(error).__name__)
step = lambda: env.step([0] * 12)
tried(step)
env.reset()
tried(env.reset)
while not step()[2]:
    pass
tried(step)
tried(lambda: grc.RemoteEnv('tmp/sock'))
env.reset()
step()
env.close()
tried(env.reset)
tried(step)
print(*said)
"""


def test_an_illegal_reset_is_an_error_that_the_session_survives(tmp_path: Path) -> None:
    outcome = played(MISUSE, tmp_path)
    assert outcome.lines == [
        "ResetError ResetError ResetError GymRemoteError ClientDisconnectError ClientDisconnectError"
    ]
    assert (outcome.end.reason, outcome.end.step) == (Reason.CLIENT_DISCONNECT, 11)


ENTRY = """
def play(env, times):
    env.reset()
    for _ in range(int(times)):
        observation, reward, done, info = env.step(env.action_space.n - 1)
    print(env.action_space)
"""


def test_a_function_is_an_agent_as_retro_contest_agent_had_it(tmp_path: Path) -> None:
    arguments = ("-m", "retro_contest.agent", "agent:play", "8")
    outcome = played(ENTRY, tmp_path, arguments=arguments, actions=ActionSpec("discrete"))
    assert outcome.lines == ["Running agent: agent:play", "Discrete(126)"]
    assert outcome.end.step == 8


def test_without_an_agent_a_random_one_plays(tmp_path: Path) -> None:
    outcome = played("", tmp_path, arguments=("-m", "retro_contest.agent"), actions=ActionSpec("multi_discrete"))
    assert outcome.lines == ["Running agent: random_agent", "The session is over: all timesteps were taken."]


def test_without_a_server_one_sentence_says_so(tmp_path: Path) -> None:
    done = run(["-m", "retro_contest.agent"], tmp_path, **{DESCRIPTOR_VARIABLE: "199"})
    assert done.returncode != 0
    assert "GymRemoteError: Descriptor 199 is no connection to a server" in done.stderr


RENDER = """
import sys
import retro
import retro_contest.local
from os import listdir
from os.path import isfile, join, isdir

def record(folder):
    env = retro_contest.local.make('Airstriker-Genesis', 'Level1', bk2dir=folder)
    env.reset()
    for step in range(5):
        env.step(env.action_space.sample())
    last = env.render('rgb_array')
    env.close()
    return last

def render(file):
    movie = retro.Movie(file)
    movie.step()
    env = retro.make(game=movie.get_game(), state=retro.STATE_NONE, use_restricted_actions=retro.ACTIONS_ALL)
    env.initial_state = movie.get_state()
    env.reset()
    frame = 0
    framerate = 2
    while movie.step():
        if frame == framerate:
            env.render()
            frame = 0
        else:
            frame += 1
        keys = []
        for i in range(env.NUM_BUTTONS):
            keys.append(movie.get_key(i))
        _obs, _rew, _done, _info = env.step(keys)
    env.close()
    return _obs

last = record(sys.argv[1])
for file in [f for f in listdir(sys.argv[1]) if isfile(join(sys.argv[1], f))]:
    if '.bk2' in file:
        print('playing', file, (render(join(sys.argv[1], file)) == last).all())
"""


def test_a_folder_of_movies_is_shown_by_the_script_that_everyone_copied(tmp_path: Path) -> None:
    pytest.importorskip("pygame")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bk2").mkdir()
    (tmp_path / "scripts" / "render.py").write_text(RENDER, encoding="utf-8")
    command = ["-m", "newgameplus.compat.contest2018", "scripts/render.py", "bk2"]
    done = run(command, tmp_path, PYTHONPATH="", SDL_VIDEODRIVER="dummy", PYGAME_HIDE_SUPPORT_PROMPT="1")
    assert done.stdout.splitlines() == ["playing Airstriker-Genesis-Level1-000000.bk2 True"], done.stderr
    assert "UserWarning: Airstriker-Genesis has no scenario contest, so its own pays the rewards." in done.stderr


HOME = """
from retro_contest.local import make
env = make(game='Airstriker-Genesis', state='Level1')
"""


@pytest.mark.parametrize("program", [HOLD_RIGHT, HOME], ids=["remote", "home"])
def test_an_entry_of_2018_meets_its_modules_in_the_sandbox(tmp_path: Path, program: str) -> None:
    try:
        sandbox = choose("auto").NAME
    except SandboxError as error:
        pytest.skip(str(error))
    folder = RunFolder(tmp_path / "run")
    (tmp_path / "agent.py").write_text(program, encoding="utf-8")
    new_entry(tmp_path / "entry", *entry_of_2018([tmp_path / "agent.py"]))
    rules = replace(CONTEST_2018, max_timesteps=40)
    plan = Plan(entry_plan(tmp_path / "entry"), WorldPlan((LEVEL,), rules=RULES), rules, (0,), sandbox=sandbox)
    job = Job(plan, LEVEL, 0, folder.path)
    if program == HOLD_RIGHT:
        play_in_sandbox(job, lambda _: None)
        assert folder.entry_log.read_text(encoding="utf-8").startswith("TimestepTimeoutError True 40")
        assert [episode.num_steps for episode in read_monitor(folder.monitor)] == [10, 10, 10]
        return
    with pytest.raises(SessionFailedError, match="A session shows no games: play the environment that it gives"):
        play_in_sandbox(job, lambda _: None)


def test_the_packages_of_an_entry_come_before_the_modules_of_2018(tmp_path: Path) -> None:
    entry = Entry("old", "1", function="agent:play", requirements="lock.txt", api="2018")
    spec = entry_spec(entry, tmp_path, [9], packages=tmp_path / "packages")
    assert spec.env["PYTHONPATH"] == f"{CLIENT}:{PACKAGES}:{OLD}"
    assert spec.source_of(OLD) == OLD_MODULES == PATH
    assert spec.argv[1:] == ("-m", "retro_contest.agent", "agent:play")
    assert "PYTHONPATH" not in entry_spec(replace(entry, requirements=None, api=None), tmp_path, [9]).env


@pytest.mark.parametrize("arguments", [[], ["missing.py"]])
def test_a_script_that_is_not_there_is_named(arguments: list[str], tmp_path: Path) -> None:
    done = run(["-m", "newgameplus.compat.contest2018", *arguments], tmp_path)
    assert done.returncode != 0
    assert done.stderr.startswith(f"There is no script {arguments[0]}:" if arguments else "Name a script:")


PARTS = """
import json, pathlib
import gym, gym.wrappers, gym_remote, retro, retro_contest
import gym_remote.client as grc, gym_remote.exceptions as gre
import numpy as np
from newgameplus.envs.frame_skip import FrameSkip, StickyActions
from newgameplus.remote.client import REASONS, SessionOverError

class Counter(gym.Env):
    action_space, observation_space = gym.spaces.Discrete(9), gym.spaces.Box(0, 9, (1,))
    taken = ()

    def _reset(self):
        self.taken = []
        return 0

    def _step(self, action):
        self.taken.append(action)
        return len(self.taken), 1.0, len(self.taken) == 4 * 30 - 2, {}

class Doubled(gym.ObservationWrapper):
    def _observation(self, observation):
        return 2 * observation

class Negated(gym.ActionWrapper):
    def _action(self, action):
        return -action

class Halved(gym.RewardWrapper):
    def _reward(self, reward):
        return reward / 2

told = {}
told['version'] = [int(part) for part in gym.__version__.split('.')]
told['ids'] = [[type(gre.make(i, 'why')).__name__, gre.make(i).ID, issubclass(type(gre.make(i)), gre.GymRemoteError)]
               for i in range(6)]
told['closed'] = issubclass(gre.ServerDisconnectError, gym_remote.Bridge.Closed)
told['ends'] = {code: type(grc.of_2018(SessionOverError(code))).__name__ for code in REASONS}
told['constants'] = [retro.STATE_NONE is retro.State.NONE, retro.ACTIONS_ALL is retro.Actions.ALL,
                     retro.ACTIONS_DISCRETE.value, retro.ACTIONS_MULTI_DISCRETE.value]

class Generator:
    def __init__(self, seed):
        self.rand = np.random.default_rng(seed).random

base = Counter()
skipped = retro_contest.StochasticFrameSkip(base, n=4, stickprob=0.25)
skipped.rng = Generator(3)
ours, numbers = StickyActions(FrameSkip(4, 0.25)), np.random.default_rng(3)
skipped.reset()
steps, expected, done = [], [], False
while not done:
    observation, reward, done, info = skipped.step(len(steps))
    expected += ours.frames(len(steps), numbers)
    steps.append(reward)
told['sticky'] = [base.taken == expected[:len(base.taken)], sum(steps), steps[-1], len(set(base.taken))]

limited = gym.wrappers.TimeLimit(Counter(), max_episode_steps=3)
try:
    limited.step(0)
except gym.error.ResetNeeded as error:
    told['needs_reset'] = str(error)
limited.reset()
told['limited'] = [limited.step(0)[2] for _ in range(3)]

monitored = retro_contest.Monitor(gym.wrappers.TimeLimit(Counter(), max_episode_steps=60), 'monitor.csv', 'log.csv')
for _ in range(20):
    monitored.reset()
    while not monitored.step(1)[2]:
        pass
monitored.close()
for name in ('monitor', 'log'):
    told[name] = [line.rsplit(',', 1)[0] for line in pathlib.Path(name + '.csv').read_text().splitlines()]

wrapped = Halved(Negated(Doubled(base)))
told['old_names'] = [wrapped.reset(), wrapped.step(7)[:2], base.taken, wrapped.unwrapped is base, str(wrapped)[:16]]
told['numpy'] = [np.bool in (bool, np.bool_), np.int is int, np.float is float, np.object is object]

spaces = [gym.spaces.Discrete(3), gym.spaces.MultiBinary(4), gym.spaces.MultiDiscrete([2, 5]),
          gym.spaces.Box(low=0, high=255, shape=(2, 2), dtype=np.uint8),
          gym.spaces.Box(np.array([-1.0]), np.array([1.0]))]
told['samples'] = [all(space.sample() in space for _ in range(50)) for space in spaces]
told['outside'] = [outside in space for space, outside in zip(spaces, [3, [0, 2, 0, 0], [1, 5], [[0, 0]], [1.5]])]
told['spaces'] = [repr(space) for space in spaces]
gym.spaces.seed(4)
drawn = [space.sample() for space in spaces]
gym.spaces.seed(4)
told['seeded'] = all(np.array_equal(one, space.sample()) for one, space in zip(drawn, spaces))

fold = gym_remote.IntFoldChannel([2] * 3, np.uint8)
told['folds'] = [fold.parse(value).tolist() for value in ([True, False, 1], [0.9, 1.9, 0], [2, 3, -1])]
told['channels'] = [gym_remote.IntChannel().parse(2.9), gym_remote.FloatChannel().parse(1),
                    gym_remote.BoolChannel().parse([]), gym_remote.NpChannel((2,), np.int64).parse([1.5, 2]).tolist()]
try:
    gym_remote.Bridge('tmp/sock')
except NotImplementedError as error:
    told['bridge'] = str(error)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a program says about the modules."""
    done = run(["-W", "error", "-c", PARTS], tmp_path_factory.mktemp("parts"))
    assert not done.stderr, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_gym_has_a_version_of_three_numbers(told: dict[str, Any]) -> None:
    assert len(told["version"]) == 3
    assert (0, 9, 6) <= tuple(told["version"]) < (0, 26, 0)


def test_the_errors_have_their_numbers(told: dict[str, Any]) -> None:
    names = ["GymRemoteError", "TimestepTimeoutError", "WallClockTimeoutError", "ClientDisconnectError"]
    names += ["ServerDisconnectError", "ResetError"]
    assert told["ids"] == [[name, number, True] for number, name in enumerate(names)]
    assert told["closed"]


def test_every_end_is_one_of_the_errors_of_2018(told: dict[str, Any]) -> None:
    ends = {int(code): name for code, name in told["ends"].items()}
    assert ends.keys() == REASONS.keys()
    assert [ends[code] for code in range(6)] == [name for name, _, _ in told["ids"]]
    assert (ends[16], ends[17]) == ("TimestepTimeoutError", "WallClockTimeoutError")
    assert {ends[code] for code in ends if code > 17} == {"GymRemoteError"}


def test_the_constants_of_retro_0_6_are_its_enums(told: dict[str, Any]) -> None:
    assert told["constants"] == [True, True, 2, 3]


def test_actions_stick_as_in_our_own_worlds(told: dict[str, Any]) -> None:
    is_same, total, last, num_actions = told["sticky"]
    assert is_same
    assert (total, last, num_actions) == (118.0, 2.0, 30)


def test_a_time_limit_ends_an_episode(told: dict[str, Any]) -> None:
    assert told["limited"] == [False, False, True]
    assert told["needs_reset"] == "Call reset() before step()."


def test_a_monitor_logs_each_episode_when_the_next_begins(told: dict[str, Any]) -> None:
    assert told["monitor"] == ["r,l", *["60.0,60"] * 19]
    assert told["log"] == ["l", "1000"]


def test_wrappers_may_define_the_names_with_an_underscore(told: dict[str, Any]) -> None:
    assert told["old_names"] == [0, [2, 0.5], [-7], True, "<Halved<Negated<"]


def test_numpy_has_its_old_names(told: dict[str, Any]) -> None:
    assert told["numpy"] == [True] * 4


def test_spaces_hold_what_they_draw(told: dict[str, Any]) -> None:
    assert told["samples"] == [True] * 5
    assert told["outside"] == [False] * 5
    assert told["seeded"]
    assert told["spaces"] == ["Discrete(3)", "MultiBinary(4)", "MultiDiscrete([2, 5])", "Box(2, 2)", "Box(1,)"]


def test_values_are_read_as_the_bridge_read_them(told: dict[str, Any]) -> None:
    assert told["folds"] == [[1, 0, 1], [0, 1, 0], [0, 1, 1]]
    assert told["channels"] == [2, 1.0, False, [1, 2]]
    assert told["bridge"].startswith("There is no bridge through files any more: connect with gym_remote.client")


@pytest.mark.parametrize("path", sorted(PATH.rglob("*.py")), ids=lambda path: str(path.relative_to(PATH)))
def test_a_module_needs_an_old_python_numpy_and_the_client(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    wanted = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    wanted |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    own = {"newgameplus.remote.client", *(path.name for path in PATH.iterdir())}
    foreign = {name for name in wanted if name.split(".")[0] not in {*sys.stdlib_module_names, "numpy", "cv2", *own}}
    games = {"newgameplus.compat", "newgameplus.compat.gym_retro"}
    assert foreign <= own | (games if path.parent.name == "retro" else set())


def test_scripts_are_imported_where_new_game_plus_is_not_installed(tmp_path: Path) -> None:
    numpy = Path(np.__file__).parents[1]
    (tmp_path / "site").mkdir()
    for path in (numpy / "numpy", *numpy.glob("numpy.libs")):
        (tmp_path / "site" / path.name).symlink_to(path)
    program = """
import gym, retro, baselines.common.atari_wrappers, gym_remote.client, retro_contest.agent
from retro import make
from retro_contest.local import make
try:
    retro.State
except ModuleNotFoundError as error:
    print(error)
try:
    gym_remote.client.RemoteEnv()
except gym_remote.exceptions.GymRemoteError as error:
    print(str(error).split(' (')[0])
"""
    path = f"{client_folder()}:{tmp_path / 'site'}:{PATH}"
    done = run(["-S", "-c", program], tmp_path, PYTHONPATH=path, **{DESCRIPTOR_VARIABLE: "199"})
    assert done.stdout.splitlines() == [
        "No module named 'newgameplus.compat'",
        "Descriptor 199 is no connection to a server",
    ], done.stderr


def test_the_modules_are_on_no_path_but_the_sandboxs() -> None:
    assert not (PATH / "__init__.py").exists()
    for name in ("gym_remote", "retro_contest", "baselines"):
        assert importlib.util.find_spec(name) is None
