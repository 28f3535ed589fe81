"""Settings, folders, seeds and progress; files written whole."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "progress_bar": "progress",
        "settings": (
            "DATA_FOLDER ROOT checkpoint_folder device_report runs_folder set_seed setting"
        ),
        "splits": "SPLITS",
        "storage": "sha256",
    },
)
