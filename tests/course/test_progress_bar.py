"""The progress bar: what it shows in a notebook and in a log, and how it is stopped."""

import io
import queue
import signal
import sys
import threading
import types

import numpy as np
import pytest

from helpers.course import progress_bar, settings
from helpers.course.progress_bar import progress

# --- what it shows -----------------------------------------------------------------------------


class Clock:
    """A clock that a test turns."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress_bar, "monotonic", clock)
    return clock


def test_a_log_gets_a_line_about_every_tenth(monkeypatch, clock):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = progress(range(100), label="Training")
    for i in bar:
        clock.now += 2
        bar.show(loss=0.123456, accuracy=1234.5, notes=7)
        assert bar.done == i
    lines = sys.stderr.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[0] == "Training: 0/100, 0:00 elapsed"
    figures = " | loss 0.123, accuracy 1234, notes 7"
    assert lines[1] == "Training: 10/100, 0:20 elapsed, 3:00 left" + figures
    assert lines[-1] == "Training: 100/100, 3:20 elapsed" + figures


class Broken(io.StringIO):
    """A log that ended: its disk is full, or nobody reads it any more."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


@pytest.mark.parametrize(
    "stderr",
    [
        None,
        Broken(ValueError("I/O operation on closed file.")),
        Broken(OSError(28, "No space left on device")),
        Broken(BrokenPipeError()),
    ],
)
def test_a_loop_goes_on_where_nothing_can_be_said(monkeypatch, capsys, stderr):
    monkeypatch.setattr(sys, "stderr", stderr)
    bar = progress(range(5))
    assert list(bar) == list(range(5))
    assert bar.done == 5
    assert capsys.readouterr().out == ""  # print() takes None for stdout


def test_time_left_comes_from_the_pace_after_the_first_iteration(monkeypatch, clock):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = progress(range(5, 20), total=20, initial=5)
    texts = []
    for i in bar:
        clock.now += 60 if i == 5 else 10
        texts.append(bar.text())
    # In the second iteration nothing else is known than that the first one took a minute.
    assert texts[0] == "5/20, 1:00 elapsed"
    assert texts[1] == "6/20, 1:10 elapsed, 14:00 left"
    assert texts[2] == "7/20, 1:20 elapsed, 4:20 left"
    assert bar.text() == "20/20, 3:20 elapsed"


class FakeKernel:
    """Records what a notebook would be sent."""

    def __init__(self, monkeypatch):
        self.outputs = []
        display = types.ModuleType("IPython.display")
        display.display = self.display
        ipython = types.ModuleType("IPython")
        ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, data, raw, display_id):
        assert raw
        assert display_id
        self.outputs.append([data])
        return self

    def update(self, data, raw):
        self.outputs[-1].append(data)


def test_a_notebook_gets_one_output_that_is_updated(monkeypatch, clock):
    kernel = FakeKernel(monkeypatch)
    bar = progress(range(100), label="<Training>")
    for _ in bar:
        clock.now += 0.1
        bar.show(loss=2.0)
    (states,) = kernel.outputs
    assert 30 < len(states) < 45  # ten seconds, at most four times a second
    assert states[-1] == {
        "text/plain": "<Training>: 100/100, 0:10 elapsed | loss 2",
        "text/html": '<div><progress value="100" max="100"></progress> '
        "&lt;Training&gt;: 100/100, 0:10 elapsed | loss 2</div>",
    }


@pytest.mark.parametrize("in_notebook", [True, False])
def test_unknown_and_empty_totals(monkeypatch, clock, in_notebook):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    if in_notebook:
        FakeKernel(monkeypatch)
    bar = progress(i for i in range(3))
    assert list(bar) == [0, 1, 2]
    assert bar.text() == "3, 0:00 elapsed"
    bar = progress([])
    assert list(bar) == []
    assert bar.text() == "0/0, 0:00 elapsed"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.000123456, "0.000123"),
        (-12.345, "-12.3"),
        (999.7, "1000"),
        (1234.5, "1234"),
        (12345678.0, "1.23e+07"),
        (float("nan"), "nan"),
        (np.float32(0.5), "0.5"),
        (np.int64(123456), "123456"),
        (7, "7"),
        ("done", "done"),
    ],
)
def test_figures_have_three_significant_digits(value, text):
    assert progress_bar._figure(value) == text


def test_hours():
    assert progress_bar._clock(3599.4) == "59:59"
    assert progress_bar._clock(3600) == "1:00:00"
    assert progress_bar._clock(36061) == "10:01:01"


# --- how it stops ------------------------------------------------------------------------------


@pytest.fixture
def handler():
    """A SIGINT handler whose return can be recognised."""

    def own_handler(signal_number, frame):
        raise AssertionError("the old handler was called inside the loop")

    before = signal.signal(signal.SIGINT, own_handler)
    yield own_handler
    signal.signal(signal.SIGINT, before)


def test_the_first_interrupt_lets_the_iteration_end(handler, capsys):
    ended = []
    bar = progress(range(10), label="Training", interruptible=True)
    for i in bar:
        if i == 3:
            signal.raise_signal(signal.SIGINT)
        ended.append(i)
    assert ended == [0, 1, 2, 3]
    assert bar.interrupted
    assert bar.done == 4
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert last_line.startswith("Training: 4/10, ")
    assert last_line.endswith("stopped at 4; run this cell again to go on")
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_second_interrupt_stops_at_once(handler):
    ended = []
    bar = progress(range(10), interruptible=True)

    def train():
        for i in bar:
            if i == 3:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
            ended.append(i)

    with pytest.raises(KeyboardInterrupt):
        train()
    assert ended == [0, 1, 2]
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_handler_is_restored_after_the_end_an_error_and_a_break(handler):
    for _ in progress(range(2), interruptible=True):
        assert signal.getsignal(signal.SIGINT) is not handler
    assert signal.getsignal(signal.SIGINT) is handler

    bar = progress(range(3), interruptible=True)
    for _ in bar:
        break
    assert signal.getsignal(signal.SIGINT) is handler
    assert not bar.interrupted

    def fail():
        for _ in progress(range(3), interruptible=True):
            raise ZeroDivisionError

    try:
        fail()
    except ZeroDivisionError:
        # Here the traceback still holds on to the frame of the loop.
        assert signal.getsignal(signal.SIGINT) is handler


def test_by_default_an_interrupt_is_left_alone(handler):
    for _ in progress(range(2)):
        assert signal.getsignal(signal.SIGINT) is handler


def test_a_default_handler_comes_back_too(handler):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    assert list(progress(range(2), interruptible=True)) == [0, 1]
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL


def test_outside_the_main_thread_it_does_without_interrupts(handler):
    results = queue.Queue()
    thread = threading.Thread(
        target=lambda: results.put(list(progress(range(3), interruptible=True)))
    )
    thread.start()
    assert results.get(timeout=60) == [0, 1, 2]
    thread.join()
    assert signal.getsignal(signal.SIGINT) is handler


KERNEL_CODE = """
from helpers.course import progress
bar = progress(iter(int, 1), total=10, label="Training", interruptible=True)
for _ in bar:
    pass
print(bar.interrupted, bar.done > 0)
"""


def test_jupyters_stop_button_in_a_real_kernel():
    from jupyter_client import KernelManager

    manager = KernelManager()
    manager.kernel_spec.argv[0] = sys.executable  # a user's own kernel may have the same name
    manager.start_kernel(cwd=str(settings.ROOT))
    client = manager.client()
    shown, updates, printed = [], [], ""
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute(KERNEL_CODE)
        while True:
            message = client.get_iopub_msg(timeout=60)
            kind, content = message["msg_type"], message["content"]
            assert kind != "error", content
            if kind == "display_data":
                shown.append(content)
                manager.interrupt_kernel()  # the loop shows itself once it runs
            elif kind == "update_display_data":
                updates.append(content)
            elif kind == "stream" and content["name"] == "stdout":
                printed += content["text"]
            elif kind == "status" and content["execution_state"] == "idle":
                break
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert len(shown) == 1
    assert {u["transient"]["display_id"] for u in updates} == {shown[0]["transient"]["display_id"]}
    assert "run this cell again to go on" in updates[-1]["data"]["text/plain"]
    assert printed == "True True\n"
