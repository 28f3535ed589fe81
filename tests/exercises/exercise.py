"""The exercises of the notebooks, and what their lists of answers say.

Each ``answers_CHAPTER.py`` beside this file has a list for every check that its notebook calls:
``ANSWERS``, name of the check -> ``Answers``.
"""

import ast
import importlib
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
NO_CHECKS = {"check_machine", "report"}  # these take no student's answer


class Answers(NamedTuple):
    """Answers to one exercise, each a tuple of what stands in place of the dots.

    right: taken. wrong: refused, with a part of the hint's words; the lazy ones are among them.
    given: what the cell passes behind the answers. names: what the cells of the exercise and of its
    solution need of the notebook, small.
    """

    right: list[tuple]
    wrong: list[tuple[tuple, str]]
    given: tuple = ()
    names: dict[str, Any] = {}


class Exercise(NamedTuple):
    """A check that a notebook calls: in the cell of the exercise, and in its solution's if any."""

    notebook: str
    name: str
    cell: str
    solution: str | None


def calls(source: str) -> list[str]:
    return [name for name in re.findall(r"\bexercises\.(\w+)\(", source) if name not in NO_CHECKS]


@cache
def code_cells(path: Path) -> list[tuple[str, bool]]:
    """The source of each code cell, and whether it is a solution."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        ("".join(cell["source"]), "solution" in cell["metadata"].get("tags", []))
        for cell in cells
        if cell["cell_type"] == "code"
    ]


def exercises_of(path: Path) -> list[Exercise]:
    """The checks that a notebook calls, in order."""
    cells, solutions = {}, {}
    for source, is_solution in code_cells(path):
        for name in calls(source):
            (solutions if is_solution else cells)[name] = source
    return [Exercise(path.stem, name, cell, solutions.get(name)) for name, cell in cells.items()]


def all_exercises() -> list[Exercise]:
    return [each for path in sorted(ROOT.glob("notebooks/*.ipynb")) for each in exercises_of(path)]


def answers_to(exercise: Exercise) -> Answers:
    chapter = exercise.notebook.partition("_")[2]
    return importlib.import_module(f"answers_{chapter}").ANSWERS[exercise.name]


def from_notebook(number: str, name: str, **names) -> Callable:
    """A plain function as a notebook defines it; ``names`` are what it uses."""
    (path,) = ROOT.glob(f"notebooks/{number}_*.ipynb")
    for source, is_solution in code_cells(path):
        for node in ast.parse(source).body if not is_solution else ():
            if isinstance(node, ast.FunctionDef) and node.name == name:
                exec(compile(ast.Module([node], []), path.name, "exec"), names)
                return names[name]
    raise LookupError(f"{path.name} defines no {name}")


def until_check(source: str, name: str) -> str:
    """A cell up to its check: what follows only shows more."""
    for node in ast.parse(source).body:
        if name in calls(ast.get_source_segment(source, node)):
            return "\n".join(source.splitlines()[: node.end_lineno])
    raise LookupError(f"exercises.{name} stands deeper in the cell")
