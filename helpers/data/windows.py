"""Windows of whole bars, and the batches that training sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..course.errors import SettingError, check_kind, check_number, shortened
from ..music.arrays import check_array
from ..music.grid import REST, Piece

# --- windows -----------------------------------------------------------------------------------


def make_windows(
    pieces: list[Piece], bars: int = 2, steps_per_bar: int = 16, of: list | None = None
) -> np.ndarray:
    """Every stretch of whole bars, beginning on each bar line: ``(windows, steps, voices)`` int16.

    Stretches that hold an incomplete bar (a repeat sign may split one) are left out. of: for each
    piece an array ``(steps, ...)``, of which windows are cut in place of the voices. Raises
    ValueError where nothing is left.
    """
    check_number("bars", bars, 1, given=f"A window has at least one bar: bars is {shortened(bars)}")
    check_number("steps_per_bar", steps_per_bar, least=1)
    check_pieces(pieces)
    windows = []
    for piece, whole in zip(pieces, _beside(pieces, of), strict=True):
        edges = np.append(piece.bar_starts, len(piece.voices))
        lengths = np.diff(edges)
        for bar in range(len(lengths) - bars + 1):
            if (lengths[bar : bar + bars] == steps_per_bar).all():
                start = edges[bar]
                windows.append(whole[start : start + bars * steps_per_bar])
    if not windows:
        raise SettingError(f"No piece holds {bars} whole bars of {steps_per_bar} steps.")
    return np.stack(windows)


def _beside(pieces: list[Piece], of: list | None) -> list[np.ndarray]:
    if of is None:
        return [piece.voices for piece in pieces]
    check_kind("of", of, (list, tuple), "a list of arrays, one for each piece")
    lengths, wanted = [_length(some) for some in of], [len(piece.voices) for piece in pieces]
    if lengths != wanted:
        raise SettingError("of= takes one array for each piece, with as many steps as the piece.")
    return list(of)


def check_pieces(pieces) -> None:
    """Raises SettingError on what is no list of pieces, an empty one, or one of pieces with
    different numbers of voices."""
    wanted = "a list of pieces, such as data.load_chorales() gives"
    check_kind("pieces", None if isinstance(pieces, Piece) else pieces, (list, tuple), wanted)
    for piece in pieces:
        check_kind("A piece in the list", piece, Piece, "a Piece")
    counts = {piece.voices.shape[1] for piece in pieces}
    if not counts:
        raise SettingError("The list of pieces is empty.")
    if len(counts) > 1:
        found = " and ".join(map(str, sorted(counts)))
        raise SettingError(
            f"The pieces have as many voices each; here are pieces with {found} voices."
        )


def voice_ranges(pieces: list[Piece]) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest pitch of each voice over all pieces, ``(voices,)`` each."""
    check_pieces(pieces)
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
    windows = check_windows(windows)
    voices = windows.shape[2]
    low = check_array(low, "The lowest pitches", (voices,), True, (0, 127))
    high = check_array(high, "The highest pitches", (voices,), True, (0, 127))
    sounding = windows != REST
    lowest = np.where(sounding, windows, 127).min(axis=1)
    highest = np.where(sounding, windows, 0).max(axis=1)
    down = np.where(sounding.any(axis=1), low - lowest, -127).max(axis=1)
    up = np.where(sounding.any(axis=1), high - highest, 127).min(axis=1)
    return np.stack([np.minimum(down, 0), np.maximum(up, 0)], axis=1).astype(np.int16)


def check_windows(windows) -> np.ndarray:
    axes = ("windows", "steps", "voices")
    windows = check_array(windows, "Windows", axes, True, (REST, 127))
    check_number("The number of steps in a window", windows.shape[1], least=1)
    return windows


def make_batches(
    windows: np.ndarray,
    room: np.ndarray,
    batch_size: int,
    seed: int,
    start: int = 0,
    beside: tuple = (),
):
    """An endless ``tf.data.Dataset`` of batches ``(batch_size, steps, voices)`` int32: windows
    drawn at random, each transposed inside its ``room`` by a number of semitones drawn at random.

    Batch ``i`` depends on ``seed`` and ``i`` alone; ``start`` is the first one, so that a resumed
    training sees what it would have seen. beside: arrays with a row for each window; a batch is
    then ``(voices, shifts, *rows)``, the semitones ``(batch_size,)`` and the rows that belong to
    the windows drawn.
    """
    check_number("batch_size", batch_size, least=1)
    check_number("seed", seed)
    check_kind("beside", beside, tuple, "a tuple of arrays with a row for each window")
    if any(_length(rows) != len(windows) for rows in beside):
        raise SettingError("beside= takes arrays with one row for each window.")
    check_number("start", start, least=0)
    windows = check_windows(windows)
    room = check_array(room, "Rooms for transposition", (len(windows), 2), True, (-127, 127))
    if not len(windows):
        raise SettingError("There are no windows to draw batches from.")
    import tensorflow as tf

    windows, room = tf.constant(windows, tf.int32), tf.constant(room, tf.int32)
    beside = tuple(map(tf.constant, beside))

    def draw(i):
        seeds = tf.random.split([seed, tf.cast(i, tf.int32)], 2)
        which = tf.random.stateless_uniform([batch_size], seeds[0], 0, len(windows), tf.int32)
        low, high = tf.unstack(tf.gather(room, which), axis=1)
        place = tf.random.stateless_uniform([batch_size], seeds[1])
        shift = low + tf.cast(place * tf.cast(high - low + 1, tf.float32), tf.int32)
        voices = tf.gather(windows, which)
        moved = tf.where(voices == REST, REST, voices + shift[:, None, None])
        return (moved, shift, *(tf.gather(rows, which) for rows in beside)) if beside else moved

    batches = tf.data.Dataset.counter(start, dtype=tf.int64).map(draw)
    return batches.prefetch(2)


def batches_by_length(
    sequences: Sequence, batch_size: int, seed: int | None = None, epoch: int = 0
) -> list[list]:
    """Sequences in batches, those of similar length together, so that little is padding: a list of
    lists. A sequence is an array, or a tuple of arrays of which the first has its length.

    Without a seed the shortest come first. With one, lengths are seen through noise of up to 30
    and the batches are shuffled: the same seed and epoch give the same batches.
    """
    check_number("batch_size", batch_size, least=1)
    check_number("seed", seed, least=0, none=True)
    check_number("epoch", epoch, least=0)
    wanted = "a list of arrays, or of tuples of arrays"
    one = isinstance(sequences, (str, bytes)) or hasattr(sequences, "_fields")
    check_kind("sequences", None if one else sequences, Sequence, wanted)
    lengths = np.array([_length(some) for some in sequences])
    rng = np.random.default_rng((seed or 0, epoch))
    noise = 0 if seed is None else rng.uniform(0, 30, len(lengths))
    order = np.argsort(lengths + noise, kind="stable")
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if seed is not None:
        batches = [batches[i] for i in rng.permutation(len(batches))]
    return [[sequences[i] for i in batch] for batch in batches]


def _length(sequence) -> int:
    first = sequence[0] if isinstance(sequence, tuple) and sequence else sequence
    kinds = () if getattr(first, "shape", None) == () else (list, np.ndarray)
    wanted = "an array, or a tuple of arrays of which the first has its length"
    check_kind("A sequence in the list", first, kinds, wanted)
    return len(first)
