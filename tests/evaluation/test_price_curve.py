import json
import math

import numpy as np
import pytest

import workbench as wb
from workbench.answers import Answer
from workbench.evaluation.price_curve import Candidate, pareto_front, price_curve
from workbench.families import registry
from workbench.interval import corrected_interval
from workbench.metrics import metric

R2, LOSS = metric("r2"), metric("log_loss")
SIZES = {"n_train": 80, "n_test": 20}


def made(*numbers):
    return [Candidate(f"m{i}", size, mean + np.array([0.01, -0.01, 0.0])) for i, (size, mean) in enumerate(numbers)]


@pytest.mark.parametrize("by", [R2, LOSS], ids=lambda m: m.name)
def test_the_front_is_what_nothing_beats(by):
    rng = np.random.default_rng(0)
    sign = 1 if by.greater_is_better else -1
    for _ in range(30):
        some = made(*((int(rng.integers(1, 8)), float(rng.integers(0, 6)) / 10) for _ in range(12)))
        front = pareto_front(some, by)

        def beats(a, b):
            better, worse = sign * round(a.mean, 6), sign * round(b.mean, 6)
            return a.size <= b.size and better >= worse and (a.size < b.size or better > worse)

        expected = {(c.size, round(c.mean, 6)) for c in some if not any(beats(o, c) for o in some)}
        assert {(c.size, round(c.mean, 6)) for c in front} == expected
        assert len(front) == len(expected)


def test_the_curve_is_the_best_of_all_up_to_a_size():
    some = made((1, 0.0), (5, 0.2), (9, 0.1), (30, 0.35), (30, 0.3), (400, 0.36), (60_000, 0.36))
    curve = price_curve(some, metric=R2, **SIZES)
    assert curve.models == ("m0", "m1", "m3", "m5")
    for size in (0, 1, 4.5, 5, 29, 30, 399, 1e9):
        reached = [c.mean for c in some if c.size <= size]
        assert curve.best(size) == pytest.approx(max(reached, default=math.nan), nan_ok=True)
    expected = corrected_interval(some[3].scores, **SIZES)
    assert (curve.lower[2], curve.upper[2]) == (expected.lower, expected.upper)
    assert curve.all_models == ("m0", "m1", "m2", "m3", "m4", "m5", "m6")
    assert np.all(np.diff(curve.all_sizes) >= 0)


def test_losses_go_down():
    curve = price_curve(made((1, 0.7), (20, 0.5), (30, 0.6)), metric=LOSS, **SIZES)
    assert curve.models == ("m0", "m1")
    assert curve.best(1e6) == pytest.approx(0.5)


def test_models_without_a_score_are_left_out():
    unscored = Candidate("none", 3, np.full(3, math.nan))
    curve = price_curve([*made((5, 0.2)), unscored], metric=R2, **SIZES)
    assert curve.all_models == ("m0",)
    assert price_curve([unscored], metric=R2, **SIZES).models == ()


def test_the_answer_survives_json():
    curve = price_curve([*made((5, 0.2)), Candidate("once", 9, np.array([0.5]))], metric=R2, **SIZES)
    assert math.isnan(curve.lower[1])
    read = Answer.from_dict(json.loads(json.dumps(curve.to_dict(), allow_nan=False)))
    assert read.to_dict() == curve.to_dict()
    assert math.isnan(read.lower[1])


@pytest.mark.parametrize("size", [-1, math.nan, math.inf])
def test_sizes_that_are_none_are_refused(size):
    with pytest.raises(ValueError, match=f"size of 'm0' must be a number of at least 0; got {size}"):
        price_curve(made((size, 0.2)), metric=R2, **SIZES)


def test_names_tell_candidates_apart():
    with pytest.raises(ValueError, match="got 'm0' more than once"):
        price_curve([*made((3, 0.2)), *made((4, 0.2))], metric=R2, **SIZES)


def test_paths_are_settings_of_their_families_from_simple_to_complex():
    with_paths = {name: family for name, family in registry().items() if family.path}
    assert {"tree", "figs", "ebm", "rulefit", "symbolic"} <= set(with_paths)
    for name, family in with_paths.items():
        known = [family.Parameters(**settings) for settings in family.path]
        assert len({repr(k) for k in known}) == len(known), f"{name}: a setting is there twice"
        assert family.glassbox, name
        numbers = [
            [v for v in settings.values() if isinstance(v, int) and not isinstance(v, bool)] for settings in family.path
        ]
        assert numbers == sorted(numbers), f"{name}: from simple to complex"


@pytest.mark.parametrize("family", ["tree", "oner"])
def test_a_path_leads_to_larger_models(family):
    table = wb.load("penguins") if family == "oner" else wb.load("wine-quality-red")
    estimator = wb.Classifier if family == "oner" else wb.Regressor
    sizes = [estimator(family, **s).fit(table.X, table.y).form_.size for s in registry()[family].path]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 2 * sizes[0]
