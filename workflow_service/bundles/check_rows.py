"""Whether each rule of a table gives a result and names the article it rests on: what is decided must be traceable."""

from collections.abc import Iterator
from functools import lru_cache

from workflow_service import dmn
from workflow_service.bundles.rules import Place, fault
from workflow_service.dmn import elements, naming, trace
from workflow_service.errors import Finding


@lru_cache(maxsize=64)
def faults(content: bytes, name: str, articles: frozenset[str]) -> tuple[Finding, ...]:
    """The rules of a file's tables that lack a result or an article, or name an unknown one; a broken file is told elsewhere."""
    try:
        parts = dmn.read(content).parts.own
    except dmn.DmnError:
        return ()
    tables = [one for one in naming.walk(parts.decisions, parts.knowledge) if isinstance(one, elements.Table)]
    return tuple(found for table in tables for rule in table.rules for found in _rule(table, rule, name, articles))


def _rule(table: elements.Table, rule: elements.Rule, name: str, articles: frozenset[str]) -> Iterator[Finding]:
    where = Place(name, rule.id, rule.place.line or 1)
    if not any(cell.text for cell in rule.outputs):
        message = (f"{rule.place.zh}：没有写明结果", f"{rule.place.en} gives no result")
        yield fault("D13", where, message, ("填写输出列，或删除这条规则", "fill in its outputs, or delete the rule"))
    basis = dict(zip(table.annotations, rule.notes, strict=False)).get(trace.ARTICLE, "")
    if not basis:
        message = (f"{rule.place.zh}：没有写明依据", f"{rule.place.en} names no article")
        fix = (f"在“{trace.ARTICLE}”列写明条款，如 14 或 6(4)", "name the article beside the rule, as 14 or 6(4)")
        yield fault("D13", where, message, fix, "warning")
    for one in basis.replace("，", ",").replace("、", ",").split(","):
        if one.strip() and articles and one.replace("（", "(").split("(", 1)[0].strip() not in articles:
            message = (
                f"{rule.place.zh}：引用的第 {one.strip()} 条不在 articles.json 中",
                f"{rule.place.en} refers to article {one.strip()}, which articles.json lacks",
            )
            fix = ("改为 articles.json 中的条号", "use an article of articles.json")
            yield fault("R11", where, message, fix, "warning")
