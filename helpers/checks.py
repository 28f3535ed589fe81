"""Instant checks of the exercises: each prints one line and never raises on a student's answer.

``...`` means not tried yet; anything else is right, or wrong with a hint.
"""

from __future__ import annotations

import numpy as np

from . import metrics
from .music import REST

NOT_TRIED = "Not tried yet: replace ... with your answer and run the cell again."


def _say(right: bool, well_done: str, hint: str) -> None:
    print(f"Right. {well_done}" if right else f"Not yet. {hint}")


def _tried(*answers) -> bool:
    """Whether there is an answer to check; says so if not."""
    if any(answer is ... for answer in answers):
        print(NOT_TRIED)
        return False
    return True


def _number(answer) -> float:
    """The answer as a number, ``nan`` where it is none."""
    try:
        return float(answer)
    except (TypeError, ValueError):
        return float("nan")


# --- notebook 04 -------------------------------------------------------------------------------


def class_numbers(middle_c, rest) -> None:
    """Exercise 1: the classes of middle C and of a rest, with pitch 36 as class 0."""
    if not _tried(middle_c, rest):
        return
    if _number(middle_c) != 24:
        _say(False, "", "Middle C is pitch 60, and class 0 is pitch 36: how far apart are they?")
    else:
        _say(
            _number(rest) == 48,
            "24 semitones above the lowest pitch, and the rest is the last of 49.",
            "Middle C is right. The 48 pitches are classes 0 to 47; the rest comes after them.",
        )


def loss_by_hand(answer) -> None:
    """Exercise 2: the critic's loss for real scores 3 and 1 and generated scores 0 and -2."""
    if not _tried(answer):
        return
    value = _number(answer)
    hint = "Mean of the generated scores minus mean of the real ones."
    if value == 3:
        hint = "The size is right. The critic minimises its loss: a good critic's is negative."
    _say(
        value == -3, "Generated music scores 3 points below real music: distance 3, loss -3.", hint
    )


def parallel_fifths(count) -> None:
    """Exercise 3: a function that counts parallel fifths between two voices."""
    if not _tried(count):
        return
    if not callable(count):
        _say(False, "", "Write a function of two voices, as in the cell.")
        return
    cases = [
        ([67, 69], [60, 62], 1, "C-G to D-A is the textbook parallel fifth, a count of 1."),
        ([67, 67], [60, 60], 0, "A fifth that is only held is no parallel: both voices must move."),
        ([67, 69], [60, 60], 0, "Here only one voice moves, so nothing is parallel."),
        ([79, 81], [60, 62], 1, "A fifth and an octave is still a fifth: fold with % 12."),
        ([67, 65], [60, 58], 1, "Parallel downwards counts as well."),
        ([67, REST], [60, REST], 0, "Rests are no pitches: leave steps with a rest out."),
        ([66, 67], [REST, 60], 0, "A rest is -1, not a pitch: no voice moves from a rest."),
        ([67, REST], [60, 64], 0, "A rest is -1, not a pitch: no voice moves to a rest."),
        ([67, 74], [60, 55], 1, "From a fifth to a twelfth in contrary motion counts as well."),
        ([67, 69, 71], [60, 62, 64], 2, "Two parallels in a row are two."),
    ]
    for upper, lower, expected, hint in cases:
        try:
            got = count(np.array(upper), np.array(lower))
        except Exception as error:  # whatever a student's code raises is shown, not thrown
            _say(False, "", f"Your function raises {type(error).__name__}: {error}")
            return
        if got is ...:
            print(NOT_TRIED)
            return
        if _number(got) != expected:
            _say(False, "", hint)
            return
    _say(True, "Now count them in Bach and in the generator's music.", "")


def second_bar_only(first, second) -> None:
    """Exercise 4: two accompaniments of one melody that differ in the second bar alone."""
    if not _tried(first, second):
        return
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or first.shape[-2:] != (32, 4):
        _say(False, "", f"Two grids of 32 steps and 4 voices are wanted, not {first.shape}.")
        return
    early = metrics.difference(first[..., :16, :], second[..., :16, :])
    late = metrics.difference(first[..., 16:, :], second[..., 16:, :])
    if late == 0:
        _say(False, "", "The second bars are the same: give the second noise new numbers there.")
    else:
        _say(
            early < late,
            f"{early:.0%} of the first bar's cells differ and {late:.0%} of the second bar's.",
            "The first bar changed as much as the second: keep the noise of its four beats.",
        )
