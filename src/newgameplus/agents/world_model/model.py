"""V and M with what they have learned so far, and how they learn it: the stages collect, v and m.

Every random number of a gradient step follows from the seed and the step's number, so that a stage goes on exactly
from weights, optimizer and number alone; movies are decoded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from newgameplus.agents.saved import require_likeness, take, take_count
from newgameplus.agents.stages import Learned
from newgameplus.agents.world_model.config import WorldModelConfig
from newgameplus.agents.world_model.footage import (
    Episode,
    Footage,
    Seen,
    Sequences,
    Story,
    checksum,
    draw_pictures,
    draw_sequences,
)
from newgameplus.agents.world_model.networks import Dynamics, Foresight, Vision, targets
from newgameplus.errors import LearningError, StateError
from newgameplus.learning.mixtures import expectation, negative_log_likelihood, vae_loss
from newgameplus.nn.learner import Learner
from newgameplus.nn.saved import module_state
from newgameplus.types import Array, State

REPORT_UPDATES = 50
"""Gradient steps between two reports."""
NUM_STARTS = 256
"""Number of moments of the movies at which dreams begin."""
_ENCODED = 64
"""Pictures that V sees at once."""
_PASSES = 4
"""Passes over a chunk before V goes on to the next one."""
_MAX_GRADIENT_NORM = 10.0
_V, _M, _STARTS = 1, 2, 3
"""Streams of random numbers."""


class Model:
    """V and M.

    Args:
        config: configuration.
        num_actions: A.
        seed: seed of weights and of every gradient step.

    Raises:
        UsageError: the device is not available.
    """

    def __init__(self, config: WorldModelConfig, num_actions: int, seed: int) -> None:
        self._config, self._seed = config, seed
        see = partial(Vision, config.size, config.vision_channels, config.num_latents)
        foresee = partial(
            Dynamics, config.num_latents, num_actions, num_inputs=config.num_inputs, num_hidden=config.num_hidden,
            num_mixtures=config.num_mixtures, takes_scalar=config.takes_scalar,
        )  # fmt: skip
        self._vision: Learner[Vision] = Learner(
            see, seed=seed, device=config.device, precision="float32",
            learning_rate=config.vision_rate, max_gradient_norm=np.inf,
        )  # fmt: skip
        self._dynamics: Learner[Dynamics] = Learner(
            foresee, seed=seed + 1, device=config.device, precision="float32",
            learning_rate=config.dynamics_rate, max_gradient_norm=_MAX_GRADIENT_NORM,
        )  # fmt: skip
        self.device = self._vision.device
        self._num_vision = self._num_dynamics = 0
        self._checksum = 0
        """Of the movies; 0 before they were read."""
        self.starts = np.zeros((0, 2, config.num_latents), np.float32)
        """Mean and deviation of the latents at moments of the movies, float32 ``[S, 2, Z]``; empty before stage m."""

    @property
    def vision(self) -> Vision:
        """V."""
        return self._vision.network

    @property
    def dynamics(self) -> Dynamics:
        """M."""
        return self._dynamics.network

    def see(self, picture: Array) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of the latents, float32 ``[N, Z]``, of uint8 ``[N, H, W, 3]``."""
        with torch.inference_mode():
            mean, log_variance = self.vision.encode(torch.from_numpy(picture).to(self.device))
            return mean, torch.exp(0.5 * log_variance)

    def learn(self, footage: Footage) -> Iterator[Learned]:
        """Learn what is yet to be learned.

        Raises:
            LearningError: the loss is NaN or infinite.
            StateError: the movies are others than those that it has begun to learn from.
            NewGamePlusError: a movie cannot be played.
        """
        if self._num_dynamics == self._config.dynamics_updates:
            return
        if self._num_vision < self._config.vision_updates:
            stories: list[Story] = []
            for chunk in range(len(footage.chunks)):
                for episode in footage.episodes(chunk):
                    stories.append(episode.story)
                    yield _collected(stories, footage)
            self._require_same(stories)
            yield from self._learn_to_see(footage)
        seen: list[Seen] = []
        for chunk in range(len(footage.chunks)):
            for episode in footage.episodes(chunk):
                seen.append(self.look_at(episode))
                yield _collected([one.story for one in seen], footage)
        self._require_same([one.story for one in seen])
        yield from self._learn_to_foresee([one for one in seen if len(one.story.action)])

    def look_at(self, episode: Episode) -> Seen:
        """Return what V sees in an episode."""
        parts = [self.see(episode.picture[at : at + _ENCODED]) for at in range(0, len(episode.picture), _ENCODED)]
        nothing = np.zeros((0, self._config.num_latents), np.float32)
        mean, deviation = (np.concatenate([nothing, *(part[i].cpu().numpy() for part in parts)]) for i in (0, 1))
        return Seen(mean, deviation, episode.story)

    def errors(self, seen: Seen) -> tuple[float, float]:
        """Return the mean squared error of the next latents: of M's expectation, and of a copy of the last latents."""
        now, after = torch.from_numpy(seen.mean[:-1]).to(self.device), torch.from_numpy(seen.mean[1:]).to(self.device)
        with torch.inference_mode():
            foresight, _ = self.dynamics(now[None], torch.from_numpy(seen.story.action).to(self.device)[None])
            foreseen = functional.mse_loss(expectation(foresight.latents)[0], after)
            return foreseen.item(), functional.mse_loss(now, after).item()

    def state(self) -> State:
        """Return weights, optimizers and progress."""
        return {
            "seed": self._seed,
            "vision": self._vision.state(),
            "dynamics": self._dynamics.state(),
            "num_vision": self._num_vision,
            "num_dynamics": self._num_dynamics,
            "checksum": self._checksum,
            "starts": self.starts.copy(),
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is of another configuration, or damaged.
        """
        counts = [take_count(state, name) for name in ("seed", "num_vision", "num_dynamics", "checksum")]
        self.begin_from(state)
        self._vision.restore(take(state, "vision", dict))
        self._dynamics.restore(take(state, "dynamics", dict))
        self._seed, self._num_vision, self._num_dynamics, self._checksum = counts

    def begin_from(self, state: State) -> None:
        """Take weights, which are complete and learn no more.

        Raises:
            StateError: they are of another configuration, or damaged.
        """
        starts = take(state, "starts", np.ndarray)
        if starts.dtype != np.float32 or starts.shape[1:] != self.starts.shape[1:]:
            raise StateError("The saved beginnings of dreams do not fit this configuration; begin a new run.")
        for name, network, begin in (
            ("vision", self.vision, self._vision.begin_from),
            ("dynamics", self.dynamics, self._dynamics.begin_from),
        ):
            weights = take(take(state, name, dict), "network", dict)
            require_likeness(module_state(network), weights, "network")
            begin(weights)
        self._num_vision, self._num_dynamics = self._config.vision_updates, self._config.dynamics_updates
        self.starts = starts.copy()

    def _require_same(self, stories: list[Story]) -> None:
        found = checksum(stories)
        if self._checksum not in (0, found):
            raise StateError("The movies are others than when this run began to learn from them; put them back.")
        self._checksum = found

    def _learn_to_see(self, footage: Footage) -> Iterator[Learned]:
        """Train V on one chunk after another, each for some passes over its pictures, since decoding takes as long."""
        config, num_chunks = self._config, len(footage.chunks)
        num_past = 0
        for visit in range(config.vision_updates):
            chunk = visit % num_chunks
            num_past += max(1, _PASSES * footage.num_steps(chunk) // config.vision_batch)
            if self._num_vision >= num_past:
                continue
            episodes = [episode for episode in footage.episodes(chunk) if len(episode.picture)]
            for number in range(self._num_vision, min(num_past, config.vision_updates)):
                random = np.random.default_rng([self._seed, _V, number])
                metrics = self._update_vision(draw_pictures(episodes, config.vision_batch, random), random)
                self._num_vision = number + 1
                if self._num_vision % REPORT_UPDATES == 0 or self._num_vision == config.vision_updates:
                    yield Learned("v", self._num_vision, config.vision_updates, _finite(metrics, "V"))
            if self._num_vision == config.vision_updates:
                return

    def _update_vision(self, picture: Array, random: np.random.Generator) -> dict[str, Tensor]:
        given = torch.from_numpy(picture).to(self.device)
        mean, log_variance = self.vision.encode(given)
        noise = torch.from_numpy(random.standard_normal(tuple(mean.shape), np.float32)).to(self.device)
        logits = self.vision.decode(mean + torch.exp(0.5 * log_variance) * noise)
        reconstruction, divergence = vae_loss(logits, targets(given), mean, log_variance)
        (reconstruction + self._config.beta * divergence).backward()  # type: ignore[no-untyped-call]
        norm = self._vision.improve()
        return {"reconstruction": reconstruction.detach(), "kl": divergence.detach(), "gradient_norm": norm}

    def _learn_to_foresee(self, seen: list[Seen]) -> Iterator[Learned]:
        config = self._config
        if not len(self.starts):
            self.starts = _starts(seen, np.random.default_rng([self._seed, _STARTS]))
        for number in range(self._num_dynamics, config.dynamics_updates):
            random = np.random.default_rng([self._seed, _M, number])
            batch = draw_sequences(seen, config.dynamics_batch, config.sequence_steps, random)
            metrics = self._update_dynamics(batch)
            self._num_dynamics = number + 1
            if self._num_dynamics % REPORT_UPDATES == 0 or self._num_dynamics == config.dynamics_updates:
                yield Learned("m", self._num_dynamics, config.dynamics_updates, _finite(metrics, "M"))

    def _update_dynamics(self, batch: Sequences) -> dict[str, Tensor]:
        latents, action, *rest = (torch.from_numpy(array).to(self.device) for array in _arrays(batch))
        foresight, _ = self.dynamics(latents[:, :-1], action)
        metrics = _losses(foresight, latents[:, 1:], *rest)
        (metrics["nll"] + metrics["reward_loss"] + metrics["end_loss"]).backward()  # type: ignore[no-untyped-call]
        metrics["gradient_norm"] = self._dynamics.improve()
        is_step = rest[-1].unsqueeze(-1)
        with torch.no_grad():
            change = (latents[:, 1:] - latents[:, :-1]).square()
            error = (latents[:, 1:] - expectation(foresight.latents)).square()
            metrics["error_over_copy"] = (error * is_step).sum() / (change * is_step).sum()
        return {name: value.detach() for name, value in metrics.items()}


def weights_in(state: State) -> State:
    """Return the part of a model's state that :meth:`Model.begin_from` reads."""
    parts = {name: {"network": state[name]["network"]} for name in ("vision", "dynamics")}
    return {**parts, "starts": state["starts"]}


def _arrays(batch: Sequences) -> tuple[Array, Array, Array, Array, Array]:
    return batch.latents, batch.action, batch.reward, batch.end, batch.is_step


def _losses(foresight: Foresight, after: Tensor, reward: Tensor, end: Tensor, is_step: Tensor) -> dict[str, Tensor]:
    """Return the losses of what was expected, each a mean over the steps; ``nll`` also over the latents."""
    num_steps = is_step.sum()
    losses = {
        "nll": negative_log_likelihood(foresight.latents, after).mean(-1),
        "reward_loss": (foresight.reward - reward).square(),
        "end_loss": functional.binary_cross_entropy_with_logits(foresight.end, end, reduction="none"),
    }
    return {name: (loss * is_step).sum() / num_steps for name, loss in losses.items()}


def _starts(seen: list[Seen], random: np.random.Generator) -> Array:
    """Draw moments at which dreams begin: the first of an episode every other time, else any."""
    which = random.integers(0, len(seen), NUM_STARTS)
    places = [int(random.integers(0, len(seen[one].mean) - 1)) * (number % 2) for number, one in enumerate(which)]
    moments = [(seen[one].mean[at], seen[one].deviation[at]) for one, at in zip(which, places, strict=True)]
    return np.array(moments, np.float32)


def _collected(stories: list[Story], footage: Footage) -> Learned:
    num_done, num_bound = sum(len(story.action) for story in stories), 0
    num_bound = sum(map(footage.num_steps, range(len(footage.chunks))))
    is_last = len(stories) == sum(map(len, footage.chunks))
    return Learned("collect", num_done, num_done if is_last else max(num_bound, num_done + 1), {})


def _finite(metrics: dict[str, Tensor], name: str) -> dict[str, float]:
    """Return metrics as numbers.

    Raises:
        LearningError: one is NaN or infinite.
    """
    told = {key: value.item() for key, value in metrics.items()}
    if not np.isfinite(list(told.values())).all():
        raise LearningError(f"The loss of {name} is NaN or infinite; try a lower rate with --set.")
    return told
