"""Make diabetes.csv of the copy that scikit-learn brings, in original units, not standardized.

python make.py
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent


def rebuild() -> bytes:
    """Give the content of diabetes.csv."""
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    lines = [",".join([*found.feature_names, "progression"])]
    for values, target in zip(found.data, found.target, strict=True):
        lines.append(",".join(f"{float(v)!r}".removesuffix(".0") for v in (*values, target)))
    return ("\n".join(lines) + "\n").encode("ascii")


def main() -> None:
    facts = yaml.safe_load((HERE / "dataset.yaml").read_text(encoding="utf-8"))
    data = rebuild()
    if (found := hashlib.sha256(data).hexdigest()) != facts["sha256"]:
        sys.exit(f"{facts['file']}: SHA-256 must be {facts['sha256']}; got {found}: nothing was written")
    part = HERE / f"{facts['file']}.part"
    part.write_bytes(data)
    part.replace(HERE / facts["file"])
    print(f"{facts['file']}: {len(data):,} bytes, SHA-256 {found}")


if __name__ == "__main__":
    main()
