"""Words and tokens: hand-computed cases, round trips, bad input."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.music.grid import REST, notes_to_voice, pitch_name, pitch_number
from helpers.music.words import (
    Vocabulary,
    event_word,
    melody_words,
    note_events,
    read_word,
    voice_words,
    word_ticks,
    words_to_notes,
    words_to_voice,
)

pitches = st.integers(0, 127)
ticks = st.integers(1, 200)
# One voice: the silence before each note, its length (both in ticks), its pitch.
tunes = st.lists(st.tuples(st.integers(0, 40), ticks, pitches), max_size=30)


def as_notes(tune):
    notes, time = [], 0
    for silence, length, pitch in tune:
        start = time + silence
        time = start + length
        notes.append((start / 6, time / 6, pitch))
    return notes


# --- pitch names -------------------------------------------------------------------------------


@given(pitches)
def test_pitch_names_and_numbers(pitch):
    assert pitch_number(pitch_name(pitch)) == pitch


@pytest.mark.parametrize(
    ("name", "number"),
    [("C4", 60), ("C-1", 0), ("G9", 127), ("Bb3", 58), ("A#3", 58), ("Cb4", 59), ("B#3", 60)]
    + [("F##5", 79), ("Abb4", 67), ("A0", 21)],
)
def test_pitch_numbers_of_names_with_signs(name, number):
    assert pitch_number(name) == number


@pytest.mark.parametrize("name", ["", "C", "H4", "c4", "C10", "C#b4", "4C", "C 4", "G#9", "Cb-1"])
def test_what_is_no_pitch_is_refused(name):
    with pytest.raises(ValueError):
        pitch_number(name)


# --- notes to words ----------------------------------------------------------------------------


def test_a_melody_with_a_rest_a_repeated_note_and_a_triplet():
    notes = [(0, 2, 74), (2, 4, 74), (8, 8 + 4 / 3, 76), (8 + 4 / 3, 8 + 8 / 3, 78)]
    notes += [(8 + 8 / 3, 12, 79), (12, 12.5, 73)]
    assert melody_words(notes) == [
        *("D5 2", "D5 2", "rest 4", "E5 4/3", "F#5 4/3", "G5 4/3", "C#5 1/2"),
    ]


def test_silence_before_the_first_note_is_a_word_and_after_the_last_is_none():
    assert melody_words([(3, 4, 60)]) == ["rest 3", "C4 1"]


def test_overlaps_are_cut_and_the_highest_of_a_chord_is_kept():
    chord = [(0, 4, 60), (0, 4, 67), (0, 4, 64)]
    assert melody_words([*chord, (2, 6, 62)]) == ["G4 2", "D4 4"]


def test_notes_may_come_in_any_order_with_further_columns():
    rows = np.array([[4, 8, 62, 80], [0, 4, 60, 100]])
    assert melody_words(rows) == ["C4 4", "D4 4"]


def test_times_are_rounded_to_ticks_and_notes_of_no_length_left_out():
    assert note_events([(0, 1.02, 60), (1.02, 1.05, 61), (0.98, 2, 62)]) == [(60, 6), (62, 6)]


def test_no_notes_no_words():
    assert melody_words([]) == voice_words([]) == []
    assert words_to_notes([]).shape == (0, 3)
    melody, onsets = words_to_voice([])
    assert melody.shape == onsets.shape == (0,)


@pytest.mark.parametrize(
    "note",
    [(-1, 2, 60), (0, 2, 128), (0, 2, REST), (0, 2, 60.5), (0, 2, np.nan), (0, np.inf, 60)]
    + [(np.nan, 2, 60), (0, 1e9, 60)],
)
def test_what_is_no_note_is_refused_in_one_sentence(note):
    with pytest.raises(ValueError) as error:
        melody_words([note])
    assert "\n" not in str(error.value)


@given(tunes)
def test_notes_to_words_and_back(tune):
    notes = as_notes(tune)
    found = words_to_notes(melody_words(notes))
    assert np.allclose(found, np.reshape(notes, (-1, 3)), atol=1e-9)
    assert melody_words(found) == melody_words(notes)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12), pitches), max_size=12))
def test_overlapping_notes_become_what_the_grid_makes_of_them(rows):
    notes = [(start, start + length, pitch) for start, length, pitch in rows]
    steps = max((end for start, end, _ in notes if end > start), default=0)
    melody, onsets = words_to_voice(melody_words(notes))
    expected, expected_onsets = notes_to_voice(notes, steps)
    # Where the grid ends in silence (a long note was cut off by a short one), words end earlier.
    assert melody.tolist() == expected[: len(melody)].tolist()
    assert onsets.tolist() == expected_onsets[: len(melody)].tolist()
    assert (expected[len(melody) :] == REST).all()


# --- words to notes ----------------------------------------------------------------------------


def test_words_to_notes_passes_over_what_takes_no_time():
    words = ["<start>", "<slip jig>", "rest 1/2", "|", "Bb4 3/2", "|", "A#4 2", "<end>"]
    assert words_to_notes(words).tolist() == [[0.5, 2, 70], [2, 4, 70]]


def test_a_triplet_on_the_grid_becomes_uneven():
    melody, onsets = words_to_voice(["C4 4/3", "D4 4/3", "E4 4/3", "rest 2"])
    assert melody.tolist() == [60, 62, 62, 64, REST, REST]
    assert onsets.tolist() == [True, True, False, True, False, False]


def test_a_note_that_the_grid_has_no_room_for_is_lost():
    melody, _ = words_to_voice(["C4 2", "D4 1/3", "E4 5/3"])
    assert melody.tolist() == [60, 60, 64, 64]


@pytest.mark.parametrize(
    "word",
    ["", "C4", "C4 0", "C4 -1", "C4 1/0", "C4 1.5", "C4  2", "H4 2", "C10 2", "rest", "Rest 2"]
    + ["C major", "||", "C4 2\n", "<a", "C4 99999999"],
)
def test_what_is_no_event_is_refused_in_one_sentence(word):
    for function in (words_to_notes, words_to_voice):
        with pytest.raises(ValueError) as error:
            function(["C4 2", word])
        assert "\n" not in str(error.value)


def test_words_that_last_for_ever_are_refused():
    with pytest.raises(ValueError, match="200,000 steps"):
        words_to_voice(["C4 9999999"])


@given(st.integers(REST, 127), st.integers(1, 999), st.integers(1, 12))
def test_event_words_are_read_as_they_were_written(pitch, above, below):
    steps = Fraction(above, below)
    assert read_word(event_word(pitch, steps)) == (pitch, steps)


def test_the_length_of_each_word_of_a_vocabulary():
    """An eighth, a quarter's rest, an eighth of a triplet, a thirty-second, a whole note."""
    lengths = {"D5 2": 12, "rest 4": 24, "E5 4/3": 8, "F#5 1/2": 3, "C-1 16": 96}
    vocabulary = Vocabulary([list(lengths), ["|", "D5 2"]], special=("<start>", "<slip jig>"))
    found = word_ticks(vocabulary.words)
    assert found.dtype == np.int32 and found[:4].tolist() == [0, 0, 0, 0]  # "", specials, "|"
    assert dict(zip(vocabulary.words[4:], found[4:].tolist(), strict=True)) == lengths
    assert word_ticks([]).shape == (0,) and word_ticks([]).dtype == np.int32


def test_the_length_of_a_word_is_rounded_to_ticks_halves_up():
    assert word_ticks(["C4 1/5", "C4 1/4", "C4 1/7", "C4 1/99"]).tolist() == [1, 2, 1, 0]


@given(tunes)
def test_the_words_of_a_tune_last_as_long_as_the_tune(tune):
    words = melody_words(as_notes(tune))
    assert word_ticks(words).sum() == sum(silence + length for silence, length, _ in tune)


@pytest.mark.parametrize("word", ["C4", "C4 0", "H4 2", "C major", "||", " ", "<a", None])
def test_what_is_no_event_has_no_length(word):
    with pytest.raises(ValueError) as error:
        word_ticks(["", "C4 2", word])
    assert "\n" not in str(error.value)


# --- voices ------------------------------------------------------------------------------------


def test_a_voice_as_words():
    melody = [60, 60, 60, REST, REST, 62, 64, REST]
    onsets = [True, False, True, False, False, True, True, False]
    assert voice_words(melody, onsets) == ["C4 2", "C4 1", "rest 2", "D4 1", "E4 1", "rest 1"]
    assert voice_words(melody)[0] == "C4 3"  # without onsets one held note


@given(st.lists(st.tuples(st.sampled_from([REST, 0, 60, 61, 127]), st.booleans()), max_size=40))
def test_a_voice_to_words_and_back(steps):
    melody = np.array([pitch for pitch, _ in steps], np.int16)
    onsets = np.array([struck for _, struck in steps], bool)
    words = voice_words(melody, onsets)
    found, found_onsets = words_to_voice(words)
    assert found.tolist() == melody.tolist()
    changed = np.append(True, melody[1:] != melody[:-1])[: len(melody)]
    assert found_onsets.tolist() == ((onsets | changed) & (melody != REST)).tolist()


# --- the vocabulary ----------------------------------------------------------------------------

SEQUENCES = [["D5 2", "rest 4", "D5 4/3", "A4 2"], ["D5 2", "D5 2", "C5 16", "|", "D5 1", "D4 2"]]


def test_padding_and_special_words_come_first_then_words_by_pitch_and_length():
    vocabulary = Vocabulary(SEQUENCES, special=("<start>", "<end>"))
    assert vocabulary.words == [
        *("", "<start>", "<end>", "|", "rest 4", "D4 2", "A4 2", "C5 16"),
        *("D5 1", "D5 4/3", "D5 2"),
    ]
    assert len(vocabulary) == 11
    assert "A4 2" in vocabulary and "A4 4" not in vocabulary


def test_the_order_depends_neither_on_frequency_nor_on_the_order_of_the_sequences():
    shuffled = [SEQUENCES[1][::-1], SEQUENCES[0] * 3, ["D5 2"]]
    assert Vocabulary(SEQUENCES).words == Vocabulary(shuffled).words


def test_words_of_any_kind_have_a_vocabulary():
    vocabulary = Vocabulary([["G major", "C major", "rest"]], special=("<end>",))
    assert vocabulary.words == ["", "<end>", "C major", "G major", "rest"]


def test_encoding_gives_the_places_of_the_words():
    vocabulary = Vocabulary(SEQUENCES)
    tokens = vocabulary.encode(["rest 4", "D5 2", "|"])
    assert tokens.dtype == np.int32
    assert tokens.tolist() == [vocabulary.words.index(w) for w in ("rest 4", "D5 2", "|")]
    assert vocabulary.encode([]).shape == (0,)


def test_decoding_drops_padding():
    vocabulary = Vocabulary(SEQUENCES)
    tokens = np.pad(vocabulary.encode(SEQUENCES[0]), (0, 5))
    assert vocabulary.decode(tokens) == SEQUENCES[0]
    assert vocabulary.decode([]) == []


@settings(max_examples=50)
@given(st.lists(tunes, min_size=1, max_size=4))
def test_notes_to_tokens_and_back(several):
    sequences = [melody_words(as_notes(tune)) for tune in several]
    vocabulary = Vocabulary(sequences, special=("<start>", "<end>"))
    for tune, words in zip(several, sequences, strict=True):
        tokens = vocabulary.encode(["<start>", *words, "<end>"])
        assert (tokens > 0).all() and (tokens < len(vocabulary)).all()
        notes = words_to_notes(vocabulary.decode(tokens))
        assert np.allclose(notes, np.reshape(as_notes(tune), (-1, 3)), atol=1e-9)


def test_an_unknown_word_is_an_error_that_says_what_to_do():
    with pytest.raises(ValueError, match="'D5 3'.*nearest"):
        Vocabulary(SEQUENCES).encode(["D5 2", "D5 3"])


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("D5 3", "D5 2"),  # 3/2 as long; nothing is nearer
        ("D5 7/6", "D5 4/3"),  # 8/7 as long, and "D5 1" only 6/7
        ("D5 99", "D5 2"),
        ("C5 1/2", "C5 16"),  # the pitch counts before the length
        ("E5 4/3", "D5 4/3"),
        ("B4 2", "C5 16"),  # C5 is nearer than A4
        ("rest 1/3", "rest 4"),
        ("D5 2", "D5 2"),
    ],
)
def test_the_nearest_word(word, nearest):
    vocabulary = Vocabulary(SEQUENCES)
    assert vocabulary.decode(vocabulary.encode([word], unknown="nearest")) == [nearest]


def test_no_note_is_near_a_rest_or_a_special_word():
    without_rests = Vocabulary([["C4 2"]])
    for word in ("rest 2", "<reel>", "C major"):
        with pytest.raises(ValueError, match="no '"):
            without_rests.encode([word], unknown="nearest")


@pytest.mark.parametrize("tokens", [[[1, 2]], [99], [-1], [1.5], [np.nan], 3])
def test_what_are_no_tokens_is_refused(tokens):
    with pytest.raises(ValueError):
        Vocabulary(SEQUENCES).decode(tokens)


def test_mistaken_arguments_are_refused():
    with pytest.raises(ValueError, match="list of words"):
        Vocabulary(["D5 2"])  # one sequence instead of several
    with pytest.raises(ValueError, match="list of words"):
        Vocabulary(SEQUENCES).encode("D5 2")
    with pytest.raises(ValueError, match="nearest"):
        Vocabulary(SEQUENCES).encode(["D5 2"], unknown="skip")
