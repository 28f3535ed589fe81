"""Melodies from files: what is read, how it is rounded, and what is refused in one sentence."""

import io
import os
import random
import struct
import subprocess
import sys
import zipfile

import mido
import numpy as np
import pytest

from data.build_melodies import TUNES, Tune, tune_midi, tune_notes
from helpers.data.chorales import load_chorales
from helpers.data.melodies import (
    MAX_MELODY_STEPS,
    LoadedMelody,
    load_melody,
    melody_files,
    quantise,
    skyline,
)
from helpers.data.representations import read_events
from helpers.files import abc_reader, formats
from helpers.files.formats import read_music, read_pieces
from helpers.files.midi_reader import read_midi
from helpers.files.musicxml_reader import read_musicxml
from helpers.files.reading import MusicFileError, Reading, bars_of_measures
from helpers.music.grid import REST, voice_notes
from helpers.music.timeline import Part

TICKS = 480


def midi_track(notes=(), name=None, channel=0, extra=()):
    """A track of notes (start, end, pitch) in ticks, ``extra`` messages at its beginning."""
    events = [(start, 1, pitch) for start, _, pitch in notes]
    events += [(end, 0, pitch) for _, end, pitch in notes]
    track = mido.MidiTrack(extra)
    if name is not None:
        track.insert(0, mido.MetaMessage("track_name", name=name))
    now = 0
    for time, on, pitch in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, note=pitch, channel=channel, time=time - now))
        now = time
    return track


def midi_bytes(*tracks, ticks=TICKS, kind=1):
    file = io.BytesIO()
    midi = mido.MidiFile(type=kind, ticks_per_beat=ticks, charset="utf-8", tracks=list(tracks))
    midi.save(file=file)
    return file.getvalue()


def raw_midi(events: bytes, division=TICKS) -> bytes:
    """A MIDI file of one track, byte for byte, for what no library would write."""
    events += b"\0\xff\x2f\0"
    header = struct.pack(">4sIHHH4sI", b"MThd", 6, 0, 1, division, b"MTrk", len(events))
    return header + events


def quarters(*pitches, start=0):
    return [
        (start + i * TICKS, start + (i + 1) * TICKS, pitch)
        for i, pitch in enumerate(pitches)
        if pitch != REST
    ]


def xml_note(step="C", octave=4, duration=4, extra=""):
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{pitch}<duration>{duration}</duration>{extra}</note>"


def xml_score(*parts, names=("Part",), attributes="<divisions>4</divisions>"):
    """A score of one measure a part."""
    listed = "".join(
        f'<score-part id="P{i}"><part-name>{name}</part-name></score-part>'
        for i, name in enumerate(names)
    )
    bodies = "".join(
        f'<part id="P{i}"><measure number="1"><attributes>{attributes}</attributes>'
        f"{body}</measure></part>"
        for i, body in enumerate(parts)
    )
    return f"<score-partwise><part-list>{listed}</part-list>{bodies}</score-partwise>"


ABC = "X:1\nT:Small tune\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|]\n"


@pytest.fixture
def write(tmp_path):
    """Writes bytes or text to a file and gives its path."""

    def write_file(content, name="song.mid"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def played(loaded: LoadedMelody):
    """(start, length, pitch) of every note."""
    notes = voice_notes(loaded.melody, loaded.onsets)
    return [(note.start, note.end - note.start, note.pitch) for note in notes]


def load_notes(write, content, name="song.mid"):
    return played(load_melody(write(content, name)))


def check(loaded: LoadedMelody):
    """What holds for every melody that is returned."""
    melody, onsets = loaded.melody, loaded.onsets
    assert melody.dtype == np.int16 and onsets.dtype == bool
    assert melody.shape == onsets.shape and 1 <= len(melody) <= MAX_MELODY_STEPS + 1
    assert melody.min() >= REST and melody.max() <= 127
    assert melody[0] != REST and melody[-1] != REST and onsets[0]
    assert not onsets[melody == REST].any()
    assert loaded.bar_starts.dtype == np.int32
    assert (np.diff(loaded.bar_starts) > 0).all() and (loaded.bar_starts >= 0).all()
    assert (loaded.bar_starts < len(melody)).all()
    assert 10 <= loaded.tempo <= 600 and loaded.name and loaded.report.endswith(".")


def refused(path) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(MusicFileError) as caught:
        load_melody(path)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300
    assert "Error" not in sentence and "Traceback" not in sentence  # no library's words
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return sentence


# --- the shipped melodies ----------------------------------------------------------------------

# The first phrases by hand: tonic, semitones above it, lengths in sixteenths.
FIRST_PHRASES = {
    "twinkle": (60, "0 0 7 7 9 9 7 5 5 4 4 2 2 0", "4 4 4 4 4 4 8 4 4 4 4 4 4 8"),
    "ode_to_joy": (62, "4 4 5 7 7 5 4 2 0 0 2 4 4 2 2", "4 4 4 4 4 4 4 4 4 4 4 4 6 2 8"),
    "amazing_grace": (67, "-5 0 4 0 4 2 0 -3 -5", "4 8 2 2 8 4 8 4 8"),
    "greensleeves": (69, "0 3 5 7 9 7 5 2 -2 0 2 3 0 0 -1 0", "2 4 2 3 1 2 4 2 3 1 2 4 2 3 1 2"),
    "auld_lang_syne": (65, "-5 0 0 0 4 2 0 2 4 0 0 4 7 9", "4 6 2 4 4 6 2 4 4 6 2 4 4 12"),
    "frere_jacques": (65, "0 2 4 0 0 2 4 0 4 5 7 4 5 7", "4 4 4 4 4 4 4 4 4 4 8 4 4 8"),
    "old_hundredth": (69, "0 0 -1 -3 -5 0 2 4", "8 4 4 4 4 8 8 8"),
    "silent_night": (70, "-5 -3 -5 -8 -5 -3 -5 -8 2 2 -1 0 0 -5", "3 1 2 6 3 1 2 6 4 2 6 4 2 6"),
    "drunken_sailor": (62, "7 7 7 7 7 7 7 0 3 7", "4 2 2 4 2 2 4 4 4 4"),
    "simple_gifts": (68, "-5 -5 0 0 2 4 0 4 5 7 7 5 4 2 0", "2 2 4 2 2 2 2 2 2 4 2 2 4 2 2"),
    "brahms_lullaby": (63, "4 4 7 4 4 7 4 7 12 11 9 9 7", "2 2 6 2 4 8 2 2 4 6 2 4 4"),
    "god_rest_you_merry": (64, "0 0 7 7 5 3 2 0 -2 0 2 3 5 7", "4 4 4 4 4 4 4 4 4 4 4 4 4 12"),
    "minuet_in_g": (67, "7 0 2 4 5 7 0 0 9 5 7 9 11 12 0 0", "4 2 2 2 2 4 4 4 4 2 2 2 2 4 4 4"),
    "mountain_king": (47, "0 2 3 5 7 3 7 6 2 6 5 1 5", "2 2 2 2 2 2 4 2 2 4 2 2 4"),
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST_PHRASES)
def test_shipped_melodies_begin_as_they_should(name):
    tonic, degrees, lengths = FIRST_PHRASES[name]
    pitches = [tonic + int(degree) for degree in degrees.split()]
    lengths = [int(length) for length in lengths.split()]
    starts = np.cumsum([0, *lengths[:-1]]).tolist()
    (path,) = [path for path in melody_files() if path.stem == name]
    loaded = load_melody(path)
    check(loaded)
    assert played(loaded)[: len(pitches)] == list(zip(starts, lengths, pitches, strict=True))
    assert loaded.name == TUNES[name].title
    assert loaded.time_signature == TUNES[name].metre
    assert loaded.tempo == pytest.approx(TUNES[name].tempo, abs=0.01)


def test_shipped_melodies_are_those_of_the_script(tmp_path):
    assert sorted(FIRST_PHRASES) == sorted(TUNES) == [path.stem for path in melody_files()]
    for path in melody_files():
        tune_midi(TUNES[path.stem]).save(tmp_path / path.name)
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_shipped_melodies_differ_in_key_range_and_metre():
    loaded = [load_melody(path) for path in melody_files()]
    assert {"4/4", "3/4", "6/8"} <= {m.time_signature for m in loaded}
    assert sum(m.bar_starts[0] > 0 for m in loaded) >= 5  # pickups
    assert len({TUNES[path.stem].signature for path in melody_files()}) >= 8
    lows = [m.melody[m.melody != REST].min() for m in loaded]
    assert min(lows) < 50 and max(m.melody.max() for m in loaded) > 76


def test_shipped_melodies_are_in_the_readme():
    readme = melody_files()[0].parents[1].joinpath("README.md").read_text(encoding="utf-8")
    assert all(path.name in readme for path in melody_files())


def test_only_old_hundredth_is_a_chorale_tune():
    """As data/README.md says: no other shares fifteen successive intervals with a chorale."""

    def runs(melody, onsets):
        pitches = np.array([note.pitch for note in voice_notes(melody, onsets)])
        intervals = np.diff(pitches[np.append(True, np.diff(pitches) != 0)]).tolist()
        return {tuple(intervals[i : i + 15]) for i in range(len(intervals) - 14)}

    chorales = set()
    for piece in load_chorales():
        chorales |= runs(piece.voices[:, 0], piece.onsets[:, 0])
    shared = {p.stem for p in melody_files() if chorales & runs(*load_melody(p)[:2])}
    assert shared == {"old_hundredth"}


def test_pickups_are_steps_before_the_first_bar():
    loaded = load_melody(next(p for p in melody_files() if p.stem == "amazing_grace"))
    assert loaded.bar_starts[:3].tolist() == [4, 16, 28]
    assert "8 sixteenths of silence" in loaded.report


@pytest.mark.parametrize(
    "text, message",
    [
        ("C4q C4 C4 C4 | C4 C4 C4 | C4w", "bar 2"),
        ("C4q C4 C4 C4 | C4w | C4h", "bar 3"),
        ("C4q C4 F#4 C4", "not in the key"),
        ("C4q H4", "no note"),
        ("C4h. C4q~ | D4w", "tie"),
    ],
)
def test_a_typing_error_in_a_melody_raises(text, message):
    with pytest.raises(ValueError, match=message):
        tune_notes(Tune("Test", "C", "4/4", 100, text))


# --- rounding to sixteenths --------------------------------------------------------------------


def test_triplets_are_snapped_and_reported(write):
    # Triplet eighths last 4/3 of a sixteenth: they begin at 0, 1.33, 2.67 and go to 0, 1, 3.
    notes = [(0, 160, 60), (160, 320, 62), (320, 480, 64), (480, 960, 65)]
    loaded = load_melody(write(midi_bytes(midi_track(notes))))
    assert played(loaded) == [(0, 1, 60), (1, 2, 62), (3, 1, 64), (4, 4, 65)]
    assert "by at most 0.33 of one: 3 of 4 notes (triplets)." in loaded.report


def test_detached_and_overlapping_notes_are_joined(write):
    # Ends at 0.95 of the way and 30 ticks too late: no rest and no chord. The gap of a whole
    # sixteenth before the last note is a rest.
    notes = [(0, 1824, 72), (1920, 2430, 71), (2400, 2880, 74), (3000, 3240, 74)]
    loaded = load_melody(write(midi_bytes(midi_track(notes))))
    assert played(loaded) == [(0, 16, 72), (16, 4, 71), (20, 4, 74), (25, 2, 74)]
    assert "All lie on the sixteenth grid." in loaded.report


def test_rests_and_repeated_notes_are_kept(write):
    track = midi_track(quarters(60, 60, REST, 60))
    assert load_notes(write, midi_bytes(track)) == [(0, 4, 60), (4, 4, 60), (12, 4, 60)]


def test_halves_go_up():
    starts, ends, _, sentence = quantise([(0.5, 2, 60), (4, 5.5, 62)])
    assert starts.tolist() == [1, 4] and ends.tolist() == [2, 6]
    assert "at most 0.50 of one: 2 of 2 notes" in sentence


def test_the_highest_note_counts_and_a_held_one_comes_back():
    starts, ends, pitches = (
        np.array([0, 2, 4, 6]),
        np.array([8, 4, 8, 6]),
        np.array([60, 64, 59, 70]),
    )
    melody, onsets, hidden = skyline(starts, ends, pitches)
    assert melody.tolist() == [60, 60, 64, 64, 60, 60, 60, 60]
    assert np.flatnonzero(onsets).tolist() == [0, 2, 4]
    assert hidden == 2  # the 59 under the 60, and the 70 of no length


def test_a_note_too_short_for_the_grid_gets_a_step_in_silence(write):
    notes = [(0, 480, 60), (960, 970, 62), (1440, 1920, 64)]
    loaded = load_melody(write(midi_bytes(midi_track(notes))))
    assert played(loaded) == [(0, 4, 60), (8, 1, 62), (12, 4, 64)]


@pytest.mark.parametrize("ticks", [1, 24, 96, 997, 32767])
def test_any_ticks_a_quarter(write, ticks):
    notes = [(0, ticks, 60), (ticks, 3 * ticks, 62)]
    assert load_notes(write, midi_bytes(midi_track(notes), ticks=ticks)) == [(0, 4, 60), (4, 8, 62)]


# --- MIDI --------------------------------------------------------------------------------------


def test_a_track_named_like_a_melody_is_chosen(write):
    low, high = midi_track(quarters(60, 62), "Mélodie"), midi_track(quarters(80, 81), "Piccolo")
    loaded = load_melody(write(midi_bytes(high, low)))
    assert played(loaded) == [(0, 4, 60), (4, 4, 62)]
    assert 'the track "Mélodie", chosen by its name among 2' in loaded.report


def test_backing_vocals_are_no_melody(write):
    backing = midi_track(quarters(80, 81), "Backing vocals")
    loaded = load_melody(write(midi_bytes(backing, midi_track(quarters(60, 62), "Lead vocal"))))
    assert played(loaded)[0] == (0, 4, 60)


def test_else_the_highest_line_without_drums_and_passing_sparkles(write):
    drums = midi_track(quarters(90, 90, 90, 90, 90, 90, 90, 90), "Kit", channel=9)
    bass, tune = midi_track(quarters(*[40] * 8)), midi_track(quarters(*[67] * 8), "Oboe")
    sparkle = midi_track([(0, 60, 100)], "Triangle")
    loaded = load_melody(write(midi_bytes(drums, bass, tune, sparkle)))
    assert set(loaded.melody) == {67}
    assert 'the track "Oboe", chosen as the highest line among 3' in loaded.report


@pytest.mark.parametrize("kind", [0, 1])
def test_channel_10_is_never_the_melody(write, kind):
    """General MIDI 1: channel 10 is for percussion."""
    drums = midi_track(quarters(100, 101, 102, 103), channel=9)
    tune = midi_track(quarters(60, 62), channel=3)
    tracks = [drums + tune] if kind == 0 else [drums, tune]
    loaded = load_melody(write(midi_bytes(*tracks, kind=kind)))
    assert loaded.report.startswith("MIDI file: the melody is the only track that is no drums")
    assert loaded.melody[loaded.onsets].tolist()[-2:] == [60, 62] and loaded.melody.max() == 62


@pytest.mark.parametrize(
    "name, program",
    [
        *(("Drums", 0), ("Perc.", 0), ("Lead percussion", 0), ("Hi-hat", 0), ("Drumset", 40)),
        *(("Schlagzeug", 0), ("Batterie", 0), ("Batería", 0), ("x", 118), ("", 127)),
    ],
)
def test_drums_on_another_channel_are_no_melody_either(write, name, program):
    sound = [mido.Message("program_change", program=program)]
    drums = midi_track(quarters(90, 91), name, extra=sound)
    bass = midi_track(quarters(40, 41), "Bass", channel=1)
    harp = midi_track(quarters(50, 51), "Harp", channel=2)
    assert load_notes(write, midi_bytes(drums, bass, harp)) == [(0, 4, 50), (4, 4, 51)]
    assert load_notes(write, midi_bytes(drums)) == [(0, 4, 90), (4, 4, 91)]  # there is no other


@pytest.mark.parametrize("name", ["Steel drums", "Percy's tune", "Kitty", "Batman"])
def test_names_that_are_no_drums(write, name):
    tune, bass = midi_track(quarters(90), name), midi_track(quarters(40), "Bass", channel=1)
    assert load_notes(write, midi_bytes(bass, tune)) == [(0, 4, 90)]


def test_a_type_0_file_has_a_part_for_each_channel(write):
    track = midi_track(quarters(48, 50))
    track += midi_track(quarters(72, 74), channel=3)
    assert load_notes(write, midi_bytes(track, kind=0)) == [(0, 4, 72), (4, 4, 74)]


def test_tempo_metre_and_title(write):
    head = midi_track(
        name="Ein Lied",
        extra=[
            mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(90)),
            mido.MetaMessage("time_signature", numerator=1, denominator=4),
            mido.MetaMessage("time_signature", numerator=3, denominator=4, time=TICKS),
        ],
    )
    loaded = load_melody(write(midi_bytes(head, midi_track(quarters(*[60] * 7)))))
    assert (loaded.name, loaded.tempo, loaded.time_signature) == ("Ein Lied", 90.0, "3/4")
    assert loaded.bar_starts.tolist() == [4, 16]  # the bar of 1/4 is a pickup


@pytest.mark.parametrize(
    "later, tempo", [(2 * TICKS, 120), (TICKS, 120), (TICKS // 48, 90), (0, 90)]
)
def test_a_tempo_holds_from_where_it_stands(write, later, tempo):
    """Standard MIDI Files 1.0: 120 where no tempo is set yet; what comes at once is meant at once,
    as the melody is rounded to sixteenths."""
    late = mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(90), time=later)
    loaded = load_melody(write(midi_bytes(midi_track(extra=[late]), midi_track(quarters(60, 62)))))
    assert loaded.tempo == tempo


@pytest.mark.parametrize("micros", [b"\0\0\0", b"\0\0\1", b"\xff\xff\xff"])
def test_an_impossible_tempo_is_left_out(write, micros):
    loaded = load_melody(
        write(raw_midi(b"\0\xff\x51\3" + micros + b"\0\x90\x3c\x50\x83\x60\x80\x3c\0"))
    )
    assert loaded.tempo == 100 and "impossible tempo" in loaded.report
    assert played(loaded) == [(0, 4, 60)]


def test_running_status_and_notes_never_released(write):
    data = raw_midi(b"\0\x90\x3c\x50\x83\x60\x3e\x50\x83\x60\x3e\x00")  # 60 is never released
    loaded = load_melody(write(data))
    assert played(loaded) == [(0, 4, 60), (4, 4, 62)]
    assert "Notes never released, 1 of them" in loaded.report


def test_names_in_any_alphabet(write):
    track = midi_track(quarters(60), "Мелодия «τραγούδι»")
    loaded = load_melody(write(midi_bytes(track), "música 曲.mid"))
    assert loaded.name == "música 曲" and "τραγούδι" in loaded.report
    latin = raw_midi(b"\0\xff\x03\x04Caf\xe9\0\x90\x3c\x50\x83\x60\x80\x3c\0")
    assert "Café" in load_melody(write(latin)).report


def test_the_midi_reader_agrees_with_pretty_midi(write, tmp_path):
    import pretty_midi

    generator = random.Random(3)
    tracks = []
    for channel in range(3):
        pitches = generator.sample(
            range(30, 100), 60
        )  # no pitch twice: how to pair them is a choice
        notes = [
            (s := generator.randrange(9000), s + generator.randrange(1, 900), p) for p in pitches
        ]
        tracks.append(midi_track(notes, channel=channel))
    path = write(midi_bytes(*tracks))
    reading, reference = read_midi(path.read_bytes()), pretty_midi.PrettyMIDI(str(path))
    for part, instrument in zip(reading.timeline.parts, reference.instruments, strict=True):
        theirs = [(note.start * 8, note.end * 8, note.pitch) for note in instrument.notes]  # 120
        assert np.allclose(sorted(part.notes[:, :3].tolist()), sorted(theirs), atol=1e-6)


def test_a_melody_at_the_limit_is_read_and_one_step_more_is_not(write):
    notes = [(i * 120, (i + 1) * 120, 60 + i % 12) for i in range(MAX_MELODY_STEPS)]
    loaded = load_melody(write(midi_bytes(midi_track(notes))))
    check(loaded)
    assert len(loaded.melody) == loaded.onsets.sum() == MAX_MELODY_STEPS
    notes.append((MAX_MELODY_STEPS * 120, (MAX_MELODY_STEPS + 1) * 120, 60))
    assert "20,001 sixteenths" in refused(write(midi_bytes(midi_track(notes))))


# --- MusicXML ----------------------------------------------------------------------------------


def test_a_round_trip_through_music21s_musicxml(tmp_path):
    from music21 import metadata, meter, note, stream, tempo, tie

    part = stream.Part()
    part.partName = "Sopran"
    part.append([meter.TimeSignature("3/4"), tempo.MetronomeMark(number=72)])
    for name, length in (("G4", 1), ("C5", 1.5), ("D5", 0.5), ("E-5", 1)):
        part.append(note.Note(name, quarterLength=length))
    part.append([note.Rest(quarterLength=0.75), note.Note("E-5", quarterLength=0.25)])
    for _ in range(3):
        part.append(note.Note("F#5", quarterLength=1 / 3))
    held = [note.Note("A4", quarterLength=1), note.Note("A4", quarterLength=2)]
    held[0].tie, held[1].tie = tie.Tie("start"), tie.Tie("stop")
    part.append(held)
    bass = stream.Part()
    bass.partName = "Bass"
    bass.append([meter.TimeSignature("3/4"), note.Note("C6", quarterLength=9)])
    score = stream.Score([bass, part])
    score.metadata = metadata.Metadata(title="Grüße")
    path = score.write("musicxml", tmp_path / "score.musicxml")
    loaded = load_melody(path)
    check(loaded)
    expected = [(0, 4, 67), (4, 6, 72), (10, 2, 74), (12, 4, 75), (19, 1, 75)]
    expected += [(20, 1, 78), (21, 2, 78), (23, 1, 78), (24, 12, 69)]
    assert played(loaded) == expected
    assert (loaded.name, loaded.time_signature, loaded.tempo) == ("Grüße", "3/4", 72)
    assert loaded.bar_starts.tolist() == [0, 12, 24]
    assert '"Sopran", chosen by its name among 2' in loaded.report and "triplets" in loaded.report
    path.rename(tmp_path / "score.mid")  # the content decides
    assert played(load_melody(tmp_path / "score.mid")) == expected


@pytest.mark.parametrize("name", ["bwv66.6", "bwv253", "bwv101.7", "bwv227.7"])
def test_chorales_read_as_music21_reads_them(name):
    from music21 import converter, corpus

    from data.build_chorales import score_to_piece

    path = corpus.getWork(f"bach/{name}")
    piece = score_to_piece(converter.parse(path, forceSource=True), name)
    with open(path, "rb") as file:
        timeline = read_musicxml(file.read()).timeline
    assert len(timeline.parts) == piece.voices.shape[1]
    for column, part in enumerate(timeline.parts):
        starts, ends, pitches, _ = quantise(part.notes)
        melody, onsets, hidden = skyline(starts, ends, pitches)
        assert hidden == 0
        assert np.array_equal(melody, piece.voices[: len(melody), column])
        assert np.array_equal(onsets, piece.onsets[: len(melody), column])
    assert timeline.time_signature == piece.time_signature
    assert np.array_equal(timeline.bar_starts, piece.bar_starts)


def test_compressed_musicxml_and_its_container(write, tmp_path):
    wrong = xml_score(xml_note("G", 5))
    container = '<container><rootfiles><rootfile full-path="b.xml"/></rootfiles></container>'
    full = {"META-INF/container.xml": container, "a.xml": wrong, "b.xml": xml_score(xml_note())}
    for name, files, pitch in (("plain.mxl", {"a.xml": wrong}, 79), ("full.mxl", full, 60)):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, text in files.items():
                archive.writestr(inside, text)
        assert played(load_melody(tmp_path / name)) == [(0, 4, pitch)]


def test_two_voices_chords_graces_and_transposition(write):
    grace = "<note><grace/><pitch><step>B</step><octave>7</octave></pitch></note>"
    chord = xml_note("E", 5).replace("<note>", "<note><chord/>")
    cue = xml_note("B", 8).replace("<note>", "<note><cue/>")
    back = "<backup><duration>12</duration></backup>"
    low = xml_note("C", 3, 8) + xml_note("D", 3, 4)
    body = xml_note("C", 5) + chord + grace + xml_note("D", 5) + cue + back + low
    clarinet = "<divisions>4</divisions><transpose><chromatic>-2</chromatic></transpose>"
    loaded = load_melody(write(xml_score(body, attributes=clarinet), "song.xml"))
    assert played(loaded) == [(0, 4, 74), (4, 4, 72), (8, 4, 48)]
    assert "transposing instrument" in loaded.report


def test_utf16_and_latin1(write):
    score = xml_score(xml_note(), names=("Ténor",))
    utf16 = ('<?xml version="1.0" encoding="UTF-16"?>' + score).encode("utf-16")
    latin = ('<?xml version="1.0" encoding="ISO-8859-1"?>' + score).encode("latin-1")
    for content in (utf16, latin):
        loaded = load_melody(write(content, "song.musicxml"))
        assert played(loaded) == [(0, 4, 60)] and "Ténor" in loaded.report


def test_bars_of_measures_leave_out_pickups_and_second_halves():
    # A pickup of one quarter, a bar, a bar split in three quarters and one, and a last bar.
    measures = [(0, 1, 4), (1, 4, 4), (5, 3, 4), (8, 1, 4), (9, 3, 4)]
    assert bars_of_measures(measures) == [1, 5, 9]


# --- ABC ---------------------------------------------------------------------------------------


def abc_notes(body, header="X:1\nM:4/4\nL:1/4\nK:C\n"):
    (part,) = abc_reader.read_abc(header + body).timeline.parts
    return [
        (round(start * 3), round((end - start) * 3), pitch)
        for start, end, pitch, _ in part.notes.tolist()
    ]


@pytest.mark.parametrize(
    "body, expected",  # in twelfths of a quarter
    [
        ("C,c'", [(0, 12, 48), (12, 12, 84)]),
        ("C2 D/ E// F3/2", [(0, 24, 60), (24, 6, 62), (30, 3, 64), (33, 18, 65)]),
        ("C>D E<F", [(0, 18, 60), (18, 6, 62), (24, 6, 64), (30, 18, 65)]),
        ("(3CDE F", [(0, 8, 60), (8, 8, 62), (16, 8, 64), (24, 12, 65)]),
        ("(3:2:2 C2D F", [(0, 16, 60), (16, 8, 62), (24, 12, 65)]),
        ("^FF|F _F=F", [(0, 12, 66), (12, 12, 66), (24, 12, 65), (36, 12, 64), (48, 12, 65)]),
        ("^F-|F F", [(0, 24, 66), (24, 12, 65)]),
        ("C z D", [(0, 12, 60), (24, 12, 62)]),
        ("C Z D", [(0, 12, 60), (60, 12, 62)]),
        (
            '"Am"C !trill!D {E}F (G.A)',
            [(0, 12, 60), (12, 12, 62), (24, 12, 65), (36, 12, 67), (48, 12, 69)],
        ),  # fmt: skip
        ("[CEG]2 C", [(0, 24, 60), (0, 24, 64), (0, 24, 67), (24, 12, 60)]),
        ("C|[K:D]F|[L:1/8]F", [(0, 12, 60), (12, 12, 66), (24, 6, 66)]),
        ("C % a comment: DEF\nD", [(0, 12, 60), (12, 12, 62)]),
        ("C|[1 D:|[2 E|]", [(0, 12, 60), (12, 12, 62), (24, 12, 64)]),
        ("w:la la\nC\nw:CDE", [(0, 12, 60)]),
        ("C\n\nA text after the tune.", [(0, 12, 60)]),
    ],
)
def test_abc_by_hand(body, expected):
    assert abc_notes(body) == expected


@pytest.mark.parametrize(
    "key, altered",
    [
        *(("C", ""), ("G", "F"), ("Em", "F"), ("A Dorian", "F"), ("Dmix", "F"), ("F#m", "FCG")),
        *(("Bb", "be"), ("Ddor", ""), ("Eb lyd", "be"), ("D exp ^f", "F"), ("HP", "FC")),
        *(("none", ""), ("G clef=bass", "F"), ("Am =g ^c", "C")),
    ],
)
def test_abc_keys(key, altered):
    signs = {letter: sign for letter, sign in abc_reader.key_signature(key).items() if sign}
    assert signs == {letter.upper(): 1 if letter.isupper() else -1 for letter in altered}


def test_abc_voices_title_tempo_and_pickup(write):
    text = (
        'X:1\nT:Zwei Stimmen\nM:6/8\nQ:3/8=60\nV:1 name="Bass"\nV:2 name="Tune"\nK:G\n'
        "[V:1] g|g3 g3|g3 g2|\n[V:2] D|G2A B2c|d3 d2|\n"
    )
    loaded = load_melody(write(text, "song.abc"))
    assert played(loaded) == [
        *((0, 2, 62), (2, 4, 67), (6, 2, 69), (8, 4, 71), (12, 2, 72), (14, 6, 74), (20, 4, 74)),
    ]
    assert (loaded.name, loaded.tempo, loaded.time_signature) == ("Zwei Stimmen", 90, "6/8")
    assert loaded.bar_starts.tolist() == [2, 14]
    assert 'the voice "Tune", chosen by its name among 2' in loaded.report


def test_of_an_abc_book_the_first_tune_with_notes_is_read(write):
    loaded = load_melody(write("X:1\nT:Empty\nK:C\n\n" + ABC + "\n" + ABC, "book.abc"))
    assert (
        loaded.name == "Small tune" and "Of 3 tunes in the file, number 2 is read." in loaded.report
    )


def test_of_an_abc_book_all_tunes_may_be_read():
    book = "%abc\n\nX:7\nT:One\nR: reel\nK: Edor % sic\nEF\n\nX:8\nK:C\n\nX:12\nT:Two\nK:C\nC\n"
    one, two = abc_reader.read_abc_tunes(book)
    assert (one.timeline.name, one.number, one.rhythm) == ("One", "7", "reel")
    assert (two.timeline.name, two.number, two.rhythm) == ("Two", "12", "")
    assert (one.timeline.key, two.timeline.key) == ("E dorian", "C major")
    assert [len(reading.timeline.parts[0].notes) for reading in (one, two)] == [2, 1]
    assert one.remarks == ["Of 3 tunes in the file, number 1 is read."]
    assert two.remarks == ["Of 3 tunes in the file, number 3 is read."]


def test_chord_symbols_are_kept_and_annotations_are_not():
    reading = abc_reader.read_abc('X:1\nL:1/4\nM:4/4\nK:C\n"Am"CD"^slow"E"G7"F|""C2 "_x"z2|\n')
    assert reading.chords == [(0, "Am"), (12, "G7")]


def test_a_broken_tune_of_a_book_is_refused_or_left_out():
    book, refused = ABC + "\nX:2\nK:C\nC/0|\n\n" + ABC, []
    assert len(list(abc_reader.read_abc_tunes(book, refused))) == 2
    assert refused == ["tune 2 of 3 has a note of impossible length (/0): mend it."]
    with pytest.raises(MusicFileError, match="^tune 2 of 3 has a note"):
        list(abc_reader.read_abc_tunes(book))
    for hopeless in ("X:1\nK:C\nC/0|", "X:1\nK:C\n"):
        with pytest.raises(MusicFileError):
            list(abc_reader.read_abc_tunes(hopeless, []))


@pytest.mark.parametrize(
    "book, message",
    [
        ("X:1\nK:C\nC\n" * 10_001, "at most 10,000"),
        (ABC + "[L:1/32]" + "C" * 60_000 + "\n", "100,000 notes"),
    ],
)
def test_books_larger_than_are_read(book, message):
    with pytest.raises(MusicFileError, match=message):
        list(abc_reader.read_abc_tunes(book * 2))


@pytest.mark.parametrize("folder, book", [("oneills1850", "0051-0100"), ("airdsAirs", "book2")])
def test_abc_tunes_read_as_music21_reads_them(folder, book):
    """Tunes of books in music21's corpus, but those with what it reads otherwise: broken rhythm
    over a bracket or a decoration, slurs written as ties, old line ends ``!``."""
    import re
    import warnings
    from pathlib import Path

    from music21 import converter, corpus

    text = Path(corpus.__file__).with_name(folder).joinpath(f"{book}.abc").read_text("latin-1")
    tunes = re.split(r"(?m)^(?=X:)", text.replace("\r\n", "\n"))
    odd = re.compile(r"[!{~HTuv`-]|[<>] *[()]|[()] *[<>]")
    plain = [tune for tune in tunes if "K:" in tune and not odd.search(tune.partition("K:")[2])]
    assert len(plain) >= 5
    for tune in plain[:8]:
        parts = abc_reader.read_abc(tune).timeline.parts
        mine = [note for part in parts for note in part.notes[:, :3].tolist()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            score = converter.parse("%abc-2.1\n" + tune, format="abc")
        theirs = [
            (
                *(4 * float(x) for x in (element.offset, element.offset + element.quarterLength)),
                pitch.midi,
            )
            for part in score.parts
            for element in part.stripTies().flatten().notes
            if "Harmony" not in element.classes
            for pitch in element.pitches
        ]
        assert np.allclose(sorted(mine), sorted(theirs), atol=1e-6), tune


ONE_NOTE = midi_bytes(midi_track(quarters(60)))

# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("empty.mid", b"", "empty"),
        ("zeros.mid", bytes(1000), "empty"),
        ("text.mid", "Dear Diary, today I sang.", "neither MIDI nor MusicXML nor ABC"),
        ("random.abc", random.Random(0).randbytes(5000), "neither"),
        ("sound.mid", b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "recorded sound"),
        ("sound.mp3", b"ID3\x04" + bytes(100), "recorded sound"),
        ("silent.mid", midi_bytes(midi_track(name="melody")), "no notes"),
        ("drums.mid", midi_bytes(midi_track(quarters(36, 38), channel=9)), "only drums"),
        ("header.mid", b"MThd\0\0\0\6\0\1", "breaks off"),
        ("cut.mid", midi_bytes(midi_track(quarters(60, 62, 64)))[:-9], "breaks off"),
        ("tracks.mid", ONE_NOTE[:10] + b"\0\7" + ONE_NOTE[12:14], "breaks off"),
        ("smpte.mid", raw_midi(b"\0\x90\x3c\x50\x60\x80\x3c\0", division=0xE728), "SMPTE"),
        ("zero.mid", raw_midi(b"\0\x90\x3c\x50\x60\x80\x3c\0", division=0), "damaged"),
        ("type2.mid", midi_bytes(midi_track(quarters(60)), kind=2), "type 2"),
        ("status.mid", raw_midi(b"\0\x3c\x50"), "damaged"),
        ("long.mid", raw_midi(b"\0\x90\x3c\x50\xff\xff\xff\xff\x7f\x80\x3c\0"), "damaged"),
        ("tenhours.mid", midi_bytes(midi_track([(0, TICKS * 72000, 60)])), "288,000 sixteenths"),
        ("million.mid", raw_midi(b"\0\x90\x3c\x50\1\x3c\0" * 1_000_000), "larger than 4 MB"),
        ("notes.mid", raw_midi(b"\0\x90\x3c\x50\0\x3c\x50" * 500_001), "at most 500,000 notes"),
        ("page.xml", "<html><body>404</body></html>", "no MusicXML score"),
        ("time.xml", "<score-timewise/>", "no notes"),
        ("empty.xml", xml_score(""), "no notes"),
        ("rests.xml", xml_score("<note><rest/><duration>4</duration></note>"), "no notes"),
        ("drums.xml", xml_score("<note><unpitched/><duration>4</duration></note>"), "only drums"),
        ("tags.xml", xml_score(xml_note()).replace("</pitch>", "</pich>"), "broken tags near"),
        ("half.xml", xml_score(xml_note())[:-40], "broken tags"),
        ("step.xml", xml_score(xml_note("H")), "step of a pitch in measure 1"),
        ("octave.xml", xml_score(xml_note("C", 99)), "octave of a pitch"),
        ("nan.xml", xml_score(xml_note("C", 4, "nan")), "impossible duration in measure 1"),
        ("lost.xml", xml_score(xml_note().replace("duration", "x")), "impossible duration"),
        ("zero.xml", xml_score(xml_note(), attributes="<divisions>0</divisions>"), "divisions"),
        ("hours.xml", xml_score(xml_note("C", 4, 4 * 72000)), "288,000 sixteenths"),
        ("notes.xml", xml_score(xml_note() * 100_001), "at most 100,000 notes"),
        ("tagged.xml", xml_score("<a/>" * 1_000_000), "at most 100,000 notes"),
        ("large.xml", b"<score-partwise>" + b" " * 12_000_000, "larger than 12 MB"),
        ("bomb.xml", '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><s>&b;</s>', "entities"),
        ("none.abc", "X:1\nT:Nothing\nK:C\n", "without a tune"),
        ("nokey.abc", "X:1\nT:Nothing\nCDE\n", "without a tune"),
        ("length.abc", ABC + "C99999999|", "impossible length"),
        ("division.abc", ABC + "C/0|", "impossible length"),
        ("high.abc", ABC + "c" + "'" * 9, "out of every range"),
        ("hours.abc", ABC + "C288000|", "sixteenths"),
        ("notes.abc", ABC + "C" * 100_001, "at most 100,000 notes"),
        ("large.abc", ABC + "C |" * 150_000, "over 300,000 characters"),
        ("zip.mxl", b"PK\3\4" + bytes(200), "damaged or locked zip"),
    ],
)  # fmt: skip
def test_bad_files_get_one_sentence(write, name, content, message):
    sentence = refused(write(content, name))
    assert sentence.startswith(f"{name} ") and message in sentence


NOTES = "is read from notes, as MIDI, MusicXML or ABC"


@pytest.mark.parametrize(
    "content, what, advice",
    [
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "recorded sound", NOTES),
        (b"FORM\0\0\1\0AIFFCOMM" + bytes(40), "recorded sound", NOTES),
        (b"FORM\0\0\1\0AIFCFVER" + bytes(40), "recorded sound", NOTES),
        (b"fLaC\0\0\0\x22" + bytes(40), "recorded sound", NOTES),
        (b"OggS\0\2" + bytes(40), "recorded sound", NOTES),
        (b"ID3\3\0" + bytes(40), "recorded sound", NOTES),
        *((bytes([0xFF, sync]) + bytes(40), "sound", NOTES) for sync in b"\xfb\xfa\xf3\xe3\xf1"),
        (b"\0\0\0\x20ftypM4A " + bytes(40), "recorded sound", NOTES),
        (b"\0\0\0\x18ftypmp42" + bytes(40), "film", NOTES),
        (b"%PDF-1.7\n" + bytes(range(40)), "a PDF", NOTES),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "a picture", NOTES),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture", NOTES),
        (b"<?xml version='1.0'?>\n<svg width='1'/>", "a picture", NOTES),
        (b"\n\n<!DOCTYPE html>\n<html lang='en'>X:1\nK:C\n", "a web page", "raw file"),
        (b"<?xml version='1.0'?><!-- x -->\n<!DOCTYPE HTML PUBLIC ''>", "a web page", "download"),
        (b"<html><body>404</body></html>", "a web page", "download"),
        (b"404: Not Found", "no such file", "check the address"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "only a link", "download"),
        (b"PK\3\4" + bytes(26) + b"score.mscx", "a file of MuseScore", "export it as MIDI"),
        (b'<?xml version="1.0"?>\n<museScore version="4.20">', "a file of MuseScore", "export"),
        (b"\x0fSIBELIUS\0\0" + bytes(30), "a file of Sibelius", "export"),
        (b"ENIGMA BINARY FILE\0" + bytes(30), "a file of Finale", "export"),
        (b"PK\3\4" + bytes(26) + b"NotationMetadata.xml", "a file of Finale", "export"),
        (b"\x18FICHIER GUITAR PRO v5.00" + bytes(9), "a file of Guitar Pro", "export"),
        (b"PK\3\4" + bytes(26) + b"Content/score.gpif", "a file of Guitar Pro", "export"),
        (b'% a tune\n\\version "2.24.0"\n{ c d }', "a score for LilyPond", r"\midi { }"),
        (b"%{ X:1\nK:C\n%}\n\\relative { c }", "a score for LilyPond", "MIDI"),
        (b"!!!COM: Bach\n**kern\t**kern\n4c\t4e\n", "a Humdrum file", "MusicXML"),
        (b"XMF_2.00" + bytes(30), "XMF", NOTES),
        (b"\x1f\x8b\x08" + bytes(30), "an archive", "unpack"),
    ],
)  # fmt: skip
def test_files_of_another_kind_are_told_what_they_are(write, content, what, advice):
    sentence = refused(write(content, "song.mid"))
    assert what in sentence and advice in sentence


@pytest.mark.parametrize(
    "start",
    [b"<!-- ", b"<!-- -->", b" ", b"\n", b"<?x ?>", b"<!doctype ", b"%{ %}", b"% \n", b"!!\n"],
)
def test_what_begins_with_much_of_nothing_is_looked_at_once(write, start):
    assert refused(write(start * 100_000 + b"\\", "song.xml"))  # else for ever


def test_only_the_first_tune_of_a_book_is_read_for_one(write):
    book = write(ABC + "\nX:2\nK:C\nC/0|\n", "book.abc")
    assert load_melody(book).name == read_music(book).name == "Small tune"
    assert len(read_events(book)) > 1
    with pytest.raises(MusicFileError, match="tune 2 of 2"):
        read_pieces(book)


@pytest.mark.parametrize("error", [PermissionError(13, "x"), PermissionError(1, "x")])
@pytest.mark.parametrize("call", ["stat", "open"])
def test_what_may_not_be_read_is_its_own_sentence(write, monkeypatch, error, call):
    """EACCES; EPERM, which macOS raises for folders that it guards."""
    path = write(ABC, "song.abc")

    def closed(*_, **__):
        raise error

    if call == "stat":
        monkeypatch.setattr(formats.os, "stat", closed)
    else:
        monkeypatch.setattr(formats, "open", closed, raising=False)
    assert refused(path).startswith("song.abc may not be read: ask its owner for permission")


def test_zip_bombs_and_zips_without_a_score(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("score.xml", "w") as file:
            for _ in range(100):
                file.write(b" " * 1_000_000)
    assert "larger than 12 MB" in refused(tmp_path / "bomb.mxl")
    with zipfile.ZipFile(tmp_path / "photos.mxl", "w") as archive:
        archive.writestr("cat.png", b"meow")
    assert "without a MusicXML score" in refused(tmp_path / "photos.mxl")


def test_paths_that_are_no_file(tmp_path):
    assert "is a folder" in refused(tmp_path)
    assert "was not found" in refused(tmp_path / "ünknown.mid")
    for path in (None, 3, b"song.mid"):
        assert "is text or a Path" in refused(path)
    for path in ("a\0b.mid", "x" * 5000 + ".mid"):
        refused(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    assert "not an ordinary file" in refused(tmp_path / "pipe.mid")


def test_what_no_reader_foresees_is_one_sentence_too(write, monkeypatch):
    def fail(data):
        raise RecursionError("deep inside")

    monkeypatch.setattr("helpers.files.formats.read_midi", fail)
    with pytest.raises(MusicFileError, match="could not be read as music.*RecursionError"):
        load_melody(write(midi_bytes(midi_track(quarters(60)))))


def test_reading_a_melody_imports_nothing_slow():
    code = (
        "import sys; from helpers.data.melodies import load_melody, melody_files\n"
        "load_melody(melody_files()[0])\n"
        "print({'music21', 'tensorflow', 'symusic', 'pretty_midi'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- damaged files -----------------------------------------------------------------------------


def damaged(data: bytes, generator: random.Random) -> bytes:
    """The bytes with some flipped, some lost, or the end cut off."""
    data = bytearray(data)
    if generator.random() < 0.3:
        del data[generator.randrange(len(data)) :]
    if generator.random() < 0.2 and data:
        place = generator.randrange(len(data))
        del data[place : place + generator.randint(1, 20)]
    for _ in range(generator.randint(0, 8) if data else 0):
        data[generator.randrange(len(data))] = generator.choice(b"0159<>/|[](){}:-^=z\x80\xff\x00")
    return bytes(data)


@pytest.mark.parametrize("kind, cases", [("mid", 200), ("musicxml", 80), ("abc", 80)])
def test_damaged_files_give_a_melody_or_one_sentence(write, kind, cases):
    generator = random.Random(f"damage {kind}")
    xml = xml_score("\n".join([xml_note("G", 4), xml_note("A", 4, 2), xml_note("B", 5, 6)] * 8))
    good = {"musicxml": xml.encode(), "abc": (ABC + "(3def {g}[ce]2 z>a|" * 4).encode()}
    outcomes = set()
    for number in range(cases):
        source = good.get(kind) or generator.choice(melody_files()).read_bytes()
        path = write(damaged(source, generator), f"case{number}.{kind}")
        try:
            check(load_melody(path))
            outcomes.add("read")
        except MusicFileError:
            assert "could not be read as music" not in refused(path)  # the last net is never needed
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_reading_is_plain_data():
    """The three readers give the same thing for the same music."""
    midi = read_midi(midi_bytes(midi_track(quarters(60, 62), "x")))
    xml = read_musicxml(xml_score(xml_note() + xml_note("D"), names=("x",)))
    abc = abc_reader.read_abc("X:1\nL:1/4\nM:4/4\nV:x\nK:C\nV:x\nCD")
    for reading in (midi, xml, abc):
        (part,) = reading.timeline.parts
        assert isinstance(reading, Reading) and isinstance(part, Part) and part.name == "x"
        assert part.notes[:, :3].tolist() == [[0, 4, 60], [4, 8, 62]]
        assert reading.timeline.time_signature == "4/4" and len(reading.timeline.bar_starts)
    assert issubclass(MusicFileError, ValueError)


def test_a_tune_as_a_piece_keeps_its_repeated_notes_and_bars():
    tune = load_melody(next(file for file in melody_files() if file.stem == "twinkle"))
    voices = np.stack([tune.melody, tune.melody - 12], axis=1)
    piece = tune.with_voices(voices)
    assert np.array_equal(piece.onsets[:, 0], tune.onsets)
    assert piece.onsets[:, 1].sum() < tune.onsets.sum()  # equal neighbours are held below
    assert np.array_equal(piece.bar_starts, tune.bar_starts)
    assert (piece.name, piece.tempo) == (tune.name, tune.tempo)


def test_the_pickup_is_what_comes_before_the_first_bar():
    pickups = {file.stem: load_melody(file).pickup for file in melody_files()}
    assert pickups["twinkle"] == 0
    assert pickups["amazing_grace"] == 4  # a quarter note before the first bar
