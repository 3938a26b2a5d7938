"""The memory hybrid in one row: plans episodes, follows stored sequences, explores, and remembers."""

from __future__ import annotations

from collections import Counter

import numpy as np

from newgameplus.agents import randomness
from newgameplus.agents.memory.config import MemoryConfig
from newgameplus.agents.memory.episode import Episode
from newgameplus.agents.memory.moves import Move, Mover, Script
from newgameplus.agents.memory.track import locate
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import StateError
from newgameplus.experience.episodic import EpisodicMemory
from newgameplus.experience.sequences import ActionSequence, SequenceStore
from newgameplus.types import Array, State

NUM_SEQUENCES = 200
"""Sequences that are kept."""
_LEAST_GAIN = 1.02
"""Factor by which a repeat must exceed its sequence's first return to be stored as a new one."""

COUNTED = ("followed", "lost", "script", "policy", "memory")
"""Who chose an action: the stored sequence, whoever leads back to it, JERK's moves, the policy, or the memory."""


class Player:
    """The hybrid in one row.

    Args:
        config: configuration.
        script: chooses the actions of JERK's moves.
        memory: the row's memory.
        num_actions: number of different actions.
        num_timesteps: steps of the run, over which repeats become more likely.
        random: the row's random generator.
    """

    def __init__(
        self,
        config: MemoryConfig,
        script: Script,
        memory: EpisodicMemory,
        num_actions: int,
        num_timesteps: int,
        random: np.random.Generator,
    ) -> None:
        self._config, self._script, self._random = config, script, random
        self.memory = memory
        self.store = SequenceStore(num_actions, NUM_SEQUENCES)
        self._begins: dict[bytes, int] = {}
        self._num_timesteps, self._num_steps, self._num_episodes = num_timesteps, 0, 0
        self._episode: Episode | None = None
        self._track: Array | None = None
        self.counts: Counter[str] = Counter()
        """Number of actions of this run by who chose them."""

    def act(self, feature: Array, proposed: int) -> int:
        """Return the next action.

        Args:
            feature: float32 ``[H]``, unit features of the observation.
            proposed: the policy's action.
        """
        episode = self._episode
        if episode is None:
            episode = self._episode = self._begin()
            self._load_track()
        action = self._follow(episode, feature, proposed) if episode.is_following() else None
        if action is None:
            action = self._play_freely(episode, feature, proposed)
        episode.actions.append(action)
        return action

    def observe(self, feature: Array, reward: float, done: bool) -> None:
        """Remember the moment and its reward; at the end of an episode store what it found.

        Raises:
            StateError: nothing was done before.
        """
        episode = self._episode
        if episode is None or not episode.actions:
            raise StateError("The memory observes the outcome of a step before it has acted; call act() first.")
        self._num_steps += 1
        episode.observe(reward)
        begin = self.memory.begin
        self.memory.add(feature, episode.actions[-1], reward, done)
        if done:
            self._remember(episode, begin)
            self._num_episodes += 1
            self._episode = self._track = None

    def _begin(self) -> Episode:
        """Plan an episode."""
        config = self._config
        if not len(self.store):
            return Episode("free")
        part_done = self._num_steps / self._num_timesteps
        if self._random.random() < config.repeat_bias + part_done**config.repeat_power:
            best = self.store.best()
            return Episode("repeat", best.actions, len(best.actions), self._begins[best.actions])
        if self._random.random() < config.fresh_share:
            return Episode("free")
        ranked = self.store.top(config.num_best)
        chosen = ranked[int(self._random.integers(len(ranked)))]
        cut = int(self._random.integers(1, config.reach_steps + 1))
        return Episode("return", chosen.actions, max(0, len(chosen.actions) - cut), self._begins[chosen.actions])

    def _load_track(self) -> None:
        """Read the features of the sequence that the episode follows."""
        episode = self._episode
        if episode is not None and episode.num_followed and self._config.is_closed_loop:
            self._track = self.memory.features(episode.begin, episode.begin + episode.num_followed)

    def _follow(self, episode: Episode, feature: Array, proposed: int) -> int | None:
        """Return the sequence's next action, or one that may lead back to it; None once the sequence is given up.

        It is given up when the episode lags behind by more than patience, off the track or going in circles on it.
        """
        config = self._config
        if len(episode.actions) - episode.position > config.patience:
            episode.num_followed = episode.position
            return None
        if self._track is not None:
            place = locate(
                self._track,
                feature,
                episode.position,
                episode.num_lost,
                window=config.window_steps,
                least=config.track_similarity,
                margin=config.margin,
            )
            if place is None:
                return self._find_back(episode, feature, proposed)
            episode.position, episode.num_lost = place, 0
        action = episode.source[episode.position]
        episode.position += 1
        self.counts["followed"] += 1
        return action

    def _find_back(self, episode: Episode, feature: Array, proposed: int) -> int:
        """Return an action off the track: the memory's, or the policy's."""
        episode.num_lost += 1
        self.counts["lost"] += 1
        remembered = self._remembered(feature)
        return proposed if remembered is None else remembered

    def _play_freely(self, episode: Episode, feature: Array, proposed: int) -> int:
        """Return an action of free play."""
        if episode.move is None or episode.move.steps_left == 0:
            episode.move = self._next_move(episode.move)
        move = episode.move
        move.steps_left -= 1
        remembered = self._remembered(feature) if move.mover == "memory" else None
        if move.mover == "script":
            action = self._script.action(move, self._random)
        else:
            action = proposed if remembered is None else remembered
        self.counts["policy" if move.mover == "memory" and remembered is None else move.mover] += 1
        return action

    def _next_move(self, last: Move | None) -> Move:
        config = self._config
        if last is not None and last.mover == "script" and not last.is_backward and last.reward <= 0:
            return Move("script", config.backward_steps, is_backward=True)
        drawn = self._random.random()
        mover: Mover = "script"
        if drawn < config.memory_share:
            mover = "memory" if self._num_episodes >= config.min_episodes else "script"
        elif drawn < config.memory_share + config.policy_share:
            mover = "policy"
        return Move(mover, config.forward_steps)

    def _remembered(self, feature: Array) -> int | None:
        """Return the action of the most successful similar moment; None if none is similar."""
        found = self.memory.nearest(feature, self._config.num_neighbours)
        outcome = np.where(found.similarity >= self._config.min_similarity, found.outcome, -np.inf)
        if not len(outcome) or not np.isfinite(best := outcome.max()):
            return None
        return int(found.action[int(np.flatnonzero(outcome == best)[0])])

    def _remember(self, episode: Episode, begin: int) -> None:
        """Add the return to the repeated sequence, and store what the episode found.

        Args:
            episode: the episode that ended.
            begin: place of its first moment in the log.
        """
        source = self._sequence(episode.source) if episode.plan == "repeat" else None
        if source is not None:
            source.add_return(episode.total)
            if episode.best_total <= max(source.returns[0], 1.0) * _LEAST_GAIN:
                return
        found = bytes(episode.actions[: episode.best_length])
        if found in self._begins:
            return
        self._begins[found] = begin
        self.store.add(found, episode.best_total)
        kept = {sequence.actions for sequence in self.store.sequences}
        self._begins = {actions: place for actions, place in self._begins.items() if actions in kept}

    def _sequence(self, actions: bytes) -> ActionSequence | None:
        """The stored sequence of these actions; None if it was dropped since."""
        return next((each for each in self.store.sequences if each.actions == actions), None)

    def state(self) -> State:
        """Return the full state; the moments only if they are not in a file."""
        return {
            "random": randomness.save(self._random),
            "store": self.store.state(),
            "begins": np.array([self._begins[each.actions] for each in self.store.sequences], np.int64),
            "num_steps": self._num_steps,
            "num_episodes": self._num_episodes,
            "episode": [] if self._episode is None else [self._episode.state()],
            "counts": [self.counts[name] for name in COUNTED],
            "memory": self.memory.state(),
        }

    def restore(self, state: object) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is damaged, or of another policy.
        """
        self._random = randomness.load(take(state, "random", dict))
        self.store.restore(take(state, "store", dict))
        begins = take_array(state, "begins", np.int64)
        self.memory.restore(take(state, "memory", dict))
        if len(begins) != len(self.store) or max(begins, default=0) > self.memory.num_logged:
            raise StateError("The saved sequences and moments do not fit each other; begin a new run.")
        self._begins = {
            each.actions: int(place) for each, place in zip(self.store.sequences, begins.tolist(), strict=True)
        }
        self._num_steps, self._num_episodes = take_count(state, "num_steps"), take_count(state, "num_episodes")
        episodes = [Episode.from_state(saved) for saved in take(state, "episode", list)]
        self._episode = episodes[0] if episodes else None
        self.counts = Counter(dict(zip(COUNTED, take(state, "counts", list), strict=False)))
        self._load_track()
