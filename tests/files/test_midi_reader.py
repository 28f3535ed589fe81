"""The MIDI parser: events byte by byte, notes, pedals and other controls, tempos."""

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
