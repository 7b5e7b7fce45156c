"""Handlers of Immuta Govern in every published shape, with secrets wherever a tenant has been seen to keep them."""

import json
from typing import Any

from pipeline.sandbox.immuta.sources import DataSource

Json = dict[str, Any]
PLANTED = "sandbox-not-a-secret"
"""Part of every secret of the sandbox: none of it may reach a disk."""
KEY_FILE = f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}\n-----END RSA PRIVATE KEY-----"


def secrets(source: DataSource) -> Json:
    """What the metadata of a handler holds beside the password, and nobody should read."""
    kind = source.dataset.bits[28] // 8 % 4
    if source.platform.handler == "snowflake" and kind:
        files = [{"content": PLANTED, "keyName": "PRIV_KEY_FILE", "userFilename": "rsa_key.p8"}]
        return {"authenticationMethod": "keyPair", "comment": KEY_FILE, "userFiles": files}
    if kind == 1:
        return {"connectionStringOptions": f'Port=1;Password="{PLANTED}; and more";Timeout=30'}
    if kind == 2:
        return {"connectionStringOptions": f"UID=svc;PWD={{{PLANTED} with }}}} blanks}};App=Govern"}
    if kind == 3:
        inner = json.dumps({"oauth": {"Client_Secret": PLANTED, "scopes": ["read"]}})
        return {"settings": json.dumps({"nested": [inner]})}
    return {}


def described(source: DataSource) -> str:
    """The columns of the remote table: a JSON array as text."""
    columns: list[Json] = [
        {"dataType": e.data_type, "isPrimaryKey": None, "name": e.name, "nullable": "YES"}
        for e in source.dictionary()
    ]
    for key in columns[:1]:
        key |= {"isPrimaryKey": True, "nullable": "NO"}
    if columns and source.dataset.bits[28] % 16 == 3:
        columns[-1]["comment"] = f"read with token={PLANTED}"
    return json.dumps(columns)


def shaped(source: DataSource, whole: Json) -> Json:
    """The answer with a handler: most are the object itself, some are in a list, those of Synapse under `value`."""
    kind = source.dataset.bits[28] % 8
    if source.said("handler") or kind > 2:
        return whole
    if source.platform.handler == "asa":
        inner = {name: said for name, said in whole.items() if name != "dataSourceId"}
        return {"dataSourceId": source.id, "value": inner if kind else json.dumps(inner)}
    if kind:
        return {"body": [whole]}
    database, schema, _ = source.path
    return {
        "body": [
            {
                "connectionString": whole["connectionString"],
                "database": database,
                "dataSourceId": source.id,
                "schema": schema,
            }
        ]
    }
