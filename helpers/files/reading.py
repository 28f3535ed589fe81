"""Files of music as plain lists of notes: what all readers share, and the one for MusicXML.

The readers (here, in ``midi_reader`` and in ``abc_notation``) are the kit's own because they meet
files from anywhere: damaged bytes crash the whole process inside symusic 0.5.9, and music21 takes
a minute for a long ABC tune and runs inline voices together. Time is counted in quarter notes.
Errors are ``MusicFileError`` whose text goes on from the file's name: "song.mid" + " breaks off".
"""

from __future__ import annotations

from typing import NamedTuple

from ..course.errors import OneSentence

MAX_NOTES = 100_000  # in the whole file, all parts
DRUM_CHANNEL = 9  # General MIDI's channel 10
STEP_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class MusicFileError(OneSentence, ValueError):
    """A file that no music can be read from: one sentence that says why and what to do."""


class Part(NamedTuple):
    """One track, staff or voice. notes: (start, end, MIDI pitch) in quarters; bars: the downbeats
    in quarters where the notation has bar lines, else None; program: of General MIDI, from 0."""

    name: str
    notes: list[tuple[float, float, int]]
    drums: bool = False
    bars: list[float] | None = None
    program: int | None = None


class Reading(NamedTuple):
    """A file's parts, and what holds for all: tempos (start, quarters a minute), metres (start,
    beats, beat unit), remarks for the report as whole sentences. key, rhythm and number are an ABC
    tune's fields K:, R: and X: as they are written, such as ``"Edor"``, ``"reel"``, ``"12"``."""

    kind: str
    title: str
    parts: list[Part]
    tempos: list[tuple[float, float]]
    metres: list[tuple[float, int, int]]
    remarks: list[str]
    key: str = ""
    rhythm: str = ""
    number: str = ""


def clean_name(text: str, length: int = 80) -> str:
    """A name fit for a sentence: one line of printable characters, 80 at most."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:length]


def too_many_notes(limit: int = MAX_NOTES) -> MusicFileError:
    return MusicFileError(
        f"holds more than is read here (at most {limit:,} notes): keep only the part that you need "
        "in your notation program, and save that."
    )


def usable_metre(beats: int, unit: int) -> bool:
    return 1 <= beats <= 64 and unit in (1, 2, 4, 8, 16, 32, 64)


def downbeats(measures: list[tuple[float, float, float]]) -> list[float]:
    """The measures (start, length, length of a full bar) that begin a bar: not a pickup, and not
    the second half of a bar that a repeat sign splits in two."""
    starts, filled = [], 0.0
    for number, (start, length, full) in enumerate(measures):
        if number == 0 and length < full - 1e-6:
            filled = full - length
        elif length > full - 1e-6:
            filled = 0.0
        if filled < 1e-6:
            starts.append(start)
        filled = (filled + length) % full
        filled = 0.0 if full - filled < 1e-6 else filled
    return starts


def decode(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, else read as Latin-1, which never fails."""
    try:
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
