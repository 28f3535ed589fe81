"""Any music of the course as MIDI, which is what sounds: whatever ``to_timeline`` takes."""

from __future__ import annotations

import copy
import io

import numpy as np
import pretty_midi

from ..music.conversion import kind_of, refuse_onsets, to_timeline
from ..music.grid import CHORAL_PROGRAM, DEFAULT_TEMPO, STEPS_PER_QUARTER, read_signature
from ..music.keys import key_fifths
from ..music.streams import has_tempo, stream_to_midi
from ..music.timeline import Timeline
from .midi_reader import SUSTAIN, MidiFile, MidiTrack, notes_in_seconds

MELODY_PROGRAM = 68  # General MIDI: oboe, which the sound font has in tune and quick to speak
TICKS_PER_QUARTER = 480
FINE_TICKS = 10_000  # a second
SECONDS_TEMPO = 120  # of music that has times and no beats: MIDI's default, a tick is a millisecond
REPEAT_GAP = 0.25  # steps of silence before the same pitch is struck again, so that it is heard
SLOWEST, FASTEST = 10, 600  # quarter notes a minute


def to_midi(music, tempo: float | None = None, onsets=None, program=None) -> pretty_midi.PrettyMIDI:
    """Any music of the course as MIDI.

    tempo: quarter notes a minute; None keeps the music's own, or takes 100 where it has none.
    onsets: as in ``to_timeline``. program: a General MIDI program from 0 to 127, or one a part;
    None keeps the music's own, or takes an oboe for a single voice and a church organ for
    several. Drums are on channel 10. A ``PrettyMIDI`` that nothing is to be changed of is
    returned as it is.
    """
    if tempo is not None:
        tempo = _checked_tempo(tempo)
    kind = kind_of(music)
    if kind in ("midi", "stream"):
        refuse_onsets(onsets)
        midi = stream_to_midi(music) if kind == "stream" else music
        if kind == "stream" and not has_tempo(music):
            tempo = tempo or DEFAULT_TEMPO  # music21 would take its own
        if tempo is not None:
            midi = _retimed(midi, tempo)
        return midi if program is None else _with_program(midi, program)
    timeline = to_timeline(music, onsets)
    tempo = tempo or timeline.tempo or DEFAULT_TEMPO
    midi = _timeline_to_midi(timeline, tempo)
    return midi if program is None else _with_program(midi, program)


def notes_to_midi(notes, program: int = 0) -> pretty_midi.PrettyMIDI:
    """Notes in seconds ``(n, 4)``, the columns start, end, pitch and velocity (1 to 127), as MIDI
    for one instrument, a piano where nothing else is said: what ``events_to_notes`` and MAESTRO's
    performances give, to be played. Notes of no length are left out, as MIDI would."""
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=SECONDS_TEMPO)
    instrument = pretty_midi.Instrument(0)
    table = np.asarray(notes, float).reshape(-1, 4)
    for start, end, pitch, velocity in table.tolist():
        if end > start:
            instrument.notes.append(pretty_midi.Note(int(velocity), int(pitch), start, end))
    midi.instruments.append(instrument)
    return _with_program(midi, program) if program else midi


def midi_to_notes(midi: pretty_midi.PrettyMIDI, pedal: bool = True) -> np.ndarray:
    """The pitched notes of MIDI in seconds, all instruments together: ``(n, 4)`` float, the
    columns start, end, pitch and velocity, in order of start, then pitch; times to a tenth of a
    millisecond. pedal: a note sounds on while its instrument's sustain pedal is down."""
    tracks = []
    for channel, instrument in enumerate(midi.instruments):
        notes = [(n.start, n.end, n.pitch, n.velocity) for n in instrument.notes]
        pedals = [(c.time, c.value) for c in instrument.control_changes if c.number == SUSTAIN]
        notes, pedals = np.array(notes).reshape(-1, 4), np.array(pedals).reshape(-1, 2)
        notes[:, :2] *= FINE_TICKS
        pedals[:, 0] *= FINE_TICKS
        tables = (np.round(table).astype(np.int32) for table in (notes, pedals))
        tracks.append(MidiTrack("", channel, instrument.program, instrument.is_drum, *tables))
    end = round(midi.get_end_time() * FINE_TICKS)
    quarter = FINE_TICKS * 60 // SECONDS_TEMPO
    return notes_in_seconds(MidiFile(quarter, tracks, [(0, SECONDS_TEMPO)], [], end, [], ""), pedal)


def note_count(midi: pretty_midi.PrettyMIDI) -> int:
    """How many notes there are, drums included."""
    return sum(len(instrument.notes) for instrument in midi.instruments)


def midi_bytes(midi: pretty_midi.PrettyMIDI) -> bytes:
    """The bytes of a MIDI file."""
    buffer = io.BytesIO()
    midi.write(buffer)
    return buffer.getvalue()


def _checked_tempo(tempo) -> float:
    if isinstance(tempo, bool) or not np.isscalar(tempo) or isinstance(tempo, str):
        raise TypeError(f"A tempo is a number of quarter notes a minute, not {tempo!r}.")
    if not SLOWEST <= tempo <= FASTEST:
        raise ValueError(
            f"A tempo lies between {SLOWEST} and {FASTEST} quarter notes a minute; {tempo} is not."
        )
    return float(tempo)


def _timeline_to_midi(timeline: Timeline, tempo: float) -> pretty_midi.PrettyMIDI:
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=tempo)
    step = 60 / tempo / STEPS_PER_QUARTER
    alone = len(timeline.parts) == 1 and timeline.parts[0].name == "melody"
    for part in timeline.parts:
        program = part.program if part.program is not None else CHORAL_PROGRAM
        if part.program is None and alone:
            program = MELODY_PROGRAM
        instrument = pretty_midi.Instrument(program, is_drum=part.is_drum, name=part.name)
        for start, end, pitch, velocity in part.notes if part.is_drum else _articulated(part.notes):
            instrument.notes.append(
                pretty_midi.Note(int(velocity), int(pitch), float(start * step), float(end * step))
            )
        midi.instruments.append(instrument)
    _write_metre(midi, timeline, step)
    # MIDI knows no rest: the mark keeps those at the end.
    midi.text_events.append(pretty_midi.Text("end", timeline.steps * step))
    return midi


def _articulated(notes: np.ndarray) -> np.ndarray:
    """The notes, shortened a little where the same pitch follows at once."""
    notes = notes.copy()
    starts = {(start, pitch) for start, _, pitch, _ in notes}
    for note in notes:
        if (note[1], note[2]) in starts:
            note[1] -= min(REPEAT_GAP, 0.25 * (note[1] - note[0]))
    return notes


def _write_metre(midi: pretty_midi.PrettyMIDI, timeline: Timeline, step: float) -> None:
    """Time signature, a pickup as a short first bar, and key signature, where the music says."""
    if timeline.time_signature and timeline.bar_starts is not None and len(timeline.bar_starts):
        beats, unit = read_signature(timeline.time_signature)
        first = int(timeline.bar_starts[0])
        if first > 0:
            midi.time_signature_changes.append(pretty_midi.TimeSignature(first, 16, 0))
        midi.time_signature_changes.append(pretty_midi.TimeSignature(beats, unit, first * step))
    if timeline.key:
        fifths, minor = key_fifths(timeline.key), timeline.key.lower().endswith("minor")
        # MIDI knows no modes: of others the major key of the same signature.
        number = (7 * fifths + 9) % 12 + 12 if minor else 7 * fifths % 12
        midi.key_signature_changes.append(pretty_midi.KeySignature(number, 0))


def _with_program(midi: pretty_midi.PrettyMIDI, program) -> pretty_midi.PrettyMIDI:
    """A copy whose pitched instruments have another program."""
    pitched = [i for i, instrument in enumerate(midi.instruments) if not instrument.is_drum]
    programs = [program] * len(pitched) if np.ndim(program) == 0 else list(program)
    if len(programs) != len(pitched):
        raise ValueError(
            f"This music has {len(pitched)} parts, but {len(programs)} programs are given."
        )
    if any(isinstance(p, (bool, str)) or int(p) != p or not 0 <= p <= 127 for p in programs):
        raise ValueError(f"A program is a General MIDI number from 0 to 127, not {program!r}.")
    changed = copy.deepcopy(midi)
    for i, number in zip(pitched, programs, strict=True):
        changed.instruments[i].program = int(number)
    return changed


def _retimed(midi: pretty_midi.PrettyMIDI, tempo: float) -> pretty_midi.PrettyMIDI:
    """The same notes on the same beats at one steady tempo."""
    steady = pretty_midi.PrettyMIDI(resolution=midi.resolution, initial_tempo=tempo)
    moved = copy.deepcopy(midi)

    def at(time):
        return midi.time_to_tick(float(time)) * 60 / tempo / midi.resolution

    for instrument in moved.instruments:
        for note in instrument.notes:
            note.start, note.end = at(note.start), at(note.end)
        for event in (*instrument.control_changes, *instrument.pitch_bends):
            event.time = at(event.time)
    lists = ("time_signature_changes", "key_signature_changes", "text_events", "lyrics")
    for name in lists:
        for event in getattr(moved, name):
            event.time = at(event.time)
        setattr(steady, name, getattr(moved, name))
    steady.instruments = moved.instruments
    return steady
