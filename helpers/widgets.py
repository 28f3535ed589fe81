"""Widgets: sliders to listen and look with. What they show is also left outside of them, for a
saved notebook has no widgets."""

from __future__ import annotations

from . import audio


def browse(items, title: str | None = None, chosen=None, **options):
    """A slider over several pieces of music; the one it stands on is shown and played below it.

    items: a dict of label and music (anything that ``helpers.midi.to_midi`` takes), or a list.
    chosen: the label that the slider begins with, the last one if None; this one is also shown
    below the widget, where it stays. options: passed on to ``helpers.audio.play``.
    Returns the slider; ``slider.value = label`` moves it. An error in showing a piece is printed
    below the slider and raised.
    """
    import ipywidgets
    from IPython.display import clear_output, display

    items = dict(items) if isinstance(items, dict) else dict(enumerate(items))
    if not items:
        raise ValueError("There is nothing to browse: give at least one piece of music.")
    if chosen is None:
        chosen = list(items)[-1]
    if chosen not in items:
        raise ValueError(
            f"{chosen!r} is none of the labels, which are {', '.join(map(str, items))}."
        )

    def show(label):
        audio.play(items[label], title=f"{title}: {label}" if title else str(label), **options)

    slider = ipywidgets.SelectionSlider(
        options=[(str(label), label) for label in items],
        value=chosen,
        description=title or "",
        continuous_update=False,  # no sound for every place that the slider passes
        style={"description_width": "initial"},
        layout={"width": "100%", "max_width": "720px"},
    )
    output = ipywidgets.Output()

    def moved(change):
        failure = None
        with output:
            clear_output(wait=True)
            try:
                show(change["new"])
            except Exception as error:
                # An Output keeps errors to itself: whoever moves the slider by hand shall read
                # it there, a cell or a test that does so shall fail.
                print(f"{type(error).__name__}: {error}")
                failure = error
        if failure is not None:
            raise failure

    slider.observe(moved, names="value")
    display(ipywidgets.VBox([slider, output]))
    show(chosen)
    return slider
