"""What people fill in: reads forms, judges submissions, and tells pages and programs what a form asks.

The parts: ``form_reader`` (file → form, with findings), ``form_check`` (submission → stored answers), ``form_schema``
(form → JSON Schema), ``form_describe`` (form → what a page shows), ``form_web`` (posted page → submission).
"""

from workflow_service.bundles.form_check import check, upfront
from workflow_service.bundles.form_describe import describe, prefill
from workflow_service.bundles.form_model import TYPES, Check, Field, Form, Known, Option, People, roles_named
from workflow_service.bundles.form_reader import RULES, read_form
from workflow_service.bundles.form_schema import to_schema
from workflow_service.bundles.form_web import from_web, to_web

__all__ = [
    "RULES",
    "TYPES",
    "Check",
    "Field",
    "Form",
    "Known",
    "Option",
    "People",
    "check",
    "describe",
    "from_web",
    "prefill",
    "read_form",
    "roles_named",
    "to_schema",
    "to_web",
    "upfront",
]
