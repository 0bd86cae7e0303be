"""What Slack shows, as data: digests, answers, modals, App Home and cards; sends nothing."""

from bot.render.slack.digest import Message, build_digest, build_messages

__all__ = ["Message", "build_digest", "build_messages"]
