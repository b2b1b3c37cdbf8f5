"""The service that runs the confirmation procedure; its layers, top to bottom.

cli > app > web, worker, queues > audit > cases > bundles > identity, workdays, dispatch > engine, storage > dmn > feel >
handler_api, settings, errors. Imports go downwards only; ``lint-imports`` checks it.
"""
