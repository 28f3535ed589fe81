"""The sample browser, driven by its slider's value."""

import ipywidgets
import numpy as np
import pytest

from helpers import audio, widgets

ITEMS = {0: [60] * 16, 10: [62] * 16, 200: [64] * 16}


@pytest.fixture
def played(monkeypatch):
    """What was played: (music, title, options)."""
    calls = []
    monkeypatch.setattr(
        audio, "play", lambda music, title=None, **options: calls.append((music, title, options))
    )
    return calls


@pytest.fixture
def shown(monkeypatch):
    import IPython.display

    things = []
    monkeypatch.setattr(IPython.display, "display", lambda *objects, **_: things.extend(objects))
    return things


def test_the_last_item_is_shown_outside_the_widget(played, shown):
    slider = widgets.browse(ITEMS, "iteration", tempo=90)
    assert slider.value == 200
    assert [label for label, _ in slider.options] == ["0", "10", "200"]
    assert played == [(ITEMS[200], "iteration: 200", {"tempo": 90})]
    (box,) = shown
    assert isinstance(box, ipywidgets.VBox)
    assert box.children[0] is slider
    assert isinstance(box.children[1], ipywidgets.Output)


def test_moving_the_slider_plays_the_item_once(played, shown):
    slider = widgets.browse(ITEMS, chosen=10)
    slider.value = 0
    slider.value = 200
    slider.value = 200  # not moved
    assert [title for _, title, _ in played] == ["10", "0", "200"]
    assert [music for music, _, _ in played] == [ITEMS[10], ITEMS[0], ITEMS[200]]


def test_a_list_is_numbered(played, shown):
    slider = widgets.browse([np.full(8, 60), np.full(8, 62)], chosen=0)
    slider.value = 1
    assert [title for _, title, _ in played] == ["0", "1"]


def test_an_error_in_the_callback_surfaces(shown, capsys):
    slider = widgets.browse(ITEMS | {"broken": "no music"}, chosen=0)
    with pytest.raises(TypeError, match="not str"):
        slider.value = "broken"
    assert "TypeError: Music is" in capsys.readouterr().out
    slider.value = 10  # and the next one works again


def test_everything_that_play_shows_is_shown(shown):
    slider = widgets.browse(ITEMS, "iteration", chosen=0)
    assert len(shown) == 3  # the widget, and one picture and one player that stay
    assert "<audio" in shown[2].data
    assert shown[1].axes[0].get_title(loc="left") == "iteration: 0"
    slider.value = 10
    assert shown[3].axes[0].get_title(loc="left") == "iteration: 10"


def test_bad_arguments(played, shown):
    with pytest.raises(ValueError, match="nothing to browse"):
        widgets.browse({})
    with pytest.raises(ValueError, match="5 is none of the labels, which are 0, 10, 200"):
        widgets.browse(ITEMS, chosen=5)
    assert shown == [] and played == []
