"""What a network guesses, and where it puts the words that it knows."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..course.errors import (
    LARGEST,
    SettingError,
    can_be_gone_through,
    check_kind,
    check_number,
    shortened,
)
from ..music.arrays import check_array
from .pictures import COLOURS, PLAIN, in_own_style, new_figure, tidy
from .rolls import draw_end

STEPS = 32  # of the music before the guesses: two bars of sixteenths
DARK, LIGHT = COLOURS[3], COLOURS[2]
GROUP_COLOURS = (COLOURS[3], COLOURS[1], COLOURS[2], COLOURS[0])
MOST_LETTERS = 24  # of a name in a picture
MOST_WORDS = 200  # on a page: more of them hide each other
TEXT = {"fontsize": 9, "ha": "center", "va": "center", "parse_math": False, "in_layout": False}
BOX = "round,pad=0.15,rounding_size=0.2"  # behind a text, in the colour of its group
MARGIN = 3  # pixels around each text of a page
NAMED = 6  # words that the alternative text names of a group


# --- guesses -----------------------------------------------------------------------------------


@in_own_style
def plot_guesses(music, names, probabilities, came: str | None = None, most: int = 10) -> Figure:
    """What a network expects to come next: the end of the music, 32 steps of it, and beside it the
    likeliest guesses as bars.

    music: anything that ``to_timeline`` takes, of which the first pitched part is drawn. names:
    what each guess is called, such as a vocabulary's ``words``. probabilities: one a name, from 0
    to 1. came: the name of what really came, whose bar is dark; the last one, where it is not among
    the likeliest. most: how many guesses are shown.

    Raises ValueError on music of drums alone, on numbers that are no probabilities, and where
    ``came`` is none of the names.
    """
    names = _names(names)
    likely = check_array(
        probabilities, "Probabilities", ("names",), values=(0, 1), slack=1e-6
    ).astype(float)
    if not len(names) == len(likely) > 0:
        raise SettingError(
            f"There are {len(names)} names and {len(likely)} probabilities; give one for each name."
        )
    if likely.sum() > 1 + 1e-3:
        raise SettingError(f"Probabilities sum to 1, and these to {likely.sum():.3g}.")
    check_number("most", most, least=1, most=40)
    if came is not None and not (isinstance(came, str) and came in names):
        raise SettingError(f"came is {shortened(came)}, which is none of the names.")
    order = np.argsort(-likely, kind="stable").tolist()
    rank = None if came is None else order.index(names.index(came))
    apart = rank is not None and rank >= most
    shown = [*order[:most], order[rank]] if apart else order[:most]
    figure = new_figure(9, max(3, 0.8 + 0.24 * len(shown)))
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    words = draw_end(left, music, STEPS)
    dark = len(shown) - 1 if apart else rank
    _draw_guesses(right, [names[i] for i in shown], likely[shown], dark, apart)
    title = "what comes next?"
    if rank is not None:
        title = f"then came {_label(came)}: {_nth(rank + 1)} of {len(names):,}"
    tidy(right)
    right.set_title(title, loc="left", fontsize=12, parse_math=False)
    right.tick_params(axis="y", length=0)
    right.spines[["left", "bottom"]].set_visible(False)
    said = ", ".join(f"{_label(names[i])} {likely[i]:.1%}" for i in order[:most])
    figure.alt = f"{words} The likeliest to come next: {said}."
    if rank is not None:
        figure.alt += f" {title[0].upper()}{title[1:]}, {likely[order[rank]]:.1%}."
    return figure


def _draw_guesses(axes, names: list[str], likely: np.ndarray, dark: int | None, apart) -> None:
    """A bar a guess, from the top; ``dark``: the one that came; the last one stands apart."""
    places = np.arange(len(names)) + 0.6 * (apart & (np.arange(len(names)) == len(names) - 1))
    colours = [DARK if i == dark else LIGHT for i in range(len(names))]
    axes.barh(places, likely, 0.75, color=colours)
    longest = max(float(likely.max()), 1e-9)
    for place, one in zip(places, likely, strict=True):
        axes.text(one + 0.02 * longest, place, f"{one:.1%}", va="center", fontsize=9)
    axes.set_yticks(places, [_label(name) for name in names], parse_math=False)
    if dark is not None:  # its bar may be too short to be seen
        axes.get_yticklabels()[dark].set(color=DARK, fontweight="bold")
    axes.set_xticks([])
    axes.set_xlim(0, 1.2 * longest)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    axes.set_xlabel("probability", fontsize=10)


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number:,}{ending or 'th'}"


# --- a map -------------------------------------------------------------------------------------


@in_own_style
def plot_map(page, names, groups=None, title: str | None = None) -> Figure:
    """Words at their places on a page, such as the two directions in which what a network has
    learned about them differs most: near to each other stands what it treats alike. Both axes have
    one scale and no numbers, for only distances mean something. Words that would cover each other
    are moved apart, as little as need be.

    page: ``(words, 2)``, the places from left to right and from below upwards. names: a text for
    each. groups: the name of a group for each, at most four different ones, each with its colour.

    Raises ValueError on other numbers of names or groups, and on places that are not finite.
    """
    bounds = (-LARGEST, LARGEST)
    page = check_array(page, "Places on a page", ("words", 2), values=bounds).astype(float)
    names = _names(names)
    check_kind("title", title, str, "text", none=True)
    kinds = ["words"] * len(names) if groups is None else _names(groups, "groups")
    for what, several in (("names", names), ("groups", kinds)):
        if len(several) != len(page):
            raise SettingError(
                f"There are {len(several)} {what} for {len(page)} places; give one for each."
            )
    if not 0 < len(page) <= MOST_WORDS:
        raise SettingError(f"A page has from 1 to {MOST_WORDS} words, not {len(page)}.")
    different = list(dict.fromkeys(kinds))
    if len(different) > len(GROUP_COLOURS):
        raise SettingError(
            f"{len(different)} groups are too many colours to tell apart; give at most "
            f"{len(GROUP_COLOURS)}."
        )
    colours = dict(zip(different, GROUP_COLOURS if groups is not None else ["white"], strict=False))
    breadth, depth = np.ptp(page, axis=0)
    page = (page - page.mean(axis=0)) / max(breadth, depth, 1e-12)
    figure = new_figure(8, float(np.clip(8 * depth / max(breadth, 1e-12), 3.5, 6)))
    axes = figure.subplots()
    texts = [
        axes.text(*place, _label(name), color=_ink_on(colours[kind]), **TEXT)
        for place, name, kind in zip(page, names, kinds, strict=True)
    ]
    if groups is not None:
        for text, kind in zip(texts, kinds, strict=True):
            text.set_bbox({"facecolor": colours[kind], "linewidth": 0, "boxstyle": BOX})
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color("#cccccc")
    if title:
        axes.set_title(title, loc="left", fontsize=12)
    if groups is not None:
        handles = [Patch(color=colour, label=kind) for kind, colour in colours.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=10, **PLAIN)
    _make_room(figure, axes, page, texts)
    figure.alt = _map_in_words(page, names, kinds, title)
    return figure


def _make_room(figure, axes, page: np.ndarray, texts: list) -> None:
    """Sets the limits of both axes, on one scale, so that every text lies inside."""
    figure.draw_without_rendering()  # now the panel and the texts have their sizes
    sizes = np.array([text.get_window_extent().size for text in texts])
    panel = axes.get_window_extent().size
    half = sizes / 2 + MARGIN
    scale = 0.0  # of the page, a pixel
    for _ in range(50):  # what the texts need grows with the scale, by less and less
        low, high = (page - scale * half).min(axis=0), (page + scale * half).max(axis=0)
        scale = max(((high - low) / panel).max(), 1e-4)
    middle, reach = (low + high) / 2, scale * panel / 2
    axes.set_xlim(middle[0] - reach[0], middle[0] + reach[0])
    axes.set_ylim(middle[1] - reach[1], middle[1] + reach[1])
    pixels = _moved_apart((page - middle) / scale, half, panel / 2)
    for text, place in zip(texts, middle + scale * pixels, strict=True):
        text.set_position(place)


def _moved_apart(places: np.ndarray, half: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Places, in pixels from the middle, of boxes of so many half pixels, moved as little as need
    be, and as far as there is room, so that none covers another."""
    places = places + 1e-3 * np.random.default_rng(0).normal(size=places.shape)  # no two the same
    need = half[:, None] + half[None]
    for _ in range(200):
        between = places[:, None] - places[None]
        over = need - np.abs(between)
        covered = (over > 0).all(axis=2)
        np.fill_diagonal(covered, False)
        if not covered.any():
            break
        shorter = over == over.min(axis=2, keepdims=True)  # the way out
        push = np.where(covered[..., None] & shorter, np.sign(between) * over / 2, 0).sum(axis=1)
        places = np.clip(places + 0.5 * push, half - reach, reach - half)
    return places


def _ink_on(colour: str) -> str:
    """Black or white, whichever is read on a colour."""
    return "black" if np.dot(to_rgb(colour), (0.3, 0.59, 0.11)) > 0.4 else "white"


def _map_in_words(page: np.ndarray, names: list[str], kinds: list[str], title) -> str:
    """Which words lie where, and which two are nearest to each other."""
    texts = []
    for kind in dict.fromkeys(kinds):
        own = np.flatnonzero([one == kind for one in kinds])
        some = ", ".join(_label(names[i]) for i in own[:NAMED]) + ", ..." * (len(own) > NAMED)
        texts.append(f"{kind} ({len(own)}: {some}) {_where(page[own].mean(axis=0), page)}")
    text = f"Map{f' of {title}' if title else ''}, {len(page)} words. {'; '.join(texts)}."
    if len(page) > 2:
        apart = np.linalg.norm(page[:, None] - page[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        one, other = np.unravel_index(apart.argmin(), apart.shape)
        text += f" Nearest to each other: {_label(names[one])} and {_label(names[other])}."
    return text


def _where(place: np.ndarray, page: np.ndarray) -> str:
    """Where on a page a place is, in words."""
    low, size = page.min(axis=0), np.ptp(page, axis=0)
    x, y = np.clip(3 * (place - low) / np.where(size > 0, size, 1), 0, 2.99).astype(int)
    x, y = ("left", "", "right")[x], ("below", "", "above")[y]
    return " ".join(filter(None, (x, y))) or "in the middle"


# --- names -------------------------------------------------------------------------------------


def _names(names, what: str = "names") -> list[str]:
    found = list(names) if can_be_gone_through(names) and not isinstance(names, str) else [None]
    if not all(isinstance(name, str) for name in found):
        raise SettingError(f"{what} is {shortened(names)}, but it must be a list of texts.")
    return found


def _label(name: str) -> str:
    """A name as a picture has it: not without end, and padding not as nothing."""
    name = name if name.strip() else "(padding)"
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 3]}..."
