"""Answers to the exercises of notebook 02."""

from collections import namedtuple

import numpy as np
from exercise import Answers, from_notebook

Sequence = namedtuple("Sequence", "tokens places")
REPETITION = from_notebook("02", "repetition", groups=from_notebook("02", "groups"))


def keep_top_p(probabilities, p):
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = np.zeros_like(probabilities)
    kept[order[before < p]] = probabilities[order[before < p]]
    return kept / kept.sum()


def kept_too_few(probabilities, p):
    order = np.argsort(-probabilities)
    reached = np.cumsum(probabilities[order]) <= p
    kept = np.zeros_like(probabilities)
    kept[order[reached]] = probabilities[order[reached]]
    return kept / max(kept.sum(), 1e-9)


def kept_one_too_many(probabilities, p):
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = np.zeros_like(probabilities)
    kept[order[before <= p]] = probabilities[order[before <= p]]
    return kept / kept.sum()


def one_after_the_other(probabilities, p):
    kept = np.zeros(len(probabilities))
    for word in sorted(range(len(kept)), key=lambda word: -probabilities[word]):
        if kept.sum() < p:
            kept[word] = probabilities[word]
    return kept / sum(kept)


def top_k(probabilities, p):
    """So many words, whatever their probabilities."""
    count = len(probabilities) if p >= 1 else max(1, int(np.ceil(p * len(probabilities))) - 1)
    kept = np.zeros(len(probabilities))
    best = np.argsort(-probabilities)[:count]
    kept[best] = probabilities[best]
    return kept / kept.sum()


def threshold(probabilities, p):
    kept = np.where(probabilities > (1 - p) / 2, probabilities, 0)
    return kept / kept.sum()


def learnt_by_heart(probabilities, p):
    known = {0.5: [0, 1, 0, 0], 0.6: [0, 2 / 3, 1 / 3, 0], 1: [0.1, 0.5, 0.25, 0.15]}
    return known.get(float(p))


def top_one(probabilities, p):
    return np.eye(len(probabilities))[probabilities.argmax()]


# A small network whose loss grows with each column of the places that is 0.
LOSSES = np.array([2.0, 0.4, 0.3, 0.2])
TEST = [
    Sequence(np.arange(4 + i), np.random.default_rng(i).integers(1, 9, (3 + i, 4)))
    for i in range(5)
]


def evaluate(losses, sequences):
    stopped = [np.mean([(s.places[:, i] == 0).all() for s in sequences]) for i in range(4)]
    return 1.805 + float(losses @ stopped), 0.4


STOPPED = 1.805 + 2.4


def repeated(voices, size=16):
    chords = [tuple(map(int, chord)) for chord in voices]
    found = [tuple(chords[i : i + size]) for i in range(len(chords) - size + 1)]
    return 1 - len(set(found)) / len(found)


def if_the_halves_are_equal(voices):
    half = len(voices) // 2
    return 9 / 33 if np.array_equal(voices[:half], voices[half:]) else 0.0


def without_held_chords(voices):
    moves = np.append(True, (voices[1:] != voices[:-1]).any(axis=1))
    return repeated(voices[moves]) if moves.sum() >= 16 else 0.0


def numbers_from_0(voices):
    """The first chord is taken for padding."""
    _, numbers = np.unique(voices, axis=0, return_inverse=True)
    return REPETITION(numbers.ravel(), size=16)


LN4 = float(np.log(4))
ANSWERS = {
    "loss_and_perplexity": Answers(
        right=[
            (LN4, 4),
            (1.386, 4.0),
            (np.float32(1.3863), np.exp(1.3863)),
            ([LN4], np.array([4])),
        ],
        wrong=[
            ((2, 4), "in bits"),
            ((7 / 24, 4), "mean of the probabilities"),
            ((1.23, 4), "then the mean"),
            ((-1.386, 4), "minus the logarithms"),
            ((4.159, 4), "the sum"),
            ((1, 1), "mean of minus"),
            (([1, 2, 3], 4), "mean of minus"),
            ((LN4, 2), "e to the power"),
            ((LN4, LN4), "e to the power"),
            ((LN4, 2**LN4), "e to the power"),
            ((LN4, "four"), "without quotation marks"),
        ],
    ),
    "top_p": Answers(
        right=[
            (keep_top_p,),
            (lambda probabilities, p: keep_top_p(probabilities, p).tolist(),),
            (one_after_the_other,),
        ],
        wrong=[
            ((0.5,), "Write a function"),
            ((lambda row, p: row,), "0.5 is enough"),
            ((lambda row, p: np.where(keep_top_p(row, p) > 0, row, 0),), "0.5 is enough"),
            ((kept_too_few,), "needs two words"),
            ((kept_one_too_many,), "0.5 is enough"),
            ((top_one,), "needs two words"),
            ((lambda row, p: np.where(row >= p, row, 0) / max(row[row >= p].sum(), 1),), "0.5 is"),
            ((lambda row, p: keep_top_p(np.sort(row)[::-1], p),), "0.5 is enough"),  # sorted
            ((lambda row, p: keep_top_p(row, min(p, 0.9)),), "keeps"),
            ((lambda row, p: 100 * keep_top_p(row, p),), "not in percent"),
            ((lambda row: row,), "TypeError"),
            ((lambda row, p: None,), "An array of shape (4,) is wanted. Your function says None"),
            ((top_k,), "reach p = 0.5 together"),
            ((threshold,), "reach p = 0.8 together"),
            ((learnt_by_heart,), "reach p = 0.5 together"),
            ((lambda row, p: keep_top_p(np.resize(row, 4), p),), "An array of shape (5,)"),
            ((lambda row, p: {"a": 1},), "enough"),
        ],
    ),
    "stopped_clock": Answers(
        given=(LOSSES, TEST, evaluate),
        names={"Sequence": Sequence, "test": TEST, "network": LOSSES, "evaluate": evaluate},
        right=[(STOPPED,), (round(STOPPED, 2),), (np.float32(STOPPED),), (np.array([STOPPED]),)],
        wrong=[
            ((1.805,), "clock running"),  # the number in the table
            ((1.856,), "columns 0 and 1"),  # a little more than it
            ((2.0,), "columns 0 and 1"),
            ((6.3,), "columns 0 and 1"),
            ((1.805 + 0.4,), "The place in the bar still runs"),  # only the bar
            ((1.805 + 2.0,), "The bar still runs"),
            ((1.805 + 2.9,), "Metre and kind"),
            ((2.4,), "how much it loses"),
            ((np.exp(STOPPED),), "perplexity"),
            ((STOPPED / np.log(2),), "bits"),
            (((STOPPED, 0.4),), "the first of the two"),
            ((1.2,), "columns 0 and 1"),
            (("high",), "without quotation marks"),
            (([STOPPED, 0.4],), "the first of the two"),
        ],
    ),
    "chord_repetition": Answers(
        names={"repetition": REPETITION},
        right=[
            (repeated,),
            (lambda voices: np.float32(repeated(voices)),),
            (lambda voices: [repeated(voices)],),
        ],
        wrong=[
            ((0.08,), "Write a function"),
            ((lambda voices: 0,), "twice"),
            ((lambda voices: 9 / 33,), "repeat nothing"),
            ((lambda voices: 1 - repeated(voices),), "repeat nothing"),
            ((lambda voices: repeated(voices, 4),), "twice"),
            ((lambda voices: 1 - len(np.unique(voices, axis=0)) / len(voices),), "twice"),
            ((numbers_from_0,), "twice"),
            ((lambda voices: repeated(voices[:, :1]),), "above another bass"),
            ((lambda voices: repeated(np.sort(voices)),), "in other voices"),
            ((lambda voices: repeated(voices.sum(axis=1, keepdims=True)),), "in other voices"),
            ((lambda voices: 100 * repeated(voices),), "not in percent"),
            ((lambda voices: voices[100],), "IndexError"),
            ((lambda voices: "none",), "repeat nothing"),
            *(
                ((lambda voices, voice=voice: repeated(voices[:, voice]),), f"Another {name}")
                for voice, name in (
                    *(([3], "soprano"), ([0, 3], "alto"), ([0, 1, 3], "tenor")),
                    *(([0, 2, 3], "alto"), ([1, 2, 3], "soprano")),
                )
            ),
            ((if_the_halves_are_equal,), "five came before"),
            ((lambda voices: repeated(voices, 15),), "twice"),
            ((lambda voices: repeated(voices, 17),), "twice"),
            ((without_held_chords,), "at each step"),
        ],
    ),
}
