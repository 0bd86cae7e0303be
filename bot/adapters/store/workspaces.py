"""Which workspaces installed the Slack app; their tokens are read and written elsewhere."""

from collections.abc import Callable

from sqlalchemy import select, update

from bot.adapters.store.database import Database
from bot.adapters.store.slack_tables import TOKENS, slack_bots


class Workspaces(Database):
    """List who installed the app, and write their tokens anew."""

    def list_workspaces(self) -> tuple[tuple[str, str], ...]:
        """Return the id and the name of every workspace that has a bot's token, by id."""
        listed = (
            select(slack_bots.c.team_id, slack_bots.c.team_name)
            .where(slack_bots.c.team_id.is_not(None))
            .order_by(slack_bots.c.installed_at)
        )
        with self.reading() as connection:
            names = {team: name or "" for team, name in connection.execute(listed).all()}
        return tuple(sorted(names.items()))

    def find_enterprise(self, team: str) -> str | None:
        """Return the organisation to which a workspace belonged when it installed the app last."""
        wanted = (
            select(slack_bots.c.enterprise_id)
            .where(slack_bots.c.team_id == team)
            .order_by(slack_bots.c.installed_at.desc())
            .limit(1)
        )
        with self.reading() as connection:
            return connection.execute(wanted).scalar()

    def rewrite_tokens(self, rewrite: Callable[[str], str]) -> int:
        """Write every token anew, all in one transaction; return how many there are."""
        count = 0
        with self.writing() as connection:
            for table, names in TOKENS.items():
                columns = [table.c[name] for name in names]
                rows = connection.execute(
                    select(table.c.id, *columns).order_by(table.c.id).with_for_update()
                ).all()
                for number, *tokens in rows:
                    anew = {
                        name: rewrite(token)
                        for name, token in zip(names, tokens, strict=True)
                        if token is not None
                    }
                    if anew:
                        connection.execute(update(table).where(table.c.id == number).values(**anew))
                    count += len(anew)
        return count
