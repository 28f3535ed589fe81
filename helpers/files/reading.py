"""What all readers share: a piece as its file tells it, and the sentences for what is wrong.

The readers (one module a format) are the kit's own because they meet files from anywhere: other
libraries' break on damaged bytes, drop notes, or take a minute for a long tune. Times are in steps,
four to a quarter. Errors are ``MusicFileError`` whose text goes on from the file's name: "song.mid"
+ " breaks off".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..course.errors import OneSentence
from ..music.grid import MAX_STEPS, STEPS_PER_BAR
from ..music.seconds import FASTEST, SLOWEST
from ..music.timeline import VELOCITY, Part, Timeline

MAX_NOTES = 100_000  # of a file of notation, all parts together
MAX_PARTS = 256
DRUM_CHANNEL = 9  # General MIDI's channel 10
STEP_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class MusicFileError(OneSentence, ValueError):
    """A file that no music can be read from: one sentence that says why and what to do."""


class Reading(NamedTuple):
    """One piece: the music, and what only a file has.

    kind: "MIDI file", "MusicXML score" or "ABC tune". timeline: the parts that have notes, under
    the names that the file gives them, "" where it gives none; so with the piece's name. metres
    (step, beats, beat unit) and tempos (step, quarters a minute) are as written, those that are
    not believed among them. remarks: what was mended or left out, as whole sentences. chords
    (step, symbol), rhythm and number: an ABC tune's chord symbols such as "Am7", and its fields R:
    and X: such as "reel" and "12".
    """

    kind: str
    timeline: Timeline
    metres: list[tuple[float, int, int]]
    tempos: list[tuple[float, float]]
    remarks: list[str]
    chords: Sequence[tuple[float, str]] = ()
    rhythm: str = ""
    number: str = ""


def make_reading(
    kind: str,
    parts: list[Part],
    title: str,
    metres: list[tuple[float, int, int]],
    tempos: list[tuple[float, float]],
    remarks: list[str],
    steps: float = 0.0,
    bars=None,
    key: str = "",
    first_tempo: float | None = None,
    **more,
) -> Reading:
    """What a reader hands on of what it found.

    steps: how long the piece lasts, rests at its end included, or 0 where nobody knows. bars:
    the downbeats that the notation has; None puts them where the metres do. first_tempo: see
    ``tempo_changes``. Raises MusicFileError on more than 256 parts and on more than ``MAX_STEPS``.
    """
    parts = [part for part in parts if len(part.notes)]
    if len(parts) > MAX_PARTS:
        raise MusicFileError(f"has more than {MAX_PARTS} parts: leave it out, or take it apart.")
    steps = float(max([steps, *(part.notes[:, 1].max() for part in parts)]))
    if steps > MAX_STEPS:
        raise MusicFileError(
            f"holds a piece of {steps:,.0f} sixteenths, and at most {MAX_STEPS:,} are read: cut "
            "it, and save the parts."
        )
    metres, tempos = (sorted(some, key=lambda entry: entry[0]) for some in (metres, tempos))
    remarks = list(remarks)
    if not all(playable(tempo) for _, tempo in tempos):
        remarks.append("An impossible tempo was left out.")
    tempo, later_tempos = tempo_changes(tempos, first_tempo)
    if bars is not None and len(bars):
        bars = np.unique(np.round(bars, 6))
    else:
        bars = bars_of_metres(metres, steps)
    timeline = Timeline(
        parts,
        steps,
        bars if parts else None,
        tempo,
        title,
        longest_metre(metres, 0, steps) if parts else "",
        key,
        later_tempos,
    )
    return Reading(kind, timeline, metres, tempos, remarks, **more)


# --- tempos ------------------------------------------------------------------------------------


def believed_tempos(tempos) -> list[tuple[float, float]]:
    """Those that can be played: a damaged or careless file has others. Of several at one step the
    last counts."""
    return list({step: tempo for step, tempo in tempos if playable(tempo)}.items())


def playable(tempo: float) -> bool:
    return SLOWEST <= tempo <= FASTEST


def tempo_changes(tempos, first_tempo: float | None) -> tuple[float | None, np.ndarray | None]:
    """``(tempo, later_tempos)`` of a ``Timeline``. first_tempo: what holds before the first that is
    written; None lets that one hold from the beginning."""
    tempo, later = first_tempo, []
    for step, value in believed_tempos(tempos):
        if step <= 0 or tempo is None:
            tempo = value
        elif value != (later[-1][1] if later else tempo):
            later.append((step, value))
    return tempo, np.array(later) if later else None


# --- notes -------------------------------------------------------------------------------------


def note_table(notes: list[tuple[float, float, int]]) -> np.ndarray:
    """Notes (start, end, pitch) of notation as a part of a timeline has them."""
    table = np.full((len(notes), 4), float(VELOCITY))
    if notes:
        table[:, :3] = notes
    return table[np.lexsort((table[:, 2], table[:, 0]))]


# --- metres and bars ---------------------------------------------------------------------------


def usable_metre(beats: int, unit: int) -> bool:
    return 1 <= beats <= 64 and unit in (1, 2, 4, 8, 16, 32, 64)


def longest_metre(metres, first: float, last: float) -> str:
    """The time signature that holds longest between two steps; 4/4 where none is written."""
    metres = _from_the_beginning(metres)
    edges = [max(first, min(start, last)) for start, _, _ in metres] + [last]
    held = [end - begin for begin, end in zip(edges, edges[1:], strict=False)]
    _, beats, unit = metres[held.index(max(held))]
    return f"{beats}/{unit}"


def bars_of_metres(metres, steps: float) -> np.ndarray:
    """The downbeats up to so many steps where nothing but metres says where they are. A beginning
    in a metre that lasts one bar, shorter than the next, is a pickup."""
    metres = _from_the_beginning(metres)
    bars = [np.zeros(0)]
    for (start, beats, unit), following in zip(metres, [*metres[1:], None], strict=True):
        length = STEPS_PER_BAR * beats / unit
        end = min(following[0], steps) if following else steps
        longer = following is not None and beats / unit < following[1] / following[2]
        if not (longer and start == 0 and end == length):
            bars.append(np.arange(start, end - 1e-6, length))
    return np.concatenate(bars)


def _from_the_beginning(metres) -> list[tuple[float, int, int]]:
    return list(metres) if metres and metres[0][0] <= 0 else [(0.0, 4, 4), *metres]


def bars_of_measures(
    measures: list[tuple[float, float, float]], endings: dict[int, bool] | None = None
) -> list[float]:
    """The measures (start, length, length of a full bar) that begin a bar: not a pickup, and not
    the second half of a bar that a repeat sign splits in two.

    endings: the places of measures that begin an ending, and whether it is the first one: they all
    go on from what comes before the first one.
    """
    starts, filled, before = [], 0.0, None
    for number, (start, length, full) in enumerate(measures):
        if endings and number in endings:
            before = filled if endings[number] else before
            filled = filled if before is None else before
        if number == 0 and length < full - 1e-6:
            filled = full - length
        elif length > full - 1e-6:
            filled = 0.0
        if filled < 1e-6:
            starts.append(start)
        filled = (filled + length) % full if full > 0 else 0.0
        filled = 0.0 if full - filled < 1e-6 else filled
    return starts


# --- text --------------------------------------------------------------------------------------


def clean_name(text: str, length: int = 80) -> str:
    """A name fit for a sentence: one line of printable characters, 80 at most."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:length]


def too_many_notes(limit: int = MAX_NOTES) -> MusicFileError:
    return MusicFileError(
        f"holds more than is read here (at most {limit:,} notes): keep only the part that you need "
        "in your notation program, and save that."
    )


def check_size(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise MusicFileError(
            f"is larger than {limit / 1e6:g} MB, which is more than is read here: cut out the part "
            "that you need in your notation program and save that."
        )


def decode(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, else read as Windows-1252, where a byte that stands for nothing
    becomes a mark that says so. It never fails, and makes no control characters."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if data[1:4:2] == b"\0\0" and data[0] and data[2]:  # UTF-16 without a mark: Latin letters
        return data.decode("utf-16-le", "replace")
    if data[:4:2] == b"\0\0" and data[1] and data[3:4].strip(b"\0"):
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
