"""V, which turns pictures into latents and back, and M, which foresees them.

Source: Ha and Schmidhuber, "World Models" (2018), arXiv:1803.10122, appendix; for pictures of 128 x 128 pixels the
write-up on Sonic (2018), which has one more layer in the decoder.

Shapes: ``N`` pictures, ``H W`` their size, ``Z`` latents, ``B`` rows, ``T`` steps, ``A`` actions, ``U`` hidden units.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from newgameplus.learning.mixtures import Mixture, mixture_of
from newgameplus.nn.encoders import PixelConv, pixels

_KERNELS = {64: (5, 5, 6, 6), 128: (5, 5, 5, 6, 6)}
"""Kernel sizes of the decoder's layers, by size of the picture."""

Memory = tuple[Tensor, Tensor]
"""Hidden units and cells of M's LSTM, each float32 ``[1, B, U]``."""


class Vision(nn.Module):
    """V: a convolutional variational autoencoder.

    Args:
        size: H and W, 64 or 128.
        channels: filters of the four convolutions of the encoder.
        num_latents: Z.
    """

    def __init__(self, size: int, channels: Sequence[int], num_latents: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            (PixelConv if before == 3 else nn.Conv2d)(before, after, 4, 2) for before, after in pairwise((3, *channels))
        )
        side = size
        for _ in channels:
            side = (side - 4) // 2 + 1
        self.posterior = nn.Linear(channels[-1] * side * side, 2 * num_latents)
        kernels, back = _KERNELS[size], [*reversed(channels[:-1])]
        back += [channels[0] // 2, 3] if size == 128 else [3]
        self.begin = nn.Linear(num_latents, channels[-1] * side * side)
        widths = [channels[-1] * side * side, *back]
        self.deconvolutions = nn.ModuleList(
            nn.ConvTranspose2d(before, after, kernel, 2)
            for (before, after), kernel in zip(pairwise(widths), kernels, strict=True)
        )

    def encode(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of the latents, ``[N, Z]``, of uint8 ``[N, H, W, 3]``."""
        seen = picture
        for layer in self.convolutions:
            seen = torch.relu(layer(seen))
        mean, log_variance = self.posterior(seen.flatten(1)).chunk(2, -1)
        return mean, log_variance.clamp(-10, 10)

    def decode(self, latents: Tensor) -> Tensor:
        """Return logits of the pictures, ``[N, 3, H, W]``, of ``[N, Z]``."""
        seen = torch.relu(self.begin(latents))[:, :, None, None]
        for layer in self.deconvolutions[:-1]:
            seen = torch.relu(layer(seen))
        return cast(Tensor, self.deconvolutions[-1](seen))

    def draw(self, latents: Tensor) -> Tensor:
        """Return pictures, uint8 ``[N, H, W, 3]``, of ``[N, Z]``."""
        return (torch.sigmoid(self.decode(latents)) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def targets(picture: Tensor) -> Tensor:
    """Return uint8 ``[N, H, W, 3]`` as the decoder's target, from 0 to 1, ``[N, 3, H, W]``."""
    return pixels(picture) / 255


class Foresight(NamedTuple):
    """What M expects of the next step."""

    latents: Mixture
    """Mixtures over the next latents, ``[…, Z, K]``."""
    reward: Tensor
    """``[…]``, in units of ``REWARD_UNIT``."""
    end: Tensor
    """``[…]``, logit of the episode's end."""


class Dynamics(nn.Module):
    """M: an LSTM whose output is a mixture density over the next latents, with the next reward and end.

    Args:
        num_latents: Z.
        num_actions: A.
        num_inputs: units of a layer before the LSTM; 0 for none.
        num_hidden: U.
        num_mixtures: K, the number of Gaussians over each latent.
        takes_scalar: whether the action is one number instead of A.
    """

    def __init__(
        self,
        num_latents: int,
        num_actions: int,
        *,
        num_inputs: int,
        num_hidden: int,
        num_mixtures: int,
        takes_scalar: bool,
    ) -> None:
        super().__init__()
        self._num_actions, self._num_mixtures, self._takes_scalar = num_actions, num_mixtures, takes_scalar
        self.num_hidden = num_hidden
        num_seen = num_latents + (1 if takes_scalar else num_actions)
        self.before = nn.Linear(num_seen, num_inputs) if num_inputs else None
        self.lstm = nn.LSTM(num_inputs or num_seen, num_hidden, batch_first=True)
        self.output = nn.Linear(num_hidden, num_latents * 3 * num_mixtures + 2)

    def forward(self, latents: Tensor, action: Tensor, memory: Memory | None = None) -> tuple[Foresight, Memory]:
        """Take steps; return what is expected after each, ``[B, T, …]``, and the memory after the last.

        Args:
            latents: ``[B, T, Z]``.
            action: int64 ``[B, T]``.
            memory: that before the first step; None at the beginning of an episode.
        """
        output, memory = self.advance(latents, action, memory)
        return self.foresee(output), memory

    def advance(self, latents: Tensor, action: Tensor, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """Return the LSTM's output ``[B, T, U]`` and the memory; the arguments are those of :meth:`forward`."""
        if self._takes_scalar:
            told = action.unsqueeze(-1).to(latents.dtype) / 10
        else:
            told = functional.one_hot(action, self._num_actions).to(latents.dtype)
        seen = torch.cat([latents, told], -1)
        if self.before is not None:
            seen = torch.relu(self.before(seen))
        output, memory = self.lstm(seen, memory)
        return output, memory

    def foresee(self, output: Tensor) -> Foresight:
        """Return what is expected after an LSTM's output ``[…, U]``."""
        told = self.output(output)
        return Foresight(mixture_of(told[..., :-2], self._num_mixtures), told[..., -2], told[..., -1])

    def memory(self, num_rows: int) -> Memory:
        """Return the memory at the beginning of an episode."""
        nothing = self.output.weight.new_zeros(1, num_rows, self.num_hidden)
        return nothing, nothing.clone()
