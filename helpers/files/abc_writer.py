"""Music as ABC, the plain text that folk tunes are passed on in; ``abc_reader`` reads it."""

from __future__ import annotations

import re

from ..course.errors import SettingError
from ..music.conversion import to_piece
from ..music.grid import REST, as_voices
from ..music.keys import LETTERS, guess_fifths, key_fifths, spelling
from ..music.timeline import part_names
from .written import Written, beat_and_bar, is_low, written_bars

BARS_PER_LINE = 4
SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
ABC_MODES = {"major": "", "minor": "m"}  # others by three letters
MAJOR_KEYS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")


def to_abc(music) -> str:
    """Any music of the course but drums as an ABC tune, several voices one after the other. Of
    music without a key the signature is the best guess.

    ABC holds pitches, lengths, rests, repeated notes, bar lines with a pickup, metre, tempo, title
    and voices; of a ``Piece`` it lacks the fermatas, of other music what ``to_piece`` loses,
    velocities and instruments among it. Raises ValueError on a key of more than seven sharps or
    flats, and as ``to_piece`` does.
    """
    piece = to_piece(music)
    fifths = key_fifths(piece.key) if piece.key else guess_fifths(piece.voices)
    if abs(fifths) > 7:
        raise SettingError(f"A signature has at most seven sharps or flats; {piece.key} has more.")
    written = [bar.voices for bar in written_bars(piece)]
    lengths = [note.steps for bar in written for voice in bar for note in voice]
    unit = 2 if all(length % 2 == 0 for length in lengths) else 1
    lines = [
        "X:1",
        f"T:{_one_line(piece.name)}",
        f"M:{piece.time_signature}",
        f"L:1/{16 // unit}",
        f"Q:1/4={round(float(piece.tempo), 3):.8g}",
    ]
    voices = as_voices(piece.voices)
    several = voices.shape[1] > 1
    if several:
        lines += _voice_fields(voices)
    lines.append(f"K:{_key_name(piece.key, fifths)}")
    beat = 8 if piece.time_signature == "2/2" else beat_and_bar(piece.time_signature)[0]
    for i in range(voices.shape[1]):
        if several:
            lines.append(f"V:{i + 1}")
        texts = [_bar_text(bar[i], unit, beat, fifths) for bar in written]
        starts = range(0, len(texts), BARS_PER_LINE)
        lines += [" | ".join(texts[start : start + BARS_PER_LINE]) + " |" for start in starts]
        lines[-1] += "]"
    return "\n".join(lines) + "\n"


def _bar_text(bar: list[Written], unit: int, beat: int, fifths: int) -> str:
    """One bar, such as "G2AB c2-c^c": a space before each beat, so that flags become beams.

    An accidental is left out only where it holds both ways that programs understand it: for its
    line or space alone, and for its letter in all octaves.
    """
    text, at = "", -sum(note.steps for note in bar)  # from the end: a pickup lacks its beginning
    signature = {letter: (fifths + 6 - i) // 7 for i, letter in enumerate(LETTERS)}
    letters, places = dict(signature), {}
    for note in bar:
        text += " " if text and at % beat == 0 else ""
        at += note.steps
        length = "" if note.steps == unit else str(note.steps // unit)
        if note.pitch == REST:
            text += f"z{length}"
            continue
        letter, alteration, octave = spelling(note.pitch, fifths)
        place = (letter, octave)
        if letters[letter] != alteration or places.get(place, signature[letter]) != alteration:
            text += SIGNS[alteration]
            letters[letter] = places[place] = alteration
        text += letter.lower() if octave > 4 else letter
        text += "'" * (octave - 5) + "," * (4 - octave)
        text += length + ("-" if note.tied_after else "")
    return text


def _voice_fields(voices) -> list[str]:
    fields = []
    for i, name in enumerate(part_names(voices.shape[1])):
        clef = " clef=bass" if is_low(voices[:, i][voices[:, i] != REST]) else ""
        fields.append(f'V:{i + 1} name="{name}"{clef}')
    return fields


def _key_name(key: str, fifths: int) -> str:
    if not key:
        return MAJOR_KEYS[fifths + 7]
    tonic, mode = key.split()
    return tonic[0].upper() + tonic[1:] + ABC_MODES.get(mode.lower(), mode[:3].lower())


def _one_line(title: str) -> str:
    """A title that is one field: "%" would begin a comment, and backslashes and ``&eacute;`` stand
    for other characters (ABC 2.1, section 8.2)."""
    printable = "".join(c if c.isprintable() else " " for c in title)
    text = " ".join(printable.split()).replace("\\", "\\\\").replace("%", "\\%")
    return re.sub(r"&(?=#?\w{1,10};)", r"\\&", text)
