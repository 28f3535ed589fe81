"""Notebook 05's exported functions: hand-made cases, properties, and other ways to the same result.

Networks are tiny, and untrained where it does not matter what they have learned.
"""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import interrupted, lively

from helpers import course, data, metrics
from helpers.chapters import drum_gan as gan
from helpers.files.groove_text import Groove
from helpers.music.drums import (
    KIT_PITCHES,
    TICKS_PER_STEP,
    drum_notes,
    notes_to_hits,
    tick_features,
)
from helpers.training.loop import Stopped

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=25)
TINY = gan.RECIPE | {
    **{"length": 8, "loops": [4], "latent": 4, "generator_width": 8, "discriminator_width": 8},
    **{"depth": 2, "batch_size": 8, "epochs": 2, "batches": 3},
}


# What tf.data does for Keras' fit stays compiled.
fits_eagerly = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")


def make_drums(windows, steps, seed=0, share=0.2):
    """Random drums that MIDI can say exactly, and whose every window sounds."""
    rng = np.random.default_rng(seed)
    hits = rng.random((windows, steps, 9)) < share
    hits[:, 0, 0] = True
    velocities = rng.integers(1, 128, hits.shape) / 127
    offsets = rng.integers(-60, 60, hits.shape) / 120
    return np.stack([hits, velocities * hits, offsets * hits], axis=-1).astype(np.float32)


def make_windows(windows=12, steps=8, seed=0, recordings=3):
    styles = np.eye(len(gan.STYLES), dtype=np.float32)[np.arange(windows) % 3]
    return gan.Windows(make_drums(windows, steps, seed), styles, np.arange(windows) % recordings)


def make_groove(hits, ticks, drummer="drummer1", style="rock/fast"):
    return Groove("a", drummer, style, 100, "beat", "4/4", "train", np.array(hits), ticks)


lively = partial(lively, size=0.5, biases=True)


def inputs_of(generator, count=5, seed=(1, 2), style="rock", temperature=1.0):
    return gan.draw_inputs(
        generator, np.resize(gan.style_row(style), (count, 18)), seed, temperature
    )


# --- ticks -------------------------------------------------------------------------------------


def test_a_written_pattern_goes_round_and_a_recording_does_not():
    pattern = make_groove([[0, 36, 90], [960, 38, 90]], 1920, "written")
    longer = gan.looped(pattern, 4000)
    assert longer.ticks == 5760
    assert longer.hits[:, 0].tolist() == [0, 960, 1920, 2880, 3840, 4800]
    assert gan.looped(pattern, 1920) is pattern
    recording = make_groove([[0, 36, 90]], 100)
    assert gan.looped(recording, 4000) is recording


def test_windows_of_ticks_split_or_cut():
    hits = [[0, 36, 127], [999, 38, 64], [1000, 42, 10], [2500, 36, 90]]
    grooves = [make_groove(hits, 2501), make_groove([[10, 51, 100]], 11)]
    split = gan.window_ticks(grooves, 1000)
    assert [len(window) for window in split.hits] == [2, 1]  # the rest of both is dropped
    cut = gan.window_ticks(grooves, 1000, whole=False)
    assert [len(window) for window in cut.hits] == [2, 1]  # one window a groove
    assert cut.hits[1][0].tolist() == [10, KIT_PITCHES.index(51), np.float32(100 / 127)]


def test_filled_windows_are_the_tick_features():
    groove = data.load_starter_grooves()[0]
    windows = gan.window_ticks([groove], 500)
    expected = tick_features(gan.looped(groove, 1000).hits, 500)
    filled = gan.fill_ticks(windows, range(len(windows.hits)))
    assert filled.shape == (len(expected), 500, 44)
    assert np.array_equal(filled[..., 22:], expected)
    assert np.array_equal(filled[..., :22], expected > 0)
    assert np.array_equal(gan.fill_ticks(windows, [1]), filled[1:2])


def test_tick_hits_take_what_is_above_a_half_and_the_likeliest_of_too_many():
    features = np.zeros((2, 50, 44), np.float32)
    features[0, 7, 3], features[0, 7, 22 + 3] = 0.6, 0.5
    features[0, 9, 0], features[0, 9, 22] = 0.9, 0.001
    features[0, 11, 5] = 0.5  # not above
    features[1, 10:20, 2] = np.linspace(0.6, 0.9, 10)
    first, second = gan.tick_hits(features, most=3)
    assert first.tolist() == [[7, KIT_PITCHES[3], 64], [9, KIT_PITCHES[0], 1]]
    assert second[:, 0].tolist() == [17, 18, 19]


# --- networks ----------------------------------------------------------------------------------


def test_level_lengths_by_hand():
    assert gan.level_lengths(1000, 3, 4) == [1000, 250, 63, 16]
    assert gan.level_lengths(32, 5, 2) == [32, 16, 8, 4, 2, 1]
    assert gan.level_lengths(8, 5, 2) == [8, 4, 2, 1, 1, 1]


@pytest.mark.parametrize("kind", ["convolutional", "dense"])
@pytest.mark.parametrize(
    ("length", "depth", "stride", "form"),
    [(8, 3, 2, "hits and feel"), (32, 5, 2, "hits and feel"), (100, 2, 4, "ticks")],
)
def test_every_length_depth_and_kind(kind, length, depth, stride, form):
    same = {"form": form, "depth": depth, "kind": kind, "stride": stride, "width": 8}
    generator = gan.build_generator(length, latent=5, loops=[2, 4], **same)
    discriminator = gan.build_discriminator(length, **same)
    made = generator(inputs_of(generator))
    assert made.shape == (5, length, gan.FORMS[form]().numbers)
    logits = discriminator([made, tf.zeros((5, 18))])
    assert logits.shape == (5,)
    assert np.isfinite(logits).all()


@pytest.mark.parametrize("form", ["hits and feel", "hits drawn", "hits smooth", "velocity alone"])
def test_every_form_makes_drums(form):
    generator = lively(gan.build_generator(16, form, latent=4, depth=2, width=8))
    music = gan.FORMS[form]().music(generator(inputs_of(generator)))
    assert music.shape == (5, 16, 9, 3)
    for drums in music:
        drum_notes(drums)  # raises where it is no music
    assert (music[music[..., 0] == 0] == 0).all()


def test_hits_are_decided_and_the_touch_does_not_move_them():
    generator = lively(gan.build_generator(16, latent=4, depth=2, width=8), seed=3)
    noise, style, touch = inputs_of(generator)
    one = generator([noise, style, touch]).numpy()
    other = generator([noise, style, touch + 1]).numpy()
    hits = one[..., :9]
    assert set(np.unique(hits)) == {0, 1}
    assert np.array_equal(hits, other[..., :9])
    assert not np.array_equal(one, other)
    assert (one[..., 9:18][hits == 0] == 0).all() and (one[..., 18:][hits == 0] == 0).all()
    assert not np.array_equal(hits, generator([noise + 1, style, touch]).numpy()[..., :9])
    assert not np.array_equal(hits, generator([noise, 1 - style, touch]).numpy()[..., :9])


def test_a_decision_has_the_slope_of_the_sigmoid():
    logits = tf.constant([-2.0, -0.1, 0.1, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        hits = gan.decide(logits)
    chance = tf.sigmoid(logits)
    assert hits.numpy().tolist() == [0, 0, 1, 1]
    assert tape.gradient(hits, logits).numpy() == pytest.approx((chance * (1 - chance)).numpy())


def test_a_closed_gate_leaves_nothing_but_loops():
    vector = keras.Input((6,))
    grown = keras.Model(vector, gan.grow(vector, [32, 16], 4, 2, loops=[4, 8]))
    relu = keras.activations.relu
    gate = next(layer for layer in grown.layers if getattr(layer, "activation", None) is relu)
    some = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    inside = grown(some).numpy()[:, 6:-6]  # where no edge is seen
    assert not np.allclose(inside[:, 8:], inside[:, :-8], atol=1e-3)
    gate.set_weights([np.zeros((6, 1)), np.array([-1.0])])
    inside = grown(some).numpy()[:, 6:-6]
    assert np.allclose(inside[:, 8:], inside[:, :-8], atol=1e-5)
    assert not np.allclose(inside[:, 4:], inside[:, :-4], atol=1e-3)


def test_what_the_discriminator_hears_of_the_halves():
    drums = np.zeros((1, 4, 9, 3), np.float32)
    drums[0, 0, 0] = drums[0, 2, 0] = 1, 0.5, 0  # the bass drum in both halves
    drums[0, 1, 1] = 1, 0.5, 0  # the snare in the first alone
    numbers = gan.to_numbers(drums)
    heard = gan.hear_halves(tf.constant(numbers)).numpy()
    window, other, differ, in_all, sound = np.split(heard, [27, 54, 64, 74], axis=-1)
    assert np.array_equal(window, numbers)
    assert np.array_equal(other, numbers[:, [2, 3, 0, 1]])
    expected = np.zeros((4, 10))
    expected[[1, 3], 1] = expected[[1, 3], 9] = 1  # the snare, and any drum
    assert np.array_equal(differ[0], expected)
    assert np.allclose(in_all[0], expected.mean(axis=0))
    assert sound[0, :, 0].tolist() == [1, 1, 1, 0]


def test_the_spread_of_a_batch_is_heard():
    discriminator = lively(gan.build_discriminator(8, width=8, depth=2))
    deaf = lively(gan.build_discriminator(8, width=8, depth=2, hears_spread=False))
    windows = gan.to_numbers(make_drums(4, 8))
    styles = np.zeros((4, 18), np.float32)
    alone = [float(discriminator([windows[i : i + 1], styles[:1]])[0]) for i in range(4)]
    assert not np.allclose(discriminator([windows, styles]), alone)
    alone = [float(deaf([windows[i : i + 1], styles[:1]])[0]) for i in range(4)]
    assert np.allclose(deaf([windows, styles]), alone, atol=1e-5)


@pytest.mark.parametrize("spectral", [False, True])
def test_networks_come_back_from_their_files(tmp_path, spectral):
    generator, discriminator = gan.build_networks(TINY | {"spectral": spectral})
    lively(generator), lively(discriminator)
    inputs = inputs_of(generator)
    made = generator(inputs)
    for network, some in ((generator, inputs), (discriminator, [made, inputs[1]])):
        network.save(tmp_path / "network.keras")
        again = keras.models.load_model(tmp_path / "network.keras", safe_mode=True)
        assert np.allclose(network(some), again(some), atol=1e-6)


# --- the grid ----------------------------------------------------------------------------------


def test_windows_begin_on_bar_lines_or_in_their_middle():
    beat = [[0, 36, 90], [960, 38, 80], [3840, 42, 70], [5759, 42, 70]]
    grooves = [make_groove(beat, 5760), make_groove([[0, 36, 90]], 1920, "written", "march")]
    long = gan.cut_windows(grooves, 32)
    # Three bars give two windows of two; the pattern of one bar goes round.
    assert long.groove.tolist() == [0, 0, 1]
    assert [window[:, :, 0].sum() for window in long.drums] == [2, 1, 2]
    assert long.styles.sum(axis=1).tolist() == [1, 1, 0]  # march is none of Groove's styles
    assert long.styles[0].argmax() == gan.STYLES.index("rock")
    short = gan.cut_windows(grooves, 8)
    # Half bars with hits: 1, 2, 5 and the last, whose hit rounds to the step after it; the
    # second half of the pattern is silent.
    assert short.groove.tolist() == [0, 0, 0, 1]


def test_a_style_is_its_family():
    assert gan.style_row("jazz/swing").argmax() == gan.STYLES.index("jazz")
    assert gan.style_row("jazz").sum() == 1
    for none in (None, "", "march", "jazzy"):
        assert not gan.style_row(none).any()


@few
@given(SEEDS)
def test_numbers_and_back(seed):
    drums = make_drums(3, 8, seed)
    numbers = gan.to_numbers(drums)
    assert numbers.shape == (3, 8, 27) and numbers.dtype == np.float32
    assert np.allclose(gan.to_drums(numbers), drums, atol=1e-6)


def test_what_a_network_writes_is_within_midi():
    wild = np.random.default_rng(0).normal(0, 9, (4, 16, 27))
    for drums in gan.to_drums(wild):
        hits = drums[..., 0] > 0
        assert (drums[..., 1][hits] >= 1 / 127).all() and drums.max() <= 1
        assert (np.abs(drums[..., 2]) <= 0.5).all()
        assert len(notes_to_hits(drum_notes(drums))) == hits.sum()


# --- losses and steps --------------------------------------------------------------------------


def test_losses_by_hand():
    nothing, sure = tf.zeros(4), tf.fill([4], 20.0)
    assert float(gan.discriminator_loss(nothing, nothing)) == pytest.approx(2 * np.log(2))
    assert float(gan.discriminator_loss(sure, -sure)) == pytest.approx(0, abs=1e-6)
    assert float(gan.discriminator_loss(sure, -sure, 0.1)) == pytest.approx(2, abs=1e-4)
    assert float(gan.generator_loss(nothing)) == pytest.approx(np.log(2))
    assert float(gan.generator_loss(sure)) < float(gan.generator_loss(-sure))


def test_the_slope_of_a_linear_discriminator():
    def three_times_the_sum(inputs, training):
        return 3 * tf.reduce_sum(inputs[0], axis=[1, 2])

    slope, logits = gan.slope_penalty(three_times_the_sum, tf.ones((2, 4, 5)), None)
    assert float(slope) == pytest.approx(9 * 4 * 5)
    assert logits.numpy().tolist() == [60, 60]


def test_inputs_depend_on_their_seed_and_temperature():
    generator, _ = gan.build_networks(TINY)
    first, again, other = (inputs_of(generator, seed=seed) for seed in ((1, 2), (1, 2), (1, 3)))
    assert [x.shape[1:] for x in first] == [(4,), (18,), (8, 9)]
    for i in (0, 2):
        assert np.array_equal(first[i], again[i]) and not np.array_equal(first[i], other[i])
    half = inputs_of(generator, temperature=0.5)
    assert np.allclose(half[0], first[0] / 2) and np.allclose(half[2], first[2] / 2)
    assert not np.array_equal(first[0][0], first[0][1])


def test_a_step_of_each_network(tmp_path, eagerly):
    training = gan.build_training("x", TINY)
    training.folder = tmp_path
    before = {name: network.get_weights() for name, network in training.networks.items()}
    found = gan.train_iteration(training, gan.grid_examples(make_windows()))
    assert 0 <= found["success on real"] <= 1 and 0 <= found["success on generated"] <= 1
    for name in ("generator", "discriminator"):
        network = training.networks[name]
        pairs = zip(before[name], network.get_weights(), strict=True)
        assert not all(np.array_equal(old, new) for old, new in pairs), name


def test_the_recipe_is_the_plain_gan_and_what_holds_the_balance():
    assert gan.PLAIN.keys() == gan.RECIPE.keys()
    assert gan.PLAIN["penalty"] == 0 < gan.RECIPE["penalty"]
    for name, changes in gan.GRID_EXPERIMENTS.items():
        assert changes.keys() <= gan.PLAIN.keys(), name
        assert not changes or any(gan.RECIPE[key] != value for key, value in changes.items()), name


# --- the loop ----------------------------------------------------------------------------------


def look_back(training):
    return {"multiple": float(training.iteration)}


def test_a_stopped_training_goes_on_as_if_never_stopped(tmp_path, monkeypatch, keep):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    examples, build = gan.grid_examples(make_windows()), gan.build_training

    def build_again(*some):
        run = build(*some)
        run.networks, run.optimizers = keep("training", (run.networks, run.optimizers))
        return run

    def weights(training):
        return np.concatenate([np.ravel(w) for w in training.networks["average"].get_weights()])

    with monkeypatch.context() as patch:
        patch.setattr(gan, "build_training", build_again)
        keras.utils.set_random_seed(1)
        with monkeypatch.context() as stop, pytest.raises(Stopped, match="4 of 6"):
            stop.setattr(gan, "train_iteration", interrupted(gan.train_iteration, 4))
            gan.train_gan("parts", TINY, examples, look_back, "parts")
        keras.utils.set_random_seed(1)
        whole = gan.train_gan("whole", TINY, examples, look_back, "whole")
    # New networks, overwritten by what was saved; compiled after the fourth iteration.
    keras.utils.set_random_seed(2)
    done = gan.train_gan("parts", TINY, examples, look_back, "parts")
    assert done.iteration == whole.iteration == 6
    assert done.history == whole.history
    assert np.allclose(weights(done), weights(whole), atol=1e-6)


def test_means_and_thinned_histories():
    history = {"success on real": [0.0, 1.0, 0.5, 0.5, 1.0], "iteration": [5], "multiple": [2.0]}
    both = history | {"success on generated": [1.0, 1.0, 0.0, 0.0, 0.0]}
    assert gan.success_curves(both, 2) == {"real": [0.5, 0.5], "generated": [1.0, 0.0]}
    assert gan.success_curves(both, 50) == {"real": [0.6], "generated": [0.4]}
    assert gan.means(history["success on real"], 2).tolist() == [0.5, 0.5]
    assert gan.thin(history, every=2) == history | {"success on real": [0.5, 0.5]}
    assert gan.thin(history, every=50)["success on real"] == [0.6]


def test_epochs_come_back_from_their_weights(tmp_path, monkeypatch, eagerly):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    windows = make_windows(40)
    back = gan.look_at_grid(windows, make_windows(20, seed=1))
    training = gan.train_gan("x", TINY, gan.grid_examples(windows), back, "x")
    assert training.history["iteration"] == [3, 6]
    assert len(training.samples["generator"]) == 2
    assert 0 < training.history["distinct"][-1] <= 1
    networks = gan.load_epoch(gan.build_networks(TINY), training.samples, 2)
    for name, network in zip(("average", "discriminator"), networks, strict=True):
        kept = training.networks[name].get_weights()
        for ours, theirs in zip(network.get_weights(), kept, strict=True):
            assert np.allclose(ours, theirs, atol=1e-3)


@fits_eagerly
def test_experiments_run_and_go_on(tmp_path, monkeypatch, eagerly):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    monkeypatch.setattr(gan, "told_from_real", partial(gan.told_from_real, count=40))
    windows = {(s, n): make_windows(20, n, i) for n in (8, 32) for i, s in enumerate(course.SPLITS)}
    small = {"generator_width": 8, "discriminator_width": 8, "batch_size": 8, "loops": [2]}
    small["depth"] = 2
    grid = {
        "the recipe": small | {"length": 8},
        "1: velocity": small | {"length": 32, "form": "velocity alone"},
    }
    ticks = {"2: cut": {"length": 300, "whole": False}}
    budget = {"grid": {"epochs": 1, "batches": 2}, "ticks": {"epochs": 1, "batches": 1}}
    grooves = data.load_starter_grooves()[:4]
    found = gan.run_experiments("x", grid, ticks, windows, grooves, budget)
    assert list(found) == ["the recipe", "1: velocity", "2: cut"]
    assert {"on real", "on generated", "seconds", "multiple", "distinct"} <= found[
        "the recipe"
    ].keys()
    assert "hits in 1,000 ticks" in found["2: cut"]
    monkeypatch.setattr(gan, "train_iteration", None)  # all is done already
    again = gan.run_experiments("x", grid, ticks, windows, grooves, budget)
    for some in (*found.values(), *again.values()):
        assert some.pop("seconds") > 0
    assert again == found


# --- figures -----------------------------------------------------------------------------------


def test_multiples_by_hand():
    real, other = make_drums(30, 8, 1), make_drums(30, 8, 2, share=0.5)
    found = gan.multiples(other, other, real)
    assert found.keys() == metrics.drums.FIGURES.keys()
    assert found["hits a bar"] == 1
    same = gan.multiples(other, real, real)  # nothing is apart: the least counts
    assert same["hits a bar"] == metrics.drums.distances(other, real)["hits a bar"] / 0.01


def test_windows_are_drawn_without_repeats_where_there_are_enough():
    windows = make_windows(10)
    drawn = gan.draw_rows(windows, 10, 0)
    assert sorted(drawn.groove) == sorted(windows.groove)
    assert len(np.unique(drawn.drums.reshape(10, -1), axis=0)) == 10
    assert len(gan.draw_rows(windows, 25, 0).styles) == 25


def test_sampling_is_reproducible_and_in_order():
    generator = lively(gan.build_networks(TINY)[0])
    styles = np.resize(np.eye(18, dtype=np.float32), (130, 18))
    made = gan.sample_drums(generator, styles, 3)
    assert made.shape == (130, 8, 9, 3)
    assert np.array_equal(made, gan.sample_drums(generator, styles, 3))
    assert np.array_equal(made[:128], gan.sample_drums(generator, styles[:128], 3))
    cold = gan.sample_drums(generator, styles[:1].repeat(5, axis=0), 3, temperature=0)
    assert (cold == cold[0]).all()


def test_the_simple_drummer_copies_cells():
    drums = make_drums(50, 8)
    made = gan.simple_drummer(drums, 2000, 0)
    assert np.allclose(made[..., 0].mean(axis=0), drums[..., 0].mean(axis=0), atol=0.06)
    for step, drum in ((0, 0), (3, 4)):
        assert set(map(tuple, made[:, step, drum])) == set(map(tuple, drums[:, step, drum]))
    pair = drums[:, 1, 1, 0] * drums[:, 1, 2, 0]
    alone = drums[:, 1, 1, 0].mean() * drums[:, 1, 2, 0].mean()
    assert abs((made[:, 1, 1, 0] * made[:, 1, 2, 0]).mean() - alone) < 0.03, pair.mean()


def test_the_interval_of_single_recordings_has_no_width():
    train, test = make_windows(20, seed=1, recordings=1), make_windows(20, seed=2, recordings=1)
    found = gan.bootstrap_intervals(train, test, rounds=3, seed=0)
    expected = metrics.drums.distances(train.drums, test.drums)
    for name, (low, high) in found.items():
        assert low == pytest.approx(expected[name]) and high == pytest.approx(expected[name])
    many = gan.bootstrap_intervals(make_windows(20, seed=1), test, rounds=20, seed=0)
    assert any(low < high for low, high in many.values())


def test_the_nearest_training_window_by_brute_force():
    train, drums = make_drums(40, 8, 1), make_drums(7, 8, 2)
    drums[3] = train[5]
    drums[4] = train[6]
    drums[4, 7, 8] = (1, 0.5, 0) if train[6, 7, 8, 0] == 0 else (0, 0, 0)
    found = gan.nearest_training(drums, train)
    apart = (drums[:, None, ..., 0] != train[None, ..., 0]).sum(axis=(2, 3))
    assert found.tolist() == apart.min(axis=1).tolist()
    assert found[3] == 0 and found[4] == 1
    ((distinct, mean, copies),) = gan.novelty({"made": drums[[3, 3, 4, 0]]}, train).values()
    assert (distinct, copies) == (0.75, 0.5)
    assert mean == pytest.approx(found[[3, 3, 4, 0]].mean())


def test_shuffling_keeps_each_drums_cells():
    drums = make_drums(6, 16)
    shuffled = gan.shuffle_steps(drums, 0)
    assert not np.array_equal(shuffled, drums)
    for window, other in zip(drums, shuffled, strict=True):
        for drum in range(9):
            assert sorted(map(tuple, window[:, drum])) == sorted(map(tuple, other[:, drum]))


def test_a_listener_tells_what_can_be_told():
    loud, soft = make_drums(300, 8, 1, share=0.6), make_drums(300, 8, 2, share=0.1)
    assert (
        gan.told_apart(loud, soft, make_drums(60, 8, 3, 0.6), make_drums(60, 8, 4, 0.1), 0) > 0.95
    )
    same = make_drums(300, 8, 5, share=0.6)
    found = gan.told_apart(loud, same, make_drums(100, 8, 6, 0.6), make_drums(100, 8, 7, 0.6), 0)
    assert 0.3 < found < 0.7


def test_styles_that_differ_are_named():
    busy, sparse = make_drums(200, 8, 1, share=0.6), make_drums(200, 8, 2, share=0.05)
    styles = np.repeat([gan.style_row("rock"), gan.style_row("jazz")], 200, axis=0)
    train = gan.Windows(np.concatenate([busy, sparse]), styles, np.arange(400))
    # The generated windows are those of the other style.
    found = gan.style_accuracy(train, train.drums[::-1], styles, train, 0)
    assert found["real"] > 0.75 and found["generated"] < 0.25


@fits_eagerly
def test_a_verdict_has_all_figures(eagerly):
    generator = lively(gan.build_networks(TINY)[0])
    train, test = make_windows(60, seed=1), make_windows(30, seed=2)
    found = gan.verdict(generator, train, test, seed=0, rounds=2)
    assert found["windows"] == 30
    assert set(found["distances"]) == {"generated", "train", "simple drummer"}
    assert found["histograms"].keys() == {"generated", "train", "simple drummer", "test"}
    assert found["novelty"]["test"][0] == 1
    assert all(0 <= accuracy <= 1 for accuracy in found["told apart"].values())


def test_an_arc_keeps_the_distance_from_the_centre():
    first, last = np.array([3.0, 0, 0]), np.array([0, 3.0, 0])
    points = gan.arc(first, last, 5)
    assert np.allclose(points[0], first) and np.allclose(points[-1], last)
    assert np.allclose(np.linalg.norm(points, axis=1), 3)
    assert np.allclose(points[2], [3 / np.sqrt(2), 3 / np.sqrt(2), 0])


def test_folder_names():
    assert gan.folder_name("2: cut, 3,200 ticks") == "experiment_2__cut__3_200_ticks"
    names = [gan.folder_name(x) for x in (*gan.GRID_EXPERIMENTS, *gan.TICK_EXPERIMENTS)]
    assert len(set(names)) == len(names)


def test_steps_and_ticks_agree():
    assert gan.SHORT * TICKS_PER_STEP == 960 and gan.LONG * TICKS_PER_STEP == 3840
