"""MusicXML scores as plain lists of notes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from math import isfinite

from .reading import (
    DRUM_CHANNEL,
    MAX_NOTES,
    STEP_SEMITONES,
    MusicFileError,
    Part,
    Reading,
    clean_name,
    downbeats,
    too_many_notes,
    usable_metre,
)

MAX_XML_MARKS = 1_000_000  # tags, attributes counted twice: 30,000 notes' worth as music21 writes


# --- MusicXML ----------------------------------------------------------------------------------


def read_musicxml(text: str) -> Reading:
    """A MusicXML score, part by part, as it sounds; repeat signs are not followed."""
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
    names, drums, programs = {}, set(), {}
    for entry in root.iterfind("part-list/score-part"):
        names[entry.get("id")] = clean_name(entry.findtext("part-name") or "")
        if entry.findtext("midi-instrument/midi-channel") == str(DRUM_CHANNEL + 1):
            drums.add(entry.get("id"))
        program = entry.findtext("midi-instrument/midi-program") or ""
        if re.fullmatch(r"\d{1,3}", program) and 1 <= int(program) <= 128:
            programs[entry.get("id")] = int(program) - 1
    parts, tempos, metres, remarks, notes_left = [], [], [], [], MAX_NOTES
    for part in root.iterfind("part"):
        reader = XmlPart(part, notes_left)
        notes_left -= len(reader.notes)
        name = names.get(part.get("id"), "")
        drum = part.get("id") in drums or (reader.unpitched and not reader.notes)
        bars, program = downbeats(reader.measures), programs.get(part.get("id"))
        parts.append(Part(name, reader.notes, bool(drum), bars, program))
        tempos = tempos or reader.tempos
        metres = metres or reader.metres
        if reader.transposed:
            remarks.append(f'Part "{name}" is for a transposing instrument: read as it sounds.')
    if root.find("part/measure/barline/repeat") is not None:
        remarks.append("Repeat signs are not followed.")
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    return Reading("MusicXML score", clean_name(title), parts, tempos, metres, remarks)


class XmlPart:
    """Walks through the measures of one part and collects what it says."""

    def __init__(self, part, max_notes: int):
        self.notes, self.measures, self.tempos, self.metres = [], [], [], []
        self.unpitched = self.transposed = False
        self.divisions, self.full, self.shift = 1.0, 4.0, 0
        self.held = {}  # pitch -> (index of its last note, whether a tie begins there)
        start = 0.0
        for measure in part.iterfind("measure"):
            self.measure = measure.get("number")
            self.time = self.chord_time = longest = start
            for element in measure:
                self.read(element)
                longest = max(longest, self.time)
                if len(self.notes) > max_notes:
                    raise too_many_notes()
            self.measures.append((start, longest - start, self.full))
            start = longest

    def read(self, element) -> None:
        if element.tag == "note":
            self.read_note(element)
        elif element.tag in ("backup", "forward"):
            move = self.number(element, "duration") / self.divisions
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
                self.full = 4 * count / int(unit)
        if element.find("transpose") is not None:
            chromatic = self.number(element, "transpose/chromatic")
            octaves = element.findtext("transpose/octave-change") or "0"
            self.shift = round(chromatic + 12 * self.as_number(octaves))
            self.transposed = self.shift != 0

    def read_note(self, note) -> None:
        if note.find("grace") is not None:
            return
        length = self.number(note, "duration") / self.divisions
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
        index, started = self.held.get(pitch, (None, False))
        adjacent = index is not None and abs(self.notes[index][1] - start) < 1e-6
        if adjacent and (started or "stop" in ties):  # many programs write one end of a tie only
            self.notes[index] = (self.notes[index][0], start + length, pitch)
        else:
            index = len(self.notes)
            self.notes.append((start, start + length, pitch))
        self.held[pitch] = (index, "start" in ties)

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
