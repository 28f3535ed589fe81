"""The MIDI parser: events byte by byte, notes, pedals and other controls, tempos."""

import io
import struct

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.files.formats import read_content
from helpers.files.midi_reader import (
    BROKEN_MIDI,
    find_events,
    find_notes,
    find_tracks,
    read_midi,
)
from helpers.files.reading import MusicFileError, Reading
from helpers.music.seconds import notes_in_seconds, seconds_at

END = b"\0\xff\x2f\0"


def midi(*tracks: bytes, ticks=480, kind=1) -> bytes:
    """A file of these events, an end of track added to each."""
    data = struct.pack(">4sIHHH", b"MThd", 6, kind, len(tracks), ticks)
    return data + b"".join(b"MTrk" + struct.pack(">I", len(t + END)) + t + END for t in tracks)


def meta(kind: int, content: bytes) -> bytes:
    return bytes([0, 0xFF, kind, len(content)]) + content


def parts_of(data: bytes) -> list:
    return read_midi(data).timeline.parts


def ticks_of(data: bytes) -> dict[tuple[int, int], list[list[int]]]:
    """(track, channel) -> notes in ticks."""
    data, _, quarter, spans = find_tracks(data)
    lines, notes, _ = find_notes(find_events(data, spans), quarter)
    assert notes.shape == (len(lines), 4) and notes.dtype == np.int64
    return {divmod(int(line), 16): notes[lines == line].tolist() for line in np.unique(lines)}


def notes_of(*events: bytes) -> list[list[int]]:
    """The notes of the only track, in ticks."""
    (notes,) = ticks_of(midi(b"".join(events))).values()
    return notes


def refusal(data: bytes, **limits) -> str:
    with pytest.raises(MusicFileError) as caught:
        read_midi(data, **limits)
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
    data = midi(head, piano, drums, ticks=96)  # 24 ticks are a step
    reading = read_midi(data)
    timeline = reading.timeline
    assert isinstance(reading, Reading) and reading.kind == "MIDI file" and reading.remarks == []
    assert timeline.name == "Song" and timeline.tempo == 100  # 600,000 microseconds a quarter
    assert timeline.later_tempos is None and reading.tempos == [(0, 100.0)]
    assert reading.metres == [(0, 6, 8), (320 / 24, 3, 4)]
    assert timeline.time_signature == "6/8" and timeline.steps == 490 / 24
    assert timeline.bar_starts == pytest.approx([0, 12, 320 / 24])
    assert ticks_of(data) == {(1, 2): [[0, 192, 60, 64]], (2, 9): [[480, 490, 36, 1]]}
    first, second = timeline.parts
    assert (first.name, first.program, first.is_drum) == ("Right hand", 5, False)
    assert (second.name, second.program, second.is_drum) == ("", 0, True)
    assert first.notes.tolist() == [[0, 8, 60, 64]]
    assert first.controls.tolist() == [[4, 64, 127], [8, 64, 0]]
    assert second.notes.tolist() == [[20, 490 / 24, 36, 1]] and second.controls is None
    assert {part.notes.dtype for part in (first, second)} == {np.dtype(float)}


def test_a_status_holds_for_what_follows_without_one():
    # Note on, on, on with velocity 0; a name between them; pressure; the pitch wheel.
    events = b"\0\x90\x3c\x50\x0a\x3e\x51" + meta(3, b"x") + b"\x0a\x3c\x00\x0a\x3e\x00"
    events += (
        b"\0\xd0\x10\x05\x11\x05\x12\0\xe0\x00\x40\x0a\x01\x40\x00\x90\x40\x52\x01\x80\x40\x00"
    )
    assert notes_of(events) == [[0, 20, 60, 80], [10, 30, 62, 81], [50, 51, 64, 82]]


def test_an_event_of_one_byte_goes_on_over_a_name_and_ends_with_the_next_status():
    events = b"\0\xc0\x07" + meta(3, b"x") + b"\x04\x08\x05\x09\x06\x90\x3c\x50\x01\x3c\x00"
    (part,) = parts_of(midi(events, ticks=4))
    assert part.program == 7 and part.notes.tolist() == [[15, 16, 60, 80]]


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


def test_running_status_goes_on_after_what_should_end_it():
    """The standard lets system messages and meta events end it; files have it all the same."""
    for between in (meta(6, b"verse"), b"\0\xf0\2\x7e\xf7", b"\0\xf7\2\x7e\xf7", b"\0\xf7\0"):
        assert notes_of(b"\0\x90\x3c\x50", between, b"\x05\x3c\x00") == [[0, 5, 60, 80]]


def test_system_messages_in_pieces():
    """Standard MIDI Files 1.0: a message may go on in events F7, with times between them."""
    pieces = b"\0\xf0\3\x43\x12\x00" + b"\x10\xf7\2\x43\x12" + b"\x10\xf7\1\xf7"
    assert notes_of(pieces + NOTE) == [[32, 37, 60, 80]]


def test_meta_events_that_are_longer_or_shorter_than_they_should_be():
    long = meta(0x51, b"\x0f\x42\x40\0") + meta(0x58, b"\3\2\x18\x08\0") + meta(0x59, b"\1\0\0")
    short = meta(0x51, b"\x0f") + meta(0x58, b"\5") + meta(0x59, b"") + meta(0x58, b"")
    reading = read_midi(midi(long + short + NOTE))
    assert reading.tempos == [(0, 60)] and reading.metres == [(0, 3, 4)]
    assert read_midi(midi(meta(0x58, b"\3\2") + NOTE)).metres == [(0, 3, 4)]


def test_what_follows_the_end_of_a_track_is_not_read():
    assert notes_of(b"\0\x90\x3c\x50\x05\x3c\x00" + END + b"\0\x90\x40") == [[0, 5, 60, 80]]


def test_tracks_without_an_end_and_chunks_of_another_kind():
    track = b"\0\x90\x3c\x50\x05\x3c\x00"
    data = struct.pack(">4sIHHH", b"MThd", 8, 1, 1, 480) + b"??"  # a longer header
    data += b"XFIH\0\0\0\3abc" + b"MTrk" + struct.pack(">I", len(track)) + track
    assert ticks_of(data) == ticks_of(data + b"rubbish") == {(0, 0): [[0, 5, 60, 80]]}
    riff = b"RIFF" + struct.pack("<I", len(data) + 12) + b"RMIDdata" + struct.pack("<I", len(data))
    assert ticks_of(riff + data) == {(0, 0): [[0, 5, 60, 80]]}


NOTE = b"\0\x90\x3c\x50\x05\x3c\x00"
ONE_NOTE = {(0, 0): [[0, 5, 60, 80]]}


def riff(*chunks: tuple[bytes, bytes], pad=b"\0") -> bytes:
    """A RIFF file: each chunk has its length in little-endian, and is padded to an even one."""
    data = b"RMID"
    for name, content in chunks:
        data += name + struct.pack("<I", len(content)) + content + pad * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(data)) + data


INFO = (b"LIST", b"INFOINAM\5\0\0\0song\0")  # an odd length, by its own chunk
DISP = (b"DISP", b"\1\0\0\0MThd, a song")
DLS = (b"LIST", b"DLS \0\0\0")


@pytest.mark.parametrize(
    "wrapped",
    [
        # "RIFF MIDI (RMID)", MIDI Manufacturers Association, RP-029: chunks in any order.
        riff((b"data", midi(NOTE))),
        riff(INFO, (b"data", midi(NOTE))),
        riff(DISP, INFO, (b"data", midi(NOTE)), INFO),
        riff((b"data", midi(NOTE)), DLS),
        riff((b"junk", bytes(10_001)), (b"data", midi(NOTE))),
        riff(INFO, (b"data", midi(NOTE)), pad=b""),  # the padding forgotten
        riff((b"data", midi(NOTE)))[:-1] + b"\0\0",  # so the data's own
        # MacBinary II: 128 bytes, the name, type and creator in them.
        b"\0\x08song.mid" + bytes(55) + b"MidiTVOD" + bytes(55) + midi(NOTE),
        b"HTTP/1.1 200 OK\r\nContent-Type: audio/midi\r\n\r\n" + midi(NOTE),
    ],
)
def test_wrapped_files(wrapped):
    assert ticks_of(wrapped) == ONE_NOTE
    (reading,) = read_content(wrapped)
    assert reading.kind == "MIDI file" and reading.remarks == []


@pytest.mark.parametrize("size", [14, 100, 400])
def test_a_wrapped_file_that_breaks_off(size):
    assert "breaks off" in refusal(riff(INFO, (b"data", midi(NOTE * 100)))[:size])


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">I", len(content)) + content


def test_chunks_as_the_standard_has_them():
    """Standard MIDI Files 1.0: "your programs should expect alien chunks and treat them as if they
    weren't there", and a header that is longer than 6 bytes."""
    head, track = struct.pack(">HHH", 1, 2, 480), chunk(b"MTrk", NOTE + END)
    two = {(0, 0): ONE_NOTE[0, 0], (1, 0): ONE_NOTE[0, 0]}
    for data in (
        chunk(b"MThd", head) + track * 2,
        chunk(b"MThd", head + b"more") + track * 2,
        chunk(b"MThd", head) + chunk(b"XFIH", b"odd") + track + chunk(b"XFKM", b"") + track,
        chunk(b"MThd", head) + (track + b"\0") * 2,  # padded, which others do
        chunk(b"MThd", head) + track * 2 + bytes(100),
        chunk(b"MThd", head) + track * 2 + chunk(b"MThd", head) + track,  # another file
        chunk(b"MThd", head) + track * 2 + b"MTrk\0\0\1\0cut",  # more than there should be
    ):
        assert ticks_of(data) == two and read_midi(data).remarks == []


@pytest.mark.parametrize("told", [0, 1, 2, 5, 65535])
def test_all_tracks_are_read_however_many_the_head_tells(told):
    data = bytearray(midi(NOTE, NOTE))
    data[10:12] = struct.pack(">H", told)
    assert list(ticks_of(bytes(data))) == [(0, 0), (1, 0)]
    missing = f"Of the tracks that the file should have, {told - 2} are not there."
    assert read_midi(bytes(data)).remarks == [missing] * (told > 2)


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
        (midi(b"\xff\xff\xff\x7f\x90\x3c\x50" * 4), "sixteenths, and at most"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_damaged_files(data, message):
    assert message in refusal(data)


def test_an_event_that_runs_over_the_end_of_its_track_is_damage_even_if_another_follows():
    cut = b"MTrk\0\0\0\5" + b"\0\x90\x3c\x50\x05"  # the next chunk's letters are no events of it
    whole = b"MTrk" + struct.pack(">I", len(NOTE)) + NOTE
    data = struct.pack(">4sIHHH", b"MThd", 6, 1, 2, 480) + cut + whole
    assert refusal(data) == BROKEN_MIDI


def test_more_notes_than_are_read():
    data = midi(b"\0\x90\x3c\x50" + b"\x01\x3c\x50" * 9)
    assert len(read_midi(data, max_notes=10).timeline.parts[0].notes) == 10
    assert "at most 9 notes" in refusal(data, max_notes=9)


def test_as_many_tracks_as_a_file_can_have():
    data = midi(*[b"\0\x90\x3c\x50\0\xb0\x40\x7f"] * 65535)
    content, _, quarter, spans = find_tracks(data)
    lines, notes, hanging = find_notes(find_events(content, spans), quarter)
    assert lines.tolist() == list(range(0, 16 * 65535, 16)) and len(notes) == hanging == 65535
    assert "more than 256 parts" in refusal(data)
    parts = parts_of(midi(*[b"\0\x90\x3c\x50\0\xb0\x40\x7f"] * 256))
    assert [part.controls.tolist() for part in parts] == [[[0, 64, 127]] * 256] * 256


def test_a_file_without_notes():
    for tracks in ((), (b"",), (meta(3, b"Empty"), b"")):
        reading = read_midi(midi(*tracks))
        timeline = reading.timeline
        assert timeline.parts == [] and reading.tempos == [] and timeline.tempo == 120
        assert timeline.steps == 0 and timeline.bar_starts is None
        assert notes_in_seconds(timeline).shape == (0, 4)


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
    data = midi(b"\0\x90\x3c\x50\x0a\x91\x40\x50\x0a\x90\x3e\x50\x83\x60\x80\x3e\x00")
    first, second = ticks_of(data).values()
    assert first == [[0, 120, 60, 80], [20, 500, 62, 80]]  # a sixteenth
    assert second == [[10, 500, 64, 80]]  # to the end of the track
    assert read_midi(data).remarks == [
        "Notes never released, 2 of them, end where the next one begins."
    ]


@pytest.mark.parametrize("number", [120, 123, 124, 125, 126, 127])
def test_all_notes_off(number):
    """MIDI 1.0, "Channel Mode Messages": 120 and 123, and the changes of mode after it."""
    on, off, quiet = b"\x90\x3c\x50", b"\x80\x3c\x00", bytes([0xB0, number, 0])
    low = b"\0\x90\x30\x50"
    # What sounds ends, whether a release comes later, the pitch is struck again, or neither.
    assert notes_of(b"\0" + on, b"\x0a" + quiet, b"\x0a" + off) == [[0, 10, 60, 80]]
    again = b"\x05" + on + b"\x0a" + off
    assert notes_of(b"\0" + on + low, b"\x0a" + quiet + again, b"\x0a" + quiet) == [
        *([0, 10, 48, 80], [0, 10, 60, 80], [15, 25, 60, 80]),
    ]
    # What is struck then begins, and what has ended is left alone.
    first = b"\0" + quiet + b"\0" + on + b"\x0a" + off
    assert notes_of(first + b"\0" + quiet + b"\0" + on + b"\x07" + off) == [
        *([0, 10, 60, 80], [10, 17, 60, 80]),
    ]


def test_all_notes_off_is_for_its_own_track_and_channel():
    sounding = b"\0\x90\x3c\x50\0\x91\x40\x50\x0a\xb1\x7b\x00\x0a\x80\x3c\x00"
    assert list(ticks_of(midi(sounding, NOTE, b"\x05\xb0\x7b\x00")).values())[:2] == [
        *([[0, 20, 60, 80]], [[0, 10, 64, 80]]),
    ]
    assert notes_of(b"\0\xb0\x7a\x00" + NOTE + b"\0\xb0\x79\x00") == ticks_of(midi(NOTE))[0, 0]


def test_notes_are_in_order_of_start_then_pitch():
    chord = b"\0\x90\x43\x50\0\x3c\x50\0\x40\x50\x0a\x40\x00\x0a\x3c\x00\0\x43\x00"
    assert [note[:3] for note in notes_of(chord)] == [[0, 20, 60], [0, 10, 64], [0, 20, 67]]


def test_a_track_with_several_channels_is_several():
    data = midi(meta(3, b"All") + NOTE + b"\0\x93\x40\x50\x0a\x40\x00", kind=0)
    timeline = read_midi(data).timeline
    assert [part.name for part in timeline.parts] == ["All (channel 1)", "All (channel 4)"]
    assert timeline.name == ""


def test_programs_named_in_the_track_or_for_its_channel_elsewhere():
    head = b"\0\xc0\x10\0\xc1\x11"
    data = midi(head, b"\0\xc0\x20\0\xc0\x21" + NOTE, b"\0\x91" + NOTE[2:])
    assert [part.program for part in parts_of(data)] == [32, 17]


def test_controls_are_those_of_the_channel_in_all_tracks():
    volume, wheel = b"\x05\xb0\x07\x50", b"\0\xb0\x01\x40"
    pedals = b"\x02\xb0\x40\x7f\x05\xb0\x40\x00" + b"\0\xb1\x0b\x30"
    drums = b"\0\x99\x24\x50\x05\x24\x00"
    parts = parts_of(midi(NOTE + volume + wheel, NOTE, drums, pedals, ticks=4))
    expected = [[2, 64, 127], [7, 64, 0], [10, 7, 80]]
    assert [part.controls.tolist() for part in parts[:2]] == [expected, expected]
    assert parts[2].controls is None


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


def events_of(notes, late: bool) -> list[tuple[int, bool, int, int]]:
    """(tick, whether it is struck, pitch, velocity) of notes (start, end, pitch, velocity). late:
    at one tick notes begin before others end, which some programs write."""
    events = [(start, True, pitch, velocity) for start, _, pitch, velocity in notes]
    events += [(end, False, pitch, 64) for _, end, pitch, _ in notes]
    return sorted(events, key=lambda event: (event[0], event[1] ^ late, *event[2:]))


@settings(max_examples=60)
@given(tracks_of_notes(), st.booleans(), st.booleans())
def test_what_mido_writes_is_read_back(tracks, running, late):
    file = mido.MidiFile(ticks_per_beat=480)
    for channel, notes in tracks:
        track, now = mido.MidiTrack(), 0
        for time, struck, pitch, velocity in events_of(notes, late):
            kind = "note_on" if struck or running else "note_off"
            velocity = velocity if struck or not running else 0
            message = mido.Message(
                kind, note=pitch, velocity=velocity, channel=channel, time=time - now
            )
            track.append(message)
            now = time
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    expected = {
        (number, channel): [list(note) for note in notes]
        for number, (channel, notes) in enumerate(tracks)
        if notes
    }
    assert ticks_of(buffer.getvalue()) == expected


def bytes_of(events, channel: int) -> bytes:
    data, now = b"", 0
    for tick, struck, pitch, velocity in events:
        data += bytes([tick - now, (0x90 if struck else 0x80) + channel, pitch, velocity])
        now = tick
    return data


def repeats(generator: np.random.Generator) -> list[list[int]]:
    """Chains of 2 to 6 notes of one pitch, each struck as the one before ends, of some pitches."""
    notes = []
    for pitch in generator.choice(4, generator.integers(1, 4), replace=False).tolist():
        edges = generator.integers(1, 10, generator.integers(3, 8)).cumsum().tolist()
        velocities = generator.integers(1, 128, len(edges)).tolist()
        notes += [
            [*note] for note in zip(edges, edges[1:], [60 + pitch] * 6, velocities, strict=False)
        ]
    return sorted(notes, key=lambda note: (note[0], note[2]))


def test_a_pitch_struck_many_times_in_a_row_gives_no_note_of_no_length():
    generator = np.random.default_rng(7)
    for _ in range(4000):
        notes, channel = repeats(generator), int(generator.integers(16))
        data = midi(bytes_of(events_of(notes, late=True), channel))
        assert ticks_of(data) == {(0, channel): notes}


def test_a_chain_needs_a_note_before_it_and_a_release_after_it():
    on, off, on_off = b"\x90\x3c\x50", b"\x80\x3c\x00", b"\x0a\x90\x3c\x50\0\x80\x3c\x00"
    hits = [[10, 10, 60, 80], [20, 20, 60, 80], [30, 30, 60, 80]]  # struck and released at once
    assert notes_of(on_off * 3) == hits
    assert notes_of(on_off * 3 + b"\x0a" + off) == hits
    assert notes_of(b"\0" + on + on_off * 3) == [[0, 10, 60, 80], *hits]
    # Two notes at one tick are no chain.
    assert notes_of(b"\x0a" + on + on_off[1:].join([b"\0", b""]) + b"\x0a" + off)[0][:2] == [10, 10]


def ends_by_hand(events) -> list[list[int]]:
    """Notes in ticks of the events (tick, whether struck, pitch, velocity) of one line, event by
    event: what ``find_notes`` does with whole arrays. A note's end is None where none is found."""
    notes = []
    for pitch in sorted({event[2] for event in events}):
        mine = [event for event in events if event[2] == pitch]
        open_notes, closed, releases = [], [], []
        for i, (tick, struck, *_) in enumerate(mine):
            if struck:
                open_notes.append(i)
            elif open_notes:  # brackets: which ones are closed, not by what
                closed.append(open_notes.pop())
                releases.append(tick)
        ends = dict(zip(sorted(closed), releases, strict=True))  # the first by the first
        for i, (tick, struck, _, velocity) in enumerate(mine):
            if struck:
                later = [t for t, s, *_ in mine[i:] if t > tick and (s or i not in ends)]
                found = [ends[i]] if i in ends else []
                notes.append([tick, min(later + found, default=None), pitch, velocity])
    return sorted(notes, key=lambda note: (note[0], note[2]))


@st.composite
def any_events(draw):
    """(track, channel) -> events in order of time, many of one pitch, many at one tick."""
    events, lines = st.tuples(st.integers(0, 3), st.booleans(), st.integers(60, 62)), {}
    for track in range(draw(st.integers(1, 3))):
        for channel in draw(st.lists(st.sampled_from((0, 9)), min_size=1, unique=True)):
            tick, line = 0, []
            for wait, struck, pitch in draw(st.lists(events, max_size=14)):
                tick += wait
                line.append((tick, struck, pitch, len(line) + 1))
            lines[track, channel] = line
    return lines


def file_of(lines, zero: bool) -> bytes:
    """zero: releases are notes struck with velocity 0, as they mostly are in files."""
    tracks = {}
    for (track, channel), events in lines.items():
        tracks.setdefault(track, []).extend((tick, channel, *rest) for tick, *rest in events)
    written = []
    for track in sorted(tracks):
        now, data = 0, b""
        for tick, channel, struck, pitch, velocity in sorted(tracks[track], key=lambda e: e[0]):
            status = (0x90 if struck or zero else 0x80) + channel
            data += bytes([tick - now, status, pitch, velocity if struck or not zero else 0])
            now = tick
        written.append(data)
    return midi(*written)


@settings(max_examples=150)
@given(any_events(), st.booleans())
def test_any_order_of_events_gives_the_notes_that_a_reading_event_by_event_gives(lines, zero):
    """Those without an end have one of another kind, and are looked at elsewhere."""
    expected = {line: ends_by_hand(events) for line, events in lines.items()}
    found = ticks_of(file_of(lines, zero))
    assert found.keys() == {line for line, notes in expected.items() if notes}
    for line, notes in found.items():
        for mine, by_hand in zip(notes, expected[line], strict=True):
            assert mine == by_hand or (by_hand[1] is None and mine[1] >= mine[0] + 120)
            assert [*mine[:1], *mine[2:]] == [*by_hand[:1], *by_hand[2:]]


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.integers(0, 90), st.integers(0, 1)), min_size=3),
    st.booleans(),
)
def test_a_row_of_notes_each_struck_before_the_one_before_is_released(row, zero):
    """MIDI 1.0, "Assignment of Note On/Off Commands": every note has a release of its own; so the
    first release is the first note's, however many more are struck by then."""
    starts = np.cumsum([0, *(wait for wait, _, _ in row[1:])]).tolist()
    releases = np.maximum.accumulate([t + n for t, (_, n, _) in zip(starts, row, strict=True)])
    events, expected = [], []
    for i, (start, release) in enumerate(zip(starts, releases.tolist(), strict=True)):
        events += [(start, 0, True, 60, i % 127 + 1), (release, 1, False, 60, 64)]
        again = starts[i + 1] if i + 1 < len(starts) else release
        expected.append([start, min(release, again), 60, i % 127 + 1])
    events.sort(key=lambda event: event[:2])  # struck before released at one tick
    lines = {(0, 3): [(tick, *rest) for tick, _, *rest in events]}
    if all(n for _, n, _ in row):  # one of no length could be another's release
        assert ticks_of(file_of(lines, zero)) == {(0, 3): expected}


def test_notes_struck_together_last_as_long_as_their_releases_say():
    on, off = b"\0\x90\x3c\x50", b"\x0a\x80\x3c\x00"
    assert notes_of(on * 2, off, b"\0" + off[1:]) == [[0, 10, 60, 80]] * 2
    assert notes_of(on * 2, off, off) == [[0, 10, 60, 80], [0, 20, 60, 80]]
    assert notes_of(on * 2, off) == [[0, 10, 60, 80]] * 2  # one release for both
    assert notes_of(on * 2, off, on, off) == [[0, 10, 60, 80]] * 2 + [[10, 20, 60, 80]]


def test_releases_too_many_and_too_few_do_no_harm_to_the_rest():
    on, off = b"\x0a\x90\x3c\x50", b"\x0a\x80\x3c\x00"
    pair = [[30, 40, 60, 80], [50, 60, 60, 80]]
    assert notes_of(off, off, on, off, on, off) == pair
    assert notes_of(on, on, on, off, on, off)[2:] == pair  # the first two end where struck again
    assert notes_of(on, off, off, on, off)[1:] == [[40, 50, 60, 80]]


# --- drums -------------------------------------------------------------------------------------


def drum_channels(setup: bytes) -> set[int]:
    notes = b"".join(bytes([0, 0x90 + channel, 60, 80, 5, 60, 0]) for channel in range(16))
    parts = parts_of(midi(setup, notes))
    return {channel for channel, part in enumerate(parts) if part.is_drum}


GS = b"\0\xf0\x0a\x41\x10\x42\x12\x40"  # Roland GS: address 40 1x 15, "use for rhythm part"
XG = b"\0\xf0\x08\x43\x10\x4c"
XG_SYSTEM_ON = XG + b"\0\0\x7e\0\xf7"


@pytest.mark.parametrize(
    "setup, expected",
    [
        (b"", {9}),
        (b"\0\xb2\0\x78\0\xc2\0", {2, 9}),  # General MIDI 2: bank 120 has drums
        (b"\0\xb9\0\x79\0\xc9\0", set()),  # and 121 has none
        (b"\0\xb2\0\x7f\0\xc2\0", {9}),  # bank 127: an MT-32's on Roland's
        (XG_SYSTEM_ON + b"\0\xb2\0\x7f\0\xc2\0", {2, 9}),  # Yamaha's drums
        (XG_SYSTEM_ON + b"\0\xb2\0\0\0\xc2\0", {9}),
        (GS + b"\x1a\x15\2\x0f\xf7", {9, 10}),  # part 10 in the address is channel 11
        (GS + b"\x11\x15\1\x19\xf7", {0, 9}),
        (GS + b"\x10\x15\0\x1b\xf7", set()),  # part 0 is channel 10
        (GS + b"\x1a\x14\2\x10\xf7", {9}),  # another address
        (XG + b"\x08\x0a\7\2\xf7", {9, 10}),  # part mode
        (XG + b"\x08\x09\7\0\xf7", set()),
    ],
)
def test_channels_that_a_file_makes_drums(setup, expected):
    assert drum_channels(setup) == expected


def test_drums_of_a_file_of_one_track():
    data = midi(NOTE + b"\0\x99\x24\x50\x05\x24\x00", kind=0)
    assert [(part.name, part.is_drum) for part in parts_of(data)] == [
        ("(channel 1)", False),
        ("(channel 10)", True),
    ]


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, name",
    [
        ("Flöte".encode(), "Flöte"),
        ("Flöte".encode("latin-1"), "Flöte"),
        (b"Gracie\x92s \x96 2", "Gracie’s – 2"),  # Windows-1252, where Latin-1 has controls
        ("Flöte".encode("utf-8-sig"), "Flöte"),
        ("Flöte 曲".encode("utf-16"), "Flöte 曲"),
        ("Flöte".encode("utf-16-le"), "Flöte"),
        ("Flöte".encode("utf-16-be"), "Flöte"),
        (b"\x00Piano\x00\x1b\r\n", "Piano"),
        (b"  \t ", ""),
    ],
)
def test_names_in_the_alphabets_that_files_have(content, name):
    (part,) = parts_of(midi(meta(3, content) + NOTE))
    assert part.name == name


@pytest.mark.parametrize("encoding", ["shift_jis", "cp1251", "euc_kr", "big5"])
def test_names_whose_alphabet_nobody_can_know_have_no_control_characters(encoding):
    text = {"cp1251": "Мелодия", "euc_kr": "멜로디"}.get(encoding, "主旋律")
    (part,) = parts_of(midi(meta(3, text.encode(encoding)) + NOTE))
    assert part.name and part.name.isprintable()


# --- tempos ------------------------------------------------------------------------------------


def tempo(micros: int, wait: int = 0) -> bytes:
    return bytes([wait, 0xFF, 0x51, 3]) + micros.to_bytes(3, "big")


def test_tempos_are_those_of_the_standard():
    """A quarter is 16 ticks."""
    late = read_midi(midi(tempo(1_000_000, 64) + tempo(500_000, 32) + tempo(500_000, 32), ticks=16))
    assert late.tempos == [(16, 60), (24, 120), (32, 120)]
    assert late.timeline.tempo == 120 and late.timeline.later_tempos.tolist() == [
        [16, 60],
        [24, 120],
    ]
    assert np.allclose(seconds_at(late.timeline, [0, 8, 16, 20, 24, 28]), [0, 1, 2, 3, 4, 4.5])
    twice = read_midi(midi(tempo(1_000_000) + tempo(2_000_000)))
    assert twice.timeline.tempo == 30 and twice.timeline.later_tempos is None
    odd = read_midi(midi(tempo(0) + tempo(1_000_000, 16) + tempo(1, 16), ticks=16))
    assert odd.remarks == ["An impossible tempo was left out."]
    assert odd.timeline.tempo == 60 and odd.timeline.later_tempos is None
    assert [round(value, 1) for _, value in odd.tempos] == [float("inf"), 60, 6e7]


def test_of_tempos_and_metres_at_one_tick_the_last_counts():
    first = tempo(1_000_000, 64) + tempo(500_000) + meta(0x58, b"\2\2\x18\x08")
    second = b"\x40" + meta(0x58, b"\3\2\x18\x08")[1:] + b"\0\x90\x3c\x50\x81\x40\x3c\x00"
    timeline = read_midi(midi(tempo(500_000) + first, second, ticks=16)).timeline
    assert timeline.tempo == 120 and timeline.later_tempos is None
    # 4/4 at first; 3/4 from a quarter of the second track's on, where the first has 2/4.
    assert timeline.bar_starts.tolist() == [0, 16, 28, 40, 52] and timeline.time_signature == "3/4"


def test_metres_that_change_in_the_middle_and_inside_a_bar():
    three, two = meta(0x58, b"\3\2\x18\x08"), meta(0x58, b"\2\2\x18\x08")
    late = b"\x50" + two[1:]  # after 80 ticks: five quarters, so inside the second bar of 3/4
    note = b"\0\x90\x3c\x50\x81\x20\x3c\x00"
    timeline = read_midi(midi(three + late + note, ticks=16)).timeline
    assert timeline.bar_starts.tolist() == [0, 12, *range(20, 60, 8)]


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
    timeline = read_midi((tmp_path / "a.mid").read_bytes()).timeline
    reference = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid"))
    ticks = generator.integers(0, int(timeline.steps * 96), 200)
    theirs = [reference.tick_to_time(int(tick)) for tick in ticks]
    assert np.allclose(seconds_at(timeline, ticks / 96), theirs, atol=1e-9)


# --- real files --------------------------------------------------------------------------------


def test_performances_agree_with_pretty_midi(shared_data):
    for path in sorted((shared_data / "maestro_sample").glob("*.mid"))[:2]:
        timeline = read_midi(path.read_bytes()).timeline
        (instrument,) = pretty_midi.PrettyMIDI(str(path)).instruments
        theirs = np.array([(n.start, n.end, n.pitch, n.velocity) for n in instrument.notes])
        theirs = theirs[np.lexsort((theirs[:, 2], theirs[:, 0]))]
        assert np.allclose(notes_in_seconds(timeline, pedal=False), theirs, atol=1e-6)
        controls = timeline.parts[0].controls
        pedals = controls[controls[:, 1] == 64]
        changes = [c.value for c in instrument.control_changes if c.number == 64]
        assert pedals[:, 2].tolist() == changes
        with_pedal = notes_in_seconds(timeline)
        assert (with_pedal[:, 1] - with_pedal[:, 0]).mean() > (theirs[:, 1] - theirs[:, 0]).mean()


def groove_files(shared_data) -> list:
    paths = sorted((shared_data / "groove").glob("**/*.mid"))
    assert len(paths) == 1150
    return paths


def test_grooves_have_the_hits_that_mido_finds(shared_data):
    for path in groove_files(shared_data)[::60]:
        data = path.read_bytes()
        ((_, notes),) = ticks_of(data).items()
        hits, now = [], 0
        for message in mido.merge_tracks(mido.MidiFile(path).tracks):
            now += message.time
            if message.type == "note_on" and message.velocity:
                hits.append((now, message.note, message.velocity))
        assert parts_of(data)[0].is_drum
        assert sorted((start, *rest) for start, _, *rest in notes) == sorted(hits)


def test_grooves_begin_where_pretty_midi_has_them(shared_data):
    """pretty_midi leaves out what it takes for notes of no length; the kit has few of them."""
    empty = total = 0
    for path in groove_files(shared_data)[::25]:
        ((_, notes),) = ticks_of(path.read_bytes()).items()
        reference = pretty_midi.PrettyMIDI(str(path))
        (instrument,) = reference.instruments
        theirs = {(reference.time_to_tick(n.start), n.pitch, n.velocity) for n in instrument.notes}
        mine = {(start, *rest) for start, _, *rest in notes}
        assert theirs <= mine and len(mine) < 1.02 * len(theirs) + 3, path
        empty += sum(start == end for start, end, *_ in notes)
        total += len(notes)
    assert empty < 0.005 * total
