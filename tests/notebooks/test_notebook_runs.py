"""How notebooks are run: by nbval in the tests, by `make notebooks`, by `make checkpoints`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import run_notebooks, train_chapter
from tools.notebooks import ROOT, course_variables

NOT_THIS_COMPUTER = "192.0.2.1"  # TEST-NET-1 of RFC 5737: no computer has it


def write_notebook(path, *sources):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    nbformat.write(notebook, path)
    return path


def run_nbval(folder, *arguments, **variables):
    """nbval with the kit's own settings, on notebooks in another folder."""
    environment = {k: v for k, v in os.environ.items() if k not in ("TRAIN", "SMOKE", "RUNS_DIR")}
    options = ["-c", "pyproject.toml", "-p", "conftest", "--rootdir", folder]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments, folder],
        cwd=ROOT,
        env=environment | variables,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def others(tmp_path):
    """Variables that somebody's shell may have set, each of which would steer the tests; RUNS_DIR
    and CACHE_DIR lead to a student's real training."""
    training = tmp_path / "my runs"
    (training / "04_accompaniment_gan").mkdir(parents=True)
    (training / "04_accompaniment_gan" / "state.npz").write_text("weeks of work")
    return dict(
        **dict.fromkeys(("RUNS_DIR", "CACHE_DIR", "GROOVE_DIR", "MAESTRO_DIR"), str(training)),
        **dict(ITERATIONS="7", EPOCHS="-1", TUNES="coffee", DOWNLOAD="1", RUN_ABLATIONS="1"),
        **dict(KERAS_BACKEND="torch", KERAS_HOME=str(training), TF_XLA_FLAGS="--nothing"),
        **dict(MPLBACKEND="coffee", MATPLOTLIBRC=str(training)),
    )


def assert_untouched(others):
    found = [path for path in Path(others["RUNS_DIR"]).rglob("*") if path.is_file()]
    assert [path.read_text() for path in found] == ["weeks of work"]


WRITES = """
import os, pathlib
folder = pathlib.Path(os.environ.get("RUNS_DIR", "no folder")) / "04_accompaniment_gan"
folder.mkdir(parents=True, exist_ok=True)
(folder / "state.npz").write_text("three iterations")
"""


def names_kept(others, *but):
    """Code that fails where a variable still says what the others' shell says."""
    kept = {name: value for name, value in others.items() if name not in but}
    return f"import os\nassert not set({kept}.items()) & set(os.environ.items())"


def test_notebooks_hear_no_inherited_variable_but_the_two_that_the_runner_sets(others, tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    heard = "assert (os.environ['TRAIN'], os.environ['SMOKE']) == ('1', '1')"
    picture = "from matplotlib import pyplot\npyplot.plot([1])\npyplot.show()"
    write_notebook(folder / "a.ipynb", WRITES, names_kept(others), heard, picture)
    done = run_nbval(folder, "--nbval-lax", **others, TRAIN="1", SMOKE="1")
    assert done.returncode == 0, done.stdout
    assert_untouched(others)


def test_unit_tests_hear_no_inherited_variable(others, tmp_path):
    folder = tmp_path / "tests"
    folder.mkdir()
    code = (
        f"{names_kept(others)}\n    assert not {{'TRAIN', 'SMOKE', 'RUNS_DIR'}} & {{*os.environ}}"
    )
    code = code.replace("\nassert", "\n    assert")
    (folder / "test_it.py").write_text(f"def test_it():\n    {code}\n")
    done = run_nbval(folder, TRAIN="1", SMOKE="1", **others)
    assert "1 passed" in done.stdout, done.stdout
    assert_untouched(others)


def test_what_may_steer_is_found_in_the_sources():
    found = course_variables()
    assert {"TRAIN", "SMOKE", "RUNS_DIR", "CACHE_DIR", "ITERATIONS", "NUMBER_OF_SINGERS"} <= found
    assert {"GROOVE_DIR", "MAESTRO_DIR", "NOTTINGHAM_DIR", "LAKH_DIR"} <= found
    for path in (ROOT / "helpers").rglob("*.py"):  # no folder is read in another way
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'environ\b[^"\n]*"\w+_DIR"|getenv', text), path.name


def test_nbval_runs_offline_as_pretrained_and_out_of_the_way(tmp_path, others):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_notebook(
        folder / "good.ipynb",
        WRITES,
        "import os, pathlib, socket\nassert os.environ['TRAIN'] == '0'",
        "assert not pathlib.Path(os.environ['RUNS_DIR']).is_relative_to(pathlib.Path.cwd())",
        "assert '_stay_offline' not in dir()",
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close()",
    )
    write_notebook(
        folder / "connecting.ipynb",
        "import socket",
        f"socket.socket().connect(('{NOT_THIS_COMPUTER}', 9))",
        f"socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('{NOT_THIS_COMPUTER}', 9))",
        "socket.getaddrinfo('example.org', 80)",
    )
    done = run_nbval(folder, "--nbval-lax", **others)
    assert done.returncode == 1
    assert_untouched(others)
    failed = re.findall(r"FAILED \S*connecting\.ipynb::Cell (\d)", done.stdout)
    assert failed == ["1", "2", "3"]
    assert done.stdout.count("RuntimeError") >= 3
    assert f"must run offline, but this asked for {NOT_THIS_COMPUTER}." in done.stdout
    assert "must run offline, but this asked for example.org." in done.stdout
    assert "3 failed, 8 passed" in done.stdout  # 6 cells, and the memory of both notebooks
    assert re.search(r"good.ipynb: \d+\.\d s, 0\.\d\d GB at most", done.stdout)


def test_a_notebook_that_takes_too_much_memory_fails(tmp_path):
    write_notebook(tmp_path / "a.ipynb", "block = bytearray(50_000_000)\ndel block")
    done = run_nbval(tmp_path, "--nbval-lax", "-o", "notebook_memory_gb=0.05")
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


def test_cells_that_keep_a_reader_waiting_are_named(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(run_notebooks, "monotonic", lambda: clock[0])
    client = run_notebooks.Client(new_notebook())
    for first_word, end in [(1, 9), (3, 9), (None, 1.5), (None, 4)]:
        began = clock[0]
        client.begin_to_wait(f"{first_word} {end}", 0)
        for seconds in filter(None, (first_word, end)):
            clock[0] = began + seconds
            client.heard(f"{first_word} {end}", 0)
    assert client.silent == [(3, "3 9"), (4, "None 4")]

    monkeypatch.setattr(run_notebooks, "SILENCE", -1)
    path = write_notebook(tmp_path / "a.ipynb", "# Step 1\nprint(1)", "x = 1")
    lines = run_notebooks.run(path)
    assert [line.partition("s without a word: ")[2] for line in lines] == ["# Step 1", "x = 1"]


def test_published_outputs_depend_on_nobodys_shell(tmp_path, others, monkeypatch):
    for name in ("RUNS_DIR", "CACHE_DIR", "GROOVE_DIR", "ITERATIONS", "TUNES"):
        monkeypatch.setenv(name, others[name])
    for name in ("TRAIN", "SMOKE"):
        monkeypatch.setenv(name, "1")
    source = "import os\nsorted({'TRAIN', 'SMOKE', 'RUNS_DIR', 'TUNES'} & {*os.environ})"
    path = write_notebook(tmp_path / "a.ipynb", source, "os.environ['TRAIN']")
    run_notebooks.run(path)
    shown = [cell.outputs[0].data["text/plain"] for cell in nbformat.read(path, 4).cells]
    assert shown == ["['TRAIN']", "'0'"]


def test_a_notebook_whose_cell_fails_is_left_as_it_was(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "print(1)", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run_notebooks.run(path)
    assert path.read_bytes() == before


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
