"""What a piece becomes: the representations that ``load_folder`` offers, each with its way back to
music, in which the file adds what the form itself has no place for: tempo, metre, bars, key, and
the names and instruments of parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..files.formats import one_sentence, readings_of
from ..files.reading import MusicFileError, Reading
from ..music.conversion import to_timeline
from ..music.drums import hits_to_drums, notes_to_hits
from ..music.events import events_to_notes, notes_to_events
from ..music.grid import nearest_steps
from ..music.matrices import Matrices, matrices_to_timeline, to_matrices
from ..music.seconds import SUSTAIN, all_tempos, notes_in_seconds, steps_at
from ..music.timeline import (
    Part,
    Timeline,
    pitched_parts,
    timeline_to_roll,
    timeline_to_voices,
)
from ..music.words import melody_words, voice_words
from .melodies import choose_part, melody_of


def read_events(path) -> np.ndarray:
    """A file that ``read_music`` takes as performance events ``(length,)`` int32: all its pitched
    parts, as long as the pedal holds them. Raises as ``read_music`` does."""
    with one_sentence(path) as path:
        return represent_events(next(iter(readings_of(path))))


# --- representations ---------------------------------------------------------------------------


def represent_notes(reading: Reading) -> np.ndarray:
    """``(notes, 5)`` float32: part (from 0, drums -1), start, end (steps), pitch and velocity, in
    order of start."""
    parts = sorted(reading.timeline.parts, key=lambda part: part.is_drum)
    tables = [
        np.insert(part.notes, 0, -1 if part.is_drum else number, axis=1)
        for number, part in enumerate(parts)
    ]
    if not tables:
        raise MusicFileError("holds no notes.")
    notes = np.concatenate(tables)
    return notes[np.lexsort((notes[:, 3], notes[:, 0], notes[:, 1]))].astype(np.float32)


def play_notes(notes: np.ndarray, reading: Reading) -> Timeline:
    """Nothing is lost, but that drums of several tracks are one part."""
    music, piece = to_timeline(notes), reading.timeline
    return in_context(music._replace(steps=max(music.steps, piece.steps)), piece)


def represent_voices(reading: Reading, onsets: bool = False):
    """``(steps, voices)`` int16, a column for each pitched part; with ``onsets=True`` a dict of
    voices and onsets, the latter bool."""
    voices, struck = timeline_to_voices(pitched(reading))
    return {"voices": voices, "onsets": struck} if onsets else voices


def play_voices(voices, reading: Reading, onsets: bool = False) -> Timeline:
    """Lost is what ``timeline_to_voices`` loses. Repeated notes are struck as in the file where the
    array has no onsets of its own."""
    if not onsets:
        struck = timeline_to_voices(reading.timeline)[1]
        voices = {"voices": voices, "onsets": struck if struck.shape == voices.shape else None}
    return in_context(to_timeline(dict(voices)), reading.timeline)


def represent_roll(reading: Reading) -> np.ndarray:
    """``(steps, 128)`` bool, all pitched parts in one."""
    timeline = pitched(reading)
    notes = np.concatenate([part.notes for part in timeline.parts if not part.is_drum])
    together = timeline.parts[0]._replace(notes=notes, is_drum=False)
    return timeline_to_roll(timeline._replace(parts=[together]))[:, :, 0]


def play_roll(roll: np.ndarray, reading: Reading) -> Timeline:
    """Lost is what ``timeline_to_roll`` loses, repeated notes among it, and who plays what."""
    return in_context(to_timeline(roll), reading.timeline)


def represent_matrices(reading: Reading) -> dict[str, np.ndarray]:
    """A dict of play, replay (bool) and volume (float32), each ``(steps, 128)``."""
    return to_matrices(pitched(reading))._asdict()


def play_matrices(matrices: dict, reading: Reading) -> Timeline:
    """Lost is what stands in ``helpers.music.matrices``."""
    three = [matrices[field] for field in Matrices._fields]
    return in_context(matrices_to_timeline(three), reading.timeline)


def represent_words(reading: Reading) -> np.ndarray:
    """The melody's events as words such as "D5 2", text ``(length,)``. Which part it is, and what
    counts where notes sound together, is as in ``load_melody``; of notation triplets are kept,
    MIDI is rounded to sixteenths."""
    if reading.kind == "MIDI file":
        tune = melody_of(reading)
        return np.array(voice_words(tune.melody, tune.onsets))
    part, _ = choose_part(reading)
    return np.array(melody_words(part.notes[:, :3]))


def play_words(words, reading: Reading) -> Timeline:
    """Lost is all but the melody, and its velocities."""
    part, _ = choose_part(reading)
    timed = reading.kind == "MIDI file"  # there the silence before the melody is left out
    first = float(nearest_steps(part.notes[0, 0])) if timed else 0.0
    return in_context(to_timeline(words), reading.timeline._replace(parts=[part]), first)


def represent_tokens(reading: Reading, vocabulary=None, unknown: str = "error") -> np.ndarray:
    """The words as tokens of a ``helpers.music.Vocabulary``, ``(length,)`` int32; unknown: as in
    ``Vocabulary.encode``."""
    return vocabulary.encode(represent_words(reading).tolist(), unknown)


def play_tokens(tokens, reading: Reading, vocabulary=None, unknown: str = "error") -> Timeline:
    """Lost is what the words lose, and where they are the nearest known ones more."""
    return play_words(np.array(vocabulary.decode(tokens), str), reading)


def represent_events(reading: Reading, pedal: bool = True) -> np.ndarray:
    """Performance events ``(length,)`` int32 of all pitched parts, through all changes of tempo;
    pedal: notes sound on under the sustain pedal."""
    return notes_to_events(notes_in_seconds(pitched(reading), pedal))


def play_events(events: np.ndarray, reading: Reading, pedal: bool = True) -> Timeline:
    """Lost is what stands in ``helpers.music.events``, but tempo, metre and bars. The pedal is not
    heard twice."""
    notes = events_to_notes(events)
    notes[:, :2] = steps_at(reading.timeline, notes[:, :2])
    steps = float(notes[:, 1].max(initial=0))
    music = in_context(Timeline([Part("notes", notes)], steps), reading.timeline)
    (part,) = music.parts
    if part.controls is not None:
        part = part._replace(controls=part.controls[part.controls[:, 1] != SUSTAIN])
    return music._replace(parts=[part])


def represent_drums(reading: Reading) -> np.ndarray:
    """Drums ``(steps, 9, 3)`` float32, up to the last hit."""
    notes = [part.notes for part in reading.timeline.parts if part.is_drum]
    drums = hits_to_drums(notes_to_hits(np.concatenate(notes))) if notes else notes
    if not len(drums):
        raise MusicFileError("holds no drums.")
    return drums


def play_drums(drums: np.ndarray, reading: Reading) -> Timeline:
    """Lost is what ``hits_to_drums`` loses, and all but the drums."""
    return in_context(to_timeline(drums), reading.timeline)


def pitched(reading: Reading) -> Timeline:
    """The piece, which has a part that is no drums."""
    if not reading.timeline.parts:
        raise MusicFileError("holds no notes.")
    if all(part.is_drum for part in reading.timeline.parts):
        raise MusicFileError("holds only drums.")
    return reading.timeline


def in_context(music: Timeline, piece: Timeline, first: float = 0.0) -> Timeline:
    """The music of a form with what only the piece knows: tempos, metre, bars, key, its name, and
    of its parts names, instruments and controllers. Where the form makes one part of several, it
    has the instrument that they share, if they do. first: the step of the piece where the form
    begins."""
    starts, tempos = all_tempos(piece)
    now = np.searchsorted(starts, first, side="right") - 1
    later = np.column_stack([starts - first, tempos])[now + 1 :]
    bars = piece.bar_starts
    return music._replace(
        parts=parts_of(music.parts, piece),
        bar_starts=None if bars is None else bars[bars >= first] - first,
        tempo=float(tempos[now]) if piece.tempo or now else None,
        name=piece.name,
        time_signature=piece.time_signature,
        key=piece.key,
        later_tempos=later if len(later) else None,
    )


def parts_of(parts: list[Part], piece: Timeline) -> list[Part]:
    """The parts as the piece has them; drums are one."""
    theirs = pitched_parts(piece)
    if len([part for part in parts if not part.is_drum]) == 1 < len(theirs):
        programs = {part.program for part in theirs}
        theirs = [Part("notes", None, programs.pop() if len(programs) == 1 else None)]
    theirs = {False: theirs, True: [part for part in piece.parts if part.is_drum]}
    return [
        theirs[part.is_drum].pop(0)._replace(notes=part.notes) if theirs[part.is_drum] else part
        for part in parts
    ]


class Representation(NamedTuple):
    """make: a reading, and options, to an array or a dict of arrays. play: these, the reading and
    the same options to music."""

    make: Callable
    play: Callable


REPRESENTATIONS: dict[str, Representation] = {
    "notes": Representation(represent_notes, play_notes),
    "voices": Representation(represent_voices, play_voices),
    "roll": Representation(represent_roll, play_roll),
    "matrices": Representation(represent_matrices, play_matrices),
    "words": Representation(represent_words, play_words),
    "tokens": Representation(represent_tokens, play_tokens),
    "events": Representation(represent_events, play_events),
    "drums": Representation(represent_drums, play_drums),
}
