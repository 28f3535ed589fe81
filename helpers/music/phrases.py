"""Where the phrases of a melody end: as it says itself, or guessed from the melody alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..course.errors import SettingError, check_number
from .arrays import check_array
from .conversion import to_piece
from .grid import (
    MAX_STEPS,
    REST,
    STEPS_PER_QUARTER,
    Piece,
    bar_clock,
    bar_length,
    check_piece,
    voice_notes,
)

LONGEST = 40  # notes in a phrase that may be its last
# What speaks for the end of a phrase, and against, learned from the training chorales by
# ``python benchmarks/phrase_ends.py --fit``. "4" is metres of whole 4/4 bars, "3" the others.
LEARNED = {
    "3: half bars of another": (
        "0+ -1.7, 1+ -3.4, 2 -5.8, 2+ -2.1, 3+ -0.6, 4 -1.7, 4+ 0.3, 5+ 0.7, 6 0.2, 6+ 3.2, "
        "7+ 1.0, 8 3.2, 8+ -0.2, 9 0.3, 9+ 1.7"
    ),
    "3: half bars of the first": (
        "0 -4.2, 0+ -1.2, 1+ -1.3, 2 0.5, 2+ 1.4, 3+ 0.9, 4 -0.7, 5+ -0.3, 6 3.4, 7+ 2.5, "
        "8 1.0, 8+ -0.3, 9 -1.2, 9+ -0.5"
    ),
    "3: on a": "beat -2.8, downbeat -2.1",
    "4: half bars of another": (
        "0+ -3.0, 1 -7.3, 1+ -4.8, 2 -1.8, 2+ -1.7, 3 1.1, 3+ 1.4, 4 2.7, 4+ 2.0, 5 2.9, "
        "5+ 0.1, 6 2.2, 6+ 1.2, 7 2.2, 7+ -0.3, 8 1.3, 8+ -0.6, 9 1.1, 9+ 2.4"
    ),
    "4: half bars of the first": (
        "0 -5.4, 0+ -1.1, 1 -2.3, 1+ 0.1, 2 1.1, 3 2.7, 3+ 3.7, 4 2.9, 5 2.0, 5+ -0.3, "
        "6 -0.1, 7 -1.5, 8 2.9, 9 -3.5, 9+ -1.1"
    ),
    "4: on a": "beat -0.5, downbeat 0.7, middle 0.9",
    "comes after a": "long note 1.2, quarter -0.6, short note -0.2",
    "comes by": "leap down 1.4, leap up -6.1, repeat 2.0, step down 1.9, step up 1.2",
    "goes by": "leap down -1.0, leap up 1.4, repeat -0.1, step down -2.8, step up -1.3",
    "goes on": "as it began 4.9, where it began 3.7",
    "goes to a": "long note -2.6, quarter -0.6, rest 9.0, short note -0.6",
    "quarters": "0 -1.7, 1 -3.7, 2 0.1, 3 1.5",
}
WEIGHTS = {
    f"{name} = {word}": float(weight)
    for name, row in LEARNED.items()
    for word, weight in (one.rsplit(" ", 1) for one in row.split(", "))
}


def guess_phrase_ends(music, pickup: int | None = None) -> np.ndarray:
    """The steps at which the last notes of a melody's phrases begin, in order: ``(ends,)`` int32.

    music: a melody, or any music of the course, whose first voice counts. Where a piece has
    fermatas of its own, it is these. pickup: steps before the first downbeat; None takes the
    music's own.

    Else an end is a note of a quarter or more, or before a rest. What speaks for each one are its
    length and place in the bar, the notes beside it, a rest, a next note at the place in the bar
    where the melody began, and the melody's beginning coming back; and how many bars every phrase
    has. The set of ends that has most on its side is taken; the last note is one.

    Of the fermatas of the validation chorales (test in brackets) 97 % (91 %) are found, and of what
    is found 96 % (91 %) are fermatas; "every note of a half or more" finds 57 % (56 %), and 56 %
    (48 %) are. In 4/4 alone it is 98 and 98 % (94 and 95 %); in 3/4, on four and six chorales, 71
    and 77 % (76 and 74 %). ``python benchmarks/phrase_ends.py`` measures it. With another order of
    learning validation is 86 to 97 %, as one hymn's settings are all right or all wrong. Hymns
    taught it: other music may have other phrases.
    """
    piece = music.to_piece() if hasattr(music, "to_piece") else to_piece(music)
    check_number("pickup", pickup, 0, MAX_STEPS, none=True)
    _check_melody(piece)
    if pickup is not None:
        piece = with_pickup(piece, pickup)
    if piece.fermatas is not None and np.any(piece.fermatas):
        return own_phrase_ends(piece)
    melody = PhraseNotes(piece)
    return np.array([melody.starts[i] for i in most_likely_ends(melody, WEIGHTS)], np.int32)


def _check_melody(piece: Piece) -> None:
    if not piece.voices.shape[1]:
        raise SettingError("This music has no voice, so it has no phrases.")


def with_pickup(piece: Piece, pickup: int) -> Piece:
    """The piece with bars of its metre from step ``pickup`` on."""
    bars = np.arange(pickup, max(len(piece.voices), pickup + 1), _bar_steps(piece))
    return piece._replace(bar_starts=bars.astype(np.int32))


def own_phrase_ends(piece: Piece) -> np.ndarray:
    """The steps at which the notes of the first voice begin that are under a fermata."""
    notes = voice_notes(piece.voices[:, 0], piece.onsets[:, 0])
    return np.array([n.start for n in notes if piece.fermatas[n.start : n.end].any()], np.int32)


class PhraseClock(NamedTuple):
    """Where each step of a melody stands in its phrases, ``(steps,)`` each. ending: it belongs to a
    phrase's last note; closing: and is that note's last step; opening: it is the first step of all,
    or the one after a closing step; to_end: steps to the next step of a phrase's last note, 0 on
    one, ``MAX_STEPS`` after the last; to_last: steps to the last step of all."""

    ending: np.ndarray
    closing: np.ndarray
    opening: np.ndarray
    to_end: np.ndarray
    to_last: np.ndarray


def phrase_clock(piece: Piece, phrase_ends=None) -> PhraseClock:
    """Where each step of a piece's first voice stands in its phrases. phrase_ends: steps at which
    the phrases' last notes begin or sound, or rests after them; None asks ``guess_phrase_ends``."""
    check_piece(piece)
    _check_melody(piece)
    melody, struck = piece.voices[:, 0], piece.onsets[:, 0]
    ends = guess_phrase_ends(piece) if phrase_ends is None else phrase_ends
    ends = check_array(ends, "Phrase ends", ("ends",), True, (0, len(melody) - 1)).astype(int)
    steps, number = np.arange(len(melody)), np.cumsum(struck)
    ending = np.isin(number, number[ends]) & (melody != REST)
    goes_on = np.append((number[1:] == number[:-1]) & (melody[1:] != REST), False)
    closing = ending & ~goes_on
    next_end = np.where(ending, steps, steps + MAX_STEPS)
    next_end = np.minimum.accumulate(next_end[::-1])[::-1]
    opening = np.append(True, closing[:-1])
    return PhraseClock(ending, closing, opening, next_end - steps, steps[::-1])


def _bar_steps(piece: Piece) -> int:
    return max(round(bar_length(piece.time_signature or "4/4")), 1)


class PhraseNotes:
    """The notes of a melody that may end a phrase, what there is to say of each, and of phrases
    between them, by the names that ``WEIGHTS`` has. starts: their first steps."""

    def __init__(self, piece: Piece):
        bar = _bar_steps(piece)
        self.half = bar / 2
        self.metre = "4" if bar % 16 == 0 else "3"
        bars = np.asarray(piece.bar_starts, int) if len(piece.bar_starts) else np.zeros(1, int)
        self.downbeat = int(bars[0])
        notes = voice_notes(piece.voices[:, 0], piece.onsets[:, 0])
        places = bar_clock([note.start for note in notes], bars, bar)[:, 0]
        self.starts, self.names = [], []
        for i, note in enumerate(notes):
            last, long = i == len(notes) - 1, note.end - note.start >= STEPS_PER_QUARTER
            rests = not last and notes[i + 1].start > note.end
            if long or rests or last:
                self.starts.append(note.start)
                self.names.append(self._of_note(notes, places, i))

    def _of_note(self, notes, places, i: int) -> list[str]:
        note, place = notes[i], places[i]
        quarters = min((note.end - note.start) // STEPS_PER_QUARTER, 3)
        where = {0: "downbeat", self.half: "middle"} if self.metre == "4" else {0: "downbeat"}
        names = [
            f"quarters = {quarters}",
            f"{self.metre}: on a = {where.get(place, 'beat' if place % 4 == 0 else 'weak place')}",
        ]
        if i:
            names.append("comes by = " + _move(notes[i].pitch - notes[i - 1].pitch))
            names.append("comes after a = " + _length(notes[i - 1]))
        if i < len(notes) - 1:
            then = notes[i + 1]
            names.append("goes by = " + _move(then.pitch - note.pitch))
            names.append("goes to a = " + _length(then))
            if then.start > note.end:
                names.append("goes to a = rest")
            if places[i + 1] == places[0]:
                names.append("goes on = where it began")
            if _intervals(notes[i + 1 : i + 6]) == _intervals(notes[:5]):
                names.append("goes on = as it began")
        return names

    def of_phrase(self, start: int, end: int) -> str:
        """start: the number of the end before, -1 of the first phrase; end: of its own."""
        since = self.starts[start] if start >= 0 else self.downbeat
        halves = max(self.starts[end] - since, 0) / self.half
        name = f"{min(int(halves), 9)}" + ("" if halves % 1 == 0 else "+")
        return f"{self.metre}: half bars of {'the first' if start < 0 else 'another'} = {name}"


def _move(semitones: int) -> str:
    kind = "step" if 0 < abs(semitones) <= 2 else "leap"
    return "repeat" if not semitones else f"{kind} {'up' if semitones > 0 else 'down'}"


def _length(note) -> str:
    quarters = (note.end - note.start) / STEPS_PER_QUARTER
    return "short note" if quarters < 1 else "quarter" if quarters < 1.5 else "long note"


def _intervals(notes) -> list[int]:
    return [note.pitch - notes[0].pitch for note in notes]


def most_likely_ends(melody: PhraseNotes, weights: dict[str, float]) -> list[int]:
    """The numbers of the ends that have the greatest sum of weights, of notes and phrases."""
    count = len(melody.starts)
    best, before = np.zeros(count), np.full(count, -1)
    for end in range(count):
        starts = [-1, *range(max(0, end - LONGEST), end)]
        sums = [
            weights.get(melody.of_phrase(start, end), 0.0) + (best[start] if start >= 0 else 0)
            for start in starts
        ]
        choice = int(np.argmax(sums))
        before[end] = starts[choice]
        best[end] = sums[choice] + sum(weights.get(name, 0.0) for name in melody.names[end])
    ends, end = [], count - 1
    while end >= 0:
        ends.append(end)
        end = before[end]
    return ends[::-1]
