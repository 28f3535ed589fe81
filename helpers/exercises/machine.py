"""What this computer has for the course, and how to mend what is missing.

    python -m helpers.exercises.machine

Needs nothing but Python's standard library until it has looked which packages are there.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
import textwrap
import zipfile
from pathlib import Path
from typing import NamedTuple

from ..course import settings

OLDEST, NEWEST = (3, 11), (3, 13)  # of Python
WANTED_MEMORY, LEAST_MEMORY = 2.0, 1.0  # GB free: chapters with TRAIN = False need at most 2
WANTED_DISK, LEAST_DISK = 1.0, 0.2  # GB free
CGROUPS = Path("/sys/fs/cgroup")  # where Linux says what a container may use
PROC = Path("/proc")
MARKS = {True: "ok", None: "look", False: "mend"}
WIDTH = 104  # characters, of the report


class Check(NamedTuple):
    """One thing looked at. ``ok`` is None where the course works, but not as well as it might;
    ``mend`` is one sentence on what to do, empty where there is nothing."""

    what: str
    found: str
    ok: bool | None
    mend: str = ""


def check_machine() -> list[Check]:
    """Looks at everything the course needs, in a few seconds; a look that fails is a result too,
    nothing is raised."""
    checks = []
    for what, look in LOOKS:
        try:
            found = look()
        except ImportError as error:
            needs = f"needs {error.name or error}"
            found = Check(what, needs, None, "See the packages above, then look again.")
        except Exception as error:  # whatever it is, the other looks go on
            found = Check(
                what,
                f"could not be checked ({type(error).__name__}: {str(error)[:100]})",
                None,
                "Go on, and come back to this line if something fails later.",
            )
        checks += found if isinstance(found, list) else [found]
    return checks


def report(checks: list[Check]) -> str:
    """The checks as a table of text: a line each, below it how to mend it, a verdict at the end."""
    column = max((len(check.what) for check in checks), default=0) + 8
    lines = []
    for check in checks:
        first = f"{MARKS[check.ok]:<6}{check.what}".ljust(column)
        lines += textwrap.wrap(
            check.found, WIDTH, initial_indent=first, subsequent_indent=" " * column
        ) or [first]
        if check.mend:
            arrow = " " * column + "-> "
            lines += textwrap.wrap(
                check.mend, WIDTH, initial_indent=arrow, subsequent_indent=" " * (column + 3)
            )
    broken = sum(check.ok is False for check in checks)
    doubtful = sum(check.ok is None for check in checks)
    if broken:
        verdict = f"{_count(broken, 'line')} to mend first: do what stands behind the arrow."
    elif doubtful:
        verdict = f"You can begin. {_count(doubtful, 'line')} to look at, when you have time."
    else:
        verdict = "All is well: you can begin."
    return "\n".join([*lines, "", verdict])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# --- Python and its packages -------------------------------------------------------------------


def look_at_python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= tuple(sys.version_info[:2]) <= NEWEST:
        return Check("Python", found, True)
    mend = "The course needs Python 3.11, 3.12 or 3.13: install one, then do as the README says."
    return Check("Python", found, False, mend)


def look_at_packages(folder: Path = settings.ROOT) -> list[Check]:
    """One line if all is well, else one each for what is missing, too old, or newer than tried."""
    lowest, pinned = _lowest_versions(folder), _pinned_versions(folder)
    missing, old, other = [], [], []
    for name, version in lowest.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        tried = pinned.get(_plain_name(name), set())
        if _numbers(found) < _numbers(version):
            old.append(f"{name} {found} ({version} at least)")
        elif tried and found not in tried:
            other.append(f"{name} {found} (tried with {' and '.join(sorted(tried))})")
    checks = []
    if missing:
        found = f"{len(missing)} of {len(lowest)} missing: {', '.join(missing)}"
        checks.append(Check("packages", found, False, _way_to_install("tensorflow" in missing)))
    if old:
        checks.append(Check("packages", f"too old: {', '.join(old)}", False, _way_to_install()))
    if other:
        mend = f"This may well work. If something fails: {_way_to_install()}"
        checks.append(Check("packages", f"not as tried: {', '.join(other)}", None, mend))
    found = f"all {len(lowest)} there, as in requirements.txt"
    return checks or [Check("packages", found, True)]


def _lowest_versions(folder: Path) -> dict[str, str]:
    """The direct packages of requirements.in, each with its lowest version."""
    text = (folder / "requirements.in").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)\s*>=\s*([\w.]+)", text, re.MULTILINE))


def _pinned_versions(folder: Path) -> dict[str, set[str]]:
    """The versions in requirements.txt; a package may have one for each Python."""
    text = (folder / "requirements.txt").read_text(encoding="utf-8")
    versions = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE):
        versions.setdefault(_plain_name(name), set()).add(version)
    return versions


def _plain_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(version: str) -> list[int]:
    """A version to be compared: 9.0 is 9, and what is not a number does not count."""
    release = re.match(r"[\d.]*", version)[0]
    numbers = [int(number) for number in release.split(".") if number]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def _way_to_install(tensorflow: bool = False) -> str:
    """The command for this kind of installation."""
    if tensorflow and (platform.system(), platform.machine()) == ("Darwin", "x86_64"):
        return "TensorFlow no longer comes for Macs with an Intel processor: use Binder or Colab."
    again = "in the course's folder, then start Jupyter again."
    if Path(sys.prefix, "conda-meta").is_dir():
        return f"Run `conda env update -f environment.yml` {again}"
    if Path(sys.prefix) == settings.ROOT / ".venv":
        return f"Close Jupyter and run `make lab` {again[: again.index(',')]}."
    return (
        "This Python is not the course's own: start Jupyter with `make lab`, or run "
        f"`python -m pip install -r requirements.txt` {again}"
    )


# --- memory, processor, graphics ---------------------------------------------------------------


def look_at_memory() -> Check:
    free, total = _memory()
    found = f"{free / 1e9:.1f} GB free of {total / 1e9:.1f} GB"
    if free >= WANTED_MEMORY * 1e9:
        return Check("memory", found, True)
    mend = (
        f"A chapter takes up to {WANTED_MEMORY:g} GB: close other programs, and other notebooks "
        "with Kernel > Shut Down All Kernels."
    )
    return Check("memory", found, None if free >= LEAST_MEMORY * 1e9 else False, mend)


def _memory() -> tuple[int, int]:
    """(free, total) bytes for this process: the computer's, or what its container may use."""
    if (PROC / "meminfo").is_file():
        kilobytes = dict(re.findall(r"^(\w+):\s+(\d+) kB", _text(PROC / "meminfo"), re.MULTILINE))
        free, total = int(kilobytes["MemAvailable"]) * 1024, int(kilobytes["MemTotal"]) * 1024
    else:
        import psutil  # comes with ipykernel

        memory = psutil.virtual_memory()
        free, total = memory.available, memory.total
    for used, limit in _container_memory():
        free, total = min(free, max(limit - used, 0)), min(total, limit)
    return free, total


def _container_memory() -> list[tuple[int, int]]:
    """(used, limit) bytes of each group of processes that this one is in and that has a limit.
    Files kept in memory for speed do not count as used."""
    limits = []
    for folder in _cgroups("memory"):
        for limit, used, cached in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            text = _text(folder / limit)
            if text.isdigit() and int(text) < 2**60:  # more is the old way to say "no limit"
                cache = re.search(rf"^{cached} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
                taken = int(_text(folder / used) or 0) - int(cache[1] if cache else 0)
                limits.append((taken, int(text)))
    return limits


def _cgroups(controller: str) -> list[Path]:
    """The folders of this process' control groups, from its own up to the root."""
    folders = []
    for line in _text(PROC / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = CGROUPS / controllers if controllers else CGROUPS  # version 1, version 2
        own = root / path.strip("/")
        folders += [own, *(parent for parent in own.parents if parent.is_relative_to(root))]
    return folders


def _text(path: Path) -> str:
    """The file's text, empty where there is no such file."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def look_at_processor() -> Check:
    cores = _cores()
    found = _count(cores, "core")
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    if threads.isdigit() and 0 < int(threads) < cores:
        found += f", of which TF_NUM_INTRAOP_THREADS allows {threads}"
        mend = "Unset TF_NUM_INTRAOP_THREADS before Jupyter starts, and training gets faster."
        return Check("processor", found, None, mend)
    if cores == 1:
        mend = "Training takes about twice the time that a chapter names."
        return Check("processor", found, None, mend)
    return Check("processor", found, True)


def _cores() -> int:
    """The cores that this process may use; a container may have fewer than the computer."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    for folder in _cgroups("cpu"):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit():
            cores = min(cores, max(1, round(int(quota) / int(period))))
    return cores


def look_at_device() -> Check:
    """Loads TensorFlow: what it says is what training will use."""
    try:
        importlib.metadata.version("tensorflow")
    except importlib.metadata.PackageNotFoundError:
        raise ImportError(name="tensorflow") from None
    flags = re.search(r"^flags\s*:(.*)$", _text(PROC / "cpuinfo"), re.MULTILINE)
    if flags and "avx" not in flags[1].split():  # to load TensorFlow would end Python
        mend = "TensorFlow needs a processor with AVX (2011 or later): use Binder or Colab."
        return Check("device", "a processor without AVX", False, mend)
    found = settings.device_report()
    if "no GPU seen" in found and shutil.which("nvidia-smi"):
        mend = "There seems to be an NVIDIA card: `make lab GPU=1` puts it to use on Linux and WSL."
        return Check("device", found, None, mend)
    return Check("device", found, True)


# --- files -------------------------------------------------------------------------------------


def _place_of_runs() -> tuple[str, Path]:
    """What runs/ is called, and the nearest folder to it that is there already."""
    folder = settings.runs_folder("")
    inside = folder.is_relative_to(settings.ROOT)
    name = f"{folder.relative_to(settings.ROOT).as_posix()}/" if inside else "RUNS_DIR"
    return name, next(place for place in (folder, *folder.parents) if place.exists())


def look_at_disk() -> Check:
    _, place = _place_of_runs()
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free" if free < 100e9 else "over 100 GB free"
    if free >= WANTED_DISK * 1e9:
        return Check("disk", found, True)
    mend = f"Make room, {WANTED_DISK:g} GB at least: old trainings in runs/ may go."
    return Check("disk", found, None if free >= LEAST_DISK * 1e9 else False, mend)


def look_at_runs() -> Check:
    """Writes a file to where training will, and removes it."""
    name, place = _place_of_runs()
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"a" * 4096)
    except OSError as error:
        mend = (
            f"Training has to write to {name}: allow that, or let RUNS_DIR name another folder "
            "before Jupyter starts."
        )
        return Check(name, f"cannot be written ({error.strerror or error})", False, mend)
    return Check(name, "can be written", True)


def look_at_data(folder: Path = settings.DATA_FOLDER) -> Check:
    """What each data/build_NAME.py makes is there, and every archive is whole."""
    names = [script.stem.removeprefix("build_") for script in sorted(folder.glob("build_*.py"))]
    back = "`git checkout -- data` brings the course's files back; else download the course again."
    missing = [
        name
        for name in names
        if not (folder / f"{name}.npz").is_file() and not any((folder / name).glob("*"))
    ]
    if missing or not names:
        return Check("data/", f"{', '.join(missing) or 'everything'} missing", False, back)
    for path in sorted(folder.glob("*.npz")):
        if not _is_whole(path):
            return Check("data/", f"{path.name} is damaged", False, back)
    return Check("data/", f"{', '.join(names)}: whole", True)


def _is_whole(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, EOFError):
        return False


def look_at_checkpoints() -> Check:
    """Every published file has the hash that its card says."""
    from ..training import checkpoints, state

    folders = sorted(path for path in settings.checkpoint_folder("").glob("[!.]*") if path.is_dir())
    back = "`git checkout -- checkpoints` brings them back; else download the course again."
    if not folders:
        return Check("checkpoints/", "no trained networks", False, back)
    for folder in folders:
        try:
            checkpoints.load_checkpoint(folder.name)
        except state.CheckpointError as error:
            return Check("checkpoints/", str(error).split(": ")[0], False, back)
    return Check("checkpoints/", f"{', '.join(folder.name for folder in folders)}: whole", True)


# --- sound and settings ------------------------------------------------------------------------


def look_at_sound() -> Check:
    """Plays one note into an MP3, as every player of the course does."""
    import numpy as np

    from ..files.midi_writer import to_midi
    from ..show import synthesis

    samples, engine = synthesis.synthesize(to_midi(np.full(4, 69)))
    encoded = synthesis.encode_mp3(samples)
    if not np.abs(samples).max() > 0.01 or len(encoded) < 500:
        return Check("sound", "a note came out silent", False, _way_to_install())
    if engine != synthesis.SOUND_FONT_ENGINE:
        mend = "You hear plain tones instead of instruments until pretty_midi is installed again."
        return Check("sound", engine, None, mend)
    return Check("sound", f"{engine}, MP3", True)


def look_at_settings() -> Check:
    """What the environment changes about all chapters."""
    try:
        smoke, trains = settings.setting("SMOKE", False), settings.setting("TRAIN", True)
    except ValueError as error:
        return Check("settings", str(error), False, "Mend or unset it before Jupyter starts.")
    names = [name for name in ("TRAIN", "SMOKE", "RUNS_DIR") if os.environ.get(name, "").strip()]
    chapters = "chapters train" if trains else "chapters use the published networks"
    found = f"{chapters} (the environment sets {', '.join(names) or 'nothing'})"
    if smoke and trains:
        mend = "SMOKE=1 is for tests: unset it before Jupyter starts, else training ends at once."
        return Check("settings", found, None, mend)
    return Check("settings", found, True)


LOOKS = (
    ("Python", look_at_python),
    ("packages", look_at_packages),
    ("processor", look_at_processor),
    ("memory", look_at_memory),  # before TensorFlow takes its part
    ("device", look_at_device),
    ("disk", look_at_disk),
    ("runs/", look_at_runs),
    ("data/", look_at_data),
    ("checkpoints/", look_at_checkpoints),
    ("sound", look_at_sound),
    ("settings", look_at_settings),
)


def main() -> int:
    """The command line. Returns the exit code: 1 where something is to be mended first."""
    checks = check_machine()
    print(report(checks))
    return int(any(check.ok is False for check in checks))


if __name__ == "__main__":
    sys.exit(main())
