"""Registration of kernels beside the same operations in torch.

An operation is a function in torch. Decorated with its entry of this table, it calls the kernel first, which returns
None if it does not apply: on another device, in another precision, or for an unsupported shape. Callers of the
operation do not depend on the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Generic, ParamSpec, TypeVar

from newgameplus.nn.cpu import adam, convolutions, dueling, fractions, noisy, policy, ppo
from newgameplus.nn.cpu.compiled import availability

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class FastPath(Generic[Arguments, Result]):
    """A kernel for one operation.

    Args:
        kernel: has the operation's arguments and result, and returns None if torch has to compute it. It is called
            only if the compiled kernels are available and turned on.
    """

    def __init__(self, kernel: Callable[Arguments, Result | None]) -> None:
        self._kernel = kernel

    def __call__(self, by_torch: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        """Return the operation, computed by the kernel if it applies, else by ``by_torch``."""
        kernel = self._kernel

        @wraps(by_torch)
        def operation(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            if availability.is_on:
                result = kernel(*args, **kwargs)
                if result is not None:
                    return result
            return by_torch(*args, **kwargs)

        return operation


convolve = FastPath(convolutions.convolve)
noisy_linear = FastPath(noisy.noisy_linear)
noisy_heads = FastPath(noisy.noisy_heads)
shape_noise = FastPath(noisy.shape_noise)
mean_returns = FastPath(dueling.mean_returns)
projected_returns = FastPath(dueling.projected_returns)
cross_entropies = FastPath(dueling.cross_entropies)
mean_quantiles = FastPath(dueling.mean_quantiles)
moved_quantiles = FastPath(dueling.moved_quantiles)
quantile_errors = FastPath(dueling.quantile_errors)
multiply_by_fractions = FastPath(fractions.multiply_by_fractions)
linear = FastPath(policy.linear)
policy_and_value = FastPath(policy.policy_and_value)
draw_actions = FastPath(policy.draw_actions)
ppo_loss = FastPath(ppo.ppo_loss)
adam_step = FastPath(adam.adam_step)
