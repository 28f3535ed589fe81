"""Seeds, and what TensorFlow computes on."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress


def set_seed(seed: int) -> None:
    """Seeds Python, numpy and Keras (with it TensorFlow)."""
    with _without_start_up_notes():
        import keras

    keras.utils.set_random_seed(seed)


@contextmanager
def _without_start_up_notes():
    """Mutes stderr while TensorFlow is loaded and looks for GPUs: its libraries write a dozen lines
    of notes there before they heed TF_CPP_MIN_LOG_LEVEL. Errors that Python sees are raised as
    ever."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # from then on they heed it
    sys.stderr.flush()
    before = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(nowhere)
        os.close(before)


def device_report() -> str:
    """One sentence: the versions, and the device that TensorFlow will use.

    Lets TensorFlow take a GPU's memory as it needs it, not all at once, so that two open notebooks
    can share one. Call it before anything else has used the GPU; later it has no such effect.
    TensorFlow's Python warnings are muted from then on.
    """
    with _without_start_up_notes():
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
