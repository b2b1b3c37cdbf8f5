"""All built-in functions by name, and which of their names have several words."""

from workflow_service.feel import (
    functions,
    functions_context,
    functions_conversion,
    functions_list,
    functions_number,
    functions_range,
    functions_string,
    functions_temporal,
    logic,
)
from workflow_service.feel.scan import Names

BUILTINS = functions.table(
    functions_conversion.ROWS
    + functions_string.ROWS
    + functions_number.ROWS
    + functions_list.ROWS
    + functions_context.ROWS
    + functions_temporal.ROWS
    + functions_range.ROWS
    + logic.ROWS
)
NAMES = Names(BUILTINS)
