"""The drum grid: nine drums, sixteen steps a bar, and the MIDI pitches they stand for."""

from __future__ import annotations

import numpy as np

# The nine drums of the Groove MIDI Dataset's paper (Gillick et al. 2019, appendix): the pitches
# that count as each in its recordings, the one that plays it first.
DRUMS = (
    ("bass drum", (36,)),
    ("snare", (38, 37, 40)),
    ("closed hi-hat", (42, 22, 44)),
    ("open hi-hat", (46, 26)),
    ("low tom", (43, 58)),
    ("mid tom", (47, 45)),
    ("high tom", (50, 48)),
    ("crash", (49, 52, 55, 57)),
    ("ride", (51, 53, 59)),
)
DRUM_NAMES = tuple(name for name, _ in DRUMS)
DRUM_PITCHES = tuple(pitches[0] for _, pitches in DRUMS)


def drum_notes(drums) -> np.ndarray:
    """The notes of drums ``(steps, 9, 3)``: ``(notes, 4)`` float, the columns start and end
    (steps), pitch and velocity (1 to 127), in order of start.

    The last axis holds a hit (0.5 or more), its velocity 0..1 and its offset from the step's
    beginning, -0.5..0.5 of a step. A note lasts one step; none begins before the music does.
    Raises ValueError on another shape and on velocities or offsets of hits outside their range.
    """
    drums = np.asarray(drums, float)
    if drums.ndim != 3 or drums.shape[1:] != (len(DRUMS), 3):
        raise ValueError(f"Drums have the shape (steps, {len(DRUMS)}, 3), not {drums.shape}.")
    if not np.isfinite(drums).all():
        raise ValueError("Drums hold finite numbers; these hold nan or infinity.")
    steps, which = np.nonzero(drums[:, :, 0] >= 0.5)
    velocity, offset = drums[steps, which, 1], drums[steps, which, 2]
    slack = 1e-3  # of rounding
    if ((velocity < -slack) | (velocity > 1 + slack)).any():
        raise ValueError("A drum's velocity lies between 0 and 1; divide MIDI's by 127.")
    if (np.abs(offset) > 0.5 + slack).any():
        raise ValueError("A drum's offset lies between -0.5 and 0.5 of a step.")
    starts = np.maximum(steps + offset, 0)
    pitches = np.array(DRUM_PITCHES)[which]
    notes = np.stack([starts, starts + 1, pitches, np.round(127 * velocity).clip(1, 127)], axis=1)
    return notes[np.lexsort((pitches, starts))]
