"""Run Alembic's migrations; the only module here that imports Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(connection: Connection, revision: str) -> None:
    """Bring the database to a revision inside the caller's transaction."""
    config = _build_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def list_revisions() -> tuple[str, ...]:
    """Name every revision there is, oldest first."""
    scripts = ScriptDirectory.from_config(_build_config())
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]


def _build_config() -> Config:
    """Configure Alembic in code, so that no alembic.ini need travel with the program."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
