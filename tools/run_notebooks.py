"""Runs the notebooks with ``TRAIN=0`` and keeps their outputs: ``make notebooks``, with ``NB=04``
one of them.

A notebook whose cell fails is left as it was. Cells that leave a reader waiting without a word are
named: whatever takes longer than SILENCE says first what it does.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from time import monotonic

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.course.storage import write_text

from .notebooks import find_notebooks, forget_settings, make_offline_profile

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGET_NOTE = "(interactive: run this cell to use it)"
CELL_TIMEOUT = 600  # seconds
SILENCE = 2  # seconds that a reader may wait for a first sign of life, on a quiet machine
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class Client(NotebookClient):
    """Keeps what ``ipywidgets.Output`` captures among the cell's own outputs, where a reader
    sees it without a kernel. nbclient's own treatment of that widget at times waits for ever.

    ``silent`` lists (seconds, cell) of the cells whose first output, or end, took over SILENCE."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.comm_open_handlers = {"jupyter.widget": lambda message: None}
        self.capturing = None  # the id of the Output widget that does
        self.captured = defaultdict(list)  # id -> its outputs
        self.silent = []
        self.on_cell_execute = self.begin_to_wait
        self.on_cell_executed = self.heard
        self.began = None  # when the cell did that has said nothing yet

    def begin_to_wait(self, cell, cell_index):
        self.began = monotonic()

    def heard(self, cell, cell_index, **_):
        if self.began is not None and monotonic() - self.began > SILENCE:
            self.silent.append((monotonic() - self.began, cell))
        self.began = None

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] in ("stream", "display_data", "execute_result", "comm_open"):
            self.heard(cell, cell_index)
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs, msg, cell_index):
        super().handle_comm_msg(outs, msg, cell_index)
        state = msg["content"]["data"].get("state", {})
        if "msg_id" in state:  # of an Output widget: set while it captures
            self.capturing = msg["content"]["comm_id"] if state["msg_id"] else None

    def output(self, outs, msg, display_id, cell_index):
        output = super().output(outs, msg, display_id, cell_index)
        if output is not None and self.capturing:
            self.captured[self.capturing].append(output)
        return output

    def clear_output(self, outs, msg, cell_index):
        if self.capturing is None:
            super().clear_output(outs, msg, cell_index)
        # Emptied, not removed: nbclient keeps the places of outputs.
        for output in self.captured.pop(self.capturing, []):
            output.clear()
            output.update(output_type="display_data", data={}, metadata={})


def execute(
    notebook: nbformat.NotebookNode, folder: Path
) -> list[tuple[float, nbformat.NotebookNode]]:
    """Runs all cells in a fresh kernel in ``folder``, offline; the outputs land in ``notebook``.
    Returns the silent cells, each with its seconds without a word. Raises nbclient's
    CellExecutionError."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        environment = dict(os.environ)
        forget_settings(environment)  # what is published depends on nobody's shell
        environment["TRAIN"] = "0"
        environment["IPYTHONDIR"] = str(make_offline_profile(Path(temporary)))
        environment.pop("MPLBACKEND", None)
        client = Client(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            extra_arguments=["--log-level=ERROR"],  # of the kernel
        )
        client.execute(env=environment)
        return client.silent


def drop_volatile(notebook: nbformat.NotebookNode) -> None:
    """Takes out what differs from run to run without meaning anything, so that diffs stay small,
    and puts a note in the place of widgets, which nobody can see without a kernel."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
        for output in cell.outputs:
            if WIDGET in output.get("data", {}):
                output.data = nbformat.from_dict({"text/plain": WIDGET_NOTE})


def run(path: Path) -> list[str]:
    """Returns a line for each silent cell."""
    notebook = nbformat.read(path, as_version=4)
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    silent = execute(notebook, path.parent)
    drop_volatile(notebook)
    write_text(path, nbformat.writes(notebook) + "\n")
    return [
        f"    {seconds:.1f} s without a word: {cell.source.splitlines()[0][:70]}"
        for seconds, cell in silent
    ]


def main(numbers: list[str]) -> int:
    paths = find_notebooks(numbers)
    if not paths:
        print("There are no notebooks yet.")
    failed = False
    for path in paths:
        started = monotonic()
        try:
            silent = run(path)
        except CellExecutionError as error:
            failed = True
            print(f"{path.name}: not changed, because a cell failed:\n{error}", file=sys.stderr)
        else:
            size = path.stat().st_size / 1e6
            print(f"{path.name}: {monotonic() - started:.0f} s, {size:.2f} MB")
            print(*silent, sep="\n", end="\n" if silent else "")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
