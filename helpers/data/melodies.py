"""A melody from anybody's file: MIDI, MusicXML or ABC in, one voice on the sixteenth grid out."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..course.settings import DATA_FOLDER
from ..files.formats import one_sentence, readings_of
from ..files.reading import (
    MusicFileError,
    Reading,
    believed_tempos,
    clean_name,
    longest_metre,
)
from ..music.arrays import check_array
from ..music.grid import (
    DEFAULT_TEMPO,
    MAX_MELODY_STEPS,
    REST,
    Piece,
    as_onsets,
    nearest_steps,
    roll_to_voices,
    with_voices,
)
from ..music.timeline import Part, Timeline

MELODIES_FOLDER = DATA_FOLDER / "melodies"
NAMED_LIKE_A_MELODY = ("melod", "sopran", "cantus", "tune", "voice", "vocal", "vox", "lead", "solo")
NAMED_OTHERWISE = ("back", "harmon", "accomp")  # "backing vocals" is no melody
# What drums are called that a file has among the pitched parts, and General MIDI's programs of
# drums and noises: agogo, woodblock to reverse cymbal, and all after it.
NAMED_LIKE_DRUMS = re.compile(
    r"\b((hi.?hat|kick|perc|drum ?kit)s?\b|drum|percus|snare|cymbal|bongo|conga|tambour|tamburin|"
    r"shaker|maraca|cowbell|schlagz|trommel|batteri|bateri|slagwerk)"
)
DRUM_PROGRAMS = {113, *range(115, 128)}
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

    def to_piece(self) -> Piece:
        """The melody as a piece of one voice."""
        from ..music.conversion import checked_piece

        melody = check_array(self.melody, "A melody's pitches", ("steps",), True, (REST, 127))
        onsets = check_array(self.onsets, "Onsets", melody.shape)
        bars, metre = self.bar_starts, self.time_signature
        voices, struck = melody[:, None], onsets[:, None]
        return checked_piece(Piece(self.name, voices, struck, bars, metre, tempo=self.tempo))

    def with_voices(self, voices) -> Piece:
        """``voices`` ``(steps, voices)``, or the voices of a piece, with the tune in column 0: as a
        piece in the tune's metre and tempo, its repeated notes struck again."""
        return with_voices(self.to_piece(), voices.voices if isinstance(voices, Piece) else voices)

    def to_timeline(self) -> Timeline:
        """The melody as notes in time, to be heard and drawn like any music."""
        from ..music.conversion import to_timeline

        return to_timeline(self.to_piece())


def melody_files() -> list[Path]:
    """The melodies shipped with the kit, MIDI files in order of name."""
    return sorted(MELODIES_FOLDER.glob("*.mid"))


def load_melody(path) -> LoadedMelody:
    """The melody of a MIDI (.mid), MusicXML (.musicxml, .xml, .mxl) or ABC (.abc) file.

    The content decides, not the suffix. The melody is the track named like one (melody, soprano,
    voice, vocal, lead, cantus, tune ...), else the one whose highest line lies highest; of notes
    that sound together the highest counts; drums never do. It is rounded to sixteenths, its
    leading silence is left out, rests and repeated notes are kept, nothing is transposed.

    Raises MusicFileError, a ValueError of one sentence, for whatever cannot be read. Limits: those
    of ``read_music``, and 20,000 sixteenths of melody.
    """
    with one_sentence(path) as path:
        return melody_of(next(iter(readings_of(path))), clean_name(path.stem))


# --- the melody --------------------------------------------------------------------------------


def melody_of(reading: Reading, name: str = "") -> LoadedMelody:
    """name: where the file gives none."""
    part, how = choose_part(reading)
    starts, ends, pitches, moved = quantise(part.notes)
    first, last = starts.min(), ends.max()
    if last - first > MAX_MELODY_STEPS:
        raise MusicFileError(
            f"holds a melody of {last - first:,} sixteenths, and at most {MAX_MELODY_STEPS:,} are "
            "read: cut it in your notation program and save that."
        )
    melody, onsets, hidden = skyline(starts - first, ends - first, pitches)
    tempo, tempo_remark = tempo_at(reading, first)
    bars = np.unique(nearest_steps(reading.timeline.bar_starts))
    bars = bars[(bars >= first) & (bars < last)] - first
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
        melody,
        onsets,
        reading.timeline.name or name,
        tempo,
        longest_metre(reading.metres, first, last),
        bars.astype(np.int32),
        " ".join(report),
    )


def tempo_at(reading: Reading, step: int) -> tuple[float, list[str]]:
    """The tempo in force at a step, and a remark where it is not the only one. One that comes less
    than half a step later is meant from there on."""
    believed = believed_tempos(reading.tempos)
    before = [tempo for start, tempo in believed if start < step + 0.5]
    usual = reading.timeline.tempo or DEFAULT_TEMPO
    tempo = round(float(before[-1] if before else usual), 3)
    if any(round(other, 3) != tempo for start, other in believed if start > step):
        return tempo, [f"The tempo changes; {tempo:g} quarters a minute, its first, is kept."]
    return tempo, []


def choose_part(reading: Reading) -> tuple[Part, str]:
    """The part that holds the melody, and how it was found."""
    parts = [part for part in reading.timeline.parts if not part.is_drum]
    if not parts:
        if reading.timeline.parts:
            raise MusicFileError("holds only drums, which have no melody: give a file with a tune.")
        raise MusicFileError("holds no notes: give a file with a tune.")
    word = {"MIDI file": "track", "MusicXML score": "part"}.get(reading.kind, "voice")
    parts = [part for part in parts if not like_drums(part)] or parts
    if len(parts) == 1:
        comma = "," if parts[0].name else ""
        which = "with notes" if len(reading.timeline.parts) == 1 else "that is no drums"
        return parts[0], f"the only {word} {which}{comma}{quoted(parts[0])}"
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
    plain = plain_letters(name)
    return bool(re.search(rf"\b{word}", plain)) and not any(w in plain for w in NAMED_OTHERWISE)


def like_drums(part: Part) -> bool:
    """Whether the part's name or program is one of drums, which it need not say otherwise; a steel
    drum plays melodies."""
    name = plain_letters(part.name)
    named = NAMED_LIKE_DRUMS.search(name) and "steel" not in name
    return bool(named) or part.program in DRUM_PROGRAMS


def plain_letters(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def height_and_length(part: Part) -> tuple[float, float]:
    """The mean pitch of the part's notes weighted by length (a higher note hides those under it
    that begin with it), and their length in steps."""
    starts, ends, pitches, _ = part.notes.T
    top = np.append(starts[1:] != starts[:-1], True)  # of notes that begin together the highest
    lengths = (ends - starts)[top]
    length = lengths.sum()
    return float((pitches[top] * lengths).sum() / length if length else 0), float(length)


def quantise(notes) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """``(starts, ends, pitches)`` on the grid of notes ``(notes, 3 or 4)``, the columns start and
    end (steps) and pitch; and a sentence on how far they moved.

    An end less than a sixteenth from another note's beginning is taken to it first: players
    detach notes or let them overlap, and mean neither a rest nor a chord.
    """
    starts, ends, pitches = np.asarray(notes, float)[:, :3].T
    onsets = np.unique(starts)
    after = np.searchsorted(onsets, ends)
    for near in (np.minimum(after, len(onsets) - 1), np.maximum(after - 1, 0)):
        close = (np.abs(onsets[near] - ends) < 1 - 1e-5) & (onsets[near] > starts)
        ends = np.where(close, onsets[near], ends)
    exact = np.stack([starts, ends])
    steps = nearest_steps(exact)
    shift = np.abs(exact - steps).max(axis=0)
    moved = shift > GRID_TOLERANCE
    if not moved.any():
        return *steps, pitches.astype(int), "All lie on the sixteenth grid."
    fractions = np.mod(exact[:, moved], 1) * 3
    triplets = np.abs(fractions - np.round(fractions)).max() < 3 * GRID_TOLERANCE
    sentence = (
        f"Moved to the nearest sixteenth, by at most {shift.max():.2f} of one: {moved.sum():,} of "
        f"{count(len(notes), 'note')}{' (triplets)' if triplets else ''}."
    )
    return *steps, pitches.astype(int), sentence


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
