"""Small pages that hold one island each, served with the same security headers as the real ones."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request

from tests.bundles import city
from workflow_service import dmn, feel
from workflow_service.web import assets

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "workflow_service" / "web" / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
EDITORS = ("modeler", "dmn")

PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{island}</title>
<meta name="viewport" content="width=device-width"><meta name="csrf-token" content="token-1"><meta name="actor" content="wang">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"><link rel="stylesheet" href="{css}"></head>
<body><header><strong>流程办理平台</strong></header><main tabindex="-1"><h1>{title}</h1><div data-island="{island}" {data}></div></main>
<script type="module" src="{js}"></script></body></html>"""

CSS = """body{margin:0;background:#f4f6f9;font:16px/1.65 "Noto Sans CJK SC",system-ui;color:#1b2430}
header{background:#0b4fa8;color:#fff;padding:.75rem 1.5rem}main{padding:.5rem 1.5rem 2rem}h1{font-size:1.35rem;margin:.5rem 0}"""

ISLANDS = {
    "viewer": (
        "当前环节",
        'data-diagram=\'/bundle/simple_case.bpmn\' data-marks=\'{"current":["record_meeting"],"done":["begin_simple_case","draft_simple_decision"]}\' '
        'data-lanes=\'{"受理机关经办":"Clerk","党委（党组）":"Party committee","系统":"System"}\'',
    ),
    "replay": ("办理过程回放", "data-steps='/steps'"),
    "modeler": (
        "编辑流程图",
        "data-name='{file}' data-diagram='/bundle/{file}' data-catalog='/catalog' data-check='/check' data-save='/save' data-version='v1'",
    ),
    "dmn": (
        "编辑决策表",
        "data-name='route.dmn' data-diagram='/bundle/route.dmn' data-check='/check' data-save='/save' data-try='/try'",
    ),
    "diff": (
        "版本对比",
        "data-before='/bundle/simple_case.bpmn' data-after='/bundle/simple_case.bpmn' "
        'data-marks=\'{"added":["issue_minutes"],"removed":["check_meeting"],"changed":["record_meeting"],"moved":[]}\'',
    ),
}


def create() -> Flask:
    """The demo pages; what the editors send is kept in ``app.config["SENT"]``."""
    app = Flask(__name__, static_folder=str(STATIC), static_url_path="/static")
    app.config["SENT"] = []
    _pages(app)
    _data(app)
    _editing(app, app.config["SENT"])

    @app.after_request
    def guarded(answer: Response) -> Response:
        editing = request.path.strip("/") in EDITORS
        answer.headers["Content-Security-Policy"] = POLICY + ("; style-src-attr 'unsafe-inline'" if editing else "")
        return answer

    return app


def _pages(app: Flask) -> None:
    built = assets.Assets(STATIC)

    @app.get("/<island>")
    def page(island: str) -> str:
        title, data = ISLANDS[island]
        data = data.replace("{file}", request.args.get("file", "simple_case.bpmn"))
        files = {"css": built.url(f"{island}.css"), "js": built.url(f"{island}.js")}
        return PAGE.format(island=island, title=title, data=data, lang=request.args.get("lang", "zh-CN"), **files)

    @app.get("/page.css")
    def css() -> Response:
        return Response(CSS, mimetype="text/css")


def _data(app: Flask) -> None:
    @app.get("/bundle/<name>")
    def file(name: str) -> Response:
        return Response(city.bundle().files[name], mimetype="application/xml", headers={"X-Bundle-Hash": "hash-2"})

    @app.get("/steps")
    def steps() -> Response:
        return jsonify(story())

    @app.get("/catalog")
    def catalog() -> Response:
        return jsonify(CATALOG)


def _editing(app: Flask, sent: list[tuple[str, str, bytes, dict[str, str]]]) -> None:
    def keep(kind: str) -> None:
        sent.append((kind, request.mimetype, request.get_data(), dict(request.headers)))

    @app.post("/check")
    def check() -> Response:
        keep("check")
        return jsonify({"valid": False, "findings": FINDINGS})

    @app.put("/save")
    def save() -> Response:
        keep("save")
        return jsonify({"hash": "v2"})

    @app.post("/try")
    def attempt() -> Response:
        keep("try")
        trace = dmn.read((ROOT / "bpmn" / "route.dmn").read_bytes()).decide_traced(
            "route", {"complex": True}, feel.Env()
        )
        return jsonify({"result": trace.to_json()["value"], "trace": trace.to_json()})


FINDINGS = [
    {
        "rule": "R02", "severity": "error", "file": "simple_case.bpmn", "element": "record_meeting", "line": 52,
        "message": "“record_meeting”的表单不存在", "message_en": "no such form", "fix": "新建表单", "fix_en": "add the form",
    },
    {
        "rule": "S23", "severity": "warning", "file": "intake.bpmn", "element": "apply", "line": 3,
        "message": "没有英文名称", "message_en": "no English name", "fix": "填写 name_en", "fix_en": "fill in name_en",
    },
    {
        "rule": "D03", "severity": "error", "file": "route.dmn", "element": "impact_to_panel_output_2", "line": 130,
        "message": "“理由”写法有误", "message_en": "malformed", "fix": "改正", "fix_en": "correct it",
    },
]  # fmt: skip

CATALOG: dict[str, Any] = {
    "forms": [
        {"id": "record_meeting", "title": "集体研究记录", "title_en": "Meeting"},
        {"id": "visit", "title": "回访", "title_en": "Visit"},
    ],
    "operations": [
        {
            "name": "assessment.check_meeting",
            "title": "核对会议与表决",
            "summary": "核对到会与表决",
            "parameters": [
                {"name": "record", "required": True, "type": "dict", "doc": "会议记录"},
                {"name": "options", "required": False, "type": "list", "doc": "可选结果"},
            ],
        }
    ],
    "processes": [{"id": "panel", "name": "认定小组"}],
    "decisions": [{"id": "route", "name": "认定路径"}],
    "articles": [{"id": "14", "summary": "简易认定"}],
    "lanes": [{"name": "系统"}, {"name": "党委（党组）"}],
    "messages": ["case_accepted"],
    "signals": ["reroute"],
    "roles": [{"code": "clerk", "name": "受理机关经办"}],
}


def story() -> dict[str, Any]:
    """A short case: begun, proposed, discussed twice, decided, handed to the other process."""
    ways = [
        ("begin_simple_case", "", "draft_simple_decision", "begin_simple_case_to_draft_simple_decision", "开始办理"),
        ("draft_simple_decision", "", "record_meeting", "draft_simple_decision_to_record_meeting", "起草决定建议"),
        ("record_meeting", "", "check_meeting", "record_meeting_to_check_meeting", "集体研究"),
        ("check_meeting", "", "is_simple_passed", "check_meeting_to_is_simple_passed", "核对表决"),
        ("is_simple_passed", "", "record_meeting", "is_simple_passed_to_record_meeting", "再次研究"),
        ("record_meeting", "", "check_meeting", "record_meeting_to_check_meeting", "集体研究"),
    ]
    visits: dict[str, int] = {}
    steps = []
    for entry, (gone, _, come, flow, what) in enumerate(ways, 1):
        visits[come] = visits.get(come, 0) + 1
        steps.append(
            {
                "entry": entry, "at_text": f"2026-09-18 09:{entry:02d}", "who": "李芳", "what": what, "note": "", "run": "r1",
                "run_name": "简易认定", "process": "simple_case", "hash": "ab12" * 16, "agrees": entry != 4,
                "moved": [
                    {"process": "simple_case", "element": gone, "visit": visits.get(gone, 1), "happened": "passed", "flow": ""},
                    {"process": "simple_case", "element": come, "visit": visits[come], "happened": "entered", "flow": flow},
                ],
                "tokens": [{"process": "simple_case", "element": come}],
                "diff": [
                    {"path": f"{gone}.proposal", "label": "拟定结果 › 处理建议", "names": {}, "before": None, "after": "EXEMPT"},
                    {"path": "case.status", "label": "案件 › 状态", "names": {}, "before": "registered", "after": "in_progress"},
                    {
                        "path": "case.outcomes", "label": "案件 › 认定结果", "names": {"subject_id": "对象", "granted": "同意"}, "before": None,
                        "after": [{"subject_id": "<b>s1</b>", "granted": True}],
                    },
                    {
                        "path": f"{gone}.by", "label": "经办", "names": {}, "before": None, "after": "clerk_1",
                        "people": {"clerk_1": "李芳"},
                    },
                ],
            }
        )  # fmt: skip
    last = {**steps[-1], "entry": 7, "what": "转认定小组", "process": "panel", "run_name": "认定小组", "diff": []}
    last["moved"] = [
        {
            "process": "panel",
            "element": "form_panel",
            "visit": 1,
            "happened": "entered",
            "flow": "is_panel_formed_to_form_panel",
        }
    ]
    last["tokens"] = [{"process": "panel", "element": "form_panel"}]
    names = {"simple_case": "简易认定", "panel": "认定小组"}
    diagrams = {one: f"/bundle/{one}.bpmn" for one in names}
    lanes = {"党委（党组）": "Party committee"}
    return {"diagrams": diagrams, "names": names, "lanes": lanes, "steps": [*steps, last]}
