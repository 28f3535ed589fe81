"""Instant checks of the exercises: each prints one line and never raises on a student's answer.

``...`` means not tried yet; anything else is right, or wrong with a hint.
"""

from __future__ import annotations

import numpy as np

from . import events, metrics
from .answers import number, right_on, say, tried
from .music import REST

# --- notebook 00 -------------------------------------------------------------------------------


def bach_or_network(guess, bach) -> None:
    """Which of two settings, "A" or "B", is Bach's; ``bach`` is the answer."""
    if not tried(guess):
        return
    letter = str(guess).strip().upper()
    if letter not in ("A", "B"):
        say(False, "", 'Answer "A" or "B", with the quotation marks.')
        return
    say(
        letter == str(bach),
        f"{letter} is Bach's. What gave the network away?",
        f"{letter} is the network's. Listen to both basses again: which one is a tune of its own?",
    )


# --- notebook 01 -------------------------------------------------------------------------------


def tick_length(milliseconds) -> None:
    """Exercise 1: a tick at 480 to a quarter and 120 quarters a minute, in milliseconds."""
    if not tried(milliseconds):
        return
    value = number(milliseconds)
    hint = "A minute has 60,000 milliseconds and 120 quarters, and a quarter has 480 ticks."
    if abs(value - 60 / 120 / 480) < 5e-6:
        hint = "The way is right: that is in seconds."
    say(
        abs(value - 60_000 / 120 / 480) < 0.005,
        "1.04 ms: finer than anyone hears in a rhythm.",
        hint,
    )


def one_note_in_events(told) -> None:
    """Exercise 2: the names of the events of middle C, velocity 64, from 0.5 to 1.75 seconds."""
    if not tried(told):
        return
    names = {events.event_name(token): token for token in range(1, events.EVENTS + 1)}
    told = list(told) if isinstance(told, (list, tuple)) else [told]
    unknown = next((name for name in told if name not in names), None)
    if unknown is not None:
        hint = "the longest wait is 1000 ms, and velocities come in bins such as velocity 60-64"
        say(False, "", f"There is no event {unknown!r}: {hint}.")
        return
    played = events.events_to_notes([names[name] for name in told])
    if len(played) != 1 or played[0, 2] != 60:
        say(False, "", "One note is wanted, C4: down once, and up at its end.")
        return
    (start, end, _, velocity), up = played[0], "up C4" in told
    hint = "The velocity stands before the note goes down."
    if any(name.startswith("velocity") for name in told):
        hint = f"The note is played with a velocity about {velocity:g}; 64 is in another bin."
    if round(start, 3) != 0.5:
        hint = f"The note starts after {start:g} s, not after half a second."
    elif round(end, 3) != 1.75:
        hint = f"It is held for {end - start:g} s, not 1.25: more than one wait can say."
    elif not up:
        hint = "At its end the note goes up."
    right = (round(start, 3), round(end, 3), up) == (0.5, 1.75, True) and 60 <= velocity < 65
    say(right, "Two waits, since none is longer than a second.", hint)


def forgotten_notes(count) -> None:
    """Exercise 3: a function that counts the notes that a piano roll cannot tell from held ones."""
    cases = [
        ([[[60], [60]], [[True], [True]]], 1, "C4 struck twice in a row: one of two is forgotten."),
        ([[[60], [60]], [[True], [False]]], 0, "A note that is held is not forgotten."),
        ([[[60], [62]], [[True], [True]]], 0, "Another pitch fills another row: it is seen."),
        ([[[60], [REST], [60]], [[True], [False], [True]]], 0, "A rest parts the two notes."),
        ([[[REST], [REST]], [[False], [False]]], 0, "Rests are no notes."),
        ([[[60, 48], [60, 48]], [[True, True], [True, True]]], 2, "Count in all voices."),
        ([[[60, 62], [62, 60]], [[True, True], [True, True]]], 0, "Each voice has its own layer."),
    ]
    if right_on(count, cases):
        say(True, "Bach repeats a pitch more often than one would think: see the solution.", "")


# --- notebook 02 -------------------------------------------------------------------------------


def loss_and_perplexity(loss, perplexity) -> None:
    """Exercise 1: three events whose right words had the probabilities 1/2, 1/4 and 1/8."""
    if not tried(loss, perplexity):
        return
    loss, perplexity = number(loss), number(perplexity)
    if abs(loss - 2) < 0.005:
        hint = "2 is the loss in bits: take natural logarithms."
    elif not abs(loss - np.log(4)) <= 0.005:  # or no number at all
        hint = "The loss is the mean of minus the logarithms of the three probabilities."
    else:
        hint = "The loss is right. The perplexity is e to the power of the loss."
    right = abs(loss - np.log(4)) <= 0.005 and abs(perplexity - 4) <= 0.05
    say(right, "As unsure as someone who chooses among four.", hint)


def top_p(function) -> None:
    """Exercise 2: a function of probabilities and p that keeps the most probable words."""
    row = [0.1, 0.5, 0.25, 0.15]
    cases = [
        ((row, 0.5), [0, 1, 0, 0], "One word of probability 0.5 is enough for p = 0.5."),
        ((row, 0.6), [0, 2 / 3, 1 / 3, 0], "p = 0.6 needs two words, rescaled to sum to 1."),
        ((row, 1.0), row, "p = 1 keeps all."),
    ]
    if right_on(function, cases):
        say(True, "Where one word is enough, one stays; where many are needed, many.", "")


def stopped_clock(stopped, running) -> None:
    """Exercise 3: the loss with a clock that stands still, beside the loss with a running one."""
    if not tried(stopped):
        return
    stopped = number(stopped)
    say(
        stopped > running + 0.05,
        f"Robbed of the clock that it relied on, it loses {stopped - running:.2f} nats an event. "
        "What a clock is worth, only a network that was trained without one could tell.",
        "Make a Sequence of each test tune's tokens and of its places with columns 0 and 1 at 0.",
    )


def chord_repetition(function) -> None:
    """Exercise 4: of all groups of sixteen chords, the share that came before."""
    once = np.arange(96).reshape(24, 4)
    twice = np.concatenate([once, once])  # 33 groups, of which 24 are different
    cases = [
        ((once,), 0.0, "Different chords repeat nothing."),
        ((twice,), 9 / 33, "24 chords twice: of 33 groups the last nine came before."),
    ]
    if right_on(function, cases):
        say(True, "Now compare Bach with the network.", "")


# --- notebook 03 -------------------------------------------------------------------------------


def laziest_critic(accuracy, balanced) -> None:
    """Exercise 1: accuracy and balanced accuracy of "good" to 10,008 good and 3,309 bad."""
    if not tried(accuracy, balanced):
        return
    accuracy, balanced = number(accuracy), number(balanced)
    share = 10_008 / 13_317
    if abs(accuracy - 100 * share) < 0.05:
        hint = "As a share of 1, please, not in percent."
    elif not abs(accuracy - share) <= 0.0005:  # or no number at all
        hint = "It is right on all good segments and wrong on all bad ones: count both together."
    else:
        hint = "The accuracy is right. Balanced: the mean of its accuracies on good and on bad."
    right = abs(accuracy - share) <= 0.0005 and abs(balanced - 0.5) <= 0.0005
    say(right, "75.15 %, for no work at all. The balanced accuracy is not taken in.", hint)


def backwards(function) -> None:
    """Exercise 2: a function of notes ``(n, 4)`` that turns time round."""

    def in_order(notes):
        played = function(notes)
        if played is ...:
            return ...
        played = np.asarray(played, float)
        return played[np.lexsort((played[:, 2], played[:, 0]))]

    if not callable(function):
        right_on(function, [])  # says what is wanted
        return
    once = [[0, 1, 60, 80], [1, 4, 62, 70]]
    cases = [
        (([[0, 1, 60, 80]],), [[0, 1, 60, 80]], "One note from 0 to 1 stays where it is."),
        ((once,), [[0, 3, 62, 70], [3, 4, 60, 80]], "An end becomes a start, and a start an end."),
    ]
    if right_on(in_order, cases):
        say(True, "Do a fiddle tune's phrases have a direction? Ask the critic.", "")


def p_value(function) -> None:
    """Exercise 3: from differences made by chance and the found one, the two-sided p-value."""
    cases = [
        (([0.0, 1.0, 2.0], 3.0), 1 / 4, "No round of three reaches it; the found one counts."),
        (([0.0, 1.0, 2.0], 1.0), 3 / 4, "As large counts too, not only larger."),
        (([-2.0, 0.0, 1.0], 2.0), 2 / 4, "-2 is as large as 2, the other way."),
        (([0.0, 0.0, 0.0], -1.0), 1 / 4, "Found may be the one below 0."),
    ]
    if right_on(function, cases):
        say(True, "It is never 0: with n rounds the least is 1 / (n + 1).", "")


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


# --- notebook 04 -------------------------------------------------------------------------------


def class_numbers(middle_c, rest) -> None:
    """Exercise 1: the classes of middle C and of a rest, with pitch 36 as class 0."""
    if not tried(middle_c, rest):
        return
    if number(middle_c) != 24:
        say(False, "", "Middle C is pitch 60, and class 0 is pitch 36: how far apart are they?")
    else:
        say(
            number(rest) == 48,
            "24 semitones above the lowest pitch, and the rest is the last of 49.",
            "Middle C is right. The 48 pitches are classes 0 to 47; the rest comes after them.",
        )


def loss_by_hand(answer) -> None:
    """Exercise 2: the critic's loss for real scores 3 and 1 and generated scores 0 and -2."""
    if not tried(answer):
        return
    value = number(answer)
    hint = "Mean of the generated scores minus mean of the real ones."
    if value == 3:
        hint = "The size is right. The critic minimises its loss: a good critic's is negative."
    say(value == -3, "Generated music scores 3 points below real music: distance 3, loss -3.", hint)


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
    if right_on(count, cases):
        say(True, "Now count them in Bach and in the generator's music.", "")


def second_bar_only(first, second) -> None:
    """Exercise 4: two accompaniments of one melody that differ in the second bar alone."""
    if not tried(first, second):
        return
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or first.shape[-2:] != (32, 4):
        say(False, "", f"Two grids of 32 steps and 4 voices are wanted, not {first.shape}.")
        return
    early = metrics.difference(first[..., :16, :], second[..., :16, :])
    late = metrics.difference(first[..., 16:, :], second[..., 16:, :])
    if late == 0:
        say(False, "", "The second bars are the same: give the second noise new numbers there.")
    else:
        say(
            early < late,
            f"{early:.0%} of the first bar's cells differ and {late:.0%} of the second bar's.",
            "The first bar changed as much as the second: keep the noise of its four beats.",
        )


# --- notebook 05 -------------------------------------------------------------------------------


def drum_lengths(steps, quarters) -> None:
    """Exercise 1: 3,840 ticks in steps of the grid, and 3,200 ticks in quarter notes."""
    if not tried(steps, quarters):
        return
    steps, quarters = number(steps), number(quarters)
    if steps != 32:
        hint = "A quarter note has 480 ticks and four steps, so a step has 120."
    else:
        hint = "The steps are right. Divide 3,200 by the 480 ticks of a quarter note."
    say(
        steps == 32 and abs(quarters - 20 / 3) <= 0.01,
        "Two bars, and six quarters and two thirds, which no drummer would cut.",
        hint,
    )


def success_by_hand(on_real, on_generated) -> None:
    """Exercise 2: logits 2, -1, 0.5, 3 on real windows and -2, 1, -0.5, -3 on generated ones."""
    if not tried(on_real, on_generated):
        return
    on_real, on_generated = number(on_real), number(on_generated)
    if on_real != 0.75:
        hint = "A logit above 0 says real: how many of the four real windows get one?"
    elif on_generated == 0.25:
        hint = "1 generated window passed for real; success is the share that is recognised."
    else:
        hint = "On real is right. A generated window is recognised by a logit below 0."
    say(on_real == 0.75 and on_generated == 0.75, "Three of four each.", hint)


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
    if right_on(function, cases):
        say(True, "Now ask it of real and of generated rock.", "")


def distinct_shares(shares) -> None:
    """Exercise 4: of 200 windows the share of different patterns at temperatures 0, 0.01 and 1."""
    if not tried(shares):
        return
    try:
        shares = np.asarray(shares, float)
    except (TypeError, ValueError, OverflowError):
        shares = np.zeros(0)
    if shares.shape != (3,):
        say(False, "", "Three numbers are wanted, one for each temperature.")
    elif abs(shares[0] - 1 / 200) > 1e-6:
        hint = "At temperature 0 all noise is 0 and all windows are the same: 1 of 200."
        say(False, "", hint)
    else:
        say(
            shares[0] <= shares[1] <= shares[2] <= 1,
            f"{shares[1]:.0%} of the patterns are different at 0.01, {shares[2]:.0%} at 1.",
            "More noise cannot give fewer patterns: keep the seed and the style the same.",
        )


# --- notebook 06 -------------------------------------------------------------------------------


def finished_stretch(first, last) -> None:
    """Exercise 1: the steps of the last stretch of 32, one every 16, that has ended at step 100."""
    if not tried(first, last):
        return
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
    if not tried(loss):
        return
    value = number(loss)
    hint = "Multiply each (reward - 0.5) by its log probability, take the mean, change the sign."
    if abs(value - 0.2) < 1e-6:
        hint = "The sign: the loss is minus the mean."
    elif abs(value + 0.6) < 1e-6:
        hint = "That is the sum; the loss is a mean over the three."
    elif abs(value - 2.4 / 3) < 1e-6:
        hint = "The baseline is missing: rewards are counted from what was expected."
    say(
        abs(value + 0.2) < 1e-6,
        "Going downhill makes the first part likelier and the third less likely.",
        hint,
    )


def share_before(function) -> None:
    """Exercise 3: a function of ``play (steps, notes)``: the share of earlier steps."""
    cases = [
        (
            ([[1, 0], [1, 0], [0, 1], [0, 0]],),
            [[0, 0], [1, 0], [1, 0], [2 / 3, 1 / 3]],
            "At step 3 the first note sounded on two of the three steps before.",
        ),
        (([[1], [0]],), [[0], [1]], "The step itself does not count, only those before it."),
        (([[0], [0], [1]],), [[0], [0], [0]], "What comes at step 2 must not be seen before."),
    ]
    if right_on(function, cases):
        say(True, "It sees the past alone, so a generator may have it.", "")


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
    ]
    if right_on(function, cases):
        say(True, "Now compare Bach with the generator.", "")
