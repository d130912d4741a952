"""A segment with a rule, and a person who is erased, on real functions, permissions enforced."""

from collections import Counter

from tests.integration.on_lambda import OnLambda

PEOPLE = 3
ERASED = "person-0@example.com"


def test_mailed_by_a_rule_and_erased(on_lambda: OnLambda) -> None:
    """Who fits and is in no excluded segment is mailed; then nothing of one of them is left."""
    sentinel = on_lambda
    with sentinel.http() as client:
        for number in range(PEOPLE):
            body = {"email": f"person-{number}@example.com", "fields": {"name": f"N{number}"}}
            assert client.post("/v1/contacts", json=body).status_code == 201
        found = client.post("/v1/contacts/lookup", json={"email": "person-1@example.com"})
        assert found.status_code == 200, found.text
        path = f"/v1/contacts/{found.json()['contact_id']}"
        assert client.patch(path, json={"locale": "de-at"}).json()["locale"] == "de-AT"
        austrian = {"field": "contact.locale", "op": "equals", "value": "de-AT"}
        rule = {"field": "contact.email", "op": "starts_with", "value": "person-"}
        for segment_id, wanted in (("austria", austrian), ("people", rule)):
            segment = {"segment_id": segment_id, "name": segment_id, "rule": wanted}
            assert client.post("/v1/segments", json=segment).status_code == 201
        assert client.post("/v1/segments/preview", json={"rule": rule}).json()["count"] == PEOPLE

        created = sentinel.post({"segment_id": "people", "exclude_segment_ids": ["austria"]})
        campaign_id = created.json()["campaign_id"]
        assert sentinel.sent(campaign_id)["counts"]["sent"] == PEOPLE - 1

        person = client.post("/v1/contacts/lookup", json={"email": ERASED}).json()["contact_id"]
        (mail,) = client.get(f"/v1/contacts/{person}/deliveries").json()["items"]
        assert (mail["campaign_id"], mail["state"]) == (campaign_id, "sent")
        assert client.get(f"/v1/contacts/{person}/export").json()["email"] == ERASED
        assert client.delete(f"/v1/contacts/{person}").status_code == 204
        assert client.get(f"/v1/contacts/{person}").status_code == 404
        listed = client.get(f"/v1/campaigns/{campaign_id}/recipients").json()["items"]
    assert Counter(each["address"] for each in listed) == {None: 1, "person-2@example.com": 1}
    assert sentinel.mails() == {ERASED: 1, "person-2@example.com": 1}
