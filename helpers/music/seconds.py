"""Notes in time as they sound: programs, tempo and repeats settled, times in seconds."""

from __future__ import annotations

import numpy as np

from ..course.errors import check_number
from .grid import CHORAL_PROGRAM, DEFAULT_TEMPO, STEPS_PER_QUARTER
from .timeline import Part, Timeline, last_step

MELODY_PROGRAM = 68  # General MIDI: oboe, which the sound font has in tune and quick to speak
REPEAT_GAP = 0.25  # steps of silence before the same pitch is struck again, so that it is heard
SLOWEST, FASTEST = 10, 600  # quarter notes a minute
VOLUME, EXPRESSION, SUSTAIN = 7, 11, 64  # MIDI's controllers
PEDAL_DOWN = 64  # the least value of the sustain pedal that holds notes


# --- what is played ----------------------------------------------------------------------------


def as_played(timeline: Timeline, tempo: float | None = None, program=None) -> Timeline:
    """The music as it is played, by the synthesizer and in MIDI files alike.

    tempo: quarter notes a minute, instead of all tempos of the music; None keeps them, or takes
    100 where there is none. program: a General MIDI program for all pitched parts; None keeps the
    music's own, or takes an oboe for a single voice and a church organ for several. Notes are
    shortened a little where the same pitch follows at once.
    Raises ValueError for a tempo or a program that cannot be.
    """
    check_tempo(tempo, none=True)
    check_number("program", program, 0, 127, none=True)
    if tempo is not None:
        timeline = timeline._replace(tempo=float(tempo), later_tempos=None)
    alone = [part.name for part in timeline.parts] == ["melody"]
    usual = MELODY_PROGRAM if alone else CHORAL_PROGRAM
    parts = []
    for part in timeline.parts:
        if part.is_drum:
            parts.append(part._replace(program=part.program or 0))
            continue
        own = usual if part.program is None else part.program
        chosen = own if program is None else program
        parts.append(part._replace(program=chosen, notes=articulated(part.notes)))
    return timeline._replace(parts=parts, tempo=timeline.tempo or DEFAULT_TEMPO)


def check_tempo(tempo, none: bool = False) -> None:
    """Raises SettingError on what is no number of quarter notes a minute."""
    check_number("tempo", tempo, SLOWEST, FASTEST, whole=False, none=none)


def articulated(notes: np.ndarray) -> np.ndarray:
    """The notes (steps), shortened a little where the same pitch follows at once."""
    notes = notes.copy()
    starts = {(start, pitch) for start, _, pitch, _ in notes.tolist()}
    for note in notes:
        if (note[1], note[2]) in starts:
            note[1] -= min(REPEAT_GAP, 0.25 * (note[1] - note[0]))
    return notes


# --- seconds -----------------------------------------------------------------------------------


def seconds_at(timeline: Timeline, steps) -> np.ndarray:
    """When steps are reached, in seconds from the beginning: float, of the shape of ``steps``."""
    starts, tempos = all_tempos(timeline)
    return along(starts, 60 / tempos / STEPS_PER_QUARTER, steps)


def steps_at(timeline: Timeline, seconds) -> np.ndarray:
    """Which steps are reached so many seconds from the beginning: the way back of ``seconds_at``.
    Rounded to a billionth of a step, so that beats are whole again."""
    starts, tempos = all_tempos(timeline)
    changes = along(starts, 60 / tempos / STEPS_PER_QUARTER, starts)
    return np.round(along(changes, tempos / 60 * STEPS_PER_QUARTER, seconds), 9)


def all_tempos(timeline: Timeline) -> tuple[np.ndarray, np.ndarray]:
    """The steps from which on a tempo holds, 0 the first, and the tempos."""
    later = np.zeros((0, 2)) if timeline.later_tempos is None else timeline.later_tempos
    first = [[0.0, timeline.tempo or DEFAULT_TEMPO]]
    return tuple(np.concatenate([first, later]).T)


def along(starts, slopes, x) -> np.ndarray:
    """What has grown from 0 until ``x``, ``slopes`` of it for each 1 from the ``starts`` on."""
    starts, slopes, x = (np.asarray(numbers, float) for numbers in (starts, slopes, x))
    grown = np.concatenate([[0.0], np.cumsum(np.diff(starts) * slopes[:-1])])
    place = np.maximum(np.searchsorted(starts, x, side="right") - 1, 0)
    return grown[place] + (x - starts[place]) * slopes[place]


def parts_in_seconds(timeline: Timeline, pedal: bool = True) -> list[Part]:
    """The parts with the times of their notes and controls in seconds. pedal: see ``hold``."""
    end = last_step(timeline, timeline.parts)
    parts = []
    for part in timeline.parts:
        notes = hold(part, end) if pedal else part.notes
        notes = np.column_stack([seconds_at(timeline, notes[:, :2]), notes[:, 2:]])
        controls = part.controls
        if controls is not None:
            controls = np.column_stack([seconds_at(timeline, controls[:, 0]), controls[:, 1:]])
        parts.append(part._replace(notes=notes, controls=controls))
    return parts


def notes_in_seconds(timeline: Timeline, pedal: bool = True) -> np.ndarray:
    """The notes of all pitched parts together: ``(notes, 4)`` float, the columns start and end
    (seconds), pitch and velocity, in order of start, then pitch. pedal: see ``hold``."""
    parts = parts_in_seconds(timeline, pedal)
    notes = np.concatenate([np.zeros((0, 4)), *(p.notes for p in parts if not p.is_drum)])
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]


def changes_of(part: Part, number: int) -> np.ndarray:
    """The changes of one controller: ``(changes, 2)``, time and value, in order of time."""
    if part.controls is None:
        return np.zeros((0, 2))
    changes = part.controls[part.controls[:, 1] == number][:, [0, 2]]
    return changes[np.argsort(changes[:, 0], kind="stable")]


def hold(part: Part, end: float) -> np.ndarray:
    """The part's notes, those released while its sustain pedal is down lengthened: until the pedal
    is lifted or the pitch is struck again, at most to ``end``. Times of notes and controls are of
    one unit, whichever that is."""
    notes, pedals = part.notes, changes_of(part, SUSTAIN)
    if not len(notes) or not len(pedals):
        return notes
    down = pedals[:, 1] >= PEDAL_DOWN
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
