"""What scores can show: intervals, comparisons, and what repeated rows do to both; one question a file."""

from workbench.evaluation.comparison import Entry, compare, headline, leaderboard, price_sentence, prices, titles_of
from workbench.evaluation.refits import refit_band
from workbench.evaluation.repeats import RepeatsStory, repeats_finding, repeats_story
from workbench.interval import Interval, corrected_interval

__all__ = [
    "Entry",
    "Interval",
    "RepeatsStory",
    "compare",
    "corrected_interval",
    "headline",
    "leaderboard",
    "price_sentence",
    "prices",
    "refit_band",
    "repeats_finding",
    "repeats_story",
    "titles_of",
]
