"""Any music of the course as notes in time: what is drawn, played and measured begins here.

``to_timeline`` takes a melody ``(steps,)``, voices ``(steps, voices)``, a dict of voices and
onsets, a piano roll ``(steps, 128[, tracks])`` of bool, drums ``(steps, 9, 3)``, notes of several
parts ``(notes, 5)`` of float, next-event words ``(length,)``, a ``Piece``, a tune such as
``load_melody`` gives, a piece of ``load_folder`` in any form, a ``pretty_midi.PrettyMIDI``, a
``pypianoroll.Multitrack`` or a music21 stream. Music without notes is music too.
``timeline_to_voices``, ``timeline_to_roll`` and ``to_piece`` are the ways back to the sixteenth
grid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..course.errors import SettingError, check_kind
from .arrays import check_array
from .grid import MAX_STEPS, REST, VOICE_NAMES, as_onsets, nearest_steps

VELOCITY = 80  # of notes that come without one, 1 to 127
MOST_PARTS = 256


class Part(NamedTuple):
    """One instrument: ``notes`` ``(notes, 4)`` float, the columns start and end (steps), pitch and
    velocity (1 to 127), in order of start. ``program`` is None where the music names none.
    ``controls`` ``(changes, 3)`` float: step, MIDI controller and value, of which 7 (volume), 11
    (expression) and 64 (sustain pedal) are heard; None or no rows where there are none."""

    name: str
    notes: np.ndarray
    program: int | None = None
    is_drum: bool = False
    controls: np.ndarray | None = None


class Timeline(NamedTuple):
    """Music as notes in time, all in steps: four to a quarter note, fractions allowed.

    steps: how long it lasts, rests at its end included. bar_starts: the downbeats, or None where
    the music does not say. tempo: quarter notes a minute, the first one, or None. later_tempos:
    ``(changes, 2)`` float, the steps at which it changes and quarter notes a minute from there on;
    None or no rows where it does not.
    """

    parts: list[Part]
    steps: float
    bar_starts: np.ndarray | None = None
    tempo: float | None = None
    name: str = ""
    time_signature: str = ""
    key: str = ""
    later_tempos: np.ndarray | None = None


def part_names(count: int) -> tuple[str, ...]:
    """What the parts of so many voices are called."""
    if count == 1:
        return ("melody",)
    if count == len(VOICE_NAMES):
        return VOICE_NAMES
    return tuple(f"voice {i + 1}" for i in range(count))


def note_parts(notes) -> list[Part]:
    """The parts of notes ``(notes, 5)``, the columns part (from 0, drums -1), start, end (steps),
    pitch and velocity: the pitched ones by number, those between without notes too, then drums.
    Raises ValueError on another shape and on numbers out of range."""
    hint = "columns are part, start, end, pitch and velocity; for voices take .astype(int)"
    notes = check_array(notes, "Notes", ("notes", 5)).astype(float)
    numbers, starts, ends, pitches, velocities = notes.T
    for column, low, high in (
        *((numbers, -1, MOST_PARTS - 1), (starts, 0, MAX_STEPS), (ends, 0, MAX_STEPS)),
        *((ends - starts, 0, MAX_STEPS), (pitches, 0, 127), (velocities, 1, 127)),
    ):
        check_array(column, "Numbers of notes", ("notes",), values=(low, high), hint=hint)
    for column in (numbers, pitches):
        check_array(column, "Parts and pitches", ("notes",), whole=True)
    notes = notes[np.lexsort((pitches, starts))]
    count = int(numbers.max(initial=-1)) + 1
    parts = [
        Part(name, notes[notes[:, 0] == number, 1:])
        for number, name in enumerate(part_names(count))
    ]
    drums = notes[notes[:, 0] == -1, 1:]
    return [*parts, Part("drums", drums, 0, True)] if len(drums) else parts


def last_step(timeline: Timeline, parts: list[Part]) -> float:
    """When music and parts are over, rests at the end included; notes may outlast ``steps``."""
    ends = [float(part.notes[:, 1].max()) for part in parts if len(part.notes)]
    return max([timeline.steps, *ends])


# --- back to the grid --------------------------------------------------------------------------


def timeline_to_voices(timeline: Timeline) -> tuple[np.ndarray, np.ndarray]:
    """``(voices, onsets)``: ``(steps, parts)`` int16 and bool, one column a pitched part.

    Starts and ends go to the nearest sixteenth, halves up. Lost are fractions of a step,
    velocities, drums, and of notes that sound together in one part all but the highest: a lower
    one that is still held when the higher one ends comes back as a new note. A note that rounds to
    no length gets one step where its part is silent, and is lost elsewhere.
    Raises ValueError where the music is longer than ``MAX_STEPS``.
    """
    wanted = "a Timeline, which music.to_timeline(music) makes of any music"
    check_kind("timeline", timeline, Timeline, wanted)
    parts = pitched_parts(timeline)
    steps = grid_steps(timeline, parts)
    voices = np.full((steps, len(parts)), REST, np.int16)
    struck = np.zeros((steps, len(parts)), bool)
    if not parts:  # music without notes
        return voices, struck
    for i, part in enumerate(parts):
        starts, ends, pitches = rounded_notes(part.notes, steps)
        order = np.argsort(pitches, kind="stable")
        for n in order:  # the highest last, on top of the others
            voices[starts[n] : ends[n], i] = pitches[n]
        for n in order[::-1]:
            if starts[n] == ends[n] and voices[starts[n], i] == REST:
                voices[starts[n], i] = pitches[n]
        heard = voices[starts, i] == pitches
        struck[starts[heard], i] = True
    return voices, as_onsets(voices, struck)


def timeline_to_roll(timeline: Timeline) -> np.ndarray:
    """``(steps, 128, parts)`` bool, one track a pitched part.

    Starts and ends go to the nearest sixteenth, halves up; every note gets one step at least. Lost
    are fractions of a step, velocities, drums, and where a note is struck again: of one pitch,
    notes that touch or overlap become one. Raises ValueError where the music is longer than
    ``MAX_STEPS``.
    """
    parts = pitched_parts(timeline)
    roll = np.zeros((grid_steps(timeline, parts), 128, len(parts)), bool)
    for i, part in enumerate(parts):
        for start, end, pitch in zip(*rounded_notes(part.notes, len(roll)), strict=True):
            roll[start : max(end, start + 1), pitch, i] = True
    return roll


def rounded_notes(notes: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``(starts, ends, pitches)`` of the notes on a grid of so many steps."""
    starts = nearest_steps(notes[:, 0]).clip(0, max(steps - 1, 0))
    ends = np.maximum(nearest_steps(notes[:, 1]), starts)
    return starts, ends, notes[:, 2].astype(np.int64)


def pitched_parts(timeline: Timeline) -> list[Part]:
    return [part for part in timeline.parts if not part.is_drum]


def grid_steps(timeline: Timeline, parts: list[Part]) -> int:
    length = last_step(timeline, parts)
    if not length <= MAX_STEPS:
        raise SettingError(
            f"This music lasts {length:,.0f} sixteenths, and a grid has at most {MAX_STEPS:,}: "
            "cut it into pieces."
        )
    return max(int(nearest_steps(length)), 1 if any(len(part.notes) for part in parts) else 0)
