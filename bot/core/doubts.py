"""What is done about a delivery that may have arrived; decides nothing itself."""

from enum import StrEnum


class InDoubt(StrEnum):
    """What becomes of an e-mail that may have arrived: a mail relay cannot be asked."""

    RESEND = "resend"
    HOLD = "hold"
