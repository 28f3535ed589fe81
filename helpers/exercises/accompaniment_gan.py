"""The checks of notebook 04."""

from __future__ import annotations

import numpy as np

from ..metrics import voices
from ..music.grid import REST
from .answers import Wanted, check_function, check_numbers, say, tried


def class_numbers(middle_c, rest) -> None:
    """Exercise 1: the classes of middle C and of a rest, with pitch 36 as class 0."""
    rest_hint = "Middle C is right. The 48 pitches are classes 0 to 47; the rest comes after them."
    wanted = [
        Wanted(24, "Middle C is pitch 60, and class 0 is pitch 36: how far apart are they?"),
        Wanted(48, rest_hint),
    ]
    well_done = "24 semitones above the lowest pitch, and the rest is the last of 49."
    check_numbers((middle_c, rest), wanted, well_done)


def loss_by_hand(answer) -> None:
    """Exercise 2: the critic's loss for real scores 3 and 1 and generated scores 0 and -2."""
    hint = "Mean of the generated scores minus mean of the real ones."
    mistakes = {3: "The size is right. The critic minimises its loss: a good critic's is negative."}
    well_done = "Generated music scores 3 points below real music: distance 3, loss -3."
    check_numbers((answer,), [Wanted(-3, hint, mistakes=mistakes)], well_done)


def parallel_fifths(count) -> None:
    """Exercise 3: a function that counts parallel fifths between two voices."""
    cases = [
        (([67, 69], [60, 62]), 1, "C-G to D-A is the textbook parallel fifth, a count of 1."),
        (
            ([67, 67], [60, 60]),
            0,
            "A fifth that is held is no parallel: both voices must move.",
        ),
        (([67, 69], [60, 60]), 0, "Here only one voice moves, so nothing is parallel."),
        (([79, 81], [60, 62]), 1, "A fifth and an octave is still a fifth: fold with % 12."),
        (([67, 65], [60, 58]), 1, "Parallel downwards counts as well."),
        (([67, REST], [60, REST]), 0, "Rests are no pitches: leave steps with a rest out."),
        (([66, 67], [REST, 60]), 0, "A rest is -1, not a pitch: no voice moves from a rest."),
        (([67, REST], [60, 64]), 0, "A rest is -1, not a pitch: no voice moves to a rest."),
        (([67, 74], [60, 55]), 1, "From a fifth to a twelfth in contrary motion counts as well."),
        (([67, 69, 71], [60, 62, 64]), 2, "Two parallels in a row are two."),
    ]
    check_function(count, cases, "Now count them in Bach and in the generator's music.")


def second_bar_only(first, second) -> None:
    """Exercise 4: two accompaniments of one melody that differ in the second bar alone."""
    if not tried(first, second):
        return
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or first.shape[-2:] != (32, 4):
        say(False, hint=f"Two grids of 32 steps and 4 voices are wanted, not {first.shape}.")
        return
    early = voices.difference(first[..., :16, :], second[..., :16, :])
    late = voices.difference(first[..., 16:, :], second[..., 16:, :])
    if late == 0:
        say(False, hint="The second bars are the same: give the second noise new numbers there.")
    else:
        say(
            early < late,
            f"{early:.0%} of the first bar's cells differ and {late:.0%} of the second bar's.",
            "The first bar changed as much as the second: keep the noise of its four beats.",
        )
