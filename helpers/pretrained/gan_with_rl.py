"""The rewarded generator of notebook 06 as a function."""

from __future__ import annotations

import numpy as np

from .arguments import _in_range, as_seed, check_temperature
from .published import _published

# --- notebook 06 -------------------------------------------------------------------------------


def accompany_rl(
    melody,
    temperature: float = 1.0,
    seed: int | None = None,
    generator=None,
    pickup: int = 0,
) -> np.ndarray:
    """Alto, tenor and bass to a melody, by the generator of notebook 06, which was rewarded.

    melody and pickup: as in ``accompany``. temperature: below 1 more cautious, 0 without chance.
    Returns voices ``(steps, 4)`` int16 with the melody, untouched, in column 0.

    It writes note by note, some hundred steps a second. A melody outside the trained range is
    moved, by octaves where that is enough, and the music moved back. Raises ValueError with one
    sentence where an argument is wrong.
    """
    from ..chapters import gan_with_rl as rl

    check_temperature(temperature)
    seed = as_seed(seed)

    def write(moved):
        network = generator or _published("06_gan_with_rl", "rewarded")
        return rl.accompany_melody(network, moved, temperature, seed, pickup)

    return _in_range(melody, write)
