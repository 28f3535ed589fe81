"""Piano rolls and drum grids."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ..music.conversion import to_timeline
from ..music.drums import DRUM_NAMES, DRUM_PITCHES, DRUMS
from ..music.grid import STEPS_PER_BAR, pitch_name
from ..music.timeline import Timeline, pitched_parts
from .pictures import GREY, PLAIN, colour_of, figure_grid, in_own_style, new_figure, tidy

DRUM_COLOURS = (3, 3, 2, 2, 1, 1, 1, 0, 0)  # of each drum: a place in COLOURS, one a family
BLACK_KEYS = (1, 3, 6, 8, 10)
MOST_NOTES = 20_000


@in_own_style
def plot_roll(music, title: str | None = None, onsets=None) -> Figure:
    """One piano roll: pitch over time, a colour a voice, a gap before each new note; drums as a
    grid in which a bar's height is the velocity. Both, one above the other, for music with both.

    music: anything that ``to_timeline`` takes; a piece brings its title and bar lines. Bars of
    music that brings none have 16 steps.
    """
    timeline = _drawable(music, onsets)
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
    tidy(grid[0], title or timeline.name)
    return figure


@in_own_style
def plot_rolls(rolls, columns: int | None = None) -> Figure:
    """Several piano rolls on one pitch axis, to be compared.

    rolls: ``[(title, music), ...]`` or a dict of them. columns: how many side by side; None sets
    long ones below each other and short ones two in a row.
    """
    pairs = list(rolls.items() if isinstance(rolls, dict) else rolls)
    if not pairs:
        raise ValueError("There is nothing to compare: give at least one (title, music) pair.")
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
        tidy(axes, title)
    for axes in grid[:-1].ravel():
        axes.set_xlabel("")
    for axes in grid[:, 1:].ravel():
        axes.set_ylabel("")
    voices = max((_names(timeline) for timeline in timelines), key=len)
    if len(voices) > 1:
        figure.legend(handles=voices, loc="outside lower center", ncols=4, **PLAIN)
    return figure


def _drawable(music, onsets=None) -> Timeline:
    timeline = to_timeline(music, onsets)
    notes = sum(len(part.notes) for part in timeline.parts)
    if notes > MOST_NOTES:
        raise ValueError(
            f"This music has {notes} notes; at most {MOST_NOTES} are drawn, so take a part of it."
        )
    return timeline


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
    gap = max(0.16, timeline.steps / 600)  # two pixels or so: they show where a note begins
    taken = set()  # voices in unison share the height of their row
    for i, part in enumerate(pitched_parts(timeline)):
        boxes, own = [], set()
        for start, end, pitch, _ in part.notes:
            last = max(int(np.ceil(end)), int(start) + 1)
            cells = {(pitch, step) for step in range(int(start), last)}
            height = 0.42 if cells & taken else 0.86
            own |= cells
            width = end - start - min(gap, 0.3 * (end - start))
            boxes.append(Rectangle((start, pitch - 0.43), width, height))
        taken |= own
        _add_boxes(axes, boxes, colour_of(i), part.name)
    if not any(len(part.notes) for part in timeline.parts):
        _say_silence(axes)
    axes.set_ylim(low - 0.5, high + 0.5)
    names = [p for p in range(max(low, 0), high + 1) if p % 12 in _named_keys(high - low)]
    axes.set_yticks(names, [pitch_name(pitch) for pitch in names])
    axes.set_ylabel("pitch", fontsize=10)
    _draw_bars(axes, timeline)


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
    rows = {pitch: row for row, (_, pitches) in enumerate(DRUMS) for pitch in pitches}
    names = list(DRUM_NAMES)
    notes = np.concatenate([part.notes for part in timeline.parts if part.is_drum])
    for pitch in sorted({int(pitch) for pitch in notes[:, 2]} - set(rows)):
        import pretty_midi

        rows[pitch] = len(names)
        names.append((pretty_midi.note_number_to_drum_name(pitch) or f"pitch {pitch}").lower())
    for row in range(len(names)):
        axes.axhline(row - 0.45, color="#dddddd", linewidth=0.8, zorder=0)
        boxes = [
            Rectangle((start, row - 0.45), 0.7, 0.1 + 0.75 * velocity / 127)
            for start, _, pitch, velocity in notes
            if rows[int(pitch)] == row
        ]
        colour = colour_of(DRUM_COLOURS[row]) if row < len(DRUM_PITCHES) else GREY
        if boxes:
            _add_boxes(axes, boxes, colour, names[row])
    if not len(notes):
        _say_silence(axes)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_yticks(range(len(names)), names)
    axes.set_title("height: velocity", loc="right", fontsize=9, color=GREY)
    _draw_bars(axes, timeline, beat_colour="#cccccc")


def _draw_bars(axes, timeline: Timeline, beat_colour="#e4e4e4") -> None:
    """Bar lines, numbered, and fainter lines for the beats; a pickup stands before bar 1."""
    steps = max(float(timeline.steps), 1.0)
    bars = timeline.bar_starts
    if bars is None or not len(bars):
        bars = np.arange(0, steps, STEPS_PER_BAR)
    bars = np.asarray(bars)[np.asarray(bars) < steps]
    edges = np.append(bars, steps)
    beats = [np.arange(a, b, 4) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    if len(bars) <= 64:
        for beat in np.concatenate([np.arange(bars[0] if len(bars) else 0, 0, -4), *beats]):
            axes.axvline(beat, color=beat_colour, linewidth=0.6, zorder=1)
        for bar in bars:
            axes.axvline(bar, color=GREY, linewidth=1, zorder=1)
    every = next(n for n in (1, 2, 4, 8, 16, 32, 64, 10**6) if len(bars) / n <= 18)
    axes.set_xticks(bars[::every], [str(i + 1) for i in range(0, len(bars), every)])
    axes.set_xlim(0, steps)
    axes.set_xlabel("bar", fontsize=10)
