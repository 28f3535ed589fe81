"""The address from which the course is to be had: ``python -m tools.address`` prints it, and
``python -m tools.address https://github.com/me/my-copy`` sets it for one's own copy.

It stands in pyproject.toml. README's links and badges and the notebooks' first cells name the same,
and are rewritten with it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from helpers.course.storage import write_text

from .notebooks import ROOT, find_notebooks

GITHUB = re.compile(r"https://github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?")


def address() -> str:
    """The address in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"]


def places() -> list[Path]:
    """The files in which it stands."""
    return [ROOT / "pyproject.toml", ROOT / "README.md", *find_notebooks()]


def set_address(new: str) -> list[Path]:
    """Writes another address, such as "https://github.com/me/my-copy", in place of the one that is
    there, and in the same way in the links of Binder and Colab. Returns the files that it changed.
    Raises SystemExit with a sentence on an address that is none of GitHub's, where Binder and Colab
    would look for it in vain."""
    found = GITHUB.fullmatch(new.strip())
    if not found:
        raise SystemExit(
            f"{new!r} is no address of a GitHub repository: give one such as "
            "https://github.com/me/my-copy."
        )
    old, new = GITHUB.fullmatch(address())[1], found[1]
    name = re.compile(rf"(?<![\w.-]){re.escape(old)}(?![\w-])")
    folder = re.compile(rf"(?<=lab/tree/){re.escape(old.split('/')[1])}(?=/)")  # nbgitpuller's
    changed = []
    for path in places():
        text = path.read_text(encoding="utf-8")
        other = folder.sub(new.split("/")[1], name.sub(new, text))
        if other != text:
            write_text(path, other)
            changed.append(path)
    return changed


def main(arguments: list[str]) -> None:
    if len(arguments) > 1:
        raise SystemExit("Give one address, such as https://github.com/me/my-copy.")
    for path in set_address(arguments[0]) if arguments else []:
        print(f"{path.relative_to(ROOT).as_posix()}: changed")
    print(address())


if __name__ == "__main__":
    main(sys.argv[1:])
