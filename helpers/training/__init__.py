"""A training that can be stopped at any moment, its loop and its checkpoints."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "checkpoints": "load_checkpoint pack_weights unpack_weights write_checkpoint",
        "loop": "Stopped train",
        "state": "CheckpointError Training",
    },
)
