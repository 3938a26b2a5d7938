"""Losses of newgameplus.learning that have a kernel, each computed by the fastest available implementation."""

from __future__ import annotations

from newgameplus.learning import losses
from newgameplus.nn.cpu import table

ppo_loss = table.ppo_loss(losses.ppo_loss)
