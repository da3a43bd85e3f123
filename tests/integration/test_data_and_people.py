"""What administrators and members look around in: data locations and people."""

import json
import re
import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.exceptions import ClientError

from local.client import ApiClient, Response, sign_in
from local.place import REGION
from tests.integration.front_door import FrontDoor, eventually, picture


def browse(client: ApiClient, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: str | None = None
    while True:
        page = _get(client, "/projects/demo/objects", **query, **({"next_token": token} if token else {})).expect(200)
        found += page["items"]
        token = page["next_token"]
        if token is None:
            return found


def _get(client: ApiClient, path: str, **query: str) -> Response:
    return client.get(f"{path}?{urlencode(query)}")


def test_data_locations_are_browsed_down_to_an_object_and_the_object_is_read(door: FrontDoor) -> None:
    first, _, third = door.upload_pictures(3)
    folder, member = first.rpartition("/")[0] + "/", door.as_("collaborator")

    (default,) = [item for item in browse(member) if item["name"] == "default"]
    folders = browse(member, prefix=f"{default['s3_uri']}datasets/")
    objects = browse(member, prefix=folder, limit="2")
    url = _get(member, "/projects/demo/objects/url", s3_uri=third).expect(200)["url"]

    assert folder in {item["s3_uri"] for item in folders if item["kind"] == "prefix"}
    assert [(item["kind"], item["name"], item["size"]) for item in objects] == [
        ("object", f"{number}.png", len(picture(number))) for number in range(3)
    ]
    assert door.nobody.download(url) == picture(2)


def test_an_address_is_good_for_its_object_only(door: FrontDoor) -> None:
    one, other = door.upload_pictures(2)
    url = _get(door.as_("owner"), "/projects/demo/objects/url", s3_uri=one).expect(200)["url"]

    swapped = url.replace(urlsplit(url).path, urlsplit(url).path.replace("0.png", "1.png"))

    assert other.endswith("1.png")
    assert door.nobody._http.request("GET", swapped).status == 403


@pytest.mark.parametrize("outside", ["s3://{bucket}/", "s3://{bucket}/projects/", "s3://{bucket}/projects/other/", "s3://{bucket}/engine/"])
def test_nothing_outside_the_data_locations_is_shown(door: FrontDoor, outside: str) -> None:
    prefix = outside.format(bucket=door.addresses["data_bucket"])

    assert _get(door.as_("owner"), "/projects/demo/objects", prefix=prefix).status == 422
    assert _get(door.as_("owner"), "/projects/demo/objects/url", s3_uri=prefix + "x.png").status == 422
    assert _get(door.as_("outsider"), "/projects/demo/objects", prefix=prefix).status == 404


def test_another_bucket_is_browsed_once_its_owner_lets_our_roles_in(door: FrontDoor) -> None:
    s3, bucket = door.operator("s3"), f"others-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="pictures/1.png", Body=picture(1), ContentType="image/png")
    s3.put_object(Bucket=bucket, Key="private/1.png", Body=picture(1), ContentType="image/png")
    location, member = f"/projects/demo/data-locations/browsed-{uuid.uuid4().hex[:8]}", door.as_("owner")
    door.as_("admin").put(location, {"s3_prefix": f"s3://{bucket}/pictures/", "access": "read"}).expect(201)
    stack = door.operator("cloudformation").describe_stacks(StackName=door.addresses["stack_name"])["Stacks"][0]
    roles = next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "DataLocationRoles").split()

    refused = _get(member, "/projects/demo/objects", prefix=f"s3://{bucket}/pictures/")
    grants = [("s3:ListBucket", f"arn:aws:s3:::{bucket}"), ("s3:GetObject", f"arn:aws:s3:::{bucket}/pictures/*")]
    statements = [{"Effect": "Allow", "Principal": {"AWS": roles}, "Action": action, "Resource": arn} for action, arn in grants]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    seen = browse(member, prefix=f"s3://{bucket}/pictures/")
    url = _get(member, "/projects/demo/objects/url", s3_uri=f"s3://{bucket}/pictures/1.png").expect(200)["url"]
    content = door.nobody.download(url)
    door.as_("admin").delete(location).expect(204)

    assert [error["code"] for error in refused.body["errors"]] == ["objects.unlistable"]
    assert [item["name"] for item in seen] == ["1.png"]
    assert content == picture(1)


def test_a_person_is_invited_by_mail_labels_and_is_shut_out_again(door: FrontDoor) -> None:
    admin, username, team = door.as_("admin"), f"person-{uuid.uuid4().hex[:8]}", f"team-{uuid.uuid4().hex[:8]}"
    invitation, once = {"username": username, "email": f"{username}@example.com"}, {"Idempotency-Key": f"invite-{username}"}
    admin.post("/people", invitation, once).expect(201)
    assert admin.post("/people", invitation, once).headers["Idempotent-Replayed"] == "true"
    admin.post("/labeling-teams", {"name": team, "description": "invited"}).expect(201)
    admin.put(f"/labeling-teams/{team}/members/{username}").expect(204)
    assert _temporary_password(door, username, invitations=1)
    again = admin.post(f"/people/{username}/invite").expect(202)
    temporary = _temporary_password(door, username, invitations=2)

    _choose_password(door, username, temporary, "Long-enough-1-secret")
    name = door.running_job(objects=1, labeling_team=team)
    person = _signed_in(door, username, "Long-enough-1-secret")
    lease = eventually(lambda: person.post(f"/work/labeling-jobs/{name}/leases").body, "work for the invited person")

    assert (again["status"], again["labeling_teams"]) == ("invited", [team])
    assert lease["job"] == name
    detail = admin.get(f"/people/{username}").expect(200)
    assert (detail["status"], detail["enabled"], detail["is_admin"]) == ("confirmed", True, False)
    assert username in {found["username"] for found in _get(admin, "/people", search=username[:10]).expect(200)["items"]}
    admin.delete(f"/people/{username}").expect(204)
    with pytest.raises(ClientError, match="disabled"):
        _signed_in(door, username, "Long-enough-1-secret")
    assert admin.post(f"/people/{username}/enable").expect(200)["enabled"] is True
    assert _signed_in(door, username, "Long-enough-1-secret").get("/me").expect(200)["labeling_teams"] == [team]


def test_people_are_the_administrators_business(door: FrontDoor) -> None:
    assert {door.as_(person).get("/people").status for person in ("owner", "collaborator", "outsider", "worker-1")} == {403}
    assert door.nobody.get("/people").status == 401


def test_everybody_is_told_their_own_role(door: FrontDoor) -> None:
    roles = {person: door.as_(person).get("/projects/demo").expect(200)["role"] for person in ("owner", "collaborator", "admin")}
    listed = {found["name"]: found["role"] for found in door.as_("collaborator").get("/projects").expect(200)["items"]}

    assert roles == {"owner": "owner", "collaborator": "collaborator", "admin": None}
    assert listed["demo"] == "collaborator"


def _temporary_password(door: FrontDoor, username: str, *, invitations: int) -> str:
    """The password in the last mail to the person, once so many have been sent."""

    def arrived() -> str | None:
        answer = door.nobody._http.request("GET", door.addresses["endpoint_url"] + "/_ministack/ses/messages")
        mails = [mail["BodyText"] for of_account in json.loads(answer.data)["messages"].values() for mail in of_account]
        found = [re.match(rf"Your user name is {username} and your temporary password (\S+)\. ", mail) for mail in mails]
        passwords = [match[1] for match in found if match]
        return passwords[-1] if len(passwords) == invitations else None

    return eventually(arrived, "the invitation")


def _choose_password(door: FrontDoor, username: str, temporary: str, chosen: str) -> None:
    client, app = door.operator("cognito-idp"), door.addresses["user_pool_client_id"]
    challenge = client.initiate_auth(
        ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": username, "PASSWORD": temporary}
    )
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    client.respond_to_auth_challenge(
        ClientId=app,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": chosen},
    )


def _signed_in(door: FrontDoor, username: str, password: str) -> ApiClient:
    token = sign_in(door.addresses["endpoint_url"], REGION, door.addresses["user_pool_client_id"], username, password)
    return ApiClient(door.addresses["api_url"], token)
