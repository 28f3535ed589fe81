"""Files and folders written whole or not at all, and files checked before they are believed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np


def write_whole(path: Path, write: Callable[[Path], None], durable: bool = True) -> None:
    """Calls ``write`` with a temporary path beside ``path``, then renames: whoever reads sees
    the old file or the new one, never half of either, even after a power cut. Without ``durable``
    a power cut may leave half a file: for caches, which check what they read, and save the wait
    for the disk."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        if durable:
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's 0600 would shut others out of a shared folder
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Deletes what a killed process left of its attempts to write ``path``."""
    for leftover in Path(path).parent.glob(f".{Path(path).name}.*"):
        with suppress(OSError):
            leftover.unlink()


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


def read_shipped(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` in ``data/``. Raises FileNotFoundError where it is missing."""
    if not path.is_file():
        raise FileNotFoundError(
            f"data/{path.name} is missing; `make data` builds it again in a minute."
        )
    with np.load(path) as arrays:
        return dict(arrays)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Gives a new folder beside ``folder`` to be filled; then it takes the place of ``folder``.

    A process killed between the two renames leaves only the old folder, under another name, from
    which ``recover_folder`` brings it back: call that before reading.
    """
    new, old = (folder.with_name(f".{folder.name}.{which}") for which in ("new", "old"))
    recover_folder(folder)
    for leftover in (new, old):
        if leftover.exists():
            shutil.rmtree(leftover)
    new.mkdir(parents=True)
    try:
        yield new
        if folder.exists():
            os.rename(folder, old)
        os.rename(new, folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        recover_folder(folder)


def recover_folder(folder: Path) -> None:
    """Puts the old folder back in its place where ``whole_folder`` was stopped half-way."""
    old = folder.with_name(f".{folder.name}.old")
    if old.exists() and not folder.exists():
        os.rename(old, folder)


def sha256(path: Path) -> str:
    """The file's SHA-256 as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
