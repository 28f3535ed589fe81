"""What a notebook's first cell looks at as soon as it has found the course: what would make a later
cell fail in a way that nobody understands. Python's standard library alone."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

from .late_cells import watch
from .settings import ROOT

NO_CHAPTER_NEEDS = {"jupyterlab", "nbval", "pytest"}  # Colab has a page of its own instead


def look_around() -> None:
    """Prints a sentence for each thing that stands in the way; nothing where all is well. From then
    on a cell that runs too early is told which comes first."""
    watch()
    for sentence in (shadowing_files(Path.cwd()), missing_packages()):
        if sentence:
            print(sentence)


def course_packages() -> list[str]:
    """The packages that helpers and notebooks import, as requirements.in lists them; empty in a
    copy of the course without that list."""
    path = ROOT / "requirements.in"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [
        name
        for name in re.findall(r"^([\w-]+)", text, re.MULTILINE)
        if name not in NO_CHAPTER_NEEDS
    ]


def missing_packages() -> str:
    """What to do where packages of the course are not installed; empty where all are."""
    missing = [name for name in course_packages() if find_spec(name) is None]
    if not missing:
        return ""
    try:
        path = os.path.relpath(ROOT / "requirements.txt")
    except ValueError:  # on another drive of Windows
        path = str(ROOT / "requirements.txt")
    path = f'"{path}"' if " " in path else path
    return (
        f"Not installed here: {', '.join(missing)}. Run %pip install -r {path} in a cell of its "
        "own, restart the kernel, and begin again at the top."
    )


def shadowing_files(folder: Path) -> str:
    """What to do where files in ``folder`` bear the name of a module of Python's or of the course's
    packages, and would be imported instead; empty where none does. Some of them, such as types.py,
    let no kernel start at all, and no cell can say so."""
    modules = sys.stdlib_module_names | {"helpers", *course_packages()}
    try:
        names = sorted(name for name in os.listdir(folder) if name.removesuffix(".py") in modules)
    except OSError:  # a folder that may not be listed
        return ""
    found = [
        name
        for name in names
        if name.endswith(".py") or os.path.isfile(folder / name / "__init__.py")
    ]
    if folder == ROOT:
        found.remove("helpers")
    if not found:
        return ""
    return (
        f"{', '.join(found)} in {folder.name}/: Python or the course has a module of this name, and"
        " may take yours for it. Rename it and restart the kernel."
    )
