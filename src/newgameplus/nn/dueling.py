"""Operations of newgameplus.learning.dueling, each computed by the fastest available implementation."""

from __future__ import annotations

from newgameplus.learning import dueling
from newgameplus.nn.cpu import table

mean_returns = table.mean_returns(dueling.mean_returns)
projected_returns = table.projected_returns(dueling.projected_returns)
cross_entropies = table.cross_entropies(dueling.cross_entropies)
mean_quantiles = table.mean_quantiles(dueling.mean_quantiles)
moved_quantiles = table.moved_quantiles(dueling.moved_quantiles)
quantile_errors = table.quantile_errors(dueling.quantile_errors)
