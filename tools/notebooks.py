"""The kit's notebooks: which they are, of what kind each is, and how they run as if alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import MutableMapping
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
LISTED = re.compile(r"^\| \[`(\d\d_\w+)`\]\(notebooks/\1\.ipynb\)", re.MULTILINE)
# Where a source names a variable of the environment; in a notebook's file \" stands for ".
VARIABLES = [re.compile(start + r'\s*\\?"([A-Z]\w*)\\?"') for start in (r"setting\(", "variable=")]


def chapters() -> list[str]:
    """The names of the chapters, in order: the rows of the table of the course in README.md, and
    nothing else. What a student, JupyterLab or nbgitpuller puts beside them
    (``04_...-Copy1.ipynb``, ``Untitled.ipynb``) is theirs, and no tool touches it."""
    return LISTED.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def find_notebooks(numbers: list[str] | None = None) -> list[Path]:
    """The chapters' notebooks in order, or those of these numbers, such as "04". Raises SystemExit
    with a sentence for a number that no chapter has."""
    paths = [FOLDER / f"{name}.ipynb" for name in chapters()]
    paths = [path for path in paths if path.is_file()]
    if not numbers:
        return paths
    found = {path.name.split("_")[0]: path for path in paths}
    for number in numbers:
        if number not in found:
            raise SystemExit(f"There is no notebook {number}: give its number, such as NB=04.")
    return [found[number] for number in numbers]


def course_variables() -> set[str]:
    """The environment variables by which helpers and notebooks may be steered, as their sources
    name them: ``setting("TRAIN", ...)``, ``path_setting("RUNS_DIR", ...)``, a data set's
    ``variable="GROOVE_DIR"``."""
    paths = [*sorted((ROOT / "helpers").rglob("*.py")), *find_notebooks()]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return {name for text in texts for pattern in VARIABLES for name in pattern.findall(text)}


def forget_settings(environment: MutableMapping[str, str], keep: tuple[str, ...] = ()) -> None:
    """Takes the course's variables out of ``environment``, but for those to ``keep``: tests and
    published outputs are the same whatever the author's shell has set, and nothing is written to
    where such a variable leads."""
    for name in course_variables() - {*keep}:
        environment.pop(name, None)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The code cells that are not empty."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def is_training_chapter(notebook: nbformat.NotebookNode) -> bool:
    """Whether it has the ``TRAIN`` switch."""
    return any('setting("TRAIN"' in cell.source for cell in code_cells(notebook))


def make_offline_profile(folder: Path) -> Path:
    """Writes an IPython profile into ``folder`` whose kernels refuse every connection but loopback.
    Returns what ``IPYTHONDIR`` must be for a kernel to use it."""
    start_up = folder / "profile_default" / "startup"
    start_up.mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "offline_kernel.py", start_up)
    return folder
