"""The checks of notebook 05."""

from __future__ import annotations

import numpy as np

from .answers import Wanted, check_function, check_numbers, say, tried


def drum_lengths(steps, quarters) -> None:
    """Exercise 1: 3,840 ticks in steps of the grid, and 3,200 ticks in quarter notes."""
    divide = "The steps are right. Divide 3,200 by the 480 ticks of a quarter note."
    wanted = [
        Wanted(32, "A quarter note has 480 ticks and four steps, so a step has 120."),
        Wanted(20 / 3, divide, 0.01),
    ]
    well_done = "Two bars, and six quarters and two thirds, which no drummer would cut."
    check_numbers((steps, quarters), wanted, well_done)


def success_by_hand(on_real, on_generated) -> None:
    """Exercise 2: logits 2, -1, 0.5, 3 on real windows and -2, 1, -0.5, -3 on generated ones."""
    mistakes = {
        0.25: "1 generated window passed for real; success is the share that is recognised."
    }
    below = "On real is right. A generated window is recognised by a logit below 0."
    wanted = [
        Wanted(0.75, "A logit above 0 says real: how many of the four real windows get one?"),
        Wanted(0.75, below, mistakes=mistakes),
    ]
    check_numbers((on_real, on_generated), wanted, "Three of four each.")


def backbeat_share(function) -> None:
    """Exercise 3: a function of drums ``(steps, 9, 3)``: the share of bars with a backbeat."""

    def drums(*hits, steps=32):
        grid = np.zeros((steps, 9, 3), np.float32)
        for step, drum in hits:
            grid[step, drum] = 1, 0.8, 0
        return grid

    softly = drums((4, 1), (12, 1), steps=16)
    softly[4, 1, 0] = 0.4
    cases = [
        ((drums((4, 1), (12, 1), steps=16),), 1, "Snare on steps 4 and 12 is a backbeat."),
        ((drums((4, 1), (12, 1)),), 0.5, "The second bar has none: one bar of two."),
        ((drums((4, 1), (28, 1)),), 0, "Step 12 of the first bar and step 4 of the second lack."),
        ((drums((4, 0), (12, 0), steps=16),), 0, "Drum 0 is the bass drum, drum 1 the snare."),
        ((drums((4, 1), (8, 1), (12, 1), (20, 1), (28, 1)),), 1, "Other hits do no harm."),
        ((softly,), 0, "A hit is 0.5 or more."),
    ]
    check_function(function, cases, "Now ask it of real and of generated rock.")


def distinct_shares(shares) -> None:
    """Exercise 4: of 200 windows the share of different patterns at temperatures 0, 0.01 and 1."""
    if not tried(shares):
        return
    try:
        shares = np.asarray(shares, float)
    except (TypeError, ValueError, OverflowError):
        shares = np.zeros(0)
    if shares.shape != (3,):
        say(False, hint="Three numbers are wanted, one for each temperature.")
    elif abs(shares[0] - 1 / 200) > 1e-6:
        hint = "At temperature 0 all noise is 0 and all windows are the same: 1 of 200."
        say(False, hint=hint)
    else:
        say(
            shares[0] <= shares[1] <= shares[2] <= 1,
            f"{shares[1]:.0%} of the patterns are different at 0.01, {shares[2]:.0%} at 1.",
            "More noise cannot give fewer patterns: keep the seed and the style the same.",
        )
