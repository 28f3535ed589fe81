"""Any music of the course as notes in time: what is drawn, played and measured begins here.

``to_timeline`` takes a melody ``(steps,)``, voices ``(steps, voices)``, a piano roll
``(steps, 128[, tracks])`` of bool, drums ``(steps, 9, 3)``, a ``Piece``, a
``pretty_midi.PrettyMIDI``, a ``pypianoroll.Multitrack`` or a music21 stream. Music without notes
is music too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pretty_midi

from .drums import DRUMS, drum_notes
from .music import STEPS_PER_QUARTER, VOICE_NAMES, Piece, as_onsets, as_voices, voice_notes
from .scores import downbeats, to_step

VELOCITY = 80  # of notes that come without one, 1 to 127


class Part(NamedTuple):
    """One instrument: ``notes`` ``(notes, 4)`` float, the columns start and end (steps), pitch and
    velocity (1 to 127), in order of start. ``program`` is None where the music names none."""

    name: str
    notes: np.ndarray
    program: int | None = None
    is_drum: bool = False


class Timeline(NamedTuple):
    """Music as notes in time, all in steps: four to a quarter note, fractions allowed.

    steps: how long it lasts, rests at its end included. bar_starts: the downbeats, or None where
    the music does not say. tempo: quarter notes a minute, or None.
    """

    parts: list[Part]
    steps: float
    bar_starts: np.ndarray | None = None
    tempo: float | None = None
    name: str = ""
    time_signature: str = ""
    key: str = ""


def to_timeline(music, onsets=None) -> Timeline:
    """The notes of any music of the course.

    onsets: bool, of the shape of a melody or voices, where a repeated note must be told from a
    held one. Raises TypeError for what is no music, ValueError for arrays of another form.
    """
    if isinstance(music, Timeline):
        return music
    kind = kind_of(music)
    if kind != "array":
        refuse_onsets(onsets)
    if kind == "piece":
        return _piece_timeline(music)
    if kind == "multitrack":
        return _multitrack_timeline(music)
    if kind == "midi":
        return _midi_timeline(music)
    if kind == "stream":
        return _stream_timeline(music)
    return _array_timeline(music, onsets)


def kind_of(music) -> str:
    """Which kind of music this is; found without importing the libraries."""
    if isinstance(music, (Piece, Timeline)):
        return "piece" if isinstance(music, Piece) else "timeline"
    packages = {cls.__module__.split(".")[0] for cls in type(music).__mro__}
    if "pretty_midi" in packages and hasattr(music, "instruments"):
        return "midi"
    if "pypianoroll" in packages and hasattr(music, "tracks"):
        return "multitrack"
    if "music21" in packages and hasattr(music, "recurse"):
        return "stream"
    if not hasattr(music, "__array__") and not isinstance(music, (list, tuple)):
        raise TypeError(
            "Music is a melody, voices, a piano roll, drums, a Piece, a PrettyMIDI, a Multitrack "
            f"or a music21 stream, not {type(music).__name__}."
        )
    return "array"


def refuse_onsets(onsets) -> None:
    if onsets is not None:
        raise ValueError("Onsets go with a melody or voices only; leave them out here.")


def _array_timeline(music, onsets) -> Timeline:
    try:
        array = np.asarray(music)
    except ValueError:
        raise ValueError(
            "The rows of this music differ in length; an array has equal ones."
        ) from None
    if array.ndim == 3 and array.shape[1:] == (len(DRUMS), 3) and array.dtype != bool:
        refuse_onsets(onsets)
        return Timeline([Part("drums", drum_notes(array), 0, True)], len(array))
    if array.dtype == bool:
        if array.ndim not in (2, 3) or array.shape[1] != 128:
            raise ValueError(
                "True and False are taken for a piano roll, whose shape is (steps, 128) or "
                f"(steps, 128, tracks), not {array.shape}."
            )
        refuse_onsets(onsets)
        return _roll_timeline(array)
    if array.ndim == 3 or (array.ndim == 2 and array.shape[1] == 128):
        hint = (
            "a piano roll holds True and False, such as roll > 0"
            if array.shape[1] == 128
            else "of a batch choose one, such as batch[0]"
        )
        raise ValueError(f"An array of shape {array.shape} and {array.dtype} is no music: {hint}.")
    voices = as_voices(array)
    return Timeline(_voice_parts(voices, as_onsets(voices, onsets)), len(voices))


def _voice_parts(voices: np.ndarray, onsets: np.ndarray) -> list[Part]:
    parts = []
    for i, name in enumerate(_part_names(voices.shape[1])):
        notes = [(*note, VELOCITY) for note in voice_notes(voices[:, i], onsets[:, i])]
        parts.append(Part(name, np.array(notes, float).reshape(-1, 4)))
    return parts


def _part_names(count: int) -> tuple[str, ...]:
    if count == 1:
        return ("melody",)
    return (
        VOICE_NAMES if count == len(VOICE_NAMES) else tuple(f"voice {i + 1}" for i in range(count))
    )


def _piece_timeline(piece: Piece) -> Timeline:
    voices = as_voices(piece.voices)
    return Timeline(
        parts=_voice_parts(voices, as_onsets(voices, piece.onsets)),
        steps=len(voices),
        bar_starts=np.asarray(piece.bar_starts),
        tempo=float(piece.tempo),
        name=piece.name,
        time_signature=piece.time_signature,
        key=piece.key,
    )


def _roll_notes(roll: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """The notes of one track ``(steps, 128)``: every unbroken run of a pitch. Numbers above 1 are
    velocities; the first of a run counts."""
    edges = np.diff(np.pad((roll > 0).astype(np.int8), ((1, 1), (0, 0))), axis=0)
    pitches, starts = np.nonzero(edges.T == 1)
    ends = np.nonzero(edges.T == -1)[1]
    velocities = np.full(len(starts), VELOCITY) if roll.dtype == bool else roll[starts, pitches]
    notes = np.stack([starts * scale, ends * scale, pitches, velocities.clip(1, 127)], axis=1)
    return notes[np.lexsort((pitches, starts))].astype(float)


def _roll_timeline(roll: np.ndarray) -> Timeline:
    roll = roll[:, :, None] if roll.ndim == 2 else roll
    names = _part_names(roll.shape[2])
    if roll.shape[2] == 1 and (roll.sum(axis=1) > 1).any():
        names = ("notes",)  # chords in one track are no melody
    parts = [Part(name, _roll_notes(roll[:, :, i])) for i, name in enumerate(names)]
    return Timeline(parts, len(roll))


def _multitrack_timeline(multitrack) -> Timeline:
    scale = STEPS_PER_QUARTER / multitrack.resolution
    parts = [
        Part(
            track.name or f"track {i + 1}",
            _roll_notes(track.pianoroll, scale),
            track.program,
            track.is_drum,
        )
        for i, track in enumerate(multitrack.tracks)
    ]
    lengths = [len(track.pianoroll) for track in multitrack.tracks]
    downbeat, tempo = multitrack.downbeat, multitrack.tempo
    return Timeline(
        parts=parts,
        steps=max(lengths, default=0) * scale,
        bar_starts=None if downbeat is None else np.flatnonzero(downbeat) * scale,
        # Changes of tempo are averaged so that the whole lasts as long as it should.
        tempo=None if tempo is None or not len(tempo) else float(1 / np.mean(1 / np.ravel(tempo))),
        name=multitrack.name or "",
    )


def _midi_timeline(midi: pretty_midi.PrettyMIDI) -> Timeline:
    def step(seconds):
        return midi.time_to_tick(float(seconds)) / midi.resolution * STEPS_PER_QUARTER

    parts = []
    for i, instrument in enumerate(midi.instruments):
        notes = sorted(instrument.notes, key=lambda note: (note.start, note.pitch))
        table = [(step(n.start), step(n.end), n.pitch, n.velocity) for n in notes]
        name = instrument.name.strip() or (
            "drums"
            if instrument.is_drum
            else pretty_midi.program_to_instrument_name(instrument.program).lower()
        )
        names = [part.name for part in parts]
        name = f"{name} {i + 1}" if name in names else name
        parts.append(
            Part(
                name,
                np.array(table, float).reshape(-1, 4),
                int(instrument.program),
                instrument.is_drum,
            )
        )
    has_notes = any(instrument.notes for instrument in midi.instruments)
    signatures = midi.time_signature_changes
    return Timeline(
        parts=parts,
        steps=step(midi.get_end_time()) if has_notes else 0,
        bar_starts=np.array([step(time) for time in midi.get_downbeats()]) if has_notes else None,
        tempo=float(midi.get_tempo_changes()[1][0]),
        time_signature=f"{signatures[-1].numerator}/{signatures[-1].denominator}"
        if signatures
        else "",
    )


def _stream_timeline(stream) -> Timeline:
    """A music21 stream by way of MIDI; its bar lines, which MIDI would lose at a pickup, from its
    measures, unless repeats are played out and move them."""
    from .midi import stream_to_midi

    timeline = _midi_timeline(stream_to_midi(stream))
    parts = list(getattr(stream, "parts", None) or [stream])
    bars = downbeats(parts[0])
    if len(bars) and to_step(stream.highestTime) == round(timeline.steps):
        timeline = timeline._replace(bar_starts=bars)
    return timeline
