"""Random numbers that belong to a column, whatever other columns a table has."""

from __future__ import annotations

import hashlib

import numpy as np


def column_generator(random_state: int, name: str) -> np.random.Generator:
    """Give the random numbers of one column, by its name and the seed alone."""
    digest = hashlib.sha256(f"{random_state}\0{name}".encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))
