"""What differs between two bundles in meaning: elements, fields and rules by their ids; layout counts as moved only."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import orjson
from lxml import etree

from workflow_service.bundles import names
from workflow_service.bundles.diff_xml import facts_of_diagram, facts_of_table, layout
from workflow_service.bundles.read import Bundle, canonical

Kind = Literal["added", "removed", "changed", "moved"]
#: by element: its label, and what is said of it: property → text
Facts = Mapping[str, tuple[str, Mapping[str, str]]]

_WORDS: Mapping[str, tuple[str, str]] = {
    "added": ("新增", "added"),
    "removed": ("删除", "removed"),
    "changed": ("修改", "changed"),
    "moved": ("移动", "moved"),
}


@dataclass(frozen=True)
class Change:
    """One difference.

    Args:
        file, element: where; the element is empty for a whole file. name: the element's label.
        change: what happened to it.
        aspect, before, after: the property that changed, and its values; without a property all that was said of
            what is gone, or is said of what is new.
    """

    file: str
    element: str
    name: str
    change: Kind
    aspect: str = ""
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """The difference in a Chinese sentence."""
        return self._said(0)

    @property
    def text_en(self) -> str:
        """The difference in an English sentence."""
        return self._said(1)

    def _said(self, language: int) -> str:
        what = self.name or self.element or self.file
        said = f"{_WORDS[self.change][language]} {what}" if language == 0 else f"{what} {_WORDS[self.change][language]}"
        return f"{said}: {self.aspect}: {self.before or '—'} → {self.after or '—'}" if self.aspect else said


@dataclass(frozen=True)
class Difference:
    """All differences between two bundles, file by file."""

    old: str
    new: str
    changes: tuple[Change, ...]

    def marks(self, file: str) -> dict[Kind, list[str]]:
        """Ids of the elements of a diagram by what happened to them, for the view side by side."""
        found: dict[Kind, list[str]] = {"added": [], "removed": [], "changed": [], "moved": []}
        for one in self.changes:
            if one.file == file and one.element and one.element not in found[one.change]:
                found[one.change].append(one.element)
        found["moved"] = [one for one in found["moved"] if one not in found["changed"]]
        return found

    def rows(self) -> list[dict[str, str]]:
        """The differences as plain JSON, each with its sentence in both languages."""
        return [
            {**asdict(one), "property": one.aspect, "text": one.text, "text_en": one.text_en} for one in self.changes
        ]


def diff(old: Bundle, new: Bundle) -> Difference:
    """The differences from one bundle to another, in the order of files and elements."""
    changes: list[Change] = []
    for name in sorted({*old.files, *new.files}):
        before, after = old.files.get(name), new.files.get(name)
        if before is None or after is None:
            changes.append(Change(name, "", "", "added" if before is None else "removed"))
        elif before != after and canonical(name, before) != canonical(name, after):
            changes.extend(_file(name, before, after))
    return Difference(old.hash, new.hash, tuple(changes))


def _file(name: str, before: bytes, after: bytes) -> Iterator[Change]:
    one, other = _facts(name, before), _facts(name, after)
    if one is not None and other is not None and names.kind(name) == "letter":
        one, other = _with_paragraphs(one, other, before, after)
    if one is None or other is None:
        yield Change(name, "", "", "changed")
        return
    yield from _compared(name, one, other)
    if name.endswith(".bpmn"):
        placed, elsewhere = layout(before), layout(after)
        for element in sorted(placed):
            if element in elsewhere and placed[element] != elsewhere[element]:
                yield Change(name, element, other.get(element, ("", {}))[0], "moved")


def _facts(name: str, content: bytes) -> Facts | None:
    """What is said in a file; None for one that cannot be read."""
    try:
        if name.endswith(".json"):
            return _facts_of_json(orjson.loads(content), names.kind(name))
        return facts_of_diagram(content) if name.endswith(".bpmn") else facts_of_table(content)
    except (ValueError, etree.LxmlError):
        return None


def _with_paragraphs(one: Facts, other: Facts, before: bytes, after: bytes) -> tuple[Facts, Facts]:
    """A letter's facts with its body block by block: what stands behind a block that came or went is still the same."""
    old, new = (orjson.loads(content).get("body") for content in (before, after))
    if not isinstance(old, list) or not isinstance(new, list):
        return one, other
    first, last = [[_plain(block) for block in body] for body in (old, new)]
    left, right = _without_body(one), _without_body(other)
    for what, i, j, k, n in SequenceMatcher(None, first, last, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        for at in range(max(j - i, n - k)):
            # a block that replaces another has its number, one that is gone has its own and stands apart
            number = str(k + at + 1) if k + at < n else f"{i + at + 1}–"
            if i + at < j:
                left[f"body.{number}"] = (number, _entries(old[i + at]))
            if k + at < n:
                right[f"body.{number}"] = (number, _entries(new[k + at]))
    return left, right


def _without_body(facts: Facts) -> dict[str, tuple[str, Mapping[str, str]]]:
    return {
        element: (label, {what: text for what, text in said.items() if what != "body"})
        for element, (label, said) in facts.items()
    }


def _compared(file: str, one: Facts, other: Facts) -> Iterator[Change]:
    # what stands behind something new has another number, but the same place among the rest
    in_order = [each for each in one if each in other] == [each for each in other if each in one]
    for element in [*one, *(new for new in other if new not in one)]:
        if element not in other:
            yield Change(file, element, one[element][0], "removed", before=_all(one[element][1]))
        elif element not in one:
            yield Change(file, element, other[element][0], "added", after=_all(other[element][1]))
        else:
            label, after = other[element]
            before = one[element][1]
            for what in [*before, *(new for new in after if new not in before)]:
                if before.get(what, "") != after.get(what, "") and not (what == "order" and in_order):
                    yield Change(file, element, label, "changed", what, before.get(what, ""), after.get(what, ""))


def _all(said: Mapping[str, str]) -> str:
    """All that is said of something new or gone, a line each."""
    return "\n".join(f"{what}: {text}" for what, text in said.items() if what not in ("", "order") and text)


def _facts_of_json(data: Any, kind: str) -> dict[str, tuple[str, Mapping[str, str]]]:
    """Forms field by field; other files entry by entry."""
    if not isinstance(data, dict):
        return {"": ("", {"": _plain(data)})}
    lists = {"form": ("fields", "checks")}.get(kind, ())
    found: dict[str, tuple[str, Mapping[str, str]]] = {}
    own = {key: _plain(value) for key, value in data.items() if key not in lists and not isinstance(value, dict)}
    if own:
        found[""] = (str(data.get("title", "")), own)
    for key, value in data.items():
        if isinstance(value, dict):
            for name, about in value.items():
                found[f"{key}.{name}"] = (str(name), _entries(about))
        elif key in lists and isinstance(value, list):
            for place, about in enumerate(value):
                name = str(about.get("name") or about.get("field") or place) if isinstance(about, dict) else str(place)
                found[f"{key}.{name}" if f"{key}.{name}" not in found else f"{key}.{place}"] = (
                    name,
                    {**_entries(about), "order": str(place)},
                )
    return found


def _entries(about: Any) -> dict[str, str]:
    return (
        {str(key): _plain(value) for key, value in about.items()}
        if isinstance(about, dict)
        else {"value": _plain(about)}
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
