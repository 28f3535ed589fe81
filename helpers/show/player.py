"""The player that every notebook uses."""

from __future__ import annotations

import base64
import html
import re

import numpy as np

from ..course.errors import SettingError, check_kind, check_number
from ..files.midi_writer import midi_bytes, to_midi
from ..music.arrays import check_array
from ..music.conversion import to_timeline
from .synthesis import LONGEST, SAMPLE_RATE, SOUND_FONT_ENGINE, encode_mp3, finished, synthesize

# In a notebook that is not trusted JupyterLab takes away a link's address and this style, and
# leaves the rest: there the link stays hidden and the hint, which else is hidden, takes its place.
TRUSTED = "<style>.midi-link { display: inline !important } .midi-hint { display: none }</style>"
HINT = '<small class="midi-hint">Run this cell to get the MIDI file.</small>'


def play(
    music,
    tempo: float | None = None,
    onsets=None,
    title: str | None = None,
    picture: bool = True,
    program=None,
    mark: float | None = None,
) -> None:
    """Shows a piano roll, a player and a link to the MIDI file.

    music: anything that ``to_timeline`` takes, such as a piece of ``load_folder``. tempo: quarter
    notes a minute; None is the music's own, else 100. onsets: bool, where repeated notes must be
    told from held ones. program: a General MIDI instrument instead of oboe (one voice) or organ
    (several). mark: a step at which a line stands in the picture.
    """
    from IPython.display import display

    for thing in shown(music, tempo, onsets, title, picture, program, mark):
        display(thing)


def shown(
    music, tempo=None, onsets=None, title=None, picture=True, program=None, mark=None
) -> list:
    """What ``play`` shows, one below the other."""
    from IPython.display import HTML

    from .rolls import plot_roll

    check_kind("title", title, str, "text", none=True)
    timeline = to_timeline(music, onsets)
    title = title or timeline.name
    player = _player(timeline, tempo, title, program)
    if picture:
        return [plot_roll(timeline, title, mark=mark), HTML(player)]
    return [HTML(_heading(title) + player)]


def _player(timeline, tempo, title, program) -> str:
    """A player and a link to the MIDI file as HTML without scripts: both carry their data with
    them, so that they work in a saved notebook and on a page. The link alone needs trust."""
    if not any(len(part.notes) for part in timeline.parts):
        return "<p>Nothing sounds here.</p>"
    samples, engine = synthesize(timeline, tempo, program=program)
    midi = base64.b64encode(midi_bytes(to_midi(timeline, tempo, program=program))).decode()
    name = str(title or "music")
    file_name = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "music"
    remark = (
        "" if engine == SOUND_FONT_ENGINE else f"<small>Played by {html.escape(engine)}</small>"
    )
    return (
        '<div style="display: flex; align-items: center; flex-wrap: wrap; gap: 12px">'
        f"{_audio(samples, SAMPLE_RATE, name)}"
        f'{TRUSTED}<a class="midi-link" hidden download="{file_name}.mid" '
        f'href="data:audio/midi;base64,{midi}">MIDI file</a>{HINT}{remark}</div>'
    )


def play_samples(samples, sample_rate: int = SAMPLE_RATE, title: str | None = None) -> None:
    """Shows a player for sound itself: mono samples ``(n,)``, brought to the loudness of all
    clips. Raises ValueError on another shape, on no samples, on more than ten minutes of them,
    and on samples that are not finite."""
    from IPython.display import HTML, display

    check_kind("title", title, str, "text", none=True)
    check_number("sample_rate", sample_rate, least=1)
    samples = check_array(samples, "Samples", ("samples",)).astype(np.float32)
    if not 0 < len(samples) <= LONGEST * sample_rate:
        raise SettingError(
            f"Sound lasts at most {LONGEST // 60} minutes and is not empty; these are "
            f"{len(samples):,} samples."
        )
    samples = finished(samples, len(samples), sample_rate)
    display(HTML(_heading(title) + _audio(samples, sample_rate, title or "sound")))


def _heading(title) -> str:
    return f"<p><b>{html.escape(str(title))}</b></p>" if title else ""


def _audio(samples: np.ndarray, sample_rate: int, name: str) -> str:
    sound = base64.b64encode(encode_mp3(samples, sample_rate)).decode()
    return (
        f'<audio controls preload="metadata" title="{html.escape(name)}" '
        'style="width: 420px; max-width: 100%" '
        f'src="data:audio/mpeg;base64,{sound}"></audio>'
    )
