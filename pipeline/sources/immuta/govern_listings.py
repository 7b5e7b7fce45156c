"""What one list of Govern names and another one, which should have it, lacks.

What has an address of its own is asked about there, as for the Request app. A tag, a policy and an account have none:
where nothing but a list that is not whole explains why they are missing, it is a hole all the same.
"""

from pipeline.sources.immuta.calls import alone
from pipeline.sources.immuta.domains import OLDER

ENDPOINTS = (
    alone(
        "govern_source_alone",
        "govern",
        "/dataSource/{key}",
        "data_source",
        'select source."dataSourceId"::varchar as key from project_source_item '
        'union select source."dataSourceId"::varchar from domain_source_item '
        "union select source_of(said)::varchar from table_object_item "
        "union select asked.model.id::varchar from pending_subscription_item where lower(asked.model.type) = 'datasource'",
        helped_by=("project_source", "domain_source", "table_object", "pending_subscription"),
    ),
    alone(
        "project_alone",
        "govern",
        "/project/{key}",
        "project",
        "select asked.model.id::varchar as key from pending_subscription_item where lower(asked.model.type) = 'project'",
        helped_by=("pending_subscription",),
    ),
    alone(
        "govern_domain_alone",
        "govern",
        "/{place}/{key}",
        "domain",
        'select source."domainId" as key, '
        f"if(exists (from gone where endpoint = 'immuta.domain'), '{OLDER}', 'domain') as place "
        "from data_source_item where not exists (from given_up where endpoint = 'immuta.domain_older')",
        known="domain_listed",
        helped_by=("domain_older", "data_source"),
    ),
    alone(
        "purpose_alone",
        "govern",
        "/governance/purpose/{key}",
        "purpose",
        "select number_of(one)::varchar as key from ("
        "select unnest(listed(coalesce(present(detailed.purposes), listed.purposes), '$')) as one from project_known "
        """union all select unnest(listed(coalesce(present(detailed."stagedPurposes"), listed."stagedPurposes"), '$')) """
        "from project_known)",
        known="(select purpose.id::varchar as key from purpose_met)",
        helped_by=("purpose_detail", "project_detail"),
    ),
)
