"""Permutation importance: how much worse a model scores when the values of a column, or of a group, are shuffled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pydantic

from workbench.answers.importance import Importance
from workbench.columns import listed
from workbench.explainers.correlation import STRONG_CORRELATION, correlated_groups
from workbench.explainers.draws import column_generator
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import take
from workbench.explainers.stacks import copied, copies_per_stack, exchanged, parts_of
from workbench.metrics import Metric, MetricError, default_metrics, metric

FAR = 1.5  # a group that loses so many times what its columns lose one by one is named in a warning


class PermutationImportance(Explainer):
    r"""The loss of score when one column's values are shuffled among the rows.

    .. math:: I_{jr} = \pm (s(y, f(X)) - s(y, f(X_{jr})))

    where :math:`s` is a metric, :math:`X_{jr}` the rows with column j in the r-th random order, and the sign such that
    larger is more important whether the metric is to be large or small. Columns are the original ones: a category is
    shuffled as a whole. A column that the model does not use gets exactly 0.

    Columns that move together (`correlated_groups`) are shuffled one by one, and as a group too, all of its columns in
    the same order: what two twins both tell is lost only where both are shuffled. A warning names each group that loses
    more than 1.5 times what its columns lose one by one, by more than two standard deviations over the repeats.

    The r-th order of a column depends on `random_state`, the column's name and the number of rows alone, that of a
    group on the names of its columns: other columns, their order, more repeats and the size of batches don't change it.

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
        "Columns that say the same share their importance, so each can look unimportant: look at its group. Shuffling "
        "also makes rows that may not occur. On the rows that the model was trained on it shows what the model learned "
        "by heart too."
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
        group_above: float | None = pydantic.Field(
            STRONG_CORRELATION,
            gt=0,
            lt=1,
            description="mean association (0 to 1) from which columns are shuffled together too; null: never",
        )

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
        """Score the rows as they are, and with each column and each group shuffled.

        Raises
        ------
        ValueError
            If the metric is unknown, or needs what the model does not give.
        """
        chosen = chosen_metric(inputs.model, options.metric)
        names = inputs.feature_names
        groups = () if options.group_above is None else correlated_groups(inputs, options.group_above)
        players: list[tuple[int, ...]] = [*((j,) for j in range(len(names))), *groups]
        baseline, losses = _losses(inputs, chosen, players, options.n_repeats)
        importances, of_groups = losses[: len(names)], losses[len(names) :]
        told = f"{chosen.title} is undefined on these rows, and so is what it loses"
        warnings = [told] if np.isnan(losses).any() else _hidden(names, groups, importances, of_groups, chosen)
        return Importance(
            feature_names=names,
            importances=importances,
            importances_mean=importances.mean(axis=1),
            importances_std=importances.std(axis=1),
            metric=chosen.name,
            baseline_score=baseline,
            greater_is_better=chosen.greater_is_better,
            groups=tuple(tuple(names[j] for j in group) for group in groups),
            group_importances=of_groups if groups else None,
            provenance=cls.provenance(inputs, options, exact=False, warnings=tuple(warnings)),
        )


def _losses(
    inputs: Inputs, chosen: Metric, players: Sequence[tuple[int, ...]], n_repeats: int
) -> tuple[float, np.ndarray]:
    """Give the score of the rows as they are, and what it loses, shape (n_players, n_repeats)."""
    n_rows = len(inputs.X)
    sign = 1.0 if chosen.greater_is_better else -1.0
    # sorted, so that the order of the columns changes no group's orders
    keys = ["\0\0".join(sorted(inputs.feature_names[j] for j in columns)) for columns in players]
    generators = [column_generator(inputs.random_state, key) for key in keys]
    losses = np.empty((len(players), n_repeats))
    step = copies_per_stack(inputs.X)
    # Scored from a stack of the same shape: a matrix product may round a row by its place in the matrix, and a column
    # that is not used must come to exactly 0.
    baselines: dict[int, np.ndarray] = {}
    for start in range(0, n_repeats, step):
        copies = min(step, n_repeats - start)
        stack = inputs.X if copies == 1 else copied(inputs.X, copies)
        if copies not in baselines:
            baselines[copies] = _scores(inputs, chosen, stack, copies)
        for p, columns in enumerate(players):
            orders = np.concatenate([generators[p].permutation(n_rows) for _ in range(copies)])
            lost = baselines[copies] - _scores(inputs, chosen, stack, copies, columns, orders)
            losses[p, start : start + copies] = sign * lost
    return float(baselines[min(step, n_repeats)][0]), losses


def _hidden(
    names: Sequence[str],
    groups: Sequence[tuple[int, ...]],
    importances: np.ndarray,
    of_groups: np.ndarray,
    chosen: Metric,
) -> Iterator[str]:
    """Name the groups whose columns hide each other, with the numbers that tell so."""
    for group, repeats in zip(groups, of_groups, strict=True):
        single = importances[list(group)]
        apart = float(np.maximum(single.mean(axis=1), 0.0).sum())
        together = float(repeats.mean())
        spread = float(np.sqrt(repeats.var() + single.var(axis=1).sum()))
        if together > FAR * apart and together - apart > 2 * spread:
            change = "falls" if chosen.greater_is_better else "rises"
            yield (
                f"{listed([names[j] for j in group])} move together: {chosen.title} {change} by {together:.3g} when "
                f"they are shuffled together, by at most {single.mean(axis=1).max():.3g} when one of them is; they "
                "stand in for each other"
            )


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


def _scores(
    inputs: Inputs, chosen: Metric, stack: Any, copies: int, columns: tuple[int, ...] = (), orders: Any = None
) -> np.ndarray:
    """Score each copy of the rows in a stack, with some columns exchanged for those of the rows of X in an order."""
    answers = []
    for part in parts_of(stack):
        asked = take(stack, part)
        # a model may write into what it is given; pandas copies on write
        asked = asked.copy(deep=False) if isinstance(asked, pd.DataFrame) else asked.copy()
        for column in columns:
            asked = exchanged(asked, column, inputs.X, orders[part])
        answers.append(np.asarray(getattr(inputs.model, chosen.needs)(asked)))
    answer = np.concatenate(answers)
    known = list(getattr(inputs.model, "classes_", ()))
    classes = sorted(known, key=lambda label: label == inputs.positive) if inputs.positive is not None else known
    if chosen.needs == "predict_proba":
        answer = answer[:, [known.index(label) for label in classes]]
    elif answer.ndim > 1:
        raise ValueError(
            f"permutation_importance: model must have one target; got {answer.shape[1]}; explain a model of each"
        )
    name = "y_proba" if chosen.needs == "predict_proba" else "y_pred"
    return np.array(
        [
            chosen(inputs.y, **{name: predicted}, classes=classes, sample_weight=inputs.sample_weight)
            for predicted in np.split(answer, copies)
        ]
    )
