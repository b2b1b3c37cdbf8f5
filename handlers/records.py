"""Writes what people filled in as the papers an archive expects: application form, report, record of a statement, pledge ...

A letter's template that names ``records`` (element or message → condition) is the paper of what was filled in there. It
takes no number; its text comes from the answers alone, and one that lacks a mandatory answer is not written.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from handlers import gongwen, letters
from workflow_service.handler_api import SHANGHAI, Context, PermanentFailure


@dataclass(frozen=True)
class Record:
    """A paper made of what was filled in: from where, by which template, its title and content."""

    seq: int
    source: str
    template: str
    title: str
    day: str
    content: bytes


@dataclass(frozen=True)
class _Filled:
    """Something that was filled in: number of its entry, element or message, by whom, when, what."""

    seq: int
    source: str
    by: str
    at: datetime
    data: Mapping[str, Any]


def opened(call: Context, entries: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The papers of what lies open in the journal."""
    return list(_written(call, entries, [one for entry in entries for one in _submitted(entry)]))


def sealed(call: Context, entries: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The papers of opinions that were given under seal, for the sealed part of the archive."""
    return list(_written(call, entries, [one for entry in entries for one in _opinions(entry)]))


def _submitted(entry: Mapping[str, Any]) -> Iterator[_Filled]:
    body = entry.get("body")
    if not isinstance(body, Mapping) or entry.get("kind") not in ("submitted", "received"):
        return
    source = body["at"]["element"] if entry["kind"] == "submitted" else body.get("message")
    data = body.get("data")
    if isinstance(data, Mapping) and "commitment" not in data:
        yield _Filled(
            int(entry["seq"]), str(source), str(entry["actor"]), datetime.fromisoformat(str(entry["at"])), data
        )


def _opinions(entry: Mapping[str, Any]) -> Iterator[_Filled]:
    body = entry.get("body")
    result = body.get("result") if isinstance(body, Mapping) and entry.get("kind") == "returned" else None
    for one in result.get("opinions") or () if isinstance(result, Mapping) else ():
        at = datetime.fromisoformat(str(one.get("submitted_at") or entry["at"]))
        yield _Filled(int(entry["seq"]), "evaluate", str(one.get("member_id")), at, one)


def _written(context: Context, entries: Sequence[Mapping[str, Any]], filled: Sequence[_Filled]) -> Iterator[Record]:
    templates = _templates(context)
    latest = {one.source: {**one.data, "by": one.by} for entry in entries for one in _submitted(entry)}
    names = context.ports.dossier.names(
        sorted({one.by for one in filled} | {str(one["by"]) for one in latest.values()})
    )
    others = {source: {**data, "by": names.get(data["by"], data["by"])} for source, data in latest.items()}
    for one in filled:
        for template in templates:
            condition = template["records"].get(one.source)
            if condition is not None and letters.holds(str(condition), one.data):
                yield from _paper(context, template, one, others)


def _templates(context: Context) -> list[Mapping[str, Any]]:
    files = context.ports.dossier.bundle_files()
    found = [json.loads(content) for name, content in sorted(files.items()) if name.startswith("forms/letters/")]
    return [one for one in found if isinstance(one.get("records"), Mapping)]


def _paper(
    context: Context, template: Mapping[str, Any], one: _Filled, others: Mapping[str, Mapping[str, Any]]
) -> Iterator[Record]:
    about = context.ports.dossier.summary()
    issuer = context.settings["issuer"]
    subjects = {str(row.get("id")): row.get("name") for row in (about.get("shared") or {}).get("subjects") or ()}
    day = one.at.astimezone(SHANGHAI).date()
    fields = {
        "matter": about.get("title"),
        **others,
        **one.data,
        "party_name": subjects.get(str(one.data.get("party"))),
        "filled_by": one.by,
        "filled_on": day.isoformat(),
        "issuer": issuer,
        "case_number": context.case_number,
    }
    try:
        written = letters.write(template, letters.named(template, fields, context.ports.dossier.names), ())
    except PermanentFailure:
        return  # the answers themselves are in the archive in any case
    paper = gongwen.Paper(written, "", context.case_number, issuer, day, day)
    content = gongwen.render(paper, one.at.astimezone(UTC))
    yield Record(one.seq, one.source, str(template["id"]), written.title, day.isoformat(), content)
