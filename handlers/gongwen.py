"""Lays out official documents as DOCX in the geometry of GB/T 9704-2012: official form, letter form, minutes.

Fonts are named, none is shipped. Lengths are twips (1/1440 inch, 20 a point) unless a name says otherwise.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor, Twips

from handlers import letters, packing

SONG, FANG, HEI, KAI, PAGE = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

# A4 with a type area of 156 x 225 mm: head margin 37 mm (within its 1 mm of play, so that 22 lines of 580 fit), gutter 28 mm.
PAGE_WIDTH, PAGE_HEIGHT = 11906, 16838
MARGIN_TOP, MARGIN_BOTTOM, MARGIN_LEFT, MARGIN_RIGHT = 2096, 1982, 1586, 1472
TYPE_WIDTH = PAGE_WIDTH - MARGIN_LEFT - MARGIN_RIGHT
LINE_PITCH = 580  # 22 lines a page
CHAR_SPACE = -848  # 4096ths of a point: 28 characters of 16 pt a line
EM = 316  # a 16 pt character on that grid
SQUEEZE = -4  # the same pitch as spacing of the characters: LibreOffice gives a character wider than its cell two cells

_MM = 1440 / 25.4
_IMPRINT_ROW = 600
_RED, _BLACK = RGBColor(0xFF, 0, 0), RGBColor(0, 0, 0)
_EIGHTHS = {"thick": 8, "thin": 6}  # border widths: 0.35 mm and 0.25 mm in eighths of a point


@dataclass(frozen=True)
class Paper:
    """A letter with what it gets on issue.

    Args:
        letter: what it says. number: ``丽容错〔2026〕1号``. case_number: the number of the case.
        issuer: who signs. dated: the date of the document. printed: the day it was made.
    """

    letter: letters.Written
    number: str
    case_number: str
    issuer: str
    dated: date
    printed: date


def render(paper: Paper, at: datetime) -> bytes:
    """The document as DOCX; the same paper and time give the same bytes."""
    document = docx.Document()
    _page(document, paper.letter.layout == "letter")
    _default_font(document)
    {"official": _official_head, "letter": _letter_head, "minutes": _minutes_head}[paper.letter.layout](document, paper)
    _title(document, paper)
    _body(document, paper)
    _signature(document, paper)
    if paper.letter.layout != "letter":
        _imprint(document, paper)
    _properties(document, paper, at)
    buffer = io.BytesIO()
    document.save(buffer)
    return packing.restamped(buffer.getvalue(), at)


def mark_size(mark: str) -> float:
    """The size of the issuer's mark in points: large, yet within the width of the type area."""
    return min(48.0, TYPE_WIDTH / 20 / max(len(mark), 1) * 0.97)


def title_lines(title: str, width: int = 19) -> list[str]:
    """The title cut into lines of even length, never before a closing mark, so that it stands as a diamond or trapezoid."""
    count = -(-len(title) // width)
    if count < 2:
        return [title]
    size = -(-len(title) // count)
    lines, rest = [], title
    for left in range(count, 1, -1):
        cut = _cut(rest, min(size, -(-len(rest) // left)))
        lines.append(rest[:cut])
        rest = rest[cut:]
    return [*lines, rest]


def _cut(text: str, near: int) -> int:
    """Where to break a title near a place: after 的, 关于 or a closing mark if one is close, else there."""
    for step in (0, 1, -1, 2, -2, 3, -3):
        place = near + step
        if 2 < place < len(text) - 2 and text[place - 1] in "的》”、" and text[place] not in "》”、":
            return place
    return near + 1 if text[near : near + 1] in tuple("》”、）") else near


def _page(document: Any, letter: bool) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Twips(PAGE_WIDTH), Twips(PAGE_HEIGHT)
    section.top_margin, section.bottom_margin = Twips(MARGIN_TOP), Twips(MARGIN_BOTTOM)
    section.left_margin, section.right_margin = Twips(MARGIN_LEFT), Twips(MARGIN_RIGHT)
    section.footer_distance = Twips(int((35 - 7 - 5) * _MM))  # the number's upper edge 7 mm under the type area
    section.different_first_page_header_footer = letter
    document.settings.odd_and_even_pages_header_footer = True
    grid = section._sectPr.find(qn("w:docGrid"))
    grid = OxmlElement("w:docGrid") if grid is None else grid
    _set(grid, type="linesAndChars", linePitch=LINE_PITCH, charSpace=CHAR_SPACE)
    section._sectPr.append(grid)
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        footer.is_linked_to_previous = False
        _page_number(footer.paragraphs[0], side)


def _default_font(document: Any) -> None:
    normal = document.styles["Normal"]
    normal.font.size = Pt(16)
    _fonts(normal.element.get_or_add_rPr(), FANG, "Times New Roman")
    spacing, snap = OxmlElement("w:spacing"), OxmlElement("w:snapToGrid")
    _set(spacing, val=SQUEEZE)
    normal.element.rPr.insert_element_before(spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:lang")
    _set(snap, val=0)
    normal.element.get_or_add_pPr().insert_element_before(snap, "w:spacing", "w:ind", "w:jc")
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = Twips(LINE_PITCH)


def _official_head(document: Any, paper: Paper) -> None:
    mark = paper.letter.mark or f"{paper.issuer}文件"
    head = _line(document, mark, SONG, mark_size(mark), WD_ALIGN_PARAGRAPH.CENTER, _RED)
    head.paragraph_format.space_before = Twips(int(35 * _MM))
    head.paragraph_format.line_spacing = 1.0
    _blank(document, 2)
    number = _line(document, paper.number, FANG, 16, WD_ALIGN_PARAGRAPH.CENTER)
    _border(number, "bottom", "single", 12, "FF0000", space=11)  # 4 mm under the number, as wide as the type area
    _blank(document, 2)


def _minutes_head(document: Any, paper: Paper) -> None:
    mark = paper.letter.mark or f"{paper.issuer}纪要"
    head = _line(document, mark, SONG, mark_size(mark), WD_ALIGN_PARAGRAPH.CENTER, _RED)
    head.paragraph_format.space_before = Twips(int(25 * _MM))
    head.paragraph_format.line_spacing = 1.0
    _blank(document, 1)
    _line(document, paper.number, FANG, 16, WD_ALIGN_PARAGRAPH.CENTER)
    issued = _line(document, f"{paper.issuer}\t{letters.chinese_date(paper.dated)}", FANG, 16)
    issued.paragraph_format.tab_stops.add_tab_stop(Twips(TYPE_WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    _border(issued, "bottom", "single", 12, "FF0000", space=6)
    _blank(document, 2)


def _letter_head(document: Any, paper: Paper) -> None:
    """Mark 30 mm from the paper's edge, double lines 170 mm wide under it and 20 mm above the lower edge, page 1 unnumbered."""
    section = document.sections[0]
    section.header_distance = Twips(int(30 * _MM))
    section.first_page_footer.is_linked_to_previous = False
    mark = paper.letter.mark or paper.issuer
    head = section.first_page_header.paragraphs[0]
    _write(head, mark, SONG, mark_size(mark), _RED)
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    head.paragraph_format.line_spacing = 1.0
    _wide(head)
    _border(head, "bottom", "thickThinSmallGap", 24, "FF0000", space=11)
    foot = section.first_page_footer.paragraphs[0]
    _wide(foot)
    _border(foot, "bottom", "thinThickSmallGap", 24, "FF0000", space=1)
    number = _line(document, paper.number, FANG, 16, WD_ALIGN_PARAGRAPH.RIGHT)
    number.paragraph_format.space_before = Pt(8)
    _blank(document, 1)


def _title(document: Any, paper: Paper) -> None:
    for line in title_lines(paper.letter.title):
        _line(document, line, SONG, 22, WD_ALIGN_PARAGRAPH.CENTER).paragraph_format.line_spacing = Pt(32)
    _line(document, f"（案号：{paper.case_number}）", KAI, 16, WD_ALIGN_PARAGRAPH.CENTER)
    _blank(document, 1)


def _body(document: Any, paper: Paper) -> None:
    if paper.letter.to and paper.letter.layout != "minutes":
        _line(document, "、".join(paper.letter.to) + "：", FANG, 16)  # of one kind: who is addressed alike
    fonts = {"text": FANG, "item": FANG, "heading": HEI, "subheading": KAI}
    for part in paper.letter.body:
        if isinstance(part, letters.Table):
            _table(document, part)
        else:
            line = _line(document, part.text, fonts[part.kind], 16, WD_ALIGN_PARAGRAPH.JUSTIFY)
            line.paragraph_format.keep_with_next = part.kind in ("heading", "subheading")
            _indented(line)
    if paper.letter.attachments:
        _blank(document, 1)
        several = len(paper.letter.attachments) > 1
        for number, name in enumerate(paper.letter.attachments, 1):
            lead = "附件：" if number == 1 else "　　　"
            _indented(_line(document, f"{lead}{f'{number}. ' if several else ''}{name}", FANG, 16))


def _signature(document: Any, paper: Paper) -> None:
    """The issuer centred over the date, the date four characters from the right: the seal goes over both."""
    if paper.letter.layout == "minutes":
        _blank(document, 1)
        return
    day = letters.chinese_date(paper.dated)
    name_width, day_width = _ems(paper.issuer), _ems(day)
    day_right = max(4.0, 2 + (name_width - day_width) / 2)
    name_right = day_right + (day_width - name_width) / 2
    document.paragraphs[-1].paragraph_format.keep_with_next = True  # no page of its own for a signature
    _blank(document, 2)
    for blank in document.paragraphs[-2:]:
        blank.paragraph_format.keep_with_next = True
    for text, right in ((paper.issuer, name_right), (day, day_right)):
        line = _line(document, text, FANG, 16, WD_ALIGN_PARAGRAPH.RIGHT)
        line.paragraph_format.right_indent = Twips(int(right * EM))
        line.paragraph_format.keep_together = line.paragraph_format.keep_with_next = True


def _imprint(document: Any, paper: Paper) -> None:
    """The imprint at the foot of the last page: copies, then who printed it and when, between rules of 0.35 and 0.25 mm."""
    to = "分送" if paper.letter.layout == "minutes" else "抄送"
    lines = [f"{to}：{'，'.join(paper.letter.copies)}。"] if paper.letter.copies else []
    lines.append(f"{paper.issuer}\t{letters.chinese_date(paper.printed)}印发")
    for number, text in enumerate(lines):
        line = _line(document, text, FANG, 14)
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = Twips(280)
        line.paragraph_format.tab_stops.add_tab_stop(Twips(TYPE_WIDTH - 280), WD_TAB_ALIGNMENT.RIGHT)
        _border(line, "top", "single", _EIGHTHS["thick" if number == 0 else "thin"], "000000", space=1)
        if number == len(lines) - 1:
            _border(line, "bottom", "single", _EIGHTHS["thick"], "000000", space=1)
        top = PAGE_HEIGHT - MARGIN_BOTTOM - _IMPRINT_ROW * (len(lines) - number)
        frame = OxmlElement("w:framePr")
        _set(
            frame,
            w=TYPE_WIDTH,
            h=_IMPRINT_ROW,
            hRule="exact",
            hAnchor="margin",
            vAnchor="page",
            x=1,
            y=top,
            wrap="notBeside",
        )
        properties = line._p.get_or_add_pPr()
        properties.insert_element_before(
            frame, "w:widowControl", "w:pBdr", "w:tabs", "w:snapToGrid", "w:spacing", "w:ind", "w:jc"
        )
    document.add_paragraph().paragraph_format.line_spacing = Pt(1)  # what the frames stand beside


def _table(document: Any, part: letters.Table) -> None:
    table = document.add_table(rows=1, cols=len(part.heads), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    whole = sum(part.widths)
    for column, width in enumerate(part.widths):
        table.columns[column].width = Twips(TYPE_WIDTH * width // whole)
    rows: list[Sequence[str]] = [part.heads, *part.rows]
    for number, texts in enumerate(rows):
        row = table.rows[0] if number == 0 else table.add_row()
        for column, text in enumerate(texts):
            cell = row.cells[column]
            cell.width = Twips(TYPE_WIDTH * part.widths[column] // whole)
            line = cell.paragraphs[0]
            line.paragraph_format.line_spacing = Pt(22)
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER if number == 0 else WD_ALIGN_PARAGRAPH.LEFT
            _write(line, text, HEI if number == 0 else FANG, 14)
    header = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(header)


def _page_number(line: Any, side: str) -> None:
    """``— 1 —`` in 14 pt, one character in from the outer side."""
    line.alignment = WD_ALIGN_PARAGRAPH.RIGHT if side == "right" else WD_ALIGN_PARAGRAPH.LEFT
    inset = Twips(280)
    line.paragraph_format.left_indent, line.paragraph_format.right_indent = (
        (inset, None) if side == "left" else (None, inset)
    )
    _write(line, "— ", PAGE, 14)
    run = _write(line, "", PAGE, 14)
    for kind in ("begin", "PAGE", "end"):
        part = OxmlElement("w:instrText" if kind == "PAGE" else "w:fldChar")
        if kind == "PAGE":
            part.text = " PAGE "
        else:
            _set(part, fldCharType=kind)
        run._r.append(part)
    _write(line, " —", PAGE, 14)


def _line(
    document: Any,
    text: str,
    font: str,
    size: float,
    alignment: WD_ALIGN_PARAGRAPH | None = None,
    colour: RGBColor = _BLACK,
) -> Any:
    paragraph = document.add_paragraph()
    paragraph.alignment = alignment
    _write(paragraph, text, font, size, colour)
    return paragraph


def _write(paragraph: Any, text: str, font: str, size: float, colour: RGBColor = _BLACK) -> Any:
    run = paragraph.add_run(text)
    run.font.size = Pt(round(size * 2) / 2)
    run.font.color.rgb = colour
    _fonts(run._r.get_or_add_rPr(), font, font if font in (SONG, HEI, KAI, PAGE) else "Times New Roman")
    return run


def _fonts(properties: Any, east_asian: str, latin: str) -> None:
    fonts = properties.get_or_add_rFonts()
    _set(fonts, ascii=latin, hAnsi=latin, eastAsia=east_asian, cs=latin, hint="eastAsia")


def _indented(paragraph: Any) -> None:
    """First line two characters in."""
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
    _set(indent, firstLineChars=200, firstLine=2 * EM)


def _wide(paragraph: Any) -> None:
    """From 156 mm to the 170 mm of a letter's lines."""
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Twips(-int(7 * _MM))


def _border(paragraph: Any, side: str, kind: str, eighths: int, colour: str, space: int) -> None:
    properties = paragraph._p.get_or_add_pPr()
    borders = properties.find(qn("w:pBdr"))
    if borders is None:
        borders = OxmlElement("w:pBdr")
        properties.insert_element_before(
            borders, "w:shd", "w:tabs", "w:snapToGrid", "w:spacing", "w:ind", "w:jc", "w:rPr"
        )
    edge = OxmlElement(f"w:{side}")
    _set(edge, val=kind, sz=eighths, space=space, color=colour)
    borders.append(edge)


def _blank(document: Any, count: int) -> None:
    for _ in range(count):
        document.add_paragraph()


def _set(element: Any, **values: object) -> None:
    for name, value in values.items():
        element.set(qn(f"w:{name}"), str(value))


def _ems(text: str) -> float:
    return sum(0.5 if one.isascii() else 1.0 for one in text)


def _properties(document: Any, paper: Paper, at: datetime) -> None:
    about = document.core_properties
    about.title, about.author, about.last_modified_by = paper.letter.title, paper.issuer, paper.issuer
    about.subject, about.comments, about.keywords = paper.number, "", paper.case_number
    about.created = about.modified = at.replace(tzinfo=None, microsecond=0)
    about.revision = 1
