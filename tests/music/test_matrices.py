"""Play, replay and volume matrices: hand-made cases, round trips, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.chorales import load_chorales
from helpers.files.midi_writer import midi_bytes, to_midi
from helpers.music.conversion import to_timeline
from helpers.music.grid import REST
from helpers.music.matrices import Matrices, matrices_to_notes, matrices_to_timeline, to_matrices
from helpers.music.timeline import VELOCITY, Part, Timeline, timeline_to_roll


def timeline(*notes, steps=8.0):
    return Timeline([Part("part", np.array(notes, float).reshape(-1, 4))], steps)


def cells(matrix):
    return np.argwhere(matrix).tolist()


# --- hand-made ---------------------------------------------------------------------------------


def test_a_held_and_a_repeated_note():
    matrices = to_matrices([60, 60, 60, REST, 60], [True, False, True, False, False])
    assert matrices.play.dtype == matrices.replay.dtype == bool
    assert matrices.volume.dtype == np.float32
    assert {matrix.shape for matrix in matrices} == {(5, 128)}
    assert cells(matrices.play) == [[0, 60], [1, 60], [2, 60], [4, 60]]
    assert cells(matrices.replay) == [[2, 60]]  # neither the first stroke nor one after a rest
    assert matrices.volume[:, 60] == pytest.approx(np.array([1, 1, 1, 0, 1]) * VELOCITY / 127)
    assert matrices.volume.sum() == pytest.approx(4 * VELOCITY / 127)


def test_each_note_keeps_its_volume():
    matrices = to_matrices(timeline((0, 3, 60, 127), (3, 5, 60, 32), (1, 4, 64, 64)))
    assert (127 * matrices.volume[:, 60]).round().tolist() == [127, 127, 127, 32, 32, 0, 0, 0]
    assert (127 * matrices.volume[:, 64]).round().tolist() == [0, 64, 64, 64, 0, 0, 0, 0]
    assert cells(matrices.replay) == [[3, 60]]
    notes = matrices_to_notes(matrices)
    assert notes.tolist() == [[0, 3, 60, 127], [1, 4, 64, 64], [3, 5, 60, 32]]


def test_a_unison_becomes_one_note_struck_where_either_is():
    voices = np.array([[60, 60], [60, 60], [60, REST]])
    matrices = to_matrices(voices, np.array([[True, True], [False, True], [False, False]]))
    assert cells(matrices.replay) == [[1, 60]]
    assert matrices_to_notes(matrices)[:, :3].tolist() == [[0, 1, 60], [1, 3, 60]]


def test_notes_struck_together_are_as_loud_as_the_loudest():
    two = [Part("a", np.array([[0, 2, 60, 30.0]])), Part("b", np.array([[0, 4, 60, 90.0]]))]
    for parts in (two, two[::-1]):
        assert matrices_to_notes(to_matrices(Timeline(parts, 4))).tolist() == [[0, 4, 60, 90]]


def test_an_overlapped_note_is_cut_and_its_length_lost():
    overlapping = timeline((0, 8, 60, 80), (2, 4, 60, 50))
    assert matrices_to_notes(to_matrices(overlapping)).tolist() == [[0, 2, 60, 80], [2, 8, 60, 50]]


def test_fractions_are_rounded_and_every_note_gets_a_step():
    matrices = to_matrices(timeline((0.4, 1.6, 60, 80), (2.5, 3.4, 62, 80), (7.8, 8, 64, 80)))
    assert cells(matrices.play) == [[0, 60], [1, 60], [3, 62], [7, 64]]


def test_drums_are_left_out():
    drums = np.zeros((4, 9, 3), np.float32)
    drums[0, 0] = 1, 1, 0
    matrices = to_matrices(drums)
    assert matrices.play.shape == (4, 128) and not matrices.play.any()


def test_what_is_no_consistent_matrix_is_read_with_sense():
    play, replay = np.zeros((4, 128), int), np.zeros((4, 128), int)
    volume = np.full((4, 128), 0.5, np.float32)
    play[1:3, 60] = 1
    replay[0:2, 60] = 1  # where nothing sounds, and on a first stroke
    assert matrices_to_notes((play, replay, volume)).tolist() == [[1, 3, 60, 64]]
    assert matrices_to_notes((play, replay, 0 * volume))[0, 3] == 1  # the softest, not silence


def test_silence():
    assert to_matrices([]).play.shape == (0, 128)
    assert matrices_to_notes(to_matrices([])).shape == (0, 4)
    assert matrices_to_timeline(to_matrices([REST] * 3)).steps == 3


def test_the_matrices_are_music():
    heard = matrices_to_timeline(to_matrices([60, 62]))
    assert heard.parts[0].notes[:, :3].tolist() == [[0, 1, 60], [1, 2, 62]]
    assert midi_bytes(to_midi(heard))[:4] == b"MThd"


# --- round trips -------------------------------------------------------------------------------


@st.composite
def consistent(draw):
    """Matrices in their own normal form, over few pitches with the outermost among them."""
    steps = draw(st.integers(0, 16))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    play, struck = np.zeros((steps, 128), bool), np.zeros((steps, 128), bool)
    pitches = [0, 60, 61, 127]
    play[:, pitches] = rng.random((steps, 4)) < draw(st.floats(0, 1))
    struck[:, pitches] = rng.random((steps, 4)) < draw(st.floats(0, 1))
    before = np.zeros_like(play)
    before[1:] = play[:-1]
    replay = play & struck & before
    volume = np.zeros((steps, 128), np.float32)
    for step, pitch in np.argwhere(play):
        held = before[step, pitch] and not replay[step, pitch]
        volume[step, pitch] = volume[step - 1, pitch] if held else rng.integers(1, 128) / 127
    return Matrices(play, replay, volume)


@settings(max_examples=80)
@given(consistent())
def test_matrices_to_notes_and_back(matrices):
    again = to_matrices(matrices_to_timeline(matrices))
    for matrix, other in zip(matrices, again, strict=True):
        assert matrix.dtype == other.dtype
        assert np.array_equal(matrix, other)


@settings(max_examples=80)
@given(st.lists(st.tuples(st.sampled_from([REST, 0, 60, 127]), st.booleans()), max_size=30))
def test_a_melody_to_matrices_and_back(drawn):
    melody, onsets = [pitch for pitch, _ in drawn], [struck for _, struck in drawn]
    notes = to_timeline(melody, onsets).parts[0].notes if melody else np.zeros((0, 4))
    assert np.array_equal(matrices_to_notes(to_matrices(melody, onsets)), notes)


def test_the_chorales_to_matrices_and_back():
    for piece in load_chorales("valid")[:20]:
        matrices = to_matrices(piece)
        roll = timeline_to_roll(to_timeline(piece)).any(axis=2)
        assert np.array_equal(matrices.play, roll)
        found = {tuple(note) for note in matrices_to_notes(matrices)[:, [0, 2]]}
        every = np.concatenate([part.notes for part in to_timeline(piece).parts])
        assert found == {tuple(note) for note in every[:, [0, 2]]}  # every stroke, unisons once


# --- bad input ---------------------------------------------------------------------------------

GOOD = np.zeros((4, 128))


@pytest.mark.parametrize(
    ("matrices", "words"),
    [
        ((GOOD, GOOD), "shape"),
        (5, "shape"),
        ((GOOD, GOOD, GOOD[:2]), "shape"),
        ((GOOD[:, :48],) * 3, "shape"),
        ((GOOD[None],) * 3, "shape"),
        ((GOOD, GOOD, GOOD + 80), "divide"),
        ((GOOD, GOOD, GOOD - 0.1), "divide"),
        ((GOOD, GOOD, GOOD * np.nan), "finite numbers"),
    ],
)
def test_bad_matrices(matrices, words):
    with pytest.raises(ValueError, match=words) as error:
        matrices_to_notes(matrices)
    assert "\n" not in str(error.value)
