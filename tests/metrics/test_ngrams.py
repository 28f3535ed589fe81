"""N-grams: probabilities worked out by hand, sums, back-off, conditions, bad input; repetition and
novelty."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.metrics.ngrams import NGram, novelty, repetition

TOKENS = st.lists(st.integers(1, 4), max_size=12)


def test_a_unigram_by_hand():
    """Tokens 1, 1, 2 of a vocabulary of three: n = 3, t = 2, so 3/5 for the counts and 2/5 for
    the uniform 1/3."""
    model = NGram(1, 4).fit([[1, 1, 2]])
    third = 2 / 5 / 3
    assert model.probabilities([]) == pytest.approx([0, 2 / 5 + third, 1 / 5 + third, third])
    assert model.probabilities([2, 2]) == pytest.approx(model.probabilities([]))


def test_a_bigram_by_hand():
    """After 1 came 1 and 2, once each: n = 2, t = 2, so half of the counts' and half of the
    unigram's."""
    model = NGram(2, 4).fit([[1, 1, 2]])
    unigram = NGram(1, 4).fit([[1, 1, 2]]).probabilities([])
    assert model.probabilities([1]) == pytest.approx([0, 0.25, 0.25, 0] + unigram / 2)
    assert model.probabilities([3]) == pytest.approx(unigram)  # never seen: the shorter context
    assert model.probabilities([2]) == pytest.approx(unigram)  # nothing came after it


def test_the_beginning_has_shorter_contexts():
    model = NGram(3, 4).fit([[1, 2, 3], [1, 2, 3]])
    first = NGram(1, 4).fit([[1, 2, 3], [1, 2, 3]])
    assert model.probabilities([]) == pytest.approx(first.probabilities([]))
    assert model.probabilities([1, 2]).argmax() == 3


def test_a_condition_is_given_up_last():
    """On place 0 stands 1, on place 1 stands 2, whatever came before."""
    sequences, places = [[1, 2, 1, 2]], [[0, 1, 0, 1]]
    model = NGram(2, 4).fit(sequences, places)
    assert model.probabilities([3], 0).argmax() == 1
    assert model.probabilities([3], 1).argmax() == 2
    plain = NGram(2, 4).fit(sequences)
    assert plain.probabilities([3]) == pytest.approx(model.probabilities([3], 7))
    assert model.evaluate(sequences, places)[0] < plain.evaluate(sequences)[0]


def test_a_condition_is_no_token():
    model = NGram(2, 4).fit([[1, 2]], [[2, 2]])
    assert model.probabilities([2]) == pytest.approx(NGram(1, 4).fit([[1, 2]]).probabilities([]))


def test_nats_and_accuracy_by_hand():
    model = NGram(1, 3).fit([[1, 1, 1, 2]])
    one, two = 3 / 6 + 2 / 6 / 2, 1 / 6 + 2 / 6 / 2
    nats, accuracy = model.evaluate([[1, 2], [1]])
    assert nats == pytest.approx(-(2 * np.log(one) + np.log(two)) / 3)
    assert accuracy == pytest.approx(2 / 3)


def test_padding_is_left_out():
    assert NGram(2, 4).fit([[1, 1, 2, 0, 0]]).evaluate([[1, 2, 0]]) == NGram(2, 4).fit(
        [[1, 1, 2]]
    ).evaluate([[1, 2]])


@given(st.lists(TOKENS, max_size=5), TOKENS, st.integers(1, 4))
def test_probabilities_sum_to_one_and_none_is_zero(sequences, before, order):
    likely = NGram(order, 5).fit(sequences).probabilities(before)
    assert likely.sum() == pytest.approx(1)
    assert likely[0] == 0 and (likely[1:] > 0).all()


def test_longer_contexts_know_more_of_their_own_training():
    tune = [[1, 2, 3, 1, 2, 4, 1, 2, 3, 1, 2, 4]]
    nats = [NGram(order, 5).fit(tune).evaluate(tune)[0] for order in (1, 2, 3, 4)]
    assert nats == sorted(nats, reverse=True)


def test_samples_depend_on_the_seed_alone_and_go_on_from_what_was():
    model = NGram(2, 4).fit([[1, 2, 3] * 4])
    drawn = model.sample(60, seed=1, before=[1])
    assert np.array_equal(drawn, model.sample(60, seed=1, before=[1]))
    assert not np.array_equal(drawn, model.sample(60, seed=2, before=[1]))
    assert drawn.dtype == np.int32 and drawn.min() >= 1
    follows = {(a, b) for a, b in zip(drawn[:-1].tolist(), drawn[1:].tolist(), strict=True)}
    assert {(1, 2), (2, 3), (3, 1)} <= follows
    right = np.mean([(b - a) % 3 == 1 for a, b in zip(drawn[:-1], drawn[1:], strict=True)])
    assert right > 0.6


def test_counting_in_parts_is_counting_at_once():
    one = NGram(3, 5).fit([[1, 2, 3]]).fit([[2, 3, 4]])
    both = NGram(3, 5).fit([[1, 2, 3], [2, 3, 4]])
    assert one.probabilities([2, 3]) == pytest.approx(both.probabilities([2, 3]))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: NGram(0, 4), "order"),
        (lambda: NGram(2, 1), "size"),
        (lambda: NGram(2, 4).fit([[4]]), "between 0 and 3"),
        (lambda: NGram(2, 4).fit([[1.5]]), "whole"),
        (lambda: NGram(2, 4).fit([[[1]]]), "shape"),
        (lambda: NGram(2, 4).fit([[1, 2]], [[0]]), "condition"),
        (lambda: NGram(2, 4).fit([[1, 2]]).evaluate([[0, 0]]), "no tokens"),
    ],
)
def test_bad_input_is_refused(make, word):
    with pytest.raises(ValueError, match=word):
        make()


# --- what repeats, and what is new -------------------------------------------------------------


def test_repetition_by_hand():
    """12 23 31 12 23: two of five pairs stood before. 12 21 12 21 12: three of five."""
    assert repetition([[1, 2, 3, 1, 2, 3]], size=2) == pytest.approx(2 / 5)
    assert repetition([[1, 2, 3, 1, 2, 3], [1, 2, 1, 2, 1, 2]], size=2) == pytest.approx(1 / 2)
    assert repetition([[1, 2, 3, 1, 2, 3]], size=3) == pytest.approx(1 / 4)
    assert repetition([[5, 5, 5]], size=1) == pytest.approx(2 / 3)
    assert repetition([[1, 2, 3, 4, 1, 2, 3, 4]]) == pytest.approx(1 / 5)  # of four, as it is


def test_what_another_sequence_has_is_no_repetition():
    assert repetition([[1, 2, 3], [1, 2, 3]], size=2) == 0


def test_novelty_by_hand():
    """12 23 34 45: the training has 23 and 34, and no 12, for it ends with 1 and begins with 2."""
    training = [[2, 3, 4, 1], [2, 2]]
    assert novelty([[1, 2, 3, 4, 5]], training, size=2) == pytest.approx(2 / 4)
    assert novelty([[1, 2, 3, 4, 5], [3, 2]], training, size=2) == pytest.approx(3 / 4)
    assert novelty([[2, 3, 4, 1]], training, size=3) == 0
    assert novelty([[2, 3, 4, 1]], [[3, 4]], size=3) == 1
    eight = list(range(1, 10))
    assert novelty([eight], [eight[:8]]) == pytest.approx(1 / 2)  # of eight, as it is


def test_the_same_bytes_at_another_place_are_no_group():
    """256 and 65,536 are a 1, a byte or two further on."""
    assert novelty([[256, 65536]], [[1, 256, 1]], size=1) == pytest.approx(1 / 2)
    assert novelty([[1, 1]], [[256, 256, 256]], size=1) == 1


def test_padding_is_no_token_and_the_too_short_do_not_count():
    rows = [[1, 2, 1, 2], [1, 2, 3], [7]]
    padded = np.zeros((3, 9), np.int32)
    for row, tokens in zip(padded, rows, strict=True):
        row[: len(tokens)] = tokens
    assert repetition(padded, 2) == repetition(rows, 2) == pytest.approx((1 / 3 + 0) / 2)
    assert novelty(padded, padded[1:], 2) == novelty(rows, rows[1:], 2) == pytest.approx(1 / 6)
    assert novelty(iter(rows), iter(rows[1:]), 2) == pytest.approx(1 / 6)
    assert math.isnan(repetition([[1, 2, 3], [0] * 9]))
    assert math.isnan(novelty([[1, 2, 3]], [[1, 2, 3]]))
    assert math.isnan(repetition([])) and math.isnan(novelty([], rows))


@given(st.lists(TOKENS, max_size=4), st.lists(TOKENS, min_size=1, max_size=4), st.integers(1, 4))
def test_repetition_and_novelty_as_they_are_defined(sequences, training, size):
    def groups(tokens):
        return [tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]

    known = {group for tokens in training for group in groups(tokens)}
    told = [groups(tokens) for tokens in sequences if len(tokens) >= size]
    repeats = [np.mean([g in one[:i] for i, g in enumerate(one)]) for one in told]
    new = [np.mean([group not in known for group in one]) for one in told]
    expected = (np.mean(repeats), np.mean(new)) if told else (math.nan, math.nan)
    found = repetition(sequences, size), novelty(sequences, training, size)
    assert found == pytest.approx(expected, nan_ok=True)


def test_novelty_is_measured_in_a_second():
    rng = np.random.default_rng(0)
    training = [rng.integers(1, 300, 150) for _ in range(2300)]
    asked = [*rng.integers(1, 300, (59, 150)), training[7]]
    start = time.process_time()
    assert novelty(asked, training) == pytest.approx(59 / 60)
    assert time.process_time() - start < 1


def test_repetition_and_novelty_refuse_what_they_cannot_measure():
    with pytest.raises(ValueError, match="no training sequence"):
        novelty([[1, 2]], [])
    with pytest.raises(ValueError, match="shape"):
        repetition([1, 2, 3])  # one sequence instead of several
    with pytest.raises(ValueError, match="between"):
        repetition([[1, -2, 3]])
