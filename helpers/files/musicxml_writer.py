"""Music as a music21 score and as MusicXML."""

from __future__ import annotations

from ..music.conversion import to_piece
from ..music.grid import REST, STEPS_PER_QUARTER, Piece, as_voices
from ..music.keys import guess_fifths, key_fifths, spelling
from ..music.timeline import part_names
from .written import Bar, Written, has_pickup, is_low, written_bars


def to_musicxml(music) -> str:
    """Any music of the course but drums as the text of a MusicXML file, one staff a voice, with
    the piece's name as its title; for MuseScore and its like, and for ``load_melody``.

    MusicXML so written holds all of a ``Piece``, fermatas too, and of the key its signature; of
    other music it lacks what ``to_piece`` loses.
    """
    from music21.metadata import Metadata
    from music21.tempo import MetronomeMark

    piece = to_piece(music)
    score = voices_to_score(piece, open_score=True)
    score.metadata = Metadata(title=piece.name)
    if score.parts:
        first = score.parts[0].getElementsByClass("Measure")[0]
        first.insert(0, MetronomeMark(number=piece.tempo))
    return score_text(score)


def score_text(score) -> str:
    """A music21 score as the text of a MusicXML file."""
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    text = GeneralObjectExporter(score).parse().decode()
    return text.replace('<creator type="composer">Music21</creator>', "")  # who did not write it


def voices_to_score(music, open_score: bool = False):
    """A music21 score of any music of the course but drums: four voices on two staves, otherwise,
    or as an open score, one staff a voice. Bars of music that has none are in 4/4 from the first
    step."""
    from music21 import layout, stream

    piece = to_piece(music)
    names = part_names(as_voices(piece.voices).shape[1])
    fifths = key_fifths(piece.key) if piece.key else guess_fifths(piece.voices)
    bars = written_bars(piece)
    score = stream.Score()
    if len(names) == 4 and not open_score:
        staves = [_staff(piece, bars, columns, fifths) for columns in ((0, 1), (2, 3))]
    else:
        staves = [_staff(piece, bars, (column,), fifths) for column in range(len(names))]
    for staff, name in zip(staves, names, strict=False):
        if open_score:
            staff.partName = name
        score.insert(0, staff)
    if len(staves) < len(names):
        score.insert(0, layout.StaffGroup(staves, symbol="brace", barTogether=True))
    return score


def _staff(piece: Piece, bars: list[Bar], columns: tuple[int, ...], fifths: int):
    """A staff with one voice, or one of two that have two voices each."""
    from music21 import bar as bar21
    from music21 import clef, meter, stream
    from music21 import key as keys

    pitches = as_voices(piece.voices)[:, columns]
    low = columns == (2, 3) or len(columns) == 1 and is_low(pitches[pitches != REST])
    staff = stream.Part() if len(columns) == 1 else stream.PartStaff()
    first_number = 0 if has_pickup(piece) else 1
    for number, bar in enumerate(bars, first_number):
        measure = stream.Measure(number=number)
        if number == first_number:
            measure.clef = clef.BassClef() if low else clef.TrebleClef()
            measure.keySignature = keys.KeySignature(fifths)
            measure.timeSignature = meter.TimeSignature(piece.time_signature)
        if len(columns) == 1:
            _write_voice(measure, piece, bar, columns[0], fifths, fermata="upright")
        else:
            for i, stem in enumerate(("up", "down")):
                voice = stream.Voice(id=str(i + 1))
                fermata = {0: "upright", 3: "inverted"}.get(columns[i])  # above and below the score
                _write_voice(voice, piece, bar, columns[i], fifths, fermata, stem)
                measure.insert(0, voice)
        # Without these, music21 fills a short bar with rests.
        measure.paddingLeft = bar.missing_before / STEPS_PER_QUARTER
        measure.paddingRight = bar.missing_after / STEPS_PER_QUARTER
        staff.append(measure)
    measure.rightBarline = bar21.Barline("final")
    return staff


def _write_voice(into, piece: Piece, bar: Bar, column: int, fifths: int, fermata, stem=None):
    """One voice of a bar into a music21 measure or voice. fermata: where it stands, upright or
    inverted, or None for none."""
    from music21 import expressions

    at = bar.start
    for written in bar.voices[column]:
        element = _element(written, fifths, stem)
        begins = written.pitch != REST and not written.tied_before
        if fermata and begins and piece.fermatas is not None and piece.fermatas[at]:
            sign = expressions.Fermata()
            sign.type = fermata
            element.expressions.append(sign)
        into.append(element)
        at += written.steps


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
