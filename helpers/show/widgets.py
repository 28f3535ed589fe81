"""Widgets: sliders to listen and look with. What they show is also left outside of them, for a
saved notebook has no widgets."""

from __future__ import annotations

import html

import numpy as np

from . import player


def browse(items, chosen=None, **options):
    """A slider over several pieces of music; the one it stands on is shown and played below it.

    items: a dict of label and music (anything that ``to_timeline`` takes), or a list.
    chosen: the label that the slider begins with, the last one if None; this one is also shown
    below the widget, where it stays. options: passed on to ``play``.
    Returns the slider; ``slider.value = label`` moves it. An error in showing a piece is printed
    below the slider and raised.
    """
    items = items if isinstance(items, dict) else dict(enumerate(items))
    if not items:
        raise ValueError("There is nothing to browse: give at least one piece of music.")
    chosen = {} if chosen is None else {"": chosen}
    return explore(lambda **labels: items[labels[""]], {"": items}, chosen, **options)[""]


def explore(make, choices: dict, chosen: dict | None = None, **options) -> dict:
    """A slider for each of several choices; the music that ``make`` returns for them is shown and
    played below.

    choices: a dict of name and values; ``make`` gets one value of each under its name. chosen: the
    values that the sliders begin with, the last ones where it has none; their music is also shown
    below the widget, where it stays. options: passed on to ``play``.
    Returns the sliders by name. An error is printed below the sliders and raised.
    """
    import ipywidgets
    from IPython.display import clear_output, display

    choices = {name: list(values) for name, values in choices.items()}
    chosen = {name: values[-1] for name, values in choices.items()} | (chosen or {})
    for name, value in chosen.items():
        if value not in choices[name]:
            labels = ", ".join(map(str, choices[name]))
            raise ValueError(f"{value!r} is none of the labels, which are {labels}.")

    def show():
        values = {name: slider.value for name, slider in sliders.items()}
        said = [f"{name}: {value}" if name else str(value) for name, value in values.items()]
        player.play(make(**values), title=", ".join(said), **options)

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
        with output:
            clear_output(wait=True)
            try:
                return show()
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
                failure = error
        # An Output keeps errors to itself: whoever moves the slider by hand reads them there, and
        # a cell or a test that does so fails here.
        raise failure

    for slider in sliders.values():
        slider.observe(moved, names="value")
    display(ipywidgets.VBox([*sliders.values(), output]))
    show()
    return sliders


def listening_form(clips: dict, question: str, seed: int | None = None):
    """Clips under the letters A, B, C in an order drawn by ``seed`` (None: a new one each time), a
    rating from 1 to 5 for each, and a button that shows which was which and locks them.

    clips: a dict of label and music. Returns the form: ``form.ratings()`` is a dict of label and
    rating, None where none was given.
    """
    from IPython.display import display

    if not clips:
        raise ValueError("There is nothing to listen to: give at least one piece of music.")
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
