"""The chorale network of notebook 07 as a function."""

from __future__ import annotations

import numpy as np

from ..course.errors import SettingError, check_number
from ..music.grid import STEPS_PER_BAR
from .arguments import (
    as_seed,
    check_network,
    check_steps,
    check_temperature,
    harmonise,
    move,
    take_melody,
)
from .published import published, say_first_call


def compose_chorale(
    steps: int | None = None,
    soprano=None,
    temperature: float = 1.0,
    seed: int | None = None,
    network=None,
    pickup: int | None = None,
):
    """A chorale in four voices, by the chorale network of notebook 07: soprano first.

    steps: how long; None is the soprano's length. soprano: a melody to be harmonised, which stays
    as it is; None composes one too. temperature: below 1 more cautious, 0 without chance. pickup:
    steps before the first downbeat. soprano, pickup and what is returned are otherwise as in
    ``accompany``. Raises ValueError with one sentence where an argument is wrong.
    """
    count = steps if soprano is None else len(take_melody(soprano, pickup)[0])
    steps = count if steps is None else steps
    check_steps(steps)
    check_number("pickup", pickup, 0, STEPS_PER_BAR, none=True)
    check_temperature(temperature)
    check_network(network)
    seed = as_seed(seed)

    def write(moved, pickup):
        say_first_call("compose_chorale")
        from ..chapters import four_voices as chapter

        return chapter.compose_voices(
            network or published("07_four_voices").network("chorales"),
            steps,
            sopranos=None if moved is None else moved[None],
            places=(np.arange(steps) - pickup) % STEPS_PER_BAR,
            temperature=temperature,
            seed=seed,
        )[0]

    if soprano is None:
        return move(write(None, pickup or 0), 0, 0, 127)
    if count != steps:
        raise SettingError(f"This soprano has {count} steps, not the {steps} asked for.")
    return harmonise(soprano, pickup, write)
