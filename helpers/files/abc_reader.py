"""ABC tunes as notes in time, after the ABC standard 2.1: what a melody needs of it.

Read are keys and modes, accidentals to the end of the bar, lengths, broken rhythm, tuplets, ties,
chords, rests, bar lines, voices and their overlays, inline fields, and of clefs what is heard:
drums, and voices that sound in another octave or key than they are written. Left out are grace
notes, ornaments, words and macros. Repeat signs and the order of parts are not followed. Sections
that are named in comments are those of the standard.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from ..course.errors import check_kind
from ..music.grid import MAX_STEPS, STEPS_PER_BAR
from ..music.keys import key_fifths
from ..music.timeline import Part
from .abc_text import decode_abc, split_tunes, text_string, tune_lines
from .reading import (
    DRUM_CHANNEL,
    MAX_NOTES,
    STEP_SEMITONES,
    MusicFileError,
    Reading,
    bars_of_measures,
    clean_name,
    make_reading,
    note_table,
    too_many_notes,
    usable_metre,
)

MAX_TUNE_TEXT = 300_000  # characters of one tune
MAX_TUNES = 10_000  # of one file
MAX_NESTED = 4  # tuplets in tuplets
MODE_NAMES = {"": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor"}
MODE_NAMES |= {"aeo": "minor", "mix": "mixolydian", "dor": "dorian", "phr": "phrygian"}
MODE_NAMES |= {"loc": "locrian", "lyd": "lydian"}
TUPLET_INTO = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # 5, 7 and 9 depend on the metre
# What K: and V: say beside the key (section 4.6): "clef=treble-8", "bass", "transpose=-2".
CLEF = re.compile(
    r'(?<!\S)(?:clef\s*=\s*"?(?P<named>[A-Za-z]+)|(?P<bare>treble|bass|alto|tenor|perc)[a-z]*)'
    r'\d?(?P<octave>[+-]8)?"?(?!\S)'
)
NAME = re.compile(r'(?<!\S)(?:name|nm)\s*=\s*(?:"([^"]*)"|([^\s"]+))')
PROPERTY = re.compile(r'(?<!\S)(?P<name>[a-z]{1,12})\s*=\s*(?P<value>"[^"]*"|[^\s"]+)')
LENGTH = r"\d*+/*+\d*+"
NOTE = (
    rf"(?P<sign>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[',]*+)(?P<length>{LENGTH})(?P<hold>-?)"
)
NOTE_GROUPS = ("sign", "letter", "octave", "length", "hold")
# Each alternative begins with other characters, or gives up at its own first one, so that no text
# takes long. Of "!" two make a decoration if neither a blank nor a bar line nor a chord is between
# them, as section 12.2 has it, or if there is a letter that music has not; else they end a line.
TOKEN = re.compile(
    rf"(?P<note>{NOTE})"
    r'|"(?P<symbol>[^"]*)"'
    r'|(?P<skip>!(?:[^!|\[\]:\s]{1,40}|(?=[^!|\[\]"]{0,40}[i-t])[^!|\[\]"]{1,40})!'
    r"|\{[^{}]*+\}-?|y\d*)"
    r"|\[(?P<field>[A-Za-z]):(?![|:])(?P<value>[^\]]*+)(?:\]|$)"
    r"|(?P<bar>(?::{0,4}\||\[\|)[|\]:]{0,4}|::)(?:[ \t]{0,3}\[?(?P<ending>[1-9])(?![\d/]))?"
    r"|\[(?P<volta>[1-9])"
    r'|(?P<chords>\[(?P<chord>(?:"[^"]*+"|[^\[\]|"])++)\]'
    rf"(?P<chord_length>{LENGTH})(?P<chord_hold>-?))"
    r"|\((?P<tuplet>\d{1,2})(?::(?P<into>\d{0,2}))?(?::(?P<over>\d{0,2}))?"
    rf"|(?P<rest>[zxZX])(?P<rest_length>{LENGTH})"
    r"|(?P<broken>>{1,3}|<{1,3})|(?P<tie>-)|(?P<overlay>\(&|&\)|&+)|\+(?P<plus>[^+|\s]{1,40}+)\+"
)
IN_CHORD = re.compile(rf'(?P<note>{NOTE})|"(?P<symbol>[^"]*)"|![^!]*!|\+[^+]*\+|{{[^{{}}]*}}')
# Before 1.6 chords stood between plus signs, where 2.0 has decorations such as +fff+.
OLD_CHORD = re.compile(r"(?!f+$)(?:[_=^]{0,2}[A-Ga-g][',]*[\d/]*){2,}")


def read_abc(content: bytes | str) -> Reading:
    """The first tune with notes of an ABC file. Raises MusicFileError."""
    check_kind("content", content, (bytes, str), "the bytes or the text of a file")
    return next(read_abc_tunes(content))


def read_abc_tunes(content: bytes | str, refused: list[str] | None = None) -> Iterator[Reading]:
    """The tunes with notes of an ABC file, at least one, each read when it is asked for.

    A tune that cannot be read raises MusicFileError, or, where ``refused`` is a list, is left out
    and its sentence is added there. So does a file without any tune raise it, and one with more
    than 10,000 tunes or more notes than are read.
    """
    tunes = split_tunes(content if isinstance(content, str) else decode_abc(content))
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


# --- fields ------------------------------------------------------------------------------------


@lru_cache(maxsize=32)  # the tunes of a book have few keys; so below
def key_text(text: str) -> str:
    """A ``K:`` field without clefs and the like: "D clef=bass" -> "D". "Am=e" has none: its "="
    is an accidental."""
    return PROPERTY.sub(" ", CLEF.sub(" ", text)).strip()


@lru_cache(maxsize=32)
def key_name(text: str) -> str:
    """A ``K:`` field as a key: "Em" -> "E minor", "D mix" -> "D mixolydian"; "" for what is none.
    Accidentals that the field names apart are left out."""
    match = re.match(r"([A-G][#b]?)\s*([A-Za-z]*)", key_text(text))
    mode = MODE_NAMES.get(match[2][:3].lower(), "") if match else ""
    return f"{match[1]} {mode}" if mode else ""


@lru_cache(maxsize=32)
def key_signature(text: str) -> dict[str, int] | None:
    """How a ``K:`` field raises and lowers the letters: ``"Emix"`` gives F, C and G: 1. None where
    it only has a clef or the like."""
    said = key_text(text)
    if not said and text.strip():
        return None
    if said.upper().startswith("HP"):  # Highland pipes
        return {"F": 1, "C": 1}
    key = defaultdict(int)
    match = re.match(r"([A-G])[#b]?\s*([A-Za-z]*)", said)
    if match and match[2].lower() != "exp":
        fifths = key_fifths(key_name(said) or f"{match[1]} major")
        for i in range(abs(fifths)):
            key["FCGDAEB"[i % 7] if fifths > 0 else "BEADGCF"[i % 7]] += 1 if fifths > 0 else -1
    for sign, letter in re.findall(r"(\^\^?|__?|=)([A-Ga-g])(?![A-Za-z\d])", said):
        key[letter.upper()] = sign.count("^") - sign.count("_")
    return dict(key)


def sound_of(text: str) -> dict[str, int]:
    """What a ``K:`` or ``V:`` field says about how a voice sounds: whether it is for drums
    ("drum"), and by how many semitones it is moved ("clef", "octave", "transpose"). ``middle=`` is
    about the page alone (section 4.6)."""
    sound, clef = {}, CLEF.search(text)
    if clef:
        name = clef["named"] or clef["bare"]
        sound["drum"] = int(name.lower().startswith("perc") or name == "P")
        sound["clef"] = 12 * int(clef["octave"]) // 8 if clef["octave"] else 0
    for name, value in PROPERTY.findall(text):
        name = "transpose" if name == "t" else name
        if name in ("octave", "transpose") and re.fullmatch(r"[+-]?\d{1,3}", value):
            sound[name] = int(value) * (12 if name == "octave" else 1)
    return sound


def metre_of(text: str) -> tuple[int, int] | None:
    """``(beats, unit)`` of an ``M:`` field; None where the tune has no metre. Of several fractions,
    such as 3/8+2/4, which the standard has not, it is the sum: 7/8."""
    text = re.sub(r"[\s()]", "", text)
    text = {"C": "4/4", "C|": "2/2"}.get(text, text)
    if not re.fullmatch(r"(?:\d{1,2}(?:/\d{1,2})?\+){0,9}\d{1,2}/\d{1,2}", text):
        return None
    # A number without a unit has that of the next one: (2+3)/8.
    terms, unit = [], 0
    for term in reversed(text.split("+")):
        count, _, own = term.partition("/")
        unit = int(own or unit)
        terms.append((int(count), unit))
    if not all(usable_metre(1, unit) for _, unit in terms):
        return None
    unit = max(unit for _, unit in terms)  # all are powers of two
    beats = sum(count * unit // own for count, own in terms)
    return (beats, unit) if usable_metre(beats, unit) else None


def unit_of(text: str) -> float | None:
    """The steps of an ``L:`` field such as ``1/8`` or ``1``; None for what is none."""
    match = re.fullmatch(r"\s*(\d{1,3})\s*(?:/\s*(\d{1,3}))?\s*", text)
    if match is None or not int(match[1]) or not int(match[2] or 1):
        return None
    return STEPS_PER_BAR * int(match[1]) / int(match[2] or 1)


def tempo_of(text: str, unit: float) -> float | None:
    """Quarters a minute of a ``Q:`` field such as ``3/8=60`` or, of several beats, ``1/4 3/8=40``
    (section 3.1.8). In old files a bare number or ``C=120`` counts notes of the unit length, of so
    many steps, and ``C3=40`` notes of three (section 10.1)."""
    beats, equals, rate = re.sub(r'"[^"]*"', "", text).rpartition("=")
    rate = re.match(r"\s*(?:ca?\.?\s*)?(\d{1,4}(?:\.\d{1,4})?)(?![\d/])", rate)
    if rate is None:
        return None
    old = re.fullmatch(r"\s*C?\s*(\d{0,3})(?:/(\d{1,3}))?\s*", beats)
    if old and (not old[2] or "C" in beats):
        beat = unit / 4 * int(old[1] or 1) / max(1, int(old[2] or 1))
    else:
        fractions = re.findall(r"(\d{1,3})/(\d{1,3})", beats)
        beat = 4 * sum(int(a) / max(1, int(b)) for a, b in fractions) or 1.0
    return float(rate[1]) * beat


def length_of(text: str) -> float:
    """The number after a note: ``""`` 1, ``"3"`` 3, ``"/"`` 1/2, ``"//"`` 1/4, ``"3/2"`` 1.5."""
    if not text:
        return 1
    above, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()
    if len(above) > 6 or len(below) > 6 or len(slashes) > 6 or (below and not int(below)):
        raise MusicFileError(f"has a note of impossible length ({clean_name(text)[:20]}): mend it.")
    return int(above or 1) / (int(below) if below else 2 ** len(slashes))


# --- voices ------------------------------------------------------------------------------------


class Layer:
    """What notes hand on to the next ones of the same voice, or of the same layer where ``&`` lays
    several over each other."""

    def __init__(self):
        self.accidentals = {}  # letter, or letter and octave -> semitones, until the bar line
        self.tied = {}  # (letter, octave) -> (pitch, the note), until the next note
        self.last = None  # what a broken rhythm changes: see Voice.sound
        self.stretch = 1.0  # of the next note, by a broken rhythm
        self.tuplets = []  # [ratio, how many notes are left], the outer ones first


class Voice:
    """One voice while its tune is read: where it stands, and what holds there. A note is a list
    [start, end, pitch]."""

    def __init__(self, key: dict, unit: float, metre: tuple[int, int] | None, sound: dict):
        self.key, self.unit, self.metre = key, unit, metre  # unit: steps of a length of 1
        self.drum, self.shift, self.sounds = False, 0, {}  # shift: in semitones
        self.sound_as(sound)
        self.notes, self.drum_notes = [], 0
        self.metres = [(0.0, *metre)] if metre else []
        self.measures, self.endings = [], {}  # see bars_of_measures
        self.time = self.bar_start = self.reach = 0.0
        self.full = None  # the metre's steps where the bar began
        self.layers, self.layer = [Layer()], 0
        self.now = self.layers[0]  # the layer where the voice stands
        self.bars_behind, self.overlay_start = 0, None
        self.alternative = False  # whether a first ending has been

    def sound_as(self, sound: dict[str, int]) -> None:
        """Takes over what ``sound_of`` gives."""
        self.sounds |= sound
        self.drum = bool(self.sounds.get("drum"))
        self.shift = sum(value for name, value in self.sounds.items() if name != "drum")

    def full_bar(self) -> float | None:
        return STEPS_PER_BAR * self.metre[0] / self.metre[1] if self.metre else None

    def pitch(self, sign: str | None, letter: str, octave: str, scope: str, chord=False):
        """``((letter, octave), MIDI pitch)`` of a note where the voice stands. scope: see
        ``TuneReader.scope``. chord: whether it is in a chord."""
        layer, step = self.now, letter.upper()
        height = letter.islower() + octave.count("'") - octave.count(",")
        place = step if scope == "pitch" else (step, height)
        if sign is not None:
            alteration = sign.count("^") - sign.count("_")
            if scope != "not":
                layer.accidentals[place] = alteration
        elif (step, height) in layer.tied and self.goes_on(layer.tied[step, height][1], chord):
            return (step, height), layer.tied[step, height][0]
        else:
            alteration = layer.accidentals.get(place, self.key.get(step, 0))
        pitch = 60 + STEP_SEMITONES[step] + 12 * height + alteration + self.shift
        if not 0 <= pitch <= 127:
            raise MusicFileError(
                f"has a note out of every range ({(letter + octave)[:20]}): mend it."
            )
        return (step, height), pitch

    def goes_on(self, note: list, gap: bool) -> bool:
        """Whether a tied note lasts until now. gap: or before."""
        return abs(note[1] - self.time) < 1e-6 or (gap and note[1] < self.time)

    def sound(self, chord: list[tuple], length: float) -> None:
        """Adds notes ``((letter, octave), pitch, length, tied)`` that begin together, or (none) a
        rest, and moves on by ``length``, all in units."""
        layer = self.now
        unit = self.unit * layer.stretch
        layer.stretch = 1.0
        if layer.tuplets:
            for tuplet in layer.tuplets:
                unit *= tuplet[0]
                tuplet[1] -= 1
            layer.tuplets = [tuplet for tuplet in layer.tuplets if tuplet[1]]
        if self.full is None:
            self.full = self.full_bar()
        # Notes that are tied one after the other and then struck together are an arpeggio: each
        # is held until the chord, which has all of them.
        held = list(layer.tied.values())
        spread = len(held) > 1 and {pitch for pitch, _ in held} <= {
            pitch for _, pitch, _, _ in chord
        }
        added, tied = [], {}
        for place, pitch, own, hold in chord:
            note = None
            for before, last in held:
                if before == pitch and self.goes_on(last, spread):
                    note = last
            if note is None:
                note = [self.time, self.time, pitch]
                self.notes.append(note)
            note[1] = self.time + own * unit
            added.append((place, note, own))
            if hold:
                tied[place] = (pitch, note)
        if len(self.notes) > MAX_NOTES:
            raise too_many_notes()
        self.drum_notes += len(chord) if self.drum else 0
        arpeggio = held and tied and len(tied) == len(chord) and not spread
        layer.tied = layer.tied | tied if arpeggio else tied
        layer.last = (self.time, length, unit, added, self.reach)
        self.time += length * unit
        if self.time > self.reach:
            self.reach = self.time

    def last_length(self, factor: float) -> None:
        """Makes what was added last so much longer or shorter than it is written."""
        start, length, unit, added, reach = self.now.last
        for _, note, own in added:
            note[1] = start + own * unit * factor
        self.time = start + length * unit * factor
        self.reach = max(reach, self.time)

    def tie(self) -> None:
        """Ties all that was added last."""
        layer = self.now
        layer.tied |= {place: (note[2], note) for place, note, _ in layer.last[3]}

    def broken(self, signs: str) -> None:
        """``A>B``: the note before is dotted and the next one halved; ``<`` the other way."""
        short = 0.5 ** len(signs)
        if self.now.last is not None:
            self.last_length(2 - short if signs[0] == ">" else short)
            self.now.stretch = short if signs[0] == ">" else 2 - short

    def start_tuplet(self, count: int, into: str | None, over: str | None) -> None:
        """Section 4.13. Of tuplets in tuplets, each counts all notes to its end."""
        compound = self.metre is not None and self.metre[0] % 3 == 0 and self.metre[0] > 3
        if count > 1 and len(self.now.tuplets) < MAX_NESTED:
            into = int(into or 0) or TUPLET_INTO.get(count, 3 if compound else 2)
            tuplet = [into / count, int(over or 0) or count]
            if tuplet != (self.now.tuplets or [None])[-1]:  # written twice: a slip
                self.now.tuplets.append(tuplet)

    def rest_bars(self, count: float) -> None:
        """A rest of whole bars, ``Z2``; of four quarters each where there is no metre."""
        full = self.full_bar() or STEPS_PER_BAR
        if self.reach - self.bar_start > full - 1e-6:
            self.bar()
        while count > 0 and self.time <= MAX_STEPS:
            self.now.tuplets, self.now.stretch = [], 1.0
            self.sound([], min(count, 1) * full / self.unit)
            count -= 1
            if count > 0:
                self.bar()

    def overlay(self, sign: str) -> None:
        """``&`` goes back to the beginning of the bar, ``&&`` of the bar before (section 7.4), and
        between ``(&`` and ``&)`` to the first of these."""
        if sign == "(&":
            self.overlay_start = len(self.measures)
            return
        if sign == "&)":
            self.overlay_start, self.bars_behind = None, 0
            self.layer, self.now, self.time = 0, self.layers[0], self.reach
            return
        back = len(sign) - 1
        if self.overlay_start is not None:
            back = len(self.measures) - self.overlay_start
        self.bars_behind = min(back, len(self.measures))
        self.time = self.start_of_bar()
        self.layer += 1
        if self.layer == len(self.layers):
            self.layers.append(Layer())
        self.now = self.layers[self.layer]

    def start_of_bar(self) -> float:
        """Of the bar where the voice stands, which an overlay may have taken back."""
        return self.measures[-self.bars_behind][0] if self.bars_behind else self.bar_start

    def bar(self) -> None:
        if self.bars_behind:
            self.bars_behind -= 1
            self.time = self.start_of_bar()
            self.now.accidentals, self.now.last = {}, None
            return
        length = self.reach - self.bar_start
        if length > 1e-9:
            self.measures.append((self.bar_start, length, self.full or self.full_bar() or length))
        if len(self.measures) > MAX_NOTES:
            raise too_many_notes()
        self.time = self.bar_start = self.reach
        self.full, self.layer, self.now = None, 0, self.layers[0]
        for layer in self.layers:
            layer.accidentals, layer.last = {}, None

    def ending(self, number: str) -> None:
        """``|1`` or ``[2``: no tie leads from the end of one ending into the next."""
        length = self.time - self.bar_start
        if length > 1e-9 and not self.layer:  # it begins inside a bar, or the bar line is left out
            full = self.full or self.full_bar() or length
            if self.measures or length > full - 1e-6:  # else this would look like a pickup
                self.measures.append((self.bar_start, length, full))
                self.bar_start = self.time
        if self.time == self.bar_start:
            self.endings[len(self.measures)] = number == "1"
        if number != "1" and self.alternative:
            for layer in self.layers:
                layer.tied = {}
        self.alternative |= number == "1"


class TuneReader:
    """Reads one tune, line by line."""

    def __init__(self, text: str):
        self.texts, self.names, self.voices = {}, {}, {}  # texts: of title, rhythm, number, key
        self.key, self.metre, self.unit, self.in_body = {}, None, None, False
        self.sounds = defaultdict(dict)  # voice, "" for all -> what sound_of says of it
        self.declared, self.voice, self.tempo, self.tempos = "", None, "", []
        self.chords, self.repeats = [], False
        self.scope, self.bang_breaks = "pitch", False  # see read_directive
        for letter, value in tune_lines(text):
            if letter == "%":
                self.read_directive(value)
            elif letter:
                self.read_field(letter, value)
            elif self.in_body and value:
                self.read_music(value.replace("!", " ") if self.bang_breaks else value)
            elif self.in_body and any(voice.notes for voice in self.voices.values()):
                break  # an empty line ends the tune; what follows is text

    def read_field(self, letter: str, value: str) -> None:
        if letter in "TRX":
            self.texts[letter] = self.texts.get(letter) or text_string(value)
        elif letter == "Q":
            self.read_tempo(value)
        elif letter == "V":
            self.read_voice(value)
        elif letter == "M":
            self.read_metre(metre_of(value))
        elif letter == "L":
            self.read_unit(unit_of(value))
        elif letter == "K":
            self.read_key(value)
        elif letter == "I":
            self.read_directive(value)

    # What stands in the header holds for all voices, what stands in the body for its voice alone,
    # and so does what comes before the first V: of a body.

    def for_all(self) -> bool:
        return self.voice is None or not (self.declared or self.voice.notes)

    def read_tempo(self, value: str) -> None:
        if self.voice is None:
            self.tempo = value  # L: may still come
            return
        tempo = tempo_of(value, self.voice.unit)
        if tempo is not None:
            self.tempos.append((self.voice.time, tempo))

    def read_metre(self, metre: tuple[int, int] | None) -> None:
        if self.for_all():
            self.metre = metre
        if self.voice:
            self.voice.metre = metre
            if metre:
                self.voice.metres.append((self.voice.time, *metre))

    def read_unit(self, unit: float | None) -> None:
        if unit and self.for_all():
            self.unit = unit
        if unit and self.voice:
            self.voice.unit = unit

    def read_key(self, value: str) -> None:
        key, sound = key_signature(value), sound_of(value)
        if self.in_body:
            self.voice.key = self.voice.key if key is None else key
            self.voice.sound_as(sound)
            if self.for_all():
                self.key = self.voice.key
                self.sounds[""] |= sound
            return
        self.in_body, self.key, self.texts["K"] = True, key or {}, value
        self.sounds[""] |= sound
        if self.unit is None:
            short = self.metre is not None and self.metre[0] / self.metre[1] < 0.75
            self.unit = 1.0 if short else 2.0
        self.declared = ""
        self.switch_to(next(iter(self.names), "1"))
        if self.tempo:
            self.read_tempo(self.tempo)

    def read_voice(self, value: str) -> None:
        label, rest = [*value.split(maxsplit=1), "", ""][:2]
        name = NAME.search(rest)
        self.names[label] = (
            text_string(name[1] or name[2]) if name else self.names.get(label, text_string(label))
        )
        self.declared = label
        sound = sound_of(rest)
        self.sounds[label] |= sound
        if self.in_body:
            self.switch_to(label)
            self.voice.sound_as(sound)

    def switch_to(self, label: str) -> None:
        if label not in self.voices:
            if len(self.voices) >= 100:
                raise MusicFileError(
                    "holds an ABC tune of more than 100 voices: keep those you need."
                )
            sound = self.sounds[""] | self.sounds[label]
            self.voices[label] = Voice(self.key, self.unit, self.metre, sound)
        self.voice = self.voices[label]

    def read_directive(self, text: str) -> None:
        """``%%`` and ``I:`` are the same (section 3.1.17)."""
        words = text.replace("=", " ").split()
        name, values = (words[0].lower(), words[1:]) if words else ("", [])
        if name == "linebreak":  # section 6.1.1
            self.bang_breaks = "!" in values
        elif name == "propagate-accidentals" and values:  # section 11.3
            self.scope = values[0]
        elif name == "midi" and len(values) == 2 and re.fullmatch(r"[+-]?\d{1,3}", values[1]):
            # Of abc2midi, which wrote and plays many files.
            number, sound = int(values[1]), {}
            if values[0] == "channel":
                sound["drum"] = int(number == DRUM_CHANNEL + 1)
            elif values[0] == "transpose":
                sound["midi"] = number
            self.sounds[self.declared] |= sound
            if self.voice:
                self.voice.sound_as(sound)

    def read_music(self, line: str) -> None:
        for token in TOKEN.finditer(line):
            voice, kind = self.voice, token.lastgroup
            if kind == "note":
                self.read_chord([token], 1)
            elif kind == "symbol":
                self.read_symbol(token["symbol"])
            elif token["bar"]:
                voice.bar()
                self.repeats |= ":" in token["bar"]
                if "|:" in token["bar"] or "::" in token["bar"]:
                    voice.alternative = False
                if token["ending"]:
                    voice.ending(token["ending"])
            elif kind == "volta":
                voice.ending(token["volta"])
            elif kind == "chords":
                notes = []
                for part in IN_CHORD.finditer(token["chord"]):
                    if part["note"]:
                        notes.append(part)
                    elif part["symbol"]:
                        self.read_symbol(part["symbol"])
                self.read_chord(notes, length_of(token["chord_length"]), token["chord_hold"])
            elif token["rest"]:
                length = length_of(token["rest_length"])
                if token["rest"].isupper():
                    voice.rest_bars(length)
                else:
                    voice.sound([], length)
            elif kind == "broken":
                voice.broken(token["broken"])
            elif token["tuplet"]:
                voice.start_tuplet(int(token["tuplet"]), token["into"], token["over"])
            elif kind == "tie":
                if voice.now.last:
                    voice.tie()
            elif kind == "overlay":
                voice.overlay(token["overlay"])
            elif token["field"]:
                self.read_field(token["field"], token["value"])
            elif kind == "plus" and OLD_CHORD.fullmatch(token["plus"]):
                self.read_chord(list(IN_CHORD.finditer(token["plus"])), 1)

    def read_symbol(self, text: str) -> None:
        if text and text[0] not in "^_<>@":  # those are annotations
            self.chords.append((self.voice.time, text))

    def read_chord(self, notes: list[re.Match], times: float, hold: str = "") -> None:
        """A note, or notes that begin together: each has its own length, and the first one's is
        that of the chord (section 4.17)."""
        chord = []
        for note in notes:
            sign, letter, octave, length, tie = note.group(*NOTE_GROUPS)
            place, pitch = self.voice.pitch(sign, letter, octave, self.scope, len(notes) > 1)
            chord.append((place, pitch, length_of(length) * times, hold or tie))
        if chord:
            self.voice.sound(chord, chord[0][2])

    def reading(self) -> Reading:
        parts, bars, metres = [], [], []
        for label, voice in self.voices.items():
            voice.bar()
            drums = 2 * voice.drum_notes > len(voice.notes)
            parts.append(Part(self.names.get(label, ""), note_table(voice.notes), None, drums))
            own = bars_of_measures(voice.measures, voice.endings)
            if len(own) > len(bars):
                bars, metres = own, voice.metres
        if len(metres) < 2:  # changes may stand in one voice alone
            metres = max((voice.metres for voice in self.voices.values()), key=len, default=[])
        remarks = ["Repeat signs are not followed."] if self.repeats else []
        if any(sum(sound.values()) - sound.get("drum", 0) for sound in self.sounds.values()):
            remarks.append("Voices that transpose are read as they sound.")
        return make_reading(
            "ABC tune",
            parts,
            self.texts.get("T", ""),
            metres,
            self.tempos,
            remarks,
            max((voice.reach for voice in self.voices.values()), default=0.0),
            bars,
            key=key_name(self.texts.get("K", "")),
            chords=self.chords,
            rhythm=self.texts.get("R", ""),
            number=self.texts.get("X", ""),
        )
