"""Convolutional encoders, which turn pictures into features.

Observations arrive as uint8 ``[B, H, W, C]`` with stacked frames along the channels, and are viewed as ``[B, C, H, W]``
in the memory format that they already have (channels last), without a copy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from newgameplus.nn.cpu import table
from newgameplus.nn.names import EncoderName
from newgameplus.nn.noisy import NoisyLinear

ConvolutionShape = tuple[int, int, int, int]
"""Filters, kernel size, stride and padding."""


def pixels(observation: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return uint8 ``[B, H, W, C]`` as ``dtype`` ``[B, C, H, W]`` from 0 to 255, in channels-last memory format.

    Integers up to 255 are exact in bfloat16; :class:`PixelConv` divides by 255 in its weights, at no cost.
    """
    return observation.permute(0, 3, 1, 2).to(dtype)


class PixelConv(nn.Conv2d):
    """A convolution of pixels from 0 to 255, trained as if they were from 0 to 1."""

    def forward(self, input: Tensor) -> Tensor:
        """uint8 ``[B, H, W, C]`` to ``[B, F, H', W']``."""
        seen = pixels(input, self.weight.dtype)
        return functional.conv2d(seen, self.weight * (1 / 255), self.bias, self.stride, self.padding)


def _flat(features: Tensor) -> Tensor:
    """Return ``[B, C, H, W]`` as ``[B, H * W * C]``, in channels-last order, without a copy."""
    return features.permute(0, 2, 3, 1).flatten(1)


@table.convolve
def convolve(observation: Tensor, layers: tuple[nn.Conv2d, ...]) -> Tensor:
    """Return the features ``[B, H * W * C]`` of uint8 ``[B, H, W, C]`` after convolutions, each followed by a ReLU."""
    seen = observation
    for layer in layers:
        seen = torch.relu_(layer(seen))
    return _flat(seen)


def _convolution(is_first: bool) -> type[nn.Conv2d]:
    return PixelConv if is_first else nn.Conv2d


PLAIN: dict[EncoderName, tuple[ConvolutionShape, ...]] = {
    "dqn-2013": ((16, 8, 4, 0), (32, 4, 2, 0)),
    "nature": ((32, 8, 4, 0), (64, 4, 2, 0), (64, 3, 1, 0)),
    "nature-extra": ((32, 8, 2, 0), (64, 4, 2, 0), (128, 3, 2, 0), (128, 3, 1, 1)),
}
"""Filters, kernel size, stride and padding of each convolution: Mnih et al., "Playing Atari with Deep Reinforcement
Learning" (2013); Mnih et al., "Human-level control through deep reinforcement learning" (Nature, 2015); the second
place of the 2018 contest. The first takes a third of the computation of the second."""


class Plain(nn.Module):
    """Convolutions, each followed by a ReLU, as in deep Q-networks since 2013.

    Args:
        num_channels: C.
        shapes: filters, kernel size in pixels, stride and padding of each convolution.
    """

    def __init__(self, num_channels: int, shapes: Sequence[ConvolutionShape]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for num_filters, size, stride, padding in shapes:
            make = _convolution(is_first=not layers)
            layers += [make(num_channels, num_filters, size, stride, padding), nn.ReLU(inplace=True)]
            num_channels = num_filters
        self.layers = nn.Sequential(*layers)
        # A tuple, so that they are not registered as submodules twice.
        self.convolutions = tuple(layer for layer in layers if isinstance(layer, nn.Conv2d))

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[B, H, W, C]`` to features ``[B, F]``."""
        return convolve(observation, self.convolutions)


class _Residual(nn.Module):
    """Residual block of two convolutions."""

    def __init__(self, num_channels: int, wrap: Callable[[nn.Conv2d], nn.Module]) -> None:
        super().__init__()
        self.first = wrap(nn.Conv2d(num_channels, num_channels, 3, padding=1))
        self.second = wrap(nn.Conv2d(num_channels, num_channels, 3, padding=1))

    def forward(self, inputs: Tensor) -> Tensor:
        change: Tensor = self.second(torch.relu(self.first(torch.relu(inputs))))
        return inputs + change


class Impala(nn.Module):
    """The deeper residual network of Espeholt et al., "IMPALA" (2018), figure 3.

    Args:
        num_channels: C.
        width: factor of the 16, 32 and 32 filters of its three sections.
        is_normalised: whether the residual convolutions have spectral normalisation (as in Clark et al., "Beyond The
            Rainbow", 2024).
        pooled_size: side in pixels of an adaptive max pooling at the end (as in the same paper, 6); None for no
            pooling.
    """

    def __init__(
        self, num_channels: int, width: int = 1, is_normalised: bool = False, pooled_size: int | None = None
    ) -> None:
        super().__init__()
        wrap: Callable[[nn.Conv2d], nn.Module] = (
            nn.utils.parametrizations.spectral_norm if is_normalised else lambda layer: layer
        )
        sections: list[nn.Module] = []
        for num_filters in (16 * width, 32 * width, 32 * width):
            make = _convolution(is_first=not sections)
            sections += [
                make(num_channels, num_filters, 3, padding=1),
                nn.MaxPool2d(3, stride=2, padding=1),
                _Residual(num_filters, wrap),
                _Residual(num_filters, wrap),
            ]
            num_channels = num_filters
        pooling = [] if pooled_size is None else [nn.AdaptiveMaxPool2d(pooled_size)]
        self.layers = nn.Sequential(*sections, nn.ReLU(), *pooling)

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[B, H, W, C]`` to features ``[B, F]``."""
        return _flat(self.layers(observation))


class Mobile(nn.Module):
    """Depthwise separable convolutions (Howard et al., "MobileNets", 2017) of the third place of the 2018 contest.

    32 filters of 8 × 8 with stride 4, then separable 64 of 4 × 4 with stride 2 and 48 of 3 × 3.
    """

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            PixelConv(num_channels, 32, 8, 4),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 32, 4, 2, groups=32),
            nn.Conv2d(32, 64, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(64, 64, 3, groups=64),
            nn.Conv2d(64, 48, 1),
            nn.ReLU(inplace=True),
        )

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[B, H, W, C]`` to features ``[B, F]``."""
        return _flat(self.layers(observation))


class SamePadded(nn.Module):
    """Convolutions whose outputs have the height and width of their inputs over the stride, rounded up; each with ReLU.

    Where an odd number of pixels is to be added, the one more is at the bottom and on the right, as in Keras
    (``padding="same"``).

    Args:
        num_channels: C.
        shapes: filters, kernel size in pixels and stride of each convolution; paddings are not used.
        pixel_scale: factor of the pixels from 0 to 255.
    """

    def __init__(self, num_channels: int, shapes: Sequence[ConvolutionShape], pixel_scale: float) -> None:
        super().__init__()
        self._pixel_scale = pixel_scale
        inputs = [num_channels, *(shape[0] for shape in shapes)]
        layers = zip(inputs, shapes, strict=False)
        self.convolutions = tuple(nn.Conv2d(num, filters, size, stride) for num, (filters, size, stride, _) in layers)
        self.layers = nn.ModuleList(self.convolutions)

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[B, H, W, C]`` to features ``[B, F]``."""
        seen = pixels(observation, self.convolutions[0].weight.dtype) * self._pixel_scale
        for layer in self.convolutions:
            height, width = (
                max((-(-length // stride) - 1) * stride + size - length, 0)
                for length, size, stride in zip(seen.shape[2:], layer.kernel_size, layer.stride, strict=True)
            )
            sides = (width // 2, width - width // 2, height // 2, height - height // 2)
            seen = torch.relu(layer(functional.pad(seen, sides)))
        return _flat(seen)


def make_encoder(name: EncoderName, num_channels: int) -> nn.Module:
    """Return the convolutions called ``name`` for uint8 pictures ``[B, H, W, C]`` of C = ``num_channels``."""
    makers: dict[str, Callable[[int], nn.Module]] = {
        **{name: partial(Plain, shapes=shapes) for name, shapes in PLAIN.items()},
        "impala": Impala,
        "impala-normalised": lambda channels: Impala(channels, width=2, is_normalised=True, pooled_size=6),
        "mobile": Mobile,
        "keras-2018": partial(SamePadded, shapes=PLAIN["nature"], pixel_scale=1.0),
        "keras-2018-scaled": partial(SamePadded, shapes=PLAIN["nature"], pixel_scale=1 / 255),
    }
    return makers[name](num_channels)


def num_features(encoder: nn.Module, height: int, width: int, num_channels: int) -> int:
    """Return F, the number of features of an encoder for pictures of this shape."""
    with torch.no_grad():
        return int(encoder(torch.zeros((1, height, width, num_channels), dtype=torch.uint8)).shape[1])


def orthogonal(layer: nn.Module, gain: float = math.sqrt(2)) -> None:
    """Initialise convolutions and linear layers of ``layer`` with orthogonal weights and zero bias, as PPO2.

    Of noisy layers these are the means; their sigmas stay. Spectrally normalised weights keep torch's initialisation.
    """
    for module in layer.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, NoisyLinear)):
            nn.init.orthogonal_(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
