"""The checks of notebook 02."""

from __future__ import annotations

import numpy as np

from .answers import (
    Wanted,
    check_function,
    check_numbers,
    number,
    numbers,
    tried,
    with_the_notebook,
)


def loss_and_perplexity(loss, perplexity) -> None:
    """Exercise 1: three events whose right words had the probabilities 1/2, 1/4 and 1/8."""
    mistakes = {
        2: "2 is the loss in bits: take natural logarithms.",
        -np.log(4): "The size is right, but a loss is minus the logarithms.",
        3 * np.log(4): "That is the sum: the loss is a mean over the three.",
        7 / 24: "That is the mean of the probabilities: take their logarithms first.",
        -np.log(7 / 24): "Take the logarithms first, then the mean.",
    }
    mean = "The loss is the mean of minus the logarithms of the three probabilities."
    power = "The loss is right. The perplexity is e to the power of the loss."
    wanted = [Wanted(np.log(4), mean, 0.005, mistakes), Wanted(4, power, 0.05)]
    check_numbers((loss, perplexity), wanted, "As unsure as someone who chooses among four.")


def top_p(function) -> None:
    """Exercise 2: a function of probabilities and p that keeps the most probable words."""
    row = [0.1, 0.5, 0.25, 0.15]
    flat, steep = [0.24, 0.26, 0.23, 0.27], [0.06, 0.7, 0.1, 0.02, 0.12]
    cases = [
        ((row, 0.5), [0, 1, 0, 0], "One word of probability 0.5 is enough for p = 0.5."),
        ((row, 0.6), [0, 2 / 3, 1 / 3, 0], "p = 0.6 needs two words, rescaled to sum to 1."),
        ((row, 1.0), row, "p = 1 keeps all."),
        ((flat, 0.5), [0, 0.26 / 0.53, 0, 0.27 / 0.53], "0.27 and 0.26 reach p = 0.5 together."),
        ((flat, 0.9), flat, "Three of these four words reach 0.77: p = 0.9 needs all four."),
        ((steep, 0.5), [0, 1, 0, 0, 0], "One word of probability 0.7 is enough for p = 0.5."),
        (
            (steep, 0.8),
            [0, 0.7 / 0.82, 0, 0, 0.12 / 0.82],
            "0.7 and 0.12 reach p = 0.8 together.",
        ),
        (
            (steep, 0.9),
            [0, 0.7 / 0.92, 0.1 / 0.92, 0, 0.12 / 0.92],
            "0.7 and 0.12 reach 0.82: p = 0.9 needs a third word.",
        ),
        (([0.3, 0.7], 0.75), [0.3, 0.7], "Two words may be all there are."),
        (([0.01, 0.02, 0.97], 0.95), [0, 0, 1], "One word is enough where it is that probable."),
    ]
    well_done = "Where one word is enough, one stays; where many are needed, many."
    check_function(function, cases, well_done)


@with_the_notebook
def stopped_clock(stopped, network, test, evaluate) -> None:
    """Exercise 3: the loss with a clock that stands still. ``evaluate(network, sequences)`` gives
    loss and accuracy on sequences such as ``test``, whose places have the clock in columns 0, 1."""
    if not tried(stopped):
        return

    def loss(*columns):
        keep = np.array([column not in columns for column in range(4)], np.int32)
        some = [sequence._replace(places=sequence.places * keep) for sequence in test]
        return evaluate(network, some)[0]

    true, mistakes = loss(0, 1), {}
    if not abs(number(stopped) - true) <= 0.005:  # only now, for it takes a while
        running = loss()
        mistakes = {
            running: "That is the loss with the clock running: set columns 0 and 1 to 0.",
            true - running: "That is how much it loses: the loss itself is asked for.",
            np.exp(true): "That is the perplexity: the loss is its logarithm.",
            true / np.log(2): "That is the loss in bits.",
            loss(0): "The bar still runs: column 1 has to be 0 as well.",
            loss(1): "The place in the bar still runs: column 0 has to be 0 as well.",
            loss(0, 1, 2, 3): "Metre and kind are no clock: columns 2 and 3 stay as they are.",
        }
    hint = "Make a Sequence of each test tune's tokens and of its places with columns 0 and 1 at 0."
    if numbers(stopped, 2):
        hint = "evaluate gives the loss and the accuracy: the first of the two is asked for."
    well_done = (
        f"Robbed of the clock that it relied on, its loss is {true:.2f} nats an event. "
        "What a clock is worth, only a network that was trained without one could tell."
    )
    check_numbers((stopped,), [Wanted(true, hint, 0.005, mistakes)], well_done)
