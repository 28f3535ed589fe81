"""Notation as a picture, offline: verovio's SVG."""

from __future__ import annotations

import base64
import html
import re

from ..course.errors import SettingError, check_kind
from ..files.musicxml_writer import score_text, voices_to_score
from ..music.conversion import to_piece

VEROVIO_OPTIONS = {
    "pageWidth": 2200,  # tenths of a millimetre: some five bars of a chorale
    "pageHeight": 60000,  # one page, however long, cut to its content
    "adjustPageHeight": True,
    "adjustPageWidth": True,
    "scale": 40,
    "header": "none",
    "footer": "none",
    "svgFormatRaw": True,
    "pageMarginLeft": 60,
    "pageMarginRight": 30,
    "pageMarginTop": 30,
    "pageMarginBottom": 30,
}


def plot_notation(music, title: str | None = None) -> Notation:
    """A score of any music of the course but drums; what ``to_piece`` loses, a score lacks.

    Four voices stand on two staves, soprano and alto above tenor and bass. The key is the piece's
    own, else the best guess.
    """
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(VEROVIO_OPTIONS)
    piece = to_piece(music)
    if not toolkit.loadData(score_text(voices_to_score(piece))):
        raise SettingError("This music cannot be set as a score.")
    check_kind("title", title, str, "text", none=True)
    title = title or piece.name or None
    of = ", ".join(filter(None, (title or "the music", piece.key)))
    bars, voices, notes = len(piece.bar_starts), piece.voices.shape[1], piece.onsets.sum()
    alt = f"Score of {of}. Bars: {bars}; voices: {voices}; notes: {notes}."
    return Notation(_without_idle_names(toolkit.renderToSVG(1)), title, alt)


class Notation:
    """A score as SVG; Jupyter shows it, in a notebook that is not trusted too. alt: what stands in
    it, in words."""

    def __init__(self, svg: str, title: str | None = None, alt: str = "A score."):
        self.svg, self.title, self.alt = svg, title, alt

    def __repr__(self) -> str:
        return f"<Notation: {self.title or 'untitled'}>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.svg.encode()).decode()
        caption = f"<p><b>{html.escape(self.title)}</b></p>" if self.title else ""
        return (
            f'{caption}<img alt="{html.escape(self.alt)}" '
            f'style="max-width: 100%; background: white" src="data:image/svg+xml;base64,{data}">'
        )


def _without_idle_names(svg: str) -> str:
    """The picture without the names of elements that nothing in it refers to: half its size."""
    used = set(re.findall(r"#([\w-]+)", svg))  # by links and by the style sheet
    return re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", svg)
