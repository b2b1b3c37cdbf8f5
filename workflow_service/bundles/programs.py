"""Published bundles ready to run: compiled once per process, found by hash or by place."""

import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from workflow_service import dmn, engine, errors
from workflow_service.bundles import forms
from workflow_service.bundles.forms import Form
from workflow_service.engine import view
from workflow_service.storage import reference
from workflow_service.storage.prepared import Prepared


@dataclass(frozen=True)
class Loaded:
    """A bundle in memory.

    Args:
        hash: its hash. files: its files by name.
        program: the compiled diagrams. forms: the compiled forms by id.
        lanes: lane label → role code; roles: role code → {name, name_en, scope}.
        articles: article → {summary, summary_en, elements}.
        variant: what variant.json says of a county's bundle; None for the city's.
    """

    hash: str
    files: Mapping[str, bytes]
    program: engine.Program
    forms: Mapping[str, Form]
    lanes: Mapping[str, str | None]
    roles: Mapping[str, Mapping[str, str]]
    articles: Mapping[str, Mapping[str, Any]]
    elements: Mapping[tuple[str, str], view.Element] = field(default_factory=dict)
    variant: Mapping[str, Any] | None = None

    def properties(self, process: str, element: str) -> Mapping[str, str]:
        """The extension properties of an element; empty for an unknown one."""
        found = self.elements.get((process, element))
        return found.properties if found else {}

    def step(self, process: str, element: str) -> view.Element | None:
        """The element that an id means to the runs of a process; one of another process where they pass none of that id."""
        own = self.passed.get(process, {}).get(element)
        return own or next((one for one in self.elements.values() if one.id == element), None)

    @cached_property
    def passed(self) -> Mapping[str, Mapping[str, view.Element]]:
        """Process → id → element of what its runs may pass; what it does not call may mean another step by the same id."""
        found: dict[str, dict[str, view.Element]] = {}
        for root in self.program.process_names:
            reached = [root]
            for process in reached:
                reached.extend(one for one in self.program.called(process) if one not in reached)
            nearest_last = sorted(self.elements.values(), key=lambda one: one.process == root)
            found[root] = {one.id: one for one in nearest_last if one.process in reached}
        return found

    def steps_of(self, runs: Mapping[str, str]) -> dict[tuple[str, str], view.Element]:
        """Run and element id → the element that the id means there; ``runs`` are a case's, id → process."""
        return {(run, id_): one for run, process in runs.items() for id_, one in self.passed.get(process, {}).items()}

    @cached_property
    def dates_by_name(self) -> Mapping[str, Collection[tuple[str, str]]]:
        """What a case publishes → the elements (process, element) whose date rests on it."""
        found: dict[str, set[tuple[str, str]]] = {}
        for at, one in self.elements.items():
            for name in _PUBLISHED.findall(one.properties.get("due", "")):
                found.setdefault(name, set()).add(at)
        return found

    def role_of(self, lane: str) -> str:
        """The role that works in a lane; raises CannotAdvance for a lane that roles.json does not map."""
        role = self.lanes.get(lane)
        if not role:
            raise errors.CannotAdvance("泳道“{lane}”没有对应的角色（{element}）", lane=lane, element=lane)
        return role

    def form(self, form_id: str) -> Form:
        """A form; raises CannotAdvance when the bundle has none of this id."""
        found = self.forms.get(form_id)
        if found is None:
            raise errors.CannotAdvance("流程包中没有表单“{element}”", element=form_id)
        return found


_PUBLISHED = re.compile(r"\bcase\.(\w+)")
_KEPT = 12
_CACHE: OrderedDict[str, Loaded] = OrderedDict()
_GUARD = threading.Lock()


def load(bundle_hash: str, files: Mapping[str, bytes]) -> Loaded:
    """Compiles the files of a bundle; raises BadBundle with what is wrong."""
    models = {name.removesuffix(".dmn"): dmn.read(content) for name, content in files.items() if name.endswith(".dmn")}
    diagrams = {name: content for name, content in files.items() if name.endswith(".bpmn")}
    program = engine.compile_program(diagrams, models)
    roles = orjson.loads(files["roles.json"])
    compiled = {
        form.id: form
        for name, content in files.items()
        if name.startswith("forms/") and name.count("/") == 1
        for form in [forms.read_form(content)]
    }
    elements = {(one.process, one.id): one for process in program.process_names for one in program.elements(process)}
    articles = orjson.loads(files.get("articles.json", b"{}"))
    variant = orjson.loads(files.get("variant.json", b"null"))
    return Loaded(bundle_hash, files, program, compiled, roles["lanes"], roles["roles"], articles, elements, variant)


def of(session: Session, bundle_hash: str) -> Loaded:
    """The bundle of a hash, compiled; raises NotFound."""
    try:
        _CACHE.move_to_end(bundle_hash)
        return _CACHE[bundle_hash]
    except KeyError:  # not there, or put out by another thread just now
        loaded = load(bundle_hash, _files(session, bundle_hash))
    with _GUARD:
        _CACHE[bundle_hash] = loaded
        while len(_CACHE) > _KEPT:
            _CACHE.popitem(last=False)
    return loaded


def _files(session: Session, bundle_hash: str) -> dict[str, bytes]:
    # one statement sees one state: between two, a draft of the same content could be changed
    bundle_id = (
        select(reference.Bundle.id)
        .where(reference.Bundle.hash == bundle_hash)
        .order_by(reference.Bundle.status == "published", reference.Bundle.id)
        .limit(1)
        .scalar_subquery()
    )
    file = reference.BundleFile
    rows = session.execute(select(file.name, file.content).where(file.bundle_id == bundle_id)).all()
    if not rows:
        raise errors.NotFound("没有哈希为“{hash}”的流程包", hash=bundle_hash)
    return {row.name: row.content for row in rows}


_IN_FORCE = Prepared(
    select(reference.Bundle.hash)
    .where(reference.Bundle.place == bindparam("place"), reference.Bundle.status == literal_column("'published'"))
    .order_by(reference.Bundle.version.desc())
    .limit(1)
)


def in_force(session: Session, place: str) -> str:
    """The hash of the bundle that new cases of a place run on: the place's own, else the city's."""
    for where in dict.fromkeys((place, "city")):
        found = _IN_FORCE.run(session, {"place": where}).fetchone()
        if found is not None:
            return str(found[0])
    raise errors.NotFound("尚未发布任何流程包，请先由流程管理员发布")
