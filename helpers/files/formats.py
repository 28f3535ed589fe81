"""Which formats there are, which one a file has, and its content: whatever is wrong with it is said
in one sentence that begins with the file's name."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from ..music.timeline import Timeline
from .abc_reader import read_abc_tunes
from .midi_reader import midi_within, read_midi
from .musicxml_reader import MAX_XML_BYTES, read_musicxml
from .reading import MusicFileError, Reading, check_size, clean_name, decode


class Format(NamedTuple):
    """suffixes: what its files' names end in. looks_like: whether bytes are of this format.
    max_bytes: of a file. read: bytes, and a list for the sentences of pieces that are left out or
    None, to the file's pieces, at least one, each with notes or the only one."""

    name: str
    suffixes: tuple[str, ...]
    looks_like: Callable[[bytes], bool]
    max_bytes: int
    read: Callable[[bytes, list[str] | None], Iterable[Reading]]


def looks_like_midi(data: bytes) -> bool:
    return bool(midi_within(data)) or (data[:4] == b"RIFF" and data[8:12] == b"RMID")


def looks_like_musicxml(data: bytes) -> bool:
    return data[:2] == b"PK" or decode(data).lstrip()[:1] == "<"


def looks_like_abc(data: bytes) -> bool:
    text = decode(data)
    return "\0" not in text and re.search(r"^[XK]:", text, re.MULTILINE) is not None


FORMATS = (
    Format(
        *("MIDI", (".mid", ".midi", ".kar", ".rmi"), looks_like_midi, 4_000_000),
        lambda data, refused: [read_midi(data)],
    ),
    Format(
        *("MusicXML", (".musicxml", ".xml", ".mxl"), looks_like_musicxml, MAX_XML_BYTES),
        lambda data, refused: [read_musicxml(data)],
    ),
    Format("ABC", (".abc",), looks_like_abc, 2_000_000, read_abc_tunes),
)
SUFFIXES = tuple(suffix for format in FORMATS for suffix in format.suffixes)
NAMES = [format.name for format in FORMATS]
ANY_FORMAT = f"{', '.join(NAMES[:-1])} or {NAMES[-1]}"
NOTES = f"music is read from notes, as {ANY_FORMAT}"
EXPORT = f"open it there and export it as {ANY_FORMAT}"
DOWNLOAD = "download the file itself (from GitHub with the button for the raw file)"
# What else a file may be: how it begins, what that is, what to do. What may come before the first
# element of XML is matched once and never again, or a file could keep the search busy for ever.
START = rb"(?:\xef\xbb\xbf)?+(?>\s+|<\?.*?\?>|<!--.*?-->|<!(?i:doctype\s+(?!html))[^>]*>)*+"
OTHERS = tuple(
    (re.compile(pattern, re.DOTALL), what, advice)
    for pattern, what, advice in (
        (
            rb"RIFF....WAVE|fLaC|OggS\0|FORM....AIF|ID3[\x02-\x04]|caff\0|\.snd\0",
            "recorded sound",
            NOTES,
        ),
        (rb"\xff[\xe2\xe3\xf0-\xf5\xf8-\xfd]", "recorded sound", NOTES),  # MP3 or AAC
        (rb"\0\0..ftyp|\x1aE\xdf\xa3|0&\xb2u", "recorded sound or a film", NOTES),
        (rb"%PDF-", "a PDF, pages to look at", NOTES),
        (
            rb"\x89PNG|\xff\xd8\xff|GIF8|BM....\0\0\0\0|II\*\0|MM\0\*|RIFF....WEBP",
            "a picture",
            NOTES,
        ),
        (START + rb"<svg\b", "a picture", NOTES),
        (
            START + rb"<(?i:!doctype\s+html|html|head|body)\b",
            "a web page and no MusicXML score or other file of music",
            DOWNLOAD,
        ),
        (rb"version https://git-lfs|\[InternetShortcut\]", "only a link to a file", DOWNLOAD),
        (rb"404: Not Found", "the answer of a server that has no such file", "check the address"),
        (
            rb"\x00\x05\x16\x07",
            "what macOS keeps beside a file",
            "give the one without ._ before it",
        ),
        (START + rb"<museScore\b", "a file of MuseScore", EXPORT),
        (rb"\x0fSIBELIUS", "a file of Sibelius", EXPORT),
        (rb"ENIGMA BINARY FILE", "a file of Finale", EXPORT),
        (rb".FICHIER GUITAR PRO|BCF[SZ]", "a file of Guitar Pro", EXPORT),
        (rb"\[NoteWorthy|\[NWZ\]", "a file of NoteWorthy Composer", EXPORT),
        (START + rb"<mei\b", "a score in MEI", "turn it into MusicXML, as MuseScore can"),
        (
            rb"(?>\s+|%\{.*?%\}|%[^\n]*\n)*+\\(version|header|include|language|score|relative)\b",
            "a score for LilyPond",
            r"let LilyPond write MIDI, with \midi { } in the score",
        ),
        (
            rb"(?>\s+|!![^\n]*\n)*+\*\*(kern|mens|recip|pitch)\b",
            "a Humdrum file",
            "turn it into MusicXML or MIDI",
        ),
        (rb"XMF_", "a ringtone (XMF)", NOTES),
        (rb"\x1f\x8b|7z\xbc\xaf|Rar!", "an archive", "unpack it, and give one of its files"),
    )
)
ZIPPED = {  # a file in the zip by which it is known
    rb".mscx": "a file of MuseScore",
    rb"score.gpif": "a file of Guitar Pro",
    rb"NotationMetadata.xml": "a file of Finale",
}


def check_others(data: bytes) -> None:
    """Raises MusicFileError on what is known to be of another format."""
    for pattern, what, advice in OTHERS:
        if pattern.match(data):
            raise MusicFileError(f"is {what}: {advice}.")
    for name, what in ZIPPED.items():
        if data.startswith(b"PK") and name in data:
            raise MusicFileError(f"is {what}: {EXPORT}.")


def read_content(
    data: bytes, suffix: str = "", refused: list[str] | None = None
) -> Iterable[Reading]:
    """The pieces of a file's bytes, at least one; the content decides, the suffix is only told.

    Raises MusicFileError for what cannot be read; a piece among several that cannot raises it too,
    or, where ``refused`` is a list, is left out and a sentence is added there.
    """
    check_others(data)
    for format in FORMATS:
        if format.looks_like(data):
            check_size(data, format.max_bytes)
            return format.read(data, refused)
    check_size(data, max(format.max_bytes for format in FORMATS))
    claim = f", although its name ends in {clean_name(suffix)}" if suffix else ""
    raise MusicFileError(f"is neither {' nor '.join(NAMES)}{claim}: export it as one of these.")


# --- files -------------------------------------------------------------------------------------


def read_music(path) -> Timeline:
    """A MIDI (.mid), MusicXML (.musicxml, .xml, .mxl) or ABC (.abc) file as notes in time: all its
    parts, drums among them, with their velocities, programs, pedals and changes of tempo where the
    file has any.

    The content decides, not the suffix. Nothing is rounded. Notation has velocity 80 throughout;
    its repeat signs are not followed, its grace notes and unpitched drums are left out. Bar lines
    are where the notation has them, in MIDI where the time signatures put them. Of an ABC book it
    is the first tune.

    Raises MusicFileError, a ValueError of one sentence, for whatever cannot be read. Limits: 4 MB
    of MIDI, 2 MB of ABC, 12 MB of MusicXML; 500,000 notes of MIDI, 100,000 of others; 256 parts and
    200,000 sixteenths a piece.
    """
    with one_sentence(path) as path:
        return named_timeline(next(iter(readings_of(path))), clean_name(path.stem))


def read_pieces(path, refused: list[str] | None = None) -> list[Timeline]:
    """As ``read_music``, all the tunes of an ABC book, else the one piece.

    A tune that cannot be read raises MusicFileError, or, where ``refused`` is a list, is left out
    and a sentence is added there.
    """
    with one_sentence(path) as path:
        readings = readings_of(path, refused)
        return [named_timeline(reading, clean_name(path.stem)) for reading in readings]


def readings_of(path: Path, refused: list[str] | None = None) -> Iterable[Reading]:
    """The pieces of a file, each read when it is asked for; see ``read_content``."""
    return read_content(read_bytes(path), path.suffix.lower(), refused)


def named_timeline(reading: Reading, name: str = "") -> Timeline:
    """The piece under this name, and its parts under names of their own, where the file gives
    none."""
    from ..music.conversion import program_name

    timeline, taken, parts = reading.timeline, Counter(), []
    for number, part in enumerate(timeline.parts, 1):
        own = part.name or ("melody" if len(timeline.parts) == 1 else f"voice {number}")
        if not part.name and (part.is_drum or part.program is not None):
            own = program_name(part.program or 0, part.is_drum)
        taken[own] += 1
        parts.append(part._replace(name=f"{own} {taken[own]}" if taken[own] > 1 else own))
    return timeline._replace(parts=parts, name=timeline.name or name)


@contextmanager
def one_sentence(path) -> Iterator[Path]:
    """Whatever goes wrong here with a file becomes a MusicFileError that begins with its name."""
    if not isinstance(path, (str, PathLike)):
        raise MusicFileError(f"A file's path is text or a Path, not {type(path).__name__}.")
    path = Path(os.path.expanduser(path))
    name = clean_name(path.name) or str(path)
    try:
        yield path
    except MusicFileError as error:
        raise MusicFileError(f"{name} {error}") from None
    except Exception as error:  # the last net: a student's file never shows our insides
        raise MusicFileError(
            f"{name} could not be read as music ({type(error).__name__}): export it again, or take "
            "another copy."
        ) from None


def read_bytes(path: Path) -> bytes:
    """At most a byte more than the largest file that is read."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise MusicFileError("is a folder: give the path of one file in it.")
        if not stat.S_ISREG(mode):
            raise MusicFileError("is not an ordinary file: give the path of a file of music.")
        with open(path, "rb") as file:
            data = file.read(max(format.max_bytes for format in FORMATS) + 1)
    except MusicFileError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        folder = clean_name(str(path.absolute().parent))
        raise MusicFileError(f"was not found in {folder}: check the path.") from None
    except PermissionError:
        raise MusicFileError(
            "may not be read: ask its owner for permission, or for a copy in a folder of your own."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no possible path"
        raise MusicFileError(f"cannot be opened ({reason.lower()}): check its path.") from None
    if not data.strip(b"\0 \t\r\n"):
        raise MusicFileError("is empty: export it again from your notation program.")
    return data
