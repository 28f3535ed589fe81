"""To compile a step takes many times as long as to take it: what saves compiling; and where the
tests' trainings are written."""

import pytest
import tensorflow as tf

from helpers.training.state import Training


@pytest.fixture(scope="package", autouse=True)
def as_written():
    """Graphs run as they were written: to rewrite one for speed takes longer than all its runs
    here. (Those of the notebooks are rewritten, under SMOKE=1.)"""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture
def eagerly():
    """Steps are taken line by line, for tests that take each of them but a few times. (The
    notebooks compile them all, under SMOKE=1.)"""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def keep(kept, monkeypatch):
    """``keep(name, made)``: networks and optimizers, in dicts or tuples as they may be. Returns
    those that came first in this file under that name, with all that the new ones hold: weights,
    and the states of dropout and optimizers. What was compiled for them stays so."""
    # TensorFlow's own seed, on which nothing here depends, makes it prepare all graphs anew.
    monkeypatch.setattr(tf.random, "set_seed", lambda seed: None)

    def take_over(old, new):
        for variable, value in zip(old.variables, new.variables, strict=True):
            variable.assign(value)

    def keep(name, made):
        tf.nest.map_structure(take_over, kept.setdefault(name, made), made)
        return kept[name]

    return keep


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """Trainings are written here, after every iteration."""
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    monkeypatch.setattr(Training, "save_if_due", lambda self, seconds=0: self.save())
    return tmp_path
