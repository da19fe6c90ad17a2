"""No share in what is sent tells, with a number of rows beside it, of 1 to 9 rows: searched for in whole results."""

from __future__ import annotations

import json
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest

from tests.test_gathered import gathered, plan_of
from workbench import compared, diagnosed
from workbench.evaluation import conformal, fairness, weak_regions
from workbench.pages.card import cards

# what lies between 0 and 1 and is no share of rows
_NO_SHARES = re.compile(
    r"level|_p$|p_value|probability|threshold|slope|intercept|error|amount|cost|score|predicted|params|parameters|size"
    r"|interaction|variances|main_effect|test_to_train|region|tolerance|importance|rank_correlation|auc|grid|train$|gap"
    r"|^test$|dummy|spread|skewness|lower|upper|bias|distance|baseline|seed|loss_(before|after)|gain|output|^mean_"
)
_COUNTS = re.compile(r"^rows|_rows$|^n_(rows|before|after|calibration|train|holdout)$")


def _numbers(value):
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _tells(share, count):
    """Say whether a share of so many rows is one to nine of them, inside or outside, to the last digits."""
    parts = (share * count, (1 - share) * count)
    return any(0.5 < part < 9.5 and abs(part - round(part)) < 1e-6 for part in parts)


def told_of_few(value, counts=(), path=""):
    """Yield what in a dictionary tells of few rows: fields with the counts beside and above them, and sentences."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from told_of_few(item, counts, f"{path}[{i}]")
    elif isinstance(value, dict):
        here = [n for key, item in value.items() if _COUNTS.search(key) for n in _numbers(item)]
        for key, item in value.items():
            if _NO_SHARES.search(key):
                continue
            beside = [n for n in here if n]
            rows = value.get("rows", value.get(f"{key.partition('_')[0]}_rows"))
            if isinstance(item, list) and isinstance(rows, list) and len(rows) == len(item):  # a row of each
                pairs = [pair for pair in zip(item, rows, strict=True) if len(_numbers(list(pair))) == 2]
            else:
                pairs = [(share, n) for share in _numbers(item) for n in (*beside, *counts)]
            found = [(share, n) for share, n in pairs if 0 < share < 1 and _tells(share, n)]
            if found:
                yield f"{path}.{key}", found[0]
            yield from told_of_few(item, (*counts, *beside), f"{path}.{key}")
    elif isinstance(value, str):
        yield from ((path, found) for found in _in_words(value))


def _in_words(text):
    """Yield the shares in a clause with the numbers of rows in it, where they make one to nine rows, rounded."""
    text = re.sub(
        r"\(p [^)]*\)|p [<=≤] [\d.]+|[≤<>] [−\d.,]+|Slope [−\d.]+|distance [\d.]+|hold \d+% of rows|than 10 of",
        "",
        text,
    )
    for clause in re.split(r"; (?=where|and)|(?<=[a-z)])\. ", text):
        counts = [
            int(n.replace(",", "")) for n in re.findall(r"(?<![\d.,])(\d[\d,]*)(?= of \d| (?:new )?rows)", clause)
        ]
        shares = [float(n) for n in re.findall(r"(?<![\d.])0\.\d+", clause)]
        shares += [float(n) / 100 for n in re.findall(r"([\d.]+)%", clause)]
        for share, n in product(shares, counts):
            if 0 < share < 1 and any(0.6 < part < 9.4 for part in (share * n, (1 - share) * n)):
                yield share, n


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A plan whose diagnostics meet small groups everywhere: rare classes, few gaps, few errors in every part."""
    rng = np.random.default_rng(7)
    n = 900
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "few": rng.random(n) < 0.02})
    frame["sex"] = rng.choice(["f", "m"], n, p=[0.12, 0.88])
    frame.loc[rng.choice(n, 14, replace=False), "z"] = np.nan
    odds = 5 * frame["x"] - 3
    hard = (frame["sex"] == "f").to_numpy()
    odds[hard] = rng.normal(-2, 1, hard.sum())
    frame["y"] = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no")
    plan = plan_of(
        frame,
        columns={"sex": {"role": "sensitive"}},
        models=["linear", {"tree": {"max_leaf_nodes": 4}}],
        split={"folds": 3, "repeats": 1},
        explain=[],
        metrics=["accuracy"],
        compare={"refits": False, "noise": False, "region": 0.1},
    )
    return plan, tmp_path_factory.mktemp("planted")


def _sent(plan, folder):
    found = gathered(plan, folder)
    results = {**found.results(""), "timing": found.timing(1.0)}
    return results, [json.loads(json.dumps(card)) for card in cards(results).values()]


def _searched(results, told):
    parts = {key: results[key] for key in ("findings", "drift", "leakage", "multiplicity")}
    for where in (*results["models"], *told):
        name = where.get("name") or where["model"]
        parts[name] = {
            key: where.get(key) for key in ("diagnostics", "complexity", "rules", "findings", "study_findings")
        }
    return list(told_of_few(parts))


def test_no_share_of_results_and_cards_tells_of_few_rows(planted):
    plan, folder = planted
    results, cards = _sent(plan, folder)
    names = {d["name"] for m in results["models"] for d in m["diagnostics"] if d.get("answer")}
    assert {"calibration", "recalibration", "weak_regions", "conformal", "fairness"} <= names
    assert results["multiplicity"]["n_rows"]
    assert _searched(results, cards) == []


def test_the_search_finds_what_is_not_withheld(planted, monkeypatch):
    plan, folder = planted
    for module in (compared, diagnosed, conformal, fairness, weak_regions):
        monkeypatch.setattr(module, "withholding", lambda answer: answer)
    found = " ".join(path for path, _ in _searched(*_sent(plan, folder)))
    for name in ("observed", "coverage", "values"):
        assert name in found, name
    assert list(_in_words("In 118 of 1,199 rows it gives 'a' a probability of 0.03 on average; 0.017 [0.0, 0.1] came."))
    assert list(_in_words("Sets made to hold 90% of rows hold 95% [90%, 99%] of 40 new rows"))
