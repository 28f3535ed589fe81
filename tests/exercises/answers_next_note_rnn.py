"""Answers to the exercises of notebook 02."""

from collections import namedtuple

import numpy as np
from exercise import Answers

Sequence = namedtuple("Sequence", "tokens places")


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
        names={"Sequence": Sequence, "test": TEST, "plain": LOSSES, "evaluate": evaluate},
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
}
