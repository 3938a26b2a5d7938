"""Networks and optimizers as states: trees of numpy arrays and JSON, exact to the bit."""

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
    """Give a module the parameters and buffers of ``state``.

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
    """Give a module's ``encoder`` that of another network's state, and leave the rest as it is.

    Raises:
        StateError: the encoders differ.
    """
    prefix = "encoder."
    encoder = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
    restore_module(module.get_submodule("encoder"), encoder)


def optimizer_state(optimizer: torch.optim.Optimizer) -> State:
    """Return what an optimizer remembers of each parameter, in the order of the parameters."""
    slots = optimizer.state_dict()["state"]
    return {"slots": [{name: _array(value) for name, value in slots[key].items()} for key in sorted(slots)]}


def restore_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Give an optimizer what ``optimizer_state`` returned, each array in the memory order of its parameter.

    What it remembers already is overwritten where it lies, as a CUDA graph finds it nowhere else.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    slots = state["slots"] or [{}] * len(parameters)
    for parameter, slot in zip(parameters, slots, strict=False):
        if not slot and parameter not in optimizer.state:
            continue  # where it has taken no step yet, it remembers nothing, and the look would make an entry
        own = optimizer.state[parameter]
        for name, value in own.items():
            value.copy_(torch.from_numpy(slot[name])) if name in slot else value.zero_()
        for name in slot.keys() - own.keys():
            own[name] = _like(parameter, torch.from_numpy(slot[name]))


def _like(parameter: Tensor, value: Tensor) -> Tensor:
    """A copy of ``value`` beside a parameter, in its memory order where shapes agree: fused optimizers rely on it."""
    if value.shape != parameter.shape:
        return value.to(parameter.device, copy=True)
    return torch.empty_like(parameter, requires_grad=False).copy_(value)


def generator_state(generator: torch.Generator) -> Any:
    """Return where a stream of random numbers stands, uint8."""
    return generator.get_state().cpu().numpy().copy()


def restore_generator(generator: torch.Generator, state: Any) -> None:
    """Continue a stream of random numbers.

    Those of a CPU and of CUDA are not the same: on the other device another stream begins, the same each time.
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
