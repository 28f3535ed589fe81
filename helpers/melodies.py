"""A melody from anybody's file: MIDI, MusicXML or ABC in, one voice on the sixteenth grid out."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .abc_notation import read_abc
from .course import DATA_FOLDER
from .midi_reader import read_midi
from .music import (
    DEFAULT_TEMPO,
    STEPS_PER_QUARTER,
    Piece,
    as_onsets,
    as_voices,
    nearest_steps,
    roll_to_voices,
)
from .readers import MusicFileError, Part, Reading, clean_name, decode, read_musicxml

if TYPE_CHECKING:  # it imports pretty_midi, which takes a moment
    from .timeline import Timeline

__all__ = ["LoadedMelody", "MusicFileError", "load_melody", "melody_files"]

MELODIES_FOLDER = DATA_FOLDER / "melodies"
MAX_MIDI_BYTES = 2_000_000
MAX_ZIP_BYTES = 2_000_000  # of an .mxl; its score may unfold to MAX_TEXT_BYTES
MAX_TEXT_BYTES = 12_000_000  # of MusicXML; music21 writes 350 bytes a note
MAX_ABC_BYTES = 2_000_000
MAX_STEPS = 20_000  # of the melody, about 50 minutes at 100 quarters a minute
TEMPO_RANGE = (10, 400)  # quarters a minute that are believed
NAMED_LIKE_A_MELODY = ("melod", "sopran", "cantus", "tune", "voice", "vocal", "vox", "lead", "solo")
NAMED_OTHERWISE = ("back", "harmon", "accomp")  # "backing vocals" is no melody
GRID_TOLERANCE = 0.02  # of a sixteenth: closer than this counts as on the grid
LONG_ENOUGH = 0.25  # a track competes if it sounds this share of the fullest track's time


class LoadedMelody(NamedTuple):
    """What ``load_melody`` found.

    melody: ``(steps,)`` int16, MIDI pitches or ``REST``. onsets: ``(steps,)`` bool, true where a
    note is struck. name: the piece's title, else the file's name. tempo: quarters a minute.
    time_signature: such as ``"3/4"``. bar_starts: ``(bars,)`` int32, the steps of the downbeats;
    steps before the first are a pickup. report: what was done, in a few sentences.
    """

    melody: np.ndarray
    onsets: np.ndarray
    name: str
    tempo: float
    time_signature: str
    bar_starts: np.ndarray
    report: str

    @property
    def pickup(self) -> int:
        """The steps before the first downbeat."""
        return int(self.bar_starts[0]) if len(self.bar_starts) else 0

    def to_timeline(self) -> Timeline:
        """The melody as notes in time, to be heard and drawn like any music."""
        from .timeline import to_timeline

        return to_timeline(as_piece(self, self.melody))


def as_piece(tune: LoadedMelody, voices) -> Piece:
    """``voices`` ``(steps, voices)`` with the tune in column 0 as a piece in the tune's metre and
    tempo, its repeated notes struck again."""
    onsets = as_onsets(voices)
    onsets[:, 0] |= tune.onsets
    return Piece(
        tune.name, as_voices(voices), onsets, tune.bar_starts, tune.time_signature, tempo=tune.tempo
    )


def melody_files() -> list[Path]:
    """The melodies shipped with the kit, MIDI files in order of name."""
    return sorted(MELODIES_FOLDER.glob("*.mid"))


def load_melody(path) -> LoadedMelody:
    """The melody of a MIDI (.mid), MusicXML (.musicxml, .xml, .mxl) or ABC (.abc) file.

    The content decides, not the suffix. The melody is the track named like one (melody, soprano,
    voice, vocal, lead, cantus, tune ...), else the one whose highest line lies highest; of notes
    that sound together the highest counts; drums never do. It is rounded to sixteenths, its
    leading silence is left out, rests and repeated notes are kept, nothing is transposed.

    Raises MusicFileError, a ValueError of one sentence, for whatever cannot be read. Limits: 2 MB
    of MIDI, ABC or .mxl, 12 MB of MusicXML, 100,000 notes, and 20,000 sixteenths of melody.
    """
    path = checked_path(path)
    with one_sentence(path):
        return melody_of(read_content(read_bytes(path), path.suffix.lower()), clean_name(path.stem))


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


# --- the melody --------------------------------------------------------------------------------


def melody_of(reading: Reading, stem: str) -> LoadedMelody:
    part, how = choose_part(reading)
    starts, ends, pitches, moved = quantise(part.notes)
    first, last = starts.min(), ends.max()
    if last - first > MAX_STEPS:
        raise MusicFileError(
            f"holds a melody of {last - first:,} sixteenths, and at most {MAX_STEPS:,} are read: "
            "cut it in your notation program and save that."
        )
    melody, onsets, hidden = skyline(starts - first, ends - first, pitches)
    tempo, tempo_remark = tempo_at(reading.tempos, first / STEPS_PER_QUARTER)
    signature, bar_starts = bars_of(reading, part, int(first), int(last))
    report = [
        f"{reading.kind}: the melody is {how}; {count(onsets.sum(), 'note')} in "
        f"{count(len(melody), 'sixteenth')}.",
        moved,
    ]
    if hidden:
        report.append(f"Left out: {count(hidden, 'note')}, under a higher one or too short.")
    silence = f"{count(first, 'sixteenth')} of silence at the beginning" if first else "nothing"
    report.append(f"Trimmed: {silence}; transposed: nothing.")
    report += [*tempo_remark, *reading.remarks]
    return LoadedMelody(
        melody, onsets, reading.title or stem, tempo, signature, bar_starts, " ".join(report)
    )


def choose_part(reading: Reading) -> tuple[Part, str]:
    """The part that holds the melody, and how it was found."""
    sounding = [part for part in reading.parts if part.notes]
    parts = [part for part in sounding if not part.drums]
    if not parts:
        if sounding or any(part.drums for part in reading.parts):
            raise MusicFileError("holds only drums, which have no melody: give a file with a tune.")
        raise MusicFileError("holds no notes: give a file with a tune.")
    word = {"MIDI file": "track", "MusicXML score": "part"}.get(reading.kind, "voice")
    if len(parts) == 1:
        comma = "," if parts[0].name else ""
        return parts[0], f"the only {word} with notes{comma}{quoted(parts[0])}"
    heights, lengths = zip(*(height_and_length(part) for part in parts), strict=True)
    for rank in NAMED_LIKE_A_MELODY:
        named = [i for i, part in enumerate(parts) if names_melody(part.name, rank)]
        if named:
            chosen = parts[max(named, key=lambda i: (heights[i], -i))]
            return chosen, f"the {word}{quoted(chosen)}, chosen by its name among {len(parts)}"
    long_enough = [i for i in range(len(parts)) if lengths[i] >= LONG_ENOUGH * max(lengths)]
    chosen = max(long_enough, key=lambda i: (heights[i], -i))
    place = quoted(parts[chosen]) or f" {chosen + 1}"
    return parts[chosen], f"the {word}{place}, chosen as the highest line among {len(parts)}"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def quoted(part: Part) -> str:
    return f' "{part.name}"' if part.name else ""


def names_melody(name: str, word: str) -> bool:
    """Whether a word of the name begins like ``word``; accents and case do not matter."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return bool(re.search(rf"\b{word}", plain)) and not any(w in plain for w in NAMED_OTHERWISE)


def height_and_length(part: Part) -> tuple[float, float]:
    """The mean pitch of the part's notes weighted by length (a higher note hides those under it
    that begin with it), and their length in quarters."""
    top = {}
    for start, end, pitch in part.notes:
        if start not in top or pitch > top[start][0]:
            top[start] = (pitch, end - start)
    length = sum(length for _, length in top.values())
    height = sum(pitch * length for pitch, length in top.values())
    return height / length if length else 0.0, length


def quantise(notes) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """``(starts, ends, pitches)`` in steps, and a sentence on how far they moved.

    An end less than a sixteenth from another note's beginning is taken to it first: players
    detach notes or let them overlap, and mean neither a rest nor a chord.
    """
    starts, ends, pitches = (np.array(column) for column in zip(*notes, strict=True))
    onsets = np.unique(starts)
    after = np.searchsorted(onsets, ends)
    for near in (np.minimum(after, len(onsets) - 1), np.maximum(after - 1, 0)):
        close = (np.abs(onsets[near] - ends) < 1 / STEPS_PER_QUARTER - 1e-6) & (
            onsets[near] > starts
        )
        ends = np.where(close, onsets[near], ends)
    exact = np.stack([starts, ends]) * STEPS_PER_QUARTER
    steps = nearest_steps(exact)
    shift = np.abs(exact - steps).max(axis=0)
    moved = shift > GRID_TOLERANCE
    if not moved.any():
        return *steps, pitches, "All lie on the sixteenth grid."
    fractions = np.mod(exact[:, moved], 1) * 3
    triplets = np.abs(fractions - np.round(fractions)).max() < 3 * GRID_TOLERANCE
    sentence = (
        f"Moved to the nearest sixteenth, by at most {shift.max():.2f} of one: {moved.sum():,} of "
        f"{count(len(notes), 'note')}{' (triplets)' if triplets else ''}."
    )
    return *steps, pitches, sentence


def skyline(starts, ends, pitches) -> tuple[np.ndarray, np.ndarray, int]:
    """``(melody, onsets)`` of the highest note at each step, and how many notes are not in it.

    A note that rounds to no length gets a step where nothing else sounds.
    """
    steps = int(max(ends.max(), starts.max() + 1))
    change = np.zeros((steps + 1, 128), np.int32)
    np.add.at(change, (starts, pitches), 1)
    np.add.at(change, (ends, pitches), -1)
    roll = change.cumsum(axis=0)[:steps] > 0
    short = (starts == ends) & ~roll.any(axis=1)[starts]
    roll[starts[short], pitches[short]] = True
    struck = np.zeros(roll.shape, bool)
    struck[starts, pitches] = True
    melody = roll_to_voices(roll)[:, 0]
    onsets = as_onsets(melody, struck[np.arange(steps), np.maximum(melody, 0)])[:, 0]
    return melody, onsets, int((melody[starts] != pitches).sum())


def tempo_at(tempos, quarter: float) -> tuple[float, list[str]]:
    """The tempo in force at a position, and a remark where something was left out."""
    low, high = TEMPO_RANGE
    believed = [(start, tempo) for start, tempo in tempos if low <= tempo <= high]
    before = [tempo for start, tempo in believed if start <= quarter + 1e-6]
    tempo = float(before[-1] if before else believed[0][1] if believed else DEFAULT_TEMPO)
    tempo = round(tempo, 3)
    if len(believed) < len(tempos):
        return tempo, [f"An impossible tempo was left out; {tempo:g} quarters a minute is taken."]
    if any(round(other, 3) != tempo for start, other in believed if start > quarter):
        return tempo, [f"The tempo changes; {tempo:g} quarters a minute, its first, is kept."]
    return tempo, []


def bars_of(reading: Reading, part: Part, first: int, last: int) -> tuple[str, np.ndarray]:
    """``(time signature, bar starts)`` of the melody between two steps of the file. The time
    signature is the one that holds longest; a first bar shorter than the next is a pickup."""
    metres = reading.metres or [(0.0, 4, 4)]
    if metres[0][0] > 0:
        metres = [(0.0, 4, 4), *metres]
    edges = np.array([*(start for start, _, _ in metres), np.inf]) * STEPS_PER_QUARTER
    held = np.clip(edges[1:], first, last) - np.clip(edges[:-1], first, last)
    longest = metres[int(held.argmax())]
    if part.bars is not None:
        bars = np.array(part.bars, float) * STEPS_PER_QUARTER
    else:
        bars = [np.zeros(0)]
        pickup = len(metres) > 1 and metres[0][1] / metres[0][2] < metres[1][1] / metres[1][2]
        for (_, beats, unit), start, end in zip(metres, edges[:-1], edges[1:], strict=True):
            bar = 4 * STEPS_PER_QUARTER * beats / unit
            end = min(end, last)
            begin = start + bar * max(0, np.ceil((first - start) / bar))
            if not (start == 0 and end == bar and pickup):
                bars.append(np.arange(begin, end - 1e-6, bar))
        bars = np.concatenate(bars)
    bars = np.unique(nearest_steps(bars))
    bars = bars[(bars >= first) & (bars < last)] - first
    return f"{longest[1]}/{longest[2]}", bars.astype(np.int32)
