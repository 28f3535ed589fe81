"""What may be asked of the trained systems: each argument checked, with one sentence where it is
wrong, and melodies moved to where the networks have learned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..music.conversion import to_piece
from ..music.grid import MAX_MELODY_STEPS, REST, Piece, with_voices
from ..music.timeline import Timeline

MELODY_RANGE = (57, 81)  # the sopranos that the accompaniment GAN was trained on


def as_melody(melody) -> np.ndarray:
    melody = np.asarray(melody)
    if melody.ndim != 1 or not len(melody):
        raise ValueError(
            f"A melody is one row of pitches, at least one, not an array of shape {melody.shape}."
        )
    if len(melody) > MAX_MELODY_STEPS:
        raise ValueError(
            f"This melody has {len(melody):,} steps; {MAX_MELODY_STEPS:,} are the limit."
        )
    if not np.issubdtype(melody.dtype, np.integer):
        raise ValueError(f"A melody holds whole numbers (MIDI pitches), not {melody.dtype}.")
    if melody.min() < REST or melody.max() > 127:
        raise ValueError("A melody holds MIDI pitches from 0 to 127, or -1 for a rest.")
    return melody.astype(np.int16)


def as_seed(seed: int | None) -> int:
    return int(np.random.default_rng().integers(2**31)) if seed is None else int(seed)


def check_steps(steps) -> None:
    if not isinstance(steps, (int, np.integer)) or not 1 <= steps <= MAX_MELODY_STEPS:
        raise ValueError(f"Music here has from 1 to {MAX_MELODY_STEPS:,} steps, not {steps!r}.")


def is_number(value) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def check_temperature(temperature) -> None:
    if not is_number(temperature) or not 0 <= temperature < np.inf:
        raise ValueError(f"A temperature is a number from 0 (no chance) up, not {temperature!r}.")


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
    if not isinstance(music, (Piece, Timeline)) and not hasattr(music, "to_timeline"):
        return as_melody(music), pickup or 0, None
    piece = to_piece(music)
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
