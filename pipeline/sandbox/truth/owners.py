"""Expected verdicts about owners: whether the directory still knows them."""

from collections.abc import Iterator

from pipeline.sandbox import sensitivity as s
from pipeline.sandbox.datasets import Dataset
from pipeline.sandbox.directory import entra
from pipeline.sandbox.directory.entra import Directory
from pipeline.sandbox.estate import Estate
from pipeline.sandbox.people import Person

Verdict = tuple[str, str, str, str]


def verdicts(estate: Estate) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of OWN-003."""
    known = entra.of(estate)
    for data in estate.datasets:
        if not data.platform.is_report and _is_sensitive(data):
            for owner in filter(None, data.contacts(estate.people).owners):
                if problem := _problem(known, owner):
                    yield "OWN-003", f"asset:{data.guid}:{owner}", "fail", problem
    for source in estate.data_sources:
        if not source.deleted:
            for row in source.access(estate.people):
                if row.state == "owner":
                    subject = f"immuta_source:{source.id}:{row.profile_id}"
                    yield from _by_name(known, subject, row.person)
    for product in estate.products:
        if product.expert_id is not None:
            subject = f"data_product:{product.id}:{product.expert_id}"
            yield from _by_name(known, subject, product.expert)


def _is_sensitive(data: Dataset) -> bool:
    names = [name for name in data.classes() if s.is_decision(name)]
    names += [name for column in data.columns() if not column.deleted for name in column.classes]
    return any(map(s.is_sensitive, names))


def _problem(known: Directory, owner: str) -> str | None:
    """What is wrong with an owner known by object id."""
    if owner in known.accounts:
        return None if known.accounts[owner].enabled else "the account is closed"
    if owner in known.groups:
        return None if known.has_active_member(owner) else "nobody in the group is active"
    return "a service principal" if owner in known.services else "not in the directory any more"


def _by_name(known: Directory, subject: str, person: Person | None) -> Iterator[Verdict]:
    """Verdict on somebody whom Immuta knows by the name to sign in with."""
    account = known.by_name.get(person.mail) if person else None
    if account is None:
        yield "OWN-003", subject, "not_evaluated", "nobody signs in with that name"
    elif not account.enabled:
        yield "OWN-003", subject, "fail", "the account is closed"
