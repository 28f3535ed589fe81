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

from helpers import metrics
from helpers.chapters import four_voices as chapter
from helpers.chapters import next_note_rnn as rnn
from helpers.data.chorales import load_chorales
from helpers.exercises import four_voices as checks
from helpers.metrics import chorales as measures
from helpers.music.grid import REST, Piece, default_onsets
from helpers.training.checkpoints import load_checkpoint, write_checkpoint
from helpers.training.loop import Stopped

SOPRANO, ALTO, TENOR, BASS = range(4)


ALONE = ("hints", "moves", "parallels", "chords")
AHEAD = (*ALONE, "ahead")


def tiny(sees=ALONE, seed=0, **options):
    return lively(chapter.build_chorale_network(sees, units=8, **options), seed, size=0.4)


@pytest.fixture(scope="module")
def chorale_network():
    return tiny()


@pytest.fixture(scope="module")
def harmoniser():
    return tiny(AHEAD)


@pytest.fixture(scope="module", params=["GRU", "attention"])
def reading_ahead(request, harmoniser):
    """Networks that see ahead, one with each listener."""
    return harmoniser if request.param == "GRU" else tiny(AHEAD, listen=attentive)


def attentive(sees, units, dropout):
    return chapter.build_attentive_listener(sees, units, dropout, depth=2, heads=2)


def chorale_piece(steps=16, pickup=0, key="G major", seed=0):
    rng = np.random.default_rng(seed)
    low, high = np.array([62, 57, 50, 41]), np.array([76, 69, 65, 60])
    chords = rng.integers(low, high + 1, (-(-steps // 2), 4))
    voices = np.repeat(chords, 2, axis=0)[:steps].astype(np.int16)
    bars = np.arange(pickup, steps, 16, dtype=np.int32)
    return Piece("made up", voices, default_onsets(voices), bars, key=key)


# --- the smallest network -----------------------------------------------------------------------


def test_the_smallest_networks_heads_see_the_past_and_the_voices_before_their_own():
    network = lively(chapter.build_smallest(units=8), size=0.5)
    chords = np.random.default_rng(3).integers(1, chapter.CLASSES, (1, 6, 4)).astype(np.int32)
    before = np.concatenate([np.full((1, 1, 4), chapter.NOTHING), chords[:, :-1]], axis=1)
    first = network([before, chords]).numpy()
    assert first.shape == (1, 6, 4, chapter.CLASSES)
    for place, (voice, column) in enumerate(chapter.VOICES.items()):
        other = chords.copy()
        other[0, 3, column] = other[0, 3, column] % 46 + 1
        changed = np.abs(network([before, other]).numpy() - first).max(axis=-1)[0] > 1e-6
        later = [chapter.VOICES[name] for name in list(chapter.VOICES)[place + 1 :]]
        assert np.argwhere(changed).tolist() == [[3, i] for i in sorted(later)], voice
        earlier = before.copy()
        earlier[0, 3, column] = earlier[0, 3, column] % 46 + 1
        changed = np.abs(network([earlier, chords]).numpy() - first).max(axis=-1)[0] > 1e-6
        assert not changed[:3].any() and changed[3:].all()


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
    places = np.tile((np.arange(40) - 4) % 16, (2, 1))
    classes = chapter.write_voices(chorale_network, places, seed=1)
    monkeypatch.undo()
    for piece, seen in zip(classes, np.stack(watched, axis=1), strict=True):
        assert np.array_equal(seen, chapter.look_back(piece, places[0]))


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


@pytest.mark.parametrize("sees", [(), AHEAD])
def test_a_saved_network_writes_alike(tmp_path, sees):
    network, piece = tiny(sees), chorale_piece(12)
    write_checkpoint(tmp_path / "checkpoint", {"network": network}, {}, {}, {})
    loaded = load_checkpoint(tmp_path / "checkpoint").network("network")
    first, again = (chapter.harmonise(one, [piece], seed=1)[0] for one in (network, loaded))
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
        seen, classes, melody, mask = chapter.chorale_batch(
            prepared, 8, 32, seed=1, iteration=iteration
        )
        for row in range(8):
            count = int(mask[row].sum())
            assert mask[row, :count].all() and set(np.unique(mask)) <= {0, 1}
            assert not any(array[row, count:].any() for array in (classes, seen, melody))
            piece, start, shift = self_in(prepared, classes[row, :count])
            assert count == min(32, len(piece.classes))
            voices = chapter.to_pitches(classes[row, :count])
            assert (voices >= LOW).all() and (voices <= HIGH).all()
            transposed = chapter.moved(piece.classes, shift)
            place = piece.seen[:, chapter.PLACE]
            expected = chapter.look_back(transposed, place)[start : start + count]
            assert np.array_equal(seen[row, :count], expected)
            told = chapter.transposed(piece, shift).melody[start : start + count]
            assert np.array_equal(melody[row, :count], told)
            assert np.array_equal(melody[row, :count, chapter.NOTE], classes[row, :count, 0])
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


def test_pieces_are_judged_in_another_key(chorale_network):
    prepared = with_rests()
    voices, places = chapter.to_pitches(prepared[0].classes), prepared[0].seen[:, chapter.PLACE]
    (found,) = chapter.judge_pieces(chorale_network, prepared, semitones=-1)
    copy = chapter.to_classes(np.where(voices == REST, REST, voices - 1))
    assert np.allclose(found, by_hand(chorale_network, copy, places), rtol=1e-3)


@pytest.mark.parametrize("sees", [(), AHEAD])
def test_a_step_of_a_network_by_hand(prepared, sees):
    """The loss is of all four voices, or of three where the melody is known."""
    network = chapter.build_chorale_network(sees, units=8, dropout=0.0)
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(network.trainable_variables)
    # The first piece has 20 steps.
    batch = chapter.chorale_batch(prepared[:1] + prepared[2:], 4, 28, seed=4, iteration=0)
    seen, classes, melody, mask = batch
    assert 0 < mask.sum() < mask.size
    targets = classes[..., 1:] if sees else classes

    def losses():
        inputs = [seen, classes, melody] if sees else [seen, classes]
        logits = rnn.predict(network, *inputs).numpy().astype(float)
        likely = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        return -np.log(np.take_along_axis(likely, targets[..., None], axis=-1)[..., 0])[mask > 0]

    before = losses().mean()
    loss = chapter.chorale_step(network, optimizer, *batch)
    assert float(loss) == pytest.approx(before, rel=1e-4)
    assert losses().mean() < before


def test_a_chorale_training_that_is_stopped_goes_on_as_if_it_had_not_been(
    runs, monkeypatch, prepared
):
    """For speed with another network, and a step that adds to its weights what depends on the
    batch."""

    def build(sees):
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(5)])

    def step(network, optimizer, seen, classes, melody, mask):
        number = float((classes * mask[..., None]).sum()) / 1e4
        network.set_weights([w + number for w in network.get_weights()])
        return tf.constant(number)

    monkeypatch.setattr(chapter, "build_chorale_network", build)
    monkeypatch.setattr(chapter, "chorale_step", step)
    # The loss is least after the fourth iteration.
    monkeypatch.setattr(
        chapter, "chorale_losses", lambda average, valid: [np.array([worth(average)])]
    )
    settings = {"iterations": 7, "batch_size": 2, "length": 16, "seed": 3, "every": 2}
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
    best = whole.networks["best"].get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(best, weights_at[1], strict=True))

    with monkeypatch.context() as patch:
        patch.setattr(chapter, "chorale_step", interrupted(chapter.chorale_step, 5))
        with pytest.raises(Stopped, match="5 of 7"):
            chapter.train_chorales(new("parts"), prepared, [], "Chorales")
    parts = new("parts")
    chapter.train_chorales(parts, prepared, [], "Chorales")
    assert outcome(parts) == outcome(whole)


# --- what a melody tells -----------------------------------------------------------------------


def tune(pitches, lengths, ends=(), pickup=0):
    """A melody of notes, in one voice, fermatas on notes by number; a note after the same is struck
    again."""
    melody = np.repeat(np.array(pitches, np.int16), lengths)
    starts = np.cumsum([0, *lengths[:-1]])
    onsets = np.zeros((len(melody), 1), bool)
    onsets[starts, 0] = np.array(pitches) != REST
    fermatas = np.zeros(len(melody), bool)
    fermatas[starts[list(ends)]] = True
    bars = np.arange(pickup, len(melody), 16)
    return Piece("", melody[:, None], onsets, bars, fermatas=fermatas)


def test_what_a_melody_tells_by_hand():
    piece = tune([67, 67, 69, 71, REST, 72, 67], [2, 2, 4, 4, 2, 4, 2], ends=[3, 6])
    told = chapter.read_melody(piece)
    assert told.shape == (20, chapter.TOLD) and told.dtype == np.int32
    columns = told.T.tolist()
    assert columns[chapter.NOTE] == [32] * 4 + [34] * 4 + [36] * 4 + [0] * 2 + [37] * 4 + [32] * 2
    struck = [0, 2, 4, 8, 14, 18]
    assert np.flatnonzero(told[:, chapter.STRUCK]).tolist() == struck
    assert columns[chapter.SINCE][:10] == [0, 1, 0, 1, 0, 1, 2, 3, 0, 1]
    assert np.flatnonzero(told[:, chapter.ENDING]).tolist() == [8, 9, 10, 11, 18, 19]
    assert np.flatnonzero(told[:, chapter.CLOSING]).tolist() == [11, 19]
    assert np.flatnonzero(told[:, chapter.OPENING]).tolist() == [0, 12]
    assert columns[chapter.TO_END] == [*range(8, 0, -1), 0, 0, 0, 0, *range(6, 0, -1), 0, 0]
    assert columns[chapter.TO_LAST] == [19, 18, 17, *range(16, -1, -1)] or (
        columns[chapter.TO_LAST] == [17, 17, 17, *range(16, -1, -1)]
    )
    assert set(columns[chapter.MODE]) == {0}
    assert set(columns[chapter.TONIC]) == {(67 - 35) % 12}  # G major: it closes there


def test_named_phrase_ends_are_those():
    piece = tune([67, 69, 71, 72], [4, 4, 4, 4], ends=[3])
    told = chapter.read_melody(piece, [4, 13])  # where a note begins, and within one
    assert np.flatnonzero(told[:, chapter.ENDING]).tolist() == [4, 5, 6, 7, 12, 13, 14, 15]


def test_far_things_share_a_class():
    far = chapter.far(np.array([0, 5, 16, 17, 24, 25, 72, 73, 10**6]))
    assert far.tolist() == [0, 5, 16, 17, 17, 18, 23, 23, 23]


@pytest.mark.parametrize(
    ("notes", "key"),
    [
        ([60, 62, 64, 65, 67, 65, 64, 62, 60], (0, 0)),
        ([69, 71, 72, 74, 76, 74, 72, 68, 69], (9, 1)),
        ([REST, REST], (0, 0)),
    ],
)
def test_keys_of_melodies(notes, key):
    assert chapter.guess_key(np.array(notes)) == key


def test_a_melody_moved_is_told_alike(prepared):
    """But for its notes and its tonic."""
    piece = prepared[1]
    moved = chapter.transposed(piece, 3)
    other = [i for i in range(chapter.TOLD) if i not in (chapter.NOTE, chapter.TONIC)]
    assert np.array_equal(moved.melody[:, other], piece.melody[:, other])
    assert (moved.melody[:, chapter.NOTE] == piece.melody[:, chapter.NOTE] + 3).all()
    assert (moved.melody[:, chapter.TONIC] == (piece.melody[:, chapter.TONIC] + 3) % 12).all()


# --- what a candidate means --------------------------------------------------------------------


def test_moves_and_intervals_by_hand():
    here = np.array([0, 1, 25, 30, 46])
    assert chapter.move_to(here, np.array([25])).numpy().tolist() == [49, 0, 24, 29, 45]
    assert (chapter.move_to(here, np.array([chapter.NOTHING])).numpy() == 49).all()
    assert (chapter.move_to(here, np.array([0])).numpy() == 49).all()
    assert chapter.interval_to(here, np.array([30])).numpy().tolist() == [73, 65, 41, 36, 20]


def test_motion_by_hand():
    """Pitches of a lower voice before and now, and of an upper one."""
    cases = {
        (60, 62, 67, 69): 1,
        (60, 62, 79, 81): 1,  # a twelfth
        (60, 62, 72, 74): 2,
        (60, 62, 60, 62): 2,  # a unison
        (60, 72, 67, 67): 0,  # one stays
        (60, 55, 67, 74): 3,
        (60, 48, 60, 72): 3,
        (60, 62, 64, 69): 4,
        (60, 65, 69, 72): 4,
        (60, 57, 67, 64): 1,
        (67, 69, 60, 62): 1,  # the other one is below, as the bass is below the tenor
        (60, 57, 64, 65): 0,  # in contrary motion into a sixth
        (60, 62, 64, 65): 0,
    }
    rows = chapter.to_classes(np.array(list(cases)))
    found = chapter.motion(*rows.T).numpy()
    assert dict(zip(cases, found.tolist(), strict=True)) == cases
    rests = chapter.to_classes(np.array([[60, 62, REST, 69], [REST, 62, 67, 69]]))
    assert chapter.motion(*rests.T).numpy().tolist() == [0, 0]
    assert chapter.motion(chapter.NOTHING, 5, chapter.NOTHING, 12).numpy() == 0


def test_chords_have_the_numbers_that_the_metrics_name():
    """On all chords of three chorales, by another way."""
    for piece in load_chorales("valid")[:3]:
        numbers = chapter.chords_of(chapter.to_classes(piece.voices))
        for step in range(0, len(numbers), 5):
            chord = measures.chord_at(piece, step)
            number = numbers[step]
            if chord is None:
                assert number == 0
            elif chord.quality not in ("augmented", "diminished seventh"):  # whose root is in doubt
                quality = chapter.QUALITIES[(number - 1) // 12]
                assert (chapter.root_of(number), quality) == (chord.root, chord.quality)


def test_a_chord_is_counted_from_home():
    here, others = np.array([16, 20, 22]), [np.array([13]), np.array([20])]
    c_minor_eb, fifth = here[0], 1 + 12 * chapter.QUALITIES.index("minor")
    found = chapter.chord_with(here, others, np.array([13])).numpy()
    assert found[0] == fifth and c_minor_eb - 13 == 3  # root 0: counted from the 13
    moved = chapter.chord_with(here + 5, [other + 5 for other in others], np.array([18])).numpy()
    assert moved.tolist() == found.tolist()
    from_fifth = chapter.chord_with(here, others, np.array([20])).numpy()
    assert from_fifth[0] == fifth + 5  # the root is a fourth above the 20


def test_what_candidates_mean_has_the_sizes_that_are_said(prepared):
    piece = prepared[1]
    for sees in (ALONE, AHEAD):
        for voice in list(chapter.VOICES)[len(sees) - 4 :]:
            meant = chapter.considered(voice, sees, piece.seen, piece.classes, piece.melody)
            for choice, values in meant:
                choice = np.array(choice)
                assert choice.shape == (len(piece.classes), chapter.CLASSES)
                assert choice.min() >= 0 and choice.max() < values
    assert len(meant) == 1 + 3 + 3 + 3  # the tenor: moves, intervals, motions, chords and degrees


# --- seeing ahead ------------------------------------------------------------------------------


def test_only_who_sees_ahead_hears_the_melody_to_come(prepared, chorale_network, reading_ahead):
    piece = prepared[2]
    changed = piece.melody.copy()
    changed[60:, chapter.NOTE] = np.roll(changed[60:, chapter.NOTE], 1)
    assert len(chorale_network.inputs) == 3
    before, after = (
        rnn.predict(reading_ahead, piece.seen[None], piece.classes[None], told[None])[0].numpy()
        for told in (piece.melody, changed)
    )
    assert before.shape == (70, 3, chapter.CLASSES)
    assert not np.allclose(before[58], after[58], atol=1e-4)


def test_the_lower_voices_to_come_are_not_seen(prepared, reading_ahead):
    piece = prepared[2]
    classes = piece.classes.copy()
    classes[40:, 1:] = np.roll(classes[40:, 1:], 1, axis=0)
    places = piece.seen[:, chapter.PLACE]
    pair = [
        rnn.predict(reading_ahead, chapter.look_back(c, places)[None], c[None], piece.melody[None])
        for c in (piece.classes, classes)
    ]
    before, after = (logits[0].numpy() for logits in pair)
    assert np.allclose(before[:40], after[:40], atol=1e-4)
    assert not np.allclose(before[45], after[45], atol=1e-4)


# --- writing -----------------------------------------------------------------------------------


def test_what_is_written_step_by_step_is_what_the_network_says_of_the_whole(reading_ahead):
    piece = chorale_piece(24, pickup=4, seed=9)
    (voices,) = chapter.harmonise(reading_ahead, [piece], temperature=0)
    assert np.array_equal(voices[:, 0], piece.voices[:, 0])
    (ready,) = chapter.prepare([piece._replace(voices=voices)], LOW, HIGH)
    told = chapter.read_melody(piece)
    inputs = [array[None] for array in (ready.seen, ready.classes, told)]
    logits = rnn.predict(reading_ahead, *inputs)[0].numpy()
    assert np.array_equal(logits.argmax(axis=2), ready.classes[:, 1:])


def test_a_network_that_sees_no_melody_keeps_a_given_one(chorale_network):
    pieces = [chorale_piece(20, seed=1), chorale_piece(33, pickup=3, seed=2)]
    written = chapter.harmonise(chorale_network, pieces, seed=3)
    for piece, voices in zip(pieces, written, strict=True):
        assert voices.shape == piece.voices.shape and voices.dtype == np.int16
        assert np.array_equal(voices[:, 0], piece.voices[:, 0])


def test_the_seed_decides_what_is_written(chorale_network):
    places = np.tile(np.arange(6), (2, 1))
    first, again, other = (
        chapter.write_voices(chorale_network, places, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other) and not np.array_equal(first[0], first[1])


def test_without_temperature_the_seed_is_nothing(harmoniser):
    piece = chorale_piece(10)
    first, second = (chapter.harmonise(harmoniser, [piece], 0, seed)[0] for seed in (1, 2))
    assert np.array_equal(first, second)


def test_voices_stay_in_their_ranges(chorale_network):
    ranges = (60, 55, 50, 45), (64, 58, 52, 47)
    classes = chapter.write_voices(chorale_network, np.arange(30)[None], ranges=ranges)
    voices = chapter.to_pitches(classes[0])
    for voice, low, high in zip(voices.T, *ranges, strict=True):
        sung = voice[voice != REST]
        assert len(sung) and low <= sung.min() and sung.max() <= high


@pytest.fixture(scope="module")
def blank_network():
    """A network that finds everything equally likely."""
    network = chapter.build_chorale_network((), units=8)
    network.set_weights([np.zeros(w.shape) for w in network.get_weights()])
    return network


def test_every_step_and_voice_draws_anew(blank_network):
    columns = chapter.write_voices(blank_network, np.arange(24)[None], seed=5)[0].T.tolist()
    assert all(len(set(column)) > 10 for column in columns)
    assert len(set(map(tuple, columns))) == 4
    assert all(columns[i][1:] != columns[j][:-1] for i in range(4) for j in range(4))


def test_a_melody_with_pitches_that_no_chorale_has_is_refused(harmoniser):
    with pytest.raises(ValueError, match="from 36 to 81"):
        chapter.harmonise(harmoniser, [tune([60, 90], [4, 4])])


def test_a_melody_is_read_from_its_own_end(harmoniser):
    """Whatever else is in the batch: where it is padded nothing is read."""
    long, short = chorale_piece(40, seed=1), chorale_piece(24, seed=2)
    told = [chapter.read_melody(piece)[None] for piece in (long, short)]
    places = [chapter.places_in_bars(piece)[None].astype(np.int32) for piece in (long, short)]
    alone = chapter.read_ahead(harmoniser, told[1], places[1])[0]
    padded = [np.zeros_like(told[0]), np.zeros_like(places[0])]
    padded[0][:, :24], padded[1][:, :24] = told[1], places[1]
    both = np.concatenate([told[0], padded[0]]), np.concatenate([places[0], padded[1]])
    together = chapter.read_ahead(harmoniser, *both)[1, :24]
    assert np.allclose(alone, together, atol=1e-5)
    assert not np.allclose(alone[1:], chapter.read_ahead(harmoniser, told[0], places[0])[0, 1:24])


# --- rules -------------------------------------------------------------------------------------


def drafts_of(piece):
    """What the rules are shown of a finished piece, step by step."""
    classes, told = chapter.to_classes(piece.voices)[None], chapter.read_melody(piece)[None]
    chords = np.array([chapter.chords_of(row) for row in classes])
    places = chapter.places_in_bars(piece)
    for step in range(len(piece.voices)):
        before = classes[:, step - 1] if step else np.full((1, 4), chapter.NOTHING)
        looked_at = classes[:, step], before, chords[:, : step + 1], told[:, step]
        yield chapter.Draft(*looked_at, places[step : step + 1])


def faults_in(piece, rule):
    return sum(int(rule(draft)[0]) for draft in drafts_of(piece))


@pytest.fixture(scope="module")
def music():
    """Chorales, and others whose lower voices are those of the next chorale: full of faults."""
    pieces = load_chorales("valid", time_signature="4/4")[:6]
    odd = []
    for piece, other in zip(pieces, pieces[1:], strict=False):
        voices = np.resize(other.voices, piece.voices.shape)
        voices[:, 0] = piece.voices[:, 0]
        odd.append(piece._replace(voices=voices, onsets=default_onsets(voices)))
    return pieces[:3] + odd


def figure(piece, name):
    return metrics.chorale_figures([piece])[name]


def test_the_rules_count_what_the_metrics_count(music):
    """Which are other code, on pieces with many faults and with few."""
    for piece in music:
        steps = len(piece.voices)
        assert faults_in(piece, chapter.parallels) == len(metrics.parallels(piece))
        semitones = figure(piece, "struck semitones, per 100 steps") * steps / 100
        first = int(chapter.struck_semitones(next(drafts_of(piece)))[0])
        assert faults_in(piece, chapter.struck_semitones) == pytest.approx(
            semitones, abs=first + 0.1
        )
        ends = metrics.cadences(piece)
        led = sum(end.from_dominant and end.in_root_position for end in ends)
        assert len(ends) - faults_in(piece, chapter.ends_without_dominant) <= led
        home = figure(piece, "last chord is I in root position, %") == 100
        if piece.fermatas.any():
            assert (faults_in(piece, chapter.strange_closes) == 0) == home


def test_rules_by_hand():
    def draft(now, before, steps=2, place=0, **columns):
        told = np.zeros((1, chapter.TOLD), int)
        for name, value in columns.items():
            told[0, getattr(chapter, name)] = value
        rows = [chapter.to_classes(np.array([row])) for row in (before, now)]
        chords = np.array([[chapter.chords_of(row)[0] for row in rows]])[:, -steps:]
        return chapter.Draft(rows[1], rows[0], chords, told, np.array([place]))

    c_major, g_seven = [72, 67, 64, 48], [71, 65, 62, 43]
    assert chapter.nameless_chords(draft([72, 67, 65, 48], c_major, place=8))[0]
    assert not chapter.nameless_chords(draft([72, 67, 64, 48], c_major, place=8))[0]
    assert not chapter.nameless_chords(draft([72, 67, 65, 48], c_major, place=2))[0]  # no beat
    assert not chapter.nameless_chords(draft([REST] * 4, c_major))[0]  # silence is no chord
    assert chapter.held_notes(draft([74, 67, 65, 48], c_major))[0] == 2
    assert chapter.held_notes(draft([74, 67, 65, 48], c_major, place=3))[0] == 0  # no eighth
    rests = [72, REST, REST, 48]
    assert chapter.held_notes(draft(rests, rests))[0] == 1  # who rests holds nothing
    silence, in_g = [REST] * 4, {"TONIC": 8}
    assert chapter.strange_openings(draft(c_major, silence, **in_g))[0]
    assert not chapter.strange_openings(draft(c_major, silence, TONIC=1))[0]
    assert not chapter.strange_openings(draft(c_major, [72, 67, 64, REST], **in_g))[0]
    later = draft(c_major, silence, **in_g)._replace(chords=np.array([[20, 0, 1]]))
    assert not chapter.strange_openings(later)[0]  # a phrase after a rest begins as it likes
    assert chapter.strange_closes(draft(c_major, g_seven, NOTE=37, **in_g))[0]
    assert not chapter.strange_closes(draft(c_major, g_seven, NOTE=37, TONIC=1))[0]
    assert not chapter.strange_closes(draft(silence, silence, NOTE=0))[0]
    led = draft(c_major, g_seven, CLOSING=1, SINCE=0)
    assert not chapter.ends_without_dominant(led)[0]
    assert chapter.ends_without_dominant(draft(c_major, c_major, CLOSING=1, SINCE=0))[0]
    assert not chapter.ends_without_dominant(draft(c_major, c_major, CLOSING=1, SINCE=31))[0]
    assert chapter.wide_leaps(draft([72, 67, 64, 62], c_major))[0] == 1  # 14 semitones
    assert chapter.wide_leaps(draft([72, 67, 64, 60], c_major))[0] == 0  # an octave
    assert chapter.wide_leaps(draft([72, 61, 64, 60], c_major))[0] == 1  # a tritone
    assert chapter.wide_leaps(draft([72, 61, 64, 60], c_major, OPENING=1))[0] == 0
    falls = [72, 64, 60, 48]
    assert chapter.sevenths_that_do_not_fall(draft(falls, g_seven))[0] == 0
    rises = [72, 67, 64, 48]
    assert chapter.sevenths_that_do_not_fall(draft(rises, g_seven))[0] == 1
    in_c = {"TONIC": 1}  # the class of a C
    assert chapter.doubled_leading_tones(draft([74, 71, 67, 55], c_major, **in_c))[0] == 0
    assert chapter.doubled_leading_tones(draft([74, 71, 59, 47], c_major, **in_c))[0] == 2
    assert chapter.doubled_leading_tones(draft([74, 71, 59, 47], c_major))[0] == 0  # of C flat
    assert not chapter.unrooted_ends(draft(c_major, g_seven, CLOSING=1))[0]
    assert chapter.unrooted_ends(draft([72, 67, 60, 52], g_seven, CLOSING=1))[0]
    assert not chapter.unrooted_ends(draft([72, 67, 60, 52], g_seven))[0]


def test_the_jury_waits_for_each_pieces_beat():
    """The first piece begins on the downbeat, the second an eighth before."""
    told = np.zeros((40, 8, chapter.TOLD), np.int32)
    told[..., chapter.NOTE] = 30
    places = np.repeat(np.array([[*range(8)], [14, 15, *range(6)]]), 20, axis=0)
    jury = chapter.Jury(told, places, 20, {lambda draft: draft.now[:, 3] < 10: 9.0}, seed=1)
    classes = np.full((40, 8, 4), 25)
    classes[[3, 23], :, 3] = 5
    moved = {}
    for step in range(7):
        kept = jury(classes, step)
        if kept is not None:
            moved[step] = [bool((kept[half] != np.arange(40)[half]).any()) for half in HALVES]
            assert (kept[:20] < 20).all() and (kept[20:] >= 20).all()
    assert moved == {1: [False, True], 3: [True, False], 5: [False, True]}


HALVES = slice(0, 20), slice(20, 40)


def test_the_jury_prefers_what_has_fewer_faults():
    told = np.zeros((40, 4, chapter.TOLD), np.int32)
    told[..., chapter.NOTE] = 30

    def low_bass(draft):
        return draft.now[:, 3] < 10

    jury = chapter.Jury(told, np.zeros((40, 4), int), 20, {low_bass: 5.0}, seed=1)
    classes = np.full((40, 4, 4), 25)
    classes[[0, 1, 2, 21], :, 3] = 5
    assert jury(classes, 0) is None and jury(classes, 2) is None
    kept = jury(classes, 3)
    assert kept.shape == (40,)
    assert (kept[:20] < 20).all() and (kept[20:] >= 20).all()  # each melody for itself
    assert not set(kept) & {0, 1, 2, 21} and len(set(kept[:20])) == 17


def test_rules_are_kept_where_they_can_be(harmoniser):
    piece = chorale_piece(24, seed=4)

    def rests(draft):
        return (draft.now == 0).sum(axis=1)

    loose = chapter.harmonise(harmoniser, [piece], 1.5, seed=1)[0]
    strict = chapter.harmonise(harmoniser, [piece], 1.5, 1, 16, {rests: 9.0})[0]
    assert (loose == REST).sum() > (strict == REST).sum()


# --- repeated notes ----------------------------------------------------------------------------


def test_questions_about_repeats_by_hand():
    voices = np.array([[72, 60, 55, 48], [72, 60, 55, 48], [72, 62, 55, REST], [72, 62, 57, REST]])
    struck = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0]], bool)
    places = np.array([12, 13, 14, 15])
    goes_on, asked = chapter.repeat_questions("soprano", voices, struck, places)
    assert goes_on.tolist() == [False, True, True, True]
    assert asked.tolist() == [
        [0, 1, 3, 13, 0, 0, 0, 0, 0],
        [0, 2, 2, 14, 2 + 8, 0, 0, 0, 0],
        [0, 3, 1, 15, 4, 0, 0, 0, 0],
    ]
    goes_on, asked = chapter.repeat_questions("tenor", voices, struck, places)
    assert goes_on.tolist() == [False, True, True, False]
    assert asked.tolist() == [[2, 1, 2, 13, 0, 1, 0, 0, 0], [2, 2, 1, 14, 10, 0, 1, 0, 0]]
    goes_on, asked = chapter.repeat_questions("bass", voices, struck, places)
    assert goes_on.tolist() == [False, True, False, False] and len(asked) == 1


def test_what_is_not_asked_stays(harmoniser):
    """Changes of pitch are struck, rests are not struck again, the soprano's own onsets stay."""
    network = lively(chapter.build_repeats_network(), 1, size=0.5)
    piece = load_chorales("valid")[0]
    silent = piece.voices.copy()
    silent[8:20, 2] = REST
    piece = piece._replace(voices=silent)
    drawn = chapter.strike_repeats(network, piece, seed=2)
    moves = default_onsets(silent)
    assert np.array_equal(drawn.onsets[:, 0], piece.onsets[:, 0])
    assert (drawn.onsets[:, 1:] | ~moves[:, 1:]).all()
    assert not drawn.onsets[9:20, 2].any()
    again = chapter.strike_repeats(network, piece, seed=2)
    assert np.array_equal(drawn.onsets, again.onsets)
    assert not np.array_equal(drawn.onsets, chapter.strike_repeats(network, piece, seed=3).onsets)


def test_examples_are_questions_with_bachs_answers():
    pieces = load_chorales("valid")[:2]
    questions, answers = chapter.repeat_examples(pieces)
    held = sum(int((~default_onsets(p.voices) & (p.voices != REST)).sum()) for p in pieces)
    assert questions.shape == (held, 9) and answers.shape == (held, 1)
    struck = sum(int((p.onsets & ~default_onsets(p.voices)).sum()) for p in pieces)
    assert answers.sum() == struck
    sizes = [values for values, _ in chapter.REPEATS]
    assert (questions >= 0).all() and (questions < sizes).all()
