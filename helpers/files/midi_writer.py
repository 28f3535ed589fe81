"""Any music of the course as MIDI, which other programs play: whatever ``to_timeline`` takes."""

from __future__ import annotations

import io

import numpy as np
import pretty_midi

from ..course.errors import check_kind
from ..music.conversion import to_timeline
from ..music.drums import TICKS_PER_QUARTER, TICKS_PER_STEP
from ..music.events import timed_notes
from ..music.grid import STEPS_PER_BAR, read_signature
from ..music.keys import key_fifths
from ..music.seconds import as_played, notes_in_seconds, seconds_at
from ..music.timeline import Timeline

SECONDS_TEMPO = 120  # of music that has times and no beats: MIDI's default, a tick is a millisecond
TENTH_OF_A_MILLISECOND = 1e-4


def to_midi(music, tempo: float | None = None, onsets=None, program=None) -> pretty_midi.PrettyMIDI:
    """Any music of the course as MIDI, drums on channel 10.

    onsets: as in ``to_timeline``; tempo, program: as in ``as_played``.
    """
    timeline = as_played(to_timeline(music, onsets), tempo, program)
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=timeline.tempo)
    _write_tempos(midi, timeline)
    for part in timeline.parts:
        instrument = pretty_midi.Instrument(part.program, part.is_drum, part.name)
        _write_notes(instrument, seconds_at(timeline, part.notes[:, :2]), part.notes[:, 2:])
        if part.controls is not None:
            times = seconds_at(timeline, part.controls[:, 0])
            for time, (number, value) in zip(times, part.controls[:, 1:].astype(int), strict=True):
                change = pretty_midi.ControlChange(int(number), int(value), float(time))
                instrument.control_changes.append(change)
        midi.instruments.append(instrument)
    _write_metre(midi, timeline)
    # MIDI knows no rest: the mark keeps those at the end.
    midi.text_events.append(pretty_midi.Text("end", float(seconds_at(timeline, timeline.steps))))
    return midi


def notes_to_midi(notes) -> pretty_midi.PrettyMIDI:
    """Notes in seconds ``(n, 4)``, the columns start, end, pitch and velocity (1 to 127), as MIDI
    for a piano: what ``events_to_notes`` and MAESTRO's performances give, to be played. Notes of
    no length are left out, as MIDI would. Raises ValueError on another shape or numbers out of
    range."""
    notes = timed_notes(notes).astype(float)
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=SECONDS_TEMPO)
    instrument = pretty_midi.Instrument(0)
    notes = notes[notes[:, 1] > notes[:, 0]]
    _write_notes(instrument, notes[:, :2], notes[:, 2:])
    midi.instruments.append(instrument)
    return midi


def midi_to_notes(midi: pretty_midi.PrettyMIDI) -> np.ndarray:
    """The pitched notes of MIDI in seconds, all instruments together: ``(n, 4)`` float, the
    columns start, end, pitch and velocity, in order of start, then pitch; times to a tenth of a
    millisecond. A note sounds on while its instrument's sustain pedal is down."""
    notes = notes_in_seconds(to_timeline(midi))
    notes[:, :2] = np.round(notes[:, :2] / TENTH_OF_A_MILLISECOND) * TENTH_OF_A_MILLISECOND
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]


def midi_bytes(midi: pretty_midi.PrettyMIDI) -> bytes:
    """The bytes of a MIDI file."""
    wanted = "a PrettyMIDI, which files.to_midi(music) makes of any music"
    check_kind("midi", midi, pretty_midi.PrettyMIDI, wanted)
    buffer = io.BytesIO()
    midi.write(buffer)
    return buffer.getvalue()


def _write_notes(instrument, times: np.ndarray, sounds: np.ndarray) -> None:
    """Notes of start and end in seconds ``(n, 2)``, pitch and velocity ``(n, 2)``."""
    for (start, end), (pitch, velocity) in zip(times.tolist(), sounds.tolist(), strict=True):
        instrument.notes.append(pretty_midi.Note(int(velocity), int(pitch), start, end))


def _write_tempos(midi: pretty_midi.PrettyMIDI, timeline: Timeline) -> None:
    """Later tempos, for which pretty_midi has no function of its own."""
    if timeline.later_tempos is None:
        return
    for step, tempo in timeline.later_tempos.tolist():
        scale = 60 / tempo / TICKS_PER_QUARTER
        midi._tick_scales.append((round(step * TICKS_PER_STEP), scale))
    midi._update_tick_to_time(round(timeline.steps * TICKS_PER_STEP))


def _write_metre(midi: pretty_midi.PrettyMIDI, timeline: Timeline) -> None:
    """Time signature, a pickup as a short first bar, and key signature, where the music says."""
    if timeline.time_signature and timeline.bar_starts is not None and len(timeline.bar_starts):
        beats, unit = read_signature(timeline.time_signature)
        pickup = float(timeline.bar_starts[0]) % (STEPS_PER_BAR * beats / unit)
        numerator, denominator = round(4 * pickup), 64
        while denominator > 16 and numerator % 2 == 0:
            numerator, denominator = numerator // 2, denominator // 2
        numerator *= numerator < 256  # it is written in one byte
        if numerator:
            change = pretty_midi.TimeSignature(numerator, denominator, 0)
            midi.time_signature_changes.append(change)
        start = float(seconds_at(timeline, 16 * numerator / denominator))
        midi.time_signature_changes.append(pretty_midi.TimeSignature(beats, unit, start))
    if timeline.key:
        fifths, minor = key_fifths(timeline.key), timeline.key.lower().endswith("minor")
        # MIDI knows no modes: of others the major key of the same signature.
        number = (7 * fifths + 9) % 12 + 12 if minor else 7 * fifths % 12
        midi.key_signature_changes.append(pretty_midi.KeySignature(number, 0))
