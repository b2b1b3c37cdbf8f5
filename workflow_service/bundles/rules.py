"""The rules that a bundle is checked by: a stable code for each, with its title; ``bpmn/README.md`` lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workflow_service.bundles import form_reader, letters
from workflow_service.errors import Finding

#: code → title in Chinese and English; a code is never given to another rule
RULES: Mapping[str, tuple[str, str]] = {
    "X01": ("文件是格式正确、不含 DTD、大小有限的 XML", "A file is well-formed XML without a DTD and of bounded size"),
    "X02": ("JSON 文件可以读取，键不重复", "A JSON file can be read and repeats no key"),
    "X04": ("流程包内至少有一个流程", "A bundle holds at least one process"),
    "X05": ("压缩包可以安全解开，只含流程包的文件", "An archive unpacks safely and holds files of a bundle only"),
    "S01": ("元素编号齐全、唯一，不用引擎保留字", "Element ids are present, unique and not reserved"),
    "S02": ("每个文件一个流程，编号不与别的流程重复", "One process per file, with an id of its own"),
    "S03": ("每个流程不超过 300 个节点", "A process has at most 300 nodes"),
    "S04": ("流程和子流程有开始事件", "Processes and sub-processes have a start event"),
    "S05": ("流向的两端都在同一流程中", "Both ends of a flow lie in the same process"),
    "S06": ("任务只有一条流出的流向，分支用网关", "A task has one outgoing flow; gateways fork"),
    "S07": (
        "条件只写在网关流出的流向上，每条都有条件或为默认",
        "Conditions stand on flows out of gateways, each has one or is the default",
    ),
    "S08": ("只使用引擎支持的元素", "Only elements that the engine supports"),
    "S09": ("图中没有脚本", "No scripts in diagrams"),
    "S10": ("事件类型用在允许的位置", "Kinds of events stand where they are allowed"),
    "S11": ("定时器用 FEEL 算出的日期时间，不用 P5D", "Timers are dates computed in FEEL, never P5D"),
    "S12": ("服务任务写明操作", "A service task names its operation"),
    "S13": ("决策任务写明决策", "A business rule task names its decision"),
    "S14": ("多实例有且只有一个集合或数量", "Multi-instance has exactly one collection or cardinality"),
    "S15": ("每个节点都可从开始事件到达", "Every node can be reached from a start event"),
    "S16": ("每个节点都通向结束事件", "Every node leads to an end event"),
    "S17": ("排他和包容网关有默认流向", "Exclusive and inclusive gateways have a default flow"),
    "S18": ("文件名等于流程编号", "The file name is the process id"),
    "S19": (
        "编号用小写英文和下划线，不用编辑器默认编号",
        "Ids are lower-case words with underscores, never editor defaults",
    ),
    "S20": (
        "事件网关至多接一个定时器，只接捕获事件",
        "An event gateway has one timer at most and leads to catch events only",
    ),
    "S21": ("自动循环中必有等待的步骤", "A loop holds a step that waits"),
    "S22": ("节点有中文名称", "Nodes have a Chinese label"),
    "S23": ("节点和带名称的流向有英文名称 name_en", "Nodes, and flows with a label, have an English name in name_en"),
    "S24": ("人工任务在泳道中", "User tasks stand in a lane"),
    "S25": ("每个节点都画在图上，坐标是数字", "Every node is drawn, with numeric coordinates"),
    "S26": ("流程标记为可执行", "Processes are marked executable"),
    "S27": ("没有其他引擎专用的扩展", "No extensions for other engines"),
    "S28": ("人工任务不因超时而自动通过", "No user task is passed by a time-out"),
    "S29": ("扩展属性的名称已知", "Extension properties have known names"),
    "R01": ("被调用的流程存在且不循环调用", "Called processes exist and never call themselves"),
    "R02": ("任务的表单存在", "The form of a task exists"),
    "R03": ("泳道在 roles.json 中对应已知角色", "roles.json maps each lane to a known role"),
    "R04": ("服务操作存在", "The operation of a service task exists"),
    "R05": ("服务参数的名称与操作一致，必填的齐全", "Service parameters fit the operation, none required is missing"),
    "R06": ("决策表文件存在", "The called decision exists"),
    "R07": ("文书模板存在，必填的项目都有来处", "Letter templates exist, and their mandatory fields are given"),
    "R08": ("消息有发出者也有接收者", "Messages have a sender and a receiver"),
    "R09": ("信号有发出者也有接收者", "Signals have a sender and a receiver"),
    "R10": ("roles、priority 等属性的取值有效", "Properties such as roles have valid values"),
    "R11": ("引用的条款在 articles.json 中", "Articles referred to stand in articles.json"),
    "R12": ("roles.json、articles.json 的结构正确", "roles.json and articles.json have the right shape"),
    "R13": ("每个表单都有任务或消息使用", "Every form is used by a task or a message"),
    **form_reader.RULES,
    **letters.RULES,
    "D01": ("决策表文件可以读取", "A decision file can be read"),
    "D02": ("决策与文件同名", "A decision is named after its file"),
    "D03": ("单元格的 FEEL 书写正确", "The FEEL of cells is well written"),
    "D04": ("单元格中的名称存在", "Names in cells exist"),
    "D05": ("单元格的类型与列一致", "Cells fit the type of their column"),
    "D06": ("单元格的值在列的取值之内", "Cells use values that the column allows"),
    "D07": ("决策的输入有人提供", "Something provides a decision's inputs"),
    "D08": ("唯一命中的规则不重叠", "Rules of a unique table do not overlap"),
    "D09": ("唯一命中的规则没有遗漏", "Rules of a unique table leave no gap"),
    "D10": ("每条规则都可能命中", "Every rule can match"),
    "D11": ("任一命中的规则结果一致", "Rules of an ANY table agree"),
    "D12": ("决策表大小有限，可以查全", "A table is small enough to be examined fully"),
    "D13": ("每条规则都写明结果和依据", "Every rule gives a result and names its article"),
    "E01": ("FEEL 表达式书写正确", "FEEL expressions are well written"),
    "E02": ("FEEL 中的名称存在", "Names used in FEEL exist"),
    "E03": ("条件给出是或否，集合给出列表", "A condition gives true or false"),
    "E04": ("期限和定时器给出日期", "Limits and timers give a date"),
    "E05": (
        "流向的条件随案件变化，比较的是可能填写的内容",
        "Conditions of flows depend on the case and compare what can be filled in",
    ),
    "L01": (
        "C1 签发前任何时候都能提出陈述申辩（第16条）",
        "C1 statements are taken at any time until signing (art. 16)",
    ),
    "L02": (
        "C2 容错决定同时启动责令纠错，期限5个工作日（第17条）",
        "C2 a tolerant decision starts correction within 5 working days (art. 17)",
    ),
    "L03": (
        "C3 简易须两项条件并存，小组任一条件，另有默认路径（第14、15条）",
        "C3 simple needs both conditions, panel either, and there is a default (arts. 14, 15)",
    ),
    "L04": (
        "C4 简易办理前须完成调查，由党委（党组）集体研究（第14条）",
        "C4 the simple path follows a completed investigation and is decided by the committee (art. 14)",
    ),
    "L05": (
        "C5 不予容错须先集体认定再移送问责（第18条）",
        "C5 accountability follows a collective determination (art. 18)",
    ),
    "L06": (
        "C6 容错后有结果运用、回访和澄清（第19条）",
        "C6 result use, follow-up and clarification follow a tolerant decision (art. 19)",
    ),
    "L07": (
        "C7 小组成员各自评议，五类人员齐全（第15条）",
        "C7 every panel member evaluates; five categories are covered (art. 15)",
    ),
    "L08": ("C8 决定泳道中只有人工任务", "C8 nothing decides automatically in a decision lane"),
    "L09": ("C9 每种结局都归档", "C9 every end reaches the archive"),
    "V01": ("县区变体文件的结构正确", "A variant file has the right shape"),
    "V02": (
        "变体的操作指向存在的流程、环节、表单和项目",
        "A variant's operations name processes, elements, forms and fields that exist",
    ),
    "V03": ("变体只能增加或收紧，不能放宽（第22条）", "A variant adds or tightens and never loosens (art. 22)"),
    "V04": ("变体不能改变、删除规定明确的要素", "A variant leaves alone what the regulation sets"),
    "V05": (
        "变体的文件由上级模型加操作得出，从不是副本",
        "A variant's files follow from its parent and its operations, never from a copy",
    ),
    "V06": ("变体建立在上级的现行版本上", "A variant builds on its parent's version in force"),
    "V07": ("上级改版后各县区变体仍能套用", "Every variant can be carried out on a new version of its parent"),
    "V08": ("草稿建立在市级的现行版本上", "A draft builds on the city's version in force"),
    "N01": ("情景文件的结构正确", "A scenario file has the right shape"),
    "N02": ("情景只提流程包中有的流程、环节和消息", "A scenario names processes, steps and messages of the bundle"),
    "N03": ("每个人工环节都有情景走到", "A scenario comes to every user task"),
    "P01": ("引擎能够编译整个流程包", "The engine compiles the whole bundle"),
}


@dataclass(frozen=True)
class Place:
    """Where a fault lies: the file, the element's id, the line (0 when unknown)."""

    file: str
    element: str = ""
    line: int = 0


def fault(
    rule: str,
    place: Place,
    message: tuple[str, str],
    fix: tuple[str, str],
    severity: Literal["error", "warning", "info"] = "error",
) -> Finding:
    """A finding; message and fix are (Chinese, English)."""
    return Finding(rule, severity, place.file, place.element, place.line, message[0], message[1], fix[0], fix[1])
