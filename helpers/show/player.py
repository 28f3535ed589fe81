"""The player that every notebook uses."""

from __future__ import annotations

import base64
import html
import re

import numpy as np

from ..files.midi_writer import midi_bytes, note_count, to_midi
from .synthesis import LONGEST, SAMPLE_RATE, SOUND_FONT_ENGINE, _finished, encode_mp3, synthesize

NOTHING_SOUNDS = "Nothing sounds here."


# --- the player --------------------------------------------------------------------------------


def player_html(music, tempo: float | None = None, onsets=None, title=None, program=None) -> str:
    """One player and one link to the MIDI file as HTML without scripts: both carry their data with
    them, so that they work in a saved notebook and on a page. See ``play`` for the arguments."""
    midi = to_midi(music, tempo, onsets, program)
    if not note_count(midi):
        return f"<p>{NOTHING_SOUNDS}</p>"
    samples, engine = synthesize(midi)
    notes = base64.b64encode(midi_bytes(midi)).decode()
    name = str(title or getattr(music, "name", None) or "music")
    file_name = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "music"
    remark = (
        "" if engine == SOUND_FONT_ENGINE else f"<small>Played by {html.escape(engine)}</small>"
    )
    return (
        '<div style="display: flex; align-items: center; flex-wrap: wrap; gap: 12px">'
        f"{_audio_element(samples, SAMPLE_RATE, name)}"
        f'<a download="{file_name}.mid" href="data:audio/midi;base64,{notes}">MIDI file</a>'
        f"{remark}</div>"
    )


def _audio_element(samples: np.ndarray, sample_rate: int, name: str) -> str:
    sound = base64.b64encode(encode_mp3(samples, sample_rate)).decode()
    return (
        f'<audio controls preload="metadata" title="{html.escape(name)}" '
        'style="width: 420px; max-width: 100%" '
        f'src="data:audio/mpeg;base64,{sound}"></audio>'
    )


def play_samples(samples, sample_rate: int = SAMPLE_RATE, title: str | None = None) -> None:
    """Shows a player for sound itself: mono samples ``(n,)``, brought to the loudness of all
    clips. Raises ValueError on another shape, on no samples, on more than ten minutes of them,
    and on samples that are not finite."""
    from IPython.display import HTML, display

    samples = np.array(samples, np.float32)
    if samples.ndim != 1 or not 0 < len(samples) <= LONGEST * sample_rate:
        raise ValueError(
            f"Sound has the shape (samples,) and at most {LONGEST // 60} minutes, "
            f"not {samples.shape}."
        )
    if not np.isfinite(samples).all():
        raise ValueError("Samples are finite numbers; these hold nan or infinity.")
    samples = _finished(samples, len(samples), sample_rate)
    heading = f"<p><b>{html.escape(title)}</b></p>" if title else ""
    display(HTML(heading + _audio_element(samples, sample_rate, title or "sound")))


def play(
    music,
    tempo: float | None = None,
    onsets=None,
    title: str | None = None,
    picture: bool = True,
    program=None,
    steps_per_bar: int = 16,
) -> None:
    """Shows a piano roll, a player and a link to the MIDI file.

    music: anything that ``to_timeline`` takes. tempo: quarter notes a minute; None is
    the music's own, else 100. onsets: bool, where repeated notes must be told from held ones.
    program: a General MIDI instrument instead of oboe (one voice) or organ (several).
    """
    from IPython.display import HTML, display

    player = player_html(music, tempo, onsets, title, program)
    if picture:
        from .rolls import plot_roll

        display(plot_roll(music, title, steps_per_bar, onsets))
    elif title:
        player = f"<p><b>{html.escape(title)}</b></p>{player}"
    display(HTML(player))
