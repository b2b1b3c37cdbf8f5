"""What an operation of a variant has in hand: the files so far, and the ways to say why it cannot be carried out."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from lxml import etree

from workflow_service.bundles import variant_file
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine import document
from workflow_service.errors import BadBundle

#: what an operation did, in Chinese and English
Words = tuple[str, str]


@dataclass
class Desk:
    """The files so far; ``number`` is the operation that is being carried out."""

    files: dict[str, bytes]
    number: int = 0

    def refuse(self, rule: str, element: str, message: Words, fix: Words) -> BadBundle:
        """The reason why this operation is not carried out."""
        said = (f"第 {self.number} 项操作：{message[0]}", f"Operation {self.number}: {message[1]}")
        return BadBundle([fault(rule, Place(variant_file.NAME, element[:80], 1), said, fix)])

    def unknown(self, what: Words, name: str, known: Iterable[str]) -> BadBundle:
        """The refusal of a name that does not exist, with the one that comes nearest."""
        listed = sorted(known)
        near = difflib.get_close_matches(name, listed, 1, 0.3)
        fix = (
            (f"是否指“{near[0]}”？", f"did you mean “{near[0]}”?")
            if near
            else (f"可用：{'、'.join(listed[:20])}", f"known: {', '.join(listed[:20])}")
        )
        message = (f"没有{what[0]}“{name[:80]}”", f"there is no {what[1]} “{name[:80]}”")
        return self.refuse("V02", name, message, fix)

    def data(self, name: str, what: Words, known: Iterable[str]) -> Any:
        """The content of a JSON file; ``known`` are the names that could have been meant."""
        if name not in self.files:
            raise self.unknown(what, name.removeprefix("forms/").removesuffix(".json"), known)
        try:
            return orjson.loads(self.files[name])
        except ValueError:
            raise self._unreadable(name) from None

    def _unreadable(self, name: str) -> BadBundle:
        message = (f"上级的“{name}”不能读取", f"the parent's “{name}” cannot be read")
        return self.refuse("V02", name, message, ("请市级先改正该文件", "the city has to correct this file first"))

    def keep_data(self, name: str, data: Any) -> None:
        """Keeps a JSON file as this operation leaves it."""
        self.files[name] = orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n"

    def diagram(self, process: str) -> etree._Element:
        """The root of a process's diagram, read anew so that an operation that fails half-way leaves no trace."""
        name = f"{process}.bpmn"
        if name not in self.files:
            known = [one.removesuffix(".bpmn") for one in self.files if one.endswith(".bpmn")]
            raise self.unknown(("流程", "process"), process, known)
        try:
            return document.load(self.files[name], name)
        except BadBundle:
            raise self._unreadable(name) from None

    def keep_diagram(self, process: str, root: etree._Element) -> None:
        """Keeps a diagram as this operation leaves it."""
        self.files[f"{process}.bpmn"] = etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"
