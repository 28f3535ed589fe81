"""The kit's MusicXML reader beside music21's, over all MusicXML that is installed with music21.

    python benchmarks/musicxml_corpus.py [PART OF A PATH ...] --jobs 2 --show 100

Each part's notes are compared: beginning and length in steps, to a hundredth, and pitch. music21's
are taken at sounding pitch, without grace notes and unpitched drums, ties joined, repeats not
followed; staves of one part together. "as placed" leaves music21's measures where it has them,
"lined up" lets them begin where the kit's begin: music21 lets each part have a clock of its own,
so that a part drifts once one of its measures is filled short or too far, or has a rest longer
than the bar, while bars of a score are bars of all its parts ([measure] in the MusicXML
reference). Notes that are the same are counted of the longer of the two lists.

Files that differ are shown with what differs first and a reason, which the program finds by
asking the file: REASONS names them, each with who is right by the specification. music21 takes
about a quarter of an hour of one core for all, the kit half a minute.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from fractions import Fraction
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import music21
from music21 import chord, converter, harmony, stream

from helpers.files import musicxml_reader as kit
from helpers.files.reading import MusicFileError

ROOT = Path(music21.__file__).parent


def kit_notes(content: bytes):
    """``(parts, starts)``: of each part with notes a Counter of its notes, and where the measures
    begin."""
    starts, read_rows = [], kit.read_rows

    def listen(parts, rows):
        found = read_rows(parts, rows)
        starts.extend(start for start, _, _ in found[0])
        return found

    kit.read_rows = listen
    try:
        reading = kit.read_musicxml(content)
    finally:
        kit.read_rows = read_rows
    return [
        Counter((round(a, 2), round(b - a, 2), int(p)) for a, b, p, _ in part.notes.tolist())
        for part in reading.timeline.parts
    ], starts


def music21_measures(path: Path) -> list[list[list]]:
    """For each part its staves, for each staff its measures ``(offset, notes)``, a note as (offset
    in the measure, length, pitch, voice, tie), in quarters."""
    score = converter.parse(path, forceSource=True).toSoundingPitch()
    parts, before = [], None
    for part in score.parts:
        measures = []
        for measure in part.getElementsByClass(stream.Measure):
            notes = []
            for voice in [*measure.voices, measure]:
                offset, name = (0, "") if voice is measure else (voice.offset, str(voice.id))
                for element in voice.notes:
                    if isinstance(element, harmony.Harmony) or element.duration.isGrace:
                        continue
                    inside = element.notes if isinstance(element, chord.ChordBase) else [element]
                    for note in inside:
                        if hasattr(note, "pitch"):
                            at, length = Fraction(offset + element.offset), element.quarterLength
                            tie = note.tie.type if note.tie else ""
                            notes.append((at, length, note.pitch.ps, name, tie))
            measures.append((Fraction(measure.offset), notes))
        staff_of = str(part.id).rpartition("-Staff")[0]
        if staff_of and staff_of == before:
            parts[-1].append(measures)
        else:
            parts.append([measures])
        before = staff_of
    return parts


def without_ties(notes: list[tuple]) -> Counter:
    """Notes (beginning, length, pitch, voice, tie) of one staff, in quarters, as a Counter in
    steps. A note goes on from one that ends where it begins: in its voice if either has its end
    of a tie, in another if both have."""
    sounding, begun, last = [], {}, {}
    for start, length, pitch, voice, tie in sorted(notes, key=lambda note: note[0]):
        stops, line = tie in ("stop", "continue"), (voice, pitch)
        before = begun.pop(line, None)
        if before is None and stops:
            others = [
                key for key in begun if key[1] == pitch and touch(sounding[begun[key]], start)
            ]
            before = begun.pop(others[0]) if others else last.get(line)
        if before is not None and touch(sounding[before], start):
            sounding[before][1] = start + length - sounding[before][0]
        else:
            before = len(sounding)
            sounding.append([start, length, pitch])
        last[line] = before
        if tie in ("start", "continue"):
            begun[line] = before
    return Counter(
        (round(float(4 * start), 2), round(float(4 * length), 2), int(pitch + 0.5))
        for start, length, pitch in sounding
        if length
    )


def touch(note: list, start) -> bool:
    return abs(note[0] + note[1] - start) < 0.01


def placed(parts: list[list[list]], starts: list[float] | None = None) -> list[Counter]:
    """music21's parts with notes; starts: where measures begin instead, in steps."""
    counted = []
    for staves in parts:
        part = Counter()
        for measures in staves:
            notes = []
            for number, (offset, inside) in enumerate(measures):
                if starts is not None:
                    offset = Fraction(starts[number] if number < len(starts) else 10**6) / 4
                notes += [(offset + at, *note) for at, *note in inside]
            part += without_ties(notes)
        counted.append(part)
    return [part for part in counted if part]


def differences(ours: list[Counter], theirs: list[Counter]) -> tuple[int, list[tuple]]:
    """``(how many notes differ, [(part, the kit's alone, music21's alone)])``: what is off by a
    rounding is the same."""
    count, found = 0, []
    for number in range(max(len(ours), len(theirs))):
        mine = ours[number] if number < len(ours) else Counter()
        other = theirs[number] if number < len(theirs) else Counter()
        left, alone = sorted((other - mine).elements()), []
        for note in sorted((mine - other).elements()):
            same = [n for n in left if n[2] == note[2] and off(n, note) < 0.05]
            if same:
                left.remove(same[0])
            else:
                alone.append(note)
        count += max(len(alone), len(left))
        if alone or left:
            found.append((number, alone, left))
    return count, found


def off(note: tuple, other: tuple) -> float:
    return max(abs(note[0] - other[0]), abs(note[1] - other[1]))


REASONS = {
    "tie": "A tie joins notes that do not touch, overlap or are in two voices; here music21's are "
    "joined only where they touch.",
    "ending": "A tie from the first ending into the second is not followed; by file it looks so.",
    "chord": "A note of a chord begins with the one before, whatever stands between ([chord]), and "
    "has a length of its own ([duration]); music21 gives it the first's, or ends the chord.",
    "staff": "A note that names no staff is in the first ([staff]); music21 has it in all.",
    "cue": "A cue note is silent ([cue]); music21 lets it sound.",
    "accidental": "An accidental without [alter] is only drawn; music21 lets it sound.",
    "tablature": "A staff of tablature repeats the music of another; music21 has it twice.",
    "parts": "Lists of parts or staves differ: drums are a part of their own in the kit.",
    "other": "Not known.",
}


def reasons(content: str, ours: list[Counter], found: list[tuple]) -> Counter:
    """Why notes differ, as a Counter of keys of REASONS. ours: all notes of the kit's parts."""
    told = Counter()
    for number, mine, theirs in found:
        by_place = {(start, pitch): length for start, length, pitch in theirs}
        by_length = {(start, length): pitch for start, length, pitch in theirs}
        explained = set()
        for start, length, pitch in mine:
            other = by_place.get((start, pitch))
            if other is not None:
                told["tie" if length > other else "chord"] += 1
                explained.add((start, pitch))
            elif (start, length) in by_length and "<accidental" in content:
                told["accidental"] += 1
                explained.add((start, by_length[start, length]))
            elif "<ending" in content:
                told["ending"] += 1
            else:
                told["chord" if "<chord" in content else "other"] += 1
        for start, _, pitch in theirs:
            if (start, pitch) not in explained:
                held = any(a < start < a + n for a, n, p in ours[number] if p == pitch)
                signs = {
                    "cue": "<cue",
                    "tablature": "TAB</sign>",
                    "chord": "<chord",
                    "staff": "<staves",
                }
                likely = (reason for reason, sign in signs.items() if sign in content)
                told["tie" if held else next(likely, "other")] += 1
    return told


def compare(path: Path) -> dict:
    """What became of one file."""
    content = path.read_bytes()
    result = {"path": str(path.relative_to(ROOT)), "said": "", "reasons": Counter()}
    began = time.process_time()
    try:
        ours, starts = kit_notes(content)
    except MusicFileError as error:
        result["said"] = f"the kit: {error}"
    result["kit seconds"] = time.process_time() - began
    try:
        theirs = music21_measures(path)
    except Exception as error:  # whatever it meets in its own files
        result["said"] += f" music21: {type(error).__name__}"
    result["music21 seconds"] = time.process_time() - began - result["kit seconds"]
    if result["said"]:
        return result
    lined_up = placed(theirs, starts)
    most = max(sum(map(Counter.total, parts)) for parts in (ours, lined_up))
    as_placed, _ = differences(ours, placed(theirs))
    differ, found = differences(ours, lined_up)
    text = kit.decode_xml(kit.unzip_score(content) if content[:2] == b"PK" else content)
    told = Counter(parts=differ) if len(ours) != len(lined_up) else reasons(text, ours, found)
    return result | {
        "notes": most,
        "as placed": most - as_placed,
        "lined up": most - differ,
        "reasons": told,
        "first": found[:1],
    }


def quietly(path: Path) -> dict:
    warnings.simplefilter("ignore")
    if hasattr(os, "nice"):
        os.nice(max(0, 10 - os.nice(0)))
    return compare(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="*", help="only files whose path holds one of these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, default=100, help="so many files that differ")
    arguments = parser.parse_args()
    files = [
        path for path in sorted(ROOT.rglob("*")) if path.suffix in (".mxl", ".xml", ".musicxml")
    ]
    if arguments.paths:
        files = [path for path in files if any(part in str(path) for part in arguments.paths)]
    with Pool(arguments.jobs) as pool:
        results = list(pool.imap(quietly, files))
    read = [result for result in results if not result["said"]]
    notes = sum(result["notes"] for result in read)
    told = sum((result["reasons"] for result in read), Counter())
    print(f"{len(files)} files, {len(read)} read by both, {notes:,} notes")
    for way in ("as placed", "lined up"):
        same = sum(result[way] for result in read)
        whole = sum(result[way] == result["notes"] for result in read)
        print(f"{way:>10}: {same / max(notes, 1):9.4%} the same; {whole} files wholly")
    for name in ("kit", "music21"):
        print(f"{name:>10}: {sum(result[f'{name} seconds'] for result in results):7.1f} s")
    for reason, count in told.most_common():
        print(f"{count:6} {reason:>10}: {REASONS[reason]}")
    differing = [result for result in read if result["lined up"] < result["notes"]]
    for result in differing[: arguments.show]:
        missing = result["notes"] - result["lined up"]
        kinds = ", ".join(result["reasons"])
        print(f"{result['path']}: {missing} of {result['notes']} notes ({kinds})")
        for part, mine, theirs in result["first"]:
            print(f"    part {part}: the kit {mine[:2]}, music21 {theirs[:2]}")
    for result in results:
        if result["said"]:
            print(f"{result['path']}: {result['said']}")


if __name__ == "__main__":
    main()
