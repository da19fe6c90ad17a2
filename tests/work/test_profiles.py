from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

import workbench as wb
from workbench.answers import Answer, Attribution, Provenance
from workbench.work.explain import explain_model
from workbench.work.profiles import profiles


class Sum(RegressorMixin, BaseEstimator):
    """Predicts a column."""

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return X["x"].to_numpy(dtype=float)


class Shares(ClassifierMixin, BaseEstimator):
    """Gives three classes shares that are columns."""

    classes_ = np.array(["a", "b", "c"])

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        p = np.exp(X[["x", "y", "z"]].to_numpy(dtype=float))
        return p / p.sum(axis=1, keepdims=True)


def frame(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = np.sort(rng.normal(size=n))[rng.permutation(n)]
    return pd.DataFrame(
        {
            "x": x,
            "whole": rng.integers(0, 9, size=n),
            "gaps": np.where(x > np.quantile(x, 0.8), np.nan, rng.normal(size=n)),
            "town": pd.Categorical(np.where(x < 0, "low", "high"), categories=["high", "low", "never"]),
            "when": pd.date_range("2020-01-01", periods=n, freq="D"),
            "flag": x > 1,
        }
    )


def asked(seen: list[pd.DataFrame]):
    def ask(rows: pd.DataFrame) -> Attribution:
        seen.append(rows)
        n, p = rows.shape
        return Attribution(
            feature_names=tuple(rows.columns), outputs=("prediction",), scale="response", values=np.zeros((n, p)),
            baseline=np.asarray(0.0), predictions=np.zeros(n), data=tuple((None,) * p for _ in range(n)),
            provenance=Provenance(method="shap"),
        )  # fmt: skip

    return ask


def test_profiles_are_medians_and_most_frequent_values_of_tenths() -> None:
    X, seen = frame(), []
    found = profiles(Sum(), X, asked(seen))
    assert found is not None
    assert found.groups == ("low", "middle", "high")
    assert found.group_rows == (20, 20, 20)
    rows = seen[0]
    assert list(rows.dtypes) == list(X.dtypes)
    ranks = X["x"].rank().to_numpy() - 1
    for at, part in enumerate((ranks < 20, (ranks >= 90) & (ranks < 110), ranks >= 180)):
        tenth = X[part]
        assert len(tenth) == 20
        assert rows["whole"].iloc[at] == sorted(tenth["whole"])[9], "the lower median, which many rows have"
        for name in ("x", "when"):  # whose values are one row's each
            assert rows[name].iloc[at] == tenth[name].sort_values().iloc[5:15].mean()
        known = tenth["gaps"].dropna().sort_values()
        start = (len(known) - 10) // 2
        if len(known):
            np.testing.assert_allclose(rows["gaps"].iloc[at], known.iloc[start : start + 10].mean())
        assert rows["town"].iloc[at] == tenth["town"].mode()[0]
        assert rows["flag"].iloc[at] == tenth["flag"].mode()[0]
    assert np.isnan(rows["gaps"].iloc[2])


def test_of_several_classes_each_has_the_rows_where_its_share_is_highest() -> None:
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(150, 3)), columns=["x", "y", "z"])
    seen: list[pd.DataFrame] = []
    found = profiles(Shares(), X, asked(seen))
    assert found is not None
    assert found.groups == ("a", "b", "c")
    p = Shares().predict_proba(X)
    for k in range(3):
        tenth = X.iloc[np.argsort(-p[:, k])[:15]]
        np.testing.assert_allclose(seen[0].iloc[k], [np.mean(sorted(tenth[c])[2:12]) for c in X])


def test_a_profile_that_few_rows_are_is_not_told() -> None:
    X = pd.DataFrame({"x": np.repeat(np.arange(50.0), 2)})  # each value is that of two rows
    found = profiles(Sum(), X, asked([]))
    assert found is not None
    assert found.groups == ("middle",), "means of ten that two rows have are left out, one that none has is told"
    many = pd.DataFrame({"x": np.repeat(np.arange(5.0), 20)})  # each is that of twenty
    found = profiles(Sum(), many, asked([]))
    assert found is not None
    assert found.groups == ("low", "middle", "high")


def test_a_level_of_few_rows_is_not_told() -> None:
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=90), "name": [f"n{i}" for i in range(90)]})
    assert profiles(Sum(), X, asked([])) is None


def test_thirty_rows_are_the_fewest() -> None:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 2)), columns=["x", "y"])
    assert profiles(Sum(), X.iloc[:29], asked([])) is None
    assert profiles(Sum(), X, asked([])) is not None


@pytest.mark.parametrize("method", ["shap", "lime"])
def test_a_study_asks_about_them_as_about_its_rows(method: str) -> None:
    table = wb.load("penguins")
    model = wb.Classifier("tree", max_leaf_nodes=5).fit(table.X, table.y)
    rows = np.arange(table.n_rows)
    answer = explain_model(
        table, SimpleNamespace(estimator=model), rows[:250], rows[250:], method=method, options={}, seed=0
    )
    found = answer.profiles
    assert found is not None
    assert found.groups == answer.outputs
    frame = pd.DataFrame([dict(zip(answer.feature_names, row, strict=True)) for row in found.data])
    typed = frame.astype(table.X.dtypes.to_dict())
    np.testing.assert_allclose(found.predictions, model.predict_proba(typed), atol=1e-12)
    if found.additive:
        np.testing.assert_allclose(found.baseline + found.values.sum(axis=1), found.predictions, atol=1e-9)
    sent = answer.public()
    assert Answer.from_dict(sent.to_dict()) == sent
    assert sent.to_dict()["profiles"]["groups"] == list(answer.outputs)
