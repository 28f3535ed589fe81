"""The form of a tune: whether its bars come back, its parts are two, and it comes home.

The definitions are the course's own, made for dance tunes of two parts of eight bars each; each is
stated where it is measured. A tune is any music of the course, on the sixteenth grid, of which the
first voice counts. Bars are compared by what sounds at each step, so a repeated note is the same as
a held one. A figure is a share from 0 to 1, and ``nan`` where a tune is too short for it, or has no
key: music that a network wrote is told its own with ``piece._replace(key="D major")``.
"""

from __future__ import annotations

import math

import numpy as np

from ..course.errors import SettingError, check_kind, check_number
from ..music.conversion import to_piece, to_timeline
from ..music.grid import MAX_STEPS, REST, Piece, bar_length, nearest_steps
from ..music.keys import key_tonic
from .voices import difference

PART = 8  # bars in a part
# The step of a bar on which its last strong beat falls, where a part of a dance tune comes to rest:
# what follows in that bar leads on. In another metre it is the downbeat.
LAST_STRONG_BEATS = {
    "2/2": 8,
    "4/4": 8,
    "2/4": 4,
    "3/4": 8,
    "3/8": 4,
    "6/8": 6,
    "9/8": 6,
    "12/8": 12,
    "6/4": 12,
}
HEARD_BEFORE = 0.75  # alike to this share, a bar is one that was heard before
ALIKE = 0.7  # and two bars, above this share, are two others again


def bars_of(music) -> np.ndarray:
    """The bars of a tune: ``(bars, steps)`` int16, the pitch at each step of each, or ``REST``.

    A bar begins where the music says so, and after its last downbeat a bar follows on another; bare
    pitches have bars of 16 steps from the first. A pickup is left out, and whatever comes after the
    bar of the last note. A bar that is shorter than its metre is filled with rests, and of a longer
    one the beginning counts.
    """
    return _bars(_tune(music))


def _tune(music) -> Piece:
    """Music on the grid."""
    return music.to_piece() if hasattr(music, "to_piece") else to_piece(music)


def _bars(piece: Piece) -> np.ndarray:
    length = min(max(bar_length(piece.time_signature), 1), MAX_STEPS)
    melody = _melody(piece)
    sounding = np.flatnonzero(melody != REST)
    end = sounding[-1] + 1 if len(sounding) else 0
    starts = np.asarray(piece.bar_starts, int)
    later = np.arange(starts[-1] + length if len(starts) else 0, end, length)
    starts = np.append(starts, nearest_steps(later))
    starts = starts[starts < end]
    bars = np.full((len(starts), int(nearest_steps(length))), REST, np.int16)
    for bar, heard in zip(bars, np.split(melody[:end], starts)[1:], strict=True):
        bar[: len(heard)] = heard[: len(bar)]
    return bars


def _melody(piece: Piece) -> np.ndarray:
    """The first voice of a piece, which may have none."""
    return np.append(piece.voices, np.full((len(piece.voices), 1), REST), axis=1)[:, 0]


def alike(first, second) -> float:
    """Share of the steps on which two bars, or two groups of as many bars, have the same pitch, or
    both rest."""
    return 1 - difference(first, second)


def returning_bars(music, least: float = HEARD_BEFORE) -> float:
    """Of bars 5 to 16, the share that were heard before: some earlier bar of the tune is ``alike``
    to ``least``. With 1 only exact repeats count. Silent bars are not counted."""
    check_number("least", least, above=0, most=1, whole=False)
    return _returning(_bars(_tune(music)), least)


def _returning(bars: np.ndarray, least: float) -> float:
    heard = [
        (bars[later] == bars[:later]).mean(axis=1).max() >= least
        for later in range(PART // 2, min(len(bars), 2 * PART))
        if (bars[later] != REST).any()
    ]
    return float(np.mean(heard)) if heard else math.nan


def is_two_part(music) -> float:
    """1 where the first sixteen bars are like AABB, each part of eight bars being four and their
    repeat: bars 5 and 6 are like bars 1 and 2, or bars 13 and 14 like 9 and 10, or the second part
    ends as the first did, bars 15 and 16 like 7 and 8. Else 0; ``nan`` where
    there are fewer bars. Like is ``alike`` above 0.7."""
    return _two_part(_bars(_tune(music)))


def _two_part(bars: np.ndarray) -> float:
    if len(bars) < 2 * PART:
        return math.nan
    pairs = [(5, 1), (13, 9), (15, 7)]
    return float(any(alike(bars[a - 1 : a + 1], bars[b - 1 : b + 1]) > ALIKE for a, b in pairs))


def tonic_at(music, bar: int = PART) -> float:
    """1 where the note on the last strong beat of a bar, counted from 1, is the tonic of the
    music's key in any octave, else 0. Which beat that is stands in ``LAST_STRONG_BEATS``."""
    check_number("bar", bar, least=1)
    piece = _tune(music)
    return _tonic_at(piece, _bars(piece), bar)


def _tonic_at(piece: Piece, bars: np.ndarray, bar: int) -> float:
    if len(bars) < bar:
        return math.nan
    return _is_tonic(bars[bar - 1, LAST_STRONG_BEATS.get(piece.time_signature, 0)], piece.key)


def _is_tonic(pitch: int, key: str) -> float:
    if not key:
        return math.nan
    return float(pitch != REST and pitch % 12 == key_tonic(key))


def ends_on_tonic(music) -> float:
    """1 where the last note is the tonic of the music's key in any octave, else 0."""
    return _ends_on_tonic(_tune(music))


def _ends_on_tonic(piece: Piece) -> float:
    melody = _melody(piece)
    sounding = melody[melody != REST]
    return _is_tonic(sounding[-1], piece.key) if len(sounding) else math.nan


def form_figures(tunes) -> dict[str, float]:
    """The figures above of several tunes, each the mean over those that it can be told of: what
    chapter 02 shows in its tables. A tune lasts 16 bars where its last note sounds in the
    sixteenth or later; of others nothing is said about two parts and how they end."""
    rows = [_figures(_tune(tune)) for tune in _several(tunes)]
    figures = {name: [row[name] for row in rows] for name in rows[0]}
    told = {name: [one for one in found if not math.isnan(one)] for name, found in figures.items()}
    return {name: float(np.mean(found)) if found else math.nan for name, found in told.items()}


def _several(tunes) -> list:
    """The music in a list of music."""
    one = hasattr(tunes, "to_timeline") or isinstance(tunes, Piece)
    check_kind("tunes", None if one else tunes, (list, tuple), "a list of tunes")
    if not len(tunes):
        raise SettingError("The list of tunes is empty.")
    return list(tunes)


def _figures(piece: Piece) -> dict[str, float]:
    bars = _bars(piece)
    whole = len(bars) >= 2 * PART
    return {
        "bar heard before": _returning(bars, HEARD_BEFORE),
        "bar heard before, exactly": _returning(bars, 1),
        "AABB-like": _two_part(bars),
        "bar 5 like bar 1": alike(bars[4], bars[0]) if len(bars) > 4 else math.nan,
        "tonic at bar 8": _tonic_at(piece, bars, PART) if whole else math.nan,
        "tonic at bar 16": _tonic_at(piece, bars, 2 * PART),
        "lasts 16 bars": float(whole),
        "ends on the tonic": _ends_on_tonic(piece),
    }


# --- copying -----------------------------------------------------------------------------------


def known_runs(tunes, training) -> np.ndarray:
    """For each tune, the longest run of intervals between successive notes that also stands in a
    training tune: ``(tunes,)``, counted in intervals.

    Semitones up or down, a repeated note being 0, so in whatever key and rhythm; rests are passed
    over. The first voice of each tune counts. The figure means something only beside the same
    figure for real music.
    """
    known = [_intervals(tune) for tune in _several(training)]
    asked = [_intervals(tune) for tune in _several(tunes)]
    # All tunes in one row, each followed by a number that stands nowhere else. Of the runs of one
    # length, each named by a number, those stay that both sides have; then they grow by one.
    gaps = 1000 + np.arange(len(known) + len(asked))
    row = np.concatenate([[*tune, gap] for tune, gap in zip(known + asked, gaps, strict=True)])
    owner = np.repeat(np.arange(len(gaps)) - len(known), [len(tune) + 1 for tune in known + asked])
    longest = np.zeros(len(asked), int)
    starts, names = np.arange(len(row)), row
    for length in range(1, len(row)):
        names = np.unique(names, return_inverse=True)[1]
        new = owner[starts] >= 0
        shared = np.zeros((2, names.max() + 1), bool)
        shared[new.astype(int), names] = True
        kept = shared.all(axis=0)[names] & (starts + length < len(row))
        starts, names = starts[kept], names[kept]
        if not len(starts):
            break
        longest[owner[starts[owner[starts] >= 0]]] = length
        names = names * (gaps[-1] + 1000) + row[starts + length]
    return longest


def _intervals(music) -> np.ndarray:
    """Semitones from each note of the first voice to the next one."""
    voices = [part.notes[:, 2] for part in to_timeline(music).parts if not part.is_drum]
    return np.diff(voices[0]).astype(int) if voices else np.zeros(0, int)
