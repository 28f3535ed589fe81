"""Piano rolls and drum grids."""

from __future__ import annotations

from textwrap import shorten

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ..course.errors import SettingError, check_kind, check_number
from ..music.conversion import to_timeline
from ..music.drums import DRUM_NAMES, DRUM_PITCHES, DRUMS
from ..music.grid import STEPS_PER_BAR, STEPS_PER_QUARTER, pitch_name
from ..music.seconds import seconds_at, steps_at
from ..music.timeline import Part, Timeline, last_step, pitched_parts
from .pictures import (
    GREY,
    PLAIN,
    as_pairs,
    colour_of,
    figure_grid,
    in_own_style,
    new_figure,
    tidy,
)

DRUM_COLOURS = (3, 3, 2, 2, 1, 1, 1, 0, 0)  # of each drum: a place in COLOURS, one a family
BLACK_KEYS = (1, 3, 6, 8, 10)
MOST_NOTES = 20_000
MOST_LETTERS = 100  # of the titles that stand side by side
FULL = 0.86  # of a row, a semitone: the height of a note
SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)  # between two marks of an axis


@in_own_style
def plot_roll(music, title: str | None = None, onsets=None, mark: float | None = None) -> Figure:
    """One piano roll: pitch over time, a colour a voice, a gap before each new note; drums as a
    grid in which a bar's height is the velocity. Both, one above the other, for music with both.

    music: anything that ``to_timeline`` takes; a piece brings its title and bar lines. Where the
    music does not say where its bars begin, the axis counts steps; seconds, if it does not keep to
    the steps either, as a performance. Voices in unison share the height of a row, the first one
    on top. mark: a step at which a line stands, such as the one from which on a machine wrote.
    """
    check_kind("title", title, str, "text", none=True)
    check_number("mark", mark, least=0, whole=False, none=True)
    timeline = _drawable(music, onsets)
    title = title or timeline.name
    has_drums = any(part.is_drum for part in timeline.parts)
    has_pitches = not has_drums or any(len(part.notes) for part in pitched_parts(timeline))
    low, high = _pitch_range([timeline])
    width = float(np.clip(2.4 + timeline.steps * 0.13, 6, 11))
    height = 2.9 if has_drums else float(np.clip(1.1 + 0.065 * (high - low), 2.6, 4.4))
    figure = new_figure(width, 5.2 if has_drums and has_pitches else height)
    ratios = [3] * has_pitches + [2] * has_drums
    grid = figure.subplots(len(ratios), sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    if has_pitches:
        _draw_pitches(grid[0], timeline, (low, high))
    if has_drums:
        _draw_drums(grid[-1], timeline)
    voices = _names(timeline)
    if not has_drums and 1 < len(voices) <= 6:  # several, but no crowd: above the right end
        place = {"loc": "lower right", "bbox_to_anchor": (1, 0.99), "borderaxespad": 0}
        grid[0].legend(handles=voices, ncols=6, fontsize=10, handlelength=1, **place, **PLAIN)
    for axes in grid[:-1]:
        axes.set_xlabel("")
        tidy(grid[-1])
    tidy(grid[0], title)
    figure.alt = _in_words(timeline, title)
    if mark is not None:
        for axes in grid:
            axes.axvline(mark, color="#000000", linestyle="--", linewidth=1.5)
        figure.alt += f" A line marks step {mark:g}."
    return figure


@in_own_style
def plot_rolls(rolls, columns: int | None = None) -> Figure:
    """Several piano rolls on one pitch axis, to be compared.

    rolls: ``[(title, music), ...]`` or a dict of them. columns: how many side by side; None sets
    long ones below each other and short ones two in a row.
    """
    pairs = as_pairs(rolls, "music to compare")
    check_number("columns", columns, least=1, none=True)
    timelines = [_drawable(music) for _, music in pairs]
    longest = max(timeline.steps for timeline in timelines)
    if columns is None:
        columns = 1 if longest > 64 else min(2, len(pairs))
    low, high = _pitch_range(timelines)
    width = float(np.clip(columns * (1.4 + longest * 0.11), 6, 11))
    height = float(np.clip(0.9 + 0.045 * (high - low), 1.8, 3.2))
    if any(part.is_drum for timeline in timelines for part in timeline.parts):
        height = max(height, 2.5)  # nine names must be read
    figure, grid = figure_grid(len(pairs), columns, width, height)
    for axes, (title, _), timeline in zip(grid.ravel(), pairs, timelines, strict=False):
        if timeline.parts and all(part.is_drum for part in timeline.parts):
            _draw_drums(axes, timeline)
        else:
            _draw_pitches(axes, timeline, (low, high))
        axes.set_xlim(0, longest)
        tidy(axes, shorten(title, MOST_LETTERS // columns, placeholder="..."))
    if len({axes.get_xlabel() for axes in grid.ravel()[: len(pairs)]}) == 1:
        for axes in grid[:-1].ravel():
            axes.set_xlabel("")
    for axes in grid[:, 1:].ravel():
        axes.set_ylabel("")
    voices = max((_names(timeline) for timeline in timelines), key=len)
    if len(voices) > 1:
        figure.legend(handles=voices, loc="outside lower center", ncols=4, **PLAIN)
    titles = [title for title, _ in pairs]
    figure.alt = " ".join(map(_in_words, timelines, titles))
    return figure


def draw_end(axes, music, steps: int) -> str:
    """Draws the last so many steps of any music's first pitched part, and a question mark where it
    goes on; returns in words what is seen. Raises SettingError on drums alone."""
    timeline = _drawable(music)
    parts = pitched_parts(timeline)[:1]
    if timeline.parts and not parts:
        raise SettingError("Guesses go on from a voice; this music has only drums.")
    start, end = max(0.0, timeline.steps - steps), max(timeline.steps, 1.0)
    parts = [part._replace(notes=part.notes[part.notes[:, 1] > start]) for part in parts]
    timeline = timeline._replace(parts=parts)
    pitch_range = _pitch_range([timeline])
    _draw_pitches(axes, timeline, pitch_range)
    _, places, names, _ = _marks(timeline)
    axes.set_xticks(places, names)
    room = 0.08 * (end - start)
    axes.text(end + room / 2, np.mean(pitch_range), "?", ha="center", va="center", fontsize=14)
    axes.set_xlim(start, end + room)
    tidy(axes, shorten(timeline.name, MOST_LETTERS // 2, placeholder="...") or "so far")
    notes = "; ".join(_part_in_words(part) for part in parts if len(part.notes))
    title = f" of {timeline.name}" if timeline.name else ""
    length = f"{end - start:.3g} steps"
    return f"Piano roll{title}, the last {length}. {notes or 'Nothing sounds here'}."


def _drawable(music, onsets=None) -> Timeline:
    timeline = to_timeline(music, onsets)
    notes = sum(len(part.notes) for part in timeline.parts)
    if notes > MOST_NOTES:
        raise SettingError(
            f"This music has {notes} notes; at most {MOST_NOTES} are drawn, so take a part of it."
        )
    return timeline._replace(steps=last_step(timeline, timeline.parts))


def _in_words(timeline: Timeline, title: str | None) -> str:
    """What is seen, for those who do not see it."""
    texts = []
    for part in pitched_parts(timeline):
        if len(part.notes):
            texts.append(_part_in_words(part))
    for name, hits in _drum_rows(timeline):
        if len(hits):
            texts.append(f"{name}: {_counted(len(hits), 'hit')}")
    drums_only = bool(timeline.parts) and not pitched_parts(timeline)
    _, lines, names, unit = _marks(timeline)
    length = _counted(len(lines), "bar") if unit == "bar" else f"{round(timeline.steps)} steps"
    if unit == "seconds":
        length = f"{float(seconds_at(timeline, timeline.steps)):.1f} seconds"
    title = f" of {title}" if title else ""
    kind = "Drum grid" if drums_only else "Piano roll"
    return f"{kind}{title}, {length}. {'; '.join(texts) or 'Nothing sounds here'}."


def _part_in_words(part: Part) -> str:
    low, high = (pitch_name(int(f(part.notes[:, 2]))) for f in (np.min, np.max))
    pitches = low if low == high else f"{low} to {high}"
    return f"{part.name}: {_counted(len(part.notes), 'note')}, {pitches}"


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'s' * (number != 1)}"


def _names(timeline: Timeline) -> list[Patch]:
    """The voices' entries in a legend."""
    parts = pitched_parts(timeline)
    return [Patch(color=colour_of(i), label=part.name) for i, part in enumerate(parts)]


def _pitch_range(timelines) -> tuple[int, int]:
    """Room for all notes and a little more, an octave at least."""
    parts = [part for timeline in timelines for part in pitched_parts(timeline)]
    pitches = np.concatenate([np.empty(0), *(part.notes[:, 2] for part in parts)])
    if not len(pitches):
        return 54, 78
    low, high = int(pitches.min()) - 2, int(pitches.max()) + 2
    missing = max(0, 14 - (high - low))
    return low - missing // 2, high + (missing + 1) // 2


def _draw_pitches(axes, timeline: Timeline, pitch_range) -> None:
    low, high = pitch_range
    for pitch in range(low, high + 1):
        if pitch % 12 in BLACK_KEYS:
            axes.axhspan(pitch - 0.5, pitch + 0.5, color="#f4f4f4", zorder=0)
    pixel = timeline.steps / 900  # or less: what is shorter is drawn as long
    gap = max(0.16, 1.5 * pixel)  # shows where a note begins
    parts = pitched_parts(timeline)
    for i, (part, heights) in enumerate(zip(parts, _heights(parts), strict=True)):
        starts, ends, pitches = part.notes[:, 0], _own_ends(part.notes), part.notes[:, 2]
        widths = np.maximum(ends - starts - np.minimum(gap, 0.3 * (ends - starts)), pixel)
        corners = zip(starts, pitches - FULL / 2, widths, heights, strict=True)
        boxes = [Rectangle((x, y), width, height) for x, y, width, height in corners]
        _add_boxes(axes, boxes, colour_of(i), part.name)
    if not any(len(part.notes) for part in timeline.parts):
        _say_silence(axes)
    axes.set_ylim(low - 0.5, high + 0.5)
    names = [p for p in range(max(low, 0), min(high, 127) + 1) if p % 12 in _named_keys(high - low)]
    axes.set_yticks(names, [pitch_name(pitch) for pitch in names])
    axes.set_ylabel("pitch", fontsize=10)
    _draw_bars(axes, timeline)


def _own_ends(notes: np.ndarray) -> np.ndarray:
    """Where the notes of one voice end: where the voice strikes the same pitch again at the latest,
    for that is seen as a new note only where the old one is over."""
    ends = notes[:, 1].copy()
    order = np.lexsort((notes[:, 0], notes[:, 2]))
    starts, pitches = notes[order, 0], notes[order, 2]
    follows = (pitches[1:] == pitches[:-1]) & (starts[1:] > starts[:-1])
    cut = order[:-1][follows]
    ends[cut] = np.minimum(ends[cut], starts[1:][follows])
    return ends


def _heights(parts) -> list[np.ndarray]:
    """The height of each note of each part. Notes of different parts that really sound together on
    one pitch lie on top of each other, each lower than the one before: all are seen, and the first
    is as high as any. That a note lasts a little into the next one is no unison."""
    heights = [np.full(len(part.notes), FULL) for part in parts]
    rows = [
        (pitch, start, end, i, j)
        for i, part in enumerate(parts)
        for j, ((start, _, pitch, _), end) in enumerate(
            zip(part.notes.tolist(), _own_ends(part.notes).tolist(), strict=True)
        )
    ]
    rows.sort()
    group, last = [], -np.inf
    for row in [*rows, (None, np.inf, np.inf, 0, 0)]:
        pitch, start, end, *_ = row
        if group and (pitch != group[0][0] or start >= last):
            _stack(group, heights)
            group, last = [], -np.inf
        group.append(row)
        last = max(last, end)
    return heights


def _stack(group: list[tuple], heights: list[np.ndarray]) -> None:
    """Sets the heights of notes ``(pitch, start, end, part, number)`` that hang together."""
    if len({part for *_, part, _ in group}) == 1:
        return
    group = sorted(group, key=lambda row: row[3])
    starts, ends, parts = np.array([row[1:4] for row in group]).T
    floors = np.zeros(len(group), int)
    for n in range(len(group)):
        before = parts < parts[n]
        shared = np.minimum(ends, ends[n]) - np.maximum(starts, starts[n])
        shortest = np.minimum(ends - starts, ends[n] - starts[n])
        unison = before & (shared > np.minimum(0.25, shortest / 2))
        floors[n] = floors[unison].max(initial=-1) + 1
    for (*_, part, number), floor in zip(group, floors, strict=True):
        heights[part][number] = FULL * (1 - floor / (floors.max() + 1))


def _add_boxes(axes, boxes: list[Rectangle], colour: str, label: str) -> None:
    axes.add_collection(PatchCollection(boxes, facecolor=colour, label=label, zorder=2))


def _say_silence(axes) -> None:
    place = {"transform": axes.transAxes, "ha": "center", "color": GREY}
    axes.text(0.5, 0.5, "Nothing sounds here.", **place)


def _named_keys(span: int) -> tuple[int, ...]:
    """The pitch classes named on an axis of so many semitones: as many as can be read."""
    if span <= 16:
        return (0, 2, 4, 5, 7, 9, 11)
    return (0, 4, 7) if span <= 30 else (0, 7) if span <= 48 else (0,)


def _draw_drums(axes, timeline: Timeline) -> None:
    rows = _drum_rows(timeline)
    for row, (_, hits) in enumerate(rows):
        axes.axhline(row - 0.45, color="#dddddd", linewidth=0.8, zorder=0)
        colour = colour_of(DRUM_COLOURS[row]) if row < len(DRUM_PITCHES) else GREY
        if len(hits):
            # Hits that follow at once are two bars, not one; a pixel is seen at least.
            after = np.append(np.diff(hits[:, 0]), np.inf)
            after[after <= 0] = np.inf  # at the same time: one place for both
            widths = np.maximum(np.minimum(0.7, 0.75 * after), timeline.steps / 900)
            heights = 0.1 + 0.75 * hits[:, 3] / 127
            boxes = [
                Rectangle((start, row - 0.45), width, height)
                for start, width, height in zip(hits[:, 0], widths, heights, strict=True)
            ]
            _add_boxes(axes, boxes, colour, rows[row][0])
    if not any(len(hits) for _, hits in rows):
        _say_silence(axes)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_title("height: velocity", loc="right", fontsize=9, color=GREY)
    _draw_bars(axes, timeline, beat_colour="#cccccc")


def _drum_rows(timeline: Timeline) -> list[tuple[str, np.ndarray]]:
    """The names and the notes of the nine drums, then those of other instruments that play."""
    parts = [part.notes for part in timeline.parts if part.is_drum]
    notes = np.concatenate([np.empty((0, 4)), *parts])
    notes = notes[np.argsort(notes[:, 0], kind="stable")]
    rows = list(zip(DRUM_NAMES, (pitches for _, pitches in DRUMS), strict=True))
    known = {pitch for _, pitches in rows for pitch in pitches}
    for pitch in sorted({int(pitch) for pitch in notes[:, 2]} - known):
        import pretty_midi

        name = pretty_midi.note_number_to_drum_name(pitch) or f"pitch {pitch}"
        rows.append((name.lower(), (pitch,)))
    return [(name, notes[np.isin(notes[:, 2], pitches)]) for name, pitches in rows]


def _marks(timeline: Timeline) -> tuple[np.ndarray, np.ndarray, list[str], str]:
    """``(faint, strong, names, unit)``: where faint and strong lines stand (steps), what the strong
    ones are called, and what they count: bars where the music says where they begin, seconds where
    it has a tempo and does not keep to the steps, else steps."""
    steps = max(float(timeline.steps), 1.0)
    bars = timeline.bar_starts
    if bars is not None and len(bars):
        bars = np.asarray(bars, float)[np.asarray(bars) < steps]
        edges = np.append(bars, steps)
        beats = [np.arange(a, b, 4) for a, b in zip(edges[:-1], edges[1:], strict=True)]
        pickup = np.arange(bars[0] if len(bars) else 0, 0, -4)
        return np.concatenate([pickup, *beats]), bars, [str(i + 1) for i in range(len(bars))], "bar"
    starts = np.concatenate([np.zeros(0), *(part.notes[:, 0] for part in timeline.parts)])
    keeps = np.abs(starts - np.round(starts)) < 1e-3
    if timeline.tempo is not None and not keeps.all():
        last = float(seconds_at(timeline, steps))
        every = next((n for n in SECONDS if last / n <= 16), last / 16)
        seconds = np.arange(0, last, every)
        return np.zeros(0), steps_at(timeline, seconds), [f"{x:g}" for x in seconds], "seconds"
    every = 4 if steps <= 40 else 8 if steps <= 80 else STEPS_PER_BAR
    marks = np.arange(0, steps, every)
    faint = np.arange(0, steps, STEPS_PER_QUARTER)
    return faint, marks, [f"{mark:g}" for mark in marks], "step"


def _draw_bars(axes, timeline: Timeline, beat_colour="#e4e4e4") -> None:
    """Bar lines, numbered, and fainter lines for the beats; a pickup stands before bar 1. Where
    there are no bars, an axis with as faint a grid."""
    faint, strong, names, unit = _marks(timeline)
    if len(strong) <= 64:
        for beat in faint:
            axes.axvline(beat, color=beat_colour, linewidth=0.6, zorder=1)
        for mark in strong:
            look = {"color": GREY, "linewidth": 1} if unit == "bar" else {"color": "#d4d4d4"}
            axes.axvline(mark, zorder=1, **({"linewidth": 0.8} | look))
    every = 1
    while len(strong) / every > 18:
        every *= 2
    axes.set_xticks(strong[::every], names[::every])
    axes.set_xlim(0, max(float(timeline.steps), 1.0))
    axes.spines["left"].set_position(("outward", 3))  # what begins at once is not under it
    axes.set_xlabel("step (four to a quarter note)" if unit == "step" else unit, fontsize=10)
