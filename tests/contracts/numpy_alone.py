"""Run by a test: loads saved forms and evaluates them where no other library can be imported."""

import json
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

ALLOWED = {"numpy", "workbench"} | set(sys.stdlib_module_names)


class NumpyAlone(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED:
            raise ImportError(f"{name} must not be imported")


sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.meta_path.insert(0, NumpyAlone())

from workbench import Form  # noqa: E402 - after the import hook

folder = Path(sys.argv[1])
columns = json.loads((folder / "columns.txt").read_text())
print(json.dumps({p.stem: Form.load(p).score(columns).tolist() for p in sorted(folder.glob("*.json"))}))
