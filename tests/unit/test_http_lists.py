"""Lists: pages, cursors and their limits."""

import pytest

from tests.unit.test_http_gateway import ADDRESS, FOOTER, Gateway

LISTS = ("/v1/campaigns", "/v1/templates", "/v1/segments")
CONTENT = {"name": "T", "subject": "Hi", "html": "<p>Hi</p>", "text": FOOTER}


@pytest.fixture
def gateway() -> Gateway:
    """Five of each."""
    gateway = Gateway()
    for number in range(5):
        segment = {"segment_id": f"segment-{number}", "name": "S"}
        template = {"template_id": f"template-{number}", **CONTENT}
        assert gateway.post("/v1/segments", segment).status == 201
        assert gateway.post("/v1/templates", template).status == 201
        campaign = {
            "name": f"Campaign {number}",
            "template_id": f"template-{number}",
            "segment_id": f"segment-{number}",
        }
        assert gateway.post("/v1/campaigns", campaign).status == 202
    return gateway


def pages(gateway: Gateway, path: str, limit: int) -> list[list[object]]:
    """Every page, from the first to the one without a `next_cursor`."""
    found: list[list[object]] = []
    cursor = ""
    while True:
        page = gateway.get(path, f"limit={limit}{cursor}").json
        found.append(page["items"])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("limit", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (100, [5])])
def test_pages_hold_everything_once(
    gateway: Gateway, path: str, limit: int, lengths: list[int]
) -> None:
    """In the order of the whole list; no page is empty."""
    found = pages(gateway, path, limit)

    assert [len(page) for page in found] == lengths
    assert [item for page in found for item in page] == gateway.get(path).json["items"]


def test_campaigns_come_newest_first(gateway: Gateway) -> None:
    """The one just created is on top; templates and segments are by id."""

    def column(path: str, field: str) -> list[str]:
        return [item[field] for item in gateway.get(path).json["items"]]

    assert column("/v1/campaigns", "name") == [f"Campaign {number}" for number in range(4, -1, -1)]
    assert column("/v1/templates", "template_id") == [f"template-{number}" for number in range(5)]
    assert column("/v1/segments", "segment_id") == [f"segment-{number}" for number in range(5)]


def test_a_page_of_one_state_goes_on_in_it(gateway: Gateway) -> None:
    """The filter and the cursor go together."""
    first = gateway.get("/v1/campaigns", "state=sending&limit=3").json
    rest = gateway.get("/v1/campaigns", f"state=sending&cursor={first['next_cursor']}").json

    assert [len(first["items"]), len(rest["items"])] == [3, 2]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_is_a_page_without_items(path: str) -> None:
    """And without a cursor."""
    assert Gateway().get(path).json == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=101", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("cursor=", "/cursor"),
        ("cursor=made-up", "/cursor"),
        (f"cursor={ADDRESS}", "/cursor"),
        ("cursor=" + "x" * 513, "/cursor"),
        ("limit=0&cursor=" + "x" * 513, "/limit /cursor"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(
    gateway: Gateway, path: str, query: str, pointer: str
) -> None:
    """By name, and without repeating it."""
    assert gateway.get(path, query).refuses(*pointer.split())


def test_a_cursor_of_another_list_is_refused(gateway: Gateway) -> None:
    """It does not silently begin somewhere else."""
    cursor = gateway.get("/v1/templates", "limit=1").json["next_cursor"]

    assert gateway.get("/v1/campaigns", f"cursor={cursor}").refuses("/cursor")


def test_an_unknown_parameter_is_refused_and_named() -> None:
    """A filter that is misspelled would list everything; what a mail's link was given is let be."""
    gateway = Gateway()

    assert gateway.get("/v1/campaigns", "sate=sent&state=sent").refuses("/sate")
    assert gateway.get("/u/token", "utm_source=news").status == 404
    assert gateway.get("/healthz", "probe=1").status == 200
