"""Whether the names that a notebook's prose sets in code font are there.

A name exists where the notebook's own code has it (as a variable, function, argument or attribute),
where helpers/ or Python offers it, where it is a file, a folder or a target of the Makefile, or
where it can be reached as an attribute of a module that the notebook imports. Of the strings in the
code only those count that name something: ``named_strings``. What else may be named stands in
ALLOWED, and nowhere else.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import keyword
import re
from collections.abc import Iterable
from functools import cache

import nbformat

from .notebooks import ROOT, code_cells

ALLOWED = {
    "TRAIN": "the switch of every chapter that trains",
    "runs/": "made by the first training",
    ".venv": "made by the first `make lab`",
    "batch": "an axis in a shape, such as (batch, steps, voices)",
}
ALLOWED_PATTERNS = [
    r"[A-G][#b]?-?\d",  # a pitch, such as C4
    r"runs/[\w/.-]+",  # what a training writes
    r"(git|conda|pip|python|pytest|jupyter|ipython) .+",  # a command of another program
]
FOLDERS = ("", "notebooks", "helpers", "data", "checkpoints", "benchmarks", "tests")

FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
CODE_SPAN = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
WORD = re.compile(r"[\w.-]+")
COLLECTIONS = (ast.Tuple, ast.List, ast.Set)


def code_spans(notebook: nbformat.NotebookNode) -> list[str]:
    """What the prose sets in code font between backticks, in order, each once."""
    spans = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for _, text in CODE_SPAN.findall(FENCED.sub("", cell.source)):
                spans[" ".join(text.split())] = None
    return list(spans)


def names_of(trees: Iterable[ast.AST]) -> set[str]:
    """The names, attributes and arguments in the code, and what it imports."""
    names = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.alias):
            names.update(node.name.split("."))
            names.add(node.asname or node.name)
        else:
            for field in ("id", "attr", "arg", "name"):
                value = getattr(node, field, None)
                if isinstance(value, str):
                    names.add(value)
    return names


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    """The strings of one word among the nodes."""
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and WORD.fullmatch(text)}


def named_strings(tree: ast.AST) -> set[str]:
    """The strings of one word that name something which a reader meets: keys, settings, and choices
    or columns, which stand in a tuple, list or set that has a name. Words of messages and of
    docstrings name nothing."""
    words = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            words |= _words(node.keys)
        elif isinstance(node, ast.Subscript):
            words |= _words([node.slice])
        elif isinstance(node, ast.Assign) and isinstance(node.value, COLLECTIONS):
            words |= _words(ast.walk(node.value))
        elif isinstance(node, ast.keyword) and node.arg == "variable":  # of the environment
            words |= _words([node.value])
        elif isinstance(node, ast.Call) and "setting" in names_of([node.func]):
            words |= _words(node.args[:1])
    return words


def definitions_of(tree: ast.Module) -> set[str]:
    """What a module offers: its functions, classes, fields, constants, arguments and named strings,
    but no local variables."""
    words = named_strings(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            words.add(node.name)
        elif isinstance(node, ast.arg):
            words.add(node.arg)
        if isinstance(node, (ast.Module, ast.ClassDef)):
            for statement in node.body:
                if isinstance(statement, (ast.Assign, ast.AnnAssign)):
                    words |= names_of([statement])
    return words


@cache
def words_of_project() -> frozenset[str]:
    """The names that need no notebook: Python's, the packages that the course uses, and what
    helpers/ offers."""
    packages = re.findall(r"^[\w-]+", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    words = {"helpers", *keyword.kwlist, *dir(builtins), *packages}
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        words |= {path.stem} | definitions_of(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(words)


@cache
def makefile_targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _is_file(text: str) -> bool:
    if len(text) > 100:  # more than some systems take for a path
        return False
    if any((ROOT / folder / text).exists() for folder in FOLDERS):
        return True
    if not WORD.fullmatch(text):
        return False
    # A name alone, with or without its ending, or an ending: card.json, 04_accompaniment_gan, .npz.
    patterns = [f"*{text}"] if text.startswith(".") else [text, f"{text}.*"]
    return any(
        next((ROOT / folder).rglob(pattern), None) for folder in FOLDERS[1:] for pattern in patterns
    )


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def _modules_imported(trees: list[ast.Module]) -> dict[str, str]:
    """What each imported name stands for: {"np": "numpy", "layers": "keras.layers"}."""
    names = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _is_reachable(dotted: str, modules: dict[str, str]) -> bool:
    """Whether the imported modules have it: numpy.linspace for "np.linspace"."""
    first, *attributes = dotted.split(".")
    if first not in modules:
        return False
    path, *rest = modules[first].split(".")
    try:
        thing = importlib.import_module(path)
        for attribute in [*rest, *attributes]:
            if not hasattr(thing, attribute):
                importlib.import_module(f"{thing.__name__}.{attribute}")
            thing = getattr(thing, attribute)
    except (ImportError, AttributeError):
        return False
    return True


def unknown_names(notebook: nbformat.NotebookNode) -> list[str]:
    """The code spans of the prose that hold a name which is nowhere."""
    trees = [tree for cell in code_cells(notebook) if (tree := _parse(cell.source))]
    words = names_of(trees).union(words_of_project(), *map(named_strings, trees))
    modules = _modules_imported(trees)

    def exists(span: str) -> bool:
        if span in words or span in ALLOWED or _is_file(span):
            return True
        if any(re.fullmatch(pattern, span) for pattern in ALLOWED_PATTERNS):
            return True
        if span.startswith("make "):
            return span.split()[1] in makefile_targets()
        tree = _parse(span)
        if tree is None:
            return False
        if names_of([tree]) | _words(ast.walk(tree)) <= words | ALLOWED.keys():
            return True
        return _is_reachable(span.removesuffix("()"), modules)

    return [span for span in code_spans(notebook) if not exists(span)]
