"""Data at a URL: fetched whole or not at all, within limits, and no password or token of the URL told."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import platformdirs

from workbench.delimited import CatalogError

SIZE_LIMIT = 2 * 2**30
CONNECT_SECONDS, SILENT_SECONDS, WHOLE_SECONDS = 10.0, 30.0, 600.0
PAUSES = (0.5, 1.0)  # seconds before the second and the third try

_STALE_SECONDS = 86_400.0
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(?:[^/?#]*@)?([^/?#]*)([^?#]*)", flags=re.IGNORECASE)


class _UnfetchedError(Exception):
    """What is wrong with an answer that the server did give."""


def is_url(source: str) -> bool:
    """Tell whether a source is a URL, of whatever scheme."""
    return _URL.match(source) is not None


def is_path(source: str) -> bool:
    """Tell whether a source is of files here: it has a suffix, a separator or a glob's sign, as no name; is no URL."""
    return not is_url(source) and (bool(Path(source).suffix) or any(mark in source for mark in "/\\*?["))


def url_scheme(url: str) -> str:
    """Give the scheme of a URL in small letters; empty where there is none."""
    found = _URL.match(url)
    return found[1].lower() if found else ""


def public_url(url: str) -> str:
    """Give scheme, host and path of a URL: names, passwords and tokens stand before the host or after the path.

    Examples
    --------
    >>> public_url("https://ann:secret@data.org/wine.csv?token=abc#top")
    'https://data.org/wine.csv'
    """
    found = _URL.match(url)
    return f"{found[1]}://{found[2]}{found[3]}" if found else ""


def url_file(url: str) -> PurePosixPath:
    """Give the name of the file that a URL leads to, the host's where there is none.

    Examples
    --------
    >>> url_file("https://data.org/wines/red%20wine.csv?version=2").stem
    'red wine'
    """
    found = _URL.match(url)
    host, path = (found[2], found[3]) if found else ("", url)
    return PurePosixPath(PurePosixPath(unquote(path)).name or host or "data")


def data_folder() -> Path:
    """Give the folder of the cache that keeps remote data sets; the cache is that of `workbench.store.Store`."""
    given = os.environ.get("WORKBENCH_CACHE") or platformdirs.user_cache_dir("workbench", appauthor=False)
    return Path(given).expanduser().absolute() / "data"


def keep(url: str, file: Path, sha256: str) -> None:
    """Fetch a file to where it is kept, unless the content that the hash stands for is there already.

    Raises
    ------
    CatalogError
        If it can't be fetched or kept, or its content is another; nothing of it is left then.
    """
    import pooch

    way_out = f"try again later, or download it by other means and put it at {file}"

    def downloader(url: str, to: str, _: Any) -> None:
        download(url, Path(to), way_out)

    try:
        _sweep(file.parent)
        pooch.retrieve(url, f"sha256:{sha256}", fname=file.name, path=file.parent, downloader=downloader)
    except CatalogError:
        raise
    except ValueError as error:  # pooch's, of the hash
        raise CatalogError(
            f"{public_url(url)}: {error} Put the original, with this SHA-256, at {file}; a later release of the "
            "workbench may know the new one"
        ) from error
    except OSError as error:
        raise CatalogError(
            f"{file}: can't be kept there ({error.strerror or error}); set WORKBENCH_CACHE to a folder of your own"
        ) from error


@contextmanager
def fetched(url: str) -> Iterator[Path]:
    """Fetch what a URL leads to, anew each time, as it may have changed; the file is gone afterwards.

    Raises
    ------
    CatalogError
        If the scheme is not http or https, or it can't be fetched.
    """
    if (scheme := url_scheme(url)) not in ("http", "https"):
        raise CatalogError(f"{public_url(url)}: a URL must be of http or https; got {scheme}: download the file")
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        file = Path(folder) / "data"
        download(url, file, "mend the URL, or download it by other means and give the file's path")
        yield file


def download(url: str, file: Path, way_out: str) -> None:
    """Write what a URL leads to into a file, in at most three tries; redirects are followed.

    Raises
    ------
    CatalogError
        If there is no connection within `CONNECT_SECONDS`, the server is silent for `SILENT_SECONDS`, not all is there
        within `WHOLE_SECONDS`, the body breaks off or is larger than `SIZE_LIMIT`, the server answers with an error, or
        the file can't be written. It names the URL without its secrets, what happened, and the way out.
    """
    import requests
    import urllib3

    deadline = time.monotonic() + WHOLE_SECONDS
    for pause in (*PAUSES, None):
        try:
            with requests.get(url, stream=True, timeout=(CONNECT_SECONDS, SILENT_SECONDS)) as response:
                response.raise_for_status()
                _save(response.raw, file, deadline)
            return
        except (requests.RequestException, urllib3.exceptions.HTTPError, _UnfetchedError) as error:
            if pause is None or not _may_pass(error):
                # from None: the library's own message holds the whole URL
                raise CatalogError(f"{public_url(url)}: {_reason(error)}; {way_out}") from None
        except OSError as error:
            raise CatalogError(
                f"{public_url(url)}: can't be written to {file.parent} ({error.strerror or error}); make room there"
            ) from error
        time.sleep(pause)


def _save(body: Any, file: Path, deadline: float) -> None:
    """Write the body of an answer; `read1` returns what has come, so that a dripping server meets the deadline."""
    limit = f"it is larger than {SIZE_LIMIT:,} bytes"
    if (body.length_remaining or 0) > SIZE_LIMIT:
        raise _UnfetchedError(limit)
    size = 0
    with file.open("wb") as out:
        while chunk := body.read1(2**16, decode_content=True):
            size += len(chunk)
            if size > SIZE_LIMIT:
                raise _UnfetchedError(limit)
            if time.monotonic() > deadline:
                raise _UnfetchedError(
                    f"the server is too slow: {size:,} bytes, and not all, after {WHOLE_SECONDS:g} seconds"
                )
            out.write(chunk)


def _may_pass(error: Exception) -> bool:
    """Tell whether the same request may succeed a moment later."""
    import requests
    import urllib3

    if isinstance(error, requests.HTTPError):
        return error.response is not None and error.response.status_code in (429, 500, 502, 503, 504)
    if isinstance(error, requests.Timeout | requests.exceptions.SSLError):
        return False
    return isinstance(error, requests.ConnectionError | urllib3.exceptions.ProtocolError)


def _reason(error: Exception) -> str:
    """Say in words what happened; no text of the libraries is used, as theirs hold the whole URL."""
    import requests
    import urllib3

    if isinstance(error, _UnfetchedError):
        return str(error)
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}".rstrip()
    kinds: tuple[tuple[Any, str], ...] = (
        (requests.ConnectTimeout, f"no connection within {CONNECT_SECONDS:g} seconds"),
        ((requests.Timeout, urllib3.exceptions.TimeoutError), f"the server was silent for {SILENT_SECONDS:g} seconds"),
        (urllib3.exceptions.ProtocolError, "the connection broke before all was there"),
        (requests.ConnectionError, f"no connection ({_system_reason(error)})"),
        (requests.TooManyRedirects, "it is redirected without end"),
        (urllib3.exceptions.DecodeError, "the body can't be decompressed"),
        (Exception, f"is no URL that can be fetched ({type(error).__name__})"),
    )
    return next(text for kind, text in kinds if isinstance(error, kind))


def _system_reason(error: BaseException | None) -> str:
    """Give what the system said at the bottom of a chain of errors."""
    said = "the server closed it"
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            said = error.strerror
        error = error.__cause__ or error.__context__
    return said


def _sweep(folder: Path) -> None:
    """Remove what killed processes left half fetched."""
    for half in folder.glob("tmp*"):  # the names of Python's temporary files, as pooch makes them
        with suppress(FileNotFoundError):  # whole by now
            if time.time() - half.stat().st_mtime > _STALE_SECONDS:
                half.unlink()
