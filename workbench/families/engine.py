"""Which library does the work where two can: scikit-learn, or sklearnex's estimators of the same name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

# what the modules that fitted objects come from are called where they are installed from
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "sklearnex": "scikit-learn-intelex",
    "interpret": "interpret-core",
}


def accelerator() -> str | None:
    """Name the distribution that accelerates scikit-learn, None where it is not installed."""
    return "scikit-learn-intelex" if find_spec("sklearnex") else None


def scikit_learn_module(name: str, *, accelerate: bool) -> Any:
    """Give a module of scikit-learn, or sklearnex's of the same name where asked for and installed.

    Nothing is patched: the estimators are imported from where they stand.
    """
    package = "sklearnex" if accelerate and accelerator() else "sklearn"
    return importlib.import_module(f"{package}.{name}")


def is_accelerated(fitted: Any) -> bool:
    """Say whether the model is sklearnex's own; a fit that it can't do it leaves to scikit-learn."""
    return hasattr(fitted, "_onedal_estimator")


def engine_of(fitted: Any, libraries: Sequence[str] = ()) -> str:
    """Name the library that fitted an object, with its version; of an object of ours a family's first."""
    if name := getattr(fitted, "library", None):
        return f"{name} {version(name)}"
    module = type(fitted).__module__.partition(".")[0]
    if module == "workbench" and libraries:
        return f"{libraries[0]} {version(libraries[0])}"
    if module == "sklearnex" and not is_accelerated(fitted):
        module = "sklearn"
    if module in _DISTRIBUTIONS:
        name = _DISTRIBUTIONS[module]
        return f"{name} {version(name)}"
    return f"{module} {getattr(importlib.import_module(module), '__version__', '')}".strip()
