"""A mixture is the distribution that it says it is, and an autoencoder's loss is the one of its source."""

from __future__ import annotations

import math

import pytest
import torch

from newgameplus.learning.mixtures import Mixture, draw, expectation, mixture_of, negative_log_likelihood, vae_loss


def mixture() -> Mixture:
    """Of two numbers: 0.25 N(-1, 0.5²) + 0.75 N(2, 1), and N(3, 0.1²) twice."""
    weight = torch.tensor([[0.25, 0.75], [0.5, 0.5]])
    mean, deviation = torch.tensor([[-1.0, 2.0], [3.0, 3.0]]), torch.tensor([[0.5, 1.0], [0.1, 0.1]])
    return Mixture(weight.log(), mean, deviation.log())


def test_the_likelihood_is_that_of_torch_distributions() -> None:
    ours = mixture()
    theirs = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(logits=ours.log_weight),
        torch.distributions.Normal(ours.mean, ours.log_deviation.exp()),
    )
    at = torch.tensor([0.3, 2.9])
    torch.testing.assert_close(negative_log_likelihood(ours, at), -theirs.log_prob(at))
    torch.testing.assert_close(expectation(ours), theirs.mean)


def test_a_networks_output_has_a_place_for_every_number_and_gaussian() -> None:
    output = torch.arange(2 * 3 * 4, dtype=torch.float32)[None] / 10
    found = mixture_of(output, 4)
    assert found.mean.shape == (1, 2, 4)
    torch.testing.assert_close(found.log_weight.exp().sum(-1), torch.ones(1, 2))
    assert found.log_deviation.max() <= 4


def test_draws_have_mean_and_spread_of_the_mixture_and_temperature_widens_them() -> None:
    random = torch.Generator().manual_seed(0)
    uniform, normal = torch.rand(20_000, 2, generator=random), torch.randn(20_000, 2, generator=random)
    wide = Mixture(*(part.expand(20_000, 2, 2) for part in mixture()))
    drawn = draw(wide, uniform, normal)
    assert drawn.mean(0).tolist() == pytest.approx(expectation(mixture()).tolist(), abs=0.03)
    assert (drawn[:, 0] < 0).float().mean().item() == pytest.approx(0.25 * 0.977 + 0.75 * 0.023, abs=0.01)
    hot = draw(wide, uniform, normal, temperature=4.0)
    assert hot[:, 1].std().item() == pytest.approx(2 * drawn[:, 1].std().item(), rel=0.01)
    assert (hot[:, 0] < 0).float().mean() > (drawn[:, 0] < 0).float().mean()


def test_the_autoencoders_loss_is_cross_entropy_and_kl_divergence() -> None:
    logits, picture = torch.zeros(3, 2, 5), torch.full((3, 2, 5), 0.3)
    mean, log_variance = torch.full((3, 4), 2.0), torch.full((3, 4), math.log(0.25))
    reconstruction, divergence = vae_loss(logits, picture, mean, log_variance)
    assert reconstruction.item() == pytest.approx(10 * math.log(2), rel=1e-6)
    posterior, prior = torch.distributions.Normal(2.0, 0.5), torch.distributions.Normal(0.0, 1.0)
    assert divergence.item() == pytest.approx(4 * torch.distributions.kl_divergence(posterior, prior).item(), rel=1e-6)
