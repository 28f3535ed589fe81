"""Chords as events: a harmony as a sequence of names such as "C major", "G dominant seventh".

Triads and seventh chords have the names that music21 gives them, without "triad" and "chord".
Lost are octaves, inversion and doubling, and where in its beat a chord sounds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

from ..course.errors import SettingError, check_number, shortened
from .arrays import check_array
from .grid import REST, as_voices, pitch_number
from .keys import key_fifths

QUALITIES = {  # semitones above the root
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "augmented": (0, 4, 8),
    "dominant seventh": (0, 4, 7, 10),
    "minor seventh": (0, 3, 7, 10),
    "major seventh": (0, 4, 7, 11),
    "half-diminished seventh": (0, 3, 6, 10),
    "diminished seventh": (0, 3, 6, 9),
}
FIFTH = 7  # may be lacking
SILENCE, OTHER = "rest", "other"
CHORD_NAME = re.compile(r"([A-G](?:#{0,2}|b{0,2})) ([a-z -]+)")


def chord_names(voices, steps_per_chord: int = 4, key: str | None = None) -> list[str]:
    """The chord of every ``steps_per_chord`` steps of voices ``(steps, voices)``.

    Of each stretch the first step counts at which a triad or a seventh chord sounds (a fifth may be
    lacking): so a suspension is named after its resolution. A stretch without one is "other",
    silence "rest". Of an augmented triad or a diminished seventh, which have no root of their own,
    the lowest note is taken.
    key: such as "Bb major", by which black keys are spelt; None spells as in C major.
    """
    voices = as_voices(voices)
    check_number("steps_per_chord", steps_per_chord, 1)
    fifths = 0 if key is None else key_fifths(key)
    names = []
    for start in range(0, len(voices), steps_per_chord):
        rows = voices[start : start + steps_per_chord]
        sounding = [tuple(sorted(set(row) - {REST})) for row in rows.tolist()]
        chords = [chord for chord in map(known_chord, sounding) if chord is not None]
        if chords:
            root, quality = chords[0]
            names.append(f"{root_name(root, quality, fifths)} {quality}")
        else:
            names.append(OTHER if any(sounding) else SILENCE)
    return names


def chord_pitches(name: str, low: int = 48) -> list[int]:
    """The MIDI pitches of a chord in root position, the root the first at or above ``low``; none
    for "rest" and "other". Raises ValueError on what is no chord's name."""
    check_number("low", low, 0, 105)  # room for the root and what is above it
    if isinstance(name, str) and name in (SILENCE, OTHER):
        return []
    match = CHORD_NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None or match[2] not in QUALITIES:
        raise SettingError(
            f"A chord is named like 'C major' or 'F# half-diminished seventh', not "
            f"{shortened(name)}; the qualities are {', '.join(QUALITIES)}."
        )
    root = low + (pitch_number(f"{match[1]}4") - low) % 12
    return [root + interval for interval in QUALITIES[match[2]]]


def find_chord(pitches) -> tuple[int, str] | None:
    """``(root, quality)`` of the pitches ``(pitches,)`` that sound together, lowest first; the root
    is a pitch class 0..11. None where they are no triad or seventh chord, of which a fifth may be
    lacking. Raises ValueError on what are no pitches."""
    pitches = check_array(pitches, "Pitches", ("pitches",), True, (0, 127))
    return known_chord(tuple(pitches.tolist())) if len(pitches) else None


@lru_cache(maxsize=10_000)
def known_chord(pitches: tuple[int, ...]) -> tuple[int, str] | None:
    """``find_chord`` of pitches that need no check, at least one."""
    classes = frozenset(pitch % 12 for pitch in pitches)
    return min(
        _chords().get(classes, ()),
        key=lambda chord: (chord[0] - pitches[0]) % 12,
        default=None,
    )


@lru_cache(maxsize=1)
def _chords() -> dict[frozenset[int], set[tuple[int, str]]]:
    """Every chord by its pitch classes, and by those without the fifth. Two chords have the same
    only where the root is in doubt."""
    chords = defaultdict(set)
    for quality, intervals in QUALITIES.items():
        for root in range(12):
            for heard in (intervals, [i for i in intervals if i != FIFTH]):
                chords[frozenset((root + i) % 12 for i in heard)].add((root, quality))
    return dict(chords)


def root_name(root: int, quality: str, fifths: int = 0) -> str:
    """The name of a pitch class as the root of a chord, in a key with so many sharps.

    On the line of fifths twelve names in a row are used. Major chords off the key lie mostly on its
    flat side, diminished ones mostly on its sharp side, for they lead upwards: in C major "Db
    major" but "C# diminished".
    """
    lowest = fifths - (1 if "diminished" in quality else 3 if "minor" in quality else 5)
    place = lowest + (7 * root - lowest) % 12  # 7 * root is the root's place from C, mod 12
    sharps = (place + 1) // 7
    return "FCGDAEB"[(place + 1) % 7] + ("#" * sharps if sharps > 0 else "b" * -sharps)
