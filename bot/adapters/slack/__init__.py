"""Slack: posts digests and asks for what decisions need; hears nothing of what people do there."""
