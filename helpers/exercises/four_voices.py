"""The checks of notebook 07."""

from __future__ import annotations

import numpy as np

from .answers import (
    Wanted,
    check_function,
    check_numbers,
    number,
    numbers,
    say,
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
    """Exercise 3: the loss where no hint is seen. ``mean_nats(network, pieces)`` gives the loss of
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

    if any((piece.seen[:, HINT] == NOTHING).all() for piece in pieces):
        hint = "The pieces themselves have lost their hints: prepare them again, and change copies."
        return say(False, hint=hint)
    true, mistakes = loss(NOTHING, 0), {}
    rounded = abs(round(number(forgetful), 3) - number(forgetful)) < 1e-6
    near = 0.0006 if rounded else 0.0002  # some mistakes cost hardly more
    if not abs(number(forgetful) - true) <= near:  # only now, for it takes a while
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
        "So much it leans on it; what it is worth, networks tell that were trained without."
    )
    check_numbers((forgetful,), [Wanted(true, hint, near, mistakes)], well_done)


def parallel_fifth(function) -> None:
    """Exercise 2: where two voices move in parallel fifths."""
    fifth, up, down = [60, 67], [62, 69], [58, 65]
    cases = [
        (fifth, up, True, "C and G to D and A: a fifth, both go up, and a fifth again."),
        (fifth, down, True, "Both may go down, too."),
        (fifth, fifth, False, "Both stay: nothing moves in parallel."),
        (fifth, [60, 69], False, "Only one voice moves."),
        (fifth, [62, 71], False, "A fifth, then a sixth."),
        ([60, 68], up, False, "A sixth, then a fifth: it goes directly into it, not in parallel."),
        ([48, 67], [50, 69], True, "A twelfth is a fifth, octaves left out."),
        ([60, 67], [50, 69], False, "From a fifth to a twelfth, in opposite directions."),
        ([60, 72], [62, 74], False, "Those are octaves."),
        ([60, 65], [62, 67], False, "Those are fourths."),
        ([67, 60], [69, 62], True, "The voices have crossed: it is a fifth still."),
        ([65, 60], [67, 62], False, "The voices have crossed, but those are fourths."),
        ([48, 67], [62, 69], True, "They need not move equally far: a twelfth, then a fifth."),
        ([60, 79], [60, 67], False, "Only one voice moves, from a twelfth to a fifth."),
        (
            [48, 79],
            [53, 72],
            False,
            "A fifth, and a fifth: but they move in opposite directions.",
        ),
    ]
    cases = [((a[0], b[0], a[1], b[1]), right, hint) for a, b, right, hint in cases]
    rows, answers, _ = zip(*cases, strict=True)
    together = np.array(rows).T, np.array(answers), "All of these together, as arrays."
    check_function(function, [*cases, together], "The network is given that for each candidate.")


def unisons(function, draft) -> None:
    """Exercise 4: alto and tenor on the same note. ``draft`` makes what a rule looks at."""

    def rule(now, before):
        now, before = (np.array(chords).reshape(-1, 4) for chords in (now, before))
        nothing = np.zeros((len(now), 1), int)
        return function(draft(now, before, nothing, np.zeros((len(now), 10), int), nothing[:, 0]))

    other = [41, 33, 23, 13]
    chords = [
        ([40, 30, 30, 10], other, 1, "Alto and tenor have the same class."),
        ([40, 31, 30, 10], other, 0, "A semitone apart is not the same note."),
        ([40, 32, 20, 10], other, 0, "An octave apart is not the same note."),
        ([40, 0, 0, 10], other, 0, "Both rest: nobody sings."),
        ([30, 30, 20, 10], other, 0, "That is soprano and alto."),
        ([40, 30, 20, 20], other, 0, "That is tenor and bass."),
        ([40, 30, 20, 30], other, 0, "That is alto and bass."),
        ([40, 30, 30, 10], [40, 30, 30, 10], 1, "A note that is held together is one, too."),
        ([40, 20, 20, 25], other, 1, "The bass may sing above them."),
        ([20, 30, 30, 10], other, 1, "The soprano may sing below them."),
    ]
    cases = [((now, then), np.array([answer]), hint) for now, then, answer, hint in chords]
    now, then, answers, _ = zip(*chords, strict=True)
    cases.append(((now, then), np.array(answers), "Several drafts at once: a number for each."))
    well_done = "The next cell lets drafts compete under it."
    check_function(rule if callable(function) else function, cases, well_done)
