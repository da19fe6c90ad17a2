"""The form: the exact function that a model computes, over original columns, as one object."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from workbench.forms.additive import Additive
from workbench.forms.arrays import Fields, Pack, array_to_json
from workbench.forms.equation import Equation
from workbench.forms.equation_text import infix  # noqa: F401 - registers the texts of equations
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame, level_text
from workbench.forms.kernel import Kernel
from workbench.forms.output import (
    Clip,
    CompLogLog,
    Exponential,
    Logistic,
    Monotone,
    OneVsRest,
    Output,
    Scaled,
    Softmax,
    base,
    map_numbers,
    map_size,
    output_from_dict,
    output_to_dict,
)
from workbench.forms.output_text import output_latex, output_text
from workbench.forms.rules import RuleList, RuleSet
from workbench.forms.size import size
from workbench.forms.text import Reading, latex_name, score_latex, score_text

Body = Additive | RuleList | RuleSet | Equation | Kernel
_BODIES: dict[str, type[Body]] = {each.kind: each for each in (Additive, RuleList, RuleSet, Equation, Kernel)}
_FORMAT = "workbench-form"
_VERSION = 1
_KINDS = ("number", "category", "ordered", "boolean", "datetime")


@dataclass(frozen=True, eq=False)
class Form:
    """score, then output, then decision: what a fitted model computes, immutable and serializable.

    Attributes
    ----------
    body : Body
        From a row to a k-vector: a sum of terms, a list or a set of rules, an equation, or a sum over kernels.
    output : Output
        From the score to the prediction, or to probabilities: identity, an inverse link, softmax, one-vs-rest; and
        probabilities recalibrated after one of these.
    kinds : dict of str to str
        The kind of each column that the form may read: number, category, ordered, boolean or datetime.
    subject : str
        What is predicted: the target's name.
    classes : tuple
        The class labels of a classifier; () for a regressor. With k = 1 the score speaks of the second class.
    threshold : float
        Of two classes the second is predicted where its probability exceeds this.
    gaps : tuple of str
        The columns that missed values in training; texts say of these alone where a missing value goes.

    Examples
    --------
    >>> import numpy as np
    >>> from workbench.forms import Additive, Form, Identity, Linear
    >>> line = Linear("x", coef=np.array([2.0]), center=0.0, missing=np.array([0.0]))
    >>> form = Form(Additive(np.array([1.0]), (line,)), Identity(), {"x": "number"}, "y")
    >>> form.predict({"x": [0.0, 1.0, float("nan")]})
    array([1., 3., 1.])
    >>> print(form)
    y = 1
      + 2 × x
    >>> Form.from_dict(form.to_dict()).predict({"x": [10]})
    array([21.])
    """

    body: Body
    output: Output
    kinds: dict[str, str]
    subject: str = "prediction"
    classes: tuple[Any, ...] = ()
    threshold: float = 0.5
    gaps: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the form reads, in order of first use."""
        return self.body.columns

    @property
    def size(self) -> int:
        """What a reader has to hold: see `workbench.forms.size.size`; the numbers of a recalibration count too."""
        return size(self.body) + map_size(self.output)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the form holds, literally."""
        return self.body.stored_numbers + map_numbers(self.output)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each entry of the score's vector speaks of."""
        if not self.classes:
            return (self.subject,)
        return tuple(level_text(c) for c in (self.classes[1:] if self.body.k == 1 else self.classes))

    @property
    def reading(self) -> Reading:
        """How texts speak of the columns."""
        return Reading(self.kinds, frozenset(self.gaps))

    def score(self, X: Any) -> Floats:
        """Give the score, shape (n_samples, k), of a DataFrame or a mapping of 1-D arrays.

        Raises
        ------
        FormError
            If a column is absent or holds values of another kind.
        """
        return self.body.score(Frame(X, self.kinds))

    def predict_proba(self, X: Any) -> Floats:
        """Give the probability of each class, shape (n_samples, n_classes).

        Raises
        ------
        FormError
            If the form is a regressor's.
        """
        if not self.classes:
            raise FormError("the form predicts a number, so it has no probabilities; use predict")
        p = self.output(self.score(X))
        return np.hstack([1.0 - p, p]) if p.shape[1] == 1 else p

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Give the prediction, shape (n_samples,): a number, or the label of the class decided for."""
        if not self.classes:
            prediction: Floats = self.output(self.score(X))[:, 0]
            return prediction
        p = self.predict_proba(X)
        chosen = (p[:, 1] > self.threshold).astype(np.intp) if len(self.classes) == 2 else p.argmax(axis=1)
        labels = np.array(self.classes)
        decided: npt.NDArray[Any] = labels[chosen]
        return decided

    def __str__(self) -> str:
        said = self.subject
        if self.classes:
            said += f" = {self.outputs[0]}" if self.body.k == 1 else ""
            what = {"logistic": "log odds of", "cloglog": "complementary log-log of", "softmax": "score of"}
            said = f"{what.get(self._scale, 'share of')} {said}"
        elif isinstance(self.output, Exponential):
            said = f"log of {said}"
        text = score_text(self.body, said, self.outputs, self.reading)
        after = output_text(self.output, self.outputs)
        return f"{text}\n{after}" if after else text

    @property
    def _scale(self) -> str:
        """The kind of the output before any recalibration; of one-vs-rest that of each class's."""
        output = base(self.output)
        return output.each.kind if isinstance(output, OneVsRest) else output.kind

    def to_latex(self) -> str:
        """Give the form as LaTeX mathematics; the numbers at four digits."""
        sums = score_latex(self.body, self.reading)
        name = latex_name(self.subject)
        output, after = base(self.output), output_latex(self.output, name)
        if isinstance(output, Softmax | OneVsRest):
            left = [rf"s_{{{latex_name(str(c))}}}" for c in self.classes]
            lines = [rf"{s} &= {e}" for s, e in zip(left, sums, strict=True)]
            each = {"softmax": "e^{{s_{0}}}", "logistic": "(1 + e^{{-s_{0}}})^{{-1}}", "identity": "s_{0}"}
            one = each.get(self._scale, r"\operatorname{{clip}} s_{0}")
            head = rf"P({name} = c) &= {one.format('c')} / \textstyle\sum_d {one.format('d')}"
            last = [f"& {after}"] if after else []
            return r"\begin{aligned} " + r" \\ ".join([head, *lines, *last]) + r" \end{aligned}"
        heads = [name]
        if self.classes:
            links = {"logistic": r"\operatorname{logit} ", "cloglog": r"\operatorname{cloglog} "}
            link = links.get(self._scale, "")
            heads = [rf"{link}P({name} = {latex_name(o)})" for o in self.outputs]
            if isinstance(output, Clip):
                bounds = f"{output.low:.3g}, {output.high:.3g}"
                sums = [rf"\operatorname{{clip}}_{{[{bounds}]}}\left({e}\right)" for e in sums]
        elif isinstance(output, Exponential):
            heads = [rf"\log {name}"]
        lines = [rf"{h} = {e}" for h, e in zip(heads, sums, strict=True)]
        return r" \\ ".join([*lines, after] if after else lines)

    def to_dict(self) -> dict[str, Any]:
        """Give the form as plain dicts, lists, numbers and text that JSON can hold."""
        return self._to_dict(_NoPack())

    def _to_dict(self, pack: Pack) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "subject": self.subject,
            "kinds": dict(self.kinds),
            "gaps": list(self.gaps),
            "classes": list(self.classes),
            "threshold": self.threshold,
            "output": output_to_dict(self.output),
            "score": self.body.to_dict(pack),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave. Nothing is executed, no library but numpy is imported.

        Raises
        ------
        FormError
            If the data are no form, with the place and what is wrong there.
        """
        return cls._read(data, Pack())

    @classmethod
    def _read(cls, data: Any, pack: Pack) -> Self:
        fields = Fields(data, "form", pack)
        if (found := fields.take("format")) != _FORMAT:
            raise FormError(f"form.format must be {_FORMAT!r}; got {found!r:.80}")
        if (version := fields.take("version")) != _VERSION:
            raise FormError(f"form.version must be {_VERSION}; got {version!r:.80}: use the workbench that wrote it")
        subject, kinds = fields.text("subject"), fields.take("kinds")
        if not isinstance(kinds, Mapping) or not all(isinstance(k, str) and v in _KINDS for k, v in kinds.items()):
            raise FormError(f"form.kinds must map columns to one of {', '.join(_KINDS)}")
        gaps = fields.texts("gaps")
        classes = fields.take("classes")
        if not isinstance(classes, list) or not all(isinstance(c, str | int | float) for c in classes):
            raise FormError("form.classes must be a list of texts, numbers or truth values")
        threshold = fields.number("threshold")
        output = output_from_dict(fields.take("output"), "form.output")
        inner = Fields(fields.take("score"), "form.score", pack)
        if (kind := inner.text("kind")) not in _BODIES:
            raise FormError(f"form.score.kind must be one of {', '.join(_BODIES)}; got {kind!r:.80}")
        score = _BODIES[kind].read(inner, pack)
        inner.done()
        fields.done()
        form = cls(score, output, dict(kinds), subject, tuple(classes), threshold, gaps)
        form._check()
        return form

    def _check(self) -> None:
        n = len(self.classes)
        if len(set(self.classes)) != n or n == 1 or self.body.k not in ({1} if n == 0 else {1, 2} if n == 2 else {n}):
            raise FormError(f"form: {n} classes do not go with a score of {self.body.k} numbers")
        self._check_output(base(self.output), n)
        if absent := [name for name in self.columns if name not in self.kinds]:
            raise FormError(f"form.kinds does not list the column {absent[0]!r:.80}")

    def _check_output(self, output: Output, n: int) -> None:
        chances = isinstance(output, Logistic | CompLogLog | Clip)
        many = isinstance(output, Softmax | OneVsRest)
        if (chances and n != 2) or (many and n < 2) or (isinstance(output, Exponential) and n):
            raise FormError(f"form: the output {output.kind!r} does not go with {n} classes")
        if (chances and self.body.k != 1) or (many and self.body.k != n):
            raise FormError(f"form: the output {output.kind!r} does not go with a score of {self.body.k} numbers")
        if isinstance(self.output, Monotone) and n != 2:
            raise FormError(f"form: the output 'monotone' needs two classes; got {n}")
        if isinstance(self.output, Scaled) and (n < 2 or len(self.output.intercept) != self.body.k):
            raise FormError(f"form: {len(self.output.intercept)} intercepts do not go with {n} classes")

    def save(self, path: str | Path) -> None:
        """Write the form as JSON; large arrays go beside it as ``.npz`` without pickles, and are written first.

        Each file is written whole or not at all. The JSON file holds the SHA-256 of the arrays' file: where a crash
        between the two leaves files that don't go together, `load` says so.
        """
        path = Path(path)
        for name, data in self.to_files(path.name).items():
            temporary = path.with_name(f".{name}.part")
            temporary.write_bytes(data)
            temporary.replace(path.with_name(name))

    def to_files(self, name: str) -> dict[str, bytes]:
        """Give the content of the file of this name and, for a large form, of its arrays' file, by file name."""
        pack = Pack()
        data = self._to_dict(pack)
        files = {}
        if flat := pack.flat():
            buffer = io.BytesIO()
            np.savez_compressed(buffer, allow_pickle=False, **{f"flat_{kind}": array for kind, array in flat.items()})
            arrays = buffer.getvalue()
            data["arrays"] = {"file": _beside(name), "sha256": hashlib.sha256(arrays).hexdigest()}
            files[_beside(name)] = arrays
        return {**files, name: json.dumps(data, allow_nan=False, ensure_ascii=False).encode()}

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote. Nothing is executed: a hostile or altered file raises.

        Raises
        ------
        FormError
            If the file is no JSON, is no form, or its arrays are absent or not the ones that were saved.
        """
        path = Path(path)
        try:
            data = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise FormError(f"{path.name} is no JSON file: {error}") from error
        if not isinstance(data, dict):
            raise FormError(f"{path.name} is no form: it must hold one object")
        note = data.pop("arrays", None)
        return cls._read(data, Pack(_arrays(path, note) if note is not None else None))


class _NoPack(Pack):
    """Keeps every array in the dictionary."""

    def put(self, array: npt.NDArray[Any]) -> Any:
        return array_to_json(array)


def _beside(name: str) -> str:
    """Give the name of the arrays' file of a form's file."""
    return f"{name.removesuffix('.json')}.npz"


def _arrays(path: Path, note: Any) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays beside a form's file, which must be the ones that were saved with it."""
    name = note.get("file") if isinstance(note, Mapping) else None
    if name != _beside(path.name):
        raise FormError(f"{path.name}: the arrays must be in {_beside(path.name)} beside it; got {name!r:.80}")
    if not (beside := path.with_name(name)).is_file():
        raise FormError(f"{path.name}: {name} is missing; it must lie beside it")
    content = beside.read_bytes()
    if hashlib.sha256(content).hexdigest() != note.get("sha256"):
        raise FormError(f"{name} is not the file that was saved with {path.name}: its SHA-256 differs")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as saved:
            return {key.removeprefix("flat_"): saved[key] for key in saved.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise FormError(f"{name} holds no arrays that can be read: {error}") from error
