"""What supervisors, balancers and Prometheus are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.http.conftest import Ask, Open


async def test_a_node_whose_database_is_away_is_up_but_not_ready(site: Open) -> None:
    """/healthz goes on answering, for a restart would mend nothing; /readyz is 503 and names the database."""
    async with site() as here, here.client() as balancer:
        ready = await balancer.get("/readyz")
        assert (ready.status_code, ready.json()["missing"]) == (200, [])
        await here.node.store.close()
        away = await balancer.get("/readyz")
        assert away.status_code == 503
        assert away.json()["ready"] is False
        assert "database" in away.json()["missing"]
        assert (await balancer.get("/healthz")).status_code == 200


async def test_a_node_newer_than_its_schema_names_the_migrations(site: Open, owner: Ask) -> None:
    """A schema that lacks a migration of this release is missing, not a fault."""
    async with site() as here, here.client() as balancer:
        name = (await owner("select max(name) as name from lounge.migrations"))[0]["name"]
        await owner("update lounge.migrations set name = 'x' where name = $1", name)
        try:
            answer = await balancer.get("/readyz")
        finally:
            await owner("update lounge.migrations set name = $1 where name = 'x'", name)
        assert (answer.status_code, answer.json()["missing"]) == (503, ["migrations"])
        assert (await balancer.get("/readyz")).status_code == 200


async def test_a_node_that_drains_sends_users_elsewhere(site: Open) -> None:
    """From the moment it drains it is not ready."""
    async with site() as here, here.client() as balancer:
        here.node.health.drain()
        answer = await balancer.get("/readyz")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["draining"])


async def test_metrics_name_templates_and_never_paths(site: Open) -> None:
    """A request is counted under its route's template, method and status; two nodes in a process count apart."""
    async with site() as here, here.client() as client:
        await client.get("/api/v1/rooms/patient-Smith/messages?token=hunter2")
        await client.request("BREW", "/api/v1/me")
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        text = answer.text
        assert "patient-Smith" not in text
        assert "hunter2" not in text
        assert "BREW" not in text
        assert 'lounge_http_requests_total{method="OTHER",route="/api/v1/me",status="405"} 1.0' in text
    async with site() as other, other.client() as client:
        assert 'method="OTHER"' not in (await client.get("/metrics")).text
