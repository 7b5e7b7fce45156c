"""The ten decisions with pandas: by itself (merges and group-bys), and with Great Expectations to say which rows fail."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from decisions import AGE_DAYS, SENSITIVE, TABLES, Decision, Failing, Where

if TYPE_CHECKING:
    # imported where nobody has said yet what the program is, it takes this for an interactive one and draws progress bars
    import duckdb

Frame = Any  # pandas is imported where it is used


def frames(con: "duckdb.DuckDBPyConnection") -> dict[str, Frame]:
    """The tables as data frames."""
    return {
        name: con.sql(f"select {', '.join(columns)} from {name}").df()
        for name, columns in TABLES.items()
    }


def with_pandas(tables: Mapping[str, Frame], decisions: Sequence[Decision]) -> dict[str, Frame]:
    """The verdicts: a frame of id and status for each decision."""
    verdicts = {}
    for decision, frame in _values(tables, decisions):
        fails = _fails(decision, frame["value"])
        frame["status"] = fails.map({True: "fail", False: "pass"})
        verdicts[decision.like] = frame[["id", "status"]]
    return verdicts


def said_in_pandas(verdicts: Mapping[str, Frame]) -> Failing:
    """Who fails, by decision."""
    return {like: list(said.loc[said["status"] == "fail", "id"]) for like, said in verdicts.items()}


def with_great_expectations(
    tables: Mapping[str, Frame], decisions: Sequence[Decision]
) -> dict[str, Any]:
    """What it found, with the ids of those that are not as expected; pandas joins, as it has no joins."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas(name="rows")
    found = {}
    for decision, frame in _values(tables, decisions):
        asset = source.add_dataframe_asset(name=decision.like)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        expectation = getattr(gx.expectations, decision.expected.expectation)
        found[decision.like] = batch.validate(
            expectation(column="value", **decision.expected.options),
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]},
        )
    return found


def said_in_great_expectations(found: Mapping[str, Any]) -> Failing:
    """Who fails, by decision."""
    for like, result in found.items():
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(f"{like}: {result.exception_info}")
    return {
        like: [row["id"] for row in result.result.get("unexpected_index_list") or ()]
        for like, result in found.items()
    }


def _values(
    tables: Mapping[str, Frame], decisions: Sequence[Decision]
) -> Iterator[tuple[Decision, Frame]]:
    """A frame of id and value for each decision."""
    as_of = tables["snapshot"]["as_of"].max().normalize()
    tables = {**tables, SENSITIVE: _sensitive(tables)}
    for decision in decisions:
        frame = _where(tables[decision.table], decision.where)
        if decision.counted:
            table, column, where = decision.counted
            counts = _where(tables[table], where).groupby(column).size().rename("value")
            frame = frame.merge(counts, how="left", left_on=decision.key[0], right_index=True)
            value = frame["value"].fillna(0)
        elif decision.value == AGE_DAYS:
            value = (as_of - frame["created_at"].dt.normalize()).dt.days
        else:
            value = frame[decision.value]
        id = frame[decision.key[0]].astype(str)
        for column in decision.key[1:]:
            id = id + frame[column].astype(str)
        rows = id.to_frame("id").assign(value=value)
        yield decision, rows[rows["value"].notna()].reset_index(drop=True)


def _sensitive(tables: Mapping[str, Frame]) -> Frame:
    names = tables["sensitivity"]
    names = names[(names["source"] == "purview") & names["tier"].isin((1, 2))]
    columns = _where(tables["asset_column"], ("status", "ACTIVE"))
    found = _where(tables["classification"], ("status", "ACTIVE"))
    found = found[found["type_name"].isin(names["name"])]
    found = found[found["column_guid"].isna() | found["column_guid"].isin(columns["guid"])]
    return found[["asset_guid"]].drop_duplicates()


def _where(frame: Frame, where: Where) -> Frame:
    return frame if where is None else frame[frame[where[0]] == where[1]]


def _fails(decision: Decision, value: Frame) -> Frame:
    """What the expectation says, as operations on a whole column."""
    match decision.expected.options:
        case {"min_value": least}:
            return value < least
        case {"max_value": most}:
            return value > most
        case {"value_set": allowed}:
            return ~value.isin(allowed)
        case {"regex": pattern}:
            matches = value.str.match(pattern)
            wanted = decision.expected.expectation == "ExpectColumnValuesToMatchRegex"
            return ~matches if wanted else matches
    raise ValueError(decision.like)
