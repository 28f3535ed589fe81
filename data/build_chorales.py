"""Writes data/chorales.npz from the Bach chorales in music21's corpus: `make data`.

The same music21 gives the same arrays, and on one system the same file, byte for byte.
"""

from __future__ import annotations

import math
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.course.storage import sha256, write_npz  # noqa: E402
from helpers.data.chorales import CHORALES_FILE  # noqa: E402
from helpers.music.grid import (  # noqa: E402
    DEFAULT_TEMPO,
    REST,
    STEPS_PER_QUARTER,
    Note,
    Piece,
    notes_to_voice,
)

# Fewer, and different hymns run together: eight leave one group of 144 chorales.
SHARED_INTERVALS = 10
HELD_OUT_SHARE = 0.1  # of the chorales, for each of valid and test
SPLIT_SEED = 1685


def chorale_paths() -> list[Path]:
    """All Bach scores of the corpus but the Roman-numeral analyses, in order of name."""
    from music21 import corpus

    return sorted(
        (Path(p) for p in corpus.getComposer("bach") if Path(p).suffix != ".rntxt"),
        key=lambda path: path.name,
    )


def parse_chorale(path: Path) -> Piece | None:
    """The chorale, or None where the score has not exactly four parts."""
    from music21 import converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(path, forceSource=True)
    if len(score.parts) != 4:
        return None
    return score_to_piece(score, path.stem)


def score_to_piece(score, name: str, tempo: float = DEFAULT_TEMPO) -> Piece:
    """A music21 score with one part a voice as a ``Piece``; voices in the score's order. A stream
    without parts is one voice.

    Times are rounded to sixteenths. The key is music21's analysis of all notes (weights of Aarden
    and Essen), not the signature: many chorales are notated in a church mode, with a flat fewer
    than their key. Without a note the key is "".
    """
    from music21 import expressions

    parts = list(getattr(score, "parts", [])) or [score]
    steps = max(to_step(part.highestTime) for part in parts)
    columns = [part_to_voice(part, steps) for part in parts]
    fermatas = np.zeros(steps, bool)
    for part in parts:
        for note in part.flatten().notes:
            if any(isinstance(e, expressions.Fermata) for e in note.expressions):
                fermatas[min(to_step(note.offset), steps - 1)] = True
    signatures = parts[0].recurse().getElementsByClass("TimeSignature")
    key = ""
    if any((voice != REST).any() for voice, _ in columns):
        analysis = score.analyze("key")
        key = f"{analysis.tonic.name.replace('-', 'b')} {analysis.mode}"
    return Piece(
        name=name,
        voices=np.stack([voice for voice, _ in columns], axis=1),
        onsets=np.stack([onsets for _, onsets in columns], axis=1),
        bar_starts=downbeats(parts[0]),
        time_signature=signatures[0].ratioString if signatures else "4/4",
        key=key,
        tempo=tempo,
        fermatas=fermatas,
    )


def to_step(quarters) -> int:
    """The sixteenth nearest to a position in quarter notes; halves go up, so that the same
    fraction always lands on the same side."""
    return math.floor(Fraction(quarters) * STEPS_PER_QUARTER + Fraction(1, 2))


def downbeats(part) -> np.ndarray:
    """The steps on which a bar begins, ``(bars,)`` int32.

    A short first measure is a pickup and is none; where a repeat sign splits a bar in two
    measures, only the first half counts. Any other short measure counts as a bar.
    """
    starts, filled, bar = [], Fraction(0), Fraction(4)
    for number, measure in enumerate(part.getElementsByClass("Measure")):
        if measure.timeSignature is not None:
            bar = Fraction(measure.timeSignature.barDuration.quarterLength)
        length = Fraction(measure.duration.quarterLength)
        if number == 0 and length < bar:
            filled = bar - length
        elif length >= bar:
            filled = Fraction(0)
        if filled == 0:
            starts.append(to_step(measure.offset))
        filled = (filled + length) % bar
    return np.array(starts, np.int32)


def part_to_voice(part, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """``(melody, onsets)`` of a music21 part: ties are held, of a chord the highest note is
    taken; grace notes, chord symbols, unpitched notes and notes that round to no length are left
    out."""
    notes = []
    for element in part.flatten().notes:
        if element.duration.isGrace or not element.pitches or "Harmony" in element.classSet:
            continue
        pitch = max(p.midi for p in element.pitches)
        start, end = to_step(element.offset), to_step(element.offset + element.quarterLength)
        tied = element.tie is not None and element.tie.type in ("stop", "continue")
        if tied and notes and notes[-1].pitch == pitch and notes[-1].end == start:
            notes[-1] = Note(notes[-1].start, end, pitch)
        else:
            notes.append(Note(start, end, pitch))
    return notes_to_voice(notes, steps)


def parse_all(paths: list[Path]) -> list[Piece]:
    from helpers.course.progress_bar import progress

    with ProcessPoolExecutor() as pool:
        parsed = progress(pool.map(parse_chorale, paths, chunksize=4), len(paths), "Parsing")
        return [piece for piece in parsed if piece is not None]


def melodic_runs(piece: Piece) -> set[tuple[int, ...]]:
    """Every run of ``SHARED_INTERVALS`` successive intervals of the soprano, taken on the
    quarter beats with repeated pitches merged: the same in any key, and with or without the notes
    between the beats."""
    first_beat = int(piece.bar_starts[0]) % STEPS_PER_QUARTER if len(piece.bar_starts) else 0
    pitches = piece.voices[first_beat::STEPS_PER_QUARTER, 0]
    pitches = pitches[pitches != REST]
    moved = np.ones(len(pitches), bool)
    moved[1:] = pitches[1:] != pitches[:-1]
    intervals = tuple(int(i) for i in np.diff(pitches[moved]))
    last = max(1, len(intervals) - SHARED_INTERVALS + 1)
    return {intervals[i : i + SHARED_INTERVALS] for i in range(last)}


def tune_groups(pieces: list[Piece]) -> np.ndarray:
    """A group number a piece: pieces that share a melodic run, directly or through others, are
    one group. A hymn tune's settings fall into one group; so do tunes that quote each other."""
    group = list(range(len(pieces)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    first_with: dict[tuple[int, ...], int] = {}
    for i, piece in enumerate(pieces):
        for run in sorted(melodic_runs(piece)):
            j = root(first_with.setdefault(run, i))
            group[max(root(i), j)] = min(root(i), j)
    return np.array([root(i) for i in range(len(pieces))], np.int32)


def split_by_group(groups: np.ndarray) -> np.ndarray:
    """0 (train), 1 (valid) or 2 (test) a piece, whole groups at a time, in an order drawn once."""
    names, sizes = np.unique(groups, return_counts=True)
    split = np.zeros(len(groups), np.int8)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(names))
    wanted = {1: HELD_OUT_SHARE * len(groups), 2: HELD_OUT_SHARE * len(groups)}
    for i in order:
        for part in (2, 1):
            if wanted[part] >= sizes[i]:
                wanted[part] -= sizes[i]
                split[groups == names[i]] = part
                break
    return split


def chorale_arrays(pieces: list[Piece]) -> dict[str, np.ndarray]:
    """The file's arrays: steps of all pieces one after the other, with offsets a piece."""
    groups = tune_groups(pieces)
    return {
        "name": np.array([p.name for p in pieces]),
        "time_signature": np.array([p.time_signature for p in pieces]),
        "key": np.array([p.key for p in pieces]),
        "tune": groups,
        "split": split_by_group(groups),
        "step_offset": np.cumsum([0] + [len(p.voices) for p in pieces]).astype(np.int32),
        "voices": np.concatenate([p.voices for p in pieces]).astype(np.int8),
        "onsets": np.concatenate([p.onsets for p in pieces]),
        "fermatas": np.concatenate([p.fermatas for p in pieces]),
        "bar_offset": np.cumsum([0] + [len(p.bar_starts) for p in pieces]).astype(np.int32),
        "bar_starts": np.concatenate([p.bar_starts for p in pieces]),
    }


def main() -> None:
    pieces = parse_all(chorale_paths())
    arrays = chorale_arrays(pieces)
    write_npz(CHORALES_FILE, arrays)
    counts = np.bincount(arrays["split"], minlength=3)
    groups = len(set(arrays["tune"].tolist()))
    print(f"{len(pieces)} chorales, {len(arrays['voices']):,} steps, {groups} groups of tunes")
    print("train {}, valid {}, test {}".format(*counts))
    size = CHORALES_FILE.stat().st_size
    print(f"{CHORALES_FILE.name}: {size:,} bytes, sha256 {sha256(CHORALES_FILE)}")


if __name__ == "__main__":
    main()
