"""What differs between two versions: side by side on the diagrams, and line by line for everything else."""

from collections import Counter
from typing import Any

import flask
from flask_babel import gettext as _

from workflow_service.bundles import diff, publish
from workflow_service.identity.permissions import Permission
from workflow_service.web import guard, i18n, owner, visit

pages = flask.Blueprint("differences", __name__, url_prefix="/bundles")


@pages.get("/<int:bundle_id>/differences")
@guard.needs(Permission.BUNDLE_READ)
def show(bundle_id: int) -> str:
    """The differences of a version or draft from another one, by default from the one it was made from."""
    with visit.reading() as session:
        new = publish.by_id(session, bundle_id)
        other = visit.whole_of("with", 0, 0, 10**9)
        old = publish.by_id(session, other) if other else publish.by_hash(session, new.base or new.hash)
        before, after = owner.as_bundle(session, old), owner.as_bundle(session, new)
        found = diff.diff(before, after)
        files = Counter(one.file for one in found.changes)
        chosen = visit.text_of("file", 160) or next(iter(files), "")
        return flask.render_template(
            "differences.html",
            old=old,
            new=new,
            files=files,
            titles={name: owner.title_of(name, after.files.get(name) or before.files[name]) for name in files},
            chosen=chosen,
            rows=[_row(one) for one in found.changes if one.file == chosen],
            marks=found.marks(chosen),
            both=chosen.endswith(".bpmn")
            and {one.change for one in found.changes if one.file == chosen and not one.element} == set(),
        )


def _aspect(aspect: str) -> str:
    """A property as people call it; one without a word of its own by its last part."""
    known = {
        "name": _("名称"),
        "name_en": _("英文名称"),
        "title": _("标题"),
        "label": _("标签"),
        "required": _("必填"),
        "options": _("选项"),
        "help": _("说明"),
        "form": _("表单"),
        "due": _("办理期限"),
        "article": _("依据条款"),
        "lane": _("泳道"),
        "order": _("顺序"),
        "assignee": _("指定办理人"),
        "operation": _("服务操作"),
        "conditionExpression": _("条件"),
        "timerEventDefinition.timeDate": _("触发时间"),
        "sourceRef": _("来自"),
        "targetRef": _("通往"),
        "default": _("默认流向"),
        "set": _("写入数据"),
        "publish": _("向全案公布"),
        "show": _("旁示数据"),
        "label_en": _("英文标签"),
        "title_en": _("英文标题"),
        "body": _("正文"),
        "text": _("文字"),
        "kind": _("样式"),
        "when": _("出现条件"),
        "mandatory": _("必填项目"),
        "layout": _("版式"),
        "to": _("主送"),
        "copies": _("抄送"),
    }
    return str(known.get(aspect) or aspect.rpartition(".")[2])


def _told(one: diff.Change, text: str) -> str:
    """A value, and of what is new or gone all that is said of it, each line with what people call it."""
    if one.aspect or not text:
        return text
    mark = ": " if i18n.is_english() else "："
    lines = (line.partition(": ") for line in text.split("\n"))
    return "\n".join(f"{_aspect(what)}{mark}{rest}" if colon else what for what, colon, rest in lines)


def _row(one: diff.Change) -> dict[str, Any]:
    return {
        "change": one.change,
        "element": one.element,
        "name": _("正文第 %(n)s 段", n=one.element.partition(".")[2].rstrip("–"))
        if one.element.startswith("body.")
        else one.name,
        "aspect": _aspect(one.aspect),
        "before": _told(one, one.before),
        "after": _told(one, one.after),
        "text": one.text_en if i18n.is_english() else one.text,
    }
