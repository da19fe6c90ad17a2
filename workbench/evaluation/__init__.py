"""What scores can show: intervals, comparisons, and what repeated rows do to both; one question a file."""

from workbench.evaluation.comparison import Entry, compare, headline, leaderboard, price_sentence, prices, titles_of
from workbench.evaluation.interval import Interval, corrected_interval
from workbench.evaluation.repeats import RepeatsStory, repeats_finding, repeats_story

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
    "repeats_finding",
    "repeats_story",
    "titles_of",
]
