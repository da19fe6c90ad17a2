"""The exact function inside a model. Nothing here needs more than numpy."""

from workbench.forms.additive import Additive
from workbench.forms.errors import FormError
from workbench.forms.form import Form
from workbench.forms.frame import Frame
from workbench.forms.inputs import Affine, Input, IsMissing, Lookup, encode
from workbench.forms.output import Identity, Logistic, Output, Softmax
from workbench.forms.pull_back import pull_back, show_cuts
from workbench.forms.terms import Levels, Linear, Term, Tree

__all__ = [
    "Additive",
    "Affine",
    "Form",
    "FormError",
    "Frame",
    "Identity",
    "Input",
    "IsMissing",
    "Levels",
    "Linear",
    "Logistic",
    "Lookup",
    "Output",
    "Softmax",
    "Term",
    "Tree",
    "encode",
    "pull_back",
    "show_cuts",
]
