"""Hear and see: players, piano rolls, curves, heat maps, notation, sliders."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "curves": "plot_lines plot_losses plot_metrics",
        "diagrams": "Diagram",
        "heatmaps": "plot_matrices plot_waveform",
        "networks": "plot_guesses plot_map",
        "notation": "plot_notation",
        "pictures": "new_figure",
        "player": "play play_samples",
        "rolls": "plot_roll plot_rolls",
        "synthesis": "SAMPLE_RATE synthesize",
        "tables": "table",
        "widgets": "browse explore listening_form",
    },
)
