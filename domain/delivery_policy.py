"""How long things may take before somebody else looks after them."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class DeliveryPolicy:
    """The times that delivery runs by.

    `max_lateness`: a campaign whose first start comes later than this expires.
    `fan_out_lease`: a starter that writes nothing for so long has lost its range.
    `send_lease`: a worker that has not recorded an attempt for so long has lost the chunk; it
    outlasts the mailer's timeout. `record_reserve`: what a worker that must end keeps back for
    writing down the outcomes of its last attempt. `check_interval`: how soon the reconciler looks
    at a campaign again; shorter than its minute, so that every pass sees every campaign.
    `chunk_check_interval`: the same for a chunk, longer than a redelivery takes.
    `paused_check_interval`: the same for a chunk of a paused campaign.
    `retry_delay`: at most so long passes before a message that was certainly not sent is tried
    again; twice as long after each further failure, up to `longest_retry_delay`.
    `quota_pause`: how long a campaign is paused for want of quota, before somebody looks whether
    there is some. `settling_window`: how long the provider's events are waited for, before a
    recipient of unknown outcome is mailed once more under policy `resend`.
    `clock_skew`: a schedule may fire this much early by the starter's clock, which then waits; a
    wave may be enqueued this much early by the worker's, which then puts it back for so long.
    `unknown_watch`: for so long after its end a campaign with unknown recipients is looked at.
    """

    max_lateness: timedelta = timedelta(hours=6)
    fan_out_lease: timedelta = timedelta(seconds=60)
    send_lease: timedelta = timedelta(seconds=60)
    record_reserve: timedelta = timedelta(seconds=5)
    check_interval: timedelta = timedelta(seconds=50)
    chunk_check_interval: timedelta = timedelta(minutes=5)
    paused_check_interval: timedelta = timedelta(hours=1)
    retry_delay: timedelta = timedelta(seconds=5)
    longest_retry_delay: timedelta = timedelta(minutes=5)
    quota_pause: timedelta = timedelta(minutes=15)
    settling_window: timedelta = timedelta(hours=1)
    clock_skew: timedelta = timedelta(seconds=5)
    unknown_watch: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        """Raises ValueError."""
        for name, duration in vars(self).items():
            if duration < timedelta():
                raise ValueError(f"{name}: {duration} is negative; write a duration of 0 or more.")

    def backoff(self, failures: int, fraction: float) -> timedelta:
        """How long to wait after so many failures in a row: full jitter, `fraction` of the most.

        (AWS Architecture Blog, "Exponential Backoff And Jitter".)
        """
        doublings = min(max(failures - 1, 0), 16)
        longest = min(self.retry_delay * (1 << doublings), self.longest_retry_delay)
        return longest * fraction
