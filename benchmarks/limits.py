"""AWS's published limits, by the pages that have them, as they were in November 2026."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """So much a second, or at once; by the page of AWS that is titled so."""

    amount: float
    unit: str
    page: str


SES_SANDBOX = Limit(1, "mail a second", "Service quotas in Amazon SES")
"""In the sandbox. Outside of it "this rate varies based on your specific use case"."""
PARTITION_WRITES = Limit(
    1_000,
    "write units a second",
    "Best practices for designing and using partition keys effectively in DynamoDB",
)
PARTITION_READS = Limit(
    3_000,
    "read units a second",
    "Best practices for designing and using partition keys effectively in DynamoDB",
)
TABLE_WRITES = Limit(40_000, "write units a second", "Quotas in Amazon DynamoDB")
TABLE_READS = Limit(40_000, "read units a second", "Quotas in Amazon DynamoDB")
IN_FLIGHT = Limit(120_000, "messages at once", "Quotas related to queues (Amazon SQS)")
CONCURRENCY = Limit(1_000, "functions at once", "Lambda quotas")
SCALING = Limit(1_000, "instances more in ten seconds", "Lambda scaling behavior")
"""Of each function."""
POLLERS = Limit(
    1_000, "batches at once", "Configuring scaling behavior for SQS event source mappings"
)
SCHEDULES_MADE = Limit(5_000, "CreateSchedule a second", "Quotas for Amazon EventBridge Scheduler")
SCHEDULES_FIRED = Limit(1_000, "invocations a second", "Quotas for Amazon EventBridge Scheduler")
LOG_BATCHES = Limit(5_000, "PutLogEvents a second", "Amazon CloudWatch Logs endpoints and quotas")
NEW_TABLE_WRITES = Limit(4_000, "write units a second", "DynamoDB on-demand capacity mode")
NEW_TABLE_READS = Limit(12_000, "read units a second", "DynamoDB on-demand capacity mode")
"""At once by a table that is new; it grows with what is asked of it, to twice the last peak."""
