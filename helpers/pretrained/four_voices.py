"""The harmoniser of notebook 07 as a function."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..course.errors import SettingError, check_kind, check_number
from ..data.chorales import load_chorales
from ..data.windows import voice_ranges
from ..music.grid import STEPS_PER_BAR, VOICE_NAMES, Piece, pitch_number
from ..music.phrases import guess_phrase_ends
from .arguments import (
    as_seed,
    as_tune,
    check_network,
    check_phrase_ends,
    check_steps,
    check_temperature,
    fitting_shift,
    harmonise,
    move,
    take_melody,
)
from .published import published, say_first_call

CHAPTER = "07_four_voices"
DRAFTS, TEMPERATURE, TOP_P = 32, 0.9, 0.95  # as in the notebook
LOWEST, HIGHEST = 36, 81  # pitches that the network has


def compose_chorale(
    steps: int | None = None,
    soprano=None,
    temperature: float = TEMPERATURE,
    seed: int | None = None,
    network=None,
    pickup: int | None = None,
    phrase_ends=None,
    rules: bool = True,
    ranges: dict | None = None,
    composer=None,
):
    """A chorale in four voices, by the harmoniser of notebook 07: three voices below a melody.

    soprano: the melody, which stays as it is, with its repeated notes where it is music and no
    array; None composes one too, of so many ``steps``. temperature: below 1 more cautious, 0
    without chance. phrase_ends: the steps at which the last notes of phrases begin; None takes the
    music's fermatas, else guesses. rules: whether 32 drafts compete under the rules of the
    notebook, or one is written as the network would. ranges: the lowest and highest pitch of a
    voice, such as ``{"bass": ("E2", "C4")}``; a voice not named sings as high and low as in the
    training chorales. network, composer: of one's own; None are the published ones. pickup: steps
    before the first downbeat. soprano, pickup and what is returned are otherwise as in
    ``accompany``; repeated notes of the lower voices come with a piece, whose onsets tell them.
    Raises ValueError with one sentence where an argument is wrong.
    """
    taken = (None,) * 3 if soprano is None else take_melody(soprano, pickup)
    melody, _, piece = taken
    count = steps if melody is None else len(melody)
    steps = count if steps is None else steps
    check_steps(steps)
    check_number("pickup", pickup, 0, STEPS_PER_BAR, none=True)
    check_temperature(temperature)
    check_network(network)
    check_network(composer)
    check_kind("rules", rules, bool, "True or False")
    _check_ranges(ranges)
    phrase_ends = check_phrase_ends(phrase_ends, steps)
    if soprano is not None and count != steps:
        raise SettingError(f"This soprano has {count} steps, not the {steps} asked for.")
    seed = as_seed(seed)
    say_first_call("compose_chorale")
    limits = _limits(ranges, 0 if melody is None else fitting_shift(melody))
    network = network or _network("harmoniser")

    def write(melody, pickup):
        tune = as_tune(melody, pickup, piece)
        return _write(network, tune, phrase_ends, limits, temperature, seed, rules)

    if soprano is None:
        melody = _compose(composer or _network("composer"), steps, pickup or 0, temperature, seed)
        return move(write(melody, pickup or 0), 0, 0, 127)
    found = harmonise(taken, write)
    if not isinstance(found, Piece):
        return found
    from ..chapters.four_voices import strike_repeats

    return strike_repeats(_network("repeats"), found, seed)


def _network(name: str):
    return published(CHAPTER).network(name)


@cache
def _usual_ranges() -> tuple[np.ndarray, np.ndarray]:
    return voice_ranges(load_chorales("train"))


def _check_ranges(ranges) -> None:
    check_kind("ranges", ranges, dict, "a dict such as {'bass': ('E2', 'C4')}", none=True)
    for voice, bounds in (ranges or {}).items():
        if voice not in VOICE_NAMES[1:]:
            raise SettingError(f"ranges names {voice!r}: it is for {', '.join(VOICE_NAMES[1:])}.")
        if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
            raise SettingError(f"The range of the {voice} is two notes, such as ('E2', 'C4').")
        low, high = map(_pitch, bounds)
        check_number(f"The {voice}'s lowest note", low, LOWEST, HIGHEST)
        check_number(f"The {voice}'s highest note", high, low, HIGHEST)


def _pitch(note):
    return pitch_number(note) if isinstance(note, str) else note


def _limits(ranges, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest pitches of all voices, where the melody is moved by ``shift``."""
    low, high = (bounds.copy() for bounds in _usual_ranges())
    low[0], high[0] = 0, 127  # a melody that is given is given
    for voice, bounds in (ranges or {}).items():
        i = VOICE_NAMES.index(voice)
        low[i], high[i] = (_pitch(note) + shift for note in bounds)
        if min(high[i], HIGHEST) - max(low[i], LOWEST) < min(high[i] - low[i], 7):
            raise SettingError(
                f"The melody lies too far from a choir's: below it the {voice} cannot sing from "
                f"{bounds[0]} to {bounds[1]}. Transpose the melody, or leave its range out."
            )
    return low, high


def _compose(composer, steps: int, pickup: int, temperature: float, seed: int) -> np.ndarray:
    """A soprano, by the network that writes all four voices."""
    from ..chapters import four_voices as chapter

    places = (np.arange(steps) - pickup)[None] % STEPS_PER_BAR
    written = chapter.write_voices(
        composer, places, temperature=temperature, seed=seed, ranges=_usual_ranges()
    )
    return chapter.to_pitches(written[0, :, 0])


def _write(network, tune, phrase_ends, limits, temperature, seed, rules) -> np.ndarray:
    from ..chapters import four_voices as chapter

    compete = {"particles": DRAFTS, "rules": chapter.RULES, "top_p": TOP_P}
    compete = compete if rules and temperature else {}
    ends = guess_phrase_ends(tune) if phrase_ends is None else phrase_ends
    return chapter.harmonise(
        network, [tune], temperature, seed, phrase_ends=[ends], ranges=limits, **compete
    )[0]
