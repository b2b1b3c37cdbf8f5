"""A typical case enters the library with the step that publishes it, without names, and is found by its words."""

from collections.abc import Iterator

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import at
from workflow_service import errors
from workflow_service.cases import incidents, involvement, library, tasks
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, looks, tables
from workflow_service.storage.library import TypicalCase

LIFTS = {
    "title": "老旧小区加装电梯的容缺受理",
    "summary": "为方便群众，窗口先受理后补件，\n后有一户反对“未签字”。",
    "codes": ["9.4", "8.1"],
    "lesson": "容缺清单应当公开。",
}


@pytest.fixture
def town(db: database.Database) -> city.City:
    return city.make(db, at(2026, 1, 5))


@pytest.fixture
def small(sqlite: database.Database) -> city.City:
    """The same where the kind of database makes no difference."""
    return city.make(sqlite, at(2026, 1, 5))


def publish(town: city.City, **given: object) -> str:
    """Anonymised, consented to, approved; gives the number of its case."""
    number = town.open("clerk_1", "typical_case", **{**LIFTS, **given})
    town.settle()
    town.perform(number, "ask_subject_consent", agree=True)
    town.perform(number, "approve_typical_case", approved=True)
    town.settle()
    return number


def publish_naming(town: city.City, name: str) -> str:
    """Anonymised and approved, while whom the source case is about turns out to be called so; gives the source."""
    source = town.open("applicant_1", "intake", **answers.application("9.4"))
    number = town.open(
        "clerk_1", "typical_case", **{**LIFTS, "source_case": source, "lesson": f"{name}的做法值得推广。"}
    )
    town.settle()
    with town.work() as session:
        case = session.query(tables.Case).filter_by(number=source).one()
        first, *others = case.shared["subjects"]
        case.shared = {**case.shared, "subjects": [{**first, "name": name}, *others]}
    town.perform(number, "ask_subject_consent", agree=True)
    town.perform(number, "approve_typical_case", approved=True)
    town.settle()
    return source


def found(town: city.City, q: str = "", code: str = "", by: str = "applicant_1") -> list[str]:
    with town.look() as session:
        return [one.title for one in library.listed(session, town.actor(by), library.Wanted(q, code)).items]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[city.City]:
    if request.param == "postgres":
        url = request.getfixturevalue("new_postgres")()
    else:
        path = tmp_path_factory.mktemp("library") / "one.db"
        path.write_bytes(request.getfixturevalue("migrated_sqlite"))
        url = f"sqlite:///{path}"
    opened = database.open_database(url)
    town = city.make(opened, at(2026, 1, 5))
    publish(town)
    yield town
    opened.engine.dispose()


def test_it_enters_the_library_in_the_step_that_publishes_it(town: city.City) -> None:
    number = town.open("clerk_1", "typical_case", source_case="RC-2025-00007", **LIFTS)
    town.settle()
    town.perform(number, "ask_subject_consent", agree=True)
    before = found(town)
    town.perform(number, "approve_typical_case", approved=True)
    town.settle()

    with town.look() as session:
        row = session.query(TypicalCase).one()
    returned = next(one for one in reversed(town.journal(number)) if one.kind == "returned")
    assert before == []
    assert (row.id, row.case_id) == ("容错例〔2026〕1号", town.case(number).id)
    assert (row.title, row.codes) == (LIFTS["title"], LIFTS["codes"])
    assert row.content == {"summary": LIFTS["summary"], "lesson": LIFTS["lesson"]}  # nothing of where it came from
    assert row.published_at == returned.at


@pytest.mark.parametrize("step", ["ask_subject_consent", "approve_typical_case"])
def test_without_consent_or_approval_it_does_not(small: city.City, step: str) -> None:
    number = small.open("clerk_1", "typical_case", **LIFTS)
    small.settle()
    if step == "ask_subject_consent":
        small.perform(number, step, agree=False)
    else:
        small.perform(number, "ask_subject_consent", agree=True)
        small.perform(number, step, approved=False, reason="再核实")
    small.settle()

    assert found(small) == []


def test_only_whom_the_source_case_is_about_consents_to_it(small: city.City) -> None:
    application = answers.application("9.4")
    subjects = [
        {**application["subjects"][0], "account": "party_2"},
        {**application["subjects"][0], "name": "另一单位"},
    ]
    source = small.open("applicant_1", "intake", **{**application, "subjects": subjects})
    number = small.open("clerk_1", "typical_case", source_case=source, **LIFTS)
    small.settle()

    with small.look() as session:
        waiting = {one.assignee: one for one in looks.open_tasks(session, case_id=small.case(number).id)}
        stranger, subject = (small.actor(name) for name in ("party_1", "party_2"))
        assert set(waiting) == {"party_2", None}
        assert not involvement.candidate(stranger, waiting["party_2"])
        assert involvement.candidate(subject, waiting["party_2"])
        assert involvement.candidate(stranger, waiting[None])  # nobody's account is known: whoever acts for the subject


def test_whom_the_source_case_is_about_cannot_be_named(small: city.City) -> None:
    source = small.open("applicant_1", "intake", **answers.application("9.4"))
    name = small.shared(source)["subjects"][0]["name"]

    with pytest.raises(errors.Invalid) as refused:
        small.open("clerk_1", "typical_case", **{**LIFTS, "source_case": source, "lesson": f"{name}的做法值得推广。"})

    assert [(one.field, one.code, dict(one.params)) for one in refused.value.errors] == [
        ("lesson", "named", {"name": name})
    ]


def test_a_case_of_another_place_is_written_up_there(small: city.City) -> None:
    source = small.open("applicant_1", "intake", **answers.application("9.4"))

    with pytest.raises(errors.Invalid) as refused:
        small.open("clerk_east_1", "typical_case", source_case=source, **LIFTS)

    assert [one.field for one in refused.value.errors] == ["source_case"]


def test_what_comes_back_is_looked_at_for_names_again(small: city.City) -> None:
    source = small.open("applicant_1", "intake", **answers.application("9.4"))
    name = small.shared(source)["subjects"][0]["name"]
    number = small.open("clerk_1", "typical_case", source_case=source, **LIFTS)
    small.settle()
    small.perform(number, "ask_subject_consent", agree=True)
    task = small.task(number, "approve_typical_case")
    with small.work() as session:
        tasks.claim(session, small.actor("chief_1"), small.time, task)
        tasks.send_back(session, small.actor("chief_1"), small.time, task, "anonymise_case", "再改")

    with pytest.raises(errors.Invalid) as refused:
        small.perform(number, "anonymise_case", **{**LIFTS, "source_case": source, "title": f"{name}加装电梯"})
    with pytest.raises(errors.Invalid) as exchanged:
        small.perform(number, "anonymise_case", **{**LIFTS, "source_case": "RC-2020-00001"})

    assert [one.field for one in refused.value.errors] == ["title"]
    assert [one.field for one in exchanged.value.errors] == ["source_case"]


def test_whom_the_source_case_is_about_meanwhile_is_not_published_and_the_repair_goes_on(small: city.City) -> None:
    source = publish_naming(small, "张新")

    with small.look() as session:
        incident = session.query(tables.Incident).one()
    assert found(small) == [] and "张新" in incident.cause and "脱敏" in incident.cause

    with small.work() as session:
        fixed = {"case": {**LIFTS, "source_case": source}}
        incidents.repair(session, small.actor("operator_1"), small.time, incident.id, fixed, "去掉名称")
    small.settle()
    assert found(small) == [LIFTS["title"]]


def test_what_an_operator_enters_by_hand_in_place_of_a_failed_call_is_in_the_library(small: city.City) -> None:
    publish_naming(small, "张新")
    with small.look() as session:
        incident = session.query(tables.Incident).one()

    with small.work() as session:
        entered = {**LIFTS, "library_id": "容错例〔2026〕1号"}
        incidents.skip(session, small.actor("operator_1"), small.time, incident.id, entered, "已手工脱敏")

    assert found(small) == [LIFTS["title"]]


@pytest.mark.parametrize(
    ("q", "code", "hit"),
    [
        ("电梯", "", True),  # in the title
        ("清单应当", "", True),  # in the lesson
        ("电梯 公开", "", True),  # all words, wherever they stand
        ("电梯 地铁", "", False),
        ("“未签字”", "", True),
        ("9.4", "", True),  # a code
        ("", "8.1", True),
        ("", "8", False),  # a code is whole
        ("", "9.4%", False),
        ("%", "", False),  # signs stand for themselves
        ("_", "", False),
        ("\\n", "", False),  # how a line break is kept is no text
        ('"', "", False),
        ("lesson", "", False),  # nor are the names of the parts
        ("summary", "", False),
    ],
)
def test_it_is_found_by_its_words_and_its_situations(published: city.City, q: str, code: str, hit: bool) -> None:
    assert (found(published, q, code) == [LIFTS["title"]]) is hit


def test_latin_letters_are_found_whatever_their_case(town: city.City) -> None:
    publish(town, title="APP 上线", lesson="先试点 Beta 版")

    assert found(town, "app") == found(town, "BETA") == ["APP 上线"]


def test_the_newest_comes_first_and_pages_follow_one_another(small: city.City) -> None:
    for n in range(3):
        publish(small, title=f"案例{n}")
        small.wait(days=1)
    actor, seen, after = small.actor("party_1"), [], ""

    with small.look() as session:
        for _ in range(3):
            page = library.listed(session, actor, library.Wanted(), after, 1)
            seen += [one.title for one in page.items]
            after = page.next or ""
            assert page.total == 3
        assert (seen, after) == (["案例2", "案例1", "案例0"], "")
        with pytest.raises(errors.Invalid):
            library.listed(session, actor, library.Wanted(), "容错例〔1999〕1号")


def test_the_situations_in_use_stand_in_the_order_of_the_articles(small: city.City) -> None:
    publish(small, codes=["12", "10.1", "9.4"])
    publish(small, codes=["4.1", "9.4"])

    with small.look() as session:
        assert library.codes_in_use(session, small.actor("auditor_1")) == ["4.1", "9.4", "10.1", "12"]


def test_only_who_may_read_the_file_learns_its_number(small: city.City) -> None:
    number = publish(small)

    def file(by: str) -> str | None:
        with small.look() as session:
            return library.find(session, small.actor(by), "容错例〔2026〕1号").file

    assert (file("clerk_1"), file("auditor_1"), file("clerk_west_1"), file("applicant_1")) == (
        number,
        number,
        None,
        None,
    )


def test_nobody_without_a_role_reads_it(small: city.City) -> None:
    nobody = Actor(0, "nobody", "", frozenset(), "", "city")

    with small.look() as session:
        for ask in (
            lambda: library.listed(session, nobody, library.Wanted()),
            lambda: library.find(session, nobody, "x"),
            lambda: library.codes_in_use(session, nobody),
        ):
            with pytest.raises(errors.NotAllowed):
                ask()


def test_what_a_diagram_leaves_out_is_named(small: city.City) -> None:
    number = publish(small)
    case = small.case(number)

    with small.work() as session, pytest.raises(errors.CannotAdvance, match="lesson"):
        library.enter(session, small.time, case, {"library_id": "1", "title": "一", "codes": ["12"], "summary": "二"})
