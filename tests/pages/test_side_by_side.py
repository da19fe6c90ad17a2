from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.pages.results import HOSTILE, results
from tests.pages.test_html import Page
from workbench.pages import render, side_by_side, side_by_side_html
from workbench.pages.pair_view import pair_view
from workbench.pages.side_by_side import SideBySide
from workbench.plots.numbers import count, fixed

TASKS = [("regression", False), ("binary", True), ("multiclass", True)]


@pytest.fixture(scope="module", params=TASKS, ids=str)
def given(request: pytest.FixtureRequest) -> dict[str, Any]:
    return results(request.param[0], hostile=request.param[1])


@pytest.fixture(scope="module")
def html(given: dict[str, Any]) -> str:
    made = side_by_side(given)
    assert made is not None
    return side_by_side_html(json.loads(json.dumps(made)))


def test_the_difference_of_every_pair_is_that_of_its_folds(given: dict[str, Any]) -> None:
    # the corrected resampled interval, by hand
    made = side_by_side(given)
    assert made is not None
    ranking, by_name = made["ranking"], {m["name"]: m for m in given["models"]}
    order = [row["model"] for row in given["leaderboard"]["rows"]]
    assert [(p["one"], p["two"]) for p in made["pairs"]] == list(combinations(order, 2))
    for pair in made["pairs"]:
        one, two = (np.array(by_name[pair[k]]["scores"][ranking["name"]]["folds"]) for k in ("one", "two"))
        gaps = one - two if ranking["greater_is_better"] else two - one
        error = np.sqrt((1 / len(gaps) + 240 / 960) * gaps.var(ddof=1))
        half = stats.t.ppf(0.975, len(gaps) - 1) * error
        numbers = [float(n.replace("−", "-")) for n in re.findall(r"(?<![\w^])−?\d+\.\d+", pair["difference"])]
        assert np.allclose(numbers[:3], [gaps.mean(), gaps.mean() - half, gaps.mean() + half], atol=0.0051)
        unclear = "can't tell the two apart" in pair["difference"]
        assert unclear == (gaps.mean() - half <= 0 <= gaps.mean() + half)


def test_pairs_of_a_reference_are_the_comparisons_of_the_run(given: dict[str, Any]) -> None:
    made = side_by_side(given)
    assert made is not None
    told = {frozenset((p["one"], p["two"])): p["chances"] for p in made["pairs"]}
    for c in given["comparisons"]:
        chances = told[frozenset((c["model"], c["reference"]))]
        for key in ("probability_worse", "probability_better"):
            assert f"{c[key]:.0%}" in chances or c[key] < 0.01 or c[key] > 0.99


def test_first_stand_the_recommended_model_and_the_best_black_box() -> None:
    given = results()
    for recommended, pair in (
        ("linear", ("linear", "forest")),
        ("forest", ("forest", "linear")),  # no other black box: the best of the others
        (None, None),
    ):
        given["recommendation"]["model"] = recommended
        made = side_by_side(given)
        assert made is not None
        best = given["leaderboard"]["rows"][0]["model"]
        assert (made["first"], made["second"]) == pair or (pair is None and made["first"] == best)
        assert made["first"] != made["second"]


def test_the_default_pair_alone_is_told_without_a_script(given: dict[str, Any], html: str) -> None:
    made = side_by_side(given)
    assert made is not None
    tags = Page(html).tags
    pairs = {a["data-pair"]: "hidden" in a for _, a in tags if "data-pair" in a}
    seen = [pair for pair, hidden in pairs.items() if not hidden]
    assert [set((each or "").split()) for each in seen] == [{made["first"], made["second"]}]
    assert len(pairs) == len(made["pairs"])
    holder = next(a for _, a in tags if a.get("id") == "pair")
    assert (holder["data-one"], holder["data-two"]) == (made["first"], made["second"])
    assert next(a for _, a in tags if a.get("id") == "choose").keys() >= {"hidden"}
    for name in (m["name"] for m in made["models"]):
        assert f'[data-one="{name}"] [data-part="{name}"]' in html


def test_no_part_stands_without_its_model(given: dict[str, Any], html: str) -> None:
    names = {row["model"] for row in given["leaderboard"]["rows"]}
    parts = [a["data-part"] for _, a in Page(html).tags if "data-part" in a]
    assert set(parts) == names
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", html, flags=re.DOTALL)
    assert all(row.count("data-part=") == len(names) for row in rows)
    roles = {a.get("data-role") for tag, a in Page(html).tags if tag == "g" and "data-part" in a}
    assert roles == {"dot", "line", "curve", "band"}


def test_numbers_are_those_of_the_results(given: dict[str, Any]) -> None:
    made = side_by_side(given)
    assert made is not None
    view = pair_view(SideBySide.model_validate(made))
    lines = {line.name: line.cells for line in view.glance}
    title = made["ranking"]["title"]
    for place, row in enumerate(given["leaderboard"]["rows"]):
        mean = lines[f"{title[:1].upper()}{title[1:]}, mean over folds [95% interval]"][place]
        within = f"[{fixed(row['lower'], 3)}, {fixed(row['upper'], 3)}]"
        assert mean.replace("\u00a0", " ") == f"{fixed(row['score'], 3)} {within}"
        assert lines["Size: numbers to hold"][place] == count(row["size"])
    by_name = {m["name"]: m["answers"][0]["answer"] for m in given["models"] if m["status"] == "ok"}
    order = [m["name"] for m in made["models"]]
    titles = {c["name"]: c["title"] for c in given["data"]["columns"]}
    top = max(by_name["forest"]["feature_names"], key=lambda n: _mean(by_name["forest"], n))
    assert view.importances[0].cells[order.index("forest")] == fixed(_mean(by_name["forest"], top), 3)
    assert titles[top][:20] in view.importances[0].name or "…" in view.importances[0].name or not titles[top].strip()


def test_a_model_that_lacks_a_metric_has_a_dash_there() -> None:
    given = results()
    tree = next(m for m in given["models"] if m["name"] == "tree")
    del tree["scores"]["rmse"]
    made = side_by_side(given)
    assert made is not None
    lines = {line.name: line.cells for line in pair_view(SideBySide.model_validate(made)).glance}
    place = [m["name"] for m in made["models"]].index("tree")
    rmse = next(cells for name, cells in lines.items() if name.startswith("RMSE, mean"))
    assert [cell == "–" for cell in rmse] == [i == place for i in range(len(rmse))]
    other = next(cells for name, cells in lines.items() if name.startswith("R², mean"))
    assert other[place].startswith(fixed(tree["scores"]["r2"]["mean"], 3))


def _mean(answer: dict[str, Any], name: str) -> float:
    return float(answer["importances_mean"][answer["feature_names"].index(name)])


def test_no_name_becomes_markup_and_no_request_leaves_the_page(html: str) -> None:
    page = Page(html)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == tags.count("style") == 1
    assert not {"img", "iframe", "object", "link", "form"} & set(tags)
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert HOSTILE[0] not in html
    assert "</style><img" not in html
    links = [a["href"] for t, a in page.tags if t == "a"]
    assert not [link for link in links if re.match(r"[a-z]+:|//", link or "")]
    assert len(html.encode()) < 2_000_000
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_models_of_another_scale_are_left_out_and_named() -> None:
    given = results()
    forest = next(m for m in given["models"] if m["name"] == "forest")
    effects = next(a["answer"] for a in forest["answers"] if a["method"] == "partial_dependence")
    for one in effects["effects"]:
        one["scale"] = "margin"
    forest["answers"] = [a for a in forest["answers"] if a["method"] != "permutation_importance"]
    made = side_by_side(given)
    assert made is not None
    view = pair_view(SideBySide.model_validate(made))
    assert view.absent == [("forest", "forest has no importance and no effects to be drawn here.")]
    assert all("forest" not in dict(panel.told) for panel in view.effects)
    assert all('data-part="forest"' not in panel.picture.svg for panel in view.effects)


def test_withheld_counts_and_absent_scores_cost_nothing() -> None:
    given = results()
    tree = next(m for m in given["models"] if m["name"] == "tree")
    for score in tree["scores"].values():
        score |= {"mean": None, "lower": None, "upper": None, "folds": [None] * 10}
    row = next(r for r in given["leaderboard"]["rows"] if r["model"] == "tree")
    row |= dict.fromkeys(("score", "lower", "upper", "price", "price_lower", "price_upper", "holdout"))
    for model in given["models"][:-1]:
        for part in model["answers"]:
            for one in part["answer"].get("effects", ()):
                one["bin_counts"] = [None if i % 3 else c for i, c in enumerate(one["bin_counts"] or ())] or None
    made = side_by_side(given)
    assert made is not None
    told = [p["difference"] for p in made["pairs"] if "tree" in (p["one"], p["two"])]
    assert all(sentence.endswith("no fold has a score of both.") for sentence in told)
    assert side_by_side_html(made)


def test_a_study_of_one_model_has_no_such_page(tmp_path: Path) -> None:
    given = results()
    given["models"] = given["models"][:1]
    given["leaderboard"]["rows"] = [r for r in given["leaderboard"]["rows"] if r["model"] == "dummy"]
    given |= {"comparisons": [], "price": [], "duplicates_story": None, "findings": [], "multiplicity": None}
    given["price_curve"] |= {key: [] for key in ("models", "sizes", "scores", "lower", "upper", "all_models")}
    assert side_by_side(given) is None
    (tmp_path / "compare.html").write_text("of an earlier run")
    written = render(tmp_path, given)
    assert not (tmp_path / "compare.html").exists()
    assert "compare.html" not in [path.name for path in written]
    assert "compare.html" not in (tmp_path / "index.html").read_text()
