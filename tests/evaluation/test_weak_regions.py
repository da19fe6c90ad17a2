"""Weak regions: a planted one is found, clean data raise no alarm, and every count is large enough to be told."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from workbench.answers import Answer
from workbench.answers.regions import WeakRegion
from workbench.evaluation.cells import Cells
from workbench.evaluation.region_search import LEAST_ROWS, search
from workbench.evaluation.weak_regions import weak_regions, weak_regions_finding


def table(seed, n=600):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({
        "a b": rng.normal(size=n),
        "few": rng.integers(0, 3, n),
        "é '": rng.choice(list("uvwx"), n),
        "size": pd.Categorical(rng.choice(["S", "M", "L"], n), ["S", "M", "L"], ordered=True),
        "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
        "yes": rng.random(n) < 0.5,
        "same": 1.0,
        "empty": np.nan,
    })  # fmt: skip
    X.loc[rng.random(n) < 0.15, "a b"] = np.nan
    X.loc[:3, "é '"] = "rare"
    return X, rng.standard_t(5, size=n)


PLANTED = {
    ("a b", "é '"): lambda X: (X["a b"] > 0.3) & (X["é '"] == "u"),
    ("size", "yes"): lambda X: (X["size"] == "L") & X["yes"],
    ("a b",): lambda X: X["a b"].isna(),
    ("day",): lambda X: X["day"] > pd.Timestamp("2024-09-01"),
}


@pytest.mark.parametrize("columns", PLANTED)
def test_a_planted_region_is_found_and_none_elsewhere(columns):
    for seed in range(3):
        X, noise = table(seed, 1200)
        inside = PLANTED[columns](X).to_numpy()
        told = weak_regions(X, (noise * np.where(inside, 4, 1)) ** 2, loss_title="squared error", random_state=seed)
        assert told.confirmed()
        # a narrower region may win by chance, but every one that is confirmed lies where the fault is
        assert all(set(columns) <= set(region.columns) for region in told.confirmed())
        region = told.confirmed()[0]
        assert region.loss > 3 * region.rest
        assert len(region.columns) > len(columns) or region.rows > 0.3 * inside.sum()
        found = weak_regions_finding(told, about="tree")
        assert found.severity == "high"
        assert region.text in found.evidence


def test_texts():
    X, noise = table(0, 1200)
    for columns, plant in PLANTED.items():
        told = weak_regions(X, (noise * np.where(plant(X), 4, 1)) ** 2)
        text = told.confirmed()[0].text
        if columns == ("size", "yes"):
            assert text == "'size' is 'L' and 'yes' is 'true'"
        if columns == ("a b",):
            assert text == "'a b' is missing"
        if columns == ("day",):
            assert text.startswith("'day' > 2024-0")


@pytest.mark.parametrize("rate", [0.05])
def test_clean_data_raise_no_alarm(rate):
    alarms = []
    for seed in range(60):
        X, noise = table(seed)
        alarms.append(bool(weak_regions(X[["a b", "few", "é '", "yes"]], noise**2, random_state=seed).confirmed(rate)))
    assert sum(alarms) <= 6  # 3 expected at most


def test_means_are_those_of_the_half_that_judges():
    X, noise = table(0, 1200)
    losses = (noise * np.where(PLANTED[("size", "yes")](X), 4, 1)) ** 2
    weight = np.random.default_rng(1).uniform(0.5, 2, 1200)
    told = weak_regions(X, losses, sample_weight=weight, reference=2 * losses, random_state=5)
    first = np.random.default_rng(5).permutation(1200) < 600
    inside = ((X["size"] == "L") & X["yes"]).to_numpy()
    region = told.regions[0]
    assert region.rows == (inside & ~first).sum()
    assert region.rows_found == (inside & first).sum()
    assert region.loss == pytest.approx(np.average(losses[inside & ~first], weights=weight[inside & ~first]))
    assert region.rest == pytest.approx(np.average(losses[~inside & ~first], weights=weight[~inside & ~first]))
    assert region.loss_found == pytest.approx(np.average(losses[inside & first], weights=weight[inside & first]))
    assert region.reference == pytest.approx(2 * region.loss)
    assert told.mean_loss == pytest.approx(np.average(losses[~first], weights=weight[~first]))


def test_the_first_region_is_the_best_of_all_by_enumeration():
    X, noise = table(3, 400)
    X, losses = X[["a b", "few", "yes"]], noise**2
    first = np.random.default_rng(0).permutation(400) < 200
    cells = [Cells.of(name, X[name], most=8, least=60) for name in X]
    found, n_searched, _ = search(cells, losses, np.ones(400), first)
    alone, pairs = [], []
    for which, into in ([(c,) for c in cells], alone), (list(combinations(cells, 2)), pairs):
        for some in which:
            runs = [[(c, i, j) for i in range(len(c)) for j in range(i, len(c)) if _is_run(c, i, j)] for c in some]
            for chosen in [(r,) for r in runs[0]] if len(some) == 1 else [(r, s) for r in runs[0] for s in runs[1]]:
                inside = np.all([(c.codes >= i) & (c.codes <= j) for c, i, j in chosen], axis=0)
                counts = [(inside & h).sum() for h in (first, ~first)] + [(~inside & h).sum() for h in (first, ~first)]
                if min(counts) < LEAST_ROWS:
                    continue
                own, rest = losses[inside & first], losses[~inside & first]
                z = (own.mean() - rest.mean()) / (losses[first].std() * np.sqrt(1 / len(own) + 1 / len(rest)))
                if z > 0:
                    into.append((z, [(c.column, i, j) for c, i, j in chosen]))
    assert n_searched == len(alone) + len(pairs)
    best = max([(z**2 - 2 * np.log(len(g)), where) for g in (alone, pairs) for z, where in g])
    if best[0] > 0:
        assert [(c.column, *run) for c, run in zip(found[0].cells, found[0].runs, strict=True)] == best[1]
    else:
        assert not found


def _is_run(cells, i, j):
    ordered = j < cells.n_ordered or i == j
    return ordered and (i, j) != (0, len(cells) - 1)


def test_p_values_are_those_of_shuffled_losses():
    X, noise = table(2, 800)
    losses = np.abs(noise * np.where(X["yes"], 1.12, 1))
    told = weak_regions(X[["yes"]], losses, random_state=1)
    (region,) = told.regions
    second = np.random.default_rng(1).permutation(800) >= 400
    held, inside = np.minimum(losses, np.quantile(losses, 0.99))[second], X["yes"].to_numpy()[second]
    rng = np.random.default_rng(0)
    means = [rng.permutation(held)[: inside.sum()].mean() for _ in range(4000)]
    assert 0.001 < region.p_value < 0.5
    assert region.p_value == pytest.approx(np.mean(means >= held[inside].mean()), abs=0.03)


def test_groups_stay_in_one_half():
    X, noise = table(0, 1200)
    groups = np.arange(1200) // 10
    told = weak_regions(X, noise**2, groups=groups)
    assert told.n_rows == 1200
    copies = pd.concat([X.iloc[:300]] * 4, ignore_index=True)
    same = np.tile(noise[:300] ** 2, 4)
    assert not weak_regions(copies, same, groups=np.tile(np.arange(300), 4)).confirmed()


def test_a_difference_too_small_to_matter_is_no_finding():
    X, noise = table(0, 1200)
    told = weak_regions(X, (noise * np.where(PLANTED[("size", "yes")](X), 4, 1)) ** 2)
    excess = told.regions[0].loss - told.regions[0].rest
    assert weak_regions_finding(told, about="m", matters=0.9 * excess) is not None
    assert weak_regions_finding(told, about="m", matters=1.1 * excess) is None


def test_too_few_rows_and_columns_without_parts():
    X, noise = table(0, 110)
    told = weak_regions(X, noise**2)
    assert not told.regions
    assert "fewer than 120 rows" in told.provenance.warnings[0]
    assert weak_regions_finding(told, about="m") is None
    X, noise = table(0, 400)
    assert not weak_regions(X[["same", "empty"]], noise**2).regions
    assert not weak_regions(X, np.zeros(400)).regions


def test_many_rows_are_drawn_and_many_columns_left_out():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(21_000, 3)))
    told = weak_regions(X, np.ones(21_000))
    assert told.n_rows == 20_000
    assert "20,000" in told.provenance.warnings[0]
    wide = weak_regions(pd.DataFrame(rng.normal(size=(300, 45))), rng.random(300))
    assert wide.provenance.warnings == ("pairs of 5 columns were not searched",)


def test_sent_and_read_back_the_same_each_time():
    X, noise = table(1, 900)
    before = X.copy()
    losses = (noise * np.where(X["yes"], 4, 1)) ** 2
    told = weak_regions(X, losses, random_state=4)
    assert weak_regions(X, losses, random_state=4).to_dict() == told.to_dict()
    pd.testing.assert_frame_equal(X, before)
    again = Answer.from_dict(json.loads(json.dumps(told.to_dict())))
    assert again.to_dict() == told.to_dict()
    assert again.regions[0].columns == ("yes",)
    assert all(min(r.rows, r.rows_found) >= 30 for r in told.regions)


@pytest.mark.parametrize(
    ("losses", "rest", "message"),
    [
        ([1.0] * 299, {}, "300 numbers"),
        ([np.nan] * 300, {}, "none missing"),
        ([-1.0] * 300, {}, "at least 0"),
        ([1.0] * 300, {"sample_weight": [0.0] * 300}, "above 0"),
        ([1.0] * 300, {"reference": [0.0]}, "reference must be 300"),
    ],
)
def test_what_can_t_be_searched_is_refused(losses, rest, message):
    with pytest.raises(ValueError, match=message):
        weak_regions(table(0, 300)[0], losses, **rest)


def test_cells_of_each_kind():
    levels = pd.Series(["a"] * 40 + ["b"] * 30 + ["c"] * 5 + ["d"] * 6 + [None] * 12)
    cells = Cells.of("x", levels, most=8, least=10)
    assert cells.texts() == ["'x' is 'a'", "'x' is 'b'", "'x' is another level", "'x' is missing"]
    assert np.bincount(cells.codes).tolist() == [40, 30, 11, 12]
    named = Cells.of("x", pd.Series(["a"] * 40 + ["b"] * 20 + ["c"] * 15), most=8, least=30)
    assert named.texts() == ["'x' is 'a'", "'x' is 'b' or 'c'"]
    few = Cells.of("x", levels.iloc[:78], most=8, least=10)
    assert few.codes.min() == -1
    assert few.texts() == ["'x' is 'a'", "'x' is 'b'"]
    ordered = pd.Series(
        pd.Categorical(["1 to 2"] * 4 + ["3"] * 20 + ["4 to 5"] * 3 + ["6"] * 12 + ["7"] * 2, ordered=True)
    )
    cells = Cells.of("x", ordered, most=8, least=10)
    assert cells.texts() == ["'x' is '1 to 2' to '3'", "'x' is '4 to 5' to '7'"]
    numbers = Cells.of("x", pd.Series([*range(30), *[np.nan] * 10]), most=3, least=10)
    assert numbers.texts() == ["'x' ≤ 9.5", "'x' > 9.5 and ≤ 19.5", "'x' > 19.5", "'x' is missing"]
    assert numbers.text(0, 2) == "'x' is present"
    assert (0, 2) in numbers.ranges
    assert (0, 3) not in numbers.ranges


def region(loss, rest, reference, rows=50):
    return WeakRegion(
        text="'x' > 1",
        columns=("x",),
        rows_found=50,
        rows=rows,
        loss_found=loss,
        loss=loss,
        lower=0.9 * loss,
        upper=1.1 * loss,
        rest=rest,
        p_value=0.001,
        reference=reference,
    )


@pytest.mark.parametrize(
    ("loss", "rest", "reference", "severity"),
    [
        (0.10, 0.01, 1.05, "low"),  # ten times the loss elsewhere, and a tenth of the baseline's
        (0.14, 0.10, 0.20, "low"),
        (0.16, 0.10, 0.20, "medium"),
        (0.16, 0.10, 0.15, "high"),
        (0.31, 0.10, 0.40, "medium"),
        (0.16, 0.10, np.nan, "medium"),
        (0.31, 0.10, np.nan, "high"),
    ],
)
def test_severity_follows_how_much_better_than_the_reference_it_is_there(loss, rest, reference, severity):
    X = pd.DataFrame({"x": np.arange(200.0)})
    answer = weak_regions(X, np.ones(200)).but(regions=(region(loss, rest, reference),))
    found = weak_regions_finding(answer, about="m", reference="the baseline")
    assert found.severity == severity
    assert ("; the baseline has" in found.evidence) == (reference == reference)
    assert ("no better than the baseline" in found.evidence) == (loss >= reference)
    assert ("Don't rely" in found.action) == (severity != "low")
