"""The drum GAN of notebook 05 as a function."""

from __future__ import annotations

import math

import numpy as np

from ..course.errors import check_choice, check_number
from ..music.grid import MAX_MELODY_STEPS, STEPS_PER_BAR
from .arguments import as_seed, check_network, check_temperature
from .published import published, say_first_call

DRUM_VARIATION = 0.3  # of the noise: how much of it differs from one pair of bars to the next


def drum_loop(
    bars: int = 2,
    temperature: float = 1.0,
    seed: int | None = None,
    style: str | None = None,
    generator=None,
) -> np.ndarray:
    """A drum beat in 4/4, by the long drum GAN of notebook 05: drums ``(16 * bars, 9, 3)`` float32.

    bars: any whole number; the generator makes two at a time, and all pairs are variations of one
    beat. temperature: how much noise; 0 gives one beat a style, which is not its most usual one.
    style: one of ``helpers.chapters.drum_gan.STYLES``; None draws one as often as it is played.
    Raises ValueError with one sentence where an argument is wrong.
    """
    check_number("bars", bars, 1, MAX_MELODY_STEPS // STEPS_PER_BAR)
    check_temperature(temperature)
    check_network(generator)
    seed = as_seed(seed)
    shares = published("05_drum_gan").card["style shares"]
    check_choice("A style", style, shares)
    say_first_call("drum_loop")
    from ..chapters import drum_gan

    generator = generator or published("05_drum_gan").network("long_generator")
    pairs = -(-bars // 2)
    if style is None:
        asked = drum_gan.mix_styles(shares, 1, seed)
    else:
        asked = drum_gan.style_row(style)[None]
    styles = np.repeat(asked, pairs, axis=0)
    noise, *others = drum_gan.draw_inputs(generator, styles, (seed, 0), temperature)
    noise = np.array(noise)
    noise[1:] = math.sqrt(1 - DRUM_VARIATION**2) * noise[:1] + DRUM_VARIATION * noise[1:]
    drums = drum_gan.to_drums(drum_gan.run_network(generator, [noise, *others]))
    return np.concatenate(drums)[: bars * STEPS_PER_BAR]
