"""AWS's prices in us-east-1, in US dollars, without any free tier.

AWS's own pages could not be reached from where these were written down: they are as published by
AWS and seen second-hand, in the articles that `seen` names and dates; where it says "not checked"
nobody but the author's memory vouches for them. Look at the pages before you rely on them.
"""

from dataclasses import dataclass
from decimal import Decimal

MILLION = 1_000_000
GB = 1_000_000_000
"""AWS bills by 2^30 bytes; the smaller one makes what is stored or logged 7 % dearer."""


@dataclass(frozen=True, slots=True)
class Price:
    """`dollars` for `per` units, by the page of AWS that is titled so."""

    what: str
    dollars: Decimal
    per: int
    unit: str
    page: str
    seen: str

    def of(self, units: float) -> float:
        """Dollars for so many units."""
        return float(self.dollars) * units / self.per


_NOT_CHECKED = "not checked; as of November 2024"

SES = Price(
    "SES, outbound mail",
    Decimal("0.10"),
    1_000,
    "1,000 mails",
    "Amazon SES Pricing",
    "acecloudinterviews.com, undated",
)
DYNAMODB_WRITES = Price(
    "DynamoDB on demand, writes",
    Decimal("0.625"),
    MILLION,
    "million write units",
    "Pricing for On-Demand Capacity (Amazon DynamoDB)",
    "airbyte.com, 21 July 2025",
)
DYNAMODB_READS = Price(
    "DynamoDB on demand, reads",
    Decimal("0.125"),
    MILLION,
    "million read units",
    "Pricing for On-Demand Capacity (Amazon DynamoDB)",
    "airbyte.com, 21 July 2025",
)
DYNAMODB_STORAGE = Price(
    "DynamoDB, storage",
    Decimal("0.25"),
    GB,
    "GB and month",
    "Pricing for On-Demand Capacity (Amazon DynamoDB)",
    _NOT_CHECKED,
)
DYNAMODB_RECOVERY = Price(
    "DynamoDB, point-in-time recovery",
    Decimal("0.20"),
    GB,
    "GB of the table and month",
    "Pricing for On-Demand Capacity (Amazon DynamoDB)",
    _NOT_CHECKED,
)
SQS = Price(
    "SQS, standard queue",
    Decimal("0.40"),
    MILLION,
    "million requests",
    "Amazon SQS pricing",
    "cloudburn.io, 14 March 2026",
)
LAMBDA_REQUESTS = Price(
    "Lambda, requests",
    Decimal("0.20"),
    MILLION,
    "million requests",
    "AWS Lambda Pricing",
    "cloudchipr.com, 2024",
)
LAMBDA_TIME = Price(
    "Lambda, time on arm64",
    Decimal("0.0000133334"),
    1,
    "GB-second",
    "AWS Lambda Pricing",
    "cloudchipr.com, 2024",
)
HTTP_API = Price(
    "API Gateway, HTTP API",
    Decimal("1.00"),
    MILLION,
    "million requests",
    "Amazon API Gateway pricing",
    "awsforengineers.com, 19 May 2025",
)
SCHEDULER = Price(
    "EventBridge Scheduler",
    Decimal("1.00"),
    MILLION,
    "million invocations",
    "Amazon EventBridge pricing",
    "cloudburn.io, 13 March 2026",
)
LOGS = Price(
    "CloudWatch Logs, ingested",
    Decimal("0.50"),
    GB,
    "GB",
    "Amazon CloudWatch Pricing",
    "factualminds.com, 13 June 2026",
)
LOGS_STORED = Price(
    "CloudWatch Logs, stored",
    Decimal("0.03"),
    GB,
    "GB and month",
    "Amazon CloudWatch Pricing",
    _NOT_CHECKED,
)
METRICS = Price(
    "CloudWatch, custom metric",
    Decimal("0.30"),
    1,
    "metric and month",
    "Amazon CloudWatch Pricing",
    "signoz.io, 15 February 2026",
)
ALARMS = Price(
    "CloudWatch, alarm",
    Decimal("0.10"),
    1,
    "alarm and month",
    "Amazon CloudWatch Pricing",
    _NOT_CHECKED,
)
DASHBOARDS = Price(
    "CloudWatch, dashboard",
    Decimal("3.00"),
    1,
    "dashboard and month",
    "Amazon CloudWatch Pricing",
    "factualminds.com, 13 June 2026",
)
SECRETS = Price(
    "Secrets Manager, secret",
    Decimal("0.40"),
    1,
    "secret and month",
    "AWS Secrets Manager pricing",
    _NOT_CHECKED,
)
SECRET_CALLS = Price(
    "Secrets Manager, calls",
    Decimal("0.05"),
    10_000,
    "10,000 calls",
    "AWS Secrets Manager pricing",
    _NOT_CHECKED,
)
SNS = Price(
    "SNS, standard topic, published; delivery to SQS is free",
    Decimal("0.50"),
    MILLION,
    "million requests",
    "Amazon SNS pricing",
    "factualminds.com, 13 June 2026",
)

PRICES = (
    SES,
    DYNAMODB_WRITES,
    DYNAMODB_READS,
    DYNAMODB_STORAGE,
    DYNAMODB_RECOVERY,
    SQS,
    LAMBDA_REQUESTS,
    LAMBDA_TIME,
    HTTP_API,
    SCHEDULER,
    LOGS,
    LOGS_STORED,
    METRICS,
    ALARMS,
    DASHBOARDS,
    SECRETS,
    SECRET_CALLS,
    SNS,
)
