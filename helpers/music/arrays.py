"""One check for the arrays that functions are given: shape, numbers and range, a sentence each."""

from __future__ import annotations

import numpy as np


def check_array(
    array, what: str, axes: tuple, whole: bool = False, values=None, hint: str = "", slack=0.0
) -> np.ndarray:
    """The array as numpy has it; ValueError, one sentence, where it is not what it should be.

    what: what the array holds, in the plural, such as "Hits": the sentence begins with it.
    axes: for each axis its name, or its length where that is fixed, such as ``("hits", 3)``; an
    empty list will do where only the first has a name.
    whole: only whole numbers will do, and no bool.
    values: the least and the greatest, up to ``slack``, for rounding; None asks for finite numbers.
    hint: what to do about numbers beyond them.
    """
    shape = f"({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''})"
    try:
        array = np.asarray(array)
    except ValueError:
        raise ValueError(f"{what} have the shape {shape}, with rows of one length.") from None
    if array.shape == (0,) and all(isinstance(axis, int) for axis in axes[1:]):
        array = array.reshape(0, *axes[1:])
    pairs = zip(axes, array.shape, strict=False)
    if array.ndim != len(axes) or any(axis != n for axis, n in pairs if isinstance(axis, int)):
        raise ValueError(f"{what} have the shape {shape}, not {array.shape}.")
    if not array.size:
        return array
    if array.dtype.kind not in ("iuf" if whole else "biuf"):
        raise ValueError(f"{what} are {'whole ' if whole else ''}numbers, not {array.dtype}.")
    if whole and not np.array_equal(array, np.round(array)):
        raise ValueError(f"{what} are whole numbers.")
    if values is None:
        if not np.isfinite(array).all():
            raise ValueError(f"{what} are finite numbers; these hold nan or infinity.")
    elif not (values[0] - slack <= array.min() and array.max() <= values[1] + slack):
        advice = f"; {hint}" if hint else ""
        raise ValueError(f"{what} lie between {values[0]:,} and {values[1]:,}{advice}.")
    return array
