"""Keys, their signatures, and how a pitch is spelt in one."""

from __future__ import annotations

import re

import numpy as np

from ..course.errors import SettingError, shortened

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
