"""Handlers that misbehave in every way a handler can; only tests know them."""

import os
import sys
import time

from workflow_service.handler_api import Context


def fails(context: Context) -> dict[str, object]:
    """Raises."""
    raise RuntimeError(f"poison in {context.case_number}")


def loops(context: Context) -> dict[str, object]:
    """Never ends."""
    while True:
        pass


def devours(context: Context) -> dict[str, object]:
    """Asks for more memory than there is."""
    return {"size": len(bytearray(1 << 60))}


def shouts(context: Context) -> dict[str, object]:
    """Prints 100 MB."""
    for _ in range(100):
        sys.stdout.write("x" * 1_000_000)
    return {"printed": True}


def dies(context: Context) -> dict[str, object]:
    """Takes its process with it."""
    os._exit(9)


def dawdles(context: Context, seconds: float = 3) -> dict[str, object]:
    """Takes its time."""
    time.sleep(float(seconds))
    return {"done": True}
