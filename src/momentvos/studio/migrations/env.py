"""Run migrations on the connection that `momentvos.studio.schema` gives; Alembic runs this."""

from alembic import context

from momentvos.studio.schema import VERSION_TABLE

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    render_as_batch=connection.dialect.name == "sqlite",
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
