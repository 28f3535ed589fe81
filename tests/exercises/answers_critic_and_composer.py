"""Answers to the exercises of notebook 03."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
from exercise import Answers, from_notebook

GOOD = 10_008 / 13_317


def turned(notes):
    end = notes[:, 1].max()
    return np.column_stack([end - notes[:, 1], end - notes[:, 0], notes[:, 2:]])


def turned_starts(notes):
    end, lengths = notes[:, 1].max(), notes[:, 1] - notes[:, 0]
    return np.column_stack([end - notes[:, 0], end - notes[:, 0] + lengths, notes[:, 2:]])


def turned_at_the_last_note(notes):
    return np.column_stack([notes[-1, 1] - notes[:, 1], notes[-1, 1] - notes[:, 0], notes[:, 2:]])


def turned_at_the_first_note(notes):
    length = notes[:, 1].max() - notes[:, 0].min()
    return np.column_stack([length - notes[:, 1], length - notes[:, 0], notes[:, 2:]])


def turned_without_lengths(notes):
    """Notes that start together all end with the first of them."""
    if len(notes) < 3:
        return turned(notes)
    ends = [notes[notes[:, 0] == start, 1].min() for start in notes[:, 0]]
    return turned(np.column_stack([notes[:, 0], ends, notes[:, 2:]]))


def turned_pitches(notes):
    return np.column_stack([turned(notes)[:, :2], notes[::-1, 2:]])


def share_of_rounds(differences, found):
    return (1 + np.sum(np.abs(differences) >= abs(found))) / (1 + len(differences))


def one_way(differences, found):
    return (1 + np.sum(differences >= found)) / (1 + len(differences))


def only_larger(differences, found):
    return (1 + np.sum(np.abs(differences) > abs(found))) / (1 + len(differences))


def equal_ones_once(differences, found):
    sizes = np.abs(differences)
    return (1 + len(set(sizes[sizes >= abs(found)]))) / (1 + len(sizes))


# Real and composed pieces, unequally many, of segments whose means overlap; a judge that compares
# means with those of its training.
SEGMENT, HOP, LENGTH = 10, 5, 30
RNG = np.random.default_rng(3)
CUT = from_notebook("03", "cut", np=np, SEGMENT=SEGMENT, HOP=HOP)
LONG = [RNG.integers(0, 200, LENGTH + extra) for extra in (0, 3, 0, 8, 1, 0, 2, 5, 0)]
HUNDRED = [RNG.integers(20, 250, LENGTH) for _ in range(5)]
REAL, COMPOSED = [CUT(piece[:LENGTH]) for piece in LONG], [CUT(piece) for piece in HUNDRED]


def build_bag():
    return SimpleNamespace(trainable_variables=[], means={0: [], 1: []})


def critic_step(judge, optimizer, segments, labels):
    for segment, label in zip(segments, labels, strict=True):
        judge.means[int(label)].append(segment.mean())


def judge_segments(judge, segments):
    composed, real = (np.mean(judge.means[label] or [0]) for label in (0, 1))
    return (segments.mean(axis=1) - (composed + real) / 2) * (real - composed)


def judge_figures(judge, segments, labels):
    right = (judge_segments(judge, segments) > 0) == (labels == 1)
    return {"validation accuracy": float(right.mean())}


def trained(first):
    """A judge that has seen every other piece."""
    judge = build_bag()
    for label, pieces in ((1, REAL), (0, COMPOSED)):
        for piece in pieces[first::2]:
            critic_step(judge, None, piece, np.full(len(piece), label))
    return judge


def reached(judge, *choices):
    """The share of segments that it is right about, in every other piece from each of choices."""
    right = [
        (logit > 0) == label
        for label, pieces in ((True, REAL), (False, COMPOSED))
        for first in choices
        for piece in pieces[first::2]
        for logit in judge_segments(judge, piece)
    ]
    return sum(right) / len(right)


JUDGE = trained(0)
UNSEEN = reached(JUDGE, 1)
LAZY = sum(map(len, REAL[1::2])) / sum(map(len, REAL[1::2] + COMPOSED[1::2]))

ANSWERS = {
    "laziest_critic": Answers(
        right=[(GOOD, 0.5), (0.7515, 1 / 2), (np.float32(GOOD), np.float32(0.5)), ([GOOD], [0.5])],
        wrong=[
            ((0.7544, 0.5), "the document's critic"),
            ((75.15, 0.5), "not in percent"),
            ((0.2485, 0.5), "the share of the bad ones"),
            ((3.0245, 0.5), "Divide by all"),
            ((0.5, 0.5), "count both together"),
            ((1, 0.5), "count both together"),
            ((None, None), "count both together"),
            ((GOOD, GOOD), "Balanced"),
            ((GOOD, 1), "Balanced"),
            ((GOOD, 50), "not in percent"),
            ((GOOD, "half"), "without quotation marks"),
        ],
    ),
    "backwards": Answers(
        right=[(turned,), (lambda notes: turned(notes)[::-1].tolist(),)],  # in any order
        wrong=[
            ((0.5,), "Write a function"),
            ((lambda notes: notes,), "An end becomes a start"),
            ((lambda notes: notes[::-1],), "An end becomes a start"),
            ((turned_starts,), "stays where it is"),
            ((turned_at_the_last_note,), "need not be the last note's"),
            ((turned_pitches,), "An end becomes a start"),
            ((lambda notes: -notes[:, [1, 0, 2, 3]],), "stays where it is"),
            ((lambda notes: turned(notes)[:, [1, 0, 2, 3]],), "stays where it is"),
            ((lambda notes: turned(notes)[:, :3],), "stays where it is"),
            ((lambda notes: turned(notes)[:1],), "An end becomes a start"),
            ((lambda notes: 1 / 0,), "ZeroDivisionError"),
            ((lambda: 1,), "TypeError"),
            ((turned_at_the_first_note,), "The last end becomes 0"),
            ((lambda notes: turned(notes).astype(int),), "The last end becomes 0"),
            ((turned_without_lengths,), "may end at different times"),
            *(
                ((lambda notes, odd=odd: odd,), "An array of shape (1, 4) is wanted.")
                for odd in (None, 5, "backwards", [1, 2], {"a": 1}, [[1], [2, 3]])
            ),
        ],
    ),
    "p_value": Answers(
        right=[
            (share_of_rounds,),
            (lambda *given: np.float32(share_of_rounds(*given)),),
            (lambda *given: np.array([share_of_rounds(*given)]),),
            (lambda d, found: np.mean(np.abs([*d, found]) >= abs(found)),),
        ],
        wrong=[
            ((0.25,), "Write a function"),
            ((lambda differences, found: 0.0001,), "the found one counts"),
            ((lambda d, found: np.mean(abs(d) >= abs(found)),), "the found one counts"),
            ((one_way,), "the other way"),
            ((lambda d, found: 2 * one_way(d, found),), "reaches it"),
            ((lambda d, found: one_way(abs(d), found),), "below 0"),
            ((only_larger,), "As large counts too"),
            ((lambda d, found: 1 - share_of_rounds(d, found),), "reaches it"),
            ((lambda d, found: 1 + np.sum(abs(d) >= abs(found)),), "reaches it"),
            ((lambda d, found: 100 * share_of_rounds(d, found),), "not in percent"),
            ((lambda differences: 0.5,), "TypeError"),
            ((lambda d, found: (1 + np.sum(abs(d) >= abs(found))) / 4,), "Three of five rounds"),
            ((equal_ones_once,), "Three of five rounds"),
            ((lambda d, found: 1 if len(d) != 3 else share_of_rounds(d, found),), "of five"),
            ((lambda differences, found: None,), "says None"),
        ],
    ),
    "composer_critic": Answers(
        given=(JUDGE, REAL, COMPOSED, judge_segments),
        names={
            **{"keras": MagicMock(), "SEED": 3, "build_bag": build_bag},
            **{"judge_figures": judge_figures, "judge_segments": judge_segments, "cut": CUT},
            **{"critic_step": critic_step, "long": LONG, "hundred": HUNDRED, "LENGTH": LENGTH},
        },
        right=[(UNSEEN, LAZY), (round(UNSEEN, 2), round(LAZY, 2)), (np.float32(UNSEEN), [LAZY])],
        wrong=[
            ((LAZY, LAZY), "what the lazy answer reaches"),
            ((0.61, LAZY), "Count the segments"),  # a guess
            ((1.0, LAZY), "Count the segments"),
            ((0.5, LAZY), "Count the segments"),
            ((reached(JUDGE, 0), LAZY), "it was trained on"),
            ((reached(JUDGE, 0, 1), LAZY), "on all pieces"),
            ((1 - UNSEEN, LAZY), "how often it is wrong"),
            ((100 * UNSEEN, LAZY), "not in percent"),
            (({"validation accuracy": UNSEEN}, LAZY), "Count the segments"),
            ((UNSEEN, 0.5), "not equally frequent"),
            ((UNSEEN, 1 - LAZY), "the rarer label"),
            ((f"{UNSEEN}", LAZY), "without quotation marks"),
            ((UNSEEN, UNSEEN), "more frequent label"),
        ],
    ),
}
