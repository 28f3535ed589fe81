"""The first cell of every notebook finds the course, wherever it was opened, and says what would
stand in the way of the next ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from helpers.course import surroundings
from helpers.exercises import machine
from tools.address import address
from tools.notebooks import ROOT, code_cells, find_notebooks

NOTEBOOKS = find_notebooks()

# A clock that goes on by a hundredth of a second at each look.
CLOCK = """
import itertools, time
ticks = (tick / 100 for tick in itertools.count())
time.monotonic = lambda: next(ticks)
"""
# As for a user without rights: these tests may run as root, who has them all.
CLOSED = """
import os
def closed(function):
    def call(path=".", *arguments, **keywords):
        if "lost+found" in os.fspath(path).replace(os.sep, "/").split("/"):
            raise PermissionError(13, "Permission denied", path)
        return function(path, *arguments, **keywords)
    return call
os.stat, os.lstat, os.listdir, os.scandir = map(closed, (os.stat, os.lstat, os.listdir, os.scandir))
"""
# Each folder holds three others, and they again, without end; how many were looked into is printed.
ENDLESS = """
import glob
looked = []
def three(pattern, root_dir):
    looked.append(root_dir)
    return ["a/", "b/", "c/"]
glob.iglob = three
import atexit
atexit.register(lambda: print(len(looked)))
"""


def first_cell(path):
    return code_cells(nbformat.read(path, as_version=4))[0].source


def run_first_cell(cwd, before="", **variables):
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    program = f"{before}\n{first_cell(NOTEBOOKS[0])}\nimport helpers\nprint(helpers.__file__)"
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-P", "-c", program],
        cwd=cwd,
        env=environment | {name: str(value) for name, value in variables.items()},
        capture_output=True,
        encoding="utf-8",
    )


def assert_finds(kit, done):
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(kit / "helpers" / "__init__.py")


def make_kit(folder):
    """What the cell needs of the course, in a folder of any name."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("__init__.py", "course"):
        source, target = ROOT / "helpers" / part, folder / "helpers" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    (folder / "notebooks").mkdir()
    return folder


def test_it_is_the_same_in_all_notebooks():
    """But for its title, which has the chapter's own number of the step."""
    cells = {first_cell(path).split("\n", 1)[1] for path in NOTEBOOKS}
    titles = {first_cell(path).split("\n", 1)[0] for path in NOTEBOOKS}
    assert len(cells) == 1
    assert titles <= {"# Set up", "# Step 1 - set up"}


@pytest.mark.parametrize("folder", ["", "notebooks"])
def test_it_finds_this_course_and_prints_nothing(folder):
    done = run_first_cell(ROOT / folder)
    assert_finds(ROOT, done)
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("kit", "cwd"),
    [
        ("[my] kit's ü", "[my] kit's ü/notebooks"),
        ("kit", "kit/notebooks/my own/experiments"),
        ("home/a clone", "home"),
        ("home/[2026] term/kit", "home"),
        ("home/kit", "home/my work"),
        ("content/drive/MyDrive/Colab Notebooks/music/kit", "content"),
        ("content/drive/MyDrive/kit", "content/drive/MyDrive"),
    ],
)
def test_it_finds_a_course_above_beside_below_and_on_drive(kit, cwd, tmp_path):
    kit = make_kit(tmp_path / kit)
    (tmp_path / cwd).mkdir(parents=True, exist_ok=True)
    (tmp_path / cwd / ".cache" / "kit").mkdir(parents=True)
    assert_finds(kit, run_first_cell(tmp_path / cwd))


def test_closed_folders_and_loops_of_links_are_no_obstacle(tmp_path):
    home = tmp_path / "home"
    kit = make_kit(home / "term" / "kit")
    for place in (home, tmp_path, home / "term"):
        (place / "lost+found").mkdir()
        (place / "lost+found").chmod(0)
    (home / "again").symlink_to(home, target_is_directory=True)
    (home / "itself").symlink_to(home / "itself")
    (home / "nowhere").symlink_to(home / "gone")
    (home / "closed").symlink_to(home / "lost+found" / "deeper")
    assert_finds(kit, run_first_cell(home, CLOSED))


def test_a_course_behind_a_link_is_found(tmp_path):
    kit = make_kit(tmp_path / "srv" / "teacher" / "kit")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "course").symlink_to(kit, target_is_directory=True)
    assert_finds(tmp_path / "home" / "course", run_first_cell(tmp_path / "home"))


def test_a_search_without_end_ends_soon(tmp_path):
    done = run_first_cell(tmp_path, CLOCK + ENDLESS)
    assert done.returncode == 1
    assert "The course was not found" in done.stderr
    assert 100 < int(done.stdout) <= 300  # three seconds of hundredths


def test_it_says_when_there_is_no_course_and_how_to_fetch_it(tmp_path):
    done = run_first_cell(tmp_path, CLOCK)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("FileNotFoundError: The course was not found")
    assert f"!git clone --depth 1 {address()} " in last


@pytest.mark.parametrize("where", ["on the path", "beside", "an older course"])
def test_other_helpers_do_not_win(where, tmp_path):
    kit = make_kit(tmp_path / "home" / "z" / "kit")
    other = tmp_path / "lib" if where == "on the path" else tmp_path / "home"
    (other / "helpers" / "course").mkdir(parents=True)
    (other / "helpers" / "__init__.py").write_text("mine = 1\n")
    (other / "helpers" / "course" / "__init__.py").write_text("from .settings import *\n")
    if where == "an older course":
        (other / "helpers" / "course" / "settings.py").write_text("")
    before = f"import sys\nsys.path.insert(0, {str(other)!r})"
    assert_finds(kit, run_first_cell(tmp_path / "home", before))


# --- what stands in the way --------------------------------------------------------------------


def test_all_is_well_here(capsys):
    surroundings.look_around()
    assert capsys.readouterr().out == ""


def test_packages_that_are_missing_are_named_with_the_way_to_have_them(monkeypatch, capsys):
    there = ("numpy", "tensorflow", "matplotlib")
    monkeypatch.setattr(surroundings, "find_spec", lambda name: name in there or None)
    monkeypatch.chdir(ROOT.parent)
    surroundings.look_around()
    said = capsys.readouterr().out
    assert said.startswith("Not installed here: music21, pypianoroll, ")
    path = f"{ROOT.name}/requirements.txt".replace("/", os.sep)
    assert f"%pip install -r {path} " in said.replace('"', "")
    assert len(said.splitlines()) == 1
    assert not {"numpy", "jupyterlab", "nbval", "pytest"} & set(said.replace(",", "").split())


def test_a_copy_without_a_list_of_packages_is_not_asked_for_any(monkeypatch, tmp_path):
    monkeypatch.setattr(surroundings, "ROOT", tmp_path)
    assert surroundings.missing_packages() == ""


def test_files_that_shadow_modules_are_named(tmp_path):
    for name in ("random.py", "types.py", "tokenize.py", "numpy.py", "helpers.py", "my_random.py"):
        (tmp_path / name).touch()
    (tmp_path / "random.txt").touch()
    (tmp_path / "music21").mkdir()  # MIDI files, say
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "__init__.py").touch()
    said = surroundings.shadowing_files(tmp_path)
    wanted = "helpers.py, numpy.py, random.py, secrets, tokenize.py, types.py in "
    assert said.startswith(wanted) and "Rename" in said


def test_the_machine_check_names_them_too(tmp_path):
    """Where no kernel starts any more, it still runs."""
    (tmp_path / "types.py").touch()
    check = machine.look_at_python(tmp_path)
    assert check.ok is None and "; types.py in " in check.found
    assert check.mend == "Rename it and restart the kernel."


def test_the_course_itself_shadows_nothing():
    assert surroundings.shadowing_files(ROOT) == ""
    assert surroundings.shadowing_files(ROOT / "notebooks") == ""


def test_a_folder_that_cannot_be_listed_is_passed_over(tmp_path):
    assert surroundings.shadowing_files(tmp_path / "gone") == ""
