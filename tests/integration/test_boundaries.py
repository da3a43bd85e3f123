"""Who is refused, and what: other people's projects, other people's leases, hostile input, data outside the project."""

import json
import uuid

import pytest

from local.client import ApiClient
from tests.integration.front_door import FrontDoor, eventually, picture

HOSTILE = (
    "<script>alert(1)</script>"
    '<p onclick="alert(2)">Look {{ task.input | skip_autoescape }} {% raw %}{% endraw %}</p>'
    '<a href="javascript:alert(3)">here</a><img src="x" onerror="alert(4)">'
)


def test_without_a_token_nothing_but_health_answers(door: FrontDoor) -> None:
    forged = ApiClient(door.addresses["api_url"], "eyJhbGciOiJub25lIn0.eyJjb2duaXRvOnVzZXJuYW1lIjoiYWRtaW4ifQ.")

    assert door.nobody.get("/health").expect(200)["status"] == "ok"
    for path in (
        "/me",
        "/task-types",
        "/projects",
        "/projects/demo",
        "/projects/demo/labeling-jobs",
        "/labeling-teams",
        "/work/labeling-jobs",
    ):
        assert door.nobody.get(path).status == 401
        assert forged.get(path).status == 401


def test_a_member_of_another_project_learns_nothing(door: FrontDoor) -> None:
    name = door.running_job(objects=1)
    project = f"other-{uuid.uuid4().hex[:8]}"
    door.as_("admin").post("/projects", {"name": project, "description": "", "owner": "outsider"}).expect(201)
    stranger = door.as_("outsider")

    answers = [
        stranger.get("/projects/demo"),
        stranger.get("/projects/demo/members"),
        stranger.get("/projects/demo/labeling-jobs"),
        stranger.get(f"/projects/demo/labeling-jobs/{name}"),
        stranger.get(f"/projects/{project}/labeling-jobs/{name}"),
        stranger.get(f"/projects/demo/labeling-jobs/{name}/output"),
        stranger.post(f"/projects/demo/labeling-jobs/{name}/stop"),
        stranger.delete(f"/projects/demo/labeling-jobs/{name}"),
        stranger.post("/projects/demo/uploads", {"key": "datasets/x.png", "content_type": "image/png", "size": 1}),
        stranger.post(f"/work/labeling-jobs/{name}/leases"),
    ]

    assert {answer.status for answer in answers} == {404}
    seen = {found["name"] for found in stranger.get("/projects").body["items"]}
    assert project in seen
    assert "demo" not in seen


def test_another_projects_data_is_refused(door: FrontDoor) -> None:
    project = f"other-{uuid.uuid4().hex[:8]}"
    door.as_("admin").post("/projects", {"name": project, "description": "", "owner": "outsider"}).expect(201)
    theirs = f"s3://{door.addresses['data_bucket']}/projects/{project}/datasets/secret.png"
    manifest = door.upload_manifest([{"source-ref": theirs}])

    other_manifest = door.as_("owner").post("/projects/demo/labeling-jobs", door.definition(theirs.replace("secret.png", "m.manifest")))
    other_output = door.as_("owner").post(
        "/projects/demo/labeling-jobs", door.definition(manifest, output_uri=theirs.replace("secret.png", ""))
    )
    picture = f"<img src=\"{{{{ '{theirs}' | grant_read_access }}}}\">"
    other_picture = door.as_("owner").post("/projects/demo/labeling-jobs", door.definition(manifest, short_instructions=picture))
    name = door.create(door.definition(manifest))
    job = door.wait_for(name, "Draft")

    assert [answer.status for answer in (other_manifest, other_output, other_picture)] == [422, 422, 422]
    assert [error["pointer"] for error in other_manifest.body["errors"]] == ["/input_manifest_uri"]
    assert [error["pointer"] for error in other_output.body["errors"]] == ["/output_uri"]
    assert [error["pointer"] for error in other_picture.body["errors"]] == ["/short_instructions"]
    assert job["validation"]["errors"] == 1


def test_a_manifest_that_is_swapped_after_its_validation_brings_nobody_elses_data_to_workers(door: FrontDoor) -> None:
    ours = door.upload_pictures(1)[0]
    manifest = door.upload_manifest([{"source-ref": ours}])
    theirs = f"s3://{door.addresses['data_bucket']}/projects/other/datasets/secret.png"
    name = door.create(door.definition(manifest))
    door.wait_for(name, "Launching", "Initializing", "InProgress")

    key = manifest.removeprefix(f"s3://{door.addresses['data_bucket']}/projects/demo/")
    assert door.as_("owner").upload("demo", key, f'{{"source-ref": "{theirs}"}}\n'.encode(), "text/plain") == manifest
    door.wait_for(name, "InProgress")
    lease = door.lease("worker-1", name)

    assert lease is not None
    assert lease["input"]["taskObject"] == ours


def test_hostile_instructions_come_out_inert(door: FrontDoor) -> None:
    name = door.running_job(objects=1, short_instructions=HOSTILE, full_instructions=HOSTILE, description="{{ task.input }} <b>")

    key = f"projects/demo/labeling-jobs/{name}/template.liquid"
    template = door.operator("s3").get_object(Bucket=door.addresses["data_bucket"], Key=key)["Body"].read().decode()

    assert "<script>alert" not in template
    assert "onclick" not in template
    assert "onerror" not in template
    assert "javascript:" not in template
    assert template.count("{{") == 2  # our own: the picture and the labels
    assert "{%" not in template


def test_a_worker_cannot_touch_another_workers_lease(door: FrontDoor) -> None:
    name = door.running_job(objects=1)
    lease = door.lease("worker-1", name)
    assert lease is not None
    path = f"/work/leases/{lease['lease_id']}"

    answers = [
        door.as_("worker-2").get(path),
        door.as_("worker-2").post(f"{path}/answer", {"answer": {"crowd-image-classifier": {"label": "cat"}}}),
        door.as_("worker-2").post(f"{path}/return"),
        door.as_("outsider").get(path),
    ]

    assert {answer.status for answer in answers} == {404}
    assert door.as_("worker-1").get(path).expect(200)["lease_id"] == lease["lease_id"]


def test_uploads_are_exact(door: FrontDoor) -> None:
    form = door.as_("owner").post("/projects/demo/uploads", {"key": "datasets/x.png", "content_type": "image/png", "size": 4}).expect(201)
    http = door.nobody._http

    def post(content: bytes, **changes: str) -> int:
        fields = {**form["fields"], **changes, "file": ("x.png", content, "image/png")}
        return int(http.request("POST", form["url"], fields=fields).status)

    assert post(b"12345") in {400, 403}
    assert post(b"1234", key="projects/other/datasets/x.png") == 403
    assert post(b"1234") in {200, 201, 204}


@pytest.mark.parametrize(
    "key", ["labeling-jobs/x/template.liquid", "../other/datasets/x.png", "/datasets/x.png", "datasets//x.png", "datasets/a\nb"]
)
def test_an_upload_outside_the_places_for_data_is_refused(door: FrontDoor, key: str) -> None:
    answer = door.as_("owner").post("/projects/demo/uploads", {"key": key, "content_type": "image/png", "size": 4})

    assert answer.status == 422
    assert [error["pointer"] for error in answer.body["errors"]] == ["/key"]


def test_a_worker_sees_the_jobs_of_their_team_only(door: FrontDoor) -> None:
    team = f"team-{uuid.uuid4().hex[:8]}"
    door.as_("admin").post("/labeling-teams", {"name": team, "description": "others"}).expect(201)
    door.as_("admin").put(f"/labeling-teams/{team}/members/outsider").expect(200, 201, 204)
    name = door.running_job(objects=1, labeling_team=team)

    assert name not in {job["name"] for job in door.as_("worker-1").get("/work/labeling-jobs").body["items"]}
    assert door.as_("worker-1").post(f"/work/labeling-jobs/{name}/leases").status == 404
    # The team is in the token; a person who joins signs in again to see its work.
    rejoined = door._sign_in("outsider")
    assert eventually(lambda: [job for job in rejoined.get("/work/labeling-jobs").body["items"] if job["name"] == name], "the team's work")
    in_use = door.as_("admin").delete(f"/labeling-teams/{team}")
    assert in_use.status == 409


def test_data_in_another_bucket_is_labeled_once_its_owner_lets_our_roles_in(door: FrontDoor) -> None:
    s3, bucket = door.operator("s3"), f"others-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="pictures/1.png", Body=picture(1), ContentType="image/png")
    location = "/projects/demo/data-locations/others"
    door.as_("admin").put(location, {"s3_prefix": f"s3://{bucket}/pictures/", "access": "read"}).expect(201)
    stack = door.operator("cloudformation").describe_stacks(StackName=door.addresses["stack_name"])["Stacks"][0]
    roles = next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "DataLocationRoles").split()
    manifest = door.upload_manifest([{"source-ref": f"s3://{bucket}/pictures/1.png"}])
    name = door.create(door.definition(manifest))
    refused = door.wait_for(name, "Draft")

    grants = [("s3:ListBucket", f"arn:aws:s3:::{bucket}"), ("s3:GetObject", f"arn:aws:s3:::{bucket}/pictures/*")]
    statements = [{"Effect": "Allow", "Principal": {"AWS": roles}, "Action": action, "Resource": arn} for action, arn in grants]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/submit").expect(202)
    door.wait_for(name, "InProgress")
    door.as_("admin").delete(location).expect(204)

    assert [fault["code"] for fault in refused["validation"]["faults"]] == ["manifest.objects-unreadable"]
