"""What every answer carries, errors included, and what no answer shows."""

import re

import pytest

from tests.web.conftest import House
from tests.web.test_guard import routes


def test_every_answer_forbids_foreign_scripts_framing_and_keeping(house: House) -> None:
    browser = house.browser("auditor_1")
    for method, path, _endpoint in routes(house.app):
        answer = browser.client.open(path, method=method, headers={"X-CSRF-Token": browser.csrf})

        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe-eval" not in policy, path
        assert "script-src 'unsafe-inline'" not in policy, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        if not path.startswith("/static"):
            assert answer.headers["Cache-Control"] == "no-store", path
        assert "Traceback" not in answer.get_data(as_text=True)[:100_000], path
        if browser.get("/profile").status_code == 302:  # signed out by the route for it
            browser.sign_in("auditor_1")


def test_what_pages_load_beside_themselves_is_kept_whoever_signs_in(house: House) -> None:
    page = house.browser("clerk_1").get("/inbox").get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)

    assert len(addresses) >= 3
    for one in addresses:
        answer = house.app.test_client().get(one)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"], one
        assert "Vary" not in answer.headers, one
    assert house.app.test_client().get("/static/app.css?v=older").headers["Cache-Control"] == "no-cache"


def test_only_editors_may_set_style_attributes(house: House) -> None:
    owner = house.browser("process_owner_1")

    assert "style-src-attr" in owner.get("/bundles/1/files/intake.bpmn").headers["Content-Security-Policy"]
    assert "style-src-attr" not in owner.get("/bundles/1").headers["Content-Security-Policy"]


def test_an_unforeseen_fault_gives_a_number_and_no_trace(house: House) -> None:
    house.app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken() -> str:
        raise ZeroDivisionError("secret detail")

    broken.entry = house.app.view_functions["probes.alive"].entry  # type: ignore[attr-defined]
    house.app.add_url_rule("/broken", "broken", broken)
    house.app.add_url_rule("/api/v1/broken", "broken_api", broken)

    for path in ("/broken", "/api/v1/broken"):
        answer = house.app.test_client().get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 500 and "编号" in text
        assert "secret" not in text and "ZeroDivision" not in text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("DELETE", "/inbox", 405),
        ("GET", "/api/v1/nowhere", 404),
        ("PATCH", "/api/v1/cases", 405),
    ],
)
def test_wrong_addresses_are_answered_in_a_sentence(house: House, method: str, path: str, status: int) -> None:
    answer = house.app.test_client().open(path, method=method)

    assert answer.status_code == status
    assert ("地址" in answer.get_data(as_text=True)) or answer.json["detail"]


def test_machines_that_watch_get_their_answers(house: House) -> None:
    client = house.app.test_client()

    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}
    assert client.get("/version").json["name"] == "workflow-service"
    assert "workflow_tasks_open 0.0" in client.get("/metrics").get_data(as_text=True)
