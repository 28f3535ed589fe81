"""Pictures of matrices and of sound: what the numbers of a representation look like."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..course.errors import SettingError, check_kind, check_number, shortened
from ..music.arrays import check_array
from .pictures import COLOURS, as_pairs, figure_grid, in_own_style, new_figure, tidy

MOST_CELLS = 20_000_000


@in_own_style
def plot_matrices(
    matrices,
    time: str = "steps",
    rows: str = "MIDI pitch",
    time_per_column: float = 1.0,
    first_row: float = 0,
    per_row: float = 1.0,
    row_names=None,
    height: float = 2.2,
    numbers: str | None = "",
) -> Figure:
    """Matrices ``(time, rows)`` as pictures below each other, dark where the numbers are large; in
    two colours, with zero white, where some are negative. A bar beside it says which colour is
    which number, unless all are yes or no. Where several cells share a pixel, the number farthest
    from the ground is seen: nothing rare is lost.

    matrices: ``[(title, matrix), ...]`` or a dict of them, numbers or bool; each is shaded from
    its own smallest number to its largest. time, rows: what the axes count; time_per_column and
    per_row: how much of it one column or row of the matrix is, first_row what row 0 is.
    row_names: names instead of numbers, one a row. height: of each picture, in inches. numbers:
    what the numbers are, such as "decibels"; None leaves the bar out.

    Raises ValueError on another shape or on numbers that are not finite.
    """
    pairs = as_pairs(matrices, "matrices")
    check_number("first_row", first_row, whole=False)
    sizes = {"time_per_column": time_per_column, "per_row": per_row, "height": height}
    for name, size in sizes.items():
        check_number(name, size, above=0, whole=False)
    row_names = None if row_names is None else _names(row_names, pairs)
    figure, grid = figure_grid(len(pairs), 1, 9, height, 0.3)
    images, words = [], []
    for axes, (title, matrix) in zip(grid[:, 0], pairs, strict=True):
        matrix = _checked(matrix, title)
        columns, count = matrix.shape
        low, high = float(matrix.min()), float(matrix.max())
        words.append(_in_words(matrix, title, time, rows))
        colours = "PuOr" if low < 0 else "Greys"
        if low < 0:
            low, high = -max(-low, high), max(-low, high)
        image = axes.imshow(
            matrix.T, colours, aspect="auto", interpolation="nearest", origin="lower"
        )
        image.set_extent((0, columns * time_per_column, first_row, first_row + count * per_row))
        image.set_clim(low, high if high > low else low + 1)
        if row_names is None:
            axes.set_ylabel(rows, fontsize=10)
        else:
            axes.set_yticks(np.arange(count) * per_row + first_row + per_row / 2, row_names)
        tidy(axes, title)
        axes.spines[["left", "bottom"]].set_position(("outward", 3))  # a cell at 0 is not under it
        if numbers is not None and not np.isin(matrix, (0, matrix.max())).all():
            bar = figure.colorbar(image, ax=axes, pad=0.01, aspect=12, label=numbers)
            bar.ax.tick_params(labelsize=8)
            bar.outline.set_visible(False)
        images.append((image, matrix))
    axes.set_xlabel(time, fontsize=10)
    figure.alt = " ".join(words)
    figure.draw_without_rendering()  # now each panel has its size
    for image, matrix in images:
        box = image.axes.get_window_extent()
        image.set_data(_thinned(_thinned(matrix, int(box.width)).T, int(box.height)))
    return figure


def _in_words(matrix: np.ndarray, title, time: str, rows: str) -> str:
    """What is seen, for those who do not see it."""
    used = int(np.count_nonzero(matrix))
    said = f"numbers from {matrix.min():.3g} to {matrix.max():.3g}"
    if np.isin(matrix, (0, 1)).all():
        said = f"{used:,} of {matrix.size:,} cells dark"
    return f"Matrix {title}: {len(matrix):,} columns ({time}), {matrix.shape[1]} rows; {said}."


def _checked(matrix, title) -> np.ndarray:
    matrix = check_array(matrix, f"The numbers of {title!r}", ("time", "rows"))
    if not 0 < matrix.size <= MOST_CELLS:
        raise SettingError(
            f"A matrix has from 1 to {MOST_CELLS:,} numbers; {title!r} has {matrix.size:,}."
        )
    return matrix.astype(np.float32)


def _names(row_names, pairs) -> list[str]:
    names = [] if isinstance(row_names, str) or not np.iterable(row_names) else list(row_names)
    if any(np.ndim(matrix) == 2 and np.shape(matrix)[1] != len(names) for _, matrix in pairs):
        raise SettingError(f"row_names is {shortened(row_names)}; give one name for each row.")
    return names


def _thinned(matrix: np.ndarray, pixels: int) -> np.ndarray:
    """Rows of two pixels where there is not one for each: of those that share them, the number
    farthest from zero, so that rare single cells stay visible."""
    if len(matrix) <= pixels:
        return matrix
    edges = np.linspace(0, len(matrix), pixels // 2, endpoint=False).astype(int)
    high, low = np.maximum.reduceat(matrix, edges), np.minimum.reduceat(matrix, edges)
    return np.where(high >= -low, high, low)


@in_own_style
def plot_waveform(samples, sample_rate: int, title: str | None = None) -> Figure:
    """Samples ``(n,)`` over seconds: the range between the lowest and the highest of neighbours
    where there are more than the picture has pixels, single samples as dots where there are few.
    Raises ValueError on another shape or no samples."""
    check_kind("title", title, str, "text", none=True)
    samples = check_array(samples, "A waveform's samples", ("samples",)).astype(np.float32)
    if not len(samples):
        raise SettingError("A waveform needs one sample or more.")
    check_number("sample_rate", sample_rate, above=0, whole=False)
    figure = new_figure(9, 2.2)
    axes = figure.subplots()
    if len(samples) > 2000:
        edges = np.linspace(0, len(samples), 900, endpoint=False).astype(int)
        low, high = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
        axes.fill_between(edges / sample_rate, low, high, color=COLOURS[3], linewidth=0.3)
    else:
        marker = "." if len(samples) <= 300 else None
        times = np.arange(len(samples)) / sample_rate
        axes.plot(times, samples, color=COLOURS[3], linewidth=0.8, marker=marker)
    axes.set_xlim(0, len(samples) / sample_rate)
    axes.set_xlabel("seconds", fontsize=10)
    axes.set_ylabel("amplitude", fontsize=10)
    tidy(axes, title)
    figure.alt = (
        f"Waveform{f' of {title}' if title else ''}: {len(samples) / sample_rate:.3g} seconds, "
        f"amplitudes from {samples.min():.2f} to {samples.max():.2f}."
    )
    return figure
