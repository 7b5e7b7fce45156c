"""Reading registers from packs and writing them to the warehouse: every wrong row is named by file and line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.errors import ConfigError
from pipeline.judge.registers import mapping, reading
from pipeline.judge.registers.kinds import CHOICE, DAY, LAST_DAY, REGISTERS, Field, Register
from pipeline.judge.registers.reading import Row
from pipeline.packs import BUILTIN, Overridden, PackFile, Packs
from pipeline.warehouse import history, schema
from pipeline.warehouse.schema import Table

SHOWN = 10
"""Problems that one message lists."""


@dataclass(frozen=True)
class Loaded:
    """A register as its files have it: the rows of its table, and the files they came from."""

    register: Register
    files: tuple[PackFile, ...]
    rows: tuple[Mapping[str, Any], ...]


def load(packs: Packs) -> dict[str, Loaded]:
    """Every register that the packs hold, by name.

    Raises:
        ConfigError: a file of an unknown name, or rows that are wrong; up to ten are named.
    """
    found: dict[str, list[PackFile]] = {}
    for file in _files(packs):
        found.setdefault(_name(file), []).append(file)
    kept = {name: _loaded(REGISTERS[name], files) for name, files in found.items()}
    for name, register in REGISTERS.items():
        if register.shipped and (alone := one(packs, name)):
            kept[name] = alone
    return kept


def one(packs: Packs, name: str) -> Loaded | None:
    """A register that Pass Muster ships, as the last pack that has it says; None if no pack does.

    Raises:
        ConfigError: rows that are wrong; up to ten are named.
    """
    register = REGISTERS[name]
    file = packs.in_any_format(f"{register.folder}/{name}", reading.SUFFIXES)
    return _loaded(register, [file]) if file else None


def write(con: duckdb.DuckDBPyConnection, loaded: Mapping[str, Loaded], number: int) -> None:
    """Makes the registers' tables of snapshot `number` hold exactly these rows, and `register` say which there are."""
    stated = [
        {
            "name": name,
            "table_name": register.table,
            "present": name in loaded,
            "files": [file.label for file in loaded[name].files] if name in loaded else [],
            "sha256": [file.sha256 for file in loaded[name].files] if name in loaded else [],
            "row_count": len(loaded[name].rows) if name in loaded else 0,
            "approvers": approvers(loaded[name]) if name in loaded else [],
            "replaced_packs": [other.pack for other in _replaced(loaded.get(name))],
            "replaced_sha256": [other.sha256 for other in _replaced(loaded.get(name))],
        }
        for name, register in REGISTERS.items()
    ]
    _merge(con, "register", stated, number)
    for name, register in REGISTERS.items():
        _merge(con, register.table, loaded[name].rows if name in loaded else (), number)


def approvers(loaded: Loaded) -> list[str]:
    """Whoever approved a row of a register; nobody, beside rows, where it is as Pass Muster ships it."""
    column = loaded.register.fields[loaded.register.approver].into
    return sorted({row[column] for row in loaded.rows if row[column] is not None})


def show(con: duckdb.DuckDBPyConnection, loaded: Mapping[str, Loaded], name: str) -> None:
    """Makes this connection, and nobody else's, see a register as its files have it now."""
    table = schema.tables()[REGISTERS[name].table]
    rows = loaded[name].rows if name in loaded else ()
    con.execute(_created(table, table.name))
    _insert(con, table, table.name, rows)


def _replaced(loaded: Loaded | None) -> list[Overridden]:
    return [other for file in loaded.files for other in file.overridden] if loaded else []


def _files(packs: Packs) -> Iterator[PackFile]:
    for suffix in reading.SUFFIXES:
        yield from packs.files("registers", suffix)
    if any((pack.root / "waivers.yaml").is_file() for pack in packs.packs):
        yield packs.file("waivers.yaml")


def _name(file: PackFile) -> str:
    name = file.path.stem
    named = REGISTERS.get(name)
    if named is None or named.folder != "registers":
        valid = ", ".join(one for one, kind in REGISTERS.items() if kind.folder == "registers")
        place = f"; {name} belongs into {named.folder}/" if named else ""
        raise ConfigError(f"{file.label}: no register of this name; registers: {valid}{place}")
    return name


def _loaded(register: Register, files: list[PackFile]) -> Loaded:
    problems: list[str] = []
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for file in files:
        signed = not register.shipped or file.pack != BUILTIN
        for row in _rows(register, file, signed=signed):
            where = f"{file.label}:{row.line}"
            wrong = [f"{where}: {problem}" for problem in _problems(register, row, signed=signed)]
            problems += wrong
            if wrong:
                continue
            values = {
                field.into: _value(field, row.values.get(name))
                for name, field in register.fields.items()
            }
            key = tuple(values[name] for name in register.key)
            if key in found:
                first = found[key]
                problems.append(
                    f"{where}: {', '.join(register.key)} {', '.join(map(str, key))} "
                    f"is in {first['file']}:{first['line']} already"
                )
            found.setdefault(key, {**values, "file": file.label, "line": row.line})
    if problems:
        more = f"\n... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise ConfigError("\n".join(problems[:SHOWN]) + more)
    return Loaded(register, tuple(files), tuple(found.values()))


def _rows(register: Register, file: PackFile, *, signed: bool) -> list[Row]:
    """The rows of a file; those that Pass Muster ships may also be written as a mapping."""
    if register.shipped and mapping.is_one(file):
        return mapping.rows(register.name, file, signed=signed)
    return reading.rows(file.path, file.label)


def _problems(register: Register, row: Row, *, signed: bool) -> Iterator[str]:
    for name in row.values:
        if name not in register.fields:
            yield f"{name}: unknown column; columns of {register.name}: {', '.join(register.fields)}"
    for name, field in register.fields.items():
        value = row.values.get(name)
        if value is None:
            if field.required and (signed or name not in (register.author, register.approver)):
                yield f"{name}: missing; it holds {_holds(field)}"
        elif _value(field, value) is None:
            yield f"{name}: {value!r} is not {_holds(field)}"
    author, approver = row.values.get(register.author), row.values.get(register.approver)
    if register.independent and author is not None and str(author).lower() == str(approver).lower():
        yield f"{register.approver}: {approver} approved a row of their own; somebody else has to"


def _holds(field: Field) -> str:
    return f"one of {', '.join(field.choices)}" if field.holds == CHOICE else field.holds


def _value(field: Field, value: Any) -> Any:
    """The value as its table has it; None where it does not fit."""
    if field.holds in (DAY, LAST_DAY):
        return reading.instant(value, end=field.holds == LAST_DAY)
    if value is None or isinstance(value, dict | list):
        return None
    if field.holds == CHOICE:
        return str(value) if str(value) in field.choices else None
    return str(value)


def _merge(
    con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, Any]], number: int
) -> None:
    table = schema.tables()[name]
    con.execute(_created(table, "register_staged"))
    _insert(con, table, "register_staged", rows)
    con.execute("alter table register_staged add column content_hash ubigint default 0")
    history.merge(con, table, "register_staged", number)
    con.execute("drop table register_staged")


def _created(table: Table, name: str) -> str:
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    return f"create or replace temp table {name} ({columns})"


def _insert(
    con: duckdb.DuckDBPyConnection, table: Table, name: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    names = [column.name for column in table.columns]
    if rows:
        con.executemany(
            f"insert into temp.{name} ({', '.join(names)}) values ({', '.join('?' * len(names))})",
            [[row[column] for column in names] for row in rows],
        )
