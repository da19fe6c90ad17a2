"""Permutation importance: how much worse a model scores when one column's values are shuffled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pydantic

from workbench.answers.importance import Importance
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.stacks import copies_per_stack, stack
from workbench.metrics import Metric, MetricError, default_metrics, metric


class PermutationImportance(Explainer):
    r"""The loss of score when one column's values are shuffled among the rows.

    .. math:: I_{jr} = \pm (s(y, f(X)) - s(y, f(X_{jr})))

    where :math:`s` is a metric, :math:`X_{jr}` the rows with column j in the r-th random order, and the sign such that
    larger is more important whether the metric is to be large or small. Columns are the original ones: a category is
    shuffled as a whole. A column that the model does not use gets exactly 0.

    The r-th order of a column depends on `random_state`, the column's name and the number of rows alone: other columns,
    their order, more repeats and the size of batches don't change it.

    References
    ----------
    L. Breiman, 2001, "Random forests", doi 10.1023/A:1010933404324; A. Fisher, C. Rudin and F. Dominici, 2019, "All
    models are wrong, but many are useful", JMLR 20(177).
    """

    name = "permutation_importance"
    title = "Permutation importance"
    summary = "How much worse the model scores when the values of one column are shuffled among the rows."
    reference = (
        "L. Breiman, 2001, Random forests, doi 10.1023/A:1010933404324; A. Fisher, C. Rudin, F. Dominici, 2019, "
        "All models are wrong, but many are useful, JMLR 20(177)"
    )
    caution = (
        "Columns that say the same share their importance, so each can look unimportant; shuffling also makes rows "
        "that may not occur. On the rows that the model was trained on it shows what the model learned by heart too."
    )
    needs_y = True
    has_refits = has_noise = True

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of permutation importance."""

        metric: str | None = pydantic.Field(
            None,
            description="name of a metric; the first default one for the task that the model can answer where absent",
        )
        n_repeats: int = pydantic.Field(10, ge=1, le=10_000, description="how often each column is shuffled")

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse a metric that is unknown or can't score the task."""
        if options.metric is not None:
            try:
                metric(options.metric, task=task)
            except MetricError as error:
                yield "metric", f"can't be used: {error}"

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Importance:
        """Score the rows as they are and with each column shuffled.

        Raises
        ------
        ValueError
            If the metric is unknown, or needs what the model does not give.
        """
        chosen = chosen_metric(inputs.model, options.metric)
        sign = 1.0 if chosen.greater_is_better else -1.0
        n_rows, n_columns = inputs.X.shape
        repeats = range(options.n_repeats)
        in_order = np.tile(np.arange(n_rows), (options.n_repeats, 1))
        # Scored from a stack of the same shape: a matrix product may round a row by its place in the matrix, and a
        # column that is not used must come to exactly 0.
        baseline = np.array(list(_scores(inputs, chosen, 0, in_order)))
        importances = np.empty((n_columns, options.n_repeats))
        for j, name in enumerate(inputs.feature_names):
            generator = column_generator(inputs.random_state, name)
            orders = np.array([generator.permutation(n_rows) for _ in repeats])
            importances[j] = sign * (baseline - np.array(list(_scores(inputs, chosen, j, orders))))
        told = f"{chosen.title} is undefined on these rows, and so is what it loses"
        undefined = (told,) if np.isnan(importances).any() else ()
        return Importance(
            feature_names=inputs.feature_names,
            importances=importances,
            importances_mean=importances.mean(axis=1),
            importances_std=importances.std(axis=1),
            metric=chosen.name,
            baseline_score=float(baseline[0]),
            greater_is_better=chosen.greater_is_better,
            provenance=cls.provenance(inputs, options, exact=False, warnings=undefined),
        )


def column_generator(random_state: int, name: str) -> np.random.Generator:
    """Give the random numbers of one column, by its name and the seed alone."""
    digest = hashlib.sha256(f"{random_state}\0{name}".encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def chosen_metric(model: Any, name: str | None) -> Metric:
    """Give the metric of a name, or the first default one for the model's task that the model can answer.

    Raises
    ------
    ValueError
        If the metric is unknown, made for another task, or needs what the model does not give.
    """
    from sklearn.base import is_classifier

    task = "regression"
    if is_classifier(model):
        task = "binary" if len(model.classes_) == 2 else "multiclass"
    if name is None:
        return next(m for m in map(metric, default_metrics(task)) if hasattr(model, m.needs))
    chosen = metric(name, task=task)
    if not hasattr(model, chosen.needs):
        raise ValueError(f"metric {name!r} needs {chosen.needs}, which {type(model).__name__} does not have")
    return chosen


def _scores(inputs: Inputs, chosen: Metric, column: int, orders: np.ndarray) -> Iterator[float]:
    """Score the rows with one column in each of these orders."""
    step = copies_per_stack(inputs.X)
    known = list(getattr(inputs.model, "classes_", ()))
    classes = sorted(known, key=lambda label: label == inputs.positive) if inputs.positive is not None else known
    for start in range(0, len(orders), step):
        some = orders[start : start + step]
        answer = np.asarray(getattr(inputs.model, chosen.needs)(stack(inputs.X, column, inputs.X, some)))
        if chosen.needs == "predict_proba":
            answer = answer[:, [known.index(label) for label in classes]]
        for predicted in np.split(answer, len(some)):
            told = {"y_proba" if chosen.needs == "predict_proba" else "y_pred": predicted}
            yield chosen(inputs.y, **told, classes=classes, sample_weight=inputs.sample_weight)
