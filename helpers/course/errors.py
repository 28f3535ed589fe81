"""Errors that a reader meets as one sentence."""

from __future__ import annotations

import math
import numbers

LARGEST = 2**31 - 1  # whole numbers go to TensorFlow as int32


class OneSentence(Exception):
    """An error whose message says all: what is wrong and what to do. A notebook shows it without
    the way through our code, and runs no further cell."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return [f"{type(self).__name__}: {self}"]


class SettingError(OneSentence, ValueError):
    """A setting, or an argument, whose value makes no sense: its name, the value, what is
    possible."""


class MissingFileError(OneSentence, FileNotFoundError):
    """A file of the course that is not there."""


class DamagedFileError(OneSentence, ValueError):
    """A file of the course that is there, and not as it was written."""


class NotPermittedError(OneSentence, PermissionError):
    """What is there and may not be read: neither missing nor damaged."""


def check_choice(what: str, choice, choices) -> None:
    """Raises SettingError on what is none of the choices; None leaves it open."""
    if choice is not None and choice not in choices:
        raise SettingError(f"{what} is one of {', '.join(choices)}, not {choice!r}.")


def check_number(name: str, value, least=None, most=None, above=None, whole=True, given="") -> None:
    """Raises SettingError on what is no number, or no whole one, or outside its bounds: ``least``
    and ``most`` are inside, ``above`` is not. given: how the sentence begins, "NAME is VALUE"."""
    kind = numbers.Integral if whole else numbers.Real
    fits = isinstance(value, kind) and not isinstance(value, bool)
    fits = fits and (math.isfinite(value) if not whole else abs(value) <= LARGEST)
    fits = fits and (least is None or value >= least) and (above is None or value > above)
    if fits and (most is None or value <= most):
        return
    wanted = "a whole number" if whole else "a number"
    if least is not None:
        wanted += f" of {least} or more" if most is None else f" from {least} to {most}"
    elif above is not None:
        wanted += f" above {above}" + ("" if most is None else f" and not above {most}")
    elif most is not None:
        wanted += f" of at most {most}"
    else:
        wanted += ", such as 10" if whole else ", such as 0.5"
    if whole and isinstance(value, kind) and abs(value) > LARGEST:
        wanted += f", and not above {most or LARGEST:,}"
    raise SettingError(f"{given or f'{name} is {shortened(value)}'}, but it must be {wanted}.")


def shortened(value) -> str:
    """As Python writes it, in one line and not without end."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:60]}..."
