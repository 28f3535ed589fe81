"""Whole pieces from anybody's files, MIDI, MusicXML or ABC, and what the course makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..music.grid import DEFAULT_TEMPO, STEPS_PER_QUARTER, nearest_steps
from .abc_reader import key_name, read_abc_tunes
from .formats import checked_path, one_sentence, read_bytes, sort_content
from .midi_reader import MidiFile, as_reading, read_midi_file
from .musicxml_reader import read_musicxml
from .reading import MusicFileError, Part, Reading, clean_name
from .reading import Part as Staff

if TYPE_CHECKING:
    from ..music.timeline import Part, Timeline


MAX_MIDI_BYTES = 4_000_000  # of a whole file; a melody's may have 2 MB
MAX_STEPS = 100_000  # of one piece: four hours at 100 quarters a minute
MAX_PARTS = 256


class Source(NamedTuple):
    """One piece as its file tells it: MIDI, or a reading of notation. name: what the piece is
    called where the file gives it no title."""

    midi: MidiFile | None
    notation: Reading | None
    name: str

    def reading(self) -> Reading:
        return self.notation or as_reading(self.midi)

    def frame(self) -> Reading:
        """The same, of MIDI without the notes, which would take their time."""
        return self.notation or as_reading(self.midi._replace(tracks=[]))

    def parts(self) -> list:
        """The parts that have notes."""
        parts = self.midi.tracks if self.midi else self.notation.parts
        return [part for part in parts if len(part.notes)]

    def span(self) -> tuple[float, float]:
        """The first note's start and the end of the piece, in steps."""
        if self.midi:
            scale = STEPS_PER_QUARTER / self.midi.ticks_per_quarter
            starts = [int(track.notes[:, 0].min()) for track in self.parts()]
            ends = [self.midi.ticks, *(int(track.notes[:, 1].max()) for track in self.parts())]
        else:
            scale = STEPS_PER_QUARTER
            starts = [note[0] for part in self.parts() for note in part.notes]
            ends = [note[1] for part in self.parts() for note in part.notes]
        return scale * min(starts, default=0), scale * max(ends, default=0)


def read_music(path) -> Timeline:
    """A MIDI (.mid), MusicXML (.musicxml, .xml, .mxl) or ABC (.abc) file as notes in time: all its
    parts, drums among them, with their velocities and programs where the file has any.

    The content decides, not the suffix. Nothing is rounded. Notation has velocity 80 throughout;
    its repeat signs are not followed, its grace notes and unpitched drums are left out. tempo is
    the first one; bar lines are where the notation has them, in MIDI where the time signatures put
    them. Of an ABC book it is the first tune.

    Raises MusicFileError, a ValueError of one sentence, for whatever cannot be read. Limits: 4 MB
    of MIDI, 2 MB of ABC or .mxl, 12 MB of MusicXML; 500,000 notes of MIDI, 100,000 of others;
    256 parts and 100,000 sixteenths a piece.
    """
    return read_pieces(path)[0]


def read_pieces(path, refused: list[str] | None = None) -> list[Timeline]:
    """As ``read_music``, all the tunes of an ABC book, else the one piece.

    A tune that cannot be read raises MusicFileError, or, where ``refused`` is a list, is left out
    and a sentence is added there.
    """
    path = checked_path(path)
    with one_sentence(path):
        return [make_timeline(source) for source in sources_of(path, refused)]


def sources_of(path, refused: list[str] | None) -> list[Source]:
    """The pieces of a file, at least one."""
    return read_sources(read_bytes(path), path.suffix.lower(), clean_name(path.stem), refused)


def read_sources(data: bytes, suffix: str, name: str, refused: list[str] | None) -> list[Source]:
    """The pieces of a file's bytes, at least one. Raises MusicFileError."""
    kind, content = sort_content(data, suffix, MAX_MIDI_BYTES)
    if kind == "midi":
        midi = read_midi_file(content)
        return [checked(Source(midi, None, name))]
    readings = [read_musicxml(content)] if kind == "musicxml" else read_abc_tunes(content, refused)
    return [checked(Source(None, reading, name)) for reading in readings]


def checked(source: Source) -> Source:
    if len(source.parts()) > MAX_PARTS:
        raise MusicFileError(f"has more than {MAX_PARTS} parts: leave it out, or take it apart.")
    steps = source.span()[1]
    if steps > MAX_STEPS:
        raise MusicFileError(
            f"holds a piece of {steps:,.0f} sixteenths, and at most {MAX_STEPS:,} are read: cut "
            "it, and save the parts."
        )
    return source


def make_timeline(source: Source) -> Timeline:
    """The piece as notes in time."""
    from ..music.timeline import Timeline

    frame, (first, steps) = source.frame(), source.span()
    signature, bars = "", None
    if source.parts():
        staves = [part for part in frame.parts if part.bars]
        guide = staves[0] if staves else Staff("", [])
        signature, bars = bars_of(frame, guide, 0, int(np.ceil(steps)))
    return Timeline(
        parts=make_parts(source),
        steps=steps,
        bar_starts=bars,
        tempo=tempo_at(frame.tempos, first / STEPS_PER_QUARTER)[0] if frame.tempos else None,
        name=frame.title or source.name,
        time_signature=signature,
        key=key_name(frame.key),
    )


def make_parts(source: Source) -> list[Part]:
    """One part a track, staff or voice with notes, each with a name of its own."""
    from ..music.conversion import program_name
    from ..music.timeline import VELOCITY, Part

    parts, names = [], set()
    if source.midi:
        scale = STEPS_PER_QUARTER / source.midi.ticks_per_quarter
        for track in source.parts():
            name = own_name(track.name or program_name(track.program, track.is_drum), names)
            notes = track.notes * (scale, scale, 1, 1)
            parts.append(Part(name, notes, track.program, track.is_drum))
        return parts
    staves = source.parts()
    for number, part in enumerate(staves, 1):
        unnamed = "melody" if len(staves) == 1 else f"voice {number}"
        notes = np.full((len(part.notes), 4), float(VELOCITY))
        notes[:, :3] = part.notes
        notes[:, :2] *= STEPS_PER_QUARTER
        notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
        parts.append(Part(own_name(part.name or unnamed, names), notes, part.program, part.drums))
    return parts


def own_name(name: str, names: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, own = 1, name
    while own in names:
        number += 1
        own = f"{name} {number}"
    names.add(own)
    return own


TEMPO_RANGE = (10, 400)  # quarters a minute that are believed


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
