"""Voices, notes and piano rolls: hand-made cases, round trips, bad input."""

import numpy as np
import pytest

from helpers.music.conversion import voices_to_multitrack
from helpers.music.grid import (
    REST,
    Note,
    Piece,
    as_onsets,
    as_voices,
    bar_clock,
    bar_length,
    default_onsets,
    excerpt,
    notes_to_voice,
    roll_to_voices,
    transpose,
    voice_notes,
    voices_to_roll,
)
from helpers.music.keys import key_tonic

# --- voices ------------------------------------------------------------------------------------


def test_a_melody_becomes_one_column():
    voices = as_voices([60, REST, 62])
    assert voices.shape == (3, 1)
    assert voices.dtype == np.int16
    assert voices[:, 0].tolist() == [60, -1, 62]


def test_voices_keep_their_shape_and_whole_floats_become_integers():
    voices = as_voices(np.array([[60.0, 48.0], [62.0, -1.0]]))
    assert voices.dtype == np.int16
    assert voices.tolist() == [[60, 48], [62, -1]]


@pytest.mark.parametrize("shape", [(0,), (0, 4)])
def test_empty_voices_are_allowed(shape):
    assert as_voices(np.zeros(shape)).size == 0


def test_no_voices_are_none():
    with pytest.raises(ValueError, match=r"shape \(5, 0\) have no voice: one is the least\.$"):
        as_voices(np.zeros((5, 0)))


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((2, 3, 4)),  # a batch
        60,  # no axis
        [60.5, 61],
        [np.nan, 60],
        [np.inf, 60],
        [128],
        [-2],
        np.zeros((4, 128), bool),  # a piano roll
        ["C4", "D4"],
        [None, 60],
    ],
)
def test_what_is_no_voices_grid_is_refused_in_one_sentence(bad):
    with pytest.raises(ValueError) as error:
        as_voices(bad)
    assert "\n" not in str(error.value)


def test_as_voices_copies():
    given = np.array([[60]], np.int16)
    as_voices(given)[0, 0] = 72
    assert given[0, 0] == 60


# --- onsets ------------------------------------------------------------------------------------


def test_default_onsets_hold_equal_neighbours_and_ignore_rests():
    voices = np.array([[60, -1], [60, -1], [62, 48], [-1, 48], [62, 48]])
    assert default_onsets(voices).tolist() == [
        [True, False],
        [False, False],
        [True, True],
        [False, False],
        [True, False],
    ]


def test_given_onsets_restrike_and_are_made_consistent():
    melody = [60, 60, 62, REST, 62]
    given = [False, True, False, True, False]  # none on the first notes, one on a rest
    assert as_onsets(melody, given)[:, 0].tolist() == [True, True, True, False, True]


def test_onsets_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="shape of the voices"):
        as_onsets([60, 62], [True])
    with pytest.raises(ValueError, match="shape of the voices"):
        as_onsets(np.full((2, 2), 60), [True, False])


# --- notes -------------------------------------------------------------------------------------


def test_notes_of_a_voice_with_a_repeated_note_a_rest_and_a_note_to_the_end():
    melody = [60, 60, 60, REST, REST, 62, 64, 64]
    onsets = [True, False, True, False, False, True, True, False]
    assert voice_notes(melody, onsets) == [
        Note(0, 2, 60),
        Note(2, 3, 60),
        Note(5, 6, 62),
        Note(6, 8, 64),
    ]
    assert voice_notes(melody)[0] == Note(0, 3, 60)  # without onsets one held note


@pytest.mark.parametrize("silence", [[], [REST, REST]])
def test_silence_has_no_notes(silence):
    assert voice_notes(silence) == []


def test_notes_are_plain_numbers():
    assert all(type(value) is int for value in voice_notes(np.array([60], np.int16))[0])


def test_the_notes_of_several_voices_at_once_are_refused():
    with pytest.raises(ValueError, match="One voice"):
        voice_notes(np.full((3, 2), 60))


def test_notes_to_voice():
    melody, onsets = notes_to_voice([Note(4, 6, 62), Note(0, 2, 60), Note(2, 3, 60)], 7)
    assert melody.dtype == np.int16 and onsets.dtype == bool
    assert melody.tolist() == [60, 60, 60, -1, 62, 62, -1]
    assert np.flatnonzero(onsets).tolist() == [0, 2, 4]


def test_a_later_note_cuts_off_an_earlier_one_for_good():
    melody, onsets = notes_to_voice([Note(0, 8, 60), Note(2, 4, 67)], 8)
    assert melody.tolist() == [60, 60, 67, 67, -1, -1, -1, -1]
    assert np.flatnonzero(onsets).tolist() == [0, 2]
    melody, onsets = notes_to_voice([Note(0, 3, 60), Note(1, 5, 60), Note(2, 4, 60)], 6)
    assert melody.tolist() == [60, 60, 60, 60, -1, -1]
    assert np.flatnonzero(onsets).tolist() == [0, 1, 2]


def test_of_notes_that_begin_together_the_highest_is_kept():
    for notes in ([Note(1, 5, 60), Note(1, 3, 72)], [Note(1, 3, 72), Note(1, 5, 60)]):
        melody, onsets = notes_to_voice(notes, 6)
        assert melody.tolist() == [-1, 72, 72, -1, -1, -1]
        assert np.flatnonzero(onsets).tolist() == [1]


def test_notes_past_the_end_and_of_no_length_are_left_out():
    melody, onsets = notes_to_voice([Note(2, 9, 60), Note(4, 5, 62), Note(1, 1, 64)], 4)
    assert melody.tolist() == [-1, -1, 60, 60]
    assert np.flatnonzero(onsets).tolist() == [2]
    melody, onsets = notes_to_voice([], 3)
    assert melody.tolist() == [-1, -1, -1] and not onsets.any()
    assert notes_to_voice([Note(0, 1, 60)], 0)[0].shape == (0,)


@pytest.mark.parametrize("bad", [Note(-1, 2, 60), Note(0, 2, 128), Note(0, 2, REST)])
def test_notes_outside_time_or_pitch_are_refused(bad):
    with pytest.raises(ValueError):
        notes_to_voice([bad], 4)


# --- transposition -----------------------------------------------------------------------------


def test_transposition_moves_notes_and_not_rests():
    voices = np.array([[60, REST], [REST, 48]], np.int16)
    moved = transpose(voices, -5)
    assert moved.dtype == np.int16
    assert moved.tolist() == [[55, REST], [REST, 43]]
    assert transpose([60, REST], 2).tolist() == [62, REST]  # a melody stays a melody
    assert transpose(voices[None], 1).shape == (1, 2, 2)  # and a batch a batch


@pytest.mark.parametrize(("pitch", "semitones"), [(0, -1), (3, -4), (127, 1), (100, 100)])
def test_a_note_is_never_transposed_into_a_rest_or_out_of_midi(pitch, semitones):
    with pytest.raises(ValueError, match="leaves"):
        transpose([pitch, 60], semitones)


# --- piano rolls -------------------------------------------------------------------------------


def test_a_roll_has_one_track_a_voice():
    roll = voices_to_roll([[60, 48], [REST, 127], [0, REST]])
    assert roll.shape == (3, 128, 2) and roll.dtype == bool
    assert np.argwhere(roll).tolist() == [[0, 48, 1], [0, 60, 0], [1, 127, 1], [2, 0, 0]]
    assert voices_to_roll([60]).shape == (1, 128, 1)


def test_of_a_chord_in_a_roll_the_highest_pitch_is_read():
    roll = np.zeros((2, 128), bool)
    roll[0, [60, 64, 67]] = True
    assert roll_to_voices(roll).tolist() == [[67], [REST]]


@pytest.mark.parametrize("shape", [(4, 127, 1), (128, 4), (4,), (2, 4, 128, 1)])
def test_what_is_no_roll_is_refused(shape):
    with pytest.raises(ValueError, match=r"Piano rolls have the shape \(steps, 128, tracks\), not"):
        roll_to_voices(np.zeros(shape, bool))


def test_an_empty_roll_is_no_music():
    assert voices_to_roll(np.zeros((0, 4))).shape == (0, 128, 4)
    assert roll_to_voices(np.zeros((0, 128, 4), bool)).shape == (0, 4)


def test_multitrack_sounds_the_same_notes_at_the_right_time():
    voices = np.array([[72, 60], [72, REST], [74, 55], [74, 55]])
    multitrack = voices_to_multitrack(voices, tempo=120)
    assert [track.name for track in multitrack.tracks] == ["voice 1", "voice 2"]
    assert multitrack.resolution == 4
    midi = multitrack.to_pretty_midi()
    found = [
        [(round(note.start, 3), round(note.end, 3), int(note.pitch)) for note in instrument.notes]
        for instrument in midi.instruments
    ]
    # at 120 quarters a minute a sixteenth lasts an eighth of a second
    assert found == [[(0, 0.25, 72), (0.25, 0.5, 74)], [(0, 0.125, 60), (0.25, 0.5, 55)]]


def test_multitrack_names_voices():
    multitrack = voices_to_multitrack(np.full((2, 4), 60))
    assert [track.name for track in multitrack.tracks][-2:] == ["tenor", "bass"]


def test_a_piece_needs_only_its_music():
    piece = Piece("scale", as_voices([60, 62]), default_onsets([60, 62]), np.array([0]))
    assert (piece.time_signature, piece.key, piece.tempo) == ("4/4", "", 100)
    assert piece.fermatas is None


# --- round trips -------------------------------------------------------------------------------


def check_for_all(check, *strategies):
    """Runs ``check`` on many drawn examples, the same ones each time."""
    hypothesis = pytest.importorskip("hypothesis")
    settings = hypothesis.settings(deadline=None, database=None, derandomize=True)
    settings(hypothesis.given(*strategies)(check))()


@pytest.fixture
def drawn():
    """hypothesis's strategies, where the authors' tools are installed."""
    return pytest.importorskip("hypothesis").strategies


def cells(drawn):
    """Few pitches, the outermost among them, so that repeats and rests are frequent."""
    return drawn.tuples(drawn.sampled_from([REST, 0, 60, 61, 127]), drawn.booleans())


def test_voice_to_notes_and_back(drawn):
    def check(cells):
        melody = np.array([pitch for pitch, _ in cells], np.int16)
        onsets = as_onsets(melody, np.array([struck for _, struck in cells], bool))[:, 0]
        notes = voice_notes(melody, onsets)
        back, struck = notes_to_voice(notes, len(melody))
        assert np.array_equal(back, melody)
        assert np.array_equal(struck, onsets)
        assert sum(note.end - note.start for note in notes) == np.sum(melody != REST)

    check_for_all(check, drawn.lists(cells(drawn), max_size=40))


def test_notes_to_voice_and_back(drawn):
    def check(lengths):
        notes, step = [], 0
        for gap, length, pitch in lengths:
            notes.append(Note(step + gap, step + gap + length, pitch))
            step += gap + length
        melody, onsets = notes_to_voice(reversed(notes), step + 3)
        assert voice_notes(melody, onsets) == notes

    length = drawn.tuples(drawn.integers(0, 3), drawn.integers(1, 5), drawn.integers(0, 127))
    check_for_all(check, drawn.lists(length, max_size=12))


def test_any_notes_give_what_a_listener_hears_last(drawn):
    def check(notes):
        melody, onsets = notes_to_voice([Note(*note) for note in notes], 12)
        for step in range(12):
            begun = [n for n in notes if n[0] <= step and n[1] > n[0]]
            latest = max((n[0] for n in begun), default=None)
            pitch = max((n[2] for n in begun if n[0] == latest), default=REST)
            ends = [n[1] for n in begun if n[0] == latest and n[2] == pitch]
            assert melody[step] == (pitch if ends and max(ends) > step else REST)
            assert onsets[step] == (latest == step)

    note = drawn.tuples(drawn.integers(0, 14), drawn.integers(0, 16), drawn.integers(60, 63))
    check_for_all(check, drawn.lists(note, max_size=8))


def test_voices_to_roll_and_back(drawn):
    def check(rows):
        voices = np.array(rows, np.int16).reshape(-1, 3)
        roll = voices_to_roll(voices)
        assert np.array_equal(roll_to_voices(roll), voices)
        assert roll.sum() == np.sum(voices != REST)

    pitch = drawn.integers(REST, 127)
    check_for_all(check, drawn.lists(drawn.tuples(pitch, pitch, pitch), max_size=20))


def test_transposition_and_back(drawn):
    def check(melody, semitones):
        moved = transpose(melody, semitones)
        assert transpose(moved, -semitones).tolist() == melody

    pitch = drawn.one_of(drawn.just(REST), drawn.integers(12, 115))
    check_for_all(check, drawn.lists(pitch, max_size=20), drawn.integers(-12, 12))


# --- excerpts ----------------------------------------------------------------------------------


def held_piece():
    voices = np.array([[60], [60], [60], [62], [62], [64], [64], [64]])
    onsets = default_onsets(voices)
    fermatas = np.zeros(8, bool)
    fermatas[5] = True
    return Piece("held", voices, onsets, np.array([0, 4]), fermatas=fermatas)


def test_an_excerpt_has_its_own_bars_fermatas_and_first_stroke():
    part = excerpt(held_piece(), 2, 7)
    assert part.voices[:, 0].tolist() == [60, 62, 62, 64, 64]
    assert part.onsets[:, 0].tolist() == [True, True, False, True, False]
    assert part.bar_starts.tolist() == [2]
    assert part.fermatas.tolist() == [False, False, False, True, False]
    assert part.name == "held"


def test_an_excerpt_ends_where_the_piece_ends():
    assert len(excerpt(held_piece(), 6, 100).voices) == 2


@pytest.mark.parametrize(("start", "end"), [(-1, 4), (4, 4), (5, 3), (8, 9)])
def test_an_empty_excerpt_is_refused(start, end):
    with pytest.raises(ValueError, match="held has 8 steps"):
        excerpt(held_piece(), start, end)


# --- time --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signature", "steps"),
    [("4/4", 16), ("2/2", 16), ("3/4", 12), ("6/8", 12), ("9/8", 18), ("3/8", 6), ("12/8", 24)]
    + [("6/4", 24), ("2/4", 8), ("5/16", 5), ("3/32", 1.5)],
)
def test_steps_in_a_bar(signature, steps):
    assert bar_length(signature) == steps


def test_a_pickup_is_the_end_of_bar_minus_one():
    clock = bar_clock([0, 2, 3.5, 4, 19, 20], [4, 20], 16)
    assert clock.tolist() == [[12, -1], [14, -1], [15.5, -1], [0, 0], [15, 0], [0, 1]]


def test_a_tune_without_a_pickup_begins_in_bar_0():
    assert bar_clock([0, 11, 12], [0, 12], 12).tolist() == [[0, 0], [11, 0], [0, 1]]


def test_after_the_last_downbeat_the_bars_go_on():
    clock = bar_clock([16, 31, 32, 47.5, 48, 100], [0, 16], 16)
    assert clock.tolist() == [[0, 1], [15, 1], [0, 2], [15.5, 2], [0, 3], [4, 6]]
    assert bar_clock([30], [0], 12).tolist() == [[6, 2]]


def test_bars_that_are_too_short_or_too_long_count_from_their_own_downbeats():
    starts = [0, 10, 30]  # of 10 steps, of 20, and a last one
    clock = bar_clock([9, 10, 27, 29, 30, 45, 46], starts, 16)
    assert clock.tolist() == [[9, 0], [0, 1], [17, 1], [19, 1], [0, 2], [15, 2], [0, 3]]


def test_triplets_that_fill_a_bar_end_on_its_downbeat():
    third = 4 / 3
    times = np.cumsum(np.full(36, third))  # sums of thirds, which are no exact fractions
    clock = bar_clock(times, [0, 16], 16)
    assert clock[11::12, 0] == pytest.approx([0, 0, 0], abs=1e-6)
    assert clock[11::12, 1].tolist() == [1, 2, 3]
    assert np.allclose(clock[:11, 0], np.arange(1, 12) * third)
    assert (clock[:11, 1] == 0).all()


def test_no_times_have_no_clock():
    assert bar_clock([], [0, 16], 16).shape == (0, 2)


@pytest.mark.parametrize(
    ("key", "tonic"), [("C major", 0), ("G major", 7), ("Bb minor", 10), ("F# dorian", 6)]
)
def test_the_tonic_of_a_key(key, tonic):
    assert key_tonic(key) == tonic
