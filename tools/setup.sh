#!/bin/sh
# Makes .venv ready for the lists of packages given as arguments, such as requirements.txt: finds a
# Python, creates the environment, installs with pip. Does nothing where all that is done already,
# and begins again where an environment is half made or its Python is gone. PYTHON names another
# Python. Needs nothing but a POSIX shell.
set -eu
cd "$(dirname "$0")/.."

venv_python=.venv/bin/python

# Of the settings of pip, those that say how packages are reached. All others, such as PIP_TARGET,
# say what comes of it, and .venv is nobody's but the course's.
kept="PIP_INDEX_URL PIP_PYPI_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_TRUSTED_HOST
PIP_CERT PIP_CLIENT_CERT PIP_PROXY PIP_TIMEOUT PIP_DEFAULT_TIMEOUT PIP_RETRIES PIP_RESUME_RETRIES
PIP_KEYRING_PROVIDER PIP_USE_FEATURE PIP_USE_DEPRECATED PIP_CACHE_DIR PIP_NO_CACHE_DIR
PIP_CONFIG_FILE PIP_NO_INPUT PIP_PROGRESS_BAR PIP_QUIET PIP_VERBOSE PIP_LOG"
kept=" $(echo $kept) " # with single blanks

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# What the surroundings tell pip and Python: PYTHON alone is meant for us.
forget_settings() {
    variables=$(export -p)
    while read -r export variable; do
        name=${variable%%=*}
        case "$name" in
            *[!A-Za-z0-9_]*) continue ;;
            PIP_*) case "$kept" in *" $name "*) continue ;; esac ;;
            PYTHON?*) ;;
            *) continue ;;
        esac
        unset "$name"
    done <<END
$variables
END
}
forget_settings

# Prints 3.11, 3.12 or 3.13; fails for any other Python, and for a command that is there but does
# not run, as a shim of pyenv may.
version_of() {
    "$1" -c 'import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13): sys.exit(1)
print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# Sets $python, or says what is missing.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.13 python3.12 python3.11 python
    fi
    without_venv=
    for python in "$@"; do
        found=$(version_of "$python") || continue
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return
        without_venv=${without_venv:-$found}
    done
    if [ -n "$without_venv" ]; then
        fail "Python $without_venv lacks its venv module: install it (on Debian and Ubuntu: sudo apt install python$without_venv-venv) and run this again."
    elif [ -n "${PYTHON:-}" ]; then
        fail "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13 that runs: name another, or leave PYTHON away."
    fi
    fail "Python 3.11, 3.12 or 3.13 is missing: install one from python.org or with your system's packages, or name yours with PYTHON=/path/to/python."
}

# Sets $version to that of the environment's Python; fails where there is none, or not the one
# that PYTHON names.
find_venv() {
    version=$(version_of "$venv_python") || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$version" ]
}

# The same for pip's files: prints what they say of how packages are reached, as variables.
settings_of_files() {
    "$venv_python" -c 'import ast, os, re, shlex, subprocess, sys
pip = [sys.executable, "-m", "pip", "config", "list"]
listed = subprocess.run(pip, stdout=subprocess.PIPE, text=True, check=False)
said = {}
for section in "global", "install":  # the later one counts
    for name, value in re.findall(rf"^{section}\.(\S+?)=(.*)$", listed.stdout, re.MULTILINE):
        said["PIP_" + name.upper().replace("-", "_")] = ast.literal_eval(value)
for name, value in said.items():
    if name in sys.argv[1:] and name not in os.environ:
        print(f"export {name}={shlex.quote(value)}")
print(f"export PIP_CONFIG_FILE={os.devnull}")
sys.exit(listed.returncode)' $kept
}

# What .venv/installed-LIST holds once LIST is installed.
stamp_of() {
    printf '%s\n' "$version"
    cat "$1"
}

# Prints which packages of a list are not in .venv as it says; with "import" as a second argument
# some that are there must also load.
missing_from() {
    "$venv_python" -I -c 'import importlib, importlib.metadata, sys
try:
    from packaging.requirements import Requirement
except ImportError:
    from pip._vendor.packaging.requirements import Requirement
for line in open(sys.argv[1], encoding="utf-8"):
    text = line.split("#")[0].strip()
    if not text or text.startswith("-"):
        continue
    wanted = Requirement(text)
    if wanted.marker and not wanted.marker.evaluate():
        continue
    try:
        there = importlib.metadata.version(wanted.name)
        if not wanted.specifier.contains(there, prereleases=True):
            print(wanted.name, "is", there)
        elif wanted.name in ("numpy", "jupyterlab") and sys.argv[2:]:
            importlib.import_module(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        print(wanted.name, "is missing")
    except ImportError as error:
        print(wanted.name, "does not load:", error)' "$@" 2>&1 || true
}

is_installed() {
    [ "$(stamp_of "$1")" = "$(cat ".venv/installed-$1" 2>/dev/null)" ] &&
        [ -z "$(missing_from "$1")" ]
}

case "$(uname -sm)" in
    MINGW* | MSYS* | CYGWIN*) fail "On Windows the course is installed with conda: conda env create -f environment.yml" ;;
    "Darwin x86_64") fail "TensorFlow no longer comes for Macs with an Intel processor: take the course on Binder, on Colab or on another computer." ;;
esac
case "$(uname -s) $*" in
    Linux*) ;;
    *requirements-gpu.txt*) fail "GPU=1 is for Linux (on Windows: inside WSL2): there are no NVIDIA libraries for this system." ;;
esac

# Sets $stale to the options for pip that install what is not, or no longer, as the lists say.
find_stale() {
    stale=
    for list in "$@"; do
        is_installed "$list" || stale="$stale -r $list"
    done
}

# Whoever runs a late cell first is told which cell to run before it.
set_up_kernels() {
    mkdir -p .venv/etc/ipython && cp tools/ipython_kernel_config.py .venv/etc/ipython/
}

if find_venv; then
    find_stale "$@"
    if [ -z "$stale" ]; then
        set_up_kernels
        exit 0
    fi
fi

if ! find_venv || ! PIP_CONFIG_FILE=/dev/null "$venv_python" -m pip --version >/dev/null 2>&1; then
    find_python
    "$python" -m venv --clear .venv || fail "The environment .venv could not be made; the reason stands above."
    find_venv
    find_stale "$@"
fi

echo "Installing the course's packages into .venv: a few minutes and about 3 GB of disk the first time."
settings=$(settings_of_files) || fail "The settings of pip cannot be read; the reason stands above."
eval "$settings"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv_python" -m pip install $stale ||
    fail "Some packages could not be installed; the reason stands above. Run the same command again once it is mended."
for list in "$@"; do
    missing=$(missing_from "$list" import)
    [ -z "$missing" ] || fail "pip ended well, but .venv is not as $list says ($(echo $missing)): look for what steers pip (pip config list) and run this again."
    stamp_of "$list" >".venv/installed-$list"
done
set_up_kernels
