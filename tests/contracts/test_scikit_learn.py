"""scikit-learn's own estimator checks, for the estimators of every family."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from workbench.estimator import Classifier, Regressor
from workbench.families import find_family, registry


def estimators():
    for name, family in registry().items():
        if "regression" in family.tasks:
            yield Regressor(name, **family.example_params)
        if {"binary", "multiclass"} & set(family.tasks):
            yield Classifier(name, **family.example_params)


def expected_failed_checks(estimator):
    return dict(find_family(estimator.family.name).expected_failed_checks)


@parametrize_with_checks(list(estimators()), expected_failed_checks=expected_failed_checks)
def test_estimator_check(estimator, check):
    check(estimator)
