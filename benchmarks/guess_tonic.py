"""How often ``music.guess_tonic`` finds the tonic of a fiddle tune that it has not learned from, by
its first four bars, beside two baselines, which hear four bars or the whole:
``python benchmarks/guess_tonic.py``.

"Last note" is that of what is heard. "Profiles" are those of Krumhansl and Kessler (1982), as in
Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990: the key whose profile correlates best
with how long each pitch class sounds. Mistakes are semitones from the tonic up to the guess. It
ends with the sopranos of held-out chorales, whose keys are music21's estimates from four voices.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers.data import load_chorales, load_tunes
from helpers.music import bar_length, excerpt, guess_tonic, key_tonic
from helpers.music.grid import REST

DANCES = ("reel", "jig", "hornpipe")
PROFILES = np.array(
    [
        [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
        [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
    ]
)


def by_table(piece, bar_steps: float) -> int:
    return guess_tonic(piece.voices[:, 0], piece.onsets[:, 0], piece.bar_starts, bar_steps)


def by_last_note(piece, bar_steps: float) -> int:
    melody = piece.voices[:, 0]
    return int(melody[melody != REST][-1] % 12)


def by_profiles(piece, bar_steps: float) -> int:
    melody = piece.voices[:, 0]
    lengths = np.bincount(melody[melody != REST] % 12, minlength=12)
    turned = [np.roll(profile, tonic) for tonic in range(12) for profile in PROFILES]
    return int(np.corrcoef(lengths, turned)[0, 1:].argmax()) // 2


WAYS = {"table": by_table, "last note": by_last_note, "profiles": by_profiles}


def first_bars(piece, bars: int = 4):
    """So many whole bars of a piece and its pickup."""
    starts = piece.bar_starts
    return excerpt(piece, 0, int(starts[bars])) if len(starts) > bars else piece


def guesses(tunes, way, whole: bool = False) -> np.ndarray:
    """``(tunes,)``: how many semitones the guesses lie above the tonics; 0 is right."""
    found = []
    for tune in tunes:
        piece = tune.to_piece()
        guess = way(piece if whole else first_bars(piece), tune.bar_steps)
        found.append((guess - tune.tonic) % 12)
    return np.array(found)


def main() -> None:
    print("| tunes | heard | guess by | reels, jigs, hornpipes | first 30 of them | all kinds |")
    print("|---|---|---|---|---|---|")
    mistakes = []
    for split in ("valid", "test"):
        tunes = load_tunes(split)
        dances = np.array([tune.kind in DANCES for tune in tunes])
        for heard, whole in (("4 bars", False), ("whole", True)):
            for name, way in WAYS.items():
                if name == "table" and whole:  # it hears four bars of any tune
                    continue
                off = guesses(tunes, way, whole)
                right = off == 0
                shares = (
                    f"{right[dances].mean():.3f} | {right[dances][:30].sum()} | {right.mean():.3f}"
                )
                print(f"| {split} | {heard} | {name} | {shares} |")
                if name == "table":
                    wrong = Counter(off[~right].tolist()).most_common()
                    mistakes.append(", ".join(f"{up} up: {count}" for up, count in wrong))
    for split, text in zip(("valid", "test"), mistakes, strict=True):
        print(f"Mistakes by table, {split}, all kinds: {text}")
    chorales = load_chorales("valid") + load_chorales("test")
    right = [by_table(c, bar_length(c.time_signature)) == key_tonic(c.key) for c in chorales]
    print(f"Sopranos of held-out chorales, by table: {sum(right)} of {len(right)}")


if __name__ == "__main__":
    main()
