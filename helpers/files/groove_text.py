"""A drum groove, and the text in which a drummer can read and write one.

What the files in ``data/grooves`` look like:

    name: Bossa nova
    style: latin/brazilian-bossa
    tempo: 132
    about: The side stick plays the bossa nova clave.

    #             1   2   3   4    1   2   3   4
    closed hi-hat |x.+.x.+.x.+.x.+.|x.+.x.+.x.+.x.+.|
    side stick    |X.....X.....X...|....X.....X.....|
    bass drum     |X.....x.X.....x.|X.....x.X.....x.|

A header of ``key: value`` lines; then one row a drum, its bars between strokes, one character a
sixteenth: ``X`` an accent, ``x`` a normal hit, ``+`` a soft one, ``o`` a ghost note, ``.`` nothing.
Spaces in a bar, empty lines, and lines that begin with ``#`` count for nothing. Keys:

- name, style, tempo (quarter notes a minute): needed
- metre: 4/4 where it is left out; type: beat (else fill); split: train (else valid, test); about
- swing: the share of two sixteenths that the first one takes, in percent: 50 (straight) to 70
- grid: sixteenths, or triplets: three columns a quarter note, for shuffle and swing
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..course.splits import SPLITS
from ..music.drums import (
    DRUM_NAMES,
    DRUM_PITCHES,
    TICKS_PER_QUARTER,
    TICKS_PER_STEP,
    as_hits,
    hits_to_drums,
    hits_to_notes,
)
from ..music.grid import read_signature
from ..music.timeline import Part, Timeline

BEAT_TYPES = ("beat", "fill")
VELOCITIES = {"o": 36, "+": 62, "x": 90, "X": 116}
# Three more sounds than the grid's nine drums have.
PITCHES = dict(zip(DRUM_NAMES, DRUM_PITCHES, strict=True))
PITCHES |= {"side stick": 37, "pedal hi-hat": 44, "ride bell": 53}
ROWS = (  # from the top, as drum music is written
    *("crash", "ride bell", "ride", "open hi-hat", "closed hi-hat", "high tom", "mid tom"),
    *("low tom", "snare", "side stick", "bass drum", "pedal hi-hat"),
)
NEEDED = ("name", "style", "tempo")
DEFAULTS = {
    **{"metre": "4/4", "type": "beat", "split": "train", "about": ""},
    **{"swing": "50", "grid": "sixteenths"},
}
KEYS = (*NEEDED, *DEFAULTS)
GRIDS = {"sixteenths": TICKS_PER_STEP, "triplets": TICKS_PER_QUARTER // 3}  # ticks a column
WRITTEN = "written"  # stands for the drummer
SLOWEST, FASTEST = 10, 600  # quarter notes a minute
MOST_SWING = 70  # percent; from 75 the second sixteenth would be nearer to the third's place
MOST_BARS = 1000


class GrooveError(ValueError):
    """A text that is no groove: one sentence with the line's number."""


class Groove(NamedTuple):
    """One drum pattern or recording.

    style: a family, with a kind behind a stroke where there is one, such as ``"funk/fast"``.
    tempo: quarter notes a minute. beat_type: "beat", or "fill" for what leads from one beat to the
    next. time_signature: such as ``"4/4"``. split: "train", "valid" or "test".
    hits: ``(hits, 3)`` int32, the columns tick (480 a quarter), MIDI pitch, velocity (1 to 127).
    ticks: how long it is: whole bars of a pattern; of a recording, which ends anywhere, up to its
    last hit. about: a sentence, or nothing.
    """

    name: str
    drummer: str
    style: str
    tempo: float
    beat_type: str
    time_signature: str
    split: str
    hits: np.ndarray
    ticks: int
    about: str = ""

    @property
    def bar_ticks(self) -> int:
        """Ticks a bar: 1,920 in 4/4."""
        beats, unit = read_signature(self.time_signature)
        return beats * 4 * TICKS_PER_QUARTER // unit

    @property
    def drums(self) -> np.ndarray:
        """The grid ``(steps, 9, 3)`` of ``hits_to_drums``, which says what is lost: every step
        begun, and one more where the last hit of a recording rounds to it."""
        steps = -(-self.ticks // TICKS_PER_STEP)
        drums = hits_to_drums(self.hits, steps + 1)
        return drums if drums[-1].any() else drums[:-1]

    def to_timeline(self) -> Timeline:
        """For ``play`` and ``plot_roll``: exact times and pitches, tempo, bars."""
        return Timeline(
            parts=[Part("drums", hits_to_notes(self.hits), 0, True)],
            steps=self.ticks / TICKS_PER_STEP,
            bar_starts=np.arange(0, max(self.ticks, 1), self.bar_ticks) / TICKS_PER_STEP,
            tempo=self.tempo,
            name=self.name,
            time_signature=self.time_signature,
        )


def read_groove_file(path: Path) -> Groove:
    """The groove in a text file. Raises GrooveError, with the file's name before the line's."""
    path = Path(path)
    try:
        return parse_groove(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise GrooveError(f"{path.name} is no text in UTF-8: save it as that.") from None
    except GrooveError as error:
        raise GrooveError(f"{path.name}, {error}") from None


def parse_groove(text: str) -> Groove:
    """The groove that a text in this notation describes; its drummer is "written".

    Raises GrooveError, one sentence that names the line and what is wrong with it.
    """
    header, rows = {}, {}  # of each: the line's number, and its value or bars
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, stroke, rest = line.partition("|")
        name = name.strip().lower()
        if not stroke or ":" in name:
            key, value = _parse_key(line, number)
            if key in header:
                raise GrooveError(f"line {number}: {key} stands there twice.")
            header[key] = number, value
        elif name not in PITCHES:
            raise GrooveError(f"line {number}: {name!r} is no drum; there are {', '.join(ROWS)}.")
        elif name in rows:
            raise GrooveError(f"line {number}: there is a row {name!r} already.")
        else:
            rows[name] = number, _parse_bars(rest, name, number)
    missing = [key for key in NEEDED if not header.get(key, (0, ""))[1]]
    missing += ["row of a drum"] * (not rows)
    if missing:
        raise GrooveError(f"line {max(len(lines), 1)}: the text ends without a {missing[0]}.")
    return _build({key: (0, value) for key, value in DEFAULTS.items()} | header, rows)


def _parse_key(line: str, number: int) -> tuple[str, str]:
    key, colon, value = line.partition(":")
    key = key.strip().lower()
    if not colon or key not in KEYS:
        raise GrooveError(
            f"line {number}: {line[:40]!r} is neither a row of a drum, such as snare |....X...|, "
            f"nor one of the keys {', '.join(KEYS)}."
        )
    return key, " ".join(value.split())


def _parse_bars(text: str, name: str, number: int) -> list[str]:
    """The bars of a row, spaces taken out."""
    bars = ["".join(bar.split()) for bar in text.split("|")]
    if not bars[-1]:  # the row ends with a stroke
        bars.pop()
    if not 1 <= len(bars) <= MOST_BARS:
        raise GrooveError(
            f"line {number}: the row {name!r} has {len(bars)} bars instead of 1 to {MOST_BARS}."
        )
    unknown = sorted(set("".join(bars)) - {*VELOCITIES, "."})
    if unknown:
        raise GrooveError(
            f"line {number}: {unknown[0]!r} in the row {name!r} is no hit; from soft to loud there "
            f"are {' '.join(VELOCITIES)}, and . for none."
        )
    return bars


def _build(header: dict[str, tuple[int, str]], rows: dict[str, tuple[int, list[str]]]) -> Groove:
    for key, choices in (("type", BEAT_TYPES), ("split", SPLITS), ("grid", tuple(GRIDS))):
        number, value = header[key]
        if value not in choices:
            raise GrooveError(f"line {number}: {key} is {' or '.join(choices)}, not {value!r}.")
    column = GRIDS[header["grid"][1]]
    bar = _bar_ticks(*header["metre"], column)
    tempo = _parse_number(header, "tempo", SLOWEST, FASTEST)
    swing = _parse_number(header, "swing", 50, MOST_SWING)
    if swing != 50 and header["grid"][1] == "triplets":
        raise GrooveError(f"line {header['swing'][0]}: triplets have no swing; leave it out.")

    late = round((swing - 50) / 50 * TICKS_PER_STEP)  # of the second of two sixteenths
    count = len(next(iter(rows.values()))[1])
    hits = []
    for name, (number, bars) in rows.items():
        if len(bars) != count:
            raise GrooveError(
                f"line {number}: the row {name!r} has {len(bars)} bars, the first row {count}."
            )
        for i, text in enumerate(bars, 1):
            if len(text) != bar // column:
                raise GrooveError(
                    f"line {number}: bar {i} of the row {name!r} has {len(text)} columns instead "
                    f"of {bar // column}."
                )
        for place, symbol in enumerate("".join(bars)):
            if symbol != ".":
                tick = place * column + late * (place % 2)
                hits.append((tick, PITCHES[name], VELOCITIES[symbol]))
    return Groove(
        name=header["name"][1],
        drummer=WRITTEN,
        style=header["style"][1],
        tempo=tempo,
        beat_type=header["type"][1],
        time_signature=header["metre"][1],
        split=header["split"][1],
        hits=as_hits(hits),
        ticks=count * bar,
        about=header["about"][1],
    )


def _bar_ticks(number: int, metre: str, column: int) -> int:
    match = re.fullmatch(r"([1-9]\d?)/(1|2|4|8|16)", metre)
    ticks = int(match[1]) * 4 * TICKS_PER_QUARTER // int(match[2]) if match else 0
    if not match or ticks % column:
        raise GrooveError(
            f"line {number}: {metre!r} is no metre, such as 4/4, of whole columns of the grid."
        )
    return ticks


def _parse_number(header: dict[str, tuple[int, str]], key: str, low: float, high: float) -> float:
    number, text = header[key]
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not low <= value <= high:
        raise GrooveError(f"line {number}: {key} is a number from {low} to {high}, not {text!r}.")
    return value
