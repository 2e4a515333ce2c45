"""The ladder of thresholds: which action applies from how many points."""

import pytest

from labs.plots.ladder import alternative_text_ladder, ladder, rungs
from labs.plots.svg import svg

STOCK = {"greylist": 4.0, "add header": 6.0, "reject": 15.0}


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (STOCK, [("no action", -5, 4), ("greylist", 4, 6), ("add header", 6, 15), ("reject", 15, 25)]),
        ({"reject": 3.0, "add header": 6.0}, [("no action", -5, 3), ("reject", 3, 6), ("add header", 6, 25)]),
        ({"reject": 999.0}, [("no action", -5, 25)]),
        ({"no action": 0.0}, [("no action", -5, 25)]),
        ({}, [("no action", -5, 25)]),
        ({"a": 5.0, "b": 5.0}, [("no action", -5, 5), ("b", 5, 25)]),
    ],
    ids=str,
)
def test_each_action_has_the_scores_that_lead_to_it(thresholds, expected):
    assert rungs(thresholds, -5, 25) == expected


@pytest.mark.parametrize("score", [-99, -5, 0, 24.9, 25, 1e6])
def test_any_score_can_be_drawn(score):
    text = svg(ladder(STOCK, score, "add header"), alternative_text_ladder(STOCK, score, "add header"))
    assert "ADD HEADER" in text and "reject ab 15" in text and "diese Mail" in text


def test_hostile_names_are_one_harmless_line():
    hostile = {"<script>\nalert(1)": 3.0}
    text = svg(ladder(hostile, 4, "<b>\n"), alternative_text_ladder(hostile, 4, "<b>\n"))
    assert "<script" not in text and "<b>" not in text


def test_the_alternative_text_says_action_and_thresholds():
    text = alternative_text_ladder(STOCK, 7, "add header")
    assert text == "add header bei 7,0 Punkten. Schwellen: greylist ab 4, add header ab 6, reject ab 15."
