"""The committed notebooks keep the rules of tools/hygiene.py; each rule finds what it is for."""

from __future__ import annotations

import ast
import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import hygiene, prose
from tools.notebooks import code_cells, find_notebooks
from tools.run_notebooks import WIDGET, WIDGET_NOTE

NOTEBOOKS = find_notebooks()
PICTURE = '<img alt="A roll of three notes." src="data:image/png;base64,aGVsbG8=">'
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])


@each_notebook
def test_the_rules_are_kept(path):
    assert hygiene.problems(nbformat.read(path, as_version=nbformat.NO_CONVERT)) == []


# --- each rule finds what it is for ------------------------------------------------------------


def code(source, *outputs, **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(**data):
    kinds = {"png": "image/png", "text": "text/plain", "html": "text/html", "widget": WIDGET}
    return new_output("display_data", data={kinds[key]: value for key, value in data.items()})


def claim(source):
    return code(source, tags=["claim"], jupyter={"source_hidden": True})


def exercise(number):
    return [
        code(
            f"# Exercise {number} - change it\nsteps{number} = ...\nexercises.steps(steps{number})"
        ),
        code(f"steps{number} = 5", tags=["solution"], jupyter={"source_hidden": True}),
    ]


def good_chapter():
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# A chapter"),
            code("from helpers import course, exercises\nfrom helpers.course import setting"),
            code('TRAIN = setting("TRAIN", True)'),
            new_markdown_cell("**Predict.** What will `total` be?"),
            code("# NBVAL_CHECK_OUTPUT\ntotal = 1 + 1\nprint(total)", stream("2\n")),
            new_markdown_cell("**Listen.** **Compare.**"),
            new_markdown_cell("**Predict.** **Listen.**\n\n**Compare.** Three of four were real."),
            new_markdown_cell("**Predict.** **Listen.**\n\n**Compare.** 75 % were right."),
            claim("# Claim: most were right\nif not TRAIN:\n    assert total == 2"),
            code("slider = 1", shown(text=WIDGET_NOTE), shown(html=PICTURE)),
            *exercise(1),
            *exercise(2),
            *exercise(3),
            new_markdown_cell("## What you learned"),
            new_markdown_cell("## Limits"),
            new_markdown_cell("## What to read next"),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        },
    )
    for count, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = count
    return notebook


def find(notebook, source):
    return next(cell for cell in notebook.cells if source in cell.source)


def test_a_good_chapter_has_no_problem():
    assert hygiene.problems(good_chapter()) == []


def old_format(n):
    n.nbformat_minor = 4


def same_ids(n):
    n.cells[1].id = n.cells[0].id


def a_cell_without_outputs(n):
    del n.cells[1]["outputs"]


def a_cell_never_run(n):
    n.cells[1].execution_count = None


def cells_run_out_of_order(n):
    n.cells[1].execution_count, n.cells[3].execution_count = 2, 1


def an_error_shown(n):
    n.cells[1].outputs = [new_output("error", ename="ValueError", evalue="", traceback=[])]


def text_on_stderr(n):
    n.cells[1].outputs = [stream("W0000 no GPU", name="stderr")]


def a_path_in_an_output(n):
    n.cells[1].outputs = [stream("read " + "/ho" + "me/me/course/data.npz")]


def a_path_in_html(n):
    n.cells[1].outputs = [shown(html="<a href='" + "/Us" + "ers/me/x.mid'>")]


def a_windows_path_in_a_source(n):
    n.cells[1].source += "\nfolder = r'C:" + "\\Users'"


def a_path_in_the_prose(n):
    n.cells[0].source += "\nSee " + "/tm" + "p/notes."


def too_large(n):
    n.cells[1].outputs = [shown(png="A" * 2_600_000)]


def nothing_checked(n):
    find(n, "total = ").source = "total = 1"


def a_checked_cell_without_output(n):
    find(n, "total = ").outputs = []


def a_checked_cell_with_a_picture_alone(n):
    find(n, "total = ").outputs = [shown(png="aGVsbG8=")]


def a_mark_behind_code(n):
    n.cells[1].source += "  # NBVAL_CHECK_OUTPUT"


def a_skipped_cell(n):
    n.cells[1].source = "# NBVAL_SKIP\n" + n.cells[1].source


def a_checked_and_skipped_cell(n):
    find(n, "total = ").source = "# NBVAL_SKIP\n" + find(n, "total = ").source


def a_magic(n):
    n.cells[1].source += "\n%matplotlib inline"


def a_shell_command(n):
    n.cells[1].source += "\n!pip list"


def a_magic_by_function(n):
    n.cells[1].source += "\nget_ipython().run_line_magic('cd', '..')"


def an_exercise_that_is_no_python(n):
    find(n, "# Exercise 1").source += "\nx = # your number"


def a_kernel_told_to_end(n):
    n.cells[1].source += "\nexit()"


def an_except_that_takes_all(n):
    n.cells[1].source += "\ntry:\n    x = 1\nexcept (ValueError, Exception):\n    pass"


def a_bare_except(n):
    n.cells[1].source += "\ntry:\n    x = 1\nexcept:\n    x = 2"


def a_suppressed_error(n):
    n.cells[1].source += "\nwith contextlib.suppress(ValueError):\n    x = 1"


def another_program(n):
    n.cells[1].source += "\nimport os\nos.system('false')"


def another_program_imported(n):
    n.cells[1].source += "\nfrom subprocess import run"


def a_thread(n):
    n.cells[1].source += "\nimport threading as t"


def a_callback_that_waits_for_a_click(n):
    n.cells[1].source += "\nbutton.on_click(print)"


def a_cell_tagged_raises_exception(n):
    n.cells[1].metadata.tags = ["raises-exception"]


def a_cell_tagged_nbval_skip(n):
    n.cells[1].metadata.tags = ["nbval-skip"]


def a_long_cell(n):
    n.cells[1].source += "\nx = 1" * 30


def a_long_line(n):
    n.cells[1].source += "\n#" + "-" * 100


def a_widget(n):
    find(n, "slider").outputs = [shown(widget={"model_id": "1"}, html="<audio>")]


def widget_state(n):
    n.metadata.widgets = {}


def a_widget_alone(n):
    find(n, "slider").outputs = [shown(text=WIDGET_NOTE)]


def a_picture_of_pyplots(n):
    find(n, "slider").outputs = [shown(png="aGVsbG8=", text="<Figure size 640x480>")]


def a_picture_without_words(n):
    n.cells[1].outputs = [shown(html="<img src='data:image/png;base64,aGVsbG8='>")]


def a_picture_of_few_words(n):
    n.cells[1].outputs = [shown(html='<img alt="Figure 1" src="x.png">')]


def a_name_bound_twice(n):
    n.cells[1].source += "\nfor total in range(3): pass"
    n.cells[-1].cell_type, n.cells[-1].source = "code", "print(total)"


def a_name_that_changes_itself(n):
    n.cells[1].source += "\ncount = 0"
    find(n, "total = ").source += "\ncount += 1"


def a_function_defined_twice(n):
    n.cells[1].source += "\ndef critic(): return 1"
    find(n, "total = ").source += "\ndef critic(): return 2\ndef score(): return critic()"
    find(n, "slider").source += "\ncritic()"


def a_name_of_a_later_cell(n):
    n.cells[1].source += "\n[total + one for one in range(3)]"


def a_name_of_no_cell(n):
    find(n, "slider").source += "\nlate(total)"


def the_published_training_without_claim(n):
    n.cells[0].source += "\n\nThe published\ntraining took an hour."


def figures_without_claim(n):
    n.cells[6].source += "\n\n**Compare.** It was right 3 times of 4."


def a_claim_elsewhere(n):
    n.cells.insert(8, new_markdown_cell("What follows is something else."))


def a_claim_in_sight(n):
    del find(n, "# Claim").metadata["jupyter"]


def a_claim_without_words(n):
    find(n, "# Claim").source = "if not TRAIN:\n    assert total == 2"


def a_claim_that_asserts_nothing(n):
    find(n, "# Claim").source = "# Claim: all is well\nif not TRAIN:\n    total == 2"


def a_claim_of_ones_own_training(n):
    find(n, "# Claim").source += "\nassert total > 1"


def a_claim_of_constants(n):
    find(n, "# Claim").source = "# Claim: all is well\nif not TRAIN:\n    assert 2 == 2"


def metadata_of_a_computer(n):
    n.metadata.language_info["version"] = "3.11.7"


def a_name_that_is_nowhere(n):
    n.cells[0].source += "\nThen set `PRETRAINED` to `False`."


def no_title(n):
    n.cells[0].source = "Welcome!"


def too_few_predictions(n):
    find(n, "What will `total`").source = "What will come?"


def no_limits(n):
    find(n, "## Limits").source = "It has no limit."


def too_few_exercises(n):
    find(n, "# Exercise 2").source = "steps = 3"


def an_exercise_without_solution(n):
    n.cells[-4].metadata.tags = []


def a_solution_in_sight(n):
    del n.cells[-4].metadata["jupyter"]


def an_exercise_without_check(n):
    find(n, "# Exercise 3").source = "# Exercise 3\nsteps = ..."


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        (hygiene.valid_format, old_format),
        (hygiene.valid_format, same_ids),
        (hygiene.valid_format, a_cell_without_outputs),
        (hygiene.run_in_order, a_cell_never_run),
        (hygiene.run_in_order, cells_run_out_of_order),
        (hygiene.no_errors, an_error_shown),
        (hygiene.no_errors, text_on_stderr),
        (hygiene.no_absolute_paths, a_path_in_an_output),
        (hygiene.no_absolute_paths, a_path_in_html),
        (hygiene.no_absolute_paths, a_windows_path_in_a_source),
        (hygiene.no_absolute_paths, a_path_in_the_prose),
        (hygiene.small, too_large),
        (hygiene.outputs_are_checked, nothing_checked),
        (hygiene.outputs_are_checked, a_checked_cell_without_output),
        (hygiene.outputs_are_checked, a_checked_cell_with_a_picture_alone),
        (hygiene.outputs_are_checked, a_mark_behind_code),
        (hygiene.outputs_are_checked, a_skipped_cell),
        (hygiene.outputs_are_checked, a_checked_and_skipped_cell),
        (hygiene.plain_python, a_magic),
        (hygiene.plain_python, a_shell_command),
        (hygiene.plain_python, a_magic_by_function),
        (hygiene.plain_python, an_exercise_that_is_no_python),
        (hygiene.nothing_fails_unseen, a_kernel_told_to_end),
        (hygiene.nothing_fails_unseen, an_except_that_takes_all),
        (hygiene.nothing_fails_unseen, a_bare_except),
        (hygiene.nothing_fails_unseen, a_suppressed_error),
        (hygiene.nothing_fails_unseen, another_program),
        (hygiene.nothing_fails_unseen, another_program_imported),
        (hygiene.nothing_fails_unseen, a_thread),
        (hygiene.nothing_fails_unseen, a_callback_that_waits_for_a_click),
        (hygiene.no_skips, a_cell_tagged_raises_exception),
        (hygiene.no_skips, a_cell_tagged_nbval_skip),
        (hygiene.short_cells, a_long_cell),
        (hygiene.short_cells, a_long_line),
        (hygiene.widgets_leave_a_picture, a_widget),
        (hygiene.widgets_leave_a_picture, widget_state),
        (hygiene.widgets_leave_a_picture, a_widget_alone),
        (hygiene.pictures_have_words, a_picture_of_pyplots),
        (hygiene.pictures_have_words, a_picture_without_words),
        (hygiene.pictures_have_words, a_picture_of_few_words),
        (hygiene.one_meaning, a_name_bound_twice),
        (hygiene.one_meaning, a_name_that_changes_itself),
        (hygiene.one_meaning, a_function_defined_twice),
        (hygiene.nothing_unbound, a_name_of_a_later_cell),
        (hygiene.nothing_unbound, a_name_of_no_cell),
        (hygiene.claims_are_tested, the_published_training_without_claim),
        (hygiene.claims_are_tested, figures_without_claim),
        (hygiene.claims_are_tested, a_claim_elsewhere),
        (hygiene.claims_can_fail, a_claim_in_sight),
        (hygiene.claims_can_fail, a_claim_without_words),
        (hygiene.claims_can_fail, a_claim_that_asserts_nothing),
        (hygiene.claims_can_fail, a_claim_of_ones_own_training),
        (hygiene.claims_can_fail, a_claim_of_constants),
        (hygiene.small_metadata, metadata_of_a_computer),
        (hygiene.names_exist, a_name_that_is_nowhere),
        (hygiene.has_title, no_title),
        (hygiene.has_rhythm, too_few_predictions),
        (hygiene.has_sections, no_limits),
        (hygiene.has_exercises, too_few_exercises),
        (hygiene.has_exercises, an_exercise_without_solution),
        (hygiene.has_exercises, a_solution_in_sight),
        (hygiene.has_exercises, an_exercise_without_check),
    ],
    ids=lambda value: value.__name__,
)
def test_a_rule_finds_what_it_is_for(rule, spoil):
    notebook = good_chapter()
    assert rule(notebook) == []
    spoil(notebook)
    assert len(rule(copy.deepcopy(notebook))) >= 1
    assert rule in hygiene.RULES + hygiene.CHAPTER_RULES


def test_an_error_that_is_expected_by_name_may_be_caught():
    notebook = good_chapter()
    notebook.cells[1].source += "\ntry:\n    x = 1\nexcept ValueError:\n    x = 2"
    notebook.cells[1].source += "\ntry:\n    x = 1\nexcept Exception:\n    raise"
    notebook.cells[1].source += "\ndef observe():\n    return 1\n\nobserve()"  # no callback
    assert hygiene.nothing_fails_unseen(notebook) == []


def test_every_rule_is_tested():
    tested = {
        mark.args[1][i][0]
        for mark in test_a_rule_finds_what_it_is_for.pytestmark
        for i in range(len(mark.args[1]))
    }
    assert tested == set(hygiene.RULES + hygiene.CHAPTER_RULES)


def test_names_that_a_cell_keeps_to_itself_and_solutions_may_return():
    notebook = good_chapter()
    notebook.cells[1].source += "\nfor i in range(3): last = i\nimport re"
    find(notebook, "total = ").source += "\nlast = [i for i in range(3)]\nimport re\nre.compile('')"
    notebook.cells[-4].source += "\nsteps3 = steps3 + 1"  # a solution
    assert hygiene.one_meaning(notebook) == hygiene.nothing_unbound(notebook) == []


def test_questions_steps_and_links_need_no_claim():
    notebook = good_chapter()
    notebook.cells[5].source += (
        "\n\n**Compare.** Step 12 said so, and notebook 04; see [page 7](https://a.b/7), `x2`."
        "\n\nThe published edition of 1785 has 371 chorales."
    )
    assert hygiene.claims_are_tested(notebook) == []


def test_a_chapter_that_does_not_train_needs_no_rhythm():
    notebook = good_chapter()
    notebook.cells = [c for c in notebook.cells if "TRAIN" not in c.source]
    find(notebook, "## Limits").source = "It has no limit."
    for count, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = count
    assert hygiene.problems(notebook) == []


# --- names in the prose ------------------------------------------------------------------------

CODE = """
import numpy as np
from pathlib import Path as P

def build_generator(width, *, depth=2):
    self = np.zeros(width)
    return self

history = {"iteration": []}
for step in range(3):
    build_generator(width=step)
    print("espresso", step)
"""


def unknown(markdown):
    return prose.unknown_names(new_notebook(cells=[code(CODE), new_markdown_cell(markdown)]))


@pytest.mark.parametrize(
    "span",
    [
        "build_generator",  # defined
        "build_generator(width, depth=2)",  # with its arguments
        'history["iteration"]',  # a key
        "P",  # imported under another name
        "np.linspace",  # not in the code, but in numpy
        "np.random.default_rng()",
        "None",
        "len",
        "lambda",
        "TRAIN = False",  # allowed: a setting
        "helpers/course/settings.py",
        "notebooks",
        "settings.py",  # a file without its folder
        "runs/04_accompaniment_gan/",
        "music21",  # a package of requirements.in
        "make lab",
        "make checkpoints NB=04",
        "C#4",
        "(batch, width)",
        "...",
        "-1",
    ],
)
def test_names_that_exist(span):
    assert unknown(f"This is `{span}` here.") == []


@pytest.mark.parametrize(
    "span",
    [
        "build_coffee",
        "build_generator(coffee)",
        'history["loss_of_nobody"]',
        "np.linspase",
        "espresso",  # a word of a message
        "EPOCHS_OF_NOBODY",
        "make coffee",
        "helpers/coffee.py",
        "coffee.json",
        "--coffee",
    ],
)
def test_names_that_do_not_exist(span):
    assert unknown(f"This is `{span}` here.") == [span]


MODULE = '''
CELLS = {"lstm": "two"}
FORMS = ("midi", *("abc", "groove"))
SPEC = DataSet(variable="TUNES_DIR", missing="nowhere")

def load(kind):
    """Loads."""
    limit = course.setting("LIMIT", "many")
    columns = ["nats"]
    raise ValueError("wrong", {"loss": kind["epoch"]})
'''


def test_of_the_strings_in_helpers_only_keys_settings_and_choices_are_names():
    offered = prose.definitions_of(ast.parse(MODULE))
    assert {"CELLS", "FORMS", "SPEC", "load", "kind"} <= offered
    assert {"lstm", "midi", "abc", "TUNES_DIR", "LIMIT", "nats", "loss", "epoch"} <= offered
    assert not {"two", "nowhere", "Loads.", "many", "wrong", "limit"} & offered


def test_fenced_blocks_are_no_names():
    assert unknown("Text.\n\n```\n`coffee`\n```\n\nMore ``len`` text.") == []
