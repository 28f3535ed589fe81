"""Drum hits, the grid and the tick features: hand-computed cases, round trips, bad input."""

import io

import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.grooves import hits_from_midi
from helpers.files.midi_writer import midi_bytes, to_midi
from helpers.music import drums as kit

BASS, SNARE, CLOSED, OPEN, LOW_TOM, MID_TOM, HIGH_TOM, CRASH, RIDE = range(9)


def cells(drums):
    """The hits of a grid as {(step, drum): (velocity of 127, offset in ticks)}."""
    assert drums.dtype == np.float32
    where = zip(*np.nonzero(drums[:, :, 0]), strict=True)
    return {
        (int(step), int(drum)): tuple(np.round(drums[step, drum, 1:] * (127, 120)).astype(int))
        for step, drum in where
    }


def grid_of(hits, steps):
    drums = np.zeros((steps, 9, 3), np.float32)
    for (step, drum), (velocity, offset) in hits.items():
        drums[step, drum] = 1, velocity / 127, offset / 120
    return drums


def hits_of(drums):
    """The hits of a grid, each with its drum's first pitch: the way back."""
    return kit.notes_to_hits(kit.drum_notes(drums))


# --- the grid ----------------------------------------------------------------------------------


def test_a_hit_goes_to_the_nearest_sixteenth():
    hits = [[0, 36, 127], [59, 38, 64], [60, 42, 1], [240 + 30, 46, 100], [480 - 12, 51, 80]]
    drums = kit.hits_to_drums(hits)
    assert drums.shape == (5, 9, 3)
    assert cells(drums) == {
        (0, BASS): (127, 0),
        (0, SNARE): (64, 59),
        (1, CLOSED): (1, -60),  # half-way: the later step
        (2, OPEN): (100, 30),
        (4, RIDE): (80, -12),
    }
    assert drums[0, BASS].tolist() == [1, 1, 0]
    assert drums[2, OPEN, 2] == 0.25


def test_the_22_pitches_of_the_kit_are_nine_drums():
    folds = {
        BASS: [36],
        SNARE: [37, 38, 40],
        CLOSED: [22, 42, 44],
        OPEN: [26, 46],
        LOW_TOM: [43, 58],
        MID_TOM: [45, 47],
        HIGH_TOM: [48, 50],
        CRASH: [49, 52, 55, 57],
        RIDE: [51, 53, 59],
    }
    for drum, pitches in folds.items():
        for pitch in pitches:
            assert list(cells(kit.hits_to_drums([[0, pitch, 90]]))) == [(0, drum)]
            assert kit.drum_of(pitch) == drum
    assert sorted(kit.KIT_PITCHES) == sorted(p for pitches in folds.values() for p in pitches)
    assert len(kit.KIT_PITCHES) == 22


@pytest.mark.parametrize(
    ("pitch", "drum"),
    [(35, BASS), (39, SNARE), (70, CLOSED), (41, LOW_TOM), (56, RIDE), (60, HIGH_TOM)],
)
def test_other_drums_of_general_midi_join_their_likes(pitch, drum):
    assert list(cells(kit.hits_to_drums([[0, pitch, 90]]))) == [(0, drum)]


def test_other_pitches_are_none_of_the_kit():
    assert set(kit.OTHER_PITCHES).isdisjoint(kit.KIT_PITCHES)
    assert set(kit.OTHER_PITCHES.values()) <= set(kit.DRUM_NAMES)
    assert kit.drum_of(20) is None
    assert kit.hits_to_drums([[0, 20, 90], [240, 36, 90], [480, 127, 90]]).shape == (3, 9, 3)


def test_of_two_hits_of_a_drum_on_a_step_the_louder_is_kept():
    flam = [[100, 38, 40], [120, 38, 110], [130, 40, 90]]
    assert cells(kit.hits_to_drums(flam)) == {(1, SNARE): (110, 0)}
    equal = [[110, 38, 90], [125, 37, 90]]
    assert cells(kit.hits_to_drums(equal)) == {(1, SNARE): (90, -10)}  # then the first


def test_the_length_of_a_grid():
    assert kit.hits_to_drums([]).shape == (0, 9, 3)
    assert kit.hits_to_drums([], 16).shape == (16, 9, 3)
    assert kit.hits_to_drums([[100, 36, 90]]).shape == (2, 9, 3)
    early = kit.hits_to_drums([[0, 36, 90], [16 * 120 - 10, 36, 90]], 16)  # of the next bar's first
    assert list(cells(early)) == [(0, BASS)]


def test_hits_of_a_grid():
    drums = grid_of({(0, BASS): (127, -30), (4, SNARE): (64, 30), (4, CLOSED): (10, 0)}, 16)
    assert hits_of(drums).tolist() == [[0, 36, 127], [480, 42, 10], [510, 38, 64]]
    assert hits_of(np.zeros((4, 9, 3))).shape == (0, 3)
    assert hits_of(drums).dtype == np.int32
    with pytest.raises(ValueError, match="between -0.5 and 0.5"):
        hits_of(grid_of({(0, BASS): (90, 90)}, 1))


grids = st.dictionaries(
    st.tuples(st.integers(0, 20), st.integers(0, 8)),
    st.tuples(st.integers(1, 127), st.integers(-60, 59)),
    max_size=40,
).map(lambda hits: {k: (v, max(o, 0) if k[0] == 0 else o) for k, (v, o) in hits.items()})


@given(grids)
def test_grid_to_hits_and_back(hits):
    drums = grid_of(hits, 21)
    back = kit.hits_to_drums(hits_of(drums), 21)
    assert cells(back) == cells(drums) == hits
    assert np.abs(back - drums).max() < 1e-6


@given(
    st.lists(
        st.tuples(
            *(st.integers(0, 9), st.integers(0, 8)),
            *(st.floats(0.0625, 1, width=32), st.floats(-0.4375, 0.4375, width=32)),
        ),
        unique_by=lambda hit: hit[:2],
        max_size=20,
    )
)
def test_any_grid_is_back_within_rounding(hits):
    drums = np.zeros((10, 9, 3), np.float32)
    for step, drum, velocity, offset in hits:
        drums[step, drum] = 1, velocity, max(offset, 0) if step == 0 else offset
    back = kit.hits_to_drums(hits_of(drums), 10)
    assert np.array_equal(back[:, :, 0], drums[:, :, 0])
    assert np.abs(back[:, :, 1] - drums[:, :, 1]).max() <= 0.5 / 127 + 1e-6
    assert np.abs(back[:, :, 2] - drums[:, :, 2]).max() <= 0.5 / 120 + 1e-6


@given(grids, st.integers(40, 240))
def test_grid_to_a_midi_file_and_back(hits, tempo):
    drums = grid_of(hits, 21)
    data = midi_bytes(to_midi(drums, tempo=tempo))
    assert cells(kit.hits_to_drums(hits_from_midi(data), 21)) == hits


def test_hits_from_a_midi_file_are_those_of_channel_10_at_480_a_quarter():
    midi = pretty_midi.PrettyMIDI(resolution=96, initial_tempo=120)
    for drum, pitch, start in ((True, 38, 0.5), (False, 60, 0.25), (True, 36, 0.0)):
        instrument = pretty_midi.Instrument(0, is_drum=drum)
        instrument.notes.append(pretty_midi.Note(99, pitch, start, start + 0.1))
        midi.instruments.append(instrument)
    buffer = io.BytesIO()
    midi.write(buffer)
    assert hits_from_midi(buffer.getvalue()).tolist() == [[0, 36, 99], [480, 38, 99]]
    assert hits_from_midi(midi_bytes(to_midi([60] * 4))).shape == (0, 3)


# --- notes -------------------------------------------------------------------------------------


def test_hits_as_notes_and_back():
    hits = [[0, 36, 127], [130, 38, 20]]
    notes = kit.hits_to_notes(hits)
    assert notes.tolist() == [[0, 1, 36, 127], [130 / 120, 1 + 130 / 120, 38, 20]]
    assert kit.notes_to_hits(notes).tolist() == hits
    assert kit.notes_to_hits(np.zeros((0, 4))).shape == (0, 3)


def test_only_pitches_that_sound_are_played():
    """Three of the kit's pitches are silent, or another instrument, in General MIDI."""
    for pitch in kit.KIT_PITCHES:
        played = int(kit.hits_to_notes([[0, pitch, 90]])[0, 2])
        assert kit.drum_of(played) == kit.drum_of(pitch)
        assert played == pitch if pitch not in (22, 26, 58) else played in (42, 46, 43)


# --- tick features -----------------------------------------------------------------------------


def hits_of_features(features):
    """The hits of tick features, one window after the other: the way back."""
    features = features.reshape(-1, 22)
    ticks, columns = np.nonzero(features)
    velocities = np.round(features[ticks, columns] * 127)
    return kit.as_hits(np.stack([ticks, np.array(kit.KIT_PITCHES)[columns], velocities], axis=1))


def test_the_columns_are_the_kit_drum_by_drum():
    assert kit.KIT_PITCHES[:4] == (36, 38, 37, 40)
    assert [kit.drum_of(pitch) for pitch in kit.KIT_PITCHES] == sorted(
        map(kit.drum_of, kit.KIT_PITCHES)
    )


def test_tick_features_by_hand():
    hits = [[0, 36, 127], [999, 38, 64], [1000, 37, 1], [1999, 59, 127], [2000, 36, 127]]
    features = kit.tick_features(hits, 1000)
    assert features.shape == (2, 1000, 22) and features.dtype == np.float32
    assert np.argwhere(features).tolist() == [[0, 0, 0], [0, 999, 1], [1, 0, 2], [1, 999, 21]]
    assert features[0, 999, 1] == np.float32(64 / 127)
    # 2,001 ticks are two windows and a tick, which is dropped, or padded with silence.
    padded = kit.tick_features(hits, 1000, padded=True)
    assert padded.shape == (3, 1000, 22)
    assert np.argwhere(padded[2]).tolist() == [[0, 0]]
    assert np.array_equal(padded[:2], features)


def test_a_window_that_the_last_hit_just_fills():
    assert kit.tick_features([[999, 36, 90]], 1000).shape == (1, 1000, 22)
    assert kit.tick_features([[998, 36, 90]], 1000).shape == (0, 1000, 22)
    assert kit.tick_features([], 1000).shape == (0, 1000, 22)
    assert kit.tick_features([], 1000, padded=True).shape == (0, 1000, 22)


def test_the_louder_hit_and_other_pitches_in_tick_features():
    hits = [[5, 36, 30], [5, 36, 90], [5, 35, 60], [6, 35, 60], [6, 20, 99]]
    assert hits_of_features(kit.tick_features(hits, 7)).tolist() == [
        [5, 36, 90],
        [6, 36, 60],
    ]


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 700), st.sampled_from(kit.KIT_PITCHES)),
        st.integers(1, 127),
        max_size=30,
    ),
    st.integers(1, 300),
)
def test_ticks_and_back_exactly(hits, ticks):
    hits = kit.as_hits([(tick, pitch, velocity) for (tick, pitch), velocity in hits.items()])
    back = hits_of_features(kit.tick_features(hits, ticks, padded=True))
    assert back.tolist() == hits.tolist()
    length = len(hits) and (hits[-1, 0] + 1) // ticks * ticks
    whole = hits_of_features(kit.tick_features(hits, ticks))
    assert whole.tolist() == hits[hits[:, 0] < length].tolist()


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "words"),
    [
        ([[0, 36]], "shape"),
        ([0, 36, 90], "shape"),
        ([[0.5, 36, 90]], "whole numbers"),
        ([["a", "b", "c"]], "whole numbers"),
        ([[-1, 36, 90]], "Ticks of hits lie between 0 and"),
        ([[0, 128, 90]], "Pitches of hits lie between 0 and 127"),
        ([[0, 36, 0]], "Velocities of hits lie between 1 and 127"),
        ([[2**40, 36, 90]], "Ticks of hits lie between 0 and"),
    ],
)
def test_bad_hits(hits, words):
    for function in (
        kit.as_hits,
        kit.hits_to_drums,
        lambda hits: kit.tick_features(hits, 1000),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            function(hits)
        assert "\n" not in str(caught.value)


def test_hits_are_put_in_order():
    assert kit.as_hits([[5, 40, 1], [5, 36, 2], [0, 99, 3]]).tolist() == [
        *([0, 99, 3], [5, 36, 2], [5, 40, 1])
    ]


@pytest.mark.parametrize("ticks", [0, -5, 2.5, True, "1000", None])
def test_bad_windows(ticks):
    with pytest.raises(ValueError, match="^ticks is .* a whole number of 1 or more"):
        kit.tick_features([[0, 36, 90]], ticks)


def test_no_grid_of_a_damaged_length_is_made():
    late = [[2**31 - 1, 36, 90]]
    with pytest.raises(ValueError, match="from 0 to 200,000"):
        kit.hits_to_drums(late)
    with pytest.raises(ValueError, match="at most 2,000,000 ticks"):
        kit.tick_features(late, 1000)
    assert kit.hits_to_drums(late, 4).shape == (4, 9, 3)
