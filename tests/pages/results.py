"""Results of runs that never were, shaped as results.json, for all tasks, hostile names included."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.pages.compared import compared, tuned
from tests.pages.diagnosed import complexity, diagnosed, study
from tests.pages.explanations import explained
from workbench.answers import Finding, Leaderboard, LeaderboardRow, Provenance
from workbench.forms import Additive, Form, Identity, Levels, Linear, Logistic, Softmax, Tree

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "a\"b'c & d",
    "x" * 300,
    "   ",
    "$x^2$ \\frac{1}{$",
    "שלום עולם",
    "🍷 pH 値" * 3,
    "=HYPERLINK(1)",
    "\u202etxt.exe",
)
WINE = (
    ("alcohol", "Alcohol", "% vol", 9.0, 10.2, 13.4),
    ("sulphates", "Sulphates", "g/dm³", 0.4, 0.62, 1.2),
    ("volatile acidity", "Volatile acidity", "g/dm³", 0.18, 0.52, 1.04),
    ("total sulfur dioxide", "Total sulfur dioxide", "mg/dm³", 8.0, 38.0, 145.0),
    ("chlorides", "Chlorides", "g/dm³", 0.042, 0.079, 0.41),
    ("pH", "pH", "", 2.93, 3.31, 3.7),
    ("fixed acidity", "Fixed acidity", "g/dm³", 5.3, 7.9, 13.0),
    ("density", "Density", "g/cm³", 0.99084, 0.99675, 1.0022),
)
_PROVENANCE = Provenance(method="made up", n_rows=400, random_state=0)


def results(task: str = "regression", *, hostile: bool = False, seed: int = 0) -> dict[str, Any]:
    """Make results of a study with a dummy, a linear model, a tree and a forest, and one model that failed."""
    rng = np.random.default_rng(seed)
    columns = _columns(hostile)
    classes = {"regression": (), "binary": (False, True), "multiclass": ("Adelie", "Chinstrap", "Gentoo")}[task]
    if hostile and task == "multiclass":
        classes = HOSTILE[:3]
    names = [c["name"] for c in columns]
    metrics = _metrics(task)
    models = [
        _model(family, task, names, classes, metrics, columns, rng) for family in ("dummy", "linear", "tree", "forest")
    ]
    ranking = metrics[0]["name"]
    board = _board(models, ranking)
    target = {
        "name": "quality",
        "title": "Quality",
        "kind": "number",
        "role": "target",
        "unit": "",
        "missing": 0,
        "description": "Score from 0 (very bad) to 10 (excellent).",
        "low": 3.0,
        "high": 8.0,
        "median": 6.0,
        "mean": 5.636,
    }
    if classes:
        counts = [151, 123, 70] if len(classes) == 3 else [744, 855]
        target |= {
            "kind": "category",
            "low": None,
            "high": None,
            "median": None,
            "mean": None,
            "levels": [{"level": str(c), "count": n} for c, n in zip(classes, counts, strict=False)],
        }
    report = {"owner": "Quality control", "intended_use": "To order wines for tasting.\nNot to price them."}
    if hostile:
        report["owner"] = HOSTILE[0]
        target |= {"title": HOSTILE[1], "unit": HOSTILE[2]}
    return {
        "format": 1,
        "workbench": "0.1.0",
        "study": {"study": "wine-quality-red", "report": report},
        "data": {
            "name": "wine-quality-red",
            "title": HOSTILE[0] if hostile else "Red wine quality",
            "description": "Laboratory measurements of 1,599 samples of red vinho verde, and the tasters' score.",
            "source": "UCI Machine Learning Repository, Wine Quality (winequality-red.csv)",
            "url": "https://doi.org/10.24432/C56S3T",
            "licence": "CC BY 4.0",
            "citation": "P. Cortez et al. (2009). Decision Support Systems 47(4), 547-553.",
            "hash": "4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e",
            "n_rows": 1599,
            "n_features": len(columns),
            "task": task,
            "classes": list(classes),
            "target": target,
            "columns": columns,
            "left_out": [{"name": "taster", "title": "Taster", "role": "id", "unit": "", "description": "Who tasted."}],
        },
        "splits": {
            "scheme": "5-fold, 2 repeats, repeated rows together",
            "seed": 0,
            "hash": "08e93f77989108e93f77989108e93f77989108e93f77989108e93f7798911234",
            "n_development": 1199,
            "n_holdout": 400,
            "n_folds": 5,
            "n_repeats": 2,
            "duplicates": {
                "repeated_rows": 240,
                "rows": 1599,
                "most_by_chance": 0,
                "asked": "auto",
                "choice": "together",
                "reason": "240 of 1,599 rows repeat the features of another row; 20 shuffles gave at most 0, "
                "so chance does not explain them: they stay on one side of every split.",
            },
        },
        "metrics": metrics,
        "ranking": ranking,
        "region": 0.01,
        "models": [*models, _failed()],
        "leaderboard": board.to_dict(),
        **compared(models, ranking, names),
        **study(tuple(names), ranking),
        "price": [
            {
                "model": r.model,
                "sentence": f"The {r.model} costs 0.034 {metrics[0]['title']} [0.004, 0.064] against the forest.",
            }
            for r in board.rows
            if r.price is not None
        ],
        "headline": "The linear regression gives up 0.034 R² [0.004, 0.064] against the random forest.",
        "duplicates_story": {
            "sentence": "240 rows repeat another row. Together, they cost the forest 0.106 R²; split apart it would "
            "have looked better than it is, if repeats are copies.",
            "rows": [
                {
                    "model": m["name"],
                    "together": m["scores"][ranking]["mean"],
                    "ignore": m["scores"][ranking]["mean"] + 0.05,
                }
                for m in models
            ],
        },
        "findings": [f.to_dict() for f in _findings(hostile)],
        "environment": {
            "python": "3.11.9",
            "platform": "Linux x86_64, 2 cores",
            "command": "workbench run wine-quality-red",
            "versions": {"numpy": "2.4.6", "pandas": "3.1.1", "scikit-learn": "1.9.1"},
        },
        "timing": {
            "total": 41.25,
            "date": "2026-11-21",
            "units": {"fit forest": 4.31, "fit tree": 0.05, "explain forest": 11.2},
            "models": {m["name"]: {"fit": s} for m, s in zip(models, (0.001, 0.012, 0.019, 0.93), strict=True)},
        },
    }


def _columns(hostile: bool) -> list[dict[str, Any]]:
    out = [
        {
            "name": name,
            "title": title,
            "kind": "number",
            "role": "feature",
            "unit": unit,
            "missing": 0,
            "low": low,
            "median": median,
            "high": high,
            "levels": [],
            "description": f"{title} of the wine.",
        }
        for name, title, unit, low, median, high in WINE
    ]
    levels = [{"level": "Biscoe", "count": 798}, {"level": "Dream", "count": 780}, {"level": "Torgersen", "count": 15}]
    out.append(
        {
            "name": "cellar",
            "title": "Cellar",
            "kind": "category",
            "role": "feature",
            "unit": "",
            "missing": 6,
            "low": None,
            "median": None,
            "high": None,
            "levels": levels,
            "description": "Where it was kept.",
        }
    )
    out[1]["missing"] = 3
    out[2]["missing"] = 120
    if hostile:
        for column, name in zip(out, HOSTILE, strict=False):
            column.update(name=name, title=name, unit=name, description=name)
        out[-1]["levels"] = [{"level": name, "count": 100} for name in HOSTILE]
    return out


def _metrics(task: str) -> list[dict[str, Any]]:
    known = {
        "r2": ("R²", True, False),
        "rmse": ("RMSE", False, True),
        "log_loss": ("Log loss", False, False),
        "roc_auc": ("ROC AUC", True, False),
        "accuracy": ("Accuracy", True, False),
    }
    names = ("r2", "rmse") if task == "regression" else ("log_loss", "roc_auc", "accuracy")
    return [
        dict(zip(("name", "title", "greater_is_better", "in_target_units"), (n, *known[n]), strict=True)) for n in names
    ]


_SCORES = {
    "r2": (-0.002, 0.338, 0.291, 0.372),
    "rmse": (0.81, 0.657, 0.68, 0.641),
    "log_loss": (0.693, 0.531, 0.559, 0.502),
    "roc_auc": (0.5, 0.811, 0.781, 0.842),
    "accuracy": (0.534, 0.741, 0.722, 0.772),
}


def _model(
    family: str, task: str, names: list[str], classes: Any, metrics: Any, columns: Any, rng: Any
) -> dict[str, Any]:
    place = ("dummy", "linear", "tree", "forest").index(family)
    scores, holdout = {}, {}
    for metric in metrics:
        centre = _SCORES[metric["name"]][place]
        folds = np.round(centre + rng.normal(0, 0.002 if family == "dummy" else 0.025, 10), 6)
        half = float(2.26 * folds.std(ddof=1) * math.sqrt(1 / 10 + 1 / 4))
        scores[metric["name"]] = {
            "mean": float(folds.mean()),
            "lower": float(folds.mean()) - half,
            "upper": float(folds.mean()) + half,
            "folds": folds.tolist(),
        }
        holdout[metric["name"]] = centre + 0.01
    form = _form(family, task, names, classes)
    stored = form.stored_numbers if form else 48211
    return {
        "name": family,
        "family": family,
        "title": {"dummy": "baseline", "linear": "linear model", "tree": "decision tree", "forest": "random forest"}[
            family
        ],
        "summary": "What the family is, in one sentence of a dozen words or so, for those who do not know it.",
        "glassbox": family != "forest",
        "params": {"alpha": 0.0, "penalty": None, "fit_intercept": True, "max_leaf_nodes": 12},
        "engine": "scikit-learn 1.9.1",
        "policy": {"missing": "impute + indicator", "categories": "one-hot", "unseen": "other"},
        "reference": "L. Breiman (2001). Random forests. Machine Learning 45, 5-32. https://doi.org/10.1023/A:1010933404324",
        "assumptions": ["Effects add up.", "Each effect is a straight line."],
        "limits": ["It sees no interactions unless columns for them are given."],
        "status": "ok",
        "error": None,
        "scores": scores,
        "holdout": holdout,
        "other_duplicates": {metrics[0]["name"]: scores[metrics[0]["name"]]["mean"] + 0.05},
        "size": form.size if form else 43117,
        "stored_numbers": stored,
        "features_used": list(form.columns) if form else names,
        "form": {"path": f"models/{family}.json", "sha256": "ab" * 32, "private": False, "reason": ""}
        if form
        else {
            "path": f"models/{family}.json",
            "sha256": "cd" * 32,
            "private": True,
            "reason": "leaves may hold fewer than 10 rows",
        },
        "form_dict": form.to_dict() if form else None,
        "form_text": str(form) if form else None,
        "form_latex": form.to_latex() if form else None,
        "details": [],
        "rules": None,
        "complexity": None if family == "dummy" else complexity(names, family),
        "diagnostics": []
        if family == "dummy"
        else list(diagnosed(task, tuple(classes), tuple(names), metrics[0]["name"], family == "forest")),
        "tuning": tuned() if family == "tree" else None,
    } | explained(task, names, classes, metrics[0], columns, family)


def _form(family: str, task: str, names: list[str], classes: Any) -> Form | None:
    k = 3 if task == "multiclass" else 1
    output = {"regression": Identity(), "binary": Logistic(), "multiclass": Softmax()}[task]
    kinds = {name: "category" if name == names[-1] else "number" for name in names}
    options = {"kinds": kinds, "subject": "quality", "classes": tuple(classes)}
    scale = np.linspace(1, -1, k) if k > 1 else np.ones(1)
    if family == "dummy":
        return Form(Additive(5.64 * scale, ()), output, **options)
    if family == "linear":
        coefs = (0.284, 0.883, -1.11, -0.00242, -1.92, -0.41, 0.0251, -17.9)
        lines = [
            Linear(n, c * scale, m, 0.0 * scale)
            for n, c, m in zip(names, coefs, (10.4, 0.66, 0.53, 46.0, 0.087, 3.31, 8.3, 0.99675), strict=False)
        ]
        values = np.array([[0.05], [-0.02], [0.11]]) * scale
        return Form(
            Additive(
                5.64 * scale,
                (*lines, Levels(names[-1], ("Biscoe", "Dream", "Torgersen"), values, 0 * scale, 0 * scale)),
            ),
            output,
            **options,
        )
    if family == "tree":
        nan = math.nan
        tree = Tree(
            columns=(names[0], names[1], names[-1]),
            levels=((), (), ("Biscoe", "Dream", "Torgersen")),
            feature=np.array([0, 1, 2, -1, -1, -1, 1, -1, -1]),
            threshold=np.array([10.5250001, 0.575, nan, nan, nan, nan, 0.645, nan, nan]),
            subset=np.array([-1, -1, 0, -1, -1, -1, -1, -1, -1]),
            subsets=np.array([[True, False, True, False]]),
            left=np.array([1, 3, 5, -1, -1, -1, 7, -1, -1]),
            right=np.array([2, 4, 6, -1, -1, -1, 8, -1, -1]),
            missing_left=np.array([True, True, False, False, False, False, True, False, False]),
            value=np.array([0, 0, 0, 5.05, 5.42, 5.71, 0, 5.93, 6.49])[:, None] * scale,
            shown=np.array([10.5, 0.575, nan, nan, nan, nan, 0.64, nan, nan]),
            support=np.array([1199, 700, 499, 420, 280, 110, 389, 222, 167]),
        )
        return Form(Additive(0 * scale, (tree,)), Identity() if task == "regression" else output, **options)
    return None


def _board(models: list[dict[str, Any]], ranking: str) -> Leaderboard:
    sign = -1 if ranking == "log_loss" else 1
    best = models[-1]["scores"][ranking]["mean"]
    rows = []
    for m in models:
        s = m["scores"][ranking]
        price = sign * (best - s["mean"]) if m["family"] in ("linear", "tree") else None
        rows.append(
            LeaderboardRow(
                model=m["name"],
                family=m["family"],
                title=m["title"],
                glassbox=m["glassbox"],
                score=s["mean"],
                lower=s["lower"],
                upper=s["upper"],
                price=price,
                price_lower=None if price is None else price - 0.03,
                price_upper=None if price is None else price + 0.03,
                size=m["size"],
                stored_numbers=m["stored_numbers"],
                holdout=m["holdout"][ranking],
            )
        )
    rows.sort(key=lambda row: -sign * row.score)
    return Leaderboard(metric=ranking, rows=tuple(rows), reference="forest", provenance=_PROVENANCE)


def _findings(hostile: bool) -> list[Finding]:
    evil = HOSTILE[1] if hostile else "240 rows repeat another row"
    given = [
        (
            "low",
            "The linear model extrapolates without limit",
            "Its lines go on beyond the data.",
            "Check the range of new rows.",
            "linear",
        ),
        (
            "high",
            evil,
            "Kept together, they cost the forest 0.106 R².",
            "Find out whether repeats are copies.",
            "study",
        ),
        (
            "medium",
            "The tree is unstable",
            "Its first question differs in 3 of 10 folds.",
            "Prefer the linear model.",
            "tree",
        ),
    ]
    return [
        Finding(severity=s, title=t, evidence=e, action=a, about=b, provenance=_PROVENANCE) for s, t, e, a, b in given
    ]


def _failed() -> dict[str, Any]:
    return {
        "name": "broken",
        "family": "broken",
        "title": "broken model",
        "status": "failed",
        "error": "MemoryError in /home/ann/work/secret.py: no room for 3 arrays",
    }
