"""Tables scored and explained part by part give what they give as a whole."""

import io
import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from workbench import Classifier, Regressor, explain
from workbench.cli import app
from workbench.delimited import CatalogError
from workbench.scoring import parts as parts_module
from workbench.scoring.contributions import Contributions, ScoringError
from workbench.scoring.explained import N_BACKGROUND
from workbench.scoring.parts import draw_rows, find_parts
from workbench.scoring.scorer import Scorer
from workbench.scoring.sink import sink

N = 300
MODELS = {
    "linear": (Regressor, {}),
    "ebm": (Regressor, {"preset": "fast"}),
    "gam": (Regressor, {}),
    "tree": (Regressor, {"max_leaf_nodes": 8}),
    "forest": (Regressor, {"n_estimators": 8}),
    "xgboost": (Classifier, {"n_estimators": 12}),
}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a b": np.round(rng.normal(size=N), 2),
            "größe": rng.integers(0, 9, N),
            "where": rng.choice(["north", "south", "'q'"], N),
            "unused": 1.0,
        }
    )
    frame.loc[::17, "a b"] = np.nan
    return frame


@pytest.fixture(scope="module")
def y(rows):
    noise = np.random.default_rng(1).normal(0, 0.1, N)
    return rows["a b"].fillna(1) * rows["größe"] + 3 * (rows["where"] == "north") + noise


def fitted(name, rows, y):
    kind, params = MODELS[name]
    return kind(name, **params).fit(rows, y if kind is Regressor else np.digitize(y, np.quantile(y, [0.3, 0.6])))


def written(folder, frame, sizes=(100, 150, 50), group=40):
    folder.mkdir()
    for number, start in enumerate(np.cumsum((0, *sizes))[:-1]):
        piece = frame.iloc[start : start + sizes[number]]
        piece.to_parquet(folder / f"part {number}.parquet", row_group_size=group)
    return folder


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="workbench")


@pytest.mark.parametrize("name", MODELS)
def test_contributions_are_the_shapley_values_of_the_whole_table(name, rows, y):
    model = fitted(name, rows, y)
    background = rows.iloc[:40]
    found = Contributions.of(model.form_, background)
    answer = explain(model, "shap", rows.iloc[40:90], background=background)
    expected = answer.values.reshape(50, rows.shape[1], -1)
    values = found.values(rows.iloc[40:90])
    places = [list(rows).index(column) for column in found.columns]
    np.testing.assert_allclose(values, expected[:, places], atol=1e-9)
    np.testing.assert_allclose(found.baseline, np.ravel(answer.baseline), atol=1e-9)
    assert not np.delete(expected, places, axis=1).any()


@pytest.mark.parametrize("name", ["ebm", "forest"])
def test_contributions_are_those_of_enumeration(name, rows, y):
    form = fitted(name, rows, y).form_
    background, own = rows.iloc[:12], rows.iloc[100:103]
    found = Contributions.of(form, background)
    players, p = found.columns, len(found.columns)
    for i in range(len(own)):
        worth = {}
        for size in range(p + 1):
            for inside in itertools.combinations(players, size):
                mixed = background.assign(**{c: pd.Series([own[c].iloc[i]] * 12, background.index) for c in inside})
                worth[frozenset(inside)] = form.score(mixed)[:, 0].mean()
        for j, player in enumerate(players):
            expected = 0.0
            for size in range(p):
                for inside in itertools.combinations([c for c in players if c != player], size):
                    weight = 1 / (p * len(list(itertools.combinations(range(p - 1), size))))
                    expected += weight * (worth[frozenset((*inside, player))] - worth[frozenset(inside)])
            assert found.values(own)[i, j, 0] == pytest.approx(expected, abs=1e-9)


def test_sums_that_hold_a_kernel_are_refused(rows, y):
    form = fitted("linear", rows, y).form_
    svm = Regressor("svm", kernel="rbf").fit(rows[["größe"]], y).form_
    with pytest.raises(ScoringError, match=r"this model holds a 'kernel': explain some of its rows in Python"):
        Contributions.of(svm, rows)
    with pytest.raises(ScoringError, match="at least one row"):
        Contributions.of(form, rows.iloc[:0])


def test_a_table_in_parts_is_scored_as_a_whole(rows, y, tmp_path, monkeypatch):
    monkeypatch.setattr(parts_module, "_ROWS", 23)  # so that a row group takes several batches
    form = fitted("ebm", rows, y).form_
    form.save(tmp_path / "m.json")
    folder = written(tmp_path / "parts", rows)
    rows.to_parquet(tmp_path / "whole.parquet", row_group_size=77)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    against = tmp_path / "background.parquet"
    rows.iloc[:60].to_parquet(against)
    expected = Scorer(form, Contributions.of(form, rows.iloc[:60])).score(rows)
    for source in (folder, f"{folder}/part *.parquet", tmp_path / "whole.parquet", tmp_path / "rows.csv"):
        for end in ("csv", "parquet"):
            out = tmp_path / f"out.{end}"
            words = ["--out", out, "--explain", "--background", against, "--force"]
            done = invoke("predict", tmp_path / "m.json", source, *words)
            assert done.exit_code == 0, done.output
            found = pd.read_csv(out) if end == "csv" else pd.read_parquet(out)
            pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=1e-12, atol=1e-12)
    assert "Shapley values of the prediction, exact against 60 rows of background.parquet" in done.stderr
    total = expected.filter(like="contribution_").sum(axis=1) + expected["baseline"]
    np.testing.assert_allclose(total, form.predict(rows))


def test_classes_have_contributions_for_each(rows, y, tmp_path):
    form = fitted("xgboost", rows, y).form_
    form.save(tmp_path / "m.json")
    folder = written(tmp_path / "parts", rows)
    done = invoke("predict", tmp_path / "m.json", folder, "--explain")
    assert done.exit_code == 0, done.output
    found = pd.read_csv(io.StringIO(done.stdout))
    for k, label in enumerate(form.classes):
        total = found[f"baseline_{label}"]
        for column in form.columns:
            total = total + found[f"contribution_{column}_{label}"]
        np.testing.assert_allclose(total, form.score(rows)[:, k], atol=1e-9)
    np.testing.assert_allclose(found["probability_1"], form.predict_proba(rows)[:, 1])
    assert f"against {N} rows of parts" in done.stderr


def test_a_background_is_drawn_from_all_parts_by_the_seed(rows, tmp_path):
    folder = written(tmp_path / "parts", rows.assign(row=np.arange(N)))
    parts = find_parts(str(folder))
    assert [part.n_rows for part in parts] == [40, 40, 20, 40, 40, 40, 30, 40, 10]
    drawn = draw_rows(parts, ["row"], 50)["row"]
    assert drawn.tolist() == np.sort(np.random.default_rng(0).choice(N, 50, replace=False)).tolist()
    assert draw_rows(parts, ["row"], 1000)["row"].tolist() == list(range(N))
    rows.assign(row=np.arange(N)).to_csv(tmp_path / "rows.csv", index=False)
    assert draw_rows(find_parts(str(tmp_path / "rows.csv")), ["row"], 50)["row"].tolist() == drawn.tolist()
    assert N_BACKGROUND == 1000


def test_what_is_no_table_in_parts_is_told(rows, y, tmp_path):
    form = fitted("tree", rows, y).form_
    folder = written(tmp_path / "parts", rows)
    (folder / "_temporary").mkdir()
    rows[["größe"]].to_parquet(folder / "_temporary" / "x.parquet")
    (folder / ".hidden.parquet").write_text("no Parquet")
    assert len({part.source for part in find_parts(str(folder), form.columns)}) == 3
    rows[["größe"]].to_parquet(folder / "z.parquet")
    with pytest.raises(CatalogError, match=r"z.parquet: must have all columns that the model reads; missing: "):
        find_parts(str(folder), form.columns)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CatalogError, match="holds no Parquet file"):
        find_parts(str(tmp_path / "empty"))
    with pytest.raises(CatalogError, match="no file has such a name"):
        find_parts(str(tmp_path / "none*.parquet"))
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(CatalogError, match="parts of a table must be Parquet files"):
        find_parts(str(tmp_path / "*.csv"))
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(CatalogError, match="can't be read as Parquet"):
        find_parts(str(tmp_path / "bad.parquet"))


def test_a_file_is_whole_or_as_it_was(tmp_path):
    out = tmp_path / "new" / "out.parquet"
    with sink(out) as written:
        written.write(pd.DataFrame({"a": [1, 2]}))
        written.write(pd.DataFrame({"a": [3]}))
        assert not out.exists()
    assert pd.read_parquet(out)["a"].tolist() == [1, 2, 3]
    with pytest.raises(AttributeError):
        _fail_half_way(out)
    assert pd.read_parquet(out)["a"].tolist() == [1, 2, 3]
    assert [path.name for path in out.parent.iterdir()] == ["out.parquet"]


def _fail_half_way(out):
    with sink(out) as written:
        written.write(pd.DataFrame({"a": [9]}))
        written.write(None)


def test_memory_does_not_grow_with_the_rows(tmp_path):
    """One row group of 2 million rows is read some rows at a time."""
    import tracemalloc

    x = np.zeros(2_000_000)
    pq.write_table(pa.table({"x": x, "more": x}), tmp_path / "d.parquet")
    (part,) = find_parts(str(tmp_path / "d.parquet"), ["x"])[:1]
    tracemalloc.start()
    n = sum(len(frame) for part in find_parts(str(tmp_path / "d.parquet")) for frame in part.frames(["x"]))
    peak = tracemalloc.get_traced_memory()[1] + pa.total_allocated_bytes()
    tracemalloc.stop()
    assert (n, part.group) == (len(x), 0)
    assert peak < 8 * len(x) / 2


def test_background_goes_with_explain(tmp_path):
    done = invoke("predict", tmp_path / "m.json", tmp_path / "d.csv", "--background", "x.csv")
    assert done.exit_code == 2
    assert "--background goes with --explain" in done.stderr
