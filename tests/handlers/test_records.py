"""What people filled in becomes the papers an archive expects, in the words of the forms."""

import io
from typing import Any

import docx
import pytest

from handlers import records
from tests import fakes

LETTERS = {f"forms/letters/{path.name}": path.read_bytes() for path in fakes.LETTERS.glob("*.json")}
RATING = {"rating": "public", "reason": "为公"}
CRITERIA = {name: RATING for name in ("c_motive", "c_nature", "c_process", "c_result")}


def entry(seq: int, kind: str, **body: Any) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "actor": "wang", "at": "2026-09-01T01:00:00+00:00", "body": body}


def submitted(seq: int, element: str, **data: Any) -> dict[str, Any]:
    return entry(seq, "submitted", at={"element": element}, data=data)


def papers(*entries: dict[str, Any], sealed: bool = False) -> dict[str, str]:
    """Template → text of the papers made of these entries."""
    about = {"title": "企业帮扶", "shared": {"subjects": [{"id": "s1", "name": "张某"}]}}
    dossier = fakes.FakeDossier(about=about, bundle=LETTERS, shown={"wang": "王一"})
    made = (records.sealed if sealed else records.opened)(fakes.context(dossier=dossier), entries)
    return {one.template: _text(one.content) for one in made}


def _text(content: bytes) -> str:
    return "\n".join(line.text for line in docx.Document(io.BytesIO(content)).paragraphs)


@pytest.mark.parametrize(("mode", "template"), [("oral", "T07_oral_statement"), ("written", "T08_written_statement")])
def test_a_statement_becomes_the_paper_of_its_kind(mode: str, template: str) -> None:
    oral = {"note_taker": "wang", "read_back_confirmed": True, "party_signature": "refused"} if mode == "oral" else {}
    found = papers(submitted(1, "register_appeal", party="s1", mode=mode, content="另有说明", **oral))

    assert list(found) == [template]
    assert "张某" in found[template]
    assert "另有说明" in found[template]


def test_what_lacks_a_mandatory_answer_is_no_paper() -> None:
    assert papers(submitted(1, "plan_correction", recognition="深刻检讨")) == {}


def test_an_opinion_under_seal_is_written_for_the_sealed_part_alone() -> None:
    given = submitted(1, "evaluate", member_id="wang", commitment="0" * 64)
    opinion = {"member_id": "wang", "proposed_outcome": "EXEMPT", "dissent": "证据不足", **CRITERIA}
    opened = entry(2, "returned", at={"element": "open_opinions"}, result={"opinions": [opinion]})

    assert papers(given, opened) == {}
    assert "证据不足" in papers(given, opened, sealed=True)["T11_evaluation"]


def test_a_request_for_recusal_is_a_paper_of_the_archive() -> None:
    asked = entry(1, "received", message="recusal_requested", key="H1", data={"person": "wang", "ground": "近亲属"})

    assert "王一" in papers(asked)["T30_request"]
