"""How far a loop is: a bar in a notebook, elsewhere a line now and then."""

from __future__ import annotations

import html
import math
import numbers
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from .errors import check_kind, check_number

SECONDS_BETWEEN_DRAWINGS = 0.25


class Progress:
    """Iterate over it instead of over ``iterable``, and see how far the loop is.

    total: how many iterations there are in all; by default ``initial`` and the iterable's length.
    initial: how many were done before, in a training that goes on.
    interruptible: the first Ctrl-C (Jupyter's stop button) lets the running iteration end and
    then leaves the loop, with ``interrupted`` True; a second one raises KeyboardInterrupt at once.
    Of nested loops make only the outer one interruptible.

    ``done`` counts the iterations finished, ``initial`` ones included.
    """

    def __init__(
        self,
        iterable: Iterable,
        total: int | None = None,
        label: str = "",
        initial: int = 0,
        interruptible: bool = False,
    ):
        check_kind("iterable", iterable, Iterable, "what a for loop goes through, such as range(9)")
        check_kind("label", label, str, "text")
        check_number("total", total, least=0, largest=math.inf, none=True)
        check_number("initial", initial, least=0, largest=math.inf)
        if total is None:
            with suppress(TypeError):  # a generator has no length, nor an endless data set
                total = initial + len(iterable)
        self.total, self.label, self.done, self.interrupted = total, label, initial, False
        self._iterable, self._initial, self._interruptible = iterable, initial, interruptible
        self._started, self._first_ended = monotonic(), None
        self._figures = {}

    def show(self, **figures) -> None:
        """Sets the figures beside the bar: numbers or text. They are read only when drawn, so
        that a tensor on a GPU is not waited for in every iteration."""
        self._figures.update(figures)

    def __iter__(self) -> Iterator:
        self.done, self.interrupted = self._initial, False
        self._started, self._first_ended = monotonic(), None
        screen = _screen()
        # Python closes this generator, and so runs what is under `finally`, as soon as the loop
        # over it is left, be it by break or by an exception.
        try:
            with self._first_interrupt_noted():
                screen.draw(self)
                for item in self._iterable:
                    yield item
                    self.done += 1
                    if self._first_ended is None:
                        self._first_ended = monotonic()
                    if self.interrupted:
                        break
                    if screen.due(self):
                        screen.draw(self)
        finally:
            screen.draw(self)

    @contextmanager
    def _first_interrupt_noted(self):
        # Python allows signal handlers in the main thread only.
        if not self._interruptible or threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(signal_number, frame):
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        old_handler = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, old_handler)

    def text(self) -> str:
        """One line: done, total, time, figures."""
        now = monotonic()
        parts = [str(self.done) if self.total is None else f"{self.done}/{self.total}"]
        parts.append(f"{_clock(now - self._started)} elapsed")
        if (left := self._seconds_left(now)) is not None and not self.interrupted:
            parts.append(f"{_clock(left)} left")
        line = ", ".join(parts)
        if self.label:
            line = f"{self.label}: {line}"
        if self._figures:
            figures = (f"{name} {_figure(value)}" for name, value in self._figures.items())
            line += " | " + ", ".join(figures)
        if self.interrupted:
            line += f" | stopped at {self.done}; run this cell again to go on"
        return line

    def _seconds_left(self, now: float) -> float | None:
        """From the pace since the first iteration, which alone pays for building the graph."""
        here = self.done - self._initial
        if self.total is None or here < 1 or self.done >= self.total:
            return None
        if here == 1:
            pace = self._first_ended - self._started
        else:
            pace = (now - self._first_ended) / (here - 1)
        return pace * (self.total - self.done)


progress = Progress  # in a loop it reads as a function


def _clock(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _figure(value) -> str:
    """Three significant digits; whole numbers and text as they are."""
    if value is None or isinstance(value, (str, numbers.Integral)):
        return str(value)
    value = float(value)
    return f"{value:.0f}" if 999.5 <= abs(value) < 1e6 else f"{value:.3g}"


def _screen() -> _Notebook | _Log:
    """What is drawn on here: a notebook, or a terminal or a log."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return _Log() if getattr(shell, "kernel", None) is None else _Notebook()


class _Notebook:
    """One output that is updated in place, so that the saved notebook holds its last state."""

    handle, drawn = None, 0.0

    def due(self, bar: Progress) -> bool:
        return monotonic() - self.drawn >= SECONDS_BETWEEN_DRAWINGS

    def draw(self, bar: Progress) -> None:
        from IPython.display import display

        self.drawn, text = monotonic(), bar.text()
        picture = (
            f'<progress value="{bar.done}" max="{bar.total}"></progress> ' if bar.total else ""
        )
        data = {"text/plain": text, "text/html": f"<div>{picture}{html.escape(text)}</div>"}
        if self.handle is None:
            self.handle = display(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)


class _Log:
    """A line on stderr about every tenth of the way."""

    tenth = 0

    def due(self, bar: Progress) -> bool:
        return bool(bar.total) and self.tenth < bar.done * 10 // bar.total < 10

    def draw(self, bar: Progress) -> None:
        self.tenth = bar.done * 10 // bar.total if bar.total else 0
        if sys.stderr is not None:  # a service, say, has none
            with suppress(OSError, ValueError):  # closed, or full: no reason to end a training
                print(bar.text(), file=sys.stderr, flush=True)
