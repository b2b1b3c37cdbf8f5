"""A letter's template as the paper that will come of it: its sentences, with the name of each field where its value will stand."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from workflow_service.web import i18n

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Piece = tuple[str, bool]
"""Some text, and whether it stands for a field."""


@dataclass(frozen=True)
class Block:
    """A part of the body: ``kind`` is text, heading, subheading, item or table; ``when`` says on what it depends.

    Args:
        heads: the head of each column, with what stands under it.
    """

    kind: str
    pieces: tuple[Piece, ...] = ()
    when: str = ""
    heads: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Paper:
    """A letter as it will look; several titles where one of them is chosen by a field."""

    titles: tuple[tuple[tuple[Piece, ...], str], ...]
    to: str
    body: tuple[Block, ...]
    copies: str


def paper(template: Mapping[str, Any]) -> Paper:
    """The paper of a template that has no faults."""
    return Paper(
        tuple(_titles(template)),
        "、".join(template.get("to") or ()) or str(_("（主送，由流程图给出）")),
        tuple(_blocks(template)),
        "、".join(template.get("copies") or ()),
    )


def _titles(template: Mapping[str, Any]) -> Iterator[tuple[tuple[Piece, ...], str]]:
    title = template["title"]
    if not isinstance(title, Mapping):
        yield _pieces(template, title), ""
        return
    for value, text in title["by"].items():
        yield _pieces(template, text), _when(template, f"{title['field']}={value}")


def _blocks(template: Mapping[str, Any]) -> Iterator[Block]:
    for one in template["body"]:
        when = _when(template, str(one.get("when", "")))
        if "table" in one:
            heads = tuple((str(column["head"]), str(column["field"])) for column in one["columns"])
            yield Block("table", when=when, heads=heads)
        elif "list" in one:
            yield Block("item", _pieces(template, "".join(map(str, one["item"]))), when)
        else:
            yield Block(str(one.get("kind", "text")), _pieces(template, str(one["text"])), when)


def _pieces(template: Mapping[str, Any], text: str) -> tuple[Piece, ...]:
    # the pattern has one group, so every second part is a placeholder's name
    parts = enumerate(_PLACEHOLDER.split(text))
    return tuple((_label(template, part), True) if at % 2 else (part, False) for at, part in parts if part)


def _label(template: Mapping[str, Any], name: str) -> str:
    outer, _dot, inner = name.partition(".")
    about = template["fields"].get(outer)
    if about is None:
        return str(_always().get(outer, name))
    label = i18n.either(about, "label")
    return f"{label}·{inner}" if inner else label


def _always() -> Mapping[str, str]:
    """What every letter knows without being told."""
    return {"matter": _("事项名称"), "issuer": _("发文机关"), "case_number": _("案号")}


def _when(template: Mapping[str, Any], condition: str) -> str:
    """On what a block depends, in words."""
    if not condition:
        return ""
    name, equals, wanted = condition.lstrip("!").partition("=")
    denied, label = condition.startswith("!"), _label(template, name)
    if not equals:
        return str(_("没有“%(name)s”时", name=label) if denied else _("有“%(name)s”时", name=label))
    known = template.get("words", {}).get(name, {})
    values = "、".join(str(known.get(one, one)) for one in wanted.split(","))
    if denied:
        return str(_("“%(name)s”不是%(values)s时", name=label, values=values))
    return str(_("“%(name)s”是%(values)s时", name=label, values=values))
