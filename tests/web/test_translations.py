"""The English catalogue is complete, and pages asked for in English speak it."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import extract, frontend, mofile, pofile
from babel.messages.catalog import Catalog

from tests.web.conftest import Browser, House
from tests.web.test_pages import PAGES
from workflow_service import demo
from workflow_service.web import catalogue, i18n

ROOT = Path(__file__).parents[2]
PO = ROOT / "workflow_service/web/translations/en/LC_MESSAGES/messages.po"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
PLACE_NAMES = re.compile("|".join(demo.PLACES.values()))  # names, as those of people
KEPT_CHINESE = {"休", "班"}  # what people type into a calendar; the English text explains the two
DRAWN = {
    "受理机关经办",
    "提醒",
    "申请中止",
    "申请回避",
    "申请恢复",
    "申请重新认定",
}  # also names of lanes and diagrams: the bundle's
STRICT = {
    "operator_1": ["/operations", "/operations?tab=jobs", "/operations?tab=workers", "/operations?tab=closed"],
    "process_owner_1": ["/bundles", "/bundles/try"],
}


@pytest.fixture(scope="module")
def english() -> Catalog:
    with PO.open("rb") as file:
        return pofile.read_po(file)


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = frontend.parse_mapping_cfg(file)
    found = extract.extract_from_dir(ROOT / "workflow_service", _below(methods), _options(options))
    return {_first(message) for _file, _line, message, _comments, _context in found}


@pytest.fixture
def speaking(house: House, english: Catalog, tmp_path: Path) -> House:
    compiled = tmp_path / "translations/en/LC_MESSAGES"
    compiled.mkdir(parents=True)
    with (compiled / "messages.mo").open("wb") as file:
        mofile.write_mo(file, english)
    house.app.extensions["babel"].default_directories[:] = [str(tmp_path / "translations")]
    return house


def _first(message: str | tuple[str, ...]) -> str:
    """A sentence; of one that counts, the form for one."""
    return message if isinstance(message, str) else message[0]


def _below(methods: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(pattern.removeprefix("workflow_service/"), method) for pattern, method in methods]


def _options(options: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {pattern.removeprefix("workflow_service/"): chosen for pattern, chosen in options.items()}


def test_every_sentence_has_an_english_text(english: Catalog, sentences: set[str]) -> None:
    silent = {one for one in sentences if one not in english or not english[one].string}

    assert len(sentences) > 500
    assert silent == set()


def test_the_catalogue_holds_no_sentence_that_is_said_no_more(english: Catalog, sentences: set[str]) -> None:
    assert {_first(one.id) for one in english if one.id} - sentences == set()
    assert english.obsolete == {}


def test_english_texts_keep_their_placeholders_and_nobody_guessed_them(english: Catalog) -> None:
    for one in english:
        if one.id:
            assert sorted(PLACEHOLDER.findall(str(one.id))) == sorted(PLACEHOLDER.findall(str(one.string))), one.id
            assert not one.fuzzy, one.id


def test_english_texts_are_english(english: Catalog) -> None:
    left = {one.id for one in english if one.id and set(CHINESE.findall(str(one.string))) - KEPT_CHINESE}

    assert left == set()


def test_docstrings_and_records_are_no_sentences(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text('"""说明。"""\nA = "待办"\nB = f"第{A}条"\n\n\ndef f():\n    """说明。"""\n    raise E("没有")\n')

    with path.open("rb") as file:
        every = [one[2] for one in catalogue.literals(file, {}, (), {})]
        file.seek(0)
        raised = [one[2] for one in catalogue.literals(file, {}, (), {"raised": "yes"})]

    assert (every, raised) == (["待办", "没有"], ["没有"])


@pytest.mark.parametrize("who", PAGES)
def test_no_page_says_in_chinese_what_it_could_say_in_english(
    speaking: House, opened: str, sentences: set[str], who: str
) -> None:
    browser = speaking.browser(who)
    for path in PAGES[who]:
        to = path.format(case=opened, task=f"{opened}.r1.review_acceptance.1")

        said = set(_texts(browser, to))

        assert said & (sentences - DRAWN) == set(), to


@pytest.mark.parametrize("who", STRICT)
def test_desks_without_cases_have_no_chinese_but_the_name_of_who_is_signed_in(speaking: House, who: str) -> None:
    browser = speaking.browser(who)
    for path in STRICT[who]:
        said = [one for one in _texts(browser, path) if CHINESE.search(PLACE_NAMES.sub("", one))]

        assert len(said) == 2 and said[0] == "中文", path


def test_refusals_are_english(speaking: House) -> None:
    answer = speaking.api("clerk_1", "GET", "/cases/RC-0000-00000", headers={"Accept-Language": "en"})

    assert answer.json is not None
    assert answer.json["detail"] == "There is no case numbered “RC-0000-00000”, or you may not read it"
    assert answer.json["title"] == "Not found"


def _texts(browser: Browser, path: str) -> Iterator[str]:
    page = browser.get(path, headers={"Accept-Language": "en"}).get_data(as_text=True)
    yield from (html.unescape(one).strip() for one in re.findall(r">([^<>]+)<", page))


def test_names_of_lanes_processes_and_steps_follow_the_reader(house: House, opened: str) -> None:
    english = house.api("clerk_1", "GET", f"/tasks?scope=available&case={opened}", headers={"Accept-Language": "en"})
    chinese = house.api("clerk_1", "GET", f"/tasks?scope=available&case={opened}")

    named = [(one["items"][0]["name"], one["items"][0]["lane"]) for one in (english.json, chinese.json)]
    assert named == [("Review for acceptance", "Clerk of the accepting body"), ("受理审查", "受理机关经办")]


def test_diagrams_are_told_what_english_readers_call_the_lanes(house: House, opened: str) -> None:
    clerk, told = house.browser("clerk_1"), {}
    for language in ("en", "zh"):
        page = clerk.get(f"/tasks/{opened}.r1.review_acceptance.1", headers={"Accept-Language": language})
        (lanes,) = re.findall(r"data-lanes='([^']*)'", page.get_data(as_text=True))
        told[language] = json.loads(lanes)

    assert told["en"]["受理机关经办"] == "Clerk of the accepting body"
    assert told["en"]["系统"] == "System"
    assert told["zh"] == {}


@pytest.mark.parametrize(
    ("code", "chinese", "english"),
    [
        ("14", "第14条", "Article 14"),
        ("17(2)", "第17条（2）", "Article 17(2)"),
        ("4-12", "第4—12条", "Article 4-12"),
        ("2, 18", "第2条、第18条", "Article 2, 18"),
        ("附则", "附则", "Article 附则"),
    ],
)
def test_an_article_is_called_as_people_call_it(house: House, code: str, chinese: str, english: str) -> None:
    said = []
    for language in ("zh", "en"):
        with house.app.test_request_context(headers={"Accept-Language": language}):
            said.append(i18n.article(code))

    assert said == [chinese, english]
