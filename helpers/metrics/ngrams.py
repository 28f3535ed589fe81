"""N-grams: what can be predicted from the last few tokens alone. The baseline of every sequence
model here, and the source of music that is right from note to note and lost from bar to bar.

And how many groups of a few tokens in a row a sequence repeats, and how many are new.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..course.errors import LARGEST, SettingError, check_kind, check_number
from ..music.arrays import check_array


class NGram:
    """An interpolated n-gram model of tokens 1 to ``size - 1``; token 0 is padding, which is never
    predicted and left out where it stands.

    order: 1 counts how often each token occurs, 2 looks at the token before, 3 at two, and so on.
    What a context was never followed by is taken from shorter contexts, down to all tokens alike,
    in the proportion of Witten and Bell (1991, method C): a context seen n times, followed by t
    different tokens, keeps n / (n + t) for its own counts.

    conditions: whole numbers that are known beside the tokens, one a token, such as its place in
    the bar; the last thing that a context gives up. Each goes with the token it helps to predict.
    """

    def __init__(self, order: int, size: int):
        check_number("order", order, least=1)
        check_number("size", size, least=2)
        self.order, self.size = order, size
        self._counts = defaultdict(lambda: defaultdict(int))
        self._tables = None

    def fit(self, sequences: Iterable[Sequence[int]], conditions=None) -> NGram:
        """Counts the sequences, and adds to what was counted before. Returns itself."""
        for context, token in self._places(sequences, conditions):
            for length in range(len(context) + 1):
                self._counts[context[:length]][token] += 1
        self._tables = {
            context: (np.array(list(found)), np.array(list(found.values()), float))
            for context, found in self._counts.items()
        }
        return self

    def probabilities(self, before: Sequence[int], condition: int | None = None) -> np.ndarray:
        """``(size,)`` float: how likely each token is after ``before``; padding never."""
        check_number("condition", condition, none=True)
        tokens, _ = self._checked(before)
        self._see_that_it_is_fitted()
        return self._likely(self._context(tokens, len(tokens), condition))

    def _likely(self, context: tuple) -> np.ndarray:
        likely = np.full(self.size, 1 / (self.size - 1))
        likely[0] = 0
        for length in range(len(context) + 1):
            table = self._tables.get(context[:length])
            if table is None:
                break
            found, counts = table
            total = counts.sum() + len(found)
            likely *= len(found) / total
            likely[found] += counts / total
        return likely

    def evaluate(self, sequences, conditions=None) -> tuple[float, float]:
        """``(nats, accuracy)`` over all tokens of the sequences: the mean of minus the logarithm
        of each token's probability, and the share of tokens that were the most likely one.

        Raises ValueError where there is no token.
        """
        self._see_that_it_is_fitted()
        nats, right, count = 0.0, 0, 0
        for context, token in self._places(sequences, conditions):
            likely = self._likely(context)
            nats -= float(np.log(likely[token]))
            right += int(likely.argmax() == token)
            count += 1
        if not count:
            raise SettingError("There are no tokens to predict.")
        return nats / count, right / count

    def sample(self, length: int, seed: int, before: Sequence[int] = ()) -> np.ndarray:
        """``(length,)`` int32: tokens drawn one after the other, going on from ``before``."""
        check_number("length", length, least=0)
        several = isinstance(seed, tuple)
        for part in seed if several else [seed]:
            check_number("seed", part, least=0, largest=math.inf, none=not several)
        self._see_that_it_is_fitted()
        rng = np.random.default_rng(seed)
        tokens, _ = self._checked(before)
        for _ in range(length):
            likely = self._likely(self._context(tokens, len(tokens), None))
            tokens.append(int(rng.choice(self.size, p=likely)))
        return np.array(tokens[len(tokens) - length :], np.int32)

    def _see_that_it_is_fitted(self) -> None:
        if self._tables is None:
            raise SettingError("This NGram has counted nothing yet: call its fit(sequences) first.")

    def _places(self, sequences, conditions) -> Iterator[tuple[tuple, int]]:
        """What is known before each token, and the token."""
        check_kind("sequences", sequences, Iterable, "a list of sequences of tokens")
        check_kind("conditions", conditions, Iterable, "a list of sequences of numbers", none=True)
        sequences = list(sequences)
        known = [None] * len(sequences) if conditions is None else list(conditions)
        if len(known) != len(sequences):
            raise SettingError(
                f"There are conditions for {len(known)} sequences, not for {len(sequences)}."
            )
        for tokens, beside in zip(sequences, known, strict=True):
            tokens, beside = self._checked(tokens, beside)
            for place, token in enumerate(tokens):
                yield self._context(tokens, place, beside[place]), token

    def _context(self, tokens: list[int], place: int, condition: int | None) -> tuple:
        """What is known before a place, the nearest first; the condition, told from a token,
        before all."""
        recent = tuple(reversed(tokens[max(0, place - self.order + 1) : place]))
        return recent if condition is None else (("beside", int(condition)), *recent)

    def _checked(self, tokens, beside=None) -> tuple[list[int], list]:
        """Tokens and the conditions beside them, without padding."""
        tokens = check_array(tokens, "Tokens", ("length",), True, (0, self.size - 1))
        if beside is None:
            beside = np.full(len(tokens), None)
        else:
            beside = check_array(beside, "Conditions", ("length",), whole=True)
        if beside.shape != tokens.shape:
            raise SettingError("There is one condition for each token.")
        return tokens[tokens != 0].astype(int).tolist(), beside[tokens != 0].tolist()


# --- what repeats, and what is new -------------------------------------------------------------


def repetition(sequences: Iterable[Sequence[int]], size: int = 4) -> float:
    """Of all groups of ``size`` tokens in a row, the share that stood earlier in the same sequence:
    1 minus the different ones over all of them. The mean over the sequences.

    sequences: a list of sequences of tokens, or the rows of a padded array; token 0 is padding and
    left out. A sequence without a group, being too short, does not count; ``nan`` where none has
    one. The figure means something only beside the same figure for real music.
    """
    check_number("size", size, least=1)
    groups = [_groups(tokens, size) for tokens in _rows("sequences", sequences)]
    return _mean_share([(len(found) - len(set(found)), len(found)) for found in groups])


def novelty(
    sequences: Iterable[Sequence[int]], training: Iterable[Sequence[int]], size: int = 8
) -> float:
    """Of all groups of ``size`` tokens in a row of a sequence, the share that stand in no training
    sequence. The mean over the sequences.

    sequences, training: lists of sequences of tokens, or the rows of padded arrays; token 0 is
    padding and left out. A sequence without a group, being too short, does not count; ``nan`` where
    none has one. Real music that was held out has its novelty, too: compare with that. Raises
    ValueError where there is no training sequence, for then all would be new.
    """
    check_number("size", size, least=1)
    groups = [_groups(tokens, size) for tokens in _rows("sequences", sequences)]
    asked = {group for found in groups for group in found}
    known, rows = set(), _rows("training", training)
    if not rows:
        raise SettingError("There is no training sequence: give those that the model learned from.")
    for tokens in rows:  # what nobody asks for need not be kept
        known.update(asked.intersection(_groups(tokens, size)))
    return _mean_share([(sum(one not in known for one in found), len(found)) for found in groups])


def _rows(name: str, sequences) -> list[np.ndarray]:
    """Each sequence's tokens, without padding."""
    check_kind(name, sequences, Iterable, "a list of sequences of tokens")
    rows = [check_array(row, "Tokens", ("length",), True, (0, LARGEST)) for row in sequences]
    return [row[row != 0].astype(np.int32) for row in rows]


def _groups(tokens: np.ndarray, size: int) -> list[bytes]:
    """The groups of ``size`` tokens in a row, each as its bytes: quick to make and to look up."""
    width, row = tokens.itemsize, tokens.tobytes()
    starts = range(0, width * (len(tokens) - size + 1), width)
    return [row[start : start + width * size] for start in starts]


def _mean_share(counts: list[tuple[int, int]]) -> float:
    """The mean of hits over all, of pairs of them; where all are none, there is no share."""
    shares = [hits / all_of_them for hits, all_of_them in counts if all_of_them]
    return float(np.mean(shares)) if shares else math.nan
