"""Who may do what, rule by rule: one row for each kind of caller."""

from collections.abc import Callable

import pytest

from groundwork import access
from groundwork.access import Caller, Decision, Resource, Role

NOBODY = None
ANN, BOB = Caller("ann"), Caller("bob", frozenset({"vets"}))
ADMIN = Caller("root", frozenset({"admins", "vets"}))
OWNER, COLLABORATOR, STRANGER = Resource(Role.OWNER), Resource(Role.COLLABORATOR), Resource()
ALLOW, FORBID, HIDE = Decision.ALLOW, Decision.FORBID, Decision.HIDE

#                            nobody  stranger collaborator owner  admin who is no member
ROWS = {
    access.anyone:              (ALLOW,  ALLOW,  ALLOW,  ALLOW,  ALLOW),
    access.signed_in:           (FORBID, ALLOW,  ALLOW,  ALLOW,  ALLOW),
    access.work:                (FORBID, ALLOW,  ALLOW,  ALLOW,  ALLOW),
    access.administer:          (FORBID, FORBID, FORBID, FORBID, ALLOW),
    access.read_project:        (HIDE,   HIDE,   ALLOW,  ALLOW,  ALLOW),
    access.contribute:          (HIDE,   HIDE,   ALLOW,  ALLOW,  FORBID),
    access.own_project:         (HIDE,   HIDE,   FORBID, ALLOW,  FORBID),
    access.manage_project:      (HIDE,   HIDE,   FORBID, ALLOW,  ALLOW),
    access.administer_project:  (HIDE,   HIDE,   FORBID, FORBID, ALLOW),
    access.delete_labeling_job: (HIDE,   HIDE,   FORBID, ALLOW,  FORBID),
    access.stop_labeling_job:   (HIDE,   HIDE,   FORBID, ALLOW,  ALLOW),
    access.steer_labeling_job:  (HIDE,   HIDE,   FORBID, ALLOW,  ALLOW),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "decisions"), ROWS.items(), ids=[rule.__name__ for rule in ROWS])
def test_each_rule_decides_for_each_kind_of_caller(rule: Callable[..., Decision], decisions: tuple[Decision, ...]) -> None:
    askers = [(NOBODY, STRANGER), (ANN, STRANGER), (ANN, COLLABORATOR), (ANN, OWNER), (ADMIN, STRANGER)]

    assert tuple(rule(caller, resource) for caller, resource in askers) == decisions


def test_every_rule_is_in_the_table() -> None:
    rules = {
        name for name, value in vars(access).items() if callable(value) and getattr(value, "__annotations__", {}).get("return") is Decision
    }

    assert {name for name in rules if not name.startswith("_")} == {rule.__name__ for rule in ROWS}


def test_the_creator_may_delete_a_draft_but_not_a_finished_job() -> None:
    draft, finished = (Resource(Role.COLLABORATOR, creator="ann", is_draft=is_draft) for is_draft in (True, False))

    assert access.delete_labeling_job(ANN, draft) is ALLOW
    assert access.delete_labeling_job(BOB, draft) is FORBID
    assert access.delete_labeling_job(ANN, finished) is FORBID


def test_the_creator_may_stop_a_job_only_while_a_member() -> None:
    assert access.stop_labeling_job(ANN, Resource(Role.COLLABORATOR, creator="ann")) is ALLOW
    assert access.stop_labeling_job(BOB, Resource(Role.COLLABORATOR, creator="ann")) is FORBID
    assert access.stop_labeling_job(ANN, Resource(None, creator="ann", is_draft=True)) is HIDE
    assert access.delete_labeling_job(ANN, Resource(None, creator="ann", is_draft=True)) is HIDE


def test_the_administrators_group_is_no_labeling_team() -> None:
    assert ADMIN.is_admin
    assert ADMIN.labeling_teams == {"vets"}
    assert not BOB.is_admin
