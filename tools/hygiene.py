"""What a committed notebook must be like, one rule a function: each returns what it found wrong, as
sentences. tests/test_notebooks_hygiene.py applies them to every notebook.

nbval passes silently over much that is wrong: a cell that was never run, a failing shell command, a
cell marked as raising. The first rules keep such notebooks out; the others keep diffs small, pages
readable, and every training chapter in the same rhythm.
"""

from __future__ import annotations

import ast
import re

import nbformat
from nbval.plugin import find_comment_markers, metadata_tags

from .cell_names import cells_of
from .notebooks import code_cells, is_training_chapter
from .prose import unknown_names
from .run_notebooks import WIDGET, WIDGET_NOTE

MOST_BYTES = 2_500_000
MOST_LINES = 30
MOST_COLUMNS = 100
SHORTEST_ALT = 15  # characters of a picture's alternative text
ABSOLUTE_PATH = re.compile(
    r"(?<![\w./:~-])/(?:home|Users|root|tmp|private|usr|opt|var|mnt|media|srv|etc|work|workspace"
    r"|content|kaggle)/\w|\b[A-Za-z]:\\\w"
)
UNSEEN = {
    *("exit", "quit", "_exit", "except", "suppress", ".suppress"),
    *("subprocess", ".system", "threading", "asyncio", "concurrent", "multiprocessing"),
    *(".on_click", ".on_submit", ".on_msg", ".observe"),
}
# Where prose speaks of what a training did: by its name, or with figures under **Compare.**
PUBLISHED = re.compile(
    r"\bpublished\s+(?:training|network|run|recipe|generator|critic|discriminator|composer|judge|card)"
)
FIGURE = re.compile(r"\d")
LINK = re.compile(r"\[[^\]]*\]\([^)]*\)|`[^`]*`|[Ss]teps? \d+|[Nn]otebooks? \d\d|[Ee]xercises? \d")
DATA_URI = re.compile(r"data:[\w/+.;=-]+,[\w+/=%-]*")


def _label(cell: nbformat.NotebookNode) -> str:
    first = cell.source.strip().split("\n", 1)[0]
    return f"the cell {first[:60]!r}"


def _texts(cell: nbformat.NotebookNode) -> list[str]:
    """All text that the cell's outputs show, without embedded files."""
    texts = []
    for output in cell.get("outputs", []):
        texts.append(output.get("text", ""))
        for kind, data in output.get("data", {}).items():
            if kind.startswith("text/") or kind == "image/svg+xml":
                texts.append(DATA_URI.sub("", data))
    return texts


# --- rules of every notebook -------------------------------------------------------------------


def valid_format(notebook):
    """nbformat 4.5, with unique cell ids."""
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        return [f"its format is {notebook.nbformat}.{notebook.nbformat_minor}, not 4.5"]
    ids = [cell.get("id") for cell in notebook.cells]
    if len(set(ids)) != len(ids):
        return ["two of its cells have the same id"]
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [f"it is not a valid notebook: {error.message}"]
    return []


def run_in_order(notebook):
    """Every code cell was run, once, from top to bottom: nbval compares nothing in one that has no
    execution count."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        return [f"its execution counts are {counts}, not 1, 2, 3 ...: run `make notebooks`"]
    return []


def no_errors(notebook):
    """No output is an error or was written to stderr."""
    return [
        f"{_label(cell)} shows {output.get('ename', 'text written to stderr')}"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def no_absolute_paths(notebook):
    """Neither sources nor outputs hold a path of the author's computer."""
    problems = []
    for cell in notebook.cells:
        for text in [cell.source, *_texts(cell)]:
            if found := ABSOLUTE_PATH.search(text):
                excerpt = text[found.start() : found.start() + 40].split("\n")[0]
                problems.append(f"{_label(cell)} holds the absolute path {excerpt!r}")
    return problems


def small(notebook):
    """With outputs, under 2.5 MB."""
    size = len(nbformat.writes(notebook).encode())
    return [f"it is {size / 1e6:.2f} MB, over 2.5 MB"] if size >= MOST_BYTES else []


def outputs_are_checked(notebook):
    """At least one cell's output is compared by nbval, and each such cell has text to compare."""
    marked = []
    problems = []
    for cell in code_cells(notebook):
        marks = list(find_comment_markers(cell.source))
        if marks == [("check", True)]:
            marked.append(cell)
        elif marks or "NBVAL_" in cell.source:
            problems.append(f"{_label(cell)} has a mark that nbval does not read, or one to avoid")
    if not marked:
        problems.append("none of its cells is marked # NBVAL_CHECK_OUTPUT")
    for cell in marked:
        if not any(text.strip() for text in _texts(cell)):
            problems.append(f"{_label(cell)} is to be checked, but has no text as output")
    return problems


def plain_python(notebook):
    """No magics and no shell commands, whose failure nbval does not notice; exercises parse too."""
    problems = []
    for cell in code_cells(notebook):
        if "get_ipython" in cell.source:
            problems.append(f"{_label(cell)} uses get_ipython")
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            problems.append(f"{_label(cell)} is not plain Python (line {error.lineno})")
    return problems


def nothing_fails_unseen(notebook):
    """nbval sees what a cell raises, and nothing else: not a kernel that is told to end, not an
    error that any `except` takes, not what runs beside the cell or in another program, not a
    callback that waits for a click (helpers.show has those, with tests)."""
    problems = []
    for cell in code_cells(notebook):
        try:
            nodes = list(ast.walk(ast.parse(cell.source)))
        except SyntaxError:  # plain_python says so
            continue
        names = set()
        for node in nodes:
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(f".{node.attr}")
            elif isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names |= {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
            elif isinstance(node, ast.ExceptHandler) and _takes_everything(node):
                names.add("except")
        problems += [f"{_label(cell)} uses {name}" for name in sorted(UNSEEN & names)]
    return problems


def _takes_everything(handler: ast.ExceptHandler) -> bool:
    """Whether any error ends there, without being raised again."""
    kinds = {"Exception", "BaseException"}
    broad = handler.type is None or kinds & {
        node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)
    }
    return bool(broad) and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def no_skips(notebook):
    """No tag takes a cell out of the tests."""
    skips = {*metadata_tags, "skip-execution"} - {"nbval-check-output"}
    return [
        f"{_label(cell)} is tagged {tag}"
        for cell in notebook.cells
        for tag in cell.metadata.get("tags", [])
        if tag in skips
    ]


def short_cells(notebook):
    """One idea a cell: few lines, none of them long."""
    problems = []
    for cell in code_cells(notebook):
        lines = cell.source.splitlines()
        if len(lines) > MOST_LINES:
            problems.append(f"{_label(cell)} has {len(lines)} lines, over {MOST_LINES}")
        if max(map(len, lines)) > MOST_COLUMNS:
            problems.append(f"{_label(cell)} has a line of over {MOST_COLUMNS} columns")
    return problems


def widgets_leave_a_picture(notebook):
    """A widget is nothing without a kernel: its state is not saved, and a picture or a sound stands
    beside it."""
    problems = []
    if "widgets" in notebook.metadata:
        problems.append("it holds the state of widgets: run `make notebooks`")
    for cell in code_cells(notebook):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        has_note = any(text.strip() == WIDGET_NOTE for text in _texts(cell))
        if WIDGET in kinds:
            problems.append(f"{_label(cell)} holds a widget: run `make notebooks`")
        if has_note and not kinds & {"image/png", "image/svg+xml", "text/html"}:
            problems.append(f"{_label(cell)} shows a widget but no picture or sound beside it")
    return problems


def pictures_have_words(notebook):
    """Each picture has an alternative text, which only HTML brings to the reader: helpers.show's
    pictures do (show.new_figure for a notebook's own), pyplot's do not."""
    problems = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data and "text/html" not in data:
                problems.append(f"{_label(cell)} shows a PNG without an alternative text")
            for image in re.findall(r"<img\b[^>]*>", data.get("text/html", "")):
                words = re.search(r'\balt="([^"]*)"', image)
                if not words or len(words.group(1)) < SHORTEST_ALT:
                    problems.append(f"{_label(cell)} shows an <img> that says nothing of itself")
    return problems


def small_metadata(notebook):
    """Nothing that changes from one author's computer to the next."""
    extra = set(notebook.metadata) - {"kernelspec", "language_info", "widgets"}
    if extra or dict(notebook.metadata.get("language_info", {})) != {"name": "python"}:
        return ["it holds metadata of the computer it ran on: run `make notebooks`"]
    return []


def names_exist(notebook):
    """What the prose sets in code font is there: a name of the code, a file, a setting."""
    return [f"its prose names `{name}`, which is nowhere" for name in unknown_names(notebook)]


def one_meaning(notebook):
    """A name that one cell hands to another is bound in one cell alone (imports, and an exercise
    with its solution, aside), so that cells may be run again, and in any order."""
    cells = cells_of(notebook)
    handed_on = frozenset().union(*(cell.reads for cell in cells))
    bound, problems = {}, []
    for cell in cells:
        for name in sorted(cell.binds & handed_on):
            first = bound.setdefault(name, cell)
            if first is not cell and not cell.is_solution and name not in cell.imported:
                problems.append(
                    f"`{name}` means one thing in {_label(first.cell)} and another in"
                    f" {_label(cell.cell)}"
                )
    return problems


def nothing_unbound(notebook):
    """What a cell reads is bound in an earlier one."""
    problems, bound = [], {"display"}
    for cell in cells_of(notebook):
        problems += [
            f"{_label(cell.cell)} reads `{name}`, which no cell before it binds"
            for name in sorted(cell.reads_now - bound)
        ]
        bound |= cell.binds
    return problems


# --- rules of a chapter that trains ------------------------------------------------------------


def has_title(notebook):
    """Begins with its title."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith("# "):
        return ["its first cell is not its title"]
    return []


def _prose(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def has_rhythm(notebook):
    """Predict before, listen and compare after: three times or more."""
    prose = _prose(notebook)
    return [
        f"it has {prose.count(mark)} times {mark}, not three or more"
        for mark in ("**Predict.**", "**Listen.**", "**Compare.**")
        if prose.count(mark) < 3
    ]


def has_sections(notebook):
    """Says at its end what was learned, where its limits are, and what to read next."""
    headings = [line for line in _prose(notebook).splitlines() if line.startswith("#")]
    wanted = {
        "what you learned": r"\blearn(ed|t)\b",
        "its limits": r"\blimits\b",
        "what to read next": r"\bread(ing)?\b",
    }
    return [
        f"no heading says {title}"
        for title, pattern in wanted.items()
        if not any(re.search(pattern, heading, re.IGNORECASE) for heading in headings)
    ]


def has_exercises(notebook):
    """Three exercises or more, each with an instant check and then a hidden solution."""
    groups = []
    for cell in code_cells(notebook):
        if cell.source.startswith("# Exercise"):
            groups.append([])
        if groups:
            groups[-1].append(cell)
    problems = [] if len(groups) >= 3 else [f"it has {len(groups)} exercises, not three or more"]
    for group in groups:
        tagged = ["solution" in cell.metadata.get("tags", []) for cell in group]
        if not any(tagged):
            problems.append(f"{_label(group[0])} has no cell tagged solution behind it")
            continue
        at = tagged.index(True)
        if not group[at].metadata.get("jupyter", {}).get("source_hidden"):
            problems.append(f"the solution of {_label(group[0])} is not hidden")
        if not any("exercises." in cell.source for cell in group[:at]):
            problems.append(f"{_label(group[0])} has no check before its solution")
    return problems


def _speaks_of_training(source: str) -> bool:
    """Whether a cell of prose says what the published training did."""
    if PUBLISHED.search(source):
        return True
    parts = source.split("\n\n")
    compared = [part for part in parts if part.lstrip("> ").startswith("**Compare")]
    return any(FIGURE.search(LINK.sub("", part)) for part in compared)


def _is_claim(cell) -> bool:
    return "claim" in cell.metadata.get("tags", [])


def claims_are_tested(notebook):
    """Where prose says what the published training did, the next cell is one tagged claim, whose
    asserts say the same."""
    problems = []
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        if cell.cell_type == "markdown" and _speaks_of_training(cell.source):
            if following is None or not _is_claim(following):
                problems.append(f"{_label(cell)} says what a training did, and no claim follows it")
    return problems


def claims_can_fail(notebook):
    """A claim is folded, begins with a comment, and asserts under ``if not TRAIN:`` alone, for it
    speaks of the published training. No assert has a constant for its test."""
    problems = []
    for cell in filter(_is_claim, code_cells(notebook)):
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            problems.append(f"{_label(cell)} is a claim that is not folded")
        if not cell.source.startswith("# Claim"):
            problems.append(f"{_label(cell)} does not begin with # Claim")
        guards = [node for node in ast.parse(cell.source).body if isinstance(node, ast.If)]
        guards = [node for node in guards if ast.unparse(node.test) == "not TRAIN"]
        guarded = [
            node for guard in guards for node in ast.walk(guard) if isinstance(node, ast.Assert)
        ]
        everywhere = [
            node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert)
        ]
        if not guarded:
            problems.append(f"{_label(cell)} asserts nothing under `if not TRAIN:`")
        if len(guarded) != len(everywhere):
            problems.append(f"{_label(cell)} asserts something of a student's own training")
        if any(not any(isinstance(n, ast.Name) for n in ast.walk(node.test)) for node in guarded):
            problems.append(f"{_label(cell)} asserts a constant")
    return problems


RULES = [
    valid_format,
    run_in_order,
    no_errors,
    no_absolute_paths,
    small,
    outputs_are_checked,
    plain_python,
    nothing_fails_unseen,
    no_skips,
    short_cells,
    widgets_leave_a_picture,
    pictures_have_words,
    small_metadata,
    names_exist,
    one_meaning,
    nothing_unbound,
    has_title,
]
CHAPTER_RULES = [has_rhythm, has_sections, has_exercises, claims_are_tested, claims_can_fail]


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """All that the rules find, each with its rule's name."""
    rules = RULES + (CHAPTER_RULES if is_training_chapter(notebook) else [])
    return [f"{rule.__name__}: {problem}" for rule in rules for problem in rule(notebook)]
