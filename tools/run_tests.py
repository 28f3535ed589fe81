"""The kit's tests, as ``make test`` runs them; arguments are passed on to each pytest.

- the tests of the chapters, of helpers and of the notebooks' form;
- every notebook as an instructor's class runs it, with ``TRAIN=0``, offline;
- every chapter that trains once more with ``TRAIN=1 SMOKE=1``: a few steps, for real.

Two run at once, for a computer has two cores, and each prints when it has ended.
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


def passes(run: Run) -> bool:
    """Runs pytest in a process of its own. What it prints comes as a whole when it has ended."""
    settings = " ".join(f"{name}={value}" for name, value in run.settings.items())
    title = f"--- {settings} pytest {' '.join(run.arguments)}"
    print(f"{title}: begins\n", end="", flush=True)
    command = [*run.before, sys.executable, "-m", "pytest", *run.arguments, *sys.argv[1:]]
    environment = {**os.environ, **run.settings}
    with tempfile.TemporaryFile() as kept:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=kept, stderr=subprocess.STDOUT
        )
        kept.seek(0)
        printed = kept.read().decode("utf-8", "replace")
    print(f"\n{title}\n{printed}", flush=True)
    return done.returncode == 0


def main() -> int:
    notebooks = find_notebooks()
    offline = offline_prefix()
    options = ["--nbval-lax", "--nbval-cell-timeout=300"]  # two notebooks share the cores
    runs = [Run(["tests/chapters"]), Run(["tests", "--ignore=tests/chapters"])]
    if notebooks:
        runs.append(Run([*options, "notebooks"], offline, {"TRAIN": "0", "SMOKE": "0"}))
    runs += [
        Run([*options, f"notebooks/{path.name}"], offline, {"TRAIN": "1", "SMOKE": "1"})
        for path in reversed(notebooks)  # the last chapter takes longest
        if is_training_chapter(nbformat.read(path, as_version=4))
    ]
    with ThreadPoolExecutor(2) as two:
        passed = list(two.map(passes, runs))
    return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main())
