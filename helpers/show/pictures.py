"""What all pictures share: size, colours, and how Jupyter shows them."""

from __future__ import annotations

import base64
import functools
import html
import io
import shutil
import sys

import matplotlib.style
from matplotlib.figure import Figure
from PIL import Image

from ..course.errors import SettingError, check_kind, check_number, shortened

# Told apart with every kind of colour blindness (CIELAB distance of at least 38 under simulated
# protanopia, deuteranopia and tritanopia); after Tol and Okabe-Ito. Soprano, alto, tenor, bass.
COLOURS = ("#882255", "#E69F00", "#56B4E9", "#332288")
GREY = "#777777"
PLAIN = {"frameon": False}  # of all legends
DPI = 100


def in_own_style(draw):
    """Decorates what draws a picture: it comes out the same for everybody, on white, whatever the
    reader's matplotlibrc or style says; for the reader's own pictures that goes on to hold."""

    @functools.wraps(draw)
    def drawn(*args, **options):
        with matplotlib.style.context("default"):
            return draw(*args, **options)

    return drawn


def do_without_latex() -> None:
    """Where a matplotlibrc wants text set by LaTeX and there is none, no picture comes out at all,
    a chapter's own by pyplot neither."""
    if not all(map(shutil.which, ("latex", "dvipng"))):
        matplotlib.rcParams["text.usetex"] = False


do_without_latex()


class Picture(Figure):
    """A matplotlib figure that Jupyter shows as one image, although pyplot does not know it.

    ``alt``: what it shows, in words, for those who do not see it; where nobody says, titles and
    names. It travels as HTML, for JupyterLab and nbconvert give a plain PNG no such words.
    """

    alt = ""

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/html": self.as_html(), "text/plain": self.described()}

    def as_html(self) -> str:
        png = base64.b64encode(self._repr_png_()).decode()
        words = html.escape(self.described())
        # The ground is white in the dark theme too: the PNG's own, and around it nothing.
        return (
            f'<img alt="{words}" {self.attributes()}style="max-width: 100%" '
            f'src="data:image/png;base64,{png}">'
        )

    def attributes(self) -> str:
        """What else the <img> says of itself."""
        return ""

    def described(self) -> str:
        """The alternative text."""
        return self.alt or " ".join(filter(None, map(_described, self.axes))) or "An empty picture."

    @in_own_style
    def savefig(self, *args, **options) -> None:
        super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        full, small = io.BytesIO(), io.BytesIO()
        self.savefig(full, format="png", dpi=DPI, bbox_inches="tight")
        # A palette of 128 colours, rare ones too, looks the same and takes a third of the room.
        palette = Image.open(full).convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE)
        palette.save(small, "PNG", optimize=True)
        return small.getvalue()


class Pictures(tuple):
    """Several pictures, which Jupyter shows below each other."""

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        texts = [picture.described() for picture in self]
        shown = "".join(f"<p>{picture.as_html()}</p>" for picture in self)
        return {"text/html": shown, "text/plain": "\n".join(texts)}


def new_figure(width: float, height: float, alt: str = "") -> Picture:
    """An empty picture of so many inches, for ``figure.subplots(...)``; ``alt`` says in words what
    it will show. Jupyter shows it where it is a cell's last line."""
    for name, inches in (("width", width), ("height", height)):
        check_number(name, inches, above=0, most=200, whole=False)
    check_kind("alt", alt, str, "words that say what the picture shows")
    _keep_out_of_pyplots_hands()
    figure = Picture(figsize=(width, height), dpi=DPI, layout="constrained")
    figure.alt = alt
    return figure


def _keep_out_of_pyplots_hands() -> None:
    """Once anything imports pyplot, IPython would add pyplot's own and larger PNG to a picture."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    for kind, formatter in shell.display_formatter.formatters.items() if shell else ():
        if not kind.startswith("text/"):
            formatter.for_type(Picture, lambda picture: None)


def _described(axes) -> str:
    """Titles, names of axes and lines of one panel."""
    if not axes.get_visible():
        return ""
    title = axes.get_title(loc="left") or axes.get_title()
    _, names = axes.get_legend_handles_labels()
    over = " over ".join(filter(None, (axes.get_ylabel(), axes.get_xlabel())))
    text = ": ".join(filter(None, (title, ", ".join(filter(None, (over, *names))))))
    return text and f"{text}."


def figure_grid(count: int, columns: int, width: float, height: float, extra=0.0, **options):
    """``(figure, axes)`` of so many pictures, each ``height`` inches high and ``columns`` of them
    in a row, with ``extra`` inches below; axes that are left over are hidden."""
    rows = max(-(-count // columns), 1)
    figure = new_figure(width, extra + rows * height)
    grid = figure.subplots(rows, columns, squeeze=False, **options)
    for axes in grid.ravel()[count:]:
        axes.set_visible(False)
    return figure, grid


def as_pairs(items, what: str) -> list[tuple[str, object]]:
    """``[(title, thing), ...]`` of such a list or of a dict. what: what the things are. Raises
    SettingError on anything else, and on nothing."""
    pairs = list(items.items()) if isinstance(items, dict) else items
    listed = isinstance(pairs, (list, tuple)) and len(pairs) > 0
    if not listed or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str)
        for pair in pairs
    ):
        raise SettingError(
            f"Give {what} as a dict {{title: thing, ...}} or a list [(title, thing), ...] of one or"
            f" more, not {shortened(items)}."
        )
    return list(pairs)


def tidy(axes, title: str | None = None) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)
    if title:
        axes.set_title(title, loc="left", fontsize=12)


def colour_of(i: int) -> str:
    """The colour of the voice or curve number ``i``."""
    return COLOURS[i % len(COLOURS)]
