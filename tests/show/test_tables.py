"""Tables: figures as they are written, what is missing, what stands out."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from helpers.show.tables import table

ROWS = {
    "Bach": {"consonance": (0.905, 0.003), "notes": 1204, "share": 0.25},
    "network": {"consonance": (np.float32(0.886), 0.0125), "share": None},
    "chance": {"consonance": 0.5, "notes": 30, "share": float("nan"), "key": "C < D"},
}


def texts(shown):
    return shown.to_numpy().tolist()


def test_figures_spreads_whole_numbers_texts_and_what_is_missing():
    shown = table(ROWS)
    assert list(shown.index) == ["Bach", "network", "chance"]
    assert list(shown.columns) == ["consonance", "notes", "share", "key"]
    assert texts(shown) == [
        ["0.905 ± 0.003", "1204", "0.250", ""],
        ["0.886 ± 0.013", "", "", ""],
        ["0.500", "30", "", "C < D"],
    ]


def test_chosen_columns_their_order_headings_and_forms():
    shown = table(ROWS, ["share", "consonance"], ".1%")
    assert list(shown.columns) == ["share", "consonance"]
    assert texts(shown)[0] == ["25.0%", "90.5% ± 0.3%"]
    headings = {"notes": "how many", "share": "of all"}
    shown = table(ROWS, headings, {"notes": ",", "share": ".0%"})
    assert list(shown.columns) == ["how many", "of all"]
    assert texts(shown)[0] == ["1,204", "25%"]
    assert texts(table(ROWS, ["gone"])) == [[""]] * 3


def test_as_plain_text_and_as_html():
    shown = table({"a": {"x": 1.0, "y & z": 2}, "b": {"x": 0.25}})
    assert repr(shown).split() == ["x", "y", "&", "z", "a", "1.000", "2", "b", "0.250"]
    page = table(ROWS)._repr_html_()
    assert "<td>C &lt; D</td>" in page and "<b>" not in page
    assert "<th>y &amp; z</th>" in shown._repr_html_()


def test_what_is_nearest_to_a_row_is_bold():
    shown = table(ROWS, nearest="Bach")
    assert shown.bold.tolist() == [
        [False] * 4,
        [True, False, False, False],
        [False, True, False, False],
    ]
    page, text = shown._repr_html_(), repr(shown)
    assert page.count("<td><b>") == 2 and "<b>Bold</b>: nearest to Bach." in page
    assert "<b>0.886 ± 0.013</b>" in page
    assert "0.886 ± 0.013*" in text and text.endswith("\n* nearest to Bach")
    assert text.count("*") == 3


def test_what_is_nearest_to_a_column_is_bold():
    columns = {"parallels": {"Bach": 0.1, "GAN": 0.3, "RNN": 0.2}, "range": {"Bach": 1.0, "GAN": 1}}
    shown = table(columns, {"GAN": "the GAN", "RNN": "RNN", "Bach": "Bach"}, nearest="Bach")
    assert shown.bold.tolist() == [[False, True, False], [True, False, False]]
    with pytest.raises(ValueError, match="'Handel' is neither a row nor a column"):
        table(columns, nearest="Handel")


def test_a_baseline_is_never_marked_and_what_it_beats_is_not_either():
    rows = {
        "real": {"a": 1.0, "b": 1.0, "c": 1.0},
        "GAN": {"a": 1.1, "b": 2.0},
        "RNN": {"a": 1.2, "b": 3.0, "c": 5.0},
        "chance": {"a": 9.0, "b": 1.1, "c": 9.0},
    }
    wanted = [[False] * 3, [True, False, False], [False, False, True], [False] * 3]
    shown = table(rows, nearest="real", baselines=["chance"])
    assert shown.bold.tolist() == wanted
    assert repr(shown).endswith("* nearest to real, where no baseline is nearer")
    turned = {c: {name: row[c] for name, row in rows.items() if c in row} for c in "abc"}
    shown = table(
        turned, {"real": "Bach", "GAN": "G", "RNN": "R", "chance": "C"}, None, "real", "chance"
    )
    assert shown.bold.T.tolist() == wanted
    assert "nearest to Bach, where" in shown._repr_html_()
    assert table(rows, nearest="real").bold.tolist()[3] == [False, True, False]
    nothing = table(
        {"real": {"a": 1}, "GAN": {"a": 3}, "chance": {"a": 1}}, None, None, "real", "chance"
    )
    assert not nothing.bold.any() and "nearest" not in repr(nothing) + nothing._repr_html_()
    for names, words in (("luck", "'luck' is none of GAN, RNN, chance"), ("real", "is none of")):
        with pytest.raises(ValueError, match=words):
            table(rows, nearest="real", baselines=names)
    with pytest.raises(ValueError, match="go with nearest"):
        table(rows, baselines="chance")


def test_a_list_of_rows_is_numbered():
    shown = table([{"a": 1}, {"b": 2.5}])
    assert list(shown.index) == ["1", "2"]
    assert texts(shown) == [["1", ""], ["", "2.500"]]
    assert "<th>100</th>" in table([{0: 1, 100: 2}], nearest=0)._repr_html_()


def test_a_table_is_a_data_frame():
    shown = table(ROWS)
    assert isinstance(shown, pd.DataFrame) and shown.loc["chance", "notes"] == "30"


def test_pandas_is_imported_by_a_table_only():
    code = "import sys, helpers.show; helpers.show.play; print('pandas' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
