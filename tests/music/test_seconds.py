"""How notes in time sound: seconds through changes of tempo, programs, repeats, controllers."""

import io
import subprocess
import sys

import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.files.midi_writer import midi_bytes, midi_to_notes, notes_to_midi, to_midi
from helpers.music.conversion import to_timeline
from helpers.music.grid import CHORAL_PROGRAM
from helpers.music.matrices import to_matrices
from helpers.music.seconds import (
    MELODY_PROGRAM,
    REPEAT_GAP,
    SUSTAIN,
    VOLUME,
    along,
    as_played,
    hold,
    notes_in_seconds,
    parts_in_seconds,
    seconds_at,
    steps_at,
)
from helpers.music.timeline import Part, Timeline
from helpers.show.synthesis import SAMPLE_RATE, synthesize

# Four steps at 60 quarters a minute last a second, the next eight at 120 too, then 30.
CHANGES = np.array([[4.0, 120.0], [12.0, 30.0]])
CONTROLS = np.array([[0, VOLUME, 90], [2, SUSTAIN, 127], [6, SUSTAIN, 0], [8, VOLUME, 40.0]])


def timeline(*notes, **fields):
    part = Part("part", np.array(notes, float).reshape(-1, 4))
    return Timeline([part], 16.0, tempo=60.0, later_tempos=CHANGES)._replace(**fields)


def test_seconds_through_changes_of_tempo():
    steps = [0, 2, 4, 8, 12, 16, 20]
    assert seconds_at(timeline(), steps).tolist() == [0, 0.5, 1, 1.5, 2, 4, 6]
    assert seconds_at(timeline(later_tempos=None), [[4, 8]]).tolist() == [[1, 2]]
    assert seconds_at(Timeline([], 4.0), 4) == pytest.approx(0.6)  # 100 where nothing is said
    assert along([0, 4], [1.0, 2.0], [-1, 4, 5]).tolist() == [-1, 4, 6]


@given(st.lists(st.tuples(st.floats(0.1, 50), st.floats(10, 600)), max_size=6))
def test_seconds_and_steps_are_ways_back_of_each_other(changes):
    later = np.array(changes, float).reshape(-1, 2)
    later[:, 0] = np.cumsum(later[:, 0])
    music = timeline(later_tempos=later)
    steps = np.linspace(0, 400, 57)
    assert steps_at(music, seconds_at(music, steps)) == pytest.approx(steps, abs=1e-6)
    assert steps_at(timeline(later_tempos=None), [1, 2.5]).tolist() == [4, 10]


def test_a_tempo_replaces_all_others():
    music = as_played(timeline((0, 16, 60, 80)), tempo=120)
    assert (music.tempo, music.later_tempos) == (120, None)
    assert seconds_at(music, 16) == 2
    assert as_played(timeline()).later_tempos is CHANGES


def test_a_single_voice_is_an_oboe_several_are_an_organ():
    assert [part.program for part in as_played(to_timeline([60] * 4)).parts] == [MELODY_PROGRAM]
    voices = as_played(to_timeline(np.full((4, 2), 60)))
    assert [part.program for part in voices.parts] == [CHORAL_PROGRAM] * 2
    named = timeline((0, 4, 60, 80))
    named = named._replace(
        parts=[named.parts[0]._replace(program=11), Part("kit", np.zeros((0, 4)))]
    )
    named.parts[1] = named.parts[1]._replace(is_drum=True)
    assert [part.program for part in as_played(named).parts] == [11, 0]
    assert [part.program for part in as_played(named, program=5).parts] == [5, 0]


def test_a_note_ends_early_where_its_pitch_follows_at_once():
    music = timeline((0, 4, 60, 80), (4, 4.4, 60, 80), (4.4, 8, 60, 80), (8, 9, 62, 80))
    played = as_played(music)
    assert played.parts[0].notes[:, 1] == pytest.approx([4 - REPEAT_GAP, 4.3, 8, 9])
    assert music.parts[0].notes[0, 1] == 4  # what is drawn stays as it was
    again = as_played(played)
    assert np.array_equal(again.parts[0].notes, played.parts[0].notes)


def test_sound_and_midi_file_end_a_note_at_the_same_time():
    onsets = np.arange(16) % 4 == 0
    midi = to_midi([60] * 16, onsets=onsets)
    parts = parts_in_seconds(as_played(to_timeline([60] * 16, onsets)))
    ends = [note.end for note in midi.instruments[0].notes]
    assert parts[0].notes[:, 1].tolist() == ends


def test_the_pedal_holds_until_it_is_lifted_or_the_pitch_is_struck_again():
    notes = np.array([[0, 1, 60, 80], [0, 1, 64, 80], [2, 3, 60, 80], [9, 10, 67, 80]], float)
    controls = np.array([[0.5, SUSTAIN, 127], [5, SUSTAIN, 63], [9.5, SUSTAIN, 64]], float)
    part = Part("piano", notes, controls=controls)
    assert hold(part, 12)[:, 1].tolist() == [2, 5, 5, 12]
    assert hold(part._replace(controls=None), 12) is notes


def test_notes_of_all_pitched_parts_in_order():
    drums = Part("drums", np.array([[0, 1, 36, 80.0]]), 0, True)
    music = timeline((4, 8, 60, 80), (4, 12, 55, 70))
    music = music._replace(parts=[drums, music.parts[0], Part("low", np.array([[0, 4, 40, 9.0]]))])
    assert notes_in_seconds(music).tolist() == [[0, 1, 40, 9], [1, 2, 55, 70], [1, 1.5, 60, 80]]
    assert notes_in_seconds(Timeline([drums], 4.0)).shape == (0, 4)


def performance():
    """A file with changes of tempo, the pedal and the volume, as it is read."""
    music = timeline((0, 4, 60, 80), (4, 12, 64, 100), (12, 16, 67, 60))
    controls = np.array(
        [[0, VOLUME, 90], [2, SUSTAIN, 127], [6, SUSTAIN, 0], [8, VOLUME, 40]], float
    )
    part = music.parts[0]._replace(program=0, controls=controls)
    return pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(to_midi(music._replace(parts=[part])))))


def test_nothing_that_sounds_is_lost_of_a_midi_file():
    midi = performance()
    music = to_timeline(midi)
    assert music.tempo == 60
    assert music.later_tempos == pytest.approx(CHANGES)
    assert music.parts[0].notes.tolist() == [[0, 4, 60, 80], [4, 12, 64, 100], [12, 16, 67, 60]]
    assert music.parts[0].controls.tolist() == CONTROLS.tolist()
    assert seconds_at(music, music.steps) == pytest.approx(midi.get_end_time())
    again = to_midi(music)
    assert again.get_tempo_changes()[0] == pytest.approx([0, 1, 2])
    assert again.get_tempo_changes()[1] == pytest.approx([60, 120, 30])
    notes = [(n.start, n.end) for n in again.instruments[0].notes]
    assert np.ravel(notes) == pytest.approx([0, 1, 1, 2, 2, 4])
    changes = [(c.number, c.value, c.time) for c in again.instruments[0].control_changes]
    assert np.ravel(changes) == pytest.approx([7, 90, 0, 64, 127, 0.5, 64, 0, 1.25, 7, 40, 1.5])


def test_a_midi_file_sounds_as_its_notes_in_time():
    midi = performance()
    assert np.abs(synthesize(midi)[0] - synthesize(to_timeline(midi))[0]).max() < 1e-4
    steady = synthesize(midi, tempo=60)[0]
    assert 4 * SAMPLE_RATE <= len(steady) < 7 * SAMPLE_RATE
    soft = synthesize(midi)[0][int(2.2 * SAMPLE_RATE) : int(3 * SAMPLE_RATE)]
    for change in midi.instruments[0].control_changes:
        change.value = 127 if change.number == VOLUME else change.value
    loud = synthesize(midi)[0][int(2.2 * SAMPLE_RATE) : int(3 * SAMPLE_RATE)]
    assert np.abs(soft).mean() < 0.5 * np.abs(loud).mean()


NOTES = st.tuples(st.floats(0, 900), st.floats(0.001, 9), st.integers(0, 127))


@given(st.lists(NOTES, max_size=20))
def test_seconds_stay_to_a_tenth_of_a_millisecond(drawn):
    notes = [[start, start + length, pitch, 64] for start, length, pitch in drawn]
    notes = np.array(notes, float).reshape(-1, 4)
    found = midi_to_notes(notes_to_midi(notes))
    assert found.shape == notes.shape and (np.diff(found[:, 0]) >= 0).all()
    assert np.abs(np.sort(found, axis=0) - np.sort(notes, axis=0)).max(initial=0) <= 0.5001e-4


class Song:
    name = "song"

    def to_timeline(self):
        return timeline((0, 4, 60, 80), name=self.name)


def test_whatever_has_a_timeline_is_music():
    assert to_timeline(Song()).name == "song"
    assert to_midi(Song()).instruments[0].notes[0].end == 1
    assert synthesize(Song())[0].any()
    with pytest.raises(ValueError, match="Onsets"):
        to_timeline(Song(), onsets=[True])


# --- arrays and what they are --------------------------------------------------------------------

WORDS = ["<start>", "D5 2", "rest 2", "|", "E5 4/3", "rest 1"]
TABLE = [[0, 0, 4, 72, 100], [-1, 0, 0.5, 36, 127], [2, 1.5, 4, 48, 90], [0, 4, 8, 74, 80]]


def rows(music):
    return {part.name: part.notes.tolist() for part in to_timeline(music).parts}


@pytest.mark.parametrize(
    "kind", [list, np.array, lambda w: np.array([x.encode() for x in w], object)]
)
def test_words_are_music(kind):
    """As ``melody_words`` gives them, as an array, and as TensorFlow gives them back."""
    music = to_timeline(kind(WORDS))
    assert music.steps == pytest.approx(4 + 4 / 3 + 1)
    assert music.parts[0].notes[:, :3] == pytest.approx(np.array([[0, 2, 74], [4, 16 / 3, 76]]))
    assert [part.name for part in music.parts] == ["melody"]


def test_notes_of_several_parts_are_music_and_no_voices():
    found = rows(np.array(TABLE, np.float32))
    assert found == {
        "voice 1": [[0, 4, 72, 100], [4, 8, 74, 80]],
        "voice 2": [],
        "voice 3": [[1.5, 4, 48, 90]],
        "drums": [[0, 0.5, 36, 127]],
    }
    assert to_timeline(np.array(TABLE)).steps == 8
    assert rows(np.zeros((0, 5), np.float32)) == {}
    whole = np.array([[72, 67, 64, 60, 48]] * 2)
    assert len(to_timeline(whole).parts) == 5  # voices are whole numbers


def test_voices_and_onsets_are_music():
    voices, onsets = np.full((4, 1), 60), np.arange(4)[:, None] % 2 == 0
    twice = [[0, 2, 60, 80], [2, 4, 60, 80]]
    assert rows({"voices": voices, "onsets": onsets}) == {"melody": twice}


@pytest.mark.parametrize(
    ("music", "sentence"),
    [
        (np.array(TABLE)[:, 1:][:1], "list of notes"),  # start, end, pitch, velocity
        (np.array(TABLE)[:1, 1:4], "list of notes"),
        (np.array([[72.0, 67, 64, 60, 48]]), r"columns are part.*for voices take \.astype\(int\)"),
        (np.array([[0, 4, 2, 60, 80.0]]), "columns are part"),  # ends before it begins
        (np.array([[0.5, 0, 2, 60, 80.0]]), "whole numbers"),
        (np.array([257, 60, 300]), r"files.notes_to_midi\(music.events_to_notes\(events\)\)"),
        (["C major", "rest"], r"music.chord_pitches\(name\)"),
        (["C4"], "such as 'D5 2' or 'rest 4', not 'C4'"),
        ([["D5 2"], ["E5 2"]], "of a batch choose one"),
    ],
)
def test_what_is_no_music_is_refused_in_a_sentence(music, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        to_timeline(music)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


def test_what_is_no_array_is_refused_with_a_way_on():
    with pytest.raises(TypeError, match="not set; of several pieces choose one"):
        to_timeline({1, 2})
    matrices = to_matrices([60, 60])
    for fields in (matrices, matrices._asdict()):
        with pytest.raises(TypeError, match=r"sound as music.matrices_to_timeline\(\(play, "):
            to_timeline(fields)


def test_other_libraries_are_imported_for_their_own_music_only():
    code = (
        "import sys, helpers.music.conversion, helpers.show.rolls\n"
        "libraries = ('pretty_midi', 'pypianoroll', 'music21', 'tensorflow')\n"
        "print([name for name in libraries if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
