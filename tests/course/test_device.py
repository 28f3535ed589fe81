"""Seeds, the device report, and what Keras and TensorFlow must not be told by the surroundings."""

import json
import os
import random
import re
import subprocess
import sys
import types

import numpy as np
import pytest

import helpers
from helpers.course import device, settings


def run_python(code, home=None, **variables):
    """Another Python, with such variables and such a home folder; none tells it of Keras else."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("KERAS_", "TF_"))}
    if home is not None:
        variables |= {"HOME": str(home), "USERPROFILE": str(home)}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.ROOT,
        env=environment | variables,
        capture_output=True,
        text=True,
    )


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
    done = run_python(code)
    assert (done.returncode, done.stderr) == (0, "heard\n")


def test_what_was_said_before_an_error_is_shown(capfd):
    """Native code writes to file descriptor 2, past Python's sys.stderr."""
    with pytest.raises(ImportError), device._without_start_up_notes():
        os.write(2, b"libcuda: no such thing")
        raise ImportError
    assert capfd.readouterr().err == "libcuda: no such thing"
    with device._without_start_up_notes():
        os.write(2, b"a note")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_notes_are_muted_where_no_temporary_file_can_be_made(capfd, monkeypatch):
    def refuse(**arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(device.tempfile, "TemporaryFile", refuse)
    with device._without_start_up_notes():
        os.write(2, b"a note")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


WITHOUT_STREAMS = """
import os, sys
from helpers.course import device, progress_bar
{how}
with device._without_start_up_notes():
    pass
assert list(progress_bar.progress(range(3))) == [0, 1, 2]
os._exit(7)
"""


@pytest.mark.parametrize(
    "how",
    [
        "sys.stderr = sys.stdout = None",
        "sys.stderr.close(); sys.stdout.close()",
        "os.close(2); os.close(1)",
        "os.close(2); sys.stderr = None",
    ],
)
def test_there_may_be_no_stderr(how):
    """A service and pythonw have none: "can be None", Python's documentation of sys.__stderr__."""
    done = run_python(WITHOUT_STREAMS.format(how=how))
    said = done.stdout.replace("Loading TensorFlow: some seconds.\n", "")
    assert (done.returncode, said) == (7, ""), done.stderr


# --- what Keras is told by variables and by a file ---------------------------------------------

HOSTILE = {"backend": "jax", "floatx": "float16", "epsilon": 0.1}
HOSTILE["image_data_format"] = "channels_first"
OWN = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7}  # Keras' own defaults, as in
OWN["image_data_format"] = "channels_last"  # its documentation of keras.config
WHAT_KERAS_IS = """
from helpers import data
import json, keras
found = {name: getattr(keras.config, name)() for name in json.loads('NAMES')}
print(json.dumps([found, keras.config.max_epochs(), keras.config.dtype_policy().name]))
""".replace("NAMES", json.dumps(list(OWN)))


def write_keras_json(folder, text):
    folder.mkdir()
    (folder / "keras.json").write_text(text)


def test_keras_is_the_same_whatever_variables_and_a_file_say(tmp_path):
    write_keras_json(tmp_path / ".keras", json.dumps(HOSTILE))
    others = {"KERAS_BACKEND": "torch", "KERAS_MAX_EPOCHS": "1", "KERAS_NNX_ENABLED": "1"}
    done = run_python(WHAT_KERAS_IS, tmp_path, **others)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [OWN, None, "float32"]
    assert json.loads((tmp_path / ".keras" / "keras.json").read_text()) == HOSTILE


@pytest.mark.parametrize("variable", ["KERAS_HOME", "KERAS_BACKEND"])
def test_keras_is_told_before_anybody_imports_it(variable, tmp_path):
    """Keras reads these two variables and KERAS_HOME/keras.json, once, and no other file."""
    code = "import helpers, os; print(os.environ['KERAS_HOME'], os.environ['KERAS_BACKEND'])"
    own = settings.ROOT / "helpers" / "course" / "keras"
    assert run_python(code, **{variable: str(tmp_path)}).stdout == f"{own} tensorflow\n"
    assert json.loads((own / "keras.json").read_text()) == OWN


def test_keras_that_was_loaded_before_and_otherwise(monkeypatch, tmp_path):
    """What ``import helpers`` does, where the Keras that is loaded computes with other numbers."""
    import keras

    write_keras_json(tmp_path / "keras", '{"floatx": "float64"}')
    monkeypatch.setattr(os, "environ", {"KERAS_HOME": str(tmp_path / "keras")})
    monkeypatch.setattr(helpers, "OVERRIDDEN", {})
    helpers._pin_keras()
    assert os.environ == helpers.KERAS
    monkeypatch.setattr(keras.src.backend.config, "_FLOATX", "float64")
    with pytest.raises(ImportError) as caught:
        helpers._pin_keras()
    assert str(caught.value) == (
        f"Keras was loaded before the course, with floatx float64 from {tmp_path / 'keras'}"
        f"{os.sep}keras.json: restart Python (in Jupyter the kernel) and import helpers before "
        "keras."
    )


def test_what_made_an_earlier_keras_other_is_named(monkeypatch, tmp_path):
    def keras_config(**fields):
        fields = (OWN | fields).items()
        return types.SimpleNamespace(**{name: lambda value=value: value for name, value in fields})

    overridden = {"KERAS_HOME": str(tmp_path)}
    monkeypatch.setattr(helpers, "OVERRIDDEN", overridden)
    helpers._check_keras(keras_config())
    with pytest.raises(ImportError, match="with floatx float64: restart"):  # set by a program
        helpers._check_keras(keras_config(floatx="float64"))
    overridden["KERAS_BACKEND"] = "jax"
    with pytest.raises(ImportError, match="with backend jax from KERAS_BACKEND: restart"):
        helpers._check_keras(keras_config(backend="jax"))


# --- what ends TensorFlow ----------------------------------------------------------------------


@pytest.fixture
def no_flags(monkeypatch):
    for name in list(os.environ):
        if device.FLAGS.fullmatch(name):
            monkeypatch.delenv(name)


def test_flags_that_tensorflow_does_not_know_are_named(no_flags, monkeypatch):
    """Its native code reads these when it first compiles, others when it first looks around."""
    monkeypatch.setenv("XLA_FLAGS", "--nonsense")
    with pytest.raises(device.TensorFlowError) as caught:
        device.set_seed(1)
    assert str(caught.value) == (
        "TensorFlow does not start (Unknown flag in XLA_FLAGS: --nonsense): mend or unset "
        "XLA_FLAGS before Jupyter starts."
    )


@pytest.mark.parametrize(
    ("name", "tried"),
    [
        ("TF_XLA_FLAGS", True),
        ("TF_JITRT_FLAGS", True),
        ("XLA_FLAGS", True),
        ("TF_CPP_MIN_LOG_LEVEL", False),
        ("MY_TF_FLAGS", False),
    ],
)
def test_only_flags_cost_a_trial(name, tried, no_flags, monkeypatch):
    trials = []
    monkeypatch.setattr(device, "report_apart", lambda: trials.append(name))
    device._try.cache_clear()
    for value in ("", "--x", "--x", "--y"):
        monkeypatch.setenv(name, value)
        device._try_flags()
    assert trials == [name] * 2 * tried  # each value once
    device._try.cache_clear()


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("I0000 00:00:17.6 5 a.cc:3] A note\nF0000 00:00:17.7 5 b.cc:4] Bad\nusage:\n\n", "Bad"),
        ("terminate called after\n  what():  std::bad_alloc\n", "what():  std::bad_alloc"),
        ("Traceback ...\nImportError: libx.so is missing\n", "ImportError: libx.so is missing"),
        ("I0000 00:00:17.6 5 a.cc:3] A note\n", "it ended with -4"),
    ],
)
def test_the_last_words_of_a_process(stderr, reason):
    assert device._last_words(subprocess.CompletedProcess([], -4, "", stderr)) == reason
