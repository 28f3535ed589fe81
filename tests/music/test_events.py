"""Performance events: hand-made sequences, round trips, every sequence of tokens, bad input."""

import io

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.files.midi_writer import midi_bytes, midi_to_notes, notes_to_midi, to_midi
from helpers.music import events
from helpers.music.conversion import to_timeline
from helpers.music.events import event_name, events_to_notes, notes_to_events


def names(tokens):
    return [event_name(token) for token in tokens]


# --- the vocabulary ----------------------------------------------------------------------------


def test_the_vocabulary_is_the_documents():
    every = names(range(1, events.EVENTS + 1))
    assert len(every) == len(set(every)) == 382
    kinds = [name.split()[0] for name in every]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert counts == {"down": 128, "up": 128, "wait": 100, "velocity": 26}
    assert [kinds.index(kind) + 1 for kind in counts] == [1, 129, 257, 357]


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (0, "padding"),
        (1, "down C-1"),
        (61, "down C4"),
        (128, "down G9"),
        (129, "up C-1"),
        (189, "up C4"),
        (257, "wait 10 ms"),
        (268, "wait 120 ms"),
        (356, "wait 1000 ms"),
        (357, "velocity 1-4"),
        (373, "velocity 80-84"),
        (382, "velocity 125-127"),
    ],
)
def test_names(token, name):
    assert event_name(token) == name


# --- hand-made ---------------------------------------------------------------------------------


def test_a_melody_as_events():
    tokens = notes_to_events([[0.5, 1.0, 60, 82], [1.0, 2.25, 64, 80], [1.0, 1.2, 67, 33]])
    assert tokens.dtype == np.int32
    assert names(tokens) == [
        "wait 500 ms",  # the silence at the start
        "velocity 80-84",
        "down C4",
        "wait 500 ms",
        "up C4",
        "down E4",
        "velocity 30-34",
        "down G4",
        "wait 200 ms",
        "up G4",
        "wait 1000 ms",
        "wait 50 ms",
        "up E4",
    ]
    found = events_to_notes(tokens)
    assert found.tolist() == [[0.5, 1.0, 60, 82], [1.0, 2.25, 64, 82], [1.0, 1.2, 67, 32]]


def test_long_waits_are_seconds_and_a_rest():
    assert names(notes_to_events([[3.0, 5.005, 60, 64]])) == [
        *["wait 1000 ms"] * 3,
        "velocity 60-64",
        "down C4",
        *["wait 1000 ms"] * 2,
        "wait 10 ms",  # halves go up
        "up C4",
    ]


def test_the_order_of_notes_does_not_matter():
    notes = np.array([[0, 1, 60, 80], [0, 2, 55, 30], [1, 2, 60, 81], [0.5, 0.7, 72, 127.0]])
    expected = notes_to_events(notes).tolist()
    for order in ([3, 2, 1, 0], [1, 3, 0, 2]):
        assert notes_to_events(notes[order]).tolist() == expected


def test_a_pitch_struck_again_is_lifted_first():
    tokens = names(notes_to_events([[0, 1, 60, 80], [1, 2, 60, 80]]))
    assert tokens[3:5] == ["up C4", "down C4"]


def test_a_note_ends_where_its_pitch_is_struck_again():
    held = notes_to_events([[0, 10, 60, 80], [2, 4, 60, 100]])
    assert names(held)[4:7] == ["up C4", "velocity 100-104", "down C4"]
    assert names(held)[-1] == "up C4" and names(held).count("up C4") == 2
    assert events_to_notes(held).tolist() == [[0, 2, 60, 82], [2, 4, 60, 102]]


def test_notes_of_one_pitch_that_begin_together_are_one():
    both = notes_to_events([[0, 1, 60, 100], [0.004, 3, 60, 40]])
    assert events_to_notes(both).tolist() == [[0, 3, 60, 102]]
    apart = notes_to_events([[0, 1, 60, 100], [0.004, 3, 61, 40]])
    assert len(events_to_notes(apart)) == 2


def test_short_notes_get_10_ms():
    assert events_to_notes(notes_to_events([[1, 1, 60, 80]]))[:, :2].tolist() == [[1, 1.01]]
    # both ends round to 1.00 s: the end comes 14.9 ms late
    late = events_to_notes(notes_to_events([[0.9951, 0.9951, 60, 80]]))
    assert late[:, :2].tolist() == [[1, 1.01]]
    # 2 ms, but on two sides of the middle
    assert events_to_notes(notes_to_events([[1.004, 1.006, 60, 80]]))[:, :2].tolist() == [[1, 1.01]]


def test_a_short_note_does_not_run_into_the_next_of_its_pitch():
    notes = [[0.0, 0.001, 60, 80], [0.01, 0.5, 60, 80]]
    assert events_to_notes(notes_to_events(notes))[:, :2].tolist() == [[0, 0.01], [0.01, 0.5]]


def test_nothing_is_music_too():
    assert notes_to_events([]).shape == (0,) and notes_to_events(np.zeros((0, 4))).shape == (0,)
    assert events_to_notes([]).shape == (0, 4)
    assert events_to_notes([0, 0, 300, 360]).shape == (0, 4)


# --- any sequence ------------------------------------------------------------------------------


def token(name):
    return next(t for t in range(events.EVENTS + 1) if event_name(t) == name)


def decoded(*words, **settings):
    return events_to_notes([token(word) for word in words], **settings).tolist()


def test_an_up_without_a_down_is_left_out():
    assert decoded("up C4", "wait 10 ms", "up D4") == []


def test_a_down_on_a_sounding_pitch_strikes_it_again():
    words = ("down C4", "wait 500 ms", "velocity 20-24", "down C4", "wait 250 ms", "up C4")
    assert decoded(*words) == [[0, 0.5, 60, 82], [0.5, 0.75, 60, 22]]


def test_open_notes_end_with_the_last_event():
    words = ("down C4", "wait 500 ms", "down E4", "wait 500 ms")
    assert decoded(*words) == [[0, 1, 60, 82], [0.5, 1, 64, 82]]


def test_a_note_without_time_is_not_heard():
    assert decoded("down C4", "up C4", "down C4", "down C4", "wait 10 ms") == [[0, 0.01, 60, 82]]
    assert decoded("wait 10 ms", "down C4") == []


def test_padding_is_nothing():
    assert decoded("padding", "down C4", "padding", "wait 10 ms") == decoded(
        "down C4", "wait 10 ms"
    )


@settings(max_examples=150)
@given(st.lists(st.sampled_from([0, 1, 61, 62, 128, 129, 189, 190, 256, 257, 300, 356, 357, 382])))
def test_any_tokens_are_notes_that_come_back_the_same(tokens):
    notes = events_to_notes(tokens)
    assert (notes[:, 1] > notes[:, 0]).all() and notes.shape[1] == 4
    assert np.array_equal(events_to_notes(notes_to_events(notes)), notes)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_random_tokens_of_the_whole_vocabulary(seed):
    tokens = np.random.default_rng(seed).integers(0, events.EVENTS + 1, 300)
    notes = events_to_notes(tokens)
    assert np.array_equal(events_to_notes(notes_to_events(notes)), notes)
    lasts = (notes[:, 1].max(initial=0), np.where((tokens > 256) & (tokens < 357), tokens - 256, 0))
    assert lasts[0] <= lasts[1].sum() / 100 + 1e-9


# --- round trips -------------------------------------------------------------------------------

SECONDS = st.floats(0, 40, allow_nan=False)
PITCHES = st.sampled_from([0, 60, 61, 127])  # few, so that one is often struck again
LENGTHS = st.floats(0, 5) | st.floats(0, 0.02)
NOTES = st.lists(st.tuples(SECONDS, LENGTHS, PITCHES, st.integers(1, 127)), max_size=40)


def apart(drawn):
    """Notes of which none of one pitch overlap, nor begin within 10 ms: on a piano, nearly all."""
    notes = []
    for start, length, pitch, velocity in sorted(drawn):
        before = [note for note in notes if note[2] == pitch]
        if not before or start > max(before[-1][0] + 0.0101, before[-1][1]):
            notes.append((start, start + length, pitch, velocity))
    return np.array(notes, float).reshape(-1, 4)


@settings(max_examples=150)
@given(NOTES)
def test_notes_to_events_and_back_within_5_ms(drawn):
    notes = apart(drawn)
    found = events_to_notes(notes_to_events(notes))
    assert found.shape == notes.shape
    # By pitch, as rounding may change who is first within 10 ms.
    notes = notes[np.lexsort((notes[:, 0], notes[:, 2]))]
    found = found[np.lexsort((found[:, 0], found[:, 2]))]
    slack = 1e-7
    assert np.array_equal(found[:, 2], notes[:, 2])
    assert np.abs(found[:, 0] - notes[:, 0]).max(initial=0) <= 0.005 + slack
    assert np.abs(found[:, 3] - notes[:, 3]).max(initial=0) <= 2
    late = found[:, 1] - notes[:, 1]
    long_enough = notes[:, 1] - notes[:, 0] >= 0.01
    assert np.abs(late[long_enough]).max(initial=0) <= 0.005 + slack
    assert late.min(initial=0) >= -0.005 - slack and late.max(initial=0) <= 0.015 + slack


@settings(max_examples=100)
@given(NOTES)
def test_any_notes_overlapping_ones_too_settle_after_one_round(drawn):
    notes = [(start, start + length, pitch, velocity) for start, length, pitch, velocity in drawn]
    tokens = notes_to_events(notes)
    found = events_to_notes(tokens)
    assert np.array_equal(notes_to_events(found), tokens)
    assert len(found) <= len(notes)
    for pitch in np.unique(found[:, 2]):
        own = found[found[:, 2] == pitch]
        assert (own[1:, 0] >= own[:-1, 1]).all()
    starts = {(round(100 * start + 1e-7), pitch) for start, _, pitch, _ in found}
    for start, _, pitch, _ in notes:
        assert {(np.floor(100 * start + 0.5 + d), pitch) for d in (0, 1e-7)} & starts


def test_errors_do_not_add_up():
    starts = np.arange(5000) * 0.1234
    notes = np.stack([starts, starts + 0.1, np.full(5000, 60), np.full(5000, 64)], axis=1)
    found = events_to_notes(notes_to_events(notes))
    assert np.abs(found - notes)[:, :2].max() <= 0.005 + 1e-9


# --- through MIDI ------------------------------------------------------------------------------


@settings(max_examples=40)
@given(NOTES)
def test_decoded_notes_to_midi_and_back(drawn):
    notes = events_to_notes(notes_to_events(apart(drawn)))
    data = midi_bytes(notes_to_midi(notes))
    found = midi_to_notes(pretty_midi.PrettyMIDI(io.BytesIO(data)))
    assert np.array_equal(found[:, 2:], notes[:, 2:])
    assert np.abs(found - notes).max(initial=0) <= 0.0011  # a tick is 1.04 ms
    assert np.array_equal(notes_to_events(found), notes_to_events(notes))


def test_notes_to_midi_names_its_instrument():
    made = notes_to_midi([[0.5, 1.0, 60, 90], [1, 1, 62, 90]])
    assert [(n.start, n.end, n.pitch, n.velocity) for n in made.instruments[0].notes] == [
        (0.5, 1.0, 60, 90)
    ]
    assert made.instruments[0].program == 0
    assert notes_to_midi([]).instruments[0].program == 0


def test_the_kits_own_music_as_events():
    notes = midi_to_notes(to_midi([60] * 4 + [62] * 4, tempo=60))
    assert notes[:, :3].tolist() == [[0, 1, 60], [1, 2, 62]]
    assert names(notes_to_events(notes))[-2:] == ["wait 1000 ms", "up D4"]


def test_notes_keep_sounding_under_the_pedal():
    made = notes_to_midi([[0, 0.5, 60, 80]])
    made.instruments[0].control_changes += [
        pretty_midi.ControlChange(64, 127, 0.25),
        pretty_midi.ControlChange(64, 0, 1.5),
    ]
    made.instruments[0].notes.append(pretty_midi.Note(80, 64, 2.0, 3.0))
    assert midi_to_notes(made)[0, 1] == pytest.approx(1.5, abs=0.001)


def test_events_are_drawn_and_played_like_any_music():
    notes = events_to_notes(notes_to_events([[0.25, 1, 60, 80]]))
    assert to_timeline(notes_to_midi(notes)).parts[0].notes[0, 2] == 60


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ([[0, 1, 60]], "shape"),
        ([0, 1, 60, 80], "shape"),
        ([[-0.1, 1, 60, 80]], "between 0 and"),
        ([[0, 1e9, 60, 80]], "between 0 and"),
        ([[0, np.nan, 60, 80]], "finite numbers"),
        ([[2, 1, 60, 80]], "ends before"),
        ([[0, 1, 128, 80]], "Pitches"),
        ([[0, 1, -1, 80]], "Pitches"),
        ([[0, 1, 60.5, 80]], "Pitches"),
        ([[0, 1, 60, 0.5]], "127"),
        ([[0, 1, 60, 128]], "127"),
    ],
)
def test_bad_notes(notes, words):
    with pytest.raises(ValueError, match=words) as error:
        notes_to_events(notes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "tokens", [[-1], [383], [1.5], [[1, 2]], ["down C4"], [None], [float("nan")], 5]
)
def test_bad_tokens(tokens):
    with pytest.raises(ValueError) as error:
        events_to_notes(tokens)
    assert "\n" not in str(error.value)


def test_a_bad_token_has_no_name():
    with pytest.raises(ValueError, match="a whole number from 0 to 382"):
        event_name(383)
