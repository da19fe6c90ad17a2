"""A study whose every name tries to be something else, on rows whose every value is like no other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

HOSTILE = (
    "<script>alert(1)</script>",
    "#set page(width: 1pt)",
    "$x$ \\input{x}",
    "=cmd()",
    "../../x",
    "long " + "x" * 295,
    "שלום עולם",
    "🍷 \u202etxt.exe",
    "| a | `b` | *c* |",
)
BLANK = "   "  # no file may name a column so, but levels and texts may be
# a folder as people have them, and its file
HOME = ("home", "jane.doe", "secret project")
FILE = "the rows.csv"
N = 260


def rows() -> pd.DataFrame:
    """Make the rows: numbers that are all different, levels of 20 rows or more, and a target that depends on them."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({name: rng.normal(10 * (i + 1), 3.7 + i, N) for i, name in enumerate(HOSTILE[:-1])})
    frame[HOSTILE[-1]] = rng.permutation(np.resize((*HOSTILE, BLANK), N))
    frame["target <b>"] = (
        frame[HOSTILE[0]]
        + 0.5 * frame[HOSTILE[1]] * (frame[HOSTILE[2]] > 30)
        + 3.0 * (frame[HOSTILE[-1]] == HOSTILE[0])
        + rng.normal(0, 1, N)
    )
    return frame


def write(folder: Path, explain: list[str]) -> Path:
    """Write the rows and the study in a home folder below a folder; give the study's path."""
    home = folder.joinpath(*HOME)
    home.mkdir(parents=True)
    rows().to_csv(home / FILE, index=False)
    columns = {name: {"label": f"{name}{name}"[:300], "unit": name[:40], "description": name} for name in HOSTILE}
    columns[HOSTILE[1]] = {"label": BLANK, "unit": BLANK, "description": BLANK}
    study = {
        "study": "sent",
        "data": {"source": str(home / FILE), "target": "target <b>", "columns": columns},
        "split": {"folds": 2, "repeats": 1},
        "models": ["linear", {"tree": {"name": "a-tree", "max_leaf_nodes": 5}}, {"forest": {"n_estimators": 8}}],
        "explain": explain,
        "report": {
            "formats": ["html", "pdf", "md"],
            **{
                key: (*HOSTILE, BLANK)[i]
                for i, key in enumerate(
                    ("owner", "purpose", "citation", "misuse", "oversight", "version", "contact", "users", "licence")
                )
            },
        },
    }
    path = home / "study.yaml"
    path.write_text(json.dumps(study, ensure_ascii=False), encoding="utf-8")
    return path
