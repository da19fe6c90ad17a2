"""Rules on cards: their words, their numbers here and held out, and what is withheld."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.pages.forms import ALCOHOL, KINDS, SULPHATES, a_list, card, form_of, rule, section, shares, stump, tables
from tests.pages.results import HOSTILE
from tests.pages.test_html import Page
from workbench.forms import (
    Additive,
    Clip,
    Condition,
    Curve,
    Form,
    Identity,
    OneVsRest,
    RuleSet,
)
from workbench.pages import card_html


def test_a_list_is_told_from_the_top_with_both_shares() -> None:
    form, told = a_list()
    page = card_html(card(form, "binary", told))
    table = tables(page, "rules")
    assert [row[0] for row in table[1:]] == [
        "If Alcohol > 11", "else if Sulphates ≤ 0.5 and Cellar is Biscoe", "otherwise"
    ]  # fmt: skip
    heads = ["Rule", "Predicts (%)", "Coverage", "Training rows", "Training share (%)", "Held-out rows"]
    assert table[0] == [*heads, "Held-out share (%)", "Gap (points)"]
    assert [float(v) for v in table[1][1:]] == pytest.approx([0.845, 0.3, 300, 0.85, 100, 0.84, -0.01])
    assert table[3][5:] == ["–", "–", "–"]
    assert "the first rule that a row meets decides" in section(page)
    assert "share of true" in section(page)


def test_rules_that_differ_by_more_than_chance_are_told_and_marked() -> None:
    form, told = a_list()
    text = section(card_html(card(form, "binary", told)))
    # sqrt(m (1 - m) (1/120 + 1/60)), m = 78/180: 0.078; the gap of 0.4 is five of it
    assert "One of the 2 rules that can be checked hold up" in text
    assert "The largest gap is 40.0 points: 30.0% in training, 70.0% held out" in text
    assert "+40.0†" in text
    assert "−1.0†" not in text
    assert "One of 3 rules has too few held-out rows to be told (–)." in text


def test_bars_are_as_long_as_coverage_and_hidden_from_those_who_listen() -> None:
    form, told = a_list()
    page = card_html(card(form, "binary", told))
    bars = re.findall(r'class="bar" aria-hidden="true"><span style="width:([\d.]+)%', page)
    assert bars[:3] == ["30.0", "12.0", "58.0"]  # others stand with the diagnostics


def test_without_held_out_rows_nothing_is_said_to_hold_up() -> None:
    form, told = a_list()
    told = shares(3, ("true",) * 3, [(300, 0.85), (120, 0.3), (580, 0.51)], [(np.nan, np.nan)] * 3, n_holdout=0)
    page = card_html(card(form, "binary", told))
    assert "nothing here tells whether the rules hold up" in section(page)
    assert "Gap (points)" not in tables(page, "rules")[0]


def test_a_set_of_several_classes_names_the_class_of_each_rule() -> None:
    body = RuleSet((rule(0.97, ALCOHOL), rule(0.9, SULPHATES)), (2, 0), np.array([0.1, 0.3, 0.05]))
    told = shares(2, ("Gentoo", "Adelie"), [(300, 0.97), (120, 0.9)], [(90, 0.95), (40, 0.92)])
    page = card_html(card(form_of(body, OneVsRest(Identity()), "multiclass"), "multiclass", told))
    assert [row[1] for row in tables(page, "rules")] == ["Class", "Gentoo", "Adelie"]
    assert "where it meets none of them, Adelie 10.0%, Chinstrap 30.0%, Gentoo 5.0%" in section(page)
    assert "All 2 rules that can be checked hold up" in section(page)


def test_an_or_within_a_rule_stands_in_brackets() -> None:
    told = Condition("alcohol", upper=11.0, missing=True, shown=(-np.inf, 11.0))
    many = Condition("cellar", levels=("a", "b", "c", "d"), inside=(True, True, True, False, True), missing=True)
    body = RuleSet((rule(1.0, told, SULPHATES), rule(2.0, many)), (0, 0), np.array([5.0]))
    shown = shares(2, ("", ""), [(300, 5.0), (120, 6.0)], [(90, 5.1), (40, 6.2)])
    page = card_html(card(form_of(body, Identity(), gaps=("alcohol",)), rules=shown))
    assert [row[0] for row in tables(page, "rules")[1:]] == [
        "(Alcohol ≤ 11 or missing) and Sulphates ≤ 0.5",
        "Cellar is not d",
    ]
    assert "The largest gap of mean Quality is 0.200: 6.00 in training, 6.20 held out" in section(page)


def test_a_sum_of_rules_has_the_most_important_first_beside_its_lines() -> None:
    clipped = Curve(
        "pH", np.array([3.0, 3.5]), np.array([3.0, 3.0, 3.5]), np.array([[0.2, 0.0], [0.2, 0.4], [0.4, 0.0]]),
        np.zeros(1), np.array([2.9, 3.2, 3.7]), np.full(3, 30.0),
    )  # fmt: skip
    body = Additive(np.array([5.5]), (rule(0.01, ALCOHOL), rule(-0.4, SULPHATES), clipped))
    told = shares(2, ("", ""), [(500, 5.9), (400, 5.1)], [(90, 5.8), (np.nan, np.nan)])
    page = card_html(card(form_of(body, Identity()), rules=told))
    table = tables(page, "rules")
    assert (table[0][1], [row[1] for row in table[1:]]) == ("Adds to Quality", ["-0.4", "0.01"])
    assert "The predicted Quality is the start, 5.50, plus what each of 2 rules adds" in section(page)
    assert "pH adds +0.200 at 2.93, +0.400 at 3.5" in section(page)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_sum_of_trees_draws_each_and_adds_up_leaves(task: str) -> None:
    k = 1 if task == "binary" else 3
    body = Additive(np.zeros(k), (stump("alcohol", [[0.4] * k, [0.7] * k]), stump("pH", [[0.1] * k, [-0.2] * k])))
    clip = Clip(1 / 12, 11 / 12)
    form = form_of(body, clip if k == 1 else OneVsRest(clip), task)
    told = shares(
        4, ("true" if k == 1 else "Adelie",) * 4, [(600, 0.4), (400, 0.7)] * 2, [(200, 0.42), (200, 0.69)] * 2
    )
    page = card_html(card(form, task, told))
    assert page.count("One question leads to 2 answers") >= 2
    assert ">pH ≤ 10</text>" in page
    assert "A row reaches one leaf in each of 2 trees, and what these leaves hold is added up" in section(page)
    assert "ut off below 0.0833 and above 0.917" in section(page)
    assert [row[0] for row in tables(page, "leaves-2")[1:]] == ["pH ≤ 10", "pH > 10"]
    assert [float(row[1 + (k > 1) * 0]) for row in tables(page, "leaves-2")[1:]] == [0.1, -0.2]


def test_no_level_or_class_of_a_rule_becomes_markup() -> None:
    levels = Condition("cellar", levels=HOSTILE, inside=(*(i < 6 for i in range(len(HOSTILE))), False))
    form = Form(
        RuleSet((rule(0.9, levels),), (0,), np.array([0.1, 0.2])), OneVsRest(Identity()), KINDS, "q", HOSTILE[:2]
    )
    told = shares(1, (HOSTILE[0],), [(300, 0.9)], [(90, 0.8)])
    page = card_html(card(form, "binary", told))
    tags = [tag for tag, _ in Page(page).tags]
    assert tags.count("script") == 1
    assert "img" not in tags
