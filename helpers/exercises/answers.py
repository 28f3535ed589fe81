"""What a check of an exercise does with a student's answer: was there one, is it a number, a
function, and is it right?"""

from __future__ import annotations

import numpy as np

NOT_TRIED = "Not tried yet: replace ... with your answer and run the cell again."


def say(right: bool, well_done: str, hint: str) -> None:
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


def right_on(function, cases) -> bool:
    """Whether a student's function gives what is expected in each case (arguments, expected, hint);
    says so where it does not, and shows what it raises."""
    if not tried(function):
        return False
    if not callable(function):
        say(False, "", "Write a function with the arguments of the cell.")
        return False
    for arguments, expected, hint in cases:
        try:
            got = function(*(np.array(argument) for argument in arguments))
        except Exception as error:  # whatever a student's code raises is shown, not thrown
            say(False, "", f"Your function raises {type(error).__name__}: {error}")
            return False
        if not tried(got):
            return False
        if not alike(got, expected):
            say(False, "", f"{hint} Your function says {got!r} here, not {expected}.")
            return False
    return True
