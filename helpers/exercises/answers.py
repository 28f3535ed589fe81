"""What a check of an exercise does with a student's answer: was there one, is it a number, a
function, and is it right?"""

from __future__ import annotations

import difflib
import math
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

NOT_TRIED = "Not tried yet: replace ... with your answer and run the cell again."
NO_PERCENT = "As a share of 1, please, not in percent."


class Wanted(NamedTuple):
    """A number that an exercise asks for, how far off an answer may be, and the hint for a wrong
    one; ``mistakes`` have hints of their own, each at the number that it leads to."""

    value: float
    hint: str
    within: float = 1e-6
    mistakes: dict[float, str] = {}


def say(right: bool, well_done: str = "", hint: str = "") -> None:
    print(f"Right. {well_done}" if right else f"Not yet. {hint}")


def tried(*answers) -> bool:
    """Whether there is an answer to check; says so if not."""
    if any(answer is ... for answer in answers):
        print(NOT_TRIED)
        return False
    return True


def number(answer) -> float:
    """The answer as a number, ``nan`` where it is none."""
    try:
        return float(answer)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def in_line(text, most: int = 200) -> str:
    """A text in one line, cut where it is long."""
    text = " ".join(str(text).split())
    return text if len(text) <= most else f"{text[:most]} ..."


def is_row(answer, length: int) -> bool:
    """Whether an answer is a row of so many things."""
    try:
        return np.shape(answer) == (length,)
    except (TypeError, ValueError):  # rows of unequal lengths
        return False


def alike(got, expected) -> bool:
    """Whether an answer is the number, or the row of numbers, that is expected."""
    try:
        got = np.asarray(got, float)
    except (TypeError, ValueError, OverflowError):
        return False
    return got.shape == np.shape(expected) and np.allclose(got, expected)


def slip(answers, wanted: list[Wanted]) -> str | None:
    """The hint for the first number that is not what is wanted, none where all are; a number within
    half a percent of a known mistake gets that mistake's hint."""
    for value, want in zip(map(number, answers), wanted, strict=True):
        if not abs(value - want.value) <= want.within:  # or no number at all
            mistakes = {100 * want.value: NO_PERCENT} if 0 < want.value <= 1 else {}
            mistakes |= want.mistakes
            known = [m for m in mistakes if abs(value - m) <= abs(m) / 200]
            return mistakes[known[-1]] if known else want.hint
    return None


def check_numbers(answers, wanted: list[Wanted], well_done: str) -> None:
    """Says whether numbers are what is wanted, one after the other."""
    if tried(*answers):
        hint = slip(answers, wanted)
        say(hint is None, well_done, hint or "")


def check_function(function, cases, well_done: str) -> None:
    """Says whether a student's function gives what is expected in each case (arguments, expected,
    hint), and shows what it says or raises where it does not."""
    if not tried(function):
        return
    if not callable(function):
        return say(False, hint="Write a function with the arguments of the cell.")
    for arguments, expected, hint in cases:
        try:
            got = function(*(np.array(argument) for argument in arguments))
        except Exception as error:  # whatever a student's code raises is shown, not thrown
            return say(False, hint=f"Your function raises {type(error).__name__}: {in_line(error)}")
        if not tried(got):
            return
        if 0 < np.max(expected) <= 1 and alike(got, 100 * np.array(expected)):
            return say(False, hint=NO_PERCENT)
        if not alike(got, expected):
            got = got.tolist() if isinstance(got, (np.generic, np.ndarray)) else got
            hint += f" Your function says {in_line(repr(got))} here, not {expected}."
            return say(False, hint=hint)
    say(True, well_done)


def check_changes(mine, recipe: dict, others: dict, fixed=(), listed=()) -> bool:
    """Says whether experiments of a student's own, name -> changes of the recipe's settings, would
    train what they say, and returns it.

    others: the chapter's own experiments, which show what else may be set, and to what: words, and
    what is ``listed``, are one of theirs. fixed: settings that all experiments share.
    """
    groups = mine.values() if isinstance(mine, dict) else ()
    values = [value for group in groups if isinstance(group, dict) for value in group.values()]
    if not tried(mine, *groups, *values):
        return False
    known = {}
    for settings in (recipe, *others.values()):
        for name, value in settings.items():
            known.setdefault(name, []).append(value)
    hint = next(_slips_in_changes(mine, recipe, others, known, fixed, listed), None)
    say(hint is None, "Every setting is there: set RUN_MINE = True to train with it.", hint or "")
    return hint is None


def _slips_in_changes(mine, recipe, others, known, fixed, listed):
    """Yields a hint for all that is wrong."""
    if not isinstance(mine, dict) or not mine:
        yield "An experiment is a name and its changes, in braces as in the cell's comment."
    elif mine.keys() <= known.keys():
        yield f'A name comes first: {{"my experiment": {mine}}}.'
    for experiment, changes in mine.items():
        if not isinstance(experiment, str) or experiment in others:
            yield f"{experiment!r} cannot be its name: write a text that the table has not yet."
        if not isinstance(changes, dict) or not changes:
            yield f"What does {experiment!r} change? Write settings and values in braces."
        for name, value in changes.items():
            if name in fixed:
                yield f"{name!r} is the same for all experiments: leave it out."
            elif name not in known:
                near = difflib.get_close_matches(str(name), known, 1)
                there = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
                yield f"There is no setting {name!r}: {there}"
            elif wanted := _unlike(value, known[name], name in listed, least=name != "seed"):
                yield f"{name!r} is {wanted}, not {value!r}."
        if changes.items() <= recipe.items():
            yield f"{changes} changes nothing: the recipe has it already."


def _unlike(value, known: list, listed: bool = False, least: int = 1) -> str | None:
    """What a setting must be if ``value`` is not: like its known values. least: of integers."""
    like, number_at_all = known[0], isinstance(value, Real) and not isinstance(value, bool)
    if listed or isinstance(like, str):
        good, wanted = value in known, f"one of {', '.join(map(repr, dict.fromkeys(known)))}"
    elif isinstance(like, bool):
        good, wanted = isinstance(value, bool), "True or False"
    elif isinstance(like, list):
        sizes = {len(some) for some in known}  # one alone: the length matters
        good = isinstance(value, list) and (len(sizes) > 1 or len(value) in sizes)
        good = good and not any(_unlike(item, like) for item in value)
        wanted = f"a list such as {like}"
    elif isinstance(like, int):
        good = number_at_all and isinstance(value, Integral) and value >= least
        wanted = f"a whole number from {int(least)} on"
    else:
        good, wanted = number_at_all and 0 <= value < math.inf, "a number, 0 or more"
    return None if good else wanted
