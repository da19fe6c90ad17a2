"""Surrogate: a model that can be read, fitted to the predictions of another, and how far it does the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pydantic

from workbench.answers.surrogate import Surrogate
from workbench.blocks import deal_blocks
from workbench.disclosure import private_reason
from workbench.explainers.explainer import Explainer, nearest
from workbench.explainers.inputs import Inputs
from workbench.explainers.likeness import Fit, Target, encoded_inputs, identical_rows
from workbench.explainers.response import Response
from workbench.explainers.rows import take
from workbench.forms import Affine
from workbench.interval import Interval, corrected_interval

LOW_FIDELITY = 0.8
MOST_NUMBERS = 20_000  # of a form that stands in an answer
MOST_ROWS = 50_000
MOST_INPUTS = 2**22  # numbers that a family is given at once: 32 MiB, of which libraries make a few copies
FEWER_ROWS = {"rulefit": 8_000}  # its library holds what each of some 2,000 rules says of each row
OF_NUMBER = {"gam": 50}  # what counts as one number there: 20 splines, of which its library makes many copies
SMALL = {"tree": {"max_leaf_nodes": 8}}  # parameters where none are given: a surrogate is there to be read


class SurrogateModel(Explainer):
    r"""A glass box fitted to a model's predictions, and its fidelity to them on rows that it was not fitted on.

    .. math:: R^2 = 1 - \sum_i w_i (f(x_i) - g(x_i))^2 / \sum_i w_i (f(x_i) - \bar f)^2

    f the model, g the surrogate fitted on the other folds, over the rows of a fold; f's own mean there is
    :math:`\bar f`, and several outputs are added up in both sums. ``fidelity`` is the mean over `folds` times `repeats`
    folds; identical rows stay in one fold; the interval is the corrected resampled one (`corrected_interval`).

    What is learnt:

    - of a regressor its predictions;
    - of two classes the probability (or margin) of the positive one, by the family's regressor;
    - of more classes, or by a family without regressor, the labels that the model decides for. Fidelity is still that
      of the probabilities (without these, of labels as 0 and 1).

    ``agreement`` is the share of rows out of fold for which both decide for the same class.

    It explains the model on the rows that were given, and says nothing of whether the model is right. Fold scores that
    are undefined, as the model is flat on the rows of a fold, are left out.

    Of more than 50,000 rows as many are drawn by the seed, and fewer where a family makes so many columns of the levels
    of a category that they would not fit into memory; a warning says how many, and so it does of levels that are
    pooled. ``provenance.n_rows`` counts the rows that were given, ``provenance.parameters["rows_used"]`` those used.

    References
    ----------
    M. W. Craven and J. W. Shavlik, 1996, "Extracting tree-structured representations of trained networks", Advances in
    Neural Information Processing Systems 8; R. Guidotti et al., 2018, "A survey of methods for explaining black box
    models", doi 10.1145/3236009.
    """

    name = "surrogate"
    title = "Surrogate"
    summary = "A model that can be read, fitted to what the model predicts, and how much of that it explains."
    reference = (
        "M. W. Craven, J. W. Shavlik, 1996, Extracting tree-structured representations of trained networks, "
        "Advances in Neural Information Processing Systems 8; R. Guidotti et al., 2018, A survey of methods for "
        "explaining black box models, doi 10.1145/3236009"
    )
    caution = (
        "It is another model: what it leaves out may be what matters for some rows, and two surrogates of the same "
        "fidelity can tell different stories. It says nothing of whether the model is right. On the rows that the "
        "model was trained on, it also has to follow what the model learned by heart."
    )

    black_boxes_only = True

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of the surrogate."""

        family: str = pydantic.Field("tree", description="the glass box that is fitted: a family")
        parameters: dict[str, Any] | None = pydantic.Field(
            None, description="of the family; its defaults where absent, but 8 leaves for a tree"
        )
        folds: int = pydantic.Field(5, ge=2, le=20, description="parts that the rows are divided into for fidelity")
        repeats: int = pydantic.Field(2, ge=1, le=20, description="how often they are divided anew")

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse a family that is unknown, no glass box or can't do the task, and parameters that it does not take."""
        from workbench.families import registry

        able = [name for name, f in registry().items() if _is_able(f, f.Parameters().model_dump(), task)]
        found = registry().get(options.family)
        if found is None:
            yield "family", f"must be a known family; got {options.family!r}{nearest(options.family, able)}"
            return
        given = _given(options)
        if (wrong := _wrong_parameter(found, given)) is not None:
            yield "parameters", wrong
        elif not found().is_glassbox(found.Parameters(**given).model_dump()):
            told = " with these parameters" if found().is_glassbox(found.Parameters().model_dump()) else ""
            yield "family", f"must be a glass box; {options.family!r} is none{told}; glass boxes: {', '.join(able)}"
        elif options.family not in able and not _is_able(found, given, task):
            yield "family", f"{options.family!r} can't learn a {task} model; families that can: {', '.join(able)}"

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Surrogate:
        """Fit the surrogate to all rows, and to those of each fold's training part.

        Raises
        ------
        ValueError
            If the family, its parameters or the rows don't fit.
        """
        from workbench.families import find_family

        for option, told in cls.misfits(options, task=_task(inputs.model), columns=inputs.feature_names):
            raise ValueError(f"surrogate: {option} {told}")
        family = find_family(options.family)
        parameters = _given(options)
        if "random_state" in family.Parameters.model_fields:
            parameters.setdefault("random_state", inputs.random_state)
        fit, drawn = _fit_to_rows(inputs, family, parameters)
        whole, pooled = fit.telling(np.arange(len(fit.X)))
        fidelity, agreement, warnings = _out_of_fold(fit, options, inputs.random_state)
        warnings = [*drawn, *pooled, *warnings]
        form = whole.form_
        fits = form.stored_numbers <= MOST_NUMBERS
        if not fits:
            warnings.append(f"the form holds {form.stored_numbers:,} numbers and is told as text alone")
        warnings = [*_cautions(inputs.model, family.title, fidelity[0].mean), *warnings]
        provenance = cls.provenance(inputs, options, exact=False, warnings=tuple(warnings))
        return Surrogate(
            family=options.family,
            title=family.title,
            parameters=parameters,
            outputs=fit.target.outputs,
            scale=fit.target.scale,
            fidelity=fidelity[0].mean,
            lower=fidelity[0].lower,
            upper=fidelity[0].upper,
            folds=fidelity[1],
            agreement=agreement,
            size=form.size,
            text=str(form),
            form=form.to_dict() if fits else None,
            private=private_reason(whole.smallest_support_, "rows"),
            provenance=replace(provenance, parameters={**provenance.parameters, "rows_used": len(fit.X)}),
        )


def _fit_to_rows(inputs: Inputs, family: Any, parameters: dict[str, Any]) -> tuple[Fit, list[str]]:
    """Choose the rows, ask the model about them, and say how they were chosen."""
    n = len(inputs.X)
    rows = _draw(np.arange(n), FEWER_ROWS.get(family.name, MOST_ROWS), inputs)
    made = encoded_inputs(family, parameters, inputs, rows)
    wide = sum(OF_NUMBER.get(family.name, 1) if isinstance(each, Affine) else 1 for each in made)
    rows = _draw(rows, max(1, MOST_INPUTS // max(wide, 1)), inputs)
    weight = None if inputs.sample_weight is None else inputs.sample_weight[rows]
    X = inputs.X if len(rows) == n else take(inputs.X, rows)
    response = Response.of(inputs.model, X, inputs.positive)
    target = Target.of(inputs.model, response, by_label="regression" not in family.tasks)
    kinds = getattr(inputs.model, "kinds_", None)
    told = [] if len(rows) == n else [f"of {n:,} rows {len(rows):,} were drawn by the seed, and used"]
    return Fit(family.name, parameters, X, target, weight, kinds), told


def _draw(rows: np.ndarray, most: int, inputs: Inputs) -> np.ndarray:
    """Keep so many rows at most, of those that have a weight."""
    if len(rows) <= most:
        return rows
    if inputs.sample_weight is not None:
        rows = rows[inputs.sample_weight[rows] > 0]
    drawn = np.random.default_rng(inputs.random_state).choice(len(rows), min(most, len(rows)), replace=False)
    return rows[np.sort(drawn)]


def _given(options: Any) -> dict[str, Any]:
    return dict(SMALL.get(options.family, {}) if options.parameters is None else options.parameters)


def _is_able(family: Any, params: dict[str, Any], task: str) -> bool:
    """Say whether a family can be read, and learn what a model of a task predicts."""
    learnt = {"regression", "binary"} if task == "binary" else {task}
    return family().is_glassbox(params) and family.needs_columns and bool(learnt & set(family.tasks))


def _wrong_parameter(family: Any, given: dict[str, Any]) -> str | None:
    known = family.Parameters.model_fields
    for name in given:
        if name not in known:
            return f"must be parameters of {family.name}; got {name!r}{nearest(name, known)}"
    try:
        family.Parameters(**given)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"must fit {family.name}; {place}: {first['msg']}; got {first['input']!r}"
    return None


def _task(model: Any) -> str:
    from sklearn.base import is_classifier

    if not is_classifier(model):
        return "regression"
    return "binary" if len(model.classes_) == 2 else "multiclass"


def _out_of_fold(
    fit: Fit, options: Any, random_state: int
) -> tuple[tuple[Interval, np.ndarray], float | None, list[str]]:
    """Give the fidelity with its folds, the agreement, and what could not be told."""
    same = identical_rows(fit.X)
    counts = np.bincount(same)[:, None]
    n_folds = min(options.folds, len(counts))
    scores, sizes, alike = [], [], []
    for repeat in range(options.repeats if n_folds > 1 else 0):
        seed = int(np.random.default_rng([random_state, repeat]).integers(2**31))
        fold = deal_blocks(counts, n_folds, seed)[same]
        for number in range(n_folds):
            train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            r2, share = fit.likeness(fit.on(train), test) if fit.can_learn(train) else (np.nan, np.nan)
            scores.append(r2)
            alike.append(share)
            sizes.append((len(train), len(test)))
    warnings = []
    if n_folds < options.folds:
        warnings.append(f"the rows differ in {len(counts)} ways only: {n_folds} folds instead of {options.folds}")
    if not np.isfinite(scores).any():
        warnings.append("fidelity is unknown: the model is flat on these rows, or they are too few to be divided")
        return (corrected_interval([], n_train=1, n_test=0), np.array(scores)), None, warnings
    n_train, n_test = np.array(sizes).T
    interval = corrected_interval(scores, n_train=n_train, n_test=n_test)
    told = np.isfinite(alike)
    agreement = float(np.average(np.array(alike)[told], weights=n_test[told])) if told.any() else None
    return (interval, np.array(scores)), agreement, warnings


def _cautions(model: Any, title: str, fidelity: float) -> Iterator[str]:
    family: Any = getattr(model, "family", None)
    if getattr(model, "form_", None) is not None and family().is_glassbox(model.get_params(deep=False)):
        yield f"the model is a glass box itself ({family.title}): its own form is exact, a surrogate is not needed"
    if fidelity < LOW_FIDELITY:
        yield f"low fidelity: the {title} explains {max(fidelity, 0.0):.0%} of what the model does (R² out of fold)"
