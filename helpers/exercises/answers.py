"""What a check of an exercise does with a student's answer: was there one, is it a number, a
function, and is it right?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

NOT_TRIED = "Not tried yet: replace ... with your answer and run the cell again."


class Wanted(NamedTuple):
    """A number that an exercise asks for, how far off an answer may be, and the hint for a wrong
    one; ``mistakes`` have hints of their own, each at the number that it leads to."""

    value: float
    hint: str
    within: float = 1e-6
    mistakes: dict[float, str] = {}


def say(right: bool, well_done: str = "", hint: str = "") -> None:
    print(f"Right. {well_done}" if right else f"Not yet. {hint}")


def tried(*answers) -> bool:
    """Whether there is an answer to check; says so if not."""
    if any(answer is ... for answer in answers):
        print(NOT_TRIED)
        return False
    return True


def number(answer) -> float:
    """The answer as a number, ``nan`` where it is none."""
    try:
        return float(answer)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def alike(got, expected) -> bool:
    """Whether an answer is the number, or the row of numbers, that is expected."""
    try:
        got = np.asarray(got, float)
    except (TypeError, ValueError, OverflowError):
        return False
    return got.shape == np.shape(expected) and np.allclose(got, expected)


def check_numbers(answers, wanted: list[Wanted], well_done: str) -> None:
    """Says whether numbers are what is wanted, one after the other; a number within half a percent
    of a known mistake gets that mistake's hint."""
    if not tried(*answers):
        return
    for value, want in zip(map(number, answers), wanted, strict=True):
        if not abs(value - want.value) <= want.within:  # or no number at all
            known = [m for m in want.mistakes if abs(value - m) <= abs(m) / 200]
            return say(False, hint=want.mistakes[known[0]] if known else want.hint)
    say(True, well_done)


def check_function(function, cases, well_done: str) -> None:
    """Says whether a student's function gives what is expected in each case (arguments, expected,
    hint), and shows what it says or raises where it does not."""
    if not tried(function):
        return
    if not callable(function):
        return say(False, hint="Write a function with the arguments of the cell.")
    for arguments, expected, hint in cases:
        try:
            got = function(*(np.array(argument) for argument in arguments))
        except Exception as error:  # whatever a student's code raises is shown, not thrown
            return say(False, hint=f"Your function raises {type(error).__name__}: {error}")
        if not tried(got):
            return
        if not alike(got, expected):
            return say(False, hint=f"{hint} Your function says {got!r} here, not {expected}.")
    say(True, well_done)
