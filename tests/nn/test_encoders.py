"""Encoders make as many features as their papers say, of any uint8 picture, and all of their weights learn."""

from __future__ import annotations

import pytest
import torch

from newgameplus.nn.encoders import PixelConv, SamePadded, make_encoder, num_features, orthogonal, pixels
from newgameplus.nn.names import EncoderName

FEATURES: dict[EncoderName, int] = {
    "nature": 64 * 7 * 7,
    "dqn-2013": 32 * 9 * 9,
    "nature-extra": 128 * 8 * 8,
    "impala": 32 * 11 * 11,
    "impala-normalised": 64 * 6 * 6,
    "mobile": 48 * 7 * 7,
    "keras-2018": 64 * 11 * 11,
    "keras-2018-scaled": 64 * 11 * 11,
}
every_encoder = pytest.mark.parametrize("name", FEATURES)


def pictures(num: int = 2, side: int = 84, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (num, side, side, 4), generator=generator, dtype=torch.uint8)


@every_encoder
def test_a_picture_of_84_by_84_becomes_the_features_of_the_paper(name: EncoderName) -> None:
    encoder = make_encoder(name, 4)
    assert num_features(encoder, 84, 84, 4) == FEATURES[name]
    assert encoder(pictures()).shape == (2, FEATURES[name])


@every_encoder
def test_every_weight_has_a_gradient(name: EncoderName) -> None:
    torch.manual_seed(0)
    encoder = make_encoder(name, 4)
    encoder(pictures()).square().sum().backward()
    without = [label for label, weight in encoder.named_parameters() if not weight.grad.abs().sum() > 0]
    assert without == []


@every_encoder
def test_channels_last_computes_the_same(name: EncoderName) -> None:
    torch.manual_seed(0)
    plain = make_encoder(name, 4).eval()
    torch.manual_seed(0)
    last = make_encoder(name, 4).to(memory_format=torch.channels_last).eval()
    torch.testing.assert_close(last(pictures()), plain(pictures()), rtol=1e-4, atol=1e-4)


@every_encoder
def test_bfloat16_is_close_to_float32(name: EncoderName) -> None:
    torch.manual_seed(0)
    encoder = make_encoder(name, 4).eval()
    with torch.inference_mode():
        exact = encoder(pictures())
        rough = encoder.to(torch.bfloat16)(pictures()).float()
    assert float((rough - exact).norm() / exact.norm()) < 0.03


def test_pixels_are_seen_where_they_lie_and_are_exact_in_bfloat16() -> None:
    observation = pictures()
    seen = pixels(observation)
    assert seen.shape == (2, 4, 84, 84)
    assert seen.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(seen[1, 2, 3], observation[1, 3, :, 2].float())
    rough = pixels(torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1), torch.bfloat16)
    assert rough.dtype == torch.bfloat16
    assert rough.flatten().tolist() == list(range(256))


def test_a_convolution_of_pixels_is_that_of_pixels_from_0_to_1() -> None:
    torch.manual_seed(0)
    layer = PixelConv(4, 8, 3, stride=2)
    seen = pixels(pictures(side=9))
    expected = torch.nn.functional.conv2d(seen / 255, layer.weight, layer.bias, stride=2)
    torch.testing.assert_close(layer(pictures(side=9)), expected)


def test_orthogonal_weights_have_the_gain_as_their_length_and_no_bias() -> None:
    layer = torch.nn.Linear(20, 6)
    orthogonal(layer, 3.0)
    torch.testing.assert_close(layer.weight @ layer.weight.T, 9 * torch.eye(6), rtol=1e-5, atol=1e-5)
    assert not layer.bias.any()


def test_padding_for_the_same_size_adds_the_odd_pixel_below_and_on_the_right() -> None:
    """Five pixels at stride 2 become three, by one more before and two after, as in Keras."""
    encoder = SamePadded(1, [(1, 4, 2, 0)], pixel_scale=1.0)
    (weight, bias), corner = encoder.parameters(), torch.zeros((1, 5, 5, 1), dtype=torch.uint8)
    corner[0, 0, 0] = 1
    with torch.no_grad():
        weight.copy_(torch.arange(16.0).view(1, 1, 4, 4))
        bias.zero_()
        assert encoder(corner).view(3, 3).tolist() == [[5.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert num_features(make_encoder("keras-2018", 4), 84, 120, 4) == 64 * 11 * 15
