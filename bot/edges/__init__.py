"""Where people and clocks come in: decode, call one flow, encode; no decisions."""
