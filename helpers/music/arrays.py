"""One check for the arrays that functions are given: shape, numbers and range, a sentence each."""

from __future__ import annotations

import numpy as np

from ..course.errors import SettingError, shortened

SORTS = {"U": "text", "S": "bytes", "O": "objects"}  # what numpy calls otherwise


def as_array(array, what: str, shape: str) -> np.ndarray:
    """What somebody calls an array, as numpy has it; SettingError where it cannot be one. what, in
    the plural, and shape, such as "(steps, voices)", stand in its sentence."""
    if hasattr(array, "_fields"):  # a tune, a piece: numpy would try to stack what it holds
        raise SettingError(
            f"{what} are one array; of this {type(array).__name__} take the field that is meant: "
            f"{', '.join(array._fields)}."
        )
    try:
        return np.asarray(array)
    except (ValueError, TypeError):
        raise SettingError(f"{what} have the shape {shape}, with rows of one length.") from None


def _seen(array: np.ndarray):
    return array.shape if array.ndim else shortened(array.item())


def check_array(
    array, what: str, axes: tuple, whole: bool = False, values=None, hint: str = "", slack=0.0
) -> np.ndarray:
    """The array as numpy has it; SettingError, one sentence, where it is not what it should be.

    what: what the array holds, in the plural, such as "Hits": the sentence begins with it.
    axes: for each axis its name, or its length where that is fixed, such as ``("hits", 3)``; an
    empty list will do where only the first has a name. Of "voices" there is one at least.
    whole: only whole numbers will do, and no bool.
    values: the least and the greatest, up to ``slack``, for rounding; None asks for finite numbers.
    hint: what to do about numbers beyond them.
    """
    shape = f"({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''})"
    array = as_array(array, what, shape)
    if array.shape == (0,) and all(isinstance(axis, int) for axis in axes[1:]):
        array = array.reshape(0, *axes[1:])
    pairs = zip(axes, array.shape, strict=False)
    if array.ndim != len(axes) or any(axis != n for axis, n in pairs if isinstance(axis, int)):
        raise SettingError(f"{what} have the shape {shape}, not {_seen(array)}.")
    if "voices" in axes and not array.shape[axes.index("voices")]:
        raise SettingError(f"{what} of the shape {array.shape} have no voice: one is the least.")
    if not array.size:
        return array
    if array.dtype.kind not in ("iuf" if whole else "biuf"):
        sort = SORTS.get(array.dtype.kind, array.dtype)
        raise SettingError(f"{what} are {'whole ' if whole else ''}numbers, not {sort}.")
    if whole and not np.array_equal(array, np.round(array)):
        raise SettingError(f"{what} are whole numbers.")
    if values is None:
        if not np.isfinite(array).all():
            raise SettingError(f"{what} are finite numbers; these hold nan or infinity.")
    elif not (values[0] - slack <= array.min() and array.max() <= values[1] + slack):
        advice = f"; {hint}" if hint else ""
        raise SettingError(f"{what} lie between {values[0]:,} and {values[1]:,}{advice}.")
    return array
