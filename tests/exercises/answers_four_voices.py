"""Answers to the exercises of notebook 07."""

from collections import namedtuple

import numpy as np
from exercise import Answers

Prepared = namedtuple("Prepared", "classes seen room")
HINT, LENGTH, NOTHING = slice(8, 12), slice(12, 16), 47


def same_way(last, now, other_last, other):
    return (now - last) * (other - other_last) > 0


def fifths_after_each_other(last, now, other_last, other):
    return (abs(other_last - last) % 12 == 7) & (abs(other - now) % 12 == 7)


def fifth(*notes):
    return same_way(*notes) & fifths_after_each_other(*notes)


def uncrossed(last, now, other_last, other):
    same = same_way(last, now, other_last, other)
    return same & ((other_last - last) % 12 == 7) & ((other - now) % 12 == 7)


def equally_far(last, now, other_last, other):
    moves = now != last
    return (
        fifths_after_each_other(last, now, other_last, other)
        & moves
        & (now - last == other - other_last)
    )


def one_may_stay(last, now, other_last, other):
    falls = (now > last) == (other > other_last)
    return (
        fifths_after_each_other(last, now, other_last, other)
        & falls
        & ((now != last) | (other != other_last))
    )


def both_move(last, now, other_last, other):
    return fifths_after_each_other(last, now, other_last, other) & (now != last)


def into_a_fifth(last, now, other_last, other):
    return same_way(last, now, other_last, other) & (abs(other - now) % 12 == 7)


def close_fifths(last, now, other_last, other):
    same = same_way(last, now, other_last, other)
    return same & (other_last - last == 7) & (other - now == 7)


def fifths_or_octaves(last, now, other_last, other):
    before, then = abs(other_last - last) % 12, abs(other - now) % 12
    same = same_way(last, now, other_last, other)
    return same & (before == then) & ((then == 7) | (then == 0))


def only_up(last, now, other_last, other):
    return fifth(last, now, other_last, other) & (now > last)


def for_one(last, now, other_last, other):
    return bool(fifth(last, now, other_last, other)) if np.ndim(now) == 0 else True


Draft = namedtuple("Draft", "now before chords melody place")


def unisons(draft):
    return ((draft.now[:, 1] == draft.now[:, 2]) & (draft.now[:, 1] > 0)).astype(int)


# A small network whose loss grows where hints are away, or are rests, and where lengths are 0.
COSTS = np.array([0.2, 0.07, 0.05])
RNG = np.random.default_rng(1)
PIECES = [Prepared(None, RNG.integers(1, 7, (9 + i, 17)).astype(np.int32), None) for i in range(5)]


def mean_nats(costs, pieces):
    seen = [(piece.seen[:, HINT], piece.seen[:, LENGTH]) for piece in pieces]
    changed = [((hint == NOTHING).all(), (hint == 0).all(), (of == 0).all()) for hint, of in seen]
    return 0.413 + float(costs @ np.mean(changed, axis=0))


def in_each(piece):
    seen = piece.seen.copy()
    seen[:, HINT], seen[:, LENGTH] = NOTHING, 0
    return mean_nats(COSTS, [piece._replace(seen=seen)])


FORGETFUL = 0.413 + 0.25
CHORD, EACH = 1 / 128, 7 * float(np.log(2)) / 4
ANSWERS = {
    "chord_in_turn": Answers(
        right=[
            (CHORD, EACH),
            (0.0078, 1.213),
            (np.float32(CHORD), [EACH]),
        ],
        wrong=[
            ((1.375, EACH), "the sum"),
            ((0.34375, EACH), "the mean"),
            ((0.125, EACH), "the tenor's alone"),  # the last number of the text
            ((128, EACH), "upside down"),
            ((0.5, EACH), "the product"),
            ((0.78125, EACH), "not in percent"),
            (([1, 2, 3], EACH), "the product"),
            (("1/128", EACH), "without quotation marks"),
            ((CHORD, 4.852), "four notes share it"),
            ((CHORD, 1.75), "in bits"),
            ((CHORD, 7), "in bits"),
            ((CHORD, -1.213), "minus the logarithm"),
            ((CHORD, 1.0678), "logarithms first"),
            ((CHORD, CHORD), "minus its logarithm"),
            ((CHORD, 1), "minus its logarithm"),
        ],
    ),
    "memory_taken_away": Answers(
        given=(COSTS, PIECES, mean_nats),
        names={
            **{"HINT": HINT, "LENGTH": LENGTH, "NOTHING": NOTHING},
            **{"harmoniser": COSTS, "prepared": {"test": PIECES}},
            "nats_per_note": lambda losses: losses,
            "chorale_losses": mean_nats,
        },
        right=[(FORGETFUL,), (round(FORGETFUL, 3),), (np.float32(FORGETFUL),), ([FORGETFUL],)],
        wrong=[
            ((0.413,), "with the memory"),  # the number in the table
            ((0.416,), "a copy"),  # a little more than it
            ((0.871,), "a copy"),  # the table's other number
            ((1,), "a copy"),
            ((0.25,), "how much it loses"),
            ((4 * FORGETFUL,), "of a chord"),
            ((FORGETFUL / np.log(2),), "in bits"),
            ((np.exp(FORGETFUL),), "the perplexity"),
            ((0.413 + 0.2,), "LENGTH to 0"),
            ((0.413 + 0.05,), "HINT to NOTHING"),
            ((0.413 + 0.07 + 0.05,), "Class 0 is a rest"),
            ((FORGETFUL - 0.00051,), "a copy"),  # about what class 0 costs the published network
            (([in_each(piece) for piece in PIECES],), "a number for each piece"),
            (("high",), "without quotation marks"),
            ((100 * FORGETFUL,), "not in percent"),
        ],
    ),
    "parallel_fifth": Answers(
        right=[
            (fifth,),
            (lambda a, b, c, d: np.vectorize(lambda *four: bool(fifth(*four)))(a, b, c, d),),
            (lambda a, b, c, d: fifth(a, b, c, d).astype(int),),
        ],
        wrong=[
            ((True,), "Write a function"),
            ((lambda a, b, c, d: True,), "nothing moves"),
            ((lambda a, b, c, d: False,), "both go up"),
            ((fifths_after_each_other,), "Both stay"),
            ((both_move,), "opposite directions"),
            ((into_a_fifth,), "goes directly into it"),
            ((close_fifths,), "A twelfth is a fifth"),
            ((fifths_or_octaves,), "octaves"),
            ((uncrossed,), "voices have crossed"),
            ((equally_far,), "equally far"),
            ((one_may_stay,), "Only one voice moves"),
            ((only_up,), "go down"),
            ((for_one,), "as arrays"),
            ((lambda a, b, c, d: fifth(a, c, b, d),), "both go up"),  # in another order
            ((lambda a, b, c: True,), "TypeError"),
        ],
    ),
    "unisons": Answers(
        given=(Draft,),
        names={"Draft": Draft},
        right=[
            (unisons,),
            (lambda draft: unisons(draft).astype(bool),),
            (lambda draft: [int(one) for one in unisons(draft)],),
        ],
        wrong=[
            ((0,), "Write a function"),
            ((lambda draft: np.zeros(len(draft.now), int),), "the same class"),
            ((lambda draft: (draft.now[:, 1] == draft.now[:, 2]).astype(int),), "Both rest"),
            ((lambda draft: (draft.now[:, 1] - draft.now[:, 2]) % 12 == 0,), "octave"),
            ((lambda draft: abs(draft.now[:, 1] - draft.now[:, 2]) < 2,), "semitone"),
            ((lambda draft: (draft.now[:, 2] == draft.now[:, 3]).astype(int),), "the same class"),
            ((lambda draft: (np.diff(draft.now, axis=1) == 0).any(axis=1),), "Both rest"),
            ((lambda draft: unisons(draft).sum(),), "An array of shape"),
            ((lambda draft: unisons(draft) * (draft.now != draft.before)[:, 1],), "held together"),
            ((lambda draft: unisons(draft) * (draft.now[:, 3] < draft.now[:, 2]),), "bass may"),
            ((lambda draft: unisons(draft) * (draft.now[:, 0] > draft.now[:, 1]),), "soprano may"),
            ((lambda draft: draft.then,), "AttributeError"),
        ],
    ),
}
