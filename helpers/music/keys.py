"""Keys, their signatures, how a pitch is spelt in one, and which tonic a melody has."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from ..course.errors import SettingError, check_number, shortened
from ..course.settings import DATA_FOLDER
from ..course.storage import read_shipped
from .arrays import check_array
from .grid import (
    MAX_STEPS,
    REST,
    STEPS_PER_BAR,
    STEPS_PER_QUARTER,
    as_onsets,
    nearest_steps,
    voice_notes,
)

SHARPS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}  # of the major keys
MODES = {  # how many sharps more than the major key on the same tonic
    "lydian": 1,
    "major": 0,
    "mixolydian": -1,
    "dorian": -2,
    "minor": -3,
    "phrygian": -4,
    "locrian": -5,
}
TONIC_FILE = DATA_FOLDER / "tonic.npz"
BARS_HEARD = 4
EVIDENCE = (  # for a tonic: the rows of what ``tonic_evidence`` gives
    "how long",
    "how often struck again",
    "the first note",
    "the first note of the first whole bar",
    "the last note",
    "on downbeats",
    "in the middle of bars",
    "in the middle of bar 4",
    "how long in bar 4",
    "the longest notes",
    "the three lowest notes",
)


# --- keys --------------------------------------------------------------------------------------


def key_fifths(key: str) -> int:
    """How many sharps (flats: negative) the signature of a key such as "F# minor" or "E dorian"
    has. Raises ValueError on what is no key."""
    match = re.fullmatch(r"([A-Ga-g])(#*|b*) (\w+)", key) if isinstance(key, str) else None
    if match is None or match[3].lower() not in MODES:
        raise SettingError(f'A key is written like "G major" or "Bb minor", not {shortened(key)}.')
    signs = match[2].count("#") - match[2].count("b")
    return SHARPS[match[1].upper()] + 7 * signs + MODES[match[3].lower()]


def key_tonic(key: str) -> int:
    """The pitch class of a key's tonic, 0 (C) to 11: 7 of "G major". Raises ValueError on what is
    no key."""
    return 7 * (key_fifths(key) - MODES[key.split()[1].lower()]) % 12


def is_minor(key: str) -> bool:
    """Whether the third above a key's tonic is a minor one, as in "A minor" and "E dorian". Raises
    ValueError on what is no key."""
    key_fifths(key)
    return MODES[key.split()[1].lower()] <= MODES["dorian"]


LETTERS = "FCGDAEB"  # in fifths


def spelling(pitch: int, fifths: int) -> tuple[str, int, int]:
    """``(letter, semitones that it is raised, octave)`` of a MIDI pitch in a key of so many sharps:
    of the twelve neighbours in fifths from three flatter to eight sharper than the tonic of its
    major key, which gives minor keys their raised sixth and seventh."""
    place = next(p for p in range(fifths - 3, fifths + 9) if 7 * p % 12 == pitch % 12)
    alteration = (place + 1) // 7
    return LETTERS[(place + 1) % 7], alteration, (pitch - alteration) // 12 - 1


def guess_fifths(voices: np.ndarray) -> int:
    """The signature that leaves the fewest notes outside its scale; of equal ones the plainest."""
    pitches = np.asarray(voices)[np.asarray(voices) >= 0]
    counts = np.bincount(pitches % 12, minlength=12)

    def outside(fifths):
        return sum(counts[7 * p % 12] for p in range(fifths + 6, fifths + 11))

    return min(range(-6, 7), key=lambda fifths: (outside(fifths), abs(fifths)))


# --- the tonic of a melody ---------------------------------------------------------------------


def guess_tonic(melody, onsets=None, bar_starts=None, bar_steps: float | None = None) -> int:
    """The most probable tonic of a melody, a pitch class 0 (C) to 11, from its first four bars.

    melody: ``(steps,)``, MIDI pitches or ``REST``. onsets: ``(steps,)`` bool; None: a note is
    struck where the pitch changes. bar_starts: ``(bars,)``, the steps of the downbeats, what comes
    before the first being a pickup; None or empty: the first is step 0. bar_steps: the length of a
    bar; None is what most bars of ``bar_starts`` have, else 16. Silence gives 0. Raises ValueError
    with one sentence where an argument is wrong.

    Each pitch class has eleven kinds of evidence (``EVIDENCE``). A table says how much each counts
    on each degree of a scale, for major keys and minor ones: log-linear, fitted to the training
    tunes of ``load_tunes`` by ``data/build_tonic.py``. It is right for 89 % of the test
    tunes, 92 % of their reels, jigs and hornpipes (the profiles of Krumhansl and Kessler: 65 %):
    ``python benchmarks/guess_tonic.py``. It knows fiddle tunes, and of the sopranos of held-out
    chorales it gets little more than half.
    """
    evidence = tonic_evidence(melody, onsets, bar_starts, bar_steps)
    weights, modes = _tonic_table()
    return int(np.logaddexp(*(from_each_tonic(evidence) @ weights.T + modes).T).argmax())


def tonic_evidence(melody, onsets=None, bar_starts=None, bar_steps=None) -> np.ndarray:
    """``(11, 12)``: of each kind of evidence how much there is for each pitch class. The arguments
    are those of ``guess_tonic``."""
    struck = as_onsets(melody, onsets)
    bars, middles, end = _first_bars(len(struck), bar_starts, bar_steps)
    melody, struck = np.asarray(melody)[:end], struck[:end]
    notes = np.array(voice_notes(melody, struck), int).reshape(-1, 3)
    starts, ends, pitches = notes.T
    lengths = (ends - starts) / STEPS_PER_QUARTER
    evidence = np.zeros((len(EVIDENCE), 12))
    if not len(notes):
        return evidence

    def at(steps):
        sounding = melody.ravel()[steps[steps < end]]
        return _tally(sounding[sounding != REST])

    whole, fourth = starts >= bars[0], starts >= bars[BARS_HEARD - 1]
    longest = lengths == lengths.max()
    evidence[:] = (
        np.log1p(_tally(pitches, lengths)),
        np.log1p(_tally(pitches[1:][pitches[1:] % 12 == pitches[:-1] % 12])),
        _tally(pitches[:1]),
        _tally(pitches[whole][:1]),
        _tally(pitches[-1:]),
        np.log1p(at(bars)),
        np.log1p(at(middles)),
        at(middles[-1:]),
        np.log1p(_tally(pitches[fourth], lengths[fourth])),
        _tally(pitches[longest]) / longest.sum(),
        _tally(np.unique(pitches)[:3]),
    )
    return evidence


def from_each_tonic(evidence: np.ndarray) -> np.ndarray:
    """``(12, 132)``: the evidence as it looks if C, C sharp, ... is the tonic, which comes first in
    each of its rows."""
    return np.stack([np.roll(evidence, -tonic, axis=1).ravel() for tonic in range(12)])


def _first_bars(steps: int, bar_starts, bar_steps) -> tuple[np.ndarray, np.ndarray, int]:
    """The downbeats and the middles of the first bars, as far as they go on beyond the melody, and
    the step on which they end."""
    check_number("bar_steps", bar_steps, above=0, most=MAX_STEPS, whole=False, none=True)
    if bar_starts is None:
        bar_starts = []
    bars = check_array(bar_starts, "Bar starts", ("bars",), values=(0, MAX_STEPS)).astype(float)
    if bar_steps is None:
        bar_steps = np.median(np.diff(bars)) if len(bars) > 1 else STEPS_PER_BAR
    bars = bars[: BARS_HEARD + 1] if len(bars) else np.zeros(1)
    more = np.arange(1, BARS_HEARD + 2 - len(bars)) * bar_steps
    bars = np.append(bars, bars[-1] + more)
    heard = nearest_steps(bars)
    middles = np.floor(bars[:BARS_HEARD] + bar_steps // 2).astype(int)
    return heard[:BARS_HEARD], middles, min(steps, int(heard[BARS_HEARD]))


def _tally(pitches, weights=None) -> np.ndarray:
    return np.bincount(np.asarray(pitches, int) % 12, weights, minlength=12)


@cache
def _tonic_table() -> tuple[np.ndarray, np.ndarray]:
    """``(weights, modes)``: ``(2, 132)`` and ``(2,)``, the two being major and minor."""
    arrays = read_shipped(TONIC_FILE)
    return arrays["weights"].reshape(2, -1).astype(float), arrays["modes"].astype(float)
