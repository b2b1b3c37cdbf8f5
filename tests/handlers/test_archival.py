"""A closed case is whole, proves itself, and packs into bytes that never change."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import bagit
import openpyxl
import pytest
import rfc8785

from handlers import archival, catalogue, packing
from tests import fakes
from workflow_service.handler_api import Context, PermanentFailure


def _entry(seq: int, kind: str, body: dict[str, Any], previous: str) -> dict[str, Any]:
    head = {
        "case": "RC-2026-00001",
        "seq": seq,
        "kind": kind,
        "version": 1,
        "at": f"2026-09-{seq:02d}T01:00:00.000000+00:00",
        "actor": "clerk1",
        "on_behalf_of": None,
        "origin": "",
        "bundle": "b1",
        "calendar": "1",
        "body_hash": hashlib.sha256(f"aa:{rfc8785.dumps(body).decode()}".encode()).hexdigest(),
        "fingerprint": "",
    }
    digest = hashlib.sha256(f"entry1:{previous}:".encode() + rfc8785.dumps(head)).hexdigest()
    return {**head, "salt": "aa", "body": body, "prev_hash": previous, "hash": digest}


def _journal(bodies: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for number, (kind, body) in enumerate(bodies, 1):
        entries.append(_entry(number, kind, body, entries[-1]["hash"] if entries else ""))
    return entries


def _submitted(run: str, element: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "submitted", {"at": {"run": run, "element": element, "visit": 1}, "by": "clerk1", "data": data}


OPINION = {"member_id": "m1", "proposed_outcome": "EXEMPT", "dissent": "另有看法"}


def _closed() -> Context:
    """A small case of the simple path with one statement, decided and corrected, as it stands before archiving."""
    files = fakes.FakeFiles()
    evidence = files.add("谈话记录.txt", "记录".encode())
    asked = [
        ("r1", "submit_application"), ("r1", "review_acceptance"), ("r3", "register_appeal"), ("r3", "answer_appeal"),
        ("r2", "record_evidence"), ("r2", "report_investigation"), ("r2", "draft_simple_decision"), ("r2", "record_meeting"),
        ("r2", "draft_decision"), ("r2", "check_draft"), ("r2", "sign_decision"), ("r4", "accept_correction"),
    ]  # fmt: skip
    bodies = [_submitted(run, element, {"note": element}) for run, element in asked]
    bodies[4] = _submitted("r2", "record_evidence", {"record": evidence.reference()})
    bodies.append(("received", {"message": "statement_received", "key": "S1", "data": {}, "by": "party1"}))
    bodies.append(
        ("returned", {"at": {"run": "r2", "element": "open_opinions", "visit": 1}, "result": {"opinions": [OPINION]}})
    )
    papers = []
    issued = ("T03_acceptance", "T05_rights", "T13_minutes", "T14_decision", "T16_correction_notice", "T24_result_use")
    for number, template in enumerate(issued, 1):
        kept = files.write(
            f"d{number}",
            f"{template}.docx",
            "application/docx",
            packing.zipped({"[Content_Types].xml": b"x"}, fakes.NOW),
        )
        papers.append(
            {"id": f"D{number}", "template": template, "title": template, "number": f"丽容错〔2026〕{number}号", "dated": "2026-09-18"}
            | {"subject_id": "s1" if template[:3] in ("T14", "T16") else None, "to": [], "file": kept.reference()}
        )  # fmt: skip
        bodies.append(("document_issued", {"document": f"D{number}", "number": f"丽容错〔2026〕{number}号"}))
    submitted: dict[str, list[dict[str, Any]]] = {}
    for run, element in asked:
        submitted.setdefault(element, []).append({"by": "clerk1", "at": "2026-09-01", "run": run, "data": {}})
    processes = ("intake", "confirmation", "appeal", "correction")
    keys = ("", "", "S1", "s1")
    dossier = fakes.FakeDossier(
        about={
            "number": "RC-2026-00001",
            "title": "企业帮扶",
            "bundle": "b1",
            "opened_at": "2026-09-01T01:00:00+00:00",
            "runs": [
                {"run": f"r{number}", "process": process, "key": key, "open": False}
                for number, (process, key) in enumerate(zip(processes, keys, strict=True), 1)
            ],
            "shared": {
                "path": "simple",
                "decision": {"date": "2026-09-18"},
                "subjects": [{"id": "s1", "name": "某局"}],
                "outcomes": [{"subject_id": "s1", "outcome": "EXEMPT"}],
            },
        },
        journal=_journal(bodies),
        papers=papers,
        added=[evidence],
        bundle={"confirmation.bpmn": b"<definitions/>", "route.dmn": b"<definitions/>", "forms/visit.json": b"{}"},
        submitted=submitted,
    )
    return fakes.context(files=files, dossier=dossier)


def _dossier(context: Context) -> fakes.FakeDossier:
    dossier = context.ports.dossier
    assert isinstance(dossier, fakes.FakeDossier)
    return dossier


def _package(context: Context) -> dict[str, bytes]:
    result = archival.build_package(context, "permanent")
    return packing.unzipped(context.ports.files.read(result["file"]["id"]))


def test_a_whole_case_is_complete() -> None:
    assert archival.check_completeness(_closed())["missing"] == []


def test_a_title_that_looks_like_a_formula_is_text_in_the_catalogue() -> None:
    line = catalogue.Line(1, "02_证据/附件001", "=1+1.pdf", "", "", "", "30年", "ab")

    sheet = openpyxl.load_workbook(io.BytesIO(catalogue.workbook([line], "RC-2026-00001", fakes.NOW))).active

    assert sheet is not None
    assert (sheet["C3"].value, sheet["C3"].data_type) == ("=1+1.pdf", "s")


def test_days_in_the_package_are_those_of_shanghai() -> None:
    context = _closed()
    first = _dossier(context).journal[0]
    first["at"] = "2025-12-31T23:30:00+00:00"  # half past seven on New Year's Day

    package = _package(context)

    info = package["RC-2026-00001/bag-info.txt"].decode()
    assert "起止日期: 2026-01-01/" in info
    listing = package["RC-2026-00001/data/归档目录.xml"].decode()
    assert "<date>2026-01-01</date>" in listing
    assert "2025-12-31" not in info + listing


def test_a_statement_that_was_removed_is_missed_by_its_name() -> None:
    context = _closed()
    del _dossier(context).submitted["register_appeal"]

    assert archival.check_completeness(context)["missing"] == ["陈述申辩S1的登记"]


def test_an_unanswered_statement_whose_run_is_gone_is_missed() -> None:
    context = _closed()
    _dossier(context).about["runs"] = [one for one in _dossier(context).about["runs"] if one["process"] != "appeal"]

    assert archival.check_completeness(context)["missing"] == ["陈述申辩S1的登记", "陈述申辩S1的处理意见"]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("T05_rights", "权利告知书"),
        ("T13_minutes", "会议纪要"),
        ("T14_decision", "某局的决定书"),
        ("T16_correction_notice", "某局的纠错通知书"),
        ("T24_result_use", "结果运用告知函"),
    ],
)
def test_a_document_that_is_gone_is_missed_by_name_and_by_number(template: str, name: str) -> None:
    context = _closed()
    dossier = _dossier(context)
    dossier.papers = [paper for paper in dossier.papers if paper["template"] != template]

    missing = archival.check_completeness(context)["missing"]

    assert name in missing
    assert any(one.startswith("文书丽容错〔2026〕") for one in missing)


def test_a_correction_without_acceptance_is_missed() -> None:
    context = _closed()
    _dossier(context).submitted["accept_correction"][0]["run"] = "r9"

    assert archival.check_completeness(context)["missing"] == ["某局的整改验收"]


def test_the_four_properties_hold_for_a_sound_case() -> None:
    report = archival.test_properties(_closed())

    assert [one for one in report["items"] if not one["passed"]] == []
    assert {one["property"] for one in report["items"]} == {"真实", "完整", "可用", "安全"}


def test_a_changed_journal_is_not_authentic() -> None:
    context = _closed()
    _dossier(context).journal[2]["body"]["data"]["note"] = "改"

    report = archival.test_properties(context)

    assert report["failed"]["真实"] == 1
    assert any(one["reason"] == "第3条的正文与摘要不符" for one in report["items"])


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda journal: journal.pop(4), "第6条之前有缺号"),  # an entry is gone
        (lambda journal: journal[3].update(actor="other"), "第4条的内容与摘要不符"),  # who acted was changed
        (lambda journal: journal[3].update(prev_hash="0"), "第4条没有接上前一条"),  # torn from its predecessor
    ],
)
def test_a_broken_chain_is_located(harm: Any, reason: str) -> None:
    context = _closed()
    harm(_dossier(context).journal)

    assert reason in [one["reason"] for one in archival.test_properties(context)["items"]]


@pytest.mark.parametrize(
    ("name", "content", "failing"),
    [
        ("记录.wps", b"x", "可用"),  # a format that may not last
        ("空.pdf", b"", "可用"),  # nothing in it
        ("锁.pdf", b"%PDF-1.7 /Encrypt", "可用"),  # encrypted
        ("坏.docx", b"no zip", "可用"),  # damaged
        ("程序.exe", b"MZ", "安全"),  # a program
        ("假.txt", b"MZ\x90", "安全"),  # a program in disguise
    ],
)
def test_a_file_that_cannot_be_archived_is_named(name: str, content: bytes, failing: str) -> None:
    context = _closed()
    files = context.ports.files
    assert isinstance(files, fakes.FakeFiles)
    _dossier(context).added.append(files.add(name, content))

    report = archival.test_properties(context)

    assert not report["passed"]
    assert name in [one["item"] for one in report["items"] if one["property"] == failing and not one["passed"]]


def test_the_package_is_a_valid_bag(tmp_path: Path) -> None:
    context = _closed()
    result = archival.build_package(context, "permanent")
    zipfile.ZipFile(io.BytesIO(context.ports.files.read(result["file"]["id"]))).extractall(tmp_path)

    bag = bagit.Bag(str(tmp_path / "RC-2026-00001"))

    bag.validate()
    assert bag.info["保管期限"] == "永久"
    assert bag.info["件数"] == str(result["items"])
    manifest = (tmp_path / "RC-2026-00001" / "manifest-sha256.txt").read_bytes()
    assert result["manifest_sha256"] == hashlib.sha256(manifest).hexdigest()


ODD_NAMES = (
    "名" * 104 + ".pdf",
    "100%25.pdf",
    "同名.pdf",
    "同名.pdf",
    "😀 q'uote.pdf",
    "𠮷㐂",
    "名" * 115 + "." + "长" * 4,
)


def test_files_of_any_name_can_be_taken_out_of_the_package_again(tmp_path: Path) -> None:
    context = _closed()
    _dossier(context).added += [context.ports.files.add(name, name.encode()) for name in ODD_NAMES]

    result = archival.build_package(context, "permanent")
    zipfile.ZipFile(io.BytesIO(context.ports.files.read(result["file"]["id"]))).extractall(tmp_path)

    bag = bagit.Bag(str(tmp_path / "RC-2026-00001"))
    bag.validate()
    kept = [path.read_bytes() for path in tmp_path.rglob("附件*")]
    assert sorted(kept) == sorted([name.encode() for name in ODD_NAMES] + ["记录".encode()])
    assert any(path.endswith(".pdf") and "名名名" in path for path in bag.entries)


def test_one_flipped_byte_makes_the_bag_invalid(tmp_path: Path) -> None:
    context = _closed()
    result = archival.build_package(context)
    zipfile.ZipFile(io.BytesIO(context.ports.files.read(result["file"]["id"]))).extractall(tmp_path)
    victim = next((tmp_path / "RC-2026-00001" / "data").rglob("*.docx"))
    content = bytearray(victim.read_bytes())
    content[3] ^= 1
    victim.write_bytes(content)

    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "RC-2026-00001")).validate()


def test_a_second_export_has_the_same_bytes() -> None:
    first, second = _closed(), _closed()
    later = fakes.context(files=second.ports.files, dossier=second.ports.dossier, now=fakes.NOW.replace(year=2031))

    assert _package(first) == _package(later)


def test_everything_stands_in_its_folder() -> None:
    names = [name.removeprefix("RC-2026-00001/") for name in _package(_closed())]

    assert "data/01_程序文件/文书004_T14_decision.docx" in names
    assert "data/02_证据/附件001_谈话记录.txt" in names
    assert "data/03_申诉/记录0003_register_appeal.json" in names
    assert "data/04_会议/文书003_T13_minutes.docx" in names
    assert "data/05_纠错/文书005_T16_correction_notice.docx" in names
    assert "data/06_结果运用回访澄清/文书006_T24_result_use.docx" in names
    assert "data/07_过程/流程包/confirmation.bpmn" in names
    assert "data/08_元数据/案卷元数据.xml" in names
    assert {"data/归档目录.xlsx", "data/归档目录.xml", "data/四性检测报告.json", "sm3sums.txt"} <= set(names)


def test_ballots_are_in_the_sealed_bag_alone() -> None:
    context = _closed()
    result = archival.build_package(context)
    opened = packing.unzipped(context.ports.files.read(result["file"]["id"]))
    sealed_bytes = context.ports.files.read(result["sealed_file"]["id"])
    sealed = packing.unzipped(sealed_bytes)

    assert result["sealed_file"]["name"].startswith("密封")
    assert not any("另有看法".encode() in content for content in opened.values())
    assert any("另有看法".encode() in content for content in sealed.values())
    digest = opened["RC-2026-00001/data/08_元数据/密封包摘要.txt"].decode()
    assert digest.startswith(hashlib.sha256(sealed_bytes).hexdigest())


def test_a_case_without_ballots_has_no_sealed_bag() -> None:
    context = _closed()
    kept = [(one["kind"], one["body"]) for one in _dossier(context).journal if one["kind"] != "returned"]
    _dossier(context).journal = _journal(kept)

    assert archival.build_package(context)["sealed_file"] is None


def test_the_catalogue_lists_each_file_with_its_retention() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(_package(_closed())["RC-2026-00001/data/归档目录.xlsx"])).active

    rows = {row[2]: row for row in sheet.iter_rows(min_row=3, values_only=True)}
    assert rows["T14_decision"][6] == "永久"
    assert rows["T16_correction_notice"][6] == "30年"
    assert rows["T05_rights"][6] == "10年"
    assert len(rows["谈话记录.txt"][7]) == 64


def test_the_term_of_keeping_counts_from_the_next_year() -> None:
    closed = archival.close_case(fakes.context(), "30")

    assert closed["keep_until"] == "2056-12-31"
    assert closed["archived_at"] == "2026-09-18T10:00:00+08:00"
    assert archival.close_case(fakes.context(), "permanent")["keep_until"] is None


def test_an_unknown_term_of_keeping_is_refused() -> None:
    with pytest.raises(PermanentFailure, match="保管期限"):
        archival.close_case(fakes.context(), "99")


CASE = {"title": "某单位探索失误", "summary": "经过", "lesson": "启示", "codes": ["4.1"]}


def test_a_typical_case_gets_a_number_of_the_library() -> None:
    published = archival.publish_typical_case(fakes.context(), CASE)

    assert published["library_id"] == "丽容错例〔2026〕1号"
    assert {name: published[name] for name in CASE} == CASE


def test_a_typical_case_that_names_a_subject_is_refused() -> None:
    context = fakes.context(case={"subjects": [{"id": "s1", "name": "张三"}]})

    with pytest.raises(PermanentFailure, match="张三"):
        archival.publish_typical_case(context, {**CASE, "summary": "张三当时……"})
