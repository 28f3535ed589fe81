"""The rewarded generator of notebook 06 as a function."""

from __future__ import annotations

from .arguments import as_seed, check_network, check_temperature, harmonise, take_melody
from .published import published, say_first_call


def accompany_rl(
    melody,
    temperature: float = 1.0,
    seed: int | None = None,
    generator=None,
    pickup: int | None = None,
):
    """Alto, tenor and bass to a melody, by the generator of notebook 06, which was rewarded.

    melody, pickup, and what is returned: as in ``accompany``. temperature: below 1 more cautious, 0
    without chance. It writes note by note, some hundred steps a second. Raises ValueError with one
    sentence where an argument is wrong.
    """
    check_temperature(temperature)
    check_network(generator)
    seed = as_seed(seed)

    def write(moved, pickup):
        say_first_call("accompany_rl")
        from ..chapters import gan_with_rl as rl

        network = generator or published("06_gan_with_rl").network("rewarded")
        return rl.accompany_melody(network, moved, temperature, seed, pickup)

    return harmonise(take_melody(melody, pickup), write)
