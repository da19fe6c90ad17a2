"""The data sets and folds of the baseline, read by hand: pandas and scikit-learn alone, nothing of the workbench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

FOLDS = 5
_ROOT = Path(__file__).parents[2] / "datasets"
_WEATHER = ["clear", "cloudy/misty", "light rain/snow", "heavy rain/snow"]

Folds = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Data:
    """Rows as an analyst has them after reading the file: numbers, booleans, categories, ordered categories."""

    name: str
    task: str
    X: pd.DataFrame
    y: pd.Series
    folds: Folds

    @property
    def codes(self) -> np.ndarray:
        """The target as libraries want it: float64, or the place of each label among the sorted labels."""
        if self.task == "regression":
            return self.y.to_numpy(dtype=np.float64)
        return np.unique(self.y.to_numpy(), return_inverse=True)[1]


def _wine() -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    rows = pd.read_csv(_ROOT / "wine-quality-red" / "winequality-red.csv", sep=";")
    X = rows.drop(columns="quality")
    return X, rows["quality"], X.groupby(list(X), sort=False).ngroup().to_numpy()


def red_wine() -> Data:
    """Quality as a number; rows with identical measurements stay on one side."""
    X, y, groups = _wine()
    folds = list(GroupKFold(FOLDS, shuffle=True, random_state=0).split(X, y, groups))
    return Data("wine-quality-red", "regression", X, y.astype(float), folds)


def good_red_wine() -> Data:
    """Whether quality is at least 6; rows with identical measurements stay on one side."""
    X, quality, groups = _wine()
    y = (quality >= 6).astype(int)
    folds = list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(X, y, groups))
    return Data("wine-quality-red>=6", "binary", X, y, folds)


def breast_cancer() -> Data:
    """Malignant or benign."""
    rows = pd.read_csv(_ROOT / "breast-cancer" / "breast-cancer.csv")
    X, y = rows.drop(columns="diagnosis"), rows["diagnosis"]
    return Data("breast-cancer", "binary", X, y, _stratified(X, y))


def penguins() -> Data:
    """Three species; island and sex are categories, some values are missing."""
    rows = pd.read_csv(_ROOT / "penguins" / "penguins.csv").dropna(subset="species").reset_index(drop=True)
    X = rows.drop(columns="species").astype({"island": "category", "sex": "category"})
    return Data("penguins", "multiclass", X, rows["species"], _stratified(X, rows["species"]))


def bikeshare() -> Data:
    """Counts by the hour, tested forward in time.

    Without `casual` and `registered`, which add up to the target, and without `mnth`, `day` and `hour_of_year`, which
    only count time: no later value was ever seen in training.
    """
    rows = pd.read_csv(_ROOT / "bikeshare" / "bikeshare.csv").sort_values("hour_of_year", ignore_index=True)
    X = rows.drop(columns=["bikers", "casual", "registered", "mnth", "day", "hour_of_year"])
    X = X.astype({"holiday": bool, "workingday": bool, "season": "str"}).astype({"season": "category"})
    for column, levels in {"hr": range(24), "weekday": range(7), "weathersit": _WEATHER}.items():
        X[column] = pd.Categorical(X[column], categories=list(levels), ordered=True)
    return Data("bikeshare", "regression", X, rows["bikers"].astype(float), list(TimeSeriesSplit(FOLDS).split(X)))


def _stratified(X: pd.DataFrame, y: pd.Series) -> Folds:
    return list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(X, y))


DATASETS: dict[str, Callable[[], Data]] = {
    "wine-quality-red": red_wine,
    "wine-quality-red>=6": good_red_wine,
    "breast-cancer": breast_cancer,
    "penguins": penguins,
    "bikeshare": bikeshare,
}
