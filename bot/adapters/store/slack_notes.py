"""What is remembered of Slack's people, channels and events; tokens are kept elsewhere."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bot.adapters.store.database import Database, insert_into
from bot.adapters.store.rows import chunked, from_micros, to_micros
from bot.adapters.store.tables import discussed_papers, paper_marks, read_channels, seen_events
from bot.core.records import Mark, MarkedPaper
from bot.core.slack_names import Person, SlackPlace

_AT_ONCE = 500
# Slack tells an event again within an hour; a person's second click comes sooner:
# https://docs.slack.dev/apis/events-api/#retries
_KEPT = timedelta(days=1)


class SlackNotes(Database):
    """Keep marks of papers, where papers were discussed, and which events were seen."""

    def save_mark(
        self, person: Person, mark: Mark, base_id: str, at: datetime, *, place: str = ""
    ) -> bool:
        """Mark a paper; False where it was marked so before."""
        with self.writing() as connection:
            save = insert_into(connection, paper_marks).values(
                team=person.team,
                user=person.user,
                mark=mark.value,
                base_id=base_id,
                place=place,
                at=to_micros(at),
            )
            added = save.on_conflict_do_nothing().returning(paper_marks.c.at)
            return connection.execute(added).first() is not None

    def remove_mark(self, person: Person, mark: Mark, base_id: str) -> bool:
        """Take a mark back, wherever it was for; False where there was none."""
        gone = delete(paper_marks).where(
            paper_marks.c.team == person.team,
            paper_marks.c.user == person.user,
            paper_marks.c.mark == mark.value,
            paper_marks.c.base_id == base_id,
        )
        with self.writing() as connection:
            return bool(connection.execute(gone).rowcount)

    def load_marks(self, person: Person, mark: Mark) -> tuple[MarkedPaper, ...]:
        """Load the papers that a person marked, newest first."""
        marked = (
            select(paper_marks.c.base_id, paper_marks.c.place, paper_marks.c.at)
            .where(
                paper_marks.c.team == person.team,
                paper_marks.c.user == person.user,
                paper_marks.c.mark == mark.value,
            )
            .order_by(paper_marks.c.at.desc(), paper_marks.c.base_id, paper_marks.c.place)
        )
        with self.reading() as connection:
            rows = connection.execute(marked).all()
        return tuple(MarkedPaper(base_id, place, from_micros(at)) for base_id, place, at in rows)

    def save_discussed(self, place: SlackPlace, messages: Mapping[str, str]) -> None:
        """Remember, by base id, in which message papers were spoken of; the first one stays."""
        rows = [
            {"team": place.team, "channel": place.channel, "base_id": base_id, "ts": ts}
            for base_id, ts in messages.items()
        ]
        if rows:
            with self.writing() as connection:
                save = insert_into(connection, discussed_papers).on_conflict_do_nothing()
                connection.execute(save, rows)

    def load_discussed(self, place: SlackPlace, base_ids: Collection[str]) -> Mapping[str, str]:
        """Load in which messages these papers were spoken of; those that were not are left out."""
        found: dict[str, str] = {}
        with self.reading() as connection:
            for some in chunked(list(base_ids), _AT_ONCE):
                wanted = select(discussed_papers.c.base_id, discussed_papers.c.ts).where(
                    discussed_papers.c.team == place.team,
                    discussed_papers.c.channel == place.channel,
                    discussed_papers.c.base_id.in_(some),
                )
                found |= {base_id: ts for base_id, ts in connection.execute(wanted).all()}  # noqa: C416 - rows are not pairs to mypy
        return found

    def save_reading(self, place: SlackPlace, ts: str) -> None:
        """Remember up to which message a channel's history was read for papers."""
        with self.writing() as connection:
            save = insert_into(connection, read_channels).values(
                team=place.team, channel=place.channel, ts=ts
            )
            named = [read_channels.c.team, read_channels.c.channel]
            connection.execute(save.on_conflict_do_update(index_elements=named, set_={"ts": ts}))

    def load_reading(self, place: SlackPlace) -> str:
        """Load up to which message a channel's history was read; "" where it never was."""
        wanted = select(read_channels.c.ts).where(
            read_channels.c.team == place.team, read_channels.c.channel == place.channel
        )
        with self.reading() as connection:
            return connection.execute(wanted).scalar() or ""

    def see_event(self, name: str, at: datetime) -> bool:
        """Remember an event for a day; False where it was seen before, by whatever process."""
        with self.writing() as connection:
            old = seen_events.c.at < to_micros(at - _KEPT)
            connection.execute(delete(seen_events).where(old))
            save = insert_into(connection, seen_events).values(name=name, at=to_micros(at))
            added = save.on_conflict_do_nothing().returning(seen_events.c.at)
            return connection.execute(added).first() is not None

    def forget_event(self, name: str) -> None:
        """Forget an event that could not be dealt with, so that it is heard when told again."""
        with self.writing() as connection:
            connection.execute(delete(seen_events).where(seen_events.c.name == name))

    def forget_workspace(self, team: str) -> None:
        """Remove what people of a workspace marked, and where its papers were spoken of."""
        with self.writing() as connection:
            for table in (paper_marks, discussed_papers, read_channels):
                connection.execute(delete(table).where(table.c.team == team))
