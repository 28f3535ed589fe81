"""MusicXML scores as notes in time.

What a MusicXML file may hold is said at https://www.w3.org/2021/06/musicxml40/. The questions that
it leaves open are answered in ``measure_length`` (a measure that its parts fill differently),
``join_ties`` (a tie of which one end is written), ``MusicPart.read_tempo`` and ``decode_xml``.
"""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import defaultdict
from itertools import pairwise
from math import floor, isfinite, nan

from ..course.errors import check_kind
from ..music.grid import STEPS_PER_BAR, STEPS_PER_QUARTER
from ..music.timeline import Part
from .reading import (
    DRUM_CHANNEL,
    MAX_NOTES,
    STEP_SEMITONES,
    MusicFileError,
    Reading,
    bars_of_measures,
    check_size,
    clean_name,
    decode,
    make_reading,
    note_table,
    playable,
    too_many_notes,
    usable_metre,
)

MAX_XML_BYTES = 12_000_000  # music21 writes 350 bytes a note
MAX_XML_MARKS = 1_000_000  # tags, attributes counted twice: 30,000 notes' worth as music21 writes
TOUCHING = 0.01  # of a step
ROUNDING = STEPS_PER_BAR / 64  # what is off by less than a 64th note was meant to be equal
MARKUP = " \n<>&;/='\"?!-_.:#[]+0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# What is declared, and what is often meant: a charset that holds it and more.
WIDER = {"shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}
WIDER |= {"iso8859-1": "cp1252", "ascii": "cp1252", "big5": "cp950", "iso8859-9": "cp1254"}
QUARTERS = {"maxima": 32, "long": 16, "breve": 8, "whole": 4, "half": 2, "quarter": 1}
QUARTERS |= {"eighth": 1 / 2, "16th": 1 / 4, "32nd": 1 / 8, "64th": 1 / 16}


def read_musicxml(content: bytes | str) -> Reading:
    """A MusicXML score, compressed (.mxl) or not, as it sounds.

    Repeat signs are not followed; grace notes, cue notes and unpitched drums are left out, pitched
    drums are a part of their own. The bars of a score are bars of all its parts: a measure begins
    in all of them at once, see ``measure_length``. Raises MusicFileError.
    """
    check_kind("content", content, (bytes, str), "the bytes or the text of a file")
    if isinstance(content, bytes):
        content = decode_xml(unzip_score(content) if content[:2] == b"PK" else content)
    root = parse_score(content)
    listed = {entry.get("id"): entry for entry in root.iterfind("part-list/score-part")}
    labels, rows = measure_rows(root)
    parts = [MusicPart(listed.get(label)) for label in labels]
    measures, endings, metres = read_rows(parts, rows)
    breaks = {measures[number][0] for number, first in endings.items() if not first}
    remarks = [
        f'Part "{part.name}" is for a transposing instrument: read as it sounds.'
        for part in parts
        if part.transposed
    ]
    if any(part.unpitched for part in parts) and not any(part.notes for part in parts):
        raise MusicFileError("holds only drums without pitches: give a file with a tune.")
    if root.find(".//barline/repeat") is not None:
        remarks.append("Repeat signs are not followed.")
    return make_reading(
        "MusicXML score",
        [sounding for part in parts for sounding in part.sounding(breaks)],
        title_of(root),
        metres,
        tempos_of(parts),
        remarks,
        sum(measures[-1][:2]) if measures else 0.0,
        bars_of_measures(measures, endings),
    )


def parse_score(text: str) -> ElementTree.Element:
    """The root of a score that is no trap and not too large."""
    if "<!ENTITY" in text:  # no score declares one; a few lines of them unfold to gigabytes
        raise MusicFileError(
            "is XML with entities of its own, which no score has: export it again."
        )
    if text.count("<pitch>") > MAX_NOTES or text.count("<") + 2 * text.count("=") > MAX_XML_MARKS:
        raise too_many_notes()
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff")))
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise MusicFileError(
            f"is XML with broken tags near line {line}, or breaks off there: export it again, or "
            "mend that line."
        ) from None
    without_namespace(root)
    if root.tag not in ("score-partwise", "score-timewise"):
        raise MusicFileError(
            f"is XML but no MusicXML score (it begins with <{clean_name(root.tag)}>): export it "
            "as MusicXML."
        )
    return root


def without_namespace(root: ElementTree.Element) -> None:
    """Takes from all tags the namespace of the first."""
    if root.tag.startswith("{"):
        space = root.tag.partition("}")[0] + "}"
        for element in root.iter():
            element.tag = element.tag.removeprefix(space)


def title_of(root) -> str:
    titles = [root.findtext("work/work-title"), root.findtext("movement-title")]
    for credit in root.iterfind("credit"):
        if text_of(credit.find("credit-type")) == "title":
            titles.append(" ".join(words.text or "" for words in credit.iterfind("credit-words")))
    return next(filter(None, (clean_name(title or "") for title in titles)), "")


# --- bytes and archives ------------------------------------------------------------------------


def decode_xml(data: bytes) -> str:
    """The text of an XML file, which never fails.

    What is UTF-8 throughout is that, whatever it says of itself: hardly a text in another charset
    is by chance, and many programs declare another. Otherwise the declaration holds (XML 1.0,
    4.3.3), if it names a charset in which XML's own signs are those of ASCII.
    """
    declared = re.match(rb"""\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']""", data[:200])
    if declared and (not is_utf8(data) or b"\x1b" in data):  # ISO-2022 shifts with escape, 1b
        charset = declared[1].decode()
        try:
            # bytes.decode refuses what is no charset of text, such as zip or hex.
            if MARKUP.encode().decode(charset) == MARKUP and not charset.lower().startswith("utf"):
                return data.decode(WIDER.get(codecs.lookup(charset).name, charset), "replace")
        except (LookupError, ValueError):
            pass
    return decode(data)


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


def unzip_score(data: bytes) -> bytes:
    """The score in a compressed MusicXML file (.mxl): the one its container names."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {path_key(name, archived=True): name for name in archive.namelist()}
            score = named_score(archive, names)
            if score is None:
                raise MusicFileError(
                    "is a zip file without a MusicXML score: export it as MusicXML."
                )
            with archive.open(score) as file:  # never more than the limit, whatever it claims
                data = file.read(MAX_XML_BYTES + 1)
    except MusicFileError:
        raise
    except Exception:  # zipfile and its decompressors raise a dozen kinds
        raise MusicFileError("is a damaged or locked zip file (.mxl): export it again.") from None
    check_size(data, MAX_XML_BYTES)
    return data


def named_score(archive: zipfile.ZipFile, names: dict[str, str]) -> str | None:
    """The name of the first rootfile of MusicXML that is there, else of the first file that looks
    like a score."""
    if "meta-inf/container.xml" in names:
        with archive.open(names["meta-inf/container.xml"]) as file:
            text = decode_xml(file.read(100_000))
        for rootfile in rootfiles(text):
            kind = rootfile.get("media-type", "musicxml")  # left out, it is MusicXML
            path = path_key(rootfile.get("full-path", ""))
            if "musicxml" in kind and path in names:
                return names[path]
    for path, name in names.items():
        hidden = path.startswith(("meta-inf/", "__macosx/")) or "/." in f"/{path}"
        if path.endswith((".musicxml", ".xml")) and not hidden:
            return name
    return None


def rootfiles(container: str) -> list[ElementTree.Element]:
    """Those that a container names, in its order."""
    if "<!ENTITY" in container:
        return []
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", container))
    except ElementTree.ParseError:
        return []
    without_namespace(root)
    return list(root.iter("rootfile"))


def path_key(path: str, archived: bool = False) -> str:
    """What two ways of writing a file's path in an archive have in common. archived: as zipfile
    gives it, which takes names without a mark for code page 437, although most are UTF-8."""
    if archived:
        try:
            path = path.encode("cp437").decode()
        except UnicodeError:
            pass
    path = posixpath.normpath("/" + path.replace("\\", "/"))
    return unicodedata.normalize("NFC", path).lstrip("/").casefold()


# --- measures ----------------------------------------------------------------------------------


def measure_rows(root) -> tuple[list[str | None], list[list[tuple]]]:
    """``(the parts' ids, rows)``: a row for each measure of the score, in it (place of the part,
    its measure) of the parts that have one."""
    if root.tag == "score-timewise":
        labels, rows = {}, []
        for measure in root.iterfind("measure"):
            rows.append([])
            for part in measure.iterfind("part"):
                place = labels.setdefault(part.get("id"), len(labels))
                part.attrib = measure.attrib  # the number of the measure, for sentences
                rows[-1].append((place, part))
        return list(labels), rows
    parts = list(root.iterfind("part"))
    columns = [list(part.iterfind("measure")) for part in parts]
    places = measure_places([[bar.get("number") for bar in column] for column in columns])
    rows = [[] for _ in range(max((place[-1] + 1 for place in places if place), default=0))]
    for number, (column, place) in enumerate(zip(columns, places, strict=True)):
        for measure, row in zip(column, place, strict=True):
            rows[row].append((number, measure))
    return [part.get("id") for part in parts], rows


def measure_places(columns: list[list[str | None]]) -> list[list[int]]:
    """In which row of the score each measure of each part stands, by its number.

    Measures of one number begin together (attribute ``number`` of ``measure``), but many files
    count oddly, so numbers are asked only where a part has fewer measures than another: it lacks
    those whose numbers it lacks. Where that makes no sense it lacks the last ones.
    """
    longest = max(columns, key=len, default=[])
    if all(len(column) == len(longest) for column in columns):
        return [list(range(len(longest)))] * len(columns)
    try:
        counted = [list(map(int, column)) for column in columns]
        if all(a < b for column in counted for a, b in pairwise(column)):
            columns, longest = counted, sorted(set().union(*counted))
    except (TypeError, ValueError):
        pass  # measures numbered X1 or not at all
    rows, places = {bar: row for row, bar in enumerate(longest)}, []
    for column in columns:
        place = [rows.get(bar, -1) for bar in column]
        makes_sense = len(rows) == len(longest) and -1 not in place
        makes_sense = makes_sense and all(a < b for a, b in pairwise(place))
        places.append(place if makes_sense else list(range(len(column))))
    return places


def read_rows(parts: list[MusicPart], rows: list[list[tuple]]) -> tuple[list, dict, list]:
    """Lets every part read its measure of each row. Returns ``(measures, endings, metres)``, the
    first two as ``bars_of_measures`` has them, the last as a ``Reading``."""
    measures, endings, metres, metre, start = [], {}, [], None, 0.0
    for number, row in enumerate(rows):
        changes, present = {}, [parts[place] for place, _ in row]
        for part, (_, measure) in zip(present, row, strict=True):
            part.read_measure(measure, start, changes)
        full = bar_length(changes.get(start, metre))
        length = measure_length(present, full)
        measures.append((start, length, full or length))
        start += length
        said = [part.ending for part in present if part.ending is not None]
        if said:
            endings[number] = said[0]
        if changes:
            metre = changes[max(changes)]
            metres += [(time, *change) for time, change in changes.items() if change]
    return measures, endings, metres


def bar_length(metre: tuple[int, int] | None) -> float | None:
    return STEPS_PER_BAR * metre[0] / metre[1] if metre else None


def measure_length(parts: list[MusicPart], full: float | None) -> float:
    """How long a measure is, in steps, that these parts have just read. full: a bar of the
    score's metre, None where it has none.

    MusicXML does not say, and parts differ: a staff is filled short or too far, a rest for the
    whole measure has the length of a whole note in 3/4 or in a pickup. Here

    - staves with notes decide, rests and gaps beside them do not;
    - if one of these fills a bar of its metre, that is the length: two witnesses against one.
      Notes of a staff that is too full then reach into the next measure;
    - if none does, it is a pickup, the half of a divided bar, or free: the longest decides;
    - where no staff has a note, the longest rest decides, but one of a bar or of a whole note or
      more, or nothing at all, is a bar of rest.
    """
    filled = [
        (part.ends[staff], full if part.full is None else part.full)
        for part in parts
        for staff in part.staves
    ]
    whole = [own for length, own in filled if own and abs(length - own) < ROUNDING]
    if whole or filled:
        return max(whole) if whole else max(length for length, _ in filled)
    rest = max((length for part in parts for length in part.ends.values()), default=0.0)
    short = rest < min(full, STEPS_PER_BAR) if full else True
    return rest if rest and short else full or STEPS_PER_BAR


def tempos_of(parts: list[MusicPart]) -> list[tuple[float, float]]:
    """(step, quarters a minute) of the whole score: any part may tell them. Of several at once
    one to be played comes before one to be read, and the first part's before the others'."""
    tempos = {}
    for told in [part.sounds for part in parts] + [part.marks for part in parts]:
        for time, tempo in told.items():
            tempos.setdefault(time, tempo)
    return list(tempos.items()) + [tempo for part in parts for tempo in part.doubted]


# --- one part ----------------------------------------------------------------------------------


class MusicPart:
    """Walks through the measures of one part and collects what it says.

    notes: (start, end, pitch), grace notes that are tied among them, as notes without length. After
    each measure ``ends`` has how far each of its staves reaches, in steps from its beginning, and
    ``staves`` those that have notes.
    """

    def __init__(self, entry: ElementTree.Element | None):
        self.name, self.program, self.drums, self.all_drums = "", None, set(), False
        if entry is not None:
            self.read_entry(entry)
        self.notes, self.lines, self.ties, self.kinds, self.pitches = [], [], {}, [], {}
        self.sounds, self.marks, self.doubted = {}, {}, []  # tempos: {step: quarters a minute}
        self.unpitched = self.transposed = False
        self.divisions, self.lengths = 1.0, {}  # lengths: in steps, of durations as written
        self.full = self.next_full = None  # a bar of its own metre; None: as the score's; 0: free
        self.shift, self.shifts, self.clefs = 0, {}, {}  # semitones, by staff; signs of clefs

    def read_entry(self, entry) -> None:
        self.name = clean_name(entry.findtext("part-name") or "")
        for number, instrument in enumerate(entry.iterfind("midi-instrument")):
            if text_of(instrument.find("midi-channel")) == str(DRUM_CHANNEL + 1):
                self.drums.add(instrument.get("id"))
                self.all_drums |= number == 0
            program = text_of(instrument.find("midi-program"))
            if self.program is None and re.fullmatch(r"\d{1,3}", program):
                self.program = int(program) - 1 if 1 <= int(program) <= 128 else None

    def read_measure(self, measure, start: float, changes: dict) -> None:
        """changes: gets the metres that begin in this measure, {step: (beats, unit) or None}."""
        self.measure, self.start, self.changes = measure.get("number"), start, changes
        self.time = self.chord_time = start
        self.staff, self.ends, self.staves = None, {}, set()
        self.ending = None  # whether the first ending or another begins here
        self.full = self.next_full
        for element in measure:
            self.read(element)

    def read(self, element) -> None:
        if element.tag == "note":
            self.read_note(element)
        elif element.tag == "backup":
            self.time = max(self.start, self.time - self.steps(element))
            self.staff = None
        elif element.tag == "forward":
            self.time += self.steps(element)
            self.reach(text_of(element.find("staff")) or self.staff)
        elif element.tag == "attributes":
            self.read_attributes(element)
        elif element.tag in ("direction", "sound"):
            self.read_tempo(element)
        elif element.tag == "barline":
            ending = element.find("ending")
            if ending is not None and ending.get("type") == "start":
                self.ending = re.match(r"\s*1\b", ending.get("number", "")) is not None

    def reach(self, staff: str | None) -> None:
        self.ends[staff] = max(self.ends.get(staff, 0.0), self.time - self.start)

    def read_attributes(self, element) -> None:
        if element.find("divisions") is not None:
            self.divisions = self.number(element, "divisions")
            if self.divisions <= 0:
                raise self.error("divisions")
            self.lengths = {}
        time = element.find("time")
        if time is not None:
            metre = read_metre(time)
            self.changes.setdefault(self.time, metre)
            self.next_full = bar_length(metre) or 0.0
            if self.time == self.start:
                self.full = self.next_full
        for clef in element.iterfind("clef"):
            self.clefs[clef.get("number", "1").strip()] = text_of(clef.find("sign"))
        for transpose in element.iterfind("transpose"):
            chromatic = self.as_number(text_of(transpose.find("chromatic")) or "0")
            octaves = self.as_number(text_of(transpose.find("octave-change")) or "0")
            shift = round(chromatic + 12 * octaves)
            self.transposed |= shift != 0
            if transpose.get("number"):
                self.shifts[transpose.get("number").strip()] = shift
            else:
                self.shift, self.shifts = shift, {}

    def read_tempo(self, element) -> None:
        """A tempo to be played (``sound``), else one to be read (``metronome``). An ``offset`` of
        the direction moves it only where it says that it is for the sound (element ``offset``)."""
        sound = element if element.tag == "sound" else element.find("sound")
        shift = 0.0
        for offset in element.iterfind("offset"):
            if element.tag == "sound" or offset.get("sound") == "yes":
                shift = self.duration(offset.text, "offset")
        if sound is not None and sound is not element and sound.find("offset") is not None:
            shift = self.duration(sound.findtext("offset"), "offset")
        time = round(max(0.0, self.time + shift), 6)
        if sound is not None and sound.get("tempo") is not None:
            self.add_tempo(self.sounds, time, number_in(sound.get("tempo")))
        else:
            for metronome in element.iterfind("direction-type/metronome"):
                tempo = metronome_tempo(metronome)
                if tempo is not None:
                    self.add_tempo(self.marks, time, tempo)

    def add_tempo(self, told: dict[float, float], time: float, tempo: float) -> None:
        if playable(tempo):
            told[time] = tempo
        else:
            self.doubted.append((time, tempo))

    def read_note(self, note) -> None:
        has = {child.tag: child for child in note}
        grace = "grace" in has
        length = 0.0 if grace else self.steps(note)
        staff = text_of(has["staff"]) if "staff" in has else "1"
        if grace:
            start = self.time
        elif "chord" in has:
            start = self.chord_time
        else:
            start = self.chord_time = self.time
            self.time += length
            self.staff = staff
        self.reach(staff)
        if length and "rest" not in has:
            self.staves.add(staff)
        self.unpitched |= "unpitched" in has
        if "pitch" not in has or "cue" in has:
            return
        ties = tie_types(note) if "tie" in has or "notations" in has else set()
        if grace and not ties:
            return
        sign = self.clefs.get(staff)
        drum = self.all_drums
        if self.drums and "instrument" in has:
            drum = has["instrument"].get("id") in self.drums
        kind = "drum" if drum or sign == "percussion" else "TAB" if sign == "TAB" else ""
        pitch = self.pitch(has["pitch"], self.shifts.get(staff, self.shift))
        if ties:
            self.ties[len(self.notes)] = ties
        self.notes.append((start, start + length, pitch))
        self.lines.append((staff, text_of(has["voice"]) if "voice" in has else ""))
        self.kinds.append(kind)

    def pitch(self, element, shift: int) -> int:
        said = (shift, *[(child.tag, child.text) for child in element])
        if said not in self.pitches:  # a part has few
            step = text_of(element.find("step"))
            if step not in STEP_SEMITONES:
                raise self.error("step of a pitch")
            octave = self.number(element, "octave")
            alter = self.as_number(text_of(element.find("alter")) or "0")
            pitch = floor(12 * (octave + 1) + STEP_SEMITONES[step] + alter + 0.5) + shift
            if not 0 <= pitch <= 127:
                raise self.error("octave of a pitch")
            self.pitches[said] = pitch
        return self.pitches[said]

    def sounding(self, breaks: set[float]) -> list[Part]:
        """The part as it sounds: what is pitched, and what is drums. breaks: see ``join_ties``."""
        notes = [
            (*note, kind)
            for note, kind in zip(self.joined(breaks), self.kinds, strict=True)
            if note
        ]
        if "TAB" in self.kinds:  # a staff of tablature under the same music in notes
            plain = {note for note in notes if note[3] != "TAB"}
            notes = [n for n in notes if n[3] != "TAB" or (*n[:3], "") not in plain]
        parts = []
        for is_drum in (False, True):
            table = note_table([note[:3] for note in notes if (note[3] == "drum") == is_drum])
            parts.append(Part(self.name, table, self.program, is_drum))
        return [part for part in parts if len(part.notes)]

    def joined(self, breaks: set[float]) -> list:
        """The notes, each with what is tied to it; None for a note that goes on from another, and
        for a grace note."""
        notes = list(self.notes)
        before = join_ties(notes, self.lines, self.ties, breaks) if self.ties else {}
        # The last first: a chain of ties is pulled together from its end.
        for later in sorted(before, key=lambda i: (self.notes[i][0], i), reverse=True):
            start, end, pitch = notes[before[later]]
            notes[before[later]] = (start, max(end, notes[later][1]), pitch)
            notes[later] = None
        return [note if note and note[1] > note[0] else None for note in notes]

    def steps(self, element) -> float:
        text = element.findtext("duration")
        if text not in self.lengths:
            self.lengths[text] = self.duration(text)
        return self.lengths[text]

    def duration(self, text: str | None, what: str = "duration") -> float:
        return STEPS_PER_QUARTER * self.as_number(text, what) / self.divisions

    def number(self, element, path: str) -> float:
        return self.as_number(element.findtext(path), path)

    def as_number(self, text: str | None, what: str = "number") -> float:
        value = number_in(text)
        if not isfinite(value) or abs(value) > 1e7 or (what == "duration" and value < 0):
            raise self.error(what)
        return value

    def error(self, what: str) -> MusicFileError:
        where = clean_name(self.measure or "?")
        return MusicFileError(
            f"has a missing or impossible {what} in measure {where}: mend it, or export it again."
        )


# --- what elements say -------------------------------------------------------------------------


def text_of(element) -> str:
    """Its text without blanks around; "" where there is no element."""
    return (element.text or "").strip() if element is not None else ""


def number_in(text: str | None) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return nan


def read_metre(time) -> tuple[int, int] | None:
    """(beats, unit) of a ``time``: 3/8 + 2/4 is 7/8. None where it is free (``senza-misura``) or
    none that can be counted."""
    pairs = []
    for beats, unit in zip(time.iterfind("beats"), time.iterfind("beat-type"), strict=False):
        beats, unit = re.sub(r"\s", "", beats.text or ""), text_of(unit)
        if not re.fullmatch(r"\d{1,2}(\+\d{1,2})*", beats) or not re.fullmatch(r"\d{1,2}", unit):
            return None
        pairs.append((sum(map(int, beats.split("+"))), int(unit)))
    if not pairs or not all(usable_metre(*pair) for pair in pairs):
        return None
    smallest = max(unit for _, unit in pairs)
    beats = sum(count * smallest // unit for count, unit in pairs)
    return (beats, smallest) if usable_metre(beats, smallest) else None


def metronome_tempo(metronome) -> float | None:
    """Quarters a minute: of "60-72" the middle, of "c. 66" the number. None where it says how one
    beat becomes another, which needs no number."""
    said = re.findall(r"\d+(?:[.,]\d+)?", metronome.findtext("per-minute") or "")
    if not said or len(metronome.findall("beat-unit")) != 1:
        return None
    quarters = unit = 0.0
    for element in metronome.iter():
        if element.tag == "beat-unit":
            unit = QUARTERS.get(text_of(element), 0.0)
            quarters += unit
        elif element.tag == "beat-unit-dot":
            unit /= 2
            quarters += unit
    rates = [float(number.replace(",", ".")) for number in said]
    between = re.search(r"\d\s*[-\u2010-\u2015]\s*\d", metronome.findtext("per-minute"))
    rate = (rates[0] + rates[1]) / 2 if between else rates[0]
    return rate * quarters or None


# --- ties --------------------------------------------------------------------------------------


def tie_types(note) -> set[str]:
    """Of "start" and "stop" what holds for a note. ``tie`` is for the sound, ``tied`` for the
    looks: it is asked only where there is no other. The first time through a repeat counts."""
    ties = note.findall("tie") or note.findall("notations/tied")
    types = {t.get("type") for t in ties if "1" in re.findall(r"\d+", t.get("time-only", "1"))}
    return {"start", "stop"} if "continue" in types else types & {"start", "stop"}


def join_ties(notes, lines, ties: dict[int, set[str]], breaks: set[float]) -> dict[int, int]:
    """{a note: the note that it goes on from}.

    notes: (start, end, pitch). lines: the staff and voice of each. ties: "start" and "stop", of
    those that have any. breaks: the steps at which nothing goes on. A tie joins notes of one pitch

    - that have its two ends and are in one voice, wherever the first ends: in an arpeggio that is
      tied into its chord, and at the end of a measure filled short, that is before the second;
    - else, that have its two ends and are less than a quarter apart: a line may change its voice;
    - else, of which one has its end and the other follows at once in the same voice: many programs
      write one end only.
    """
    order = sorted(range(len(notes)), key=lambda i: notes[i][0])
    before, followed = {}, set()
    for same_line, widest in ((True, STEPS_PER_BAR), (False, STEPS_PER_QUARTER)):
        waiting = defaultdict(list)  # notes whose tie has not come to its end
        for i in order if same_line else [i for i in order if i in ties]:
            start, _, pitch = notes[i]
            types = ties.get(i, ())
            key = (lines[i], pitch) if same_line else pitch
            if "stop" in types and i not in before and start not in breaks:
                gaps = [
                    (abs(notes[j][1] - start), -j)
                    for j in waiting[key]
                    if notes[j][0] < start or notes[j][0] == notes[j][1]
                ]
                gap, j = min(gaps, default=(widest, 0))
                if gap < widest:
                    before[i] = -j
                    followed.add(-j)
                    waiting[key].remove(-j)
            elif "stop" not in types and same_line and key in waiting:
                waiting[key] = [j for j in waiting[key] if notes[j][1] > start + TOUCHING]
            if "start" in types and i not in followed:
                waiting[key] = [*waiting[key][-7:], i]
    last = {}
    for i in order:
        start, end, pitch = notes[i]
        j = last.get((lines[i], pitch))
        last[lines[i], pitch] = i
        if j is None or i in before or j in followed or start in breaks:
            continue
        one_end = "start" in ties.get(j, ()) and end > start or "stop" in ties.get(i, ())
        if one_end and abs(notes[j][1] - start) < TOUCHING:
            before[i] = j
            followed.add(j)
    return before
