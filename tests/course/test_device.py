"""Seeds and the device report."""

import random
import re
import subprocess
import sys
import types

import numpy as np

from helpers.course import device, settings


def test_a_seed_makes_python_numpy_and_keras_repeat_themselves():
    import keras

    def draw():
        device.set_seed(5)
        legacy = np.random.rand()  # noqa: NPY002  what other libraries still draw from
        return random.random(), legacy, float(keras.random.normal(()))

    assert draw() == draw()


def test_device_report_without_and_with_a_gpu(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    line = device.device_report()
    assert line.startswith(f"TensorFlow {tf.__version__}, ")
    assert re.search(r" on \d+ CPU cores?; no GPU seen\.$", line)

    gpu = types.SimpleNamespace(name="/physical_device:GPU:0")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [gpu, gpu])
    experimental = tf.config.experimental
    monkeypatch.setattr(experimental, "get_device_details", lambda gpu: {"device_name": "Some GPU"})
    grown = []
    monkeypatch.setattr(experimental, "set_memory_growth", lambda *given: grown.append(given))
    assert device.device_report().endswith(" on GPU Some GPU, the first of 2.")
    assert grown == [(gpu, True), (gpu, True)]

    def too_late(gpu, growth):
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr(experimental, "set_memory_growth", too_late)
    assert "Some GPU" in device.device_report()


def test_tensorflow_loads_without_a_word_and_stderr_works_after():
    code = (
        "import sys; from helpers import course; course.set_seed(1); course.device_report(); "
        "import tensorflow; tensorflow.zeros(1); print('heard', file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.ROOT, capture_output=True, text=True, check=True
    )
    assert run.stderr == "heard\n"
