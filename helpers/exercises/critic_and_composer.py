"""The checks of notebook 03."""

from __future__ import annotations

import numpy as np

from .answers import Wanted, check_function, check_numbers, number, say, tried


def laziest_critic(accuracy, balanced) -> None:
    """Exercise 1: accuracy and balanced accuracy of "good" to 10,008 good and 3,309 bad."""
    share = 10_008 / 13_317
    mistakes = {100 * share: "As a share of 1, please, not in percent."}
    count = "It is right on all good segments and wrong on all bad ones: count both together."
    mean = "The accuracy is right. Balanced: the mean of its accuracies on good and on bad."
    wanted = [Wanted(share, count, 0.0005, mistakes), Wanted(0.5, mean, 0.0005)]
    well_done = "75.15 %, for no work at all. The balanced accuracy is not taken in."
    check_numbers((accuracy, balanced), wanted, well_done)


def backwards(function) -> None:
    """Exercise 2: a function of notes ``(n, 4)`` that turns time round."""

    def in_order(notes):
        played = function(notes)
        if played is ...:
            return ...
        played = np.asarray(played, float)
        return played[np.lexsort((played[:, 2], played[:, 0]))]

    if not callable(function):
        return check_function(function, [], "")  # which says what is wanted
    once = [[0, 1, 60, 80], [1, 4, 62, 70]]
    cases = [
        (([[0, 1, 60, 80]],), [[0, 1, 60, 80]], "One note from 0 to 1 stays where it is."),
        ((once,), [[0, 3, 62, 70], [3, 4, 60, 80]], "An end becomes a start, and a start an end."),
    ]
    check_function(in_order, cases, "Do a fiddle tune's phrases have a direction? Ask the critic.")


def p_value(function) -> None:
    """Exercise 3: from differences made by chance and the found one, the two-sided p-value."""
    cases = [
        (([0.0, 1.0, 2.0], 3.0), 1 / 4, "No round of three reaches it; the found one counts."),
        (([0.0, 1.0, 2.0], 1.0), 3 / 4, "As large counts too, not only larger."),
        (([-2.0, 0.0, 1.0], 2.0), 2 / 4, "-2 is as large as 2, the other way."),
        (([0.0, 0.0, 0.0], -1.0), 1 / 4, "Found may be the one below 0."),
    ]
    check_function(function, cases, "It is never 0: with n rounds the least is 1 / (n + 1).")


def composer_critic(accuracy) -> None:
    """Exercise 4: how often a critic trained on the composer tells it from real music."""
    if not tried(accuracy):
        return
    accuracy = number(accuracy)
    say(
        0.6 < accuracy <= 1,
        f"{accuracy:.0%}: what the first critic let pass, a critic of its own can hear.",
        "Train on half of the pieces, judge the other half: more than 0.6 can be reached by "
        "counting events.",
    )
