"""A walk through the calls of fh-immuta-utils; prints one JSON object of what the client got.

`python walk.py URL KEY`, in the environment that the lock beside it makes.
"""

import json
import sys
import tempfile
from typing import Any

from fh_immuta_utils.client import ImmutaClient  # type: ignore[import-not-found]
from fh_immuta_utils.data_source import (  # type: ignore[import-not-found]
    DataSourceColumn,
    to_immuta_objects,
)
from fh_immuta_utils.paginator import Paginator  # type: ignore[import-not-found]
from fh_immuta_utils.policy import make_global_data_policy  # type: ignore[import-not-found]
from fh_immuta_utils.tagging import Tagger  # type: ignore[import-not-found]

TAG = "Review.Quarterly"
CONFIG = {
    "database": "FIN",
    "handler_type": "Snowflake",
    "hostname": "ledger.example.com",
    "owner_profile_id": 102,
    "password": "not-a-secret",
    "port": 443,
    "username": "svc_ledger",
    "warehouse": "GOV_WH",
}
POLICY = {
    "actions": [
        {
            "type": "masking",
            "rules": [
                {
                    "config": {"fields": {"tags": [TAG]}},
                    "exceptions": {
                        "operator": "or",
                        "conditions": [{"iam_groups": ["fraud-team"]}],
                    },
                    "type": "masking",
                }
            ],
        }
    ],
    "circumstances": [{"operator": "or", "tags": [TAG], "type": "columnTags"}],
}


def tagger(column: str) -> Any:
    """A tagger that knows one column; the program reads its tags from a folder, here an empty one."""
    with tempfile.TemporaryDirectory() as empty:
        found = Tagger(config_root=empty)
    found.tag_map_datadict = {column: [TAG]}
    return found


def first_with_columns(client: Any, ids: list[int]) -> Any:
    """The first dictionary that there is."""
    for number in ids:
        try:
            return client.get_data_source_dictionary(number)
        except client_errors() as error:
            if error.response.status_code != 404:
                raise
    raise LookupError("no data source has a dictionary")


def client_errors() -> type[Any]:
    """The class of the errors that the client passes on."""
    from requests import HTTPError

    found: type[Any] = HTTPError
    return found


def register(client: Any) -> Any:
    """The data source that the client registers."""
    columns = [
        DataSourceColumn(name="CARD_NO", dataType="text", remoteType="varchar(19)", nullable=True)
    ]
    source, handler, evolution = to_immuta_objects(
        config=dict(CONFIG), schema="LEDGER", table="LOANS", columns=columns
    )
    return client.create_data_source(source, handler, evolution)


def main(url: str, key: str) -> dict[str, Any]:
    """What the client got, by what it did."""
    client = ImmutaClient(base_url=url, apiKey=key)
    with Paginator(client.get_data_source_list, size=200) as pages:
        listed = list(pages)
    ids = [one["id"] for one in listed]
    dictionary = first_with_columns(client, ids)
    before = json.loads(dictionary.json())
    tags = tagger(dictionary.metadata[0].name)
    tags.make_tags(client)
    # the second time they overlap, which the client takes for success; unsigned, `/tag` answers 500
    tags.make_tags(ImmutaClient(base_url=url, apiKey=key))
    dictionary.metadata = tags.enrich_columns_with_tagging(dictionary.metadata)
    client.update_data_source_dictionary(dictionary.id, dictionary)
    client.tag_data_source(dictionary.id, [{"name": TAG, "source": "curated"}])
    policy = make_global_data_policy("Mask what is reviewed", POLICY, tags)
    made = register(client)
    gone = client.delete_data_source(ids[-1])
    present = {one["deleted"]: one["id"] for one in listed[:-1]}
    client.disable_data_source(present[False])
    client.restore_data_source(present[True])
    return {
        "again": register(client),
        "dictionary": before,
        "disabled": present[False],
        "gone": gone,
        "ids": ids,
        "made": made,
        "policy": client.create_global_policy(policy),
        "restored": present[True],
        "user": client.get_current_user_information(),
    }


if __name__ == "__main__":
    json.dump(main(*sys.argv[1:]), sys.stdout)
