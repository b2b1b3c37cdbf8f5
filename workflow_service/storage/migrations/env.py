"""Runs the migration steps on the connection that ``upgrade`` hands over."""

from alembic import context

from workflow_service.storage import library, people, reference, sealed_parts, tables

assert library and people and reference and sealed_parts  # imported so that their tables are known

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
