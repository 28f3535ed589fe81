"""The kit's notebooks: where they are, and what kind each is."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"


def find_notebooks(numbers: list[str] | None = None) -> list[Path]:
    """All notebooks in order, or those of these numbers, such as "04". Raises SystemExit with a
    sentence for a number that no notebook has."""
    if not numbers:
        return sorted(FOLDER.glob("*.ipynb"))
    found = []
    for number in numbers:
        paths = sorted(FOLDER.glob(f"{number}_*.ipynb"))
        if len(paths) != 1:
            raise SystemExit(f"There is no notebook {number}: give its number, such as NB=04.")
        found += paths
    return found


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
