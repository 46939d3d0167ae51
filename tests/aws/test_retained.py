"""What outlives the stack can come back into it: by the schemas of the types that it is of."""

from itertools import product

import pytest

from deploy import template
from deploy.errors import DeployError
from deploy.stack import adoption, existing, removal
from deploy.stack.existing import ExistingResource
from tests.aws.rendered import GIVEN, REGION, render_stack
from tests.aws.schemas import name_properties, read_schema

WHOLE = template.compose()
RETAINED = sorted(template.list_retained(WHOLE))
KINDS = sorted({WHOLE["Resources"][name]["Type"] for name in RETAINED})


def existing_resources(*without: str) -> list[ExistingResource]:
    return [
        ExistingResource(name, WHOLE["Resources"][name]["Type"], f"id-of-{name}")
        for name in RETAINED
        if name not in without
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_each_retained_type_is_imported_by_its_primary_identifier(kind: str) -> None:
    schema = read_schema(kind)
    assert [f"/properties/{adoption.IDENTIFIERS[kind]}"] == schema["primaryIdentifier"]
    assert "read" in schema["handlers"], "CloudFormation imports what it can read"


def test_each_retained_type_is_found_and_removed_in_its_way() -> None:
    assert set(KINDS) == set(adoption.IDENTIFIERS) == set(existing.FINDERS) == set(removal._DELETERS)


def test_what_cannot_be_imported_by_itself_is_named() -> None:
    """Auto-import takes no type whose identifier is read-only: without a list of ours these would be made twice."""
    read_only = {
        kind
        for kind in KINDS
        if name_properties(read_schema(kind), "primaryIdentifier")
        & name_properties(read_schema(kind), "readOnlyProperties")
    }
    assert {"AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::EC2::VPC"} <= read_only
    listed = adoption.build_import(WHOLE, {}, existing_resources()).resources
    assert read_only <= {entry["ResourceType"] for entry in listed}
    assert {entry["LogicalResourceId"] for entry in listed} == set(RETAINED)


def test_an_import_holds_nothing_else_and_no_outputs() -> None:
    imported = adoption.build_import(WHOLE, {}, existing_resources()).template
    assert set(imported["Resources"]) == set(RETAINED)
    assert "Outputs" not in imported
    assert all(part["DeletionPolicy"] in template.RETAINING for part in imported["Resources"].values())


@pytest.mark.parametrize("name", RETAINED)
def test_an_import_leaves_out_only_what_the_next_change_may_set(name: str) -> None:
    """What is left out is not fixed when the resource is made: the update would replace the resource."""
    part = WHOLE["Resources"][name]
    stated = adoption.build_import(WHOLE, {}, existing_resources()).template["Resources"][name]["Properties"]
    schema = read_schema(part["Type"])
    fixed = name_properties(schema, "createOnlyProperties", "conditionalCreateOnlyProperties")
    assert not (set(part["Properties"]) - set(stated)) & (fixed | set(schema.get("required", [])))


def test_a_secret_is_imported_whole() -> None:
    """Its value would be generated anew if the change after the import saw a difference."""
    imported = adoption.build_import(WHOLE, {}, existing_resources()).template["Resources"]
    assert imported["Secret"]["Properties"] == WHOLE["Resources"]["Secret"]["Properties"]


def test_what_an_import_cannot_do_without_is_named() -> None:
    with pytest.raises(DeployError, match="DatabaseCluster was kept by an earlier stack, but Key"):
        adoption.build_import(WHOLE, {}, existing_resources("Key"))
    fixed: dict[str, set[str]] = {}
    for part in (WHOLE["Resources"][name] for name in RETAINED):
        create_only = name_properties(read_schema(part["Type"]), "createOnlyProperties")
        for key in create_only & set(part["Properties"]):
            if adoption._find_references(part["Properties"][key]) - set(WHOLE["Parameters"]):
                fixed.setdefault(part["Type"], set()).add(key)
    assert fixed == adoption.FIXED_REFERENCES


def test_without_its_key_a_secret_is_imported_and_encrypted_anew() -> None:
    imported = adoption.build_import(
        WHOLE, {}, [ExistingResource("Secret", "AWS::SecretsManager::Secret", "arn")]
    ).template
    assert "KmsKeyId" not in imported["Resources"]["Secret"]["Properties"]


@pytest.mark.parametrize(("database", "cdn"), list(product(("aurora", "own"), ("true", "false"))))
def test_conditions_are_decided_as_cloudformation_does(database: str, cdn: str) -> None:
    parameters = {"Database": database, "Cdn": cdn, "Zones": "2", "DatabaseProxy": "true"}
    rendered = render_stack(parameters)
    decided = template.evaluate_conditions(WHOLE, {**GIVEN, **parameters, "AWS::Region": REGION})
    assert decided == rendered.conditions
