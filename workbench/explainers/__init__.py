"""Explanations of any fitted model with scikit-learn's interface, one file per method."""

from workbench.explainers.explainer import Explainer, explain, explainer, explainers, registry
from workbench.registry import make_callable

__all__ = ["Explainer", "explain", "explainer", "explainers", "registry"]

make_callable(__name__, explainers)
