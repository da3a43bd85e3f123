"""Every path of the HTTP API with its methods, over all functions: what a request that no route takes is told.

A function knows only its own routes. API Gateway hands what fits none of them to one function, which answers 404, or 405 with `Allow`,
out of this table (docs/decisions/0010). tests/contract/test_openapi.py holds it against the functions' route tables.
"""

METHODS: dict[str, tuple[str, ...]] = {
    "/access-keys": ("GET", "POST"),
    "/access-keys/{access_key_id}": ("DELETE",),
    "/health": ("GET",),
    "/labeling-jobs": ("GET",),
    "/labeling-teams": ("GET", "POST"),
    "/labeling-teams/{team}": ("GET", "DELETE"),
    "/labeling-teams/{team}/members/{username}": ("PUT", "DELETE"),
    "/me": ("GET",),
    "/people": ("GET", "POST"),
    "/people/{username}": ("GET", "DELETE"),
    "/people/{username}/enable": ("POST",),
    "/people/{username}/invite": ("POST",),
    "/projects": ("GET", "POST"),
    "/projects/{project}": ("GET", "PATCH", "DELETE"),
    "/projects/{project}/data-locations": ("GET",),
    "/projects/{project}/data-locations/{id}": ("PUT", "DELETE"),
    "/projects/{project}/labeling-jobs": ("GET", "POST"),
    "/projects/{project}/labeling-jobs/{name}": ("GET", "PATCH", "DELETE"),
    "/projects/{project}/labeling-jobs/{name}/clone": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/consolidate": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/events": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/parts": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/extend": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/instructions": ("PUT",),
    "/projects/{project}/labeling-jobs/{name}/objects": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/objects/{n}/reissue": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/exports": ("GET", "POST"),
    "/projects/{project}/labeling-jobs/{name}/exports/{export_id}": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/output": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/pause": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/resume": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/preview": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/quality": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/results": ("GET",),
    "/projects/{project}/labeling-jobs/{name}/stop": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/submit": ("POST",),
    "/projects/{project}/labeling-jobs/{name}/validation-report": ("GET",),
    "/projects/{project}/labeling-teams": ("GET",),
    "/projects/{project}/manifests": ("GET", "POST"),
    "/projects/{project}/manifests/{manifest}": ("GET",),
    "/projects/{project}/members": ("GET",),
    "/projects/{project}/members/{username}": ("PUT", "DELETE"),
    "/projects/{project}/notifications": ("GET",),
    "/projects/{project}/notifications/{id}": ("GET", "PUT", "DELETE"),
    "/projects/{project}/notifications/{id}/deliveries": ("GET",),
    "/projects/{project}/notifications/{id}/deliveries/{delivery_id}/replay": ("POST",),
    "/projects/{project}/notifications/{id}/rotate-secret": ("POST",),
    "/projects/{project}/objects": ("GET",),
    "/projects/{project}/objects/url": ("GET",),
    "/projects/{project}/uploads": ("POST",),
    "/task-types": ("GET",),
    "/work/history": ("GET",),
    "/work/labeling-jobs": ("GET",),
    "/work/labeling-jobs/{name}/leases": ("POST",),
    "/work/leases/{lease_id}": ("GET",),
    "/work/leases/{lease_id}/answer": ("POST",),
    "/work/leases/{lease_id}/decline": ("POST",),
    "/work/leases/{lease_id}/draft": ("PUT",),
    "/work/leases/{lease_id}/page": ("GET",),
    "/work/leases/{lease_id}/renew": ("POST",),
    "/work/leases/{lease_id}/return": ("POST",),
}


def allowed_methods(path: str) -> tuple[str, ...]:
    """The methods of the resource at `path` (as the client asked for it: `/projects/pets`); none when there is no such resource."""
    asked = path.removeprefix("/").split("/")
    found = [template for template in METHODS if _is_of(asked, template.removeprefix("/").split("/"))]
    # A path that names the part literally is meant before one that takes anything there, as in API Gateway.
    return METHODS[min(found, key=lambda template: template.count("{"))] if found else ()


def _is_of(asked: list[str], template: list[str]) -> bool:
    """Whether the parts are the template's: its parameters take anything but nothing."""
    return len(asked) == len(template) and all(
        part == want or (want.startswith("{") and part != "") for part, want in zip(asked, template, strict=True)
    )
