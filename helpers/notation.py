"""Notation: voices as a music21 score, and a score as a picture, offline."""

from __future__ import annotations

import base64
import html
import re

import numpy as np

from .music import STEPS_PER_QUARTER, Piece, as_onsets, as_voices, voice_notes

SHARPS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}  # of the major keys
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
    """A score of a melody, voices, a piece or a music21 stream.

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
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(VEROVIO_OPTIONS)
    if not toolkit.loadData(GeneralObjectExporter(score).parse().decode()):
        raise ValueError("This music cannot be set as a score.")
    return Notation(_without_idle_names(toolkit.renderToSVG(1)), title)


def _without_idle_names(svg: str) -> str:
    """The picture without the names of elements that nothing in it refers to: half its size."""
    used = set(re.findall(r"#([\w-]+)", svg))  # by links and by the style sheet
    return re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", svg)


def _has_pickup(score) -> bool:
    measures = list(score.recurse().getElementsByClass("Measure"))
    return bool(measures) and measures[0].number == 0


def key_fifths(key: str) -> int:
    """How many sharps (flats: negative) the signature of a key such as "F# minor" has."""
    try:
        tonic, mode = key.split()
        fifths = SHARPS[tonic[0].upper()] + 7 * (tonic.count("#") - tonic[1:].count("b"))
        return fifths + {"major": 0, "minor": -3}[mode.lower()]
    except (ValueError, KeyError):
        raise ValueError(f'A key is written like "G major" or "Bb minor", not {key!r}.') from None


def spell(pitch: int, fifths: int) -> str:
    """The name (as music21 writes it, such as "B-4") of a MIDI pitch in a key of so many sharps:
    of the twelve neighbours in fifths from three flatter to eight sharper than the tonic of its
    major key, which gives minor keys their raised sixth and seventh."""
    place = next(p for p in range(fifths - 3, fifths + 9) if 7 * p % 12 == pitch % 12)
    alteration = (place + 1) // 7
    octave = (pitch - alteration) // 12 - 1
    return f"{LETTERS[(place + 1) % 7]}{ALTERATIONS[alteration]}{octave}"


def guess_fifths(voices: np.ndarray) -> int:
    """The signature that leaves the fewest notes outside its scale; of equal ones the plainest."""
    pitches = np.asarray(voices)[np.asarray(voices) >= 0]
    counts = np.bincount(pitches % 12, minlength=12)

    def outside(fifths):
        return sum(counts[7 * p % 12] for p in range(fifths + 6, fifths + 11))

    return min(range(-6, 7), key=lambda fifths: (outside(fifths), abs(fifths)))


def voices_to_score(music, onsets=None, key: str | None = None):
    """A music21 score of a melody, voices or a piece: four voices on two staves, otherwise one
    staff a voice. Bars of other music than a piece's are in 4/4 from the first step."""
    from music21 import bar as bar21
    from music21 import clef, layout, meter, stream
    from music21 import key as keys

    if isinstance(music, Piece):
        piece = music
    else:
        voices = as_voices(music)
        bars = np.arange(0, max(len(voices), 1), 16)
        piece = Piece("", voices, as_onsets(voices, onsets), bars)
    voices = as_voices(piece.voices)
    onsets = as_onsets(voices, piece.onsets)
    named = key or piece.key
    fifths = key_fifths(named) if named else guess_fifths(voices)
    edges = np.unique(np.concatenate([[0], np.asarray(piece.bar_starts), [max(len(voices), 1)]]))
    count = voices.shape[1]
    staves = [(0, 1), (2, 3)] if count == 4 else [(i,) for i in range(count)]

    score = stream.Score()
    parts = []
    for columns in staves:
        part = stream.PartStaff() if count == 4 else stream.Part()
        sounding = voices[:, columns][voices[:, columns] >= 0]
        low = columns == (2, 3) if count == 4 else len(sounding) and np.median(sounding) < 58
        notes = [voice_notes(voices[:, i], onsets[:, i]) for i in columns]
        for number, (start, end) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            pickup = len(piece.bar_starts) > 0 and piece.bar_starts[0] > 0
            measure = stream.Measure(number=number if pickup else number + 1)
            if number == 0:
                measure.clef = clef.BassClef() if low else clef.TrebleClef()
                measure.keySignature = keys.KeySignature(fifths)
                measure.timeSignature = meter.TimeSignature(piece.time_signature)
            for i, voice_of in enumerate(notes):
                voice = stream.Voice(id=str(i + 1)) if len(notes) > 1 else measure
                stem = ("up", "down")[i] if len(notes) > 1 else None
                for element in _measure_notes(voice_of, int(start), int(end), fifths, stem):
                    voice.append(element)
                if voice is not measure:
                    measure.insert(0, voice)
            if number == 0 and pickup:
                bar = measure.timeSignature.barDuration.quarterLength
                measure.paddingLeft = bar - (end - start) / STEPS_PER_QUARTER
            part.append(measure)
        measure.rightBarline = bar21.Barline("final")
        parts.append(part)
    for part in parts:
        score.insert(0, part)
    if count == 4:
        score.insert(0, layout.StaffGroup(parts, symbol="brace", barTogether=True))
    return score


def _measure_notes(notes, start: int, end: int, fifths: int, stem: str | None) -> list:
    """The notes and rests of one voice in one bar (steps ``start`` to ``end``), cut into lengths
    that can be written and tied together."""
    from music21 import note as notes21
    from music21 import tie

    elements, at = [], start
    inside = [n for n in notes if n.end > start and n.start < end]
    for n in [*inside, None]:
        onset = end if n is None else max(n.start, start)
        for length in _lengths(at - start, onset - start):
            elements.append(notes21.Rest(quarterLength=length / STEPS_PER_QUARTER))
        if n is None:
            break
        stop = min(n.end, end)
        pieces = _lengths(onset - start, stop - start)
        for i, length in enumerate(pieces):
            element = notes21.Note(spell(n.pitch, fifths), quarterLength=length / STEPS_PER_QUARTER)
            before = i > 0 or onset > n.start
            after = i < len(pieces) - 1 or stop < n.end
            if before or after:
                element.tie = tie.Tie(
                    "continue" if before and after else "stop" if before else "start"
                )
            element.stemDirection = stem
            elements.append(element)
        at = stop
    return elements


def _lengths(start: int, end: int) -> list[int]:
    """A stretch of a bar as note lengths in steps: plain or dotted, and none longer than a beat
    begins off the beat."""
    lengths = []
    while start < end:
        room = end - start
        offset = start % STEPS_PER_QUARTER
        if offset:
            room = min(room, STEPS_PER_QUARTER - offset)
        length = next(n for n in (16, 12, 8, 6, 4, 3, 2, 1) if n <= room)
        lengths.append(length)
        start += length
    return lengths
