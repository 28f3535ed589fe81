"""Any music of the course, other libraries' included, as notes in time."""

from __future__ import annotations

import numpy as np

from ..course.errors import SettingError, check_kind, check_number
from .arrays import as_array, check_array
from .drums import DRUMS, drum_notes
from .grid import (
    CHORAL_PROGRAM,
    DEFAULT_TEMPO,
    MAX_STEPS,
    STEPS_PER_BAR,
    STEPS_PER_QUARTER,
    Piece,
    as_onsets,
    as_voices,
    nearest_steps,
    read_signature,
    voice_notes,
    voices_to_roll,
)
from .seconds import along, check_tempo
from .timeline import VELOCITY, Part, Timeline, note_parts, part_names, timeline_to_voices
from .words import EVENT_WORD, is_timeless, read_word, words_to_notes


def voices_to_multitrack(voices, tempo: float = DEFAULT_TEMPO):
    """A ``pypianoroll.Multitrack`` with one track a voice, four time steps a quarter.

    A piano roll has no onsets: repeated notes become one held note.
    """
    check_tempo(tempo)
    roll = voices_to_roll(voices)
    import pypianoroll

    tracks = [
        pypianoroll.BinaryTrack(name, CHORAL_PROGRAM, pianoroll=roll[:, :, i])
        for i, name in enumerate(part_names(roll.shape[2]))
    ]
    tempos = np.full(len(roll), float(tempo))
    return pypianoroll.Multitrack(resolution=STEPS_PER_QUARTER, tempo=tempos, tracks=tracks)


def to_timeline(music, onsets=None) -> Timeline:
    """The notes of any music of the course.

    onsets: bool, of the shape of a melody or voices, where a repeated note must be told from a
    held one. Raises SettingError, a TypeError and a ValueError, for what is no music.
    """
    if isinstance(music, Timeline):
        return music
    if onsets is None and hasattr(music, "to_timeline"):  # a tune, a groove, a folder's piece
        return music.to_timeline()
    if hasattr(music, "__array__") or type(music) in (list, tuple):
        return _array_timeline(music, onsets)
    refuse_onsets(onsets)
    if isinstance(music, Piece):
        return _piece_timeline(music)
    if isinstance(music, dict) and set(music) == {"voices", "onsets"}:
        return _voices_timeline(music["voices"], music["onsets"])
    # Objects of other libraries are known by what they have, so that none need be imported.
    if hasattr(music, "instruments") and hasattr(music, "get_tempo_changes"):
        return _midi_timeline(music)
    if hasattr(music, "tracks") and hasattr(music, "downbeat"):
        return _multitrack_timeline(music)
    if hasattr(music, "recurse"):
        return _stream_timeline(music)
    hint = "of several pieces choose one"
    if hasattr(music, "replay") or (isinstance(music, dict) and "replay" in music):
        hint = "play, replay and volume sound as music.matrices_to_timeline((play, replay, volume))"
    raise SettingError(
        "Music is a melody, voices, a piano roll, drums, a Piece, a PrettyMIDI, a Multitrack "
        f"or a music21 stream, not {type(music).__name__}; {hint}."
    )


def refuse_onsets(onsets) -> None:
    if onsets is not None:
        raise SettingError("Onsets go with a melody or voices only; leave them out here.")


def _array_timeline(music, onsets) -> Timeline:
    try:
        array = np.asarray(music)
    except ValueError:
        raise SettingError(
            "The rows of this music differ in length; an array has equal ones."
        ) from None
    if array.size and (array.dtype.kind in "SU" or isinstance(array.flat[0], bytes)):
        refuse_onsets(onsets)
        return _words_timeline(array)
    if array.ndim == 3 and array.shape[1:] == (len(DRUMS), 3) and array.dtype != bool:
        refuse_onsets(onsets)
        return Timeline([Part("drums", drum_notes(array), 0, True)], len(array))
    if array.dtype == bool:
        refuse_onsets(onsets)
        return _roll_timeline(array)
    if array.ndim == 3 or (array.ndim == 2 and array.shape[1] == 128):
        hint = "of a batch choose one, such as batch[0]"
        if array.shape[1] == 128:
            hint = "a piano roll holds True and False, such as roll > 0"
        raise SettingError(
            f"An array of shape {array.shape} and {array.dtype} is no music: {hint}."
        )
    if array.ndim == 2 and array.dtype.kind == "f":  # voices are whole numbers, times need not be
        if array.shape[1] == 5:
            refuse_onsets(onsets)
            return Timeline(note_parts(array), float(array[:, 2].max(initial=0)))
        _refuse_notes(array)
    if array.ndim == 1 and array.dtype.kind in "iu" and (array > 127).any():
        raise SettingError(
            "MIDI's pitches run from 0 to 127 (-1 is a rest), and these are greater: play "
            "performance events as files.notes_to_midi(music.events_to_notes(events)), and tokens "
            "as their vocabulary.decode(tokens)."
        )
    return _voices_timeline(array, onsets)


def _words_timeline(array: np.ndarray) -> Timeline:
    """Next-event words ``(length,)``, text or, as TensorFlow has it, bytes."""
    words = [w.decode() if isinstance(w, bytes) else str(w) for w in array.ravel().tolist()]
    if array.ndim != 1:
        raise SettingError(f"Words stand in one row, not {array.shape}: of a batch choose one.")
    for word in words:
        if not (is_timeless(word) or EVENT_WORD.fullmatch(word)):
            raise SettingError(
                f"Words that are music are such as 'D5 2' or 'rest 4', not {word!r}; the pitches "
                "of a chord's name are music.chord_pitches(name)."
            )
    notes = words_to_notes(words)
    notes = np.column_stack([notes, np.full(len(notes), float(VELOCITY))])
    steps = sum(read_word(word)[1] for word in words if not is_timeless(word))
    return Timeline([Part("melody", notes)], float(steps))


def _refuse_notes(array: np.ndarray) -> None:
    """Raises ValueError where the columns are plainly start, end and pitch, which would sound as
    voices: nonsense."""
    if array.shape[1] in (3, 4) and len(array):
        starts, ends = array[:, 0], array[:, 1]
        if (starts < ends).all() and (np.diff(starts) >= 0).all():
            raise SettingError(
                "This is a list of notes (start, end, pitch ...), not voices: play it as "
                "files.notes_to_midi(notes) where times are seconds, and where they are steps as a "
                "Part of a Timeline."
            )


def _voices_timeline(voices, onsets) -> Timeline:
    voices = as_voices(voices)
    onsets = as_onsets(voices, onsets)
    parts = []
    for i, name in enumerate(part_names(voices.shape[1])):
        notes = [(*note, VELOCITY) for note in voice_notes(voices[:, i], onsets[:, i])]
        parts.append(Part(name, np.array(notes, float).reshape(-1, 4)))
    return Timeline(parts, len(voices))


def checked_piece(piece: Piece) -> Piece:
    """The same piece; SettingError where a field holds nothing that it can hold."""
    voices = as_array(piece.voices, "Voices", "(steps, voices)")
    if voices.ndim != 2 or voices.shape[1]:  # music without notes has no voices
        as_onsets(voices, piece.onsets)
    check_array(piece.bar_starts, "Bar starts", ("bars",), values=(0, MAX_STEPS))
    check_number("tempo", piece.tempo, above=0, whole=False)
    for name, text in (("name", piece.name), ("key", piece.key)):
        check_kind(name, text, str, "a text")
    if piece.time_signature != "":
        read_signature(piece.time_signature)
    return piece


def _piece_timeline(piece: Piece) -> Timeline:
    checked_piece(piece)
    steps, voices = np.shape(piece.voices)
    timeline = _voices_timeline(piece.voices, piece.onsets) if voices else Timeline([], steps)
    return timeline._replace(
        bar_starts=np.asarray(piece.bar_starts),
        tempo=float(piece.tempo),
        name=piece.name,
        time_signature=piece.time_signature,
        key=piece.key,
    )


def _roll_timeline(roll: np.ndarray) -> Timeline:
    if roll.ndim not in (2, 3) or roll.shape[1] != 128:
        raise SettingError(
            "True and False are taken for a piano roll, whose shape is (steps, 128) or "
            f"(steps, 128, tracks), not {roll.shape}."
        )
    roll = roll[:, :, None] if roll.ndim == 2 else roll
    names = part_names(roll.shape[2])
    if roll.shape[2] == 1 and (roll.sum(axis=1) > 1).any():
        names = ("notes",)  # chords in one track are no melody
    parts = [Part(name, _roll_notes(roll[:, :, i])) for i, name in enumerate(names)]
    return Timeline(parts, len(roll))


def _roll_notes(roll: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """The notes of one track ``(steps, 128)``: every unbroken run of a pitch. Numbers above 1 are
    velocities; the first of a run counts."""
    edges = np.diff(np.pad((roll > 0).astype(np.int8), ((1, 1), (0, 0))), axis=0)
    pitches, starts = np.nonzero(edges.T == 1)
    ends = np.nonzero(edges.T == -1)[1]
    velocities = np.full(len(starts), VELOCITY) if roll.dtype == bool else roll[starts, pitches]
    notes = np.stack([starts * scale, ends * scale, pitches, velocities.clip(1, 127)], axis=1)
    return notes[np.lexsort((pitches, starts))].astype(float)


def _multitrack_timeline(multitrack) -> Timeline:
    scale = STEPS_PER_QUARTER / multitrack.resolution
    parts = []
    for i, track in enumerate(multitrack.tracks):
        notes = _roll_notes(track.pianoroll, scale)
        parts.append(Part(track.name or f"track {i + 1}", notes, track.program, track.is_drum))
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


def _midi_timeline(midi) -> Timeline:
    """A ``pretty_midi.PrettyMIDI``; what does not sound here is lost: lyrics, bends of pitch."""
    times, tempos = midi.get_tempo_changes()
    paces = tempos / 60 * STEPS_PER_QUARTER

    def steps_at(seconds):
        # A billionth of a step is less than any tick: rounded to it, beats are whole again.
        return np.round(along(times, paces, seconds), 9)

    parts = []
    for i, instrument in enumerate(midi.instruments):
        notes = [(n.start, n.end, n.pitch, n.velocity) for n in instrument.notes]
        notes = np.array(notes, float).reshape(-1, 4)
        notes[:, :2] = steps_at(notes[:, :2])
        notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
        controls = [(c.time, c.number, c.value) for c in instrument.control_changes]
        controls = np.array(controls, float).reshape(-1, 3)
        controls[:, 0] = steps_at(controls[:, 0])
        name = instrument.name.strip() or program_name(instrument.program, instrument.is_drum)
        if name in [part.name for part in parts]:
            name = f"{name} {i + 1}"
        parts.append(Part(name, notes, int(instrument.program), instrument.is_drum, controls))
    sounds = any(len(part.notes) for part in parts)
    metres = midi.time_signature_changes  # the last one, for the first may be a pickup's
    return Timeline(
        parts=parts,
        steps=float(steps_at(midi.get_end_time())),
        # Without a metre pretty_midi takes 4/4: bars that nobody wrote, least of all a performance.
        bar_starts=steps_at(midi.get_downbeats()) if sounds and metres else None,
        tempo=float(tempos[0]),
        time_signature=f"{metres[-1].numerator}/{metres[-1].denominator}" if metres else "",
        later_tempos=np.column_stack([steps_at(times), tempos])[1:],
    )


def _stream_timeline(stream) -> Timeline:
    """A music21 stream, by music21's own translation to MIDI. Bars begin where its measures do, for
    MIDI has no pickups, unless repeats are played out and move them."""
    import io

    import pretty_midi
    from music21.midi.translate import streamToMidiFile

    if not stream.recurse().notes:
        return Timeline([], 0.0)
    midi = pretty_midi.PrettyMIDI(io.BytesIO(streamToMidiFile(stream).writestr()))
    timeline = _midi_timeline(midi)
    if not stream.recurse().getElementsByClass("MetronomeMark"):
        timeline = timeline._replace(tempo=float(DEFAULT_TEMPO))  # music21 would take its own
    parts = list(getattr(stream, "parts", None) or [stream])
    measures = list(parts[0].getElementsByClass("Measure"))
    steps = [float(STEPS_PER_QUARTER * place.offset) for place in measures]
    if not measures or round(STEPS_PER_QUARTER * stream.highestTime) != round(timeline.steps):
        return timeline
    bar = measures[0].timeSignature.barDuration if measures[0].timeSignature else None
    pickup = measures[0].duration.quarterLength < (bar.quarterLength if bar else 4)
    return timeline._replace(bar_starts=np.array(steps[int(pickup) :]))


def program_name(program: int, is_drum: bool) -> str:
    """What a part without a name is called: its instrument."""
    import pretty_midi

    return "drums" if is_drum else pretty_midi.program_to_instrument_name(program).lower()


def to_piece(music, onsets=None) -> Piece:
    """Any music of the course as a ``Piece`` on the sixteenth grid; what is lost is told in
    ``timeline_to_voices``. Bars of music that has none are of 16 steps from the first.

    Raises ValueError for drums alone, and as ``to_timeline`` does.
    """
    if isinstance(music, Piece):
        refuse_onsets(onsets)
        return checked_piece(music)
    timeline = to_timeline(music, onsets)
    if timeline.parts and all(part.is_drum for part in timeline.parts):
        raise SettingError("A voices grid has pitched parts; this music has only drums.")
    voices, struck = timeline_to_voices(timeline)
    bars = np.arange(0, max(len(voices), 1), STEPS_PER_BAR)
    if timeline.bar_starts is not None:
        bars = np.unique(nearest_steps(timeline.bar_starts))
        bars = bars[bars < max(len(voices), 1)]
    signature = timeline.time_signature or _likely_signature(bars)
    beats, unit = read_signature(signature)
    second = bars[2] - bars[1] if len(bars) > 2 else 4 * STEPS_PER_QUARTER * beats / unit
    if len(bars) > 1 and bars[1] - bars[0] < second:
        bars = bars[1:]  # MIDI has no other way to tell a pickup than a short first bar
    return Piece(
        name=timeline.name,
        voices=voices,
        onsets=struck,
        bar_starts=bars.astype(np.int32),
        time_signature=signature,
        key=timeline.key,
        tempo=timeline.tempo or DEFAULT_TEMPO,
    )


def _likely_signature(bars: np.ndarray) -> str:
    lengths = np.bincount(np.diff(bars)) if len(bars) > 1 else np.array([])
    length = int(lengths.argmax()) if len(lengths) else STEPS_PER_BAR
    return f"{length // 4}/4" if length % 4 == 0 else f"{length}/16"
