"""Make breast-cancer.csv of the copy that scikit-learn brings, the classes written out.

python make.py
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent


def rebuild() -> bytes:
    """Give the content of breast-cancer.csv."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    lines = [",".join([*found.feature_names, "diagnosis"])]
    for values, code in zip(found.data, found.target, strict=True):
        lines.append(",".join([*(f"{float(v)!r}".removesuffix(".0") for v in values), str(found.target_names[code])]))
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
