"""What campaigns cost on AWS, roughly: counts times the prices that docs/cost.md computes with.

The figures are those of docs/cost.md (Estimate), which `make cost` counts and prints; a test
holds these to them. All are US dollars.
"""

from decimal import Decimal

from domain.path_policy import ExecutionPath

SES_A_MAIL = Decimal("0.0001")
"""What SES bills for a mail that it takes."""
OTHERS_A_CAMPAIGN = Decimal("0.000153")
"""What a campaign costs once, beside SES and its schedule: its start, its end, its analytics."""
OTHERS_A_RECIPIENT = Decimal("0.00000189")
"""What each recipient costs beside SES: claimed, rendered, recorded, kept for 180 days."""
SCHEDULE = Decimal("0.000001")
"""What EventBridge Scheduler bills for a start."""


def ses_cost(mails: int) -> float:
    """SES's own bill for so many."""
    return float(SES_A_MAIL * mails)


def other_cost(path: ExecutionPath, *, campaigns: int, recipients: int) -> float:
    """Everything beside that."""
    once = OTHERS_A_CAMPAIGN + (SCHEDULE if path is ExecutionPath.SCHEDULED else 0)
    return float(once * campaigns + OTHERS_A_RECIPIENT * recipients)
