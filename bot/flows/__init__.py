"""What the bot does, as verbs; the Protocols each verb needs stand beside it."""
