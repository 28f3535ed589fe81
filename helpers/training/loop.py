"""The one loop of all chapters; what happens in an iteration is the chapter's own."""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import suppress

import numpy as np

from ..course.errors import OneSentence, SettingError, check_kind, check_number
from ..course.progress_bar import progress
from .state import Training


class Stopped(OneSentence):
    """A training that was stopped before its end; it goes on from its last save."""


def train(
    run: Training,
    make_step: Callable,
    iterations: int,
    label: str = "Training",
    look_back: Callable | None = None,
    look_at: Container[int] = (),
    average: tuple[str, float] | None = None,
    choose: str | None = None,
    patience: int | None = None,
    watch=(),
) -> Training:
    """Goes on with a training, from its last save up to ``iterations`` in all, and returns it.

    make_step: ``make_step(run)``, called when the last save is restored, returns a function
    ``step(iteration)`` that does one iteration and returns its figures by name, none of them a name
    that ``look_back`` uses; the history keeps four digits.
    look_back: ``look_back(run)`` returns figures, and is asked at the iterations in ``look_at`` and
    at the end, once each. average: (network, memory): ``run.networks["average"]`` is kept as that
    network's running average. choose: the figure of ``look_back`` by which ``run.networks["best"]``
    keeps the best weights, lower being better: the average's, or else the first network's.
    patience: ends when so many looks in a row found none better. watch: figures of ``look_back``
    that are drawn while it trains.

    The history has a "step" for each iteration and an "iteration" for each look. All is saved twice
    a minute and at each look. Raises Stopped where the ■ button was pressed, which also keeps the
    cells below from running; CheckpointError where another notebook trains in the folder, or the
    last save does not fit; SettingError on an argument that makes no sense.
    """
    check_kind("run", run, Training, "a Training")
    check_kind("make_step", make_step, Callable, "a function that makes a step")
    check_kind("look_back", look_back, Callable, "a function of the training", none=True)
    check_kind("look_at", look_at, Container, "a list of iterations, or a range")
    check_kind("choose", choose, str, "the name of a figure", none=True)
    _check(run, iterations, look_back, average, choose, patience)
    with run.alone():
        run.resume()
        step, follow = make_step(run), running_average(run, average)
        look = _Look(
            run, look_back, "average" if average else next(iter(run.networks)), choose, watch
        )
        bar = progress(
            range(run.iteration, iterations),
            total=iterations,
            label=label,
            initial=run.iteration,
            interruptible=True,
        )
        try:
            for iteration in bar if not look.is_over(patience) else ():
                if iteration in look_at:
                    look()
                    if look.is_over(patience):
                        break
                figures = {name: round(float(value), 4) for name, value in step(iteration).items()}
                follow(iteration + 1)
                run.iteration = iteration + 1
                run.record({"step": run.iteration, **figures})
                run.save_if_due()
                bar.show(**figures)
            if run.saved_iteration < run.iteration:  # what a look has saved is not written twice
                run.save()
            if bar.interrupted and run.iteration < iterations:
                raise _stopped(run.iteration, iterations)
            look()
        except KeyboardInterrupt:  # the second one, or one while it looks back at the end
            raise _stopped(run.saved_iteration, iterations) from None
        return run


def _check(run: Training, iterations, look_back, average, choose, patience) -> None:
    check_number("iterations", iterations, least=1)
    check_number("patience", patience, least=1, none=True)
    if (choose or patience is not None) and look_back is None:
        raise SettingError("Nothing can be chosen without look_back, whose figure choose= names.")
    if patience is not None and not choose:
        raise SettingError("patience needs choose=, the figure of look_back that is waited for.")
    needed = {"best"} if choose else set()
    if average is not None:
        if not isinstance(average, (tuple, list)) or len(average) != 2:
            check_kind("average", average, (), "a network's name and a memory, ('generator', 0.99)")
        name, memory = average
        check_number("The memory of the running average", memory, 0, 1, whole=False)
        needed |= {name, "average"}
    for name in needed - run.networks.keys():
        raise SettingError(f"The training has no network {name!r}, but: {', '.join(run.networks)}.")


def _stopped(done: int, iterations: int) -> Stopped:
    return Stopped(f"{done} of {iterations} iterations are done and saved: run this cell to go on.")


def running_average(run: Training, average: tuple[str, float] | None) -> Callable[[int], None]:
    """A function of the iterations done that moves the running average. Its memory is short at
    first, then about ``1 / (1 - memory)`` iterations."""
    if average is None:
        return lambda done: None
    import tensorflow as tf

    name, memory = average
    means = run.networks["average"].trainable_variables
    weights = run.networks[name].trainable_variables

    @tf.function
    def move(done):
        kept = tf.minimum(memory, done / (10.0 + done))
        for mean, weight in zip(means, weights, strict=True):
            mean.assign(kept * mean + (1.0 - kept) * weight)

    return lambda done: move(tf.constant(done, tf.float32))


class _Look:
    """Looking back: figures recorded once an iteration, the best weights kept, curves drawn."""

    def __init__(self, run, look_back, kept, choose, watch):
        self.run, self.look_back, self.kept = run, look_back, kept
        self.choose, self.watch, self.picture = choose, list(watch), None

    def __call__(self) -> None:
        run = self.run
        if self.look_back is not None and run.iteration not in run.history.get("iteration", []):
            figures = self.look_back(run)
            best = min(self._chosen(), default=np.inf)
            if self.choose and figures[self.choose] < best:  # nan is never better
                run.networks["best"].set_weights(run.networks[self.kept].get_weights())
            run.record({"iteration": run.iteration, **figures})
        run.save()
        if self.watch and "iteration" in run.history:
            self._draw()

    def _chosen(self) -> list[float]:
        return [np.inf if np.isnan(x) else x for x in self.run.history.get(self.choose, [])]

    def is_over(self, patience: int | None) -> bool:
        """Whether ``patience`` looks have passed without a better one."""
        found = self._chosen()
        return patience is not None and len(found) - 1 - np.argmin(found or [0]) >= patience

    def _draw(self) -> None:
        from IPython.display import display

        from ..show.curves import plot_metrics

        with suppress(Exception):  # a picture is no reason to end a training
            picture = plot_metrics(self.run.history, {}, self.watch)
            if self.picture is None:
                self.picture = display(picture, display_id=True)
            else:
                self.picture.update(picture)
