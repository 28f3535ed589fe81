"""MIDI and MusicXML files as plain lists of notes, for ``load_melody``.

These readers (and the one in ``abc_notation``) are the kit's own because they meet files from
anywhere: damaged bytes crash the whole process inside symusic 0.5.9, and music21 takes a minute
for a long ABC tune and runs inline voices together. Time is counted in quarter notes. Errors are
``MelodyError`` whose text goes on from the file's name: "song.mid" + " breaks off: ...".
"""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ElementTree
from bisect import bisect_right
from collections import defaultdict
from math import isfinite
from typing import NamedTuple

MAX_NOTES = 100_000  # in the whole file, all parts
MAX_XML_MARKS = 1_000_000  # tags, attributes counted twice: 30,000 notes' worth as music21 writes
DRUM_CHANNEL = 9  # General MIDI's channel 10
STEP_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class MelodyError(ValueError):
    """A file that no melody can be read from: one sentence that says why and what to do."""


class Part(NamedTuple):
    """One track, staff or voice. notes: (start, end, MIDI pitch) in quarters; bars: the downbeats
    in quarters where the notation has bar lines, else None."""

    name: str
    notes: list[tuple[float, float, int]]
    drums: bool = False
    bars: list[float] | None = None


class Reading(NamedTuple):
    """A file's parts, and what holds for all: tempos (start, quarters a minute), metres (start,
    beats, beat unit), remarks for the report as whole sentences."""

    kind: str
    title: str
    parts: list[Part]
    tempos: list[tuple[float, float]]
    metres: list[tuple[float, int, int]]
    remarks: list[str]


def clean_name(text: str) -> str:
    """A name fit for a sentence: one line of printable characters, 80 at most."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:80]


def too_many_notes() -> MelodyError:
    return MelodyError(
        f"holds more than is read here (at most {MAX_NOTES:,} notes): keep only the melody "
        "in your notation program, and save that."
    )


def usable_metre(beats: int, unit: int) -> bool:
    return 1 <= beats <= 64 and unit in (1, 2, 4, 8, 16, 32, 64)


def downbeats(measures: list[tuple[float, float, float]]) -> list[float]:
    """The measures (start, length, length of a full bar) that begin a bar: not a pickup, and not
    the second half of a bar that a repeat sign splits in two."""
    starts, filled = [], 0.0
    for number, (start, length, full) in enumerate(measures):
        if number == 0 and length < full - 1e-6:
            filled = full - length
        elif length > full - 1e-6:
            filled = 0.0
        if filled < 1e-6:
            starts.append(start)
        filled = (filled + length) % full
        filled = 0.0 if full - filled < 1e-6 else filled
    return starts


# --- MIDI --------------------------------------------------------------------------------------

BROKEN_MIDI = "is a damaged MIDI file: export it again, or take another copy."
CUT_MIDI = "breaks off in the middle: download or export the MIDI file again."


def read_midi(data: bytes) -> Reading:
    """A Standard MIDI File of type 0 or 1; one part for every track and channel."""
    if data[:4] == b"RIFF":
        data = data[20:]
    if len(data) < 14:
        raise MelodyError(CUT_MIDI)
    size, kind, count, division = struct.unpack(">IHHH", data[4:14])
    if kind == 2:
        raise MelodyError("is a MIDI file of type 2, separate patterns: save it as type 1.")
    if division & 0x8000:
        raise MelodyError(
            "counts time in film frames (SMPTE) and not in beats: save it with ticks per quarter."
        )
    if division == 0 or kind > 2:
        raise MelodyError(BROKEN_MIDI)
    tracks, position = [], 8 + size
    while len(tracks) < count:
        if position + 8 > len(data):
            raise MelodyError(CUT_MIDI)
        name, length = struct.unpack(">4sI", data[position : position + 8])
        position += 8
        if position + length > len(data):
            raise MelodyError(CUT_MIDI)
        if name == b"MTrk":
            tracks.append(data[position : position + length])
        position += length
    parts, tempos, metres, remarks, title = [], [], [], [], ""
    hanging, notes_left = 0, MAX_NOTES
    for number, track in enumerate(tracks):
        name, channels, open_notes, end, events = read_track(track, notes_left)
        notes_left -= sum(map(len, channels.values()))
        hanging += len(open_notes)
        close_notes(channels, open_notes, end, division)
        if kind == 1 and number == 0 and not channels:
            title = name
        for channel, notes in sorted(channels.items()):
            label = name if len(channels) == 1 else f"{name} (channel {channel + 1})".strip()
            notes = [(start / division, stop / division, pitch) for start, stop, pitch in notes]
            parts.append(Part(label, notes, channel == DRUM_CHANNEL))
        for tick, meta, payload in events:
            if meta == 0x51 and len(payload) == 3:
                micros = int.from_bytes(payload, "big")
                tempos.append((tick / division, 6e7 / micros if micros else 0.0))
            elif meta == 0x58 and len(payload) >= 2:
                beats, unit = payload[0], 1 << min(payload[1], 9)
                if usable_metre(beats, unit):
                    metres.append((tick / division, beats, unit))
    if hanging:
        remarks.append(f"Notes never released, {hanging} of them, end where the next one begins.")
    tempos = sorted(tempos, key=lambda t: t[0]) or [(0.0, 120.0)]  # the standard's default
    metres.sort(key=lambda m: m[0])
    return Reading("MIDI file", title, parts, tempos, metres, remarks)


def read_track(data: bytes, max_notes: int):
    """``(name, notes of each channel in ticks, notes still open, last tick, meta events)``."""
    name, channels, sounding, events = "", defaultdict(list), {}, []
    tick = status = i = found = 0
    try:
        while i < len(data):
            delta, i = variable_length(data, i)
            tick += delta
            byte = data[i]
            if byte >= 0xF0:
                meta, i = (data[i + 1], i + 2) if byte == 0xFF else (None, i + 1)
                if byte not in (0xF0, 0xF7, 0xFF):
                    raise MelodyError(BROKEN_MIDI)
                length, i = variable_length(data, i)
                payload = data[i : i + length]
                i += length
                if i > len(data):
                    raise MelodyError(BROKEN_MIDI)
                if meta == 0x2F:
                    break
                if meta == 0x03 and not name:
                    name = clean_name(decode(payload))
                elif meta in (0x51, 0x58):
                    events.append((tick, meta, payload))
                continue
            if byte >= 0x80:
                status, i = byte, i + 1
            message, channel = status >> 4, status & 0xF
            one, two = data[i], (0 if message in (0xC, 0xD) else data[i + 1])
            if not status or one > 127 or two > 127:
                raise MelodyError(BROKEN_MIDI)
            i += 1 if message in (0xC, 0xD) else 2
            if message in (0x8, 0x9):
                start = sounding.pop((channel, one), None)
                if start is not None:
                    channels[channel].append((start, tick, one))
                if message == 0x9 and two:
                    sounding[channel, one] = tick
                    found += 1
                    if found > max_notes:
                        raise too_many_notes()
    except IndexError:
        raise MelodyError(BROKEN_MIDI) from None
    return name, channels, sounding, tick, events


def variable_length(data: bytes, i: int) -> tuple[int, int]:
    """A MIDI number of one to four bytes, and the place after it."""
    value = 0
    for _ in range(4):
        byte = data[i]
        i += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, i
    raise MelodyError(BROKEN_MIDI)


def close_notes(channels, sounding, end: int, division: int) -> None:
    """Notes without an end go on to the channel's next note, else to the end of the track."""
    onsets = {channel: [start for start, _, _ in notes] for channel, notes in channels.items()}
    for (channel, _), start in sounding.items():
        onsets.setdefault(channel, []).append(start)
    onsets = {channel: [*sorted(starts), end] for channel, starts in onsets.items()}
    for (channel, pitch), start in sounding.items():
        stop = onsets[channel][min(bisect_right(onsets[channel], start), len(onsets[channel]) - 1)]
        channels[channel].append((start, max(stop, start + division // 4), pitch))


def decode(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, else read as Latin-1, which never fails."""
    try:
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


# --- MusicXML ----------------------------------------------------------------------------------


def read_musicxml(text: str) -> Reading:
    """A MusicXML score, part by part, as it sounds; repeat signs are not followed."""
    if "<!ENTITY" in text:  # no score declares one; a few lines of them unfold to gigabytes
        raise MelodyError("is XML with entities of its own, which no score has: export it again.")
    if text.count("<pitch>") > MAX_NOTES or text.count("<") + 2 * text.count("=") > MAX_XML_MARKS:
        raise too_many_notes()
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise MelodyError(
            f"is XML with broken tags near line {line}, or breaks off there: export it again, or "
            "mend that line."
        ) from None
    if root.tag == "score-timewise":
        raise MelodyError("is MusicXML ordered by time: export it as score-partwise.")
    if root.tag != "score-partwise":
        raise MelodyError(
            f"is XML but no MusicXML score (it begins with <{clean_name(root.tag)}>): export it "
            "as MusicXML."
        )
    names, drums = {}, set()
    for entry in root.iterfind("part-list/score-part"):
        names[entry.get("id")] = clean_name(entry.findtext("part-name") or "")
        if entry.findtext("midi-instrument/midi-channel") == str(DRUM_CHANNEL + 1):
            drums.add(entry.get("id"))
    parts, tempos, metres, remarks, notes_left = [], [], [], [], MAX_NOTES
    for part in root.iterfind("part"):
        reader = XmlPart(part, notes_left)
        notes_left -= len(reader.notes)
        name = names.get(part.get("id"), "")
        drum = part.get("id") in drums or (reader.unpitched and not reader.notes)
        parts.append(Part(name, reader.notes, bool(drum), downbeats(reader.measures)))
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

    def error(self, what: str) -> MelodyError:
        where = clean_name(self.measure or "?")
        return MelodyError(
            f"has a missing or impossible {what} in measure {where}: mend it, or export it again."
        )
