"""A sandbox of its own for each test that writes, called within this process."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from contract import Contract, contracts
from sandbox_fixture import API, DAY, GOVERN, REQUEST

from pipeline.sandbox import server, signin
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta.writes.changed_estate import ChangedWorld

ASSETS = 300
NARROW = {"Authorization": f"Bearer {signin.NARROW_KEY}"}
CONNECTION = {
    "database": "FIN",
    "hostname": "ledger.example.com",
    "password": "never-echoed",
    "port": 443,
    "schema": "LEDGER",
    "username": "svc_ledger",
    "warehouse": "GOV_WH",
}
COLUMNS = [
    {"name": "CARD_NO", "dataType": "text", "remoteType": "varchar(19)", "nullable": "YES"},
    {"name": "BALANCE", "dataType": "integer", "remoteType": "number(38,0)", "nullable": "NO"},
]


class Tenant:
    """One sandbox, the calls that tests make to it, and the estate it shows.

    With a contract, every answer to a call that succeeds must satisfy it.
    """

    def __init__(self, contract: Contract | None = None) -> None:
        self._contract = contract
        served = server.app(assets=ASSETS, as_of=DAY)
        self.world = cast(ChangedWorld, served.state.world)
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(served)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://sandbox")

    def close(self) -> None:
        """Ends the sandbox."""
        self._loop.run_until_complete(self._http.aclose())
        self._loop.close()

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Answer to a request as it stands."""
        return self._loop.run_until_complete(self._http.request(method, path, **options))

    @property
    def estate(self) -> Estate:
        return self.world.now()

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Answer to a call; the address tells which credentials open it."""
        headers = options.pop("headers", REQUEST if path.startswith(API) else GOVERN)
        answer = self.send(method, path, json=body, headers=headers, **options)
        if self._contract is not None and answer.is_success:
            schema = self._contract.answer(method, path, answer.status_code)
            if schema and answer.content:
                assert list(self._contract.breaches(schema, answer.json())) == [], path
        return answer

    def done(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Body of an answer that tells success; None where it has none."""
        answer = self.call(method, path, body, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str, **params: Any) -> Any:
        """Body of a read."""
        return self.done("GET", path, params=params)

    def refused(self, status: int, method: str, path: str, body: Any = None, **options: Any) -> str:
        """Message of an answer that must be a refusal."""
        answer = self.call(method, path, body, **options)
        assert answer.status_code == status, answer.text
        assert answer.json()["statusCode"] == status
        return str(answer.json()["message"])

    def names(self) -> list[str]:
        """Names of all data sources, as the list tells them."""
        hits = self.get("/dataSource", size=5000)["hits"]
        return [hit["name"] for hit in hits]


@pytest.fixture(scope="session")
def request_app() -> Contract:
    """What is published of the Request app."""
    return next(one for one in contracts() if one.name == "request_app")


@pytest.fixture
def tenant(request_app: Contract) -> Iterator[Tenant]:
    found = Tenant(request_app)
    yield found
    found.close()


def nested(name: str, table: str, **metadata: Any) -> dict[str, Any]:
    """Body that registers a table, in the form in which clients send it."""
    return {
        "handler": {"metadata": {**CONNECTION, "table": table, "columns": COLUMNS, **metadata}},
        "dataSource": {
            "blobHandler": {"scheme": "https", "url": ""},
            "blobHandlerType": "Snowflake",
            "name": name,
            "recordFormat": "",
            "sqlTableName": table.lower(),
            "type": "queryable",
        },
        "schemaEvolution": {"disabled": True, "ownerProfileId": 102},
    }
