"""The one check of arrays: what passes, and the sentence that each mistake gets."""

import numpy as np
import pytest

from helpers.music.arrays import check_array

HITS = ("hits", 3)


def test_what_passes_is_the_array():
    array = np.arange(6).reshape(2, 3)
    assert check_array(array, "Hits", HITS, whole=True, values=(0, 5)) is array
    assert check_array([[1.0, 2, 3]], "Hits", HITS, whole=True).tolist() == [[1, 2, 3]]
    assert check_array(array > 2, "Hits", HITS).dtype == bool
    assert check_array([[1.001, 0, 0]], "Hits", HITS, values=(0, 1), slack=0.01).shape == (1, 3)


def test_nothing_is_none_of_them():
    assert check_array([], "Hits", HITS, whole=True, values=(0, 5)).shape == (0, 3)
    assert check_array([], "Tokens", ("length",), whole=True).shape == (0,)
    with pytest.raises(ValueError, match="shape"):  # how many voices?
        check_array([], "Voices", ("steps", "voices"))


@pytest.mark.parametrize(
    ("array", "arguments", "sentence"),
    [
        (np.zeros((2, 4)), {}, "Hits have the shape (hits, 3), not (2, 4)."),
        ([1, 2, 3], {}, "Hits have the shape (hits, 3), not (3,)."),
        (60, {}, "Hits have the shape (hits, 3), not 60."),
        ([[1, 2, 3], [4]], {}, "Hits have the shape (hits, 3), with rows of one length."),
        ([["a", "b", "c"]], {}, "Hits are numbers, not text."),
        ([[None] * 3], {"whole": True}, "Hits are whole numbers, not objects."),
        (np.ones((1, 3), complex), {}, "Hits are numbers, not complex128."),
        (np.ones((1, 3), bool), {"whole": True}, "Hits are whole numbers, not bool."),
        ([[1, 2, 0.5]], {"whole": True}, "Hits are whole numbers."),
        ([[1, 2, np.nan]], {"whole": True}, "Hits are whole numbers."),
        ([[1, 2, np.nan]], {}, "Hits are finite numbers; these hold nan or infinity."),
        ([[1, 2, np.inf]], {"whole": True}, "Hits are finite numbers; these hold nan or infinity."),
        ([[0, 1, 3000]], {"values": (0, 2000)}, "Hits lie between 0 and 2,000."),
        ([[0, 1, np.nan]], {"values": (0, 2000)}, "Hits lie between 0 and 2,000."),
        ([[-1, 1, 1]], {"values": (0, 1), "hint": "divide"}, "Hits lie between 0 and 1; divide."),
        ([[0, 0, 1.1]], {"values": (0, 1), "slack": 0.01}, "Hits lie between 0 and 1."),
    ],
)
def test_each_mistake_has_its_sentence(array, arguments, sentence):
    with pytest.raises(ValueError) as error:
        check_array(array, "Hits", HITS, **arguments)
    assert str(error.value) == sentence


def test_a_single_axis_is_written_as_python_does():
    with pytest.raises(ValueError, match=r"^Tokens have the shape \(length,\), not \(1, 2\)\.$"):
        check_array([[1, 2]], "Tokens", ("length",))
