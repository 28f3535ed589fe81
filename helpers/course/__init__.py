"""Settings, folders, device, seeds and progress; files written whole."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "device": "device_report set_seed",
        "progress_bar": "progress",
        "settings": "DATA_FOLDER ROOT cache_folder checkpoint_folder runs_folder setting",
        "splits": "SPLITS",
        "storage": "sha256",
        "surroundings": "look_around",
    },
)
