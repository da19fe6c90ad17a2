"""From a matplotlib figure to an SVG that can stand within a page: named, self-contained, the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import fields
from typing import Any
from xml.etree import ElementTree

from workbench.plots.style import VARIABLES, Palette, quiet_glyphs, shown

_PREFIX = "\ue000"  # stands for the prefix until the picture is hashed; no shown text holds this character
_SVG = "http://www.w3.org/2000/svg"
_PART = "part"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_FONT = re.compile(r"(font(?:-family)?:[^;]*?)'DejaVu Sans'[^;]*")
_COLOUR = re.compile("|".join(VARIABLES))
_NUMBER = re.compile(r"-?\d+\.\d+")
_BLANKS = re.compile(r" +(?=[A-Za-z])|(?<=[A-Za-z]) +")
_PIECE = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_TAG = re.compile(r"<[^<>]+>")
_VARIABLE = re.compile(r"var\(--[a-z0-9]+\)")
_PRINT_FACES = "'DejaVu Sans', 'Last Resort High-Efficiency'"
_FACES = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif"


def part(name: str, role: str) -> str:
    """Give the `gid` of an artist that is a part of a picture: its group bears `data-part` and `data-role`.

    Neither may hold a colon.
    """
    return f"{_PART}:{name}:{role}"


def svg(figure: Any, title: str, description: str, *, prefix: str = "") -> str:
    """Write a figure as an `<svg>` element with a name and a description for those who do not see it.

    Text stays text, set in the sans face of the reader's system; ids start with `prefix` (by default a hash of the
    picture), so that figures on one page never share one; colours of `style.PAGE` become CSS variables. Equal
    figures give equal bytes.
    """
    root = _parse(_matplotlib_svg(figure))
    _rename_ids(root, _PREFIX)
    for element in root.iter():
        if style := element.get("style"):
            style = _FONT.sub(r"\1var(--plotface)", style)
            element.set("style", _COLOUR.sub(lambda match: VARIABLES[match.group()], style))
        if path := element.get("d"):
            element.set("d", _compact(path))
    width, height = (float(root.get("viewBox", "").split()[i]) for i in (2, 3))
    for name in ("version", "width", "height"):
        root.attrib.pop(name, None)
    root.set("class", "plot")
    root.set("role", "img")
    root.set("aria-labelledby", f"{_PREFIX}-title {_PREFIX}-desc")
    root.set("style", f"--plotface: {_FACES}; --w: {width:g}; stroke-linejoin: round; stroke-linecap: butt")
    root.set("width", f"{width:g}")
    root.set("height", f"{height:g}")
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", id=f"{_PREFIX}-{tag}")
        element.text = shown(text, limit=2000)
        root.insert(place, element)
    ElementTree.register_namespace("", _SVG)
    text = ElementTree.tostring(root, encoding="unicode")
    return text.replace(_PREFIX, prefix or "f" + hashlib.sha256(text.encode()).hexdigest()[:10])


def _compact(path: str) -> str:
    """Write a path in hundredths of a point, without the blanks and the coordinates that it can do without.

    Examples
    --------
    >>> _compact("M 48 87.405264  L 48.1 -0.001  z "), _compact("M 1 2  L 3 2  L 3 4  L 1 4  z ")
    ('M48 87.41L48.1 0z', 'M1 2H3V4H1z')
    """
    short = _NUMBER.sub(lambda match: f"{round(float(match.group()), 2) + 0.0:.2f}".rstrip("0").rstrip("."), path)
    return _straight(_BLANKS.sub("", short).strip())


def _straight(path: str) -> str:
    """Write lines along an axis by the one coordinate that changes; other parts than M, L and z end what is known."""
    at, out = ("", ""), []
    for command, numbers in _PIECE.findall(path):
        place = tuple(numbers.split())
        if command == "L" and len(place) == 2:
            same = place[0] == at[0], place[1] == at[1]
            numbers = numbers if same[0] == same[1] else place[1] if same[0] else place[0]
            command = command if same[0] == same[1] else "V" if same[0] else "H"
        at = (place[0], place[1]) if command in "MLHV" and len(place) == 2 else ("", "")
        out.append(command + numbers)
    return "".join(out)


def for_print(text: str, palette: Palette) -> str:
    """Give what `svg` wrote for renderers without CSS variables: one palette's colours, the bundled face.

    Only tags are changed: within them every < and > is escaped, so no shown text is taken for one.
    """
    values = {f"var(--{f.name})": getattr(palette, f.name) for f in fields(palette)}
    values["var(--plotface)"] = _PRINT_FACES
    return _TAG.sub(lambda tag: _VARIABLE.sub(lambda match: values[match.group()], tag.group()), text)


def _matplotlib_svg(figure: Any) -> bytes:
    import matplotlib

    buffer = io.BytesIO()
    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "workbench",
        "svg.image_inline": True,
        "path.simplify": True,
    }
    with matplotlib.rc_context(settings), quiet_glyphs():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return buffer.getvalue()


def _parse(data: bytes) -> ElementTree.Element:
    root = ElementTree.fromstring(data)  # noqa: S314 (our own drawing, not a file from elsewhere)
    for parent in list(root.iter()):
        if not parent.tag.endswith(("}text", "}tspan")):
            parent.text = None  # line breaks and indentation
        parent.tail = None
        for child in list(parent):
            # its style sheet says `*`, which would reach the whole page
            if child.tag.endswith(("}style", "}metadata")) or (child.tag.endswith("}defs") and not len(child)):
                parent.remove(child)
    return root


def _rename_ids(root: ElementTree.Element, prefix: str) -> None:
    used: dict[str, str] = {}
    for element in root.iter():
        for value in element.attrib.values():
            for old in _REFERENCE.findall(value):
                used.setdefault(old, f"{prefix}-{len(used)}")
        if target := element.attrib.pop(_XLINK, None):
            old = target.removeprefix("#")
            element.set("href", "#" + used.setdefault(old, f"{prefix}-{len(used)}"))
    for element in root.iter():
        old = element.attrib.pop("id", "")
        if old.startswith(f"{_PART}:"):
            _, name, role = old.split(":")
            element.set("data-part", name)
            element.set("data-role", role)
        if old in used:
            element.set("id", used[old])
        for name, value in element.attrib.items():
            if "url(#" in value:
                element.set(name, _REFERENCE.sub(lambda match: f"url(#{used[match.group(1)]})", value))
