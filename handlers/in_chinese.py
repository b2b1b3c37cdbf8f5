"""The operations in Chinese, for the process owners who call them: what each is called, what it does, what it takes.

The functions say the same in English. ``dispatch`` reads this table; a test holds it complete.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Told:
    """An operation: its short name, what it does, and what each of its parameters means."""

    title: str
    summary: str
    parameters: Mapping[str, str] = field(default_factory=dict)


_MEMBERS = "小组成员，每行有用户名 user、类别 category、单位 org"
_RETENTION = "保管期限：permanent（永久）、30（30年）或 10（10年），不填为 30"

WORDS: Mapping[str, Told] = {
    "archival.build_package": Told(
        "组成归档包",
        "把全案打成 BagIt 归档包；密封内容另成一包，前一包只收它的摘要。",
        {"retention": _RETENTION},
    ),
    "archival.check_completeness": Told("检查案卷齐全", "按案件所走的程序，逐项指出案卷还缺什么。"),
    "archival.close_case": Told(
        "定保管期限", "写明案卷保管到何时，从归档次年的1月1日起算。", {"retention": _RETENTION}
    ),
    "archival.publish_typical_case": Told(
        "编入案例库",
        "把脱敏后的案例编入典型案例库，并编案例号。",
        {"case": "“案例脱敏”表单的内容：标题 title、摘要 summary、情形 codes、启示 lesson、原案件 source_case"},
    ),
    "archival.test_properties": Told("四性检测", "按 DA/T 70 检测案卷的真实性、完整性、可用性、安全性。"),
    "assessment.assess_eligibility": Told(
        "形成适用参考意见",
        "汇总各决策表的结果，写成可否考虑容错及其理由，供研究时参考，不作决定。",
        {
            "facts": "调查报告认定的事实，每项为 yes、no、unknown 或所选的选项",
            "circumstances": "决策表比对出的适用情形，每行有情形 code、理由 reason、条款 article",
            "gate": "第二条各项前提的判断：是否具备 eligible、意见 advice、各项结果 gate、界限 boundary",
            "criteria": "第十三条四项标准的倾向：逐项 items、意见 advice",
        },
    ),
    "assessment.check_completeness": Told(
        "检查是否缺项",
        "指出所列各项中还有哪些没有。",
        {"what": "名称到内容的对照；没有值、空文字、空列表都算缺"},
    ),
    "assessment.check_meeting": Told(
        "核对到会与表决",
        "核对集体研究的会议是否有效：到会过半数，赞成过应到人数的半数。",
        {
            "record": "“集体研究记录”表单的内容：应到 members_due、实到 attendees、回避 recused、表决 votes、结果 outcomes",
            "options": "本程序可以作出的认定结果代码；不填为全部四种",
        },
    ),
    "assessment.check_panel": Told(
        "核对小组组成",
        "按第十五条核对认定小组的组成；不合要求时以 ERR_PANEL 转走。",
        {
            "members": _MEMBERS,
            "chair": "组长的用户名",
            "secretary": "秘书的用户名；秘书没有表决权",
            "missing_category_reason": "缺少某一类成员的原因；不填则五类人员都须有",
            "investigators": "本案调查人员的用户名；他们和下面两项的人都不得进入小组",
            "subjects": "本案对象，其所在单位不得有人进入小组",
            "witnesses": "本案证人的用户名",
            "recused": "已回避人员的用户名",
        },
    ),
    "assessment.check_panel_meeting": Told(
        "核对到会人数",
        "核对未回避成员的三分之二到会；人数不足时以 ERR_QUORUM 转走。",
        {
            "members": _MEMBERS,
            "recused": "已回避成员的用户名",
            "opinions": "已启封的评判意见，每条写明成员 member_id",
            "votes": "表决，每行有用户名 user 和 vote 或 outcome",
            "dissents_attached": "不同意见是否已附在记录之后",
            "attendees": "到会人员的用户名；不填则以参加表决的人为到会",
        },
    ),
    "assessment.open_opinions": Told(
        "启封评判意见",
        "评判结束后，按成员次序启封各人的意见，并统计各种认定建议。",
        {"element": "密封任务的环节编号", "members": f"应当提出意见的人：{_MEMBERS}"},
    ),
    "notification.assign_case_no": Told("编立案号", "受理后，在受理机关自己的登记簿上按年度连续编号，不留空号。"),
    "notification.issue_letter": Told(
        "印发公文",
        "按 GB/T 9704 的格式写成公文，连续编号不留空号，并收入案卷。",
        {
            "template": "文书模板的编号，如 T14_decision",
            "to": "主送单位或个人的名称；不填则用模板所写",
            "fields": "公文的内容；模板规定必填的项目没有值时不能印发",
            "subject_id": "公文所涉对象的编号",
            "dated": "成文日期；不填为当日",
            "attachments": "所附文件的名称",
            "tell": "公文发出后通知谁：每行写用户名 account，或对象编号 id；对象没有账号的，通知申请人",
        },
    ),
    "notification.notify": Told(
        "发通知",
        "在系统内发通知；填有电子邮箱的人另发邮件。",
        {
            "to": "用户名；或 role:clerk 这样的写法，指本地区担任该角色的所有人；或对象编号",
            "title": "中文标题",
            "text": "中文内容",
            "title_en": "英文标题",
            "text_en": "英文内容",
            "email": "是否同时发邮件",
        },
    ),
    "notification.send_correction_notice": Told(
        "发出纠错通知书",
        "印发纠错通知书，送给纠错对象，并判断是否在期限内发出。",
        {
            "notice": "通知书的内容：理由 reason、要求 requirements（内容 text、完成标准 measure_of_done）、"
            "整改期限 rectify_by、是否报告 report_required、督促机关 supervisor、所依据的决定 decision（文号 number、日期 date）",
            "object": "纠错对象：编号 id、姓名或名称 name、用户名 account",
            "due": "期限的最后一日：日期（到当日24时），或日期和时间",
        },
    ),
    "notification.serve": Told(
        "送达",
        "在系统内把已印发的公文送达对象；有人无法这样送达时以 ERR_SERVE 转走。",
        {
            "document": "“印发公文”的结果，或多份的列表；写明对象的，只送该对象",
            "recipients": "受送达的对象，每行有编号 id、姓名或名称 name、用户名 account",
            "channel": "in_app（系统内送达）；其他方式须由人办理",
        },
    ),
}
