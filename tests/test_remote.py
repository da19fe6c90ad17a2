"""Data at a URL, from a server on this machine that misbehaves in each way there is."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from workbench import catalog, remote
from workbench.catalog import CatalogError, dataset, load, read_frame
from workbench.remote import data_folder, download, keep, public_url, url_file
from workbench.store import Store

WINES = b'"acid";"quality"\n7.4;5\n7.8;6\n11.2;7\n'
SHA = hashlib.sha256(WINES).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Answers as `Server.answers` says, and notes what was asked."""

    server: Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self.server.answers.get(path, not_found)(self)

    def log_message(self, *_: object) -> None:
        pass

    def say(self, body: bytes = b"", *, status: int = 200, announced: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """A server of this machine; `answers` maps a path to what is done there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Callable[[Handler], None]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.released = threading.Event()  # lets silent answers end with the test

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, *_: object) -> None:
        pass  # a client that hung up


def not_found(handler: Handler) -> None:
    handler.say(b"<html>no</html>", status=404)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "the cache"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # so that TMPDIR is looked at
    monkeypatch.setattr(remote, "PAUSES", (0.01, 0.02))
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()
    assert not list(tmp_path.glob("workbench-*")), "nothing of a fetched file is left"


@pytest.fixture
def kept(server: Server) -> Path:
    """Where the file of these tests is kept."""
    return data_folder() / "wines.csv"


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) if folder.exists() else []


# --- kept by hash


def test_a_file_is_fetched_once(server: Server, kept: Path) -> None:
    server.answers["/wines.csv"] = lambda h: h.say(WINES)
    keep(server.url("/wines.csv"), kept, SHA)
    assert kept.read_bytes() == WINES
    server.shutdown()
    server.server_close()  # no network from here on
    keep(server.url("/wines.csv"), kept, SHA)
    assert len(server.asked) == 1
    assert files(data_folder()) == ["wines.csv"]


def test_the_folder_is_that_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    assert data_folder() == Store().root / "data" == tmp_path / "data"
    monkeypatch.delenv("WORKBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert data_folder() == Store().root / "data"


def test_a_file_put_there_by_hand_needs_no_network(server: Server, kept: Path) -> None:
    kept.parent.mkdir(parents=True)
    kept.write_bytes(WINES)
    keep("http://127.0.0.1:1/wines.csv", kept, SHA)
    kept.write_bytes(WINES + b"1;1\n")
    server.answers["/wines.csv"] = lambda h: h.say(WINES)
    keep(server.url("/wines.csv"), kept, SHA)
    assert kept.read_bytes() == WINES, "a changed file is fetched again"


def test_another_hash_is_refused(server: Server, kept: Path) -> None:
    server.answers["/wines.csv"] = lambda h: h.say(b"<html>please log in</html>")
    with pytest.raises(CatalogError, match=rf"(?s)/wines.csv: SHA256 .*{SHA}.*Put the original.* at {kept};"):
        keep(server.url("/wines.csv"), kept, SHA)
    assert files(data_folder()) == []
    assert len(server.asked) == 1


def test_what_a_killed_process_left_is_removed(server: Server, kept: Path) -> None:
    kept.parent.mkdir(parents=True)
    for name, age in (("tmpold", 100_000), ("tmpnew", 10)):
        (kept.parent / name).write_bytes(b"half")
        os.utime(kept.parent / name, (time.time() - age,) * 2)
    server.answers["/wines.csv"] = lambda h: h.say(WINES)
    keep(server.url("/wines.csv"), kept, SHA)
    assert files(data_folder()) == ["tmpnew", "wines.csv"]


def test_a_cache_that_can_not_be_written(server: Server, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers["/wines.csv"] = lambda h: h.say(WINES)
    data_folder().parent.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"wines.csv: can't be kept there \(.+\); set WORKBENCH_CACHE"):
        keep(server.url("/wines.csv"), kept, SHA)
    assert server.asked == []


# --- what goes wrong


def silent(handler: Handler) -> None:
    handler.server.released.wait(5)


def stops(handler: Handler) -> None:
    handler.say(WINES[:20], announced=len(WINES))
    handler.server.released.wait(5)


def drips(handler: Handler) -> None:
    handler.say(announced=900)
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b"x")


def truncated(handler: Handler) -> None:
    handler.say(WINES[:20], announced=len(WINES))


def broken_chunks(handler: Handler) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b"10\r\n" + WINES[:16] + b"\r\n20\r\n" + WINES[16:20])


def hangs_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


FAILURES = [
    (not_found, "the server answered 404 Not Found", 1),
    (lambda h: h.say(status=403), "the server answered 403 Forbidden", 1),
    (lambda h: h.say(status=503), "the server answered 503 Service Unavailable", 3),
    (silent, "the server was silent for 0.8 seconds", 1),
    (stops, "the server was silent for 0.8 seconds", 1),
    (drips, r"the server is too slow: \d+ bytes, and not all, after 0.9 seconds", 1),
    (truncated, "the connection broke before all was there", 3),
    (broken_chunks, "the connection broke before all was there", 3),
    (hangs_up, "no connection \\(.+\\)", 3),
    (lambda h: h.say(b"x" * 2000), "it is larger than 1,000 bytes", 1),
    (lambda h: h.say(gzip.compress(b"x" * 2000), Content_Encoding="gzip"), "it is larger than 1,000 bytes", 1),
    (lambda h: h.say(b"no gzip", Content_Encoding="gzip"), "the body can't be decompressed", 1),
    (lambda h: h.say(status=302, Location="/wines.csv"), "it is redirected without end", 31),
    (lambda h: h.say(status=302, Location="file:///etc/passwd"), "is no URL that can be fetched", 1),
]


@pytest.mark.parametrize(("answer", "reason", "asked"), FAILURES)
def test_a_failure_is_told_and_leaves_nothing(
    answer: Callable[[Handler], None], reason: str, asked: int, server: Server, kept: Path, monkeypatch
) -> None:
    monkeypatch.setattr(remote, "SILENT_SECONDS", 0.8)
    monkeypatch.setattr(remote, "WHOLE_SECONDS", 0.9)
    monkeypatch.setattr(remote, "SIZE_LIMIT", 1000)
    server.answers["/wines.csv"] = answer
    url = server.url("/wines.csv")
    began = time.monotonic()
    with pytest.raises(CatalogError, match=rf"^{re.escape(url)}: {reason}.*put it at {kept}$"):
        keep(url, kept, SHA)
    assert time.monotonic() - began < 10
    assert files(data_folder()) == []
    assert len(server.asked) == asked


def test_a_try_that_fails_is_followed_by_one_that_succeeds(server: Server, kept: Path) -> None:
    answers = iter([truncated, lambda h: h.say(status=502), lambda h: h.say(WINES)])
    server.answers["/wines.csv"] = lambda h: next(answers)(h)
    keep(server.url("/wines.csv"), kept, SHA)
    assert kept.read_bytes() == WINES


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/wines.csv", r"no connection \(Connection refused\)"),
        ("http://[bad/wines.csv", "is no URL that can be fetched"),
        ("http:///wines.csv", "is no URL that can be fetched"),
    ],
)
def test_no_network(url: str, reason: str, server: Server) -> None:
    with pytest.raises(CatalogError, match=rf"^{re.escape(url)}: {reason}.*give the file's path$"):
        read_frame(url)


def test_no_name_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(CatalogError, match=r"x.csv: no connection \(Name or service not known\); mend the URL"):
        read_frame("https://data.example.org/x.csv")


def test_a_file_that_can_not_be_written_is_told(server: Server, tmp_path: Path) -> None:
    server.answers["/wines.csv"] = lambda h: h.say(WINES)
    with pytest.raises(
        CatalogError, match=r"wines.csv: can't be written to .*gone \(No such file.*\); make room there"
    ):
        download(server.url("/wines.csv"), tmp_path / "gone" / "x", "")


def test_a_time_without_connection_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import requests

    def slow(*_: object, **__: object) -> None:
        raise requests.ConnectTimeout("http://a.org/?token=abc")

    monkeypatch.setattr(requests, "get", slow)
    with pytest.raises(CatalogError, match="no connection within 10 seconds"):
        read_frame("http://a.org/x.csv")


# --- fetched anew


def test_a_url_is_fetched_for_each_load(server: Server) -> None:
    server.answers["/d/my%20wines.csv"] = lambda h: h.say(WINES + b"1;%d\n" % len(server.asked), Content_Type="a/b")
    first, second = (load(server.url("/d/my%20wines.csv?version=2"), target="quality") for _ in range(2))
    assert (first.name, first.task, first.y.tolist()) == ("my wines", "regression", [5, 6, 7, 1])
    assert second.y.tolist() == [5, 6, 7, 2]
    assert first.X.attrs["read_as"] == "UTF-8, delimiter ';', decimal point"
    assert files(data_folder()) == []


def test_the_suffix_decides_and_else_the_first_bytes(server: Server, tmp_path: Path) -> None:
    frame = pd.DataFrame({"acid": [7.4, 7.8], "quality": [5, 6]})
    parquet = tmp_path / "x.parquet"
    frame.to_parquet(parquet)
    text = frame.to_csv(index=False).encode()
    for path in ("/x.parquet", "/x.pq", "/download", "/export.php"):
        server.answers[path] = lambda h: h.say(parquet.read_bytes(), Content_Type="text/csv")
    for path in ("/x.CSV", "/", "/x.tsv", "/export.aspx"):
        server.answers[path] = lambda h: h.say(text, Content_Type="application/octet-stream")
    for path in server.answers:
        pd.testing.assert_frame_equal(read_frame(server.url(path)), frame)
    server.answers |= {"/x.csv": server.answers["/x.pq"], "/y.parquet": server.answers["/"]}
    with pytest.raises(CatalogError, match=r"/x.csv: the file is a Parquet file"):
        read_frame(server.url("/x.csv"))
    with pytest.raises(CatalogError, match=r"/y.parquet: can't be read as Parquet"):
        read_frame(server.url("/y.parquet"))


def test_a_page_instead_of_a_file_is_told(server: Server) -> None:
    server.answers["/blob/wines.csv"] = lambda h: h.say(b"\n<!DOCTYPE html><html>wines, and more</html>\n")
    server.answers["/wines.csv.gz"] = lambda h: h.say(gzip.compress(WINES))
    with pytest.raises(CatalogError, match=r"/blob/wines.csv: the file is a web page"):
        read_frame(server.url("/blob/wines.csv"))
    with pytest.raises(CatalogError, match=r"/wines.csv.gz: the file is compressed"):
        read_frame(server.url("/wines.csv.gz"))


def test_redirects_and_compression_are_followed(server: Server) -> None:
    server.answers["/old.csv"] = lambda h: h.say(status=301, Location="/new")
    server.answers["/new"] = lambda h: h.say(gzip.compress(WINES), Content_Encoding="gzip")
    table = load(server.url("/old.csv"), target="quality")
    assert (table.name, table.n_rows) == ("old", 3)


def test_a_password_goes_to_the_server_and_nowhere_else(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.answers["/wines.csv"] = lambda h: h.say(WINES)
    secret = server.url("/wines.csv?token=t0ken").replace("//", "//ann:passw0rd@")
    table = load(secret, target="quality")
    assert server.asked == [("/wines.csv?token=t0ken", "Basic YW5uOnBhc3N3MHJk")]
    assert table.name == "wines"
    server.answers["/wines.csv"] = lambda h: h.say(b"a;b\n1\n")
    errors = []
    for url in (
        secret,
        secret.replace("/wines", "/none"),
        secret.replace("http", "ftp"),
        secret.replace("://", "://["),
    ):
        with pytest.raises(CatalogError) as caught:
            load(url, target="b")
        errors.append(str(caught.value))
    server.shutdown()
    server.server_close()
    with pytest.raises(CatalogError, match="refused") as caught:
        load(secret, target="b")
    assert "got ftp" in errors[2]
    told = " ".join([*errors, str(caught.value), caplog.text])
    assert not re.search("passw0rd|t0ken|ann:", told), told


@pytest.mark.parametrize(
    ("url", "public", "name"),
    [
        ("https://a.org/b/wine.csv", "https://a.org/b/wine.csv", "wine.csv"),
        ("HTTPS://u:p%40@a.org:81/wine.csv?x=/y.pq#z@c", "HTTPS://a.org:81/wine.csv", "wine.csv"),
        ("https://u@p@a.org?key=1", "https://a.org", "a.org"),
        ("http://a.org/a%2Fb%20c.tar.gz", "http://a.org/a%2Fb%20c.tar.gz", "b c.tar.gz"),
        ("http://a.org/@ann/wine.csv", "http://a.org/@ann/wine.csv", "wine.csv"),
    ],
)
def test_what_is_told_of_a_url(url: str, public: str, name: str) -> None:
    assert public_url(url) == public
    assert str(url_file(url)) == name
    assert [remote.is_url(source) for source in (url, "wine.csv", "C:\\wine.csv", "a/b")] == [True, False, False, False]


# --- the remote data set of the catalog


def white_wine(n_rows: int) -> bytes:
    names = list(dataset("wine-quality-white").columns)
    lines = [";".join(f'"{n}"' for n in names), *(";".join([f"{i}.5"] * 11 + [str(3 + i % 7)]) for i in range(n_rows))]
    return ("\n".join(lines) + "\n").encode()


def test_a_remote_data_set_is_loaded_like_a_bundled_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    body, known = white_wine(30), dataset("wine-quality-white")
    assert (known.file, known.file.exists()) == (data_folder() / "wine-quality-white.csv", False)
    local = replace(known, remote=server.url("/white.csv"), sha256=hashlib.sha256(body).hexdigest())
    monkeypatch.setattr(catalog, "dataset", lambda _: local)
    with pytest.raises(CatalogError, match="404"):
        load("wine-quality-white")
    server.answers["/white.csv"] = lambda h: h.say(body)
    server.asked.clear()
    for _ in range(2):
        table = load("wine-quality-white")
        assert (table.n_rows, table.task, table.target.name) == (30, "regression", "quality")
        assert table.column("alcohol").unit == "% vol"
        assert (table.name, table.title) == ("wine-quality-white", "White wine quality")
    assert len(server.asked) == 1
    assert files(data_folder()) == ["wine-quality-white.csv"]


def test_nothing_of_the_network_is_imported_before_it_is_needed() -> None:
    script = "import sys, workbench.catalog as c; c.load('penguins'); print(*{'requests', 'pooch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
