"""What all pictures share: size, colours, and how Jupyter shows them."""

from __future__ import annotations

import base64
import functools
import io
import shutil

import matplotlib.style
from matplotlib.figure import Figure
from PIL import Image

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
    """A matplotlib figure that Jupyter shows as a PNG although pyplot does not know it."""

    def _ipython_display_(self) -> None:
        # Asked first: once anything imports pyplot, its own and larger PNG would take our place.
        from IPython.display import display

        png = base64.b64encode(self._repr_png_()).decode()
        display({"image/png": png, "text/plain": repr(self)}, raw=True)

    @in_own_style
    def savefig(self, *args, **options) -> None:
        super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        full, small = io.BytesIO(), io.BytesIO()
        self.savefig(full, format="png", dpi=DPI, bbox_inches="tight")
        # A palette of 128 colours looks the same and takes a third of the room.
        Image.open(full).convert("RGB").quantize(128).save(small, "PNG", optimize=True)
        return small.getvalue()


def new_figure(width: float, height: float) -> Picture:
    return Picture(figsize=(width, height), dpi=DPI, layout="constrained")


def figure_grid(count: int, columns: int, width: float, height: float, extra=0.0, **options):
    """``(figure, axes)`` of so many pictures, each ``height`` inches high and ``columns`` of them
    in a row, with ``extra`` inches below; axes that are left over are hidden."""
    rows = max(-(-count // columns), 1)
    figure = new_figure(width, extra + rows * height)
    grid = figure.subplots(rows, columns, squeeze=False, **options)
    for axes in grid.ravel()[count:]:
        axes.set_visible(False)
    return figure, grid


def tidy(axes, title: str | None = None) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)
    if title:
        axes.set_title(title, loc="left", fontsize=12)


def colour_of(i: int) -> str:
    """The colour of the voice or curve number ``i``."""
    return COLOURS[i % len(COLOURS)]
