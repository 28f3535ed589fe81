"""The MIDI parser: events byte by byte, notes, pedals, and ticks in seconds."""

import io
import struct

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.files.midi_reader import (
    BROKEN_MIDI,
    MidiFile,
    MidiTrack,
    notes_in_seconds,
    read_midi_file,
    seconds_at,
)
from helpers.files.reading import MusicFileError

END = b"\0\xff\x2f\0"


def midi(*tracks: bytes, ticks=480, kind=1) -> bytes:
    """A file of these events, an end of track added to each."""
    data = struct.pack(">4sIHHH", b"MThd", 6, kind, len(tracks), ticks)
    return data + b"".join(b"MTrk" + struct.pack(">I", len(t + END)) + t + END for t in tracks)


def meta(kind: int, content: bytes) -> bytes:
    return bytes([0, 0xFF, kind, len(content)]) + content


def only_track(*events: bytes, **header) -> MidiTrack:
    (track,) = read_midi_file(midi(b"".join(events), **header)).tracks
    return track


def notes_of(*events: bytes) -> list[list[int]]:
    return only_track(*events).notes.tolist()


def refusal(data: bytes, **limits) -> str:
    with pytest.raises(MusicFileError) as caught:
        read_midi_file(data, **limits)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


# --- bytes -------------------------------------------------------------------------------------


def test_a_file_by_hand():
    head = meta(3, b"Song") + meta(0x51, b"\x09\x27\xc0") + meta(0x58, b"\x06\x03\x18\x08")
    piano = (
        meta(3, b"Right hand") + b"\0\xc2\x05" + b"\0\x92\x3c\x40"
        b"\x60\xb2\x40\x7f"  # after 96 ticks the pedal goes down
        b"\x60\x82\x3c\x00\x00\xb2\x40\x00"
        b"\x81\x00\xff\x58\x04\x03\x02\x18\x08"  # 128 ticks later: 3/4
    )
    drums = b"\x83\x60\x99\x24\x01\x0a\x89\x24\x40"
    file = read_midi_file(midi(head, piano, drums, ticks=96))
    assert isinstance(file, MidiFile)
    assert file.ticks_per_quarter == 96 and file.title == "Song" and file.remarks == []
    assert file.tempos == [(0, 100.0)]  # 600,000 microseconds a quarter
    assert file.metres == [(0, 6, 8), (320, 3, 4)]
    assert file.ticks == 490
    first, second = file.tracks
    assert (first.name, first.channel, first.program, first.is_drum) == ("Right hand", 2, 5, False)
    assert (second.name, second.channel, second.program, second.is_drum) == ("", 9, 0, True)
    assert first.notes.tolist() == [[0, 192, 60, 64]]
    assert first.pedals.tolist() == [[96, 127], [192, 0]]
    assert second.notes.tolist() == [[480, 490, 36, 1]] and second.pedals.shape == (0, 2)
    assert {a.dtype for t in file.tracks for a in (t.notes, t.pedals)} == {np.dtype(np.int32)}


def test_a_status_holds_for_what_follows_without_one():
    # Note on, on, on with velocity 0; a name between them; pressure; the pitch wheel.
    events = b"\0\x90\x3c\x50\x0a\x3e\x51" + meta(3, b"x") + b"\x0a\x3c\x00\x0a\x3e\x00"
    events += (
        b"\0\xd0\x10\x05\x11\x05\x12\0\xe0\x00\x40\x0a\x01\x40\x00\x90\x40\x52\x01\x80\x40\x00"
    )
    assert notes_of(events) == [[0, 20, 60, 80], [10, 30, 62, 81], [50, 51, 64, 82]]


def test_an_event_of_one_byte_goes_on_over_a_name_and_ends_with_the_next_status():
    events = b"\0\xc0\x07" + meta(3, b"x") + b"\x04\x08\x05\x09\x06\x90\x3c\x50\x01\x3c\x00"
    track = only_track(events)
    assert track.program == 7 and track.notes.tolist() == [[15, 16, 60, 80]]


@pytest.mark.parametrize(
    "time, ticks",
    [
        (b"\x00", 0),
        (b"\x7f", 127),
        (b"\x81\x00", 128),
        (b"\xff\x7f", 16383),
        (b"\x81\x80\x00", 16384),
        (b"\xff\xff\xff\x7f", 2**28 - 1),
        (b"\x80\x80\x80\x05", 5),
    ],
)
def test_times_of_one_to_four_bytes(time, ticks):
    assert notes_of(time + b"\x90\x3c\x50\x01\x3c\x00") == [[ticks, ticks + 1, 60, 80]]
    later = b"\0\x90\x3c\x50" + time + b"\x3c\x00"  # the same without a status byte
    assert notes_of(later) == [[0, ticks, 60, 80]]


def test_system_messages_and_unknown_meta_events_are_passed_over():
    system = b"\0\xf0\x03\x01\x02\xf7" + b"\0\xf7\x01\x05" + meta(0x7F, b"\x90\x90") + meta(1, b"")
    assert notes_of(b"\0\x90\x3c\x50", system, b"\x05\x3c\x00") == [[0, 5, 60, 80]]


def test_what_follows_the_end_of_a_track_is_not_read():
    assert notes_of(b"\0\x90\x3c\x50\x05\x3c\x00" + END + b"\0\x90\x40") == [[0, 5, 60, 80]]


def test_tracks_without_an_end_and_chunks_of_another_kind():
    track = b"\0\x90\x3c\x50\x05\x3c\x00"
    data = struct.pack(">4sIHHH", b"MThd", 8, 1, 1, 480) + b"??"  # a longer header
    data += b"XFIH\0\0\0\3abc" + b"MTrk" + struct.pack(">I", len(track)) + track
    assert read_midi_file(data).tracks[0].notes.tolist() == [[0, 5, 60, 80]]
    assert read_midi_file(data + b"rubbish").tracks[0].notes.tolist() == [[0, 5, 60, 80]]
    riff = b"RIFF" + struct.pack("<I", len(data) + 12) + b"RMIDdata" + struct.pack("<I", len(data))
    assert read_midi_file(riff + data).tracks[0].notes.tolist() == [[0, 5, 60, 80]]


NOTE = b"\0\x90\x3c\x50\x05\x3c\x00"


@pytest.mark.parametrize(
    "data, message",
    [
        (midi(b"\xff\xff\xff\xff\x7f\x90\x3c\x50"), "damaged"),  # a time of five bytes
        (midi(b"\0\x3c\x50"), "damaged"),  # no status before
        (midi(NOTE, b"\0\x3c\x50"), "damaged"),  # nor does that of another track count
        (midi(b"\0\x90\x3c\x80"), "damaged"),
        (midi(b"\0\x90\x90\x3c"), "damaged"),
        (midi(b"\0\xc0\x80"), "damaged"),
        (midi(b"\0\xf8" + NOTE), "damaged"),  # a message that no file has
        (midi(b"\0\xff\x01\x7fabc"), "damaged"),  # longer than the track
        (midi(b"\0\xff\x01\xff\xff\xff\xff\x7f"), "damaged"),
        (midi(NOTE)[:-5] + b"\x90", "breaks off"),
        (midi(NOTE)[:20], "breaks off"),
        (midi(NOTE)[:13], "breaks off"),
        (midi(NOTE, kind=2), "type 2"),
        (midi(NOTE, kind=3), "damaged"),
        (midi(NOTE, ticks=0), "damaged"),
        (midi(NOTE, ticks=0xE728), "SMPTE"),
        (b"MIDI" + midi(NOTE)[4:], "damaged"),
        (midi(b"\0\xff\x58\x04\x03\x02\x18\x08" * 10_001), "damaged"),  # so many metres
        (midi(b"\xff\xff\xff\x7f\x90\x3c\x50" * 5), "damaged"),  # over 2**30 ticks
        (midi(b"\xff\xff\xff\x7f\x90\x3c\x50" * 4), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_damaged_files(data, message):
    if message is None:
        assert read_midi_file(data).ticks == 4 * (2**28 - 1)
    else:
        assert message in refusal(data)


def test_an_event_that_runs_over_the_end_of_its_track_is_damage_even_if_another_follows():
    cut = b"MTrk\0\0\0\5" + b"\0\x90\x3c\x50\x05"  # the next chunk's letters are no events of it
    whole = b"MTrk" + struct.pack(">I", len(NOTE)) + NOTE
    data = struct.pack(">4sIHHH", b"MThd", 6, 1, 2, 480) + cut + whole
    assert refusal(data) == BROKEN_MIDI


def test_more_notes_than_are_read():
    data = midi(b"\0\x90\x3c\x50" + b"\x01\x3c\x50" * 9)
    assert len(read_midi_file(data, max_notes=10).tracks[0].notes) == 10
    assert "at most 9 notes" in refusal(data, max_notes=9)


def test_as_many_tracks_as_a_file_can_have():
    file = read_midi_file(midi(*[b"\0\x90\x3c\x50\0\xb0\x40\x7f"] * 65535))
    assert len(file.tracks) == 65535 and all(len(track.pedals) == 1 for track in file.tracks)


def test_a_file_without_notes():
    for tracks in ((), (b"",), (meta(3, b"Empty"), b"")):
        file = read_midi_file(midi(*tracks))
        assert file.tracks == [] and file.tempos == [(0, 120.0)] and file.ticks == 0
        assert notes_in_seconds(file).shape == (0, 4)


# --- notes -------------------------------------------------------------------------------------


def test_a_pitch_struck_again_ends_the_first_note():
    on, off = b"\x90\x3c\x50", b"\x80\x3c\x00"
    assert notes_of(b"\0" + on + b"\x0a" + on + b"\x0a" + off) == [
        [0, 10, 60, 80],
        [10, 20, 60, 80],
    ]
    # A release with no note is nothing, and one at once a note of no length.
    assert notes_of(b"\0" + off + b"\x05" + on + b"\0" + off) == [[5, 5, 60, 80]]


def test_a_release_a_moment_after_the_pitch_is_struck_again_is_the_first_notes():
    on, off = b"\x90\x3c\x50", b"\x80\x3c\x00"
    again = b"\0" + on + b"\x0a" + on + b"\0" + off
    assert notes_of(again + b"\x0a" + off) == [[0, 10, 60, 80], [10, 20, 60, 80]]
    # With no later release it is the second's own.
    assert notes_of(again) == [[0, 10, 60, 80], [10, 10, 60, 80]]
    assert notes_of(again + b"\x0a" + on + b"\x05" + off)[1] == [10, 10, 60, 80]
    # Another pitch or channel has nothing to do with it.
    other = b"\0\x90\x3e\x50\x0a" + on + b"\0" + off + b"\x0a\x80\x3e\x00"
    assert notes_of(other) == [[0, 20, 62, 80], [10, 10, 60, 80]]


def test_notes_never_released_end_where_the_channels_next_one_begins():
    file = read_midi_file(
        midi(b"\0\x90\x3c\x50\x0a\x91\x40\x50\x0a\x90\x3e\x50\x83\x60\x80\x3e\x00")
    )
    assert file.tracks[0].notes.tolist() == [[0, 120, 60, 80], [20, 500, 62, 80]]  # a sixteenth
    assert file.tracks[1].notes.tolist() == [[10, 500, 64, 80]]  # to the end of the track
    assert file.remarks == ["Notes never released, 2 of them, end where the next one begins."]


def test_notes_are_in_order_of_start_then_pitch():
    chord = b"\0\x90\x43\x50\0\x3c\x50\0\x40\x50\x0a\x40\x00\x0a\x3c\x00\0\x43\x00"
    assert [note[:3] for note in notes_of(chord)] == [[0, 20, 60], [0, 10, 64], [0, 20, 67]]


def test_a_track_with_several_channels_is_several():
    file = read_midi_file(midi(meta(3, b"All") + NOTE + b"\0\x93\x40\x50\x0a\x40\x00", kind=0))
    assert [track.name for track in file.tracks] == ["All (channel 1)", "All (channel 4)"]
    assert file.title == ""


def test_programs_named_in_the_track_or_for_its_channel_elsewhere():
    head = b"\0\xc0\x10\0\xc1\x11"
    file = read_midi_file(midi(head, b"\0\xc0\x20\0\xc0\x21" + NOTE, b"\0\x91" + NOTE[2:]))
    assert [track.program for track in file.tracks] == [32, 17]


@st.composite
def tracks_of_notes(draw):
    """Channels of notes, none of one pitch overlapping, that may follow each other at once."""
    tracks = []
    for _ in range(draw(st.integers(1, 3))):
        notes = []
        for pitch in draw(st.lists(st.integers(0, 127), max_size=4, unique=True)):
            time = 0
            for gap, length in draw(
                st.lists(st.tuples(st.integers(0, 300), st.integers(1, 20000)))
            ):
                velocity = draw(st.integers(1, 127))
                notes.append((time + gap, time + gap + length, pitch, velocity))
                time += gap + length
        tracks.append((draw(st.integers(0, 15)), sorted(notes, key=lambda n: (n[0], n[2]))))
    return tracks


@settings(max_examples=60)
@given(tracks_of_notes(), st.booleans(), st.booleans())
def test_what_mido_writes_is_read_back(tracks, running, late):
    """late: at one tick notes begin before others end, which some programs write."""
    file = mido.MidiFile(ticks_per_beat=480)
    for channel, notes in tracks:
        events = [(s, late ^ True, i, "note_on", p, v) for i, (s, _, p, v) in enumerate(notes)]
        events += [(e, late, i, "note_off", p, 64) for i, (_, e, p, _) in enumerate(notes)]
        track, now = mido.MidiTrack(), 0
        for time, _, _, kind, pitch, velocity in sorted(events):
            if kind == "note_off" and running:
                kind, velocity = "note_on", 0
            message = mido.Message(
                kind, note=pitch, velocity=velocity, channel=channel, time=time - now
            )
            track.append(message)
            now = time
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    read = read_midi_file(buffer.getvalue())
    expected = [(channel, notes) for channel, notes in tracks if notes]
    assert [track.channel for track in read.tracks] == [channel for channel, _ in expected]
    for track, (_, notes) in zip(read.tracks, expected, strict=True):
        assert track.notes.tolist() == [list(note) for note in notes]
    assert read.remarks == []


# --- seconds -----------------------------------------------------------------------------------


def midi_file(*tracks: MidiTrack, tempos=((0, 120.0),), ticks=10_000, quarter=100) -> MidiFile:
    return MidiFile(quarter, list(tracks), list(tempos), [], ticks, [], "")


def track_of(notes, pedals=(), channel=0) -> MidiTrack:
    notes = np.array([(*note, 70) for note in notes], np.int32).reshape(-1, 4)
    pedals = np.array(pedals, np.int32).reshape(-1, 2)
    return MidiTrack("", channel, 0, channel == 9, notes, pedals)


def test_ticks_in_seconds_through_changes_of_tempo():
    # 100 ticks a quarter: the default of 120 up to tick 200, then 60, from tick 400 on 240.
    file = midi_file(tempos=[(200, 60.0), (300, 0.0), (400, 240.0)])
    assert np.allclose(seconds_at(file, [0, 100, 200, 300, 400, 800]), [0, 0.5, 1, 2, 3, 4])
    assert seconds_at(file, 250) == pytest.approx(1.5) and np.shape(seconds_at(file, 250)) == ()
    assert seconds_at(file, np.zeros((2, 3))).shape == (2, 3)
    assert seconds_at(midi_file(tempos=[(0, 60.0), (0, 30.0)]), 100) == 2  # the later one counts
    assert seconds_at(midi_file(tempos=[(0, 0.0)]), 100) == 0.5


def test_seconds_agree_with_pretty_midi(tmp_path):
    generator = np.random.default_rng(5)
    track = mido.MidiTrack()
    for _ in range(50):
        track.append(
            mido.MetaMessage(
                "set_tempo",
                tempo=int(generator.integers(100_000, 2_000_000)),
                time=int(generator.integers(0, 900)),
            )
        )
    track += [mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=5)]
    mido.MidiFile(ticks_per_beat=384, tracks=[track]).save(tmp_path / "a.mid")
    file = read_midi_file((tmp_path / "a.mid").read_bytes())
    reference = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid"))
    ticks = generator.integers(0, file.ticks, 200)
    theirs = [reference.tick_to_time(int(tick)) for tick in ticks]
    assert np.allclose(seconds_at(file, ticks), theirs, atol=1e-9)


def played(file: MidiFile, pedal=True) -> list[tuple[int, int, int]]:
    """(start, end, pitch), a tick a 200th of a second."""
    notes = notes_in_seconds(file, pedal)
    assert notes.dtype == float and (notes[:, 3] == 70).all()
    return [(round(start * 200), round(end * 200), int(pitch)) for start, end, pitch, _ in notes]


@pytest.mark.parametrize(
    "notes, pedals, expected",
    [
        ([(0, 10, 60)], [(5, 127), (50, 0)], [(0, 50, 60)]),
        ([(0, 10, 60)], [(5, 64), (50, 63)], [(0, 50, 60)]),  # half-way down
        ([(0, 10, 60)], [(5, 63), (50, 0)], [(0, 10, 60)]),
        ([(0, 10, 60)], [(10, 127), (50, 0)], [(0, 50, 60)]),  # down as the key is released
        ([(0, 10, 60)], [(11, 127), (50, 0)], [(0, 10, 60)]),  # too late
        ([(0, 10, 60)], [(5, 127), (10, 0)], [(0, 10, 60)]),
        ([(0, 10, 60)], [(5, 127), (8, 0), (8, 100), (50, 0)], [(0, 50, 60)]),
        ([(0, 10, 60)], [(5, 127), (20, 90), (50, 10), (60, 127)], [(0, 50, 60)]),
        ([(0, 10, 60)], [(5, 127)], [(0, 300, 60)]),  # never lifted: to the end of the file
        ([(0, 10, 60), (30, 40, 60)], [(5, 127), (50, 0)], [(0, 30, 60), (30, 50, 60)]),
        ([(0, 10, 60), (30, 40, 62)], [(5, 127), (50, 0)], [(0, 50, 60), (30, 50, 62)]),
        ([(0, 90, 60)], [(5, 127), (50, 0)], [(0, 90, 60)]),  # held longer than the pedal
    ],
)
def test_the_pedal_lengthens_notes(notes, pedals, expected):
    file = midi_file(track_of(notes, pedals), ticks=300)
    assert played(file) == expected
    assert played(file, pedal=False) == notes


def test_the_pedal_holds_for_its_channel_in_all_tracks():
    right, left = track_of([(0, 10, 72)]), track_of([(0, 20, 48)], [(5, 127), (50, 0)])
    flute = track_of([(0, 30, 80)], channel=1)
    drums = track_of([(0, 40, 36)], channel=9)
    assert played(midi_file(right, left, flute, drums)) == [(0, 50, 48), (0, 50, 72), (0, 30, 80)]


def test_no_note_gets_shorter_or_begins_elsewhere():
    generator = np.random.default_rng(2)
    starts = generator.integers(0, 900, 200)
    notes = [(int(s), int(s + generator.integers(0, 50)), 50 + i % 5) for i, s in enumerate(starts)]
    pedals = [(i * 20, int(generator.integers(0, 128))) for i in range(45)]
    file = midi_file(track_of(sorted(notes, key=lambda n: (n[0], n[2])), pedals))
    short, long = notes_in_seconds(file, pedal=False), notes_in_seconds(file)
    assert sorted(map(tuple, short[:, [0, 2]])) == sorted(map(tuple, long[:, [0, 2]]))
    assert long[:, 1].sum() > short[:, 1].sum()
    assert (np.sort(long[:, 1]) >= np.sort(short[:, 1]) - 1e-12).all()


# --- real files --------------------------------------------------------------------------------


def test_performances_agree_with_pretty_midi(shared_data):
    for path in sorted((shared_data / "maestro_sample").glob("*.mid"))[:2]:
        file = read_midi_file(path.read_bytes())
        (instrument,) = pretty_midi.PrettyMIDI(str(path)).instruments
        theirs = np.array([(n.start, n.end, n.pitch, n.velocity) for n in instrument.notes])
        theirs = theirs[np.lexsort((theirs[:, 2], theirs[:, 0]))]
        assert np.allclose(notes_in_seconds(file, pedal=False), theirs, atol=1e-6)
        changes = [c.value for c in instrument.control_changes if c.number == 64]
        assert file.tracks[0].pedals[:, 1].tolist() == changes
        with_pedal = notes_in_seconds(file)
        assert (with_pedal[:, 1] - with_pedal[:, 0]).mean() > (theirs[:, 1] - theirs[:, 0]).mean()


def test_grooves_have_the_hits_that_mido_finds(shared_data):
    paths = sorted((shared_data / "groove").glob("**/*.mid"))
    assert len(paths) == 1150
    for path in paths[::60]:
        (track,) = read_midi_file(path.read_bytes()).tracks
        hits, now = [], 0
        for message in mido.merge_tracks(mido.MidiFile(path).tracks):
            now += message.time
            if message.type == "note_on" and message.velocity:
                hits.append((now, message.note, message.velocity))
        assert track.is_drum
        assert sorted(map(tuple, track.notes[:, [0, 2, 3]].tolist())) == sorted(hits)
