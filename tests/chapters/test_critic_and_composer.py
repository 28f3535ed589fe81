"""Notebook 03's exported functions: hand-made cases, properties, and other ways to the same result.

The networks are tiny and untrained, their weights drawn at random and large, so that what they say
depends on all that they have read.
"""

import itertools
from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from keras import layers
from trainings import interrupted, lively, outcome

from helpers import data
from helpers.chapters import critic_and_composer as cc
from helpers.data.performances import Performance
from helpers.data.tunes import Tune
from helpers.metrics.ngrams import NGram
from helpers.metrics.voices import MAJOR_SCALE
from helpers.music.events import (
    DEFAULT_VELOCITY,
    EVENTS,
    FIRST_DOWN,
    FIRST_UP,
    FIRST_VELOCITY,
    FIRST_WAIT,
    PADDING,
    events_to_notes,
    notes_to_events,
)
from helpers.music.grid import REST, Piece, default_onsets
from helpers.training.loop import Stopped

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=25)


def make_score(seed=0, bars=6, velocities=False):
    """A score in several voices, with bars of unequal lengths and notes across the bar lines."""
    rng = np.random.default_rng(seed)
    edges = np.append(0, np.cumsum(rng.integers(4, 17, bars)))
    count = int(rng.integers(1, 8 * bars))
    start = np.sort(np.append(rng.uniform(0, edges[-1] - 1, count).round(1), 0))
    end = np.minimum(start + rng.uniform(0.5, 8, len(start)).round(1), edges[-1])
    pitch = rng.integers(40, 90, len(start))
    velocity = rng.integers(1, 128, len(start)) if velocities else np.zeros(len(start))
    notes = np.stack([start, end, pitch, velocity], axis=1).astype(float)
    notes = notes[np.lexsort((pitch, start))]
    return cc.Score(f"piece {seed}", notes, edges.astype(float), float(rng.integers(60, 200)))


def multiset(values):
    return sorted(np.round(values, 6).tolist())


def random_segments(count, seed=0):
    return np.random.default_rng(seed).integers(1, EVENTS + 1, (count, cc.SEGMENT), np.int32)


class Scale:
    """A critic by hand: its logit is the first token minus 100."""

    def __call__(self, segments, training):
        assert training is False
        return tf.cast(segments[:, 0], tf.float32) - 100


@pytest.fixture(scope="module")
def critic():
    return lively(cc.build_critic(units=8, embedding=4), size=0.7)


@pytest.fixture(scope="module")
def original():
    return cc.build_original()


@pytest.fixture(scope="module")
def bag():
    return lively(cc.build_bag())


@pytest.fixture(scope="module")
def network():
    return lively(cc.build_composer(depth=2, units=8, embedding=6))


@pytest.fixture(scope="module")
def composer(network):
    return cc.Composer(network)


# --- scores ------------------------------------------------------------------------------------


def test_a_score_has_its_notes_in_order_and_bars_with_both_edges():
    score = cc.as_score("A", [(8, 20, 60), (0, 4, 72), (0, 4, 48), (4, 8, 50)], [4, 12], 90)
    expected = [[0, 4, 48, 0], [0, 4, 72, 0], [4, 8, 50, 0], [8, 20, 60, 0]]
    assert score.notes.tolist() == expected
    assert score.bars.tolist() == [0, 4, 12, 20]
    assert (score.name, score.tempo) == ("A", 90)


@pytest.mark.parametrize("bar_starts", [[0, 16], np.array([0.0, 16.0]), [0, 0, 16]])
def test_a_bar_line_at_the_beginning_is_no_second_edge(bar_starts):
    assert cc.as_score("A", [(0, 24, 60)], bar_starts, 90).bars.tolist() == [0, 16, 24]


def test_a_score_without_bar_lines_is_one_bar():
    score = cc.as_score("A", [(2, 5, 60)], [], 90)
    assert score.bars.tolist() == [0, 5]


def test_a_tune_as_a_score():
    third = 4 / 3
    notes = np.array([(0, third, 60), (third, 2 * third, 62), (2 * third, 4, 64), (6, 20, 65)])
    tune = Tune("A Reel", "", "reel", "D major", "4/4", notes, np.array([4.0, 20.0]))
    score = cc.tune_score(tune)
    assert np.array_equal(score.notes, np.column_stack([notes, np.zeros(4)]))
    assert score.bars.tolist() == [0, 4, 20]
    assert (score.name, score.tempo) == ("A Reel", 200)


def test_a_chorale_as_a_score():
    voices = np.array([[72, 60], [72, 60], [74, REST], [74, 55]], np.int16)
    onsets = default_onsets(voices)
    onsets[1, 0] = True  # struck again
    score = cc.chorale_score(Piece("B", voices, onsets, np.array([1], np.int32)))
    expected = [[0, 1, 72, 0], [0, 2, 60, 0], [1, 2, 72, 0], [2, 4, 74, 0], [3, 4, 55, 0]]
    assert score.notes.tolist() == sorted(expected, key=lambda note: (note[0], note[1]))
    assert score.bars.tolist() == [0, 1, 4]
    assert score.tempo == cc.HYMN_TEMPO


@pytest.fixture(scope="module")
def valid_scores():
    return cc.load_scores("valid")


def test_the_loaders_pieces_are_the_scores(valid_scores):
    tunes, chorales = data.load_tunes("valid"), data.load_chorales("valid")
    assert [score.name for score in valid_scores] == [piece.name for piece in tunes + chorales]
    for tune, score in zip(tunes, valid_scores, strict=False):
        assert len(score.notes) == len(tune.notes)
    for score, chorale in zip(valid_scores[len(tunes) :], chorales, strict=True):
        assert len(score.notes) == (chorale.onsets & (chorale.voices != REST)).sum()


def test_real_scores_are_well_formed(valid_scores):
    for score in valid_scores:
        start, end, pitch, velocity = score.notes.T
        assert score.bars[0] == 0 and (np.diff(score.bars) > 0).all()
        assert (np.diff(start) >= 0).all() and (end > start).all() and start.min() >= 0
        assert end.max() == score.bars[-1]  # the last edge is the end
        assert not velocity.any() and 0 <= pitch.min() and pitch.max() <= 127


def test_every_split_has_its_own_scores():
    for split in ("train", "test"):
        pieces = len(data.load_tunes(split)) + len(data.load_chorales(split))
        assert len(cc.load_scores(split)) == pieces > 0


# --- performances ------------------------------------------------------------------------------


@few
@given(SEEDS)
@example(0)
def test_a_performance_has_the_scores_notes(seed):
    score = make_score(seed)
    before = score.notes.copy(), score.bars.copy()
    notes = cc.perform(score, np.random.default_rng(seed))
    assert np.array_equal(score.notes, before[0]) and np.array_equal(score.bars, before[1])
    assert notes.shape == score.notes.shape
    start, end, pitch, velocity = notes.T
    assert multiset(pitch) == multiset(score.notes[:, 2])
    order = np.lexsort((pitch, start))
    assert np.array_equal(order, np.arange(len(notes)))
    assert start.min() >= 0 and (end - start).min() >= 0.05 - 1e-9
    assert velocity.min() >= 1 and velocity.max() <= 127
    assert np.array_equal(velocity, np.round(velocity))
    assert len(notes_to_events(notes))  # and is music


def even_score(bars, tempo=60.0):
    """A note on each of four beats a bar."""
    start = np.arange(0, 16 * bars, 4.0)
    notes = np.stack([start, start + 4, np.full(len(start), 60), np.zeros(len(start))], axis=1)
    return cc.Score("even", notes, np.arange(0, 16 * bars + 1, 16.0), tempo)


@few
@given(SEEDS, st.sampled_from([60.0, 72.0, 200.0]))
def test_the_tempo_is_near_the_scores_and_the_end_broader(seed, tempo):
    notes = cc.perform(even_score(22, tempo), np.random.default_rng(seed))
    bar = 16 * 15 / tempo
    starts = np.append(notes[::4, 0], notes[-1, 1])
    ratios = np.diff(starts) / bar
    wobble = 0.12 + 0.1 / bar  # five standard deviations of a bar's length, and of a hand's
    assert 0.9 * (1 - 0.025) - 0.005 / bar < ratios[:20].mean() < 1.1 * (1 + 0.025) + 0.005 / bar
    steady = ratios[:20].mean()
    assert np.abs(ratios[:20] / steady - 1).max() < wobble
    assert abs(ratios[20] / steady / 1.08 - 1) < wobble
    assert abs(ratios[21] / steady / 1.2 - 1) < wobble


def test_tempos_and_the_last_bars_over_many_performances():
    bars = []
    for seed in range(300):
        notes = cc.perform(even_score(10), np.random.default_rng(seed))
        bars.append(np.diff(np.append(notes[::4, 0], notes[-1, 1])) / 4)
    bars = np.array(bars)
    steady = bars[:, :8].mean(axis=1)
    assert 0.88 < steady.min() < 0.92 and 1.08 < steady.max() < 1.12
    assert bars[:, :8].mean() == pytest.approx(1, abs=0.02)
    assert (bars[:, 8] / steady).mean() == pytest.approx(1.08, abs=0.01)
    assert (bars[:, 9] / steady).mean() == pytest.approx(1.2, abs=0.01)


def test_downbeats_are_louder_and_phrases_swell():
    loud = np.zeros((8, 4))
    for seed in range(200):
        notes = cc.perform(even_score(8), np.random.default_rng(seed))
        loud += notes[:, 3].reshape(8, 4) / 200
    assert np.allclose(loud[:4], loud[4:], atol=0.6)  # each four bars alike
    place = np.arange(32).reshape(8, 4) % 16 / 16
    accent = 7 * (np.arange(4) == 0)
    assert np.allclose(loud, 72 + 8 * np.sin(np.pi * place) + accent, atol=2.2)


def test_one_bar_is_played_more_slowly():
    played = [cc.perform(even_score(1), np.random.default_rng(seed)) for seed in range(200)]
    ends = [notes[-1, 1] / 4 for notes in played]
    assert 1.2 * 0.9 * 0.9 < min(ends) and max(ends) < 1.2 * 1.1 * 1.1
    assert np.mean(ends) == pytest.approx(1.2, abs=0.02)


@few
@given(SEEDS)
def test_what_was_played_keeps_its_times_and_velocities(seed):
    score = make_score(seed, velocities=True)
    notes = cc.perform(score, np.random.default_rng(seed))
    expected = score.notes * [15 / score.tempo, 15 / score.tempo, 1, 1]
    assert np.allclose(notes, expected, rtol=0, atol=1e-9)
    assert np.array_equal(notes[:, 2:], score.notes[:, 2:])


def test_the_generator_decides_the_performance():
    score = make_score(3)
    first, again, other = (cc.perform(score, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@few
@given(SEEDS, st.integers(-24, 24))
def test_transposed_moves_the_pitches_only(seed, semitones):
    score = make_score(seed, velocities=True)
    before = score.notes.copy()
    moved = cc.transposed(score, semitones)
    assert np.array_equal(moved.notes - before, np.tile([0, 0, semitones, 0], (len(before), 1)))
    assert np.array_equal(score.notes, before)
    assert moved._replace(notes=None) == score._replace(notes=None, bars=moved.bars)


def test_the_same_seed_plays_the_same_events():
    scores = [make_score(seed) for seed in range(5)]
    played = cc.perform_all(scores, 3)
    assert [tokens.dtype for tokens in played] == [np.int32] * 5
    again, other = cc.perform_all(scores, 3), cc.perform_all(scores, 4)
    assert all(np.array_equal(a, b) for a, b in zip(played, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(played, other, strict=True))
    pairs = cc.perform_all(scores, (3, 1)), cc.perform_all(scores, (3, 2))
    assert not np.array_equal(pairs[0][0], pairs[1][0])
    assert cc.perform_all([], 3) == []


def test_every_key_is_drawn_and_no_other():
    scores = [make_score(1, velocities=True)] * 60
    own = events_to_notes(cc.perform_all(scores[:1], 0)[0])[:, 2]
    keys = Counter()
    for tokens in cc.perform_all(scores, 5, keys=range(-2, 3)):
        (shift,) = set((events_to_notes(tokens)[:, 2] - own).tolist())
        keys[shift] += 1
    assert set(keys) == {-2, -1, 0, 1, 2}
    assert np.array_equal(events_to_notes(cc.perform_all(scores[:1], 5, [7])[0])[:, 2], own + 7)


def test_a_key_that_leaves_the_midi_range_is_refused():
    with pytest.raises(ValueError, match="between 0 and 127"):
        cc.perform_all([make_score(1)], 0, keys=(90,))


# --- segments ----------------------------------------------------------------------------------


@given(st.integers(cc.SEGMENT, 700), st.integers(1, 200), st.integers(0, 800))
@example(cc.SEGMENT, cc.HOP, 0)
@example(cc.SEGMENT, cc.HOP, 5)
def test_segments_begin_every_hop(length, hop, first):
    tokens = np.arange(length, dtype=np.int32)
    segments = cc.cut(tokens, hop, first)
    first = min(first, length - cc.SEGMENT)  # beyond the end: the last segment there is
    assert segments[:, 0].tolist() == list(range(first, length - cc.SEGMENT + 1, hop))
    assert np.array_equal(segments, segments[:, :1] + np.arange(cc.SEGMENT))
    assert segments.dtype == np.int32


@given(st.integers(1, cc.SEGMENT - 1), st.integers(0, 400))
def test_short_music_is_repeated(length, first):
    tokens = np.arange(1, length + 1, dtype=np.int32)
    expected = [[i % length + 1 for i in range(cc.SEGMENT)]]
    segments = cc.cut(tokens, first=first)
    assert segments.tolist() == expected and segments.dtype == np.int32


def test_the_hop_is_half_a_segment():
    assert (cc.SEGMENT, cc.HOP) == (151, 75)
    assert cc.cut(np.arange(301)).shape == (3, 151)
    assert cc.cut(np.arange(300)).shape == (2, 151)


@given(SEEDS, st.integers(0, 300))
def test_uniform_notes_fill_their_ranges(seed, count):
    notes = cc.uniform_notes(count, np.random.default_rng(seed))
    assert notes.shape == (count, 4)
    if count:
        start, end, pitch, velocity = notes.T
        assert 0 <= start.min() and start.max() < count / 6
        assert 0.05 - 1e-9 <= (end - start).min() and (end - start).max() < 1 + 1e-9
        assert 21 <= pitch.min() and pitch.max() <= 108
        assert 1 <= velocity.min() and velocity.max() <= 127
    notes_to_events(notes)


def test_uniform_notes_are_uniform():
    start, _, pitch, velocity = cc.uniform_notes(30_000, np.random.default_rng(0)).T
    assert set(pitch) == set(range(21, 109)) and set(velocity) == set(range(1, 128))
    for values, low, high in ((start, 0, 5000), (pitch, 20.5, 108.5), (velocity, 0.5, 127.5)):
        counts = np.histogram(values, 8, (low, high))[0]
        assert abs(counts - 3750).max() < 300


@pytest.mark.parametrize(("good", "bad"), [(12, 5), (3, 1), (5, 0), (10**6, 4)])
def test_original_segments_are_real_and_uniform(good, bad):
    performances = cc.perform_all([make_score(seed, bars=20) for seed in range(6)], 0)
    real = {row.tobytes() for tokens in performances for row in cc.cut(tokens)}
    total = sum(len(cc.cut(tokens)) for tokens in performances)
    segments, labels = cc.original_segments(performances, good, bad, 7)
    assert segments.shape == (min(good, total) + bad, cc.SEGMENT)
    assert segments.dtype == np.int32 and labels.dtype == np.float32
    assert labels.sum() == min(good, total) and len(labels) == len(segments)
    assert [row.tobytes() in real for row in segments] == (labels == 1).tolist()
    assert segments.min() >= 1 and segments.max() <= EVENTS
    again = cc.original_segments(performances, good, bad, 7)
    assert np.array_equal(segments, again[0]) and np.array_equal(labels, again[1])


def test_original_segments_are_shuffled():
    performances = cc.perform_all([make_score(seed, bars=40) for seed in range(8)], 0)
    segments, labels = cc.original_segments(performances, 20, 20, 7)
    assert len(labels) == 40 and (labels[1:] != labels[:-1]).sum() > 8
    other, _ = cc.original_segments(performances, 20, 20, 8)
    assert not np.array_equal(segments, other)


# --- spoiling ----------------------------------------------------------------------------------

SPOILERS = [cc.shuffle_pitches, cc.shuffle_timing, cc.move_notes, cc.reorder_bars]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)
@few
@given(seed=SEEDS, velocities=st.booleans())
def test_the_given_score_is_not_changed(spoil, seed, velocities):
    score = make_score(seed, velocities=velocities)
    before = score._replace(notes=score.notes.copy(), bars=score.bars.copy())
    spoiled, again = (spoil(score, np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(score.notes, before.notes) and np.array_equal(score.bars, before.bars)
    assert spoiled.notes.shape == score.notes.shape
    assert np.array_equal(spoiled.notes, again.notes)
    assert (spoiled.name, spoiled.tempo) == (score.name, score.tempo)
    assert (np.diff(spoiled.notes[:, 0]) >= 0).all() and (spoiled.notes[:, 0] >= 0).all()
    lengths = spoiled.notes[:, 1] - spoiled.notes[:, 0]
    assert multiset(lengths) == multiset(score.notes[:, 1] - score.notes[:, 0])
    played = cc.perform(spoiled, np.random.default_rng(seed))
    assert len(played) == len(score.notes) and len(notes_to_events(played))


@few
@given(SEEDS)
def test_shuffled_pitches_stay_the_same_pitches(seed):
    score = make_score(seed, velocities=True)
    spoiled = cc.shuffle_pitches(score, np.random.default_rng(seed))
    assert multiset(spoiled.notes[:, 2]) == multiset(score.notes[:, 2])
    assert np.array_equal(spoiled.notes[:, [0, 1, 3]], score.notes[:, [0, 1, 3]])
    assert np.array_equal(spoiled.bars, score.bars)


@few
@given(SEEDS)
def test_shuffled_timing_keeps_pitches_in_order_and_the_times_between(seed):
    score = make_score(seed, velocities=True)
    spoiled = cc.shuffle_timing(score, np.random.default_rng(seed))
    assert np.array_equal(spoiled.notes[:, 2:], score.notes[:, 2:])
    assert np.array_equal(spoiled.bars, score.bars)
    between = [multiset(np.diff(one.notes[:, 0])) for one in (score, spoiled)]
    assert between[0] == between[1]
    first_last = [one.notes[[0, -1], 0] for one in (score, spoiled)]
    assert np.allclose(*first_last)


def test_shuffles_do_shuffle():
    score = make_score(1, bars=12)
    rng = np.random.default_rng(0)
    assert not np.array_equal(cc.shuffle_pitches(score, rng).notes, score.notes)
    timing = cc.shuffle_timing(score, rng).notes
    assert not np.allclose(timing[:, 0], score.notes[:, 0])
    assert not np.allclose(np.diff(timing[:, :2]), np.diff(score.notes[:, :2]))


@few
@given(SEEDS)
def test_moved_notes_move_by_a_semitone(seed):
    score = make_score(seed, velocities=True)
    spoiled = cc.move_notes(score, np.random.default_rng(seed))
    assert np.array_equal(spoiled.notes[:, [0, 1, 3]], score.notes[:, [0, 1, 3]])
    assert set(np.abs(spoiled.notes[:, 2] - score.notes[:, 2])) <= {0, 1}


def test_about_a_tenth_of_the_notes_move_half_of_them_up():
    score = even_score(1000)
    moved = cc.move_notes(score, np.random.default_rng(0)).notes[:, 2] - 60
    assert np.mean(moved != 0) == pytest.approx(0.1, abs=0.02)
    assert np.mean(moved[moved != 0] > 0) == pytest.approx(0.5, abs=0.1)
    rng = np.random.default_rng(0)
    assert np.array_equal(cc.move_notes(score, rng, share=0.0).notes, score.notes)
    assert (np.abs(cc.move_notes(score, rng, share=1.0).notes[:, 2] - 60) == 1).all()


def bars_of(score):
    """Each bar as its length and its notes' starts, ends (from the bar line), pitches, velocities;
    by Python alone."""
    bars = []
    for first, last in itertools.pairwise(score.bars):
        inside = [note for note in score.notes.tolist() if first <= note[0] + 1e-9 < last]
        rows = [(round(s - first, 6), round(e - first, 6), p, v) for s, e, p, v in inside]
        bars.append((round(last - first, 6), tuple(sorted(rows))))
    return bars


@few
@given(SEEDS)
def test_reordered_bars_are_the_same_bars(seed):
    score = make_score(seed, velocities=True)
    spoiled = cc.reorder_bars(score, np.random.default_rng(seed))
    assert sorted(bars_of(spoiled)) == sorted(bars_of(score))
    assert spoiled.bars[0] == 0 and np.isclose(spoiled.bars[-1], score.bars[-1])
    order = np.lexsort((spoiled.notes[:, 2], spoiled.notes[:, 0]))
    assert np.array_equal(spoiled.notes, spoiled.notes[order])


def test_bars_reordered_by_hand():
    """A pickup of a quarter, then a long and a short bar; a note sounds across the bar line."""
    notes = np.array([[0, 4, 60, 0], [4, 20, 62, 0], [16, 24, 64, 0], [20, 28, 65, 0]], float)
    score = cc.Score("A", notes, np.array([0.0, 4, 20, 28]), 60)

    class Backwards:
        def permutation(self, count):
            return np.arange(count)[::-1]

    spoiled = cc.reorder_bars(score, Backwards())
    assert spoiled.bars.tolist() == [0, 8, 24, 28]
    expected = [[0, 8, 65, 0], [8, 24, 62, 0], [20, 28, 64, 0], [24, 28, 60, 0]]
    assert spoiled.notes.tolist() == expected


def test_every_order_of_bars_comes():
    score = even_score(3)
    score.notes[:, 2] = np.repeat([60, 62, 64], 4)
    rng = np.random.default_rng(0)
    orders = {tuple(cc.reorder_bars(score, rng).notes[::4, 2]) for _ in range(100)}
    assert len(orders) == 6


@pytest.fixture(scope="module")
def families():
    performances = cc.perform_all([make_score(seed, bars=12) for seed in range(8)], 0)
    unigram, bigram = (NGram(order, EVENTS + 1).fit(performances) for order in (1, 2))
    return cc.bad_families(unigram, bigram, 5, length=3000)


def test_families_give_events_about_as_many_as_the_score_has(families):
    assert list(families) == [
        "uniform notes",
        "unigram",
        "bigram",
        "pitches shuffled",
        "timing shuffled",
        "notes moved",
        "bars reordered",
    ]
    for score in [make_score(seed, bars=16) for seed in range(30)]:
        if len(score.notes) < 90:
            continue  # by chance few notes can have few events
        real = len(cc.perform_all([score], 0)[0])
        for family in families.values():
            tokens = family(score, np.random.default_rng(1))
            assert tokens.dtype == np.int32 and tokens.ndim == 1
            assert tokens.min() >= 1 and tokens.max() <= EVENTS
            assert 0.5 < len(tokens) / real < 2
            assert np.array_equal(tokens, family(score, np.random.default_rng(1)))
            assert not np.array_equal(tokens, family(score, np.random.default_rng(2)))


def test_ngram_pieces_are_stretches_of_one_river(families):
    whole = families["bigram"](make_score(1)._replace(notes=np.zeros((750, 4))), Low())
    assert len(whole) == 3000
    for seed in range(5):
        score = make_score(seed)
        part = families["bigram"](score, np.random.default_rng(seed))
        assert len(part) == 4 * len(score.notes)
        assert part.tobytes() in whole.tobytes()


class Low:
    """A generator that always draws the lowest number."""

    def integers(self, high):
        assert high >= 1
        return 0


def test_a_piece_longer_than_the_river_gets_all_of_it(families):
    score = make_score(1)._replace(notes=np.zeros((2000, 4)))
    assert len(families["unigram"](score, np.random.default_rng(0))) == 3000


# --- segments with labels ----------------------------------------------------------------------


def loud_and_high(pitch):
    """A family of one repeated event: easily told from all else."""
    return lambda score, rng: np.full(4 * len(score.notes), FIRST_DOWN + pitch, np.int32)


def recorded(count=12):
    """Scores that are played as they are, each longer than a segment."""
    scores = (make_score(seed, bars=40, velocities=True) for seed in itertools.count(100))
    return list(itertools.islice((score for score in scores if len(score.notes) > 80), count))


FAMILIES = {"a": loud_and_high(120), "b": loud_and_high(121), "c": loud_and_high(122)}


@pytest.mark.parametrize("hop", [75, 151])
def test_segments_are_balanced_and_labelled(hop):
    scores = recorded()
    segments, labels, family = cc.make_segments(scores, FAMILIES, 3, hop)
    assert segments.shape == (len(labels), cc.SEGMENT) and len(labels) == len(family)
    assert segments.dtype == np.int32 and labels.dtype == np.float32
    assert np.array_equal(labels, (family == 0).astype(np.float32))
    assert labels.mean() == 0.5
    assert set(family) == {0, 1, 2, 3}
    played = [notes_to_events(cc.perform(score, None)).tobytes() for score in scores]
    for segment, number in zip(segments, family, strict=True):
        real = any(segment.tobytes() in tokens for tokens in played)
        assert real == (number == 0)
        if number:
            assert (segment == FIRST_DOWN + 119 + number).all()
    assert (labels[1:] != labels[:-1]).mean() > 0.25  # shuffled
    assert len({row.tobytes() for row in segments[family == 0]}) > len(scores)


def test_the_seed_decides_the_segments():
    scores = recorded(4)
    first, again, other = (cc.make_segments(scores, FAMILIES, seed, 75) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert first[0].shape != other[0].shape or not np.array_equal(first[0], other[0])
    epochs = [cc.make_segments(scores, FAMILIES, (1, epoch), 75)[0] for epoch in (0, 1)]
    assert epochs[0].shape != epochs[1].shape or not np.array_equal(*epochs)


def test_fewer_scores_than_families():
    segments, labels, family = cc.make_segments(recorded(2), FAMILIES, 0, 75)
    assert set(family) == {0, 1, 2} and labels.mean() == 0.5
    for number in (1, 2):
        assert (segments[family == number] == FIRST_DOWN + 119 + number).all()


def test_each_pieces_bad_music_is_in_the_same_key():
    """And the keys are of ``keys``."""
    scores = [
        score._replace(notes=score.notes * [1, 1, 0, 1] + [0, 0, 60, 0]) for score in recorded(6)
    ]
    same = {"same": lambda score, rng: notes_to_events(cc.perform(score, rng))}
    segments, labels, _ = cc.make_segments(scores, same, 0, 151, keys=(-3, 4))
    downs = [set(row[(row >= FIRST_DOWN) & (row < FIRST_UP)] - FIRST_DOWN) for row in segments]
    assert all(len(found) == 1 for found in downs)
    assert set.union(*downs) <= {57, 64}
    shares = [sum(downs[i] == {57} for i in np.flatnonzero(labels == kind)) for kind in (0, 1)]
    assert abs(shares[0] - shares[1]) <= 0.35 * len(labels)


# --- what the critic hears ---------------------------------------------------------------------


def hear_by_hand(tokens):
    """Intervals, gaps and degrees of one row, by Python alone."""
    intervals, gaps, degrees = [], [], []
    pitches = [token - FIRST_DOWN for token in tokens if FIRST_DOWN <= token < FIRST_UP]
    fits = [
        (
            sum((pitch - t) % 12 in MAJOR_SCALE for pitch in pitches),
            sum((pitch - t) % 12 in (0, 7) for pitch in pitches),
        )
        for t in range(12)
    ]
    tonic = fits.index(max(fits))
    clock, before = 0, None
    for token in tokens:
        interval = gap = degree = 0
        if FIRST_WAIT <= token < FIRST_VELOCITY:
            clock += token - FIRST_WAIT + 1
        elif FIRST_DOWN <= token < FIRST_UP:
            pitch = token - FIRST_DOWN
            degree = (pitch - tonic) % 12 + 1
            if before is not None:
                interval = min(max(pitch - before[0], -24), 24) + 25
                gap = round(8 * np.log2(1 + min(clock - before[1], 255))) + 1
            before = pitch, clock
        intervals.append(interval)
        gaps.append(gap)
        degrees.append(degree)
    return intervals, gaps, degrees


def melodious(rng, length=60):
    """Random events, most of them keys and waits."""
    kinds = rng.choice(4, length, p=[0.45, 0.15, 0.3, 0.1])
    downs = rng.integers(FIRST_DOWN + 20, FIRST_DOWN + 100, length)
    ups = rng.integers(FIRST_UP, FIRST_WAIT, length)
    waits = rng.integers(FIRST_WAIT, FIRST_VELOCITY, length)
    velocities = rng.integers(FIRST_VELOCITY, EVENTS + 1, length)
    return np.choose(kinds, [downs, ups, waits, velocities]).astype(np.int32)


@settings(max_examples=15)
@given(SEEDS)
def test_hearing_is_what_can_be_counted_by_hand_after_a_velocity(seed):
    rng = np.random.default_rng(seed)
    tokens = np.stack([melodious(rng) for _ in range(4)])
    tokens[:, 0] = FIRST_VELOCITY
    tokens[3, 1:] = rng.integers(FIRST_WAIT, EVENTS + 1, 59)  # no key goes down
    intervals, gaps, degrees = zip(*map(hear_by_hand, tokens.tolist()), strict=True)
    heard = cc.hear_intervals(tokens)
    assert np.array_equal(heard[0], intervals) and np.array_equal(heard[1], gaps)
    assert np.array_equal(cc.hear_degrees(tokens), degrees)
    assert heard[0].dtype == heard[1].dtype == tf.int32


def test_the_key_before_may_be_the_segments_first_event():
    """A segment may begin in the middle of the music, with a down."""
    tokens = np.array([[FIRST_DOWN + 60, FIRST_WAIT + 49, FIRST_DOWN + 64, FIRST_DOWN + 67]])
    intervals, gaps, _ = hear_by_hand(tokens[0].tolist())
    assert intervals == [0, 0, 29, 28]
    heard = cc.hear_intervals(tokens.astype(np.int32))
    assert heard[0].numpy().tolist() == [intervals]
    assert heard[1].numpy().tolist() == [gaps]


def test_gaps_and_intervals_by_hand():
    def down(pitch):
        return FIRST_DOWN + pitch

    def wait(ticks):
        return FIRST_WAIT + ticks - 1

    row = [FIRST_VELOCITY, down(60), down(64), wait(1), down(40), FIRST_UP + 60, wait(100)]
    row += [wait(100), wait(100), down(90), wait(7), down(89)]
    tokens = np.array([row], np.int32)
    interval, gap = (heard.numpy()[0].tolist() for heard in cc.hear_intervals(tokens))
    # Not known; +4 at once; -24 after 10 ms; more than two octaves up after more than 2.55 s; -1
    # after 70 ms, three doublings.
    assert [x for x in interval if x] == [29, 1, 49, 24]
    assert [interval[i] for i in (1, 2, 4, 9, 11)] == [0, 29, 1, 49, 24]
    assert [gap[i] for i in (1, 2, 4, 9, 11)] == [0, 1, 9, 65, 25]


def test_numbers_heard_stay_inside_the_embeddings():
    tokens = random_segments(40, seed=3)
    interval, gap = (heard.numpy() for heard in cc.hear_intervals(tokens))
    assert 0 <= interval.min() and interval.max() < 2 * cc.WIDEST + 2
    assert 0 <= gap.min() and gap.max() < 8 * cc.PER_DOUBLING + 2
    degrees = cc.hear_degrees(tokens).numpy()
    assert 0 <= degrees.min() and degrees.max() <= 12


@settings(max_examples=15)
@given(SEEDS, st.integers(-12, 12))
def test_a_transposed_segment_sounds_alike(seed, semitones):
    """Degrees, where one scale fits better than all others."""
    rng = np.random.default_rng(seed)
    tokens = melodious(rng)
    down = (tokens >= FIRST_DOWN) & (tokens < FIRST_UP)
    tokens[down] = FIRST_DOWN + 60 + rng.choice(MAJOR_SCALE, down.sum())
    scale = (FIRST_DOWN + 60 + np.array(MAJOR_SCALE)).astype(np.int32)
    tokens = np.concatenate([[FIRST_VELOCITY], scale, tokens])[None].astype(np.int32)
    keys = (tokens >= FIRST_DOWN) & (tokens < FIRST_UP)
    moved = np.where(keys, tokens + semitones, tokens).astype(np.int32)
    for one, other in zip(cc.hear_intervals(tokens), cc.hear_intervals(moved), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(cc.hear_degrees(tokens), cc.hear_degrees(moved))


@pytest.mark.parametrize("tonic", range(12))
def test_degrees_of_a_scale(tonic):
    scale = FIRST_DOWN + 48 + tonic + np.array([0, 2, 4, 5, 7, 9, 11, 12, 1])
    tokens = np.insert(scale, 3, FIRST_WAIT + 10)[None].astype(np.int32)
    assert cc.hear_degrees(tokens).numpy().tolist() == [[1, 3, 5, 0, 6, 8, 10, 12, 1, 2]]


def test_each_row_has_its_own_tonic_and_clock():
    rng = np.random.default_rng(4)
    rows = np.stack([melodious(rng) for _ in range(5)])
    for hear in (lambda tokens: cc.hear_intervals(tokens)[1], cc.hear_degrees):
        alone = np.concatenate([hear(row[None]) for row in rows])
        assert np.array_equal(hear(rows), alone)


def test_what_goes_down():
    tokens = np.array([0, 1, 128, 129, 256, 257, 382])
    assert cc.goes_down(tokens).numpy().tolist() == [False, True, True] + 4 * [False]


# --- networks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["critic", "original", "bag"])
def test_a_verdict_a_segment_and_a_saved_critic_says_the_same(request, name, tmp_path):
    network = request.getfixturevalue(name)
    assert network.name == name
    segments = random_segments(3)
    said = network(segments, training=False).numpy()
    assert said.shape == (3,) and np.isfinite(said).all()
    assert np.ptp(said) > 1e-6
    network.save(tmp_path / "it.keras")
    again = keras.models.load_model(tmp_path / "it.keras", safe_mode=True, compile=False)
    assert np.allclose(again(segments, training=False), said, rtol=1e-5, atol=1e-5)


def test_a_saved_composer_says_the_same(network, tmp_path):
    tokens = random_segments(2)[:, :20]
    state = np.random.default_rng(0).normal(size=(2, 2, 2, 8)).astype(np.float32)
    said = network([tokens, state], training=False)
    assert said[0].shape == (2, 20, EVENTS + 1) and said[1].shape == (2, 2, 2, 8)
    network.save(tmp_path / "it.keras")
    again = keras.models.load_model(tmp_path / "it.keras", safe_mode=True, compile=False)
    for one, other in zip(again([tokens, state], training=False), said, strict=True):
        assert np.allclose(one, other, rtol=1e-4, atol=1e-5)
    pieces = [cc.Composer(n).compose([60], 30, seed=1)[0] for n in (network, again)]
    assert np.array_equal(*pieces)


def test_the_originals_verdict_depends_on_its_neighbours_and_the_critics_does_not(
    original, critic, bag
):
    a, b, c = random_segments(3, seed=1)
    pairs = np.stack([a, b]), np.stack([c, b])
    differs = {}
    for network in (original, critic, bag):
        one, other = (network(pair, training=False).numpy()[1] for pair in pairs)
        alone = network(b[None], training=False).numpy()[0]
        differs[network.name] = max(abs(one - other), abs(one - alone))
    assert differs["original"] > 1e-4
    assert differs["critic"] < 1e-5 and differs["bag"] < 1e-5


def test_the_bag_does_not_hear_the_order_and_the_critic_does(bag, critic):
    segments = random_segments(4)
    shuffled = np.random.default_rng(0).permuted(segments, axis=1)
    assert np.allclose(bag(segments), bag(shuffled), atol=1e-4)
    assert not np.allclose(critic(segments), critic(shuffled), atol=1e-3)


def test_the_bag_by_hand(bag):
    segments = random_segments(3)
    kernel, bias = bag.get_weights()
    counts = np.stack([np.bincount(row, minlength=EVENTS + 1) for row in segments])
    expected = np.log(1 + counts) @ kernel[:, 0] + bias
    assert np.allclose(bag(segments), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [1, 256, 300])
def test_segments_are_judged_in_parts(bag, count):
    segments = random_segments(count)
    logits = cc.judge_segments(bag, segments)
    assert logits.shape == (count,)
    assert np.allclose(logits, bag(segments, training=False), rtol=1e-4, atol=1e-4)


def test_figures_of_a_critic_by_hand():
    """Logits 2, -1, 0.5 and 0.5, of which the second and fourth segments are bad."""
    segments = np.full((4, cc.SEGMENT), 7, np.int32)
    segments[:, 0] = [102, 99, 101, 100]
    labels = np.array([1, 0, 1, 1], np.float32)
    figures = cc.judge_figures(Scale(), segments, labels)
    losses = [np.log(1 + np.exp(-2)), np.log(1 + np.exp(-1)), np.log(1 + np.exp(-1)), np.log(2)]
    assert figures["validation loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert figures["validation accuracy"] == 0.75  # a logit of 0 is called bad
    assert set(figures) == {"validation loss", "validation accuracy"}
    assert all(type(figure) is float for figure in figures.values())
    high = cc.judge_figures(Scale(), segments, labels, threshold=1.5)
    assert high["validation accuracy"] == 0.5
    assert high["validation loss"] == figures["validation loss"]


# --- steps -------------------------------------------------------------------------------------


def cross_entropy(logits, labels):
    signs = 2 * np.asarray(labels, float) - 1
    return np.mean(np.log1p(np.exp(-signs * np.asarray(logits, float))))


def with_adam(network, rate):
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(network.trainable_variables)
    return optimizer


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_the_loss_of_a_judge_by_hand(size):
    rng = np.random.default_rng(0)
    logits, labels = size * rng.normal(0, 3, 9), rng.integers(0, 2, 9)
    loss = cc.judge_loss(labels[:, None].astype(np.float32), logits[:, None].astype(np.float32))
    assert float(loss) == pytest.approx(cross_entropy(logits, labels), rel=1e-5)


def test_a_step_of_the_critic():
    """The loss is that before the step; it falls; dropout is off."""
    network = lively(cc.build_critic(units=4, embedding=4, dropout=0.0), size=0.5)
    segments, labels = random_segments(6), np.array([1, 0, 1, 0, 0, 1], np.float32)
    before = cross_entropy(network(segments, training=False), labels)
    optimizer = with_adam(network, 0.02)
    losses = [float(cc.critic_step(network, optimizer, segments, labels)) for _ in range(25)]
    assert losses[0] == pytest.approx(before, rel=1e-4)
    after = cross_entropy(network(segments, training=False), labels)
    assert after < 0.5 * losses[0] and losses[-1] < losses[0]


def test_a_step_of_the_bag_by_hand(bag):
    network = cc.build_bag()
    network.set_weights(bag.get_weights())
    kernel, bias = network.get_weights()
    segments, labels = random_segments(5), np.array([1, 0, 0, 0, 1], np.float32)
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(network.trainable_variables)
    counts = np.log1p([np.bincount(row, minlength=EVENTS + 1) for row in segments])
    logits = counts @ kernel[:, 0] + bias
    loss = cc.critic_step(network, optimizer, segments, labels)
    assert float(loss) == pytest.approx(cross_entropy(logits, labels), rel=1e-4)
    error = (1 / (1 + np.exp(-logits)) - labels) / 5
    assert np.allclose(network.get_weights()[0][:, 0], kernel[:, 0] - 0.1 * error @ counts, 1e-3)
    assert np.allclose(network.get_weights()[1], bias - 0.1 * error.sum(), atol=1e-4)


def nats_by_hand(logits, targets):
    """The sum of the losses over real targets, and how many there are."""
    likely = np.exp(logits - logits.max(axis=-1, keepdims=True)).astype(float)
    likely /= likely.sum(axis=-1, keepdims=True)
    rows, columns = np.nonzero(targets)
    return -np.log(likely[rows, columns, targets[rows, columns]]).sum(), len(rows)


def test_a_step_of_the_composer():
    network = lively(cc.build_composer(depth=1, units=6, embedding=6, dropout=0.0), size=0.5)
    inputs, targets = cc.make_stretches([np.resize([5, 300, 140, 360], 40)])
    inputs, targets = inputs[:, :48], targets[:, :48]
    state = np.zeros((1, 1, 2, 6), np.float32)
    total, count = nats_by_hand(network([inputs, state], training=False)[0].numpy(), targets)
    assert count == 40
    optimizer = with_adam(network, 0.05)
    losses = [float(cc.composer_step(network, optimizer, inputs, targets)) for _ in range(25)]
    assert losses[0] == pytest.approx(total / count, rel=1e-4)
    after, _ = nats_by_hand(network([inputs, state], training=False)[0].numpy(), targets)
    assert after / count < 0.5 * losses[0]


# --- batches and trainings ---------------------------------------------------------------------


def numbered(count):
    """Arrays of an epoch: which row it is, and of which epoch."""
    return lambda epoch: (np.arange(count), np.full(count, epoch))


def taken(count, settings, iteration, make_arrays=None):
    stream = cc.batches_from(make_arrays or numbered(12), settings, iteration)
    return [[array.tolist() for array in batch] for batch in itertools.islice(stream, count)]


def test_every_example_comes_once_an_epoch_in_an_order_of_its_own():
    settings = {"batches": 4, "batch_size": 3, "seed": 5}
    batches = taken(12, settings, 0)
    orders = []
    for epoch in range(3):
        rows = [row for batch in batches[4 * epoch : 4 * epoch + 4] for row in batch[0]]
        assert sorted(rows) == list(range(12))
        assert all(batch[1] == [epoch] * 3 for batch in batches[4 * epoch : 4 * epoch + 4])
        orders.append(rows)
    assert len(set(map(tuple, orders))) == 3 and list(range(12)) not in orders
    assert taken(12, settings | {"seed": 6}, 0) != batches


@given(st.integers(0, 20), st.integers(1, 5), st.integers(1, 5), st.integers(1, 14))
def test_a_training_goes_on_with_the_same_batches(iteration, per_epoch, size, count):
    settings = {"batches": per_epoch, "batch_size": size, "seed": 1}
    whole = taken(iteration + 7, settings, 0, numbered(count))
    assert taken(7, settings, iteration, numbered(count)) == whole[iteration:]
    assert all(len(batch[0]) == size for batch in whole)


def test_fewer_examples_than_an_epoch_needs_come_again_and_more_are_left_out():
    settings = {"batches": 3, "batch_size": 4, "seed": 1}
    rows = [row for batch in taken(3, settings, 0, numbered(5)) for row in batch[0]]
    assert rows[:5] == rows[5:10] and rows[:2] == rows[10:] and sorted(rows[:5]) == list(range(5))
    rows = [row for batch in taken(3, settings, 0, numbered(50)) for row in batch[0]]
    assert len(set(rows)) == 12


SETTINGS = {"epochs": 3, "batches": 3, "batch_size": 4, "seed": 3, "learning_rate": 0.05}


def tiny():
    """A network with Dropout, whose random state counts too."""
    keras.utils.set_random_seed(7)
    segments = keras.Input((cc.SEGMENT,), dtype="int32")
    x = layers.Flatten()(layers.Embedding(EVENTS + 1, 2)(segments))
    return keras.Model(segments, layers.Dense(1)(layers.Dropout(0.3)(x))[:, 0])


def tiny_examples(epoch):
    return random_segments(14, seed=epoch), (np.arange(14) % 2).astype(np.float32)


def size_of(network):
    """A validation loss that depends on all weights."""
    return {"validation loss": float(sum(np.abs(w).sum() for w in network.get_weights()))}


def train(chapter, step=cc.critic_step, judge=size_of, **changes):
    return cc.train_network(
        chapter, tiny, tiny_examples, step, judge, SETTINGS | changes, "Training", "tiny examples"
    )


def test_a_training_that_is_stopped_goes_on_as_if_it_had_not_been(runs, capsys):
    whole = train("whole")
    assert whole.iteration == 9 and len(whole.history["loss"]) == 9
    assert whole.history["iteration"] == [3, 6, 9]
    weights = whole.networks["network"].get_weights()
    untouched = tiny().get_weights()
    assert all(not np.array_equal(a, b) for a, b in zip(weights, untouched, strict=True))

    with pytest.raises(Stopped, match="5 of 9"):
        train("parts", interrupted(cc.critic_step, 5))
    second = train("parts")
    assert outcome(second) == outcome(whole)
    third = train("parts", step=None)  # once it is over, it stays as it is
    assert outcome(third) == outcome(whole)
    with pytest.raises(RuntimeError, match="batch_size"):
        train("parts", batch_size=5)
    assert (runs / "parts" / "training.npz").is_file()


def test_the_best_epoch_is_kept_and_the_figures_are_written(runs, capsys):
    weights, losses, steps = [], iter([3.0, 1.0, 2.0]), itertools.count(1)

    def step(network, optimizer, segments, labels):
        number = float(next(steps))
        network.set_weights([np.full_like(w, number) for w in network.get_weights()])
        return tf.constant(number)

    def judge(network):
        weights.append(network.get_weights())
        return {"validation loss": next(losses), "validation accuracy": 0.5}

    training = train("best", step, judge)
    assert training.history["loss"] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert training.history["training loss"] == [2, 5, 8]  # each epoch's mean
    assert training.history["validation loss"] == [3, 1, 2]
    assert training.history["validation accuracy"] == [0.5] * 3
    best = training.networks["best"].get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(best, weights[1], strict=True))
    assert (best[0] == 6).all()


# --- family by family, note by note ------------------------------------------------------------


def test_against_real_by_hand():
    """Real 2, 0, -1; bad of family 2: 0, -3, 1, -1. Of twelve pairs real is above in 4 + 2 + 1,
    and equal in two."""
    scores = np.array([2.0, 0.0, -1.0, 9.0, 0.0, -3.0, 1.0, -1.0])
    family = np.array([0, 0, 0, 1, 2, 2, 2, 2])
    bad, accuracy, area = cc.against_real(scores, family, 2)
    assert bad == 0.75
    assert accuracy == pytest.approx((3 / 4 + 1 / 3) / 2)
    assert area == pytest.approx((4 + 2 + 1 + 2 / 2) / 12)
    assert cc.against_real(scores, family, 1) == pytest.approx((0, 1 / 6, 0))


@given(SEEDS)
def test_the_area_is_the_share_of_pairs_in_order(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-3, 4, rng.integers(6, 40)).astype(float)
    family = np.append([0, 1], rng.integers(0, 3, len(scores) - 2))
    real, bad = scores[family == 0], scores[family == 1]
    pairs = [(r > b) + (r == b) / 2 for r in real for b in bad]
    called, accuracy, area = cc.against_real(scores, family, 1)
    assert area == pytest.approx(np.mean(pairs))
    assert called == pytest.approx(np.mean(bad <= 0))
    assert accuracy == pytest.approx((np.mean(bad <= 0) + np.mean(real > 0)) / 2)


class HearsMiddleC:
    """Its logit is 3 where middle C goes down, else -1."""

    def __call__(self, segments, training):
        there = tf.reduce_any(segments == FIRST_DOWN + 60, axis=1)
        return tf.where(there, 3.0, -1.0)


def test_the_only_note_that_is_liked():
    notes = np.array([[0, 1, 57, 80], [1, 2, 60, 80], [2, 3, 64, 80]], float)
    assert cc.notes_liked(HearsMiddleC(), notes).tolist() == [0, 4, 0]
    twice = np.concatenate([notes, [[3, 4, 60, 80]]])
    assert cc.notes_liked(HearsMiddleC(), twice).tolist() == [0, 0, 0, 0]


def test_the_first_note_has_none_before_it():
    assert cc.notes_liked(HearsMiddleC(), np.array([[0.0, 1, 60, 80]])).tolist() == [0]


def test_notes_that_are_liked_by_a_network(critic):
    rng = np.random.default_rng(2)
    notes = cc.uniform_notes(12, rng)
    notes = notes[np.argsort(notes[:, 0])]
    liked = cc.notes_liked(critic, notes)
    whole = cc.judge_music(critic, notes_to_events(notes))
    for i in (0, 5, 11):
        repeated = notes.copy()
        repeated[i, 2] = notes[max(i - 1, 0), 2]
        other = cc.judge_music(critic, notes_to_events(repeated))
        assert liked[i] == pytest.approx(whole - other, abs=1e-4)


# --- composing ---------------------------------------------------------------------------------


def keys_down(*pitches):
    keys = np.zeros((1, 128), bool)
    keys[0, list(pitches)] = True
    return tf.constant(keys)


def test_what_is_playable_by_hand():
    possible = cc.playable(keys_down(60, 127)).numpy()[0]
    assert possible.shape == (EVENTS + 1,) and possible.dtype == bool
    impossible = [PADDING, FIRST_DOWN + 60, FIRST_DOWN + 127]
    impossible += [FIRST_UP + p for p in range(128) if p not in (60, 127)]
    assert np.flatnonzero(~possible).tolist() == sorted(impossible)


def test_pressing_and_lifting_by_hand():
    tokens = [FIRST_DOWN + 60, FIRST_DOWN, FIRST_DOWN + 127, FIRST_UP + 60, FIRST_UP + 61]
    tokens += [FIRST_UP, FIRST_UP + 127, FIRST_WAIT, FIRST_VELOCITY, EVENTS, PADDING]
    keys = tf.repeat(keys_down(60, 0, 64), len(tokens), axis=0)
    down = [np.flatnonzero(row).tolist() for row in cc.press(keys, tf.constant(tokens))]
    same = [0, 60, 64]
    assert down[:3] == [same, same, [0, 60, 64, 127]]
    assert down[3:] == [[0, 64], same, [60, 64], same, same, same, same, same]


def test_keys_are_lifted_after_half_a_second():
    keys = keys_down(60, 3).numpy()[0]
    lifted = cc.lift(keys)
    assert lifted.tolist() == [FIRST_WAIT + 49, FIRST_UP + 3, FIRST_UP + 60]
    assert lifted.dtype == np.int32
    nothing = cc.lift(np.zeros(128, bool))
    assert nothing.tolist() == [] and nothing.dtype == np.int32


def test_the_state_begins_with_zeros(composer):
    state = composer.init_state(3)
    assert state.shape == (3, 2, 2, 8) and not state.numpy().any()


def test_the_forward_pass_is_the_networks(composer, network):
    tokens = tf.constant(random_segments(2)[:, :9])
    state = tf.random.stateless_normal((2, 2, 2, 8), [0, 1])
    for given_state, used in ((None, tf.zeros_like(state)), (state, state)):
        logits, end = composer(tokens, given_state)
        expected = network([tokens, used], training=False)
        assert np.allclose(logits, expected[0]) and np.allclose(end, expected[1])
    logits, end = composer(tokens)
    half, middle = composer(tokens[:, :4])
    rest, last = composer(tokens[:, 4:], middle)
    assert np.allclose(np.concatenate([half, rest], axis=1), logits, atol=1e-4)
    assert np.allclose(last, end, atol=1e-4)


def test_the_forward_pass_takes_arrays_too(composer):
    """As other functions here do, and as events come from ``notes_to_events``."""
    tokens = random_segments(2)[:, :9]
    logits, state = composer(tokens)
    expected = composer(tf.constant(tokens))
    assert np.allclose(logits, expected[0]) and np.allclose(state, expected[1])


def check_piece(tokens, start_note, length):
    """No key goes down twice or up without a down, and at the end all are up."""
    assert tokens.dtype == np.int32
    assert tokens[:2].tolist() == [cc.START_VELOCITY, FIRST_DOWN + start_note]
    down, closing = set(), tokens[length:].tolist()
    for place, token in enumerate(tokens.tolist()):
        assert 1 <= token <= EVENTS
        if place == length:
            assert closing == [FIRST_WAIT + 49, *(FIRST_UP + pitch for pitch in sorted(down))]
        if token < FIRST_UP:
            assert token - FIRST_DOWN not in down
            down.add(token - FIRST_DOWN)
        elif token < FIRST_WAIT:
            down.remove(token - FIRST_UP)
    assert not down
    assert len(tokens) >= length


@pytest.mark.parametrize("temperature", [0, 0.3, 1.0, 100])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_composed_can_be_played(composer, temperature, seed):
    starts = [21, 60, 108, 0, 127]
    pieces = composer.compose(starts, 90, temperature, seed=seed)
    assert len(pieces) == 5
    for tokens, start in zip(pieces, starts, strict=True):
        check_piece(tokens, start, 90)


@pytest.mark.parametrize("temperature", [1e-50, 1e-30, 1e9, 1e30, 1e50])
def test_what_is_composed_at_any_temperature_can_be_played(composer, temperature):
    """``pretrained.compose`` allows every number from 0 up."""
    (tokens,) = composer.compose([60], 60, temperature, seed=1)
    check_piece(tokens, 60, 60)


def test_a_network_that_wants_what_is_impossible(network):
    """It finds nothing but padding, the key that is down and keys that are up worth playing."""
    wants = keras.models.clone_model(network)
    weights = [np.zeros_like(w) for w in network.get_weights()]
    weights[-1][[PADDING, FIRST_DOWN + 60]] = 50
    weights[-1][FIRST_UP : FIRST_UP + 60] = 50
    wants.set_weights(weights)
    for seed in range(3):
        (tokens,) = cc.Composer(wants).compose([60], 80, seed=seed)
        check_piece(tokens, 60, 80)


@pytest.mark.parametrize("length", [2, 3, 40])
def test_any_length_from_the_start_note_on(composer, length):
    (tokens,) = composer.compose([64], length, seed=2)
    check_piece(tokens, 64, length)
    notes = events_to_notes(tokens)
    if length == 2:
        assert notes.tolist() == [[0, 0.5, 64, 77]]  # half a second, velocity 75 to 79
    assert cc.START_VELOCITY == FIRST_VELOCITY + 77 // 5


def test_a_longer_piece_begins_with_the_shorter(composer):
    short, long = (composer.compose([60, 72], length, seed=5) for length in (25, 70))
    for one, other in zip(short, long, strict=True):
        assert np.array_equal(one[:25], other[:25])


def test_the_seed_decides_the_piece(composer):
    first, again, other = (composer.compose([60, 60], 40, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][:40], other[0][:40])
    assert not np.array_equal(first[0][:40], first[1][:40])  # each piece is drawn for itself


def test_without_temperature_the_most_probable_possible_event_comes(composer, network):
    pieces = composer.compose([50, 70], 60, temperature=0, seed=0)
    other = composer.compose([50, 70], 60, temperature=0, seed=9)
    small = composer.compose([50, 70], 60, top_p=1e-6, seed=3)
    state = np.zeros((1, 2, 2, 8), np.float32)
    for tokens, same, narrow in zip(pieces, other, small, strict=True):
        assert np.array_equal(tokens, same) and np.array_equal(tokens, narrow)
        read = np.append(PADDING, tokens[:59])[None].astype(np.int32)
        logits = network([read, state], training=False)[0].numpy()[0]
        down = {tokens[1] - FIRST_DOWN}
        for place in range(2, 60):
            for token in range(EVENTS + 1):
                key = (token - FIRST_DOWN) % 128
                up = FIRST_UP <= token < FIRST_WAIT
                if token == PADDING or token < FIRST_WAIT and (key in down) != up:
                    logits[place, token] = -np.inf
            token = int(tokens[place])
            assert token == logits[place].argmax()
            if token < FIRST_WAIT:
                down ^= {(token - FIRST_DOWN) % 128}


def test_whole_numbers_are_temperatures_and_shares_too(composer):
    whole = composer.compose([60], 20, temperature=2, top_p=1, seed=1)
    parts = composer.compose([60], 20, temperature=2.0, top_p=1.0, seed=1)
    assert np.array_equal(whole[0], parts[0])


# --- inputs and targets ------------------------------------------------------------------------


@few
@given(st.lists(st.integers(1, 800), min_size=1, max_size=4), SEEDS)
@example([256, 1, 257, 512], 0)
def test_stretches_lose_nothing(lengths, seed):
    rng = np.random.default_rng(seed)
    performances = [rng.integers(1, EVENTS + 1, n).astype(np.int32) for n in lengths]
    inputs, targets = cc.make_stretches(performances)
    assert inputs.shape == targets.shape == (sum(-(-n // cc.STRETCH) for n in lengths), 256)
    assert inputs.dtype == targets.dtype == np.int32
    row = 0
    for tokens in performances:
        rows = range(row, row + -(-len(tokens) // cc.STRETCH))
        row = rows.stop
        told = np.concatenate([targets[i] for i in rows])
        assert np.array_equal(told[: len(tokens)], tokens) and not told[len(tokens) :].any()
        read = np.concatenate([inputs[i] for i in rows])
        assert read[0] == PADDING
        assert np.array_equal(read[1 : len(tokens)], tokens[:-1])
        for i in rows:
            real = np.count_nonzero(targets[i])
            assert targets[i, :real].all()
            assert np.array_equal(inputs[i, 1:real], targets[i, : real - 1])
        before = [tokens[cc.STRETCH * k - 1] for k in range(1, len(rows))]
        assert inputs[rows.start + 1 : rows.stop, 0].tolist() == before


def test_music_of_no_events_gives_no_stretch():
    none, some = np.zeros(0, np.int32), np.array([5, 6], np.int32)
    inputs, targets = cc.make_stretches([none, some])
    assert inputs[:, :3].tolist() == [[0, 5, 6]] and targets[:, :3].tolist() == [[5, 6, 0]]


class Table:
    """A network by hand: the logits after each token stand in a table."""

    inputs = ("tokens",)

    def __init__(self):
        self.table = np.random.default_rng(0).normal(0, 2, (EVENTS + 1, EVENTS + 1))

    def __call__(self, inputs, training):
        assert training is False
        return tf.gather(tf.constant(self.table, tf.float32), inputs[0])


def test_the_figures_of_a_composer_are_over_real_targets_only():
    network = Table()
    rng = np.random.default_rng(1)
    inputs, targets = cc.make_stretches(
        [rng.integers(1, EVENTS + 1, n) for n in (*rng.integers(1, 90, 70), 700)]
    )
    assert len(inputs) == 73 and (targets == 0).mean() > 0.5  # more than one part of 64
    total, count = nats_by_hand(network.table[inputs], targets)
    figures = cc.composer_figures(network, inputs, targets)
    assert figures == {"validation loss": pytest.approx(total / count, rel=1e-4)}
    assert type(figures["validation loss"]) is float
    losses, real = cc.sum_losses(network, inputs[:4], targets[:4])
    total, count = nats_by_hand(network.table[inputs[:4]], targets[:4])
    assert float(losses) == pytest.approx(total, rel=1e-4) and float(real) == count


def test_the_figures_of_a_composer_do_not_depend_on_the_padding(network):
    """Nor on how the stretches lie in batches."""
    tokens = np.resize([5, 300, 140, 360, 20], 30)
    inputs, targets = cc.make_stretches([tokens])
    alone = cc.composer_figures(network, inputs[:, :30], targets[:, :30])
    assert cc.composer_figures(network, inputs, targets) == pytest.approx(alone, rel=1e-4)


# --- whole pieces ------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [40, 151, 230, 400])
def test_the_score_of_a_piece_is_the_mean_of_its_segments(length):
    tokens = (50 + np.arange(length) % 200).astype(np.int32)
    firsts = [0] if length < 151 else range(0, length - 150, 75)
    expected = np.mean([tokens[first] - 100 for first in firsts])
    score = cc.judge_music(Scale(), tokens)
    assert type(score) is float and score == pytest.approx(expected)


def exact_p(first, second):
    both, found = [*first, *second], np.mean(first) - np.mean(second)
    reached = []
    for chosen in itertools.combinations(range(len(both)), len(first)):
        one = [both[i] for i in chosen]
        other = [both[i] for i in range(len(both)) if i not in chosen]
        reached.append(np.mean(one) - np.mean(other) >= found - 1e-9)
    return np.mean(reached)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([3.0, 4.0, 5.0], [1.0, 2.0, 3.5]),
        ([0.1, 0.2, 0.7], [0.3, 0.1, 0.2, 0.4]),
        ([1.0, 2.0], [3.0, 4.0]),
        ([5.0], [1.0, 2.0, 3.0]),
        ([1.0, 1.0, 2.0, 2.0], [1.0, 2.0, 1.0, 2.0]),
    ],
)
def test_the_p_value_is_that_of_all_deals(first, second):
    exact = exact_p(first, second)
    found = cc.permutation_test(np.array(first), np.array(second), seed=1)
    assert type(found) is float
    assert found == pytest.approx(exact, abs=5 * np.sqrt(0.25 / 9999))
    assert cc.permutation_test(first, second, seed=1) == found
    assert 0 < found <= 1


def test_the_p_value_is_never_zero_and_one_sided():
    low, high = np.arange(30.0), 1000 + np.arange(30.0)
    assert cc.permutation_test(high, low, rounds=99) == 1 / 100
    assert cc.permutation_test(low, high, rounds=99) == 1
    same = np.ones(8)
    assert cc.permutation_test(same, same, rounds=99) == 1
    some = np.random.default_rng(0).normal(size=20)
    assert 0.45 < cc.permutation_test(some, some) < 0.65
    assert cc.permutation_test(some, some[::-1], rounds=0) == 1


def test_p_values_of_equal_groups_are_uniform():
    rng = np.random.default_rng(0)
    found = [cc.permutation_test(*rng.normal(size=(2, 12)), rounds=199) for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)
    assert np.mean(np.array(found) <= 0.1) < 0.2


def as_events(*notes):
    return notes_to_events([(*note, 80) for note in notes])


def test_figures_of_music_by_hand():
    """C major but for one note of eight; the intervals +2 +2 +1 -5 come twice: of four groups of
    four intervals the last was there before."""
    pitches = [60, 62, 64, 65, 60, 62, 64, 65, 60]
    tokens = as_events(*[(i, i + 1, pitch) for i, pitch in enumerate(pitches)])
    figures = cc.music_figures(tokens)
    assert figures["notes a second"] == pytest.approx(1)
    assert figures["share in one scale"] == 1
    assert figures["pitches used"] == 4
    assert figures["phrases that come back"] == pytest.approx(1 / 5)
    chromatic = as_events(*[(i / 4, i / 4 + 0.25, 60 + i) for i in range(12)])
    figures = cc.music_figures(chromatic)
    assert figures["notes a second"] == pytest.approx(4)
    assert figures["share in one scale"] == pytest.approx(7 / 12)
    assert figures["pitches used"] == 12
    assert figures["phrases that come back"] == pytest.approx(7 / 8)  # always +1


def test_figures_of_a_single_note():
    figures = cc.music_figures(as_events((0, 0.5, 60)))
    assert figures == {
        "notes a second": 2,
        "share in one scale": 1,
        "pitches used": 1,
        "phrases that come back": 0,
    }


def test_music_lasts_until_its_last_note_ends():
    """Which need not be the note that begins last."""
    figures = cc.music_figures(as_events((0, 10, 40), (1, 2, 60)))
    assert figures["notes a second"] == pytest.approx(0.2)


def test_phrases_come_back_in_another_key_too():
    tune = [60, 64, 62, 67, 65]
    pitches = tune + [pitch + 5 for pitch in tune]
    tokens = as_events(*[(i, i + 1, pitch) for i, pitch in enumerate(pitches)])
    assert cc.music_figures(tokens)["phrases that come back"] == pytest.approx(1 / 6)


def test_a_recording_as_a_score():
    notes = np.array([[0.013, 1.5, 60, 99], [0.5, 2.25, 64, 1], [4.0, 5.003, 67, 127]])
    score = cc.recording_score(Performance("Sonata", "", "test", notes, 2008, "a.mid"))
    assert score.bars.tolist() == [0, 2, 4, 5.003]
    assert score.name == "Sonata" and np.array_equal(score.notes, notes)
    played = cc.perform(score, np.random.default_rng(0))
    assert np.allclose(played, notes, rtol=0, atol=1e-9)
    (tokens,) = cc.perform_all([score], 0)
    assert np.array_equal(tokens, notes_to_events(notes))


@pytest.mark.parametrize("end", [2.0, 4.0, 0.3])
def test_bars_of_a_recording_that_fills_them(end):
    score = cc.recording_score(
        Performance("A", "", "", np.array([[0.0, end, 60, DEFAULT_VELOCITY]]), 0, "")
    )
    assert score.bars.tolist() == [*np.arange(0, end, 2), end]
    assert (np.diff(score.bars) > 0).all()


@few
@given(SEEDS)
def test_a_spoiled_recording_is_music(seed):
    notes = make_score(seed, velocities=True).notes
    score = cc.recording_score(Performance("A", "", "", notes, 0, ""))
    for spoil in SPOILERS:
        rng = np.random.default_rng(seed)
        played = cc.perform(spoil(score, rng), rng)
        assert len(played) == len(notes)
        assert multiset(played[:, 3]) == multiset(notes[:, 3])
        assert len(notes_to_events(played))
