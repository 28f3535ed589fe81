"""Settings from the environment, and the folders."""

from __future__ import annotations

import numbers
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .errors import SettingError, check_kind, check_number, shortened

ROOT = Path(__file__).resolve().parents[2]
DATA_FOLDER = ROOT / "data"
TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")


def setting(
    name: str, default, smoke=None, least=None, most=None, above=None, choices: Sequence = ()
):
    """A chapter's parameter, which the environment may override: ``TRAIN=0 make notebooks``.

    The environment variable ``name`` counts where it is set and not empty, and is read as the type
    of ``default`` (bool, int, float or str). Else ``smoke``, where one is given, under SMOKE=1: a
    tiny budget for tests. Else ``default``.

    least, most (inside), above (outside): the bounds of a number, of a whole one where they are
    whole and there is no ``above``. choices: all that it may be, in capitals or not. Raises
    SettingError, a ValueError of one sentence, on what makes no sense, be it from the environment
    or typed by a student as the default: also on nan and infinity.
    """
    check_kind("A setting's name", name, str, "text, such as EPOCHS")
    for value in (default, *(() if smoke is None else (smoke,))):
        kinds = "a number, text, True or False"
        check_kind(name, value, (bool, numbers.Number, str), kinds, none=True)
    check_kind("choices", choices, (list, tuple, dict, set), "a list of what it may be")
    bounds = [bound for bound in (least, most, above) if bound is not None]
    whole = all(isinstance(bound, numbers.Integral) for bound in bounds) and above is None
    kind = type(default) if not bounds else int if whole else float
    text = os.environ.get(name, "").strip()
    if text:
        value, given = text, f"The environment sets {name} to {shortened(text)}"
    else:
        value = smoke if smoke is not None and setting("SMOKE", False) else default
        given = f"{name} is {shortened(value)}"
    if choices:
        return _choose(value, choices, given)
    if text:
        value = _parse(name, text, kind, given)
    if bounds or kind in (int, float):
        check_number(name, value, least, most, above, kind is int, given)
    return value


def _choose(value, choices: Sequence, given: str):
    for one in choices:
        if str(one).lower() == str(value).lower():
            return one
    raise SettingError(f"{given}, but it must be one of {', '.join(map(str, choices))}.")


def _parse(name: str, text: str, kind: type, given: str):
    if kind in (int, float):
        with suppress(ValueError):
            return kind(text)
        return text  # which is refused with its bounds
    if kind is bool:
        if text.lower() in TRUE_WORDS + FALSE_WORDS:
            return text.lower() in TRUE_WORDS
        raise SettingError(f"{given}, but it must be 1 or 0 (true, false, yes, no, on, off).")
    if kind is str:
        return text
    raise SettingError(f"{name} cannot be set from the environment: unset it there.")


def path_setting(name: str, default: Path | None = None) -> Path | None:
    """The path that the environment variable ``name`` holds, or ``default`` where it is not set or
    empty: the one rule for all of them. See ``own_path``; a relative path counts from the project's
    root. Raises SettingError where it has no home folder for a ``~``."""
    text = os.environ.get(name, "").strip()
    return ROOT / own_path(text, name) if text.strip("\"' ") else default


def own_path(path, name: str) -> Path:
    """A path as people write it: without blanks or quotes around it (Windows' ``set`` keeps them),
    ``~``, ``~user`` and ``$HOME`` written out. Raises SettingError, which begins with ``name``,
    where there is no such user."""
    text = str(path).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    # os.path's expanduser leaves the ~ of an unknown user as it is; Path's raises.
    full = os.path.expanduser(os.path.expandvars(text))
    if full.startswith("~"):
        user = re.split(r"[/\\]", full)[0]
        raise SettingError(
            f"{name} is {text!r}, but there is no home folder {user} on this computer: write the "
            "whole path."
        )
    return Path(full)


def runs_folder(chapter: str) -> Path:
    """Where a chapter's own training writes: ``runs/NN_name``, or in the folder that the
    environment's RUNS_DIR names; under SMOKE=1 in ``smoke`` there, so that a test of the cells
    leaves a real training alone."""
    runs = path_setting("RUNS_DIR", ROOT / "runs")
    return (runs / "smoke" if setting("SMOKE", False) else runs) / _inside(chapter)


def cache_folder() -> Path:
    """Where imported folders of music are kept, which may be deleted at any time: the folder that
    the environment's CACHE_DIR names, else ``cache`` beside the chapters' runs."""
    return path_setting("CACHE_DIR") or runs_folder("cache")


def checkpoint_folder(chapter: str) -> Path:
    """Where a chapter's published networks are: ``checkpoints/NN_name``."""
    return ROOT / "checkpoints" / _inside(chapter)


def _inside(chapter: str) -> str:
    """A chapter's name, with or without parts; no way out of the folder that it stands in."""
    check_kind("A chapter", chapter, str, "its name, such as 04_accompaniment_gan")
    if chapter.startswith(("/", "~", "\\")) or ".." in chapter or ":" in chapter:
        raise SettingError(
            f"A chapter is {shortened(chapter)}, but it must be a name: 04_accompaniment_gan."
        )
    return chapter
