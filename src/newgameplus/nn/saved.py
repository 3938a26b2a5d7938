"""States of networks and optimizers: trees of numpy arrays and JSON types, bit-exact."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from newgameplus.errors import StateError
from newgameplus.types import State


def module_state(module: nn.Module) -> State:
    """Return a module's parameters and buffers by name."""
    return {name: _array(tensor) for name, tensor in module.state_dict().items()}


def restore_module(module: nn.Module, state: Mapping[str, Any]) -> None:
    """Load a module's parameters and buffers from ``state``.

    Raises:
        StateError: they belong to another network.
    """
    own = module.state_dict()
    if own.keys() != state.keys():
        raise StateError(f"The state belongs to another network: {_difference(own.keys(), state.keys())}.")
    for name, tensor in own.items():
        if tuple(tensor.shape) != tuple(state[name].shape):
            raise StateError(
                f"The state belongs to another network: {name} is of shape {list(state[name].shape)} there "
                f"and {list(tensor.shape)} here (another observation or action set?)."
            )
        tensor.copy_(torch.from_numpy(state[name]))


def restore_encoder(module: nn.Module, state: Mapping[str, Any]) -> None:
    """Load a module's ``encoder`` from the state of another network, and leave the rest unchanged.

    Raises:
        StateError: the encoders differ.
    """
    prefix = "encoder."
    encoder = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
    restore_module(module.get_submodule("encoder"), encoder)


def optimizer_state(optimizer: torch.optim.Optimizer) -> State:
    """Return an optimizer's state of each parameter, in the order of the parameters."""
    slots = optimizer.state_dict()["state"]
    return {"slots": [{name: _array(value) for name, value in slots[key].items()} for key in sorted(slots)]}


def restore_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Load an optimizer's state from ``optimizer_state``, each array in the memory format of its parameter.

    Existing state tensors are overwritten in place, because a CUDA graph keeps their addresses.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    slots = state["slots"] or [{}] * len(parameters)
    for parameter, slot in zip(parameters, slots, strict=False):
        if not slot and parameter not in optimizer.state:
            continue  # no state before the first step, and a lookup would create an entry
        own = optimizer.state[parameter]
        for name, value in own.items():
            value.copy_(torch.from_numpy(slot[name])) if name in slot else value.zero_()
        for name in slot.keys() - own.keys():
            own[name] = _like(parameter, torch.from_numpy(slot[name]))


def _like(parameter: Tensor, value: Tensor) -> Tensor:
    """Copy ``value`` to a parameter's device, in its memory format if shapes agree, as fused optimizers need."""
    if value.shape != parameter.shape:
        return value.to(parameter.device, copy=True)
    return torch.empty_like(parameter, requires_grad=False).copy_(value)


def generator_state(generator: torch.Generator) -> Any:
    """Return the state of a random generator, uint8."""
    return generator.get_state().cpu().numpy().copy()


def restore_generator(generator: torch.Generator, state: Any) -> None:
    """Restore the state of a random generator.

    Streams of CPU and CUDA differ: on the other device a different stream begins, the same each time.
    """
    if len(state) == len(generator.get_state()):
        generator.set_state(torch.from_numpy(state.copy()))
    else:
        generator.manual_seed(zlib.crc32(state.tobytes()))


def _array(tensor: Tensor) -> Any:
    tensor = tensor.detach().cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().copy()


def _difference(own: Any, given: Any) -> str:
    missing, unknown = sorted(set(own) - set(given)), sorted(set(given) - set(own))
    parts = [f"it lacks {missing[0]}"] if missing else []
    parts += [f"it has {unknown[0]}, which this one has not"] if unknown else []
    return " and ".join(parts)
