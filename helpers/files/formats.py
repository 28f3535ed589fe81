"""Which format a file has, and its content, read with one sentence for whatever is wrong."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .abc_reader import read_abc
from .midi_reader import read_midi
from .musicxml_reader import read_musicxml
from .reading import MusicFileError, Reading, clean_name, decode

MAX_MIDI_BYTES = 2_000_000
MAX_ZIP_BYTES = 2_000_000  # of an .mxl; its score may unfold to MAX_TEXT_BYTES
MAX_TEXT_BYTES = 12_000_000  # of MusicXML; music21 writes 350 bytes a note
MAX_ABC_BYTES = 2_000_000


# --- files -------------------------------------------------------------------------------------


def checked_path(path) -> Path:
    try:
        return Path(path)
    except TypeError:
        raise MusicFileError(
            f"A file's path is text or a Path, not {type(path).__name__}."
        ) from None


@contextmanager
def one_sentence(path: Path) -> Iterator[None]:
    """Whatever goes wrong here with a file becomes a MusicFileError that begins with its name."""
    name = clean_name(path.name) or str(path)
    try:
        yield
    except MusicFileError as error:
        raise MusicFileError(f"{name} {error}") from None
    except Exception as error:  # the last net: a student's file never shows our insides
        raise MusicFileError(
            f"{name} could not be read as music ({type(error).__name__}): export it again, or take "
            "another copy."
        ) from None


def read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise MusicFileError("is a folder: give the path of one file in it.")
        if not path.exists():
            folder = clean_name(str(path.absolute().parent))
            raise MusicFileError(f"was not found in {folder}: check the path.")
        if not path.is_file():
            raise MusicFileError("is not an ordinary file: give the path of a file of music.")
        with open(path, "rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, MusicFileError):
            raise
        reason = getattr(error, "strerror", None) or "no possible path"
        raise MusicFileError(f"cannot be opened ({reason.lower()}): check its path.") from None
    if not data.strip(b"\0 \t\r\n"):
        raise MusicFileError("is empty: export it again from your notation program.")
    return data


def check_size(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise MusicFileError(
            f"is larger than {limit / 1e6:g} MB, which is more than is read here: cut out the part "
            "that you need in your notation program and save that."
        )


def read_content(data: bytes, suffix: str) -> Reading:
    """Chooses the reader by what the file begins with."""
    kind, content = sort_content(data, suffix, MAX_MIDI_BYTES)
    if kind == "midi":
        return read_midi(content)
    return read_musicxml(content) if kind == "musicxml" else read_abc(content)


def sort_content(data: bytes, suffix: str, max_midi_bytes: int) -> tuple[str, bytes | str]:
    """``("midi", bytes)``, ``("musicxml", text)`` or ``("abc", text)``, none larger than is
    read; for what is none of them a MusicFileError."""
    if data[:4] == b"MThd" or (data[:4] == b"RIFF" and data[8:12] == b"RMID"):
        check_size(data, max_midi_bytes)
        return "midi", data
    if data.startswith((b"RIFF", b"fLaC", b"OggS", b"FORM", b"ID3", b"\xff\xfb")):
        raise MusicFileError(
            "is recorded sound: music is read from notes, as MIDI, MusicXML or ABC."
        )
    if data[:2] == b"PK":
        check_size(data, MAX_ZIP_BYTES)
        data = unzip_score(data)
    check_size(data, MAX_TEXT_BYTES)
    text = decode(data)
    if text.lstrip()[:1] == "<":
        return "musicxml", text
    if "\0" not in text and re.search(r"^[XK]:", text, re.MULTILINE):
        check_size(data, MAX_ABC_BYTES)
        return "abc", text
    claim = f", although its name ends in {clean_name(suffix)}" if suffix else ""
    raise MusicFileError(f"is neither MIDI nor MusicXML nor ABC{claim}: export it as one of these.")


def unzip_score(data: bytes) -> bytes:
    """The score in a compressed MusicXML file (.mxl): the one its container names."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            scores = [n for n in names if n.lower().endswith((".musicxml", ".xml"))]
            score = next((n for n in scores if not n.startswith("META-INF")), None)
            if "META-INF/container.xml" in names:
                with archive.open("META-INF/container.xml") as file:
                    named = re.search(r'full-path\s*=\s*["\']([^"\']+)', decode(file.read(100_000)))
                score = named[1] if named and named[1] in names else score
            if score is None:
                raise MusicFileError(
                    "is a zip file without a MusicXML score: export it as MusicXML."
                )
            with archive.open(score) as file:  # never more than the limit, whatever it claims
                return file.read(MAX_TEXT_BYTES + 1)
    except MusicFileError:
        raise
    except Exception:  # zipfile and its decompressors raise a dozen kinds
        raise MusicFileError("is a damaged or locked zip file (.mxl): export it again.") from None
