"""Music on the sixteenth grid: pitches, voices and piano rolls, and the ways between them.

Time is counted in steps, four to a quarter note; pitches are MIDI numbers (60 is middle C) and
``REST`` is silence.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from ..course.errors import SettingError, check_kind, check_number, shortened
from .arrays import as_array, check_array

REST = -1
STEPS_PER_QUARTER = 4
STEPS_PER_BAR = 16  # of 4/4
VOICE_NAMES = ("soprano", "alto", "tenor", "bass")
PITCH_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# Eight hours of a grid or a piece, 50 minutes of a melody at 100 quarters a minute: what is longer
# is a mistake or a damaged file, and would fill the memory.
MAX_STEPS, MAX_MELODY_STEPS = 200_000, 20_000
DEFAULT_TEMPO = 100  # quarter notes a minute
CHORAL_PROGRAM = 19  # General MIDI: church organ


class Piece(NamedTuple):
    """One piece on the sixteenth grid.

    voices: ``(steps, voices)`` int16, MIDI pitches or ``REST``, highest voice first.
    onsets: ``(steps, voices)`` bool, true where a note is struck (a held note is struck once).
    bar_starts: ``(bars,)`` int32, the steps of the downbeats; steps before the first are a pickup.
    time_signature: such as ``"4/4"``. key: such as ``"G major"``. tempo: quarter notes a minute.
    fermatas: ``(steps,)`` bool, true where a note under a fermata begins.
    """

    name: str
    voices: np.ndarray
    onsets: np.ndarray
    bar_starts: np.ndarray
    time_signature: str = "4/4"
    key: str = ""
    tempo: float = DEFAULT_TEMPO
    fermatas: np.ndarray | None = None


class Note(NamedTuple):
    """A note of one voice: it sounds from step ``start`` up to, not including, step ``end``."""

    start: int
    end: int
    pitch: int


# --- pitches -----------------------------------------------------------------------------------


def pitch_name(pitch: int) -> str:
    """Such as "C4" for 60, middle C. Raises ValueError outside MIDI's 0..127."""
    check_number("pitch", pitch, 0, 127)
    return f"{PITCH_NAMES[pitch % 12]}{pitch // 12 - 1}"


def pitch_number(name: str) -> int:
    """The MIDI number of a name such as "C4" (60), "F#5" or "Bb3"; "C-1" is 0.

    Raises ValueError on what is no name, and on pitches outside MIDI's 0..127.
    """
    check_kind("name", name, str, "a text such as 'C4'")
    match = re.fullmatch(r"([A-G])(#{0,2}|b{0,2})(-1|\d)", name)
    if match is None:
        raise SettingError(f"A pitch is named like C4, F#5 or Bb3, not {shortened(name)}.")
    letter, signs, octave = match.groups()
    pitch = 12 * (int(octave) + 1) + PITCH_NAMES.index(letter)
    pitch += signs.count("#") - signs.count("b")
    if not 0 <= pitch <= 127:
        raise SettingError(f"{name} is outside MIDI's pitches, C-1 to G9.")
    return pitch


# --- voices ------------------------------------------------------------------------------------


def as_voices(voices) -> np.ndarray:
    """Voices as ``(steps, voices)`` int16; a melody ``(steps,)`` becomes one column. Raises
    ValueError on another shape, fractions, and numbers outside MIDI's 0..127 (``REST`` apart)."""
    voices = as_array(voices, "Voices", "(steps, voices)")
    voices = voices[:, None] if voices.ndim == 1 else voices
    hint = "MIDI's pitches run from 0 to 127, and -1 is a rest"
    axes = ("steps", "voices")
    return check_array(voices, "Voices", axes, True, (REST, 127), hint).astype(np.int16)


def default_onsets(voices) -> np.ndarray:
    """Onsets where equal neighbours are one held note: ``(steps, voices)`` bool."""
    voices = as_voices(voices)
    changed = np.ones(voices.shape, bool)
    changed[1:] = voices[1:] != voices[:-1]
    return changed & (voices != REST)


def as_onsets(voices, onsets=None) -> np.ndarray:
    """Onsets as ``(steps, voices)`` bool, consistent with the voices: every sounding stretch
    begins with one, and no rest has one. None means ``default_onsets``."""
    needed = default_onsets(voices)
    if onsets is None:
        return needed
    onsets = as_array(onsets, "Onsets", "(steps, voices)")
    if onsets.ndim == 1:
        onsets = onsets[:, None]
    hint = "True where a note is struck"
    onsets = check_array(onsets, "Onsets", ("steps", "voices"), values=(0, 1), hint=hint) > 0
    if onsets.shape != needed.shape:
        raise SettingError(
            f"Onsets have the shape of the voices, {needed.shape}, not {onsets.shape}."
        )
    return (onsets | needed) & (as_voices(voices) != REST)


def voice_notes(melody, onsets=None) -> list[Note]:
    """The notes of one voice ``(steps,)``, in order of time; several voices raise ValueError."""
    voices = as_voices(melody)
    if voices.shape[1] != 1:
        raise SettingError(
            f"One voice has the shape (steps,), not {voices.shape}: pass voices[:, i]."
        )
    melody = voices[:, 0]
    struck = as_onsets(melody, onsets)[:, 0]
    starts = np.flatnonzero(struck)
    edges = np.append(np.flatnonzero(struck | (melody == REST)), len(melody))
    ends = edges[np.searchsorted(edges, starts, side="right")]
    return [Note(int(s), int(e), int(melody[s])) for s, e in zip(starts, ends, strict=True)]


def notes_to_voice(notes, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """``(melody, onsets)`` of ``steps`` steps from notes in any order.

    A later note cuts off an earlier one; of notes that begin together the highest is kept. Notes
    of no length and notes after the last step are left out. Raises ValueError on a note before
    step 0 or outside MIDI's pitches.
    """
    melody = np.full(steps, REST, np.int16)
    onsets = np.zeros(steps, bool)
    kept = sorted((start, pitch, end) for start, end, pitch in notes if start < min(end, steps))
    if any(start < 0 or not 0 <= pitch <= 127 for start, pitch, _ in kept):
        raise SettingError("Notes begin at step 0 or later and have MIDI pitches from 0 to 127.")
    next_starts = [start for start, _, _ in kept[1:]] + [steps]
    for (start, pitch, end), next_start in zip(kept, next_starts, strict=False):
        melody[start : min(end, next_start)] = pitch
        onsets[start] = True
    return melody, onsets


def transpose(voices, semitones: int) -> np.ndarray:
    """The same music ``semitones`` higher, in the shape it came in; rests stay rests.

    Raises ValueError where a note would leave MIDI's 0..127.
    """
    check_number("semitones", semitones, -127, 127)
    voices = as_array(voices, "Voices", "(steps, voices)")
    voices = as_voices(voices.ravel()).reshape(voices.shape)
    sounding = voices != REST
    moved = np.where(sounding, voices + semitones, REST)
    if ((moved < 0) & sounding).any() or (moved > 127).any():
        raise SettingError(
            f"Moved by {semitones} semitones, a note leaves MIDI's pitches 0 to 127."
        )
    return moved.astype(np.int16)


def excerpt(piece: Piece, start: int, end: int) -> Piece:
    """The steps from ``start`` up to, not including, ``end`` as a piece: a note that sounds across
    ``start`` is struck there. Raises ValueError where nothing lies between the two."""
    check_piece(piece)
    check_number("start", start)
    check_number("end", end)
    if not 0 <= start < min(end, len(piece.voices)):
        raise SettingError(
            f"{piece.name or 'This piece'} has {len(piece.voices)} steps; "
            f"from {start} to {end} there are none."
        )
    end = min(end, len(piece.voices))
    bars = np.asarray(piece.bar_starts)
    return piece._replace(
        voices=piece.voices[start:end],
        onsets=as_onsets(piece.voices[start:end], piece.onsets[start:end]),
        bar_starts=(bars[(bars >= start) & (bars < end)] - start).astype(np.int32),
        fermatas=None if piece.fermatas is None else piece.fermatas[start:end],
    )


def with_voices(piece: Piece, voices) -> Piece:
    """The same piece with these voices ``(steps, voices)``: its first voice, whose repeated notes
    are struck again, and others below it. Raises ValueError where the lengths differ."""
    check_piece(piece)
    voices = as_voices(voices)
    if len(voices) != len(piece.voices):
        raise SettingError(
            f"{piece.name or 'This piece'} has {len(piece.voices)} steps, and these voices "
            f"{len(voices)}: give voices to the whole of it."
        )
    onsets = as_onsets(voices)
    onsets[:, 0] |= np.asarray(piece.onsets)[:, 0] & (voices[:, 0] != REST)
    return piece._replace(voices=voices, onsets=onsets)


def check_piece(piece) -> None:
    """Raises SettingError on what is no ``Piece``."""
    check_kind("piece", piece, Piece, "a Piece, which music.to_piece(music) makes of any music")


# --- piano rolls -------------------------------------------------------------------------------


def voices_to_roll(voices) -> np.ndarray:
    """``(steps, 128, voices)`` bool: which pitches each voice sounds at each step."""
    voices = as_voices(voices)
    return voices[:, None, :] == np.arange(128)[None, :, None]


def roll_to_voices(roll) -> np.ndarray:
    """``(steps, tracks)`` int16, the highest pitch of each track: exact for monophonic tracks.
    Every cell that is not zero sounds."""
    roll = np.asarray(roll, bool)
    roll = roll[:, :, None] if roll.ndim == 2 else roll
    check_array(roll, "Piano rolls", ("steps", 128, "tracks"))
    highest = 127 - roll[:, ::-1].argmax(axis=1)
    return np.where(roll.any(axis=1), highest, REST).astype(np.int16)


# --- time --------------------------------------------------------------------------------------


def read_signature(time_signature: str) -> tuple[int, int]:
    """``(beats, unit)`` of a time signature: (6, 8) of "6/8". Raises ValueError on what is none."""
    is_text = isinstance(time_signature, str)
    match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", time_signature) if is_text else None
    if match is None:
        given = shortened(time_signature)
        raise SettingError(f'A time signature is written like "4/4" or "6/8", not {given}.')
    return int(match[1]), int(match[2])


def bar_length(time_signature: str) -> float:
    """Steps in a full bar: 16 for "4/4", 12 for "6/8"."""
    beats, unit = read_signature(time_signature)
    return 4 * STEPS_PER_QUARTER * beats / unit


def bar_clock(times, bar_starts, bar_steps: float) -> np.ndarray:
    """``(times, 2)`` float: for each time (in steps) the steps since its bar's downbeat, and the
    bar's number. A pickup is the end of a full bar of ``bar_steps``, of number -1; after the last
    downbeat the bars go on."""
    times = check_array(times, "Times", ("times",), values=(-MAX_STEPS, MAX_STEPS)).astype(float)
    bar_starts = check_array(bar_starts, "Bar starts", ("bars",))
    check_number("The number of bar starts", len(bar_starts), least=1)
    check_number("bar_steps", bar_steps, above=0, whole=False)
    first, last = float(bar_starts[0]), float(bar_starts[-1])
    slack = 1e-6  # a triplet's times are no exact fractions
    later = np.arange(last + bar_steps, times.max(initial=0) + slack, bar_steps)
    downbeats = np.concatenate([[first - bar_steps], bar_starts, later])
    bars = np.searchsorted(downbeats, times + slack) - 1
    return np.stack([times - downbeats[bars], bars - 1], axis=1)


def nearest_steps(times) -> np.ndarray:
    """The steps nearest to times counted in steps, int64; halves go up, the error of a division
    apart."""
    return np.floor(np.asarray(times, float) + 0.5 + 1e-6).astype(np.int64)
