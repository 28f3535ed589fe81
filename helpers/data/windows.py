"""Windows of whole bars, and the batches that training sees."""

from __future__ import annotations

import numpy as np

from ..course.errors import check_number
from ..music.grid import REST, Piece

# --- windows -----------------------------------------------------------------------------------


def make_windows(pieces: list[Piece], bars: int = 2, steps_per_bar: int = 16) -> np.ndarray:
    """Every stretch of whole bars, beginning on each bar line: ``(windows, steps, voices)`` int16.

    Stretches that hold an incomplete bar (a repeat sign may split one) are left out. Raises
    ValueError where nothing is left.
    """
    check_number("bars", bars, 1, given=f"A window has at least one bar: bars is {bars!r}")
    windows = []
    for piece in pieces:
        edges = np.append(piece.bar_starts, len(piece.voices))
        lengths = np.diff(edges)
        for bar in range(len(lengths) - bars + 1):
            if (lengths[bar : bar + bars] == steps_per_bar).all():
                start = edges[bar]
                windows.append(piece.voices[start : start + bars * steps_per_bar])
    if not windows:
        raise ValueError(f"No piece holds {bars} whole bars of {steps_per_bar} steps.")
    return np.stack(windows)


def voice_ranges(pieces: list[Piece]) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest pitch of each voice over all pieces, ``(voices,)`` each."""
    voices = np.concatenate([piece.voices for piece in pieces])
    sounding = voices != REST
    return (
        np.where(sounding, voices, 127).min(axis=0).astype(np.int16),
        np.where(sounding, voices, 0).max(axis=0).astype(np.int16),
    )


def transposition_room(windows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """How far each window may move with every voice inside its range: ``(windows, 2)`` int16,
    the lowest (0 or below) and the highest (0 or above) number of semitones; -127 and 127 for a
    silent window."""
    sounding = windows != REST
    lowest = np.where(sounding, windows, 127).min(axis=1)
    highest = np.where(sounding, windows, 0).max(axis=1)
    down = np.where(sounding.any(axis=1), low - lowest, -127).max(axis=1)
    up = np.where(sounding.any(axis=1), high - highest, 127).min(axis=1)
    return np.stack([np.minimum(down, 0), np.maximum(up, 0)], axis=1).astype(np.int16)


def make_batches(windows: np.ndarray, room: np.ndarray, batch_size: int, seed: int, start: int = 0):
    """An endless ``tf.data.Dataset`` of batches ``(batch_size, steps, voices)`` int32: windows
    drawn at random, each transposed inside its ``room`` by a number of semitones drawn at random.

    Batch ``i`` depends on ``seed`` and ``i`` alone; ``start`` is the first one, so that a resumed
    training sees what it would have seen.
    """
    check_number("batch_size", batch_size, least=1)
    if not len(windows):
        raise ValueError("There are no windows to draw batches from.")
    import tensorflow as tf

    windows, room = tf.constant(windows, tf.int32), tf.constant(room, tf.int32)

    def draw(i):
        seeds = tf.random.split([seed, tf.cast(i, tf.int32)], 2)
        which = tf.random.stateless_uniform([batch_size], seeds[0], 0, len(windows), tf.int32)
        low, high = tf.unstack(tf.gather(room, which), axis=1)
        place = tf.random.stateless_uniform([batch_size], seeds[1])
        shift = low + tf.cast(place * tf.cast(high - low + 1, tf.float32), tf.int32)
        voices = tf.gather(windows, which)
        return tf.where(voices == REST, REST, voices + shift[:, None, None])

    batches = tf.data.Dataset.counter(start, dtype=tf.int64).map(draw)
    return batches.prefetch(2)
