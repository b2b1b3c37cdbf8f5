"""Closes a case for the archive: completeness, four-property report, package with sealed part, library of typical cases."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers import bag, completeness, dossier_package, letters, properties
from workflow_service.handler_api import SHANGHAI, Context, PermanentFailure

RETENTION = {"permanent": "永久", "30": "30年", "10": "10年"}
"""How long a case file may be kept; the codes are those of review_archive."""

_ZIP = "application/zip"


def check_completeness(context: Context) -> dict[str, Any]:
    """Says by name what the case file still misses, by the way the case went."""
    found = completeness.items(context.ports.dossier)
    missing = completeness.missing(found)
    return {"complete": not missing, "missing": missing, "checked": len(found)}


def test_properties(context: Context) -> dict[str, Any]:
    """Tests the case file for the four properties of DA/T 70: authentic, complete, usable, safe."""
    return properties.report(context)


def build_package(context: Context, retention: str = "30") -> dict[str, Any]:
    """Packs the case as a BagIt bag, and what is sealed as a second bag of which the first holds only the digest.

    Args:
        retention: ``permanent``, ``30`` or ``10`` years.
    """
    report = properties.report(context)
    content = dossier_package.sort(context, report)
    info = {
        "Source-Organization": context.settings["issuer"],
        "External-Identifier": context.case_number,
        "全宗号": context.settings["archive_code"],
        "案号": context.case_number,
        "保管期限": _retention(retention),
        "密级": "内部",
        "起止日期": f"{content.first}/{content.last:%Y-%m-%d}",
        "件数": str(len(content.lines)),
    }
    payload, sealed_file = dict(content.payload), None
    if content.sealed:
        sealed = bag.make(f"{context.case_number}_密封", content.sealed, {**info, "密级": "密封"}, content.last)
        name = f"密封包_{context.case_number}.zip"
        stored = context.ports.files.write(f"{context.key}:sealed", name, _ZIP, sealed.content)
        sealed_file = stored.reference()
        payload[f"{dossier_package.METADATA}/密封包摘要.txt"] = (
            f"{hashlib.sha256(sealed.content).hexdigest()}  {name}\n密封内容只能依审批拆封查阅。\n".encode()
        )
    whole = bag.make(context.case_number, payload, info, content.last)
    file = context.ports.files.write(context.key, f"归档包_{context.case_number}.zip", _ZIP, whole.content)
    return {
        "file": file.reference(),
        "sealed_file": sealed_file,
        "manifest_sha256": whole.manifest_sha256,
        "report": {"passed": report["passed"], "failed": report["failed"]},
        "items": len(content.lines),
    }


def close_case(context: Context, retention: str = "30") -> dict[str, Any]:
    """Sets how long the case is kept, counted from the first of January after it was archived.

    Args:
        retention: ``permanent``, ``30`` or ``10`` years.
    """
    kept = _retention(retention)
    at = context.now.astimezone(SHANGHAI)
    until = None if retention == "permanent" else f"{at.year + int(retention)}-12-31"
    return {
        "archived_at": at.isoformat(timespec="seconds"),
        "retention": retention,
        "retention_name": kept,
        "keep_until": until,
    }


def publish_typical_case(context: Context, case: Mapping[str, Any]) -> dict[str, Any]:
    """Enters an anonymised case into the library of typical cases, under a number of its own.

    Args:
        case: title, summary, codes, lesson, source_case: the answers of anonymise_case.
    """
    empty = [name for name in ("title", "summary", "lesson") if letters.is_empty(case.get(name))]
    if empty:
        raise PermanentFailure(f"典型案例缺少{'、'.join(empty)}")
    text = "\n".join(str(case.get(name) or "") for name in ("title", "summary", "lesson"))
    named = [
        str(one["name"]) for one in context.case.get("subjects") or () if one.get("name") and str(one["name"]) in text
    ]
    if named:
        raise PermanentFailure(f"典型案例中仍有当事人的名称：{'、'.join(named)}，请先脱敏")
    at: datetime = context.now.astimezone(SHANGHAI)
    number = context.ports.documents.number(context.key, f"{context.settings['agency_code']}例", at.year)
    return {
        "library_id": number,
        "title": case["title"],
        "codes": list(case.get("codes") or ()),
        "summary": case["summary"],
        "lesson": case["lesson"],
        "source_case": case.get("source_case") or None,
        "published_at": at.isoformat(timespec="seconds"),
    }


def _retention(code: str) -> str:
    if code not in RETENTION:
        raise PermanentFailure(f"保管期限“{code}”不明，应为{'、'.join(RETENTION)}之一")
    return RETENTION[code]
