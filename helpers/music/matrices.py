"""Play, replay and volume: a piece as three matrices of steps by pitches, as in document 004.

The representation is DeepJ's (Mao et al. 2018, arXiv:1801.00887). A piano roll says which pitches
sound, and cannot tell a note held for two steps from one struck twice: a second matrix says where a
sounding pitch is struck again, and a third how loud it is.

What the matrices cannot hold: which voice or instrument sings a note, two notes of one pitch at
once (unisons become one note, struck where either is), how long a note would have lasted had its
pitch not been struck again, fractions of a step, drums, tempo, metre and bar lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import check_array
from .conversion import to_timeline
from .timeline import Part, Timeline, grid_steps, pitched_parts, rounded_notes


class Matrices(NamedTuple):
    """Three matrices ``(steps, 128)``, a column for each MIDI pitch.

    play: bool, true where a pitch sounds. replay: bool, true where a pitch that sounded on the
    step before is struck again; that a note is struck where it begins follows from play.
    volume: float32, 0..1, MIDI's velocity divided by 127, over the whole length of a note; 0 where
    nothing sounds.
    """

    play: np.ndarray
    replay: np.ndarray
    volume: np.ndarray


def to_matrices(music, onsets=None) -> Matrices:
    """The matrices of any music of the course; ``onsets`` as in ``to_timeline``.

    Starts and ends go to the nearest step, halves up; every note gets one step at least. Of notes
    struck together on one pitch the loudest says the volume.
    """
    timeline = to_timeline(music, onsets)
    parts = pitched_parts(timeline)
    steps = grid_steps(timeline, parts)
    play, struck = np.zeros((steps, 128), bool), np.zeros((steps, 128), bool)
    volume = np.zeros((steps, 128), np.float32)
    for part in parts:
        for start, end, pitch, velocity in zip(
            *rounded_notes(part.notes, steps), part.notes[:, 3], strict=True
        ):
            play[start : max(end, start + 1), pitch] = True
            struck[start, pitch] = True
            volume[start, pitch] = max(volume[start, pitch], velocity / 127)
    held = play & ~struck
    for step in range(1, steps):
        volume[step, held[step]] = volume[step - 1, held[step]]
    return Matrices(play, struck & _before(play), volume)


def matrices_to_notes(matrices) -> np.ndarray:
    """The notes ``(n, 4)`` float, in order of start and pitch: start and end in steps, pitch,
    velocity 1 to 127.

    matrices: ``Matrices``, or play, replay and volume as any three arrays of that shape; whatever
    is not zero plays. A replay of a pitch that did not sound on the step before adds nothing, and
    the volume counts where a note is struck. Raises ValueError on other shapes or a volume outside
    0..1.
    """
    play, replay, volume = _checked(matrices)
    struck = play & (replay | ~_before(play))
    # One row after the other, each closed by a silent step: a note ends where the next one of its
    # pitch begins, or where the pitch falls silent.
    edges = np.ones((128, len(play) + 1), bool)
    edges[:, :-1] = (struck | ~play).T
    pitches, starts = np.nonzero(struck.T)
    places = np.flatnonzero(edges)
    after = np.searchsorted(places, pitches * (len(play) + 1) + starts, side="right")
    ends = places[after] - pitches * (len(play) + 1) if len(starts) else starts
    velocities = np.round(127 * volume[starts, pitches]).clip(1, 127)
    notes = np.stack([starts, ends, pitches, velocities], axis=1).astype(float)
    return notes[np.lexsort((pitches, starts))]


def matrices_to_timeline(matrices) -> Timeline:
    """The matrices' notes as one part, to be heard, drawn and measured like any music."""
    return Timeline([Part("notes", matrices_to_notes(matrices))], len(_checked(matrices)[0]))


def _before(play: np.ndarray) -> np.ndarray:
    """What played on the step before; nothing before the first."""
    before = np.zeros_like(play)
    before[1:] = play[:-1]
    return before


def _checked(matrices) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrices = tuple(matrices) if isinstance(matrices, Matrices) else matrices
    matrices = check_array(matrices, "Play, replay and volume", (3, "steps", 128))
    play, replay, volume = matrices
    hint = "divide MIDI's velocities by 127"
    check_array(volume, "Volumes", ("steps", 128), values=(0, 1), hint=hint)
    return play.astype(bool), replay.astype(bool), volume.astype(np.float32)
