"""The checks of notebook 03."""

from __future__ import annotations

import numpy as np

from .answers import (
    Wanted,
    check_function,
    check_numbers,
    in_line,
    say,
    shape,
    slip,
    tried,
)


def laziest_critic(accuracy, balanced) -> None:
    """Exercise 1: accuracy and balanced accuracy of "good" to 10,008 good and 3,309 bad."""
    share = 10_008 / 13_317
    mistakes = {
        0.7544: "That is what the document's critic reached: count what saying good reaches.",
        1 - share: "That is the share of the bad ones, which it gets wrong.",
        10_008 / 3_309: "Divide by all segments, the good and the bad.",
    }
    count = "It is right on all good segments and wrong on all bad ones: count both together."
    mean = "The accuracy is right. Balanced: the mean of its accuracies on good and on bad."
    wanted = [Wanted(share, count, 0.0005, mistakes), Wanted(0.5, mean, 0.0005)]
    well_done = "75.15 %, for no work at all. The balanced accuracy is not taken in."
    check_numbers((accuracy, balanced), wanted, well_done)


def backwards(function) -> None:
    """Exercise 2: a function of notes ``(n, 4)`` that turns time round."""

    def tell_notes(played):
        size = shape(played)
        return size is not None and len(size) == 2 and size[1] >= 3

    def in_order(notes):
        played = function(notes)
        if not tell_notes(played):
            return played
        played = np.asarray(played, float)
        return played[np.lexsort((played[:, 2], played[:, 0]))]

    if not callable(function):
        return check_function(function, [], "")  # which says what is wanted
    once = [[0, 1, 60, 80], [1, 4, 62, 70]]
    held = [[0, 5, 48, 80], [1, 2, 60, 70]]
    cases = [
        (([[0, 1, 60, 80]],), [[0, 1, 60, 80]], "One note from 0 to 1 stays where it is."),
        ((once,), [[0, 3, 62, 70], [3, 4, 60, 80]], "An end becomes a start, and a start an end."),
        ((held,), [[0, 5, 48, 80], [3, 4, 60, 70]], "The last end need not be the last note's."),
        (
            ([[0.5, 1.25, 60, 80], [1.5, 3.75, 64, 70]],),
            [[0, 2.25, 64, 70], [2.5, 3.25, 60, 80]],
            "The last end becomes 0, and the half second before the first note comes last.",
        ),
        (
            ([[1, 2, 60, 80], [1, 2, 64, 75], [1, 3.5, 67, 70]],),
            [[0, 2.5, 67, 70], [1.5, 2.5, 60, 80], [1.5, 2.5, 64, 75]],
            "Notes that start together may end at different times.",
        ),
    ]
    check_function(in_order, cases, "Do a fiddle tune's phrases have a direction? Ask the critic.")


def p_value(function) -> None:
    """Exercise 3: from differences made by chance and the found one, the two-sided p-value."""
    cases = [
        (([0.0, 1.0, 2.0], 3.0), 1 / 4, "No round of three reaches it; the found one counts."),
        (([0.0, 1.0, 2.0], 1.0), 3 / 4, "As large counts too, not only larger."),
        (([-2.0, 0.0, 1.0], 2.0), 2 / 4, "-2 is as large as 2, the other way."),
        (([0.0, 0.0, 0.0], -1.0), 1 / 4, "Found may be the one below 0."),
        (([3.0, -3.0, 0.5, 3.0, -1.0], 3.0), 4 / 6, "Three of five rounds reach it, each counts."),
        (([-2.0, 2.0, 1.0, 0.0, 3.0, -0.5, 0.5], -2.0), 4 / 8, "Three of seven rounds reach it."),
        (([0.5], 0.25), 2 / 2, "One round, which reaches it, and the found one."),
    ]
    check_function(function, cases, "It is never 0: with n rounds the least is 1 / (n + 1).")


def composer_critic(accuracy, lazy, judge, real, composed, judge_segments) -> None:
    """Exercise 4: how often a critic trained on pieces 0, 2, 4 ... is right about 1, 3, 5 ..., and
    how often the lazy answer. real, composed: a piece is an array of segments; their logits are
    ``judge_segments(judge, segments)``, above 0 for real."""
    if not tried(accuracy, lazy):
        return
    try:
        if min(len(real), len(composed)) < 2:
            raise ValueError("too few pieces")
        pieces = [*real, *composed]
        lengths = [len(piece) for piece in pieces]
        segments = np.concatenate(pieces)
    except Exception as error:  # the cell makes them, and a student may change it
        hint = "real_pieces and composed_pieces are lists of arrays, as the exercise's cell makes "
        return say(False, hint=f"{hint}them: run it anew. ({_told(error)})")
    try:
        logits = np.asarray(judge_segments(judge, segments), float).reshape(len(segments))
    except Exception as error:
        hint = "judge is no network that judges segments: build_bag() makes one, for critic_step "
        return say(False, hint=f"{hint}to train. ({_told(error)})")
    unseen = np.repeat([i % 2 for some in (real, composed) for i in range(len(some))], lengths) == 1
    is_real = np.repeat(np.arange(len(pieces)) < len(real), lengths)
    right = (logits > 0) == is_real
    reached, share = right[unseen].mean(), is_real[unseen].mean()
    wanted = [
        Wanted(
            reached,
            "Count the segments of pieces 1, 3, 5 ... of both kinds that the judge is right about.",
            0.005,
            {
                1 - reached: "That is how often it is wrong.",
                right.mean(): "That is on all pieces: judge those alone that it has not seen.",
                right[~unseen].mean(): "That is on the pieces it was trained on: judge the others.",
                max(share, 1 - share): "That is what the lazy answer reaches, not the judge.",
            },
        ),
        Wanted(
            max(share, 1 - share),
            "The accuracy is right. Lazy is to give all segments the more frequent label.",
            0.005,
            {
                min(share, 1 - share): "The accuracy is right. That is the rarer label's share.",
                0.5: "The accuracy is right. The two labels are not equally frequent: count them.",
            },
        ),
    ]
    hint = slip((accuracy, lazy), wanted)
    if not hint and reached <= max(share, 1 - share):
        hint = "Well counted, but the judge is no better than the lazy answer: train it first."
    well_done = f"{reached:.0%}: what the first critic let pass, a critic of its own can hear."
    say(not hint, well_done, hint or "")


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {in_line(error)}"
