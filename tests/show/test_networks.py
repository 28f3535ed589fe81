"""Guesses and maps have in them what they should: the music's end, bars in order, every word."""

import itertools

import numpy as np
import pytest
from matplotlib.collections import PatchCollection

from helpers.data.tunes import load_tunes
from helpers.music.grid import REST
from helpers.show import networks
from helpers.show.pictures import COLOURS

NAMES = ["", "A4 2", "B4 2", "C5 2", "D5 2", "E5 2"]
LIKELY = [0, 0.1, 0.4, 0.05, 0.3, 0.15]
DARK, LIGHT = COLOURS[3], COLOURS[2]


def bars(figure):
    """``(name, probability, colour)`` of each bar, from above."""
    axes = figure.axes[1]
    names = {
        place: text.get_text()
        for place, text in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    }
    found = {}
    for bar in axes.patches:
        colour = next(c for c in COLOURS if np.allclose(bar.get_facecolor()[:3], rgb(c)))
        found[bar.get_y() + bar.get_height() / 2] = (bar.get_width(), colour)
    low, high = axes.get_ylim()
    assert low > high  # downwards
    return [(names[min(names, key=lambda one: abs(one - y))], *found[y]) for y in sorted(found)]


def rgb(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def notes(figure):
    """Left end of each note that is drawn."""
    (found,) = [c for c in figure.axes[0].collections if isinstance(c, PatchCollection)]
    return [path.get_extents().x0 for path in found.get_paths()]


# --- guesses -----------------------------------------------------------------------------------


def test_the_likeliest_is_on_top_and_what_came_is_dark():
    figure = networks.plot_guesses([60] * 8, NAMES, LIKELY, came="D5 2", most=3)
    assert bars(figure) == [("B4 2", 0.4, LIGHT), ("D5 2", 0.3, DARK), ("E5 2", 0.15, LIGHT)]
    assert figure.axes[1].get_title(loc="left") == "then came D5 2: 2nd of 6"
    assert "B4 2 40.0%, D5 2 30.0%, E5 2 15.0%. Then came D5 2: 2nd of 6, 30.0%." in figure.alt
    assert [text.get_text() for text in figure.axes[1].texts] == ["40.0%", "30.0%", "15.0%"]


def test_what_came_and_was_not_likely_is_the_last_bar():
    figure = networks.plot_guesses([60] * 8, NAMES, LIKELY, came="C5 2", most=2)
    assert bars(figure) == [("B4 2", 0.4, LIGHT), ("D5 2", 0.3, LIGHT), ("C5 2", 0.05, DARK)]
    assert np.diff(figure.axes[1].get_yticks())[-1] > 1  # a little apart
    figure = networks.plot_guesses([60] * 8, NAMES, LIKELY, came="", most=5)
    assert bars(figure)[-1] == ("(padding)", 0, DARK) and len(bars(figure)) == 6


def test_without_what_came_no_bar_is_dark():
    figure = networks.plot_guesses([60] * 8, NAMES, LIKELY)
    assert [colour for *_, colour in bars(figure)] == [LIGHT] * 6
    assert figure.axes[1].get_title(loc="left") == "what comes next?"
    assert "came" not in figure.alt


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th")]
)
def test_places_in_words(number, word):
    assert networks._nth(number) == word
    assert networks._nth(100 + number) == f"10{word}" if number < 10 else f"1{word}"


def test_the_last_steps_of_the_first_voice_are_drawn():
    """A note every four steps for 80 steps: those from step 48 on."""
    voices = np.repeat([[60 + i, 40] for i in range(20)], 4, axis=0)
    figure = networks.plot_guesses(voices, NAMES, LIKELY)
    assert notes(figure) == [48 + 4 * i for i in range(8)]
    start, end = figure.axes[0].get_xlim()
    assert start == 48 and 80 < end < 84  # with room for what comes next
    assert [text.get_text() for text in figure.axes[0].texts] == ["?"]
    assert "the last 32 steps. voice 1: 8 notes, C5 to G5." in figure.alt
    low, high = figure.axes[0].get_ylim()
    assert 60 < low < 72 and 79 < high < 90  # of those notes alone


def test_a_tune_has_its_bars_and_its_name():
    tune = next(one for one in load_tunes("test", "reel") if len(one.bar_starts) > 12)
    figure = networks.plot_guesses(tune, NAMES, LIKELY)
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == tune.name
    places = dict(
        zip(axes.get_xticks(), (t.get_text() for t in axes.get_xticklabels()), strict=True)
    )
    start, _ = axes.get_xlim()
    last = max(place for place in tune.bar_starts if place < tune.notes[-1, 1])
    assert last >= start and places[last] == str(list(tune.bar_starts).index(last) + 1)


@pytest.mark.parametrize(
    ("music", "said"), [([], "Nothing"), ([REST] * 50, "Nothing"), ([60], "C4")]
)
def test_little_music_is_music(music, said):
    figure = networks.plot_guesses(music, NAMES, LIKELY)
    assert said in figure.alt and figure._repr_png_()


def test_what_a_network_cannot_guess_is_refused():
    for wrong, words in (
        ({"probabilities": LIKELY[1:]}, "6 names and 5 prob"),
        ({"probabilities": [0.5] * 6}, "these to 3"),
        ({"came": "F5 2"}, "none of the names"),
        ({"music": np.zeros((4, 9, 3))}, "only drums"),
    ):
        call = {"music": [60], "names": NAMES, "probabilities": LIKELY} | wrong
        with pytest.raises(ValueError, match=words):
            networks.plot_guesses(**call)


# --- a map -------------------------------------------------------------------------------------


def boxes(figure):
    """Each text's place in pixels, by its text; and the panel's."""
    figure.draw_without_rendering()
    axes = figure.axes[0]
    return {t.get_text(): t.get_window_extent() for t in axes.texts}, axes.get_window_extent()


PAGE = np.random.default_rng(3).normal(size=(60, 2)) * (3, 1)
WORDS = [f"word {i}" for i in range(60)]


@pytest.mark.parametrize("title", [None, "Many words"])
def test_every_word_is_seen_whole(title):
    groups = [f"group {i % 4}" for i in range(60)]
    found, panel = boxes(networks.plot_map(PAGE, WORDS, groups, title))
    assert list(found) == WORDS
    for box in found.values():
        assert panel.x0 < box.x0 and box.x1 < panel.x1 and panel.y0 < box.y0 and box.y1 < panel.y1
    assert not any(one.overlaps(other) for one, other in itertools.combinations(found.values(), 2))


def test_long_words_at_the_edges_are_inside():
    names = ["a" * 24, "b" * 24, "c" * 99]
    found, panel = boxes(networks.plot_map([[0, 0], [5, 0], [5, 1e-3]], names))
    assert [*found][2] == "c" * 21 + "..."
    assert all(panel.x0 < box.x0 and box.x1 < panel.x1 for box in found.values())


def test_words_stand_where_they_should_on_one_scale():
    """Four words far from each other, the corners of a rectangle of 4 by 2."""
    page = np.array([[0, 0], [4, 0], [0, 2], [4, 2]]) + 1e6
    found, _ = boxes(networks.plot_map(page, ["a1", "b2", "c3", "d4"]))
    a, b, c, d = [np.mean(box.get_points(), axis=0) for box in found.values()]
    assert np.allclose(b - a, d - c, atol=1.5) and np.allclose(c - a, d - b, atol=1.5)
    assert b[0] - a[0] == pytest.approx(2 * (c[1] - a[1]), rel=0.02) and c[1] > a[1]


def test_groups_have_colours_and_a_legend():
    figure = networks.plot_map(PAGE[:3], ["a", "b", "c"], ["notes", "rests", "notes"])
    a, b, c = (text.get_bbox_patch().get_facecolor() for text in figure.axes[0].texts)
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["notes", "rests"]
    assert [patch.get_facecolor() for patch in legend.get_patches()] == [a, b] and a == c != b
    assert not networks.plot_map(PAGE[:3], ["a", "b", "c"]).legends


def test_the_map_in_words():
    page = [[0, 0], [0, 1], [9, 8], [9, 9]]
    figure = networks.plot_map(page, ["a", "b", "c", "d"], ["low", "low", "high", "high"], "All")
    assert figure.alt == (
        "Map of All, 4 words. low (2: a, b) left below; high (2: c, d) right above. "
        "Nearest to each other: a and b."
    )


@pytest.mark.parametrize("page", [[[5, 5]], [[1, 1]] * 3, [[0, 0], [0, 9]]])
def test_a_page_may_be_a_place_or_a_line(page):
    names = [f"word {i}" for i in range(len(page))]
    found, panel = boxes(networks.plot_map(page, names))
    assert all(panel.x0 < box.x0 and box.y1 < panel.y1 for box in found.values())
    assert not any(one.overlaps(other) for one, other in itertools.combinations(found.values(), 2))


def test_too_many_groups_and_words_are_refused():
    with pytest.raises(ValueError, match="5 groups are too many"):
        networks.plot_map(PAGE[:5], WORDS[:5], list("abcde"))
    with pytest.raises(ValueError, match="from 1 to 200 words, not 240"):
        networks.plot_map(np.tile(PAGE, (4, 1)), WORDS * 4)
