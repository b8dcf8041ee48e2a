"""The classifier of the attack on sign-ups finds what there is to find, and nothing where there is nothing."""

import random

from tests.support.telling_apart import best_guess


def test_it_finds_a_difference_of_one_deviation_and_none_in_noise() -> None:
    chance = random.Random(7)  # noqa: S311  # drawn the same each time
    ours = [chance.gauss(20, 4) for _ in range(500)]
    slower = [chance.gauss(24, 4) for _ in range(500)]
    alike = [chance.gauss(20, 4) for _ in range(500)]

    assert best_guess(ours, slower) > 0.65
    assert best_guess(slower, ours) > 0.65
    assert best_guess(ours, alike) < 0.55


def test_it_is_certain_where_no_value_is_shared() -> None:
    assert best_guess([1.0, 2.0, 3.0, 2.0], [9.0, 8.0, 9.0, 8.0]) == 1.0
    assert best_guess([5.0] * 4, [5.0] * 4) == 0.5
