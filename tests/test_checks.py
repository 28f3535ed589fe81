"""Each check of an exercise says one of three things: not tried, not yet with a hint, right."""

import numpy as np
import pytest

from helpers import checks


def count(upper, lower):
    sounding = (upper >= 0) & (lower >= 0)
    fifth = sounding & ((upper - lower) % 12 == 7)
    moved = (upper[1:] != upper[:-1]) & (lower[1:] != lower[:-1])
    return int((fifth[1:] & fifth[:-1] & moved).sum())


def count_held(upper, lower):
    fifth = (upper - lower) % 12 == 7
    return int((fifth[1:] & fifth[:-1]).sum())


def count_without_rests(upper, lower):
    fifth = (upper - lower) % 12 == 7
    moved = (upper[1:] != upper[:-1]) & (lower[1:] != lower[:-1])
    return int((fifth[1:] & fifth[:-1] & moved).sum())


def count_same_direction(upper, lower):
    return count(upper, lower) if (np.diff(upper) * np.diff(lower) > 0).all() else 0


def grid(first, second):
    return np.repeat([[first] * 4, [second] * 4], 16, axis=0)


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (checks.class_numbers, (..., ...)),
        (checks.class_numbers, (24, ...)),
        (checks.loss_by_hand, (...,)),
        (checks.parallel_fifths, (...,)),
        (checks.parallel_fifths, (lambda upper, lower: ...,)),
        (checks.second_bar_only, (..., ...)),
    ],
)
def test_an_untouched_exercise_is_not_tried(check, answers, capsys):
    check(*answers)
    assert capsys.readouterr().out.startswith("Not tried yet")


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (checks.class_numbers, (24, 48)),
        (checks.loss_by_hand, (-3,)),
        (checks.loss_by_hand, (np.float32(-3),)),
        (checks.parallel_fifths, (count,)),
        (checks.second_bar_only, (grid(60, 60), grid(60, 62))),
    ],
)
def test_right_answers(check, answers, capsys):
    check(*answers)
    assert capsys.readouterr().out.startswith("Right.")


@pytest.mark.parametrize(
    ("check", "answers", "hint"),
    [
        (checks.class_numbers, (60, 48), "pitch 36"),
        (checks.class_numbers, (24, 49), "comes after"),
        (checks.class_numbers, ("C4", 48), "pitch 36"),
        (checks.loss_by_hand, (3,), "minimises"),
        (checks.loss_by_hand, (0.5,), "minus"),
        (checks.loss_by_hand, ([1, 2],), "minus"),
        (checks.parallel_fifths, (3,), "function"),
        (checks.parallel_fifths, (count_held,), "held"),
        (checks.parallel_fifths, (count_without_rests,), "rest"),
        (checks.parallel_fifths, (count_same_direction,), "contrary"),
        (checks.parallel_fifths, (lambda upper, lower: 1 / 0,), "ZeroDivisionError"),
        (checks.second_bar_only, (grid(60, 60), grid(60, 60)), "the same"),
        (checks.second_bar_only, (grid(60, 60), grid(62, 62)), "first bar"),
        (checks.second_bar_only, (np.zeros(3), np.zeros(3)), "32 steps"),
    ],
)
def test_wrong_answers_get_a_hint(check, answers, hint, capsys):
    check(*answers)
    said = capsys.readouterr().out
    assert said.startswith("Not yet.")
    assert hint in said
