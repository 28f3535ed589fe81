"""The kit's one MIDI parser: the notes, pedals, tempos and metres of MIDI files from anywhere.

It never crashes or hangs on damaged bytes (symusic does), and is more than ten times faster than
pretty_midi. Errors are ``MusicFileError`` whose text goes on from the file's name: "song.mid" +
" breaks off: ...".
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from .midi_events import (
    BROKEN_MIDI,
    METRE,
    TEMPO,
    TRACK_NAME,
    Events,
    find_events,
    find_tracks,
    run_edges,
    where,
)
from .readers import (
    DRUM_CHANNEL,
    MAX_NOTES,
    MusicFileError,
    Part,
    Reading,
    clean_name,
    decode,
    too_many_notes,
    usable_metre,
)

MAX_MIDI_NOTES = 500_000  # in a whole file
MAX_METRES = 10_000
DEFAULT_MIDI_TEMPO = 120.0  # quarters a minute: the standard's, where a file names none
SUSTAIN, PEDAL_DOWN = 64, 64  # the controller, and the least of its values that holds notes


class MidiTrack(NamedTuple):
    """What one track of a file plays on one channel (0 to 15).

    notes: ``(notes, 4)`` int32, the columns start and end (ticks), pitch and velocity (1 to 127),
    in order of start, then pitch; one that is struck and released at once has no length. pedals:
    ``(changes, 2)`` int32, tick and value of the sustain pedal (controller 64). program: the
    first that is named for it, else 0.
    """

    name: str
    channel: int
    program: int
    is_drum: bool
    notes: np.ndarray
    pedals: np.ndarray


class MidiFile(NamedTuple):
    """tracks: one for every track and channel with notes or pedals. tempos: (tick, quarters a
    minute; 0.0 where the file has an impossible one), at least one. metres: (tick, beats, beat
    unit). ticks: where the longest track ends. remarks: what was mended, as whole sentences.
    title: the name of a first track without notes."""

    ticks_per_quarter: int
    tracks: list[MidiTrack]
    tempos: list[tuple[int, float]]
    metres: list[tuple[int, int, int]]
    ticks: int
    remarks: list[str]
    title: str


def read_midi_file(data: bytes, max_notes: int = MAX_MIDI_NOTES) -> MidiFile:
    """A Standard MIDI File of type 0 or 1.

    A note ends where its pitch is released or struck again on its track and channel; one that is
    never released ends where the channel's next note begins. Raises MusicFileError, a ValueError,
    for what is damaged, is no such file, or holds more than ``max_notes`` notes.
    """
    data, kind, ticks_per_quarter, spans = find_tracks(data)
    events = find_events(data, spans)
    lines, notes, hanging = _find_notes(events, ticks_per_quarter, max_notes)
    names, tempos, metres, remarks = {}, [], [], []
    for track, tick, meta, payload in events.metas:
        if meta == TRACK_NAME:
            names[track] = names.get(track) or clean_name(decode(payload))
        elif meta == TEMPO and len(payload) == 3:
            micros = int.from_bytes(payload, "big")
            tempos.append((tick, 6e7 / micros if micros else 0.0))
        elif meta == METRE and len(payload) >= 2:
            beats, unit = payload[0], 1 << min(payload[1], 9)
            if usable_metre(beats, unit):
                metres.append((tick, beats, unit))
    if len(metres) > MAX_METRES:
        raise MusicFileError(BROKEN_MIDI)
    if hanging:
        remarks.append(f"Notes never released, {hanging} of them, end where the next one begins.")
    untitled = kind == 0 or (len(lines) and lines[0] < 16)
    return MidiFile(
        ticks_per_quarter,
        _build_tracks(events, lines, notes, names),
        sorted(tempos, key=lambda t: t[0]) or [(0, DEFAULT_MIDI_TEMPO)],
        sorted(metres, key=lambda m: m[0]),
        int(events.ends.max(initial=0)),
        remarks,
        "" if untitled else names.get(0, ""),
    )


def read_midi(data: bytes) -> Reading:
    """A MIDI file as ``load_melody`` takes it."""
    return as_reading(read_midi_file(data, MAX_NOTES))


def as_reading(file: MidiFile) -> Reading:
    """The file's notes, in quarters, without velocities, programs and pedals."""
    quarter = file.ticks_per_quarter
    parts = []
    for track in file.tracks:
        if len(track.notes):
            starts, ends = (track.notes[:, :2].T / quarter).tolist()
            notes = list(zip(starts, ends, track.notes[:, 2].tolist(), strict=True))
            parts.append(Part(track.name, notes, track.is_drum))
    tempos = [(tick / quarter, tempo) for tick, tempo in file.tempos]
    metres = [(tick / quarter, beats, unit) for tick, beats, unit in file.metres]
    return Reading("MIDI file", file.title, parts, tempos, metres, file.remarks)


# --- seconds -----------------------------------------------------------------------------------


def seconds_at(file: MidiFile, ticks) -> np.ndarray:
    """When ticks are reached, in seconds from the beginning: float, of the shape of ``ticks``,
    through all changes of tempo. An impossible tempo (0) is left out."""
    tempos = [(0, DEFAULT_MIDI_TEMPO), *((tick, tempo) for tick, tempo in file.tempos if tempo)]
    starts, rates = np.array(tempos, float).T
    pace = 60 / rates / file.ticks_per_quarter  # seconds a tick
    begins = np.concatenate([[0.0], np.cumsum(np.diff(starts) * pace[:-1])])
    ticks = np.asarray(ticks, float)
    tempo = np.maximum(np.searchsorted(starts, ticks, side="right") - 1, 0)
    return begins[tempo] + (ticks - starts[tempo]) * pace[tempo]


def notes_in_seconds(file: MidiFile, pedal: bool = True) -> np.ndarray:
    """The notes of all pitched tracks together: ``(notes, 4)`` float, the columns start and end
    (seconds), pitch and velocity, in order of start, then pitch.

    pedal: a note released while its channel's sustain pedal is down sounds on until the pedal is
    lifted or the same pitch is struck again, at most to the end of the file.
    """
    pitched = [track for track in file.tracks if not track.is_drum]
    notes = [np.zeros((0, 4), np.int32)]
    for channel in sorted({track.channel for track in pitched}):
        tracks = [track for track in pitched if track.channel == channel]
        played = np.concatenate([track.notes for track in tracks])
        pedals = np.concatenate([track.pedals for track in tracks])
        pedals = pedals[np.argsort(pedals[:, 0], kind="stable")]
        notes.append(_sustained(played, pedals, file.ticks) if pedal else played)
    notes = np.concatenate(notes)
    notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
    times = seconds_at(file, notes[:, :2])
    return np.concatenate([times, notes[:, 2:]], axis=1)


def _sustained(notes: np.ndarray, pedals: np.ndarray, last: int) -> np.ndarray:
    """One channel's notes, those released under the pedal lengthened."""
    if not len(notes) or not len(pedals):
        return notes
    down = pedals[:, 1] >= PEDAL_DOWN
    # For every change of the pedal: when it is up, at once or later.
    up = np.where(down, last, pedals[:, 0])
    up = np.minimum.accumulate(up[::-1])[::-1]
    notes = notes[np.lexsort((notes[:, 0], notes[:, 2]))]
    starts, ends, pitches = notes[:, 0], notes[:, 1], notes[:, 2]
    again = np.append(np.where(pitches[1:] == pitches[:-1], starts[1:], last), last)
    state = np.searchsorted(pedals[:, 0], ends, side="right") - 1
    lifted = np.where((state >= 0) & down[state], up[state], ends)
    longer = notes.copy()
    longer[:, 1] = np.maximum(ends, np.minimum(lifted, again))
    return longer


# --- notes -------------------------------------------------------------------------------------


def _find_notes(events: Events, ticks_per_quarter: int, max_notes: int):
    """``(lines, notes, how many are never released)``: notes as in ``MidiTrack``, all of the file
    in order of line, which is 16 times the track's number plus the channel."""
    which = where((events.status & 0xE0) == 0x80)
    status, velocities = events.status[which], events.two[which]
    struck = (status >= 0x90) & (velocities > 0)
    if np.count_nonzero(struck) > max_notes:
        raise too_many_notes(max_notes)
    # A note ends with the next event of its line and pitch.
    keys = (events.track[which] << 11) | ((status & 15).astype(np.int64) << 7) | events.one[which]
    small = keys.astype(np.uint16) if len(events.ends) <= 32 else keys  # sorted ten times faster
    order = small.argsort(kind="stable")
    keys, ticks, struck = keys[order], events.tick[which[order]], struck[order]
    follows = np.zeros(len(keys), bool)
    follows[:-1] = keys[1:] == keys[:-1]
    ends = np.zeros_like(ticks)
    ends[:-1] = ticks[1:]
    _mend_order(ticks, struck, follows, ends)
    lines = keys >> 7
    onsets = lines << 32 | ticks  # in order over all lines
    hanging = where(struck & ~follows)
    if len(hanging):
        known = np.sort(onsets[struck])
        after = np.append(known, -1)[known.searchsorted(onsets[hanging], side="right")]
        last = events.ends[lines[hanging] >> 4]
        last = np.where(after >> 32 == lines[hanging], after & 0xFFFFFFFF, last)
        ends[hanging] = np.maximum(last, ticks[hanging] + ticks_per_quarter // 4)
    struck = where(struck)
    struck = struck[onsets[struck].argsort(kind="stable")]  # they were in order of pitch
    notes = np.empty((len(struck), 4), np.int32)
    notes[:, 0], notes[:, 1], notes[:, 2] = ticks[struck], ends[struck], keys[struck] & 127
    notes[:, 3] = velocities[order[struck]]
    return lines[struck], notes, len(hanging)


def _mend_order(ticks, struck, follows, ends) -> None:
    """Where a pitch is struck again a moment before it is released (both at one tick), the release
    is the first note's: the second lasts to the next release. Changes ``ends``."""
    at_once = struck[:-1] & ~struck[1:] & follows[:-1] & (ticks[1:] == ticks[:-1])
    second = where(at_once)
    if not len(second):
        return
    second = second[(second > 0) & (second + 2 < len(ticks))]
    first, later = second - 1, second + 2
    meant = struck[first] & follows[first] & (ticks[first] < ticks[second])
    meant &= follows[later - 1] & ~struck[later]
    ends[second[meant]] = ticks[later[meant]]


def _build_tracks(events: Events, lines, notes, names: dict[int, str]) -> list[MidiTrack]:
    kind = events.status >> 4
    sounding, held = _by_line(lines, notes), {}
    pedal = where((kind == 0xB) & (events.one == SUSTAIN))
    if len(pedal):
        line = events.track[pedal] * 16 + (events.status[pedal] & 15)
        order = line.argsort(kind="stable")
        pedals = np.stack([events.tick[pedal], events.two[pedal]], axis=1).astype(np.int32)
        held = _by_line(line[order], pedals[order])
    programs = {}  # of a line, and of a channel in any track
    for i in where(kind == 0xC).tolist():
        track, channel, program = events.track[i], events.status[i] & 15, int(events.one[i])
        programs.setdefault(int(track) * 16 + int(channel), program)
        programs.setdefault(("channel", int(channel)), program)
    channels = Counter(number >> 4 for number in sounding)
    tracks = []
    for number in sorted({*sounding, *held}):
        track, channel = divmod(number, 16)
        name = names.get(track, "")
        if channels[track] > 1:
            name = f"{name} (channel {channel + 1})".strip()
        tracks.append(
            MidiTrack(
                name,
                channel,
                programs.get(number, programs.get(("channel", channel), 0)),
                channel == DRUM_CHANNEL,
                sounding.get(number, np.zeros((0, 4), np.int32)),
                held.get(number, np.zeros((0, 2), np.int32)),
            )
        )
    return tracks


def _by_line(lines: np.ndarray, rows: np.ndarray) -> dict[int, np.ndarray]:
    """The rows of each line, which are in its order."""
    edges = run_edges(lines).tolist()
    return {int(lines[a]): rows[a:b] for a, b in zip(edges, edges[1:], strict=False)}
