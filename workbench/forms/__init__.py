"""The exact function inside a model. Nothing here needs more than numpy."""

from workbench.forms.additive import Additive, Term
from workbench.forms.errors import FormError
from workbench.forms.form import Form
from workbench.forms.frame import Frame
from workbench.forms.inputs import Affine, Input, IsMissing, Lookup, encode
from workbench.forms.output import Identity, Logistic, Output, Softmax
from workbench.forms.pull_back import annotate, pull_back
from workbench.forms.shapes import Axis, Steps, Surface
from workbench.forms.terms import Levels, Linear
from workbench.forms.tree import Tree

__all__ = [
    "Additive",
    "Affine",
    "Axis",
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
    "Steps",
    "Surface",
    "Term",
    "Tree",
    "annotate",
    "encode",
    "pull_back",
]
