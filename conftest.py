"""What every pytest run needs: nobody's settings; and with notebooks no network, memory and time.

Here and not in tests/, so that a plain ``pytest --nbval-lax notebooks`` has it too.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import MutableMapping
from pathlib import Path

import pytest

from tools.notebooks import (
    FOLDER,
    ROOT,
    find_notebooks,
    forget_settings,
    make_offline_profile,
)

TEMPORARY = pytest.StashKey[tempfile.TemporaryDirectory]()
PEAKS = pytest.StashKey[dict[str, int]]()  # notebook -> bytes
SECONDS = pytest.StashKey[dict[str, float]]()  # notebook -> seconds in its cells
STEERING = ("MPLBACKEND", "TF_USE_LEGACY_KERAS", "TF_XLA_FLAGS", "XLA_FLAGS", "PYTHONSAFEPATH")
STEERING += ("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONSTARTUP", "PYTHONINSPECT")


def pytest_addoption(parser):
    parser.addini("notebook_memory_gb", "most memory a notebook may take with TRAIN=0", default="2")


def pytest_configure(config):
    config.stash[PEAKS] = {}
    config.stash[SECONDS] = defaultdict(float)
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    config.stash[TEMPORARY] = folder
    use_no_settings_of_others(os.environ)
    if not (config.option.nbval or config.option.nbval_lax):
        forget_settings(os.environ)
        os.environ["MPLBACKEND"] = "Agg"  # no window on a computer without a screen
        return
    forget_settings(os.environ, keep=("TRAIN", "SMOKE"))  # by which tools.run_tests says what to do
    os.environ.setdefault("TRAIN", "0")
    os.environ["RUNS_DIR"] = os.path.join(folder.name, "runs")  # never a student's own trainings
    os.environ["IPYTHONDIR"] = str(make_offline_profile(Path(folder.name, "ipython")))


def use_no_settings_of_others(environment: MutableMapping[str, str]) -> None:
    """Keras, TensorFlow and matplotlib as they come, whatever the environment and the author's home
    folder say of them. The kernels and programs that tests start inherit it."""
    for name in list(environment):
        if name.startswith("KERAS_") or name in STEERING:
            del environment[name]
    environment["KERAS_HOME"] = str(ROOT / "helpers" / "course" / "keras")  # as helpers says
    if matplotlib := importlib.util.find_spec("matplotlib"):
        own = Path(matplotlib.origin).with_name("mpl-data") / "matplotlibrc"
        environment["MATPLOTLIBRC"] = str(own)


def pytest_ignore_collect(collection_path, config):
    """``pytest --nbval-lax notebooks`` runs the chapters; what else lies there is a student's own,
    and runs when it is named."""
    if collection_path.suffix == ".ipynb" and collection_path.parent == FOLDER:
        return True if collection_path not in find_notebooks() else None
    return None


def pytest_unconfigure(config):
    if TEMPORARY in config.stash:
        config.stash[TEMPORARY].cleanup()


def peak_memory(pid: int) -> int:
    """The most memory the process has held, in bytes. On macOS, which does not tell it of another
    process, what it holds now."""
    if sys.platform == "linux":
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import psutil

    memory = psutil.Process(pid).memory_info()
    return getattr(memory, "peak_wset", memory.rss)


class MemoryItem(pytest.Item):
    """After a notebook's last cell: its kernel's memory."""

    def runtest(self):
        kernel = self.parent.kernel
        assert kernel is not None and kernel.is_alive(), "the kernel died"
        peak = peak_memory(kernel.km.provisioner.pid)
        self.config.stash[PEAKS][self.nodeid.split("::")[0]] = peak
        limit = float(self.config.getini("notebook_memory_gb"))
        if os.environ["TRAIN"] in ("0", "false", "no", "off"):
            assert peak <= limit * 1e9, f"the kernel took {peak / 1e9:.2f} GB, more than {limit:g}"

    def repr_failure(self, excinfo):
        return str(excinfo.value)

    def reportinfo(self):
        return self.path, None, f"{self.path.name}: memory"


def pytest_collection_modifyitems(items):
    """Adds a ``MemoryItem`` behind each notebook's last cell."""
    last = {}
    for item in items:
        if item.path.suffix == ".ipynb":
            last[item.path] = item
    for item in last.values():
        items.insert(items.index(item) + 1, MemoryItem.from_parent(item.parent, name="memory"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.path.suffix == ".ipynb":
        item.config.stash[SECONDS][item.nodeid.split("::")[0]] += call.duration
    return report


def pytest_terminal_summary(terminalreporter, config):
    for notebook, seconds in config.stash[SECONDS].items():
        peak = config.stash[PEAKS].get(notebook)
        memory = f", {peak / 1e9:.2f} GB at most" if peak else ""
        terminalreporter.write_line(f"{notebook}: {seconds:.1f} s{memory}")
