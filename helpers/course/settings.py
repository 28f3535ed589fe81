"""Settings from the environment, and the folders."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA_FOLDER = ROOT / "data"
TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")


def setting(name: str, default, smoke=None):
    """A chapter's parameter, which the environment may override: ``TRAIN=0 make notebooks``.

    The environment variable ``name`` counts where it is set and not empty, and is read as the type
    of ``default`` (bool, int, float or str). Else ``smoke``, where one is given, under SMOKE=1:
    a tiny budget for tests. Else ``default``. Raises ValueError on text that is not of the type.
    """
    text = os.environ.get(name, "").strip()
    if text:
        return _parse(name, text, type(default))
    if smoke is not None and setting("SMOKE", False):
        return smoke
    return default


def _parse(name: str, text: str, kind: type):
    if kind is str:
        return text
    if kind is bool:
        if text.lower() in TRUE_WORDS + FALSE_WORDS:
            return text.lower() in TRUE_WORDS
        wanted = "1 or 0 (true, false, yes, no, on and off do too)"
    elif kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            wanted = "a whole number, such as 10" if kind is int else "a number, such as 0.5"
    else:
        raise ValueError(f"{name} cannot be set from the environment: unset it there.")
    raise ValueError(f"The environment sets {name} to {text!r}, but it must be {wanted}.")


def runs_folder(chapter: str) -> Path:
    """Where a chapter's own training writes: ``runs/NN_name``, or in the folder that the
    environment's RUNS_DIR names (a relative one counts from the project's root); under SMOKE=1 in
    ``smoke`` there, so that a test of the cells leaves a real training alone."""
    runs = ROOT / (os.environ.get("RUNS_DIR") or "runs")
    return (runs / "smoke" if setting("SMOKE", False) else runs) / chapter


def checkpoint_folder(chapter: str) -> Path:
    """Where a chapter's published networks are: ``checkpoints/NN_name``."""
    return ROOT / "checkpoints" / chapter
