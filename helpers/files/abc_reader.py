"""ABC tunes as notes in time, after the ABC standard 2.1: what a melody needs of it.

Read are keys and modes, accidentals to the end of the bar, lengths, broken rhythm, tuplets, ties,
chords, rests, bar lines, voices and inline fields; left out are grace notes, ornaments, words,
macros and transposing directives. Repeat signs are not followed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ..music.grid import STEPS_PER_BAR
from ..music.keys import key_fifths
from ..music.timeline import Part
from .reading import (
    MAX_NOTES,
    STEP_SEMITONES,
    MusicFileError,
    Reading,
    bars_of_measures,
    clean_name,
    decode,
    make_reading,
    note_table,
    too_many_notes,
    usable_metre,
)

MAX_TUNE_TEXT = 300_000  # characters of one tune
MAX_TUNES = 10_000  # of one file
FIELD_LINE = re.compile(r"([A-Za-z+]):(?![|:])(.*)")
MODE_NAMES = {"": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor"}
MODE_NAMES |= {"aeo": "minor", "mix": "mixolydian", "dor": "dorian", "phr": "phrygian"}
MODE_NAMES |= {"loc": "locrian", "lyd": "lydian"}
TUPLET_INTO = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 5, 7 and 9 depend on the metre
LENGTH = r"\d*/*\d*"
NOTE = re.compile(rf"(\^\^?|__?|=)?([A-Ga-g])([',]*)({LENGTH})(-?)")
# What could begin at every character is bounded, so that no text takes long.
TOKEN = re.compile(
    r'"(?P<symbol>[^"]*)"|(?P<skip>![^!|]{0,40}!|\+[^+|\s]{0,40}\+|\{[^}]{0,200}\}|y\d*)'
    r"|\[(?P<field>[A-Za-z]):(?P<value>[^\]]{0,200})\]"
    r"|(?P<bar>:{0,4}\|[|\]:]{0,4}|::|\[\|)"
    rf"|\[(?P<chord>[^\[\]|]{{1,200}})\](?P<chord_length>{LENGTH})(?P<chord_tie>-?)"
    r"|\((?P<tuplet>\d)(?::(?P<into>\d?))?(?::(?P<over>\d?))?"
    rf"|(?P<note>{NOTE.pattern})"
    rf"|(?P<rest>[zxZX])(?P<rest_length>{LENGTH})"
    r"|(?P<broken>>{1,3}|<{1,3})|(?P<tie>-)|(?P<overlay>&)"
)


def read_abc(content: bytes | str) -> Reading:
    """The first tune with notes of an ABC file. Raises MusicFileError."""
    return next(read_abc_tunes(content))


def read_abc_tunes(content: bytes | str, refused: list[str] | None = None) -> Iterator[Reading]:
    """The tunes with notes of an ABC file, at least one, each read when it is asked for.

    A tune that cannot be read raises MusicFileError, or, where ``refused`` is a list, is left out
    and its sentence is added there. So does a file without any tune raise it, and one with more
    than 10,000 tunes or more notes than are read.
    """
    tunes = split_tunes(content if isinstance(content, str) else decode(content))
    notes, hopeless = 0, no_tune()
    for place, tune in enumerate(tunes, 1):
        if place > MAX_TUNES:
            raise MusicFileError(
                f"holds more ABC tunes than are read at once (at most {MAX_TUNES:,}): split it "
                "into several files."
            )
        try:
            reading = read_tune(tune)
        except MusicFileError as error:
            where = f"tune {place} of {len(tunes)} " if len(tunes) > 1 else ""
            hopeless = MusicFileError(f"{where}{error}")
            if refused is None:
                raise hopeless from None
            refused.append(str(hopeless))
            continue
        if reading is None:
            continue
        notes += sum(len(part.notes) for part in reading.timeline.parts)
        if notes > MAX_NOTES:
            raise too_many_notes()
        if len(tunes) > 1:
            reading.remarks.append(f"Of {len(tunes)} tunes in the file, number {place} is read.")
        yield reading
    if not notes:
        raise hopeless


def split_tunes(text: str) -> list[str]:
    """The texts of a file's tunes: each from its ``X:`` to the next."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [t for t in re.split(r"(?m)^(?=X:)", text) if re.search(r"(?m)^K:", t)]


def read_tune(text: str) -> Reading | None:
    """One tune, or None where it has no notes."""
    if len(text) > MAX_TUNE_TEXT:
        raise MusicFileError(
            f"holds an ABC tune of over {MAX_TUNE_TEXT:,} characters: keep the part you need."
        )
    reading = TuneReader(text).reading()
    return reading if reading.timeline.parts else None


def no_tune() -> MusicFileError:
    return MusicFileError(
        "is ABC without a tune: after the line K: there are no notes, such as CDEF GABc|."
    )


def key_name(text: str) -> str:
    """A ``K:`` field as a key: "Em" -> "E minor", "D mix" -> "D mixolydian"; "" for what is none.
    Accidentals that the field names apart are left out."""
    match = re.match(r"([A-G][#b]?)\s*([A-Za-z]*)(=?)", text.strip())
    if match is None:
        return ""
    tonic, mode, other = match.groups()
    # "clef=bass" is no mode, but "m=e" is minor with an E natural.
    mode = MODE_NAMES.get(mode[:3].lower(), "major" if other else "")
    return f"{tonic} {mode}" if mode else ""


def key_signature(text: str) -> dict[str, int]:
    """How a ``K:`` field raises and lowers the letters: ``"Emix"`` gives F, C and G: 1."""
    text = text.strip()
    if text.upper().startswith("HP"):  # Highland pipes
        return {"F": 1, "C": 1}
    key = defaultdict(int)
    tonic = re.match("[A-G][#b]?", text)
    if tonic:
        fifths = key_fifths(key_name(text) or f"{tonic[0]} major")
        plain = re.match(r"[A-G][#b]?\s*exp\b", text, re.IGNORECASE)
        for i in range(0 if plain else abs(fifths)):
            key["FCGDAEB"[i % 7] if fifths > 0 else "BEADGCF"[i % 7]] += 1 if fifths > 0 else -1
    for sign, letter in re.findall(r"(?<!\S)(\^\^?|__?|=)([A-Ga-g])(?!\w)", text):
        key[letter.upper()] = sign.count("^") - sign.count("_")
    return dict(key)


def metre_of(text: str) -> tuple[int, int] | None:
    """``(beats, unit)`` of an ``M:`` field; None where the tune has no metre."""
    text = {"C": "4/4", "C|": "2/2"}.get(text.strip(), text.strip())
    match = re.fullmatch(r"\(?(\d{1,2}(?:\+\d{1,2}){0,9})\)?/(\d{1,2})", text)
    if match is None:
        return None
    beats, unit = sum(map(int, match[1].split("+"))), int(match[2])
    return (beats, unit) if usable_metre(beats, unit) else None


def tempo_of(text: str) -> float | None:
    """Quarters a minute of a ``Q:`` field such as ``3/8=60``; a bare number counts quarters."""
    text = re.sub(r'"[^"]*"', "", text)
    beats, equals, rate = text.rpartition("=")
    rate = re.fullmatch(r"\s*(\d{1,4}(?:\.\d{1,4})?)\s*", rate)
    if rate is None:
        return None
    fractions = re.findall(r"(\d{1,3})/(\d{1,3})", beats)
    beat = sum(int(a) / max(1, int(b)) for a, b in fractions) or 0.25
    return float(rate[1]) * 4 * (beat if equals else 0.25)


def length_of(text: str) -> float:
    """The number after a note: ``""`` 1, ``"3"`` 3, ``"/"`` 1/2, ``"//"`` 1/4, ``"3/2"`` 1.5."""
    above, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()
    if len(above) > 6 or len(below) > 6 or len(slashes) > 6 or (below and not int(below)):
        raise MusicFileError(f"has a note of impossible length ({clean_name(text)[:20]}): mend it.")
    return int(above or 1) / (int(below) if below else 2 ** len(slashes))


class Voice:
    """One voice while its tune is read: where it stands, and what holds there."""

    def __init__(self, key: dict[str, int], unit: float, metre: tuple[int, int] | None):
        self.key, self.unit, self.metre = key, unit, metre  # unit: steps of a length of 1
        self.notes, self.measures = [], []
        self.time = self.bar_start = self.reach = 0.0
        self.accidentals = {}  # letter -> semitones, until the bar line
        self.tied = {}  # spelling -> (pitch, index of the note), until the next note
        self.last = None  # start, length and notes of what a broken rhythm changes
        self.stretch, self.tuplet, self.tuplet_left = 1.0, 1.0, 0

    def full_bar(self) -> float | None:
        return STEPS_PER_BAR * self.metre[0] / self.metre[1] if self.metre else None

    def pitch(self, accidental: str | None, letter: str, octave: str) -> tuple[str, int]:
        """``(spelling, MIDI pitch)`` of a note where the voice stands."""
        spelling, step = letter + octave, letter.upper()
        if accidental is not None:
            self.accidentals[step] = accidental.count("^") - accidental.count("_")
        elif spelling in self.tied:
            return spelling, self.tied[spelling][0]
        pitch = 60 + STEP_SEMITONES[step] + 12 * letter.islower()
        pitch += 12 * (octave.count("'") - octave.count(","))
        pitch += self.accidentals.get(step, self.key.get(step, 0))
        if not 0 <= pitch <= 127:
            raise MusicFileError(f"has a note out of every range ({spelling[:20]}): mend it.")
        return spelling, pitch

    def sound(self, pitches: list[tuple[str, int]], length: float, tied: bool = False) -> None:
        """Adds a note, a chord or (no pitches) a rest of so many units, and moves on."""
        length *= self.unit * self.stretch * (self.tuplet if self.tuplet_left else 1.0)
        self.stretch, self.tuplet_left = 1.0, max(0, self.tuplet_left - 1)
        indices = {}
        for spelling, pitch in pitches:
            before, index = self.tied.get(spelling, (None, None))
            if before != pitch:
                index = len(self.notes)
                self.notes.append((self.time, self.time, pitch))
            indices[spelling] = (pitch, index)
        if len(self.notes) > MAX_NOTES:
            raise too_many_notes()
        self.last = (self.time, length, indices, self.reach)
        self.tied = indices if tied else {}
        self.finish(length)

    def finish(self, length: float) -> None:
        """Ends what was added last so long after its start."""
        start, _, indices, reach = self.last
        for _, index in indices.values():
            self.notes[index] = (self.notes[index][0], start + length, self.notes[index][2])
        self.time = start + length
        self.reach = max(reach, self.time)

    def broken(self, signs: str) -> None:
        """``A>B``: the note before is dotted and the next one halved; ``<`` the other way."""
        short = 0.5 ** len(signs)
        if self.last is not None:
            self.finish(self.last[1] * (2 - short if signs[0] == ">" else short))
            self.stretch = short if signs[0] == ">" else 2 - short

    def start_tuplet(self, count: int, into: str | None, over: str | None) -> None:
        compound = self.metre is not None and self.metre[1] == 8 and self.metre[0] % 3 == 0
        if count > 1:
            into = int(into or 0) or TUPLET_INTO.get(count, 3 if compound else 2)
            self.tuplet, self.tuplet_left = into / count, int(over or 0) or count

    def bar(self) -> None:
        length = self.reach - self.bar_start
        if length > 1e-9:
            self.measures.append((self.bar_start, length, self.full_bar() or length))
        self.time = self.bar_start = self.reach
        self.accidentals, self.last = {}, None


class TuneReader:
    """Reads one tune, line by line."""

    def __init__(self, text: str):
        self.texts, self.names, self.voices = {}, {}, {}  # texts: of title, rhythm, number, key
        self.key, self.metre, self.unit, self.in_body = {}, None, None, False
        self.tempos, self.metres, self.voice, self.repeats = [], [], None, False
        self.chords = []
        for line in text.splitlines():
            line = re.sub(r"(?<!\\)%.*", "", line).rstrip()
            field = FIELD_LINE.match(line)
            if field:
                self.read_field(*field.groups())
            elif self.in_body and line.strip():
                self.read_music(line)
            elif self.in_body and any(voice.notes for voice in self.voices.values()):
                break  # an empty line ends the tune; what follows is text

    def read_field(self, letter: str, value: str) -> None:
        if letter in "TRX":
            self.texts[letter] = self.texts.get(letter) or clean_name(value)
        elif letter == "Q":
            tempo = tempo_of(value)
            if tempo is not None:
                self.tempos.append((self.voice.time if self.voice else 0.0, tempo))
        elif letter == "V":
            self.read_voice(value)
        elif letter == "M":
            self.metre = metre_of(value)
            if self.metre:
                self.metres.append((self.voice.time if self.voice else 0.0, *self.metre))
            if self.voice:
                self.voice.metre = self.metre
        elif letter == "L":
            match = re.fullmatch(r"\s*(\d{1,3})\s*/\s*(\d{1,3})\s*", value)
            if match and int(match[1]) and int(match[2]):
                self.unit = STEPS_PER_BAR * int(match[1]) / int(match[2])
                if self.voice:
                    self.voice.unit = self.unit
        elif letter == "K":
            self.read_key(value)

    def read_key(self, value: str) -> None:
        if self.in_body:
            self.voice.key = key_signature(value)
            return
        self.in_body, self.key, self.texts["K"] = True, key_signature(value), value
        if self.unit is None:
            short = self.metre is not None and self.metre[0] / self.metre[1] < 0.75
            self.unit = 1.0 if short else 2.0
        self.switch_to("")

    def read_voice(self, value: str) -> None:
        words = value.split(maxsplit=1) or [""]
        name = re.search(r'\b(?:name|nm)="([^"]{0,100})"', value)
        self.names[words[0]] = clean_name(name[1]) if name else self.names.get(words[0], words[0])
        if self.in_body:
            self.switch_to(words[0])

    def switch_to(self, label: str) -> None:
        if label not in self.voices:
            if len(self.voices) >= 100:
                raise MusicFileError(
                    "holds an ABC tune of more than 100 voices: keep those you need."
                )
            self.voices[label] = Voice(self.key, self.unit, self.metre)
        self.voice = self.voices[label]

    def read_music(self, line: str) -> None:
        for token in TOKEN.finditer(line):
            voice = self.voice
            if token["note"]:
                accidental, letter, octave, length, tie = NOTE.fullmatch(token["note"]).groups()
                voice.sound([voice.pitch(accidental, letter, octave)], length_of(length), bool(tie))
            elif token["symbol"]:
                if token["symbol"][0] not in "^_<>@":  # those are annotations
                    self.chords.append((voice.time, token["symbol"]))
            elif token["bar"]:
                voice.bar()
                self.repeats |= ":" in token["bar"]
            elif token["rest"]:
                length = length_of(token["rest_length"])
                whole = voice.full_bar() if token["rest"].isupper() else None
                voice.sound([], length * whole / voice.unit if whole else length)
            elif token["chord"]:
                found = NOTE.findall(token["chord"])
                if found:
                    tied = bool(token["chord_tie"]) or all(tie for *_, tie in found)
                    length = length_of(found[0][3]) * length_of(token["chord_length"])
                    pitches = [
                        voice.pitch(sign or None, *rest) for sign, *rest in (f[:3] for f in found)
                    ]
                    voice.sound(pitches, length, tied)
            elif token["broken"]:
                voice.broken(token["broken"])
            elif token["tuplet"]:
                voice.start_tuplet(int(token["tuplet"]), token["into"], token["over"])
            elif token["tie"] and voice.last:
                voice.tied = voice.last[2]
            elif token["overlay"]:
                voice.time = voice.bar_start
            elif token["field"]:
                self.read_field(token["field"], token["value"])

    def reading(self) -> Reading:
        parts, bars = [], []
        for label, voice in self.voices.items():
            voice.bar()
            parts.append(Part(self.names.get(label, label), note_table(voice.notes)))
            bars = max(bars, bars_of_measures(voice.measures), key=len)
        return make_reading(
            "ABC tune",
            parts,
            self.texts.get("T", ""),
            self.metres,
            self.tempos,
            ["Repeat signs are not followed."] if self.repeats else [],
            max((voice.reach for voice in self.voices.values()), default=0.0),
            bars,
            key=key_name(self.texts.get("K", "")),
            chords=self.chords,
            rhythm=self.texts.get("R", ""),
            number=self.texts.get("X", ""),
        )
