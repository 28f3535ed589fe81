"""How notebooks are run: by nbval in the tests, by `make notebooks`, by `make checkpoints`."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import run_notebooks, train_chapter
from tools.notebooks import ROOT

NOT_THIS_COMPUTER = "192.0.2.1"  # TEST-NET-1 of RFC 5737: no computer has it


def write_notebook(path, *sources):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    nbformat.write(notebook, path)
    return path


def run_nbval(folder, *arguments):
    """nbval with the kit's own settings, on notebooks in another folder."""
    environment = {k: v for k, v in os.environ.items() if k not in ("TRAIN", "SMOKE", "RUNS_DIR")}
    options = ["-c", "pyproject.toml", "-p", "conftest", "--nbval-lax", "--rootdir", folder]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments, folder],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_nbval_runs_offline_as_pretrained_and_out_of_the_way(tmp_path):
    write_notebook(
        tmp_path / "good.ipynb",
        "import os, pathlib, socket\nassert os.environ['TRAIN'] == '0'",
        "assert not pathlib.Path(os.environ['RUNS_DIR']).is_relative_to(pathlib.Path.cwd())",
        "assert '_stay_offline' not in dir()",
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close()",
    )
    write_notebook(
        tmp_path / "connecting.ipynb",
        "import socket",
        f"socket.socket().connect(('{NOT_THIS_COMPUTER}', 9))",
        f"socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('{NOT_THIS_COMPUTER}', 9))",
        "socket.getaddrinfo('example.org', 80)",
    )
    done = run_nbval(tmp_path)
    assert done.returncode == 1
    failed = re.findall(r"FAILED \S*connecting\.ipynb::Cell (\d)", done.stdout)
    assert failed == ["1", "2", "3"]
    assert done.stdout.count("RuntimeError") >= 3
    assert f"must run offline, but this asked for {NOT_THIS_COMPUTER}." in done.stdout
    assert "must run offline, but this asked for example.org." in done.stdout
    assert "3 failed, 7 passed" in done.stdout  # 5 cells, and the memory of both notebooks
    assert re.search(r"good.ipynb: \d+\.\d s, 0\.\d\d GB at most", done.stdout)


def test_a_notebook_that_takes_too_much_memory_fails(tmp_path):
    write_notebook(tmp_path / "a.ipynb", "block = bytearray(50_000_000)\ndel block")
    done = run_nbval(tmp_path, "-o", "notebook_memory_gb=0.05")
    assert done.returncode == 1
    assert re.search(r"the kernel took 0\.\d\d GB, more than 0.05", done.stdout)
    assert "1 failed, 1 passed" in done.stdout


# --- make notebooks ----------------------------------------------------------------------------

WIDGETS = """
import ipywidgets
from IPython.display import Audio, display

output = ipywidgets.Output()
slider = ipywidgets.SelectionSlider(options=[1, 2, 3])

def show(change):
    with output:
        output.clear_output(wait=True)
        display(Audio(bytes(100), rate=8000), f"number {slider.value}")

slider.observe(show, "value")
display("before", slider, output)
slider.value = 2
slider.value = 3
display("behind")
"""


def test_notebooks_are_run_in_order_and_kept_clean(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "import os\nos.environ['TRAIN']", "", WIDGETS)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, new_markdown_cell("# A"))
    notebook.metadata.language_info = {"name": "python", "version": "0"}
    nbformat.write(notebook, path)

    run_notebooks.run(path)

    done = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(done)
    assert [cell.get("execution_count") for cell in done.cells] == [None, 1, None, 2]
    assert done.cells[1].outputs[0].data["text/plain"] == "'0'"
    shown = [output.data for output in done.cells[3].outputs]
    note = run_notebooks.WIDGET_NOTE
    audio = "<IPython.lib.display.Audio object>"
    texts = [data["text/plain"] for data in shown]
    assert texts == ["'before'", note, note, audio, "'number 3'", "'behind'"]
    assert "<audio" in shown[3]["text/html"]
    assert not any(run_notebooks.WIDGET in data for data in shown)
    assert set(done.metadata) == {"kernelspec", "language_info"}
    assert done.metadata.language_info == {"name": "python"}
    assert [cell.id for cell in done.cells] == [cell.id for cell in notebook.cells]

    before = path.read_bytes()
    run_notebooks.run(path)
    assert path.read_bytes() == before  # nothing differs from run to run


def test_a_notebook_whose_cell_fails_is_left_as_it_was(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "print(1)", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run_notebooks.run(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("tool", [run_notebooks, train_chapter])
def test_a_number_without_notebook_is_said(tool):
    with pytest.raises(SystemExit, match="There is no notebook 99: give its number"):
        tool.main(["99"])


# --- make checkpoints --------------------------------------------------------------------------


def run_as_program(path):
    program = (
        "import sys, pathlib; from tools.train_chapter import run_as_program;"
        "run_as_program(pathlib.Path(sys.argv[1]))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True
    )


def test_a_notebook_runs_as_a_program(tmp_path):
    path = write_notebook(
        tmp_path / "a.ipynb", "from IPython.display import display", "display('x')\nprint(41 + 1)"
    )
    done = run_as_program(path)
    assert done.returncode == 0, done.stderr
    assert "42" in done.stdout.splitlines()


def test_a_failing_cell_ends_the_program(tmp_path):
    done = run_as_program(write_notebook(tmp_path / "a.ipynb", "1 / 0", "print('went on')"))
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stdout + done.stderr
    assert "went on" not in done.stdout


def test_training_needs_one_notebook():
    with pytest.raises(SystemExit, match="Which chapter?"):
        train_chapter.main([])
