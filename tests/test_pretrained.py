"""The accompaniment of any melody, with the published network."""

import numpy as np
import pytest

from helpers import data, metrics, pretrained
from helpers.music import REST

SCALE = np.repeat([60, 62, 64, 65, 67, 69, 71, 72], 8).astype(np.int16)  # four bars


@pytest.mark.parametrize("steps", [1, 5, 16, 31, 32, 33, 47, 64])
def test_any_length(steps):
    melody = SCALE[:steps]
    voices = pretrained.accompany(melody, seed=0)
    assert voices.shape == (steps, 4)
    assert voices.dtype == np.int16
    assert np.array_equal(voices[:, 0], melody)
    assert ((voices == REST) | ((voices >= 0) & (voices <= 127))).all()


def test_the_seed_decides():
    first = pretrained.accompany(SCALE, seed=3)
    assert np.array_equal(first, pretrained.accompany(SCALE, seed=3))
    assert not np.array_equal(first, pretrained.accompany(SCALE, seed=4))
    runs = [pretrained.accompany(SCALE) for _ in range(3)]
    assert not (np.array_equal(runs[0], runs[1]) and np.array_equal(runs[1], runs[2]))


@pytest.mark.parametrize("octaves", [-24, -12, 12, 24])
def test_a_melody_out_of_range_is_moved_by_octaves_and_back(octaves):
    moved = pretrained.accompany(SCALE + octaves, seed=1)
    shift = pretrained.fitting_shift(SCALE + octaves)
    assert shift % 12 == 0
    expected = pretrained.accompany(SCALE + octaves + shift, seed=1)
    sounding = expected != REST
    assert np.array_equal(moved[sounding], expected[sounding] - shift)


def test_fitting_shift_by_hand():
    assert pretrained.fitting_shift(np.array([57, 81])) == 0
    assert pretrained.fitting_shift(np.array([45, 60])) == 12
    assert pretrained.fitting_shift(np.array([82, 90])) == -12
    # 50 to 74 spans the two octaves of the range exactly: no octave fits, seven semitones do
    assert pretrained.fitting_shift(np.array([50, 74])) == 7
    assert pretrained.fitting_shift(np.array([REST, REST])) == 0


@pytest.mark.parametrize(
    "melody", [[0, 127] * 20, [REST] * 40, [60, REST] * 16, [127], [0], [30, 100, 60, REST] * 8]
)
def test_odd_melodies_stay_untouched(melody):
    melody = np.array(melody)
    voices = pretrained.accompany(melody, seed=0)
    assert np.array_equal(voices[:, 0], melody)
    assert voices.min() >= REST
    assert voices.max() <= 127


@pytest.mark.parametrize(
    "bad",
    [[], [[60, 62]], [60.5], ["C4"], [128], [-2], None, np.full(pretrained.MAX_STEPS + 1, 60)],
)
def test_no_melody_gets_one_sentence(bad):
    with pytest.raises(ValueError) as error:
        pretrained.accompany(bad)
    assert str(error.value).count(". ") == 0


def test_another_network_can_be_given():
    class High:
        """A generator that lets all voices sing the melody."""

        def __call__(self, inputs, training):
            import tensorflow as tf

            return tf.stack([inputs[0]] * 4, axis=2)

    voices = pretrained.accompany(SCALE, seed=0, generator=High())
    assert (voices == SCALE[:, None]).all()


def test_a_pickup_is_put_before_the_bar_line():
    """With a pickup of four steps, what follows it is bar one: the generator sees the melody
    twelve rests later, as if those had been given."""
    padded = np.concatenate([np.full(12, REST), SCALE]).astype(np.int16)
    expected = pretrained.accompany(padded, seed=2)[12:]
    assert np.array_equal(pretrained.accompany(SCALE, seed=2, pickup=4), expected)
    assert not np.array_equal(pretrained.accompany(SCALE, seed=2), expected)


# --- seams -------------------------------------------------------------------------------------


def test_windows_that_agree_are_joined_to_the_whole():
    whole = np.arange(64 * 4).reshape(64, 4)
    windows = np.stack([whole[bar * 16 : bar * 16 + 32] for bar in range(3)])
    assert np.array_equal(pretrained.join_windows(windows), whole)


def test_the_seam_is_where_the_windows_agree():
    first, second = np.zeros((32, 4), int), np.ones((32, 4), int)
    first[16 + 8 : 16 + 10] = 7  # both windows have the same two steps in the overlap
    second[8:10] = 7
    joined = pretrained.join_windows(np.stack([first, second]))
    assert (joined[:24] == 0).all()
    assert (joined[24:26] == 7).all()
    assert (joined[26:] == 1).all()


def test_one_window_is_itself():
    window = np.arange(128).reshape(1, 32, 4)
    assert np.array_equal(pretrained.join_windows(window), window[0])


def test_seams_are_not_heard():
    """Long held-out melodies are as well accompanied as two-bar windows: no worse by 0.05 in
    chords and consonance, and with no more large leaps in the middle of bars, where seams are."""
    pieces = data.load_chorales("test", time_signature="4/4")[:12]
    whole = [piece.voices[piece.bar_starts[0] :, 0] for piece in pieces]
    long = np.concatenate([pretrained.accompany(melody, seed=1) for melody in whole])
    windows = data.make_windows(pieces)[::2]
    short = np.stack([pretrained.accompany(window[:, 0], seed=1) for window in windows])
    assert metrics.chord_share(long) > metrics.chord_share(short) - 0.05
    assert metrics.consonance(long) > metrics.consonance(short) - 0.05
