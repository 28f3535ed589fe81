"""The kit's MIDI reader beside pypianoroll.read on the same files, and a folder on two cores.

    python benchmarks/midi_import.py [FOLDER ...] --files 300 --repeats 5

Without a folder it takes those that GROOVE_DIR and MAESTRO_DIR name in the environment, else the
kit's own melodies and chorales. All read the same files in turns, on one core; the best of the
repeats counts, in CPU time. "notes" is the kit's reader alone; "rolls" makes of its notes what
pypianoroll.read gives and cannot do without: a piano roll for each track, 24 time steps a quarter.

Then load_folder reads whole folders with one process and with two, in turns and by the clock, the
cache new each time: nothing else should run on the computer meanwhile.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pypianoroll

from helpers.course.settings import ROOT
from helpers.data.chorales import load_chorales
from helpers.data.folders import find_files, load_folder
from helpers.data.melodies import melody_files
from helpers.files.midi_reader import read_midi
from helpers.files.midi_writer import midi_bytes, to_midi
from helpers.music.grid import STEPS_PER_QUARTER
from helpers.music.timeline import Timeline

RESOLUTION = pypianoroll.DEFAULT_RESOLUTION
GOAL = 10  # times as fast as pypianoroll
ENOUGH_FILES, ENOUGH_BYTES = 3000, 30_000_000  # for one process against two: else they are copied


def kit_notes(path: Path) -> Timeline:
    return read_midi(path.read_bytes()).timeline


def kit_rolls(path: Path) -> np.ndarray:
    """``(tracks, steps, 128)`` bool."""
    timeline = kit_notes(path)
    parts, quarters = timeline.parts, int(timeline.steps // STEPS_PER_QUARTER) + 1
    rolls = np.zeros((len(parts), quarters * RESOLUTION, 128), bool)
    if not parts:
        return rolls
    notes = np.concatenate([part.notes for part in parts])
    tracks = np.arange(len(parts)).repeat([len(part.notes) for part in parts])
    edges = np.round(notes[:, :2] * (RESOLUTION / STEPS_PER_QUARTER)).astype(int)
    drums = np.array([part.is_drum for part in parts])
    lengths = np.where(drums[tracks], 1, np.maximum(edges[:, 1] - edges[:, 0], 1))
    last = lengths.cumsum()
    # Every note's place in the flat rolls, and from there on a step of 128 cells for each.
    first = (tracks * rolls.shape[1] + edges[:, 0]) * 128 + notes[:, 2].astype(int)
    within = np.arange(last[-1] if len(last) else 0) - (last - lengths).repeat(lengths)
    cells = first.repeat(lengths) + 128 * within
    rolls.reshape(-1)[cells[cells < rolls.size]] = True
    return rolls


SYSTEMS = {"pypianoroll": pypianoroll.read, "notes": kit_notes, "rolls": kit_rolls}


def seconds(read: Callable, paths: list[Path]) -> float:
    began = time.process_time()
    for path in paths:
        read(path)
    return time.process_time() - began


def sounding(rolls) -> np.ndarray:
    """How many time steps each pitch sounds, drums once a hit."""
    if isinstance(rolls, pypianoroll.Multitrack):
        rolls = [track.pianoroll > 0 for track in rolls.tracks]
    return sum((roll.sum(axis=0) for roll in rolls), np.zeros(128))


def compare_readers(folder: Path, count: int, repeats: int) -> None:
    paths = [
        folder / name for name in find_files(folder) if name.lower().endswith((".mid", "midi"))
    ]
    paths = paths[:: max(1, len(paths) // count)]
    best = dict.fromkeys(SYSTEMS, np.inf)
    for _ in range(repeats):
        for name, read in SYSTEMS.items():
            best[name] = min(best[name], seconds(read, paths))
    size = sum(path.stat().st_size for path in paths)
    print(f"\n{folder.name}: {len(paths)} files, {size / len(paths) / 1000:.1f} kB each on average")
    for name, spent in best.items():
        print(
            f"{name:>12} {1000 * spent / len(paths):9.3f} ms a file {size / spent / 1e6:8.2f} MB/s "
            f"{best['pypianoroll'] / spent:7.1f} x"
        )
    theirs, ours = (
        sum(sounding(read(path)) for path in paths) for read in (pypianoroll.read, kit_rolls)
    )
    differ = np.abs(theirs - ours).sum() / theirs.sum()
    reached = best["pypianoroll"] / best["rolls"] >= GOAL
    print(
        f"goal of {GOAL} x {'reached' if reached else 'missed'}; the rolls differ by {differ:.1%}"
    )


def compare_jobs(folder: Path, repeats: int) -> None:
    """One process against two over the files of a folder, copied until there are enough."""
    contents = [(Path(name).suffix, (folder / name).read_bytes()) for name in find_files(folder)]
    size = sum(len(data) for _, data in contents)
    copies = min(-(-ENOUGH_FILES // len(contents)), -(-ENOUGH_BYTES // size))
    with tempfile.TemporaryDirectory() as temporary:
        for copy in range(copies):
            place = Path(temporary, str(copy))
            place.mkdir()
            for number, (suffix, data) in enumerate(contents):
                # What follows the last track is not read: the same music in another file.
                data += str(copy).encode() if suffix.lower() in (".mid", ".midi") else b""
                (place / f"{number}{suffix}").write_bytes(data)
        best = {1: np.inf, 2: np.inf}
        for _ in range(repeats):
            for jobs in best:
                with tempfile.TemporaryDirectory() as cache:
                    began = time.perf_counter()
                    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                        load_folder(temporary, "notes", jobs, cache)
                    best[jobs] = min(best[jobs], time.perf_counter() - began)
    count = copies * len(contents)
    print(
        f"load_folder, {count:,} files as notes, no cache: {best[1]:.2f} s with one process, "
        f"{best[2]:.2f} s with two, {best[1] / best[2]:.2f} x"
    )


def own_files(folder: Path) -> None:
    for path in melody_files():
        (folder / path.name).write_bytes(path.read_bytes())
    for piece in load_chorales():
        (folder / f"{piece.name}.mid").write_bytes(midi_bytes(to_midi(piece)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--files", type=int, default=300, help="at most so many of each folder")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    named = [os.environ.get(name) for name in ("GROOVE_DIR", "MAESTRO_DIR")]
    folders = arguments.folders or [ROOT / name for name in named if name]
    with tempfile.TemporaryDirectory() as temporary:
        if not folders:
            folders = [Path(temporary, "melodies and chorales")]
            folders[0].mkdir()
            own_files(folders[0])
        for folder in folders:
            compare_readers(folder, arguments.files, arguments.repeats)
            compare_jobs(folder, arguments.repeats)


if __name__ == "__main__":
    main()
