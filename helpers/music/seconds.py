"""Notes in time as they sound: in seconds, through all changes of tempo, held by the pedal."""

from __future__ import annotations

import numpy as np

from .grid import DEFAULT_TEMPO, STEPS_PER_QUARTER
from .timeline import Part, Timeline

SUSTAIN, PEDAL_DOWN = 64, 64  # MIDI's controller, and the least of its values that holds notes


def seconds_at(timeline: Timeline, steps) -> np.ndarray:
    """When steps are reached, in seconds from the beginning: float, of the shape of ``steps``."""
    starts, tempos = [0.0], [timeline.tempo or DEFAULT_TEMPO]
    if timeline.later_tempos is not None:
        starts = np.append(starts, timeline.later_tempos[:, 0])
        tempos = np.append(tempos, timeline.later_tempos[:, 1])
    pace = 60 / STEPS_PER_QUARTER / np.asarray(tempos, float)  # seconds a step
    begins = np.concatenate([[0.0], np.cumsum(np.diff(starts) * pace[:-1])])
    steps = np.asarray(steps, float)
    tempo = np.maximum(np.searchsorted(starts, steps, side="right") - 1, 0)
    return begins[tempo] + (steps - np.asarray(starts)[tempo]) * pace[tempo]


def hold(part: Part, end: float) -> np.ndarray:
    """The part's notes, those released while its sustain pedal is down lengthened: until the pedal
    is lifted or the pitch is struck again, at most to ``end``. Times of notes and controls are of
    one unit, whichever that is."""
    notes = part.notes
    pedals = np.zeros((0, 3)) if part.controls is None else part.controls
    pedals = pedals[pedals[:, 1] == SUSTAIN]
    if not len(notes) or not len(pedals):
        return notes
    pedals = pedals[np.argsort(pedals[:, 0], kind="stable")]
    down = pedals[:, 2] >= PEDAL_DOWN
    # For every change of the pedal: when it is up, at once or later.
    up = np.where(down, end, pedals[:, 0])
    up = np.minimum.accumulate(up[::-1])[::-1]
    order = np.lexsort((notes[:, 0], notes[:, 2]))
    starts, ends, pitches = notes[order, 0], notes[order, 1], notes[order, 2]
    again = np.append(np.where(pitches[1:] == pitches[:-1], starts[1:], end), end)
    state = np.searchsorted(pedals[:, 0], ends, side="right") - 1
    lifted = np.where((state >= 0) & down[state], up[state], ends)
    held = notes.copy()
    held[order, 1] = np.maximum(ends, np.minimum(lifted, again))
    return held


def notes_in_seconds(timeline: Timeline, pedal: bool = True) -> np.ndarray:
    """The notes of all pitched parts together: ``(notes, 4)`` float, the columns start and end
    (seconds), pitch and velocity, in order of start, then pitch. pedal: see ``hold``."""
    pitched = [part for part in timeline.parts if not part.is_drum]
    tables = [hold(part, timeline.steps) if pedal else part.notes for part in pitched]
    notes = np.concatenate([np.zeros((0, 4)), *tables])
    notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
    return np.concatenate([seconds_at(timeline, notes[:, :2]), notes[:, 2:]], axis=1)
