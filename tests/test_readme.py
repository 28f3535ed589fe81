"""README: its examples run as they stand, and what it names is there."""

import re
import shutil
from pathlib import Path

import pytest

from helpers.data import melody_files

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_there_are_examples():
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("code", BLOCKS, ids=range(len(BLOCKS)))
def test_examples_run_as_they_stand(code, tmp_path, monkeypatch, capsys):
    """In a folder where the student's files of the examples are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    shutil.copy(melody_files()[0], tmp_path / "my_tune.mid")
    (tmp_path / "my_music").mkdir()
    for path in melody_files()[:2]:
        shutil.copy(path, tmp_path / "my_music")
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert {name for name in names if name[0] != "_"} > {"data"}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()
