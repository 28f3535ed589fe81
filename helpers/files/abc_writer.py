"""Music as ABC, the plain text that folk tunes are passed on in; ``abc_notation`` reads it."""

from __future__ import annotations

from ..music.conversion import to_piece
from ..music.grid import REST, Piece, as_onsets, as_voices, voice_notes
from ..music.keys import LETTERS, guess_fifths, key_fifths, spelling
from ..music.timeline import part_names
from .written import Written, bar_edges, beat_and_bar, is_low, write_bar

BARS_PER_LINE = 4
SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
ABC_MODES = {"major": "", "minor": "m"}  # others by three letters
MAJOR_KEYS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")


def to_abc(music, title: str | None = None, key: str | None = None, onsets=None) -> str:
    """Any music of the course but drums as an ABC tune, several voices one after the other.

    title: None takes the piece's name. key: such as ``"G major"`` or ``"E dorian"``; None is the
    piece's own, else the best guess at its signature. onsets: as in ``to_timeline``.

    ABC holds pitches, lengths, rests, repeated notes, bar lines with a pickup, metre, tempo, title
    and voices; of a ``Piece`` it lacks the fermatas, of other music what ``to_piece`` loses,
    velocities and instruments among it. Raises ValueError on a key of more than seven sharps or
    flats, and as ``to_piece`` does.
    """
    piece = to_piece(music, onsets)
    named = key or piece.key
    fifths = key_fifths(named) if named else guess_fifths(piece.voices)
    if abs(fifths) > 7:
        raise ValueError(f"A signature has at most seven sharps or flats; {named} has more.")
    columns = _written_bars(piece)
    lengths = [note.steps for bars in columns for bar in bars for note in bar]
    unit = 2 if all(length % 2 == 0 for length in lengths) else 1
    lines = [
        "X:1",
        f"T:{_one_line(piece.name if title is None else title)}",
        f"M:{piece.time_signature}",
        f"L:1/{16 // unit}",
        f"Q:1/4={round(float(piece.tempo), 3):.8g}",
    ]
    several = len(columns) > 1
    if several:
        lines += _voice_fields(as_voices(piece.voices))
    lines.append(f"K:{_key_name(named, fifths)}")
    beat = 8 if piece.time_signature == "2/2" else beat_and_bar(piece.time_signature)[0]
    for i, bars in enumerate(columns):
        if several:
            lines.append(f"V:{i + 1}")
        texts = [_bar_text(bar, unit, beat, fifths) for bar in bars]
        starts = range(0, len(texts), BARS_PER_LINE)
        lines += [" | ".join(texts[start : start + BARS_PER_LINE]) + " |" for start in starts]
        lines[-1] += "]"
    return "\n".join(lines) + "\n"


def _written_bars(piece: Piece) -> list[list[list[Written]]]:
    """For each voice its bars, for each bar its notes."""
    voices = as_voices(piece.voices)
    onsets = as_onsets(voices, piece.onsets)
    beat, bar = beat_and_bar(piece.time_signature)
    edges = bar_edges(piece).tolist()
    pickup = len(piece.bar_starts) > 0 and piece.bar_starts[0] > 0
    missing = max(0, bar - edges[1]) if pickup else 0
    columns = []
    for i in range(voices.shape[1]):
        notes = voice_notes(voices[:, i], onsets[:, i])
        columns.append(
            [
                write_bar(notes, start, end, beat, 0 if start else missing)
                for start, end in zip(edges[:-1], edges[1:], strict=True)
            ]
        )
    return columns


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
    """A title that is one field: "%" would begin a comment."""
    printable = "".join(c if c.isprintable() else " " for c in title)
    return " ".join(printable.split()).replace("%", "\\%")
