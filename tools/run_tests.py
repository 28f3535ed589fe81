"""The kit's tests, as ``make test`` runs them; arguments are passed on to each pytest.

1. the tests of helpers and of the notebooks' form, those of the chapters beside the others;
2. every notebook as an instructor's class runs it, with ``TRAIN=0``, offline; beside that
3. every chapter that trains once more with ``TRAIN=1 SMOKE=1``: a few steps, for real.

Two run at once, for a computer has two cores; what the second of them prints follows the first's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import nbformat

from .notebooks import ROOT, find_notebooks, is_training_chapter


def offline_prefix() -> list[str]:
    """What put before a command runs it where there is no network but loopback; empty where the
    system allows no such thing. There the kernels' start-up file (tools/offline_kernel.py), which
    sees Python's sockets only, is the one guard."""
    loopback = 'ip link set lo up && exec "$@"'
    prefix = ["unshare", "--map-root-user", "--net", "sh", "-c", loopback, "sh"]
    try:
        allowed = subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    return prefix if allowed else []


class Run(NamedTuple):
    """One pytest: its arguments, what stands before the command, and the environment's settings."""

    arguments: list[str]
    before: list[str] = []
    settings: dict[str, str] = {}


def passes(run: Run, output=None) -> bool:
    """Runs pytest in a process of its own, which prints to ``output`` or where this one does."""
    settings = " ".join(f"{name}={value}" for name, value in run.settings.items())
    print(f"\n--- {settings} pytest {' '.join(run.arguments)}", file=output, flush=True)
    command = [*run.before, sys.executable, "-m", "pytest", *run.arguments, *sys.argv[1:]]
    errors = None if output is None else subprocess.STDOUT
    environment = {**os.environ, **run.settings}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=errors)
    return done.returncode == 0


def side_by_side(first: list[Run], second: list[Run]) -> bool:
    """Whether all pass: those of each list one after the other, the two lists at once. What the
    second prints is kept until the first is through."""
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        others = beside.submit(lambda: [passes(run, kept) for run in second])
        passed = [passes(run) for run in first] + others.result()
        kept.seek(0)
        print(kept.read(), flush=True)
    return all(passed)


def main() -> int:
    chapters, others = Run(["tests/chapters"]), Run(["tests", "--ignore=tests/chapters"])
    passed = side_by_side([others], [chapters])
    notebooks = find_notebooks()
    if not notebooks:
        print("There are no notebooks yet.")
        return int(not passed)
    offline = offline_prefix()
    options = ["--nbval-lax", "--nbval-cell-timeout=300"]  # two notebooks share the cores
    untrained = Run([*options, "notebooks"], offline, {"TRAIN": "0"})
    trained = [
        Run([*options, f"notebooks/{path.name}"], offline, {"TRAIN": "1", "SMOKE": "1"})
        for path in notebooks
        if is_training_chapter(nbformat.read(path, as_version=4))
    ]
    return int(not (side_by_side([untrained], trained) and passed))


if __name__ == "__main__":
    sys.exit(main())
