"""The bytes of a MIDI file as events: what ``midi_reader`` begins with.

numpy looks at all bytes of a file at once, as if an event began at each of them; what is left to
Python is to hop from event to event, since only the one before tells where the next begins.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from .readers import MusicFileError

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
