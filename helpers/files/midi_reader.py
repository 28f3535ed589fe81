"""MIDI files as notes in time.

numpy looks at all bytes of a file at once, as if an event began at each of them; what is left to
Python is to hop from event to event, since only the one before tells where the next begins.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from typing import NamedTuple

import numpy as np

from ..music.grid import STEPS_PER_QUARTER
from ..music.seconds import EXPRESSION, SUSTAIN, VOLUME
from ..music.timeline import Part
from .reading import (
    DRUM_CHANNEL,
    MusicFileError,
    Reading,
    clean_name,
    decode,
    make_reading,
    too_many_notes,
    usable_metre,
)

MAX_MIDI_NOTES = 500_000  # in a whole file
MAX_METRES = 10_000
MAX_TICKS = 1 << 30  # what is longer is damaged
NEVER = MAX_TICKS  # of a note that nothing ends
FIRST_TEMPO = 120.0  # quarters a minute: the standard's, until a file names one
TRACK_NAME, END_OF_TRACK, TEMPO, METRE = 0x03, 0x2F, 0x51, 0x58  # meta events
HEAD = re.compile(rb"MThd\0\0\0[\x06-\x1f]\0[\0-\2]")
MAX_BEFORE_HEAD = 4096  # bytes that are looked through for it
CONTAINERS = (b"PK", b"RIFF", b"FORM")  # of many files, or of sound: not looked through
PADDING = bytes(8)  # more than the longest event but meta events: hops may overrun the end by it
# How many bytes an event has by the byte after its time, when that time takes one byte: 3 where
# there is no status byte, else 4. 0 where Python has to look: at program changes and channel
# pressure (one byte of data, so that what follows without a status has one too), system and meta
# events.
EVENT_SIZES = np.full(256, 3, np.uint8)
EVENT_SIZES[0x80:] = 4
EVENT_SIZES[[*range(0xC0, 0xE0), *range(0xF0, 0x100)]] = 0
# Which channels have drums, beside General MIDI's: banks, and what is said to parts.
GM2_DRUMS, GM2_MELODIES, XG_DRUMS = 120, 121, (126, 127)
XG_ON = re.compile(rb"\x43[\x10-\x1f]\x4c\0\0\x7e\0")
XG_PART = re.compile(rb"\x43[\x10-\x1f]\x4c\x08([\0-\x0f])\x07([\0-\x7f])")
GS_PART = re.compile(rb"\x41[\0-\x7f]\x42\x12\x40([\x10-\x1f])\x15([\0-\2])")
GS_CHANNELS = (9, *range(9), *range(10, 16))  # of the parts by their numbers in messages
BROKEN_MIDI = "is a damaged MIDI file: export it again, or take another copy."
CUT_MIDI = "breaks off in the middle: download or export the MIDI file again."


def read_midi(data: bytes, max_notes: int = MAX_MIDI_NOTES) -> Reading:
    """A Standard MIDI File of type 0 or 1, a part for every track and channel that has notes.

    A note ends where its pitch is released or struck again on its track and channel, the first
    release being that of the first note, or where all of them are turned off; one that is never
    released ends where the channel's next note begins, and one that is struck and released at once
    has no length. A part's program is the
    first that is named for it, else 0; its controls are those of its channel in all tracks. Raises
    MusicFileError, a ValueError, for what is damaged, is no such file, or holds more than
    ``max_notes`` notes.
    """
    data, kind, ticks_per_quarter, spans = find_tracks(data)
    events = find_events(data, spans)
    lines, notes, hanging = find_notes(events, ticks_per_quarter, max_notes)

    def steps(ticks):
        return ticks * STEPS_PER_QUARTER / ticks_per_quarter

    names, tempos, metres = {}, [], []
    for track, tick, meta, content in events.metas:
        if meta == TRACK_NAME:
            names[track] = names.get(track) or clean_name(decode(content))
        elif meta == TEMPO and len(content) >= 3:
            micros = int.from_bytes(content[:3], "big")
            tempos.append((steps(tick), 6e7 / micros if micros else float("inf")))
        elif meta == METRE and len(content) >= 2:
            beats, unit = content[0], 1 << min(content[1], 9)
            if usable_metre(beats, unit):
                metres.append((steps(tick), beats, unit))
    if len(metres) > MAX_METRES:
        raise MusicFileError(BROKEN_MIDI)
    remarks = []
    missing = int.from_bytes(data[10:12], "big") - len(spans)
    if missing > 0:
        remarks.append(f"Of the tracks that the file should have, {missing} are not there.")
    if hanging:
        remarks.append(f"Notes never released, {hanging} of them, end where the next one begins.")
    notes = notes.astype(float)
    notes[:, :2] = steps(notes[:, :2])
    untitled = kind == 0 or (len(lines) and lines[0] < 16)
    return make_reading(
        "MIDI file",
        _parts(events, lines, notes, names, steps),
        "" if untitled else names.get(0, ""),
        metres,
        tempos,
        remarks,
        steps(int(events.ends.max(initial=0))),
        first_tempo=None if any(step == 0 for step, _ in tempos) else FIRST_TEMPO,
    )


# --- bytes -------------------------------------------------------------------------------------


class Events(NamedTuple):
    """All channel events of a file, arrays of equal length: number of the track, tick, status,
    the two bytes of data. metas: (track, tick, kind, content), of system messages too, their kind
    None. ends: each track's last tick."""

    track: np.ndarray
    tick: np.ndarray
    status: np.ndarray
    one: np.ndarray
    two: np.ndarray
    metas: list[tuple[int, int, int, bytes]]
    ends: np.ndarray


def midi_within(data: bytes) -> bytes:
    """From these bytes on those of a MIDI file, none where there is no beginning of one.

    It may lie in a RIFF file (RMID) among other chunks, or behind what another system put before
    it, such as the 128 bytes of MacBinary.
    """
    if data.startswith(b"MThd"):
        return data
    riff = data.startswith(b"RIFF") and data[8:12] == b"RMID"
    place = 12
    while riff and place + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[place : place + 8])
        place += 8
        if name == b"data" and data.startswith(b"MThd", place):
            return data[place : place + length]
        place += length + length % 2  # chunks are padded to an even length
    if not riff and data.startswith(CONTAINERS):
        return b""
    head = HEAD.search(data, 0, len(data) if riff else MAX_BEFORE_HEAD)
    return data[head.start() :] if head else b""


def find_tracks(data: bytes) -> tuple[bytes, int, int, list[tuple[int, int]]]:
    """``(bytes, type, ticks a quarter, first and last place of each track's events)``.

    All tracks are read that are there, and not as many as the head of the file says, but for a file
    that breaks off.
    """
    data = midi_within(data) or data
    if len(data) < 14 or data.startswith(b"RIFF"):
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
    while place < len(data):
        if not data[place] and len(spans) < count:  # padding, which some write
            place = len(data) - len(data[place:].lstrip(b"\0"))
        name, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "big")
        begin, place = place + 8, place + 8 + length
        if len(spans) >= count and (name != b"MTrk" or place > len(data)):
            break  # what follows the last track
        if place > len(data) and name:
            raise MusicFileError(CUT_MIDI)
        if name == b"MTrk":
            spans.append((begin, place))
    if count and not spans:
        raise MusicFileError(CUT_MIDI)
    return data, kind, division, spans


def find_events(data: bytes, spans: list[tuple[int, int]]) -> Events:
    """What the tracks between these places hold."""
    size = len(data)
    data += PADDING
    codes = np.frombuffer(data, np.uint8)
    # For every byte, as if an event began there: how many bytes its time takes beyond the first
    # (each but the last is above 127), and the status byte that follows.
    above = codes > 127
    widths, status, longer = np.zeros(size, np.uint8), codes[1 : size + 1].copy(), above[:size]
    for place in (1, 2, 3):
        if not longer.any():
            break
        widths += longer
        np.copyto(status, codes[place + 1 : place + 1 + size], where=longer)
        longer = longer & above[place : place + size]
    status[longer] = 0xFF  # a time of five bytes: there is none
    sizes = EVENT_SIZES.take(status)
    sizes = bytearray(((sizes + widths) * (sizes > 0)).tobytes() + PADDING)
    for _, end in spans:
        sizes[end] = 0
    begins, metas = _hop(data, bytes(sizes), spans)

    at = np.frombuffer(begins, bool).nonzero()[0]
    width, status = widths[at], status[at]
    delta = (codes[at] & 127).astype(np.int64)
    for place in (1, 2, 3):
        longer = (width >= place).nonzero()[0]
        if not len(longer):
            break
        delta[longer] = delta[longer] * 128 + (codes[at[longer] + place] & 127)
    total = np.concatenate([[0], delta.cumsum()])
    edges = at.searchsorted([start for start, _ in spans] + [size])
    before = total[edges[:-1]]
    track = np.arange(len(spans)).repeat(edges[1:] - edges[:-1])
    tick = total[1:] - before[track]
    ends = total[edges[1:]] - before
    if ends.max(initial=0) >= MAX_TICKS:
        raise MusicFileError(BROKEN_MIDI)
    if metas:
        ticks = tick[at.searchsorted([place for place, *_ in metas])].tolist()
        metas = [
            (number, time, *rest) for (_, number, *rest), time in zip(metas, ticks, strict=True)
        ]

    channel = (status < 0xF0).nonzero()[0]
    at, width, status, track, tick = (a[channel] for a in (at, width, status, track, tick))
    told = status > 127  # the others go on with the status of the event before
    if not told.all():
        if not told[run_edges(track)[:-1]].all():
            raise MusicFileError(BROKEN_MIDI)
        status = status[np.maximum.accumulate(told * np.arange(len(told)))]
    at = at + width + told
    one, two = codes[at + 1], codes[at + 2]
    two = two * ((status & 0xE0) != 0xC0)  # those have one byte of data
    if (one | two).max(initial=0) > 127:
        raise MusicFileError(BROKEN_MIDI)
    return Events(track, tick, status, one, two, metas, ends)


def run_edges(numbers: np.ndarray) -> np.ndarray:
    """Where each run of equal numbers begins, and the length: runs and one more."""
    changed = np.ones(len(numbers) + 1, bool)
    changed[1:-1] = numbers[1:] != numbers[:-1]
    return changed.nonzero()[0] if len(numbers) else np.zeros(1, np.int64)


def _hop(data: bytes, sizes: bytes, spans) -> tuple[bytearray, list[tuple[int, int, int, bytes]]]:
    """``(1 for every byte where an event begins, metas)``: place, track, kind, content of each."""
    begins, metas = bytearray(len(data)), []
    for track, (i, end) in enumerate(spans):
        short = False  # whether an event without a status byte has one byte of data
        while i < end:
            if not short:
                while size := sizes[i]:
                    begins[i] = 1
                    i += size
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
                if kind in (None, TRACK_NAME, TEMPO, METRE):
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


# --- notes -------------------------------------------------------------------------------------


def find_notes(events: Events, ticks_per_quarter: int, max_notes: int = MAX_MIDI_NOTES):
    """``(lines, notes, how many are never released)`` of all tracks.

    lines: ``(notes,)``, the note's track and channel as one number, 16 times the one plus the
    other. notes: ``(notes, 4)`` int64, the columns start and end (ticks), pitch and velocity (1 to
    127). Both are in order of line, start and pitch.
    """
    chosen = (events.status < 0xA0).nonzero()[0]  # notes on (0x90) and off (0x80)
    tick, status = events.tick[chosen], events.status[chosen]
    pitch, velocity = events.one[chosen], events.two[chosen]
    struck = (status >= 0x90) & (velocity > 0)
    if np.count_nonzero(struck) > max_notes:
        raise too_many_notes(max_notes)
    line = events.track[chosen] * 16 + (status & 15)
    key = line * 128 + pitch  # a line's pitch: a note ends with an event of its key
    if len(events.ends) <= 32:
        key = key.astype(np.uint16)  # numpy sorts small numbers ten times faster
    order = key.argsort(kind="stable")
    key, tick, struck = key[order], tick[order], struck[order]
    kept = struck.nonzero()[0]
    starts, ends = tick[kept], _ends(key, tick, struck, kept)

    source = order[kept]
    lines = line[source]
    by_time = np.lexsort((starts, lines))  # they were in order of pitch, then time
    source, lines = source[by_time], lines[by_time]
    notes = np.empty((len(kept), 4), np.int64)
    notes[:, 0], notes[:, 1] = starts[by_time], ends[by_time]
    notes[:, 2], notes[:, 3] = pitch[source], velocity[source]
    notes[:, 1] = np.minimum(notes[:, 1], _all_off(events, lines, notes[:, 0]))
    hanging = (notes[:, 1] == NEVER).nonzero()[0]
    for i in hanging.tolist():
        start, (begin, stop) = notes[i, 0], lines.searchsorted([lines[i], lines[i] + 1])
        later = begin + notes[begin:stop, 0].searchsorted(start, side="right")
        until = notes[later, 0] if later < stop else events.ends[lines[i] // 16]
        notes[i, 1] = max(until, start + ticks_per_quarter // 4)
    return lines, notes, len(hanging)


def _ends(key, tick, struck, kept) -> np.ndarray:
    """Where each note that is struck ends, ``NEVER`` where nothing says so.

    key, tick, struck: the events of each key one after the other, in order of time. kept: the
    places of those that are struck. The standard wants a release for every note that is struck
    (MIDI 1.0, "Assignment of Note On/Off Commands"), so the first release is that of the first
    note, even if the pitch was struck again before; then the note ends there. Releases and notes
    may be too many all the same. Those that belong together are found as brackets are: what is
    never closed is a note without a release, which ends with the next event of its key, and what
    closes nothing counts for nothing.
    """
    pairs = len(kept)
    if 2 * pairs == len(key) and (kept == 2 * np.arange(pairs)).all():
        if (key[::2] == key[1::2]).all():  # each is released before the next is struck
            return tick[1::2]
    # How many sound after each event, and before it; each key's numbers apart from the others', by
    # more than there are events: falling for what looks back, rising for what looks ahead.
    change = 2 * struck - 1
    after, apart = change.cumsum(), key.astype(np.int64) * (2 * len(key) + 2)
    back, ahead = after - apart, after + apart
    releases = (~struck & (back >= np.minimum.accumulate(back - change))).nonzero()[0]
    released = ahead[kept] > np.minimum.accumulate(ahead[::-1])[::-1][kept]
    if len(releases) == pairs:
        ends = tick[releases]
    else:
        ends = _next_ticks(key, tick)[kept]
        ends[released] = tick[releases]  # as many, and in the same order
    keys, starts = key[kept], tick[kept]
    if ((ends[:-1] > starts[1:]) & (keys[:-1] == keys[1:])).any():
        ends = np.minimum(ends, _next_ticks(keys, starts))
    return ends


def _all_off(events: Events, lines, starts) -> np.ndarray:
    """The first tick after each note's start at which its line turns all notes off, ``NEVER`` where
    it does not: all sound off, all notes off, and changes of mode (MIDI 1.0, "Channel Mode
    Messages")."""
    chosen = (events.status >> 4 == 0xB) & ((events.one == 120) | (events.one >= 123))
    line = events.track[chosen] * 16 + (events.status[chosen] & 15)
    times = np.sort(line * MAX_TICKS + events.tick[chosen])  # in order of line, then tick
    at = np.append(times, -1)[times.searchsorted(lines * MAX_TICKS + starts, side="right")]
    return np.where(at // MAX_TICKS == lines, at % MAX_TICKS, NEVER)


def _next_ticks(key, tick) -> np.ndarray:
    """The first later tick at which each event's key has another one, ``NEVER`` where none has."""
    changed = (key[1:] != key[:-1]) | (tick[1:] != tick[:-1])
    edges = np.concatenate([[0], changed.nonzero()[0] + 1, [len(key)]])
    first = edges[:-1]
    later = np.full(len(first), NEVER)
    later[:-1] = np.where(key[first[1:]] == key[first[:-1]], tick[first[1:]], NEVER)
    return later.repeat(edges[1:] - first)


# --- parts -------------------------------------------------------------------------------------


def _parts(events: Events, lines, notes, names: dict[int, str], steps) -> list[Part]:
    """A part for every line, notes in steps."""
    programs, kinds = {}, events.status >> 4  # of a line, and of a channel in any track
    for i in (kinds == 0xC).nonzero()[0].tolist():
        line, program = (int(events.track[i]), int(events.status[i]) & 15), int(events.one[i])
        programs.setdefault(line, program)
        programs.setdefault(line[1], program)
    changes = (kinds == 0xB).nonzero()[0]  # of controllers
    controls, drums = _controls(events, changes, steps), _drum_channels(events, changes)
    edges = run_edges(lines).tolist()
    places = [divmod(int(lines[edge]), 16) for edge in edges[:-1]]
    channels = Counter(track for track, _ in places)
    parts = []
    for (track, number), begin, end in zip(places, edges[:-1], edges[1:], strict=True):
        name = names.get(track, "")
        if channels[track] > 1:
            name = f"{name} (channel {number + 1})".strip()
        program = programs.get((track, number), programs.get(number, 0))
        parts.append(Part(name, notes[begin:end], program, number in drums, controls.get(number)))
    return parts


def _controls(events: Events, changes, steps) -> dict[int, np.ndarray]:
    """The controllers of each channel that has any, in order of time."""
    number = events.one[changes]
    chosen = changes[(number == VOLUME) | (number == EXPRESSION) | (number == SUSTAIN)]
    if not len(chosen):
        return {}
    chosen = chosen[events.tick[chosen].argsort(kind="stable")]
    table = np.stack([steps(events.tick[chosen]), events.one[chosen], events.two[chosen]], axis=1)
    channel = events.status[chosen] & 15
    return {number: table[channel == number] for number in set(channel.tolist())}


def _drum_channels(events: Events, changes) -> set[int]:
    """General MIDI's channel for drums, with those that a file makes one or none: by the bank that
    it asks for first (General MIDI 2, section 3.3.1; Yamaha's XG), or by a message to the parts of
    a synthesizer (Roland's GS, Yamaha's XG).

    changes: the places of the events that set controllers.
    """
    drums, first = {DRUM_CHANNEL}, {}
    messages = [content for *_, kind, content in events.metas if kind is None]
    banks = changes[events.one[changes] == 0]
    for i in banks[events.tick[banks].argsort(kind="stable")].tolist() if len(banks) else ():
        first.setdefault(int(events.status[i]) & 15, int(events.two[i]))
    for channel, bank in first.items():
        if bank == GM2_DRUMS or (bank in XG_DRUMS and any(map(XG_ON.match, messages))):
            drums.add(channel)
        elif bank == GM2_MELODIES:
            drums.discard(channel)
    for message in messages:
        if told := GS_PART.match(message):
            channel, mode = GS_CHANNELS[told[1][0] & 15], told[2][0]
        elif told := XG_PART.match(message):
            channel, mode = told[1][0], told[2][0]
        else:
            continue
        drums.add(channel) if mode else drums.discard(channel)
    return drums
