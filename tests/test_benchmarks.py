"""Benchmarks are run by hand, seldom: that they still find what they import is seen here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "benchmarks"


def test_every_benchmark_can_be_imported() -> None:
    names = sorted(file.stem for file in FOLDER.glob("*.py"))
    assert len(names) > 20
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *names], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
