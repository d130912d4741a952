"""What the local runner prints once it serves."""

from datetime import datetime, timedelta

from entrypoints.http.models import utc_text

_EXAMPLE = """\
curl -X POST {url}/v1/campaigns \\
  -H "Content-Type: application/json" \\
  -d '{body}'
"""


def banner(
    url: str, backend: str, examples: str = "", *, has_keys: bool = False, has_outbox: bool = True
) -> str:
    """The address, the backend, and what to try."""
    access = (
        'With API keys only: make api-key BACKEND=sqlite SCOPES="campaigns:write …".'
        if has_keys
        else "Open to this machine only, without keys."
    )
    mails = f"The mails: {url}/_local/outbox   " if has_outbox else ""
    return f"""
Sentinel serves on {url}
Backend: {backend}. {access}
{examples}
{mails}The interface: {url}/docs   Ctrl-C ends it.
"""


def demo_examples(url: str, now: datetime) -> str:
    """The three examples, of the demo data, with dates from `now` on."""
    soon = utc_text((now + timedelta(seconds=30)).replace(microsecond=0))
    later = utc_text((now + timedelta(seconds=90)).replace(microsecond=0))
    immediate = _EXAMPLE.format(
        url=url,
        body='{"name": "Flash Sale", "template_id": "promo-template", '
        '"segment_id": "vip-customers"}',
    )
    breaking = _EXAMPLE.format(
        url=url,
        body='{"name": "Breaking News", "template_id": "news-template", '
        f'"segment_id": "all-subscribers", "schedule_at": "{soon}"}}',
    )
    newsletter = _EXAMPLE.format(
        url=url,
        body='{"name": "Weekly Newsletter", "template_id": "newsletter-template", '
        f'"segment_id": "all-active", "schedule_at": "{later}"}}',
    )
    return f"""
⚡ At once:
{immediate}
⚡ At once, since it is due within a minute:
{breaking}
📅 Scheduled, if you paste it in the next half minute:
{newsletter.rstrip()}
"""
