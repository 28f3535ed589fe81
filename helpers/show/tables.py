"""Tables of figures, with their spread."""

from __future__ import annotations

import html
import math
from collections.abc import Hashable
from numbers import Integral

import pandas as pd

from ..course.errors import SettingError, check_kind, shortened


def table(rows, columns=None, form: str | dict | None = None, nearest=None, baselines=()) -> Table:
    """A table of figures: ``{row: {column: figure}}``, or a list of rows, which are numbered.

    A figure is a number, a pair of a number and its spread ("0.886 ± 0.003"), or a text; what is
    missing, None or nan stays empty. columns: which ones, in this order, or a dict of them and
    their headings; None takes all. form: Python's format of the numbers, such as ".1%", or a dict
    of that by column; else whole numbers stay whole, and others have three digits. nearest: a row
    or a column, such as real music; in every column or row what is nearest to it is bold.
    baselines: rows, or columns where ``nearest`` is one, that are no candidates: they are never
    bold, and nothing is where one of them is nearest. ValueError for what is no row or column.
    """
    rows = dict(enumerate(rows, 1)) if isinstance(rows, (list, tuple)) else rows
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise SettingError("rows is not {row: {column: figure}}, nor a list of such rows.")
    check_kind("columns", columns, (list, tuple, dict), "a list or a dict of columns", none=True)
    check_kind("form", form, (str, dict), "Python's format of numbers, such as '.1%'", none=True)
    names = [baselines] if isinstance(baselines, str) else baselines
    check_kind("baselines", names, (list, tuple), "a list of rows or columns")
    for name in [nearest, *names, *(columns or [])]:
        check_kind("A name of a row or column", name, Hashable, "text or a number", none=True)
    columns = columns or list(dict.fromkeys(name for row in rows.values() for name in row))
    forms = form if isinstance(form, dict) else dict.fromkeys(columns, form)
    cells = [[_cell(row.get(name), forms.get(name)) for name in columns] for row in rows.values()]
    cells = pd.DataFrame(cells, [str(name) for name in rows], [str(name) for name in columns])
    bold = cells.map(lambda cell: False)
    baselines = list(names)
    if nearest in rows or nearest in columns:
        bold = _nearest(cells, nearest, baselines, among=rows if nearest in rows else columns)
        bold = bold if nearest in rows else bold.T
    elif nearest is not None:
        raise SettingError(f"{shortened(nearest)} is neither a row nor a column of this table.")
    elif baselines:
        raise SettingError("Baselines go with nearest=..., which says what the others are near to.")
    headings = {str(name): columns[name] for name in columns} if isinstance(columns, dict) else {}
    found = Table(cells.map(lambda cell: cell[0]).rename(columns=headings))
    found.bold = bold.to_numpy(bool)
    if found.bold.any():
        found.said = f"nearest to {headings.get(str(nearest), nearest)}"
        if baselines:
            found.said += ", where no baseline is nearer"
    return found


def _nearest(cells: pd.DataFrame, nearest, baselines: list, among) -> pd.DataFrame:
    """Which cells are nearest to the row or column ``nearest``, turned so that it is a row."""
    for name in baselines:
        if name not in among or name == nearest:
            names = ", ".join(str(one) for one in among if one != nearest)
            raise SettingError(f"The baseline {name!r} is none of {names}.")
    numbers = cells.map(lambda cell: cell[1])
    numbers = numbers if str(nearest) in numbers.index else numbers.T
    distances = numbers.drop(str(nearest)).sub(numbers.loc[str(nearest)]).abs()
    bold = distances.eq(distances.min())
    bold.loc[[str(name) for name in baselines]] = False
    return bold.reindex(numbers.index, fill_value=False)


class Table(pd.DataFrame):
    """A DataFrame of texts, some of which stand out: bold in Jupyter, with a star in plain text,
    and a line below says why."""

    _metadata = ["bold", "said"]  # pandas hands them on to copies
    said = ""

    def __repr__(self) -> str:
        text = pd.DataFrame(self).where(~self.bold, pd.DataFrame(self) + "*").to_string()
        return f"{text}\n* {self.said}" if self.said else text

    def _repr_html_(self) -> str:
        safe = pd.DataFrame(self).map(html.escape)
        safe = safe.rename(index=html.escape, columns=html.escape)
        page = safe.where(~self.bold, "<b>" + safe + "</b>").to_html(escape=False)
        said = html.escape(self.said)
        return f"{page}<p><small><b>Bold</b>: {said}.</small></p>" if said else page


def _cell(figure, form: str | None) -> tuple[str, float]:
    """The text of a figure, and the number that it stands for or nan."""
    numbers = figure if isinstance(figure, (tuple, list)) else [figure]
    if isinstance(figure, str) or numbers[0] is None or math.isnan(numbers[0]):
        return figure if isinstance(figure, str) else "", math.nan
    form = form or ("d" if isinstance(figure, Integral) else ".3f")
    try:
        return " ± ".join(format(number, form) for number in numbers), float(numbers[0])
    except (ValueError, TypeError):
        raise SettingError(f"{shortened(figure)} is no number to be written as {form!r}.") from None
