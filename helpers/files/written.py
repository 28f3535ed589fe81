"""Notes as they are written: cut at bar lines, in lengths that a single note can have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..music.grid import (
    REST,
    STEPS_PER_QUARTER,
    Piece,
    as_onsets,
    as_voices,
    read_signature,
    voice_notes,
)


def is_low(pitches: np.ndarray) -> bool:
    """Whether a voice of these pitches stands in the bass clef."""
    return len(pitches) > 0 and bool(np.median(pitches) < 58)


class Written(NamedTuple):
    """A note or rest as it is written: never over a bar line, and of a length that a single note
    can have. A note that is longer is several of them, tied."""

    steps: int
    pitch: int
    tied_before: bool = False
    tied_after: bool = False


class Bar(NamedTuple):
    """A bar as it is written: what each voice has in it. ``missing_before`` are the steps that a
    pickup lacks to be a whole bar, ``missing_after`` those that any other bar lacks."""

    start: int
    voices: list[list[Written]]
    missing_before: int
    missing_after: int


def has_pickup(piece: Piece) -> bool:
    return len(piece.bar_starts) > 0 and bool(piece.bar_starts[0] > 0)


def beat_and_bar(time_signature: str) -> tuple[int, int]:
    """``(steps of a beat, steps of a bar)``; the beat of 6/8 and its like is a dotted one."""
    beats, unit = read_signature(time_signature)
    compound = beats > 3 and beats % 3 == 0 and unit in (8, 16)
    return (48 // unit if compound else STEPS_PER_QUARTER), 16 * beats // unit


def written_bars(piece: Piece) -> list[Bar]:
    """The bars of a piece; there is one at least."""
    voices = as_voices(piece.voices)
    onsets = as_onsets(voices, piece.onsets)
    notes = [voice_notes(voices[:, i], onsets[:, i]) for i in range(voices.shape[1])]
    beat, whole = beat_and_bar(piece.time_signature)
    last = max(len(voices), 1)
    edges = sorted({0, last, *(int(start) for start in piece.bar_starts if start < last)})
    bars = []
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        missing = max(0, whole - (end - start))
        before = missing if start == 0 and has_pickup(piece) else 0
        written = [_write_bar(voice, start, end, beat, before) for voice in notes]
        bars.append(Bar(start, written, before, missing - before))
    return bars


def _write_bar(notes, start: int, end: int, beat: int, missing: int) -> list[Written]:
    """One bar (steps ``start`` to ``end``) of a voice's notes. beat: its steps; missing: the
    steps before a pickup that would make it a whole bar."""
    written, at = [], start
    shift = missing - start
    for note in [n for n in notes if n.end > start and n.start < end]:
        onset, stop = max(note.start, start), min(note.end, end)
        written += [Written(n, REST) for n in _lengths(at + shift, onset + shift, beat)]
        lengths = _lengths(onset + shift, stop + shift, beat)
        for i, length in enumerate(lengths):
            before = i > 0 or onset > note.start
            after = i < len(lengths) - 1 or stop < note.end
            written.append(Written(length, note.pitch, before, after))
        at = stop
    return written + [Written(n, REST) for n in _lengths(at + shift, end + shift, beat)]


def _lengths(start: int, end: int, beat: int) -> list[int]:
    """A stretch of a bar as note lengths in steps: plain or dotted, and none longer than a beat
    begins off the beat. Of dotted beats only whole ones are joined."""
    lengths = []
    while start < end:
        room = end - start
        if start % beat:
            room = min(room, beat - start % beat)
        length = next(
            n
            for n in (16, 12, 8, 6, 4, 3, 2, 1)
            if n <= room and (n <= beat or n % beat == 0 or beat == STEPS_PER_QUARTER)
        )
        lengths.append(length)
        start += length
    return lengths
