"""Diagrams of systems: boxes, arrows, shapes of tensors, loops, a network unrolled in time.

A diagram is written on a grid: places are ``(column, row)``, rows count downwards, and both may be
fractions. All diagrams have the same hand: one font, one width of lines, four kinds of boxes that
differ in outline as well as in colour.
"""

from __future__ import annotations

import io
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from PIL import Image

from ..course.errors import SettingError, check_choice, check_kind, check_number, shortened
from .pictures import COLOURS, DPI, Picture, in_own_style

WIDEST = 8.0  # inches, 800 pixels: what a notebook's page shows at full size
SHARPNESS = 2  # pixels of the picture for each that is shown: small letters stay crisp
MOST_LETTERS = 1000  # of a text
FARTHEST = 1000  # columns or rows from the first place
MARGIN = 0.12  # inches, and all lengths below
CORNER, LINE, INK = 0.09, 1.4, "#222222"
SIZE, SMALL = 11, 9.5  # of text, points
HEAD = 0.12, 0.05  # of an arrow: its length, and half its width


class Kind(NamedTuple):
    """How a box looks: its ground, its edge, the edge's dashes, and whether its ends are round."""

    face: str
    edge: str
    dashes: str = "-"
    round: bool = False


KINDS = {
    "data": Kind("#FFFFFF", "#666666"),
    "network": Kind("#D9EDFA", COLOURS[3]),
    "noise": Kind("#FDF1DA", "#A06E00", (0, (2.5, 1.5))),
    "number": Kind("#F5E1EA", COLOURS[0], round=True),
}


class Box(NamedTuple):
    """Where a box stands: its middle and its size, inches."""

    x: float
    y: float
    width: float
    height: float

    def reach(self, axis: int) -> tuple[float, float]:
        """From where to where it goes, across (axis 0) or down (1)."""
        half = self[2 + axis] / 2
        return self[axis] - half, self[axis] + half


class Diagram(Picture):
    """A diagram, drawn as it is written and shown as a picture on white.

    alt: in words what the diagram shows, for those who cannot see it. column, row: how far apart
    the grid's columns and rows are, inches. Nothing may make it wider than ``WIDEST``.
    """

    @in_own_style
    def __init__(self, alt: str, column: float = 1.6, row: float = 0.95):
        if not isinstance(alt, str) or not alt.strip():
            raise SettingError('Say in words what the diagram shows: Diagram("A melody goes ...").')
        for name, length in (("column", column), ("row", row)):
            check_number(name, length, above=0, most=WIDEST, whole=False)
        super().__init__(dpi=DPI)
        self.alt, self.steps = alt.strip(), (column, row)
        self.ends = np.array([[np.inf, np.inf], [-np.inf, -np.inf]])
        self.page = self.add_axes((0, 0, 1, 1))
        self.page.set_axis_off()

    def box(self, text, at, kind="data", shape=None, width=None, height=None) -> Box:
        """A box with a name, and below it the shape of what it holds, such as "32 × 49".

        kind: "data", "network", "noise" (anything random) or "number" (a loss, a score).
        width, height: in inches, as large as the text asks for if None. Returns the box, for
        arrows and frames.
        """
        check_choice("The kind of a box", kind, KINDS, none=False)
        for name, inches in (("width", width), ("height", height)):
            check_number(name, inches, above=0, most=WIDEST, whole=False, none=True)
        small = bool(width and height)  # a cell, one of many, needs no name
        _check_words(text, none=small)
        _check_words(shape, none=True)
        x, y = self._place(at)
        lines = [(text, SIZE)] + ([(shape, SMALL)] if shape else [])
        if small and not text:
            lines = lines[1:]
        sizes = [self._measure(*line) for line in lines]
        tall = sum(size[1] for size in sizes) + 0.05 * (len(sizes) - 1)
        box = Box(x, y, width or max(size[0] for size in sizes) + 0.26, height or tall + 0.2)
        self._outline(box, KINDS[kind])
        top = y - tall / 2
        for (line, size), (_, high) in zip(lines, sizes, strict=True):
            self._write(line, x, top + high / 2, size)
            top += high + 0.05
        return box

    def arrow(self, start, end, text="", via=(), back=False, below=False) -> None:
        """An arrow from a box to another, or to and from places of the grid.

        text: beside the middle of its longest part, above it or right of it; below or left of it
        if ``below``. via: the corners it goes round. back: what flows back to make a network
        better, in dashes.
        """
        _check_words(text, none=True)
        check_kind("via", via, (list, tuple), "a list of places")
        line = [end if isinstance(end, Box) else self._place(end)]
        line[:0] = [start if isinstance(start, Box) else self._place(start), *map(self._place, via)]
        line[0], line[-1] = _leave(line[0], line[1]), _leave(line[-1], line[-2])
        points = np.array([point[:2] for point in line], float)
        self._line(points, COLOURS[0] if back else INK, (0, (3, 1.6)) if back else "-")
        if text:
            self._name(text, points, below, COLOURS[0] if back else INK)

    def chain(self, *boxes: Box) -> None:
        """Plain arrows from each box to the next."""
        for start, end in pairwise(boxes):
            self.arrow(start, end)

    def loop(self, box: Box, text="") -> None:
        """An arrow from the right of a box over its top into its left: what it hands to itself."""
        _check_words(text, none=True)
        check_kind("box", box, Box, "what diagram.box returned")
        (left, right), (top, _) = box.reach(0), box.reach(1)
        y, up, out = box.y, top - 0.22, 0.25
        corners = [(right, y), (right + out, y), (right + out, up), (left - out, up)]
        points = np.array([*corners, (left - out, y), (left, y)])
        self._line(points, INK)
        if text:
            self._name(text, points, False, INK)

    def frame(self, title, *boxes: Box) -> Box:
        """A frame round some boxes, its title at the top left. Returns it as a box."""
        _check_words(title)
        for box in boxes:
            check_kind("A part of a frame", box, Box, "what diagram.box returned")
        if not boxes:
            raise SettingError("A frame goes round boxes: name one at least.")
        ends = np.array([[box.reach(0), box.reach(1)] for box in boxes])
        (left, top), (right, bottom) = ends[..., 0].min(axis=0), ends[..., 1].max(axis=0)
        wide, high = self._measure(title, SMALL)
        left, right = left - 0.15, max(right + 0.15, left + wide)
        top, bottom = top - high - 0.2, bottom + 0.15
        box = Box((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
        self._outline(box, Kind("#F6F6F6", "#AAAAAA"), below=True)
        self._write(title, left + 0.1 + wide / 2, top + 0.07 + high / 2, SMALL)
        return box

    def note(self, text, at) -> None:
        """Words at a place of the grid."""
        _check_words(text)
        self._write(text, *self._place(at), SMALL)

    def unroll(self, inputs, layers, outputs, memory=None, at=(0, 0)) -> list[list[Box]]:
        """A network unrolled in time: a column for each of ``inputs``, which go up through
        ``layers`` (names, the lowest first) to ``outputs``; each of ``memory``, all layers if
        None, hands its state to itself in the next column, and the last one on.

        at: the place of the first output. Returns the boxes, row by row from the outputs down to
        the inputs.
        """
        lists = {"inputs": inputs, "layers": layers, "outputs": outputs, "memory": memory or []}
        for name, texts in lists.items():
            check_kind(name, texts, (list, tuple), "a list of texts")
        for name in memory or []:
            check_choice("A layer with a memory", name, layers, none=False)
        if len(inputs) != len(outputs) or not len(inputs) or not layers:
            raise SettingError(
                "To unroll a network takes as many inputs as outputs, and one layer at least."
            )
        self._place(at)
        column, row = at
        names = [outputs, *([name] * len(inputs) for name in reversed(layers)), inputs]
        rows = []
        for down, line in enumerate(names):
            kind = "data" if down in (0, len(names) - 1) else "network"
            width = 0.26 + max(self._measure(name, SIZE)[0] for name in line)
            places = [(column + step, row + down) for step in range(len(line))]
            rows.append(
                [self.box(*some, kind, None, width) for some in zip(line, places, strict=True)]
            )
        for step in zip(*reversed(rows), strict=True):
            self.chain(*step)
        for down, line in enumerate(rows[1:-1], start=1):
            if memory is None or names[down][0] in memory:
                self.chain(*line)
                self.arrow(line[-1], (column + len(line) - 0.35, row + down))
        return rows

    def attributes(self) -> str:
        """The size that it was written for; its PNG has more pixels."""
        return f'width="{self.get_figwidth() * DPI:.0f}" '

    def _repr_png_(self) -> bytes:
        full, small = io.BytesIO(), io.BytesIO()
        self.savefig(full, format="png", dpi=SHARPNESS * DPI)
        Image.open(full).convert("RGB").quantize(64).save(small, "PNG", optimize=True)
        return small.getvalue()

    # --- the hand ------------------------------------------------------------------------------

    def _place(self, at) -> tuple[float, float]:
        try:
            column, row = (np.nan, np.nan) if isinstance(at, str) else map(float, at)
        except (TypeError, ValueError):
            column = row = np.nan
        if not max(abs(column), abs(row)) < FARTHEST:  # nan neither
            raise SettingError(f"A place is (column, row), two numbers, not {shortened(at)}.")
        return column * self.steps[0], row * self.steps[1]

    @in_own_style
    def _measure(self, text, size) -> np.ndarray:
        """How wide and how high a text is, inches."""
        found = self.text(0, 0, text, size=size, linespacing=1.15, parse_math=False)
        extent = found.get_window_extent()
        found.remove()
        return np.array([extent.width, extent.height]) / self.dpi

    @in_own_style
    def _write(self, text, x, y, size, colour=INK) -> None:
        half = self._measure(text, size) / 2
        self.page.text(
            x,
            y,
            text,
            size=size,
            color=colour,
            ha="center",
            va="center",
            linespacing=1.15,
            parse_math=False,
            zorder=4,
        )
        self._cover((x, y) - half, (x, y) + half)

    @in_own_style
    def _outline(self, box: Box, kind: Kind, below=False) -> None:
        (left, right), (top, bottom) = box.reach(0), box.reach(1)
        corner = box.height / 2 if kind.round else CORNER
        style = f"round,pad=0,rounding_size={min(corner, box.height / 2, box.width / 2)}"
        self.page.add_patch(
            FancyBboxPatch(
                (left, top),
                box.width,
                box.height,
                boxstyle=style,
                facecolor=kind.face,
                edgecolor=kind.edge,
                linestyle=kind.dashes,
                linewidth=LINE,
                zorder=0 if below else 3,
            )
        )
        self._cover((left, top), (right, bottom))

    @in_own_style
    def _line(self, points: np.ndarray, colour, dashes="-") -> None:
        """A line round corners, with a head."""
        along = (points[-1] - points[-2]) / max(np.hypot(*(points[-1] - points[-2])), 1e-9)
        tip, across = points[-1], np.array([-along[1], along[0]])
        points = np.concatenate([points[:-1], [tip - 0.8 * HEAD[0] * along]])
        vertices, codes = [points[0]], [Path.MOVETO]
        for before, corner, after in zip(points[:-2], points[1:-1], points[2:], strict=True):
            for other, code in ((before, Path.LINETO), (after, Path.CURVE3)):
                far = np.hypot(*(other - corner))
                near = corner + (other - corner) * min(CORNER, far / 2) / max(far, 1e-9)
                vertices += [near] if code == Path.LINETO else [corner, near]
                codes += [code] if code == Path.LINETO else [code, code]
        path = Path([*vertices, points[-1]], [*codes, Path.LINETO])
        line = {"facecolor": "none", "edgecolor": colour, "linewidth": LINE, "linestyle": dashes}
        self.page.add_patch(PathPatch(path, **line, zorder=1))
        base = tip - HEAD[0] * along
        head = [tip, base + HEAD[1] * across, base - HEAD[1] * across]
        self.page.add_patch(Polygon(head, facecolor=colour, linewidth=0, zorder=2))
        self._cover(points.min(axis=0), points.max(axis=0))

    def _name(self, text, points, below, colour) -> None:
        parts = np.diff(points, axis=0)
        longest = int(np.argmax(np.hypot(*parts.T)))
        middle, part = points[longest] + parts[longest] / 2, np.abs(parts[longest])
        half, side = self._measure(text, SMALL) / 2, -1 if below else 1
        if part[0] >= part[1]:
            x, y = middle[0], middle[1] - side * (half[1] + 0.06)
        else:
            x, y = middle[0] + side * (half[0] + 0.08), middle[1]
        self._write(text, x, y, SMALL, colour)

    def _cover(self, low, high) -> None:
        """The page grows, so that what was drawn is on it; an inch remains an inch."""
        self.ends = np.array([np.minimum(self.ends[0], low), np.maximum(self.ends[1], high)])
        (left, top), (right, bottom) = self.ends + [[-MARGIN], [MARGIN]]
        if right - left > WIDEST + 1e-6:
            raise SettingError(
                f"The diagram is {right - left:.2f} inches wide, and {WIDEST:g} fit on a page: "
                "use fewer columns, shorter words or a smaller `column`."
            )
        self.page.set(xlim=(left, right), ylim=(bottom, top))
        self.set_size_inches(right - left, bottom - top)


def _check_words(text, none=False) -> None:
    """none: whether none at all will do, too."""
    words = isinstance(text, str) and len(text) <= MOST_LETTERS
    if not (none and text is None) and not (words and (none or text.strip())):
        raise SettingError(f"A text is {shortened(text)}, but it must be a few words.")


def _leave(box, other):
    """Where a straight line between a box and another box or point leaves the first: across or
    down where they stand well beside each other, else towards the other's middle."""
    if not isinstance(box, Box):
        return box
    for axis in (0, 1):
        ours = box.reach(axis)
        theirs = other.reach(axis) if isinstance(other, Box) else (other[axis], other[axis])
        low, high = max(ours[0], theirs[0]), min(ours[1], theirs[1])
        if high - low >= min(ours[1] - ours[0], theirs[1] - theirs[0]) / 2:
            edge = box.reach(1 - axis)[int(other[1 - axis] > box[1 - axis])]
            return ((low + high) / 2, edge) if axis == 0 else (edge, (low + high) / 2)
    away = np.subtract(other[:2], box[:2])
    share = np.min(np.divide([box.width / 2, box.height / 2], np.maximum(np.abs(away), 1e-9)))
    return tuple(np.array(box[:2]) + share * away)
