"""The published checkpoints, verified once and kept."""

from __future__ import annotations

import functools

from ..training.checkpoints import Checkpoint, load_checkpoint


@functools.cache
def say_first_call(function: str) -> None:
    """Says, once for each function, why nothing comes at first."""
    print(f"{function}: the first call loads and compiles its network; some twenty seconds.")


@functools.cache
def published(chapter: str) -> Checkpoint:
    """A chapter's published checkpoint; it keeps the networks that it has read."""
    return load_checkpoint(chapter)
