"""Seeds, and what TensorFlow computes on."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress

from .errors import OneSentence, check_number
from .settings import ROOT

LARGEST_SEED = 2**32 - 1  # numpy's
# Variables that TensorFlow's native code parses, such as TF_XLA_FLAGS. It ends the process over a
# flag that it does not know, past everything that Python could do about it.
FLAGS = re.compile(r"XLA_FLAGS|TF_(\w+_)?FLAGS")

# What a process of its own tries: all that may end it, up to the first compiled function.
TRIAL = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from helpers.course.device import _report
import tensorflow as tf
report = _report()
tf.function(lambda: tf.zeros(1), jit_compile=True)()
print("\\n" + report)
"""


class TensorFlowError(OneSentence, RuntimeError):
    """TensorFlow does not start here: ``found`` says why, ``mend`` what to do."""

    def __init__(self, found: str, mend: str):
        super().__init__(f"{found}: {mend}")
        self.found, self.mend = found, mend


def set_seed(seed: int) -> None:
    """Seeds Python, numpy and Keras (with it TensorFlow): 0 to 2**32 - 1. Raises SettingError."""
    check_number("seed", seed, 0, LARGEST_SEED, largest=LARGEST_SEED)
    with _without_start_up_notes():
        import keras

    keras.utils.set_random_seed(seed)


@contextmanager
def _without_start_up_notes():
    """Keeps stderr quiet while TensorFlow is loaded and looks for GPUs: its libraries write a dozen
    lines of notes there before they heed TF_CPP_MIN_LOG_LEVEL. They are shown where an error comes
    of it. Raises TensorFlowError where it would end the process."""
    _try_flags()
    with suppress(ValueError, OSError):  # a closed stdout
        if "tensorflow" not in sys.modules:
            print("Loading TensorFlow: some seconds.", flush=True)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # from then on they heed it
    with suppress(AttributeError, ValueError, OSError):  # no stderr, a closed one
        sys.stderr.flush()
    try:
        before = os.dup(2)
    except OSError:  # closed, or no file may be opened any more
        yield
        return
    kept = _room_for_notes()
    os.dup2(kept.fileno(), 2)
    try:
        yield
    except BaseException:
        kept.seek(0)
        with suppress(OSError):
            os.write(before, kept.read())
        raise
    finally:
        os.dup2(before, 2)
        os.close(before)
        kept.close()


def _room_for_notes():
    """A file for them; none is kept where no folder for such files can be written."""
    try:
        return tempfile.TemporaryFile(buffering=0)
    except OSError:
        return open(os.devnull, "r+b", buffering=0)


def _try_flags() -> None:
    """Where somebody has set flags, TensorFlow is first tried with them in another process."""
    flags = [(name, os.environ[name]) for name in sorted(os.environ) if FLAGS.fullmatch(name)]
    if any(value.strip() for _, value in flags):
        _try(*flags)


@functools.cache
def _try(*flags: tuple[str, str]) -> None:
    report_apart()


def report_apart() -> str:
    """``device_report`` of a process of its own, after a first small computation. Raises
    TensorFlowError with the last words of a process that ends before."""
    done = subprocess.run(
        [sys.executable, "-c", TRIAL],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode == 0:
        return done.stdout.strip().splitlines()[-1]
    flags = [name for name in sorted(os.environ) if FLAGS.fullmatch(name)]
    mend = (
        f"mend or unset {' and '.join(flags)} before Jupyter starts."
        if flags
        else "it needs all packages of requirements.txt and, with a ulimit -v, 6 GB by that."
    )
    raise TensorFlowError(f"TensorFlow does not start ({_last_words(done)})", mend)


def _last_words(done: subprocess.CompletedProcess) -> str:
    """Why a process ended: the message of TensorFlow's own kind of fatal error, such as
    ``F0000 00:00:17.2 1005 parse_flags.cc:234] Unknown flag``, or what was written last."""
    lines = [line for line in done.stderr.splitlines() if not re.match(r"[IW]\d{4} |\s*$", line)]
    fatal = [line.partition("] ")[2] for line in lines if re.match(r"F\d{4} .*\] ", line)]
    reason = [*fatal[:1], *reversed(lines), f"it ended with {done.returncode}"][0]
    return reason.strip()[:200]


def device_report() -> str:
    """One sentence: the versions, and the device that TensorFlow will use.

    Lets TensorFlow take a GPU's memory as it needs it, not all at once, so that two open notebooks
    can share one. Call it before anything else has used the GPU; later it has no such effect.
    TensorFlow's Python warnings are muted from then on.
    """
    with _without_start_up_notes():
        return _report()


def _report() -> str:
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    tf.get_logger().setLevel("ERROR")  # its warnings are about graphs that are built again
    for gpu in gpus:
        with suppress(RuntimeError):  # the GPU is in use already
            tf.config.experimental.set_memory_growth(gpu, True)
    versions = (
        f"TensorFlow {tf.__version__}, Keras {keras.__version__} "
        f"and Python {'.'.join(map(str, sys.version_info[:3]))}"
    )
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        others = f", the first of {len(gpus)}" if len(gpus) > 1 else ""
        return f"{versions} on GPU {details.get('device_name', gpus[0].name)}{others}."
    # A container or a course server may allow fewer cores than the machine has.
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{versions} on {count} CPU core{'s' if count != 1 else ''}; no GPU seen."
