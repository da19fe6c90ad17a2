"""What scores and predictions can show: intervals, comparisons, and diagnostics of a model; one question a file."""

from workbench.evaluation.alarms import RATE
from workbench.evaluation.calibration import calibration, calibration_finding
from workbench.evaluation.comparison import Entry, compare, headline, leaderboard, price_sentence, prices, titles_of
from workbench.evaluation.conformal import conformal, conformal_finding
from workbench.evaluation.drift import drift, drift_finding
from workbench.evaluation.fairness import fairness, fairness_finding
from workbench.evaluation.interval import Interval, corrected_interval
from workbench.evaluation.leakage import leakage, leakage_finding
from workbench.evaluation.overfit import overfit, overfit_finding
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.recalibration import fit_map, recalibrated, recalibration, recalibration_finding
from workbench.evaluation.repeats import RepeatsStory, repeats_finding, repeats_story
from workbench.evaluation.residuals import residuals, residuals_findings
from workbench.evaluation.robustness import robustness, robustness_finding
from workbench.evaluation.row_losses import loss_title, row_losses
from workbench.evaluation.weak_regions import weak_regions, weak_regions_finding

__all__ = [
    "RATE",
    "Entry",
    "Interval",
    "Predictions",
    "RepeatsStory",
    "calibration",
    "calibration_finding",
    "compare",
    "conformal",
    "conformal_finding",
    "corrected_interval",
    "drift",
    "drift_finding",
    "fairness",
    "fairness_finding",
    "fit_map",
    "headline",
    "leaderboard",
    "leakage",
    "leakage_finding",
    "loss_title",
    "overfit",
    "overfit_finding",
    "price_sentence",
    "prices",
    "recalibrated",
    "recalibration",
    "recalibration_finding",
    "repeats_finding",
    "repeats_story",
    "residuals",
    "residuals_findings",
    "robustness",
    "robustness_finding",
    "row_losses",
    "titles_of",
    "weak_regions",
    "weak_regions_finding",
]
