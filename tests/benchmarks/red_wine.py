"""R² on red wine over 5 folds of all rows, with repeated rows together and split apart.

    python tests/benchmarks/red_wine.py

Each figure is the mean over the folds: holdout 0, one repeat, seed 0.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import workbench as wb

MODELS = ["dummy", "linear", "tree", "ebm", "xgboost", "forest"]


def scores(folder: Path, duplicates: str) -> dict[str, float]:
    study = {
        "data": {"source": "wine-quality-red"},
        "split": {"holdout": 0, "folds": 5, "repeats": 1, "seed": 0, "duplicates": duplicates},
        "models": MODELS,
        "metrics": ["r2"],
        "explain": [],
    }
    result = wb.run(study, out=folder / duplicates)
    if result.failed:
        raise SystemExit(f"failed: {result.failed}")
    return {m["name"]: m["scores"]["r2"]["mean"] for m in result.results["models"]}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        together, apart = (scores(Path(folder), choice) for choice in ("together", "ignore"))
    print(f"{'model':10} {'together':>9} {'apart':>9}")
    for name in MODELS:
        print(f"{name:10} {together[name]:9.3f} {apart[name]:9.3f}")


if __name__ == "__main__":
    main()
