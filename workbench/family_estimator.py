"""What the estimators of all families share: scikit-learn's face over a family's library model and its form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self, cast

import numpy as np
import pandas as pd
from pydantic import ValidationError
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from workbench.answers import Details
from workbench.columns import infer_kind
from workbench.families import registry
from workbench.families.family import Family
from workbench.forms import Form, Input, Rule
from workbench.forms.output import Recalibrated
from workbench.library_model import LibraryModel
from workbench.out_of_fold import given_folds, map_out_of_fold, stratified_folds
from workbench.probability_maps import both, mapped, misfit, reads_scores, recalibrated
from workbench.training_rows import TrainingRows, named_frame, plain_labels, usable_weights


class FamilyEstimator(BaseEstimator):
    """What the estimators of all families share; the parameters are those of the family.

    Attributes
    ----------
    estimator_ : object
        The library's own fitted estimator, over the encoded inputs.
    form_ : Form or None
        The function that was fitted, over the original columns.
    inputs_ : tuple of Input
        The map from original columns to encoded inputs.
    kinds_ : dict of str to str
        The kind of each column.
    calibration_ : Scaled, Monotone or None
        What is done to the library's probabilities after it, where ``calibrate`` asks for it; the form's output.
    details_ : tuple of Details
        What the family knows of the fit besides the form: coefficients with standard errors, degrees of freedom, the
        table of equations.
    n_features_in_, feature_names_in_
        As in scikit-learn.
    """

    family: ClassVar[type[Family]]

    estimator_: Any
    form_: Form | None
    inputs_: tuple[Input, ...]
    kinds_: dict[str, str]
    calibration_: Recalibrated | None

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        kinds: Mapping[str, str] | None = None,
        classes: Sequence[Any] = (),
        folds: Iterable[tuple[Any, Any]] | None = None,
        trainer: Callable[[np.ndarray, LibraryModel, TrainingRows], None] | None = None,
    ) -> Self:
        """Fit the family's model.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Numbers, booleans, dates, text or categories; missing values where the family takes them (all do).
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
            Rows of weight 0 are left out.
        kinds : mapping of column name to kind, optional
            As a `Table` knows them; found out for columns that are not listed.
        classes : sequence, optional
            The classes in the order that ``classes_`` is to have; sorted by default. Of two, the second is the one that
            scores and forms speak of.
        folds : iterable of pairs of array-like of int, optional
            Where probabilities are recalibrated: for each fold the positions of the rows that a model is fitted on, and
            of those that it is then asked about, as ``GroupKFold().split(X, y, groups)`` gives them. Rows that depend
            on each other must not be parted. By default five folds, stratified, by ``random_state``.
        trainer : callable, optional
            Fits the library's object in the place of the family's own fit: see `workbench.distributed.Trainer`. It is
            called with whether each row of X is used, the model, and the rows that are.

        Raises
        ------
        ValueError
            If a parameter, a column or the target breaks a rule.
        """
        family = self.family()
        params = _checked(family, self.get_params(deep=False))
        calibrate = params.pop("calibrate", None)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        subject = str(getattr(y, "name", None) or "y")
        rows, used = self._rows(X, y, sample_weight, kinds or {}, classes)
        if calibrate is not None:
            _check_calibrate(calibrate, family, rows.task, params)
        self.kinds_ = rows.kinds
        model = LibraryModel.fit(family, params, rows, trainer and partial(trainer, used))
        self.inputs_, self.estimator_, self.calibration_ = model.inputs, model.fitted, None
        self.form_ = model.form(rows, subject)
        if calibrate is not None:
            laid = (
                stratified_folds(rows.target, params.get("random_state")) if folds is None else given_folds(folds, used)
            )
            self.calibration_ = map_out_of_fold(calibrate, family, params, rows, laid)
            if self.form_ is not None:
                self.form_ = recalibrated(self.form_, self.calibration_)
                self.calibration_ = cast(Recalibrated, self.form_.output)
        for name in family.shown_attributes:
            setattr(self, name, getattr(self.estimator_, name))
        self.smallest_support_ = _least(family.smallest_support(self.estimator_, len(rows.frame)), self.form_)
        return self

    @property
    def details_(self) -> tuple[Details, ...]:
        """What the family knows of the fit besides the form, as tables."""
        check_is_fitted(self)
        return self.family().details(self.estimator_, self.inputs_)

    def _rows(
        self, X: Any, y: Any, sample_weight: Any, kinds: Mapping[str, str], classes: Sequence[Any]
    ) -> tuple[TrainingRows, np.ndarray]:
        """Check what is fitted on; and tell of each row of X whether it is used, having a weight."""
        frame = self._frame(X, reset=True)
        y = column_or_1d(plain_labels(y), warn=True)
        check_consistent_length(frame, y)
        target, labels, task = self._target(y, classes)
        weight, used = None, np.ones(len(frame), dtype=bool)
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, frame, ensure_non_negative=True)
            if not (used := weight > 0).all():
                frame, target, weight = frame[used].reset_index(drop=True), target[used], weight[used]
            weight = usable_weights(weight, self.family())
        if labels is not None and len(np.unique(target)) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        # by name, so that the order of the columns changes nothing, not even what is drawn by chance
        known = {name: kinds.get(name) or infer_kind(frame[name]) for name in sorted(map(str, frame))}
        return TrainingRows(frame, known, target, weight, task, labels), used

    @property
    def _model(self) -> LibraryModel:
        check_is_fitted(self)
        return LibraryModel(self.family(), self.get_params(deep=False), self.kinds_, self.inputs_, self.estimator_)

    def _target(self, y: np.ndarray, classes: Sequence[Any]) -> tuple[np.ndarray, np.ndarray | None, str]:
        """Give the target as the library gets it, the classes in order, and the task."""
        raise NotImplementedError

    def encode(self, X: Any) -> np.ndarray:
        """Give the encoded inputs of rows, shape (n_samples, n_inputs), as the library gets them."""
        return self._model.encode(self._frame(X, reset=False))

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        return named_frame(self, X, reset=reset)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


class FamilyRegressor(RegressorMixin, FamilyEstimator):
    """A family's regressor."""

    def _target(self, y: np.ndarray, classes: Sequence[Any]) -> tuple[np.ndarray, np.ndarray | None, str]:
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        return y, None, "regression"

    def predict(self, X: Any) -> np.ndarray:
        """Predict with the library's own model, shape (n_samples,)."""
        return np.asarray(self._model.predict(self._frame(X, reset=False)), dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = self.family.name == "dummy"
        return tags


class FamilyClassifier(ClassifierMixin, FamilyEstimator):
    """A family's classifier."""

    classes_: np.ndarray

    def _target(self, y: np.ndarray, classes: Sequence[Any]) -> tuple[np.ndarray, np.ndarray | None, str]:
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(classes):
            if set(classes) != set(self.classes_.tolist()):
                raise ValueError(f"classes must list the labels of y, {self.classes_.tolist()}; got {list(classes)}")
            place = [list(classes).index(label) for label in self.classes_.tolist()]
            self.classes_, codes = self.classes_[np.argsort(place)], np.array(place)[codes]
        task = "binary" if len(self.classes_) <= 2 else "multiclass"
        if task not in self.family.tasks:
            raise ValueError(refusal(self.family, task))
        return codes, self.classes_, task

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the library's own class probabilities, recalibrated where that is asked for, (n_samples, n_classes).

        Those that it computes in float32 are brought to sum to one in float64.
        """
        model, output = self._model, self.calibration_
        frame = self._frame(X, reset=False)
        if output is None:
            return model.predict_proba(frame)
        if reads_scores(output):
            return both(output(model.score(frame)))
        return mapped(output, model.predict_proba(frame))

    def uncalibrated_proba(self, X: Any) -> np.ndarray:
        """Give the library's own class probabilities before any recalibration, shape (n_samples, n_classes)."""
        return self._model.predict_proba(self._frame(X, reset=False))

    def predict(self, X: Any) -> np.ndarray:
        """Give the library's own decisions, shape (n_samples,); those of recalibrated probabilities, where they are."""
        model = self._model
        if self.calibration_ is None:
            return self.classes_[model.predict(self._frame(X, reset=False))]
        p = self.predict_proba(X)
        return self.classes_[(p[:, 1] > 0.5).astype(np.intp) if p.shape[1] == 2 else p.argmax(axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = self.family.name == "dummy"
        tags.classifier_tags.multi_class = "multiclass" in self.family.tasks
        return tags


def _least(promised: int | None, form: Form | None) -> int | None:
    """Give how few training rows stand behind a number of the form: as its family promises, and as its rules count."""
    if promised is None or form is None:
        return promised
    parts = (*getattr(form.body, "terms", ()), *getattr(form.body, "rules", ()))
    # a rule that no training row met was not made of rows
    return min([promised, *(part.support for part in parts if isinstance(part, Rule) and part.support)])


def refusal(family: type[Family], task: str) -> str:
    """Say that a family can't do a task, and which can."""
    wanted = {"binary", "multiclass"} if task == "classification" else {task}
    able = [n for n, f in registry().items() if wanted & set(f.tasks)]
    told = (
        f"family {family.name!r} can't do {task}, only {', '.join(family.tasks)}; families that can: {', '.join(able)}"
    )
    # in scikit-learn's words, which its checks look for
    return f"{told}. Only binary classification is supported." if task == "multiclass" else told


def _checked(family: Family, params: Mapping[str, Any]) -> dict[str, Any]:
    """Check parameters against the family's rules.

    Raises
    ------
    ValueError
        Names family, parameter, rule and value.
    """
    try:
        return family.Parameters(**params).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise ValueError(f"{family.name}: {place}: {first['msg']}; got {first['input']!r}") from error


def _check_calibrate(method: str, family: Family, task: str, params: Mapping[str, Any]) -> None:
    """Check that probabilities can be recalibrated.

    Raises
    ------
    ValueError
        If the method does not go with the task, or the estimator is fitted beforehand.
    """
    if rule := misfit(method, task):
        raise ValueError(f"{family.name}: calibrate {rule}")
    if family.is_fixed(family.build(task, params)):
        raise ValueError(
            f"{family.name}: calibrate fits models on folds, and the estimator is fitted already; give it unfitted"
        )
