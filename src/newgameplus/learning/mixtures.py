"""Mixtures of Gaussians over each number of a vector, and the loss of a variational autoencoder.

Sources: Bishop, "Mixture Density Networks" (1994); Ha and Schmidhuber, "World Models" (2018), arXiv:1803.10122, for the
temperature; Kingma and Welling, "Auto-Encoding Variational Bayes" (2013), and Higgins et al., "beta-VAE" (2017).

Shapes: ``Z`` numbers of the vector, ``K`` Gaussians over each; ``…`` any batch.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

_LEAST_LOG_DEVIATION, _MOST_LOG_DEVIATION = -6.0, 4.0
"""Bounds of the logarithm of a standard deviation, so that no density grows without end."""


class Mixture(NamedTuple):
    """A mixture over each of Z numbers, which are independent of each other."""

    log_weight: Tensor
    """``[…, Z, K]``, normalised over K."""
    mean: Tensor
    """``[…, Z, K]``."""
    log_deviation: Tensor
    """``[…, Z, K]``, logarithm of the standard deviation."""


def mixture_of(output: Tensor, num_mixtures: int) -> Mixture:
    """Return the mixtures that a network's output ``[…, Z * 3 * K]`` stands for."""
    logit, mean, log_deviation = output.reshape(*output.shape[:-1], -1, 3, num_mixtures).unbind(-2)
    bounded = log_deviation.clamp(_LEAST_LOG_DEVIATION, _MOST_LOG_DEVIATION)
    return Mixture(torch.log_softmax(logit, -1), mean, bounded)


def negative_log_likelihood(mixture: Mixture, target: Tensor) -> Tensor:
    """Return the negative log-density of each number, ``[…, Z]``, for a target of that shape."""
    deviations = (target.unsqueeze(-1) - mixture.mean) * torch.exp(-mixture.log_deviation)
    log_density = -0.5 * deviations.square() - mixture.log_deviation - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(mixture.log_weight + log_density, -1)


def expectation(mixture: Mixture) -> Tensor:
    """Return the mean of each number, ``[…, Z]``."""
    return (mixture.log_weight.exp() * mixture.mean).sum(-1)


def draw(mixture: Mixture, uniform: Tensor, normal: Tensor, temperature: float = 1.0) -> Tensor:
    """Draw from each mixture, ``[…, Z]``.

    Args:
        mixture: the mixtures.
        uniform: ``[…, Z]`` from 0 to 1, chooses the Gaussian.
        normal: ``[…, Z]``, standard normal.
        temperature: log-weights are divided by it and variances multiplied; 1 for the mixture as it is.
    """
    weight = torch.softmax(mixture.log_weight / temperature, -1)
    chosen = (weight.cumsum(-1) < uniform.unsqueeze(-1)).sum(-1, keepdim=True).clamp(max=weight.shape[-1] - 1)
    mean = mixture.mean.gather(-1, chosen).squeeze(-1)
    deviation = mixture.log_deviation.gather(-1, chosen).squeeze(-1).exp()
    return mean + deviation * math.sqrt(temperature) * normal


def vae_loss(logits: Tensor, picture: Tensor, mean: Tensor, log_variance: Tensor) -> tuple[Tensor, Tensor]:
    """Return the reconstruction loss and the KL divergence of an autoencoder, each summed and averaged over N.

    Args:
        logits: ``[N, …]``, the reconstruction before a sigmoid.
        picture: ``[N, …]`` from 0 to 1.
        mean: ``[N, Z]`` of the posterior.
        log_variance: ``[N, Z]``.
    """
    reconstruction = functional.binary_cross_entropy_with_logits(logits, picture, reduction="sum") / len(picture)
    divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(-1).mean()
    return reconstruction, divergence
