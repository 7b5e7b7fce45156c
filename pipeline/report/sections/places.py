"""Where exceptions are: a heat table of places and rule groups."""

from pipeline.report import exceptions, words
from pipeline.report.page import Column, Figure, Heat, Section, Table
from pipeline.report.view import View, absent


def section(view: View) -> Section:
    """Exceptions by collection or domain and rule group, the most at the top."""
    rows = view.rows(
        """
        select
            place, family,
            count(*) filter (where status = 'fail' and not waived) as fails,
            count(*) as population,
            count(*) filter (where status = 'not_evaluated') as blind
        from judged
        where family <> 'EVD'
        group by place, family
        order by place, family
        """
    )
    families = [f for f in exceptions.FAMILIES if any(row["family"] == f for row in rows)]
    families += sorted({row["family"] for row in rows} - set(families))
    weight: dict[str, int] = {}
    for row in rows:
        weight[row["place"]] = weight.get(row["place"], 0) + row["fails"]
    places = sorted(weight, key=lambda place: (-weight[place], place))
    cells = {(row["place"], row["family"]): row for row in rows}
    tables = exceptions.scope(view, exceptions.reading(view))

    def heat(place: str, family: str) -> Heat:
        row = cells.get((place, family))
        if row is None:
            return Heat(None)
        name = f"C5.{place}.{family}", f"{place}, {family}: exceptions"
        if row["blind"] == row["population"]:
            return Heat(absent(*name, f"none of {words.count(row['population'])}"), hatched=True)
        share = row["fails"] / row["population"]
        step = 0 if not row["fails"] else 1 + sum(share > edge for edge in (0.1, 0.25, 0.5))
        figure = Figure(*name, row["fails"], row["population"], source="sql", tables=tables, joined="/")  # fmt: skip
        return Heat(figure, step, row["blind"] > 0)

    table = Table(
        "t-places",
        "Exceptions / population by collection or domain and rule group",
        (Column("Place"), *(Column(exceptions.FAMILIES.get(f, f), True) for f in families), Column("Exceptions", True)),
        tuple(
            (
                place,
                *(heat(place, family) for family in families),
                Figure(f"C5.{place}", f"{place}: exceptions", weight[place], source="sql", tables=tables),
            )
            for place in places[:40]
        ),
        note="Darker: a larger share fails (none, up to 10 %, 25 %, 50 %, more). Hatched: some could not be evaluated. Empty: no population."
        + (f" The 40 places with most exceptions of {words.count(len(places))}." if len(places) > 40 else ""),
    )  # fmt: skip
    return Section("places", "Collections and domains", "Places", (table,))
