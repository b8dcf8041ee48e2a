"""Can two kinds of answers be told apart by a number, such as their time or size?

`best_guess` learns on one half and is judged on the other, both ways round.
"""

from collections.abc import Sequence
from itertools import pairwise


def best_guess(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The share of right guesses of the best threshold: 0.5 is chance, 1.0 is certainty."""
    folds = [
        (ours[::2], theirs[::2], ours[1::2], theirs[1::2]),
        (ours[1::2], theirs[1::2], ours[::2], theirs[::2]),
    ]
    return sum(_judged(*fold) for fold in folds) / len(folds)


def _judged(
    ours: Sequence[float], theirs: Sequence[float], other_ours: Sequence[float], other_theirs: Sequence[float]
) -> float:
    values = sorted({*ours, *theirs})
    between = [(lower + upper) / 2 for lower, upper in pairwise(values)] or values
    threshold, is_ours_above = max(
        ((threshold, above) for threshold in between for above in (True, False)),
        key=lambda guess: _right(ours, theirs, *guess),
    )
    return _right(other_ours, other_theirs, threshold, is_ours_above)


def _right(ours: Sequence[float], theirs: Sequence[float], threshold: float, is_ours_above: bool) -> float:  # noqa: FBT001
    right = sum((value > threshold) == is_ours_above for value in ours)
    right += sum((value > threshold) != is_ours_above for value in theirs)
    return right / (len(ours) + len(theirs))
