"""Hits and entities of the lean estate as bytes: templates per platform, filled in by replacing marks."""

import re
from functools import cache

import msgspec

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.lean.estate import (
    BLOCK,
    PROCESS_TYPE,
    TABLES,
    LeanEstate,
    generation,
    guid,
    is_process,
    mixed,
)
from pipeline.sandbox.lean.facts import PEOPLE, name_of, owner, person, processes, qualified_name

Json = dict[str, object]
VARIANTS = 4
_COLUMNS = (
    ("customer_id", "bigint", ()),
    ("full_name", "varchar(120)", (s.NAME,)),
    ("email", "varchar(254)", (s.EMAIL,)),
    ("phone", "varchar(32)", (s.PHONE,)),
    ("birth_date", "date", (s.BIRTH,)),
    ("ssn", "varchar(11)", (s.SSN,)),
    ("card_number", "varchar(19)", (s.CARD,)),
    ("city", "varchar(80)", (s.CITY,)),
    ("state", "varchar(2)", (s.STATE,)),
    ("zip", "varchar(10)", (s.ZIP,)),
    *((f"measure_{number:02d}", "decimal(18,2)", ()) for number in range(1, 8)),
    ("source_system", "varchar(20)", ()),
    ("load_batch_id", "bigint", ()),
    ("ingested_at", "timestamp", ()),
)
"""Twenty columns; a table of variant 0 has lost all classifications, one of variant 3 has every one."""

_KINDS = [
    f'"assetType":["{p.asset_type}"],"entityType":"{p.type_name}","objectType":"{p.object_type}",'
    for p in TABLES
]
_PROCESS_KIND = (
    '"assetType":["Azure Data Factory"],'
    f'"entityType":"{PROCESS_TYPE}","objectType":"Data pipelines",'
)
_MARK = re.compile(rb'("<(?:inputs|outputs|sources|targets|created|updated)>"|<[a-z]+>)')
_encode = msgspec.json.Encoder().encode


def _kept(name: str, classes: tuple[str, ...], variant: int) -> tuple[str, ...]:
    """The classifications that scans left on a column of a table of the variant."""
    return classes if variant == 3 or len(name) % VARIANTS < variant else ()


_CLASSES = [
    ",".join(
        f'"{found}"' for name, _, classes in _COLUMNS for found in _kept(name, classes, variant)
    )
    for variant in range(VARIANTS)
]
"""Of all columns together, as a hit of search has them."""


def hits(estate: LeanEstate, slots: list[int]) -> bytes:
    """The members of `value` of a search page."""
    rows = estate.frame[slots].iter_rows()
    return b",".join(
        _hit(estate, slot, *row).encode() for slot, row in zip(slots, rows, strict=True)
    )


def _hit(
    estate: LeanEstate, slot: int, collection: int, _type: int, created: int, updated: int
) -> str:
    text = guid(slot, generation(slot, estate.day))
    name = name_of(slot, text)
    kind = _PROCESS_KIND if is_process(slot) else _KINDS[slot // BLOCK % len(TABLES)]
    variant = mixed(slot) // 23 % VARIANTS
    classes = "" if is_process(slot) else _CLASSES[variant]
    text_of = "null" if variant else f'"Loaded every night into {name}; see the data office."'
    expert = person(estate.seed, slot % PEOPLE)
    return (
        f'{{"@search.score":1.0,{kind}"classification":[{classes}],'
        f'"collectionId":"{estate.collections[collection]}","createTime":{created},'
        f'"description":{text_of},"id":"{text}","label":[],"name":"{name}","owner":"etl_service",'
        f'"qualifiedName":"{qualified_name(slot, name)}","term":[],"updateTime":{updated},'
        f'"contact":[{{"contactType":"Expert","id":"{expert}","info":null}},'
        f'{{"contactType":"Owner","id":"{owner(estate, slot)}","info":null}}]}}'
    )


def bulk(estate: LeanEstate, slots: list[int]) -> bytes:
    """Body of a bulk read."""
    entities, referred = [], []
    for slot, row in zip(slots, estate.frame[slots].iter_rows(), strict=True):
        text = guid(slot, generation(slot, estate.day))
        changes = _changes(estate, slot, text, *row)
        if is_process(slot):
            entities.append(_filled(_process_template(), changes))
            continue
        platform, variant = slot // BLOCK % len(TABLES), mixed(slot) // 23 % VARIANTS
        entity, columns = _table_template(platform, variant)
        entities.append(_filled(entity, changes))
        referred.append(_filled(columns, changes))
    return (
        b'{"entities":[' + b",".join(entities) + b'],"referredEntities":{'
        + b",".join(referred) + b"}}"
    )  # fmt: skip


def _cut(template: bytes) -> list[bytes]:
    """A template in pieces, of which every second one is a mark."""
    return _MARK.split(template)


def _filled(pieces: list[bytes], changes: dict[bytes, bytes]) -> bytes:
    return b"".join([changes.get(piece, piece) for piece in pieces])


def _changes(
    estate: LeanEstate,
    slot: int,
    text: str,
    collection: int,
    _type: int,
    created: int,
    updated: int,
) -> dict[bytes, bytes]:
    reads, writes = processes(estate, slot)
    name = name_of(slot, text)
    found = {
        b'"<inputs>"': _references(reads),
        b'"<outputs>"': _references(writes),
        b"<stem>": text[:32].encode(),
        b"<name>": name.encode(),
        b"<path>": qualified_name(slot, name).encode(),
        b"<collection>": estate.collections[collection].encode(),
        b"<expert>": person(estate.seed, slot % PEOPLE).encode(),
        b"<owner>": owner(estate, slot).encode(),
        b'"<created>"': b"%d" % created,
        b'"<updated>"': b"%d" % updated,
    }
    if is_process(slot):
        found[b'"<sources>"'] = _objects(reads)
        found[b'"<targets>"'] = _objects(writes)
    return found


def _references(slots: list[int]) -> bytes:
    return _encode([_reference(guid(slot, 0), "") for slot in slots])


def _objects(slots: list[int]) -> bytes:
    return _encode([{"guid": guid(slot, 0), "typeName": _type_name(slot)} for slot in slots])


def _type_name(slot: int) -> str:
    return PROCESS_TYPE if is_process(slot) else TABLES[slot // BLOCK % len(TABLES)].type_name


def _reference(text: str, shown: str) -> Json:
    return {
        "displayText": shown,
        "entityStatus": "ACTIVE",
        "guid": text,
        "relationshipStatus": "ACTIVE",
    }


def _entity(type_name: str, attributes: Json, relations: Json) -> Json:
    return {
        "guid": "<stem>0000",
        "typeName": type_name,
        "status": "ACTIVE",
        "createTime": "<created>",
        "createdBy": "ServiceAdmin",
        "updateTime": "<updated>",
        "updatedBy": "ServiceAdmin",
        "attributes": {"name": "<name>", "qualifiedName": "<path>", "description": None}
        | attributes,
        "collectionId": "<collection>",
        "contacts": {
            "Expert": [{"id": "<expert>", "info": None}],
            "Owner": [{"id": "<owner>", "info": None}],
        },
        "relationshipAttributes": relations,
    }


@cache
def _process_template() -> list[bytes]:
    # `<inputs>` stands for what the subject is an input of: for a process, for what it reads
    attributes: Json = {"inputs": "<sources>", "outputs": "<targets>"}
    relations: Json = {"inputs": "<inputs>", "outputs": "<outputs>"}
    return _cut(_encode(_entity(PROCESS_TYPE, attributes, relations)))


@cache
def _table_template(platform_number: int, variant: int) -> tuple[list[bytes], list[bytes]]:
    """The entity of a table, and the members of `referredEntities` for its columns."""
    platform = TABLES[platform_number]
    guids = [f"<stem>{position:04x}" for position in range(1, len(_COLUMNS) + 1)]
    relations: Json = {
        "columns": [
            _reference(text, name) for text, (name, _, _) in zip(guids, _COLUMNS, strict=True)
        ],
        "inputToProcesses": "<inputs>",
        "outputFromProcesses": "<outputs>",
        "meanings": [],
    }
    columns = []
    for text, (name, data_type, classes) in zip(guids, _COLUMNS, strict=True):
        kept = _kept(name, classes, variant)
        column: Json = {
            "guid": text,
            "typeName": platform.column_type,
            "status": "ACTIVE",
            "createTime": "<created>",
            "updateTime": "<created>",
            "attributes": {"name": name, "qualifiedName": f"<path>#{name}", "data_type": data_type},
            "relationshipAttributes": {"table": {"guid": "<stem>0000"}, "meanings": []},
        }
        if kept:
            column["classifications"] = [
                {"typeName": found, "entityStatus": "ACTIVE", "attributes": {"confidence": None}}
                for found in kept
            ]
        columns.append(b'"' + text.encode() + b'":' + _encode(column))
    entity = _encode(_entity(platform.type_name, {}, relations))
    return _cut(entity), _cut(b",".join(columns))
