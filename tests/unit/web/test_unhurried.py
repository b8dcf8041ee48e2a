import pytest

from newsletter.web.unhurried import until_step


@pytest.mark.parametrize(
    ("elapsed_s", "expected"), [(0.0, 0.25), (0.01, 0.24), (0.24, 0.01), (0.26, 0.24), (0.74, 0.01), (1.0, 0.25)]
)
def test_work_and_waiting_together_are_full_steps(elapsed_s: float, expected: float) -> None:
    assert until_step(elapsed_s, step_s=0.25) == pytest.approx(expected)


def test_without_a_step_nothing_is_waited_for() -> None:
    assert until_step(0.1, step_s=0) == 0
