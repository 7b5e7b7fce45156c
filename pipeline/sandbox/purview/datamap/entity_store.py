"""Encoded entities by guid: what a bulk read answers, with the entities it refers to."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import entities
from pipeline.sandbox.purview.datamap.entities import Json

KEPT = 3000
MISSING_EVERY = 37
_encode = msgspec.json.Encoder().encode


class Encoded(NamedTuple):
    """One entity and the members of `referredEntities` it brings along, both as JSON."""

    entity: bytes
    referred: bytes


class EntityStore:
    """Entities of one estate in encoded form; the latest ones read are kept."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._kept: OrderedDict[str, Encoded] = OrderedDict()

    def get(self, guid: str) -> Encoded | None:
        """The entity of a guid, or None where nothing has it."""
        found = self._kept.get(guid)
        if found is None:
            found = self._build(guid)
            if found is None:
                return None
            self._kept[guid] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def bare(self, guid: str, *, relations: bool, referred: bool) -> Encoded | None:
        """The entity without its relationship attributes or without what it refers to."""
        found = self.get(guid)
        if found is None:
            return None
        entity = found.entity
        if not relations:
            body: Json = msgspec.json.decode(entity)
            body.pop("relationshipAttributes", None)
            entity = _encode(body)
        return Encoded(entity, found.referred if referred else b"")

    def _build(self, guid: str) -> Encoded | None:
        flow = self.estate.lineage.by_guid.get(guid)
        if flow is not None:
            return Encoded(_encode(entities.process(self.estate, flow)), b"")
        data = self.estate.dataset(guid)
        if data is None:
            return None
        if guid == data.guid:
            return Encoded(_encode(entities.dataset(self.estate, data)), self._referred(data))
        if guid == data.schema_guid and data.has_schema:
            return Encoded(_encode(entities.schema(data)), self._columns(data))
        if not guid.startswith(data.schema_guid[:32]):
            return None
        found = dict(entities.columns(self.estate, data)).get(guid)
        return Encoded(_encode(found), b"") if found else None

    def _referred(self, data: Dataset) -> bytes:
        """Schema and columns of a dataset; now and then the columns are left out."""
        if not data.has_schema:
            return b""
        columns = b"" if data.slot % MISSING_EVERY == 5 else self._columns(data)
        if not data.platform.is_file:
            return columns
        head = _member(data.schema_guid, entities.schema(data))
        return head + b"," + columns if columns else head

    def _columns(self, data: Dataset) -> bytes:
        return b",".join(_member(guid, body) for guid, body in entities.columns(self.estate, data))


def _member(guid: str, body: Json) -> bytes:
    return b'"' + guid.encode() + b'":' + _encode(body)


def bulk_body(found: Iterable[Encoded]) -> bytes:
    """Body of a bulk read."""
    kept = list(found)
    listed = b",".join(one.entity for one in kept)
    referred = b",".join(one.referred for one in kept if one.referred)
    return b'{"entities":[' + listed + b'],"referredEntities":{' + referred + b"}}"


def single_body(found: Encoded) -> bytes:
    """Body of a single read."""
    return b'{"entity":' + found.entity + b',"referredEntities":{' + found.referred + b"}}"
