"""What may be asked of the trained systems: each argument checked, with one sentence where it is
wrong, and melodies moved to where the networks have learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike

import numpy as np

from ..course.errors import SettingError, check_kind, check_number
from ..music.arrays import check_array
from ..music.conversion import to_piece
from ..music.grid import (
    MAX_MELODY_STEPS,
    REST,
    STEPS_PER_BAR,
    Piece,
    default_onsets,
    with_voices,
)
from ..music.phrases import with_pickup

MELODY_RANGE = (57, 81)  # the sopranos that the accompaniment GAN was trained on
LOWEST = 36  # C2, below which no choir's bass sings


def as_melody(melody) -> np.ndarray:
    hint = "MIDI's pitches run from 0 to 127, and -1 is a rest"
    melody = check_array(melody, "A melody's pitches", ("steps",), True, (REST, 127), hint)
    if not 1 <= len(melody) <= MAX_MELODY_STEPS:
        raise SettingError(
            f"A melody has from 1 to {MAX_MELODY_STEPS:,} steps, not {len(melody):,}."
        )
    return melody.astype(np.int16)


def as_seed(seed: int | None) -> int:
    """Any whole number as one that TensorFlow takes; None draws one."""
    check_number("seed", seed, largest=math.inf, none=True)
    return int(np.random.default_rng().integers(2**31)) if seed is None else int(seed) % 2**31


def check_steps(steps) -> None:
    check_number("steps", steps, 1, MAX_MELODY_STEPS)


def check_temperature(temperature) -> None:
    """0 leaves nothing to chance."""
    check_number("temperature", temperature, least=0, whole=False)


def check_network(network) -> None:
    if network is not None and not callable(network):
        check_kind("The network", network, Callable, "a network of Keras, or None")


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


def move(voices: np.ndarray, semitones, low: int, high: int) -> np.ndarray:
    """The music ``semitones`` higher, one number or one a voice; what then is outside
    ``low`` to ``high`` is moved inside by octaves."""
    moved = voices + semitones
    up = np.maximum(0, -(-(low - moved) // 12)) * 12
    down = np.maximum(0, -(-(moved - high) // 12)) * 12
    return np.where(voices == REST, REST, moved + up - down).astype(np.int16)


def take_melody(music, pickup: int | None = None) -> tuple[np.ndarray, int, Piece | None]:
    """``(melody, pickup, piece)`` of what somebody calls a melody: pitches ``(steps,)``, which are
    no piece, or any music of the course, whose first voice counts. pickup: the steps before the
    first downbeat, at most a bar; None takes the music's own, or 0."""
    check_number("pickup", pickup, 0, STEPS_PER_BAR, none=True)
    if not hasattr(music, "to_timeline"):  # an array that a folder's piece is knows its music
        if hasattr(music, "__array__") or type(music) in (list, tuple):
            return as_melody(music), pickup or 0, None
    if isinstance(music, (str, PathLike)):
        raise SettingError("A melody is music, not a file's path: data.load_melody(path) reads it.")
    piece = to_piece(music)
    if not piece.voices.shape[1]:
        raise SettingError("This music has no voice, so there is no melody.")
    if pickup is None:
        pickup = int(piece.bar_starts[0]) if len(piece.bar_starts) else 0
    return as_melody(piece.voices[:, 0]), pickup, piece


def as_tune(melody: np.ndarray, pickup: int, piece: Piece | None) -> Piece:
    """A melody in a network's range, as the music that it was."""
    voices = melody[:, None]
    if piece is None:
        return with_pickup(Piece("", voices, default_onsets(voices), np.zeros(0, np.int32)), pickup)
    struck = np.asarray(piece.onsets)[:, :1] & (voices != REST)
    tune = piece._replace(voices=voices, onsets=struck)
    own = len(piece.bar_starts) and piece.bar_starts[0] == pickup
    return tune if own else with_pickup(tune, pickup)


def check_phrase_ends(phrase_ends, steps: int) -> np.ndarray | None:
    """Steps of a melody, or None."""
    if phrase_ends is None:
        return None
    return check_array(phrase_ends, "Phrase ends", ("ends",), True, (0, steps - 1)).astype(int)


def harmonise(taken: tuple, write: Callable) -> np.ndarray | Piece:
    """Of what ``take_melody`` has taken, the voices that ``write(melody, pickup)`` gives to the
    melody moved into the trained range, moved back, the melody itself untouched: an array for an
    array, else a piece. Below a low melody nobody could hear them: a voice that would go below
    ``LOWEST`` is moved up as a whole, by octaves, and may lie above the melody."""
    melody, pickup, piece = taken
    shift = fitting_shift(melody)
    voices = write(move(melody, shift, *MELODY_RANGE), pickup)
    sounding = np.where(voices == REST, 127, voices).min(axis=0) - shift
    up = np.maximum(0, -(-(LOWEST - sounding) // 12)) * 12
    voices = move(voices, up - shift, 0, 127)
    voices[:, 0] = melody
    if piece is None:
        return voices
    alone = piece._replace(voices=piece.voices[:, :1], onsets=piece.onsets[:, :1])
    return with_voices(alone, voices)
