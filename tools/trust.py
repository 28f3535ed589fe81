"""Lets JupyterLab trust the chapters as they were published: ``make lab`` calls it.

A fresh copy of a notebook is not trusted, and then JupyterLab takes scripts, and the addresses of
links, out of outputs that nobody has run on this computer. Who starts the course with ``make lab``
has trusted its code already; this trusts the chapters of the same commit, byte by byte, and nothing
else: not a notebook that was changed, copied or added since, and none in a folder without git.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

from .notebooks import FOLDER, find_notebooks


def as_published() -> list[Path]:
    """The chapters whose files are those of the last commit; none where git cannot tell."""
    wanted = find_notebooks()
    names = [path.name for path in wanted]
    commands = (
        ["git", "ls-files", "--", *names],
        ["git", "diff", "--name-only", "--relative", "HEAD"],
    )
    try:
        kept, changed = (
            subprocess.run(command, cwd=FOLDER, capture_output=True, check=True, text=True).stdout
            for command in commands
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    names = {*kept.splitlines()} - {*changed.splitlines()}
    return [path for path in wanted if path.name in names]


def main() -> None:
    """Signs them. A signature that cannot be kept is no reason not to open JupyterLab."""
    try:
        notary = NotebookNotary()
        for path in as_published():
            notebook = nbformat.read(path, as_version=4)
            if not notary.check_signature(notebook):
                notary.sign(notebook)
    except Exception as error:  # whatever it is: a link less
        print(f"The notebooks stay untrusted ({error}): see Troubleshooting in README.md.")


if __name__ == "__main__":
    main()
