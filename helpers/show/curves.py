"""Curves: losses and metrics over a training, and any figures over what they depend on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..course.errors import SettingError, check_kind, check_number, shortened
from ..music.arrays import check_array
from ..music.grid import VOICE_NAMES
from ..music.timeline import part_names
from .pictures import (
    COLOURS,
    GREY,
    PLAIN,
    Pictures,
    colour_of,
    figure_grid,
    in_own_style,
    new_figure,
    tidy,
)

LINE_STYLES = ("--", ":", "-.", (0, (8, 2, 1, 2, 1, 2)))  # of the references
MOST_PANELS = 6  # of a picture: more of them are too small
TRAINING, VALIDATION = "training ", "validation "  # what names of the same figure begin with
MOST_LINES = len(COLOURS)  # of ``plot_lines``
MOST_TICKS = 16  # whole numbers on an axis that are all named
DOTS = {"marker": "o", "markersize": 3, "clip_on": False}  # whole at the axis's ends too


@in_own_style
def plot_losses(history: dict, keys, title: str | None = None) -> Figure:
    """Losses over training, all in one panel: the raw figures faint, their moving average strong.

    history: lists of numbers, one a key, over ``history["step"]`` or ``history["iteration"]``,
    whichever is as long, else over the steps 1, 2, 3 ... keys: one key, several, or a dict of
    training losses and the validation loss that belongs to each, such as ``{"loss": "validation
    loss"}``, which is drawn with dots. The average runs over a fiftieth of the entries.
    """
    _check(history, keys)
    check_kind("title", title, str, "text", none=True)
    pairs = keys if isinstance(keys, dict) else dict.fromkeys([keys] if type(keys) is str else keys)
    figure = new_figure(8, 3.2)
    axes = figure.subplots()
    words, over = [], "step"
    for i, (key, other) in enumerate(pairs.items()):
        x, values, over = _curve(history, key)
        width = max(1, len(values) // 50)
        colour = colour_of(i)
        if width > 1:  # without antialiasing the picture is half as large
            faint = 0.25 * np.array(to_rgb(colour)) + 0.75
            axes.plot(x, values, color=faint, linewidth=0.6, antialiased=False, zorder=1)
        strong = {"color": colour, "linewidth": 2 if width > 1 else 1}
        smooth = _smooth(values, width)
        axes.plot(x, smooth, label=_spoken(key), **strong)
        words.append(_in_words(_spoken(key), smooth))
        if other is not None:
            x, values, _ = _curve(history, other, measured=True)
            look = {"color": colour_of(3 - i), "linestyle": "--", "linewidth": 1.5}
            axes.plot(x, values, label=_spoken(other), zorder=3, **look, **DOTS)
            words.append(_in_words(_spoken(other), values))
    x, y = (
        np.concatenate([np.zeros(0), *(line.get_data()[axis] for line in axes.lines)])
        for axis in (0, 1)
    )
    _show_all(axes, x)
    beyond = _leave_out_spikes(axes, y)
    axes.set_xlabel(over, fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    axes.grid(axis="y", color="#eeeeee")
    if pairs:
        axes.legend(fontsize=10, **PLAIN)
    if len(axes.lines) > len(words):
        said = f"faint: each {over}; strong: their moving average"
        axes.set_title(said, loc="right", fontsize=9, color=GREY)
    tidy(axes, title)
    figure.alt = f"{title or 'Losses'} over {over}: {'; '.join(words)}.{beyond}"
    return figure


@in_own_style
def plot_metrics(history: dict, reference: dict, keys, chosen=None) -> Figure | Pictures:
    """Metrics over training, one small panel each, with Bach's value as a dashed line. The training
    and the validation of one figure ("training loss" and "validation loss") share a panel. Six
    panels make a picture; more are several pictures.

    history: lists of numbers, or of one number a voice, over ``history["iteration"]``.
    reference: a number (or one a voice) a key, taken for Bach's; or up to four references by name,
    such as ``{"Bach": {...}, "baseline": {...}}``. A key that a reference lacks is drawn without.
    chosen: an iteration to be marked.
    """
    _check(history, keys)
    check_kind("reference", reference, dict, "a dict of numbers, such as Bach's")
    check_number("chosen", chosen, none=True)
    keys = [keys] if isinstance(keys, str) else list(keys)
    if not all(isinstance(value, dict) for value in reference.values()):
        reference = {"Bach": reference}
    for levels in reference.values():
        for name, level in levels.items():
            _as_numbers(level, f"The reference for {name!r}", most_axes=1)
    if chosen is not None and chosen not in _figures(history, "iteration"):
        raise SettingError(f"chosen is {chosen}, which is no iteration of the history.")
    if len(reference) > len(LINE_STYLES):
        raise SettingError(
            f"{len(reference)} references are too many lines to tell apart; give at most "
            f"{len(LINE_STYLES)}."
        )
    _figures(history, "iteration", over="iteration")
    curves = {key: _figures(history, key, over="iteration") for key in keys}
    panels = _panels(curves)
    pages = [panels[i : i + MOST_PANELS] for i in range(0, max(len(panels), 1), MOST_PANELS)]
    pictures = Pictures(_page(history, reference, page, curves, chosen) for page in pages)
    return pictures if len(pictures) > 1 else pictures[0]


@in_own_style
def plot_lines(
    lines: dict, x=None, xlabel: str = "", ylabel: str = "", title: str | None = None
) -> Figure:
    """Figures over what they depend on, a curve with dots each, from 0 upwards (and below it, where
    some are negative).

    lines: up to four lists of numbers by name, such as ``{"network": [...], "baseline": [...]}``;
    nan leaves a gap. x: what they stand over, a number for each; None counts 1, 2, 3 ... Up to 16
    whole numbers are all named on the axis, which is logarithmic where x lies more evenly so.

    Raises ValueError on more lines, on lists that are not as long as ``x``, and on infinity.
    """
    check_kind("lines", lines, dict, "a dict {name: numbers}")
    for name, text in (("xlabel", xlabel), ("ylabel", ylabel)):
        check_kind(name, text, str, "text")
    check_kind("title", title, str, "text", none=True)
    if not 0 < len(lines) <= MOST_LINES:
        raise SettingError(
            f"{len(lines)} lines are not from 1 to {MOST_LINES}, as many as can be told apart."
        )
    curves = {}
    for name, values in lines.items():
        check_kind("A name of a line", name, str, "text")
        curves[name] = _as_numbers(values, f"The line {name!r}", least_axes=1, most_axes=1)
        if np.isinf(curves[name]).any():
            raise SettingError(f"The line {name!r} holds infinity, which cannot be drawn.")
    count = len(next(iter(curves.values())))
    x = np.arange(1, count + 1) if x is None else check_array(x, "Numbers of x", ("x",))
    for name, values in curves.items():
        if len(values) != len(x):
            raise SettingError(
                f"The line {name!r} has {len(values)} numbers over {len(x)} of x; they must agree."
            )
    figure = new_figure(8, 3.4)
    axes = figure.subplots()
    for i, (name, values) in enumerate(curves.items()):
        look = {"color": colour_of(i), "linewidth": 1.5, "zorder": 3}
        axes.plot(x, values, label=name, **look, **DOTS)
    least = min((np.nanmin(one) for one in curves.values() if np.isfinite(one).any()), default=0)
    if least >= 0:
        axes.set_ylim(bottom=0)
    _show_all(axes, x)
    _name_whole_numbers(axes, x)
    axes.set_xlabel(xlabel, fontsize=10)
    axes.set_ylabel(ylabel, fontsize=10)
    axes.grid(axis="y", color="#eeeeee")
    figure.legend(loc="outside lower center", ncols=MOST_LINES, fontsize=10, **PLAIN)
    tidy(axes, title)
    words = "; ".join(_in_words(name, values) + _turn(x, values) for name, values in curves.items())
    what = title or ylabel or "Curves"
    span = f", {min(x):g} to {max(x):g}" if len(x) else ""
    figure.alt = f"{what[0].upper()}{what[1:]} over {xlabel or 'x'}{span}: {words}."
    return figure


def _name_whole_numbers(axes, x: np.ndarray) -> None:
    """Names all of x on its axis, where they are whole and few."""
    places = np.unique(x)
    names = [f"{place:,.0f}" for place in places]
    whole = np.array_equal(places, np.round(places))
    if whole and len(places) <= MOST_TICKS and sum(map(len, names)) <= 6 * MOST_TICKS:
        axes.set_xticks(places, names)
        axes.set_xticks([], minor=True)


def _turn(x: np.ndarray, values: np.ndarray) -> str:
    """Where a curve is lowest or highest, if that is at neither of its ends."""
    found = np.flatnonzero(np.isfinite(values))
    texts = [""]
    for name, place in (("lowest", np.argmin), ("highest", np.argmax)):
        if len(found):
            best = found[place(values[found])]
            if values[best] not in values[found[[0, -1]]]:
                texts.append(f"{name} {values[best]:.3g} at {x[best]:g}")
    return ", ".join(texts)


def _check(history, keys) -> None:
    check_kind("history", history, dict, "a dict of lists, one entry a saved iteration")
    kinds = (str, list, tuple, dict)
    wanted = "names of the history's lists, such as ['loss']"
    check_kind("keys", keys, kinds, wanted)
    named = [*keys, *keys.values()] if isinstance(keys, dict) else keys
    for name in [*history, *named]:
        check_kind("A name of the history or of keys", name, str, wanted, none=True)


def _panels(curves: dict) -> list[tuple[str, ...]]:
    """The keys of each panel: one, or the training and the validation of the same figure."""
    panels = {}
    for key in curves:
        figure = key.removeprefix(TRAINING).removeprefix(VALIDATION)
        both = TRAINING + figure, VALIDATION + figure
        shared = key in both and all(np.ndim(curves.get(name, [[]])) == 1 for name in both)
        panels[both if shared else (key,)] = None
    return list(panels)


def _page(history, reference, panels, curves, chosen) -> Figure:
    """One picture of ``plot_metrics``."""
    iterations = np.asarray(history["iteration"], float)
    columns = min(3, max(len(panels), 1))
    width = 0.4 + 2.8 * columns
    figure, grid = figure_grid(len(panels), columns, max(width, 4.4), 1.9, 0.6)
    words = []
    for axes, keys in zip(grid.ravel(), panels, strict=False):
        levels = {
            name: figures[key]
            for name, figures in reference.items()
            for key in keys[-1:]
            if key in figures and np.isfinite(np.asarray(figures[key], float)).all()
        }
        lines = {key: curves[key] for key in keys}
        _draw_metric(axes, iterations, lines, [levels.get(name, []) for name in reference])
        if chosen is not None:
            axes.axvline(chosen, color=GREY, linewidth=1)
        name = _spoken(keys[0].removeprefix(TRAINING) if len(keys) == 2 else keys[0])
        tidy(axes, name)
        words += [_in_words(_spoken(key), values) for key, values in lines.items()]
        words += [f"{which}'s {name} {_numbers(level)}" for which, level in levels.items()]
    for axes in grid[-1]:
        axes.set_xlabel("iteration", fontsize=10)
    handles = []
    if any(len(keys) == 2 for keys in panels):
        for name, colour in ((TRAINING, COLOURS[0]), (VALIDATION, COLOURS[-1])):
            handles.append(Line2D([], [], color=colour, label=name.strip(), **DOTS))
    for name, style in zip(reference, LINE_STYLES, strict=False):
        levels = [reference[name][key] for keys in panels for key in keys if key in reference[name]]
        if any(np.isfinite(np.asarray(level, float)).all() for level in levels):
            line = {"color": "black", "linestyle": style, "linewidth": 1.2}
            handles.append(Line2D([], [], label=name, **line))
    shapes = [curves[key].shape for keys in panels for key in keys]
    for count in sorted({shape[1] for shape in shapes if len(shape) == 2}):
        voices = VOICE_NAMES[-count:] if count in (3, 4) else part_names(count)
        for name, colour in zip(voices, _colours(count), strict=True):
            handles.append(Line2D([], [], color=colour, label=name))
    if chosen is not None:
        handles.append(Line2D([], [], color=GREY, linewidth=1, label=f"chosen: {chosen}"))
    if handles:
        place = {"loc": "outside lower center", "ncols": min(7, max(3, 2 * columns))}
        figure.legend(handles=handles, fontsize=10, **place, **PLAIN)
    span = (
        f"from iteration {min(iterations):g} to {max(iterations):g}" if len(iterations) else "none"
    )
    figure.alt = f"Curves {span}: {'; '.join(words)}."
    if chosen is not None:
        figure.alt += f" Iteration {chosen} is marked."
    return figure


def _curve(history: dict, key: str, measured=False) -> tuple[np.ndarray, np.ndarray, str]:
    """``(x, values, name of x)``; ``measured`` now and then, over iterations, not at each step."""
    names = ["iteration", "step"] if measured else ["step", "iteration"]
    names = [name for name in names if name in history] or names[:1]
    values = _figures(history, key)
    fits = [name for name in names if np.size(history.get(name, ())) == len(values)]
    if not fits and not measured and "step" not in history:
        x, over = np.arange(1, len(values) + 1), "step"
    else:
        over = (fits or names)[0]
        _figures(history, key, over)
        x = np.asarray(history.get(over, np.arange(1, len(values) + 1)), float)
    if values.ndim != 1:
        raise SettingError(f"{key!r} holds several numbers an entry; losses have one.")
    return x, values, over


def _figures(history: dict, key: str, over: str | None = None) -> np.ndarray:
    """One entry of a history as numbers ``(n,)``, or ``(n, voices)`` where it has one a voice: as
    many as there are of what they are drawn over."""
    if key not in history:
        raise SettingError(f"The history holds {', '.join(sorted(history))}, but no {key!r}.")
    values = _as_numbers(history[key], f"The history's {key!r}", least_axes=1)
    if over in history and np.size(history[over]) != len(values):
        raise SettingError(
            f'{key!r} has {len(values)} entries, but "{over}" has {len(history[over])}; '
            "they must agree."
        )
    return values


def _as_numbers(values, what: str, least_axes=0, most_axes=2) -> np.ndarray:
    """A number, one an entry, or one a voice; nan where there is none."""
    try:
        found = np.asarray(values, float)
    except (ValueError, TypeError):
        found = np.full(0, 0.0)[None, None, None]
    if not least_axes <= found.ndim <= most_axes:
        raise SettingError(f"{what} is {shortened(values)}, and should be numbers.")
    return found


def _spoken(key: str) -> str:
    return key.replace("_", " ")


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    """The moving average; at the ends over what is there, and over what is a number."""
    windows = pd.Series(values).rolling(2 * (width // 2) + 1, min_periods=1, center=True)
    return windows.mean().to_numpy()


def _in_words(name: str, values: np.ndarray) -> str:
    """How a curve begins and ends."""
    found = [entry for entry in values if np.isfinite(entry).all()]
    if not found:
        return f"{name}, no figures"
    return f"{name} from {_numbers(found[0])} to {_numbers(found[-1])}"


def _numbers(values) -> str:
    return ", ".join(f"{value:.3g}" for value in np.ravel(values))


def _colours(count: int) -> list[str]:
    """The colours of so many voices, the lower ones' where some are missing."""
    return list(COLOURS[-count:]) if count <= len(COLOURS) else list(map(colour_of, range(count)))


def _draw_metric(axes, iterations, lines: dict, references: list) -> None:
    """One panel. lines: one entry, of a number or one a voice, or training and validation."""
    if len(lines) == 2:
        columns, colours = list(lines.values()), [COLOURS[0], COLOURS[-1]]
    else:
        (values,) = lines.values()
        columns = list((values[:, None] if values.ndim == 1 else values).T)
        colours = _colours(len(columns))
    for line, colour in zip(columns, colours, strict=True):
        axes.plot(iterations, line, color=colour, linewidth=1.5, **DOTS)
    for levels, style in zip(references, LINE_STYLES, strict=False):
        levels = np.ravel(levels)
        for i, level in enumerate(levels):
            colour = colours[i % len(colours)] if len(levels) > 1 else "black"
            axes.axhline(level, color=colour, linestyle=style, linewidth=1.2)
    _show_all(axes, iterations)
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y", color="#eeeeee")


def _show_all(axes, x) -> None:
    """An x axis from the first entry to the last, on the scale, plain or logarithmic, on which
    they lie more evenly: on the other one most of the panel would be blank."""
    x = np.unique(np.asarray(x, float))
    x = x[np.isfinite(x)]
    if len(x) < 2:
        return
    least = x[x > 0].min(initial=np.inf)
    if x[0] >= 0 and np.isfinite(least):
        # As matplotlib's symlog has it: from 0, which has no logarithm, to the first is a decade.
        places = np.where(x > 0, 1 + np.log10(np.maximum(x, least) / least), 0.0)
        if _widest_gap(places) < _widest_gap(x):
            axes.set_xscale("symlog", linthresh=least)
    axes.set_xlim(x[0], x[-1])


def _leave_out_spikes(axes, values: np.ndarray) -> str:
    """Where a few figures are so far out that all others would be one flat line, the y axis leaves
    them out; says so."""
    values = values[np.isfinite(values)]
    if not len(values):
        return ""
    low, high = np.percentile(values, (1, 99))
    room = 10 * (high - low) or np.inf
    beyond = values[(values < low - room) | (values > high + room)]
    if not len(beyond):
        return ""
    axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    farthest = beyond[np.abs(beyond).argmax()]
    axes.text(0, 1, f"beyond the picture: up to {farthest:.3g}", transform=axes.transAxes, va="top")
    return f" Beyond the picture lie figures up to {farthest:.3g}."


def _widest_gap(x: np.ndarray) -> float:
    return float(np.diff(x).max() / (x[-1] - x[0]))
