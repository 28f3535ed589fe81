"""Tables of figures, with their spread."""

from __future__ import annotations

import html
import math
from numbers import Integral

import pandas as pd


def table(rows, columns=None, form: str | dict | None = None, nearest=None) -> Table:
    """A table of figures: ``{row: {column: figure}}``, or a list of rows, which are numbered.

    A figure is a number, a pair of a number and its spread ("0.886 ± 0.003"), or a text; what is
    missing, None or nan stays empty. columns: which ones, in this order, or a dict of them and
    their headings; None takes all. form: Python's format of the numbers, such as ".1%", or a dict
    of that by column; else whole numbers stay whole, and others have three digits. nearest: a row
    or a column; in every column or row what is nearest to it is bold. ValueError if it is neither.
    """
    rows = rows if isinstance(rows, dict) else dict(enumerate(rows, 1))
    columns = columns or list(dict.fromkeys(name for row in rows.values() for name in row))
    forms = form if isinstance(form, dict) else dict.fromkeys(columns, form)
    cells = [[_cell(row.get(name), forms.get(name)) for name in columns] for row in rows.values()]
    cells = pd.DataFrame(cells, [str(name) for name in rows], [str(name) for name in columns])
    numbers, bold = cells.map(lambda cell: cell[1]), cells.map(lambda cell: False)
    if nearest in rows or nearest in columns:
        numbers = numbers if nearest in rows else numbers.T
        distances = numbers.drop(str(nearest)).sub(numbers.loc[str(nearest)]).abs()
        bold = distances.eq(distances.min()).reindex(numbers.index, fill_value=False)
        bold = bold if nearest in rows else bold.T
    elif nearest is not None:
        raise ValueError(f"{nearest!r} is neither a row nor a column of this table.")
    headings = {str(name): columns[name] for name in columns} if isinstance(columns, dict) else {}
    found = Table(cells.map(lambda cell: cell[0]).rename(columns=headings))
    found.bold = bold.to_numpy()
    return found


class Table(pd.DataFrame):
    """A DataFrame of texts, some of which stand out: bold in Jupyter, with a star in plain text."""

    _metadata = ["bold"]  # pandas hands it on to copies

    def __repr__(self) -> str:
        return pd.DataFrame(self).where(~self.bold, pd.DataFrame(self) + "*").to_string()

    def _repr_html_(self) -> str:
        safe = pd.DataFrame(self).map(html.escape)
        safe = safe.rename(index=html.escape, columns=html.escape)
        return safe.where(~self.bold, "<b>" + safe + "</b>").to_html(escape=False)


def _cell(figure, form: str | None) -> tuple[str, float]:
    """The text of a figure, and the number that it stands for or nan."""
    numbers = figure if isinstance(figure, (tuple, list)) else [figure]
    if isinstance(figure, str) or numbers[0] is None or math.isnan(numbers[0]):
        return figure if isinstance(figure, str) else "", math.nan
    form = form or ("d" if isinstance(figure, Integral) else ".3f")
    return " ± ".join(format(number, form) for number in numbers), float(numbers[0])
