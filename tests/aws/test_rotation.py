"""Changing keys: nothing that was signed breaks before its time, and what must end at once does."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.keys import rotation, signing
from deploy.stack import base
from deploy.stage import Stage
from tests.aws.cloudformation import CloudFormation
from tests.aws.doubles import Double, Fault, make_clients
from tests.aws.rendered import REGION, render_stack

LONG_AGO = (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")


class Secrets(Double):
    """One secret, in all the versions that it had."""

    service = "secretsmanager"

    def __init__(self, **values: str) -> None:
        super().__init__()
        self.versions = [dict(values)] if values else []

    @property
    def values(self) -> dict[str, str]:
        return self.versions[-1]

    def get_secret_value(self, asked: Any) -> Any:
        if not self.versions:
            raise Fault("ResourceNotFoundException")
        return {"SecretString": json.dumps(self.values)}

    def put_secret_value(self, asked: Any) -> None:
        self.versions.append(json.loads(asked["SecretString"]))


class Functions(Double):
    service = "lambda"

    def get_function(self, asked: Any) -> Any:
        # What the waiter asks for too.
        return {"Configuration": {"FunctionName": asked["FunctionName"], "LastUpdateStatus": "Successful"}}

    def update_function_configuration(self, asked: Any) -> Any:
        return {}


class Ground:
    """A stage that signs links, or is about to."""

    def __init__(self, **parameters: str) -> None:
        self.stack, self.functions = CloudFormation({"SigningKeyA": "", **parameters}), Functions()
        self.secret = Secrets(SECRET_KEY="first")
        clients = make_clients(self.stack, self.secret, self.functions)
        self.stage = Stage("mediahub", "production", REGION, clients, poll_seconds=0, report=lambda line: None)
        self.waited: list[float] = []

    def deploy(self) -> None:
        parameters, private = signing.choose_key(self.stage, self.stage.base.read_parameters())
        outputs = base.update_parameters(self.stage, parameters)
        if private:
            signing.store_key(self.stage, outputs["SigningKeyId"], private)

    def rotate(self, *, now: bool = False) -> str:
        return rotation.rotate_links(self.stage, now=now, wait=self.waited.append)

    def accepted(self) -> set[str]:
        """Return the ids of the keys whose links CloudFront accepts."""
        return set(self.stack.rendered.properties("KeyGroup")["KeyGroupConfig"]["Items"])

    def signs_with(self) -> str:
        """Return the id under which the web signs; the private half must be that key's."""
        key_id = self.secret.values["CLOUDFRONT_KEY_ID"]
        slot = key_id[-1]
        public: Any = load_pem_public_key(self.stack.parameters[f"SigningKey{slot}"].encode())
        private: Any = load_pem_private_key(self.secret.values["CLOUDFRONT_PRIVATE_KEY"].encode(), None)
        assert private.public_key().public_numbers() == public.public_numbers()
        return key_id


@pytest.fixture
def ground() -> Ground:
    new_ground = Ground()
    new_ground.deploy()
    return new_ground


def test_the_first_key_is_made_once_and_its_private_half_is_in_the_secret_alone(ground: Ground) -> None:
    assert ground.signs_with() == "id-of-PublicKeyA"
    assert ground.secret.values["SECRET_KEY"] == "first"
    ground.deploy()
    assert len(ground.secret.versions) == 2
    assert "PRIVATE" not in json.dumps(ground.stack.parameters)


def test_links_of_both_keys_are_good_while_the_key_is_changed(ground: Ground) -> None:
    said = ground.rotate()
    assert "Run the same command again in 65 minutes." in said
    assert ground.accepted() == {"id-of-PublicKeyA", "id-of-PublicKeyB"}
    assert ground.signs_with() == "id-of-PublicKeyB"
    # Nothing is signed with a key that CloudFront may not know everywhere.
    assert ground.waited == [rotation.SPREAD_SECONDS]
    assert len(ground.functions.called("update_function_configuration")) == 2
    # Too early: links of the former key are good.
    with pytest.raises(DeployError, match="are valid until"):
        ground.rotate()
    assert ground.accepted() == {"id-of-PublicKeyA", "id-of-PublicKeyB"}
    ground.secret.values["CLOUDFRONT_KEY_SINCE"] = LONG_AGO
    assert "The old key was removed" in ground.rotate()
    assert ground.accepted() == {"id-of-PublicKeyB"}
    # And once more, into the place that became free.
    ground.rotate()
    assert ground.signs_with() == "id-of-PublicKeyA"


def test_a_key_that_others_know_ends_at_once(ground: Ground) -> None:
    ground.rotate(now=True)
    assert ground.accepted() == {"id-of-PublicKeyB"}
    assert ground.signs_with() == "id-of-PublicKeyB"
    ground.rotate()
    ground.rotate(now=True)
    assert ground.accepted() == {ground.signs_with()}


def test_a_private_half_that_is_lost_is_replaced(ground: Ground) -> None:
    ground.secret.versions = [{"SECRET_KEY": "first"}]
    ground.deploy()
    assert ground.signs_with() == "id-of-PublicKeyB"
    assert ground.accepted() == {"id-of-PublicKeyA", "id-of-PublicKeyB"}


def test_a_release_leaves_a_key_that_is_being_changed_alone(ground: Ground) -> None:
    ground.rotate()
    before = dict(ground.stack.parameters)
    ground.deploy()
    assert ground.stack.parameters == before


def test_djangos_key_is_changed_and_the_former_one_accepted_for_three_days(ground: Ground) -> None:
    rotation.rotate_django(ground.stage, now=False)
    fresh = ground.secret.values["SECRET_KEY"]
    assert ground.secret.values["SECRET_KEY_FALLBACK"] == "first"
    assert ground.signs_with() == "id-of-PublicKeyA"
    with pytest.raises(DeployError, match="are valid until"):
        rotation.rotate_django(ground.stage, now=False)
    ground.secret.values["SECRET_KEY_SINCE"] = LONG_AGO
    rotation.rotate_django(ground.stage, now=False)
    assert (ground.secret.values["SECRET_KEY"], ground.secret.values["SECRET_KEY_FALLBACK"]) == (fresh, "")


def test_djangos_key_ends_at_once_when_others_know_it(ground: Ground) -> None:
    rotation.rotate_django(ground.stage, now=True)
    assert ground.secret.values["SECRET_KEY"] != "first"
    assert ground.secret.values["SECRET_KEY_FALLBACK"] == ""


def test_a_stage_without_a_cdn_has_no_key_to_change() -> None:
    without = Ground(Cdn="false")
    with pytest.raises(DeployError, match="signs no CloudFront links"):
        without.rotate()


def test_one_secret_serves_the_site() -> None:
    """Each costs by the month, and each is one request more at the start of a function."""
    for database, names in (("aurora", {"django"}), ("own", {"django", "database"})):
        stack = render_stack({"Database": database})
        secrets = {stack.physical_name(name) for name in stack.of_type("AWS::SecretsManager::Secret")}
        assert secrets == {f"mediahub-production/{name}" for name in names}
    web = zappa_settings.build_settings(
        Stage("mediahub", "production", REGION, lambda service: None), stack.outputs, {}, "web"
    )
    assert web["CLOUDFRONT_KEY_SECRET"] == web["SECRET_KEY_SECRET"] == "mediahub-production/django"


def test_both_keys_have_names_and_references_of_their_own() -> None:
    """CloudFront refuses a reference that was used with another key, and a name that another key has."""
    pem = "-----BEGIN PUBLIC KEY-----\nfirst\n{}\n-----END PUBLIC KEY-----"
    stack = render_stack({"SigningKeyA": pem.format("one"), "SigningKeyB": pem.format("two")})
    keys = [stack.properties(f"PublicKey{slot}")["PublicKeyConfig"] for slot in signing.SLOTS]
    assert [key["CallerReference"] for key in keys] == ["one", "two"]
    assert len({key["Name"] for key in keys}) == 2
