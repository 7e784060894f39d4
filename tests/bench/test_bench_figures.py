"""Goals, medians, and what is chosen by name."""

from __future__ import annotations

import pytest

from bench.figures import FIGURES, Goal, Sense, measured
from bench.plan import Course, Sizes
from bench.running import MEASUREMENTS, UnknownFigure, chosen


@pytest.mark.parametrize(
    ("sense", "value", "met"),
    [
        (Sense.AT_LEAST, 0.8, True),
        (Sense.AT_LEAST, 0.79, False),
        (Sense.AT_MOST, 0.8, True),
        (Sense.AT_MOST, 0.81, False),
    ],
)
def test_a_goal_is_met_on_its_own_side(sense: Sense, value: float, met: bool) -> None:
    assert Goal(sense, 0.8).met_by(value) is met


def test_a_figure_is_the_median_of_its_rounds() -> None:
    found = measured("ratio", [0.9, 0.1, 0.85])
    assert (found.value, found.met) == (0.85, True)
    assert measured("floor_per_second", [1, 2]).met is None, "no goal, nothing to meet"


def test_a_figure_without_rounds_is_no_figure() -> None:
    with pytest.raises(ValueError, match="ratio was never measured"):
        measured("ratio", [])


def test_each_figure_is_measured_exactly_once() -> None:
    assert sorted(name for measurement in MEASUREMENTS for name in measurement.figures) == sorted(FIGURES)


def test_measurements_are_chosen_by_their_name_or_a_figure() -> None:
    assert chosen(()) == list(MEASUREMENTS)
    assert [m.name for m in chosen(("company", "naive_speedup"))] == ["naive", "company"]
    with pytest.raises(UnknownFigure, match="Nothing called speed is measured, expected one of company,"):
        chosen(("speed",))


def test_sides_take_turns() -> None:
    assert list(Course(Sizes(), 3, print).turns("a", "b")) == ["a", "b", "b", "a", "a", "b"]
