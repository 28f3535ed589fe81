"""MusicXML scores as notes in time."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from itertools import zip_longest
from math import isfinite

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
    too_many_notes,
    usable_metre,
)

MAX_XML_BYTES = 12_000_000  # music21 writes 350 bytes a note
MAX_XML_MARKS = 1_000_000  # tags, attributes counted twice: 30,000 notes' worth as music21 writes


def read_musicxml(content: bytes | str) -> Reading:
    """A MusicXML score, compressed (.mxl) or not, as it sounds; repeat signs are not followed.

    A bar begins in all parts at once, when the longest of them has ended the bar before. Raises
    MusicFileError.
    """
    if isinstance(content, bytes):
        content = decode(unzip_score(content) if content[:2] == b"PK" else content)
    root = parse_score(content)
    names, drums, programs = {}, set(), {}
    for entry in root.iterfind("part-list/score-part"):
        names[entry.get("id")] = clean_name(entry.findtext("part-name") or "")
        if entry.findtext("midi-instrument/midi-channel") == str(DRUM_CHANNEL + 1):
            drums.add(entry.get("id"))
        program = entry.findtext("midi-instrument/midi-program") or ""
        if re.fullmatch(r"\d{1,3}", program) and 1 <= int(program) <= 128:
            programs[entry.get("id")] = int(program) - 1
    staves = {part: PartReader() for part in root.iterfind("part")}
    measures, end = [], 0.0
    for row in zip_longest(*(part.iterfind("measure") for part in staves)):
        start = end
        for measure, part in zip(row, staves.values(), strict=True):
            if measure is not None:
                end = max(end, part.read_measure(measure, start))
        full = next((part.full for part in staves.values() if part.metres), STEPS_PER_BAR)
        measures.append((start, end - start, full))
    parts, remarks = [], []
    for element, part in staves.items():
        label = element.get("id")
        name, notes = names.get(label, ""), note_table(part.notes)
        parts.append(Part(name, notes, programs.get(label), label in drums))
        if part.transposed:
            remarks.append(f'Part "{name}" is for a transposing instrument: read as it sounds.')
    staves = staves.values()
    if any(part.unpitched for part in staves) and not any(part.notes for part in staves):
        raise MusicFileError("holds only drums without pitches: give a file with a tune.")
    if root.find("part/measure/barline/repeat") is not None:
        remarks.append("Repeat signs are not followed.")
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    return make_reading(
        "MusicXML score",
        parts,
        clean_name(title),
        next((part.metres for part in staves if part.metres), []),
        next((part.tempos for part in staves if part.tempos), []),
        remarks,
        end,
        bars_of_measures(measures),
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
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise MusicFileError(
            f"is XML with broken tags near line {line}, or breaks off there: export it again, or "
            "mend that line."
        ) from None
    if root.tag == "score-timewise":
        raise MusicFileError("is MusicXML ordered by time: export it as score-partwise.")
    if root.tag != "score-partwise":
        raise MusicFileError(
            f"is XML but no MusicXML score (it begins with <{clean_name(root.tag)}>): export it "
            "as MusicXML."
        )
    return root


def unzip_score(data: bytes) -> bytes:
    """The score in a compressed MusicXML file (.mxl): the one its container names."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            scores = [n for n in names if n.lower().endswith((".musicxml", ".xml"))]
            score = next((n for n in scores if not n.startswith("META-INF")), None)
            if "META-INF/container.xml" in names:
                with archive.open("META-INF/container.xml") as file:
                    named = re.search(r'full-path\s*=\s*["\']([^"\']+)', decode(file.read(100_000)))
                score = named[1] if named and named[1] in names else score
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


class PartReader:
    """Walks through the measures of one part and collects what it says, notes as (start, end,
    pitch)."""

    def __init__(self):
        self.notes, self.tempos, self.metres = [], [], []
        self.unpitched = self.transposed = False
        self.divisions, self.full, self.shift = 1.0, float(STEPS_PER_BAR), 0
        self.held = {}  # (voice, pitch) -> (index of its last note, whether a tie begins there)

    def read_measure(self, measure, start: float) -> float:
        """Where the measure ends that begins at this step."""
        self.measure = measure.get("number")
        self.time = self.chord_time = longest = start
        for element in measure:
            self.read(element)
            longest = max(longest, self.time)
        return longest

    def read(self, element) -> None:
        if element.tag == "note":
            self.read_note(element)
        elif element.tag in ("backup", "forward"):
            move = self.steps(element)
            self.time += move if element.tag == "forward" else -min(move, self.time)
        elif element.tag == "attributes":
            self.read_attributes(element)
        elif element.tag in ("direction", "sound"):
            for sound in element.iter("sound"):
                if sound.get("tempo") is not None:
                    self.tempos.append((self.time, self.as_number(sound.get("tempo"))))

    def read_attributes(self, element) -> None:
        if element.find("divisions") is not None:
            self.divisions = self.number(element, "divisions")
            if self.divisions <= 0:
                raise self.error("divisions")
        beats, unit = element.findtext("time/beats") or "", element.findtext("time/beat-type") or ""
        if re.fullmatch(r"\d{1,2}(\+\d{1,2})*", beats) and re.fullmatch(r"\d{1,2}", unit):
            count = sum(map(int, beats.split("+")))
            if usable_metre(count, int(unit)):
                self.metres.append((self.time, count, int(unit)))
                self.full = STEPS_PER_BAR * count / int(unit)
        if element.find("transpose") is not None:
            chromatic = self.number(element, "transpose/chromatic")
            octaves = element.findtext("transpose/octave-change") or "0"
            self.shift = round(chromatic + 12 * self.as_number(octaves))
            self.transposed = self.shift != 0

    def read_note(self, note) -> None:
        if note.find("grace") is not None:
            return
        length = self.steps(note)
        chord = note.find("chord") is not None
        start = self.chord_time if chord else self.time
        if not chord:
            self.chord_time, self.time = self.time, self.time + length
        self.unpitched |= note.find("unpitched") is not None
        if note.find("pitch") is None or note.find("cue") is not None:
            return
        pitch = self.pitch(note.find("pitch"))
        ties = {tie.get("type") for tie in note.iterfind("tie")}
        ties |= {tie.get("type") for tie in note.iterfind("notations/tied")}
        line = (note.findtext("voice") or "1", pitch)
        index, started = self.held.get(line, (None, False))
        # Many programs write one end of a tie only; a bar too short parts the two ends of others.
        slack = STEPS_PER_QUARTER if started and "stop" in ties else 1e-6
        adjacent = index is not None and abs(self.notes[index][1] - start) < slack
        if adjacent and (started or "stop" in ties):
            self.notes[index] = (self.notes[index][0], start + length, pitch)
        else:
            index = len(self.notes)
            self.notes.append((start, start + length, pitch))
        self.held[line] = (index, "start" in ties)

    def pitch(self, element) -> int:
        step = (element.findtext("step") or "").strip()
        if step not in STEP_SEMITONES:
            raise self.error("step of a pitch")
        octave = self.number(element, "octave")
        alter = self.as_number(element.findtext("alter") or "0")
        pitch = round(12 * (octave + 1) + STEP_SEMITONES[step] + alter) + self.shift
        if not 0 <= pitch <= 127:
            raise self.error("octave of a pitch")
        return pitch

    def steps(self, element) -> float:
        return STEPS_PER_QUARTER * self.number(element, "duration") / self.divisions

    def number(self, element, path: str) -> float:
        return self.as_number(element.findtext(path), path.rpartition("/")[2])

    def as_number(self, text: str | None, what: str = "number") -> float:
        try:
            value = float(text)
        except (TypeError, ValueError):
            raise self.error(what) from None
        if not isfinite(value) or abs(value) > 1e7 or (what == "duration" and value < 0):
            raise self.error(what)
        return value

    def error(self, what: str) -> MusicFileError:
        where = clean_name(self.measure or "?")
        return MusicFileError(
            f"has a missing or impossible {what} in measure {where}: mend it, or export it again."
        )
