"""Templates on real functions, permissions enforced: edited, previewed, sent as a test."""

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
