"""The bytes of a MIDI file as events: what ``midi_reader`` begins with.

numpy looks at all bytes of a file at once, as if an event began at each of them; what is left to
Python is to hop from event to event, since only the one before tells where the next begins.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import NamedTuple

import numpy as np

from .reading import (
    DRUM_CHANNEL,
    MAX_NOTES,
    MusicFileError,
    Part,
    Reading,
    clean_name,
    decode,
    too_many_notes,
    usable_metre,
)

MAX_TICKS = 1 << 30  # what is longer is damaged; ticks and a little more fit into 32 bits
TRACK_NAME, END_OF_TRACK, TEMPO, METRE = 0x03, 0x2F, 0x51, 0x58  # meta events
PADDING = bytes(8)  # more than the longest event but meta events: hops may overrun the end by it
# How many bytes an event has by the byte after its time, when that time takes one byte. 100, which
# becomes 0, is for those that Python looks at: program changes and channel pressure (one byte of
# data, so that what follows without a status has one too), system and meta events.
SIZES = np.full(256, 3, np.uint8)
SIZES[0x80:] = 4
SIZES[[*range(0xC0, 0xE0), *range(0xF0, 0x100)]] = 100
IN_PYTHON = bytes(size if size < 100 else 0 for size in range(256))
BROKEN_MIDI = "is a damaged MIDI file: export it again, or take another copy."
CUT_MIDI = "breaks off in the middle: download or export the MIDI file again."


class Events(NamedTuple):
    """All channel events of a file, arrays of equal length: number of the track, tick, status,
    the two bytes of data. metas: (track, tick, kind, content). ends: each track's last tick."""

    track: np.ndarray
    tick: np.ndarray
    status: np.ndarray
    one: np.ndarray
    two: np.ndarray
    metas: list[tuple[int, int, int, bytes]]
    ends: np.ndarray


def find_tracks(data: bytes) -> tuple[bytes, int, int, list[tuple[int, int]]]:
    """``(bytes, type, ticks a quarter, first and last place of each track's events)``."""
    if data[:4] == b"RIFF":
        data = data[20:]
    if len(data) < 14:
        raise MusicFileError(CUT_MIDI)
    size, kind, count, division = struct.unpack(">IHHH", data[4:14])
    if kind == 2:
        raise MusicFileError("is a MIDI file of type 2, separate patterns: save it as type 1.")
    if division & 0x8000:
        raise MusicFileError(
            "counts time in film frames (SMPTE) and not in beats: save it with ticks per quarter."
        )
    if data[:4] != b"MThd" or division == 0 or kind > 2:
        raise MusicFileError(BROKEN_MIDI)
    spans, place = [], 8 + size
    while len(spans) < count:
        if place + 8 > len(data):
            raise MusicFileError(CUT_MIDI)
        name, length = struct.unpack(">4sI", data[place : place + 8])
        place += 8
        if place + length > len(data):
            raise MusicFileError(CUT_MIDI)
        if name == b"MTrk":
            spans.append((place, place + length))
        place += length
    return data, kind, division, spans


def find_events(data: bytes, spans: list[tuple[int, int]]) -> Events:
    """What the tracks between these places hold."""
    size = len(data)
    data += PADDING
    codes = np.frombuffer(data, np.uint8)
    # For every byte, as if an event began there: how many bytes its time takes, the status byte
    # that follows, and how many bytes the whole event has.
    more = codes > 127
    more_1, more_2, more_3 = more[:size], more[1 : size + 1], more[2 : size + 2]
    more_2 = more_1 & more_2
    more_3 = more_2 & more_3
    widths = more_1.view(np.uint8) + more_2.view(np.uint8) + more_3.view(np.uint8)
    status = codes[1 : size + 1].copy()
    for place, longer in enumerate((more_1, more_2, more_3), 2):
        np.copyto(status, codes[place : size + place], where=longer)
    status[more_3 & more[3 : size + 3]] = 0xFF  # a time of five bytes: there is none
    sizes = bytearray((widths + SIZES[status]).tobytes().translate(IN_PYTHON))
    sizes += PADDING
    for _, end in spans:
        sizes[end] = 0
    begins, metas = _hop(data, bytes(sizes), spans)

    at = where(np.frombuffer(begins, bool))
    width, status = widths[at], status[at]
    delta = (codes[at] & 127).astype(np.int64)
    for place in (1, 2, 3):
        longer = where(width >= place)
        if not len(longer):
            break
        delta[longer] = delta[longer] << 7 | codes[at[longer] + place] & 127
    total = np.zeros(len(at) + 1, np.int64)
    delta.cumsum(out=total[1:])
    edges = at.searchsorted([start for start, _ in spans] + [size])
    before = total[edges[:-1]]
    track = np.arange(len(spans)).repeat(edges[1:] - edges[:-1])
    tick = total[1:] - before[track]
    ends = total[edges[1:]] - before
    if max(ends.tolist(), default=0) >= MAX_TICKS:
        raise MusicFileError(BROKEN_MIDI)
    if metas:
        ticks = tick[at.searchsorted([place for place, *_ in metas])].tolist()
        metas = [
            (number, time, *rest) for (_, number, *rest), time in zip(metas, ticks, strict=True)
        ]

    channel = where(status < 0xF0)
    at, width, status, track, tick = (a[channel] for a in (at, width, status, track, tick))
    told = status > 127  # the others go on with the status of the event before
    if not told[run_edges(track)[:-1]].all():
        raise MusicFileError(BROKEN_MIDI)
    status = status[np.maximum.accumulate(told * np.arange(len(told)))]
    at = at + width + told
    one, two = codes[at + 1], codes[at + 2]
    two = two * ((status & 0xE0) != 0xC0)  # those have one byte of data
    if not (one | two).tobytes().isascii():  # the fastest way to ask for bytes above 127
        raise MusicFileError(BROKEN_MIDI)
    return Events(track, tick, status, one, two, metas, ends)


def where(mask: np.ndarray) -> np.ndarray:
    return mask.nonzero()[0]  # small files feel what numpy.flatnonzero adds


def run_edges(numbers: np.ndarray) -> np.ndarray:
    """Where each run of equal numbers begins, and the length: runs and one more."""
    changed = np.ones(len(numbers) + 1, bool)
    changed[1:-1] = numbers[1:] != numbers[:-1]
    return where(changed) if len(numbers) else np.zeros(1, np.int64)


def _hop(data: bytes, sizes: bytes, spans) -> tuple[bytearray, list[tuple[int, int, int, bytes]]]:
    """``(1 for every byte where an event begins, meta events)``: place, track, kind, content."""
    begins, metas = bytearray(len(data)), []
    for track, (i, end) in enumerate(spans):
        short = False  # whether an event without a status byte has one byte of data
        while i < end:
            if not short:
                size = sizes[i]
                while size:
                    begins[i] = 1
                    i += size
                    size = sizes[i]
                if i >= end:
                    break
            begins[i] = 1
            place, i = i, i + 1
            if data[place] > 127:
                _, i = _variable_length(data, place)
            byte = data[i]
            if byte < 0x80:
                i += 1
                while i < end and data[i] < 0x80 and data[i + 1] < 0x80:  # and more of them
                    begins[i] = 1
                    i += 2
            elif byte < 0xF0:
                short = (byte & 0xE0) == 0xC0
                i += 2 if short else 3
            elif byte in (0xF0, 0xF7, 0xFF):
                kind, i = (data[i + 1], i + 2) if byte == 0xFF else (None, i + 1)
                length, i = _variable_length(data, i)
                if i + length > end:
                    raise MusicFileError(BROKEN_MIDI)
                if kind == END_OF_TRACK:
                    break
                if kind in (TRACK_NAME, TEMPO, METRE):
                    metas.append((place, track, kind, data[i : i + length]))
                i += length
            else:
                raise MusicFileError(BROKEN_MIDI)
        if i > end:
            raise MusicFileError(BROKEN_MIDI)
    return begins, metas


def _variable_length(data: bytes, i: int) -> tuple[int, int]:
    """A MIDI number of one to four bytes, and the place after it."""
    value = 0
    for byte in data[i : i + 4]:
        i += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, i
    raise MusicFileError(BROKEN_MIDI)


MAX_MIDI_NOTES = 500_000  # in a whole file
MAX_METRES = 10_000
DEFAULT_MIDI_TEMPO = 120.0  # quarters a minute: the standard's, where a file names none
SUSTAIN, PEDAL_DOWN = 64, 64  # the controller, and the least of its values that holds notes


class MidiTrack(NamedTuple):
    """What one track of a file plays on one channel (0 to 15).

    notes: ``(notes, 4)`` int32, the columns start and end (ticks), pitch and velocity (1 to 127),
    in order of start, then pitch; one that is struck and released at once has no length. pedals:
    ``(changes, 2)`` int32, tick and value of the sustain pedal (controller 64). program: the
    first that is named for it, else 0.
    """

    name: str
    channel: int
    program: int
    is_drum: bool
    notes: np.ndarray
    pedals: np.ndarray


class MidiFile(NamedTuple):
    """tracks: one for every track and channel with notes or pedals. tempos: (tick, quarters a
    minute; 0.0 where the file has an impossible one), at least one. metres: (tick, beats, beat
    unit). ticks: where the longest track ends. remarks: what was mended, as whole sentences.
    title: the name of a first track without notes."""

    ticks_per_quarter: int
    tracks: list[MidiTrack]
    tempos: list[tuple[int, float]]
    metres: list[tuple[int, int, int]]
    ticks: int
    remarks: list[str]
    title: str


def read_midi_file(data: bytes, max_notes: int = MAX_MIDI_NOTES) -> MidiFile:
    """A Standard MIDI File of type 0 or 1.

    A note ends where its pitch is released or struck again on its track and channel; one that is
    never released ends where the channel's next note begins. Raises MusicFileError, a ValueError,
    for what is damaged, is no such file, or holds more than ``max_notes`` notes.
    """
    data, kind, ticks_per_quarter, spans = find_tracks(data)
    events = find_events(data, spans)
    lines, notes, hanging = _find_notes(events, ticks_per_quarter, max_notes)
    names, tempos, metres, remarks = {}, [], [], []
    for track, tick, meta, payload in events.metas:
        if meta == TRACK_NAME:
            names[track] = names.get(track) or clean_name(decode(payload))
        elif meta == TEMPO and len(payload) == 3:
            micros = int.from_bytes(payload, "big")
            tempos.append((tick, 6e7 / micros if micros else 0.0))
        elif meta == METRE and len(payload) >= 2:
            beats, unit = payload[0], 1 << min(payload[1], 9)
            if usable_metre(beats, unit):
                metres.append((tick, beats, unit))
    if len(metres) > MAX_METRES:
        raise MusicFileError(BROKEN_MIDI)
    if hanging:
        remarks.append(f"Notes never released, {hanging} of them, end where the next one begins.")
    untitled = kind == 0 or (len(lines) and lines[0] < 16)
    return MidiFile(
        ticks_per_quarter,
        _build_tracks(events, lines, notes, names),
        sorted(tempos, key=lambda t: t[0]) or [(0, DEFAULT_MIDI_TEMPO)],
        sorted(metres, key=lambda m: m[0]),
        int(events.ends.max(initial=0)),
        remarks,
        "" if untitled else names.get(0, ""),
    )


def read_midi(data: bytes) -> Reading:
    """A MIDI file as ``load_melody`` takes it."""
    return as_reading(read_midi_file(data, MAX_NOTES))


def as_reading(file: MidiFile) -> Reading:
    """The file's notes, in quarters, without velocities, programs and pedals."""
    quarter = file.ticks_per_quarter
    parts = []
    for track in file.tracks:
        if len(track.notes):
            starts, ends = (track.notes[:, :2].T / quarter).tolist()
            notes = list(zip(starts, ends, track.notes[:, 2].tolist(), strict=True))
            parts.append(Part(track.name, notes, track.is_drum))
    tempos = [(tick / quarter, tempo) for tick, tempo in file.tempos]
    metres = [(tick / quarter, beats, unit) for tick, beats, unit in file.metres]
    return Reading("MIDI file", file.title, parts, tempos, metres, file.remarks)


# --- seconds -----------------------------------------------------------------------------------


def seconds_at(file: MidiFile, ticks) -> np.ndarray:
    """When ticks are reached, in seconds from the beginning: float, of the shape of ``ticks``,
    through all changes of tempo. An impossible tempo (0) is left out."""
    tempos = [(0, DEFAULT_MIDI_TEMPO), *((tick, tempo) for tick, tempo in file.tempos if tempo)]
    starts, rates = np.array(tempos, float).T
    pace = 60 / rates / file.ticks_per_quarter  # seconds a tick
    begins = np.concatenate([[0.0], np.cumsum(np.diff(starts) * pace[:-1])])
    ticks = np.asarray(ticks, float)
    tempo = np.maximum(np.searchsorted(starts, ticks, side="right") - 1, 0)
    return begins[tempo] + (ticks - starts[tempo]) * pace[tempo]


def notes_in_seconds(file: MidiFile, pedal: bool = True) -> np.ndarray:
    """The notes of all pitched tracks together: ``(notes, 4)`` float, the columns start and end
    (seconds), pitch and velocity, in order of start, then pitch.

    pedal: a note released while its channel's sustain pedal is down sounds on until the pedal is
    lifted or the same pitch is struck again, at most to the end of the file.
    """
    pitched = [track for track in file.tracks if not track.is_drum]
    notes = [np.zeros((0, 4), np.int32)]
    for channel in sorted({track.channel for track in pitched}):
        tracks = [track for track in pitched if track.channel == channel]
        played = np.concatenate([track.notes for track in tracks])
        pedals = np.concatenate([track.pedals for track in tracks])
        pedals = pedals[np.argsort(pedals[:, 0], kind="stable")]
        notes.append(_sustained(played, pedals, file.ticks) if pedal else played)
    notes = np.concatenate(notes)
    notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
    times = seconds_at(file, notes[:, :2])
    return np.concatenate([times, notes[:, 2:]], axis=1)


def _sustained(notes: np.ndarray, pedals: np.ndarray, last: int) -> np.ndarray:
    """One channel's notes, those released under the pedal lengthened."""
    if not len(notes) or not len(pedals):
        return notes
    down = pedals[:, 1] >= PEDAL_DOWN
    # For every change of the pedal: when it is up, at once or later.
    up = np.where(down, last, pedals[:, 0])
    up = np.minimum.accumulate(up[::-1])[::-1]
    notes = notes[np.lexsort((notes[:, 0], notes[:, 2]))]
    starts, ends, pitches = notes[:, 0], notes[:, 1], notes[:, 2]
    again = np.append(np.where(pitches[1:] == pitches[:-1], starts[1:], last), last)
    state = np.searchsorted(pedals[:, 0], ends, side="right") - 1
    lifted = np.where((state >= 0) & down[state], up[state], ends)
    longer = notes.copy()
    longer[:, 1] = np.maximum(ends, np.minimum(lifted, again))
    return longer


# --- notes -------------------------------------------------------------------------------------


def _find_notes(events: Events, ticks_per_quarter: int, max_notes: int):
    """``(lines, notes, how many are never released)``: notes as in ``MidiTrack``, all of the file
    in order of line, which is 16 times the track's number plus the channel."""
    which = where((events.status & 0xE0) == 0x80)
    status, velocities = events.status[which], events.two[which]
    struck = (status >= 0x90) & (velocities > 0)
    if np.count_nonzero(struck) > max_notes:
        raise too_many_notes(max_notes)
    # A note ends with the next event of its line and pitch.
    keys = (events.track[which] << 11) | ((status & 15).astype(np.int64) << 7) | events.one[which]
    small = keys.astype(np.uint16) if len(events.ends) <= 32 else keys  # sorted ten times faster
    order = small.argsort(kind="stable")
    keys, ticks, struck = keys[order], events.tick[which[order]], struck[order]
    follows = np.zeros(len(keys), bool)
    follows[:-1] = keys[1:] == keys[:-1]
    ends = np.zeros_like(ticks)
    ends[:-1] = ticks[1:]
    _mend_order(ticks, struck, follows, ends)
    lines = keys >> 7
    onsets = lines << 32 | ticks  # in order over all lines
    hanging = where(struck & ~follows)
    if len(hanging):
        known = np.sort(onsets[struck])
        after = np.append(known, -1)[known.searchsorted(onsets[hanging], side="right")]
        last = events.ends[lines[hanging] >> 4]
        last = np.where(after >> 32 == lines[hanging], after & 0xFFFFFFFF, last)
        ends[hanging] = np.maximum(last, ticks[hanging] + ticks_per_quarter // 4)
    struck = where(struck)
    struck = struck[onsets[struck].argsort(kind="stable")]  # they were in order of pitch
    notes = np.empty((len(struck), 4), np.int32)
    notes[:, 0], notes[:, 1], notes[:, 2] = ticks[struck], ends[struck], keys[struck] & 127
    notes[:, 3] = velocities[order[struck]]
    return lines[struck], notes, len(hanging)


def _mend_order(ticks, struck, follows, ends) -> None:
    """Where a pitch is struck again a moment before it is released (both at one tick), the release
    is the first note's: the second lasts to the next release. Changes ``ends``."""
    at_once = struck[:-1] & ~struck[1:] & follows[:-1] & (ticks[1:] == ticks[:-1])
    second = where(at_once)
    if not len(second):
        return
    second = second[(second > 0) & (second + 2 < len(ticks))]
    first, later = second - 1, second + 2
    meant = struck[first] & follows[first] & (ticks[first] < ticks[second])
    meant &= follows[later - 1] & ~struck[later]
    ends[second[meant]] = ticks[later[meant]]


def _build_tracks(events: Events, lines, notes, names: dict[int, str]) -> list[MidiTrack]:
    kind = events.status >> 4
    sounding, held = _by_line(lines, notes), {}
    pedal = where((kind == 0xB) & (events.one == SUSTAIN))
    if len(pedal):
        line = events.track[pedal] * 16 + (events.status[pedal] & 15)
        order = line.argsort(kind="stable")
        pedals = np.stack([events.tick[pedal], events.two[pedal]], axis=1).astype(np.int32)
        held = _by_line(line[order], pedals[order])
    programs = {}  # of a line, and of a channel in any track
    for i in where(kind == 0xC).tolist():
        track, channel, program = events.track[i], events.status[i] & 15, int(events.one[i])
        programs.setdefault(int(track) * 16 + int(channel), program)
        programs.setdefault(("channel", int(channel)), program)
    channels = Counter(number >> 4 for number in sounding)
    tracks = []
    for number in sorted({*sounding, *held}):
        track, channel = divmod(number, 16)
        name = names.get(track, "")
        if channels[track] > 1:
            name = f"{name} (channel {channel + 1})".strip()
        tracks.append(
            MidiTrack(
                name,
                channel,
                programs.get(number, programs.get(("channel", channel), 0)),
                channel == DRUM_CHANNEL,
                sounding.get(number, np.zeros((0, 4), np.int32)),
                held.get(number, np.zeros((0, 2), np.int32)),
            )
        )
    return tracks


def _by_line(lines: np.ndarray, rows: np.ndarray) -> dict[int, np.ndarray]:
    """The rows of each line, which are in its order."""
    edges = run_edges(lines).tolist()
    return {int(lines[a]): rows[a:b] for a, b in zip(edges, edges[1:], strict=False)}
