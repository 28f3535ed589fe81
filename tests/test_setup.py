"""tools/setup.sh with stand-ins for Python: what it finds, installs, repairs and says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile

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
        export -p >settings
        [ ! -e offline ] ;;
    *importlib.metadata*) [ ! -e broken ] || echo one is missing ;;
esac
"""


@pytest.fixture
def project(tmp_path):
    """A folder with setup.sh and two lists, and one with the commands that it may call."""
    folder = tmp_path / "a course"
    (folder / "tools").mkdir(parents=True)
    for name in ("setup.sh", "ipython_kernel_config.py"):
        shutil.copy(ROOT / "tools" / name, folder / "tools")
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
    of_kernels = project / ".venv" / "etc" / "ipython" / "ipython_kernel_config.py"
    of_kernels.unlink()
    done = set_up(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert of_kernels.is_file()
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


def test_no_stamp_without_the_packages(project):
    add_python(project, "python3")
    (project / "broken").touch()
    assert_fails_with(
        set_up(project),
        "pip ended well, but .venv is not as requirements.txt says (one is missing): look for what "
        "steers pip (pip config list) and run this again.",
    )
    assert not (project / ".venv" / "installed-requirements.txt").exists()
    (project / "broken").unlink()
    log(project)
    assert set_up(project).returncode == 0
    assert log(project) == ["-m pip install -r requirements.txt"]


def test_installs_again_what_was_removed_since(project):
    add_python(project, "python3")
    set_up(project)
    log(project)
    (project / "broken").touch()
    set_up(project)
    assert log(project) == ["-m pip install -r requirements.txt"]


# --- what the surroundings tell pip and Python ----------------------------------------------------

STEERS = {  # pip's documentation, "pip install", options: each is a variable PIP_... as well
    **dict.fromkeys(("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_SRC"), "elsewhere"),
    **dict.fromkeys(("PIP_USER", "PIP_DRY_RUN", "PIP_NO_DEPS", "PIP_REQUIRE_VIRTUALENV"), "1"),
    **dict.fromkeys(("PIP_REQUIRE_HASHES", "PIP_PRE", "PIP_UPGRADE", "PIP_ISOLATED"), "1"),
    "PIP_PLATFORM": "win_amd64",
    "PIP_PYTHON_VERSION": "2.7",
    "PIP_NO_BINARY": ":all:",
    "PIP_CONSTRAINT": "elsewhere.txt",
    "PIP_REPORT": "elsewhere.json",
}
STEERS_PYTHON = {
    **dict.fromkeys(("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONSTARTUP"), "elsewhere"),
    **dict.fromkeys(("PYTHONSAFEPATH", "PYTHONNOUSERSITE", "PYTHONOPTIMIZE", "PYTHONINSPECT"), "1"),
    "PYTHONWARNINGS": "error",
}
REACHES = {
    "PIP_INDEX_URL": "https://example.org/a b'c",
    "PIP_EXTRA_INDEX_URL": "https://example.org/1 https://example.org/2",
    "PIP_TRUSTED_HOST": "example.org",
    "PIP_CERT": "/etc/own.pem",
    "PIP_PROXY": "http://proxy:3128",
    "PIP_CACHE_DIR": "/scratch/pip",
    "PIP_FIND_LINKS": "/wheels",
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": "/etc/own.conf",
}


def test_what_steers_pip_is_forgotten_and_how_packages_are_reached_is_kept(project):
    add_python(project, "python3")
    others = {"A_LINE": "a\nexport PIP_INDEX_URL=b\nnone", "PATHS": "`false` $(false) '\""}
    done = set_up(project, **STEERS, **STEERS_PYTHON, **REACHES, **others)
    assert (done.returncode, done.stderr) == (0, "")
    heard = (project / "settings").read_text()
    for name in STEERS | STEERS_PYTHON:
        assert f"export {name}" not in heard
    for name in REACHES:
        assert f"export {name}" in heard


def make_wheel(folder):
    """The smallest package that pip installs (packaging.python.org, "Binary distribution
    format"), of which Python then imports ``one``."""
    info = "one-1.dist-info"
    files = {
        "one.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: one\nVersion: 1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in files) + f"{info}/RECORD,,\n"
    folder.mkdir()
    with zipfile.ZipFile(folder / "one-1-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


def test_a_real_installation_lands_in_the_environment(project, tmp_path):
    """Variables and a file send pip elsewhere; the file also says where the packages are."""
    pip = pytest.importorskip("pip")
    make_wheel(tmp_path / "wheels")
    elsewhere = tmp_path / "elsewhere"
    config = tmp_path / "pip.conf"
    config.write_text(
        f"[global]\nno-index = true\nfind_links =\n    {tmp_path / 'wheels'}\n"
        f"    {tmp_path / 'nothing'}\ntarget = {elsewhere}\n"
        f"[install]\nprefix = {elsewhere}\ndry-run = true\nno-deps = true\n"
    )
    settings = {**STEERS, "HOME": str(tmp_path), "PIP_CONFIG_FILE": str(config)}
    settings |= {"PIP_TARGET": str(elsewhere), "PYTHONSAFEPATH": "1"}
    venv.create(project / ".venv")
    (packages,) = (project / ".venv").glob("lib/*/site-packages")
    (packages / "pip").symlink_to(pip.__path__[0])  # to install it would take seconds
    done = set_up(project, **settings)
    assert done.returncode == 0, done.stderr
    assert not elsewhere.exists()
    python = str(project / ".venv" / "bin" / "python")
    assert subprocess.run([python, "-c", "import one"]).returncode == 0
    done = set_up(project, **settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # Another version, put there by hand: the stamp is no proof, and pip is asked again.
    (packages / "one-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: one\nVersion: 0.9\n"
    )
    config.write_text("no settings")
    assert "cannot be read" in set_up(project, **settings).stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_tells_python_nothing_of_the_surroundings(project):
    """``python -m tools.NAME`` finds tools/ although PYTHONSAFEPATH keeps the folder away."""
    shutil.copy(ROOT / "Makefile", project)
    (project / "tools" / "setup.sh").write_text("export -p\n")
    (project / "tools" / "run_tests.py").write_text("import os\nprint('ran', *os.environ)\n")
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (project / ".venv" / "bin" / "python").chmod(0o755)
    own = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "PYTHON": "python9"}
    done = subprocess.run(
        ["make", "test"], cwd=project, env=own | STEERS_PYTHON, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    ran = done.stdout.splitlines()[-1].split()
    assert ran[0] == "ran"
    assert not set(ran) & set(STEERS_PYTHON)
    assert not [name for name in STEERS_PYTHON if f"export {name}" in done.stdout]
    assert "PYTHONDONTWRITEBYTECODE" in ran
    assert "export PYTHON='python9'" in done.stdout.replace('"', "'")


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
