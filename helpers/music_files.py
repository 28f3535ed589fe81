"""Whole pieces from anybody's files, MIDI, MusicXML or ABC, and what the course makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .abc_notation import key_name, read_abc_tunes
from .melodies import (
    bars_of,
    checked_path,
    choose_part,
    melody_of,
    one_sentence,
    read_bytes,
    sort_content,
    tempo_at,
)
from .midi_reader import MidiFile, as_reading, notes_in_seconds, read_midi_file
from .music import DEFAULT_TEMPO, STEPS_PER_QUARTER
from .readers import MusicFileError, Reading, clean_name, read_musicxml
from .readers import Part as Staff

if TYPE_CHECKING:  # it imports pretty_midi, which takes a moment
    from .timeline import Part, Timeline

MAX_MIDI_BYTES = 4_000_000  # of a whole file; a melody's may have 2 MB
MAX_STEPS = 100_000  # of one piece: four hours at 100 quarters a minute
MAX_PARTS = 256


class Source(NamedTuple):
    """One piece as its file tells it: MIDI, or a reading of notation. name: what the piece is
    called where the file gives it no title."""

    midi: MidiFile | None
    notation: Reading | None
    name: str

    def reading(self) -> Reading:
        return self.notation or as_reading(self.midi)

    def frame(self) -> Reading:
        """The same, of MIDI without the notes, which would take their time."""
        return self.notation or as_reading(self.midi._replace(tracks=[]))

    def parts(self) -> list:
        """The parts that have notes."""
        parts = self.midi.tracks if self.midi else self.notation.parts
        return [part for part in parts if len(part.notes)]

    def span(self) -> tuple[float, float]:
        """The first note's start and the end of the piece, in steps."""
        if self.midi:
            scale = STEPS_PER_QUARTER / self.midi.ticks_per_quarter
            starts = [int(track.notes[:, 0].min()) for track in self.parts()]
            ends = [self.midi.ticks, *(int(track.notes[:, 1].max()) for track in self.parts())]
        else:
            scale = STEPS_PER_QUARTER
            starts = [note[0] for part in self.parts() for note in part.notes]
            ends = [note[1] for part in self.parts() for note in part.notes]
        return scale * min(starts, default=0), scale * max(ends, default=0)


def read_music(path) -> Timeline:
    """A MIDI (.mid), MusicXML (.musicxml, .xml, .mxl) or ABC (.abc) file as notes in time: all its
    parts, drums among them, with their velocities and programs where the file has any.

    The content decides, not the suffix. Nothing is rounded. Notation has velocity 80 throughout;
    its repeat signs are not followed, its grace notes and unpitched drums are left out. tempo is
    the first one; bar lines are where the notation has them, in MIDI where the time signatures put
    them. Of an ABC book it is the first tune.

    Raises MusicFileError, a ValueError of one sentence, for whatever cannot be read. Limits: 4 MB
    of MIDI, 2 MB of ABC or .mxl, 12 MB of MusicXML; 500,000 notes of MIDI, 100,000 of others;
    256 parts and 100,000 sixteenths a piece.
    """
    return read_pieces(path)[0]


def read_pieces(path, refused: list[str] | None = None) -> list[Timeline]:
    """As ``read_music``, all the tunes of an ABC book, else the one piece.

    A tune that cannot be read raises MusicFileError, or, where ``refused`` is a list, is left out
    and a sentence is added there.
    """
    path = checked_path(path)
    with one_sentence(path):
        return [make_timeline(source) for source in sources_of(path, refused)]


def read_events(path) -> np.ndarray:
    """A file that ``read_music`` takes as performance events ``(length,)`` int32: all its pitched
    parts, as long as the pedal holds them. Raises as ``read_music`` does."""
    path = checked_path(path)
    with one_sentence(path):
        return represent_events(sources_of(path, None)[0])


def sources_of(path, refused: list[str] | None) -> list[Source]:
    """The pieces of a file, at least one."""
    return read_sources(read_bytes(path), path.suffix.lower(), clean_name(path.stem), refused)


def read_sources(data: bytes, suffix: str, name: str, refused: list[str] | None) -> list[Source]:
    """The pieces of a file's bytes, at least one. Raises MusicFileError."""
    kind, content = sort_content(data, suffix, MAX_MIDI_BYTES)
    if kind == "midi":
        midi = read_midi_file(content)
        return [checked(Source(midi, None, name))]
    readings = [read_musicxml(content)] if kind == "musicxml" else read_abc_tunes(content, refused)
    return [checked(Source(None, reading, name)) for reading in readings]


def checked(source: Source) -> Source:
    if len(source.parts()) > MAX_PARTS:
        raise MusicFileError(f"has more than {MAX_PARTS} parts: leave it out, or take it apart.")
    steps = source.span()[1]
    if steps > MAX_STEPS:
        raise MusicFileError(
            f"holds a piece of {steps:,.0f} sixteenths, and at most {MAX_STEPS:,} are read: cut "
            "it, and save the parts."
        )
    return source


def make_timeline(source: Source) -> Timeline:
    """The piece as notes in time."""
    from .timeline import Timeline

    frame, (first, steps) = source.frame(), source.span()
    signature, bars = "", None
    if source.parts():
        staves = [part for part in frame.parts if part.bars]
        guide = staves[0] if staves else Staff("", [])
        signature, bars = bars_of(frame, guide, 0, int(np.ceil(steps)))
    return Timeline(
        parts=make_parts(source),
        steps=steps,
        bar_starts=bars,
        tempo=tempo_at(frame.tempos, first / STEPS_PER_QUARTER)[0] if frame.tempos else None,
        name=frame.title or source.name,
        time_signature=signature,
        key=key_name(frame.key),
    )


def make_parts(source: Source) -> list[Part]:
    """One part a track, staff or voice with notes, each with a name of its own."""
    from .timeline import VELOCITY, Part, program_name

    parts, names = [], set()
    if source.midi:
        scale = STEPS_PER_QUARTER / source.midi.ticks_per_quarter
        for track in source.parts():
            name = own_name(track.name or program_name(track.program, track.is_drum), names)
            notes = track.notes * (scale, scale, 1, 1)
            parts.append(Part(name, notes, track.program, track.is_drum))
        return parts
    staves = source.parts()
    for number, part in enumerate(staves, 1):
        unnamed = "melody" if len(staves) == 1 else f"voice {number}"
        notes = np.full((len(part.notes), 4), float(VELOCITY))
        notes[:, :3] = part.notes
        notes[:, :2] *= STEPS_PER_QUARTER
        notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
        parts.append(Part(own_name(part.name or unnamed, names), notes, part.program, part.drums))
    return parts


def own_name(name: str, names: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, own = 1, name
    while own in names:
        number += 1
        own = f"{name} {number}"
    names.add(own)
    return own


# --- representations ---------------------------------------------------------------------------


def represent_notes(source: Source) -> np.ndarray:
    """``(notes, 5)`` float32: part (from 0, drums -1), start, end (steps), pitch and velocity, in
    order of start."""
    parts = make_parts(source)
    pitched_parts = [part for part in parts if not part.is_drum]
    tables = [(number, part.notes) for number, part in enumerate(pitched_parts)]
    tables += [(-1, part.notes) for part in parts if part.is_drum]
    if not tables:
        raise MusicFileError("holds no notes.")
    notes = np.concatenate([np.insert(table, 0, number, axis=1) for number, table in tables])
    return notes[np.lexsort((notes[:, 3], notes[:, 0], notes[:, 1]))].astype(np.float32)


def represent_voices(source: Source, onsets: bool = False):
    """``(steps, voices)`` int16, a column for each pitched part; with ``onsets=True`` a dict of
    voices and onsets, the latter bool."""
    from .timeline import timeline_to_voices

    voices, struck = timeline_to_voices(pitched(source))
    return {"voices": voices, "onsets": struck} if onsets else voices


def represent_roll(source: Source) -> np.ndarray:
    """``(steps, 128)`` bool, all pitched parts in one."""
    from .timeline import timeline_to_roll

    timeline = pitched(source)
    notes = np.concatenate([part.notes for part in timeline.parts if not part.is_drum])
    together = timeline.parts[0]._replace(notes=notes, is_drum=False)
    return timeline_to_roll(timeline._replace(parts=[together]))[:, :, 0]


def represent_matrices(source: Source) -> dict[str, np.ndarray]:
    """A dict of play, replay (bool) and volume (float32), each ``(steps, 128)``."""
    from .matrices import to_matrices

    return to_matrices(pitched(source))._asdict()


def represent_words(source: Source) -> np.ndarray:
    """The melody's events as words such as "D5 2", text ``(length,)``. Which part it is, and what
    counts where notes sound together, is as in ``load_melody``; of notation triplets are kept,
    MIDI is rounded to sixteenths."""
    from .tokens import melody_words, voice_words

    if source.midi:
        tune = melody_of(source.reading(), source.name)
        return np.array(voice_words(tune.melody, tune.onsets))
    part, _ = choose_part(source.notation)
    return np.array(melody_words(np.array(part.notes) * (STEPS_PER_QUARTER, STEPS_PER_QUARTER, 1)))


def represent_tokens(source: Source, vocabulary=None, unknown: str = "error") -> np.ndarray:
    """The words as tokens of a ``helpers.tokens.Vocabulary``, ``(length,)`` int32; unknown: as in
    ``Vocabulary.encode``."""
    return vocabulary.encode(represent_words(source).tolist(), unknown)


def represent_events(source: Source, pedal: bool = True) -> np.ndarray:
    """Performance events ``(length,)`` int32 of all pitched parts, through all changes of tempo;
    pedal: notes sound on under the sustain pedal."""
    from .events import notes_to_events

    timeline = pitched(source)
    if source.midi:
        return notes_to_events(notes_in_seconds(source.midi, pedal))
    notes = np.concatenate([part.notes for part in timeline.parts if not part.is_drum])
    notes[:, :2] *= 60 / (timeline.tempo or DEFAULT_TEMPO) / STEPS_PER_QUARTER
    return notes_to_events(notes)


def represent_drums(source: Source) -> np.ndarray:
    """Drums ``(steps, 9, 3)`` float32, up to the last hit."""
    from .drums import hits_to_drums, notes_to_hits

    notes = [part.notes for part in make_parts(source) if part.is_drum]
    drums = hits_to_drums(notes_to_hits(np.concatenate(notes))) if notes else notes
    if not len(drums):
        raise MusicFileError("holds no drums.")
    return drums


def pitched(source: Source) -> Timeline:
    """The piece, which has a part that is no drums."""
    timeline = make_timeline(source)
    if not timeline.parts:
        raise MusicFileError("holds no notes.")
    if all(part.is_drum for part in timeline.parts):
        raise MusicFileError("holds only drums.")
    return timeline


REPRESENTATIONS: dict[str, Callable] = {
    "notes": represent_notes,
    "voices": represent_voices,
    "roll": represent_roll,
    "matrices": represent_matrices,
    "words": represent_words,
    "tokens": represent_tokens,
    "events": represent_events,
    "drums": represent_drums,
}
