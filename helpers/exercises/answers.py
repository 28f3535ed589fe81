"""What a check of an exercise does with a student's answer: was there one, is it a number, a
function, and is it right?"""

from __future__ import annotations

import difflib
import functools
import re
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

NOT_TRIED = "Not tried yet: replace ... with your answer and run the cell again."
NO_PERCENT = "As a share of 1, please, not in percent."
NO_TEXT = "A number alone is wanted, without quotation marks."
NAME = r"[\w ,.:=+%()-]{1,60}"  # of an experiment, which names a folder on every system
SHARES = {"momentum", "smoothing"}  # settings below 1


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
    if any(map(_untouched, answers)):
        print(NOT_TRIED)
        return False
    return True


def _untouched(answer, depth: int = 3) -> bool:
    """Whether the dots still stand somewhere in an answer."""
    if isinstance(answer, dict):
        answer = [*answer.values()]
    if depth and isinstance(answer, (list, tuple)):
        return any(_untouched(part, depth - 1) for part in answer)
    return answer is ...


def number(answer) -> float:
    """The answer as a number, also one alone in a list or an array; ``nan`` where it is none."""
    try:
        alone = np.asarray(answer).reshape(()).item()
        return float("nan") if isinstance(alone, (str, bytes)) else float(alone)
    except Exception:  # whatever it is, it is no number
        return float("nan")


def numbers(answer, length: int) -> list[float] | None:
    """The answer as so many numbers, a row, a column or the values of names; ``None`` if it is
    something else."""
    try:
        answer = [*answer.values()] if isinstance(answer, dict) else answer
        found = np.asarray(answer)
        row = [number(some) for some in found.ravel()]
    except Exception:  # such as rows of unequal lengths
        return None
    return row if len(row) == length == max(found.shape, default=0) else None


def in_line(text, most: int = 200) -> str:
    """A text in one line, cut where it is long."""
    text = " ".join(str(text).split())
    return text if len(text) <= most else f"{text[:most]} ..."


def shape(answer) -> tuple[int, ...] | None:
    """The shape of numbers, ``None`` where an answer is something else."""
    try:
        return np.asarray(answer, float).shape
    except Exception:  # whatever it is, it has no numbers
        return None


def alike(got, expected) -> bool:
    """Whether an answer is the number, or the row of numbers, that is expected."""
    if np.ndim(expected) == 0:
        return bool(np.isclose(number(got), expected))
    return shape(got) == np.shape(expected) and np.allclose(np.asarray(got, float), expected)


def with_the_notebook(check):
    """For a check that works with what the cells above made: says so where that is not at hand."""

    @functools.wraps(check)
    def checked(*given, **named):
        try:
            return check(*given, **named)
        except Exception as error:  # an answer raises nothing: it is what stands behind it
            what = f"{type(error).__name__}: {in_line(error)}"
            return say(False, hint=f"What the cells above made was changed: run them anew. {what}")

    return checked


def slip(answers, wanted: list[Wanted]) -> str | None:
    """The hint for the first number that is not what is wanted, none where all are; a number within
    half a percent of a known mistake gets that mistake's hint."""
    for answer, want in zip(answers, wanted, strict=True):
        value = number(answer)
        if isinstance(answer, str):
            return NO_TEXT
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
            if np.ndim(expected) and shape(got) != np.shape(expected):
                hint += f" An array of shape {np.shape(expected)} is wanted."
            got = got.tolist() if isinstance(got, (np.generic, np.ndarray)) else got
            hint += f" Your function says {in_line(repr(got))} here, not {in_line(expected)}."
            return say(False, hint=hint)
    say(True, well_done)


def check_changes(mine, recipe: dict, others: dict, fixed=(), listed=(), fits=None) -> bool:
    """Says whether experiments of a student's own, name -> changes of the recipe's settings, would
    train what they say, and returns it.

    others: the chapter's own experiments, which show what else may be set, and to what: words, and
    what is ``listed``, are one of theirs. fixed: settings that all experiments share. fits: a
    function of changes and of all settings, which gives a hint where these do not go together.
    """
    if not tried(mine):
        return False
    known = {}
    for settings in (recipe, *others.values()):
        for name, value in settings.items():
            known.setdefault(name, []).append(value)
    hint = next(_slips_in_changes(mine, recipe, others, known, fixed, listed, fits), None)
    say(hint is None, "Every setting is there: set RUN_MINE = True to train with it.", hint or "")
    return hint is None


def _slips_in_changes(mine, recipe, others, known, fixed, listed, fits):
    """Yields a hint for all that is wrong."""
    if not isinstance(mine, dict) or not mine:
        yield "An experiment is a name and its changes, in braces as in the cell's comment."
    elif mine.keys() <= known.keys():
        yield f'A name comes first: {{"my experiment": {mine}}}.'
    for experiment, changes in mine.items():
        if not isinstance(experiment, str) or experiment in others:
            yield f"{experiment!r} cannot be its name: write a text that the table has not yet."
        if not re.fullmatch(NAME, experiment):
            yield (
                f"{in_line(repr(experiment), 60)} also names a folder: at most 60 letters, digits, "
                "blanks and signs such as - and +, but no slash."
            )
        if not isinstance(changes, dict) or not changes:
            yield f"What does {experiment!r} change? Write settings and values in braces."
        for name, value in changes.items():
            if name in fixed:
                yield f"{name!r} is the same for all experiments: leave it out."
            elif name not in known:
                near = difflib.get_close_matches(str(name), known, 1)
                there = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
                yield f"There is no setting {name!r}: {there}"
            elif wanted := _unlike(value, known[name], name in listed, name):
                yield f"{name!r} is {wanted}, not {in_line(repr(value), 60)}."
        if changes.items() <= recipe.items():
            yield f"{changes} changes nothing: the recipe has it already."
        if hint := fits and fits(changes, recipe | changes):
            yield hint
    if len({re.sub(r"[\W_]", " ", name).casefold() for name in mine}) < len(mine):
        yield "Two names differ in signs or capitals alone, and their folders would be one."
    if len(str(mine).encode()) > 200:  # the name of the folder
        yield "That is more than one table holds: try fewer experiments, or shorter names."


def _unlike(value, known: list, listed: bool, name: str) -> str | None:
    """What a setting must be if ``value`` is not: like its known values."""
    like, number_at_all = known[0], isinstance(value, Real) and not isinstance(value, bool)
    if listed or isinstance(like, str):
        good, wanted = value in known, f"one of {', '.join(map(repr, dict.fromkeys(known)))}"
    elif isinstance(like, bool):
        good, wanted = isinstance(value, bool), "True or False"
    elif isinstance(like, list):
        sizes = {len(some) for some in known}  # one alone: the length matters
        good = isinstance(value, list) and (len(sizes) > 1 or len(value) in sizes)
        items = [item for some in known for item in some]
        good = good and not any(_unlike(item, items, False, name) for item in value)
        wanted = f"a list such as {like}"
    elif isinstance(like, int):
        least, most = (0, 2**31 - 1) if name == "seed" else (1, 16 * max(known))
        good = number_at_all and isinstance(value, Integral) and least <= value <= most
        wanted = f"a whole number from {least} on, at most {most:,}"
    elif name.endswith(("rate", "rates")):
        good, wanted = number_at_all and 0 < value < 1, "a number above 0 and below 1"
    elif name in SHARES:
        good, wanted = number_at_all and 0 <= value < 1, "a number, 0 or more and below 1"
    else:
        good, wanted = number_at_all and 0 <= value <= 10_000, "a number, 0 or more, at most 10,000"
    return None if good else wanted
