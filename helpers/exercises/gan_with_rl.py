"""The checks of notebook 06."""

from __future__ import annotations

from ..music.grid import REST
from .answers import (
    NO_TEXT,
    Wanted,
    check_changes,
    check_function,
    check_numbers,
    number,
    say,
    tried,
    with_the_notebook,
)


def finished_stretch(first, last) -> None:
    """Exercise 1: the steps of the last stretch of 32, one every 16, that has ended at step 100."""
    if not tried(first, last):
        return
    if isinstance(first, str) or isinstance(last, str):
        return say(False, hint=NO_TEXT)
    first, last = number(first), number(last)
    if last >= 100:
        hint = "That stretch is still going on at step 100."
    elif last - first != 31:
        hint = "A stretch has 32 steps, and both ends belong to it."
    else:
        hint = "Stretches begin at 0, 16, 32, 48, 64 ...: which is the last to end before step 100?"
    say(first == 64 and last == 95, "It ended at step 95, and the next is not complete.", hint)


def rl_loss_by_hand(loss) -> None:
    """Exercise 2: rewards 0.8, 0.5, 0.2, log probabilities -1, -2, -3, and 0.5 expected."""
    hint = "Multiply each (reward - 0.5) by its log probability, take the mean, change the sign."
    mistakes = {
        0.2: "The sign: the loss is minus the mean.",
        -0.6: "That is the sum; the loss is a mean over the three.",
        0.8: "The baseline is missing: rewards are counted from what was expected.",
        2: "The rewards are missing: each log probability counts by its own.",
    }
    well_done = "Going downhill makes the first part likelier and the third less likely."
    check_numbers((loss,), [Wanted(-0.2, hint, mistakes=mistakes)], well_done)


def share_before(function) -> None:
    """Exercise 3: a function of ``play (steps, notes)``: the share of earlier steps."""
    cases = [
        (
            ([[1], [0]],),
            [[0], [1]],
            "Step 1 knows step 0 alone: itself and the future do not count.",
        ),
        (([[0], [0], [1]],), [[0], [0], [0]], "What comes at step 2 must not be seen before."),
        (
            ([[1, 0], [1, 0], [0, 1], [0, 0]],),
            [[0, 0], [1, 0], [1, 0], [2 / 3, 1 / 3]],
            "At step 3 the first note sounded on two of the three steps before.",
        ),
        (
            ([[1, 1], [0, 0], [1, 0], [0, 0], [0, 0]],),
            [[0, 0], [1, 1], [1 / 2, 1 / 2], [2 / 3, 1 / 3], [1 / 2, 1 / 4]],
            "Each note has a share of its own, of all steps before, silent ones too.",
        ),
        (
            ([[1], [0], [0], [0], [0], [0], [1], [0]],),
            [[0], [1], [1 / 2], [1 / 3], [1 / 4], [1 / 5], [1 / 6], [2 / 7]],
            "All steps before count, however long ago.",
        ),
    ]
    check_function(function, cases, "It sees the past alone, so a generator may have it.")


def contrary_motion(function) -> None:
    """Exercise 4: a function of melody and bass ``(steps,)``: the share of contrary motion."""
    cases = [
        (([60, 62], [48, 47]), 1, "One goes up, the other down: contrary, a share of 1."),
        (([60, 62], [48, 50]), 0, "Both go up: that is no contrary motion."),
        (([60, 60], [48, 47]), 0, "Only one moves, so no step counts and the share is 0."),
        (([60, 62, 64], [48, 47, 48]), 0.5, "One step of two is contrary."),
        (([60, 60, 62], [48, 47, 45]), 1, "Only steps on which both move are counted."),
        (([60, REST, 64], [48, 47, 45]), 0, "A rest is -1, not a pitch: no move from or to it."),
        (([60, 62], [REST, 48]), 0, "A rest is -1, not a pitch: no move from or to it."),
        (([62, 60], [47, 48]), 1, "The melody goes down, the bass up: contrary as well."),
        (([60, 62, 64], [48, 48, 47]), 1, "Only steps on which both move are counted."),
        *(
            ((melody, bass), 0, "A rest is no pitch, in either voice: no move from or to it.")
            for melody, bass in (
                ([60, REST], [47, 48]),
                ([REST, 62], [48, 47]),
                ([60, 64], [48, REST]),
                ([62, 60], [REST, 48]),
                ([60, REST, 64], [48, REST, 45]),
            )
        ),
        (([60, 62, REST], [48, 47, 45]), 1, "A step to a rest is none on which both move."),
        (([60, 72], [48, 36]), 1, "Wide leaps are moves, too."),
        (([60, 67], [48, 55]), 0, "Both leap up: that is no contrary motion."),
        (
            ([60, 64, 62, 67, 67, 65], [48, 45, 47, 50, 47, 52]),
            3 / 4,
            "Both move four times, three of them in opposite directions.",
        ),
    ]
    check_function(function, cases, "Now compare Bach with the generator.")


@with_the_notebook
def own_ablation(mine, recipe, ablations) -> bool:
    """Exercise 5: whether ablations of one's own change what they say."""
    return check_changes(mine, recipe, ablations)
