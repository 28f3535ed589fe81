"""Widgets: sliders to listen and look with. What they show stands below them, outside, for a saved
notebook has no widgets; there it is what was chosen first."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable

import numpy as np

from ..course.errors import SettingError, check_choice, check_kind, check_number, shortened
from . import player


def browse(items, chosen=None, **options):
    """A slider over several pieces of music; the one it stands on is shown and played below it.

    items: a dict of label and music (anything that ``to_timeline`` takes), or a list.
    chosen: the label that the slider begins with, the last one if None. options: passed on to
    ``play``.
    Returns the slider; ``slider.value = label`` moves it. An error in showing a piece is printed
    below the slider and raised.
    """
    check_kind("items", items, Iterable, "a dict or a list of music")
    items = items if isinstance(items, dict) else dict(enumerate(items))
    if not items:
        raise SettingError("There is nothing to browse: give at least one piece of music.")
    chosen = {} if chosen is None else {"": chosen}
    return explore(lambda **labels: items[labels[""]], {"": items}, chosen, **options)[""]


def explore(make, choices: dict, chosen: dict | None = None, **options) -> dict:
    """A slider for each of several choices; the music that ``make`` returns for them is shown and
    played below.

    choices: a dict of name and values; ``make`` gets one value of each under its name. chosen: the
    values that the sliders begin with, the last ones where it has none. options: passed on to
    ``play``.
    Returns the sliders by name. An error is printed below the sliders and raised.
    """
    if not callable(make):
        check_kind("make", make, (), "a function that returns music")
    check_kind("choices", choices, dict, "a dict of name and values")
    check_kind("chosen", chosen, dict, "a dict of name and value", none=True)
    for name, values in choices.items():
        check_kind(f"choices[{name!r}]", values, Iterable, "a list of values")
    import ipywidgets
    from IPython.display import clear_output, display

    choices = {name: list(values) for name, values in choices.items()}
    if not choices or not all(choices.values()):
        raise SettingError(
            "There is nothing to choose: give a name, and at least one value for it."
        )
    chosen = {name: values[-1] for name, values in choices.items()} | (chosen or {})
    for name, value in chosen.items():
        check_choice("A name among the chosen", name, choices)
        if value not in choices[name]:
            labels = ", ".join(map(str, choices[name]))
            raise SettingError(f"{shortened(value)} is none of the labels, which are {labels}.")

    def made():
        values = {name: slider.value for name, slider in sliders.items()}
        said = [f"{name}: {value}" if name else str(value) for name, value in values.items()]
        return player.shown(make(**values), title=", ".join(said), **options)

    sliders = {
        name: ipywidgets.SelectionSlider(
            options=[(str(value), value) for value in values],
            value=chosen[name],
            description=name,
            continuous_update=False,  # no sound for every place that the slider passes
            style={"description_width": "initial"},
            layout={"width": "100%", "max_width": "720px"},
        )
        for name, values in choices.items()
    }
    output = ipywidgets.Output()

    def moved(_):
        failure = None
        with output:
            clear_output()  # of an earlier error
            try:
                things = made()
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
                failure = error
        # An Output keeps errors to itself: whoever moves the slider by hand reads them there, and
        # a cell or a test that does so fails here.
        if failure is not None:
            raise failure
        for place, thing in zip(places, things, strict=True):
            if place is None:  # outside Jupyter
                display(thing)
            else:
                place.update(thing)

    for slider in sliders.values():
        slider.observe(moved, names="value")
    display(ipywidgets.VBox([*sliders.values(), output]))
    places = [display(thing, display_id=True) for thing in made()]
    return sliders


def listening_form(clips: dict, question: str, seed: int | None = None):
    """Clips under the letters A, B, C in an order drawn by ``seed`` (None: a new one each time), a
    rating from 1 to 5 for each, and a button that shows which was which and locks them.

    clips: a dict of label and music. Returns the form: ``form.ratings()`` is a dict of label and
    rating, None where none was given.
    """
    check_kind("clips", clips, dict, "a dict of label and music")
    check_kind("question", question, str, "a text")
    check_number("seed", seed, least=0, largest=math.inf, none=True)
    from IPython.display import display

    if not clips:
        raise SettingError("There is nothing to listen to: give at least one piece of music.")
    form = ListeningForm(clips, question, seed)
    for letter, label in form.labels.items():
        player.play(clips[label], title=f"clip {letter}", picture=False)
    display(form.box)
    return form


class ListeningForm:
    """See ``listening_form``. ``labels``: letter -> label, which the listener must not see."""

    def __init__(self, clips, question, seed):
        import ipywidgets

        order = np.random.default_rng(seed).permutation(list(clips)).tolist()
        self.labels = {chr(ord("A") + i): label for i, label in enumerate(order)}
        options = [("-", None), *((str(i), i) for i in range(1, 6))]
        self.choices = {
            letter: ipywidgets.ToggleButtons(
                options=options, description=f"clip {letter}", style={"button_width": "3em"}
            )
            for letter in self.labels
        }
        self.button = ipywidgets.Button(description="Which was which?")
        self.button.on_click(self._reveal)
        self.answer = ipywidgets.HTML()
        heading = ipywidgets.HTML(f"<b>{html.escape(question)}</b> (1 no, 5 yes)")
        self.box = ipywidgets.VBox([heading, *self.choices.values(), self.button, self.answer])

    def ratings(self) -> dict:
        """Label -> rating, None where none was given."""
        return {label: self.choices[letter].value for letter, label in self.labels.items()}

    def _reveal(self, _) -> None:
        if None in self.ratings().values():
            self.answer.value = "Rate every clip first."
            return
        for choice in self.choices.values():
            choice.disabled = True
        self.answer.value = "; ".join(
            f"{letter} was {html.escape(str(label))}" for letter, label in self.labels.items()
        )
