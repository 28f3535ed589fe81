"""The kit's tests, as ``make test`` runs them; arguments are passed on to each pytest.

1. the tests of helpers and of the notebooks' form;
2. every notebook as an instructor's class runs it, with ``TRAIN=0``, offline;
3. every chapter that trains once more with ``TRAIN=1 SMOKE=1``: a few steps, for real.
"""

from __future__ import annotations

import os
import subprocess
import sys

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


def pytest(*arguments: str, before: list[str] | None = None, **settings: str) -> bool:
    """Runs pytest in a process of its own; whether it passed."""
    print(f"\n--- {' '.join(f'{k}={v}' for k, v in settings.items())} pytest {' '.join(arguments)}")
    sys.stdout.flush()
    command = [*(before or []), sys.executable, "-m", "pytest", *arguments, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}).returncode == 0


def main() -> int:
    passed = [pytest("tests")]
    notebooks = find_notebooks()
    if not notebooks:
        print("There are no notebooks yet.")
        return int(not all(passed))
    offline = offline_prefix()
    passed.append(pytest("--nbval-lax", "notebooks", before=offline, TRAIN="0"))
    for path in notebooks:
        if is_training_chapter(nbformat.read(path, as_version=4)):
            options = ("--nbval-lax", "--nbval-cell-timeout=300", f"notebooks/{path.name}")
            passed.append(pytest(*options, before=offline, TRAIN="1", SMOKE="1"))
    return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main())
