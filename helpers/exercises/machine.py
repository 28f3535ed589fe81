"""What this computer has for the course, and how to mend what is missing.

    python -m helpers.exercises.machine

Needs nothing but Python's standard library until it has looked which packages are there.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import NamedTuple

from ..course import device, settings, surroundings

OLDEST, NEWEST = (3, 11), (3, 13)  # of Python
WANTED_MEMORY, LEAST_MEMORY = 2.0, 1.0  # GB free: chapters with TRAIN = False need at most 2
WANTED_DISK, LEAST_DISK = 1.0, 0.2  # GB free
CGROUPS = Path("/sys/fs/cgroup")  # where Linux says what a container may use
PROC = Path("/proc")
MARKS = {True: "ok", None: "look", False: "mend"}
WIDTH = 104  # characters, of the report


class Check(NamedTuple):
    """One thing looked at. ``ok`` is None where the course works, but not as well as it might, and
    where the look ``failed``, so that nobody knows; ``mend`` is one sentence on what to do, empty
    where there is nothing."""

    what: str
    found: str
    ok: bool | None
    mend: str = ""
    failed: bool = False


def check_machine() -> list[Check]:
    """Looks at everything the course needs, in a few seconds; a look that fails is a result too,
    nothing is raised."""
    checks = []
    for what, look in LOOKS:
        try:
            found = look()
        except ImportError as error:
            mend = "See the packages above, then look again."
            found = Check(what, f"needs {error.name or error}", None, mend, failed=True)
        except Exception as error:  # whatever it is, the other looks go on
            text = f"could not be checked ({type(error).__name__}: {str(error)[:100]})"
            mend = "Mend what it names, or ask who looks after this computer, then look again."
            found = Check(what, text, None, mend, failed=True)
        checks += found if isinstance(found, list) else [found]
    return checks


def report(checks: list[Check]) -> str:
    """The checks as a table of text: a line each, below it how to mend it, a verdict at the end."""
    column = max((len(check.what) for check in checks), default=0) + 8
    lines = []
    for check in checks:
        mark = f"{'fail' if check.failed else MARKS[check.ok]:<6}{check.what}".ljust(column)
        for text, first in ((check.found, mark), (check.mend, " " * column + "-> ")):
            rest = " " * len(first)
            lines += textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest)
    broken, doubtful = (sum(check.ok is ok for check in checks) for ok in (False, None))
    if broken:
        verdict = f"{_count(broken, 'line')} to mend first: do what stands behind the arrow."
    elif failed := sum(check.failed for check in checks):
        verdict = f"{_count(failed, 'look')} failed: whether the course runs here is not known yet."
    elif doubtful:
        verdict = f"You can begin. {_count(doubtful, 'line')} to look at, when you have time."
    else:
        verdict = "All is well: you can begin."
    return "\n".join([*lines, "", verdict])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _check(what: str, found: str, ok: bool | None, mend: str) -> Check:
    """A check; what is ok needs no mending."""
    return Check(what, found, ok, "" if ok else mend)


def _enough(amount: float, wanted: float, least: float) -> bool | None:
    return True if amount >= wanted else None if amount >= least else False


# --- Python and its packages -------------------------------------------------------------------


def look_at_python(notebooks: Path = settings.ROOT / "notebooks") -> Check:
    """Its version, and files of the student's that it may take for modules of its own."""
    found = ".".join(map(str, sys.version_info[:3]))
    mend = "The course needs Python 3.11, 3.12 or 3.13: install one, then do as the README says."
    ok = OLDEST <= tuple(sys.version_info[:2]) <= NEWEST
    if ok and (shadowing := surroundings.shadowing_files(notebooks)):
        said, mend = shadowing.split(". ", 1)
        return Check("Python", f"{found}; {said}", None, mend)
    return _check("Python", found, ok, mend)


def look_at_packages(folder: Path = settings.ROOT) -> list[Check]:
    """One line if all is well, else one each for what is missing, too old, or newer than tried."""
    lowest = _versions(folder / "requirements.in", ">=")
    pinned = _versions(folder / "requirements.txt", "==")  # a package may have one for each Python
    missing, old, other = [], [], []
    for name, version in lowest:
        tried = {pin for other_name, pin in pinned if _plain(other_name) == _plain(name)}
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if _numbers(found) < _numbers(version):
            old.append(f"{name} {found} ({version} at least)")
        elif tried and found not in tried:
            other.append(f"{name} {found} (tried with {' and '.join(sorted(tried))})")
    install, count = _way_to_install(), f"{len(missing)} of {len(lowest)} missing"
    faults = (
        (count, missing, False, _way_to_install("tensorflow" in missing)),
        ("too old", old, False, install),
        ("not as tried", other, None, f"This may well work. If something fails: {install}"),
    )
    return [
        Check("packages", f"{fault}: {', '.join(names)}", ok, mend)
        for fault, names, ok, mend in faults
        if names
    ] or [Check("packages", f"all {len(lowest)} there, as in requirements.txt", True)]


def _versions(path: Path, relation: str) -> list[tuple[str, str]]:
    """(name, version) of each line of a list of packages that has such a relation."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^([\w.-]+)\s*{relation}\s*([\w.]+)", text, re.MULTILINE)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(version: str) -> list[int]:
    """The numbers that a version begins with, 9 as 9.0.0.0; by hand, for the package that compares
    versions may be the one that is missing."""
    numbers = [int(number) for number in re.match(r"[\d.]*", version)[0].split(".") if number]
    return numbers + [0] * (4 - len(numbers))


def _way_to_install(tensorflow: bool = False) -> str:
    """The command for this kind of installation."""
    if tensorflow and (platform.system(), platform.machine()) == ("Darwin", "x86_64"):
        return "TensorFlow no longer comes for Macs with an Intel processor: use Binder or Colab."
    if Path(sys.prefix) == settings.ROOT / ".venv":
        return "Close Jupyter and run `make lab` in the course's folder."
    again = "in the course's folder, then start Jupyter again."
    if Path(sys.prefix, "conda-meta").is_dir():
        return f"Run `conda env update -f environment.yml` {again}"
    other = "This Python is not the course's own: start Jupyter with `make lab`, or run"
    return f"{other} `python -m pip install -r requirements.txt` {again}"


# --- memory, processor, graphics ---------------------------------------------------------------


def look_at_memory() -> Check:
    free, total = (number / 1e9 for number in _memory())
    found, ok = f"{free:.1f} GB free of {total:.1f} GB", _enough(free, WANTED_MEMORY, LEAST_MEMORY)
    if limits := [limit for limit in _process_limits() if limit.most / 1e9 <= total]:
        found += f", as {' and '.join(limit.name for limit in limits)} allows"
        ok = ok if all(limit.most / 1e9 >= limit.wanted for limit in limits) else False
        wanted = " and ".join(f"{limit.wanted} GB of {limit.what}" for limit in limits)
        return _check("memory", found, ok, f"TensorFlow wants {wanted}: lift that limit first.")
    close = "close other programs, and other notebooks with Kernel > Shut Down All Kernels."
    return _check("memory", found, ok, f"A chapter takes up to 2 GB: {close}")


def _memory() -> tuple[int, int]:
    """(free, total) bytes for this process: the computer's, or what its container or a ``ulimit``
    allows."""
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available, memory.total
    limits = [(limit.most, limit.taken) for limit in _process_limits()]
    for most, taken in (*_container_limits(), *limits):
        free, total = min(free, max(most - taken, 0)), min(total, most)
    return free, total


def _container_limits():
    """(most, taken) bytes of each control group that limits this process. Files that are kept in
    memory for speed alone do not count as taken."""
    for folder in _cgroups("memory"):
        stat = dict(line.split() for line in _text(folder / "memory.stat").splitlines())
        taken = int(
            _text(folder / "memory.current") or _text(folder / "memory.usage_in_bytes") or 0
        )
        taken -= int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):  # the last: version 1
            most = _text(folder / name)
            if most.isdigit():  # no limit is a word
                yield int(most), taken


class Limit(NamedTuple):
    """What ``ulimit`` allows a process: bytes at most and those taken, GB wanted."""

    name: str
    what: str
    most: int
    taken: int
    wanted: int


def _process_limits() -> list[Limit]:
    """No other system that has such limits holds a process to them, as Linux does."""
    if sys.platform != "linux":
        return []
    import resource

    import psutil

    taken = psutil.Process().memory_info()
    addresses, data = (resource.getrlimit(i)[0] for i in (resource.RLIMIT_AS, resource.RLIMIT_DATA))
    limits = [  # most of the addresses are never used
        Limit("ulimit -v", "addresses", addresses, taken.vms, 6),
        Limit("ulimit -d", "data", data, taken.data, 2),
    ]
    return [limit for limit in limits if limit.most != resource.RLIM_INFINITY]


def _cgroups(controller: str) -> list[Path]:
    """The folders of this process' control groups, each from its own up to the root: those of
    version 2, and of version 1 those of a controller such as memory. (A container may be told its
    place as seen from outside; then the root alone is there, and is its own.)"""
    places = []
    for controllers, own in re.findall(
        r"^\d+:(.*?):/(.*)$", _text(PROC / "self" / "cgroup") or "0::/", re.MULTILINE
    ):
        if not controllers or controller in controllers.split(","):
            root = CGROUPS / controllers
            own = root / own
            places += [place for place in (own, *own.parents) if place.is_relative_to(root)]
    return places


def _text(path: Path) -> str:
    """The file's text, empty where there is no such file, or none that one may read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def look_at_processor() -> Check:
    cores = _cores()
    mend = "Training takes about twice the time that a chapter names."
    return _check("processor", _count(cores, "core"), None if cores == 1 else True, mend)


def _cores() -> int:
    """The cores that this process may use; a container may have fewer than the computer."""
    import psutil

    process = psutil.Process()  # on macOS it knows no affinity
    cores = len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else psutil.cpu_count()
    for folder in _cgroups("cpu"):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        if not quota:  # version 1
            quota, period = (_text(folder / f"cpu.cfs_{what}_us") for what in ("quota", "period"))
        if quota.isdigit():  # no limit is a word, or -1
            cores = min(cores, max(1, round(int(quota) / int(period))))
    return cores


def look_at_device() -> Check:
    """What training will use. Where TensorFlow is not loaded yet, another process tries it: its
    libraries end a process over what they do not like, and this one has more to say."""
    try:
        importlib.metadata.version("tensorflow")
    except importlib.metadata.PackageNotFoundError:
        raise ImportError(name="tensorflow") from None
    flags = re.search(r"^flags\s*:(.*)$", _text(PROC / "cpuinfo"), re.MULTILINE)
    if flags and "avx" not in flags[1].split():  # to load TensorFlow would end Python
        mend = "TensorFlow needs a processor with AVX (2011 or later): use Binder or Colab."
        return Check("device", "a processor without AVX", False, mend)
    try:
        here = "tensorflow" in sys.modules
        found = device.device_report() if here else device.report_apart()
    except device.TensorFlowError as error:
        return Check("device", error.found, False, error.mend[:1].upper() + error.mend[1:])
    unused = "no GPU seen" in found and shutil.which("nvidia-smi")
    return _check("device", found, None if unused else True, _way_to_gpu())


def _way_to_gpu() -> str:
    """What puts an NVIDIA card to use: TensorFlow's libraries for it, and a CUDA_VISIBLE_DEVICES
    that names it, by number or as in GPU-8932f937 (CUDA's guide, "CUDA Environment Variables")."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip()
    names = (found.name for found in importlib.metadata.distributions())
    libraries = any(name and name.startswith("nvidia-cudnn") for name in names)
    if not re.match(r"\d|GPU-|MIG-", named) or ("CUDA_VISIBLE_DEVICES" in os.environ and libraries):
        hides = f"CUDA_VISIBLE_DEVICES={named!r} hides the NVIDIA card"
        return f"{hides}: unset it before Jupyter starts if training shall use the card."
    return "There seems to be an NVIDIA card: `make lab GPU=1` puts it to use on Linux and WSL."


# --- files -------------------------------------------------------------------------------------


def _place_of_runs() -> tuple[str, Path]:
    """What runs/ is called, and the nearest folder to it that is there already."""
    folder = settings.runs_folder("")
    inside = folder.is_relative_to(settings.ROOT)
    name = f"{folder.relative_to(settings.ROOT).as_posix()}/" if inside else "RUNS_DIR"
    return name, next(place for place in (folder, *folder.parents) if place.exists())


def look_at_disk() -> Check:
    free = shutil.disk_usage(_place_of_runs()[1]).free / 1e9
    found = f"{free:.1f} GB free" if free < 100 else "over 100 GB free"
    mend = f"Make room, {WANTED_DISK:g} GB at least: old trainings in runs/ may go."
    return _check("disk", found, _enough(free, WANTED_DISK, LEAST_DISK), mend)


def look_at_runs() -> Check:
    """Writes a file to where training will, in the same way, and removes it."""
    from ..course.storage import check_writable

    name, place = _place_of_runs()
    try:
        check_writable(place)
    except OSError as error:
        other = "allow that, or let RUNS_DIR name another folder before Jupyter starts."
        found = f"cannot be written ({error.strerror or error})"
        return Check(name, found, False, f"Training has to write to {name}: {other}")
    return Check(name, "can be written", True)


def look_at_data(folder: Path = settings.DATA_FOLDER) -> Check:
    """What each data/build_NAME.py makes is there, and every archive is whole."""
    names = [script.stem.removeprefix("build_") for script in sorted(folder.glob("build_*.py"))]
    found, ok = f"{', '.join(names)}: whole", True
    for path in sorted(folder.glob("*.npz")):
        if ok and not _is_whole(path):
            found, ok = f"{path.name} is damaged", False
    missing = [
        name for name in names if not [*folder.glob(f"{name}.npz"), *folder.glob(f"{name}/*")]
    ]
    if missing or not names:
        found, ok = f"{', '.join(missing) or 'everything'} missing", False
    back = "`git checkout -- data` brings the course's files back; else download the course again."
    return _check("data/", found, ok, back)


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
    found = f"{', '.join(folder.name for folder in folders) or 'no trained networks'}"
    back = "`git checkout -- checkpoints` brings them back; else download the course again."
    try:
        for folder in folders:
            checkpoints.load_checkpoint(folder.name)
    except state.CheckpointError as error:
        return Check("checkpoints/", str(error).split(": ")[0], False, back)
    return _check("checkpoints/", f"{found}{': whole' if folders else ''}", bool(folders), back)


# --- sound and settings ------------------------------------------------------------------------


def look_at_sound() -> Check:
    """Plays one note into an MP3, as every player of the course does."""
    import numpy as np

    from ..files.midi_writer import to_midi
    from ..show import synthesis

    samples, engine = synthesis.synthesize(to_midi(np.full(4, 69)))
    if not np.abs(samples).max() > 0.01 or len(synthesis.encode_mp3(samples)) < 500:
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
    if others := _overridden():
        found += f"; Keras is the course's own, whatever {' and '.join(others)} would have it be"
    mend = "SMOKE=1 is for tests: unset it before Jupyter starts, else training ends at once."
    return _check("settings", found, None if smoke and trains else True, mend)


def _overridden() -> list[str]:
    """The variables and the file that say of Keras what does not hold in the course."""
    import helpers

    others = [f"{name}={value}" for name, value in helpers.OVERRIDDEN.items()]
    home = helpers.OVERRIDDEN.get("KERAS_HOME") or os.path.join("~", ".keras")
    file = os.path.join(home, "keras.json")
    own = json.loads(_text(Path(helpers.KERAS["KERAS_HOME"], "keras.json")))
    try:
        theirs = json.loads(_text(Path(os.path.expanduser(file))) or "{}")
        agrees = all(own.get(name, value) == value for name, value in theirs.items())
    except (ValueError, AttributeError):  # no JSON, no fields
        agrees = False
    return [name for name in others if not name.startswith("KERAS_HOME=")] + [file] * (not agrees)


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
    """The command line. Returns the exit code: 1 where something is to be mended first, or where a
    look failed."""
    checks = check_machine()
    print(report(checks))
    return int(any(check.ok is False or check.failed for check in checks))


if __name__ == "__main__":
    sys.exit(main())
