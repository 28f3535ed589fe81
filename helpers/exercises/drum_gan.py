"""The checks of notebook 05."""

from __future__ import annotations

import numpy as np

from ..metrics import drums
from .answers import (
    Wanted,
    check_changes,
    check_function,
    check_numbers,
    number,
    numbers,
    say,
    slip,
    tried,
    with_the_notebook,
)


def drum_lengths(steps, quarters) -> None:
    """Exercise 1: 3,840 ticks in steps of the grid, and 3,200 ticks in quarter notes."""
    divide = "The steps are right. Divide 3,200 by the 480 ticks of a quarter note."
    mistakes = {8: "Those are quarter notes: a step is a quarter of one."}
    too = {80 / 3: "Those are steps of the grid: a quarter note has four."}
    wanted = [
        Wanted(
            32, "A quarter note has 480 ticks and four steps, so a step has 120.", 1e-6, mistakes
        ),
        Wanted(20 / 3, divide, 0.01, too),
    ]
    well_done = "Two bars, and six quarters and two thirds, which no drummer would cut."
    check_numbers((steps, quarters), wanted, well_done)


def success_by_hand(on_real, on_generated) -> None:
    """Exercise 2: logits 2, -1, 0.5, 3 on real windows and -2, 1, -0.5, -3 on generated ones."""
    count = {3: "That is how many: success is their share of the four windows."}
    mistakes = {
        0.25: "1 generated window passed for real; success is the share that is recognised.",
    }
    below = "On real is right. A generated window is recognised by a logit below 0."
    wanted = [
        Wanted(0.75, "A logit above 0 says real: which share of the four gets one?", 1e-6, count),
        Wanted(0.75, below, 1e-6, count | mistakes),
    ]
    check_numbers((on_real, on_generated), wanted, "Three of four each.")


def backbeat_share(function) -> None:
    """Exercise 3: a function of drums ``(steps, 9, 3)``: the share of bars with a backbeat."""

    def bars(*hits, steps=32):
        grid = np.zeros((steps, 9, 3), np.float32)
        for step, drum in hits:
            grid[step, drum] = 1, 0.8, 0
        return grid

    softly, exactly, quietly = (bars((4, 1), (12, 1), steps=16) for _ in range(3))
    softly[4, 1, 0] = 0.4
    exactly[[4, 12], 1, 0] = 0.5
    quietly[:, 1, 1] /= 8
    cases = [
        ((bars((4, 1), (12, 1), steps=16),), 1, "Snare on steps 4 and 12 is a backbeat."),
        ((bars((4, 1), (12, 1)),), 0.5, "The second bar has none: one bar of two."),
        ((bars((4, 1), (28, 1)),), 0, "Step 12 of the first bar and step 4 of the second lack."),
        ((bars((4, 0), (12, 0), steps=16),), 0, "Drum 0 is the bass drum, drum 1 the snare."),
        ((bars((4, 1), (8, 1), (12, 1), (20, 1), (28, 1)),), 1, "Other hits do no harm."),
        ((softly,), 0, "A hit is 0.5 or more."),
        ((exactly,), 1, "A hit is 0.5 or more, and 0.5 itself is one."),
        ((quietly,), 1, "A hit counts however soft it is played: hits are [..., 0]."),
        ((bars((4, 0), (4, 1), (12, 0), (12, 1), steps=16),), 1, "The bass drum may play along."),
        *(
            ((bars((4, drum), (12, drum), steps=16),), 0, f"Drum {drum} is no snare: drum 1 is.")
            for drum in range(2, 9)
        ),
        ((bars((4, 1), (12, 2), steps=16),), 0, "Both hits have to be the snare's, drum 1."),
        ((bars((5, 1), (13, 1), steps=16),), 0, "A step later is no backbeat: 4 and 12, from 0."),
        ((bars((20, 1), (28, 1), steps=48),), 1 / 3, "One bar of three: count them all."),
        ((bars((4, 1), (12, 1), (36, 1), (44, 1), steps=48),), 2 / 3, "Two bars of three."),
    ]
    check_function(function, cases, "Now ask it of real and of generated rock.")


@with_the_notebook
def distinct_shares(shares, sample) -> None:
    """Exercise 4: of 200 windows the share of different patterns of hits at temperatures 0, 0.01
    and 1. ``sample(temperature=...)`` gives the windows ``(200, steps, 9, 3)``."""
    if not tried(shares):
        return
    if isinstance(shares, dict):  # by temperature, in whatever order
        shares = dict(sorted(shares.items(), key=lambda some: number(some[0])))
    shares = numbers(shares, 3)
    if shares is None:
        hint = "Three numbers are wanted, one for each temperature, as a list in brackets."
        return say(False, hint=hint)
    wanted = []
    for temperature in (0, 0.01, 1):
        windows = np.asarray(sample(temperature=temperature))
        count, share = len(windows), drums.distinct_share(windows)
        mistakes = {
            len(np.unique(windows, axis=0)) / count: "Hits alone are asked for: take [..., 0].",
            2 / count: "Without axis=0 np.unique finds single numbers, not windows.",
            share * count: f"That is how many patterns: divide by the {count} windows.",
        }
        hint = f"At temperature {temperature} it is another share: sample all {count} with SEED."
        if temperature == 0:
            hint = f"At temperature 0 all noise is 0 and all windows are the same: 1 of {count}."
        wanted.append(Wanted(share, hint, 0.51 / count, mistakes))
    low, high = (f"{want.value:.0%}" for want in wanted[1:])
    hint = slip(shares, wanted)
    if hint and not slip(reversed([*shares]), wanted):
        hint = "They are the other way round: temperature 0 stands first."
    say(not hint, f"{low} of the patterns are different at 0.01, {high} at 1.", hint or "")


@with_the_notebook
def own_experiment(mine, recipe, experiments) -> bool:
    """Exercise 5: whether experiments of one's own change what they say."""
    fixed = "epochs", "batches"  # the budget's
    return check_changes(mine, recipe, experiments, fixed, ["length"], _loops_that_fit)


def _loops_that_fit(changes: dict, settings: dict) -> str | None:
    loops, length = settings["loops"], settings["length"]
    if "loops" not in changes and settings["kind"] == "dense":  # has none
        return None
    fit = [steps for steps in range(1, length + 1) if length % steps == 0]
    if all(steps in fit for steps in loops) and len(set(loops)) == len(loops):
        return None
    return f"'loops' are some of {fit}, each once, for they fill {length} steps; not {loops}."
