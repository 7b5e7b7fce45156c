"""Expected verdicts about policies, purposes and projects of Immuta."""

from collections.abc import Iterator
from typing import Any

from pipeline.sandbox.estate import Estate
from pipeline.sandbox.immuta import certifications, projects, source_policies
from pipeline.sandbox.immuta.policies import MASKED_TAGS, POLICIES, Policy, local_subscription
from pipeline.sandbox.immuta.projects import Project, Purpose
from pipeline.sandbox.immuta.sources import DataSource
from pipeline.sandbox.truth import tiers

Verdict = tuple[str, str, str, str]
BASELINE = "New Column Added"
DEPRECATED = ("Discovered.PII",)
BY_DEPARTMENT, BY_APPROVAL = POLICIES[1], POLICIES[2]
"""Policies about access that data sources name: one lets people in, one is switched off where it is named."""
MIN_DESCRIPTION = 40


def verdicts(estate: Estate) -> Iterator[Verdict]:
    """Failing and not evaluated verdicts of CLS-008 and the POL rules but POL-001."""
    yield from _global(estate)
    known = tiers.of(estate)
    for source in estate.data_sources:
        if not source.deleted and known.of_source(source):
            yield from _source(source)
    yield from _purposes(estate)
    for project in estate.projects:
        if not (project.deleted or project.closed or project.schema):
            yield from _project(estate, project)


def _in_force() -> list[Policy]:
    return [one for one in POLICIES if not one.staged and not one.deleted]


def _global(estate: Estate) -> Iterator[Verdict]:
    """Policies for all data sources: whether the baseline is in force, and who is without effect."""
    baseline = next(one for one in POLICIES if one.name == BASELINE)
    if baseline.staged:
        yield "POL-003", BASELINE.lower().replace(" ", "-"), "fail", "it is a draft"
    effective: set[int] = set()
    for source in estate.data_sources:
        if not source.deleted:
            effective |= {BY_DEPARTMENT.id} if source.has_global_policy else set()
            effective |= {one.id for one in _masking(source)}
    for policy in _in_force():
        if policy.tag in DEPRECATED:
            yield "CLS-008", str(policy.id), "fail", "hangs on a deprecated tag only"
        hangs_on_tag = (policy.said or {}).get("circumstances", policy.tag) is not None
        if hangs_on_tag and policy.id not in effective:
            yield "POL-007", str(policy.id), "fail", "applies to no data source"


def _masking(source: DataSource) -> list[Policy]:
    """Data policies in force on a source: for a tag of a column, where it has any; certified ones are on others."""
    certified = certifications.policy_on(source)
    if certified is not None:
        return [one for one in _in_force() if one.id == certified]
    if not source_policies.has_handler(source):
        return []
    tags = {tag for entry in source.dictionary() for tag in entry.tags}
    wanted = [one for one in _in_force() if one.type == "data" and one.tag in tags]
    return [one for one in wanted if one.id not in certifications.TURNS]


def _source(source: DataSource) -> Iterator[Verdict]:
    """How people get at a sensitive data source."""
    if source.lets_anyone_in:
        yield "POL-002", str(source.id), "fail", "whoever asks is in"
    masking = _masking(source)
    if source.lets_anyone_in or _shows_masked(source, masking):
        yield "POL-008", str(source.id), "fail", "its own policy is weaker than the one for all"
    elif _masks_itself(source) and not source.has_dictionary:
        yield "POL-008", str(source.id), "not_evaluated", "what a policy for all masks is not known"
    if source.lets_anyone_in or not (source.has_global_policy or source.has_local_policy):
        subject = f"{source.id}:global:{BY_APPROVAL.id}"
        yield "POL-005", subject, "fail", "the policy for all is switched off"
    for policy in masking:
        if any(_contradict(source, policy, other) for other in masking):
            subject = f"{source.id}:global:{policy.id}"
            yield "POL-005", subject, "not_evaluated", "Immuta does not say which of them holds"


def _masks_itself(source: DataSource) -> bool:
    """Whether policies of its own mask columns of a source."""
    tags = {tag for entry in source.dictionary() for tag in entry.tags}
    return source_policies.is_compiled(source) and bool(tags & MASKED_TAGS.keys())


def _contradict(source: DataSource, one: Policy, other: Policy) -> bool:
    """Whether two policies mask one column in two ways, or may: the tag that is deeper holds, of equals nobody knows."""
    if one.id == other.id:
        return False
    if not source.has_dictionary:
        return True
    meet = any({one.tag, other.tag} <= {*entry.tags} for entry in source.dictionary())
    alike = one.clause is None and other.clause is None and _how(one) == _how(other)
    return meet and one.tag.count(".") == other.tag.count(".") and not alike


def _how(policy: Policy) -> tuple[str, Any]:
    return policy.masking, policy.details


def _shows_masked(source: DataSource, masking: list[Policy]) -> bool:
    """Whether it lets everybody see what policies for all mask on it, and its columns tell."""
    return source_policies.shows_all(source) and source.has_dictionary and bool(masking)


def _purposes(estate: Estate) -> Iterator[Verdict]:
    """Purposes that a project or a policy in force names."""
    used = {
        purpose.name
        for project in estate.projects
        if not project.deleted and not project.closed
        for purpose in (*project.purposes, *project.staged)
        if not purpose.deleted
    }
    clauses = [*(one.clause for one in _in_force()), *_local_clauses(estate)]
    for clause in filter(None, clauses):
        used |= {one["value"] for one in clause["conditions"] if one["type"] == "purposes"}
    for purpose in projects.PURPOSES:
        if purpose.name in used and not purpose.system and not _is_defined(purpose):
            yield "POL-009", purpose.name, "fail", "hardly described, or nothing to agree to"


def _local_clauses(estate: Estate) -> Iterator[Any]:
    """What the policies of single data sources ask of people; a department's are all alike."""
    domains = {
        one.dataset.domain
        for one in estate.data_sources
        if one.has_local_policy and not one.lets_anyone_in
    }
    yield from (local_subscription(domain)["exceptions"] for domain in domains)


def _is_defined(purpose: Purpose) -> bool:
    return len(purpose.description or "") >= MIN_DESCRIPTION and purpose.text is not None


def _project(estate: Estate, project: Project) -> Iterator[Verdict]:
    """Whether a project with sensitive data has a purpose that its members agreed to."""
    known, subject = tiers.of(estate), str(project.id)
    if not any(not one.deleted and known.of_source(one) for one in project.sources):
        return
    members = [one for one in project.members if one.state != "pending"]
    owners = [one.person for one in members if one.state == "owner"]
    if all(purpose.deleted for purpose in project.purposes):
        yield "POL-010", subject, "fail", "no purpose"
    elif all(owner is None or owner.disabled for owner in owners):
        yield "POL-010", subject, "fail", "no active owner"
    elif any(one.acknowledged is False for one in members):
        yield "POL-010", subject, "fail", "a member has not agreed"
    elif any(one.acknowledged is None for one in members):
        yield "POL-010", subject, "not_evaluated", "whether a member has agreed is not said"
