"""The checks of notebook 07."""

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

# Of what is seen of a chorale: the columns of the hints and of how good they are, and what stands
# where there is no hint, as in the notebook.
HINT, LENGTH, NOTHING = slice(8, 12), slice(12, 16), 47


def chord_in_turn(probability, nats) -> None:
    """Exercise 1: a chord whose notes, each given those before it, have the probabilities 1/2, 1/4,
    1/2 and 1/8."""
    product = "The chord's probability is the product of the four."
    products = {
        1 / 2 + 1 / 4 + 1 / 2 + 1 / 8: "That is the sum: probabilities that hold in turn multiply.",
        (1 / 2 + 1 / 4 + 1 / 2 + 1 / 8) / 4: "That is the mean: probabilities in turn multiply.",
        1 / 8: "That is the tenor's alone: multiply all four.",
        128: "That is upside down: it is one chord in so many.",
    }
    mean = "The probability is right. The nats are minus its logarithm, shared by the four notes."
    means = {
        7 * np.log(2): "That is what the chord costs: four notes share it.",
        7 / 4: "That is in bits: take natural logarithms.",
        7: "That is the chord's, and in bits: take natural logarithms, and share them by four.",
        -7 * np.log(2) / 4: "The size is right, but a loss is minus the logarithm.",
        -np.log(11 / 32): "Take the logarithms first, then the mean.",
    }
    wanted = [
        Wanted(1 / 128, product, 1e-4, products),
        Wanted(7 * np.log(2) / 4, mean, 0.005, means),
    ]
    well_done = "The tenor's note costs as much as the soprano's and the bass's together."
    check_numbers((probability, nats), wanted, well_done)


@with_the_notebook
def memory_taken_away(forgetful, network, pieces, mean_nats) -> None:
    """Exercise 2: the loss where no hint is seen. ``mean_nats(network, pieces)`` gives the loss of
    pieces such as these, each with what is ``seen`` ``(steps, 17)``."""
    if not tried(forgetful):
        return

    def loss(hint=None, length=None):
        changed = []
        for piece in pieces:
            seen = piece.seen.copy()
            if hint is not None:
                seen[:, HINT] = hint
            if length is not None:
                seen[:, LENGTH] = length
            changed.append(piece._replace(seen=seen))
        return float(mean_nats(network, changed))

    true, mistakes = loss(NOTHING, 0), {}
    if not abs(number(forgetful) - true) <= 0.001:  # only now, for it takes a while
        remembering = loss()
        mistakes = {
            remembering: "That is the loss with the memory: change what is seen.",
            true - remembering: "That is how much it loses: the loss itself is asked for.",
            4 * true: "That is the loss of a chord: a note's is a quarter of it.",
            true / np.log(2): "That is the loss in bits.",
            np.exp(true): "That is the perplexity: the loss is its logarithm.",
            loss(NOTHING, None): "It still sees how good the hint was: set LENGTH to 0 as well.",
            loss(None, 0): "It still sees the hint: set HINT to NOTHING as well.",
            loss(0, 0): "Class 0 is a rest, and a hint too: where there is none stands NOTHING.",
        }
    hint = "Change a copy of each piece's seen, put it in with _replace, and call mean_nats."
    if numbers(forgetful, len(pieces)):
        hint = "That is a number for each piece: give all changed pieces to mean_nats at once."
    well_done = (
        f"Without the memory that it was trained with, a note costs {true:.3f} nats. "
        "What the memory is worth, only a network that was trained without one could tell."
    )
    check_numbers((forgetful,), [Wanted(true, hint, 0.001, mistakes)], well_done)


def chord_repetition(function) -> None:
    """Exercise 3: of all groups of sixteen chords, the share that came before."""
    once = np.arange(96).reshape(24, 4)
    twice = np.concatenate([once, once])  # 33 groups, of which 24 are different
    other_bass = twice + np.arange(48)[:, None] * [0, 0, 0, 1]
    names = "soprano", "alto", "tenor", "bass"
    others = {
        name: twice + np.arange(48)[:, None] * np.eye(4, dtype=int)[voice]
        for voice, name in enumerate(names)
    }
    voices_exchanged = np.concatenate([once, once[:, ::-1]])
    cases = [
        ((once,), 0.0, "Different chords repeat nothing."),
        ((twice,), 9 / 33, "24 chords twice: of 33 groups the last nine came before."),
        ((other_bass,), 0.0, "The melody comes back, but above another bass: other chords."),
        ((voices_exchanged,), 0.0, "The same notes in other voices are other chords."),
        *(((some,), 0.0, f"Another {name} makes another chord.") for name, some in others.items()),
        ((np.concatenate([once[:20], once]),), 5 / 29, "Of 29 groups five came before."),
        ((np.concatenate([once[:15], once]),), 0.0, "Fifteen chords that come back are too few."),
        ((np.concatenate([once, once, once]),), 33 / 57, "Of 57 groups 24 are different."),
        ((np.ones((20, 4), int),), 4 / 5, "A chord that is held is one at each step."),
    ]
    check_function(function, cases, "The next cell counts in Bach and in the network's chorales.")
