"""Notebook 06's exported functions: hand-made cases, properties, and other ways to the same result.

Networks are untrained where it does not matter what they have learned.
"""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import lively

from helpers import data
from helpers.chapters import gan_with_rl as rl
from helpers.music.grid import REST, as_onsets
from helpers.music.matrices import to_matrices

few = settings(max_examples=20, deadline=None)


@functools.cache
def pieces():
    return data.load_chorales("valid", time_signature="4/4")[:6]


@functools.cache
def windows():
    return rl.make_windows(pieces())[:8]


lively = functools.partial(lively, size=0.3, biases=True)


@functools.cache
def generator(steps=rl.STEPS):
    return lively(rl.build_generator(steps))


@functools.cache
def compiled(steps):
    network = generator(steps)
    return tf.function(lambda x, y: network([x, y, rl.places(len(x), steps)]))


def logits_of(x, y):
    return compiled(x.shape[1])(tf.constant(x), tf.constant(y)).numpy()


def random_parts(steps=rl.STEPS, seed=0, count=1):
    """Parts that no one composed: every voice anywhere, or silent, for some steps at a time."""
    rng = np.random.default_rng(seed)
    voices = np.repeat(rng.integers(35, 75, (count, -(-steps // 3), 4)), 3, axis=1)[:, :steps]
    voices[voices == 35] = REST
    struck = np.where(rng.random(voices.shape) < 0.3, voices, REST)
    return rl.to_notes(np.concatenate([voices, struck], axis=-1))


# --- matrices ----------------------------------------------------------------------------------


def test_matrices_by_hand():
    c, e, g = 60, 64, 67
    voices = np.full((1, 3, 4), REST)
    voices[0, :, 0] = g, g, g
    voices[0, :, 1] = e, e, REST
    voices[0, :, 2] = c, e, e  # meets the alto on the second step
    struck = np.full((1, 3, 4), REST)
    struck[0, [0, 2], 0] = g
    struck[0, 0, 1:3] = e, c
    struck[0, 1, 1:3] = e, e
    x, y = (some.numpy()[0] for some in rl.to_notes(np.concatenate([voices, struck], axis=-1)))
    note = {name: pitch - rl.LOWEST_PITCH for name, pitch in (("c", c), ("e", e), ("g", g))}
    assert x[:, note["g"]].tolist() == [[1, 0], [1, 0], [1, 1]]
    assert x.sum() == 4
    assert y[:, note["e"]].tolist() == [[1, 0, 0, 0], [1, 1, 0, 1], [0, 1, 0, 0]]
    assert y[:, note["c"]].tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert y.sum() == 6


def test_the_matrices_are_those_of_notebook_01():
    """Play and replay of the whole chorale, as ``helpers.music.matrices`` writes them."""
    piece = pieces()[0]
    window = rl.make_windows([piece])[0]
    start = piece.bar_starts[0]
    steps = slice(start, start + rl.STEPS)
    onsets = as_onsets(piece.voices[steps])
    onsets |= piece.onsets[steps]
    expected = to_matrices(piece.voices[steps], onsets)
    x, y = (some.numpy()[0] for some in rl.to_notes(window[None]))
    notes = slice(rl.LOWEST_PITCH, rl.LOWEST_PITCH + rl.PITCHES)
    play = (x[..., 0] > 0) | (y[..., :3] > 0).any(axis=-1)
    assert np.array_equal(play, expected.play[:, notes])
    # ours asks a voice, theirs a note: what we replay, they do
    ours = (x[..., 1] > 0) | (y[..., 3] > 0)
    assert (expected.replay[:, notes] >= ours).all()


def test_there_and_back():
    voices, onsets = rl.to_voices(*rl.to_notes(windows()))
    assert np.array_equal(voices, windows()[..., :4])
    struck = windows()[:, 1:, 4:] != REST
    alone = np.ones_like(struck)
    for a in range(1, 4):  # a note that two voices hold is struck again by both or by none
        for b in range(1, 4):
            if a != b:
                alone[..., a] &= voices[:, 1:, a] != voices[:, 1:, b]
    assert np.array_equal(onsets[:, 1:][alone], struck[alone])


def test_windows_move_with_their_onsets():
    room = rl.transposition_room(windows(), pieces())
    batch = next(iter(data.make_batches(windows(), room, 4, seed=1))).numpy()
    voices, struck = batch[..., :4], batch[..., 4:]
    assert ((struck == voices) | (struck == REST)).all()
    low, high = data.voice_ranges(pieces())
    assert ((voices == REST) | ((voices >= low) & (voices <= high))).all()


# --- the generator's view ----------------------------------------------------------------------


def test_looking_ahead_by_hand():
    x = np.zeros((1, 20, rl.PITCHES, 2), np.float32)
    x[0, 18, 5, 0] = x[0, 18, 5, 1] = 1
    planes = np.array(rl.look_ahead(x))[0]
    assert planes.shape == (20, rl.PITCHES, len(rl.AHEAD) + 1)
    for i, ahead in enumerate(rl.AHEAD):
        assert np.argwhere(planes[..., i]).tolist() == [[18 - ahead, 5]]
    assert np.argwhere(planes[..., -1]).tolist() == [[18, 5]]


def test_octaves_are_octaves():
    notes = np.zeros((1, 1, rl.PITCHES, 1), np.float32)
    notes[0, 0, [3, 15, 4]] = 1
    folded = np.array(rl.all_octaves(notes))[0, 0, :, 0]
    assert folded.reshape(4, 12).tolist() == [[0, 0, 0, 2, 1] + [0] * 7] * 4
    groups = np.array(rl.octave_groups(notes))[0, 0, :, :, 0]
    assert groups.shape == (5, 12)
    assert np.argwhere(groups[:4]).tolist() == [[0, 3], [0, 4], [1, 3]]
    assert groups[4].tolist() == [0, 0, 0, 2, 1] + [0] * 7


def test_what_is_below_by_hand():
    y = np.zeros((1, 1, rl.PITCHES, 4), np.float32)
    y[0, 0, 4, 2] = 1  # bass
    y[0, 0, 11, :2] = 1  # alto and tenor together
    known = np.array(rl.below(y))[0, 0]
    assert known.shape == (rl.PITCHES, 3 + rl.INTERVALS)
    assert known[4].sum() == 0
    assert known[5, :3].tolist() == [0, 0, 1]
    assert known[11, :3].tolist() == [0, 0, 1]
    assert known[12, :3].tolist() == [1, 1, 1]
    assert np.flatnonzero(known[11, 3:]).tolist() == [6]  # seven semitones under it
    assert np.flatnonzero(known[12, 3:]).tolist() == [0, 7]
    assert np.flatnonzero(known[47, 3:]).tolist() == [35]  # 36 under it; 43 is too far


def test_attention_by_hand():
    queries = tf.constant([[[[2.0, 0, 0, 0], [0, 0, 0, 0]]]])
    keys = tf.constant([[[[1.0, 0, 0, 0], [0, 1.0, 0, 0]]]])
    values = tf.constant([[[[1.0], [3.0]]]])
    found, shares = rl.attend(queries, keys, values)
    first = np.exp(1) / (np.exp(1) + 1)  # 2 * 1 / sqrt(4) against 0
    assert np.allclose(shares[0, 0], [[first, 1 - first], [0.5, 0.5]])
    assert np.allclose(found[0, 0, :, 0], [first + 3 * (1 - first), 2])


def test_stretches_serve_once_they_have_ended():
    numbered = np.arange(1, 8, dtype=np.float32)[None, :, None]
    served = np.array(rl.finished(numbered, 128))[0, :, 0].astype(int)
    for step, number in enumerate(served):
        if step < rl.STRETCH:
            assert number == 0
        else:
            end = rl.STRIDE * (number - 1) + rl.STRETCH
            assert end <= step < end + rl.STRIDE


@pytest.mark.parametrize("steps", [64, 128])
def test_the_global_module_is_empty_at_first_and_hears_each_stretch_at_its_end(steps):
    x, y = random_parts(steps)
    whole = tf.function(generator(steps).get_layer("whole"))

    def summaries(y):
        return np.array(rl.finished(whole(tf.concat([x, y], axis=-1)), steps))[0]

    before = summaries(y)
    assert not before[: rl.STRETCH].any() and before[rl.STRETCH :].any(axis=-1).all()
    for step in (0, 20, 40):
        other = y.numpy()
        other[:, step] = 1 - other[:, step]
        moved = (before != summaries(tf.constant(other))).any(axis=-1)
        first = step // rl.STRIDE * rl.STRIDE - rl.STRIDE + rl.STRETCH  # where the older one ends
        assert np.flatnonzero(moved)[0] == max(first, rl.STRETCH)


# --- causality ---------------------------------------------------------------------------------


@few
@given(st.integers(0, 63), st.integers(0, 47), st.integers(0, 1000))
def test_no_logit_sees_what_comes_after_it(step, note, seed):
    """From one note of one step on, everything is exchanged: nothing up to that note moves."""
    x, y = random_parts(seed=seed)
    _, other = random_parts(seed=seed + 1)
    changed = np.concatenate([y[:, :step], other[:, step:]], axis=1)
    changed[:, step, :note] = y[:, step, :note]
    before, after = logits_of(x, y)[0], logits_of(x, tf.constant(changed))[0]
    assert np.array_equal(before[:step], after[:step])
    assert np.array_equal(before[step, : note + 1], after[step, : note + 1])


def test_a_logit_sees_what_came_before_it():
    """On long pieces too: the notes below, the step before, and the finished stretches."""
    x, y = random_parts(128)
    before = logits_of(x, y)[0]
    for step, note, seen in [(100, 10, (100, 11)), (99, 47, (100, 0)), (70, 3, (127, 40))]:
        changed = y.numpy()
        changed[0, step, note] = 1 - changed[0, step, note]
        after = logits_of(x, tf.constant(changed))[0]
        assert (before[seen] != after[seen]).any()


def test_the_melody_ahead_is_seen_sixteen_steps_and_no_more():
    x, y = random_parts()
    changed = x.numpy()
    changed[0, 40:, :, 0] = np.roll(changed[0, 40:, :, 0], 1, axis=1)
    moved = (logits_of(x, y)[0] != logits_of(tf.constant(changed), y)[0]).any(axis=(1, 2))
    assert np.flatnonzero(moved)[0] == 40 - max(rl.AHEAD)


# --- probabilities and sampling ----------------------------------------------------------------


def test_sets_are_all_subsets_and_taken_voices_cannot_sing():
    assert len(np.unique(rl.SETS, axis=0)) == 8
    logits = np.random.default_rng(0).normal(size=(8, 9)).astype(np.float32)
    shares = np.exp(rl.log_sets(logits, rl.SETS))  # in each row another set is taken
    assert np.allclose(shares.sum(axis=-1), 1)
    clash = (rl.SETS[:, None] * rl.SETS[None]).any(axis=-1)
    assert (shares[clash] == 0).all() and (shares[~clash] > 0).all()


def test_the_log_probability_by_hand():
    """Two steps of silence but for one held and struck note; all logits 0."""
    y = np.zeros((1, 2, rl.PITCHES, 4), np.float32)
    y[0, :, 10, 0] = 1
    y[0, 1, 10, 3] = 1
    logits = tf.zeros((1, 2, rl.PITCHES, 9))
    step = -11 * np.log(8) - 37 * np.log(4)  # eight sets up to note 10, four without the alto
    found = rl.log_probability(logits, tf.constant(y)).numpy()[0]
    assert np.allclose(found, [step, step - np.log(2)])


@pytest.mark.parametrize("steps", [40, 100])
def test_sampler_and_network_agree(steps):
    """At temperature 0 each of the sampler's choices is the network's likeliest one, and so is
    each replay; over several stretches of the global module."""
    x, _ = random_parts(steps, count=2)
    y = rl.write_parts(generator(steps), x, temperature=0)
    logits = logits_of(x, y)
    likeliest = np.argmax(rl.log_sets(logits, rl.below(y)[..., :3]), axis=-1)
    assert np.mean(likeliest == np.tensordot(y[..., :3], [1, 2, 4], 1)) > 0.999  # ties apart
    stays = np.max(y[..., :3] * rl.shift_in_time(y)[..., :3], axis=-1)
    assert np.mean(y[..., 3] == stays * (logits[..., 8] > 0)) > 0.999
    assert stays.any()


def test_samples_are_drawn_as_often_as_the_network_says():
    """The first note of the first step, in four thousand samples."""
    x = tf.zeros((4000, 1, rl.PITCHES, 2))
    small = generator(64)
    drawn = np.tensordot(rl.write_parts(small, x, seed=3)[:, 0, 0, :3], [1, 2, 4], 1)
    logits = logits_of(tf.zeros((1, 64, rl.PITCHES, 2)), tf.zeros((1, 64, rl.PITCHES, 4)))
    shares = np.exp(rl.log_sets(logits[0, 0, :1], np.zeros((1, 3), np.float32)))[0]
    counts = np.bincount(drawn.astype(int), minlength=8) / 4000
    # the melody ahead is silent in both, so that only the number of steps differs
    assert np.abs(counts - shares).max() < 0.035


def test_a_voice_sings_one_note_and_replays_what_it_held():
    x, _ = random_parts(count=3)
    y = rl.write_parts(generator(), x, seed=1).numpy()
    assert set(np.unique(y)) <= {0, 1}
    assert y[..., :3].sum(axis=2).max() <= 1
    held = (y[:, 1:, :, :3] * y[:, :-1, :, :3]).any(axis=-1)
    assert (y[:, 1:, :, 3] <= held).all() and not y[:, 0, :, 3].any()
    assert np.array_equal(y, rl.write_parts(generator(), x, seed=1).numpy())
    assert not np.array_equal(y, rl.write_parts(generator(), x, seed=2).numpy())


def test_a_melody_of_any_length():
    for steps in (1, 17, 70):
        melody = np.full(steps, 67, np.int16)
        voices = rl.accompany_melody(generator(), melody, seed=1)
        assert voices.shape == (steps, 4) and np.array_equal(voices[:, 0], melody)
    melody = np.full(40, 67, np.int16)
    places = [rl.accompany_melody(generator(), melody, seed=1, pickup=p) for p in (0, 4, 16)]
    assert np.array_equal(places[0], places[2]) and not np.array_equal(places[0], places[1])


# --- losses and the policy gradient ------------------------------------------------------------


def test_losses_by_hand():
    loss = rl.discriminator_loss(tf.constant([0.5, 0.25]), tf.constant([0.5]))
    assert np.isclose(loss, (np.log(2) + np.log(4)) / 2 + np.log(2))
    assert np.isfinite(rl.discriminator_loss(tf.constant([0.0]), tf.constant([1.0])))
    assert np.isclose(rl.baseline_loss(tf.constant([1.0, 0]), tf.constant([0.5, 0.25])), 0.15625)
    log_p = tf.constant([-1.0, -2.0, -3.0])
    assert np.isclose(rl.rl_loss(log_p, tf.constant([0.8, 0.5, 0.2]), 0.5), -0.2)
    assert np.isclose(rl.classic_loss(log_p), 2)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_reinforce_agrees_with_the_exact_gradient_and_a_baseline_lowers_its_variance(seed):
    weights = tf.constant(np.random.default_rng(seed).normal(size=(4, 3)), tf.float32)
    exact = rl.exact_gradient(weights).numpy()
    shares = np.exp(rl.toy_log_probabilities(weights))
    assert np.isclose(shares.sum(), 1)
    variances = []
    for expected in (0.0, float((shares * rl.TOY_REWARDS).sum())):
        found = rl.reinforce_gradients(weights, 40_000, expected, (seed, 1)).numpy()
        error = found.std(axis=0) / np.sqrt(len(found))
        assert (np.abs(found.mean(axis=0) - exact) <= 4.5 * error + 1e-6).all()
        variances.append(found.var(axis=0).sum())
    assert variances[1] < variances[0]


def test_the_exact_gradient_is_the_slope():
    weights = np.random.default_rng(5).normal(size=(4, 3)).astype(np.float64)

    def reward(weights):
        first = np.exp(weights[0]) / np.exp(weights[0]).sum()
        second = np.exp(weights[1:]) / np.exp(weights[1:]).sum(axis=1, keepdims=True)
        return (first[:, None] * second * rl.TOY_REWARDS).sum()

    exact = rl.exact_gradient(tf.constant(weights, tf.float32)).numpy()
    for place in np.ndindex(4, 3):
        step = np.zeros((4, 3))
        step[place] = 1e-5
        slope = (reward(weights + step) - reward(weights - step)) / 2e-5
        assert np.isclose(exact[place], slope, atol=1e-5)


# --- learning ----------------------------------------------------------------------------------

SONGS_SETTINGS = {"batch_size": 2, "seed": 3, "iterations": 2, "every": 1}


def songs():
    return windows(), rl.transposition_room(windows(), pieces())


def keep_learners(patch, keep):
    """Trainings with rewards get the networks of the one before, as good as new, and optimizers
    whose rates fall over two iterations."""
    build, two = rl.build_learners, {"iterations": 2}
    patch.setattr(
        rl,
        "build_learners",
        lambda settings, start: keep("learners", build(settings | two, start)),
    )


def test_noise_is_music_of_one_note_a_voice():
    x, _ = rl.to_notes(windows())
    y = rl.make_noise(x[:, :30], 4).numpy()
    assert y.shape == (8, 30, rl.PITCHES, 4)
    assert (y[..., :3].sum(axis=2) == 1).all() and not y[..., 3].any()
    for voice, (low, high) in enumerate(rl.NOISE_RANGES):
        notes = y[..., voice].argmax(axis=2)
        assert notes.min() >= low and notes.max() <= high
        assert (notes[:, ::4][:, :7] == notes[:, 3::4]).all()  # a note a beat
    assert np.array_equal(y, rl.make_noise(x[:, :30], 4))
    assert not np.array_equal(y, rl.make_noise(x[:, :30], 5))


def test_the_discriminator_learns_to_tell():
    keras.utils.set_random_seed(0)
    network = rl.build_discriminator(units=8)
    optimizer = rl.adam(network, 1e-2, 100)
    x, y = rl.to_notes(windows())
    noise = rl.make_noise(x, 1)
    for _ in range(25):
        rl.discriminator_step(network, optimizer, x, y, [noise])
    assert np.mean(rl.ask(network, x, y)) > np.mean(rl.ask(network, x, noise)) + 0.2


class Constant:
    """A discriminator or baseline that says what it was told to."""

    trainable_variables = ()

    def __init__(self, answers):
        self.answers = tf.constant(answers, tf.float32)

    def __call__(self, inputs, training=False):
        return self.answers


@functools.cache
def two_bars():
    """Melodies, Bach's parts and a generator's."""
    x, real = rl.to_notes(rl.make_windows(pieces(), 2)[:2])
    return x, real, rl.write_parts(generator(32), x, seed=1)


def two_bar_learners(baseline_rate):
    network, baseline = rl.build_generator(32), rl.build_baseline(32, units=2)
    slow = rl.adam(baseline, baseline_rate, 10)
    return network, baseline, {"generator": rl.adam(network, 1e-3, 10), "baseline": slow}


@pytest.mark.parametrize("reward", [1.0, 0.0])
def test_what_is_rewarded_becomes_likelier(reward):
    """Parts that got more than expected become likelier by an update without cross-entropy, parts
    that got less become less likely."""
    network, baseline, optimizers = two_bar_learners(baseline_rate=1e-9)
    x, real, made = two_bars()
    networks = network, Constant([reward, reward]), baseline
    weights = {"rl": 1.0, "classic": 0.0, "teacher": 0.0, "baseline": True}
    before = np.sum(rl.log_of_piece(network, x, made))
    rl.generator_step.python_function(networks, optimizers, x, real, made, weights)
    after = np.sum(rl.log_of_piece(network, x, made))
    assert (after > before) == (reward == 1)


@pytest.mark.parametrize("name", ["classic", "teacher"])
def test_bachs_own_notes_become_likelier(name):
    network, baseline, optimizers = two_bar_learners(baseline_rate=1e-3)
    x, real, made = two_bars()
    weights = {"rl": 0.0, "classic": 0.0, "teacher": 0.0, "baseline": False} | {name: 1.0}
    networks = network, Constant([0.7, 0.7]), baseline
    before = np.sum(rl.log_of_piece(network, x, real))
    rl.generator_step.python_function(networks, optimizers, x, real, made, weights)
    assert np.sum(rl.log_of_piece(network, x, real)) > before


def same_weights(one, other):
    return all(
        np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True)
    )


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch, keep):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    recipe = rl.RECIPE | SONGS_SETTINGS
    start = {"generator": generator(), "discriminator": lively(rl.build_discriminator())}

    class Stop(Exception):
        pass

    def stop(training):
        if training.iteration == 1:
            training.save()
            raise Stop
        return {}

    with monkeypatch.context() as patch:
        keep_learners(patch, keep)
        with pytest.raises(Stop):
            rl.reward_generator("b", start, songs(), stop, recipe, "stopped")
        whole = rl.reward_generator("a", start, songs(), lambda _: {}, recipe, "whole")
    # New networks, whose steps are compiled after the first iteration.
    resumed = rl.reward_generator("b", start, songs(), lambda _: {}, recipe, "resumed")
    for name in rl.LEARNERS:
        assert same_weights(whole.networks[name], resumed.networks[name]), name
    assert whole.history["reward"] == resumed.history["reward"]


def test_pretraining_and_its_continuation(tmp_path, monkeypatch, keep):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    begin, build, optimize = rl.build_generator(), rl.build_generator, rl.adam
    monkeypatch.setattr(rl, "build_generator", lambda: keep("generator", build()))
    monkeypatch.setattr(rl, "adam", lambda *some: keep("adam", optimize(*some)))
    settings = SONGS_SETTINGS | {"rate": 1e-3}
    look_back = rl.look_at_music(windows()[:2], windows()[:1])
    training = rl.pretrain_generator("a", songs(), look_back, settings, "first")
    history = training.history
    assert history["iteration"] == [0, 1, 2] and history["loss"][-1] < history["loss"][0]
    assert np.shape(history["UPC"]) == (3, 3)
    assert np.shape(training.samples["voices"]) == (3, 1, 64, 4)
    begin.set_weights(training.networks["generator"].get_weights())

    def look_at_loss(run):
        return {"loss": rl.guess(run.networks["generator"], windows()[:2])}

    some = "b", songs(), look_at_loss, settings, "more"
    more = rl.pretrain_generator(*some, start=begin)
    assert more.history["loss"][0] == pytest.approx(history["loss"][-1], abs=1e-4)
    assert not same_weights(begin, more.networks["generator"])


def test_ablations_change_what_they_name(tmp_path, monkeypatch, keep):
    keep_learners(monkeypatch, keep)
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    judge = lively(rl.build_discriminator())
    look_back = rl.look_at_rewards(judge, windows()[:1], windows()[:1])
    start = {"generator": generator(), "discriminator": judge}
    recipe = rl.RECIPE | SONGS_SETTINGS | {"iterations": 1, "discriminator_updates": 1}
    lessons = SONGS_SETTINGS | {"iterations": 1, "rate": 1e-3, "noise": False}
    some = ("the recipe", "four negatives for each melody", "discriminator knows no noise")
    changes = {name: rl.ABLATIONS[name] for name in some}
    found, voices = rl.run_ablations("test", changes, start, songs(), look_back, recipe, lessons)
    assert list(found) == list(some) == list(voices)
    for figures in found.values():
        assert 0 <= figures["judge of generated"] <= 1 and len(figures["QN"]) == 3


def test_every_ablation_is_a_change_of_the_recipe():
    allowed = {*rl.RECIPE, "fresh", "noise"}
    assert all(set(change) <= allowed for change in rl.ABLATIONS.values())


def test_the_gradients_variance_is_between_batches(monkeypatch):
    monkeypatch.setattr(rl, "policy_gradients", rl.policy_gradients.python_function)
    discriminator, baseline = lively(rl.build_discriminator(32)), rl.build_baseline(32, units=2)
    networks, short = (generator(32), discriminator, baseline), rl.make_windows(pieces(), 2)[:8]
    songs = short, rl.transposition_room(short, pieces())
    found = rl.gradient_variance(networks, songs, SONGS_SETTINGS, 2)
    x, _ = rl.to_notes(next(rl.batches_from(*songs, SONGS_SETTINGS, 0)))
    made = rl.write_parts(networks[0], x, seed=0)
    without, with_baseline = rl.policy_gradients(*networks, x, made)
    assert len(without) == len(with_baseline) == networks[0].count_params()
    assert (without.numpy() != with_baseline.numpy()).any()
    assert found["without baseline"] > 0 and found["with baseline"] > 0


# --- the verdict -------------------------------------------------------------------------------


def test_separate_windows_do_not_overlap():
    found, numbers = rl.separate_windows(pieces(), 4)
    assert len(found) == len(numbers)
    for number, piece in enumerate(pieces()):
        steps = sum(len(window) for window in found[numbers == number])
        assert steps <= len(piece.voices)
    first = found[numbers == 0]
    everything = rl.make_windows([pieces()[0]])
    assert np.array_equal(first, everything[::4])


def test_the_bootstrap_draws_whole_groups():
    groups = np.repeat(np.arange(40), 25)
    values = np.repeat(np.random.default_rng(0).normal(size=40), 25)
    low, high = rl.bootstrap_interval(values, groups, 0)
    expected = 1.96 * values.std() / np.sqrt(40)
    assert np.isclose((high - low) / 2, expected, rtol=0.1)
    assert low < values.mean() < high
    assert rl.bootstrap_interval(np.full(10, 0.3), np.arange(10), 0) == pytest.approx([0.3, 0.3])


def test_the_temperature_that_is_as_sure():
    entropies = {0.5: 0.6, 0.8: 0.9, 1.0: 1.3}
    assert rl.same_sureness(entropies, 0.9) == pytest.approx(0.8)
    assert rl.same_sureness(entropies, 1.1) == pytest.approx(0.9)


def test_a_verdict_compares_at_temperature_one_and_when_as_sure():
    judge = lively(rl.build_discriminator(), seed=2)
    some = {"pretrained": generator(), "rewarded": lively(rl.build_generator(), seed=9)}
    groups = np.array([0, 1])
    found, compared = rl.verdict(some, judge, windows()[:2], groups, 0, (0.5, 1.0), draws=1)
    assert set(compared) == {"pretrained, temperature 1", "pretrained, as sure"}
    plain = compared["pretrained, temperature 1"]
    rewards = [np.mean(found[name][1.0]["reward"]) for name in ("rewarded", "pretrained")]
    assert plain["difference"] == pytest.approx(rewards[0] - rewards[1])
    assert compared["pretrained, as sure"]["temperature"] in found["pretrained"]


# --- devices and files -------------------------------------------------------------------------


@pytest.mark.parametrize("build", [rl.build_generator, rl.build_discriminator, rl.build_baseline])
def test_networks_are_stock_layers(build, tmp_path):
    network = lively(build())
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras", safe_mode=True, compile=False)
    x, y = random_parts()
    inputs = {3: [x, y, rl.places(1)], 2: [x, y], 1: x}[len(network.inputs)]
    assert np.allclose(network(inputs), again(inputs), atol=1e-4)
    if build is rl.build_generator:
        parts = [rl.write_parts(some, x, temperature=0).numpy() for some in (network, again)]
        assert np.mean(parts[0] == parts[1]) > 0.999
