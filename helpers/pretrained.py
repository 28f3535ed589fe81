"""The trained systems as plain functions: pitches in, pitches out.

Each loads its published network on first use and keeps it. ``generator`` takes another network of
the same kind instead, one's own for example.
"""

from __future__ import annotations

import functools

import numpy as np

from . import checkpoints
from .music import REST, STEPS_PER_BAR

WINDOW = 2 * STEPS_PER_BAR
MELODY_RANGE = (57, 81)  # the sopranos that the accompaniment GAN was trained on
MAX_STEPS = 20_000  # some twenty minutes of music


def accompany(melody, seed: int | None = None, generator=None, pickup: int = 0) -> np.ndarray:
    """Alto, tenor and bass to a melody, by the accompaniment GAN of notebook 04.

    melody: ``(steps,)`` whole numbers, MIDI pitches on the sixteenth grid or ``REST``, of any
    length from one step. seed: the same seed gives the same music, None something new each time.
    pickup: steps before the first downbeat, 0 where the melody begins on one.
    Returns voices ``(steps, 4)`` int16 with the melody, untouched, in column 0.

    A melody outside the trained range is moved, by octaves where that is enough, and the music
    moved back. Raises ValueError with one sentence where the melody is no melody.
    """
    melody = _as_melody(melody)
    shift = fitting_shift(melody)
    moved = _move(melody, shift, *MELODY_RANGE)
    before = -pickup % STEPS_PER_BAR
    bars = max(2, -(-(before + len(moved)) // STEPS_PER_BAR))
    padded = np.full(bars * STEPS_PER_BAR, moved[-1])  # the last note is held to the window's end
    padded[:before] = REST
    padded[before : before + len(moved)] = moved
    windows = _windows(padded, seed, generator or _accompaniment_gan())
    voices = _move(join_windows(windows)[before : before + len(melody)], -shift, 0, 127)
    voices[:, 0] = melody
    return voices


def _as_melody(melody) -> np.ndarray:
    melody = np.asarray(melody)
    if melody.ndim != 1 or not len(melody):
        raise ValueError(
            f"A melody is one row of pitches, at least one, not an array of shape {melody.shape}."
        )
    if len(melody) > MAX_STEPS:
        raise ValueError(f"This melody has {len(melody):,} steps; {MAX_STEPS:,} are the limit.")
    if not np.issubdtype(melody.dtype, np.integer):
        raise ValueError(f"A melody holds whole numbers (MIDI pitches), not {melody.dtype}.")
    if melody.min() < REST or melody.max() > 127:
        raise ValueError("A melody holds MIDI pitches from 0 to 127, or -1 for a rest.")
    return melody.astype(np.int16)


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


def _move(voices: np.ndarray, semitones: int, low: int, high: int) -> np.ndarray:
    """The music ``semitones`` higher; what then is outside ``low`` to ``high`` is moved inside by
    octaves."""
    moved = voices + semitones
    up = np.maximum(0, -(-(low - moved) // 12)) * 12
    down = np.maximum(0, -(-(moved - high) // 12)) * 12
    return np.where(voices == REST, REST, moved + up - down).astype(np.int16)


@functools.cache
def _accompaniment_gan():
    return checkpoints.load_checkpoint("04_accompaniment_gan").network("generator")


@functools.cache
def _compiled(generator):
    """The network as one TensorFlow graph, some ten times faster than layer by layer."""
    import tensorflow as tf

    return tf.function(lambda melody, noise: generator([melody, noise], training=False))


def _windows(melody: np.ndarray, seed: int | None, generator) -> np.ndarray:
    """Accompanied two-bar windows, one beginning on each bar but the last: ``(windows, 32, 4)``.

    Windows that overlap share the noise of the bar that they share, so that they tend to agree.
    """
    import tensorflow as tf

    from .chapters import accompaniment_gan as gan

    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
    bars = len(melody) // STEPS_PER_BAR
    beats = gan.BEATS // 2
    noise = [gan.draw_noise(1, (seed, bar))[0, :beats] for bar in range(bars)]
    voices = []
    for bar in range(bars - 1):
        window = melody[bar * STEPS_PER_BAR :][:WINDOW]
        rolls = gan.to_rolls(window[None])
        both = tf.concat([noise[bar], noise[bar + 1]], axis=0)[None]
        voices.append(gan.to_voices(_compiled(generator)(rolls, both))[0])
    return np.stack(voices)


def join_windows(windows: np.ndarray) -> np.ndarray:
    """One piece from windows that overlap by half: ``(steps, voices)``.

    In each overlap the music passes from one window to the next where the two agree best over two
    steps, if possible on a beat and not at the overlap's edge, so that no seam is heard.
    """
    half = windows.shape[1] // 2
    joined = [windows[0, :half]]
    for before, after in zip(windows, windows[1:], strict=False):
        same = (before[half:] == after[:half]).sum(axis=1)
        agreement = same + np.concatenate([[0], same[:-1]])
        place = np.arange(half)
        central = np.where((place < 3) | (place > half - 3), -2.0, 0.0)
        seam = int(np.argmax(agreement + central + 0.5 * (place % 4 == 0)))
        joined.append(np.concatenate([before[half : half + seam], after[seam:half]]))
    return np.concatenate([*joined, windows[-1, half:]])
