"""Loss functions: PPO's clipped surrogate and clipped value loss, distributional cross-entropy, quantile Huber.

Shapes: ``B`` batch, ``A`` actions, ``N`` atoms. Every loss is a scalar mean unless stated otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class PpoSteps:
    """A batch of steps for PPO's loss, without the network's current outputs."""

    action: Tensor
    """int64 ``[B]``."""
    log_probability: Tensor
    """float32 ``[B]``, log-probability of the action under the policy that acted."""
    value: Tensor
    """float32 ``[B]``, value estimate under the policy that acted."""
    advantage: Tensor
    """float32 ``[B]``, normalised."""
    target: Tensor
    """float32 ``[B]``, target of the value estimate."""
    reference: Tensor
    """float32 ``[B, A]``, log-probabilities of the reference policy; ``[B, 0]`` if there is none."""


@dataclass(frozen=True, slots=True)
class PpoWeights:
    """Coefficients and clip ranges of PPO's loss."""

    clip: float
    value_clip: float | None
    value: float
    entropy: float
    reference: float


def ppo_loss(log_probabilities: Tensor, value: Tensor, steps: PpoSteps, weights: PpoWeights) -> tuple[Tensor, Tensor]:
    """Return PPO's loss, a scalar, and its metrics ``[6]``, which have no gradient.

    ``policy loss + value weight * value loss - entropy weight * entropy + reference weight * KL(policy ‖ reference)``.
    The metrics are the losses of the policy and of the value, the entropy, the KL divergence from the policy that
    acted, that from the reference, and the share of clipped ratios.

    Args:
        log_probabilities: float32 ``[B, A]``, of the current policy.
        value: float32 ``[B]``, current value estimate.
        steps: the rest of the batch.
        weights: coefficients and clip ranges.
    """
    chosen = log_probabilities.gather(1, steps.action[:, None]).squeeze(1)
    policy_loss = clipped_surrogate(chosen, steps.log_probability, steps.advantage, weights.clip)
    value_loss = clipped_value_loss(value, steps.value, steps.target, weights.value_clip)
    uncertainty = entropy(log_probabilities).mean()
    loss = policy_loss + weights.value * value_loss - weights.entropy * uncertainty
    drift = torch.zeros_like(loss)
    if steps.reference.shape[1]:
        drift = kl_divergence(log_probabilities, steps.reference).mean()
        loss = loss + weights.reference * drift
    with torch.no_grad():
        moved = approximate_kl(chosen, steps.log_probability)
        clipped = ((chosen - steps.log_probability).exp() - 1).abs().gt(weights.clip).float().mean()
        return loss, torch.stack([policy_loss, value_loss, uncertainty, moved, drift, clipped])


def clipped_surrogate(log_probability: Tensor, old_log_probability: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """Return PPO's policy loss ``-mean(min(r A, clip(r, 1 - c, 1 + c) A))``, all arguments ``[B]``.

    ``r`` is the ratio of the action's probabilities under the new and the old policy (Schulman et al., "Proximal Policy
    Optimization Algorithms", 2017, eq. 7).
    """
    ratio = torch.exp(log_probability - old_log_probability)
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage).mean()


def clipped_value_loss(value: Tensor, old_value: Tensor, target: Tensor, clip: float | None) -> Tensor:
    """Return the clipped value loss of values ``[B]``, half a mean squared error; no clipping if ``clip`` is None.

    As in openai/baselines' PPO2: ``max((v - R)^2, (v_old + clip(v - v_old) - R)^2) / 2``.
    """
    error = (value - target).square()
    if clip is not None:
        limited = old_value + (value - old_value).clamp(-clip, clip)
        error = torch.maximum(error, (limited - target).square())
    return 0.5 * error.mean()


def entropy(log_probabilities: Tensor) -> Tensor:
    """Return the entropy in nats of each row of log-probabilities ``[B, A]``, as ``[B]``."""
    return -(log_probabilities.exp() * log_probabilities).sum(-1)


def approximate_kl(log_probability: Tensor, old_log_probability: Tensor) -> Tensor:
    """Return ``mean((r - 1) - log r)``, an estimate of KL(old ‖ new) that is never negative; arguments ``[B]``."""
    log_ratio = log_probability - old_log_probability
    return (torch.expm1(log_ratio) - log_ratio).mean()


def kl_divergence(log_probabilities: Tensor, other_log_probabilities: Tensor) -> Tensor:
    """Return KL(p ‖ q) ``= sum_a p_a (log p_a - log q_a)`` in nats of each row, ``[B]``, of arguments ``[B, A]``."""
    return (log_probabilities.exp() * (log_probabilities - other_log_probabilities)).sum(-1)


def cross_entropy(target: Tensor, log_probabilities: Tensor) -> Tensor:
    """Return ``-sum_i target_i log p_i`` of each row: target and log-probabilities ``[B, N]``, result ``[B]``."""
    return -(target * log_probabilities).sum(-1)


def large_margin_loss(values: Tensor, action: Tensor, margin: float) -> Tensor:
    """Return ``max_a (Q_a + m [a != a_E]) - Q_{a_E}`` of each row, ``[B]``: 0 once a_E leads by the margin m.

    Piot, Geist and Pietquin, "Boosted Bellman Residual Minimization Handling Expert Demonstrations" (2014), as in
    Hester et al., "Deep Q-learning from Demonstrations" (2018).

    Args:
        values: ``[B, A]``, action values.
        action: int64 ``[B]``, the demonstrated actions a_E.
        margin: m.
    """
    shown = values.gather(1, action[:, None])
    rivals = (values + margin).scatter(1, action[:, None], shown)
    return (rivals - shown).max(1).values


def squared_log_error(value: Tensor, target: Tensor) -> Tensor:
    """Return ``(log(1 + v) - log(1 + t))^2`` of values and targets ``[B]``, ``[B]``; those below 0 count as 0.

    Keras's mean squared logarithmic error before the mean: a value below 0 has no gradient.
    """
    return (torch.log1p(value.clamp(min=0.0)) - torch.log1p(target.clamp(min=0.0))).square()


def quantile_huber(quantiles: Tensor, fractions: Tensor, target: Tensor, threshold: float = 1.0) -> Tensor:
    """Return the quantile Huber loss of each row, ``[B]``.

    ``mean_j sum_i |tau_i - 1{u_ij < 0}| L(u_ij) / threshold`` with ``u_ij = target_j - quantile_i`` (Dabney et al.,
    "Implicit Quantile Networks", 2018, eq. 3).

    Args:
        quantiles: ``[B, N]``, estimates.
        fractions: ``[B, N]``, tau of each quantile.
        target: ``[B, M]``, samples of the target distribution.
        threshold: kappa, where the loss changes from quadratic to linear.
    """
    error = target[:, None, :] - quantiles[:, :, None]
    size = error.abs()
    huber = torch.where(size <= threshold, 0.5 * error.square(), threshold * (size - 0.5 * threshold))
    weight = (fractions[:, :, None] - (error.detach() < 0).to(error.dtype)).abs()
    return (weight * huber / threshold).sum(1).mean(-1)
