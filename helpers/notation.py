"""Notation: music as a music21 score, and a score as MusicXML or as a picture, offline."""

from __future__ import annotations

import base64
import copy
import html
import re
from typing import NamedTuple

import numpy as np

from .music import (
    REST,
    STEPS_PER_QUARTER,
    Piece,
    as_onsets,
    as_voices,
    key_fifths,
    read_signature,
    voice_notes,
)
from .timeline import part_names, refuse_onsets, to_piece

LETTERS = "FCGDAEB"  # in fifths
ALTERATIONS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}  # as music21 writes them
VEROVIO_OPTIONS = {
    "pageWidth": 2200,  # tenths of a millimetre: some five bars of a chorale
    "pageHeight": 60000,  # one page, however long, cut to its content
    "adjustPageHeight": True,
    "adjustPageWidth": True,
    "scale": 40,
    "header": "none",
    "footer": "none",
    "svgFormatRaw": True,
    "pageMarginLeft": 60,
    "pageMarginRight": 30,
    "pageMarginTop": 30,
    "pageMarginBottom": 30,
}


class Notation:
    """A score as SVG; Jupyter shows it, in a notebook that is not trusted too."""

    def __init__(self, svg: str, title: str | None = None):
        self.svg, self.title = svg, title

    def __repr__(self) -> str:
        return f"<Notation: {self.title or 'untitled'}>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.svg.encode()).decode()
        caption = f"<p><b>{html.escape(self.title)}</b></p>" if self.title else ""
        return (
            f"{caption}<img alt='{html.escape(self.title or 'Notation', quote=True)}' "
            f"style='max-width: 100%; background: white' src='data:image/svg+xml;base64,{data}'>"
        )


def plot_notation(
    music, title: str | None = None, onsets=None, key: str | None = None, bars: int | None = None
) -> Notation:
    """A score of any music of the course but drums; what ``to_piece`` loses, a score lacks.

    Four voices stand on two staves, soprano and alto above tenor and bass. key: such as
    ``"G major"``; None is the piece's own, else the best guess. bars: only so many of the first.
    """
    import verovio

    is_stream = hasattr(music, "recurse")
    score = music if is_stream else voices_to_score(music, onsets, key)
    if bars is not None:
        score = score.measures(0 if _has_pickup(score) else 1, bars)
    if not title and isinstance(music, Piece):
        title = music.name

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(VEROVIO_OPTIONS)
    if not toolkit.loadData(to_musicxml(score)):
        raise ValueError("This music cannot be set as a score.")
    return Notation(_without_idle_names(toolkit.renderToSVG(1)), title)


def to_musicxml(music, title: str | None = None, onsets=None, key: str | None = None) -> str:
    """Any music of the course but drums as the text of a MusicXML file, one staff a voice, with
    the piece's name as its title unless another is given; for MuseScore and its like, and for
    ``load_melody``. key: as in ``plot_notation``. A music21 stream stays as it is.

    MusicXML so written holds all of a ``Piece``, fermatas too, and of the key its signature; of
    other music it lacks what ``to_piece`` loses.
    """
    from music21.musicxml.m21ToXml import GeneralObjectExporter
    from music21.tempo import MetronomeMark

    if hasattr(music, "recurse"):
        refuse_onsets(onsets)
        score = music if title is None else _titled(copy.deepcopy(music), title)
    else:
        piece = to_piece(music, onsets)
        score = voices_to_score(piece, key=key, open_score=True)
        _titled(score, piece.name if title is None else title)
        if score.parts:
            first = score.parts[0].getElementsByClass("Measure")[0]
            first.insert(0, MetronomeMark(number=piece.tempo))
    text = GeneralObjectExporter(score).parse().decode()
    return text.replace('<creator type="composer">Music21</creator>', "")  # who did not write it


def _titled(score, title: str):
    from music21.metadata import Metadata

    if score.metadata is None:
        score.metadata = Metadata()
    score.metadata.title = title
    return score


def _without_idle_names(svg: str) -> str:
    """The picture without the names of elements that nothing in it refers to: half its size."""
    used = set(re.findall(r"#([\w-]+)", svg))  # by links and by the style sheet
    return re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", svg)


def _has_pickup(score) -> bool:
    measures = list(score.recurse().getElementsByClass("Measure"))
    return bool(measures) and measures[0].number == 0


def spell(pitch: int, fifths: int) -> str:
    """The name (as music21 writes it, such as "B-4") of a MIDI pitch in a key of so many sharps."""
    letter, alteration, octave = spelling(pitch, fifths)
    return f"{letter}{ALTERATIONS[alteration]}{octave}"


def spelling(pitch: int, fifths: int) -> tuple[str, int, int]:
    """``(letter, semitones that it is raised, octave)`` of a MIDI pitch in a key of so many sharps:
    of the twelve neighbours in fifths from three flatter to eight sharper than the tonic of its
    major key, which gives minor keys their raised sixth and seventh."""
    place = next(p for p in range(fifths - 3, fifths + 9) if 7 * p % 12 == pitch % 12)
    alteration = (place + 1) // 7
    return LETTERS[(place + 1) % 7], alteration, (pitch - alteration) // 12 - 1


def guess_fifths(voices: np.ndarray) -> int:
    """The signature that leaves the fewest notes outside its scale; of equal ones the plainest."""
    pitches = np.asarray(voices)[np.asarray(voices) >= 0]
    counts = np.bincount(pitches % 12, minlength=12)

    def outside(fifths):
        return sum(counts[7 * p % 12] for p in range(fifths + 6, fifths + 11))

    return min(range(-6, 7), key=lambda fifths: (outside(fifths), abs(fifths)))


def voices_to_score(music, onsets=None, key: str | None = None, open_score: bool = False):
    """A music21 score of any music of the course but drums: four voices on two staves, otherwise,
    or as an open score, one staff a voice. Bars of music that has none are in 4/4 from the first
    step."""
    from music21 import bar as bar21
    from music21 import clef, layout, meter, stream
    from music21 import key as keys

    piece = to_piece(music, onsets)
    voices = as_voices(piece.voices)
    onsets = as_onsets(voices, piece.onsets)
    named = key or piece.key
    fifths = key_fifths(named) if named else guess_fifths(voices)
    edges = bar_edges(piece)
    beat, bar = beat_and_bar(piece.time_signature)
    pickup = len(piece.bar_starts) > 0 and piece.bar_starts[0] > 0
    count = voices.shape[1]
    short = count == 4 and not open_score
    staves = [(0, 1), (2, 3)] if short else [(i,) for i in range(count)]

    score = stream.Score()
    parts = []
    for columns in staves:
        part = stream.PartStaff() if short else stream.Part()
        if open_score:
            part.partName = part_names(count)[columns[0]]
        sounding = voices[:, columns][voices[:, columns] >= 0]
        low = columns == (2, 3) if short else is_low(sounding)
        notes = [voice_notes(voices[:, i], onsets[:, i]) for i in columns]
        for number, (start, end) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            measure = stream.Measure(number=number if pickup else number + 1)
            if number == 0:
                measure.clef = clef.BassClef() if low else clef.TrebleClef()
                measure.keySignature = keys.KeySignature(fifths)
                measure.timeSignature = meter.TimeSignature(piece.time_signature)
            short_by = max(0, bar - int(end - start))
            missing = short_by if number == 0 and pickup else 0
            for i, voice_of in enumerate(notes):
                voice = stream.Voice(id=str(i + 1)) if len(notes) > 1 else measure
                stem = ("up", "down")[i] if len(notes) > 1 else None
                at = int(start)
                signed = not short or columns[i] in (0, 3)  # above the soprano, below the bass
                for written in write_bar(voice_of, at, int(end), beat, missing):
                    element = _element(written, fifths, stem)
                    if signed and _has_fermata(piece, at, written):
                        element.expressions.append(_fermata(below=short and columns[i] == 3))
                    voice.append(element)
                    at += written.steps
                if voice is not measure:
                    measure.insert(0, voice)
            # Without these, music21 fills a short bar with rests.
            measure.paddingLeft = missing / STEPS_PER_QUARTER
            measure.paddingRight = (short_by - missing) / STEPS_PER_QUARTER
            part.append(measure)
        measure.rightBarline = bar21.Barline("final")
        parts.append(part)
    for part in parts:
        score.insert(0, part)
    if short:
        score.insert(0, layout.StaffGroup(parts, symbol="brace", barTogether=True))
    return score


def is_low(pitches: np.ndarray) -> bool:
    """Whether a voice of these pitches stands in the bass clef."""
    return len(pitches) > 0 and bool(np.median(pitches) < 58)


def _element(written: Written, fifths: int, stem: str | None):
    """A music21 note or rest."""
    from music21 import note, pitch, tie

    length = written.steps / STEPS_PER_QUARTER
    if written.pitch == REST:
        return note.Rest(quarterLength=length)
    letter, alteration, octave = spelling(written.pitch, fifths)
    # Not by its name: music21 takes "C-1" for a flat in octave 1, and this is octave -1.
    named = pitch.Pitch(step=letter, accidental=alteration or None, octave=octave)
    element = note.Note(named, quarterLength=length)
    if written.tied_before or written.tied_after:
        both = written.tied_before and written.tied_after
        element.tie = tie.Tie("continue" if both else "stop" if written.tied_before else "start")
    element.stemDirection = stem
    return element


def _has_fermata(piece: Piece, step: int, written: Written) -> bool:
    """Whether what is written at a step begins a note under a fermata."""
    begins = written.pitch != REST and not written.tied_before
    return begins and piece.fermatas is not None and bool(piece.fermatas[step])


def _fermata(below: bool):
    from music21 import expressions

    fermata = expressions.Fermata()
    fermata.type = "inverted" if below else "upright"
    return fermata


# --- bars --------------------------------------------------------------------------------------


class Written(NamedTuple):
    """A note or rest as it is written: never over a bar line, and of a length that a single note
    can have. A note that is longer is several of them, tied."""

    steps: int
    pitch: int
    tied_before: bool = False
    tied_after: bool = False


def bar_edges(piece: Piece) -> np.ndarray:
    """The steps of all bar lines, the first (a pickup's) and the last among them."""
    steps = max(len(piece.voices), 1)
    edges = np.unique(np.concatenate([[0], np.asarray(piece.bar_starts, int), [steps]]))
    return edges[edges <= steps]


def beat_and_bar(time_signature: str) -> tuple[int, int]:
    """``(steps of a beat, steps of a bar)``; the beat of 6/8 and its like is a dotted one."""
    beats, unit = read_signature(time_signature)
    compound = beats > 3 and beats % 3 == 0 and unit in (8, 16)
    return (48 // unit if compound else STEPS_PER_QUARTER), 16 * beats // unit


def write_bar(notes, start: int, end: int, beat: int, missing: int = 0) -> list[Written]:
    """One bar (steps ``start`` to ``end``) of a voice's notes. beat: its steps; missing: the
    steps before a pickup that would make it a whole bar."""
    written, at = [], start
    shift = missing - start
    for note in [n for n in notes if n.end > start and n.start < end]:
        onset, stop = max(note.start, start), min(note.end, end)
        written += [Written(n, REST) for n in _lengths(at + shift, onset + shift, beat)]
        lengths = _lengths(onset + shift, stop + shift, beat)
        for i, length in enumerate(lengths):
            before = i > 0 or onset > note.start
            after = i < len(lengths) - 1 or stop < note.end
            written.append(Written(length, note.pitch, before, after))
        at = stop
    return written + [Written(n, REST) for n in _lengths(at + shift, end + shift, beat)]


def _lengths(start: int, end: int, beat: int = STEPS_PER_QUARTER) -> list[int]:
    """A stretch of a bar as note lengths in steps: plain or dotted, and none longer than a beat
    begins off the beat. Of dotted beats only whole ones are joined."""
    lengths = []
    while start < end:
        room = end - start
        offset = start % beat
        if offset:
            room = min(room, beat - offset)
        length = next(
            n
            for n in (16, 12, 8, 6, 4, 3, 2, 1)
            if n <= room and (n <= beat or n % beat == 0 or beat == STEPS_PER_QUARTER)
        )
        lengths.append(length)
        start += length
    return lengths
