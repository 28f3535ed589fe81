"""Errors that a reader meets as one sentence."""

from __future__ import annotations


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
