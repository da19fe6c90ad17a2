"""What scores can show: intervals, comparisons, and what repeated rows do to both; one question a file."""

from workbench.evaluation.comparison import Entry, compare, comparisons, leaderboard, prices, references
from workbench.evaluation.equivalence import Equivalence, equivalence, equivalence_sentence
from workbench.evaluation.holdout import compare_on_holdout, holdout_sentence
from workbench.evaluation.interval import Interval, corrected_interval
from workbench.evaluation.price import headline, price_sentence, titles_of
from workbench.evaluation.repeats import RepeatsStory, repeats_finding, repeats_story

__all__ = [
    "Entry",
    "Equivalence",
    "Interval",
    "RepeatsStory",
    "compare",
    "compare_on_holdout",
    "comparisons",
    "corrected_interval",
    "equivalence",
    "equivalence_sentence",
    "headline",
    "holdout_sentence",
    "leaderboard",
    "price_sentence",
    "prices",
    "references",
    "repeats_finding",
    "repeats_story",
    "titles_of",
]
