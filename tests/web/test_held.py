"""What is posted from a page that has outlived its session is kept for its author until they are back."""

import html
from datetime import timedelta

from tests.web.conftest import Browser, House, hidden, meta_token

AWAY = timedelta(hours=2)


def held_task(house: House, number: str) -> str:
    """The page of a task that a clerk has claimed."""
    task = house.api("clerk_1", "GET", f"/tasks?scope=available&case={number}").json["items"][0]["id"]
    assert house.api("clerk_1", "POST", f"/tasks/{task}/claim").status_code == 200
    return f"/tasks/{task}"


def sign_in_again(browser: Browser, page: str, who: str) -> str:
    """Signs in on the page that kept the form; gives what comes next."""
    form = {"name": who, "password": "correct horse 1", "csrf": hidden(page, "csrf"), "held": hidden(page, "held")}
    answer = browser.client.post("/signin", data=form, follow_redirects=True)
    text = answer.get_data(as_text=True)
    browser.csrf = meta_token(text)
    return text


def test_a_form_sent_after_the_session_ended_comes_back_to_its_author_as_a_draft(house: House, opened: str) -> None:
    path = held_task(house, opened)
    clerk = house.browser("clerk_1")
    house.time += AWAY

    refused = clerk.post(path, reason="材料齐全，理由写了很久", act="submit")
    assert refused.status_code == 401
    page = refused.get_data(as_text=True)
    assert "没有丢失" in page
    assert "写了很久" not in page  # sealed: whoever sits there next cannot read it
    back = sign_in_again(clerk, page, "clerk_1")
    assert "您填写的内容还在" in back
    assert hidden(back, "reason") == "材料齐全，理由写了很久"
    shown = clerk.post(path, reason=hidden(back, "reason"), act="review").get_data(as_text=True)
    assert "尚未保存，也尚未提交" in shown
    assert "材料齐全，理由写了很久</textarea>" in shown
    kept = clerk.post(path, reason=hidden(back, "reason"), act="draft")

    assert kept.status_code == 303
    assert "材料齐全，理由写了很久" in clerk.get(path).get_data(as_text=True)


def test_what_is_saved_from_a_page_after_signing_out_elsewhere_is_kept(house: House) -> None:
    base = house.api("process_owner_1", "GET", "/bundles").json["items"][0]["hash"]
    owner = house.browser("process_owner_1")
    draft = owner.post("/bundles", base=base).location.split("?")[0]
    path, old = f"{draft}/text/forms/visit.json", owner.csrf
    text = owner.get(f"{draft}/raw/forms/visit.json").get_data(as_text=True).replace('"title": "', '"title": "改', 1)
    owner.post("/signout")

    refused = owner.post(path, csrf=old, text=text)
    back = sign_in_again(owner, refused.get_data(as_text=True), "process_owner_1")
    saved = owner.post(path, text=html.unescape(hidden(back, "text")))

    assert refused.status_code == 401
    assert saved.status_code == 303
    assert '"title": "改' in owner.get(f"{draft}/raw/forms/visit.json").get_data(as_text=True)


def test_nobody_else_gets_what_was_posted(house: House, opened: str) -> None:
    path = held_task(house, opened)
    clerk = house.browser("clerk_1")
    house.time += AWAY
    page = clerk.post(path, reason="只给自己看").get_data(as_text=True)

    other = sign_in_again(clerk, page, "chief_1")

    assert "只给自己看" not in other
    assert "您填写的内容还在" not in other


def test_a_wrong_password_does_not_lose_it(house: House, opened: str) -> None:
    path = held_task(house, opened)
    clerk = house.browser("clerk_1")
    house.time += AWAY
    page = clerk.post(path, reason="还在").get_data(as_text=True)

    form = {"name": "clerk_1", "password": "wrong", "csrf": hidden(page, "csrf"), "held": hidden(page, "held")}
    again = clerk.client.post("/signin", data=form).get_data(as_text=True)

    assert hidden(sign_in_again(clerk, again, "clerk_1"), "reason") == "还在"


def test_a_page_of_an_earlier_session_offers_its_form_again(house: House, opened: str) -> None:
    path = held_task(house, opened)
    clerk = house.browser("clerk_1")
    old = clerk.csrf
    clerk.client.delete_cookie("session")
    clerk.sign_in("clerk_1")

    answer = clerk.client.post(path, data={"csrf": old, "reason": "另一个标签页里写的", "act": "submit"})

    assert answer.status_code == 403
    assert hidden(answer.get_data(as_text=True), "reason") == "另一个标签页里写的"


def test_a_form_with_a_forged_token_is_not_kept(house: House, opened: str) -> None:
    path = held_task(house, opened)
    clerk = house.browser("clerk_1")

    answer = clerk.client.post(path, data={"csrf": "guessed", "reason": "x"})

    assert answer.status_code == 403
    assert 'name="reason"' not in answer.get_data(as_text=True)


def test_what_a_page_brings_back_cannot_be_made_up(house: House) -> None:
    browser = Browser(house.app.test_client())
    page = browser.client.get("/signin").get_data(as_text=True)

    form = {"name": "clerk_1", "password": "correct horse 1", "csrf": hidden(page, "csrf"), "held": "gAAAAABmade-up"}

    assert browser.client.post("/signin", data=form).status_code == 303


def test_a_new_application_comes_back_in_its_form(house: House) -> None:
    applicant = house.browser("applicant_1")
    house.time += AWAY
    page = applicant.post("/start/intake", matter="加装电梯").get_data(as_text=True)

    back = sign_in_again(applicant, page, "applicant_1")
    shown = applicant.post("/start/intake", matter=hidden(back, "matter"), act="review").get_data(as_text=True)

    assert "尚未保存，也尚未提交" in shown
    assert 'value="加装电梯"' in shown
