"""Making a pool ready to use, against a Resource Manager in memory and a real pool."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from acajs_kernel.azure import Made, PoolOptions, Provisioner
from acajs_kernel.errors import AzureError, ConfigurationError, PermissionDeniedError
from acajs_kernel.pool import Endpoint, PoolClient
from tests.azure.fake import PRINCIPAL, SUBSCRIPTION, FakeAzure, Fault, Tokens, access_token
from tests.azure.fake import manager_of as manager
from tests.pool.fakes import IDENTIFIER, Clock, FakePool, client_of

_GROUP = "/resourceGroups/group"
_POOL = f"{_GROUP}/providers/Microsoft.App/sessionPools/pool"


@dataclass
class _Gate:
    """A pool that refuses its first requests, as one does until a role has spread."""

    refusals: list[int] = field(default_factory=list)
    pool: FakePool = field(default_factory=FakePool)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        if self.refusals:
            return httpx.Response(self.refusals.pop(0))
        return await self.pool(request)


@dataclass
class _Run:
    """One use of the command, and what it said."""

    fake: FakeAzure = field(default_factory=FakeAzure)
    gate: _Gate = field(default_factory=_Gate)
    clock: Clock = field(default_factory=Clock)
    tokens: Tokens = field(default_factory=Tokens)
    steps: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)

    def _connect(self, endpoint: Endpoint) -> PoolClient:
        assert endpoint.url == self.fake.endpoint
        return client_of(self.gate, clock=self.clock)

    async def make(
        self,
        name: str = "pool",
        group: str = "group",
        *,
        subscription: str = "",
        location: str = "",
        **options: Any,
    ) -> Made:
        """Make the pool."""
        self.steps.clear()
        async with manager(self.fake, clock=self.clock, tokens=self.tokens) as azure:
            provisioner = Provisioner(
                azure=azure,
                connect=self._connect,
                new_identifier=lambda: IDENTIFIER,
                on_step=lambda step: self.steps.append(
                    f"{'=' if step.was_there else '+'} {step.text}"
                ),
                report=self.reports.append,
            )
            return await provisioner.make(
                name,
                group,
                subscription=subscription,
                location=location,
                options=PoolOptions(**options),
            )


@pytest.fixture
def run() -> _Run:
    """Give an empty subscription, and a pool whose role works at once."""
    return _Run()


async def test_everything_is_made_from_nothing(run: _Run) -> None:
    """Group, pool and role are made in order, with the tutorial's values; code has run."""
    made = await run.make()
    assert made.endpoint == Endpoint.parse(run.fake.endpoint)
    assert [method for method, _ in run.fake.changes] == ["PUT", "PUT", "PUT"]
    assert [path for _, path in run.fake.changes[:2]] == [_GROUP, _POOL]
    assert run.fake.changes[2][1].startswith(
        f"{_POOL}/providers/Microsoft.Authorization/roleAssignments/"
    )
    assert run.fake.bodies[:2] == [
        {"location": "northcentralus"},
        {
            "location": "northcentralus",
            "properties": {
                "poolManagementType": "Dynamic",
                "containerType": "NodeLTS",
                "scaleConfiguration": {"maxConcurrentSessions": 5},
                "dynamicPoolConfiguration": {
                    "lifecycleConfiguration": {
                        "lifecycleType": "Timed",
                        "cooldownPeriodInSeconds": 300,
                    }
                },
                "sessionNetworkConfiguration": {"status": "EgressEnabled"},
            },
        },
    ]
    assert run.fake.assignments[0]["properties"]["principalId"] == PRINCIPAL
    assert run.fake.assignments[0]["properties"]["principalType"] == "User"
    assert [step[0] for step in run.steps] == ["=", "=", "+", "+", "+", "+"]
    assert run.gate.pool.is_stopped


async def test_running_it_again_changes_nothing_and_says_what_was_there(run: _Run) -> None:
    """The second run makes no change, even with the options of the first."""
    await run.make(max_sessions=7, cooldown_seconds=600, egress=False, location="westeurope")
    run.fake.requests.clear()
    await run.make(max_sessions=7, cooldown_seconds=600, egress=False, location="West Europe")
    assert run.fake.changes == []
    assert [step[0] for step in run.steps] == ["=", "=", "=", "=", "=", "+"]
    await run.make()
    assert run.fake.changes == [], "options that are not given change nothing"


async def test_only_options_that_differ_are_changed(run: _Run) -> None:
    """A pool that is there keeps what is not named."""
    run.fake.add_pool(scaleConfiguration={"maxConcurrentSessions": 40})
    await run.make(cooldown_seconds=600, egress=True)
    assert run.fake.changes[0] == ("PATCH", _POOL)
    assert run.fake.bodies[0] == {
        "properties": {
            "dynamicPoolConfiguration": {
                "lifecycleConfiguration": {
                    "lifecycleType": "Timed",
                    "cooldownPeriodInSeconds": 600,
                }
            }
        }
    }
    properties = next(iter(run.fake.pools.values()))["properties"]
    assert properties["scaleConfiguration"] == {"maxConcurrentSessions": 40}


@pytest.mark.parametrize("style", ["operation", "location", "state"])
async def test_every_way_of_telling_the_end_of_a_change_is_followed(run: _Run, style: str) -> None:
    """Azure-AsyncOperation, Location, and the resource's own state lead to the same pool."""
    run.fake.style = style
    run.fake.polls = 4
    made = await run.make()
    assert made.endpoint.url == run.fake.endpoint
    waits = [report for report in run.reports if report.startswith("Making the session pool")]
    assert len(waits) == 5
    await run.make(max_sessions=9)
    assert next(iter(run.fake.pools.values()))["properties"]["provisioningState"] == "Succeeded"


async def test_retry_after_says_how_long_to_wait(run: _Run) -> None:
    """Between two questions the seconds pass that the service asks for."""
    run.fake.polls = 0
    await run.make()
    assert run.clock.pauses[0] == 7.0


async def test_a_link_to_another_host_gets_no_token(run: _Run) -> None:
    """Where the operation's URL leads elsewhere, the resource itself is asked instead."""
    run.fake.operation_host = "https://elsewhere.example"
    await run.make()
    assert not any("/operationStatuses/" in path for _, path in run.fake.requests)


async def test_an_operation_that_is_forgotten_is_replaced_by_the_resource(run: _Run) -> None:
    """An operation's URL that is gone does not fail the command."""
    run.fake.operations_forgotten = True
    made = await run.make()
    assert made.endpoint.url == run.fake.endpoint


async def test_a_change_that_fails_is_explained_and_made_again(run: _Run) -> None:
    """The operation's own error is shown with a remedy; the next run makes the pool."""
    run.fake.operation_error = {"code": "RegionQuotaExceeded", "message": "Too many pools."}
    with pytest.raises(AzureError) as caught:
        await run.make()
    assert "Making the session pool pool failed" in caught.value.message
    assert "Too many pools." in caught.value.message
    assert "acajs azure list" in caught.value.remedy
    run.fake.operation_error = None
    await run.make()
    assert any("created again" in step for step in run.steps)


async def test_a_change_without_end_is_given_up(run: _Run) -> None:
    """After 15 minutes of the clock the command ends, and says that it can be run again."""
    run.fake.polls = 10_000
    with pytest.raises(AzureError, match="has not ended within 900 s") as caught:
        await run.make()
    assert "again" in caught.value.remedy
    assert sum(run.clock.pauses) <= 900


async def test_a_pool_that_somebody_is_changing_is_waited_for(run: _Run) -> None:
    """A pool whose state is not final is not changed before it is."""
    pool = run.fake.add_pool(provisioningState="InProgress")
    run.fake._pending[pool["id"]] = (2, lambda: run.fake._finish(pool["id"]))
    await run.make(max_sessions=5)
    assert all(method != "PATCH" for method, _ in run.fake.changes)


async def test_the_provider_is_registered_first(run: _Run) -> None:
    """A subscription that has never used the service is registered, and waited for."""
    run.fake.registered = False
    run.fake.registration_polls = 3
    await run.make()
    assert run.fake.changes[0] == ("POST", "/providers/Microsoft.App/register")
    assert "+ provider Microsoft.App is registered" in run.steps


async def test_whoever_may_not_look_at_the_provider_can_make_a_pool(run: _Run) -> None:
    """Rights in the resource group are enough; a missing registration is told by the pool."""
    run.fake.faults.append(Fault("GET", "/providers/Microsoft.App", 403, "AuthorizationFailed"))
    run.fake.groups["group"] = "northcentralus"
    await run.make()
    assert not any("provider" in step for step in run.steps)
    run.fake.pools.clear()
    run.fake.registered = False
    run.fake.faults.append(Fault("GET", "/providers/Microsoft.App", 403, "AuthorizationFailed"))
    with pytest.raises(AzureError, match="MissingSubscriptionRegistration") as caught:
        await run.make()
    assert "az provider register" in caught.value.remedy


async def test_a_registration_without_end_is_given_up(run: _Run) -> None:
    """The wait for the provider has a bound."""
    run.fake.registered = False
    run.fake.registration_polls = 10_000
    with pytest.raises(AzureError, match="has not ended within 600 s"):
        await run.make()


async def test_a_region_without_session_pools_is_refused_before_anything_is_made(
    run: _Run,
) -> None:
    """The regions that there are stand in the remedy; no pool was asked for."""
    with pytest.raises(ConfigurationError, match="no session pools in the region mars") as caught:
        await run.make(location="mars")
    assert "northcentralus, westeurope" in caught.value.remedy
    assert run.fake.pools == {}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "LocationNotAvailableForResourceType", "--location"),
        (400, "ContainerTypeNotSupportedInRegion", "--location"),
        (403, "RequestDisallowedByPolicy", "policy"),
        (400, "MaxSessionPoolsQuotaExceeded", "acajs azure delete"),
        (403, "AuthorizationFailed", "Contributor"),
        (409, "ScopeLocked", "az lock list"),
        (409, "AnotherOperationInProgress", "run the command again"),
        (400, "SomethingNew", "SomethingNew"),
    ],
)
async def test_a_refusal_names_its_code_and_a_remedy(
    run: _Run, status: int, code: str, words: str
) -> None:
    """Whatever the service's reason, it is shown with what to do, and nothing is repeated."""
    run.fake.faults.append(Fault("PUT", "/sessionPools/", status, code, "The reason"))
    with pytest.raises(AzureError) as caught:
        await run.make()
    assert (caught.value.status, caught.value.code) == (status, code)
    assert f"HTTP {status}" in caught.value.message
    assert "The reason." in caught.value.message
    assert "44444444-4444" in caught.value.message
    assert words in caught.value.remedy
    assert sum(method == "PUT" for method, _ in run.fake.changes) == 2


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "InvalidContainerType", "No."),
        (400, "BadRequest", "The value 'NodeLTS' is not one of PythonLTS, CustomContainer."),
        (422, "ValidationError", "properties.containerType is invalid."),
    ],
)
async def test_a_stable_version_that_refuses_nodelts_gives_way_to_the_preview(
    run: _Run, status: int, code: str, text: str
) -> None:
    """The pool is made with the version whose description names the type; the rest is as ever."""
    run.fake.faults.append(Fault("PUT", "/sessionPools/", status, code, text))
    await run.make()
    versions = [
        version
        for (method, path), version in zip(run.fake.requests, run.fake.versions, strict=True)
        if method == "PUT" and path.endswith("/sessionPools/pool")
    ]
    assert versions == ["2025-07-01", "2025-10-02-preview"]
    assert run.fake.bodies[1] == run.fake.bodies[2]


async def test_a_pool_that_failed_for_its_type_is_made_with_the_preview(run: _Run) -> None:
    """Resource Manager may say so only when the change has ended."""
    run.fake.operation_error = {"code": "InvalidContainerType", "message": "No NodeLTS here."}
    with pytest.raises(AzureError, match="InvalidContainerType"):
        await run.make()
    puts = [path for method, path in run.fake.changes if method == "PUT" and path == _POOL]
    assert len(puts) == 2, "the preview is asked once, and its error is the one that is shown"


async def test_a_change_that_the_stable_version_refuses_is_made_with_the_preview(
    run: _Run,
) -> None:
    """What holds for making a pool holds for changing it."""
    run.fake.add_pool()
    run.fake.faults.append(Fault("PATCH", "/sessionPools/", 400, "InvalidContainerType"))
    await run.make(max_sessions=9)
    assert [method for method, _ in run.fake.changes][:2] == ["PATCH", "PATCH"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cooldown_seconds": 299}, "takes 300 to 3600 s"),
        ({"cooldown_seconds": 3601}, "takes 300 to 3600 s"),
        ({"cooldown_seconds": 0}, "takes 300 to 3600 s"),
        ({"max_sessions": 601}, "takes 1 to 600"),
        ({"max_sessions": 0}, "takes 1 to 600"),
        ({"max_sessions": -1}, "takes 1 to 600"),
    ],
)
async def test_options_that_the_service_refuses_are_refused_before_anybody_is_asked(
    run: _Run, options: dict[str, Any], words: str
) -> None:
    """The rule is told, and no request is made."""
    with pytest.raises(ConfigurationError, match=words):
        await run.make(**options)
    assert run.fake.requests == []


@pytest.mark.parametrize(
    "options",
    [{"cooldown_seconds": 300, "max_sessions": 1}, {"cooldown_seconds": 3600, "max_sessions": 600}],
)
async def test_options_at_the_limits_are_taken(run: _Run, options: dict[str, Any]) -> None:
    """Both ends belong to what the service takes."""
    await run.make(**options)
    assert len(run.fake.pools) == 1


async def test_nested_errors_choose_the_remedy(run: _Run) -> None:
    """The code within a general one says what to do."""
    nested = [{"code": "RequestDisallowedByPolicy", "message": "By the policy regions-eu."}]
    run.fake.faults.append(Fault("PUT", "/sessionPools/", 400, "Invalid", "See.", details=nested))
    with pytest.raises(AzureError) as caught:
        await run.make()
    assert "By the policy regions-eu." in caught.value.message
    assert "policy" in caught.value.remedy


async def test_a_busy_service_is_asked_again(run: _Run) -> None:
    """HTTP 429 and 503 are waited out, as long as Retry-After says."""
    run.fake.faults += [
        Fault("PUT", "/sessionPools/", 429, "TooManyRequests", headers={"Retry-After": "17"}),
        Fault("GET", "/resourceGroups/group", 503, "ServiceUnavailable"),
    ]
    await run.make()
    assert 17.0 in run.clock.pauses


async def test_a_service_that_stays_busy_ends_the_command(run: _Run) -> None:
    """The patience has a bound."""
    fault = Fault("PUT", "/sessionPools/", 429, "TooManyRequests", times=10_000)
    run.fake.faults.append(fault)
    with pytest.raises(AzureError) as caught:
        await run.make()
    assert caught.value.status == 429
    assert sum(run.clock.pauses) < 150


async def test_the_role_is_waited_for(run: _Run) -> None:
    """A pool that refuses the identity at first is tried until it does not."""
    run.gate.refusals += [404, 403, 401, 403]
    await run.make()
    assert any(report.startswith("Waiting for the role") for report in run.reports)
    assert run.gate.pool.is_stopped


async def test_a_role_that_never_works_ends_the_command(run: _Run) -> None:
    """After ten minutes the pool's own refusal is shown, with the command that gives the role."""
    run.gate.refusals += [403] * 1000
    with pytest.raises(PermissionDeniedError) as caught:
        await run.make()
    assert "az role assignment create" in caught.value.remedy
    assert sum(run.clock.pauses) < 660


@pytest.mark.parametrize("scope", [f"/subscriptions/{SUBSCRIPTION}", "/", None])
async def test_a_role_that_is_there_is_not_given_again(run: _Run, scope: str | None) -> None:
    """An assignment on the pool, or on a scope above, is enough."""
    await run.make()
    if scope is not None:
        run.fake.assignments[0]["properties"]["scope"] = scope
    run.fake.requests.clear()
    await run.make()
    assert run.fake.changes == []


async def test_a_role_elsewhere_does_not_count(run: _Run) -> None:
    """An assignment on another pool is none on this one."""
    await run.make()
    run.fake.assignments[0]["properties"]["scope"] += "2"
    run.fake.requests.clear()
    await run.make()
    assert [method for method, _ in run.fake.changes] == ["PUT"]


async def test_role_assignment_exists_is_success(run: _Run) -> None:
    """An assignment that the list did not show yet is no failure."""
    run.fake.faults.append(Fault("PUT", "/roleAssignments/", 409, "RoleAssignmentExists"))
    await run.make()
    assert any(step.startswith("= role") for step in run.steps)


async def test_an_identity_that_the_directory_does_not_know_yet_is_tried_again(run: _Run) -> None:
    """PrincipalNotFound is waited out for two minutes, and then explained."""
    run.fake.faults.append(Fault("PUT", "/roleAssignments/", 400, "PrincipalNotFound", times=3))
    await run.make()
    run.fake.assignments.clear()
    run.fake.faults.append(Fault("PUT", "/roleAssignments/", 400, "PrincipalNotFound", times=99))
    with pytest.raises(AzureError) as caught:
        await run.make()
    assert "takes minutes" in caught.value.remedy


async def test_an_application_gets_the_role_as_one(run: _Run) -> None:
    """A token without a user's permissions is a service principal's."""
    run.tokens.tokens = [access_token(scp="")]
    await run.make()
    assert run.fake.assignments[0]["properties"]["principalType"] == "ServicePrincipal"


async def test_a_token_that_is_refused_is_replaced_once(run: _Run) -> None:
    """HTTP 401 fetches another token, and the request is sent again with it."""
    run.tokens.tokens = [access_token(exp=1), access_token()]
    first = run.tokens.tokens[0]
    run.fake.faults.append(Fault("GET", "/subscriptions", 401, "ExpiredAuthenticationToken"))
    await run.make()
    assert run.fake.tokens[0] == first
    assert first not in run.fake.tokens[1:]


async def test_a_pool_of_another_kind_is_left_alone(run: _Run) -> None:
    """A Python pool of the name is an error, not something to change."""
    run.fake.add_pool(containerType="PythonLTS")
    with pytest.raises(ConfigurationError, match="PythonLTS"):
        await run.make()
    assert run.fake.changes == []


async def test_a_pool_elsewhere_is_left_alone(run: _Run) -> None:
    """A pool of the name in another region is an error if a region is given."""
    run.fake.add_pool()
    with pytest.raises(ConfigurationError, match="North Central US, not in westeurope"):
        await run.make(location="westeurope")
    assert run.fake.changes == []


async def test_a_group_elsewhere_is_used(run: _Run) -> None:
    """A resource group's own region is its own affair."""
    run.fake.groups["group"] = "westeurope"
    await run.make(location="northcentralus")
    assert run.fake.changes[0] == ("PUT", _POOL)


async def test_two_subscriptions_need_a_choice(run: _Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error lists them; the option and the variable choose."""
    run.fake.subscriptions.append(
        {"subscriptionId": "second", "displayName": "Other", "state": "Enabled"}
    )
    with pytest.raises(ConfigurationError, match="2 enabled subscriptions") as caught:
        await run.make()
    assert f"{SUBSCRIPTION}  Mine" in caught.value.message
    assert "second  Other" in caught.value.message
    assert "old" not in caught.value.message
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", "second")
    assert (await run.make()).resource.subscription == "second"
    assert (await run.make(subscription=SUBSCRIPTION)).resource.subscription == SUBSCRIPTION


async def test_no_subscription_is_explained(run: _Run) -> None:
    """An identity without a subscription is told what to do."""
    run.fake.subscriptions.clear()
    with pytest.raises(ConfigurationError, match="no enabled subscription"):
        await run.make()


@pytest.mark.parametrize(
    ("name", "group"), [("Pool", "g"), ("9p", "g"), ("pool", "g."), ("p", "g")]
)
async def test_names_are_checked_before_anything_is_asked(run: _Run, name: str, group: str) -> None:
    """A name that the service would refuse makes no request."""
    with pytest.raises(ConfigurationError, match="cannot be named"):
        await run.make(name, group)
    assert run.fake.requests == []


async def test_a_token_without_an_object_id_is_explained(run: _Run) -> None:
    """Whoever is signed in must be known to get a role."""
    run.tokens.tokens = ["opaque"]
    with pytest.raises(Exception, match="object id") as caught:
        await run.make()
    assert "--dry-run" in str(caught.value)
