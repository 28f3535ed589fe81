"""A cell that runs before the cells that it needs: one sentence names the one to run first.

Python's standard library alone: ``make lab`` starts this in every kernel, before a notebook has
found the course; the first cell of a notebook starts it everywhere else.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def watch() -> None:
    """Lets IPython's kernel, if this is one, answer a NameError with such a sentence."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell and hasattr(shell, "kernel"):
        shell.set_custom_exc((NameError,), _answer)


def _answer(shell, kind, error, traceback, tb_offset=None) -> None:
    try:
        said = ""
        if kind is NameError:
            said = advice(error.name, shell.user_ns["In"][-1], _open_notebook(shell.user_ns))
    except (OSError, ValueError, KeyError, TypeError):  # what a student made of a notebook
        said = ""
    if said:
        error._render_traceback_ = lambda: [f"NameError: {said}"]
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def _open_notebook(names: dict) -> str:
    """The file that runs, as JupyterLab and VS Code tell their kernels; empty elsewhere."""
    told = names.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    return Path(told).name


def advice(name: str, source: str, notebook: str = "") -> str:
    """Which cell gives ``name`` its value, in the notebook of that file name or in the one that
    holds the cell ``source``; empty where neither is known, or where no cell does."""
    notebooks = {path: _cells(path) for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
    here = [cells for path, cells in notebooks.items() if path.name == notebook]
    here += [cells for cells in notebooks.values() if source.strip() in map(str.strip, cells)]
    for cell in here[0] if here else []:
        if name in bound(cell):
            return (
                f"“{name}” has no value yet: run the cell “{_title(cell)}” first, or all cells "
                "above this one, with Run > Run All Above Selected Cell."
            )
    return ""


def _cells(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def bound(source: str) -> set[str]:
    """The names that a cell gives a value at its top level."""
    names, nodes = set(), [_parsed(source)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        if isinstance(
            node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        ):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        nodes += ast.iter_child_nodes(node)
    return names


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:  # a student's
        return ast.Module([], [])


def _title(source: str) -> str:
    """A cell's first comment that is meant for readers, else its first line."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    titles = [line for line in lines if not line.startswith(("#|", "# NBVAL"))]
    return (titles or lines)[0].lstrip("# ").rstrip(":")
