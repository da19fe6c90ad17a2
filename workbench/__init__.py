"""A glassbox workbench for tables."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# name -> module that holds it; nothing is imported before it is asked for (PEP 562)
_HOMES = {
    "Classifier": "workbench.estimator",
    "Form": "workbench.forms",
    "Regressor": "workbench.estimator",
    "Table": "workbench.table",
    "explain": "workbench.explainers",
    "explainers": "workbench.explainers",
    "families": "workbench.families",
    "load": "workbench.catalog",
    "run": "workbench.runner",
}

__all__ = ["Classifier", "Form", "Regressor", "Table", "explain", "explainers", "families", "load", "run"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'workbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
