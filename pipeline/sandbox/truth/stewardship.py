"""Expected verdicts about what people add to the catalogue: labels, contacts and terms."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.sandbox import clock, platforms
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.purview.datamap import details, glossary
from pipeline.sandbox.truth import tiers

Verdict = tuple[str, str, str, str]
GRACE = timedelta(days=14)
LABELLED = (platforms.SYNAPSE, platforms.FILES, platforms.POWERBI)
WITHDRAWN = ("Expired", "Alert")


def verdicts(estate: Estate, as_of: datetime) -> Iterator[Verdict]:
    """Failing verdicts of CLS-002, OWN-002 and GLO-004."""
    used: set[int] = set()
    for data in estate.datasets:
        used.update(glossary.of_dataset(data))
        if term := details.column_term(data):
            used.add(term[1])
        tier = tiers.of_dataset(data)
        if tier and data.platform in LABELLED and data.label is None:
            yield "CLS-002", data.guid, "fail", "sensitive, and without a label"
        if tier and not data.platform.is_report:
            continue
        owners, experts = data.contacts(estate.people)
        if data.created_at <= clock.millis(as_of - GRACE) and not any((*owners, *experts)):
            yield "OWN-002", data.guid, "fail", "neither an owner nor an expert"
    for index in used:
        term_used = estate.terms[index]
        # the glossary was imported long ago: whoever left a draft in it has had time enough
        if term_used.status in (*WITHDRAWN, "Draft"):
            yield "GLO-004", term_used.guid, "fail", f"in use, and its status is {term_used.status}"
