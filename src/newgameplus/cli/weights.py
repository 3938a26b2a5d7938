"""``ngp weights``: what a training run has learned, in one small file that can be published."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from newgameplus.cli.tables import print_note
from newgameplus.cli.typed import Number, as_typed


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Where to write.")
@click.option("--at-steps", type=Number(), metavar="N", help="Take the weights that the run has kept after N steps.")
@click.option("--float32", "is_whole", is_flag=True, help="Keep every bit; twice as large.")
def weights(run: Path, output: Path, at_steps: int | None, is_whole: bool) -> None:
    """Write the weights of RUN, a training run or a checkpoint of one, to FILE, with the plan of the run.

    --init takes FILE like the run itself. Weights are rounded to float16, which changes an agent that computes in
    bfloat16 little: judge the file, not the run, to publish its score.
    """
    from newgameplus.agents import find_agent
    from newgameplus.results.training_runs import agent_state, checkpoint_at, export_weights
    from newgameplus.training.transfer import as_half, part_to_begin_from

    checkpoint = checkpoint_at(run, at_steps)
    state = agent_state(checkpoint)
    learned = part_to_begin_from(find_agent(str(state["agent"])), state)
    export_weights(checkpoint, learned if is_whole else as_half(learned), output)
    content = output.read_bytes()
    click.echo(
        f"{click.format_filename(output)}  {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}"
    )
    print_note(f"Judge it: ngp evaluate {state['agent']} --init {as_typed(output)} --frozen")
