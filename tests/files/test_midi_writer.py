"""Conversions to notes in time and to MIDI: hand-computed cases, round trips, bad input."""

import io
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pretty_midi
import pypianoroll
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.files import midi_writer
from helpers.music.conversion import to_timeline, voices_to_multitrack
from helpers.music.drums import DRUM_NAMES, DRUM_PITCHES, DRUMS, drum_notes
from helpers.music.grid import CHORAL_PROGRAM, REST, Piece, voices_to_roll
from helpers.music.seconds import MELODY_PROGRAM, REPEAT_GAP
from helpers.music.timeline import VELOCITY, Part, Timeline

# C4 for a quarter, a rest, D4 twice: at 120 quarters a minute a step lasts an eighth of a second.
MELODY = [60, 60, 60, 60, REST, REST, 62, 62, 62, 62, REST, REST]
VOICES = np.array([[72, 64, 55, 48]] * 4 + [[74, 65, 55, REST]] * 4)


def notes(pretty, part=0):
    return [(round(n.start, 4), round(n.end, 4), n.pitch) for n in pretty.instruments[part].notes]


def note_count(pretty):
    return sum(len(instrument.notes) for instrument in pretty.instruments)


def test_a_melody_in_seconds():
    made = midi_writer.to_midi(MELODY, tempo=120)
    assert notes(made) == [(0, 0.5, 60), (0.75, 1.25, 62)]
    assert made.instruments[0].program == MELODY_PROGRAM
    assert not made.instruments[0].is_drum
    assert made.get_end_time() == pytest.approx(1.5)  # the rests at the end count
    assert made.get_tempo_changes()[1] == pytest.approx([120])


def test_the_tempo_is_100_where_nothing_says_otherwise():
    assert midi_writer.to_midi([60] * 4).get_end_time() == pytest.approx(0.6)


def test_onsets_part_repeated_notes_audibly():
    onsets = [True, False, False, False, True, False, False, False]
    held = midi_writer.to_midi([60] * 8, tempo=60)
    struck = midi_writer.to_midi([60] * 8, tempo=60, onsets=onsets)
    assert notes(held) == [(0, 2, 60)]
    gap = REPEAT_GAP * 0.25
    assert notes(struck) == [(0, 1 - gap, 60), (1, 2, 60)]
    assert gap > 0.03


def test_voices_are_four_named_parts():
    timeline = to_timeline(VOICES)
    assert [part.name for part in timeline.parts] == ["soprano", "alto", "tenor", "bass"]
    assert [len(part.notes) for part in timeline.parts] == [2, 2, 1, 1]
    assert timeline.parts[3].notes.tolist() == [[0, 4, 48, VELOCITY]]
    made = midi_writer.to_midi(VOICES)
    assert [i.program for i in made.instruments] == [CHORAL_PROGRAM] * 4
    assert [p.name for p in to_timeline(VOICES[:, :2]).parts] == ["voice 1", "voice 2"]


@pytest.mark.parametrize("music", [VOICES, voices_to_roll(VOICES), voices_to_multitrack(VOICES)])
def test_voices_roll_and_multitrack_are_the_same_notes(music):
    expected = to_timeline(VOICES)
    timeline = to_timeline(music)
    for part, other in zip(expected.parts, timeline.parts, strict=True):
        assert part.name == other.name
        assert part.notes[:, :3].tolist() == other.notes[:, :3].tolist()
    assert timeline.steps == 8


def test_a_roll_of_one_track_may_hold_chords():
    roll = voices_to_roll(VOICES).any(axis=2)
    timeline = to_timeline(roll)
    assert [part.name for part in timeline.parts] == ["notes"]
    assert len(timeline.parts[0].notes) == 6
    assert midi_writer.to_midi(roll).instruments[0].program == CHORAL_PROGRAM
    alone = voices_to_roll(MELODY)
    assert midi_writer.to_midi(alone[:, :, 0]).instruments[0].program == MELODY_PROGRAM


def test_a_multitrack_keeps_its_resolution_velocities_programs_and_bars():
    roll = np.zeros((96, 128), np.uint8)
    roll[24:48, 60] = 33
    track = pypianoroll.StandardTrack(name="piano", program=5, is_drum=False, pianoroll=roll)
    downbeat = np.zeros(96, bool)
    downbeat[[24, 72]] = True
    multitrack = pypianoroll.Multitrack(
        resolution=24, tempo=np.array([60.0] * 48 + [120.0] * 48), downbeat=downbeat, tracks=[track]
    )
    timeline = to_timeline(multitrack)
    assert timeline.parts[0].notes.tolist() == [[4, 8, 60, 33]]
    assert timeline.bar_starts.tolist() == [4, 12]
    # Two quarters at 60 and two at 120 last three seconds, as four at 80 do.
    assert timeline.tempo == pytest.approx(80)
    made = midi_writer.to_midi(multitrack)
    assert made.instruments[0].program == 5
    assert made.instruments[0].notes[0].velocity == 33
    assert made.get_end_time() == pytest.approx(3)


def piece(**changes):
    voices = np.array([[67]] * 4 + [[69]] * 12)
    onsets = np.zeros((16, 1), bool)
    onsets[[0, 4, 8]] = True
    fields = dict(name="song", voices=voices, onsets=onsets, bar_starts=np.array([4]))
    return Piece(**(fields | dict(time_signature="3/4", key="G major", tempo=60) | changes))


def test_a_piece_brings_onsets_tempo_metre_key_and_pickup():
    made = midi_writer.to_midi(piece())
    assert [n.pitch for n in made.instruments[0].notes] == [67, 69, 69]
    assert made.get_end_time() == pytest.approx(4)
    metre = [(s.numerator, s.denominator, s.time) for s in made.time_signature_changes]
    assert metre == [(4, 16, 0), (3, 4, 1)]
    assert [k.key_number for k in made.key_signature_changes] == [7]
    assert midi_writer.to_midi(piece(), tempo=120).get_end_time() == pytest.approx(2)
    assert midi_writer.to_midi(piece(bar_starts=np.array([0]))).time_signature_changes[0].time == 0


@pytest.mark.parametrize(
    "first, written, metre",
    [
        (3, [(3, 16, 0), (4, 4, 3)], "4/4"),
        (1.5, [(3, 32, 0), (4, 4, 1.5)], "4/4"),
        (300, [(12, 16, 0), (4, 4, 12)], "4/4"),  # longer than a bar, and than a byte tells
        (32, [(4, 4, 0)], "4/4"),
        (500, [(64, 1, 0)], "64/1"),
    ],
)
def test_a_pickup_of_any_length(first, written, metre):
    """A step lasts a second."""
    part = Part("", np.array([[0, 600, 60, 80.0]]))
    timeline = Timeline([part], 600, np.array([first]), 15, time_signature=metre)
    made = midi_writer.to_midi(timeline).time_signature_changes
    assert [(s.numerator, s.denominator, s.time) for s in made] == written


@pytest.mark.parametrize(
    ("key", "number"),
    [("C major", 0), ("Bb major", 10), ("E minor", 16), ("A minor", 21), ("E dorian", 2)],
)
def test_keys_in_midi(key, number):
    """0 to 11 are the major keys from C up, 12 to 23 the minor ones; a mode takes the major key of
    its signature."""
    made = midi_writer.to_midi(piece(key=key))
    assert [signature.key_number for signature in made.key_signature_changes] == [number]


def grid(*hits, steps=16):
    """Drums of hits (step, drum, velocity, offset)."""
    drums = np.zeros((steps, 9, 3), np.float32)
    for step, drum, velocity, offset in hits:
        drums[step, drum] = 1, velocity, offset
    return drums


def test_drums_in_steps():
    notes = drum_notes(grid((0, 0, 1.0, -0.25), (4, 1, 0.5, 0.25), (8, 8, 0.0, 0.0)))
    assert notes.tolist() == [[0, 1, 36, 127], [4.25, 5.25, 38, 64], [8, 9, 51, 1]]


def test_drums_are_on_channel_10():
    made = midi_writer.to_midi(grid((2, 3, 0.8, 0.5)), tempo=60)
    assert made.instruments[0].is_drum
    assert notes(made) == [(0.625, 0.875, 46)]
    assert made.get_end_time() == pytest.approx(4)
    messages = [
        m for m in mido.MidiFile(file=io.BytesIO(midi_writer.midi_bytes(made))) if not m.is_meta
    ]
    assert {m.channel for m in messages} == {9}


def test_the_nine_drums_are_those_of_the_groove_paper():
    assert DRUM_PITCHES == (36, 38, 42, 46, 43, 47, 50, 49, 51)
    assert len(DRUM_NAMES) == len(DRUMS) == 9
    every = [pitch for _, pitches in DRUMS for pitch in pitches]
    assert len(every) == len(set(every)) == 22


@pytest.mark.parametrize(
    ("drums", "words"),
    [
        (grid((0, 0, 100, 0)), "divide MIDI's by 127"),
        (grid((0, 0, 1, 0.7)), "between -0.5 and 0.5"),
        (grid((0, 0, float("nan"), 0)), "finite"),
    ],
)
def test_bad_drums(drums, words):
    with pytest.raises(ValueError, match=words):
        midi_writer.to_midi(drums)


def test_a_cell_without_a_hit_may_hold_anything():
    drums = grid((0, 0, 1, 0))
    drums[5, 5] = 0.4, 99, 99
    assert len(drum_notes(drums)) == 1


def test_a_pretty_midi_is_returned_as_it_is_or_changed_in_a_copy():
    made = midi_writer.to_midi(VOICES, tempo=60)
    faster = midi_writer.to_midi(made, tempo=120)
    assert notes(faster) == [(0, 0.5, 72), (0.5, 1, 74)]
    assert faster.get_end_time() == pytest.approx(1)
    other = midi_writer.to_midi(made, program=52)
    assert [i.program for i in other.instruments] == [52] * 4
    assert notes(made) == [(0, 1, 72), (1, 2, 74)]
    assert [i.program for i in made.instruments] == [CHORAL_PROGRAM] * 4


def test_changing_tempi_become_one():
    file = mido.MidiFile(ticks_per_beat=100)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000, time=0))
    track.append(mido.Message("note_on", note=60, velocity=64, time=0))
    track.append(mido.MetaMessage("set_tempo", tempo=500_000, time=100))
    track.append(mido.Message("note_off", note=60, velocity=0, time=100))
    buffer = io.BytesIO()
    file.save(file=buffer)
    read = pretty_midi.PrettyMIDI(io.BytesIO(buffer.getvalue()))
    assert notes(read) == [(0, 1.5, 60)]
    assert to_timeline(read).parts[0].notes.tolist() == [[0, 8, 60, 64]]
    assert notes(midi_writer.to_midi(read, tempo=60)) == [(0, 2, 60)]


def test_a_program_for_all_parts_but_drums_keep_theirs():
    made = midi_writer.to_midi(VOICES, program=2)
    assert [i.program for i in made.instruments] == [2, 2, 2, 2]
    drums = midi_writer.to_midi(grid((0, 0, 1, 0)), program=40)
    assert [i.program for i in drums.instruments] == [0]


@pytest.mark.parametrize(
    "music",
    [[], [REST] * 16, np.zeros((0, 4), int), np.zeros((8, 128), bool), grid(), grid(steps=0)],
)
def test_music_without_notes_is_allowed(music):
    made = midi_writer.to_midi(music)
    assert note_count(made) == 0
    assert made.get_end_time() == pytest.approx(len(music) * 0.15)
    assert midi_writer.midi_bytes(made)[:4] == b"MThd"


def test_an_empty_pretty_midi_is_allowed():
    assert to_timeline(pretty_midi.PrettyMIDI()).steps == 0


@pytest.mark.parametrize(
    ("music", "error", "words"),
    [
        ("song.mid", TypeError, "not str"),
        (None, TypeError, "not NoneType"),
        ({0: [60]}, TypeError, "not dict"),
        (60, TypeError, "not int"),
        ([[60, 62], [64]], ValueError, "rows"),
        ([60.5], ValueError, "whole numbers"),
        ([200], ValueError, "from 0 to 127"),
        (np.zeros((5, 32, 4), int), ValueError, "batch"),
        (np.zeros((32, 128)), ValueError, "roll > 0"),
        (np.zeros((32, 128, 4)), ValueError, "roll > 0"),
        (np.zeros((32, 9), bool), ValueError, "piano roll"),
        (np.zeros((2, 2, 2, 2)), ValueError, "shape"),
    ],
)
def test_what_is_no_music_is_said_in_a_sentence(music, error, words):
    with pytest.raises(error, match=words) as caught:
        midi_writer.to_midi(music)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tempo", [0, -5, 5000, float("nan"), "fast", True])
def test_bad_tempi(tempo):
    with pytest.raises((TypeError, ValueError), match="tempo"):
        midi_writer.to_midi(MELODY, tempo=tempo)


@pytest.mark.parametrize("program", [-1, 128, 1.5, "organ", [1, 2]])
def test_bad_programs(program):
    with pytest.raises(ValueError, match="program"):
        midi_writer.to_midi(MELODY, program=program)


@pytest.mark.parametrize(
    "music", [piece(), grid(), voices_to_roll(VOICES), midi_writer.to_midi(MELODY)]
)
def test_onsets_only_with_voices(music):
    with pytest.raises(ValueError, match="Onsets"):
        midi_writer.to_midi(music, onsets=np.ones((8, 4), bool))


@given(
    st.lists(st.tuples(*[st.integers(-1, 127)] * 3), min_size=1, max_size=24),
    st.integers(30, 240),
    st.randoms(use_true_random=False),
)
def test_through_a_midi_file_and_back(rows, tempo, random):
    voices = np.array(rows)
    onsets = np.array([[random.random() < 0.3 for _ in row] for row in rows])
    expected = to_timeline(voices, onsets)
    data = midi_writer.midi_bytes(midi_writer.to_midi(voices, tempo=tempo, onsets=onsets))
    read = to_timeline(pretty_midi.PrettyMIDI(io.BytesIO(data)))
    read_parts = {part.name: part for part in read.parts}
    for part in expected.parts:
        if len(part.notes):  # a track without notes is not read
            assert np.round(read_parts[part.name].notes).tolist() == part.notes.tolist()


def test_the_light_modules_stay_light():
    code = (
        "import sys, helpers.show.player, helpers.show.rolls, helpers.show.widgets\n"
        "print([m for m in ('tensorflow', 'music21', 'matplotlib.pyplot') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


# --- music21 streams ----------------------------------------------------------------------------


def stream(mark=None):
    from music21 import converter, tempo

    score = converter.parse("tinynotation: 3/4 c4 d2 e2.")
    if mark:
        score.insert(0, tempo.MetronomeMark(number=mark))
    return score


def test_a_music21_stream():
    made = midi_writer.to_midi(stream())
    assert notes(made) == [(0, 0.6, 60), (0.6, 1.8, 62), (1.8, 3.6, 64)]
    assert midi_writer.to_midi(stream(60)).get_end_time() == pytest.approx(6)
    assert midi_writer.to_midi(stream(60), tempo=120).get_end_time() == pytest.approx(3)
    timeline = to_timeline(stream())
    assert timeline.bar_starts.tolist() == [0, 12]
    assert timeline.parts[0].notes[:, :3].tolist() == [[0, 4, 60], [4, 12, 62], [12, 24, 64]]


def test_a_stream_with_a_pickup_keeps_its_bar_lines():
    from music21 import note as notes21
    from music21 import stream as streams

    part = streams.Part()
    for length, number in ((1, 0), (4, 1), (4, 2)):
        measure = streams.Measure(number=number)
        measure.append(notes21.Note("C4", quarterLength=length))
        part.append(measure)
    assert to_timeline(streams.Score([part])).bar_starts.tolist() == [4, 20]


def test_an_empty_stream_is_allowed():
    from music21 import stream as streams

    assert not midi_writer.to_midi(streams.Score()).instruments
