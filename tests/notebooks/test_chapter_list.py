"""Only the listed chapters count: what a student or JupyterLab puts beside them is left alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import (
    address,
    export_chapters,
    notebooks,
    run_notebooks,
    run_tests,
    train_chapter,
    trust,
)
from tools.notebooks import FOLDER, ROOT, chapters, find_notebooks

OWN = (
    "04_accompaniment_gan-Copy1.ipynb",  # JupyterLab's Duplicate
    "04_accompaniment_gan__20261126101010.ipynb",  # put aside by nbgitpuller
    "04_accompaniment_gan (1).ipynb",  # downloaded twice
    "07_mine.ipynb",  # numbered, but not listed
    "Untitled.ipynb",
    "my 04.ipynb",
    ".ipynb_checkpoints/00_start_here-checkpoint.ipynb",
)
LISTED = ["00_start_here", "04_accompaniment_gan"]


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """A small course of two chapters, with a student's own notebooks beside them."""
    rows = [f"| [`{name}`](notebooks/{name}.ipynb) | nothing | a minute | |" for name in LISTED]
    text = "\n".join(["# A course", "", "| notebook | |", "|---|---|", *rows, "", "`07_mine`"])
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "conftest.py", tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    for name in (*(f"{name}.ipynb" for name in LISTED), *OWN):
        path = tmp_path / "notebooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cells = [new_code_cell('TRAIN = course.setting("TRAIN", True)')]
        nbformat.write(new_notebook(cells=cells), path)
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path / "notebooks")
    return tmp_path


def collected(kit):
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--collect-only", "-q", "notebooks"]
    done = subprocess.run(command, cwd=kit, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(set(re.findall(r"^notebooks/(.+\.ipynb)::", done.stdout, re.MULTILINE)))


def test_the_list_is_the_readmes_table(kit):
    assert chapters() == LISTED
    assert [path.stem for path in find_notebooks()] == LISTED
    assert find_notebooks(["04"]) == [kit / "notebooks" / "04_accompaniment_gan.ipynb"]


@pytest.mark.parametrize("tool", [run_notebooks, train_chapter])
@pytest.mark.parametrize("number", ["07", "99", "my 04", "4", ""])
def test_a_number_that_is_no_chapters_gets_a_sentence(kit, tool, number):
    with pytest.raises(SystemExit, match=f"There is no notebook {number}: give its number, such"):
        tool.main([number])


def test_a_chapter_whose_file_is_gone_gets_the_sentence_too(kit):
    (kit / "notebooks" / "00_start_here.ipynb").unlink()
    with pytest.raises(SystemExit, match="There is no notebook 00"):
        find_notebooks(["00"])


def test_make_notebooks_rewrites_the_chapters_alone(kit, monkeypatch):
    ran = []
    monkeypatch.setattr(run_notebooks, "run", lambda path: ran.append(path.stem) or [])
    assert run_notebooks.main([]) == 0
    assert ran == LISTED


def test_make_chapters_reads_the_chapters_alone(kit, tmp_path, monkeypatch):
    pytest.importorskip("nbdev", reason="nbdev is in requirements-dev.txt")
    (tmp_path / "helpers" / "chapters").mkdir(parents=True)
    for path in (kit / "notebooks").glob("*.ipynb"):
        nbformat.write(new_notebook(cells=[new_code_cell("#| export\nx = 1")]), path)
    written = export_chapters.export(find_notebooks(), tmp_path / "helpers" / "chapters")
    assert [path.stem for path in written] == ["start_here", "accompaniment_gan"]


def test_make_test_runs_the_chapters_alone(kit, monkeypatch):
    runs = []
    monkeypatch.setattr(run_tests, "passes", lambda run: runs.append(run) or True)
    monkeypatch.setattr(run_tests, "offline_prefix", lambda: [])
    assert run_tests.main() == 0
    named = [argument for run in runs for argument in run.arguments if ".ipynb" in argument]
    assert named == [f"notebooks/{name}.ipynb" for name in reversed(LISTED)]


def test_pytest_leaves_a_students_own_out(kit):
    assert collected(kit) == [f"{name}.ipynb" for name in LISTED]


def test_ruff_leaves_copies_alone(kit):
    ruff = shutil.which("ruff", path=str(ROOT / ".venv" / "bin")) or shutil.which("ruff")
    if not ruff:
        pytest.skip("ruff is in requirements-dev.txt")
    done = subprocess.run(
        [ruff, "check", "--show-files", "notebooks"], cwd=kit, capture_output=True, text=True
    )
    shown = {line.replace("\\", "/").rpartition("/")[2] for line in done.stdout.splitlines()}
    assert {f"{name}.ipynb" for name in LISTED} <= shown
    assert not {OWN[0], OWN[1], *OWN[4:6]} & shown


# --- the list and the course agree -------------------------------------------------------------


def test_every_listed_chapter_is_there():
    assert [path.stem for path in find_notebooks()] == chapters()
    assert len(chapters()) >= 7


def test_every_committed_notebook_is_listed():
    try:
        command = ["git", "ls-files", "*.ipynb"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no copy with git")
    names = [line.strip().strip('"') for line in done.stdout.splitlines()]
    assert [name for name in names if name.removesuffix(".ipynb") not in chapters()] == []


def test_the_first_notebook_leads_to_all_others():
    first, *others = find_notebooks()
    links = re.findall(r"\]\((\w+\.ipynb)\)", nbformat.read(first, as_version=4).cells[-1].source)
    assert [path.name for path in others] == list(dict.fromkeys(links[:-1]))


# --- the address -------------------------------------------------------------------------------

NEW = "https://github.com/a-teacher/Course.2027"


def test_all_places_name_the_same_address():
    there = address.address()
    assert address.GITHUB.fullmatch(there)
    for path in address.places():
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            assert text.count(f'--depth 1\\"\\n",\n    "        \\" {there} ') == 1, path.name
        assert there in text, path.name


@pytest.mark.parametrize("given", [NEW, f"{NEW}/", f" {NEW}.git"])
def test_the_address_of_a_copy_is_set_everywhere_by_one_command(tmp_path, monkeypatch, given):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "README.md", tmp_path)
    files = [ROOT / "pyproject.toml", ROOT / "README.md", find_notebooks()[0]]
    copies = [tmp_path / path.name for path in files]
    for path, copy in zip(files, copies, strict=True):
        shutil.copy(path, copy)
    monkeypatch.setattr(address, "ROOT", tmp_path)
    monkeypatch.setattr(address, "find_notebooks", lambda: copies[2:])
    old = address.address()
    name = old.removeprefix("https://github.com/")

    assert address.set_address(given) == copies

    assert address.address() == NEW
    for path, copy in zip(files, copies, strict=True):
        before, after = (p.read_text(encoding="utf-8") for p in (path, copy))
        assert name not in after
        assert after.count("a-teacher/Course.2027") == before.count(name)
    nbformat.read(copies[2], as_version=4)
    assert f"lab/tree/{name.split('/')[1]}/" not in copies[1].read_text(encoding="utf-8")
    assert address.set_address(given) == []  # it is done
    address.set_address(old)
    assert [copy.read_bytes() for copy in copies] == [path.read_bytes() for path in files]


@pytest.mark.parametrize(
    "given", ["", "me/course", "https://gitlab.com/me/course", "https://github.com/me"]
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(SystemExit, match="is no address of a GitHub repository: give one such as"):
        address.set_address(given)


# --- trust -------------------------------------------------------------------------------------


def git(folder, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def trusted(kit):
    notary = trust.NotebookNotary()
    paths = sorted((kit / "notebooks").glob("*.ipynb"))
    return [p.stem for p in paths if notary.check_signature(nbformat.read(p, as_version=4))]


@pytest.fixture
def published(kit, tmp_path_factory, monkeypatch):
    """The small course, committed; every notebook differs, as signatures are of their content."""
    if not shutil.which("git"):
        pytest.skip("git is not on this computer")
    monkeypatch.setattr(trust, "FOLDER", kit / "notebooks")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("jupyter")))
    for number, path in enumerate(sorted((kit / "notebooks").glob("*.ipynb"))):
        nbformat.write(new_notebook(cells=[new_code_cell(f"print({number})")]), path)
    git(kit, "init", "-q")
    git(kit, "add", "README.md", *(f"notebooks/{name}.ipynb" for name in LISTED))
    git(kit, "commit", "-q", "-m", "a course")
    return kit


def test_the_published_chapters_are_trusted_and_nothing_else(published):
    trust.main()
    assert trusted(published) == LISTED


def test_a_chapter_that_was_changed_since_is_not_trusted(published):
    path = published / "notebooks" / "04_accompaniment_gan.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("print('mine')")]), path)
    trust.main()
    assert trusted(published) == ["00_start_here"]


def test_without_git_nothing_is_trusted(published):
    shutil.rmtree(published / ".git")
    trust.main()
    assert trusted(published) == []


def test_a_signature_that_cannot_be_kept_is_a_sentence(published, monkeypatch, capsys):
    def refuse(*arguments):
        raise OSError("Read-only file system")

    monkeypatch.setattr(trust.NotebookNotary, "sign", refuse)
    trust.main()
    assert "stay untrusted (Read-only file system)" in capsys.readouterr().out
