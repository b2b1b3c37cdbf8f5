"""The API of bundles: check files, upload a draft, read, submit, approve, publish."""

from typing import Any

import flask

from workflow_service import errors
from workflow_service.bundles import check, diff, publish, read, variants
from workflow_service.identity.permissions import Permission
from workflow_service.storage import reference
from workflow_service.web import api, headers, problems, schemas, shapes, visit
from workflow_service.web.api import Op
from workflow_service.web.guard import Entry

READERS = Entry(needs=frozenset({Permission.BUNDLE_READ}))
EDITORS = Entry(needs=frozenset({Permission.BUNDLE_EDIT}))
APPROVERS = Entry(needs=frozenset({Permission.BUNDLE_APPROVE}))
BUNDLE = schemas.ref("Bundle")
VERDICT = schemas.told(valid=schemas.BOOLEAN, findings=schemas.array(schemas.ref("Finding")))


@api.offer(Op("POST", "/bundles/check", "bundles", "检查文件", gives=VERDICT, upload=True, entry=READERS))
def check_bundle() -> flask.Response:
    """Checks a .bpmn, .dmn, .json or a zip of a bundle; 422 when there are errors. Nothing is kept."""
    found = check.check(read.read_upload(*sent()))
    listed = [problems.finding(one) for one in found]
    valid = not any(one.severity == "error" for one in found)
    return api.as_json({"valid": valid, "findings": listed}, 200 if valid else 422)


def sent() -> tuple[str, bytes]:
    """The file of a request: its name and content, sent as a form's file or as the body itself."""
    one = next(iter(flask.request.files.values()), None)
    if one is not None:
        return one.filename or "bundle.zip", one.stream.read()
    content = flask.request.get_data()
    if not content:
        raise errors.Invalid([errors.FieldError("file", "required", "请选择要上传的文件")])
    return visit.text_of("name", 160) or "bundle.zip", content


@api.offer(Op("POST", "/bundles", "bundles", "上传草稿（zip）", gives=BUNDLE, status=201, upload=True, entry=EDITORS))
def upload_bundle() -> dict[str, Any]:
    """Makes a draft from an uploaded zip; its faults are found when it is submitted."""
    _name, content = sent()
    origin = publish.Origin(visit.text_of("place", 40) or visit.actor().place, read.read_zip(content).files)
    with visit.writing() as session:
        return shapes.bundle(publish.upload(session, visit.actor(), visit.now(), origin))


@api.offer(Op("GET", "/bundles", "bundles", "流程包列表", gives=schemas.page(BUNDLE), entry=READERS))
def list_bundles() -> dict[str, Any]:
    """All bundles and drafts: the city's, newest first, then each county's."""
    with visit.reading() as session:
        items = [shapes.bundle(one) for one in publish.listed(session, visit.actor())]
    return {"items": items, "total": len(items), "next": None}


@api.offer(Op("GET", "/variants", "bundles", "县区变体", gives=schemas.page(schemas.ref("Standing")), entry=READERS))
def list_variants() -> dict[str, Any]:
    """Every place but the city: the version in force there, the city's version it builds on, its drift, its conflicts."""
    with visit.reading() as session:
        items = [shapes.standing(one) for one in variants.overview(session)]
    return {"items": items, "total": len(items), "next": None}


@api.offer(Op("GET", "/bundles/<bundle_hash>", "bundles", "一个流程包", gives=BUNDLE, entry=READERS))
def get_bundle(bundle_hash: str) -> dict[str, Any]:
    """A bundle with the names and sizes of its files."""
    with visit.reading() as session:
        found = publish.by_hash(session, bundle_hash)
        files = publish.files_of(session, found)
        return {
            **shapes.bundle(found),
            "files": [{"name": name, "size": len(content)} for name, content in files.items()],
        }


@api.offer(
    Op("GET", "/bundles/<bundle_hash>/files/<path:name>", "bundles", "流程包中的文件", file="application/octet-stream", entry=READERS)
)  # fmt: skip
def get_bundle_file(bundle_hash: str, name: str) -> flask.Response:
    """One file of a bundle, byte for byte."""
    with visit.reading() as session:
        content = publish.file_of(session, visit.actor(), publish.by_hash(session, bundle_hash), name)
    return headers.download(content, name.rpartition("/")[2], "application/octet-stream")


@api.offer(
    Op("GET", "/bundles/<bundle_hash>/archive.zip", "bundles", "下载流程包", file="application/zip", entry=READERS)
)
def get_bundle_archive(bundle_hash: str) -> flask.Response:
    """A bundle as a zip; the same bundle always gives the same bytes."""
    with visit.reading() as session:
        files = publish.files_of(session, publish.by_hash(session, bundle_hash))
    return headers.download(read.to_zip(read.Bundle.of(files)), f"bundle-{bundle_hash[:12]}.zip", "application/zip")


@api.offer(Op("GET", "/bundles/<old>/diff/<new>", "bundles", "两个版本的差异", gives=schemas.DATA, entry=READERS))
def diff_bundles(old: str, new: str) -> dict[str, Any]:
    """What differs in meaning between two versions: elements, fields and rules by their ids."""
    with visit.reading() as session:
        before, after = (read.Bundle.of(publish.files_of(session, publish.by_hash(session, one))) for one in (old, new))
    found = diff.diff(before, after)
    return {"old": found.old, "new": found.new, "changes": found.rows()}


@api.offer(
    Op("POST", "/bundles/<bundle_hash>/submission", "bundles", "提交审批", gives=BUNDLE, body=schemas.record(), entry=EDITORS)
)  # fmt: skip
def submit_bundle(_given: dict[str, Any], bundle_hash: str) -> dict[str, Any]:
    """Hands a draft in for approval; 422 with the findings while it has errors."""
    with visit.writing() as session:
        return shapes.bundle(publish.submit_content(session, visit.actor(), visit.now(), bundle_hash))


@api.offer(
    Op(
        "POST", "/bundles/<bundle_hash>/approval", "bundles", "审批", gives=BUNDLE, entry=APPROVERS,
        body=schemas.record((), approved=schemas.BOOLEAN, note=schemas.LONG),
    )
)  # fmt: skip
def approve_bundle(given: dict[str, Any], bundle_hash: str) -> dict[str, Any]:
    """Approves exactly this content, or rejects it with a note; the author never may."""
    with visit.writing() as session:
        return shapes.bundle(
            decide(session, bundle_hash, approved=given.get("approved", True), note=given.get("note", ""))
        )


def decide(session: Any, bundle_hash: str, *, approved: bool, note: str) -> reference.Bundle:
    """Approves or rejects a submitted bundle in the name of this request's person."""
    if approved:
        return publish.approve(session, visit.actor(), visit.now(), bundle_hash, note)
    return publish.reject(session, visit.actor(), visit.now(), bundle_hash, note)


@api.offer(
    Op("POST", "/bundles/<bundle_hash>/publication", "bundles", "发布", gives=BUNDLE, body=schemas.record(), entry=EDITORS)
)  # fmt: skip
def publish_bundle(_given: dict[str, Any], bundle_hash: str) -> dict[str, Any]:
    """Puts an approved bundle in force for new cases; running cases stay on theirs."""
    with visit.writing() as session:
        return shapes.bundle(publish.publish(session, visit.actor(), visit.now(), bundle_hash))
