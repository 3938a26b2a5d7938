"""Seeds of generated levels: which numbers are for levels to judge on, and which for streams of levels to train on.

A level follows from its zone, act and seed, so levels with seeds of disjoint ranges are never drawn from the same
random numbers. The levels that come with the games and ``ngp levels generate`` take seeds below ``NUM_NAMED``; streams
take seeds from there on.
"""

from __future__ import annotations

from newgameplus.errors import UsageError

NUM_NAMED = 2**63
"""Seeds from 0 to this number can be named by people: they are those of published levels and of one's own sets."""
NUM_STREAMS, NUM_SETS, NUM_TRIES = 2**63, 2**32, 2**8
"""Number of streams, of sets in a stream, and of drafts for a level of a set."""


def stream_seed(stream: int, number: int, draft: int = 0) -> int:
    """Return the seed of a set of a stream's levels; no other stream, set or draft has it, and no level with a name.

    Args:
        stream: seed of the stream.
        number: number of the set.
        draft: number of the draft, where an earlier one gave no level.

    Raises:
        UsageError: the stream's seed, or one of the others, is out of its range.
    """
    for value, limit, what in (
        (stream, NUM_STREAMS, "A stream's seed"),
        (number, NUM_SETS, "The number of a set"),
        (draft, NUM_TRIES, "The number of a draft"),
    ):
        if not 0 <= value < limit:
            raise UsageError(f"{what} is a whole number from 0 to {limit - 1}, not {value}.")
    return NUM_NAMED + (stream * NUM_SETS + number) * NUM_TRIES + draft
