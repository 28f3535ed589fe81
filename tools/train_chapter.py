"""Trains a chapter by running its notebook as a program, and publishes what it made:
``make checkpoints NB=04``. With ``--keep`` what it made stays in ``runs/``.

IPython runs the cells as they are, without a Jupyter client. (Its command line ends with success
even when a cell failed, hence this file.) Runs that were interrupted go on where they stopped.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from .notebooks import ROOT, find_notebooks


def run_as_program(path: Path) -> None:
    """Runs the notebook's code cells in this process; raises what the first failing cell raises."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.safe_execfile_ipy(str(path), raise_exceptions=True)


def main(numbers: list[str]) -> int:
    numbers, keep = [one for one in numbers if one != "--keep"], "--keep" in numbers
    if len(numbers) != 1:
        raise SystemExit("Which chapter? Give the number of its notebook, such as NB=04.")
    (path,) = find_notebooks(numbers)
    os.environ["TRAIN"] = "1"
    os.environ.pop("SMOKE", None)  # three iterations are nothing to publish
    os.environ.setdefault("MPLBACKEND", "Agg")  # figures are drawn and seen by nobody
    os.chdir(ROOT)
    started = time.perf_counter()
    try:
        run_as_program(path)
    except Exception as error:
        print(
            f"{path.name} failed, nothing is published: {type(error).__name__}: {error}",
            file=sys.stderr,
        )
        return 1
    print(f"{path.name}: trained in {(time.perf_counter() - started) / 60:.1f} minutes")

    if not keep:
        from helpers.training.checkpoints import publish

        publish(path.stem)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
