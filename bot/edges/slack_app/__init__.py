"""Slack: decodes what people did there, calls one flow, encodes the answer; decides nothing."""
