"""Notebook 02's exported functions: hand-made cases, properties, and trainings that stop and go on.

The networks are tiny, and their weights drawn at random and large, so that what they say depends on
all that they have read.
"""

import itertools
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.chapters import next_note_rnn as rnn
from helpers.data.tunes import KINDS, Tune, event_clock
from helpers.music.grid import REST, Piece, default_onsets
from helpers.music.words import Vocabulary, melody_words
from helpers.training.checkpoints import load_checkpoint, write_checkpoint
from helpers.training.loop import Stopped
from helpers.training.state import Training

EVENTS = ("rest 2", "D4 2", "E4 1", "F#4 4", "A4 4/3", "A4 4", "B4 3", "D5 8")
WORDS = ["", "<start>", "<end>", "|", *EVENTS]
TICKS = [0, 0, 0, 0, 12, 12, 6, 24, 8, 24, 18, 48]
START, END, BAR_LINE = 1, 2, 3
TWO_TWO, THREE_FOUR, SIX_EIGHT = (rnn.SIGNATURES.index(s) for s in ("2/2", "3/4", "6/8"))
SOPRANO, ALTO, TENOR, BASS = range(4)


def lively(network, seed=0, size=1.0):
    rng = np.random.default_rng(seed)
    weights = network.get_weights()
    network.set_weights([rng.normal(0, size, w.shape) if w.ndim > 1 else w for w in weights])
    return network


def tiny_rnn(cell="lstm", depth=2, seed=0):
    return lively(rnn.build_rnn(len(WORDS), cell, depth, units=8, embedding=4), seed)


def tiny_chorale_network(seed=0):
    return lively(rnn.build_chorale_network("gru", 1, units=8), seed, size=0.4)


def at(bar_time, bar=0, signature=TWO_TWO, kind=1):
    return np.array([bar_time, bar, signature, kind], np.int32)


def make_sequences(count, seed=0, longest=12):
    """Sequences of random events."""
    rng = np.random.default_rng(seed)
    sequences = []
    for _ in range(count):
        events = rng.integers(4, len(WORDS), rng.integers(2, longest))
        tokens = np.array([START, *events, END], np.int32)
        first = at(6 * rng.integers(0, 4), 0, rng.integers(0, 3), rng.integers(1, 14))
        sequences.append(rnn.Sequence(tokens, rnn.places_of(tokens[1:], first, WORDS)))
    return sequences


def same_batches(one, other):
    pairs = list(zip(one, other, strict=True))
    return all(np.array_equal(a, b) for x, y in pairs for a, b in zip(x, y, strict=True))


@pytest.fixture(scope="module")
def network():
    return tiny_rnn()


@pytest.fixture(scope="module")
def chorale_network():
    return tiny_chorale_network()


# --- tunes as words and places -----------------------------------------------------------------


@pytest.mark.parametrize("tonic", range(12))
def test_every_tonic_moves_home_by_half_an_octave_at_most(tonic):
    assert -6 <= rnn.shift_home(tonic) <= 5
    assert (tonic + rnn.shift_home(tonic)) % 12 == 2


def test_shifts_by_hand():
    assert [rnn.shift_home(tonic) for tonic in (2, 7, 9, 0, 8)] == [0, -5, 5, 2, -6]


def make_tune(key="D major", semitones=0, signature="4/4"):
    """A pickup of a quarter, then two full bars, the second with a triplet and a rest."""
    third = 4 / 3
    rows = [(0, 4, 69), (4, 8, 74), (8, 12, 76), (12, 20, 78)]
    rows += [(20, 20 + third, 79), (20 + third, 20 + 2 * third, 78), (20 + 2 * third, 24, 76)]
    rows += [(28, 36, 74)]
    notes = np.array(rows) + np.array([0, 0, semitones])
    return Tune("A Reel", "", "reel", key, signature, notes, np.array([4.0, 20.0]))


HOME_WORDS = ["A4 4", "D5 4", "E5 4", "F#5 8", "G5 4/3", "F#5 4/3", "E5 4/3", "rest 4", "D5 8"]


def test_a_tune_has_a_start_and_an_end():
    assert rnn.tune_words(make_tune()) == ["<start>", *HOME_WORDS, "<end>"]


@pytest.mark.parametrize(
    ("key", "semitones"),
    [("G major", 5), ("A major", -5), ("Eb major", 1), ("C major", -2), ("Ab major", 6)],
)
def test_a_tune_has_the_same_words_in_every_key(key, semitones):
    assert rnn.tune_words(make_tune(key, semitones)) == rnn.tune_words(make_tune())


def test_the_mode_does_not_move_the_tonic():
    assert rnn.tune_words(make_tune("E dorian", 2)) == rnn.tune_words(make_tune())


def test_a_tune_as_a_sequence():
    tune = make_tune()
    vocabulary = Vocabulary([rnn.tune_words(tune)], special=[rnn.START, rnn.END])
    tokens, places = rnn.tune_sequence(tune, vocabulary)
    assert vocabulary.decode(tokens) == rnn.tune_words(tune)
    assert tokens.dtype == places.dtype == np.int32
    assert len(tokens) == len(places) + 1
    # A quarter's pickup is the end of bar 7 of eight; the end stands on the next downbeat.
    assert places[:, 0].tolist() == [72, 0, 24, 48, 0, 8, 16, 24, 48, 0]
    assert places[:, 1].tolist() == [7, 0, 0, 0, 1, 1, 1, 1, 1, 2]
    assert (places[:, 2] == rnn.SIGNATURES.index("4/4")).all()
    assert (places[:, 3] == 1 + KINDS.index("reel")).all()
    clock = event_clock(tune)
    assert ((places[:, 0] == 0) == np.isclose(clock[:, 0], 0)).all()


def test_places_can_be_counted_from_the_tokens_of_a_regular_tune():
    tune = make_tune()
    vocabulary = Vocabulary([rnn.tune_words(tune)], special=[rnn.START, rnn.END])
    tokens, places = rnn.tune_sequence(tune, vocabulary)
    counted = rnn.places_of(tokens[1:], places[0], vocabulary.words)
    assert np.array_equal(counted, places)
    assert counted.dtype == places.dtype


def test_real_regular_tunes_have_the_places_that_their_tokens_count():
    tunes = rnn.data.load_tunes("valid", "jig")
    vocabulary = Vocabulary([rnn.tune_words(tune) for tune in tunes], special=[rnn.START, rnn.END])
    regular = 0
    for tune in tunes:
        full = np.allclose(np.diff(tune.bar_starts), tune.bar_steps)
        if full and tune.notes[:, 1].max() <= tune.bar_starts[-1] + tune.bar_steps:
            tokens, places = rnn.tune_sequence(tune, vocabulary)
            assert np.array_equal(rnn.places_of(tokens[1:], places[0], vocabulary.words), places)
            regular += 1
    assert regular >= 20


def test_places_stay_inside_their_tables():
    clock = np.array([[0.0, -1], [23.99, 8], [40.0, 15]])  # 40 steps: a bar that is too long
    places = rnn.as_places(clock, "12/8")
    assert places[:, 0].tolist() == [0, 143, 143]
    assert places[:, 1].tolist() == [7, 0, 7]
    assert (places[:, 2] == rnn.SIGNATURES.index("12/8")).all()
    assert rnn.PLACES == 144
    assert not places[:, rnn.KIND].any()
    last = rnn.as_places(clock, "12/8", KINDS[-1])
    assert np.array_equal(last[:, :3], places[:, :3])
    assert (last[:, rnn.KIND] == len(KINDS)).all()
    assert (last < rnn.COLUMNS).all() and (places >= 0).all()


def test_a_signature_that_no_tune_has_is_refused():
    with pytest.raises(ValueError):
        rnn.as_places(np.zeros((1, 2)), "5/4")
    with pytest.raises(ValueError):
        rnn.as_places(np.zeros((1, 2)), "4/4", "polka")


def test_ticks_of_words():
    assert rnn.word_ticks(WORDS).tolist() == TICKS
    assert rnn.word_ticks(["", "|", "C major", "other"]).tolist() == [0, 0, 24, 24]


@pytest.mark.parametrize(
    ("before", "ticks", "after"),
    [
        ((0, 0, TWO_TWO), 12, (12, 0, TWO_TWO)),
        ((84, 7, TWO_TWO), 12, (0, 0, TWO_TWO)),
        ((60, 2, SIX_EIGHT), 24, (12, 3, SIX_EIGHT)),
        ((60, 6, THREE_FOUR), 48 + 2 * 72, (36, 1, THREE_FOUR)),
        ((5, 5, TWO_TWO), 0, (5, 5, TWO_TWO)),
    ],
)
def test_the_clock_moves_on(before, ticks, after):
    moved = rnn.move_clock(tf.constant([at(*before, 5)]), tf.constant([ticks]))
    assert moved.numpy().tolist() == [[*after, 5]]


# --- batches -----------------------------------------------------------------------------------


def test_the_same_seed_and_epoch_give_the_same_batches_and_another_epoch_another_order():
    sequences = make_sequences(20)
    first = list(rnn.token_batches(sequences, 3, seed=5, epoch=2))
    assert same_batches(first, rnn.token_batches(sequences, 3, seed=5, epoch=2))
    for seed, epoch in ((5, 3), (6, 2)):
        other = list(rnn.token_batches(sequences, 3, seed=seed, epoch=epoch))
        assert [x[2].tolist() for x in other] != [x[2].tolist() for x in first]


@pytest.mark.parametrize("seed", [None, 0, 4])
def test_every_sequence_comes_once_and_padding_stands_at_its_right(seed):
    sequences = make_sequences(20)
    batches = list(rnn.token_batches(sequences, 3, seed=seed))
    assert sorted(len(inputs) for inputs, _, _ in batches) == [2, 3, 3, 3, 3, 3, 3]
    found, hidden = [], 0
    for inputs, places, targets in batches:
        for row in range(len(inputs)):
            length = int((targets[row] != 0).sum())
            assert (targets[row, :length] != 0).all()
            assert (inputs[row, :length] != 0).all()
            assert not inputs[row, length:].any() and not places[row, length:].any()
            assert np.array_equal(inputs[row, 1:length], targets[row, : length - 1])
            kinds = set(places[row, :length, rnn.KIND].tolist())
            assert len(kinds) == 1
            hidden += kinds == {0}
            clock = places[row, :length, : rnn.KIND]
            found.append((targets[row, :length].tolist(), clock.tolist()))
        assert (targets != 0).any(axis=0).all()  # no batch is longer than its longest sequence
    expected = [(s.tokens[1:].tolist(), s.places[:, : rnn.KIND].tolist()) for s in sequences]
    assert sorted(found) == sorted(expected)
    assert hidden < 8 and (seed is not None or not hidden)


def test_some_kinds_are_hidden_in_training_and_none_without_a_seed():
    sequences = make_sequences(8)
    kinds = {tuple(s.tokens[1:].tolist()): s.places[0, rnn.KIND] for s in sequences}
    before = [s.places.tolist() for s in sequences]
    told = []
    for epoch in range(50):
        for _, places, targets in rnn.token_batches(sequences, 4, seed=1, epoch=epoch):
            for clock, row in zip(places, targets, strict=True):
                kind = kinds[tuple(row[row > 0].tolist())]
                assert clock[0, rnn.KIND] in (0, kind)
                told.append(clock[0, rnn.KIND] == kind)
    assert 325 <= sum(told) <= 375  # all but an eighth of 400
    assert [s.places.tolist() for s in sequences] == before
    plain = [places[:, 0, rnn.KIND] for _, places, _ in rnn.token_batches(sequences, 4)]
    assert sorted(np.concatenate(plain)) == sorted(kinds.values())


def test_without_a_seed_the_short_come_first():
    lengths = [batch[0].shape[1] for batch in rnn.token_batches(make_sequences(20), 3)]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize("iteration", [1, 4, 5, 13])
def test_batches_from_the_middle_are_the_tail_of_the_whole(iteration):
    sequences, settings = make_sequences(13), {"batch_size": 3, "seed": 9}  # five an epoch
    whole = list(itertools.islice(rnn.batches_from(sequences, settings, 0), 17))
    tail = rnn.batches_from(sequences, settings, iteration)
    assert same_batches(itertools.islice(tail, 17 - iteration), whole[iteration:])


# --- the loss ----------------------------------------------------------------------------------


def test_losses_by_hand_and_padding_is_masked():
    likely = np.array([[[0.125, 0.5, 0.25, 0.125]] * 3], np.float32)
    targets = tf.constant([[1, 2, 0]])
    losses = rnn.event_losses(np.log(likely), targets).numpy()
    assert np.allclose(losses, [[np.log(2), np.log(4), 0]])
    assert float(rnn.mean_loss(np.log(likely), targets)) == pytest.approx(np.log(8) / 2)
    assert float(rnn.count_real(targets)) == 2


def test_equal_logits_cost_the_logarithm_of_the_number_of_words():
    logits = np.full((2, 3, 7), 5.0, np.float32)
    assert float(rnn.mean_loss(logits, tf.constant([[1, 2, 3], [6, 0, 0]]))) == pytest.approx(
        np.log(7)
    )


def test_evaluation_does_not_depend_on_what_else_is_in_the_batch(network):
    sequences = make_sequences(5, seed=3, longest=20)
    counts = np.array([len(s.places) for s in sequences])
    assert len(set(counts)) > 2
    alone = np.array([rnn.evaluate(network, [s]) for s in sequences])
    together = rnn.evaluate(network, sequences)
    assert together == pytest.approx((alone * counts[:, None]).sum(axis=0) / counts.sum(), rel=1e-4)
    assert alone[:, 0].min() > 0 and np.ptp(alone[:, 0]) > 0.01


def test_evaluation_by_hand(network):
    (sequence,) = make_sequences(1, seed=4)
    logits = rnn.predict(network, sequence.tokens[None, :-1], sequence.places[None])[0].numpy()
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = sequence.tokens[1:]
    nats = -np.log(likely[np.arange(len(targets)), targets]).mean()
    accuracy = (likely[:, 1:].argmax(axis=1) + 1 == targets).mean()
    assert rnn.evaluate(network, [sequence]) == pytest.approx((nats, accuracy), rel=1e-4)


def test_losses_bar_by_bar_of_a_network_that_knows_nothing(monkeypatch):
    """Losses are the place in the batch, so that the bars' means can be counted by hand."""
    monkeypatch.setattr(
        rnn, "batch_losses", lambda _, inputs, places, targets: tf.constant(targets, tf.float32)
    )
    tokens = np.array([START, 9, 9, 9, 9, 11, 7, END], np.int32)  # four quarters, a half, a quarter
    sequence = rnn.Sequence(tokens, rnn.places_of(tokens[1:], at(72, 7), WORDS))
    assert sequence.places[:, 1].tolist() == [7, 0, 0, 0, 0, 1, 1]
    by_bar = rnn.losses_by_bar(None, [sequence], bars=4)
    assert by_bar.tolist() == [9, (9 + 9 + 9 + 11) / 4, (7 + END) / 2, 0]


# --- which words may be drawn ------------------------------------------------------------------

PROBABILITIES = [0.15, 0.5, 0.1, 0.25]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ((1.0, 4, 1.0), PROBABILITIES),
        ((1.0, 1, 1.0), [0, 1, 0, 0]),
        ((1.0, 2, 1.0), [0, 2 / 3, 0, 1 / 3]),
        ((1.0, 3, 1.0), [1 / 6, 5 / 9, 0, 5 / 18]),
        ((1.0, 4, 0.01), [0, 1, 0, 0]),
        ((1.0, 4, 0.49), [0, 1, 0, 0]),
        ((1.0, 4, 0.51), [0, 2 / 3, 0, 1 / 3]),
        ((1.0, 4, 0.8), [1 / 6, 5 / 9, 0, 5 / 18]),
        ((1.0, 2, 0.8), [0, 2 / 3, 0, 1 / 3]),  # the stricter of the two
        ((1.0, 3, 0.6), [0, 2 / 3, 0, 1 / 3]),
        ((0.5, 4, 1.0), np.square(PROBABILITIES) / np.square(PROBABILITIES).sum()),
        ((2.0, 4, 1.0), np.sqrt(PROBABILITIES) / np.sqrt(PROBABILITIES).sum()),
        # At a half of the temperature 0.5 becomes 0.725, so that one word reaches 0.7
        ((0.5, 4, 0.7), [0, 1, 0, 0]),
    ],
)
def test_restrictions_by_hand(choice, expected):
    logits = np.log(np.array([PROBABILITIES], np.float32))
    likely = tf.nn.softmax(rnn.restrict(logits, *choice)).numpy()[0]
    assert np.allclose(likely, expected, atol=1e-6)


def test_each_row_is_restricted_by_itself():
    third = [0.3, 0.27, 0.23, 0.2]
    rows = np.log(np.array([PROBABILITIES, PROBABILITIES[::-1], third], np.float32))
    likely = tf.nn.softmax(rnn.restrict(rows, 1.0, 4, 0.6)).numpy()
    assert np.allclose(likely[0], [0, 2 / 3, 0, 1 / 3], atol=1e-6)
    assert np.allclose(likely[1], likely[0][::-1], atol=1e-6)
    assert np.allclose(likely[2], [0.375, 0.3375, 0.2875, 0], atol=1e-6)


def test_words_as_likely_as_the_last_that_stays_stay_too():
    assert (rnn.restrict(np.zeros((1, 6), np.float32), 1.0, 2, 1.0).numpy() > -1).all()
    assert (rnn.restrict(np.zeros((1, 6), np.float32), 1.0, 6, 0.1).numpy() > -1).all()


# --- going on from tokens ----------------------------------------------------------------------


def read_anew(network, tokens, places, count, end):
    """Greedy continuation that reads the whole past for every word; the clock is counted here."""
    tokens, places = np.array(tokens), np.array(places)
    predict = tf.function(rnn.predict, reduce_retracing=True)
    banned = [0, START, BAR_LINE] + ([] if end else [END])
    over = np.zeros(len(tokens), bool)
    for _ in range(count):
        logits = predict(network, tf.constant(tokens), tf.constant(places))[:, -1].numpy()
        logits[:, banned] = -np.inf
        new = np.where(over, 0, logits.argmax(axis=1)).astype(np.int32)
        over |= new == END
        following = []
        for (time, bar, signature, kind), token in zip(places[:, -1].tolist(), new, strict=True):
            bars, time = divmod(time + TICKS[token], rnn.BAR_TICKS[signature])
            following.append([time, (bar + bars) % 8, signature, kind])
        tokens = np.hstack([tokens, new[:, None]])
        following = np.array(following, np.int32)[:, None]
        places = np.concatenate([places, following], axis=1)
    return tokens[:, -count:]


SEEDS = np.array([[START, 6, 7, 4], [START, 11, 5, 9], [START, 8, 8, 8]], np.int32)
SEED_PLACES = np.stack(
    [
        np.concatenate([rnn.places_of(row[1:], first, WORDS), [last]])
        for row, first, last in zip(
            SEEDS,
            [at(0), at(0, 3, THREE_FOUR), at(0, 7, SIX_EIGHT)],
            [at(42), at(12, 4, THREE_FOUR), at(24, 7, SIX_EIGHT)],
            strict=True,
        )
    ]
).astype(np.int32)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_drawing_with_a_state_is_reading_the_whole_past_each_time(cell):
    network = tiny_rnn(cell, seed=1)
    for end in (True, False):
        drawn = rnn.continue_tokens(
            network, WORDS, SEEDS, SEED_PLACES, 12, seed=0, temperature=0, end=end
        )
        assert drawn.shape == (3, 12) and drawn.dtype == np.int32
        assert drawn.tolist() == read_anew(network, SEEDS, SEED_PLACES, 12, end).tolist()
        assert len(np.unique(drawn)) > 2  # no network that says always the same


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_seed_read_in_one_go_is_a_seed_read_token_by_token(cell):
    network = tiny_rnn(cell)
    places = tf.constant(SEED_PLACES)
    tokens = tf.constant(SEEDS)
    start = rnn.empty_state(network, 3)
    assert start.shape == (3, 2, {"lstm": 2, "gru": 1}[cell], 8) and not start.numpy().any()
    whole = rnn.read_seed(network, tokens, places, start)
    state = start
    for i in range(4):
        state = rnn.read_seed(network, tokens[:, i : i + 1], places[:, i : i + 1], state)
    assert np.allclose(whole, state, atol=1e-5)
    assert not np.allclose(whole, start, atol=1e-2)


def many(count, network, **options):
    tokens = np.full((32, 1), START)
    places = np.tile(at(0), (32, 1, 1))
    return rnn.continue_tokens(network, WORDS, tokens, places, count, **options)


def test_after_an_end_there_is_padding_only(network):
    drawn = many(60, network, seed=1, temperature=3.0)
    ends = (drawn == END).sum(axis=1)
    assert ends.max() == 1 and ends.sum() > 10
    for row in drawn:
        length = row.tolist().index(END) + 1 if END in row else len(row)
        assert (row[:length] > 0).all()
        assert not row[length:].any()


def test_special_words_are_never_drawn(network):
    drawn = many(60, network, seed=2, temperature=5.0)
    assert set(np.unique(drawn)) == {0, END, *range(4, len(WORDS))}


def test_music_that_may_not_end_does_not(network):
    drawn = many(60, network, seed=3, temperature=5.0, end=False)
    assert set(np.unique(drawn)) == set(range(4, len(WORDS)))


def test_the_seed_decides_what_is_drawn(network):
    first = many(20, network, seed=4)
    assert np.array_equal(first, many(20, network, seed=4))
    assert not np.array_equal(first, many(20, network, seed=5))
    assert len(np.unique(first[:, :3], axis=0)) > 4  # and each row is drawn for itself


def test_fewer_tokens_are_the_first_of_more(network):
    assert np.array_equal(many(8, network, seed=4), many(20, network, seed=4)[:, :8])


def test_greedy_is_the_best_of_one_and_the_smallest_share(network):
    greedy = many(20, network, seed=0, temperature=0)
    assert (greedy == greedy[0]).all()
    assert np.array_equal(many(20, network, seed=7, temperature=0), greedy)
    assert np.array_equal(many(20, network, seed=1, top_k=1), greedy)
    assert np.array_equal(many(20, network, seed=1, top_p=1e-6), greedy)


def test_top_k_draws_k_words_at_most(network):
    first = many(1, network, seed=0, temperature=9.0, top_k=3)
    assert len(np.unique(first)) == 3


@pytest.mark.parametrize("choice", [{"temperature": 2}, {"top_p": 1}, {"top_k": np.int64(4)}])
def test_whole_numbers_are_numbers_too(network, choice):
    as_floats = {name: float(x) if name != "top_k" else int(x) for name, x in choice.items()}
    assert np.array_equal(many(5, network, seed=1, **choice), many(5, network, seed=1, **as_floats))


def test_writing_plainly_is_drawing_from_what_is_predicted(network):
    written = rnn.write_plainly(network, WORDS, at(12, 3), 12, seed=4)
    assert written.shape == (12,) and written.dtype == np.int32
    assert np.array_equal(written, rnn.write_plainly(network, WORDS, at(12, 3), 12, seed=4))
    others = [rnn.write_plainly(network, WORDS, at(12, 3), 12, seed=seed) for seed in range(10)]
    assert len({tuple(other) for other in others}) > 5
    for other in others:
        if END in other:
            assert not other[other.tolist().index(END) + 1 :].any()
    # The same chances, from all that was written before.
    chances = np.random.default_rng(4)
    inputs = np.append(START, written[:-1])[None].astype(np.int32)
    places = rnn.places_of(written, at(12, 3), WORDS)[None]
    likely = tf.nn.softmax(rnn.predict(network, inputs, places)[0].numpy().astype(float)).numpy()
    for row, token in zip(likely, written, strict=True):
        assert chances.choice(len(WORDS), p=row / row.sum()) == token
        if token == END:
            break


# --- networks that look back only --------------------------------------------------------------


def tiny_transformer():
    return lively(
        rnn.build_transformer(len(WORDS), depth=2, units=8, heads=2, embedding=4), size=0.5
    )


@pytest.mark.parametrize("build", [tiny_transformer, tiny_rnn, lambda: tiny_rnn("gru")])
def test_a_later_event_leaves_earlier_logits(build):
    network = build()
    sequence = make_sequences(1, seed=8, longest=12)[0]
    tokens, places = sequence.tokens[None, :-1], sequence.places[None]
    before = rnn.predict(network, tokens, places).numpy()
    changed, moved = tokens.copy(), places.copy()
    changed[0, 5] = 4 + (tokens[0, 5] - 3) % 8
    moved[0, 6, 0] += 6
    for inputs, first in [((changed, places), 5), ((tokens, moved), 6)]:
        after = rnn.predict(network, *inputs).numpy()
        assert np.allclose(after[:, :first], before[:, :first], atol=1e-4)
        assert all(not np.allclose(after[0, i], before[0, i], atol=1e-3) for i in (first, -1))


def test_a_longer_tune_than_the_transformer_has_numbers_for_can_be_read():
    network = rnn.build_transformer(len(WORDS), depth=1, units=8, heads=2, embedding=4)
    length = rnn.LONGEST_TUNE + 3
    logits = rnn.predict(network, np.full((1, length), 5), np.zeros((1, length, 4), np.int32))
    assert np.isfinite(logits).all()


def test_saved_networks_say_the_same_and_go_on_alike(tmp_path, network, chorale_network):
    made = {"tunes": network, "transformer": tiny_transformer(), "chorales": chorale_network}
    write_checkpoint(tmp_path / "checkpoint", made, {}, {}, {})
    loaded = load_checkpoint(tmp_path / "checkpoint")
    sequence = make_sequences(1, seed=8)[0]
    inputs = sequence.tokens[None, :-1], sequence.places[None]
    for name in ("tunes", "transformer"):
        again = rnn.predict(loaded.network(name), *inputs)
        assert np.allclose(again, rnn.predict(made[name], *inputs), atol=1e-5)
    assert np.array_equal(many(20, loaded.network("tunes"), seed=4), many(20, network, seed=4))
    assert np.array_equal(
        rnn.compose_voices(loaded.network("chorales"), 6, count=2, seed=1),
        rnn.compose_voices(chorale_network, 6, count=2, seed=1),
    )


# --- training ----------------------------------------------------------------------------------

SETTINGS = {"epochs": 3, "patience": 9, "batch_size": 2, "seed": 3, "learning_rate": 0.05}


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """Trainings are written here, after every iteration."""
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    monkeypatch.setattr(Training, "save_if_due", lambda self, seconds=0: self.save())
    return tmp_path


def new_training(chapter, **settings):
    keras.utils.set_random_seed(7)
    return rnn.build_training(
        chapter,
        lambda: rnn.build_rnn(len(WORDS), "gru", 1, units=8, embedding=4),
        3,
        SETTINGS | settings,
        "sequences",
    )


def outcome(training):
    """Everything a training leaves, as plain values."""
    variables = {name: v.numpy().tolist() for name, v in training._variables().items()}
    samples = {name: np.array(kept).tolist() for name, kept in training.samples.items()}
    return training.iteration, training.history, samples, variables


def size_of(network):
    """A validation loss that depends on all weights."""
    return float(sum(np.abs(w).sum() for w in network.get_weights()))


def interrupt_after(monkeypatch, name, calls):
    """The ■ button is pressed in the given call of a step."""
    step, counter = getattr(rnn, name), itertools.count(1)

    def interrupted(*arguments):
        if next(counter) == calls:
            signal.raise_signal(signal.SIGINT)
        return step(*arguments)

    monkeypatch.setattr(rnn, name, interrupted)


def test_a_training_that_is_stopped_goes_on_as_if_it_had_not_been(runs, monkeypatch, keep):
    monkeypatch.setattr(rnn, "evaluate", lambda network, sequences: (size_of(network), 0.5))
    # Of one length, so that each step is built but once.
    train = [
        rnn.Sequence(s.tokens[:6], s.places[:5]) for s in make_sequences(20) if len(s.places) > 5
    ]
    train, valid = train[:6], []

    def write(network):
        return np.float32([size_of(network)])

    def one_more_training(chapter):
        run = new_training(chapter)
        run.networks, run.optimizers = keep("training", (run.networks, run.optimizers))
        return run

    with monkeypatch.context() as patch:
        interrupt_after(patch, "train_step", 5)
        first = one_more_training("parts")
        with pytest.raises(Stopped, match="5 of 9"):
            rnn.train_network(first, train, valid, "Tunes", write)
    assert first.iteration == 5 and first.history["epoch"] == [1]

    whole = one_more_training("whole")
    first_weights = [w.numpy() for w in whole.networks["network"].weights]
    rnn.train_network(whole, train, valid, "Tunes", write)
    assert whole.iteration == 9 and whole.history["epoch"] == [1, 2, 3]
    assert len(whole.history["loss"]) == 9 and whole.history["iteration"] == [3, 6, 9]
    weights = whole.networks["network"].weights
    assert any(not np.array_equal(a, b) for a, b in zip(first_weights, weights, strict=True))

    # New networks; compiled after the fifth iteration.
    second = new_training("parts")
    rnn.train_network(second, train, valid, "Tunes", write)
    assert outcome(second) == outcome(whole)
    assert len(whole.samples["written"]) == 4  # before the training, and after each epoch

    # Once it is over, it stays as it is.
    rnn.train_network(second, train, valid, "Tunes", write)
    assert outcome(second) == outcome(whole)


def test_other_settings_are_no_resumption(runs):
    new_training("parts").save()
    with pytest.raises(RuntimeError, match="batch_size"):
        new_training("parts", batch_size=4).resume()
    assert new_training("parts", epochs=4).resume() == 0  # more epochs are welcome


@pytest.fixture
def fake_steps(monkeypatch):
    """Steps that write their number into all weights, and an evaluation that says what it is to."""

    def prepare(validation_losses):
        steps, losses = itertools.count(1), iter(validation_losses)

        def step(network, optimizer, *batch):
            number = next(steps)
            network.set_weights([np.full(w.shape, number) for w in network.get_weights()])
            return tf.constant(float(number))

        monkeypatch.setattr(rnn, "train_step", step)
        monkeypatch.setattr(rnn, "evaluate", lambda network, sequences: (next(losses), 0.5))

    return prepare


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "best"),
    [
        ([3, 2, 2.5, 2.1, 1, 0], 2, 4, 2),  # two epochs without a better one
        ([3, 2, 2.5, 1.9, 1.95, 0], 2, 6, 6),  # only one in a row
        ([3, 2, 1, 0.5, 0.4, 0.3], 1, 6, 6),
        ([3, 3, 0, 0, 0, 0], 1, 2, 1),  # no better is not better
    ],
)
def test_patience_stops_and_the_best_is_kept(runs, fake_steps, losses, patience, epochs, best):
    fake_steps(losses)
    training = new_training("tunes", epochs=6, patience=patience)
    rnn.train_network(training, make_sequences(5), [], "Tunes")
    assert training.iteration == 3 * epochs
    assert training.history["validation loss"] == losses[:epochs]
    assert training.history["training loss"] == [3 * i - 1 for i in range(1, epochs + 1)]
    for network, number in (("network", 3 * epochs), ("best", 3 * best)):
        assert all((w.numpy() == number).all() for w in training.networks[network].weights)
    # What is over is not taken up again, in another session neither.
    again = new_training("tunes", epochs=6, patience=patience)
    rnn.train_network(again, make_sequences(5), [], "Tunes")
    assert again.iteration == 3 * epochs
    assert all((w.numpy() == 3 * best).all() for w in again.networks["best"].weights)


def test_a_step_lowers_the_loss():
    keras.utils.set_random_seed(1)
    network = rnn.build_rnn(len(WORDS), "gru", 1, units=8, embedding=4, dropout=0.0)
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(network.trainable_variables)
    batch = next(rnn.token_batches(make_sequences(4), 4))
    losses = [float(rnn.train_step(network, optimizer, *batch)) for _ in range(20)]
    assert losses[0] == pytest.approx(np.log(len(WORDS)), abs=0.5)
    assert losses[-1] < losses[0] - 0.3


# --- figures and baselines ---------------------------------------------------------------------


def test_repetition_and_novelty_by_hand():
    assert rnn.groups([0, 5, 6, 0, 7, 8], 3) == [(5, 6, 7), (6, 7, 8)]
    assert rnn.groups([5, 6], 3) == []
    assert rnn.repetition([5, 6, 5, 6, 5, 6], size=2) == pytest.approx(1 - 2 / 5)
    assert rnn.repetition([4, 5, 6, 7, 8], size=2) == 0
    assert rnn.novelty([], set(), size=2) == 0
    assert rnn.novelty([5, 6, 7, 8], {(5, 6), (7, 8)}, size=2) == pytest.approx(1 / 3)


def test_an_ngram_with_the_clock_knows_the_place():
    """On the downbeat comes D4, off it A4: a unigram does not see it, with the clock it does."""
    tokens = np.array([START, *[5, 9] * 10], np.int32)
    sequence = rnn.Sequence(tokens, np.tile([at(0), at(24)], (10, 1)))
    plain = rnn.judge_ngram(rnn.count_ngram(1, len(WORDS), [sequence], False), [sequence], False)
    clocked = rnn.judge_ngram(rnn.count_ngram(1, len(WORDS), [sequence], True), [sequence], True)
    assert plain[1] == 0.5 and clocked[1] == 1
    assert clocked[0] < plain[0] - 0.3


def test_the_figures_of_a_tune_by_hand():
    """Two bars and a half: D5, B4 below it, and on the second bar line a note goes on."""
    tokens = np.array([11, 11, 11, 9, 11, 5, END, 0, 0], np.int32)  # 48 48 48 24 48 12 ticks
    found = rnn.figures_of(tokens, at(0), WORDS, known=set())
    assert found["bars"] == pytest.approx(228 / 96)
    assert found["notes a bar"] == pytest.approx(6 * 96 / 228)
    assert found["bar lines respected"] == pytest.approx(1 / 2)  # at 96; at 192 a note goes on
    assert found["leaps"] == pytest.approx(1 / 5)  # D5 D5 D5 A4 is a fourth, and D5 D4 an octave
    assert found["ends on the tonic"] == 1
    assert found["in one scale"] == 1
    assert found["repetition"] == 0
    later = rnn.figures_of(tokens, at(48), WORDS, known=set())
    assert later["bar lines respected"] == pytest.approx(2 / 2)  # at 48 and, of two, at 144
    means = rnn.tune_figures([tokens, tokens], [at(0), at(48)], WORDS, known=set())
    assert means["bars"] == pytest.approx((228 + 276) / 2 / 96)


# --- chorales' melodies and chords as words ----------------------------------------------------


def chorale_piece(steps=16, pickup=0, key="G major", seed=0):
    rng = np.random.default_rng(seed)
    low, high = np.array([62, 57, 50, 41]), np.array([76, 69, 65, 60])
    chords = rng.integers(low, high + 1, (-(-steps // 2), 4))
    voices = np.repeat(chords, 2, axis=0)[:steps].astype(np.int16)
    bars = np.arange(pickup, steps, 16, dtype=np.int32)
    return Piece("made up", voices, default_onsets(voices), bars, key=key)


def test_the_sopranos_words_and_times():
    voices = np.full((12, 4), 55, np.int16)
    voices[:, 0] = [67] * 4 + [69] * 4 + [REST] * 2 + [71] * 2
    onsets = default_onsets(voices)
    onsets[2, 0] = True
    words, times = rnn.soprano_words(Piece("", voices, onsets, np.array([0]), key="G major"))
    assert words == ["D4 2", "D4 2", "E4 4", "rest 2", "F#4 2"]
    assert times.tolist() == [0, 2, 4, 8, 10, 12]


@pytest.mark.parametrize(("pickup", "skipped"), [(0, 0), (4, 0), (6, 2)])
def test_chords_are_counted_from_the_first_downbeat(pickup, skipped):
    piece = chorale_piece(steps=28, pickup=pickup)
    words, times = rnn.chord_words(piece)
    assert times[0] == skipped and len(times) == len(words) + 1
    assert (np.diff(times) == 4).all()
    assert pickup in times.tolist()


# --- what the chorale network sees -------------------------------------------------------------


def test_classes_and_pitches_are_each_others_inverse():
    voices = np.array([[36, 81, REST, 60]], np.int16)
    classes = rnn.to_classes(voices)
    assert classes.tolist() == [[1, 46, 0, 25]]
    assert classes.max() < rnn.CLASSES == rnn.NOTHING
    again = rnn.to_pitches(classes)
    assert again.dtype == np.int16 and again.tolist() == voices.tolist()
    every = np.array([[REST, *range(36, 82)]])
    assert rnn.to_classes(every)[0].tolist() == list(range(rnn.CLASSES))


@pytest.mark.parametrize("pitch", [0, 34, 35, 82, 127])
def test_pitches_that_no_chorale_has_are_refused(pitch):
    with pytest.raises(ValueError, match="from 36 to 81"):
        rnn.to_classes(np.array([[60, 60, 60, pitch]]))


def recall_all(classes):
    """Hints and lengths at every step."""
    agreement = np.zeros(classes.shape, np.int32)
    steps = range(classes.shape[-2])
    hints, lengths = zip(*(rnn.recall(classes, agreement, step) for step in steps), strict=True)
    return np.stack(hints, axis=-2), np.stack(lengths, axis=-2)


def in_four_voices(melody):
    """A melody of classes, and voices that move with it."""
    return np.array(melody)[:, None] + np.arange(4) * 10


def test_when_a_phrase_comes_again_its_continuation_is_recalled():
    classes = in_four_voices([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 9])  # A B A, and then something new
    hints, lengths = recall_all(classes)
    assert (hints[:8] == rnn.NOTHING).all() and not lengths[:8].any()
    assert hints[8:].tolist() == classes[1:4].tolist()
    assert lengths[8:].tolist() == [[1] * 4, [2] * 4, [3] * 4]


def test_there_is_no_hint_at_the_first_two_steps():
    hints, lengths = recall_all(in_four_voices([5, 5, 5]))
    assert (hints[:2] == rnn.NOTHING).all() and not lengths[:2].any()
    assert hints[2].tolist() == [5, 15, 25, 35] and (lengths[2] == 1).all()


def test_of_equal_places_the_latest_counts_and_a_longer_one_before_a_later():
    hints, lengths = recall_all(in_four_voices([1, 2, 1, 3, 1, 0]))
    assert hints[-1, 0] == 3 and lengths[-1, 0] == 1
    hints, lengths = recall_all(in_four_voices([1, 2, 3, 8, 2, 4, 9, 1, 2, 0]))
    assert hints[-1, 0] == 3 and lengths[-1, 0] == 2


def test_the_place_is_the_whole_choirs_and_a_voice_that_differs_there_has_no_hint():
    melody = np.array([1, 2, 3, 4, 1, 0])
    classes = in_four_voices(melody)
    classes[4, 3] = 40  # the bass is new
    hints, lengths = recall_all(classes)
    assert hints[5].tolist() == [2, 12, 22, rnn.NOTHING]
    assert lengths[5].tolist() == [1, 1, 1, 0]
    # One voice alone remembers a longer past than three: a sum of 4 against 3.
    classes = np.array([[9, 1, 1, 1], [8, 1, 2, 3], [7, 4, 5, 6], [6, 7, 8, 9], [5, 10, 11, 12]])
    classes = np.concatenate([classes, [[20, 30, 31, 32], [9, 40, 41, 42], [8, 43, 44, 45]]])
    classes = np.concatenate([classes, [[7, 46, 47, 48 - 2], [0, 0, 0, 0]]])
    hints, lengths = recall_all(classes)
    assert hints[9].tolist() == [6] + [rnn.NOTHING] * 3
    assert lengths[9].tolist() == [3, 0, 0, 0]


def test_agreement_is_counted_up_to_a_limit():
    _, lengths = recall_all(in_four_voices([3] * 50))
    assert lengths[:, 0].tolist() == [0, 0, *range(1, 33), *[32] * 16]


def test_pieces_are_recalled_each_for_itself():
    rng = np.random.default_rng(0)
    batch = rng.integers(0, 3, (3, 20, 4))
    hints, lengths = recall_all(batch)
    for i in range(3):
        alone = recall_all(batch[i])
        assert np.array_equal(hints[i], alone[0])
        assert np.array_equal(lengths[i], alone[1])


def test_what_is_seen_by_hand():
    melody = [5, 5, 5, 7, 5, 5, 5, 7]
    places = np.array([30, 0, 1, 2, 3, 4, 5, 6])  # 30: in a bar that is too long
    seen = rnn.look_back(in_four_voices(melody), places)
    assert seen.shape == (8, rnn.SEEN) and seen.dtype == np.int32
    soprano = seen[:, [0, 4, 8, 12, 16]].T.tolist()  # the first column of each kind
    nothing = rnn.NOTHING
    assert soprano[0] == [nothing, *melody[:-1]]
    assert soprano[1] == [0, 1, 2, 3, 1, 1, 2, 3]  # how long the note before has been held
    # The past of step 2 (5 5) is most like that of step 1, whose continuation was a 5, and so on;
    # before step 7 there is 7 5 5 5, and a 7 came after 5 5 5.
    assert soprano[2][:4] == [nothing, nothing, 5, 5]
    assert soprano[2][7] == 7
    assert soprano[3] == [0, 0, 1, 2, 0, 1, 2, 2]  # agreements of 0 0 1 2 0 1 2 3 steps
    assert soprano[4] == [rnn.BAR - 1, *range(7)]
    assert (seen[:, 1:4] == np.where(seen[:, :1] == nothing, nothing, seen[:, :1] + [10, 20, 30]))[
        1:
    ].all()


def test_long_agreements_and_long_notes_fit_their_tables():
    seen = rnn.look_back(in_four_voices([3] * 60), np.zeros(60))
    assert seen[:, rnn.HELD].max() == rnn.MOST_HELD - 1
    assert seen[:, rnn.LENGTH].max() == rnn.LENGTHS - 1


@pytest.mark.parametrize("step", [1, 7, 15, 29])
def test_the_future_is_not_seen(step):
    rng = np.random.default_rng(step)
    classes = rng.integers(0, 3, (30, 4))
    places = np.arange(30) % 16
    before = rnn.look_back(classes, places)
    changed = classes.copy()
    changed[step:] = rng.integers(3, 40, (30 - step, 4))
    after = rnn.look_back(changed, places)
    assert np.array_equal(after[: step + 1], before[: step + 1])
    assert step == 29 or not np.array_equal(after[step + 1], before[step + 1])


def test_composing_sees_what_the_finished_piece_shows(chorale_network, monkeypatch):
    observe, watched = rnn.observe, []
    monkeypatch.setattr(rnn, "observe", lambda *args: watched.append(observe(*args)) or watched[-1])
    places = (np.arange(40) - 4) % 16
    voices = rnn.compose_voices(chorale_network, 40, count=2, places=places, seed=1)
    monkeypatch.undo()
    for piece, seen in zip(voices, np.stack(watched, axis=1), strict=True):
        assert np.array_equal(seen, rnn.look_back(rnn.to_classes(piece), places))


# --- the chorale network -----------------------------------------------------------------------


def random_classes(steps, seed=0):
    return np.random.default_rng(seed).integers(0, rnn.CLASSES, (steps, 4)).astype(np.int32)


def test_each_voice_is_chosen_after_soprano_bass_alto_in_this_order(chorale_network):
    assert list(rnn.VOICES) == ["soprano", "bass", "alto", "tenor"]
    chosen = random_classes(6)
    seen = rnn.look_back(random_classes(6, 1), np.arange(6))
    before = rnn.predict(chorale_network, seen[None], chosen[None])[0].numpy()
    assert before.shape == (6, 4, rnn.CLASSES)
    depends = {SOPRANO: {BASS, ALTO, TENOR}, BASS: {ALTO, TENOR}, ALTO: {TENOR}, TENOR: set()}
    for column, later in depends.items():
        changed = chosen.copy()
        changed[3, column] = (chosen[3, column] + 5) % rnn.CLASSES
        after = rnn.predict(chorale_network, seen[None], changed[None])[0].numpy()
        differs = ~np.isclose(after, before, atol=1e-5).all(axis=2)
        assert {tuple(index) for index in np.argwhere(differs)} == {(3, other) for other in later}


def test_what_is_seen_later_changes_nothing_before(chorale_network):
    chosen, seen = random_classes(8), rnn.look_back(random_classes(8, 1), np.arange(8))
    before = rnn.predict(chorale_network, seen[None], chosen[None])[0].numpy()
    changed = seen.copy()
    changed[4, rnn.BEFORE] = (seen[4, rnn.BEFORE] + 7) % rnn.CLASSES
    after = rnn.predict(chorale_network, changed[None], chosen[None])[0].numpy()
    assert np.allclose(after[:4], before[:4], atol=1e-5)
    assert not np.allclose(after[4], before[4], atol=1e-3)
    assert not np.allclose(after[7], before[7], atol=1e-4)  # the memory keeps it


def test_one_hot_rows():
    rows = rnn.one_hot(np.array([0, 3, rnn.NOTHING])).numpy()
    assert rows.shape == (3, rnn.CLASSES)
    assert rows.sum(axis=1).tolist() == [1, 1, 0]
    assert rows[0, 0] == rows[1, 3] == 1


# --- training on chorales ----------------------------------------------------------------------

LOW, HIGH = np.array([57, 52, 46, 36]), np.array([81, 76, 69, 64])


def make_pieces():
    return [
        chorale_piece(20, seed=1),
        chorale_piece(44, pickup=4, seed=2),
        chorale_piece(70, seed=3),
    ]


@pytest.fixture(scope="module")
def prepared():
    return rnn.prepare(make_pieces(), LOW, HIGH)


def test_prepared_pieces(prepared):
    for piece, ready in zip(make_pieces(), prepared, strict=True):
        assert np.array_equal(rnn.to_pitches(ready.classes), piece.voices)
        down, up = ready.room
        assert down < 0 < up
        for shift in (down, up):
            assert (piece.voices + shift >= LOW).all() and (piece.voices + shift <= HIGH).all()
    assert prepared[1].seen[:6, rnn.PLACE].tolist() == [12, 13, 14, 15, 0, 1]
    assert prepared[1].seen[19:22, rnn.PLACE].tolist() == [15, 0, 1]


def test_moved_keeps_rests_and_nothing():
    classes = np.array([0, 1, 20, rnn.CLASSES - 1, rnn.NOTHING])
    assert rnn.moved(classes, 3).tolist() == [0, 4, 23, rnn.CLASSES + 2, rnn.NOTHING]
    assert rnn.moved(classes[:3], -1).tolist() == [0, 0, 19]
    assert rnn.moved(classes, 0).tolist() == classes.tolist()


def test_the_same_seed_and_iteration_give_the_same_stretches(prepared):
    first = rnn.chorale_batch(prepared, 6, 32, seed=1, iteration=4)
    again = rnn.chorale_batch(prepared, 6, 32, seed=1, iteration=4)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    for seed, iteration in ((1, 5), (2, 4)):
        other = rnn.chorale_batch(prepared, 6, 32, seed=seed, iteration=iteration)
        assert not np.array_equal(first[1], other[1])


def test_stretches_are_of_the_pieces_transposed_inside_the_ranges(prepared):
    starts, shifts = set(), set()
    for iteration in range(15):
        seen, classes, mask = rnn.chorale_batch(prepared, 8, 32, seed=1, iteration=iteration)
        for row in range(8):
            count = int(mask[row].sum())
            assert mask[row, :count].all() and set(np.unique(mask)) <= {0, 1}
            assert not classes[row, count:].any() and not seen[row, count:].any()
            piece, start, shift = self_in(prepared, classes[row, :count])
            assert count == min(32, len(piece.classes))
            voices = rnn.to_pitches(classes[row, :count])
            assert (voices >= LOW).all() and (voices <= HIGH).all()
            transposed = rnn.moved(piece.classes, shift)
            place = piece.seen[:, rnn.PLACE]
            expected = rnn.look_back(transposed, place)[start : start + count]
            assert np.array_equal(seen[row, :count], expected)
            starts.add((len(piece.classes), start))
            shifts.add(shift)
    assert {(20, 0), (44, 0), (44, 12), (70, 0), (70, 38)} <= starts  # beginnings and ends
    assert len(starts) > 15 and len(shifts) > 4


def self_in(prepared, stretch):
    """The piece that a stretch is of, where it starts there, and by how much it was moved."""
    found = []
    for piece in prepared:
        for start in range(len(piece.classes) - len(stretch) + 1):
            difference = stretch - piece.classes[start : start + len(stretch)]
            if (difference == difference[0, 0]).all():
                found.append((piece, start, int(difference[0, 0])))
    (one,) = found
    return one


def by_hand(network, classes, places):
    """The probability of each note, by numpy."""
    seen = rnn.look_back(classes, places)
    logits = rnn.predict(network, seen[None], classes[None])[0].numpy().astype(float)
    likely = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return np.take_along_axis(likely, classes[..., None], axis=-1)[..., 0]


def with_rests(steps=14):
    piece = chorale_piece(steps, seed=5)
    voices = piece.voices.copy()
    voices[3:5, 2] = REST
    voices[0, 3] = REST
    return rnn.prepare([piece._replace(voices=voices)], LOW, HIGH)


def test_losses_in_one_key_are_the_cross_entropy(chorale_network):
    prepared = with_rests()
    (losses,) = rnn.chorale_losses(chorale_network, prepared)
    likely = by_hand(chorale_network, prepared[0].classes, prepared[0].seen[:, rnn.PLACE])
    assert losses.shape == (14, 4)
    assert np.allclose(losses, -np.log(likely), rtol=1e-3, atol=1e-4)
    assert rnn.nats_per_note([losses, losses[:5]]) == pytest.approx(
        (losses.sum() + losses[:5].sum()) / (19 * 4), rel=1e-5
    )


def test_losses_in_three_keys_are_of_the_mean_probability(chorale_network):
    prepared = with_rests()
    (losses,) = rnn.chorale_losses(chorale_network, prepared, keys=(-1, 0, 1))
    voices, places = rnn.to_pitches(prepared[0].classes), prepared[0].seen[:, rnn.PLACE]
    copies = [np.where(voices == REST, REST, voices + shift) for shift in (-1, 0, 1)]
    likely = [by_hand(chorale_network, rnn.to_classes(copy), places) for copy in copies]
    assert np.allclose(losses, -np.log(np.mean(likely, axis=0)), rtol=1e-3, atol=1e-4)


def test_keys_in_which_a_note_has_no_class_are_left_out(chorale_network):
    voices = np.array([[81, 60, 50, 36], [80, 60, 50, 38]] * 3, np.int16)
    piece = Piece("wide", voices, default_onsets(voices), np.array([0]))
    prepared = rnn.prepare([piece], LOW, HIGH)
    assert prepared[0].room.tolist() == [0, 0]
    (one,) = rnn.chorale_losses(chorale_network, prepared)
    (three,) = rnn.chorale_losses(chorale_network, prepared, keys=(-1, 0, 1))
    assert np.allclose(one, three, rtol=1e-4)


def test_a_step_of_the_chorale_network_by_hand(prepared):
    network = rnn.build_chorale_network("gru", 1, units=8, dropout=0.0)
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(network.trainable_variables)
    # The first piece has 20 steps.
    seen, classes, mask = rnn.chorale_batch(prepared[:1] + prepared[2:], 4, 28, seed=4, iteration=0)
    assert 0 < mask.sum() < mask.size
    logits = rnn.predict(network, seen, classes).numpy().astype(float)
    likely = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    losses = -np.log(np.take_along_axis(likely, classes[..., None], axis=-1)[..., 0])
    loss = rnn.chorale_step(network, optimizer, seen, classes, mask)
    assert float(loss) == pytest.approx(losses[mask > 0].mean(), rel=1e-4)
    after = rnn.predict(network, seen, classes)
    losses_after = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, after).numpy()
    assert losses_after[mask > 0].mean() < losses[mask > 0].mean()


def test_a_chorale_training_that_is_stopped_goes_on_as_if_it_had_not_been(
    runs, monkeypatch, prepared
):
    """For speed with another network, and a step that adds to its weights what depends on the
    batch."""

    def build():
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(5)])

    def step(network, optimizer, seen, classes, mask):
        number = float((classes * mask[..., None]).sum()) / 1e4
        network.set_weights([w + number for w in network.get_weights()])
        return tf.constant(number)

    monkeypatch.setattr(rnn, "build_chorale_network", build)
    monkeypatch.setattr(rnn, "chorale_step", step)
    # The loss is least after the fourth iteration.
    monkeypatch.setattr(rnn, "chorale_losses", lambda average, valid: [np.array([worth(average)])])
    monkeypatch.setattr(
        rnn, "compose_voices", lambda average, steps, seed: average.get_weights()[0][None, :2, :4]
    )
    settings = {"iterations": 7, "batch_size": 2, "seed": 3, "every": 2}
    weights_at = {}

    def worth(average):
        weights_at[len(weights_at)] = average.get_weights()
        return [3.0, 1.0, 2.0, 1.5][(len(weights_at) - 1) % 4]

    def new(chapter):
        keras.utils.set_random_seed(7)
        return rnn.build_chorale_training(chapter, settings, "pieces")

    whole = new("whole")
    weights = [networks.get_weights() for networks in whole.networks.values()]
    assert all(
        np.array_equal(a, b)
        for other in weights[1:]
        for a, b in zip(weights[0], other, strict=True)
    )
    rnn.train_chorales(whole, prepared, [], "Chorales")
    assert whole.history["iteration"] == [2, 4, 6, 7]
    assert whole.history["validation loss"] == [3.0, 1.0, 2.0, 1.5]
    loss = whole.history["loss"]
    assert len(loss) == 7 and len(set(loss)) > 3
    recent = [np.mean(loss[max(end - 2, 0) : end]) for end in (2, 4, 6, 7)]
    assert whole.history["training loss"] == pytest.approx(recent)
    for sample, weights in zip(whole.samples["composed"], weights_at.values(), strict=True):
        assert np.array_equal(sample, weights[0][:2, :4])  # the average composes
    best = whole.networks["best"].get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(best, weights_at[1], strict=True))

    with monkeypatch.context() as patch:
        interrupt_after(patch, "chorale_step", 5)
        with pytest.raises(Stopped, match="5 of 7"):
            rnn.train_chorales(new("parts"), prepared, [], "Chorales")
    parts = new("parts")
    rnn.train_chorales(parts, prepared, [], "Chorales")
    assert outcome(parts) == outcome(whole)


# --- composing ---------------------------------------------------------------------------------


def test_voices_have_their_shape_and_a_given_soprano_stays(chorale_network):
    soprano = np.array([[60, 60, REST, 81, 57, 57], [72, 71, 69, 67, REST, REST]])
    voices = rnn.compose_voices(chorale_network, 6, count=2, sopranos=soprano, seed=3)
    assert voices.shape == (2, 6, 4) and voices.dtype == np.int16
    assert np.array_equal(voices[:, :, 0], soprano)
    assert voices.min() >= REST and voices.max() <= rnn.HIGHEST
    others = voices[:, :, 1:]
    assert ((others == REST) | (others >= rnn.LOWEST)).all()
    harmonised = rnn.harmonise_windows(chorale_network, soprano, seed=3)
    assert np.array_equal(harmonised, voices)


def test_the_seed_decides_what_is_composed(chorale_network):
    first = rnn.compose_voices(chorale_network, 6, count=2, seed=1)
    assert np.array_equal(first, rnn.compose_voices(chorale_network, 6, count=2, seed=1))
    assert not np.array_equal(first, rnn.compose_voices(chorale_network, 6, count=2, seed=2))
    assert not np.array_equal(first[0], first[1])


@pytest.fixture(scope="module")
def blank_network():
    """A network that finds everything equally likely."""
    network = rnn.build_chorale_network("gru", 1, units=8)
    network.set_weights([np.zeros(w.shape) for w in network.get_weights()])
    return network


def test_every_step_and_voice_draws_anew(blank_network):
    columns = rnn.compose_voices(blank_network, 24, seed=5)[0].T.tolist()
    assert all(len(set(column)) > 10 for column in columns)
    assert len(set(map(tuple, columns))) == 4
    assert all(columns[i][1:] != columns[j][:-1] for i in range(4) for j in range(4))


def test_without_temperature_the_most_probable_class_is_taken(chorale_network):
    """What is composed step by step, with a state, is what the network says of the whole piece."""
    soprano = np.array([[60, 62, 64, 65, 67, 69, REST, 72, 72, 72, 60, 62, 64, 65]])
    places = (np.arange(14) - 2) % 16
    voices = rnn.compose_voices(
        chorale_network, 14, sopranos=soprano, places=places, temperature=0, seed=1
    )[0]
    classes = rnn.to_classes(voices)
    seen = rnn.look_back(classes, places)
    logits = rnn.predict(chorale_network, seen[None], classes[None])[0].numpy()
    assert np.array_equal(logits[:, 1:].argmax(axis=2), classes[:, 1:])


def test_temperature_zero_leaves_nothing_to_chance(blank_network):
    """Where two classes are almost equally likely, too."""
    before = blank_network.get_weights()
    order = np.random.default_rng(0).permutation(rnn.CLASSES)
    biases = [order * 1e-4 if w.shape == (rnn.CLASSES,) else w for w in before]
    blank_network.set_weights(biases)
    runs = [rnn.compose_voices(blank_network, 3, temperature=0, seed=seed) for seed in range(3)]
    blank_network.set_weights(before)
    assert np.array_equal(runs[0], runs[1]) and np.array_equal(runs[0], runs[2])
    assert (rnn.to_classes(runs[0]) == order.argmax()).all()


def test_a_soprano_with_pitches_that_no_chorale_has_is_refused(chorale_network):
    with pytest.raises(ValueError, match="from 36 to 81"):
        rnn.compose_voices(chorale_network, 2, sopranos=np.array([[60, 90]]))


def test_melody_words_of_a_tune_are_those_of_its_sequence():
    tune = make_tune()
    assert rnn.tune_words(tune)[1:-1] == melody_words(tune.notes)  # D is home already
