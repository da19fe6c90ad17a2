"""Libraries that draw from the generators of the whole process: seeded for a while, then put back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def global_seed(random_state: Any) -> Iterator[None]:
    """Seed the global generators of `random` and numpy inside the block; afterwards they are as before.

    Parameters
    ----------
    random_state : int, RandomState or None
        None draws a seed, so that results differ from call to call.
    """
    seed = draw_seed(random_state)
    before = random.getstate(), np.random.get_state()  # noqa: NPY002 - these are the generators that libraries use
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002


def draw_seed(random_state: Any) -> int:
    """Give a whole number for libraries that take nothing else."""
    if random_state is None or isinstance(random_state, np.random.RandomState):
        generator = np.random.RandomState() if random_state is None else random_state
        return int(generator.randint(2**31 - 1))
    return int(random_state)
