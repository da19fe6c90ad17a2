"""What is answered, one file per kind: frozen dataclasses that hold numbers and where these come from."""

from workbench.answers.agreement import Agreement
from workbench.answers.answer import Answer, AnswerError, Provenance
from workbench.answers.attribution import Attribution, AttributionSummary, Cell
from workbench.answers.calibration import Calibration, Recalibration, Reliability
from workbench.answers.comparison import Comparison
from workbench.answers.complexity import Complexity
from workbench.answers.conformal import Conformal, Coverage
from workbench.answers.counterfactuals import Counterfactuals
from workbench.answers.details import Details
from workbench.answers.drift import ColumnDrift, Drift
from workbench.answers.effect import Effect, Effects, EffectSurface
from workbench.answers.examples import Examples
from workbench.answers.fairness import Fairness, GroupRate
from workbench.answers.finding import Finding
from workbench.answers.holdout_comparison import HoldoutComparison
from workbench.answers.importance import Importance
from workbench.answers.interactions import Interactions
from workbench.answers.leaderboard import Leaderboard, LeaderboardRow
from workbench.answers.leakage import CarelessScore, Leakage
from workbench.answers.multiplicity import Multiplicity
from workbench.answers.overfit import Overfit
from workbench.answers.price_curve import PriceCurve
from workbench.answers.recommendation import Recommendation
from workbench.answers.refits import RefitBand
from workbench.answers.regions import WeakRegion, WeakRegions
from workbench.answers.residuals import Residuals, ResidualsBy
from workbench.answers.robustness import Disturbance, Robustness
from workbench.answers.rules import RuleShares
from workbench.answers.surrogate import Surrogate

__all__ = [
    "Agreement",
    "Answer",
    "AnswerError",
    "Attribution",
    "AttributionSummary",
    "Calibration",
    "CarelessScore",
    "Cell",
    "ColumnDrift",
    "Comparison",
    "Complexity",
    "Conformal",
    "Counterfactuals",
    "Coverage",
    "Details",
    "Disturbance",
    "Drift",
    "Effect",
    "EffectSurface",
    "Effects",
    "Examples",
    "Fairness",
    "Finding",
    "GroupRate",
    "HoldoutComparison",
    "Importance",
    "Interactions",
    "Leaderboard",
    "LeaderboardRow",
    "Leakage",
    "Multiplicity",
    "Overfit",
    "PriceCurve",
    "Provenance",
    "Recalibration",
    "Recommendation",
    "RefitBand",
    "Reliability",
    "Residuals",
    "ResidualsBy",
    "Robustness",
    "RuleShares",
    "Surrogate",
    "WeakRegion",
    "WeakRegions",
]
