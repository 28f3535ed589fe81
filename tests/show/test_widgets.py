"""The sample browser, driven by its slider's value, and the listening form, by its buttons."""

import ipywidgets
import numpy as np
import pytest

from helpers.show import player, widgets

ITEMS = {0: [60] * 16, 10: [62] * 16, 200: [64] * 16}


@pytest.fixture
def played(monkeypatch):
    """What was played: (music, title, options)."""
    calls = []

    def note(music, title=None, **options):
        calls.append((music, title, options))
        return [f"picture of {title}", f"player of {title}"]

    monkeypatch.setattr(player, "play", note)
    monkeypatch.setattr(player, "shown", note)
    return calls


@pytest.fixture
def shown(monkeypatch):
    import IPython.display

    things = []

    class Place:
        """As a DisplayHandle: what it shows gives way to something else."""

        def __init__(self, number):
            self.number = number

        def update(self, thing):
            things[self.number] = thing

    def display(thing, display_id=None):
        things.append(thing)
        return Place(len(things) - 1) if display_id else None

    monkeypatch.setattr(IPython.display, "display", display)
    return things


def test_the_last_item_is_shown_outside_the_widget(played, shown):
    slider = widgets.browse(ITEMS, tempo=90)
    assert slider.value == 200
    assert [label for label, _ in slider.options] == ["0", "10", "200"]
    assert played == [(ITEMS[200], "200", {"tempo": 90})]
    box = shown[0]
    assert shown[1:] == ["picture of 200", "player of 200"]
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
    assert "SettingError: Music is" in capsys.readouterr().out
    slider.value = 10  # and the next one works again


def test_one_picture_and_one_player_that_follow_the_slider(shown):
    slider = widgets.browse(ITEMS, chosen=0)
    assert len(shown) == 3  # the widget, the picture and the player
    assert "<audio" in shown[2].data
    assert shown[1].axes[0].get_title(loc="left") == "0"
    first = shown[2].data
    slider.value = 10
    assert len(shown) == 3
    assert shown[1].axes[0].get_title(loc="left") == "10"
    assert "<audio" in shown[2].data and shown[2].data != first


def test_several_sliders_make_their_music_together(played, shown):
    choices = {"epoch": [1, 2, 3], "noise": range(4)}
    made = []

    def make(epoch, noise):
        made.append((epoch, noise))
        return [60 + 10 * epoch + noise]

    sliders = widgets.explore(make, choices, {"noise": 0}, tempo=90)
    assert list(sliders) == ["epoch", "noise"]
    assert played == [([90], "epoch: 3, noise: 0", {"tempo": 90})]
    sliders["epoch"].value = 1
    sliders["noise"].value = 2
    assert made == [(3, 0), (1, 0), (1, 2)]
    assert played[-1] == ([72], "epoch: 1, noise: 2", {"tempo": 90})
    box = shown[0]
    assert shown[1:] == ["picture of epoch: 1, noise: 2", "player of epoch: 1, noise: 2"]
    assert list(box.children[:2]) == list(sliders.values())


def test_bad_arguments(played, shown):
    with pytest.raises(ValueError, match="nothing to browse"):
        widgets.browse({})
    with pytest.raises(ValueError, match="5 is none of the labels, which are 0, 10, 200"):
        widgets.browse(ITEMS, chosen=5)
    assert shown == [] and played == []


# --- the listening form ------------------------------------------------------------------------

CLIPS = {"Bach": [60] * 16, "the RNN": [62] * 16, "the <trigram>": [64] * 16, "chance": [65] * 16}


def fill_in(form, ratings):
    for letter, label in form.labels.items():
        form.choices[letter].value = ratings[label]


def everything_shown(form):
    """What the listener can read in the form."""
    texts = [getattr(child, "value", None) for child in form.box.children]
    texts += [child.description for child in form.box.children if hasattr(child, "description")]
    return " ".join(map(str, texts))


def test_clips_stand_under_letters_in_an_order_of_the_seed(played, shown):
    forms = [widgets.listening_form(CLIPS, "Good?", seed=seed) for seed in range(8)]
    for form in forms:
        assert list(form.labels) == ["A", "B", "C", "D"]
        assert sorted(form.labels.values()) == sorted(CLIPS)
    assert len({tuple(form.labels.values()) for form in forms}) > 3
    assert widgets.listening_form(CLIPS, "Good?", seed=3).labels == forms[3].labels


def test_each_clip_is_played_under_its_letter_and_no_label_is_shown(played, shown):
    form = widgets.listening_form(CLIPS, "Is this <Bach>?", seed=1)
    assert [title for _, title, _ in played] == ["clip A", "clip B", "clip C", "clip D"]
    assert [music for music, _, _ in played] == [CLIPS[label] for label in form.labels.values()]
    assert all(options == {"picture": False} for _, _, options in played)  # a picture tells much
    assert shown == [form.box]
    text = everything_shown(form)
    assert "Is this &lt;Bach&gt;?" in text and "clip D" in text
    assert not any(label in text for label in ("RNN", "trigram", "chance"))


def test_ratings_are_told_by_label(played, shown):
    form = widgets.listening_form(CLIPS, "Good?", seed=2)
    assert form.ratings() == dict.fromkeys(CLIPS)
    form.choices["B"].value = 3
    assert form.ratings() == {**dict.fromkeys(CLIPS), form.labels["B"]: 3}
    assert [value for _, value in form.choices["A"].options] == [None, 1, 2, 3, 4, 5]
    with pytest.raises(Exception, match="Invalid selection"):
        form.choices["A"].value = 6


def test_nothing_is_revealed_before_every_clip_is_rated(played, shown):
    form = widgets.listening_form(CLIPS, "Good?", seed=2)
    ratings = dict(zip(CLIPS, (1, 2, 3, 4), strict=True))
    for last in CLIPS:
        fill_in(form, ratings | {last: None})
        form.button.click()
        assert form.answer.value == "Rate every clip first."
        assert not any(choice.disabled for choice in form.choices.values())


def test_after_the_answer_the_ratings_are_locked(played, shown):
    form = widgets.listening_form(CLIPS, "Good?", seed=2)
    ratings = dict(zip(CLIPS, (1, 5, 3, 2), strict=True))
    fill_in(form, ratings)
    form.button.click()
    assert all(choice.disabled for choice in form.choices.values())
    for letter, label in form.labels.items():
        assert (
            f"{letter} was {label.replace('<', '&lt;').replace('>', '&gt;')}" in form.answer.value
        )
    assert form.ratings() == ratings


def test_labels_may_be_numbers(played, shown):
    form = widgets.listening_form(ITEMS, "Good?", seed=0)
    fill_in(form, {0: 1, 10: 2, 200: 3})
    form.button.click()
    assert form.ratings() == {0: 1, 10: 2, 200: 3}
    assert "was 200" in form.answer.value


def test_no_clips_are_refused(played, shown):
    with pytest.raises(ValueError, match="nothing to listen to"):
        widgets.listening_form({}, "Good?", seed=0)
    assert shown == [] and played == []
