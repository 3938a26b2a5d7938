"""Milliseconds of the kernels for networks beside those of torch in the same precision, and products per second.

Convolutions are those of the Nature network (84 × 84 × 4, channels last), forward and then backward for the gradients
of the weights; the noisy layer is Rainbow's hidden one (3136 to 512), forward and backward; the step of Adam has
Rainbow's 3.4 million weights, clips, and refreshes a copy where the kernels are of bfloat16. Batches of 256 as in PPO,
of 32 as in Rainbow, and of 8 and of 1, forward alone, as in acting. ``NGP_KERNELS=avx2`` measures those of AVX2.

Run: python -m benchmarks.speed.kernels [--rounds 7] [--calls 20]
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.turns import Ratio, Side, median_and_interval, parse, parser, publish, ratios, raw, take_turns

NUM_THREADS = 2
NUM_FEATURES, NUM_HIDDEN = 3136, 512
FORWARD = 400 * 256 * 32 + 81 * 512 * 64 + 49 * 576 * 64
"""Products of the Nature network's convolutions for one picture."""
BACKWARD = 2 * FORWARD - 400 * 256 * 32
"""Those of their gradients: the pictures themselves need none."""
OURS, TORCH = "kernels", "torch"
Work = Callable[[], Any]


def prepare(is_ours: bool) -> tuple[Any, Any]:
    """Return torch with the threads that every side has, the kernels switched off for its own, and their precision."""
    torch, compiled = importlib.import_module("torch"), importlib.import_module("newgameplus.nn.cpu.compiled")
    torch.set_num_threads(NUM_THREADS)
    dtype = compiled.availability.dtype
    if not is_ours:
        compiled.use("off")
    return torch, dtype


def convolutions(is_ours: bool, num_pictures: int, is_learning: bool) -> Work:
    """The features of pictures, and the gradients of the weights when learning."""
    torch, dtype = prepare(is_ours)
    encoder = importlib.import_module("newgameplus.nn.encoders").make_encoder("nature", 4)
    encoder.to(dtype, memory_format=torch.channels_last).requires_grad_(is_learning)
    observation = torch.randint(0, 256, (num_pictures, 84, 84, 4), dtype=torch.uint8)
    gradient = torch.randn(num_pictures, NUM_FEATURES).to(dtype)

    def work() -> None:
        features = encoder(observation)
        if is_learning:
            encoder.zero_grad()
            features.backward(gradient)

    return work


def noisy(is_ours: bool, num_rows: int) -> Work:
    """A noisy layer, there and back."""
    torch, dtype = prepare(is_ours)
    layers = importlib.import_module("newgameplus.nn.noisy")
    layer = layers.NoisyLinear(NUM_FEATURES, NUM_HIDDEN)
    layers.draw_noise(layer, torch.Generator().manual_seed(0))
    layer.to(dtype)
    inputs = torch.randn(num_rows, NUM_FEATURES).to(dtype).requires_grad_()
    gradient = torch.randn(num_rows, NUM_HIDDEN).to(dtype)

    def work() -> None:
        layer.zero_grad()
        inputs.grad = None
        layer(inputs).backward(gradient)

    return work


def adam(is_ours: bool) -> Work:
    """A step with clipping, after which a copy has the new weights."""
    torch, dtype = prepare(is_ours)
    layers = importlib.import_module("newgameplus.nn.noisy")
    precision = importlib.import_module("newgameplus.nn.precision")
    improver = importlib.import_module("newgameplus.nn.optimizer").Improver
    network = layers.NoisyLinear(NUM_FEATURES, NUM_HIDDEN)
    optimizer = torch.optim.Adam(network.parameters(), 1e-4, fused=True)
    copied = precision.computing_copy(network, dtype == torch.bfloat16).requires_grad_(True)
    improve = improver(optimizer, network, copied, 1.0)
    gradients = [torch.randn_like(weight) for weight in copied.parameters()]

    def work() -> None:
        for weight, gradient in zip(copied.parameters(), gradients, strict=True):
            weight.grad = gradient
        improve()

    return work


def median_milliseconds(make: Callable[[bool], Work], is_ours: bool, num_calls: int) -> Callable[[], float]:
    """A side that answers with the median milliseconds of a call."""
    work = make(is_ours)
    work()

    def run() -> float:
        seconds = []
        for _ in range(num_calls):
            begin = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begin)
        return 1e3 * statistics.median(seconds)

    return run


TASKS: dict[str, tuple[Callable[[bool], Work], int]] = {
    "convolutions, 256, learning": (partial(convolutions, num_pictures=256, is_learning=True), FORWARD + BACKWARD),
    "convolutions, 32, learning": (partial(convolutions, num_pictures=32, is_learning=True), FORWARD + BACKWARD),
    "convolutions, 256": (partial(convolutions, num_pictures=256, is_learning=False), FORWARD),
    "convolutions, 32": (partial(convolutions, num_pictures=32, is_learning=False), FORWARD),
    "convolutions, 8": (partial(convolutions, num_pictures=8, is_learning=False), FORWARD),
    "convolutions, 1": (partial(convolutions, num_pictures=1, is_learning=False), FORWARD),
    "noisy layer, 32, learning": (partial(noisy, num_rows=32), 3 * NUM_FEATURES * NUM_HIDDEN),
    "Adam": (adam, 0),
}
"""What is measured: how a side is made, and the products that it must compute for each row of its batch."""


def measure(num_rounds: int, num_calls: int, tasks: Sequence[str]) -> dict[str, Any]:
    """Let the kernels and torch take turns, task by task, and describe what came out."""
    kernels = importlib.import_module("newgameplus.nn.cpu.compiled").availability
    figures: dict[str, Any] = {}
    compared: list[dict[str, Any]] = []
    seconds = []
    for name in tasks:
        make, num_products = TASKS[name]
        sides: dict[str, Side] = {
            f"{name}, {side}": partial(median_milliseconds, make, side == OURS, num_calls) for side in (OURS, TORCH)
        }
        rounds = list(take_turns(sides, num_rounds))
        for side in sides:
            figures[side] = median_and_interval([turns[side].answer for turns in rounds])
            if num_products:
                num_rows = int(name.split(", ")[1])
                figures[side]["gigaproducts_per_second"] = num_rows * num_products / figures[side]["median"] / 1e6
        ours, torch = sides
        compared += ratios(rounds, [Ratio(ours, torch, None)])
        seconds += raw(rounds)
    return {
        "figure": "kernels",
        "what": f"Milliseconds of parts of networks, {kernels.instruction_set}, {NUM_THREADS} threads",
        "unit": "milliseconds a call",
        "num_rounds": num_rounds,
        "sides": figures,
        "ratios": compared,
        "seconds": seconds,
    }


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=7)
    options.add_argument("--calls", type=int, default=20, help="calls of a turn")
    options.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="what is measured")
    arguments = parse(options, calls=1, tasks=["Adam"])
    kernels = importlib.import_module("newgameplus.nn.cpu.compiled").availability
    if kernels.lack:
        sys.exit(f"There are no kernels to measure: {kernels.lack}.")
    publish(measure(arguments.rounds, arguments.calls, arguments.tasks), arguments.results, ("torch",))


if __name__ == "__main__":
    main()
