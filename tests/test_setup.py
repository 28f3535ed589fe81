"""tools/setup.sh with stand-ins for Python: what it finds, installs, repairs and says."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tools.notebooks import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows takes conda's way")

# Answers what setup.sh asks of a Python, and writes down what it is told to do.
STAND_IN = """#!/bin/sh
case "$*" in
    *version_info*) {version} ;;
    *ensurepip*) {ensurepip} ;;
    "-m venv --clear .venv")
        echo "venv by {name}" >>log
        rm -rf .venv
        mkdir -p .venv/bin
        cp "$0" .venv/bin/python ;;
    "-m pip --version") ;;
    "-m pip install"*)
        echo "$*" >>log
        [ ! -e offline ] ;;
esac
"""


@pytest.fixture
def project(tmp_path):
    """A folder with setup.sh and two lists, and one with the commands that it may call."""
    folder = tmp_path / "a course"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "setup.sh", folder / "tools")
    (folder / "requirements.txt").write_text("one==1\n")
    (folder / "requirements-dev.txt").write_text("two==2\n")
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("sh", "cat", "dirname", "uname", "rm", "mkdir", "cp"):
        (commands / name).symlink_to(shutil.which(name))
    return folder


def add_python(project, name, version="3.12", ensurepip="exit 0"):
    version = f"echo {version}" if version else "exit 127"
    path = project.parent / "commands" / name
    path.write_text(STAND_IN.format(name=name, version=version, ensurepip=ensurepip))
    path.chmod(0o755)


def set_up(project, *lists, **settings):
    environment = {"PATH": str(project.parent / "commands"), **settings}
    script = project / "tools" / "setup.sh"
    arguments = ["sh", str(script), *(lists or ["requirements.txt"])]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True)


def log(project):
    """What was done since the last look."""
    path = project / "log"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def assert_fails_with(done, sentence):
    assert done.returncode == 1
    assert done.stderr.strip() == sentence


def test_installs_once(project):
    add_python(project, "python3")
    assert set_up(project).returncode == 0
    assert log(project) == ["venv by python3", "-m pip install -r requirements.txt"]
    done = set_up(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert log(project) == []


def test_installs_again_when_a_list_changed(project):
    add_python(project, "python3")
    set_up(project)
    log(project)
    (project / "requirements.txt").write_text("one==1.1\n")
    set_up(project)
    assert log(project) == ["-m pip install -r requirements.txt"]
    set_up(project, "requirements.txt", "requirements-dev.txt")
    assert log(project) == ["-m pip install -r requirements-dev.txt"]
    set_up(project)
    assert log(project) == []


def test_tries_again_after_an_installation_that_failed(project):
    add_python(project, "python3")
    (project / "offline").touch()
    assert_fails_with(
        set_up(project),
        "Some packages could not be installed; the reason stands above. "
        "Run the same command again once it is mended.",
    )
    log(project)
    (project / "offline").unlink()
    assert set_up(project).returncode == 0
    assert log(project) == ["-m pip install -r requirements.txt"]


@pytest.mark.parametrize("damage", ["no Python", "a Python that does not run", "another version"])
def test_begins_again_when_the_environment_is_broken(project, damage):
    add_python(project, "python3")
    set_up(project)
    log(project)
    python = project / ".venv" / "bin" / "python"
    if damage == "no Python":
        python.unlink()
    elif damage == "a Python that does not run":
        python.write_text("#!/bin/sh\nexit 1\n")
    else:  # 3.10, say: setup.sh's question then fails
        python.write_text("#!/bin/sh\necho 3.10\nexit 1\n")
    assert set_up(project).returncode == 0
    assert log(project) == ["venv by python3", "-m pip install -r requirements.txt"]


def test_begins_again_when_pip_is_missing(project):
    add_python(project, "python3")
    set_up(project)
    log(project)
    python = project / ".venv" / "bin" / "python"
    python.write_text(
        python.read_text().replace('"-m pip --version") ;;', '"-m pip --version") exit 1 ;;')
    )
    (project / ".venv" / "installed-requirements.txt").unlink()
    set_up(project)
    assert log(project) == ["venv by python3", "-m pip install -r requirements.txt"]


def test_installs_again_when_the_environment_got_another_python(project):
    add_python(project, "python3")
    set_up(project)
    log(project)
    python = project / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("echo 3.12", "echo 3.13"))
    set_up(project)
    assert log(project) == ["-m pip install -r requirements.txt"]


def test_passes_over_a_python_that_does_not_run_or_fit(project):
    add_python(project, "python3", version=None)  # as a shim of pyenv may
    add_python(project, "python3.13", version=None)
    add_python(project, "python3.12", ensurepip="exit 1")
    add_python(project, "python3.11", version="3.11")
    set_up(project)
    assert log(project)[0] == "venv by python3.11"


def test_python_may_be_named(project):
    add_python(project, "python3")
    add_python(project, "my python", version="3.13")
    named = str(project.parent / "commands" / "my python")
    set_up(project, PYTHON=named)
    assert log(project)[0] == "venv by my python"
    set_up(project)
    assert log(project) == []  # any Python will do
    set_up(project, PYTHON="python3")
    assert log(project)[0] == "venv by python3"  # another one is wanted


def test_says_that_python_is_missing(project):
    add_python(project, "python", version=None)
    assert_fails_with(
        set_up(project),
        "Python 3.11, 3.12 or 3.13 is missing: install one from python.org or with your "
        "system's packages, or name yours with PYTHON=/path/to/python.",
    )
    assert log(project) == []


def test_says_that_the_venv_module_is_missing(project):
    add_python(project, "python3", ensurepip="exit 1")
    assert_fails_with(
        set_up(project),
        "Python 3.12 lacks its venv module: install it (on Debian and Ubuntu: "
        "sudo apt install python3.12-venv) and run this again.",
    )


def test_says_that_the_named_python_does_not_do(project):
    add_python(project, "python3")
    assert_fails_with(
        set_up(project, PYTHON="python9"),
        "PYTHON=python9 is not a Python 3.11, 3.12 or 3.13 that runs: name another, "
        "or leave PYTHON away.",
    )


@pytest.mark.parametrize(
    ("system", "lists", "sentence"),
    [
        ("MINGW64_NT x86_64", "requirements.txt", "On Windows the course is installed with conda"),
        ("Darwin x86_64", "requirements.txt", "Macs with an Intel processor"),
        ("Darwin arm64", "requirements-gpu.txt", "GPU=1 is for Linux"),
    ],
)
def test_says_what_a_system_cannot_do(project, system, lists, sentence):
    add_python(project, "python3")
    uname = project.parent / "commands" / "uname"
    uname.unlink()
    kernel = system.split()[0]
    uname.write_text(f'#!/bin/sh\n[ "$1" = -s ] && echo {kernel} || echo {system}\n')
    uname.chmod(0o755)
    done = set_up(project, lists)
    assert done.returncode == 1
    assert sentence in done.stderr and len(done.stderr.splitlines()) == 1
    assert log(project) == []


def test_the_real_python_passes():
    program = (ROOT / "tools" / "setup.sh").read_text().split("-c '")[1].split("'")[0]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == f"{sys.version_info.major}.{sys.version_info.minor}\n"
