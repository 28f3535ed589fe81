"""Writes ``helpers/chapters/NAME.py`` from the cells of ``notebooks/NN_NAME.ipynb`` that begin with
``#| export``: ``make chapters``."""

from __future__ import annotations

from pathlib import Path

import nbformat

from .notebooks import ROOT, code_cells, find_notebooks

CHAPTERS = ROOT / "helpers" / "chapters"


def exported_cells(path: Path) -> list[str]:
    """The sources of the notebook's export cells, without the directive."""
    cells = code_cells(nbformat.read(path, as_version=4))
    return [
        cell.source.split("\n", 1)[1].strip()
        for cell in cells
        if cell.source.startswith("#| export\n")
    ]


def export(notebooks: list[Path], chapters: Path = CHAPTERS) -> list[Path]:
    """Writes the modules, and removes those whose notebook exports nothing any more."""
    from nbdev.export import nb_export

    written = []
    for path in notebooks:
        if exported_cells(path):
            name = path.stem.split("_", 1)[1]
            nb_export(str(path), lib_path=str(chapters), name=name)
            written.append(chapters / f"{name}.py")
    for module in chapters.glob("*.py"):
        if module.name != "__init__.py" and module not in written:
            module.unlink()
    return written


if __name__ == "__main__":
    for module in export(find_notebooks()):
        print(module.relative_to(ROOT))
