"""Following a stored sequence by what is seen: the stored moment that looks like the present is where to go on.

Sticky frames mostly shift time by a step, so the most similar stored moment within a window tells where to go on. The
function is pure; shapes: ``L`` stored moments, ``H`` features.
"""

from __future__ import annotations

from newgameplus.types import Array


def locate(
    track: Array, feature: Array, position: int, num_lost: int, *, window: int, least: float, margin: float
) -> int | None:
    """Return the place along the track that looks like the present, None if none does.

    The expected place is kept unless another one is more similar by ``margin``: while the picture stands still, all
    places are alike.

    Args:
        track: float32 ``[L, H]``, unit features of the stored moments.
        feature: float32 ``[H]``, unit features of the present.
        position: expected place, 0 to L - 1.
        num_lost: steps since the track was left, by which the window is wider at its end.
        window: steps before and after the expected place in which to look.
        least: cosine that counts as alike.
        margin: cosine by which another place must be more similar.
    """
    begin, end = max(0, position - window), min(len(track), position + window + num_lost + 1)
    similarity = track[begin:end] @ feature
    best, expected = int(similarity.argmax()), position - begin
    if similarity[expected] >= max(least, similarity[best] - margin):
        return position
    return begin + best if similarity[best] >= least else None
