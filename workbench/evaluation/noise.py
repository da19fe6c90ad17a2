"""What chance alone makes of an explanation: the same one about a model that was trained on a shuffled target."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.answers import Answer, AttributionSummary, Effects, Importance


def with_noise(answer: Answer, noise: Any) -> Answer:
    """Give an answer with its noise floor.

    ======================  ==========================================================================================
    answer                  its noise
    ======================  ==========================================================================================
    `Importance`            ``importances_mean`` of the other model, on rows whose target was shuffled as well
    `Effects`               of each effect, highest less lowest value of the other model's (of several outputs that
                            which moves most); None where it is not shown
    `AttributionSummary`    ``mean_abs`` of the other model
    ======================  ==========================================================================================

    The shuffle is one draw of what chance can do, so the floor is an order of magnitude, not a test. Repeated rows and
    an order in time are shuffled apart too, so it says nothing of what these do.

    Parameters
    ----------
    answer : Answer
        What is none of these comes back as it is.
    noise : Answer
        Of the same method with the same options.
    """
    if isinstance(answer, Importance):
        return answer.but(noise=np.array(noise.importances_mean))
    if isinstance(answer, AttributionSummary):
        return answer.but(noise=np.array(noise.mean_abs))
    if not isinstance(answer, Effects):
        return answer
    ranges = {effect.feature: float(np.ptp(effect.average, axis=1).max()) for effect in noise.effects}
    return answer.but(effects=tuple(effect.but(noise=ranges.get(effect.feature)) for effect in answer.effects))


def within_noise(importance: Importance) -> tuple[str, float, float] | None:
    """Give the column that matters most, its importance and the noise floor, where it does not rise above that.

    The floor is the highest importance that any column has for the other model: of many columns, one will look best by
    chance.
    """
    if importance.noise is None or np.isnan(importance.importances_mean).any() or np.isnan(importance.noise).any():
        return None
    top = int(importance.importances_mean.argmax())
    most, floor = float(importance.importances_mean[top]), float(importance.noise.max())
    return None if most > floor else (importance.feature_names[top], most, floor)
