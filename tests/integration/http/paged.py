"""A case that pages somebody, by the routes that clients use."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

PATIENCE = 30.0
DRAFT: dict[str, Any] = {
    "title": "A lady of Potsdam with a potassium of 7.1",
    "specialty": "nephrology",
    "urgency": "urgent",
    "presentation": "Chronic kidney disease, on spironolactone. The ECG shows tall T waves.",
    "question": "Dialysis now, or wait for the insulin?",
}


def key() -> dict[str, str]:
    """Return a header with a new key."""
    return {"idempotency-key": str(uuid.uuid4())}


async def opened(author: httpx.AsyncClient, specialty: str = "nephrology") -> dict[str, Any]:
    """Open an urgent case."""
    answer = await author.post("/api/v1/cases", json=DRAFT | {"specialty": specialty}, headers=key())
    assert answer.status_code == 201, answer.text
    case: dict[str, Any] = answer.json()["case"]
    return case


async def go_on_call(responder: httpx.AsyncClient) -> None:
    """Turn the switch."""
    until = int((time.time() + 3600) * 1000)
    answer = await responder.post("/api/v1/pager/on-call", json={"until": until})
    assert answer.status_code == 200, answer.text


async def open_pages(responder: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Return the pages that wait for a responder."""
    answer = await responder.get("/api/v1/pager/pages?open=true")
    assert answer.status_code == 200, answer.text
    pages: list[dict[str, Any]] = answer.json()["pages"]
    return pages


async def page_of(responder: httpx.AsyncClient, case: dict[str, Any]) -> dict[str, Any]:
    """Return the page of a case, once it has come."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for page in await open_pages(responder):
                if page["case"] == case["id"]:
                    return page
            await asyncio.sleep(0.02)


async def post(client: httpx.AsyncClient, page: dict[str, Any], verb: str, body: object = None) -> httpx.Response:
    """Answer a page."""
    path = f"/api/v1/pager/pages/{page['id']}/{verb}"
    return await (client.post(path) if body is None else client.post(path, json=body))
