"""Drums: hits at exact times, the grid of nine drums and sixteen steps a bar, and the tick features
of document 003; the ways between them, and the MIDI pitches that they stand for.

Hits are ``(hits, 3)`` int32: the columns tick (480 a quarter note, so 120 a step), MIDI pitch and
velocity (1 to 127), in order of tick, then pitch.
"""

from __future__ import annotations

import numpy as np

from ..course.errors import SettingError, check_number
from .arrays import check_array
from .grid import MAX_STEPS

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
# The 22 pitches of the Roland kit, drum by drum: the columns of the tick features.
KIT_PITCHES = tuple(pitch for _, pitches in DRUMS for pitch in pitches)
# Other drums of General MIDI, and which of the nine plays their part: a clap stands where the
# snare does, a shaker or a tambourine where the hi-hat does, a cowbell where the ride does.
OTHER_PITCHES = {
    **dict.fromkeys((35,), "bass drum"),
    **dict.fromkeys((31, 39, 75, 76, 77), "snare"),  # sticks, clap, claves, wood blocks
    **dict.fromkeys((54, 69, 70, 80, 82), "closed hi-hat"),  # tambourine, shakers, mute triangle
    **dict.fromkeys((81,), "open hi-hat"),  # open triangle
    **dict.fromkeys((41, 64, 66), "low tom"),  # low floor tom, conga, timbale
    **dict.fromkeys((61, 63), "mid tom"),  # low bongo, open high conga
    **dict.fromkeys((60, 62, 65), "high tom"),  # high bongo, muted high conga, high timbale
    **dict.fromkeys((56, 67, 68), "ride"),  # cowbell, agogos
}
TICKS_PER_QUARTER = 480
TICKS_PER_STEP = 120
MAX_TICKS = 2_000_000  # of tick features; a damaged file may claim to last for days
_DRUM_OF_PITCH = np.full(128, -1)
for _number, (_name, _pitches) in enumerate(DRUMS):
    _others = [pitch for pitch, name in OTHER_PITCHES.items() if name == _name]
    _DRUM_OF_PITCH[[*_pitches, *_others]] = _number
_COLUMN_OF_PITCH = np.where(
    _DRUM_OF_PITCH < 0, -1, [KIT_PITCHES.index(DRUM_PITCHES[drum]) for drum in _DRUM_OF_PITCH]
)
_COLUMN_OF_PITCH[list(KIT_PITCHES)] = np.arange(len(KIT_PITCHES))


def drum_notes(drums) -> np.ndarray:
    """The notes of drums ``(steps, 9, 3)``: ``(notes, 4)`` float, the columns start and end
    (steps), pitch and velocity (1 to 127), in order of start.

    The last axis holds a hit (0.5 or more), its velocity 0..1 and its offset from the step's
    beginning, -0.5..0.5 of a step. A note lasts one step; none begins before the music does.
    Raises ValueError on another shape and on velocities or offsets of hits outside their range.
    """
    drums = check_array(drums, "Drums", ("steps", len(DRUMS), 3)).astype(float)
    steps, which = np.nonzero(drums[:, :, 0] >= 0.5)
    velocity, offset = drums[steps, which, 1], drums[steps, which, 2]
    hint = "divide MIDI's by 127"
    check_array(velocity, "Drums' velocities", ("hits",), values=(0, 1), hint=hint, slack=1e-3)
    hint = "they are parts of a step"
    check_array(offset, "Drums' offsets", ("hits",), values=(-0.5, 0.5), hint=hint, slack=1e-3)
    starts = np.maximum(steps + offset, 0)
    pitches = np.array(DRUM_PITCHES)[which]
    notes = np.stack([starts, starts + 1, pitches, np.round(127 * velocity).clip(1, 127)], axis=1)
    return notes[np.lexsort((pitches, starts))]


def drum_of(pitch: int) -> int | None:
    """Which of the nine drums a MIDI pitch counts as: its number, or None where it is none.
    Raises ValueError outside MIDI's 0..127."""
    check_number("pitch", pitch, 0, 127)
    drum = int(_DRUM_OF_PITCH[pitch])
    return None if drum < 0 else drum


# --- hits --------------------------------------------------------------------------------------


def as_hits(hits) -> np.ndarray:
    """Hits ``(hits, 3)`` int32 in order of tick, then pitch; an empty list will do.

    Raises ValueError on another shape, fractions, a tick before 0, a pitch outside 0..127 or a
    velocity outside 1..127.
    """
    hits = check_array(hits, "Hits", ("hits", 3), whole=True)
    columns = (("Ticks", 0, 2**31 - 1), ("Pitches", 0, 127), ("Velocities", 1, 127))
    for column, (what, low, high) in zip(hits.T, columns, strict=True):
        check_array(column, f"{what} of hits", ("hits",), values=(low, high))
    hits = hits.astype(np.int32)
    return hits[np.lexsort((hits[:, 1], hits[:, 0]))]


def notes_to_hits(notes) -> np.ndarray:
    """The hits of notes ``(notes, 4)``, such as a drum ``Part`` has: the columns start and end
    (steps), pitch and velocity. The ends are lost, and starts are rounded to ticks."""
    notes = np.asarray(notes, float).reshape(-1, 4)
    ticks = np.maximum(np.round(notes[:, 0] * TICKS_PER_STEP), 0)
    return as_hits(np.stack([ticks, notes[:, 2], np.round(notes[:, 3])], axis=1))


def hits_to_notes(hits) -> np.ndarray:
    """The notes of hits, to be played or drawn: ``(notes, 4)`` float, the columns start and end
    (steps), pitch and velocity. A note lasts one step. The three pitches of the Roland kit that
    General MIDI does not have, or uses otherwise (22, 26 and 58), become 42, 46 and 43."""
    hits = as_hits(hits)
    pitches = hits[:, 1]
    for theirs, general in ((22, 42), (26, 46), (58, 43)):
        pitches = np.where(pitches == theirs, general, pitches)
    starts = hits[:, 0] / TICKS_PER_STEP
    return np.stack([starts, starts + 1, pitches, hits[:, 2]], axis=1)


def _loudest(hits: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Of the hits that share a place the loudest, of equally loud ones the first."""
    order = np.lexsort((hits[:, 0], -hits[:, 2], places))
    first = np.diff(places[order], prepend=-1) != 0
    return np.sort(order[first])


# --- the grid ----------------------------------------------------------------------------------


def hits_to_drums(hits, steps: int | None = None) -> np.ndarray:
    """Drums ``(steps, 9, 3)`` float32 of hits: each goes to the nearest sixteenth.

    steps: how long the grid is; None ends it with the last hit. The last axis holds the hit (1),
    its velocity (MIDI's divided by 127) and its offset, from -0.5 up to, not including, 0.5 of a
    step; a hit half-way between two steps goes to the later one.

    Lost are: which pitch of the kit it was (a rim shot becomes a snare), the softer of two hits of
    one drum on one step (a flam or a roll faster than sixteenths), hits that round to a step after
    the last, and pitches that neither the nine drums nor ``OTHER_PITCHES`` have. Raises ValueError
    as ``as_hits`` does, and on music of more than ``MAX_STEPS``.
    """
    hits = as_hits(hits)
    drum = _DRUM_OF_PITCH[hits[:, 1]]
    step = (hits[:, 0].astype(np.int64) + TICKS_PER_STEP // 2) // TICKS_PER_STEP
    if steps is None:
        steps = int(step[drum >= 0].max(initial=-1)) + 1
    check_number("steps", steps, 0, MAX_STEPS)
    kept = np.flatnonzero((drum >= 0) & (step < steps))
    kept = kept[_loudest(hits[kept], step[kept] * len(DRUMS) + drum[kept])]
    drums = np.zeros((steps, len(DRUMS), 3), np.float32)
    ticks, _, velocity = hits[kept].T
    cell = step[kept], drum[kept]
    drums[cell] = np.stack(
        [np.ones(len(kept)), velocity / 127, ticks / TICKS_PER_STEP - step[kept]], axis=1
    )
    return drums


# --- tick features -----------------------------------------------------------------------------


def tick_features(hits, ticks: int, padded: bool = False) -> np.ndarray:
    """Document 003's features ``(windows, ticks, 22)`` float32: the music cut into windows of
    equal length, in each cell the velocity 0..1 of a hit at exactly this tick, 0 where none is.

    Columns are the pitches of the kit in the order of ``KIT_PITCHES``: neighbours belong to one
    drum. The music ends with its last hit; what is left over after the last whole window is
    dropped, or filled up with silence where ``padded``. Most cells are empty (99.95 % of Groove's)
    and a window of 1,000 ticks takes 88 kB, so make them of one groove at a time.

    Lost are: the unplayed end, the softer of two hits of one pitch at one tick, and pitches outside
    the kit, unless ``OTHER_PITCHES`` has them: these become the first pitch of their drum. Raises
    ValueError as ``as_hits`` does, and on music of more than two million ticks.
    """
    check_number("ticks", ticks, least=1)
    hits = as_hits(hits)
    column = _COLUMN_OF_PITCH[hits[:, 1]]
    length = int(hits[:, 0].max(initial=-1)) + 1
    windows = -(-length // ticks) if padded else length // ticks
    if windows * ticks > MAX_TICKS:
        raise SettingError(
            f"Tick features take at most {MAX_TICKS:,} ticks, not {windows * ticks:,}: "
            "give a part of the hits."
        )
    kept = np.flatnonzero((column >= 0) & (hits[:, 0] < windows * ticks))
    kept = kept[_loudest(hits[kept], hits[kept, 0].astype(np.int64) * 22 + column[kept])]
    features = np.zeros((windows * ticks, len(KIT_PITCHES)), np.float32)
    features[hits[kept, 0], column[kept]] = hits[kept, 2] / 127
    return features.reshape(windows, ticks, len(KIT_PITCHES))
