"""What may be asked of the trained systems: each argument checked, with one sentence where it is
wrong, and melodies moved to where the networks have learned."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

import numpy as np

from ..music.arrays import check_array
from ..music.conversion import to_piece
from ..music.grid import MAX_MELODY_STEPS, REST, Piece, with_voices

MELODY_RANGE = (57, 81)  # the sopranos that the accompaniment GAN was trained on


def as_melody(melody) -> np.ndarray:
    hint = "MIDI's pitches run from 0 to 127, and -1 is a rest"
    melody = check_array(melody, "A melody's pitches", ("steps",), True, (REST, 127), hint)
    if not 1 <= len(melody) <= MAX_MELODY_STEPS:
        raise ValueError(f"A melody has from 1 to {MAX_MELODY_STEPS:,} steps, not {len(melody):,}.")
    return melody.astype(np.int16)


def as_seed(seed: int | None) -> int:
    """Any whole number as one that TensorFlow takes; None draws one."""
    if seed is None:
        return int(np.random.default_rng().integers(2**31))
    check_number(seed, -np.inf, np.inf, "A seed is a whole number, or None", whole=True)
    return int(seed) % 2**31


def check_number(value, least: float, most: float, sentence: str, whole: bool = False) -> None:
    """Raises ValueError with the sentence, and the value at its end, where that is no number from
    ``least`` to ``most``."""
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if not isinstance(value, kinds) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{sentence}, not {value!r}.")


def check_steps(steps) -> None:
    sentence = f"Music here has from 1 to {MAX_MELODY_STEPS:,} steps"
    check_number(steps, 1, MAX_MELODY_STEPS, sentence, whole=True)


def check_temperature(temperature) -> None:
    most = np.finfo(float).max  # anything but infinity
    check_number(temperature, 0, most, "A temperature is a number from 0 (no chance) up")


def fitting_shift(melody: np.ndarray) -> int:
    """Semitones that bring the melody into the trained range: none if it is there, else the
    fewest octaves, else the fewest semitones, that leave the fewest notes outside."""
    notes = melody[melody != REST]
    if not len(notes):
        return 0
    low, high = MELODY_RANGE

    def cost(shift):
        moved = notes + shift
        outside = np.count_nonzero((moved < low) | (moved > high))
        return outside, shift % 12 != 0, abs(shift)

    return min(range(low - int(notes.max()), high - int(notes.min()) + 1), key=cost)


def move(voices: np.ndarray, semitones: int, low: int, high: int) -> np.ndarray:
    """The music ``semitones`` higher; what then is outside ``low`` to ``high`` is moved inside by
    octaves."""
    moved = voices + semitones
    up = np.maximum(0, -(-(low - moved) // 12)) * 12
    down = np.maximum(0, -(-(moved - high) // 12)) * 12
    return np.where(voices == REST, REST, moved + up - down).astype(np.int16)


def take_melody(music, pickup: int | None = None) -> tuple[np.ndarray, int, Piece | None]:
    """``(melody, pickup, piece)`` of what somebody calls a melody: pitches ``(steps,)``, which are
    no piece, or any music of the course, whose first voice counts. pickup: the steps before the
    first downbeat; None takes the music's own, or 0."""
    if pickup is not None:
        check_number(pickup, 0, MAX_MELODY_STEPS, "A pickup is a whole number of steps", whole=True)
    if hasattr(music, "__array__") or type(music) in (list, tuple):
        return as_melody(music), pickup or 0, None
    if isinstance(music, (str, PathLike)):
        raise ValueError("A melody is music, not a file's path: data.load_melody(path) reads it.")
    try:
        piece = to_piece(music)
    except TypeError as error:
        raise ValueError(str(error)) from None
    if not piece.voices.shape[1]:
        raise ValueError("This music has no voice, so there is no melody.")
    if pickup is None:
        pickup = int(piece.bar_starts[0]) if len(piece.bar_starts) else 0
    return as_melody(piece.voices[:, 0]), pickup, piece


def harmonise(music, pickup: int | None, write: Callable) -> np.ndarray | Piece:
    """The voices that ``write(melody, pickup)`` gives to a melody moved into the trained range,
    moved back, the melody itself untouched: an array for an array, else a piece."""
    melody, pickup, piece = take_melody(music, pickup)
    shift = fitting_shift(melody)
    voices = move(write(move(melody, shift, *MELODY_RANGE), pickup), -shift, 0, 127)
    voices[:, 0] = melody
    if piece is None:
        return voices
    alone = piece._replace(voices=piece.voices[:, :1], onsets=piece.onsets[:, :1])
    return with_voices(alone, voices)
