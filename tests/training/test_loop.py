"""The loop of all trainings, with networks of one weight and steps that anybody can follow."""

import errno
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.course.errors import SettingError
from helpers.course.settings import ROOT, runs_folder
from helpers.training.loop import Stopped, train
from helpers.training.state import CheckpointError, Training, fingerprint


def make_run(folder, names=("network", "average", "best"), data=None, **settings):
    networks = {}
    for name in names:
        only = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        networks[name] = keras.Sequential([keras.Input((1,)), only])
    return Training("x", networks, {}, {"seed": 1} | settings, data, folder=folder)


def weight(run, name):
    return float(run.networks[name].get_weights()[0][0, 0])


def count_up(run):
    """After iteration n the network's weight is n + 1."""

    def step(iteration):
        run.networks["network"].set_weights([np.full((1, 1), iteration + 1)])
        return {"loss": tf.constant(1 / (iteration + 1)), "other": iteration}

    return step


def see(run):
    return {"seen": weight(run, "network")}


def test_steps_and_looks_are_recorded_once_each(tmp_path):
    run = train(make_run(tmp_path), count_up, 5, look_back=see, look_at={0, 2, 4})
    assert run.iteration == 5 and run.history["step"] == [1, 2, 3, 4, 5]
    assert run.history["loss"] == [1.0, 0.5, 0.3333, 0.25, 0.2]
    assert run.history["other"] == [0, 1, 2, 3, 4]
    assert run.history["iteration"] == [0, 2, 4, 5] and run.history["seen"] == [0, 2, 4, 5]
    history = dict(run.history)
    again = train(make_run(tmp_path), count_up, 5, look_back=see, look_at={0, 2, 4})
    assert again.history == history and weight(again, "network") == 5


def test_more_iterations_go_on_and_fewer_are_done_already(tmp_path):
    train(make_run(tmp_path, iterations=3), count_up, 3, look_back=see, look_at=range(9))
    more = train(make_run(tmp_path, iterations=6), count_up, 6, look_back=see, look_at=range(9))
    assert more.history["step"] == [1, 2, 3, 4, 5, 6]
    assert more.history["iteration"] == [0, 1, 2, 3, 4, 5, 6]
    fewer = train(make_run(tmp_path, iterations=2), count_up, 2, look_back=see, look_at=range(9))
    assert fewer.iteration == 6 and fewer.history == more.history


def test_the_running_average_by_hand(tmp_path):
    run = train(make_run(tmp_path), count_up, 30, average=("network", 0.7))
    mean = 0.0
    for done in range(1, 31):
        memory = min(0.7, done / (10 + done))
        mean = memory * mean + (1 - memory) * done
    assert weight(run, "average") == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize(("average", "best"), [(None, 4.0), (("network", 0.0), 4.0)])
def test_the_best_is_kept_and_no_better_is_not_better(tmp_path, average, best):
    judged = iter([5.0, 3.0, 3.0, 4.0])
    run = train(
        make_run(tmp_path),
        count_up,
        8,
        look_back=lambda run: {"distance": next(judged)},
        look_at=range(2, 8, 2),
        average=average,
        choose="distance",
    )
    assert run.history["distance"] == [5.0, 3.0, 3.0, 4.0] and weight(run, "best") == best


def test_a_figure_that_is_no_number_is_never_the_best(tmp_path):
    judged = iter([float("nan"), 3.0, float("nan"), 4.0])
    run = train(
        make_run(tmp_path),
        count_up,
        8,
        look_back=lambda run: {"distance": next(judged)},
        look_at=range(2, 8, 2),
        choose="distance",
        patience=2,
    )
    assert run.iteration == 8 and weight(run, "best") == 4


def test_what_is_learned_from_has_the_same_hash_in_every_process():
    data = {"b": [None, np.arange(3)], "a": ("text", np.ones((2, 2), np.float32))}
    code = "import numpy as np\nfrom helpers.training.state import fingerprint\n"
    code += "a = ('text', np.ones((2, 2), np.float32))\n"
    code += "print(fingerprint({'a': a, 'b': [None, np.arange(3)]}))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == fingerprint(data)
    assert fingerprint([np.arange(3)]) != fingerprint([np.arange(2), 2])
    with pytest.raises(TypeError, match="arrays"):
        fingerprint([object()])


@pytest.mark.parametrize(
    ("losses", "patience", "looks"),
    [([3, 2, 2.5, 2.1, 1, 0], 2, 4), ([3, 2, 2.5, 1.9, 1.95, 0], 2, 6), ([3, 3, 0, 0], 1, 2)],
)
def test_patience_ends_a_training_for_good(tmp_path, losses, patience, looks):
    judged = iter(losses)

    def go():
        return train(
            make_run(tmp_path),
            count_up,
            len(losses),
            look_back=lambda run: {"loss of judge": float(next(judged))},
            look_at=range(1, len(losses)),
            choose="loss of judge",
            patience=patience,
        )

    run = go()
    assert run.iteration == looks and run.history["loss of judge"] == losses[:looks]
    assert go().iteration == looks  # what is over is not taken up again


def stop_in(iterations, presses=1):
    """``count_up`` in which the ■ button is pressed in these iterations, so many times each."""

    def make_step(run):
        step = count_up(run)

        def pressed(iteration):
            figures = step(iteration)
            if iteration in iterations:
                for _ in range(presses):
                    signal.raise_signal(signal.SIGINT)
            return figures

        return pressed

    return make_step


def test_a_stop_lets_the_iteration_end_saves_and_says_so_in_one_sentence(tmp_path):
    options = {"look_back": see, "look_at": {0, 3}, "average": ("network", 0.9), "choose": "seen"}
    whole = train(make_run(tmp_path / "whole"), count_up, 6, **options)
    for stop in (2, 3, 4):
        with pytest.raises(Stopped, match=f"^{stop + 1} of 6 iterations are done") as stopped:
            train(make_run(tmp_path / "parts"), stop_in({stop}), 6, **options)
        (line,) = stopped.value._render_traceback_()  # what a notebook shows
        assert line.startswith("Stopped: ") and "\n" not in line
    parts = train(make_run(tmp_path / "parts"), count_up, 6, **options)
    assert parts.history == whole.history
    for name in parts.networks:
        assert weight(parts, name) == weight(whole, name), name


def test_a_second_stop_ends_at_once_and_the_last_save_stands(tmp_path):
    with pytest.raises(Stopped, match="^3 of 9"):
        train(make_run(tmp_path), stop_in({5}, presses=2), 9, look_back=see, look_at={3})
    assert make_run(tmp_path).resume() == 3


def test_a_stop_in_the_last_iteration_is_no_stop(tmp_path):
    run = train(make_run(tmp_path), stop_in({4}), 5, look_back=see)
    assert run.iteration == 5 and run.history["iteration"] == [5]


def test_other_data_and_other_settings_are_told(tmp_path):
    songs = [np.arange(4), (np.ones(2), np.zeros((2, 3), np.int16))]
    train(make_run(tmp_path, data=songs), count_up, 2)
    assert train(make_run(tmp_path, data=songs), count_up, 3).iteration == 3
    with pytest.raises(CheckpointError, match="data"):
        train(make_run(tmp_path, data=songs[:1]), count_up, 3)
    with pytest.raises(CheckpointError, match="seed"):
        train(make_run(tmp_path, data=songs, seed=2), count_up, 3)


def meeting(act):
    """Counts up; at the second iteration, just saved, ``act`` is done, which may not touch what is
    saved."""

    def make_step(run):
        step = count_up(run)

        def meet(iteration):
            if iteration == 2:
                run.save()
                before = run.file.read_bytes()
                act()
                assert run.file.read_bytes() == before
            return step(iteration)

        return meet

    return make_step


def test_a_second_training_in_the_folder_is_told_and_the_first_untouched(tmp_path):
    def train_too():
        with pytest.raises(CheckpointError, match="Another notebook is training in"):
            train(make_run(tmp_path), count_up, 9)

    assert train(make_run(tmp_path), meeting(train_too), 4).history["step"] == [1, 2, 3, 4]
    assert train(make_run(tmp_path), count_up, 6).iteration == 6  # free again


def test_a_folder_that_cannot_be_made_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CheckpointError, match="could not be written"):
        train(make_run(tmp_path / "file" / "run"), count_up, 2)


def test_a_file_system_without_locks_is_no_reason_not_to_train(tmp_path, monkeypatch, capsys):
    def no_locks(self):
        raise NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock")

    monkeypatch.setattr("filelock.FileLock.acquire", no_locks)
    assert train(make_run(tmp_path), count_up, 2).iteration == 2
    assert "cannot be locked: see to it yourself" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="flock is POSIX's")
@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EIO, errno.ESTALE]
)
def test_a_lock_that_the_system_refuses_is_no_reason_either(tmp_path, monkeypatch, number):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    (tmp_path / "training.lock").touch()  # left from a place where locks were to be had
    monkeypatch.setattr("fcntl.flock", refuse)
    assert train(make_run(tmp_path), count_up, 2).iteration == 2
    assert train(make_run(tmp_path), count_up, 3).iteration == 3


def test_a_lock_file_of_another_users_is_no_reason_either(open_folder, stranger, capsys):
    (open_folder / "training.lock").touch()
    (open_folder / "training.lock").chmod(0)
    open_folder.chmod(0o777)
    run = make_run(open_folder)
    with stranger(), run.alone():
        pass
    assert "cannot be locked" in capsys.readouterr().out


def test_a_reader_and_a_smoke_test_disturb_no_training(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))

    def read_and_smoke():
        assert make_run(None).resume() == 2
        with monkeypatch.context() as patch:
            patch.setenv("SMOKE", "1")
            assert train(make_run(None), count_up, 1).iteration == 1

    assert train(make_run(None), meeting(read_and_smoke), 4).history["step"] == [1, 2, 3, 4]


def test_arguments_that_make_no_sense_are_one_sentence(tmp_path):
    for wrong, words in {
        "iterations": (dict(iterations=0), "iterations is 0"),
        "negative": (dict(iterations=-1), "iterations is -1"),
        "no number": (dict(iterations=2.5), "iterations is 2.5"),
        "nan": (dict(iterations=float("nan")), "iterations is nan"),
        "patience": (dict(patience=0, choose="seen", look_back=see), "patience is 0"),
        "waits for nothing": (dict(patience=2, look_back=see), "patience needs choose="),
        "chooses nothing": (dict(choose="seen"), "without look_back"),
        "memory": (dict(average=("network", 1.5)), "memory .* is 1.5"),
        "memory nan": (dict(average=("network", float("nan"))), "memory .* is nan"),
        "network": (dict(average=("critic", 0.9)), "no network 'critic', but: network, average"),
    }.values():
        with pytest.raises(SettingError, match=rf"^[^\n]*{words}[^\n]*\.$"):
            train(make_run(tmp_path), count_up, **{"iterations": 3} | wrong)
    with pytest.raises(SettingError, match="no network 'best'"):
        train(make_run(tmp_path, ("network",)), count_up, 3, look_back=see, choose="seen")
    assert not list(tmp_path.iterdir())


HOLDS = """
import sys, time
from pathlib import Path
from helpers.training.state import Training
with Training("x", {}, {}, {}, folder=Path(sys.argv[1])).alone():
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_killed_process_leaves_no_lock(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(CheckpointError, match="Another notebook"):
            train(make_run(tmp_path), count_up, 2)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    assert train(make_run(tmp_path), count_up, 2).iteration == 2


def test_smoke_runs_have_a_folder_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    monkeypatch.setenv("SMOKE", "")
    assert runs_folder("04_x") == tmp_path / "04_x"
    monkeypatch.setenv("SMOKE", "1")
    assert runs_folder("04_x") == tmp_path / "smoke" / "04_x"


def test_watched_figures_are_drawn_in_one_picture(tmp_path, monkeypatch):
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(picture)

    def display(picture, display_id):
        shown.append(picture)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    train(make_run(tmp_path), count_up, 3, look_back=see, look_at={1, 2}, watch=["seen"])
    assert len(shown) == 3
    assert [len(picture.axes[0].lines[0].get_xdata()) for picture in shown] == [1, 2, 3]
