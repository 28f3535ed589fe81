"""Writes data/melodies/*.mid, note by note from the text below: ``python data/build_melodies.py``.

The notation: a note is its name, octave and length, such as ``F#4q``; lengths are w h q e s
(whole to sixteenth), ``.`` makes one half longer, and a note without one has the length of the
note before. ``R`` is a rest, ``~`` ties to the next note. Bar lines are checked against the
metre, and notes against the key; what is foreign to the key on purpose is named in `foreign`.
The first bar may be a pickup. The same script gives the same bytes.
"""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.course.storage import write_whole  # noqa: E402
from helpers.data.melodies import MELODIES_FOLDER  # noqa: E402
from helpers.music.grid import STEPS_PER_QUARTER, Note  # noqa: E402

LENGTHS = {"w": 16, "h": 8, "q": 4, "e": 2, "s": 1}  # in sixteenths
TOKEN = re.compile(r"([A-G][#b]?)(\d)([whqes]\.?)?(~?)|(R)([whqes]\.?)?")
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARPS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "F": -1, "Bb": -2, "Eb": -3, "Ab": -4}
SHARPS |= {"Am": 0, "Em": 1, "Bm": 2, "Dm": -1}
TICKS = 480  # a quarter
VELOCITY = 80


class Tune(NamedTuple):
    """One melody. signature: the key signature as MIDI names it; tempo: quarters a minute."""

    title: str
    signature: str
    metre: str
    tempo: int
    text: str
    foreign: tuple[str, ...] = ()


TUNES = {
    "twinkle": Tune(
        "Ah! vous dirai-je, maman (Twinkle, twinkle)",
        "C",
        "4/4",
        100,
        """
        C4q C4 G4 G4 | A4 A4 G4h | F4q F4 E4 E4 | D4 D4 C4h |
        G4q G4 F4 F4 | E4 E4 D4h | G4q G4 F4 F4 | E4 E4 D4h |
        C4q C4 G4 G4 | A4 A4 G4h | F4q F4 E4 E4 | D4 D4 C4h
        """,
    ),
    "ode_to_joy": Tune(
        "Ode to Joy",
        "D",
        "4/4",
        120,
        """
        F#4q F#4 G4 A4 | A4 G4 F#4 E4 | D4 D4 E4 F#4 | F#4q. E4e E4h |
        F#4q F#4 G4 A4 | A4 G4 F#4 E4 | D4 D4 E4 F#4 | E4q. D4e D4h |
        E4q E4 F#4 D4 | E4 F#4e G4 F#4q D4 | E4 F#4e G4 F#4q E4 | D4 E4 A3 F#4~ |
        F#4 F#4 G4 A4 | A4 G4 F#4 E4 | D4 D4 E4 F#4 | E4q. D4e D4h
        """,
    ),
    "amazing_grace": Tune(
        "Amazing Grace (New Britain)",
        "G",
        "3/4",
        84,
        """
        D4q | G4h B4e G4 | B4h A4q | G4h E4q | D4h
        D4q | G4h B4e G4 | B4h A4q | D5h.~ | D5h
        B4q | D5q. B4e D5 B4 | G4h D4q | E4q. G4e G4 E4 | D4h
        D4q | G4h B4e G4 | B4h A4q | G4h.~ | G4h
        """,
    ),
    "greensleeves": Tune(
        "Greensleeves",
        "Am",
        "6/8",
        90,
        """
        A4e | C5q D5e E5e. F#5s E5e | D5q B4e G4e. A4s B4e | C5q A4e A4e. G#4s A4e | B4q G#4e E4q
        A4e | C5q D5e E5e. F#5s E5e | D5q B4e G4e. A4s B4e | C5e. B4s A4e G#4e. F#4s G#4e | A4h. |
        G5q. G5e. F#5s E5e | D5q B4e G4e. A4s B4e | C5q A4e A4e. G#4s A4e | B4q G#4e E4q. |
        G5q. G5e. F#5s E5e | D5q B4e G4e. A4s B4e | C5e. B4s A4e G#4e. F#4s G#4e | A4q.~ A4q
        """,
        foreign=("F#", "G#"),
    ),
    "auld_lang_syne": Tune(
        "Auld Lang Syne",
        "F",
        "4/4",
        96,
        """
        C4q | F4q. F4e F4q A4 | G4q. F4e G4q A4 | F4q. F4e A4q C5 | D5h.
        D5q | C5q. A4e A4q F4 | G4q. F4e G4q A4 | F4q. D4e D4q C4 | F4h.
        D5q | C5q. A4e A4q F4 | G4q. F4e G4q D5 | C5q. A4e A4q C5 | D5h.
        D5q | C5q. A4e A4q F4 | G4q. F4e G4q A4 | F4q. D4e D4q C4 | F4h.
        """,
    ),
    "frere_jacques": Tune(
        "Frère Jacques",
        "F",
        "4/4",
        112,
        """
        F4q G4 A4 F4 | F4 G4 A4 F4 | A4 Bb4 C5h | A4q Bb4 C5h |
        C5e D5 C5 Bb4 A4q F4 | C5e D5 C5 Bb4 A4q F4 | F4 C4 F4h | F4q C4 F4h
        """,
    ),
    "old_hundredth": Tune(
        "Old Hundredth",
        "A",
        "4/4",
        92,
        """
        A4h | A4q G#4 F#4 E4 | A4h B4 | C#5
        C#5 | C#5q C#5 B4 A4 | D5h C#5 | B4
        A4 | B4q C#5 B4 A4 | F#4h G#4 | A4
        E5 | C#5q A4 B4 D5 | C#5h B4 | A4
        """,
    ),
    "silent_night": Tune(
        "Silent Night",
        "Bb",
        "6/8",
        72,
        """
        F4e. G4s F4e D4q. | F4e. G4s F4e D4q. | C5q C5e A4q. | Bb4q Bb4e F4q. |
        G4q G4e Bb4e. A4s G4e | F4e. G4s F4e D4q. | G4q G4e Bb4e. A4s G4e | F4e. G4s F4e D4q. |
        C5q C5e Eb5e. C5s A4e | Bb4q. D5q Re | Bb4e F4 D4 F4e. Eb4s C4e | Bb3h.
        """,
    ),
    "drunken_sailor": Tune(
        "Drunken Sailor",
        "C",
        "4/4",
        132,
        """
        A4q A4e A4 A4q A4e A4 | A4q D4 F4 A4 | G4q G4e G4 G4q G4e G4 | G4q C4 E4 G4 |
        A4q A4e A4 A4q A4e A4 | A4q B4 C5 D5 | C5 A4 G4 E4 | D4h D4
        """,
    ),
    "simple_gifts": Tune(
        "Simple Gifts",
        "Ab",
        "4/4",
        108,
        """
        Eb4e Eb4 | Ab4q Ab4e Bb4 C5 Ab4 C5 Db5 | Eb5q Eb5e Db5 C5q
        Bb4e Ab4 | Bb4q Bb4 Bb4 Ab4 | Bb4e C5 Bb4 G4 Eb4q
        Eb4 | Ab4e G4 Ab4 Bb4 C5q Bb4e Bb4 | C5q Db5 Eb5q.
        Eb5e | Bb4q Bb4e C5 Bb4q Ab4e Ab4 | Bb4q Ab4e G4 Ab4h |
        Eb5h C5q. Bb4e | C5 Db5 C5 Bb4 Ab4q. Bb4e | C5q C5e Db5 Eb5q C5 | Bb4 Bb4e C5 Bb4q Eb4 |
        Ab4h Ab4q. Bb4e | C5q C5e Db5 Eb5q Db5e C5 | Bb4q Bb4 C5 C5e Bb4 | Ab4q Ab4 Ab4
        """,
    ),
    "brahms_lullaby": Tune(
        "Wiegenlied (Brahms' lullaby)",
        "Eb",
        "3/4",
        80,
        """
        G4e G4 | Bb4q. G4e G4q | Bb4h G4e Bb4 | Eb5q D5q. C5e | C5q Bb4
        F4e G4 | Ab4q F4 F4e G4 | Ab4h F4e Ab4 | D5 C5 Bb4q D5 | Eb5h
        Eb4e Eb4 | Eb5h C5e Ab4 | Bb4h G4e Eb4 | Ab4q Bb4 C5 | G4e Bb4q.
        Eb4e Eb4 | Eb5h C5e Ab4 | Bb4h G4e Eb4 | Ab4 Bb4s Ab4 G4q F4 | Eb4h
        """,
    ),
    "god_rest_you_merry": Tune(
        "God Rest You Merry, Gentlemen",
        "Em",
        "4/4",
        120,
        """
        E4q | E4 B4 B4 A4 | G4 F#4 E4 D4 | E4 F#4 G4 A4 | B4h.
        E4q | E4 B4 B4 A4 | G4 F#4 E4 D4 | E4 F#4 G4 A4 | B4h.
        B4q | C5 A4 B4 C5 | D5 E5 B4 A4 | G4 E4 F#4 G4 | A4h
        G4q A4 | B4h C5q B4 | B4 A4 G4 F#4 | E4h G4e F#4 E4q |
        A4h G4q A4 | B4 C5 D5 E5 | B4 A4 G4 F#4 | E4h.
        """,
    ),
    "minuet_in_g": Tune(
        "Minuet in G",
        "G",
        "3/4",
        120,
        """
        D5q G4e A4 B4 C5 | D5q G4 G4 | E5 C5e D5 E5 F#5 | G5q G4 G4 |
        C5 D5e C5 B4 A4 | B4q C5e B4 A4 G4 | F#4q G4e A4 B4 G4 | A4h. |
        D5q G4e A4 B4 C5 | D5q G4 G4 | E5 C5e D5 E5 F#5 | G5q G4 G4 |
        C5 D5e C5 B4 A4 | B4q C5e B4 A4 G4 | A4q B4e A4 G4 F#4 | G4h.
        """,
    ),
    "mountain_king": Tune(
        "In the Hall of the Mountain King",
        "Bm",
        "4/4",
        126,
        """
        B2e C#3 D3 E3 F#3 D3 F#3q | E#3e C#3 E#3q E3e C3 E3q |
        B2e C#3 D3 E3 F#3 D3 F#3 B3 | A3 F#3 D3 F#3 A3h |
        F#3e G#3 A#3 B3 C#4 A#3 C#4q | D4e A#3 D4q C#4e A#3 C#4q |
        F#3e G#3 A#3 B3 C#4 A#3 C#4q | D4e A#3 D4q C#4h
        """,
        foreign=("E#", "C", "G#", "A#"),
    ),
}


def note_length(text: str) -> int:
    return LENGTHS[text[0]] * 3 // 2 if text.endswith(".") else LENGTHS[text[0]]


def key_notes(signature: str) -> set[str]:
    """The seven note names of a key signature."""
    sharps = SHARPS[signature]
    order = "FCGDAEB" if sharps > 0 else "BEADGCF"
    altered = set(order[: abs(sharps)])
    return {letter + ("#" if sharps > 0 else "b") * (letter in altered) for letter in LETTERS}


def tune_notes(tune: Tune) -> tuple[list[Note], int, int]:
    """``(notes, pickup, steps)`` in sixteenths; time 0 is the first note, pickup the length of an
    incomplete first bar. Raises ValueError on a bar of the wrong length, a note outside the key,
    or anything that is no note."""
    full = Fraction(tune.metre) * 4 * STEPS_PER_QUARTER
    allowed = key_notes(tune.signature) | set(tune.foreign)
    notes, lengths, time, last, tied = [], [], 0, "q", False
    bars = [bar.split() for bar in tune.text.strip().strip("|").split("|")]
    for number, bar in enumerate(bars, 1):
        begin = time
        for word in bar:
            match = TOKEN.fullmatch(word)
            if match is None:
                raise ValueError(f"{tune.title}, bar {number}: {word!r} is no note.")
            name, octave, length, tie, rest, rest_length = match.groups()
            last = length or rest_length or last
            if not rest:
                if name not in allowed:
                    raise ValueError(f"{tune.title}, bar {number}: {word!r} is not in the key.")
                accidental = {"#": 1, "b": -1}.get(name[1:], 0)
                pitch = 12 * (int(octave) + 1) + LETTERS[name[0]] + accidental
                if tied and notes[-1].pitch != pitch:
                    raise ValueError(
                        f"{tune.title}, bar {number}: the tie into {word!r} changes pitch."
                    )
                start = notes.pop().start if tied else time
                notes.append(Note(start, time + note_length(last), pitch))
            tied = bool(tie)
            time += note_length(last)
        lengths.append(time - begin)
    pickup = lengths[0] if lengths[0] < full else 0
    for number, length in enumerate(lengths, 1):
        closing = number == len(lengths) and length == full - pickup
        if length != full and not closing and not (number == 1 and pickup):
            raise ValueError(f"{tune.title}, bar {number}: {length} sixteenths and not {full}.")
    return notes, pickup, time


def tune_midi(tune: Tune):
    """The tune as a ``mido.MidiFile`` of two tracks: the conductor's with the title, tempo, time
    and key signature, and 'melody'. A pickup comes after rests that fill its bar."""
    from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo

    notes, pickup, steps = tune_notes(tune)
    beats, unit = map(int, tune.metre.split("/"))
    silence = 4 * STEPS_PER_QUARTER * beats // unit - pickup if pickup else 0
    step = TICKS // STEPS_PER_QUARTER
    conductor = MidiTrack(
        [
            MetaMessage("track_name", name=tune.title),
            MetaMessage("set_tempo", tempo=bpm2tempo(tune.tempo)),
            MetaMessage("time_signature", numerator=beats, denominator=unit),
            MetaMessage("key_signature", key=tune.signature),
            MetaMessage("end_of_track"),
        ]
    )
    melody, now = MidiTrack([MetaMessage("track_name", name="melody")]), 0
    for note in notes:
        for kind, time, velocity in (("note_on", note.start, VELOCITY), ("note_off", note.end, 0)):
            time = (time + silence) * step
            melody.append(Message(kind, note=note.pitch, velocity=velocity, time=time - now))
            now = time
    melody.append(MetaMessage("end_of_track", time=(steps + silence) * step - now))
    return MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8", tracks=[conductor, melody])


def main() -> None:
    for name, tune in TUNES.items():
        path = MELODIES_FOLDER / f"{name}.mid"
        write_whole(path, lambda target, tune=tune: tune_midi(tune).save(target))
        notes, pickup, steps = tune_notes(tune)
        print(f"{path.name}: {len(notes)} notes, {steps} steps, pickup {pickup}, {tune.metre}")


if __name__ == "__main__":
    main()
