"""Performance events: music as a performance plays it, one token after the other.

A vocabulary of 382, after Oore et al. 2018 ("This time with feeling", where the down is called
note-on and the up note-off): 128 notes down, 128 notes up, 100 time shifts of 10 ms to 1 s and 26
velocities in bins of five. Token 0 is padding, so that the highest token is 382.

What events cannot hold: times finer than 10 ms, velocities finer than their bin, two notes of one
pitch at once, silence after the last note, tempo, metre, bar lines, voices and instruments.
"""

from __future__ import annotations

import numpy as np

from ..course.errors import SettingError, check_number
from .arrays import check_array
from .grid import pitch_name

PADDING = 0
FIRST_DOWN = 1
FIRST_UP = 129
FIRST_WAIT = 257
FIRST_VELOCITY = 357
EVENTS = 382  # of the vocabulary; tokens are 0..EVENTS, padding among them
TICKS_PER_SECOND = 100  # the grid that times are rounded to, 10 ms
LONGEST_WAIT = 100  # ticks of one time shift
VELOCITY_BIN = 5
DEFAULT_VELOCITY = 82  # of notes before the first velocity event; the middle of its bin
MAX_SECONDS = 24 * 3600


def event_name(token: int) -> str:
    """What a token says: "down C4", "up C4", "wait 120 ms", "velocity 80-84" or "padding"."""
    check_number("token", token, 0, EVENTS)
    if token == PADDING:
        return "padding"
    if token < FIRST_UP:
        return f"down {pitch_name(token - FIRST_DOWN)}"
    if token < FIRST_WAIT:
        return f"up {pitch_name(token - FIRST_UP)}"
    if token < FIRST_VELOCITY:
        return f"wait {10 * (token - FIRST_WAIT + 1)} ms"
    low = VELOCITY_BIN * (token - FIRST_VELOCITY)
    return f"velocity {max(low, 1)}-{min(low + VELOCITY_BIN - 1, 127)}"


def notes_to_events(notes) -> np.ndarray:
    """The events ``(length,)`` int32 of notes ``(n, 4)`` in any order: start and end in seconds,
    pitch, velocity 1 to 127.

    Every time is rounded to 10 ms from the beginning, so that errors do not add up: a start comes
    back within 5 ms, an end too, unless start and end round to the same place: such a note, which
    is shorter than 10 ms, gets 10 ms, and its end comes back at most 15 ms late. Velocities come
    back within 2. Silence before the first note is kept.

    A note ends where its pitch is struck again; notes of one pitch whose starts round to the same
    place become one, with the last end and the greatest velocity. Within one instant all ups come
    before all downs, each from low to high; the velocity is named before a down where its bin
    changes. Raises ValueError on another shape or numbers out of range.
    """
    starts, ends, pitches, velocities = _on_grid(timed_notes(notes))
    bins = velocities // VELOCITY_BIN
    none = np.zeros_like(bins)
    ticks = np.concatenate([ends, starts])
    tokens = np.concatenate([FIRST_UP + pitches, FIRST_DOWN + pitches])
    downs = np.concatenate([none, none + 1])
    bins = np.concatenate([none, bins])
    order = np.lexsort((tokens, downs, ticks))
    ticks, tokens, downs, bins = ticks[order], tokens[order], downs[order] == 1, bins[order]

    changed = np.zeros(len(tokens), bool)
    changed[downs] = np.diff(bins[downs], prepend=-1) != 0
    seconds, rest = np.divmod(np.diff(ticks, prepend=0), LONGEST_WAIT)
    place = np.cumsum(seconds + (rest > 0) + changed + 1) - 1  # of each note's own token
    events = np.full(place[-1] + 1 if len(place) else 0, FIRST_WAIT + LONGEST_WAIT - 1, np.int32)
    events[place] = tokens
    events[place[changed] - 1] = FIRST_VELOCITY + bins[changed]
    before = place - changed - 1
    events[before[rest > 0]] = FIRST_WAIT + rest[rest > 0] - 1
    return events


def events_to_notes(tokens) -> np.ndarray:
    """The notes ``(n, 4)`` float, in order of start and pitch, of any sequence of events: start
    and end in seconds, pitch, velocity (the middle of its bin).

    Any tokens of the vocabulary are music: an up without a down is left out; a down while the
    pitch sounds strikes it again; a note that is given no time is left out, as it would not be
    heard; notes that are never lifted end with the last event. Raises ValueError on tokens outside
    the vocabulary.
    """
    tick, velocity = 0, DEFAULT_VELOCITY
    sounding, notes = {}, []  # pitch -> (tick, velocity) of its down

    def lift(pitch):
        start, loudness = sounding.pop(pitch)
        if tick > start:
            notes.append((start, tick, pitch, loudness))

    for token in _checked_tokens(tokens).tolist():
        if token >= FIRST_VELOCITY:
            velocity = VELOCITY_BIN * (token - FIRST_VELOCITY) + VELOCITY_BIN // 2
        elif token >= FIRST_WAIT:
            tick += token - FIRST_WAIT + 1
        elif token != PADDING:
            pitch = (token - FIRST_DOWN) % 128
            if pitch in sounding:
                lift(pitch)
            if token < FIRST_UP:
                sounding[pitch] = (tick, velocity)
    for pitch in list(sounding):
        lift(pitch)
    table = np.array(notes, float).reshape(-1, 4)
    table[:, :2] /= TICKS_PER_SECOND
    return table[np.lexsort((table[:, 2], table[:, 0]))]


def _on_grid(notes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """``(starts, ends, pitches, velocities)``, whole numbers, times in ticks: every note has a
    length, and none of one pitch overlap."""
    ticks = np.floor(notes[:, :2] * TICKS_PER_SECOND + 0.5 + 1e-9).astype(np.int64)
    pitches, velocities = notes[:, 2].astype(np.int64), np.round(notes[:, 3]).astype(np.int64)
    order = np.lexsort((ticks[:, 0], pitches))
    starts, ends, pitches, velocities = *ticks[order].T, pitches[order], velocities[order]
    if not len(starts):
        return starts, ends, pitches, velocities
    first = np.diff(starts, prepend=-1) != 0
    first |= np.diff(pitches, prepend=-1) != 0
    groups = np.flatnonzero(first)
    ends, velocities = np.maximum.reduceat(ends, groups), np.maximum.reduceat(velocities, groups)
    starts, pitches = starts[groups], pitches[groups]
    ends = np.maximum(ends, starts + 1)
    again = pitches[1:] == pitches[:-1]
    ends[:-1][again] = np.minimum(ends[:-1], starts[1:])[again]
    return starts, ends, pitches, velocities


def timed_notes(notes) -> np.ndarray:
    """Notes in seconds ``(n, 4)``, the columns start, end, pitch and velocity (1 to 127). Raises
    ValueError on another shape or numbers out of range."""
    notes = check_array(notes, "Notes", ("notes", 4))
    start, end, pitch, velocity = notes.T
    check_array(notes[:, :2], "Seconds", ("notes", 2), values=(0, MAX_SECONDS))
    if (end < start).any():
        raise SettingError("A note ends after its start; one of these ends before it.")
    check_array(pitch, "Pitches", ("notes",), whole=True, values=(0, 127))
    hint = "multiply shares of 1 by 127"
    check_array(velocity, "Velocities", ("notes",), values=(1, 127), hint=hint)
    return notes


def _checked_tokens(tokens) -> np.ndarray:
    return check_array(tokens, "Events", ("length",), True, (0, EVENTS)).astype(np.int32)
