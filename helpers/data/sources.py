"""Where a data set is: a folder of one's own, an earlier download, or an official archive that is
fetched when the student asks for it, and only then. Each loader describes its own as a ``DataSet``.
"""

from __future__ import annotations

import csv
import errno
import fnmatch
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from filelock import Timeout

from ..course.errors import (
    DamagedFileError,
    MissingFileError,
    OneSentence,
    SettingError,
    check_path,
)
from ..course.progress_bar import progress
from ..course.settings import DATA_FOLDER, own_path, path_setting
from ..course.splits import PUBLISHED_SPLITS
from ..course.storage import (
    locked,
    patiently,
    permitted,
    recover_folder,
    shown,
    whole_folder,
)

DOWNLOADS = DATA_FOLDER / "downloads"  # unless CACHE_DIR names another place
TIMEOUT = 30  # seconds without an answer
LARGE = 10_000_000  # bytes; a larger download that is cut off goes on where it stopped


class DataSet(NamedTuple):
    """name: of its folder in ``data/downloads``. variable: the environment variable that names a
    copy of one's own. marker: a file by which a copy is known, ``*`` for any letters; "" where
    every folder will do. licence: its name and whom to credit. missing: what to say where there is
    no copy, the ways to one after a colon. url, size (bytes), sha256: of the official .zip or
    .tar.gz, where one is known."""

    name: str
    variable: str
    marker: str
    licence: str
    missing: str
    url: str = ""
    size: int = 0
    sha256: str = ""


class DownloadError(OneSentence, FileNotFoundError):
    """A data set that could not be had: one sentence that says why and what to do."""


class NoCopyError(DownloadError):
    """There is none on this computer, and nobody asked for a download."""


class UnreachableError(DownloadError):
    """There is no way to the server: most likely no network."""


def data_set_folder(spec: DataSet, download: bool = False, folder=None) -> Path:
    """The folder that holds ``spec.marker``: ``folder``, or the one that the environment variable
    ``spec.variable`` names (a relative path counts from the project's root), or a folder in it;
    where none is named an earlier download; else with ``download`` a new one. Downloads are in
    ``downloads`` in the folder that the environment's CACHE_DIR names, else in ``data/``.

    Raises DownloadError, a FileNotFoundError, where the named folder is not a copy or the download
    fails: UnreachableError where the server is not reached; NoCopyError where there is no copy.
    NotPermittedError, a PermissionError, where a copy may not be read.
    """
    check_path("folder", folder, none=True)
    where = spec.variable if folder is None else "folder"
    try:
        own = path_setting(where) if folder is None else own_path(folder, where)
    except SettingError as error:
        raise DownloadError(str(error)) from None
    if own is not None:
        with permitted(own):
            found = _with_marker(own, spec.marker)
        if found is None:
            fault = f"{spec.marker} is not there" if spec.marker else "there is no such folder"
            named = shown(own) if folder is None else str(own)
            raise DownloadError(
                f"{where} is {named!r}, but {fault}: name a copy's folder, or none."
            )
        return found
    place = _downloads() / spec.name
    for earlier in {place: None, DOWNLOADS / spec.name: None}:  # a teacher's, perhaps
        with permitted(earlier):
            recover_folder(earlier)
            if found := _with_marker(earlier, spec.marker):
                return found
    if not download:
        raise NoCopyError(spec.missing)
    _fetch(spec, place)
    found = _with_marker(place, spec.marker)
    if found is None:
        raise DownloadError(f"{spec.name} was fetched, but holds no {spec.marker}.")
    return found


def _downloads() -> Path:
    cache = path_setting("CACHE_DIR")
    return cache / "downloads" if cache else DOWNLOADS


def _with_marker(folder: Path, marker: str) -> Path | None:
    """The folder itself or one in it, as most archives have one, whichever holds the marker. Raises
    PermissionError where none does that may be looked into, and another may not."""
    if not folder.is_dir():
        return None
    names = os.listdir(folder)  # a glob would be silent about a closed one
    if not marker or fnmatch.filter(names, marker):
        return folder
    closed = None
    for place in (folder / name for name in sorted(names)):
        try:
            if place.is_dir() and fnmatch.filter(os.listdir(place), marker):
                return place
        except PermissionError as error:
            closed = error
    if closed:
        raise closed
    return None


def read_recording(folder: Path, name: str, owner: str) -> bytes:
    """A file of the copy of a data set. Raises FileNotFoundError where it is missing and
    PermissionError where it may not be read: one sentence each."""
    try:
        with permitted(folder / name):
            return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise MissingFileError(
            f"{name} is missing from the copy of {owner}: delete the copy and fetch it anew."
        ) from None


def read_table(path: Path, columns: tuple[str, ...], owner: str) -> list[dict[str, str]]:
    """The rows of a data set's table, the published splits in the kit's words. Raises ValueError
    where it is not the table of ``owner``, or damaged, PermissionError where it may not be read."""
    try:
        with permitted(path), open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        rows = []
    whole = all(row.get(column) is not None for row in rows for column in columns)
    if not rows or not whole or {row["split"] for row in rows} - set(PUBLISHED_SPLITS):
        raise DamagedFileError(
            f"This {path.name} is not {owner}'s, or is damaged: take another copy."
        )
    return [row | {"split": PUBLISHED_SPLITS[row["split"]]} for row in rows]


# --- fetching ----------------------------------------------------------------------------------


def _fetch(spec: DataSet, folder: Path) -> None:
    """Downloads, checks and unpacks, unless another program was at it and has done so."""
    import pooch

    pooch.get_logger().setLevel("WARNING")  # the bar says enough
    ending = ".zip" if ".zip" in spec.url else ".tar.gz"
    archive = folder.with_name(spec.name + ending)
    receive = partial(_receive, spec, folder.with_name(f"{spec.name}.part"))
    # No links out of the folder; the first Pythons 3.11 do not know of it.
    safely = {"filter": "data"} if ending != ".zip" and hasattr(tarfile, "data_filter") else {}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(spec, folder.with_name(f".{spec.name}.lock")):
            if _with_marker(folder, spec.marker):
                return
            pooch.retrieve(spec.url, spec.sha256, archive.name, archive.parent, downloader=receive)
            if spec.size > LARGE:
                print(f"{archive.name} is unpacked, which may take minutes.")
            with whole_folder(folder) as new:
                shutil.unpack_archive(archive, new, **safely)
            with suppress(OSError):  # what is in it is there
                patiently(archive.unlink)
    except (DownloadError, tarfile.TarError):
        raise
    except ValueError:  # pooch's, which has removed the file
        raise DownloadError(
            f"The download of {spec.name} is removed, for its SHA-256 differs from the published "
            "file's: run this again to fetch it anew."
        ) from None
    except OSError as error:
        where = "data/downloads" if folder.parent == DOWNLOADS else shown(folder.parent)
        way_out = "make room there"
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            way_out = "get write access"
        raise DownloadError(
            f"{spec.name} cannot be written to {where} ({error.strerror or error}): {way_out}, or "
            "let CACHE_DIR name a folder of your own, for downloads, before Jupyter starts."
        ) from None


@contextmanager
def _alone(spec: DataSet, lock: Path) -> Iterator[None]:
    """One download of a data set at a time; where nothing can be locked, each on its own."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, seconds=0))
        except Timeout:
            print(f"Another program is fetching {spec.name}, which is waited for.")
            stack.enter_context(locked(lock, seconds=-1))
        yield


def _receive(spec: DataSet, part: Path, url: str, output: str, pooch) -> None:
    """What pooch calls a downloader. It removes ``output`` after any error; ``part`` stays."""
    large = spec.size > LARGE
    target, unit, units = (part, 10**6, "mega") if large else (Path(output), 1000, "kilo")
    have = target.stat().st_size if target.exists() else 0
    if have < spec.size:
        with _open(spec, have) as response:
            have = have if response.status_code == 206 else 0
            left = spec.size - have
            blocks, before = _blocks(response, unit, left), have // unit
            total, label = before - (-left // unit), f"{spec.name}, {units}bytes"
            with open(target, "ab" if have else "wb") as file:
                for block in progress(blocks, total, label, initial=before):
                    file.write(block)
    have = target.stat().st_size
    if have < spec.size:
        kept = ", which are kept" if large else ""
        came = f"{have:,} of {spec.size:,} bytes{kept}"
        raise DownloadError(
            f"The download of {spec.name} was cut off after {came}: run this again."
        )
    patiently(os.replace, target, output)


def _open(spec: DataSet, have: int):
    """The server's answer, from byte ``have`` on where it can do that."""
    import requests

    # Archives are taken as they are, never packed once more for the way.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    way = f"run this again later, or set {spec.variable} to a copy of your own."
    try:
        response = requests.get(spec.url, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.RequestException as error:
        unreached = isinstance(error, (requests.ConnectionError, requests.Timeout))
        raise (UnreachableError if unreached else DownloadError)(
            f"{spec.name} cannot be fetched, as its server is not reached ({_reason(error)}): "
            f"see that the network is there, and {way}"
        ) from None
    expected = str(spec.size - have if response.status_code == 206 else spec.size)
    offered = response.headers.get("Content-Length", expected).strip()
    fault = f"it offers {offered} bytes and not {expected}"
    if response.status_code not in (200, 206):
        fault = f"HTTP {response.status_code} {response.reason}"
    elif offered == expected:
        return response
    response.close()
    raise DownloadError(
        f"The server does not give {spec.name} as it was published ({fault}): {way}"
    )


def _blocks(response, unit: int, left: int) -> Iterator[bytes]:
    """The file's bytes as they are, never more than ``left``; fewer where the connection breaks."""
    from urllib3.exceptions import HTTPError

    try:
        while left and (block := response.raw.read(min(unit, left), decode_content=False)):
            left -= len(block)
            yield block
    except (HTTPError, OSError):
        return


def _reason(error: BaseException) -> str:
    """The operating system's words, from under what requests and urllib3 wrap them in."""
    while not getattr(error, "strerror", None) and (error.__cause__ or error.__context__):
        error = error.__cause__ or error.__context__
    return getattr(error, "strerror", None) or str(error)
