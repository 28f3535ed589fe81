"""The kit's MIDI reader beside pretty_midi and symusic: are all notes the same?

    python benchmarks/midi_oracles.py [FOLDER ...]

Without a folder it takes those that GROOVE_DIR and MAESTRO_DIR name in the environment, else the
kit's own melodies. symusic is no part of the kit: it is compared where it is installed. Of each
folder it prints how many notes each reader has and how many without length, and of the kit's notes
how many begin, and how many begin and end, where the other's do. What differs is counted by kind:

- cut: the kit's ends where its pitch is struck again; symusic lets it sound on to its release
- no length: struck and released at one tick; pretty_midi passes that by and takes the next
- shared release: pretty_midi ends all that sounds of a pitch with one release, the kit the first
- not there: the other has no note of this beginning, pitch and velocity
- other: none of these
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import warnings
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pretty_midi

from helpers.course.settings import ROOT
from helpers.data.melodies import MELODIES_FOLDER
from helpers.files.midi_reader import find_events, find_notes, find_tracks

Notes = list[tuple[int, int, int, int]]  # start and end in ticks, pitch, velocity


def kit_notes(path: Path) -> Notes:
    data, _, ticks_per_quarter, spans = find_tracks(path.read_bytes())
    _, notes, _ = find_notes(find_events(data, spans), ticks_per_quarter)
    return [tuple(note) for note in notes.tolist()]


def pretty_midi_notes(path: Path) -> Notes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        midi = pretty_midi.PrettyMIDI(str(path))
    return [
        (midi.time_to_tick(note.start), midi.time_to_tick(note.end), note.pitch, note.velocity)
        for instrument in midi.instruments
        for note in instrument.notes
    ]


def symusic_notes(path: Path) -> Notes:
    import symusic

    tracks = symusic.Score(str(path)).tracks
    notes = (note for track in tracks for note in track.notes)
    return [(note.time, note.time + note.duration, note.pitch, note.velocity) for note in notes]


ORACLES = {"pretty_midi": pretty_midi_notes, "symusic": symusic_notes}


def onset(note: tuple[int, int, int, int]) -> tuple[int, int, int]:
    start, _, pitch, velocity = note
    return start, pitch, velocity


def differences(mine: Notes, theirs: Notes) -> Counter:
    """How many of the kit's notes differ, by kind; "onsets" and "notes" are those that do not."""
    mine, theirs = Counter(mine), Counter(theirs)
    found = Counter(notes=(mine & theirs).total())
    ends, struck = defaultdict(list), defaultdict(set)
    for start, _, pitch, _ in mine:
        struck[pitch].add(start)
    for note in (theirs - mine).elements():
        ends[onset(note)].append(note[1])
    for note in (mine - theirs).elements():
        start, end, pitch, _ = note
        if not ends[onset(note)]:
            found["not there"] += 1
            continue
        other = ends[onset(note)].pop()
        found["onsets"] += 1
        if start == end:
            found["no length"] += 1
        elif end < other and end in struck[pitch]:
            found["cut"] += 1
        elif other < end:
            found["shared release"] += 1
        else:
            found["other"] += 1
    found["onsets"] += found["notes"]
    return found


def compare(folder: Path) -> None:
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi"))
    known = {name: f for name, f in ORACLES.items() if importlib.util.find_spec(name)}
    counts, empty, found = Counter(), Counter(), defaultdict(Counter)
    for path in paths:
        read = {"kit": kit_notes(path)} | {name: f(path) for name, f in known.items()}
        for name, notes in read.items():
            counts[name] += len(notes)
            empty[name] += sum(start == end for start, end, *_ in notes)
            found[name] += differences(read["kit"], notes)
    print(f"\n{folder.name}: {len(paths):,} files")
    print(
        f"{'':>12} {'notes':>9} {'no length':>9} {'same onset':>11} {'same note':>11}  differences"
    )
    for name in read:
        same = (found[name][kind] / counts["kit"] for kind in ("onsets", "notes"))
        rest = {k: n for k, n in sorted(found[name].items()) if k not in ("onsets", "notes") and n}
        kinds = ", ".join(f"{kind} {number}" for kind, number in rest.items()) or "none"
        shares = " ".join(f"{share:11.3%}" for share in same)
        print(f"{name:>12} {counts[name]:9,} {empty[name]:9,} {shares}  {kinds}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    named = [os.environ.get(name) for name in ("GROOVE_DIR", "MAESTRO_DIR")]
    folders = parser.parse_args().folders or [ROOT / name for name in named if name]
    for folder in folders or [MELODIES_FOLDER]:
        compare(folder)


if __name__ == "__main__":
    main()
