"""The only code that touches network, disk or database."""
