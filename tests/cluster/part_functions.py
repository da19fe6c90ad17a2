"""What workers of these tests do with a part; a module of its own, so that they can import it."""

import os
import signal
from pathlib import Path

from workbench.scoring import spread


def score_or_be_killed(part, scorer, there):
    """Score a part; of the fourth one, the first worker is killed before it has told the result."""
    found = spread.score_part(part, scorer, there)
    marker = Path(part.source).parents[1] / "killed"
    if part.group == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return found


def be_killed(part, scorer, there):
    """End the worker."""
    os.kill(os.getpid(), signal.SIGKILL)
