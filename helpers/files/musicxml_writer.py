"""Music as a music21 score and as MusicXML."""

from __future__ import annotations

import copy

from ..music.conversion import refuse_onsets, to_piece
from ..music.grid import REST, STEPS_PER_QUARTER, Piece, as_onsets, as_voices, voice_notes
from ..music.keys import guess_fifths, key_fifths, spelling
from ..music.timeline import part_names
from .written import Written, bar_edges, beat_and_bar, is_low, write_bar


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
