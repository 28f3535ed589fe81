"""The checks of notebook 02."""

from __future__ import annotations

import numpy as np

from .answers import Wanted, check_function, check_numbers, number, say, tried


def loss_and_perplexity(loss, perplexity) -> None:
    """Exercise 1: three events whose right words had the probabilities 1/2, 1/4 and 1/8."""
    mistakes = {2: "2 is the loss in bits: take natural logarithms."}
    mean = "The loss is the mean of minus the logarithms of the three probabilities."
    power = "The loss is right. The perplexity is e to the power of the loss."
    wanted = [Wanted(np.log(4), mean, 0.005, mistakes), Wanted(4, power, 0.05)]
    check_numbers((loss, perplexity), wanted, "As unsure as someone who chooses among four.")


def top_p(function) -> None:
    """Exercise 2: a function of probabilities and p that keeps the most probable words."""
    row = [0.1, 0.5, 0.25, 0.15]
    cases = [
        ((row, 0.5), [0, 1, 0, 0], "One word of probability 0.5 is enough for p = 0.5."),
        ((row, 0.6), [0, 2 / 3, 1 / 3, 0], "p = 0.6 needs two words, rescaled to sum to 1."),
        ((row, 1.0), row, "p = 1 keeps all."),
    ]
    well_done = "Where one word is enough, one stays; where many are needed, many."
    check_function(function, cases, well_done)


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
    check_function(function, cases, "Now compare Bach with the network.")
