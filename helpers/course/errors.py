"""Errors that a reader meets as one sentence."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from os import PathLike

LARGEST = 2**31 - 1  # whole numbers go to TensorFlow as int32


class OneSentence(Exception):
    """An error whose message says all: what is wrong and what to do. A notebook shows it without
    the way through our code, and runs no further cell."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [f"{type(self).__name__}: {self}"]


class SettingError(OneSentence, ValueError, TypeError):
    """A setting, or an argument, whose value or kind makes no sense: its name, the value, what is
    possible. Both of Python's errors for that, for a reader need not tell them apart."""


class MissingFileError(OneSentence, FileNotFoundError):
    """A file of the course that is not there."""


class DamagedFileError(OneSentence, ValueError):
    """A file of the course that is there, and not as it was written."""


class NotPermittedError(OneSentence, PermissionError):
    """What is there and may not be read: neither missing nor damaged."""


def check_choice(what: str, choice, choices, none: bool = True) -> None:
    """Raises SettingError on what is none of the choices, which are texts. none: whether None will
    do, too, as it leaves a choice open."""
    if not (isinstance(choice, str) and choice in choices or none and choice is None):
        raise SettingError(f"{what} is one of {', '.join(choices)}, not {shortened(choice)}.")


def check_kind(name: str, value, kind: type | tuple, wanted: str, none: bool = False) -> None:
    """Raises SettingError on what is not of a kind. wanted: what to give, in words. none: whether
    None will do, too."""
    fits = can_be_gone_through(value) if kind is Iterable else isinstance(value, kind)
    if not fits and not (none and value is None):
        raise SettingError(f"{name} is {shortened(value)}, but it must be {wanted}.")


def can_be_gone_through(value) -> bool:
    """Whether a for loop takes it; of an array without axes Python says so and is wrong."""
    return isinstance(value, Iterable) and getattr(value, "shape", None) != ()


def check_path(name: str, path, none: bool = False) -> None:
    """Raises SettingError on what is neither text nor a Path, or cannot be one."""
    wanted = "a path, text or a Path" + ", or None" * none
    check_kind(name, path, (str, PathLike), wanted, none)
    if "\0" in str(path):
        raise SettingError(f"{name} is {shortened(path)}, but no path holds the sign '\\0'.")


def check_number(
    name: str,
    value,
    least=None,
    most=None,
    above=None,
    whole=True,
    given="",
    none=False,
    largest=LARGEST,
) -> None:
    """Raises SettingError on what is no number, or no whole one, or outside its bounds: ``least``
    and ``most`` are inside, ``above`` is not. given: how the sentence begins, "NAME is VALUE".
    none: whether None will do, too. largest: of a whole number, either way."""
    if none and value is None:
        return
    kind = numbers.Integral if whole else numbers.Real
    fits = isinstance(value, kind) and not isinstance(value, bool)
    fits = fits and (math.isfinite(value) if not whole else abs(value) <= largest)
    fits = fits and (least is None or value >= least) and (above is None or value > above)
    if fits and (most is None or value <= most):
        return
    wanted = "a whole number" if whole else "a number"
    if least is not None:
        wanted += f" of {least:,} or more" if most is None else f" from {least:,} to {most:,}"
    elif above is not None:
        wanted += f" above {above:,}" + ("" if most is None else f" and not above {most:,}")
    elif most is not None:
        wanted += f" of at most {most:,}"
    else:
        wanted += ", such as 10" if whole else ", such as 0.5"
    if whole and isinstance(value, kind) and abs(value) > largest:
        wanted += f", and not above {most or largest:,}"
    wanted += ", or None" if none else ""
    raise SettingError(f"{given or f'{name} is {shortened(value)}'}, but it must be {wanted}.")


def shortened(value) -> str:
    """As Python writes it, in one line and not without end; arrays by their shape, and what has no
    text of its own by its kind."""
    if getattr(value, "shape", None):
        return f"an array of the shape {tuple(value.shape)}"
    if type(value).__repr__ is object.__repr__ or hasattr(value, "_fields"):
        return f"an object of the kind {type(value).__name__}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:60]}..."
