"""Explanations in a study: bands of refits, the noise floor, what is sent of answers about rows and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pydantic
import pytest

from tests.conftest import write_study
from tests.test_gathered import gathered, plan_of, rows, sent
from tests.test_runner import QUICKEST, command, untimed
from workbench import Regressor, explain
from workbench.answers import Answer, Attribution, Effects, EffectSurface, Importance, Provenance
from workbench.catalog import load
from workbench.disclosure import without_few
from workbench.evaluation.refits import refit_band, with_refits
from workbench.explainers import registry as explainers
from workbench.explainers.explainer import Explainer
from workbench.interval import corrected_interval
from workbench.splits import make_splits
from workbench.work.explain import ask
from workbench.work.noise import shuffled

FOLDS = {"folds": 3, "repeats": 2}


class Rowwise(Explainer):
    """Tells of each row how far its first column is from the background's mean."""

    name = "rowwise"
    title = "Row by row"
    summary = "How far a row is from the others."
    reference = "none"
    caution = "it is for tests"
    uses_background = True
    most_rows = 12
    most_background = None
    has_noise = True

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """None."""

    @classmethod
    def explain(cls, inputs, options):
        values = np.zeros(inputs.X.shape)
        values[:, 0] = inputs.X.iloc[:, 0] - np.average(inputs.background.iloc[:, 0], weights=inputs.sample_weight)
        return Attribution(
            feature_names=inputs.feature_names,
            outputs=("prediction",),
            scale="response",
            values=values,
            baseline=np.zeros(()),
            predictions=values[:, 0],
            data=tuple(map(tuple, inputs.X.astype(object).to_numpy())),
            n_background=len(inputs.background),
            provenance=cls.provenance(inputs, options),
        )


@pytest.fixture
def rowwise(monkeypatch):
    monkeypatch.setitem(explainers(), "rowwise", Rowwise)
    return Rowwise


def answers(results, model):
    (found,) = [m for m in results["models"] if m["name"] == model]
    return {a["method"]: Answer.from_dict(a["answer"]) for a in found["answers"]}


# --- refits


def test_bands_are_those_of_models_fitted_on_the_folds(small_run):
    """Computed anew by the public face: the same background, grid and holdout for all refits."""
    table = load(small_run.folder.parent / "rows é.csv", target="price")
    splits = make_splits(table, folds=3, repeats=1)
    development, holdout = table.take(splits.development), table.take(splits.holdout)
    columns = list(table.features)
    effects, importances = [], []
    for fold in splits.folds:
        train = table.take(fold.train)
        model = Regressor("tree", max_leaf_nodes=4).fit(train.X[columns], train.y)
        found = explain(model, "partial_dependence", development.X[columns], grid_resolution=5)
        effects.append([effect.average for effect in found.effects])
        given = {"y": holdout.y, "metric": "r2", "n_repeats": 3}
        importances.append(explain(model, "permutation_importance", holdout.X[columns], **given).importances_mean)
    sizes = {"n_train": [len(f.train) for f in splits.folds], "n_test": [len(f.test) for f in splits.folds]}
    told = answers(small_run.results, "few-leaves")
    for n, effect in enumerate(told["partial_dependence"].effects):
        band = refit_band([each[n] for each in effects], **sizes)
        np.testing.assert_allclose([effect.refits.mean, effect.refits.lower], [band.mean, band.lower], rtol=1e-12)
        assert effect.refits.n_refits == 3
    band = refit_band(importances, **sizes)
    np.testing.assert_allclose(told["permutation_importance"].refits.upper, band.upper, atol=1e-12)
    assert [w for answer in told.values() for w in answer.provenance.warnings if "refit" in w] == []


def test_the_baseline_is_held_against_nothing(small_run):
    told = answers(small_run.results, "dummy")
    assert told["permutation_importance"].refits is None
    assert told["permutation_importance"].noise is None
    assert {(e.refits, e.noise) for e in told["partial_dependence"].effects} == {(None, None)}


def test_answers_of_results_read_back(small_run):
    for model in small_run.results["models"]:
        for told in model["answers"]:
            assert Answer.from_dict(told["answer"]).to_dict() == told["answer"]


def test_a_large_estimator_is_fitted_again_and_nothing_else_differs(tmp_path, monkeypatch):
    plan = plan_of(rows(), split=FOLDS, models=[{"forest": {"n_estimators": 3}}])
    kept = sent(gathered(plan, tmp_path / "kept"))
    monkeypatch.setattr("workbench.work.fit._MOST_KEPT_BYTES", 0)
    assert sent(gathered(plan, tmp_path / "again")) == kept
    assert '"n_refits": 6' in kept


def test_without_a_holdout_importances_are_measured_on_the_folds_own_rows(tmp_path):
    plan = plan_of(rows(), split={**FOLDS, "holdout": 0})
    found = answers(gathered(plan, tmp_path).results(""), "linear")
    means = []
    for fold in plan.splits.folds:
        train, test = plan.table.take(fold.train), plan.table.take(fold.test)
        model = Regressor("linear").fit(train.X, train.y)
        means.append(
            explain(model, "permutation_importance", test.X, y=test.y, metric="r2", n_repeats=3).importances_mean
        )
    interval = corrected_interval([mean[0] for mean in means], n_train=80, n_test=40)
    band = found["permutation_importance"].refits
    assert (band.mean[0], band.lower[0]) == pytest.approx((interval.mean, interval.lower))
    assert (
        "refits are measured on rows that they have not seen" in found["permutation_importance"].provenance.warnings[-1]
    )
    assert found["partial_dependence"].provenance.warnings == ()


def test_folds_forward_in_time_are_a_rough_guide(tmp_path):
    frame = rows().assign(when=pd.date_range("2020", periods=120))
    plan = plan_of(frame, columns={"when": {"role": "time"}})
    found = answers(gathered(plan, tmp_path).results(""), "linear")
    assert "the band of refits is a rough guide" in found["partial_dependence"].provenance.warnings[-1]


def test_an_effect_that_a_refit_shows_elsewhere_has_no_band():
    X = pd.DataFrame({"a": np.arange(40.0), "b": np.tile(np.arange(4.0), 10)})
    model = Regressor("linear").fit(X, X["a"])
    one = explain(model, "partial_dependence", X, grid_resolution=5)
    other = explain(model, "partial_dependence", X.assign(a=X["a"] + 1), grid_resolution=5)
    held = with_refits(one, [one, other], n_train=3, n_test=1)
    assert held["a"].refits is None
    assert held.provenance.warnings[-1] == "a has no band of refits: they show it at other values"
    assert held["b"].refits.n_refits == 2
    assert with_refits(held["b"], [], n_train=1, n_test=1) is held["b"]


# --- noise


def test_noise_is_that_of_a_model_of_a_shuffled_target(small_run):
    table = load(small_run.folder.parent / "rows é.csv", target="price")
    splits = make_splits(table, folds=3, repeats=1)
    y = table.y.to_numpy().copy()
    for number, part in enumerate((splits.development, splits.holdout)):
        y[part] = y[np.random.default_rng([0, number]).permutation(part)]
    columns = list(table.features)
    X, held = (table.take(part).X[columns] for part in (splits.development, splits.holdout))
    model = Regressor("linear").fit(X, pd.Series(y[splits.development]))
    told = answers(small_run.results, "linear")
    expected = explain(model, "permutation_importance", held, y=y[splits.holdout], metric="r2")
    np.testing.assert_allclose(told["permutation_importance"].noise, expected.importances_mean, atol=1e-12)
    effects = explain(model, "partial_dependence", X, grid_resolution=5).effects
    assert [e.noise for e in told["partial_dependence"].effects] == pytest.approx(
        [np.ptp(e.average) for e in effects], abs=1e-9
    )


def test_a_shuffle_keeps_parts_apart_and_what_belongs_to_the_target_with_it():
    frame = rows(60).assign(w=np.arange(60.0) + 1, e=np.arange(60.0) + 1, y=np.arange(60.0))
    roles = {"w": {"role": "weight"}, "e": {"role": "exposure"}}
    table = plan_of(frame, columns=roles, models=["glm"], explain=[]).table
    parts = [np.arange(0, 60, 2), np.arange(1, 60, 2)]
    found = shuffled(table, parts, 0)
    assert (found.y + 1 == found.sample_weight).all()
    assert (found.X["e"] == found.sample_weight).all()
    assert (found.X["x"] == table.X["x"]).all()
    for part in parts:
        assert sorted(found.y.iloc[part]) == sorted(table.y.iloc[part])
        assert (found.y.iloc[part] != table.y.iloc[part]).any()
    assert (table.y == np.arange(60.0)).all()
    assert (shuffled(table, parts, 1).y != found.y).any()


def test_a_model_that_rests_on_nothing_is_told_of(tmp_path):
    frame = rows().assign(y=np.random.default_rng(5).normal(size=120))
    found = gathered(plan_of(frame, split=FOLDS, models=["linear", {"tree": {"max_leaf_nodes": 8}}]), tmp_path)
    told = {(f["about"], f["severity"]): f for f in found.results("")["findings"]}
    (chance,) = [
        f
        for f in found.results("")["findings"]
        if f["title"] == "Decision tree: no single column stands out from chance"
    ]
    assert (chance["severity"], chance["topic"]) == ("medium", "permutation_importance")
    assert "costs a model of a shuffled target up to" in chance["evidence"]
    assert "a flat line lies within the band of refits along " in told["linear", "low"]["evidence"]
    clear = gathered(plan_of(rows(), split=FOLDS, models=["linear"]), tmp_path)
    titles = [f["title"] for f in clear.results("")["findings"]]
    assert "Linear model: no single column stands out from chance" not in titles
    (undecided,) = [f for f in clear.results("")["findings"] if "refits do not agree" in f["title"]]
    assert undecided["evidence"].endswith("along z")
    assert undecided["topic"] in ("partial_dependence", "ale")


# --- what a study may leave out, and what fails


def test_a_study_may_do_without(tmp_path):
    whole = [unit.name for unit in plan_of(rows(), split=FOLDS).units]
    assert "linear: partial_dependence refits" in whole
    assert "linear: noise fit" in whole
    assert not [name for name in whole if name.startswith("dummy") and ("refit" in name or "noise" in name)]
    for off, word in (("refits", " refits"), ("noise", " noise")):
        names = [unit.name for unit in plan_of(rows(), split=FOLDS, compare={off: False}).units]
        assert names == [name for name in whole if word not in name]
    plan = plan_of(rows(), split=FOLDS)
    quick = type(plan)(plan.study.quick(), plan.table, quick=True)
    assert not [unit for unit in quick.units if " refit " in unit.name or "noise" in unit.name]
    results = gathered(quick, tmp_path).results("")
    off = dict.fromkeys(("refits", "noise", "diagnose", "paths"), False)
    assert results["study"]["compare"] == {"region": "auto", **off}
    assert answers(results, "linear")["permutation_importance"].refits is None


def test_what_fails_of_refits_and_noise_is_one_finding_each(tmp_path):
    failing = {"linear: partial_dependence refits", "linear: noise fit"}
    found = gathered(plan_of(rows()), tmp_path, failing)
    results = found.results("")
    assert results["models"][1]["status"] == "ok"
    high = sorted(f["title"] for f in results["findings"] if f["severity"] == "high" and f["about"] == "linear")
    assert high == [
        "The noise floor of linear model could not be made",
        "The refits of Partial dependence of linear model could not be made",
    ]
    told = answers(results, "linear")
    assert told["permutation_importance"].refits is not None
    assert {e.refits for e in told["partial_dependence"].effects} == {None}
    assert told["permutation_importance"].noise is None
    assert len(found.failures.told) == 2


def test_an_explanation_that_fails_is_told_of_once(tmp_path):
    units = [u.name for u in plan_of(rows()).units if u.name.startswith("linear: partial_dependence")]
    assert len(units) == 3
    found = gathered(plan_of(rows()), tmp_path, set(units))
    assert [name for name, _ in found.failures.told] == ["linear: partial_dependence"]


def test_every_method_that_can_be_held_against_refits_and_noise_is(tmp_path):
    asked = ["permutation_importance", {"ale": {"pairs": [["x", "z"]]}}, "partial_dependence", "shap"]
    plan = plan_of(rows(), explain=asked, split=FOLDS)
    results = gathered(plan, tmp_path).results("")
    told = answers(results, "linear")
    pairs = {u.name: u.arguments["options"]["pairs"] for u in plan.units if "linear: ale" in u.name}
    assert pairs.pop("linear: ale") == [["x", "z"]]
    assert set(pairs.values()) == {()}
    for method in ("ale", "partial_dependence"):
        assert {e.refits.n_refits for e in told[method].effects} == {6}
        assert all(e.noise > 0 for e in told[method].effects)
    assert told["shap"].noise.shape == told["shap"].mean_abs.shape
    model = results["models"][1]
    assert model["private_answers"] == ["shap"]
    found = Answer.from_dict(model["agreement"])
    assert found.methods == ("permutation_importance", "ale", "partial_dependence", "shap")
    np.testing.assert_array_equal(found.rank_correlation.shape, (4, 4))
    assert (
        gathered(plan_of(rows(), explain=["ale"], split=FOLDS), tmp_path).results("")["models"][1]["agreement"] is None
    )


def test_methods_that_disagree_are_told_of(tmp_path, monkeypatch):
    from workbench.evaluation import agreement

    monkeypatch.setattr(agreement.agreement, "__kwdefaults__", {"titles": None, "limit": 1.1})
    frame = rows(300).assign(v=rows(300, 1)["x"], w=rows(300, 2)["x"])
    frame["y"] += frame["z"] + 2 * frame["v"] + 3 * frame["w"]
    found = gathered(plan_of(frame), tmp_path).results("")["findings"]
    (told,) = [f for f in found if f["title"] == "Linear model: methods rank its columns differently"]
    assert told["severity"] == "low"
    assert told["evidence"].startswith("Permutation importance and Partial dependence rank the columns differently")


def test_warnings_about_noise_are_no_finding(tmp_path):
    plan = plan_of(rows(), compare={"refits": False})
    found = gathered(plan, tmp_path)
    for name, outcome in found.outcomes.items():
        if "noise" in name:
            object.__setattr__(outcome, "warnings", ("UserWarning: of noise",))
    assert not [f for f in found.results("")["findings"] if f["title"].startswith("Warnings")]
    assert len(found.failures.in_full()) == 3


# --- answers about rows


def test_rows_are_drawn_from_those_that_the_model_has_not_seen(rowwise):
    frame = rows(80).assign(w=1.0)
    frame.loc[:9, "w"] = 3.0
    table = plan_of(frame, columns={"w": {"role": "weight"}}, explain=[]).table
    development, holdout = np.arange(50), np.arange(50, 80)
    model = Regressor("linear").fit(table.X, table.y)
    how = {"method": "rowwise", "options": {}, "seed": 3}
    found = ask(table, model, development, holdout, **how)
    told = [row[0] for row in found.data]
    assert len(told) == 12
    assert told == [x for x in table.X["x"].iloc[holdout] if x in told]
    assert found.n_background == 50
    mean = np.average(table.X["x"].iloc[development], weights=table.sample_weight[development])
    np.testing.assert_allclose(found.values[:, 0], np.array(told) - mean)
    assert [row[0] for row in ask(table, model, development, holdout[:0], **how).data] != told
    assert len(ask(table, model, development, holdout[:5], **how).data) == 5
    assert ask(table, model, development, holdout, **how).to_dict() == found.to_dict()


def test_answers_about_rows_are_private_and_their_summary_is_sent(tmp_path, rowwise):
    plan = plan_of(rows(), explain=["rowwise", "permutation_importance"])
    found = gathered(plan, tmp_path)
    results = found.results("")
    (linear,) = [m for m in results["models"] if m["name"] == "linear"]
    assert linear["private_answers"] == ["rowwise"]
    summary = answers(results, "linear")["rowwise"]
    assert summary.kind == "attribution_summary"
    assert summary.noise.shape == (2, 1)
    files = found.explanations.private_files()
    assert sorted(files) == ["dummy.rowwise.json", "linear.rowwise.json"]
    whole = Answer.from_dict(json.loads(files["linear.rowwise.json"]))
    assert len(whole.data) == 12
    assert str(whole.data[0][0]) not in sent(found)


def test_an_answer_of_which_nothing_is_left_is_named_alone(tmp_path, rowwise, monkeypatch):
    monkeypatch.setattr(Attribution, "public", lambda self: None)
    found = gathered(plan_of(rows(), explain=["rowwise"]), tmp_path)
    (linear,) = [m for m in found.results("")["models"] if m["name"] == "linear"]
    assert linear["answers"] == []
    assert linear["private_answers"] == ["rowwise"]


SITE = """
from tests.test_explanations import Rowwise as Explained

class Rowwise(Explained):
    has_noise = True
"""


def test_a_run_writes_answers_about_rows_into_the_private_folder_alone(tmp_path):
    """By a method of another package; a run that does not ask for it any more leaves no such answer behind."""
    site = tmp_path / "site packages"
    info = site / "row_by_row-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "row_by_row.py").write_text(SITE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: row-by-row\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[workbench.explainers]\nrowwise = row_by_row:Rowwise\n")
    environment = {"PYTHONPATH": f"{site}:{Path(__file__).parents[1]}"}
    text = QUICKEST.replace("explain: [", "explain: [rowwise")
    study, out = write_study(tmp_path, text), tmp_path / "out"
    for again in (False, True):
        if again:
            study.write_text(text.replace("[rowwise", "["), encoding="utf-8")
        process = command(study, "--out", out, cache=tmp_path / "cache", **environment)
        output, _ = process.communicate()
        assert process.returncode == 0, output
        names = {p.name for p in (tmp_path / "out.private").rglob("*") if p.is_file()}
        assert names == (set() if again else {"dummy.rowwise.json", "linear.rowwise.json"})
        assert not [p for p in out.rglob("*") if "rowwise" in p.name]
        card = json.loads((out / "cards" / "linear.json").read_text(encoding="utf-8"))
        assert card["private_answers"] == ([] if again else ["rowwise"])
    assert untimed(out)["models"][0]["private_answers"] == []


# --- counts


def test_counts_of_few_rows_are_withheld_at_any_depth():
    surface = EffectSurface(
        features=("a", "b"),
        feature_kinds=("number", "number"),
        grid_values=((0.0, 1.0), (0.0, 1.0, 2.0)),
        average=np.zeros((1, 2, 3)),
        outputs=("prediction",),
        scale="response",
        counts=np.array([[40, 3, 2], [30, 20, 12]]),
        provenance=Provenance(method="made up", n_rows=107),
    )
    whole = Effects(effects=(), n_background=107, surfaces=(surface,), provenance=surface.provenance)
    (told,) = without_few(whole.to_dict(), 1_000)["surfaces"]
    assert told["counts"] == [[40, None, None], [30, 20, None]]
    assert np.isnan(Answer.from_dict(told).counts).sum() == 3
    assert without_few({"counts": [[None, 9], [40, 10]]}, 99) == {"counts": [[None, None], [40, 10]]}
    assert without_few({"bin_counts": None, "counts": [[20]]}, 20) == {"bin_counts": None, "counts": [[20]]}


def test_importance_with_a_band_survives_json():
    band = refit_band([[1.0, np.nan], [2.0, 1.0]], n_train=2, n_test=1)
    one = Importance(
        feature_names=("a", "b"),
        importances=np.zeros((2, 1)),
        importances_mean=np.zeros(2),
        importances_std=np.zeros(2),
        metric="r2",
        baseline_score=0.5,
        greater_is_better=True,
        refits=band,
        noise=np.array([0.1, np.nan]),
        provenance=Provenance(method="made up"),
    )
    again = Answer.from_dict(json.loads(json.dumps(one.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.refits.mean, band.mean)
    np.testing.assert_array_equal(again.noise, one.noise)
