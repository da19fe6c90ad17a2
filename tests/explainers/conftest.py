import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


class FunctionRegressor(RegressorMixin, BaseEstimator):
    """A model that is a given function, and remembers the sizes of its calls."""

    def __init__(self, function=None):
        self.function = function

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        self.calls_ = []
        return self

    def predict(self, X):
        self.calls_.append(len(X))
        return np.asarray(self.function(X), dtype=float)


class LabelClassifier(ClassifierMixin, BaseEstimator):
    """A classifier that gives labels and nothing else."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.where(np.asarray(X)[:, 0] > 0, self.classes_[-1], self.classes_[0])


@pytest.fixture
def function_model():
    return lambda function, X: FunctionRegressor(function).fit(X)


@pytest.fixture
def label_classifier():
    return LabelClassifier()


@pytest.fixture(scope="session")
def people():
    """A table with every kind of column, odd names, missing values and a level of 4 rows."""
    rng = np.random.default_rng(3)
    n = 240
    frame = pd.DataFrame(
        {
            "age in years": rng.integers(18, 80, n),
            'he said "<script>"': rng.normal(size=n),
            "größe": pd.Categorical(rng.choice(["S", "M", "L"], n), categories=["S", "M", "L"], ordered=True),
            "city": rng.choice(["Paris", "Rom", "Kyiv"], n),
            "member": rng.random(n) < 0.4,
            "rooms": rng.integers(1, 6, n),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
        }
    )
    frame.loc[rng.choice(n, 30, replace=False), 'he said "<script>"'] = np.nan
    frame.loc[rng.choice(n, 25, replace=False), "city"] = None
    frame.loc[:3, "city"] = "Nowhere"
    return frame


@pytest.fixture(scope="session")
def people_target(people):
    noise = np.random.default_rng(4).normal(size=len(people))
    return people["age in years"] / 20 + 2.0 * (people["city"] == "Rom") + people["rooms"] + noise


def _encoded(last, frame):
    number = frame.select_dtypes("number").columns
    category = ["größe", "city", "member"]
    encode = ColumnTransformer(
        [("number", SimpleImputer(), number), ("category", OneHotEncoder(handle_unknown="ignore"), category)]
    )
    return make_pipeline(encode, last)


@pytest.fixture(scope="session")
def people_regressor(people, people_target):
    forest = RandomForestRegressor(n_estimators=10, min_samples_leaf=3, random_state=0)
    return _encoded(forest, people).fit(people, people_target)


@pytest.fixture(scope="session")
def people_classifier(people, people_target):
    forest = RandomForestClassifier(n_estimators=10, min_samples_leaf=3, random_state=0)
    labels = np.array(["low", "middle", "high"])[np.digitize(people_target, [5, 7])]
    return _encoded(forest, people).fit(people, labels)
