"""Files and folders written whole or not at all, by any number of processes at once, and files
checked before they are believed."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from . import settings
from .errors import DamagedFileError, MissingFileError, NotPermittedError, OneSentence, check_path

# Seconds before each further try of a rename that something is in the way of: a virus scanner or a
# search index that looks into what was just written, as on Windows.
WAITS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
IN_THE_WAY = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EAGAIN, errno.ETXTBSY)
# What file systems answer that do not have such a thing at all (CIFS, FUSE, NFS).
NOT_HAD = (
    *(errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTTY),
    *(errno.ENOTSUP, errno.EOPNOTSUPP),
)
LOCK_SECONDS = 60  # what is done under a lock takes no time
OLD = 24 * 3600  # seconds; no write takes as long

_ours: set[str] = set()  # names of the temporary files and folders that this process is at


# --- files ---------------------------------------------------------------------------------------


def write_whole(path: Path, write: Callable[[Path], None], durable: bool = True) -> None:
    """Calls ``write`` with a temporary path beside ``path``, then renames: whoever reads sees
    the old file or the new one, never half of either, even after a power cut; of several writers
    the last one's stays. Without ``durable`` a power cut may leave half a file: for caches, which
    check what they read, and save the wait for the disk."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(path.suffix, f".{path.name}.{_process()}-", path.parent)
    os.close(handle)
    temporary = Path(name)
    with _in_use(temporary):
        write(temporary)
        if durable:
            _sync(temporary)
        with suppress(OSError, NotImplementedError):  # a file system without permissions
            os.chmod(temporary, 0o644)  # mkstemp's 0600 would shut others out of a shared folder
        patiently(os.replace, temporary, path)


def _sync(path: Path) -> None:
    with open(path, "rb+") as file:
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in NOT_HAD:  # else it is the disk, full or broken
                raise


def patiently(action: Callable, *arguments) -> None:
    """Does it, and again a few times where something is in the way for a moment."""
    for wait in WAITS:
        try:
            return action(*arguments)
        except OSError as error:
            if error.errno not in IN_THE_WAY:
                raise
        time.sleep(wait)
    return action(*arguments)


def check_writable(folder: Path) -> int:
    """Writes a small file to the folder in the way of all others, and removes it. Returns the
    number of the user whose it was. Raises OSError where it cannot be written."""
    probe = Path(folder) / f".probe-{secrets.token_hex(4)}.npz"
    write_npz(probe, {"probe": np.zeros(1000)}, compressed=False)
    owner = probe.stat().st_uid
    _remove(probe)
    return owner


def _process() -> str:
    """This process among all that may write to a shared folder: computer and container, number."""
    where = platform.node()
    with suppress(OSError):
        where += os.readlink("/proc/self/ns/pid")
    return f"{hashlib.sha256(where.encode()).hexdigest()[:8]}-{os.getpid()}"


@contextmanager
def _in_use(temporary: Path) -> Iterator[None]:
    """While this lasts it is no litter; afterwards it is gone."""
    _ours.add(temporary.name)
    try:
        yield
    finally:
        _ours.discard(temporary.name)
        _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Deletes what killed processes left of their attempts to write ``path``, a file or a folder.
    What is being written at this moment, by whomever, stays."""
    path = Path(path)
    ours = re.compile(rf"\.{re.escape(path.name)}\.(?:(\w{{8}})-(\d{{1,9}})-)?\w{{8}}(?:\.\w+)?")
    with suppress(OSError):
        for leftover in path.parent.iterdir():
            match = ours.fullmatch(leftover.name)
            if match and _is_litter(leftover, *match.groups()):
                _remove(leftover)


def _is_litter(path: Path, computer: str | None, process: str | None) -> bool:
    import psutil

    if computer is None:  # of an earlier time, when names were shorter
        return True
    if f"{computer}-{process}" == _process():
        return path.name not in _ours
    if computer == _process()[:8] and not psutil.pid_exists(int(process)):
        return True
    # Another computer's; or its process has ended, and a new one has its number.
    return time.time() - path.stat().st_mtime > OLD


def write_text(path: Path, text: str) -> None:
    """Text as UTF-8 with ``\\n`` line ends on every system."""
    write_whole(path, lambda p: p.write_text(text, encoding="utf-8", newline="\n"))


def write_npz(
    path: Path, arrays: dict[str, np.ndarray], compressed: bool = True, durable: bool = True
) -> None:
    """An ``.npz`` without pickles; on one system the same arrays give the same bytes. Weights
    hardly compress: written uncompressed they take a tenth of the time. durable: as in
    ``write_whole``.

    Raises TypeError on an array of Python objects, which only a pickle could hold.
    """
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise TypeError(f"The array {name!r} holds Python objects; store numbers or strings.")

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as file:  # given a name, numpy would add .npz to it
            (np.savez_compressed if compressed else np.savez)(file, **arrays)

    write_whole(path, write, durable)


# --- reading -------------------------------------------------------------------------------------


def shown(path: Path) -> str:
    """The path as a message shows it: from the project's root where it is inside."""
    path, root = Path(path), settings.ROOT
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def owner_of(path: Path) -> str:
    """The user whose it is; "" where that is oneself, or not known."""
    try:
        number = os.stat(path).st_uid
        if number == os.geteuid():
            return ""
        import pwd

        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
    except (OSError, AttributeError, ImportError):  # Windows has no such numbers
        return ""


def no_access(path: Path, way_out: str) -> str:
    """The sentence for what may not be read."""
    owner = owner_of(path)
    whose = f", as it belongs to {owner}" if owner else ""
    return f"{shown(path)} may not be read by you{whose}: {way_out}."


@contextmanager
def permitted(path: Path, way_out: str = "ask its owner to allow that (chmod -R a+rX)"):
    """What may not be read is NotPermittedError here: neither missing nor damaged."""
    try:
        yield
    except NotPermittedError:
        raise
    except PermissionError as error:
        which = Path(error.filename) if isinstance(error.filename, str) else Path(path)
        raise NotPermittedError(no_access(which, way_out)) from None


def read_shipped(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` in ``data/``. Raises FileNotFoundError where it is missing,
    PermissionError where it may not be read and ValueError where it is damaged: one sentence."""
    back = f"`git checkout -- data/{path.name}` brings it back"
    try:
        with permitted(path), open(path, "rb") as file, np.load(file) as arrays:
            return dict(arrays)
    except (FileNotFoundError, NotADirectoryError):
        raise MissingFileError(
            f"data/{path.name} is missing; `make data` builds it again in a minute."
        ) from None
    except Exception as error:  # a damaged zip file makes zipfile and numpy raise all sorts
        if not is_damage(error):
            raise
        raise DamagedFileError(f"data/{path.name} is damaged: {back}.") from None


def is_damage(error: Exception) -> bool:
    """Whether what a file held is to blame, and not the system that was to read it."""
    return not isinstance(error, (OneSentence, MemoryError)) and not getattr(error, "errno", None)


def sha256(path: Path) -> str:
    """The file's SHA-256 as 64 hexadecimal digits. Raises FileNotFoundError where there is none and
    PermissionError where it may not be read, one sentence each."""
    check_path("path", path)
    if not Path(path).is_file():
        raise MissingFileError(f"{path} is no file.")
    with permitted(path), open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- folders -------------------------------------------------------------------------------------


@contextmanager
def locked(path: Path, seconds: float = LOCK_SECONDS) -> Iterator[bool]:
    """Holds the file ``path`` against all other processes, and gives True; False where nothing can
    be locked, which is no reason to stop: a file system without locks, a folder that may not be
    written to. seconds: how long another holder is waited for, -1 for ever; then it raises
    filelock.Timeout, an OSError. The lock ends with its process."""
    # Its own way out, a file that merely exists, would take what a killed process left for a lock.
    lock, held = FileLock(path, timeout=seconds, fallback_to_soft=False), True
    try:
        lock.acquire()
    except Timeout:
        raise
    except (OSError, NotImplementedError):
        held = False
    try:
        yield held
    finally:
        lock.release()


@contextmanager
def settled(folder: Path) -> Iterator[None]:
    """While this lasts nobody else changes which folder has this name, and one that was put aside
    by a process that was killed is back in its place."""
    if not folder.parent.is_dir():
        yield
        return
    path = folder.with_name(f".{folder.name}.renamed")
    with locked(path) as held:
        try:
            _put_back(folder)
            yield
        finally:
            _put_back(folder)
            # Whoever waits for it sees that it is gone, and makes another; Windows' goes by itself.
            if os.name == "posix" and (held or not owner_of(path)):
                _remove(path)


def _put_back(folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.old")
    with suppress(OSError):  # a place that is only read from
        if old.exists() and not folder.exists():
            patiently(os.rename, old, folder)


def recover_folder(folder: Path) -> None:
    """Puts the old folder back in its place where ``whole_folder`` was stopped half-way, and not
    where another process is between its renames. Call it before reading."""
    with suppress(OSError):
        if not folder.exists() and folder.with_name(f".{folder.name}.old").exists():
            with settled(folder):
                pass


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Gives a new folder beside ``folder`` to be filled; then it takes the place of ``folder``. Of
    several writers the last one's stays.

    A process killed between the two renames leaves only the old folder, under another name, from
    which ``recover_folder`` brings it back. A reader that finds a folder missing or mixed looks
    once more inside ``settled``.
    """
    folder = Path(folder)
    recover_folder(folder)
    remove_leftovers(folder)
    new = folder.with_name(f".{folder.name}.{_process()}-{secrets.token_hex(4)}.new")
    with _in_use(new):
        new.mkdir(parents=True)
        yield new
        with settled(folder):
            _take_place(new, folder)


def _take_place(new: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.old")
    while True:
        if folder.exists():
            if old.exists():
                shutil.rmtree(old, ignore_errors=True)
            patiently(os.rename, folder, old)
        try:
            patiently(os.rename, new, folder)
            break
        except OSError:
            if not folder.exists():
                raise
            # Where nothing can be locked a reader has put the old one back: once more.
    shutil.rmtree(old, ignore_errors=True)
