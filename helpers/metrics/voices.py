"""Musical metrics, from the definitions in the papers named beside each.

Every function takes voices: one grid ``(steps, voices)`` or a batch ``(windows, steps, voices)``,
MIDI pitches with ``REST`` for silence, column 0 the melody where one is meant. Shares run from 0
to 1; where nothing is there to be counted the answer is ``nan``, never a flattering number.
Equal neighbours are one held note, so that real and generated music are counted alike; bars are
counted from the first step, so a pickup is cut off before.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..course.errors import SettingError, check_kind, check_number
from ..music.arrays import as_array, check_array
from ..music.chords import QUALITIES
from ..music.grid import REST, as_voices

# Interval classes above or below the melody that common practice hears as consonant: unison and
# octave, thirds, fourth and fifth, sixths.
CONSONANT_INTERVALS = (0, 3, 4, 5, 7, 8, 9)
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
HARMONIC_MINOR_SCALE = (0, 2, 3, 5, 7, 8, 11)


def _batch(voices) -> np.ndarray:
    """``(windows, steps, voices)`` int16 from either shape; ValueError where it is no music."""
    voices = as_array(voices, "Voices", "(windows, steps, voices)")
    voices = voices[None] if voices.ndim == 2 else voices
    axes = ("windows", "steps", "voices")
    return check_array(voices, "Voices", axes, True, (REST, 127)).astype(np.int16)


def _share(hits, of) -> float:
    """Hits among cases as a share; ``nan`` where there are no cases."""
    return float(np.sum(hits) / np.sum(of)) if np.sum(of) else float("nan")


def _mean(cases: np.ndarray) -> np.ndarray:
    """The mean over the first axis; ``nan`` where there are no cases."""
    return cases.mean(axis=0) if len(cases) else np.full(cases.shape[1:], np.nan)


def _pitch_class_sets(voices: np.ndarray) -> np.ndarray:
    """The set of sounding pitch classes as a 12-bit number, over the last axis."""
    bits = np.where(voices == REST, 0, 1 << (voices % 12).astype(np.int32))
    return np.bitwise_or.reduce(bits, axis=-1)


# The 12-bit sets of pitch classes that are complete triads or seventh chords.
_CHORDS = [
    sum(1 << (root + i) % 12 for i in chord) for chord in QUALITIES.values() for root in range(12)
]


# --- silence and texture -----------------------------------------------------------------------


def rest_share(voices) -> float:
    """Share of cells that rest. Pass ``voices[..., 1:]`` for the accompaniment alone."""
    voices = _batch(voices)
    return _share(voices == REST, np.ones_like(voices))


def empty_bars(voices, steps_per_bar: int = 16) -> np.ndarray:
    """EB: share of bars in which a voice is silent throughout, ``(voices,)``.

    MuseGAN (Dong et al. 2018). Steps after the last whole bar are not counted.
    """
    return _mean((_bars(voices, steps_per_bar) == REST).all(axis=1))


def used_pitch_classes(voices, steps_per_bar: int = 16) -> np.ndarray:
    """UPC: number of different pitch classes (0 to 12) a bar, mean over bars, ``(voices,)``.

    MuseGAN (Dong et al. 2018). An empty bar counts as 0, as in the paper.
    """
    bars = _bars(voices, steps_per_bar)
    used = [((bars % 12 == c) & (bars != REST)).any(axis=1) for c in range(12)]
    return _mean(np.sum(used, axis=0))


def _bars(voices, steps_per_bar: int) -> np.ndarray:
    """Whole bars, ``(bars, steps_per_bar, voices)``."""
    check_number("steps_per_bar", steps_per_bar, least=1)
    voices = _batch(voices)
    whole = voices.shape[1] // steps_per_bar
    voices = voices[:, : whole * steps_per_bar]
    return voices.reshape(-1, steps_per_bar, voices.shape[2])


def qualified_notes(voices, min_steps: int = 2) -> np.ndarray:
    """QN: share of notes at least ``min_steps`` long, ``(voices,)``.

    MuseGAN (Dong et al. 2018) asks for three steps of a ninety-sixth of a bar; here the steps are
    sixteenths, and two of them are the default. Repeated notes are merged to one; a note that the
    edge of a window cuts is as long as what is left of it.
    """
    check_number("min_steps", min_steps, least=0)
    voices = _batch(voices)
    shares = []
    for v in range(voices.shape[2]):
        lengths = np.array([n for window in voices for n in _note_lengths(window[:, v])])
        shares.append(_share(lengths >= min_steps, np.ones_like(lengths)))
    return np.array(shares)


def _note_lengths(melody: np.ndarray) -> np.ndarray:
    """Lengths in steps of the stretches of one pitch."""
    edges = np.flatnonzero(np.diff(melody)) + 1
    starts = np.concatenate([[0], edges]).astype(int)
    lengths = np.diff(np.append(starts, len(melody)))
    return lengths[melody[starts] != REST] if len(melody) else lengths[:0]


def rate_of_change(voices) -> np.ndarray:
    """Share of steps on which a voice is not where it was one step before, ``(voices,)``: to
    another pitch, into a rest or out of one. The first step of a window is not counted."""
    voices = _batch(voices)
    return _mean((voices[:, 1:] != voices[:, :-1]).reshape(-1, voices.shape[2]))


def leaps(voices, widest_step: int = 5) -> np.ndarray:
    """Of a voice's moves from pitch to pitch, the share wider than ``widest_step`` semitones (by
    default a fourth), ``(voices,)``. Moves from and to a rest are not counted."""
    check_number("widest_step", widest_step, least=0)
    voices = _batch(voices)
    before, after = voices[:, :-1], voices[:, 1:]
    moves = (before != REST) & (after != REST) & (before != after)
    wide = moves & (np.abs(after - before) > widest_step)
    return np.array([_share(wide[..., v], moves[..., v]) for v in range(voices.shape[2])])


# --- harmony -----------------------------------------------------------------------------------


def consonance(voices) -> float:
    """Share of accompanying notes, step by step, that are consonant with the melody: an interval
    class among ``CONSONANT_INTERVALS``. Steps on which either rests are not counted."""
    voices = _batch(voices)
    melody, others = voices[:, :, :1], voices[:, :, 1:]
    both = (melody != REST) & (others != REST)
    return _share(both & np.isin((melody - others) % 12, CONSONANT_INTERVALS), both)


def interval_distribution(voices) -> np.ndarray:
    """How often each voice stands each interval class below the melody, ``(voices - 1, 12)``; the
    rows sum to 1, a voice that never sounds with the melody has a row of ``nan``."""
    voices = _batch(voices)
    melody = voices[:, :, 0]
    rows = []
    for v in range(1, voices.shape[2]):
        both = (melody != REST) & (voices[:, :, v] != REST)
        counts = np.bincount((melody - voices[:, :, v])[both] % 12, minlength=12)
        rows.append(counts / counts.sum() if counts.sum() else np.full(12, np.nan))
    return np.array(rows).reshape(-1, 12)


def total_variation(first, second) -> float:
    """Total variation distance, half the sum of absolute differences: 0 the same, 1 disjoint.
    Distributions stand along the last axis, each of shares that sum to 1, or of nothing but zeros
    or ``nan`` where nothing was counted; the mean is taken over the others."""
    first, second = _alike(first, second, "Distributions", "(..., classes)")
    for array in (first, second):
        counted = np.where(np.isnan(array), 0, array) if array.dtype.kind == "f" else array
        check_array(counted, "Shares", array.shape, values=(0, 1), slack=1e-6)
        sums = array.sum(axis=-1)
        if not (np.isnan(sums) | (sums == 0) | (np.abs(sums - 1) < 0.01)).all():
            raise SettingError("Distributions are shares, which sum to 1: divide by their sum.")
    apart = 0.5 * np.abs(np.subtract(first, second, dtype=float)).sum(axis=-1)
    return float(np.mean(apart)) if apart.size else float("nan")


def _alike(first, second, what: str, shape: str) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of one shape."""
    first, second = (as_array(some, what, shape) for some in (first, second))
    if first.shape != second.shape or not first.ndim:
        raise SettingError(
            f"{what} are compared as two arrays of one shape, not {first.shape} and {second.shape}."
        )
    return first, second


def interval_distance(voices, reference) -> float:
    """Total variation between the ``interval_distribution`` of two sets of voices, mean over the
    accompanying voices."""
    return total_variation(interval_distribution(voices), interval_distribution(reference))


def chord_share(voices) -> float:
    """Of the steps on which all voices sound, the share whose set of pitch classes is exactly a
    complete triad (major, minor, diminished, augmented) or seventh chord (dominant, minor, major,
    half-diminished, diminished)."""
    voices = _batch(voices)
    sounding = (voices != REST).all(axis=2)
    return _share(np.isin(_pitch_class_sets(voices), _CHORDS) & sounding, sounding)


def voice_crossing(voices) -> float:
    """Share of adjacent pairs of sounding voices in which the lower voice is above the upper."""
    voices = _batch(voices)
    upper, lower = voices[:, :, :-1], voices[:, :, 1:]
    both = (upper != REST) & (lower != REST)
    return _share(both & (lower > upper), both)


def scale_consistency(voices) -> float:
    """Share of sounding cells inside the major or harmonic minor scale that fits best, each
    window with its own; mean over the windows that sound (after Mogren 2016, with harmonic
    minor)."""
    scores = []
    for window in _batch(voices):
        counts = np.bincount(window[window != REST] % 12, minlength=12)
        if counts.sum():
            fits = [
                counts[[(tonic + degree) % 12 for degree in scale]].sum()
                for tonic in range(12)
                for scale in (MAJOR_SCALE, HARMONIC_MINOR_SCALE)
            ]
            scores.append(max(fits) / counts.sum())
    return float(np.mean(scores)) if scores else float("nan")


# --- together ----------------------------------------------------------------------------------


def figures_beside(voices, real) -> dict[str, float]:
    """The figures above of accompaniments ``(windows, steps, 4)``, and how far their intervals are
    from those of real ones to the same melodies: what chapters 02 and 04 show in their tables."""
    voices, real = _batch(voices), _batch(real)
    check_array(voices, "Accompanied melodies", ("windows", "steps", 4))
    check_array(real, "Real ones", ("windows", "steps", 4))
    for name, some in (("voices", voices), ("real", real)):
        check_number(f"The number of steps in {name}", some[..., 0].size, least=1)
    lower = voices[..., 1:]
    figures = {
        "consonance": consonance(voices),
        "chord share": chord_share(voices),
        "voice crossing": voice_crossing(voices),
        "rests": rest_share(lower),
    }
    by_voice = {
        "change": rate_of_change(lower),
        "qualified notes": qualified_notes(lower),
        "leaps": leaps(lower),
    }
    for name, found in by_voice.items():
        names = (f"{name} {voice}" for voice in ("alto", "tenor", "bass"))
        figures |= dict(zip(names, found.tolist(), strict=True))
    return figures | {"interval distance": interval_distance(voices, real)}


# --- variety and copying -----------------------------------------------------------------------


def difference(first, second) -> float:
    """Share of cells that differ between two voices grids of the same shape."""
    first, second = _alike(first, second, "Voices", "(steps, voices)")
    for array in (first, second):
        check_array(array, "Voices", array.shape, True, (REST, 127))
    return float((first != second).mean()) if first.size else float("nan")


def longest_copied_runs(voices, training) -> np.ndarray:
    """For each window, the longest run of steps that also stands in the training music, all voices
    together and transposed as may be: ``(windows,)`` steps.

    ``training`` is a list of grids ``(steps, voices)``. A chord held for eight steps is a run of
    eight, so the figure means something only beside the same figure for real music.
    """
    voices, finder = _batch(voices), CopyFinder(training)
    return np.array([finder.longest_run(window) for window in voices], int)


class CopyFinder:
    """``longest_copied_runs`` for many pieces of any length: the training music is read once."""

    def __init__(self, training):
        check_kind("training", training, Iterable, "a list of grids (steps, voices)")
        places: dict[bytes, list[int]] = {}
        tops: list[int] = []
        self.voices = set()
        for piece in training:
            piece = as_voices(piece)
            self.voices.add(piece.shape[1])
            tops.append(REST)  # a gap, so that no run leads from one piece into the next
            for shape, top in _chord_shapes(piece):
                places.setdefault(shape, []).append(len(tops))
                tops.append(top)
        self.steps_with = {shape: np.array(steps) for shape, steps in places.items()}
        self.tops = np.array(tops, int)

    def longest_run(self, voices) -> int:
        """The longest run of steps of one grid ``(steps, voices)``."""
        voices = as_voices(voices)
        if self.voices - {voices.shape[1]}:
            raise SettingError("The training music has another number of voices than the windows.")
        longest = 0
        # For each training step, of the run that ends there: its length, how many rests it ends
        # with (they fit any transposition), and how far it is transposed.
        run, rests, moved = np.zeros((3, len(self.tops)), int)
        last = np.zeros(0, int)  # where runs end now
        for shape, top in _chord_shapes(voices):
            at = self.steps_with.get(shape, np.zeros(0, int))
            last_run, last_rests, last_moved = run[at - 1], rests[at - 1], moved[at - 1]
            run[last] = rests[last] = 0
            if top == REST:
                run[at], rests[at], moved[at] = last_run + 1, last_rests + 1, last_moved
            else:
                moved[at] = top - self.tops[at]
                run[at] = np.where(last_moved == moved[at], last_run, last_rests) + 1
            longest, last = max(longest, int(run[at].max(initial=0))), at
        return longest


def _chord_shapes(voices: np.ndarray) -> list[tuple[bytes, int]]:
    """For each step, how far each voice is below the highest, and that pitch (``REST``: none)."""
    tops = voices.max(axis=1)
    shapes = np.where(voices == REST, REST, tops[:, None] - voices)
    return [(shape.tobytes(), int(top)) for shape, top in zip(shapes, tops, strict=True)]
