"""Learning curves: losses and metrics over a training."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..music.grid import VOICE_NAMES
from .pictures import COLOURS, GREY, PLAIN, colour_of, figure_grid, in_own_style, new_figure, tidy

LINE_STYLES = ("--", ":", "-.")  # of the references


@in_own_style
def plot_losses(history: dict, keys, title: str | None = None) -> Figure:
    """Losses over training: the raw figures faint, their moving average strong.

    history: lists of numbers, one a key; ``history["step"]``, where there is one, is the x axis.
    The average runs over a fiftieth of the entries.
    """
    keys = [keys] if isinstance(keys, str) else list(keys)
    figure = new_figure(8, 3.2)
    axes = figure.subplots()
    for i, key in enumerate(keys):
        values = _figures(history, key, over="step")
        if values.ndim != 1:
            raise ValueError(f"{key!r} holds several numbers an entry; losses have one.")
        x = history.get("step", np.arange(len(values)))
        width = max(1, len(values) // 50)
        colour = colour_of(i)
        if width > 1:  # without antialiasing the picture is half as large
            faint = 0.25 * np.array(to_rgb(colour)) + 0.75
            axes.plot(x, values, color=faint, linewidth=0.6, antialiased=False, zorder=1)
        strong = {"color": colour, "linewidth": 2 if width > 1 else 1}
        axes.plot(x, _smooth(values, width), label=_spoken(key), **strong)
    axes.set_xlabel("step", fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    axes.grid(axis="y", color="#eeeeee")
    if keys:
        axes.legend(fontsize=10, **PLAIN)
    tidy(axes, title)
    return figure


@in_own_style
def plot_metrics(history: dict, reference: dict, keys, chosen=None) -> Figure:
    """Metrics over training, one small plot each, with Bach's value as a dashed line.

    history: lists of numbers, or of one number a voice, over ``history["iteration"]``.
    reference: a number (or one a voice) a key, taken for Bach's; or several references by name,
    such as ``{"Bach": {...}, "baseline": {...}}``. A key that a reference lacks is drawn without.
    chosen: an iteration to be marked.
    """
    keys = [keys] if isinstance(keys, str) else list(keys)
    if not all(isinstance(value, dict) for value in reference.values()):
        reference = {"Bach": reference}
    iterations = _figures(history, "iteration", over="iteration")
    columns = min(3, max(len(keys), 1))
    figure, grid = figure_grid(len(keys), columns, 0.4 + 2.8 * columns, 1.9, 0.6, sharex=True)
    for axes, key in zip(grid.ravel(), keys, strict=False):
        values = _figures(history, key, over="iteration")
        levels = [figures.get(key, []) for figures in reference.values()]
        _draw_metric(axes, iterations, values, levels)
        if chosen is not None:
            axes.axvline(chosen, color=GREY, linewidth=1)
        tidy(axes, _spoken(key))
        axes.xaxis.set_tick_params(labelbottom=True)
    for axes in grid[-1]:
        axes.set_xlabel("iteration", fontsize=10)
    handles = [
        Line2D([], [], color="black", linestyle=style, linewidth=1.2, label=name)
        for name, style in zip(reference, LINE_STYLES, strict=False)
    ]
    counts = {np.shape(history[key])[1] for key in keys if np.ndim(history[key]) == 2}
    for count in counts & {3, 4}:  # with or without the melody
        voices = zip(COLOURS[-count:], VOICE_NAMES[-count:], strict=True)
        handles += [Line2D([], [], color=colour, label=name) for colour, name in voices]
    figure.legend(handles=handles, loc="outside lower center", ncols=7, fontsize=10, **PLAIN)
    return figure


def _figures(history: dict, key: str, over: str) -> np.ndarray:
    """One entry of a history as numbers ``(n,)``, or ``(n, voices)`` where it has one a voice: as
    many as there are of what they are drawn over."""
    if key not in history:
        raise ValueError(f"The history holds {', '.join(sorted(history))}, but no {key!r}.")
    if over in history and len(history[over]) != len(history[key]):
        raise ValueError(
            f'{key!r} has {len(history[key])} entries, but "{over}" has {len(history[over])}; '
            "they must agree."
        )
    return np.asarray(history[key], float)


def _spoken(key: str) -> str:
    return key.replace("_", " ")


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    """The moving average; at the ends over what is there, and over what is a number."""
    windows = pd.Series(values).rolling(2 * (width // 2) + 1, min_periods=1, center=True)
    return windows.mean().to_numpy()


def _draw_metric(axes, iterations, values, references: list) -> None:
    lines = values[:, None] if values.ndim == 1 else values
    colours = COLOURS[-1:] if lines.shape[1] == 1 else COLOURS[-lines.shape[1] :]
    for line, colour in zip(lines.T, colours, strict=False):
        axes.plot(iterations, line, color=colour, marker="o", markersize=3, linewidth=1.5)
    for levels, style in zip(references, LINE_STYLES, strict=False):
        for i, level in enumerate(np.ravel(levels)):
            colour = "black" if lines.shape[1] == 1 else colours[i % len(colours)]
            axes.axhline(level, color=colour, linestyle=style, linewidth=1.2)
    # Iteration 0 has its place too, which a plain logarithm has not.
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlim(left=0)
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y", color="#eeeeee")
