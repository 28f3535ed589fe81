"""Damaged files of every kind: a few hundred, or as many as the environment's FUZZ_FILES says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fuzz.py")
FILES = os.environ.get("FUZZ_FILES") or "240"


def test_damaged_files_are_read_or_refused():
    # The script ends itself where one file takes half a minute; the timeout is for what even that
    # does not end.
    run = subprocess.run(
        [sys.executable, SCRIPT, FILES], capture_output=True, text=True, timeout=60 + int(FILES) * 3
    )
    assert run.returncode == 0, run.stdout + run.stderr
    outcomes = dict(re.findall(r"(\w+ (?:read|refused)) (\d+)", run.stdout))
    assert sum(map(int, outcomes.values())) == int(FILES)
    for kind in ("mid", "abc", "musicxml", "mxl"):  # damage that always or never shows tests little
        assert {f"{kind} read", f"{kind} refused"} <= outcomes.keys(), run.stdout


def run_task(body: str) -> subprocess.CompletedProcess:
    """The script with one task of another kind."""
    code = f"import sys, time; sys.path.insert(0, {str(SCRIPT.parent)!r}); import fuzz\n"
    code += f"fuzz.HANGS = 1; fuzz.main(1, tasks=[lambda path, generator: {body}])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)


def test_a_reader_that_hangs_would_be_noticed():
    run = run_task("time.sleep(280)")
    assert run.returncode != 0 and "Timeout" in run.stderr and "fuzz.py" in run.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux is the memory limited here")
def test_a_reader_that_takes_too_much_memory_would_be_noticed():
    run = run_task("bytearray(600_000_000)")
    assert run.returncode != 0 and "MemoryError" in run.stderr
