"""What papers-bot knows: pure types and rules; no I/O, no clock, no randomness, no environment."""
