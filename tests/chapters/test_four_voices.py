"""Notebook 07's exported functions: hand-made cases, properties, and a training that stops and goes
on.

The network is tiny, and its weights drawn at random and large, so that what it says depends on all
that it has read.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from trainings import interrupted, lively, outcome

from helpers.chapters import four_voices as chapter
from helpers.chapters import next_note_rnn as rnn
from helpers.exercises import four_voices as checks
from helpers.music.grid import REST, Piece, default_onsets
from helpers.training.checkpoints import load_checkpoint, write_checkpoint
from helpers.training.loop import Stopped

SOPRANO, ALTO, TENOR, BASS = range(4)


def tiny_chorale_network(seed=0):
    return lively(chapter.build_chorale_network("gru", 1, units=8), seed, size=0.4)


@pytest.fixture(scope="module")
def chorale_network():
    return tiny_chorale_network()


def chorale_piece(steps=16, pickup=0, key="G major", seed=0):
    rng = np.random.default_rng(seed)
    low, high = np.array([62, 57, 50, 41]), np.array([76, 69, 65, 60])
    chords = rng.integers(low, high + 1, (-(-steps // 2), 4))
    voices = np.repeat(chords, 2, axis=0)[:steps].astype(np.int16)
    bars = np.arange(pickup, steps, 16, dtype=np.int32)
    return Piece("made up", voices, default_onsets(voices), bars, key=key)


# --- what the chorale network sees -------------------------------------------------------------


def test_classes_and_pitches_are_each_others_inverse():
    voices = np.array([[36, 81, REST, 60]], np.int16)
    classes = chapter.to_classes(voices)
    assert classes.tolist() == [[1, 46, 0, 25]]
    assert classes.max() < chapter.CLASSES == chapter.NOTHING
    again = chapter.to_pitches(classes)
    assert again.dtype == np.int16 and again.tolist() == voices.tolist()
    every = np.array([[REST, *range(36, 82)]])
    assert chapter.to_classes(every)[0].tolist() == list(range(chapter.CLASSES))


@pytest.mark.parametrize("pitch", [0, 34, 35, 82, 127])
def test_pitches_that_no_chorale_has_are_refused(pitch):
    with pytest.raises(ValueError, match="from 36 to 81"):
        chapter.to_classes(np.array([[60, 60, 60, pitch]]))


def recall_all(classes):
    """Hints and lengths at every step."""
    agreement = np.zeros(classes.shape, np.int32)
    steps = range(classes.shape[-2])
    hints, lengths = zip(*(chapter.recall(classes, agreement, step) for step in steps), strict=True)
    return np.stack(hints, axis=-2), np.stack(lengths, axis=-2)


def in_four_voices(melody):
    """A melody of classes, and voices that move with it."""
    return np.array(melody)[:, None] + np.arange(4) * 10


def test_when_a_phrase_comes_again_its_continuation_is_recalled():
    classes = in_four_voices([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 9])  # A B A, and then something new
    hints, lengths = recall_all(classes)
    assert (hints[:8] == chapter.NOTHING).all() and not lengths[:8].any()
    assert hints[8:].tolist() == classes[1:4].tolist()
    assert lengths[8:].tolist() == [[1] * 4, [2] * 4, [3] * 4]


def test_there_is_no_hint_at_the_first_two_steps():
    hints, lengths = recall_all(in_four_voices([5, 5, 5]))
    assert (hints[:2] == chapter.NOTHING).all() and not lengths[:2].any()
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
    assert hints[5].tolist() == [2, 12, 22, chapter.NOTHING]
    assert lengths[5].tolist() == [1, 1, 1, 0]
    # One voice alone remembers a longer past than three: a sum of 4 against 3.
    classes = np.array([[9, 1, 1, 1], [8, 1, 2, 3], [7, 4, 5, 6], [6, 7, 8, 9], [5, 10, 11, 12]])
    classes = np.concatenate([classes, [[20, 30, 31, 32], [9, 40, 41, 42], [8, 43, 44, 45]]])
    classes = np.concatenate([classes, [[7, 46, 47, 48 - 2], [0, 0, 0, 0]]])
    hints, lengths = recall_all(classes)
    assert hints[9].tolist() == [6] + [chapter.NOTHING] * 3
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
    seen = chapter.look_back(in_four_voices(melody), places)
    assert seen.shape == (8, chapter.SEEN) and seen.dtype == np.int32
    soprano = seen[:, [0, 4, 8, 12, 16]].T.tolist()  # the first column of each kind
    nothing = chapter.NOTHING
    assert soprano[0] == [nothing, *melody[:-1]]
    assert soprano[1] == [0, 1, 2, 3, 1, 1, 2, 3]  # how long the note before has been held
    # The past of step 2 (5 5) is most like that of step 1, whose continuation was a 5, and so on;
    # before step 7 there is 7 5 5 5, and a 7 came after 5 5 5.
    assert soprano[2][:4] == [nothing, nothing, 5, 5]
    assert soprano[2][7] == 7
    assert soprano[3] == [0, 0, 1, 2, 0, 1, 2, 2]  # agreements of 0 0 1 2 0 1 2 3 steps
    assert soprano[4] == [chapter.BAR - 1, *range(7)]
    assert (seen[:, 1:4] == np.where(seen[:, :1] == nothing, nothing, seen[:, :1] + [10, 20, 30]))[
        1:
    ].all()


def test_long_agreements_and_long_notes_fit_their_tables():
    seen = chapter.look_back(in_four_voices([3] * 60), np.zeros(60))
    assert seen[:, chapter.HELD].max() == chapter.MOST_HELD - 1
    assert seen[:, chapter.LENGTH].max() == chapter.LENGTHS - 1


@pytest.mark.parametrize("step", [1, 7, 15, 29])
def test_the_future_is_not_seen(step):
    rng = np.random.default_rng(step)
    classes = rng.integers(0, 3, (30, 4))
    places = np.arange(30) % 16
    before = chapter.look_back(classes, places)
    changed = classes.copy()
    changed[step:] = rng.integers(3, 40, (30 - step, 4))
    after = chapter.look_back(changed, places)
    assert np.array_equal(after[: step + 1], before[: step + 1])
    assert step == 29 or not np.array_equal(after[step + 1], before[step + 1])


def test_composing_sees_what_the_finished_piece_shows(chorale_network, monkeypatch):
    observe, watched = chapter.observe, []
    monkeypatch.setattr(
        chapter, "observe", lambda *args: watched.append(observe(*args)) or watched[-1]
    )
    places = (np.arange(40) - 4) % 16
    voices = chapter.compose_voices(chorale_network, 40, count=2, places=places, seed=1)
    monkeypatch.undo()
    for piece, seen in zip(voices, np.stack(watched, axis=1), strict=True):
        assert np.array_equal(seen, chapter.look_back(chapter.to_classes(piece), places))


# --- the chorale network -----------------------------------------------------------------------


def random_classes(steps, seed=0):
    return np.random.default_rng(seed).integers(0, chapter.CLASSES, (steps, 4)).astype(np.int32)


def test_each_voice_is_chosen_after_soprano_bass_alto_in_this_order(chorale_network):
    assert list(chapter.VOICES) == ["soprano", "bass", "alto", "tenor"]
    chosen = random_classes(6)
    seen = chapter.look_back(random_classes(6, 1), np.arange(6))
    before = rnn.predict(chorale_network, seen[None], chosen[None])[0].numpy()
    assert before.shape == (6, 4, chapter.CLASSES)
    depends = {SOPRANO: {BASS, ALTO, TENOR}, BASS: {ALTO, TENOR}, ALTO: {TENOR}, TENOR: set()}
    for column, later in depends.items():
        changed = chosen.copy()
        changed[3, column] = (chosen[3, column] + 5) % chapter.CLASSES
        after = rnn.predict(chorale_network, seen[None], changed[None])[0].numpy()
        differs = ~np.isclose(after, before, atol=1e-5).all(axis=2)
        assert {tuple(index) for index in np.argwhere(differs)} == {(3, other) for other in later}


def test_what_is_seen_later_changes_nothing_before(chorale_network):
    chosen, seen = random_classes(8), chapter.look_back(random_classes(8, 1), np.arange(8))
    before = rnn.predict(chorale_network, seen[None], chosen[None])[0].numpy()
    changed = seen.copy()
    changed[4, chapter.BEFORE] = (seen[4, chapter.BEFORE] + 7) % chapter.CLASSES
    after = rnn.predict(chorale_network, changed[None], chosen[None])[0].numpy()
    assert np.allclose(after[:4], before[:4], atol=1e-5)
    assert not np.allclose(after[4], before[4], atol=1e-3)
    assert not np.allclose(after[7], before[7], atol=1e-4)  # the memory keeps it


def test_one_hot_rows():
    rows = chapter.one_hot(np.array([0, 3, chapter.NOTHING])).numpy()
    assert rows.shape == (3, chapter.CLASSES)
    assert rows.sum(axis=1).tolist() == [1, 1, 0]
    assert rows[0, 0] == rows[1, 3] == 1


def test_a_saved_network_composes_alike(tmp_path, chorale_network):
    write_checkpoint(tmp_path / "checkpoint", {"chorales": chorale_network}, {}, {}, {})
    loaded = load_checkpoint(tmp_path / "checkpoint").network("chorales")
    first, again = (
        chapter.compose_voices(one, 6, count=2, seed=1) for one in (chorale_network, loaded)
    )
    assert np.array_equal(first, again)


def test_the_checks_know_the_columns():
    ours = chapter.HINT, chapter.LENGTH, chapter.NOTHING
    assert ours == (checks.HINT, checks.LENGTH, checks.NOTHING)


def test_places_in_bars_begin_anew_on_each_downbeat():
    assert chapter.places_in_bars(chorale_piece(20, pickup=4)).tolist() == [
        *range(12, 16),
        *range(16),
    ]


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
    return chapter.prepare(make_pieces(), LOW, HIGH)


def test_prepared_pieces(prepared):
    for piece, ready in zip(make_pieces(), prepared, strict=True):
        assert np.array_equal(chapter.to_pitches(ready.classes), piece.voices)
        down, up = ready.room
        assert down < 0 < up
        for shift in (down, up):
            assert (piece.voices + shift >= LOW).all() and (piece.voices + shift <= HIGH).all()
    assert prepared[1].seen[:6, chapter.PLACE].tolist() == [12, 13, 14, 15, 0, 1]
    assert prepared[1].seen[19:22, chapter.PLACE].tolist() == [15, 0, 1]


def test_moved_keeps_rests_and_nothing():
    classes = np.array([0, 1, 20, chapter.CLASSES - 1, chapter.NOTHING])
    assert chapter.moved(classes, 3).tolist() == [0, 4, 23, chapter.CLASSES + 2, chapter.NOTHING]
    assert chapter.moved(classes[:3], -1).tolist() == [0, 0, 19]
    assert chapter.moved(classes, 0).tolist() == classes.tolist()


def test_the_same_seed_and_iteration_give_the_same_stretches(prepared):
    first = chapter.chorale_batch(prepared, 6, 32, seed=1, iteration=4)
    again = chapter.chorale_batch(prepared, 6, 32, seed=1, iteration=4)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    for seed, iteration in ((1, 5), (2, 4)):
        other = chapter.chorale_batch(prepared, 6, 32, seed=seed, iteration=iteration)
        assert not np.array_equal(first[1], other[1])


def test_stretches_are_of_the_pieces_transposed_inside_the_ranges(prepared):
    starts, shifts = set(), set()
    for iteration in range(15):
        seen, classes, mask = chapter.chorale_batch(prepared, 8, 32, seed=1, iteration=iteration)
        for row in range(8):
            count = int(mask[row].sum())
            assert mask[row, :count].all() and set(np.unique(mask)) <= {0, 1}
            assert not classes[row, count:].any() and not seen[row, count:].any()
            piece, start, shift = self_in(prepared, classes[row, :count])
            assert count == min(32, len(piece.classes))
            voices = chapter.to_pitches(classes[row, :count])
            assert (voices >= LOW).all() and (voices <= HIGH).all()
            transposed = chapter.moved(piece.classes, shift)
            place = piece.seen[:, chapter.PLACE]
            expected = chapter.look_back(transposed, place)[start : start + count]
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
    seen = chapter.look_back(classes, places)
    logits = rnn.predict(network, seen[None], classes[None])[0].numpy().astype(float)
    likely = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return np.take_along_axis(likely, classes[..., None], axis=-1)[..., 0]


def with_rests(steps=14):
    piece = chorale_piece(steps, seed=5)
    voices = piece.voices.copy()
    voices[3:5, 2] = REST
    voices[0, 3] = REST
    return chapter.prepare([piece._replace(voices=voices)], LOW, HIGH)


def test_losses_in_one_key_are_the_cross_entropy(chorale_network):
    prepared = with_rests()
    (losses,) = chapter.chorale_losses(chorale_network, prepared)
    likely = by_hand(chorale_network, prepared[0].classes, prepared[0].seen[:, chapter.PLACE])
    assert losses.shape == (14, 4)
    assert np.allclose(losses, -np.log(likely), rtol=1e-3, atol=1e-4)
    assert chapter.nats_per_note([losses, losses[:5]]) == pytest.approx(
        (losses.sum() + losses[:5].sum()) / (19 * 4), rel=1e-5
    )


def test_losses_in_three_keys_are_of_the_mean_probability(chorale_network):
    prepared = with_rests()
    (losses,) = chapter.chorale_losses(chorale_network, prepared, keys=(-1, 0, 1))
    voices, places = chapter.to_pitches(prepared[0].classes), prepared[0].seen[:, chapter.PLACE]
    copies = [np.where(voices == REST, REST, voices + shift) for shift in (-1, 0, 1)]
    likely = [by_hand(chorale_network, chapter.to_classes(copy), places) for copy in copies]
    assert np.allclose(losses, -np.log(np.mean(likely, axis=0)), rtol=1e-3, atol=1e-4)


def test_keys_in_which_a_note_has_no_class_are_left_out(chorale_network):
    voices = np.array([[81, 60, 50, 36], [80, 60, 50, 38]] * 3, np.int16)
    piece = Piece("wide", voices, default_onsets(voices), np.array([0]))
    prepared = chapter.prepare([piece], LOW, HIGH)
    assert prepared[0].room.tolist() == [0, 0]
    (one,) = chapter.chorale_losses(chorale_network, prepared)
    (three,) = chapter.chorale_losses(chorale_network, prepared, keys=(-1, 0, 1))
    assert np.allclose(one, three, rtol=1e-4)


def test_a_step_of_the_chorale_network_by_hand(prepared):
    network = chapter.build_chorale_network("gru", 1, units=8, dropout=0.0)
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(network.trainable_variables)
    # The first piece has 20 steps.
    seen, classes, mask = chapter.chorale_batch(
        prepared[:1] + prepared[2:], 4, 28, seed=4, iteration=0
    )
    assert 0 < mask.sum() < mask.size
    logits = rnn.predict(network, seen, classes).numpy().astype(float)
    likely = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    losses = -np.log(np.take_along_axis(likely, classes[..., None], axis=-1)[..., 0])
    loss = chapter.chorale_step(network, optimizer, seen, classes, mask)
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

    monkeypatch.setattr(chapter, "build_chorale_network", build)
    monkeypatch.setattr(chapter, "chorale_step", step)
    # The loss is least after the fourth iteration.
    monkeypatch.setattr(
        chapter, "chorale_losses", lambda average, valid: [np.array([worth(average)])]
    )
    monkeypatch.setattr(
        chapter,
        "compose_voices",
        lambda average, steps, seed: average.get_weights()[0][None, :2, :4],
    )
    settings = {"iterations": 7, "batch_size": 2, "seed": 3, "every": 2}
    weights_at = {}

    def worth(average):
        weights_at[len(weights_at)] = average.get_weights()
        return [3.0, 1.0, 2.0, 1.5][(len(weights_at) - 1) % 4]

    def new(folder):
        keras.utils.set_random_seed(7)
        return chapter.build_chorale_training(folder, settings, "pieces")

    whole = new("whole")
    weights = [networks.get_weights() for networks in whole.networks.values()]
    assert all(
        np.array_equal(a, b)
        for other in weights[1:]
        for a, b in zip(weights[0], other, strict=True)
    )
    chapter.train_chorales(whole, prepared, [], "Chorales")
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
        patch.setattr(chapter, "chorale_step", interrupted(chapter.chorale_step, 5))
        with pytest.raises(Stopped, match="5 of 7"):
            chapter.train_chorales(new("parts"), prepared, [], "Chorales")
    parts = new("parts")
    chapter.train_chorales(parts, prepared, [], "Chorales")
    assert outcome(parts) == outcome(whole)


# --- composing ---------------------------------------------------------------------------------


def test_voices_have_their_shape_and_a_given_soprano_stays(chorale_network):
    soprano = np.array([[60, 60, REST, 81, 57, 57], [72, 71, 69, 67, REST, REST]])
    voices = chapter.compose_voices(chorale_network, 6, count=2, sopranos=soprano, seed=3)
    assert voices.shape == (2, 6, 4) and voices.dtype == np.int16
    assert np.array_equal(voices[:, :, 0], soprano)
    assert voices.min() >= REST and voices.max() <= chapter.HIGHEST
    others = voices[:, :, 1:]
    assert ((others == REST) | (others >= chapter.LOWEST)).all()
    harmonised = chapter.harmonise_windows(chorale_network, soprano, seed=3)
    assert np.array_equal(harmonised, voices)


def test_the_seed_decides_what_is_composed(chorale_network):
    first = chapter.compose_voices(chorale_network, 6, count=2, seed=1)
    assert np.array_equal(first, chapter.compose_voices(chorale_network, 6, count=2, seed=1))
    assert not np.array_equal(first, chapter.compose_voices(chorale_network, 6, count=2, seed=2))
    assert not np.array_equal(first[0], first[1])


@pytest.fixture(scope="module")
def blank_network():
    """A network that finds everything equally likely."""
    network = chapter.build_chorale_network("gru", 1, units=8)
    network.set_weights([np.zeros(w.shape) for w in network.get_weights()])
    return network


def test_every_step_and_voice_draws_anew(blank_network):
    columns = chapter.compose_voices(blank_network, 24, seed=5)[0].T.tolist()
    assert all(len(set(column)) > 10 for column in columns)
    assert len(set(map(tuple, columns))) == 4
    assert all(columns[i][1:] != columns[j][:-1] for i in range(4) for j in range(4))


def test_without_temperature_the_most_probable_class_is_taken(chorale_network):
    """What is composed step by step, with a state, is what the network says of the whole piece."""
    soprano = np.array([[60, 62, 64, 65, 67, 69, REST, 72, 72, 72, 60, 62, 64, 65]])
    places = (np.arange(14) - 2) % 16
    voices = chapter.compose_voices(
        chorale_network, 14, sopranos=soprano, places=places, temperature=0, seed=1
    )[0]
    classes = chapter.to_classes(voices)
    seen = chapter.look_back(classes, places)
    logits = rnn.predict(chorale_network, seen[None], classes[None])[0].numpy()
    assert np.array_equal(logits[:, 1:].argmax(axis=2), classes[:, 1:])


def test_temperature_zero_leaves_nothing_to_chance(blank_network):
    """Where two classes are almost equally likely, too."""
    before = blank_network.get_weights()
    order = np.random.default_rng(0).permutation(chapter.CLASSES)
    biases = [order * 1e-4 if w.shape == (chapter.CLASSES,) else w for w in before]
    blank_network.set_weights(biases)
    runs = [chapter.compose_voices(blank_network, 3, temperature=0, seed=seed) for seed in range(3)]
    blank_network.set_weights(before)
    assert np.array_equal(runs[0], runs[1]) and np.array_equal(runs[0], runs[2])
    assert (chapter.to_classes(runs[0]) == order.argmax()).all()


def test_a_soprano_with_pitches_that_no_chorale_has_is_refused(chorale_network):
    with pytest.raises(ValueError, match="from 36 to 81"):
        chapter.compose_voices(chorale_network, 2, sopranos=np.array([[60, 90]]))
