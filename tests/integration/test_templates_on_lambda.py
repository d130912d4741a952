"""What the API mails itself, on real functions, permissions enforced: tests, and the question."""

import re
from collections import Counter

from tests.integration.on_lambda import OnLambda


def test_edited_previewed_and_sent_as_a_test(on_lambda: OnLambda) -> None:
    """The function behind the API has what all of it takes, and only a few are mailed."""
    html = '<p>Hi {{ name }}, <a href="{{ unsubscribe_url }}">no more</a></p>'
    body = {"name": "Hi", "subject": "Hi {{ name }}", "html": html, "from": "hello@example.com"}
    with on_lambda.http() as client:
        created = client.post("/v1/templates", json={**body, "template_id": "edited"})
        assert created.status_code == 201, created.text
        edited = client.put(
            "/v1/templates/edited",
            json={**body, "defaults": {"name": "there"}},
            headers={"If-Match": created.headers["etag"]},
        )
        assert (edited.status_code, edited.headers["etag"]) == (200, '"2"'), edited.text
        assert edited.json()["from"] == "Sentinel <hello@example.com>"
        listed = client.get("/v1/templates/edited/versions").json()["items"]
        assert [each["version"] for each in listed] == [2, 1]

        preview = client.post("/v1/templates/edited/preview", json={})
        assert preview.json()["subject"] == "Hi there", preview.text
        assert "no more <http" in preview.json()["text"]

        sent = client.post(
            "/v1/templates/edited/test-send",
            json={"to": ["test-1@example.com", "test-2@example.com"], "fields": {"name": "Ann"}},
        )

    assert [each["outcome"] for each in sent.json()["results"]] == ["accepted"] * 2, sent.text
    assert on_lambda.mails() == Counter({"test-1@example.com": 1, "test-2@example.com": 1})


def test_a_sign_up_is_asked_and_confirms(on_lambda: OnLambda) -> None:
    """By a mail with a link to the API, which asks for no key; reading it changes nothing."""
    with on_lambda.http() as client:
        signed_up = client.post(
            "/v1/contacts", json={"email": "signed-up@example.com", "confirm": True}
        )
        assert signed_up.json()["confirmation_mail"]["outcome"] == "accepted", signed_up.text
        (path,) = re.findall(rf"{on_lambda.outputs['ApiUrl']}(/c/\S+)", on_lambda.texts()[-1])

        statuses = []
        for method, data in (
            ("GET", None),
            ("POST", {"confirm": "yes"}),
            ("POST", {"confirm": "yes"}),
        ):
            asked = client.request(method, path, data=data, headers={"Authorization": ""})
            assert asked.status_code == 200
            found = client.get(f"/v1/contacts/{signed_up.json()['contact_id']}").json()
            statuses.append((found["status"], found["consent"] is not None))

    assert statuses == [("unconfirmed", False), ("subscribed", True), ("subscribed", True)]
