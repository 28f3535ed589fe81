"""The accompaniment GAN of notebook 04 as a function."""

from __future__ import annotations

import functools

import numpy as np

from ..music.grid import REST, STEPS_PER_BAR
from .arguments import as_seed, check_network, harmonise
from .published import published, say_first_call

WINDOW = 2 * STEPS_PER_BAR


def accompany(melody, seed: int | None = None, generator=None, pickup: int | None = None):
    """Alto, tenor and bass to a melody, by the accompaniment GAN of notebook 04.

    melody: music, such as ``load_melody`` gives or a ``Piece`` (its first voice counts); or bare
    pitches ``(steps,)``, whole numbers on the sixteenth grid, of any length from one step. pickup:
    steps before the first downbeat; None is the music's own, or 0.
    Returns for music a ``Piece`` that plays as that music, for pitches voices ``(steps, 4)`` int16:
    the melody stands untouched in column 0.

    A melody outside the trained range is moved, by octaves where that is enough, and the music
    moved back; no voice goes below C2 for that. Raises ValueError with one sentence where the
    melody is no melody.
    """

    check_network(generator)
    seed = as_seed(seed)

    def write(moved, pickup):
        say_first_call("accompany")
        network = generator or published("04_accompaniment_gan").network("generator")
        before = -pickup % STEPS_PER_BAR
        bars = max(2, -(-(before + len(moved)) // STEPS_PER_BAR))
        padded = np.full(bars * STEPS_PER_BAR, moved[-1])  # the last note held to the window's end
        padded[:before] = REST
        padded[before : before + len(moved)] = moved
        return join_windows(_windows(padded, seed, network))[before : before + len(moved)]

    return harmonise(melody, pickup, write)


@functools.cache
def _compiled(generator):
    """The network as one TensorFlow graph, some ten times faster than layer by layer."""
    import tensorflow as tf

    return tf.function(lambda melody, noise: generator([melody, noise], training=False))


def _windows(melody: np.ndarray, seed: int, generator) -> np.ndarray:
    """Accompanied two-bar windows, one beginning on each bar but the last: ``(windows, 32, 4)``.

    Windows that overlap share the noise of the bar that they share, so that they tend to agree.
    """
    import tensorflow as tf

    from ..chapters import accompaniment_gan as gan

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
