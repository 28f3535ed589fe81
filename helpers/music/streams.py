"""music21 scores as pieces, and pieces as scores: the border to notation."""

from __future__ import annotations

import io
import math
from fractions import Fraction

import numpy as np

from .grid import DEFAULT_TEMPO, REST, STEPS_PER_QUARTER, Note, Piece, notes_to_voice


def to_step(quarters) -> int:
    """The sixteenth nearest to a position in quarter notes; halves go up, so that the same
    fraction always lands on the same side."""
    return math.floor(Fraction(quarters) * STEPS_PER_QUARTER + Fraction(1, 2))


def part_to_voice(part, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """``(melody, onsets)`` of a music21 part: ties are held, of a chord the highest note is
    taken; grace notes, chord symbols, unpitched notes and notes that round to no length are left
    out."""
    notes = []
    for element in part.flatten().notes:
        if element.duration.isGrace or not element.pitches or "Harmony" in element.classSet:
            continue
        pitch = max(p.midi for p in element.pitches)
        start, end = to_step(element.offset), to_step(element.offset + element.quarterLength)
        tied = element.tie is not None and element.tie.type in ("stop", "continue")
        if tied and notes and notes[-1].pitch == pitch and notes[-1].end == start:
            notes[-1] = Note(notes[-1].start, end, pitch)
        else:
            notes.append(Note(start, end, pitch))
    return notes_to_voice(notes, steps)


def downbeats(part) -> np.ndarray:
    """The steps on which a bar begins, ``(bars,)`` int32.

    A short first measure is a pickup and is none; where a repeat sign splits a bar in two
    measures, only the first half counts. Any other short measure counts as a bar.
    """
    starts, filled, bar = [], Fraction(0), Fraction(4)
    for number, measure in enumerate(part.getElementsByClass("Measure")):
        if measure.timeSignature is not None:
            bar = Fraction(measure.timeSignature.barDuration.quarterLength)
        length = Fraction(measure.duration.quarterLength)
        if number == 0 and length < bar:
            filled = bar - length
        elif length >= bar:
            filled = Fraction(0)
        if filled == 0:
            starts.append(to_step(measure.offset))
        filled = (filled + length) % bar
    return np.array(starts, np.int32)


def score_to_piece(score, name: str, tempo: float = DEFAULT_TEMPO) -> Piece:
    """A music21 score with one part a voice as a ``Piece``; voices in the score's order. A stream
    without parts is one voice.

    Times are rounded to sixteenths. The key is music21's analysis of all notes (weights of Aarden
    and Essen), not the signature: many chorales are notated in a church mode, with a flat fewer
    than their key. Without a note the key is "".
    """
    from music21 import expressions

    parts = list(getattr(score, "parts", [])) or [score]
    steps = max(to_step(part.highestTime) for part in parts)
    columns = [part_to_voice(part, steps) for part in parts]
    fermatas = np.zeros(steps, bool)
    for part in parts:
        for note in part.flatten().notes:
            if any(isinstance(e, expressions.Fermata) for e in note.expressions):
                fermatas[min(to_step(note.offset), steps - 1)] = True
    signatures = parts[0].recurse().getElementsByClass("TimeSignature")
    key = ""
    if any((voice != REST).any() for voice, _ in columns):
        analysis = score.analyze("key")
        key = f"{analysis.tonic.name.replace('-', 'b')} {analysis.mode}"
    return Piece(
        name=name,
        voices=np.stack([voice for voice, _ in columns], axis=1),
        onsets=np.stack([onsets for _, onsets in columns], axis=1),
        bar_starts=downbeats(parts[0]),
        time_signature=signatures[0].ratioString if signatures else "4/4",
        key=key,
        tempo=tempo,
        fermatas=fermatas,
    )


def has_tempo(stream) -> bool:
    """Whether a music21 stream says how fast it goes."""
    return bool(stream.recurse().getElementsByClass("MetronomeMark"))


def stream_to_midi(stream):
    """A music21 stream as a ``pretty_midi.PrettyMIDI``, by music21's own translation."""
    import pretty_midi
    from music21.midi.translate import streamToMidiFile

    if not stream.recurse().notes:
        return pretty_midi.PrettyMIDI()
    return pretty_midi.PrettyMIDI(io.BytesIO(streamToMidiFile(stream).writestr()))
