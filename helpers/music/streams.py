"""What is read from music21's streams."""

from __future__ import annotations

import io
import math
from fractions import Fraction

import numpy as np

from .grid import STEPS_PER_QUARTER


def to_step(quarters) -> int:
    """The sixteenth nearest to a position in quarter notes; halves go up, so that the same
    fraction always lands on the same side."""
    return math.floor(Fraction(quarters) * STEPS_PER_QUARTER + Fraction(1, 2))


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
