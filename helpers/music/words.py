"""Next-event tokens: a tune as a sequence of words, and words as numbers.

An event of one voice is a word: what sounds, and for how many steps (four to a quarter note).
"D5 2" is an eighth, "rest 4" a quarter's rest, "E5 4/3" an eighth of a triplet. Times are kept to
a sixth of a step, which holds sixteenths, thirty-seconds and their triplets. Lost are velocities,
silence after the last note, and how a black key was spelt (here it is always a sharp).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from math import floor, log

import numpy as np

from ..course.errors import SettingError, can_be_gone_through, check_choice, shortened
from .arrays import check_array
from .grid import MAX_STEPS, REST, notes_to_voice, pitch_name, pitch_number, voice_notes

SIXTHS_PER_STEP = 6  # 24 a quarter
EVENT_WORD = re.compile(r"(rest|[A-G][#b]{0,2}-?\d) ([1-9]\d{0,6}(?:/[1-9]\d{0,6})?)")
TIMELESS_WORD = re.compile(r"<[^<>]*>|\|")  # such as "<start>" or "<reel>", and a bar line
PADDING_WORD = ""  # the word of token 0


# --- notes and words ---------------------------------------------------------------------------


def note_events(notes) -> list[tuple[int, int]]:
    """``(pitch, ticks)`` of one voice's notes and rests, one after the other, six ticks a step.

    notes: (start, end, pitch) in steps, in any order; further columns are not asked. Times are
    rounded to ticks. A later note cuts off an earlier one; of notes that begin together the highest
    is kept; notes of no length are left out; a gap, before the first note too, is a rest.
    Raises ValueError on a note before step 0, after ``MAX_STEPS`` or with no MIDI pitch.
    """
    try:
        rows = np.array([tuple(note)[:3] for note in notes], float).reshape(-1, 3)
    except (TypeError, ValueError):
        raise SettingError("Notes are rows of three numbers: start, end and pitch.") from None
    if not (rows <= MAX_STEPS).all():
        raise SettingError(f"Notes end at step {MAX_STEPS:,} at the latest: count time in steps.")
    ticks = np.floor(rows[:, :2] * SIXTHS_PER_STEP + 0.5)
    lasting = ticks[:, 0] < ticks[:, 1]
    if (rows[:, 1] < rows[:, 0]).any():
        raise SettingError("Notes are rows of start, end and pitch; these end before they begin.")
    if not np.isin(rows[:, 2], np.arange(128)).all() or (ticks[lasting] < 0).any():
        raise SettingError("Notes begin at step 0 or later and have MIDI pitches from 0 to 127.")
    ticks, pitches = ticks[lasting], rows[lasting, 2]
    rows = np.column_stack([ticks, pitches]).astype(int).tolist()
    events, time = [], 0
    for start, end, pitch in voice_notes(*notes_to_voice(rows, int(ticks.max(initial=0)))):
        if start > time:
            events.append((REST, start - time))
        events.append((pitch, end - start))
        time = end
    return events


def melody_words(notes) -> list[str]:
    """One voice's notes as words; ``note_events`` says how. Silence after the last note is no
    word."""
    return [_word(pitch, ticks) for pitch, ticks in note_events(notes)]


def words_to_notes(words: Iterable[str]) -> np.ndarray:
    """``(notes, 3)`` float: start and end (steps) and pitch of each note, in order.

    Words that take no time, such as "<start>" and the bar line "|", are passed over. Raises
    ValueError on a word that is no event, and where the words last more than ``MAX_STEPS``.
    """
    notes = [event for event in _timed_events(words) if event[2] != REST]
    return np.array(notes, float).reshape(-1, 3)


def voice_words(melody, onsets=None) -> list[str]:
    """A voice ``(steps,)`` as words. Rests at its end are words too, so that nothing is lost."""
    events = note_events(voice_notes(melody, onsets))
    silence = len(melody) * SIXTHS_PER_STEP - sum(ticks for _, ticks in events)
    return [_word(*event) for event in [*events, (REST, silence)] if event[1]]


def words_to_voice(words: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """``(melody, onsets)`` of the words on the sixteenth grid.

    What begins or ends between two steps moves to the nearer one: a triplet's notes become uneven,
    and a note that is left no length is lost. Raises ValueError as ``words_to_notes`` does.
    """
    events = [
        (floor(start + Fraction(1, 2)), floor(end + Fraction(1, 2)), pitch)
        for start, end, pitch in _timed_events(words)
    ]
    notes = [event for event in events if event[2] != REST]
    return notes_to_voice(notes, events[-1][1] if events else 0)


def event_word(pitch: int, steps) -> str:
    """ "D5 2" for pitch 74 and 2 steps, "rest 4" for ``REST`` and 4; thirds as a ``Fraction``."""
    return f"{'rest' if pitch == REST else pitch_name(pitch)} {Fraction(steps)}"


def read_word(word: str) -> tuple[int, Fraction]:
    """``(pitch, steps)`` of an event's word, the pitch ``REST`` for a rest.

    Raises ValueError on what is no event's word.
    """
    event = _read_word(word) if isinstance(word, str) else None
    if event is None:
        given = shortened(word)
        raise SettingError(f"An event is a word such as 'D5 2', 'E5 4/3' or 'rest 4', not {given}.")
    return event


@lru_cache(maxsize=10_000)
def _read_word(word: str) -> tuple[int, Fraction] | None:
    match = EVENT_WORD.fullmatch(word)
    if match is None:
        return None
    return (REST if match[1] == "rest" else pitch_number(match[1])), Fraction(match[2])


def is_timeless(word: str) -> bool:
    """Whether a word takes no time: a special word such as "<start>", or the bar line "|"."""
    if not isinstance(word, str):
        raise SettingError(f"A word is text such as 'D5 2' or '|', not {shortened(word)}.")
    return TIMELESS_WORD.fullmatch(word) is not None


def word_ticks(words: Iterable[str]) -> np.ndarray:
    """How long each word lasts: ``(words,)`` int32, in ticks, six a step, rounded where it is no
    whole number of them. Padding, "", and timeless words such as "<start>" and "|" last 0.

    words: a vocabulary's ``words``, say, so that ``word_ticks(vocabulary.words)[tokens]`` are the
    tokens' lengths. Raises ValueError on a word that is no event, as ``read_word`` does.
    """
    ticks = [
        0
        if word == PADDING_WORD or is_timeless(word)
        else floor(read_word(word)[1] * SIXTHS_PER_STEP + Fraction(1, 2))
        for word in _checked(words)
    ]
    return np.array(ticks, np.int32)


@lru_cache(maxsize=10_000)
def _word(pitch: int, ticks: int) -> str:
    return event_word(pitch, Fraction(ticks, SIXTHS_PER_STEP))


def _timed_events(words: Iterable[str]) -> Iterator[tuple[Fraction, Fraction, int]]:
    """``(start, end, pitch)`` in steps of the words that take time, for rests too."""
    start = Fraction(0)
    for word in _checked(words):
        if not is_timeless(word):
            pitch, steps = read_word(word)
            end = start + steps
            if end > MAX_STEPS:
                raise SettingError(f"These words last more than {MAX_STEPS:,} steps.")
            yield start, end, pitch
            start = end


# --- words and numbers -------------------------------------------------------------------------


class Vocabulary:
    """The words of a data set, and a number for each: 0 is padding, then come the special words in
    the order given, then all others: words that are no events by the alphabet, rests, and notes by
    pitch, the shorter first. So the numbers do not depend on how often a word occurs.

    sequences: the training set's sequences of words. special: words that are to be there in any
    case, such as ``("<start>", "<end>")``. ``len(vocabulary)`` counts padding: it is the number of
    a model's classes. ``words`` is a list of strings, "" for padding.
    """

    def __init__(self, sequences: Iterable[Sequence[str]] = (), special: Sequence[str] = ()):
        if isinstance(sequences, str) or not can_be_gone_through(sequences):
            raise SettingError(
                "A vocabulary is made of a list of sequences, each a list of words, not of "
                f"{shortened(sequences)}."
            )
        special = _checked(special)
        found = {word for sequence in sequences for word in _checked(sequence)}
        others = sorted(found - {PADDING_WORD, *special}, key=_place)
        self.words = [PADDING_WORD, *special, *others]
        self._tokens = {word: token for token, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._tokens

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self) - 1} words and padding>"

    def encode(self, words: Sequence[str], unknown: str = "error") -> np.ndarray:
        """The words' numbers, ``(length,)`` int32.

        unknown: what becomes of a word that the training set lacks. "error" raises ValueError;
        "nearest" takes the known note of the same pitch, or of the nearest pitch, whose length is
        nearest, and of a rest the nearest rest; a word that is no event raises even so.
        """
        check_choice("unknown", unknown, ("error", "nearest"), none=False)
        missing = self._nearest if unknown == "nearest" else self._refuse
        tokens = [
            self._tokens[word] if word in self._tokens else missing(word)
            for word in _checked(words)
        ]
        return np.array(tokens, np.int32)

    def decode(self, tokens) -> list[str]:
        """The words of tokens ``(length,)``, padding dropped.

        Raises ValueError on a batch and on what is no token of this vocabulary.
        """
        tokens = check_array(tokens, "Tokens", ("length",), True, (0, len(self) - 1))
        return [self.words[int(token)] for token in tokens if token]

    def _refuse(self, word: str) -> int:
        raise SettingError(
            f"The vocabulary has no {word!r}, as the training set had none: leave the sequence "
            'out, or encode it with unknown="nearest".'
        )

    def _nearest(self, word: str) -> int:
        if EVENT_WORD.fullmatch(word) is None:
            self._refuse(word)
        pitch, steps = read_word(word)
        events = [other for other in self.words if EVENT_WORD.fullmatch(other)]
        alike = [other for other in events if (read_word(other)[0] == REST) == (pitch == REST)]
        if not alike:
            self._refuse(word)

        def distance(other: str) -> tuple:
            other_pitch, other_steps = read_word(other)
            return abs(other_pitch - pitch), abs(log(other_steps / steps)), other_pitch, other_steps

        return self._tokens[min(alike, key=distance)]


def _checked(words: Iterable[str]) -> list[str]:
    found = list(words) if can_be_gone_through(words) and not isinstance(words, str) else [None]
    if not all(isinstance(word, str) for word in found):
        raise SettingError('A sequence is a list of words, such as ["D5 2", "rest 2"].')
    if any(word.isspace() for word in found):
        raise SettingError('A word is text such as "D5 2" or "|", and no blank.')
    return found


def _place(word: str) -> tuple:
    """Where a word stands in a vocabulary."""
    return (1, *read_word(word)) if EVENT_WORD.fullmatch(word) else (0, word)
