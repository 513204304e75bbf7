"""A little XML writer: nodes are plain values, text comes out indented with tabs as 1C writes it."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

Encoding = Literal["utf-8-bom", "utf-8", "windows-1251", "utf-16le"]

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Node(NamedTuple):
    """An element with either text or children."""

    tag: str
    content: "str | tuple[Node, ...]" = ""
    attributes: Mapping[str, str] = {}


def leaf(tag: str, text: str = "") -> Node:
    """Make an element with text; without text it is written as an empty one."""
    return Node(tag, text)


def tree(
    tag: str, *children: "Node | Iterable[Node] | None", attributes: Mapping[str, str] | None = None
) -> Node:
    """Make an element with children; `None` is left out, several may come together."""
    flat: list[Node] = []
    for child in children:
        if isinstance(child, Node):
            flat.append(child)
        elif child is not None:
            flat.extend(child)
    return Node(tag, tuple(flat), attributes or {})


def document(root: Node, encoding: Encoding) -> bytes:
    """Write a whole document in one of the encodings met in the field."""
    declared = {"windows-1251": "windows-1251", "utf-16le": "UTF-16"}.get(encoding, "UTF-8")
    pieces = [f'<?xml version="1.0" encoding="{declared}"?>']
    _write(root, 0, pieces)
    text = "\n".join(pieces) + "\n"
    match encoding:
        case "utf-8-bom":
            return text.encode("utf-8-sig")
        case "utf-8":
            return text.encode()
        case "windows-1251":
            return text.encode("cp1251", "xmlcharrefreplace")
        case "utf-16le":
            return b"\xff\xfe" + text.encode("utf-16-le")


def _write(node: Node, depth: int, pieces: list[str]) -> None:
    tag, content, attributes = node
    indent = "\t" * depth
    head = tag
    if attributes:
        head += "".join(f' {name}="{_quoted(value)}"' for name, value in attributes.items())
    if not content:
        pieces.append(f"{indent}<{head}/>")
    elif isinstance(content, str):
        pieces.append(f"{indent}<{head}>{_escaped(content)}</{tag}>")
    else:
        pieces.append(f"{indent}<{head}>")
        for child in content:
            _write(child, depth + 1, pieces)
        pieces.append(f"{indent}</{tag}>")


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _NOT_XML.sub("", text)


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', "&quot;")
