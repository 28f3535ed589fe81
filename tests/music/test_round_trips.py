"""From one representation to another and back: what comes back is what went in."""

import io

import numpy as np
import pretty_midi
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from music21 import converter

from data.build_chorales import score_to_piece
from helpers.data.chorales import load_chorales
from helpers.files import musicxml_writer
from helpers.files.abc_reader import read_abc
from helpers.files.abc_writer import MAJOR_KEYS, to_abc
from helpers.files.midi_writer import midi_bytes, to_midi
from helpers.files.musicxml_reader import read_musicxml
from helpers.files.musicxml_writer import to_musicxml
from helpers.music.conversion import to_piece, to_timeline
from helpers.music.grid import REST, Piece, as_onsets, default_onsets, notes_to_voice
from helpers.music.timeline import (
    MAX_STEPS,
    Part,
    Timeline,
    part_names,
    timeline_to_roll,
    timeline_to_voices,
)

# Few pitches, the outermost among them, so that repeats and rests are frequent.
PITCHES = st.sampled_from([REST, REST, 0, 1, 59, 60, 61, 66, 127])
SIGNATURES = ("4/4", "3/4", "2/4", "6/8", "9/8", "3/8", "2/2", "5/4")
KEYS = ("", "C major", "A minor", "G major", "F# minor", "Db major", "C# major", "Ab minor")


@st.composite
def grids(draw, most_voices=5, most_steps=40, least_steps=0):
    """Voices and consistent onsets."""
    count = draw(st.integers(1, most_voices))
    row = st.tuples(*[st.tuples(PITCHES, st.booleans())] * count)
    rows = draw(st.lists(row, min_size=least_steps, max_size=most_steps))
    cells = np.array(rows, np.int16).reshape(-1, count, 2)
    voices = cells[:, :, 0]
    return voices, as_onsets(voices, cells[:, :, 1] == 1)


@st.composite
def pieces(draw, **limits):
    """Pieces in many metres and keys, with and without a pickup, the last bar whole or not."""
    signature = draw(st.sampled_from(SIGNATURES))
    beats, unit = map(int, signature.split("/"))
    bar = 16 * beats // unit
    voices, onsets = draw(grids(least_steps=1, **limits))
    pickup = draw(st.integers(0, min(bar, len(voices)) - 1))
    return Piece(
        name=draw(st.sampled_from(["", "Air", "O'Neill's No. 5 & more"])),
        voices=voices,
        onsets=onsets,
        bar_starts=np.arange(pickup, len(voices), bar),
        time_signature=signature,
        key=draw(st.sampled_from(KEYS)),
        tempo=draw(st.integers(10, 400)),
    )


def through_midi(music, **settings):
    """Written to a file's bytes and read again."""
    data = midi_bytes(to_midi(music, **settings))
    return to_timeline(pretty_midi.PrettyMIDI(io.BytesIO(data)))


def with_silent_parts(timeline, names):
    """The timeline with these parts; MIDI keeps none that never sounds."""
    found = {part.name: part for part in timeline.parts}
    parts = [found.get(name, Part(name, np.zeros((0, 4)))) for name in names]
    return timeline._replace(parts=parts)


# --- MIDI --------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(grids(), st.floats(10, 600))
def test_voices_to_midi_and_back(grid, tempo):
    voices, onsets = grid
    timeline = through_midi(voices, tempo=tempo, onsets=onsets)
    found, struck = timeline_to_voices(with_silent_parts(timeline, part_names(voices.shape[1])))
    assert found.dtype == np.int16 and struck.dtype == bool
    assert np.array_equal(found, voices)
    assert np.array_equal(struck, onsets)
    sounding = (voices != REST).any(axis=0)
    found, struck = timeline_to_voices(timeline)  # MIDI keeps no part that never sounds
    assert np.array_equal(found, voices[:, sounding])
    assert np.array_equal(struck, onsets[:, sounding])


@settings(max_examples=40)
@given(pieces(most_voices=2, most_steps=80))
def test_a_piece_to_midi_and_back(piece):
    assume((piece.voices != REST).any(axis=0).all())
    found = to_piece(pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(to_midi(piece)))))
    assert np.array_equal(found.voices, piece.voices)
    assert np.array_equal(found.onsets, piece.onsets)
    assert found.tempo == pytest.approx(piece.tempo, rel=1e-4)
    if len(piece.bar_starts) > 2:  # of fewer a pickup is not always to be told
        assert found.bar_starts.tolist() == piece.bar_starts.tolist()
        assert found.time_signature == piece.time_signature


@pytest.mark.parametrize(
    ("signature", "pickup", "bar"),
    [
        ("4/4", 4, 16),
        ("4/4", 0, 16),
        ("3/4", 4, 12),
        ("6/8", 2, 12),
        ("9/8", 12, 18),
        ("2/2", 8, 16),
    ],
)
def test_bar_lines_and_pickup_to_midi_and_back(signature, pickup, bar):
    for bars in (1, 2, 5):
        starts = np.arange(bars) * bar + pickup
        melody = np.tile([60, 62], (pickup + bars * bar) // 2)[:, None]
        found = through_midi(Piece("", melody, None, starts, signature, "E dorian"))
        assert to_piece(found).bar_starts.tolist() == starts.tolist()
        assert to_piece(found).time_signature == signature


@settings(max_examples=60)
@given(st.integers(0, 24), st.integers(1, 3), st.floats(0, 0.5), st.integers(0, 2**32 - 1))
def test_roll_to_midi_and_back(steps, tracks, density, seed):
    roll = np.random.default_rng(seed).random((steps, 128, tracks)) < density
    names = [part.name for part in to_timeline(roll).parts]
    assert np.array_equal(timeline_to_roll(with_silent_parts(through_midi(roll), names)), roll)


def test_a_roll_keeps_no_repeated_note():
    onsets = [True, False, True, False]
    roll = timeline_to_roll(to_timeline([60] * 4, onsets))
    assert roll.shape == (4, 128, 1) and roll[:, 60, 0].all() and roll.sum() == 4
    assert timeline_to_voices(to_timeline(roll))[1][:, 0].tolist() == [True, False, False, False]


# --- MusicXML and ABC ----------------------------------------------------------------------------


def grid_of(timeline, names, steps):
    """Voices and onsets of the parts of these names, whose times must lie on the grid; a file does
    not keep a part that never sounds."""
    found = {part.name: part.notes[:, :3] for part in timeline.parts}
    assert found.keys() <= set(names) and len(found) == len(timeline.parts)
    columns = []
    for name in names:
        exact = found.get(name, np.zeros((0, 3)))
        notes = exact.round().astype(int)
        assert np.abs(exact - notes).max(initial=0) < 1e-6 and (notes[:, 1] <= steps).all()
        columns.append(notes_to_voice(notes.tolist(), steps))
    return np.stack([c[0] for c in columns], axis=1), np.stack([c[1] for c in columns], axis=1)


def check_same(piece, reading, names=None):
    timeline = reading.timeline
    names = names or part_names(piece.voices.shape[1])
    voices, onsets = grid_of(timeline, names, len(piece.voices))
    assert np.array_equal(voices, piece.voices)
    assert np.array_equal(onsets, piece.onsets)
    beats, unit = map(int, piece.time_signature.split("/"))
    one_bar = piece.bar_starts.tolist() == [0] and len(piece.voices) < 16 * beats // unit
    if timeline.parts and not one_bar:  # which could be a pickup; and silence has no bars
        assert timeline.bar_starts.tolist() == piece.bar_starts.tolist()
    assert reading.metres == [(0, beats, unit)]
    assert reading.tempos == [(0, piece.tempo)]
    assert timeline.name == piece.name


@settings(max_examples=25)
@given(pieces(most_voices=5, most_steps=40))
def test_a_piece_to_musicxml_and_back(piece):
    check_same(piece, read_musicxml(to_musicxml(piece)))


@settings(max_examples=100)
@given(pieces(most_voices=1, most_steps=80))
def test_a_melody_to_abc_and_back(piece):
    assume((piece.voices != REST).any())
    check_same(piece, read_abc(to_abc(piece)), [""])


@settings(max_examples=50)
@given(pieces(most_voices=5, most_steps=40))
def test_voices_to_abc_and_back(piece):
    assume(piece.voices.shape[1] > 1 and (piece.voices != REST).any())
    check_same(piece, read_abc(to_abc(piece)))


@settings(max_examples=100)
@given(st.lists(st.integers(0, 127), min_size=1, max_size=30), st.integers(-7, 7))
def test_accidentals_of_every_key_to_abc_and_back(pitches, fifths):
    piece = to_piece(pitches, [True] * len(pitches))
    text = to_abc(piece._replace(key=f"{MAJOR_KEYS[fifths + 7]} major"))
    assert read_abc(text).timeline.parts[0].notes[:, 2].tolist() == pitches


def test_the_title_of_musicxml():
    text = to_musicxml(to_piece([60] * 16)._replace(name="A & B"))
    assert read_musicxml(text).timeline.name == "A & B"
    assert "<creator" not in text  # music21 would name itself as the composer


def test_short_bars_are_not_filled_with_rests():
    bars = np.array([4, 20, 28, 36])  # a pickup, a repeat sign in the middle of a bar
    melody = np.repeat([60, 62, 64, 65, 66], [4, 16, 8, 8, 12])
    piece = Piece("", melody[:, None], None, bars)
    notes = read_musicxml(to_musicxml(piece)).timeline.parts[0].notes
    assert notes[:, 0].tolist() == [0, 4, 20, 28, 36]
    assert notes[:, 1].tolist() == [4, 20, 28, 36, 48]


def test_chorales_to_musicxml_and_back_by_music21():
    from music21 import converter

    chorales = load_chorales("test")
    for piece in (chorales[0], next(c for c in chorales if c.time_signature == "3/4")):
        score = converter.parseData(to_musicxml(piece))
        found = score_to_piece(score, score.metadata.bestTitle)
        assert np.array_equal(found.voices, piece.voices)
        assert np.array_equal(found.onsets, piece.onsets)
        assert found.bar_starts.tolist() == piece.bar_starts.tolist()
        assert (found.name, found.time_signature) == (piece.name, piece.time_signature)


def test_sopranos_to_abc_and_back_by_music21():
    from music21 import converter

    for piece in load_chorales("valid")[:8]:
        melody = piece._replace(voices=piece.voices[:, :1], onsets=piece.onsets[:, :1])
        found = score_to_piece(converter.parse(to_abc(melody), format="abc"), "")
        assert np.array_equal(found.voices, melody.voices)
        assert np.array_equal(found.onsets, melody.onsets)


def test_all_chorales_to_abc_and_back():
    for piece in load_chorales():
        reading = read_abc(to_abc(piece))
        names = part_names(piece.voices.shape[1])
        voices, onsets = grid_of(reading.timeline, names, len(piece.voices))
        assert np.array_equal(voices, piece.voices) and np.array_equal(onsets, piece.onsets)


# --- notes in time to the grid -----------------------------------------------------------------


def timeline(*notes, steps=8.0, **fields):
    return Timeline([Part("part", np.array(notes, float).reshape(-1, 4))], steps, **fields)


def test_times_go_to_the_nearest_sixteenth_and_halves_up():
    voices, onsets = timeline_to_voices(timeline((0.4, 1.6, 60, 80), (5.5, 7.49, 64, 80)))
    assert voices[:, 0].tolist() == [60, 60, REST, REST, REST, REST, 64, REST]
    assert np.flatnonzero(onsets).tolist() == [0, 6]


def test_a_note_that_rounds_to_no_length_is_heard_where_its_part_is_silent():
    voices, onsets = timeline_to_voices(timeline((2.5, 3.49, 62, 80), (3, 3.2, 60, 80)))
    assert voices[:, 0].tolist() == [REST] * 3 + [62] + [REST] * 4
    assert np.flatnonzero(onsets).tolist() == [3]
    voices, onsets = timeline_to_voices(timeline((0, 8, 60, 80), (2.5, 3.49, 62, 80)))
    assert set(voices[:, 0].tolist()) == {60}
    assert np.flatnonzero(onsets).tolist() == [0]


def test_of_notes_that_sound_together_the_highest_is_heard():
    voices, onsets = timeline_to_voices(timeline((0, 8, 60, 80), (2, 4, 67, 80), (2, 6, 55, 80)))
    assert voices[:, 0].tolist() == [60, 60, 67, 67, 60, 60, 60, 60]
    assert np.flatnonzero(onsets).tolist() == [0, 2, 4]


def test_a_pitch_struck_again_while_it_sounds_has_an_onset():
    voices, onsets = timeline_to_voices(timeline((0, 8, 60, 80), (4, 6, 60, 80)))
    assert set(voices[:, 0].tolist()) == {60}
    assert np.flatnonzero(onsets).tolist() == [0, 4]


def test_a_roll_holds_every_note_for_a_step_at_least():
    roll = timeline_to_roll(timeline((0, 8, 60, 80), (2.6, 2.9, 62, 80), (7.9, 8, 64, 80)))
    assert np.argwhere(roll[:, [62, 64], 0]).tolist() == [[3, 0], [7, 1]]
    assert roll[:, 60, 0].all()


def test_drums_are_left_out():
    drums = np.zeros((16, 9, 3), np.float32)
    drums[0, 0] = 1, 0.5, 0
    both = to_timeline([60, 62])
    both = both._replace(parts=[*to_timeline(drums).parts, *both.parts])
    assert timeline_to_voices(both)[0].tolist() == [[60], [62]]
    assert timeline_to_voices(to_timeline(drums))[0].shape == (16, 0)
    with pytest.raises(ValueError, match="only drums"):
        to_piece(drums)


@pytest.mark.parametrize("steps", [MAX_STEPS + 1, 1e12, float("nan"), float("inf")])
def test_music_too_long_for_a_grid_is_refused(steps):
    for convert in (timeline_to_voices, timeline_to_roll):
        with pytest.raises(ValueError, match="cut it into pieces"):
            convert(timeline(steps=steps))
    with pytest.raises(ValueError, match="cut it into pieces"):
        timeline_to_voices(timeline((0, MAX_STEPS + 1, 60, 80)))


def test_silence_keeps_its_length():
    voices, onsets = timeline_to_voices(timeline(steps=5))
    assert voices.tolist() == [[REST]] * 5 and not onsets.any()
    assert timeline_to_roll(timeline(steps=0)).shape == (0, 128, 1)


def test_a_piece_of_any_music():
    piece = to_piece([60, 60, 62, REST], [True, True, True, False])
    assert piece.voices[:, 0].tolist() == [60, 60, 62, REST]
    assert piece.onsets[:, 0].tolist() == [True, True, True, False]
    assert (piece.time_signature, piece.tempo, piece.bar_starts.tolist()) == ("4/4", 100, [0])
    assert to_piece(np.full((40, 2), 60)).bar_starts.tolist() == [0, 16, 32]
    bars = to_piece(timeline((0, 30, 60, 80), steps=30, bar_starts=np.array([6, 18.0])))
    assert (bars.time_signature, bars.bar_starts.tolist()) == ("3/4", [6, 18])
    assert to_piece(piece) is piece


def test_a_loaded_melody_is_music():
    from helpers.data.melodies import load_melody, melody_files

    tune = load_melody(melody_files()[0])
    piece = to_piece(tune)
    assert piece.voices[:, 0].tolist() == tune.melody.tolist()
    assert piece.onsets[:, 0].tolist() == tune.onsets.tolist()
    assert piece.bar_starts.tolist() == tune.bar_starts.tolist()
    assert (piece.name, piece.time_signature) == (tune.name, tune.time_signature)
    assert piece.tempo == tune.tempo


def test_fermatas_go_through_musicxml():
    voices = np.array([[72, 67, 64, 48]] * 8 + [[71, 67, 62, 43]] * 8, np.int16)
    fermatas = np.zeros(16, bool)
    fermatas[8] = True
    piece = Piece("two chords", voices, default_onsets(voices), np.array([0]), fermatas=fermatas)
    score = converter.parse(to_musicxml(piece), format="musicxml")
    assert np.flatnonzero(score_to_piece(score, "back").fermatas).tolist() == [8]
    short = musicxml_writer.voices_to_score(piece).recurse().notes
    signs = [e.type for n in short for e in n.expressions]
    assert signs == ["upright", "inverted"]  # above the soprano and below the bass
