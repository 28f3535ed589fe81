"""Notebook 02's exported functions: hand-made cases, properties, and a training that stops and goes
on.

The networks are tiny, and their weights drawn at random and large, so that what they say depends on
all that they have read.
"""

import itertools
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from trainings import interrupted, lively, outcome

from helpers import data, music
from helpers.chapters import next_note_rnn as rnn
from helpers.data.tunes import KINDS, Tune, event_clock
from helpers.training.checkpoints import load_checkpoint, write_checkpoint
from helpers.training.loop import Stopped

EVENTS = ("rest 2", "D4 2", "E4 1", "F#4 4", "A4 4/3", "A4 4", "B4 3", "D5 8")
WORDS = ["", "<start>", "<end>", "|", *EVENTS]
TICKS = [0, 0, 0, 0, 12, 12, 6, 24, 8, 24, 18, 48]
START, END, BAR_LINE, QUARTER = 1, 2, 3, 9
DRAWABLE = [END, *range(4, len(WORDS))]
TWO_TWO, THREE_FOUR, SIX_EIGHT = (rnn.SIGNATURES.index(s) for s in ("2/2", "3/4", "6/8"))
BAR_TICKS = {TWO_TWO: 96, THREE_FOUR: 72, SIX_EIGHT: 72}


def build(name, **options):
    if name == "transformer":
        return rnn.build_transformer(len(WORDS), 2, 16, 2, **options)
    builders = {"plain": rnn.build_rnn, "looking": rnn.build_looking_rnn}
    return builders[name](len(WORDS), units=8, **options)


@pytest.fixture(scope="module")
def networks():
    return {
        "plain": lively(build("plain"), 1),
        "looking": lively(build("looking"), 1),
        "transformer": lively(build("transformer"), 1, size=0.5),
    }


every_network = pytest.mark.parametrize("name", ["plain", "looking", "transformer"])
with_a_state = pytest.mark.parametrize("name", ["plain", "looking"])


def at(place, bar=0, signature=TWO_TWO, kind=1):
    return np.array([place, bar, signature, kind], np.int32)


def count_places(events, first):
    """The places of events one after the other, and of what comes after the last; the clock is
    counted here once more."""
    place, bar, signature, kind = first.tolist()
    rows = [[place, bar, signature, kind]]
    for token in events:
        place += TICKS[token]
        while place >= BAR_TICKS[signature]:
            place, bar = place - BAR_TICKS[signature], (bar + 1) % 8
        rows.append([place, bar, signature, kind])
    return np.array(rows, np.int32)


def sequence_of(events, first):
    return rnn.Sequence(np.int32([START, *events]), count_places(events, first)[: len(events)])


def make_sequences(count, seed=0, longest=12, shortest=2):
    """Sequences of random events."""
    rng = np.random.default_rng(seed)
    sequences = []
    for _ in range(count):
        events = rng.integers(4, len(WORDS), rng.integers(shortest, longest))
        first = at(6 * rng.integers(0, 4), 0, [TWO_TWO, SIX_EIGHT][rng.integers(0, 2)])
        first[3] = rng.integers(1, 14)
        sequences.append(sequence_of([*events, END], first))
    return sequences


def as_read_by(name, sequences):
    return [rnn.look_back(s) for s in sequences] if name == "looking" else sequences


def logits_of(network, *sequences):
    """What a network says at each event of a sequence ``(events, words)``, or of some."""
    inputs, _ = rnn.pad(sequences)
    logits = rnn.predict(network, *inputs).numpy()
    return logits if len(sequences) > 1 else logits[0]


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


def vocabulary_of(tunes):
    return music.Vocabulary(map(rnn.tune_words, tunes), special=[rnn.START, rnn.END])


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
    vocabulary = vocabulary_of([tune])
    assert [vocabulary.words[i] for i in (rnn.START_TOKEN, rnn.END_TOKEN)] == [rnn.START, rnn.END]
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


def test_a_word_that_is_not_known_becomes_the_nearest():
    vocabulary = music.Vocabulary([["D5 4", "rest 8"]], special=[rnn.START, rnn.END])
    tokens, places = rnn.tune_sequence(make_tune(), vocabulary)
    nearest = ["D5 4"] * 7 + ["rest 8", "D5 4"]
    assert vocabulary.decode(tokens) == [rnn.START, *nearest, rnn.END]
    assert places[:, 0].tolist() == [72, 0, 24, 48, 0, 8, 16, 24, 48, 0]  # the tune's own


def is_regular(tune):
    """Whether all its bars are full ones, after a pickup that is no longer than a bar."""
    full = np.allclose(np.diff(tune.bar_starts), tune.bar_steps)
    return full and tune.bar_starts[0] <= tune.bar_steps


@pytest.fixture(scope="module")
def real_tunes():
    return [tune for tune in data.load_tunes("test") if is_regular(tune)][::4]


def test_places_of_real_tunes(real_tunes):
    """They are counted once more, from the lengths of the words."""
    vocabulary = vocabulary_of(real_tunes)
    ticks = music.word_ticks(vocabulary.words)
    assert len(real_tunes) > 30 and len({tune.time_signature for tune in real_tunes}) > 3
    for tune in real_tunes:
        tokens, places = rnn.tune_sequence(tune, vocabulary)
        bar = round(tune.bar_steps * 6)
        times = np.cumsum([0, *ticks[tokens[1:-1]]]) - round(tune.bar_starts[0] * 6)
        assert (places >= 0).all() and (places < rnn.COLUMNS).all()
        assert places[:, 0].tolist() == (times % bar).tolist()
        assert places[:, 1].tolist() == (times // bar % 8).tolist()
        assert (rnn.SIGNATURES[places[0, 2]], KINDS[places[0, 3] - 1]) == (
            tune.time_signature,
            tune.kind,
        )


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


def test_a_signature_or_kind_that_no_tune_has_is_refused():
    with pytest.raises(ValueError):
        rnn.as_places(np.zeros((1, 2)), "5/4")
    with pytest.raises(ValueError):
        rnn.as_places(np.zeros((1, 2)), "4/4", "polka")


# --- padded batches ----------------------------------------------------------------------------


def test_padding_stands_at_the_right_and_targets_are_what_follows():
    short = rnn.Sequence(np.int32([1, 7, 2]), np.array([at(0), at(24)]))
    long = rnn.Sequence(np.int32([1, 9, 9, 5, 2]), np.array([at(0), at(24), at(48), at(60)]))
    (tokens, places), targets = rnn.pad([short, long])
    assert tokens.tolist() == [[1, 7, 0, 0], [1, 9, 9, 5]]
    assert targets.tolist() == [[7, 2, 0, 0], [9, 9, 5, 2]]
    assert places[0].tolist() == [[0, 0, 0, 1], [24, 0, 0, 1], [0] * 4, [0] * 4]
    assert np.array_equal(places[1], long.places)
    assert {array.dtype for array in (tokens, places, targets)} == {np.dtype(np.int32)}


def test_padding_takes_all_that_a_sequence_has():
    short, long = (rnn.look_back(sequence_of([QUARTER] * count, at(0))) for count in (17, 24))
    inputs, targets = rnn.pad([short, long])
    assert [array.shape for array in inputs] == [targets.shape, *[(*targets.shape, 4)] * 3]
    for array, mine in zip(inputs[1:], short[1:], strict=True):
        assert np.array_equal(array[0, : len(mine)], mine) and not array[0, len(mine) :].any()


# --- the loss ----------------------------------------------------------------------------------


def test_losses_by_hand_and_padding_is_masked():
    likely = np.array([[[0.125, 0.5, 0.25, 0.125]] * 3], np.float32)
    targets = tf.constant([[1, 2, 0]])
    losses = rnn.event_losses(np.log(likely), targets).numpy()
    assert np.allclose(losses, [[np.log(2), np.log(4), 0]])
    assert float(rnn.mean_loss(np.log(likely), targets)) == pytest.approx(np.log(8) / 2)


def test_equal_logits_cost_the_logarithm_of_the_number_of_words():
    logits = np.full((2, 3, 7), 5.0, np.float32)
    loss = float(rnn.mean_loss(logits, tf.constant([[1, 2, 3], [6, 0, 0]])))
    assert loss == pytest.approx(np.log(7))


@every_network
def test_evaluation_does_not_depend_on_what_else_is_in_the_batch(networks, name, eagerly):
    sequences = as_read_by(name, make_sequences(4, seed=3, longest=16))
    counts = np.array([len(s.places) for s in sequences])
    assert len(set(counts)) > 2
    alone = np.array([rnn.evaluate(networks[name], [s]) for s in sequences])
    together = rnn.evaluate(networks[name], sequences)
    assert together == pytest.approx((alone * counts[:, None]).sum(axis=0) / counts.sum(), rel=1e-4)
    assert alone[:, 0].min() > 0 and np.ptp(alone[:, 0]) > 0.01


@every_network
def test_evaluation_by_hand(networks, name, eagerly):
    (sequence,) = as_read_by(name, make_sequences(1, seed=4))
    logits = logits_of(networks[name], sequence)
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = sequence.tokens[1:]
    nats = -np.log(likely[np.arange(len(targets)), targets]).mean()
    accuracy = (likely[:, 1:].argmax(axis=1) + 1 == targets).mean()
    assert rnn.evaluate(networks[name], [sequence]) == pytest.approx((nats, accuracy), rel=1e-4)


def test_padding_is_never_the_guess(monkeypatch):
    """Nor does it count where it is right: of two and one events, two are guessed."""
    likely = np.log(np.float32([[[0.6, 0.1, 0.3], [0.6, 0.3, 0.1]]] * 2))
    monkeypatch.setattr(rnn, "predict", lambda network, tokens: likely)
    inputs, targets = [np.zeros((2, 2), np.int32)], np.int32([[2, 1], [1, 0]])
    losses, right = rnn.judge_batch.python_function(None, inputs, targets)
    assert right.numpy().tolist() == [[True, True], [False, False]]
    assert np.allclose(losses, [[-np.log(0.3)] * 2, [-np.log(0.1), 0]])


# --- networks see nothing of what comes later --------------------------------------------------


@every_network
def test_a_later_event_leaves_earlier_logits(networks, name):
    """What a changed word or place is an echo of, and where a run breaks, is looked up anew."""
    events = [QUARTER, 5, 5, 7, QUARTER] * 4
    sequence = sequence_of([*events, END], at(0))
    moved = sequence.places.copy()
    moved[8, 0] += 6
    tokens = sequence.tokens.copy()
    tokens[7] = 11
    before = logits_of(networks[name], *as_read_by(name, [sequence]))
    for changed, first in [
        (sequence._replace(tokens=tokens), 7),
        (sequence._replace(places=moved), 8),
    ]:
        after = logits_of(networks[name], *as_read_by(name, [changed]))
        assert np.allclose(after[:first], before[:first], atol=1e-4)
        assert all(not np.allclose(after[i], before[i], atol=1e-3) for i in (first, -1))


@pytest.mark.parametrize("field", ["echoes", "runs"])
def test_echoes_and_runs_are_heard_from_their_event_on(networks, field):
    looking = rnn.look_back(sequence_of([QUARTER, 5, 5, 7, QUARTER] * 4, at(0)))
    before = logits_of(networks["looking"], looking)
    changed = getattr(looking, field).copy()
    changed[12, 0] = 11
    after = logits_of(networks["looking"], looking._replace(**{field: changed}))
    assert np.allclose(after[:12], before[:12], atol=1e-4)
    assert all(not np.allclose(after[i], before[i], atol=1e-3) for i in (12, -1))


def test_the_bonus_of_an_echo_goes_to_its_word_alone():
    """With a network that trusts by 1 and is blind otherwise."""
    network = build("looking")
    network.set_weights([np.zeros(w.shape) for w in network.get_weights()])
    network.get_layer("trust").bias.assign([1.0, 10.0, 100.0, 1000.0])
    echoes = np.array([[[0, 0, 0, 0], [5, 7, 0, 0], [6, 6, 6, 0], [11, 5, 11, 5]]], np.int32)
    tokens, rows = np.ones((1, 4), np.int32), np.zeros((1, 4, 4), np.int32)
    logits = rnn.predict(network, tokens, rows, echoes, rows)[0].numpy()
    expected = np.zeros((4, len(WORDS)))
    expected[1, [5, 7]], expected[2, 6], expected[3, [11, 5]] = [1, 10], 111, [101, 1010]
    assert np.allclose(logits, expected)


@with_a_state
def test_reading_in_one_go_is_reading_event_by_event_with_the_state(networks, name):
    network = networks[name]
    inputs, _ = rnn.pad(as_read_by(name, make_sequences(2, seed=5, shortest=6, longest=7)))
    inputs = [tf.constant(array) for array in inputs]
    state = rnn.empty_state(network, 2)
    assert state.shape == (2, 2, 2, 8) and not state.numpy().any()
    whole, end = network([*inputs, state], training=False)
    for i in range(inputs[0].shape[1]):
        said, state = network([*(array[:, i : i + 1] for array in inputs), state], training=False)
        assert np.allclose(said[:, 0], whole[:, i], atol=1e-4)
    assert np.allclose(state, end, atol=1e-4) and np.abs(end).max() > 0.01


def test_a_stack_of_grus_has_a_state_of_one_row():
    x, state = keras.Input((None, 3)), keras.Input((2, 1, 4), name="state")
    network = lively(keras.Model([x, state], rnn.recurrent_stack(x, state, "gru", 0.5)))
    numbers = tf.constant(np.random.default_rng(0).normal(size=(2, 5, 3)), tf.float32)
    state = rnn.empty_state(network, 2)
    assert state.shape == (2, 2, 1, 4)
    whole, end = network([numbers, state])
    said, state = network([numbers[:, :3], state])
    assert np.allclose(said, whole[:, :3], atol=1e-5)
    said, state = network([numbers[:, 3:], state])
    assert np.allclose(said, whole[:, 3:], atol=1e-5) and np.allclose(state, end, atol=1e-5)


def test_a_longer_tune_than_the_transformer_has_numbers_for_can_be_read(networks):
    length = rnn.LONGEST_TUNE + 3
    places = np.zeros((1, length, 4), np.int32)
    logits = rnn.predict(networks["transformer"], np.full((1, length), 5), places)
    assert np.isfinite(logits).all()


# --- looking back ------------------------------------------------------------------------------

# A pickup, then bars in which two of three words are as they were four bars before.
BY_HAND = [
    # place, bar of eight, token: what was there 1, 2, 4, 8 bars ago, and how long that was right
    (72, 7, 5, [0, 0, 0, 0], [0, 0, 0, 0]),
    (0, 0, 6, [0, 0, 0, 0], [0, 0, 0, 0]),
    (48, 0, 7, [0, 0, 0, 0], [0, 0, 0, 0]),
    (0, 1, 8, [6, 0, 0, 0], [0, 0, 0, 0]),
    (48, 1, 9, [7, 0, 0, 0], [0, 0, 0, 0]),
    (0, 2, 6, [8, 6, 0, 0], [0, 0, 0, 0]),
    (48, 2, 9, [9, 7, 0, 0], [0, 1, 0, 0]),  # right two bars ago, just now: now it will be wrong
    (0, 3, 7, [6, 8, 0, 0], [1, 0, 0, 0]),
    (48, 3, 7, [9, 9, 0, 0], [0, 0, 0, 0]),
    (72, 3, 5, [0, 0, 5, 0], [0, 0, 0, 0]),  # the pickup returns
    (0, 4, 6, [7, 6, 6, 0], [0, 0, 1, 0]),
    (48, 4, 7, [7, 9, 7, 0], [0, 1, 2, 0]),
    (0, 5, 8, [6, 7, 8, 0], [1, 0, 3, 0]),
    (48, 5, 4, [7, 7, 9, 0], [0, 0, 4, 0]),  # and here it breaks
    (0, 6, 2, [8, 6, 6, 0], [0, 0, 0, 0]),
]


def test_echoes_and_runs_by_hand():
    assert rnn.LAGS == (1, 2, 4, 8)
    places = np.array([at(place, bar) for place, bar, *_ in BY_HAND])
    sequence = rnn.Sequence(np.int32([START, *(row[2] for row in BY_HAND)]), places)
    looking = rnn.look_back(sequence)
    assert looking.echoes.tolist() == [row[3] for row in BY_HAND]
    assert looking.runs.tolist() == [row[4] for row in BY_HAND]
    assert looking.tokens is sequence.tokens and looking.places is sequence.places
    assert looking.echoes.dtype == looking.runs.dtype == np.int32
    again = rnn.look_back(looking)
    assert all(np.array_equal(one, other) for one, other in zip(again, looking, strict=True))


def test_bars_are_told_apart_beyond_eight_and_runs_end_at_the_longest():
    bars = 40
    places = np.array([at(0, bar % 8) for bar in range(bars)])
    looking = rnn.look_back(rnn.Sequence(np.int32([START] + [7] * bars), places))
    for column, lag in enumerate(rnn.LAGS):
        assert looking.echoes[:, column].tolist() == [0] * lag + [7] * (bars - lag)
        runs = [min(max(0, bar - lag), rnn.LONGEST_RUN) for bar in range(bars)]
        assert looking.runs[:, column].tolist() == runs
    counted = rnn.look_back(rnn.Sequence(np.arange(1, bars + 2, dtype=np.int32), places))
    assert counted.echoes[20].tolist() == [21, 20, 18, 14]  # of the token 2 + bar, so many ago


def test_echoes_of_real_tunes_are_what_their_notes_were_so_many_bars_before(real_tunes):
    """Slowly, from the notes' times in steps, and with words for tokens."""
    vocabulary, returned = vocabulary_of(real_tunes), 0
    for tune in real_tunes:
        words, begins, time = [], [], 0.0
        for start, end, pitch in tune.notes:
            if start > time + 1e-3:
                words.append("rest")
                begins.append(time)
            words.append((pitch, round(6 * (end - start))))
            begins.append(start)
            time = end
        begins.append(time)
        words.append(rnn.END)
        looking = rnn.look_back(rnn.tune_sequence(tune, vocabulary))
        assert len(looking.echoes) == len(words)
        for column, lag in enumerate((1, 2, 4, 8)):
            wanted = np.array(begins) - lag * tune.bar_steps
            origin = [
                next((j for j in range(i) if abs(begins[j] - wanted[i]) < 1e-3), None)
                for i in range(len(words))
            ]
            for i, j in enumerate(origin):
                echo = 0 if j is None else looking.tokens[j + 1]
                assert looking.echoes[i, column] == echo
                run = 0
                while run < 16 and i - run > 0:
                    before = origin[i - 1 - run]
                    same = before is not None and (
                        looking.tokens[before + 1] == looking.tokens[i - run]
                    )
                    if not same:
                        break
                    run += 1
                assert looking.runs[i, column] == run
                returned += run == 16
    assert returned > 100


# --- the clock and the echoes of what is being written -----------------------------------------


@pytest.mark.parametrize(
    ("time", "first", "place", "bar", "position"),
    [
        (0, at(0), 0, 0, 0),
        (95, at(0), 95, 0, 95),
        (96, at(0), 0, 1, 144),
        (8 * 96 + 5, at(0), 5, 0, 8 * 144 + 5),
        (6 * 96 + 24, at(24, 6), 24, 6, 6 * 144 + 24),
        (7 * 96, at(24, 6), 0, 7, 7 * 144),
        (-24, at(72, 7), 72, 7, -144 + 72),
        (72 + 36, at(0, 0, SIX_EIGHT), 36, 1, 144 + 36),
        (-12, at(60, 7, SIX_EIGHT), 60, 7, -144 + 60),
        (24 * 144, at(0, 0, rnn.SIGNATURES.index("12/8")), 0, 0, 24 * 144),
    ],
)
def test_the_clock_by_hand(time, first, place, bar, position):
    places, here = rnn.clock_at(tf.constant([time]), tf.constant(first[None]))
    assert places.numpy().tolist() == [[place, bar, first[2], first[3]]]
    assert here.numpy().tolist() == [position]


def test_echoes_of_what_is_being_written_by_hand():
    here = tf.constant([8 * 144 + 12, 144])
    positions = tf.constant([[12, 4 * 144 + 12, 6 * 144, 7 * 144 + 12], [0, 20, -144, -(10**9)]])
    written = tf.constant([[5, 6, 7, 8], [9, 10, 11, 0]])
    assert rnn.echoes_at(here, positions, written).numpy().tolist() == [[8, 0, 6, 5], [9, 11, 0, 0]]


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


# --- composing ---------------------------------------------------------------------------------

FIRSTS = np.array([at(0), at(72, 7), at(60, 7, SIX_EIGHT, 0), at(0, 0, SIX_EIGHT, 2), at(24)])
COUNT = 60


def read_back(name, network, drawn, firsts, allowed):
    """What the network says at each event of composed tunes that it reads as in training: the
    logits ``(tunes, count, words)`` of what may be drawn, and the sequences."""
    sequences = [sequence_of(*each) for each in zip(drawn, firsts, strict=True)]
    sequences = as_read_by(name, sequences)
    logits = logits_of(network, *sequences)
    logits[..., [i for i in range(len(WORDS)) if i not in allowed]] = -np.inf
    return logits, sequences


@with_a_state
@pytest.mark.parametrize("given", [(), [QUARTER] * 24, [5, 5, 7, 11, 4, 6, 6]])
def test_composing_is_reading_what_is_written_as_in_training(networks, name, given):
    """Greedily, so that each word is the likeliest after all before it; with clock, echoes and runs
    that are looked up in the tune as it was written. (Given quarters run further than a run is
    counted.)"""
    network, allowed = networks[name], DRAWABLE[1:]
    choice = {"temperature": 0, "banned": [rnn.END], "given": given}
    drawn = rnn.compose(network, WORDS, FIRSTS, COUNT, 0, **choice)
    assert drawn.shape == (len(FIRSTS), COUNT) and drawn.dtype == np.int32
    assert (drawn[:, : len(given)] == np.array(given)).all()
    logits, sequences = read_back(name, network, drawn, FIRSTS, allowed)
    logits, mine = logits[:, len(given) :], drawn[:, len(given) :]
    taken = np.take_along_axis(logits, mine[..., None], axis=2)[..., 0]
    second, best = np.moveaxis(np.sort(logits, axis=2)[..., -2:], 2, 0)
    assert (taken >= best - 1e-3).all()
    assert (best - second > 1e-2).mean() > 0.9  # rarely could it have been another one
    assert len(np.unique(mine)) > 2  # no network that says always the same
    if name == "looking":
        echoes, runs = (
            np.stack([getattr(s, field)[len(given) :] for s in sequences])
            for field in ("echoes", "runs")
        )
        assert (echoes > 0).sum() > 50
        assert given != [QUARTER] * 24 or runs.max() == rnn.LONGEST_RUN


@with_a_state
def test_the_first_words_come_as_often_as_they_are_likely(networks, name):
    first = np.repeat(at(0)[None], 4000, axis=0)
    drawn = rnn.compose(networks[name], WORDS, first, 1, 5, temperature=2.0)[:, 0]
    logits, _ = read_back(name, networks[name], [[QUARTER]] * 2, [at(0)] * 2, DRAWABLE)
    likely = tf.nn.softmax(logits[0, 0] / 2.0).numpy()
    shares = np.bincount(drawn, minlength=len(WORDS)) / len(drawn)
    assert np.abs(shares - likely).max() < 0.035  # four standard deviations
    assert np.sort(likely)[-2] > 0.05


def many(network, count=40, seed=1, **options):
    return rnn.compose(network, WORDS, np.tile(at(0), (32, 1)), count, seed, **options)


@with_a_state
def test_after_an_end_there_is_nothing(networks, name):
    drawn = many(networks[name], 60, temperature=3.0)
    ends = (drawn == END).sum(axis=1)
    assert ends.max() == 1 and ends.sum() > 10
    for row in drawn:
        length = row.tolist().index(END) + 1 if END in row else len(row)
        assert (row[:length] > 0).all()
        assert not row[length:].any()


@with_a_state
def test_words_that_take_no_time_and_banned_words_never_come(networks, name):
    network = networks[name]
    assert set(np.unique(many(network, 60, temperature=5.0))) == {0, *DRAWABLE}
    endless = many(network, 60, temperature=5.0, banned=[rnn.END])
    assert set(np.unique(endless)) == set(DRAWABLE[1:])
    banned = many(network, 60, temperature=5.0, banned=(rnn.END, "D4 2", "rest 2"))
    assert set(np.unique(banned)) == set(range(6, len(WORDS)))


def test_what_is_given_comes_back_and_is_gone_on_with_as_if_it_had_been_drawn(networks):
    for network in (networks["plain"], networks["looking"]):
        drawn = many(network, 40, seed=4, banned=[rnn.END])
        given = drawn[0, :15]
        again = many(network, 40, seed=4, banned=[rnn.END], given=given)
        assert (again[:, :15] == given).all()
        assert np.array_equal(again[0], drawn[0])
        # Another beginning is gone on with in another way.
        other = many(network, 40, seed=4, banned=[rnn.END], given=(given - 3) % 8 + 4)
        assert not np.array_equal(other[0, 15:], drawn[0, 15:])


def test_a_given_end_ends(networks):
    drawn = many(networks["plain"], 8, given=[5, END])
    assert drawn.tolist() == [[5, END, 0, 0, 0, 0, 0, 0]] * 32
    assert many(networks["plain"], 2, given=[5, BAR_LINE]).tolist() == [[5, BAR_LINE]] * 32


@with_a_state
def test_the_seed_decides_and_fewer_words_are_the_first_of_more(networks, name):
    network = networks[name]
    first = many(network, 20, seed=4)
    assert np.array_equal(first, many(network, 20, seed=4))
    assert not np.array_equal(first, many(network, 20, seed=5))
    assert len(np.unique(first[:, :3], axis=0)) > 4  # and each row is drawn for itself
    assert np.array_equal(many(network, 8, seed=4), first[:, :8])


def test_greedy_is_the_best_of_one_and_the_smallest_share(networks):
    network = networks["plain"]
    greedy = many(network, seed=0, temperature=0)
    assert (greedy == greedy[0]).all()
    assert np.array_equal(many(network, seed=7, temperature=0), greedy)
    assert np.array_equal(many(network, seed=1, top_k=1), greedy)
    assert np.array_equal(many(network, seed=1, top_p=1e-6), greedy)
    assert np.array_equal(many(network, seed=1, temperature=1e-3), greedy)
    assert np.array_equal(many(network, seed=1, temperature=0, cadence=5.0), greedy)


def test_top_k_draws_k_words_at_most(networks):
    first = many(networks["plain"], 1, seed=0, temperature=9.0, top_k=3)
    assert len(np.unique(first)) == 3


@with_a_state
def test_the_cadence_is_heard_in_every_eighth_bar_alone(networks, name):
    """Made nearly greedy, it takes the likeliest word there, and chance rules elsewhere."""
    network, allowed = networks[name], DRAWABLE[1:]
    choice = {"seed": 6, "temperature": 3.0, "banned": [rnn.END]}
    careful, free = (many(network, 80, cadence=c, **choice)[:8] for c in (1e-3, None))
    assert np.array_equal(free, many(network, 80, cadence=3.0, **choice)[:8])
    logits, sequences = read_back(name, network, careful, [at(0)] * 8, allowed)
    taken = np.take_along_axis(logits, careful[..., None], axis=2)[..., 0]
    likeliest = taken >= logits.max(axis=2) - 1e-2
    eighth = np.stack([sequence.places[:, 1] == 7 for sequence in sequences])
    assert likeliest[eighth].all() and eighth.sum() > 30
    assert (~likeliest[~eighth]).sum() > 200
    before = np.cumsum(eighth, axis=1) == 0
    assert np.array_equal(careful[before], free[before])
    assert not np.array_equal(careful, free)


def likeliest(name, network, drawn, first):
    """Whether each word of composed tunes is the likeliest, ``(tunes, count)``, and its sequence's
    places, ``(tunes, count, 4)``."""
    firsts = [first] * len(drawn)
    logits, sequences = read_back(name, network, drawn, firsts, DRAWABLE[1:])
    taken = np.take_along_axis(logits, drawn[..., None], axis=2)[..., 0]
    return taken >= logits.max(axis=2) - 1e-2, np.stack([s.places for s in sequences])


@with_a_state
@pytest.mark.parametrize("first", [at(0, 7), at(72, 7), at(60, 7, SIX_EIGHT)])
def test_a_pickup_is_drawn_at_the_normal_temperature(networks, name, first):
    """It stands in bar 7 of eight, as the eighth bar does, and is no cadence."""
    choice = {"temperature": 3.0, "cadence": 1e-3, "banned": [rnn.END]}
    drawn = rnn.compose(networks[name], WORDS, np.tile(first, (64, 1)), 60, 2, **choice)
    right, places = likeliest(name, networks[name], drawn, first)
    seventh = places[..., 1] == 7
    pickup = seventh & (np.cumsum(~seventh, axis=1) == 0)
    eighth = seventh & ~pickup
    assert pickup[:, 0].all() and right[eighth].all() and eighth.sum() > 100
    assert (~right[pickup]).sum() > 20
    free = rnn.compose(
        networks[name], WORDS, np.tile(first, (64, 1)), 60, 2, **choice | {"cadence": None}
    )
    before = np.cumsum(eighth, axis=1) == 0
    assert np.array_equal(drawn[before], free[before])


@with_a_state
@pytest.mark.parametrize("bar", range(7))
def test_a_tune_may_begin_in_any_bar_and_counts_from_there(networks, name, bar):
    """So many bars later comes the eighth, in which it is careful; what it echoes is what it has
    written itself."""
    first, network = at(24, bar), networks[name]
    choice = {"temperature": 3.0, "cadence": 1e-3, "banned": [rnn.END]}
    drawn = rnn.compose(network, WORDS, np.tile(first, (16, 1)), 60, 3, **choice)
    right, places = likeliest(name, network, drawn, first)
    eighth = places[..., 1] == 7
    assert (places[:, 0, 1] == bar).all() and right[eighth].all() and eighth.sum() > 30
    assert (~right[~eighth]).sum() > 200
    greedy = {"temperature": 0, "banned": [rnn.END]}
    drawn = rnn.compose(network, WORDS, np.tile(first, (2, 1)), 60, 0, **greedy)
    assert likeliest(name, network, drawn, first)[0].all()


@pytest.mark.parametrize(
    "choice",
    [{"temperature": 2}, {"cadence": 2}, {"top_p": 1}, {"top_k": np.int64(4)}, {"top_k": None}]
    + [{"temperature": np.float64(0.5)}, {"temperature": np.float32(2)}, {"seed": np.int64(1)}]
    + [{"temperature": 0}, {"temperature": np.int32(1), "cadence": np.float64(0.25)}],
    ids=str,
)
def test_whole_numbers_and_numpys_are_numbers_too(networks, choice):
    numbers = {"seed": int, "top_k": lambda k: len(WORDS) if k is None else int(k)}
    plain = {name: numbers.get(name, float)(x) for name, x in choice.items()}
    network = networks["plain"]
    assert np.array_equal(many(network, 5, **choice), many(network, 5, **plain))


@every_network
def test_saved_networks_say_the_same_and_go_on_alike(saved, networks, name):
    again = saved.network(name)
    (sequence,) = as_read_by(name, make_sequences(1, seed=8))
    assert np.allclose(logits_of(again, sequence), logits_of(networks[name], sequence), atol=1e-5)
    if name != "transformer":
        assert np.array_equal(many(again, 20, seed=4), many(networks[name], 20, seed=4))


@pytest.fixture(scope="module")
def saved(tmp_path_factory, networks):
    folder = tmp_path_factory.mktemp("saved") / "checkpoint"
    write_checkpoint(folder, networks, {}, {}, {})
    return load_checkpoint(folder)


# --- training ----------------------------------------------------------------------------------

SETTINGS = {"epochs": 2, "batch_size": 2, "seed": 3, "learning_rate": 0.05}


@pytest.fixture
def steps_seen(monkeypatch):
    """Steps that do nothing but keep what they are given."""
    seen = []

    def step(network, optimizer, inputs, targets):
        seen.append((*inputs, targets))
        return 1.0

    monkeypatch.setattr(rnn, "train_step", step)
    return seen


def take_steps(train, iterations, **settings):
    run = SimpleNamespace(
        networks={"network": None}, optimizers={"optimizer": None}, settings=SETTINGS | settings
    )
    step = rnn.make_step(run, train)
    assert all(step(iteration) == {"loss": 1.0} for iteration in iterations)


def test_an_iteration_alone_decides_what_it_sees(steps_seen):
    train = [rnn.look_back(sequence) for sequence in make_sequences(12)]
    before = [[array.copy() for array in sequence] for sequence in train]
    take_steps(train, [*range(12), *reversed(range(12))])
    for one, other in zip(steps_seen[:12], reversed(steps_seen[12:]), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    for sequence, kept in zip(train, before, strict=True):  # the tunes themselves stay as they are
        assert all(np.array_equal(a, b) for a, b in zip(sequence, kept, strict=True))
    targets = [step[-1].tolist() for step in steps_seen]
    take_steps(train, range(12), seed=4)
    assert [step[-1].tolist() for step in steps_seen[24:]] != targets[:12]


@pytest.mark.parametrize("count", [12, 13])
def test_an_epoch_sees_every_tune_once(steps_seen, count):
    train = make_sequences(count)
    batches = -(-count // 2)
    take_steps(train, range(2 * batches))
    orders = []
    for steps in (steps_seen[:batches], steps_seen[batches:]):
        rows = [row[row > 0].tolist() for *_, targets in steps for row in targets]
        assert sorted(rows) == sorted(sequence.tokens[1:].tolist() for sequence in train)
        orders.append(rows)
    assert orders[0] != orders[1]


def test_of_an_eighth_of_the_tunes_the_kind_is_not_told(steps_seen):
    train = make_sequences(8)
    true = {tuple(s.tokens[1:].tolist()): s.places for s in train}
    take_steps(train, range(200))
    told = []
    for _, places, targets in steps_seen:
        for mine, row in zip(places, targets, strict=True):
            row = row[row > 0]
            expected = true[tuple(row.tolist())].copy()
            told.append(mine[0, rnn.KIND] != 0)
            if not told[-1]:
                expected[:, rnn.KIND] = 0
            assert np.array_equal(mine[: len(row)], expected)
    assert len(told) == 400 and 325 <= sum(told) <= 375


@every_network
def test_steps_lower_the_loss(name, eagerly):
    keras.utils.set_random_seed(1)
    network, optimizer = build(name, dropout=0.0), keras.optimizers.Adam(0.04)
    optimizer.build(network.trainable_variables)
    batch = rnn.pad(as_read_by(name, make_sequences(4, longest=5)))
    losses = [float(rnn.train_step(network, optimizer, *batch)) for _ in range(8)]
    assert losses[0] == pytest.approx(np.log(len(WORDS)), abs=1)  # what it costs to know nothing
    assert losses[-1] < losses[0] - 0.3


def train_anew(folder, name, train, valid=(), **settings):
    keras.utils.set_random_seed(7)
    return rnn.train_network(folder, lambda: build(name), SETTINGS | settings, train, list(valid))


def size_of(network):
    """A validation loss that depends on all weights."""
    return float(sum(np.abs(w).sum() for w in network.get_weights()))


def interrupt_in(monkeypatch, call):
    monkeypatch.setattr(rnn, "train_step", interrupted(rnn.train_step, call))


@with_a_state
def test_a_training_that_is_stopped_goes_on_as_if_it_had_not_been(runs, monkeypatch, eagerly, name):
    monkeypatch.setattr(rnn, "evaluate", lambda network, sequences: (size_of(network), 0.5))
    train = as_read_by(name, make_sequences(6, seed=1, longest=6))
    with monkeypatch.context() as patch:
        interrupt_in(patch, 4)
        with pytest.raises(Stopped, match="4 of 6"):
            train_anew("parts", name, train)

    whole = train_anew("whole", name, train)
    assert whole.iteration == 6 and whole.history["epoch"] == [1, 2]
    assert len(whole.history["loss"]) == 6 and whole.history["iteration"] == [3, 6]

    with monkeypatch.context() as patch:
        interrupt_in(patch, 3)  # there are but two left
        parts = train_anew("parts", name, train)
    assert outcome(parts) == outcome(whole)

    # Once it is over, it stays as it is.
    with monkeypatch.context() as patch:
        interrupt_in(patch, 1)
        assert outcome(train_anew("parts", name, train)) == outcome(whole)
    with pytest.raises(RuntimeError, match="batch_size"):
        train_anew("parts", name, train, batch_size=4)


@pytest.mark.parametrize(
    ("losses", "best"), [([3, 2, 2.5, 1.5, 1.9], 4), ([3, 3, 4, 5, 3], 1), ([3, 2, 1, 0.5, 0.4], 5)]
)
def test_the_best_network_is_kept(runs, monkeypatch, losses, best):
    """Steps write their number into all weights; the losses are those that are said."""
    numbers, said = itertools.count(1), iter(losses)

    def step(network, optimizer, *batch):
        number = next(numbers)
        network.set_weights([np.full(w.shape, number) for w in network.get_weights()])
        return tf.constant(float(number))

    monkeypatch.setattr(rnn, "train_step", step)
    monkeypatch.setattr(rnn, "evaluate", lambda network, sequences: (next(said), 0.25))
    training = train_anew("tunes", "plain", make_sequences(5), epochs=5)
    assert training.iteration == 15
    assert training.history["validation loss"] == losses
    assert training.history["validation accuracy"] == [0.25] * 5
    assert training.history["training loss"] == [2, 5, 8, 11, 14]
    for network, number in (("network", 15), ("best", 3 * best)):
        assert all(
            (w.numpy() == number).all() for w in training.networks[network].trainable_weights
        )
