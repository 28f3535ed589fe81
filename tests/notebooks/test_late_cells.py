"""A cell that is run before the cells that it needs: one sentence names the first of them."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from helpers.course.late_cells import advice, bound
from tools.cell_names import cells_of
from tools.notebooks import FOLDER, ROOT, find_notebooks

NOTEBOOKS = find_notebooks()
GAN = next(path for path in NOTEBOOKS if path.name.startswith("04"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def test_every_name_is_found_in_every_notebook(path):
    cells = cells_of(nbformat.read(path, as_version=4))
    for cell in cells:
        assert bound(cell.cell.source) == cell.binds
    needy = [cell for cell in cells if cell.reads_now][::10]  # each reads a file for each name
    for cell in needy:
        for name in sorted(cell.reads_now - {"display"})[:2]:
            first = next(one for one in cells if name in one.binds)
            said = advice(name, cell.cell.source)
            title = said.partition("run the cell “")[2].partition("” first")[0]
            assert title and title in first.cell.source, name


def test_what_nobody_binds_and_what_many_do_gets_no_advice():
    assert advice("a_slip_of_the_pen", "print(a_slip_of_the_pen)") == ""
    assert advice("np", "a cell of one's own that needs np") == ""
    own = "choose_voices()  # a cell of one's own: of which notebook?"
    assert advice("choose_voices", own) == ""
    assert "run the cell “" in advice("choose_voices", own, GAN.name)
    assert advice("choose_voices", own, NOTEBOOKS[0].name) == ""


@pytest.mark.parametrize("before", [[], ["no name = 3"]], ids=["one file", "a broken cell too"])
def test_a_notebook_of_a_students(before, tmp_path, monkeypatch):
    cells = [new_code_cell(source) for source in [*before, "#| export\n# Step 1 - add\nsum_ = 3"]]
    nbformat.write(new_notebook(cells=cells), tmp_path / "04_mine.ipynb")
    monkeypatch.setattr("helpers.course.late_cells.NOTEBOOKS", tmp_path)
    assert "run the cell “Step 1 - add” first" in advice("sum_", "print(sum_)", "04_mine.ipynb")


def run(*sources):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    resources = {"metadata": {"path": str(FOLDER)}}
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
    return str(caught.value)


def test_a_kernel_says_so_instead_of_a_traceback():
    cells = [cell.cell.source for cell in cells_of(nbformat.read(GAN, as_version=4))]
    late = next(source for source in cells if "# Step 15" in source)
    start = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom helpers import course"
    said = run(start, "course.look_around()", late)
    assert "has no value yet: run the cell “" in said and "Traceback" not in said
    said = run(start, "course.look_around()", "def f():\n    return slip\n\nf()")
    assert "name 'slip' is not defined" in said and "return slip" in said  # as ever
