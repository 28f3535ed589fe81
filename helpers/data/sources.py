"""Data sets that are fetched when the student asks for them, and only then.

Each is an official zip file whose size and SHA-256 are known. ``data_set_folder`` finds a copy, or
fetches, checks and unpacks one; a download that is cut off or altered leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..course.progress_bar import progress
from ..course.settings import DATA_FOLDER, ROOT
from ..course.storage import recover_folder, whole_folder

DOWNLOADS = DATA_FOLDER / "downloads"
TIMEOUT = 30  # seconds without an answer
KILOBYTE = 1000
MOST_BYTES = 1_000_000_000  # unpacked; the largest of these zip files has 58 MB
MOST_FILES = 20_000
# Device names of Windows: a file of that name would be written to the device.
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


class DataSet(NamedTuple):
    """A data set to be fetched. size: of the zip file in bytes. variable: the environment variable
    that names a copy of one's own. marker: a file in the data set's folder, by which a copy is
    known. licence: its name and whom to credit."""

    name: str
    url: str
    size: int
    sha256: str
    variable: str
    marker: str
    licence: str


GROOVE = DataSet(
    "groove",
    "https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip",
    3_260_318,
    "651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
    "GROOVE_DIR",
    "info.csv",
    "Groove MIDI Dataset 1.0.0 by Google LLC, CC BY 4.0",
)
MAESTRO = DataSet(
    "maestro",
    "https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/maestro-v3.0.0-midi.zip",
    58_416_533,
    "70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c",
    "MAESTRO_DIR",
    "maestro-v3.0.0.csv",
    "MAESTRO 3.0.0 by Google LLC, CC BY-NC-SA 4.0: not for commercial use",
)


class DownloadError(RuntimeError):
    """A data set that could not be had: one sentence that says why and what to do."""


class UnreachableError(DownloadError):
    """There is no way to the server: most likely no network."""


def data_set_folder(spec: DataSet, download: bool = False) -> Path | None:
    """The folder that holds ``spec.marker``: the copy that the environment variable
    ``spec.variable`` names (a relative path counts from the project's root), else an earlier
    download in ``data/downloads``, else with ``download`` a new one. None where there is none.

    Without ``download`` nothing is fetched. Raises DownloadError where the variable names another
    folder, and where the download fails: UnreachableError where the server is not reached.
    """
    named = os.environ.get(spec.variable, "").strip()
    if named:
        found = _with_marker(ROOT / Path(named).expanduser(), spec.marker)
        if found is None:
            raise DownloadError(
                f"The environment sets {spec.variable} to {named!r}, but {spec.marker} is not "
                "there: name the folder that holds it, or unset the variable."
            )
        return found
    folder = DOWNLOADS / spec.name
    recover_folder(folder)
    found = _with_marker(folder, spec.marker)
    if found is None and download:
        try:
            _fetch(spec, folder)
        except OSError as error:  # those of the network are caught where they arise
            raise DownloadError(
                f"{spec.name} cannot be written to data/downloads ({error.strerror or error}): "
                "make room there, or get write access."
            ) from None
        found = _with_marker(folder, spec.marker)
        if found is None:
            raise DownloadError(f"{spec.name} was fetched, but holds no {spec.marker}.")
    return found


def _with_marker(folder: Path, marker: str) -> Path | None:
    """The folder itself or one in it, as most zip files have one, whichever holds the marker."""
    if not folder.is_dir():
        return None
    places = (folder, *sorted(place for place in folder.iterdir() if place.is_dir()))
    return next((place for place in places if (place / marker).is_file()), None)


# --- fetching ----------------------------------------------------------------------------------


def _fetch(spec: DataSet, folder: Path) -> None:
    """Downloads, checks and unpacks. The zip file never has a name, so that not even a killed
    process leaves any of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder.parent) as file:
        digest, count = hashlib.sha256(), 0
        for block in progress(
            _blocks(spec), total=-(-spec.size // KILOBYTE), label=f"{spec.name}, kilobytes"
        ):
            file.write(block)
            digest.update(block)
            count += len(block)
        if count < spec.size:
            raise DownloadError(
                f"The download of {spec.name} was cut off after {count:,} of {spec.size:,} bytes "
                "and is removed: run this again to fetch it anew."
            )
        if digest.hexdigest() != spec.sha256:
            raise DownloadError(
                f"The download of {spec.name} is not the file that was published (its SHA-256 "
                "differs) and is removed: run this again to fetch it anew."
            )
        unpack(file, folder)


def _blocks(spec: DataSet) -> Iterator[bytes]:
    """The file's bytes, a kilobyte at a time and never more than it should have; fewer where the
    connection breaks."""
    import http.client
    import urllib.error
    import urllib.request

    request = urllib.request.Request(spec.url, headers={"Accept-Encoding": "identity"})
    try:
        response = _open(request)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(
            f"The server does not give {spec.name} (HTTP {error.code} {error.reason}): run this "
            f"again later, or name a copy of your own in {spec.variable}."
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise UnreachableError(
            f"{spec.name} cannot be fetched, as its server is not reached "
            f"({getattr(reason, 'strerror', None) or reason or type(error).__name__}): "
            "see that the network is there, and run this again."
        ) from None
    with response:
        offered = response.headers.get("Content-Length", "").strip()
        if offered and offered != str(spec.size):
            raise DownloadError(
                f"The server offers {offered} bytes for {spec.name} and not {spec.size}, so this "
                "is not the file that was published: run this again later, or name a copy of your "
                f"own in {spec.variable}."
            )
        left = spec.size
        while left:
            try:
                block = response.read(min(KILOBYTE, left))
            except (OSError, http.client.HTTPException):
                return
            if not block:
                return
            left -= len(block)
            yield block


def _open(request):
    """The server's answer, a file to read from."""
    import ssl
    import urllib.error
    import urllib.request

    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
    # Python from python.org comes without certificates on macOS.
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    return urllib.request.urlopen(request, timeout=TIMEOUT, context=context)


# --- unpacking ---------------------------------------------------------------------------------


def unpack(
    zip_file: Path | BinaryIO,
    folder: Path,
    most_bytes: int = MOST_BYTES,
    most_files: int = MOST_FILES,
) -> None:
    """Unpacks a zip file into a new ``folder`` (an old one is replaced), whole or not at all.

    Raises DownloadError, before anything is written, where a file would land outside the folder,
    or on another one in it, is a link or anything but a plain file, is encrypted, or where all
    together would have more than ``most_bytes``; later where the zip file proves damaged.
    """
    folder = Path(folder)
    try:
        with zipfile.ZipFile(zip_file) as archive:
            members = archive.infolist()
            _check(members, most_bytes, most_files)
            with whole_folder(folder) as new:
                free = shutil.disk_usage(new).free
                if sum(member.file_size for member in members) > free:
                    raise DownloadError(
                        f"The disk has {free:,} bytes left, too few for what this zip file holds: "
                        "make room and run this again."
                    )
                for member in members:
                    _write(archive, member, new)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise DownloadError(
            f"The zip file is damaged ({str(error).rstrip('.')}) and not unpacked: fetch it anew."
        ) from None


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    path = folder.joinpath(*member.filename.split("/"))
    if member.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Python's zipfile stops at the size that was declared, and then compares the checksum.
    with archive.open(member) as source, open(path, "xb") as target:
        shutil.copyfileobj(source, target, 1 << 16)


def _check(members: list[zipfile.ZipInfo], most_bytes: int, most_files: int) -> None:
    """Raises DownloadError where the members are not to be written."""
    total = sum(member.file_size for member in members)
    if total > most_bytes:
        raise DownloadError(
            f"The zip file says it holds {total:,} bytes, more than the {most_bytes:,} that are "
            "allowed, and is not unpacked."
        )
    if len(members) > most_files:
        raise DownloadError(
            f"The zip file says it holds {len(members):,} files, more than the {most_files:,} "
            "that are allowed, and is not unpacked."
        )
    files, folders = set(), set()
    for member in members:
        name = member.orig_filename
        fault = _name_fault(name) or _kind_fault(member)
        # As a file system sees it that does not tell capitals or ways to write accents apart.
        parts = unicodedata.normalize("NFC", name).casefold().rstrip("/").split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        path = "/".join(parts)
        if not fault and (
            path in files or above & files or (not member.is_dir() and path in folders)
        ):
            fault = "stands there twice"
        if fault:
            raise DownloadError(
                f"The zip file is not unpacked, because {ascii(name)[:80]} in it {fault}."
            )
        folders |= above
        (folders if member.is_dir() else files).add(path)


def _name_fault(name: str) -> str:
    """What is wrong with a member's path, or nothing. Windows' rules hold everywhere."""
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        return "is an absolute path"
    parts = name.removesuffix("/").split("/")
    if ".." in parts:
        return "leads out of the folder"
    if any(not part.strip(" .") or part != part.rstrip(" .") for part in parts):
        return "has a part without a name"
    if any(c in '\\:<>"|?*' or ord(c) < 32 for c in name):
        return "has a character that file names must not have"
    if any(part.split(".")[0].rstrip().lower() in DEVICES for part in parts):
        return "names a device of Windows"
    if len(name) > 200:
        return "is longer than 200 characters"
    return ""


def _kind_fault(member: zipfile.ZipInfo) -> str:
    """What is wrong with a member other than its path, or nothing."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
        return "is a link" if kind == stat.S_IFLNK else "is no plain file"
    if member.is_dir() and member.file_size:
        return "is a folder with content"
    if member.flag_bits & 0x2041:  # encrypted, strongly so, or its header masked
        return "is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in an unusual way"
    return ""
