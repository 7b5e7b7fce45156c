-- The data dictionary: every public table, its grain and its columns.
-- One statement a table; the comment above each table and beside each column is what `muster sql` users see.
-- Primary keys, not-null and references are promises that the quality gate checks before a snapshot is sealed.
-- Every table here but `snapshot`, `exchange` and `redaction` is kept with history: see history.py.
-- page_id and item are the provenance of a row: the page (exchange.page_id) and the JSON pointer of the item in it.

-- group: run

-- one row per sealed snapshot, in order
create table snapshot (
    number integer primary key,              -- 1, 2, 3 ...: history intervals are in these numbers
    id varchar not null,                     -- as_of in UTC, e.g. 20261121T020000Z; a repeat gets a suffix -2, -3
    run_id varchar not null,                 -- the collection run whose pages it was built from
    as_of timestamptz not null,              -- the one clock of every age and expiry in this snapshot
    started_at timestamptz not null,         -- first request of the collection
    sealed_at timestamptz not null,          -- when the warehouse file was switched
    judged_at timestamptz,                   -- null = not judged yet: verdicts and findings are those of the snapshot before
    estate varchar not null,                 -- which estate: account names, or sandbox
    complete boolean not null,               -- no list was cut short and no call was given up
    refreshed boolean not null,              -- every detail was read anew; false = those of unchanged assets are carried over
    skipped varchar[] not null,              -- planes switched off by configuration
    tool_version varchar not null,           -- version of Pass Muster
    config_sha256 varchar not null,          -- digest of the effective configuration, secrets left out
    gate_checks integer not null             -- how many checks the quality gate ran
);

-- one row per HTTP exchange whose answer was kept, of every snapshot
create table exchange (
    page_id bigint primary key,              -- snapshot number * 1,000,000,000 + position in the run
    snapshot_number integer not null,        -- the snapshot this exchange belongs to
    run_id varchar not null,                 -- folder under raw/
    source varchar not null,                 -- purview or immuta
    endpoint varchar not null,               -- e.g. purview.search
    key varchar,                             -- what a fan-out call was about, e.g. a data source id
    method varchar not null,                 -- HTTP method
    url varchar not null,                    -- as sent, without secrets
    request_body varchar,                    -- JSON sent by a POST
    status integer not null,                 -- HTTP status
    attempt integer not null,                -- 1 = answered at once
    sent_at timestamptz not null,            -- clock of this machine
    received_at timestamptz not null,        -- clock of this machine
    server_date varchar,                     -- Date header
    sha256 varchar not null,                 -- of the decoded body as stored
    size_bytes bigint not null,              -- of the decoded body
    part varchar not null,                   -- file below the run folder
    part_offset bigint not null,             -- where the gzip member starts
    part_length bigint not null,             -- length of the gzip member
    redactions varchar[],                    -- JSON pointers of secrets replaced before storing; '' = the whole body
    refused boolean not null                 -- last answer to a call that was given up: evidence of a gap, no page
);

-- one row per value that was struck out of an answer before it was stored, of every snapshot; a text with several secrets is
-- one value
create table redaction (
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page, where [REDACTED] stands now; '' = the whole body
    endpoint varchar not null,               -- e.g. immuta.handler
    key varchar,                             -- what the call was about, e.g. a data source id
    primary key (page_id, item)
);

-- one row per endpoint of the snapshot's run
create table reconciliation (
    endpoint varchar primary key,            -- e.g. purview.search
    source varchar not null,                 -- purview or immuta
    tables varchar[] not null,               -- public tables fed by it
    calls integer not null,                  -- lists and objects asked for, those given up included
    failed integer not null,                 -- answers missing: one row of gap each
    server_total_before bigint,              -- what the server said there is on the first page (sum over lists)
    server_total bigint,                     -- what it said on the last page, or keys asked for; null = it says nothing
    row_count bigint not null,               -- items read, repeats included
    distinct_keys bigint not null,           -- items read, repeats removed
    carried bigint not null,                 -- items not asked for, as nothing says that they have changed since they were read
    verdict varchar not null,                -- reconciled | weak | incomplete | no_control_total | skipped
    note varchar                             -- why it is not reconciled
);

-- one row per call that was given up or answered less than was asked: data that is missing from this snapshot
create table gap (
    endpoint varchar not null,               -- e.g. immuta.dictionary
    key varchar not null,                    -- what the call was about; '*' = the whole list
    tables varchar[] not null,               -- public tables that lack rows because of it
    status integer,                          -- HTTP status, null if there was no answer
    reason varchar not null,                 -- in words
    page_id bigint,                          -- exchange.page_id of the refusal, where there was an answer
    primary key (endpoint, key)
);

-- group: purview

-- one row per search hit: what is catalogued, as the search index shows it (glossary terms are hits too)
create table search_hit (
    guid varchar primary key,                -- entity guid
    type_name varchar not null,              -- e.g. snowflake_table
    name varchar,                            -- display name, untrusted text
    qualified_name varchar,                  -- natural key in Purview
    object_type varchar,                     -- Tables, Files, Reports ...
    asset_type varchar,                      -- e.g. Snowflake
    collection_id varchar,                   -- collection.id
    description varchar,                     -- from the scan
    owner_in_source varchar,                 -- copied from the storage system; not the governance owner
    created_at timestamptz,                  -- createTime
    updated_at timestamptz,                  -- updateTime
    classifications varchar[] not null,      -- of the asset; for built-in types also of its columns
    labels varchar[] not null,               -- sensitivity labels
    owners varchar[] not null,               -- object ids of Owner contacts, as the index has them
    experts varchar[] not null,              -- object ids of Expert contacts, as the index has them
    digest ubigint not null,                 -- of the whole hit: where it differs, the details are read anew
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per asset that search listed and that was gone when its details were asked for
create table vanished_asset (
    guid varchar primary key,                -- entity guid
    type_name varchar not null,              -- e.g. snowflake_table
    name varchar,                            -- display name, untrusted text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per catalogued asset found by search (datasets, reports, containers), as its entity was read
create table asset (
    guid varchar primary key,                -- entity guid
    type_name varchar not null,              -- e.g. snowflake_table
    qualified_name varchar not null,         -- natural key in Purview
    name varchar,                            -- display name, untrusted text
    status varchar not null,                 -- ACTIVE or DELETED
    level varchar not null,                  -- dataset | report | container | process | other
    object_type varchar,                     -- Tables, Files, Reports ... as search says
    asset_type varchar,                      -- e.g. Snowflake, as search says
    collection_id varchar,                   -- collection.id
    description varchar,                     -- from the scan
    user_description varchar,                -- written by people
    owner_in_source varchar,                 -- owner attribute copied from the storage system; not the governance owner
    endorsement varchar,                     -- Certified, Promoted
    certified_by varchar,                    -- who certified it, as sent
    sensitivity_label varchar,               -- Microsoft.Label.<id>
    data_source_name varchar,                -- data source whose scan produced it
    scan_name varchar,                       -- scan that produced it
    platform varchar,                        -- synapse | databricks | redshift | snowflake | trino | adls | powerbi
    host varchar,                            -- parsed from the qualified name, without port
    database_name varchar,                   -- parsed from the qualified name
    schema_name varchar,                     -- parsed from the qualified name
    table_name varchar,                      -- parsed from the qualified name
    created_at timestamptz,                  -- createTime
    updated_at timestamptz,                  -- updateTime
    created_by varchar,                      -- object id or a literal such as ServiceAdmin
    updated_by varchar,                      -- object id or a literal
    detail_read boolean not null,            -- false = contacts, columns or classifications are not known: nothing but the search hit came, it or one of its columns is a shell, or which classes it has, for which time, or which columns cannot be read
    incomplete boolean,                      -- isIncomplete: a shell that stands for what something refers to, and that nobody has described; null = not read
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per column of an asset
create table asset_column (
    guid varchar primary key,                -- entity guid
    asset_guid varchar not null references asset (guid), -- asset.guid
    name varchar not null,                   -- column name
    type_name varchar not null,              -- e.g. snowflake_table_column
    qualified_name varchar,                  -- natural key in Purview
    data_type varchar,                       -- as the platform names it
    status varchar not null,                 -- ACTIVE or DELETED
    description varchar,                     -- from the scan
    incomplete boolean,                      -- isIncomplete: a shell that nobody has described: its type and classes are not known
    updated_at timestamptz,                  -- updateTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per classification of an asset (column_guid null) or of one of its columns; labels and endorsement are on asset
create table classification (
    entity_guid varchar not null,            -- the asset or the column that carries it
    type_name varchar not null,              -- e.g. MICROSOFT.PERSONAL.EMAIL
    asset_guid varchar not null references asset (guid), -- asset.guid
    column_guid varchar references asset_column (guid), -- asset_column.guid; null = on the asset itself
    status varchar not null,                 -- ACTIVE | DELETED | ENDED | NOT_BEGUN; the last two by its validity periods, at as_of
    starts_at timestamptz,                   -- validity period that counts (the one in force, else the next, else the last); null = open
    ends_at timestamptz,                     -- end of that period; null = open
    source varchar,                          -- who set it, where Purview says so
    confidence double,                       -- where reported
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (entity_guid, type_name)
);

-- one row per sensitivity label of an asset (column_guid null) or of one of its columns
create table sensitivity_label (
    entity_guid varchar not null,            -- the asset or the column that carries it
    label_id varchar not null,               -- guid of the label, in lower case with dashes
    type_name varchar not null,              -- as sent: Microsoft.Label.<id>
    asset_guid varchar not null references asset (guid), -- asset.guid
    column_guid varchar references asset_column (guid), -- asset_column.guid; null = on the asset itself
    status varchar not null,                 -- ACTIVE | DELETED | ENDED | NOT_BEGUN; the last two by its validity periods, at as_of
    starts_at timestamptz,                   -- validity period that counts (the one in force, else the next, else the last); null = open
    ends_at timestamptz,                     -- end of that period; null = open
    source varchar,                          -- who set it, e.g. LabelService
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (entity_guid, label_id)
);

-- one row per asset, role and principal; an empty principal id is no contact and is left out
create table contact (
    asset_guid varchar not null references asset (guid), -- asset.guid
    role varchar not null,                   -- Owner or Expert
    principal_id varchar not null,           -- Entra object id
    info varchar,                            -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_guid, role, principal_id)
);

-- one row per contact that only one of the search index and the asset itself has: which of them is right is unknown
create table contact_conflict (
    asset_guid varchar not null references asset (guid), -- asset.guid
    role varchar not null,                   -- Owner or Expert
    principal_id varchar not null,           -- Entra object id
    seen_in varchar not null,                -- search or entity
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_guid, role, principal_id)
);

-- one row per managed attribute that an asset has a value of
create table managed_attribute (
    asset_guid varchar not null references asset (guid), -- asset.guid
    group_name varchar not null,             -- managed_attribute_def.group_name
    name varchar not null,                   -- managed_attribute_def.name
    value varchar not null,                  -- as text; several values as JSON
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_guid, group_name, name)
);

-- one row per free-text label that people put on an asset; nothing to do with sensitivity labels
create table asset_label (
    asset_guid varchar not null references asset (guid), -- asset.guid
    label varchar not null,                  -- untrusted text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_guid, label)
);

-- one row per custom attribute of an asset: a name and a value of somebody's own, defined nowhere
create table custom_attribute (
    asset_guid varchar not null references asset (guid), -- asset.guid
    name varchar not null,                   -- untrusted text
    value varchar not null,                  -- untrusted text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_guid, name)
);

-- one row per reference from an asset to another entity, as the asset lists it; those to columns and schemas are in asset_column
create table relationship (
    asset_guid varchar not null references asset (guid), -- asset.guid
    attribute varchar not null,              -- e.g. meanings, inputToProcesses, dbSchema, sinks
    other_guid varchar not null,             -- the entity at the other end, which may be unknown here
    relationship_guid varchar not null,      -- of the relationship itself; empty where it is not sent
    other_type varchar,                      -- type of the other end
    type varchar,                            -- relationship type, e.g. dataset_process_inputs
    entity_status varchar not null,          -- ACTIVE or DELETED; of the other end
    relationship_status varchar not null,    -- ACTIVE or DELETED; of the relationship
    attributes json,                         -- of the relationship, as sent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_guid, attribute, other_guid, relationship_guid)
);

-- one row per classification type defined in the tenant
create table classification_def (
    name varchar primary key,                -- e.g. MICROSOFT.PERSONAL.EMAIL
    guid varchar,                            -- type guid
    display_name varchar,                    -- options.displayName
    description varchar,                     -- what it stands for
    created_at timestamptz,                  -- createTime
    updated_at timestamptz,                  -- updateTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per entity type: what kinds of assets, processes and parts of them there can be
create table entity_def (
    name varchar primary key,                -- e.g. snowflake_table
    guid varchar,                            -- type guid
    description varchar,                     -- what it stands for
    service_type varchar,                    -- kind of source, e.g. Snowflake
    super_types varchar[] not null,          -- entity_def.name of the types directly above
    schema_elements_attribute varchar,       -- relationship attribute that holds its columns; null = the types above say
    created_at timestamptz,                  -- createTime
    updated_at timestamptz,                  -- updateTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per managed attribute defined in the tenant
create table managed_attribute_def (
    group_name varchar not null,             -- the group it belongs to
    name varchar not null,                   -- attribute name
    group_guid varchar,                      -- type guid of the group
    data_type varchar not null,              -- e.g. string, array<string>, the name of a list of choices
    description varchar,                     -- of the attribute, or else of its group
    applicable_types varchar[] not null,     -- entity_def.name of the types that may have it, those below them included
    is_required boolean not null,            -- must have a value
    is_disabled boolean not null,            -- retired: values stay, new ones cannot be given
    max_length integer,                      -- characters, where limited
    updated_at timestamptz,                  -- updateTime of the group
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (group_name, name)
);

-- one row per glossary
create table glossary (
    guid varchar primary key,                -- glossary guid
    name varchar not null,                   -- display name
    qualified_name varchar,                  -- natural key
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per glossary term
create table term (
    guid varchar primary key,                -- term guid
    glossary_guid varchar not null references glossary (guid), -- glossary.guid
    name varchar not null,                   -- the short name where there is one
    nick_name varchar,                       -- nickName, as sent
    qualified_name varchar,                  -- Term@Glossary; Parent_Child@Glossary below another
    parent_guid varchar,                     -- term.guid of the term above; null = at the top
    status varchar,                          -- Draft | Approved | Alert | Expired
    abbreviation varchar,                    -- acronym
    short_description varchar,               -- one line
    long_description varchar,                -- may hold HTML: untrusted
    usage varchar,                           -- how to use it
    resource_count integer not null,         -- links to further reading
    related json,                            -- guid and name of related terms by kind, e.g. synonyms; null = none
    attributes json,                         -- values of the term template's attributes, by template
    created_at timestamptz,                  -- createTime
    updated_at timestamptz,                  -- updateTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per term, role and principal
create table term_contact (
    term_guid varchar not null references term (guid), -- term.guid
    role varchar not null,                   -- Steward or Expert
    principal_id varchar not null,           -- Entra object id
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_guid, role, principal_id)
);

-- one row per glossary category
create table glossary_category (
    guid varchar primary key,                -- category guid
    glossary_guid varchar not null references glossary (guid), -- glossary.guid
    name varchar not null,                   -- display name
    qualified_name varchar,                  -- Category@Glossary; Child.Parent@Glossary below another
    parent_guid varchar,                     -- glossary_category.guid of the category above; null = at the top
    description varchar,                     -- free text
    created_at timestamptz,                  -- createTime
    updated_at timestamptz,                  -- updateTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per category and term in it
create table term_category (
    category_guid varchar not null references glossary_category (guid), -- glossary_category.guid
    term_guid varchar not null,              -- term.guid, where the term's glossary could be read
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (category_guid, term_guid)
);

-- one row per term assigned to an asset (column_guid null) or to one of its columns
create table term_assignment (
    term_guid varchar not null,              -- term.guid, where the term's glossary could be read
    entity_guid varchar not null,            -- the asset or the column it is assigned to
    asset_guid varchar not null references asset (guid), -- asset.guid
    column_guid varchar references asset_column (guid), -- asset_column.guid; null = to the asset itself
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_guid, entity_guid)
);

-- one row per Purview account that was read: the one that the collector signed in to
create table account (
    id varchar primary key,                  -- account name
    name varchar,                            -- friendly name
    resource_id varchar,                     -- Azure resource id
    location varchar,                        -- Azure region
    default_domain_id varchar,               -- platform_domain.id, where the answer says
    provisioning_state varchar,              -- e.g. Succeeded
    public_network_access varchar,           -- whether it can be reached without a private endpoint
    created_at timestamptz,                  -- properties.createdAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per platform domain of the account (a tree of collections with administrators of its own; no business domain)
create table platform_domain (
    id varchar primary key,                  -- the domain's name in the API
    name varchar,                            -- friendly name
    description varchar,                     -- free text
    environment varchar,                     -- Prod or Test
    container_type varchar,                  -- Domain or Collection
    provisioning_state varchar,              -- e.g. Succeeded
    merged_account varchar,                  -- account that was merged into it
    merge_status varchar,                    -- Succeeded | Failed | InProgress
    created_at timestamptz,                  -- systemData.createdAt
    created_by varchar,                      -- object id or a literal
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per collection; the root has no parent
create table collection (
    id varchar primary key,                  -- the collection's name in the API (six characters; the root's is the account)
    name varchar,                            -- friendly name
    parent_id varchar,                       -- collection.id of the parent
    description varchar,                     -- free text
    provisioning_state varchar,              -- e.g. Succeeded
    created_at timestamptz,                  -- systemData.createdAt
    created_by varchar,                      -- object id or a literal
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per collection of which the service says in which platform domain it lies
create table collection_domain (
    collection_id varchar primary key,       -- collection.id
    domain_id varchar not null,              -- platform_domain.id
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per contact of a collection, a data source or a scan (contacts of assets are in contact)
create table contact_assignment (
    id varchar primary key,                  -- assignment id
    principal_id varchar not null,           -- Entra object id
    contact_group varchar,                   -- what they are there for, e.g. experts
    scope_kind varchar,                      -- Collection | Datasource | Scan | AdaptiveScope; what they are a contact of
    scope_id varchar,                        -- its name, e.g. collection.id
    created_at timestamptz,                  -- systemData.createdAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per registered data source
create table data_source (
    name varchar primary key,                -- registered name
    kind varchar not null,                   -- e.g. AzureSynapseWorkspace, Snowflake
    collection_id varchar,                   -- collection.id
    address varchar,                         -- endpoint, host or server, whichever the kind has
    aws_account_id varchar,                  -- of an Amazon account, which has no address
    resource_id varchar,                     -- Azure resource id
    resource_name varchar,                   -- Azure resource
    resource_group varchar,                  -- Azure resource group
    subscription_id varchar,                 -- Azure subscription
    location varchar,                        -- Azure region
    data_use_governance varchar,             -- Disabled | Enabled | DisabledByAnotherAccount | EnabledAtAncestorScope
    moving_state varchar,                    -- Active | Moving | Failed; whether it is on its way to another collection
    creation_type varchar,                   -- Manual | AutoNative | AutoManaged
    created_at timestamptz,                  -- properties.createdAt
    updated_at timestamptz,                  -- properties.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per scan of a data source
create table scan (
    id varchar primary key,                  -- <data source>/<scan name>
    data_source_name varchar not null references data_source (name), -- data_source.name
    name varchar not null,                   -- scan name
    kind varchar,                            -- e.g. SnowflakeCredential
    scan_guid varchar,                       -- scanId
    ruleset_name varchar,                    -- scan_ruleset.name
    ruleset_type varchar,                    -- System or Custom
    collection_id varchar,                   -- collection.id into which it writes
    credential_name varchar,                 -- scan_credential.name; null = it signs in as the account itself
    credential_kind varchar,                 -- as the scan says
    integration_runtime varchar,             -- integration_runtime.name; null = the service's own
    creation_type varchar,                   -- Manual | AutoNative | AutoManaged
    log_level varchar,                       -- as sent
    created_at timestamptz,                  -- properties.createdAt
    updated_at timestamptz,                  -- properties.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per scan that has a schedule
create table scan_trigger (
    scan_id varchar primary key references scan (id), -- scan.id
    state varchar,                           -- Enabled or Disabled; absent in older answers
    frequency varchar,                       -- Hour | Day | Week | Month
    frequency_interval integer,              -- every n-th
    starts_at timestamptz,                   -- first occurrence
    ends_at timestamptz,                     -- last occurrence; null = open
    scan_level varchar,                      -- Full or Incremental
    time_zone varchar,                       -- of the schedule
    last_scheduled_at timestamptz,           -- lastScheduled
    created_at timestamptz,                  -- properties.createdAt
    updated_at timestamptz,                  -- properties.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per scan with a filter of its own: what it reads and what it leaves out
create table scan_filter (
    scan_id varchar primary key references scan (id), -- scan.id
    name varchar,                            -- e.g. custom
    include_uri_prefixes varchar[] not null, -- what is read
    exclude_uri_prefixes varchar[] not null, -- what of that is left out
    include_regexes varchar[] not null,      -- what is read
    exclude_regexes varchar[] not null,      -- what of that is left out
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per run of a scan
create table scan_run (
    id varchar primary key,                  -- run id
    scan_id varchar not null references scan (id), -- scan.id
    status varchar not null,                 -- Accepted | InProgress | TransientFailure | Succeeded | Failed | Canceled
    outcome varchar,                         -- Complete | Partial | Failed | Running | Canceled; did it work in full, by all three statuses and failed counts; null = a word not known
    started_at timestamptz,                  -- startTime
    ended_at timestamptz,                    -- endTime
    scan_level varchar,                      -- Full or Incremental
    run_type varchar,                        -- Manual, Scheduled
    discovery_status varchar,                -- discovery part, where reported
    ingestion_status varchar,                -- ingestion part, where reported
    assets_discovered bigint,                -- either API version
    assets_classified bigint,                -- either API version
    assets_failed bigint,                    -- in discovery, where reported
    assets_ingested bigint,                  -- ingestion part, where reported
    assets_not_ingested bigint,              -- ingestion part, where reported
    assets_processing bigint,                -- ingestion part, where reported
    relationships_ingested bigint,           -- ingestion part, where reported
    relationships_not_ingested bigint,       -- ingestion part, where reported
    ruleset_type varchar,                    -- System or Custom
    ruleset_version integer,                 -- scan_ruleset.version
    data_source_kind varchar,                -- e.g. AdlsGen2
    resource_id varchar,                     -- what was scanned
    parent_id varchar,                       -- scan_run.id of the run it is a part of
    ingestion_job_id varchar,                -- of the ingestion part
    queued_at timestamptz,                   -- older answers only
    discovery_started_at timestamptz,        -- discovery part, where reported
    discovery_ended_at timestamptz,          -- discovery part, where reported
    ingestion_started_at timestamptz,        -- ingestion part, where reported
    ingestion_ended_at timestamptz,          -- ingestion part, where reported
    error_code varchar,                      -- where it failed
    error_message varchar,                   -- untrusted text
    notifications json,                      -- diagnostics, as sent: untrusted text
    exception_counts json,                   -- diagnostics: number of exceptions by kind
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per scan rule set and version: what a scan looks for
create table scan_ruleset (
    ruleset_type varchar not null,           -- System or Custom
    name varchar not null,                   -- scan.ruleset_name
    kind varchar not null,                   -- kind of data source, e.g. AdlsGen2
    version integer not null,                -- scan_run.ruleset_version; 0 = not stated
    status varchar,                          -- Enabled or Disabled
    description varchar,                     -- free text
    excluded_classifications varchar[] not null, -- system classifications it does not look for
    included_rules varchar[] not null,       -- classification_rule.name of the custom rules it applies
    file_extensions varchar[] not null,      -- kinds of files it opens; empty = not stated
    created_at timestamptz,                  -- properties.createdAt
    updated_at timestamptz,                  -- properties.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (ruleset_type, name, kind, version)
);

-- one row per classification rule: how a scan recognises a class
create table classification_rule (
    name varchar primary key,                -- rule name
    kind varchar not null,                   -- System or Custom
    classification_name varchar,             -- classification_def.name that it sets
    status varchar,                          -- Enabled or Disabled
    version integer,                         -- counts its changes
    description varchar,                     -- free text
    action varchar,                          -- Keep or Delete
    minimum_percentage_match double,         -- share of values that must match
    minimum_distinct_match_count integer,    -- number of different values that must match
    data_patterns varchar[] not null,        -- regular expressions for values
    column_patterns varchar[] not null,      -- regular expressions for column names
    created_at timestamptz,                  -- properties.createdAt
    updated_at timestamptz,                  -- properties.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per credential that scans may use; what it consists of is neither kept nor shown
create table scan_credential (
    name varchar primary key,                -- scan.credential_name
    kind varchar not null,                   -- AccountKey | ServicePrincipal | BasicAuth | SqlAuth | AmazonARN | ConsumerKeyAuth | DelegatedAuth | ManagedIdentity
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per integration runtime: the machine from which scans reach a source
create table integration_runtime (
    name varchar primary key,                -- scan.integration_runtime
    kind varchar not null,                   -- Managed or SelfHosted
    description varchar,                     -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per role that can be given on a collection
create table metadata_role (
    id varchar primary key,                  -- e.g. purviewmetadatarole_builtin_data-curator
    name varchar,                            -- e.g. data-curator
    friendly_name varchar,                   -- display name
    description varchar,                     -- free text
    role_type varchar,                       -- e.g. BuiltIn
    data_actions varchar[] not null,         -- what it allows, e.g. Microsoft.Purview/accounts/data/read
    conditional boolean not null,            -- its condition says more than these actions
    provisioning_state varchar,              -- e.g. Provisioned
    version integer,                         -- counts its changes
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per metadata policy: who has which role on one collection; its rules are read into role_assignment
create table metadata_policy (
    id varchar primary key,                  -- policy id
    name varchar,                            -- policy_<collection>
    collection_id varchar,                   -- collection.id; null = it names none
    parent_collection_id varchar,            -- collection.id of the parent, as the policy says
    inherits boolean not null,               -- whoever has a permission on another collection has it here; false = restricted, or the root
    version integer,                         -- counts its changes
    description varchar,                     -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per collection, role and principal that a metadata policy gives it to, on the collection itself or on one it inherits from;
-- principal * = a rule that cannot be read as a list of principals, or permissions of a collection whose policy was not read
create table role_assignment (
    collection_id varchar not null,          -- collection.id
    role_id varchar not null,                -- metadata_role.id; * = any
    principal_id varchar not null,           -- Entra object id; * = not known who
    principal_kind varchar not null,         -- user_or_service_principal | group | unknown
    granted_on varchar not null,             -- collection whose policy names the principal
    inherited_from varchar,                  -- granted_on where that is another collection; null = own
    conditional boolean not null,            -- no certain grant: the rule excludes or asks for something else, or nothing permits what it gives
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (collection_id, role_id, principal_id, principal_kind, granted_on)
);

-- one row per DevOps policy rule and principal: roles on the data system itself
create table devops_policy (
    resource_name varchar not null,          -- the resource in Purview
    role_name varchar not null,              -- e.g. purviewdatarole_builtin_sqlperfmonitor
    principal_id varchar not null,           -- Entra object id
    principal_kind varchar not null,         -- user_or_service_principal or group
    resource_path varchar not null,          -- Azure resources it is about; empty = not stated
    effect varchar not null,                 -- Permit or Deny
    created_by varchar,                      -- object id or a literal
    created_at timestamptz,                  -- systemData.createdAt
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (resource_name, role_name, principal_id, principal_kind, resource_path, effect)
);

-- one row per self-service policy and principal: access to data given on request
create table self_service_policy (
    id varchar not null,                     -- policy id
    principal_id varchar not null,           -- Entra object id: who benefits
    principal_kind varchar not null,         -- user_or_service_principal or group
    role_name varchar,                       -- e.g. purviewdatarole_builtin_read
    resource_path varchar,                   -- Azure resources it is about
    effect varchar,                          -- Permit or Deny
    requestor_id varchar,                    -- Entra object id: who asked
    expires_at timestamptz,                  -- null = no end
    created_by varchar,                      -- object id or a literal
    created_at timestamptz,                  -- systemData.createdAt
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (id, principal_id, principal_kind)
);

-- one row per Process entity (what moves data from inputs to outputs)
create table process (
    guid varchar primary key,                -- entity guid
    type_name varchar not null,              -- a subtype of Process
    qualified_name varchar,                  -- natural key
    name varchar,                            -- display name
    status varchar not null,                 -- ACTIVE or DELETED
    incomplete boolean,                      -- isIncomplete: a shell that nobody has described: what flows through it is not known
    updated_at timestamptz,                  -- updateTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per input, process and output: data flows from_guid -> process_guid -> to_guid, or directly where nobody names a process
-- an asset without a row has no lineage that was seen, which is not the same as none
create table lineage_edge (
    from_guid varchar not null,              -- asset.guid, or an asset this identity cannot see
    to_guid varchar not null,                -- asset.guid, or an asset this identity cannot see
    process_guid varchar not null,           -- process.guid; empty = from asset to asset directly
    kind varchar not null,                   -- process or direct
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (from_guid, to_guid, process_guid)
);

-- one row per column pair that a process, or a direct edge, declares (names, not guids: that is all Purview has)
create table column_lineage (
    process_guid varchar not null,           -- process.guid; empty = from asset to asset directly
    from_qualified_name varchar not null,    -- input asset, * = many or unknown
    from_column varchar not null,            -- column name
    to_qualified_name varchar not null,      -- output asset
    to_column varchar not null,              -- column name
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (process_guid, from_qualified_name, from_column, to_qualified_name, to_column)
);

-- one row per business domain of the Unified Catalog
create table business_domain (
    id varchar primary key,                  -- guid
    name varchar not null,                   -- display name
    parent_id varchar,                       -- business_domain.id of the parent; the topmost may name the tenant's catalog
    type varchar,                            -- FunctionalUnit | LineOfBusiness | DataDomain | Regulatory | Project
    status varchar,                          -- Draft | Published | Expired
    restricted boolean,                      -- only named people see what is in it
    description varchar,                     -- free text
    managed_attributes json,                 -- as sent
    created_at timestamptz,                  -- systemData.createdAt
    created_by varchar,                      -- Entra object id
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    updated_by varchar,                      -- Entra object id
    expired_at timestamptz,                  -- systemData.expiredAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per collection of the Data Map that a business domain is related to
create table business_domain_collection (
    domain_id varchar not null references business_domain (id), -- business_domain.id
    collection_id varchar not null,          -- collection.id
    platform_domain varchar,                 -- platform domain that the collection is in
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (domain_id, collection_id)
);

-- one row per scope, role of the Unified Catalog and principal; members that a role takes over from another one included
create table domain_role_assignment (
    scope_id varchar not null,               -- what the role counts for: a business domain or the whole tenant
    domain_id varchar,                       -- business_domain.id; null = a role for the whole tenant
    role_id varchar not null,                -- e.g. purviewdatagovernancerole_builtin_business-domain-owner
    principal_kind varchar not null,         -- identity or group
    principal_id varchar not null,           -- Entra object id of a user, a service principal or a group
    conditional boolean not null,            -- the policy names further conditions, which are not evaluated
    inherited_from varchar,                  -- rule that names the principal; null = the role's own
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (scope_id, role_id, principal_kind, principal_id)
);

-- one row per data product of the Unified Catalog
create table purview_data_product (
    id varchar primary key,                  -- guid
    name varchar not null,                   -- display name
    domain_id varchar,                       -- business_domain.id
    status varchar,                          -- Draft | Published | Expired
    type varchar,                            -- e.g. Master, Analytical, Operational
    description varchar,                     -- free text, may hold HTML
    business_use varchar,                    -- free text: what it is for
    update_frequency varchar,                -- Hourly | Daily | Weekly | Monthly | Quarterly | Yearly
    endorsed boolean,                        -- by its domain
    sensitivity_label varchar,               -- label id
    audience varchar[] not null,             -- e.g. DataAnalyst; empty = none named
    asset_count bigint,                      -- the server's own count of its data assets
    subscriber_count integer,                -- the server's own count of active subscribers
    quality_score double,                    -- data quality score
    has_terms_of_use boolean not null,       -- any terms of use are linked
    has_documentation boolean not null,      -- any documentation is linked
    managed_attributes json,                 -- as sent
    provisioning_state varchar,              -- Unknown | Succeeded | SoftDeleted
    created_at timestamptz,                  -- systemData.createdAt
    created_by varchar,                      -- Entra object id
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    updated_by varchar,                      -- Entra object id
    expired_at timestamptz,                  -- systemData.expiredAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data product of the Unified Catalog, role and principal
create table purview_data_product_contact (
    product_id varchar not null references purview_data_product (id), -- purview_data_product.id
    role varchar not null,                   -- Owner | Expert | DatabaseAdmin
    principal_id varchar not null,           -- Entra object id
    info varchar,                            -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, role, principal_id)
);

-- one row per data asset of the Unified Catalog: the same thing as an asset of the Data Map, under an id of its own
create table catalog_asset (
    id varchar primary key,                  -- guid; not the one of the Data Map
    name varchar not null,                   -- display name
    type varchar,                            -- AzureSqlTable | ADLSGen2Path | General
    description varchar,                     -- free text
    asset_guid varchar,                      -- asset.guid, which may be gone from the Data Map; null = of another source
    asset_type varchar,                      -- type name in the Data Map
    qualified_name varchar,                  -- natural key in the Data Map
    account varchar,                         -- account of the Data Map
    classifications varchar[] not null,      -- copied from the Data Map when it was last refreshed
    provisioning_state varchar,              -- Unknown | Succeeded | SoftDeleted
    refreshed_at timestamptz,                -- when it was last copied from the Data Map
    created_at timestamptz,                  -- systemData.createdAt
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data asset of a data product of the Unified Catalog
create table purview_data_product_asset (
    product_id varchar not null references purview_data_product (id), -- purview_data_product.id
    catalog_asset_id varchar not null,       -- catalog_asset.id
    asset_guid varchar,                      -- asset.guid; null = cannot be told, because the data asset is not in catalog_asset
    relation varchar,                        -- Related or Synonym
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, catalog_asset_id)
);

-- one row per data product of the Unified Catalog and critical data element that it is related to
create table purview_data_product_element (
    product_id varchar not null references purview_data_product (id), -- purview_data_product.id
    element_id varchar not null,             -- critical_data_element.id
    relation varchar,                        -- e.g. Related
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, element_id)
);

-- one row per data product of the Unified Catalog and objective that it serves
create table purview_data_product_objective (
    product_id varchar not null references purview_data_product (id), -- purview_data_product.id
    objective_id varchar not null,           -- objective.id
    relation varchar,                        -- e.g. Related
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, objective_id)
);

-- one row per term of the Unified Catalog; terms of the classic glossary are in term
create table catalog_term (
    id varchar primary key,                  -- guid
    name varchar not null,                   -- display name
    domain_id varchar,                       -- business_domain.id
    parent_id varchar,                       -- catalog_term.id of the parent
    status varchar,                          -- Draft | Published | Expired
    description varchar,                     -- may hold HTML: untrusted
    acronyms varchar[] not null,             -- empty = none
    has_resources boolean not null,          -- any further reading is linked
    is_leaf boolean,                         -- has no terms below it
    managed_attributes json,                 -- as sent
    created_at timestamptz,                  -- systemData.createdAt
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    expired_at timestamptz,                  -- systemData.expiredAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per term of the Unified Catalog, role and principal
create table catalog_term_contact (
    term_id varchar not null references catalog_term (id), -- catalog_term.id
    role varchar not null,                   -- Owner | Expert | DatabaseAdmin
    principal_id varchar not null,           -- Entra object id
    info varchar,                            -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_id, role, principal_id)
);

-- one row per term of the Unified Catalog and data product or critical data element that it describes
create table catalog_term_use (
    term_id varchar not null,                -- catalog_term.id
    used_by varchar not null,                -- DataProduct or CriticalDataElement
    used_by_id varchar not null,             -- purview_data_product.id or critical_data_element.id
    relation varchar,                        -- Related | Synonym | Parent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_id, used_by, used_by_id)
);

-- one row per term of the Unified Catalog and data asset that it describes
create table catalog_term_asset (
    term_id varchar not null references catalog_term (id), -- catalog_term.id
    catalog_asset_id varchar not null,       -- catalog_asset.id
    asset_guid varchar,                      -- asset.guid; null = cannot be told, because the data asset is not in catalog_asset
    relation varchar,                        -- Related | Synonym | Parent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_id, catalog_asset_id)
);

-- one row per term of the Unified Catalog and column that it describes
create table catalog_term_column (
    term_id varchar not null references catalog_term (id), -- catalog_term.id
    catalog_column_id varchar not null,      -- id in the Unified Catalog
    column_guid varchar,                     -- asset_column.guid, which may be gone; null = could not be read
    asset_guid varchar,                      -- asset.guid, which may be gone; null = could not be read
    relation varchar,                        -- Related | Synonym | Parent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_id, catalog_column_id)
);

-- one row per term of the Unified Catalog, other term and way in which they are related
create table catalog_term_relation (
    term_id varchar not null references catalog_term (id), -- catalog_term.id
    other_id varchar not null,               -- catalog_term.id of the other term
    relation varchar not null,               -- Related | Synonym | Parent; unknown = not stated
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_id, other_id, relation)
);

-- one row per critical data element
create table critical_data_element (
    id varchar primary key,                  -- guid
    name varchar not null,                   -- display name
    domain_id varchar,                       -- business_domain.id
    status varchar,                          -- Draft | Published | Expired
    data_type varchar,                       -- TEXT | NUMBER | DATETIME | BOOLEAN
    description varchar,                     -- free text
    managed_attributes json,                 -- as sent
    created_at timestamptz,                  -- systemData.createdAt
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    expired_at timestamptz,                  -- systemData.expiredAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per critical data element, role and principal
create table critical_data_element_contact (
    element_id varchar not null references critical_data_element (id), -- critical_data_element.id
    role varchar not null,                   -- Owner | Expert | DatabaseAdmin
    principal_id varchar not null,           -- Entra object id
    info varchar,                            -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (element_id, role, principal_id)
);

-- one row per column that a critical data element stands for
create table critical_data_element_column (
    element_id varchar not null references critical_data_element (id), -- critical_data_element.id
    catalog_column_id varchar not null,      -- id in the Unified Catalog
    column_guid varchar,                     -- asset_column.guid, which may be gone; null = could not be read
    asset_guid varchar,                      -- asset.guid, which may be gone; null = could not be read
    relation varchar,                        -- Related or Synonym
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (element_id, catalog_column_id)
);

-- one row per objective
create table objective (
    id varchar primary key,                  -- guid
    definition varchar not null,             -- free text
    domain_id varchar,                       -- business_domain.id
    status varchar,                          -- Draft | Published | Closed
    target_at timestamptz,                   -- targetDate
    overall_status varchar,                  -- NotTracked | OnTrack | Behind | AtRisk
    overall_progress double,                 -- over all its key results
    overall_goal double,                     -- over all its key results
    overall_max double,                      -- over all its key results
    key_result_count bigint,                 -- the server's own count
    created_at timestamptz,                  -- systemData.createdAt
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    closed_at timestamptz,                   -- systemData.closedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per objective, role and principal
create table objective_contact (
    objective_id varchar not null references objective (id), -- objective.id
    role varchar not null,                   -- Owner | Expert | DatabaseAdmin
    principal_id varchar not null,           -- Entra object id
    info varchar,                            -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (objective_id, role, principal_id)
);

-- one row per key result of an objective
create table key_result (
    objective_id varchar not null references objective (id), -- objective.id
    id varchar not null,                     -- guid
    definition varchar not null,             -- free text
    domain_id varchar,                       -- business_domain.id
    status varchar,                          -- NotTracked | OnTrack | Behind | AtRisk
    progress double,                         -- where it stands
    goal double,                             -- where it should get
    max_value double,                        -- most that is possible
    updated_at timestamptz,                  -- systemData.lastModifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (objective_id, id)
);

-- one row per request for access to a data product of the Unified Catalog, of any status
create table data_subscription (
    id varchar primary key,                  -- guid
    product_id varchar,                      -- purview_data_product.id, which may be gone
    product_name varchar,                    -- as sent
    domain_id varchar,                       -- business_domain.id
    status varchar not null,                 -- Pending | Approved | Granted | Declined | Revoked | Completed
    subscriber_id varchar,                   -- Entra object id: who benefits
    subscriber_kind varchar,                 -- User | Group | ServicePrincipal
    requestor_id varchar,                    -- Entra object id: who asked
    write_access boolean,                    -- more than reading is asked for
    use_cases varchar[] not null,            -- what for; empty = not stated
    terms_accepted boolean,                  -- of use
    comment_given boolean not null,          -- the text itself is not kept
    catalog_asset_ids varchar[] not null,    -- catalog_asset.id of what it covers; empty = not stated
    provider_ids varchar[] not null,         -- who has to give the access
    workflow_id varchar,                     -- access_workflow.id of the workflow that decides; null = none
    workflow_name varchar,                   -- display name
    created_at timestamptz,                  -- createdAt
    created_by varchar,                      -- as sent
    updated_at timestamptz,                  -- lastModifiedDate; the published schema has no such field
    decided_at timestamptz,                  -- accessDecisionDate
    expires_at timestamptz,                  -- accessExpirationDate; null = no end
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per thing of the Unified Catalog that has a policy set, and kind of that set: what requests for access are held against
create table access_policy_set (
    subject_kind varchar not null,           -- DataProduct | BusinessDomain | Term | CriticalDataElement
    subject_id varchar not null,             -- purview_data_product.id, business_domain.id, catalog_term.id or critical_data_element.id
    product_id varchar,                      -- purview_data_product.id; null = the set of anything else
    kind varchar not null,                   -- Applied = its own; Effective = of a data product, with those of its domain, terms and critical data elements laid over it
    id varchar,                              -- guid
    permitted_use_cases varchar[],           -- null = not stated
    permitted_subscribers varchar[],         -- User, Group, ServicePrincipal; null = not stated
    approver_ids varchar[],                  -- Entra object ids; null = not stated
    grantor_ids varchar[],                   -- Entra object ids of those who give the access; null = not stated
    sensitive_markers varchar[],             -- null = not stated
    approval_timeline varchar,               -- duration, as sent
    maximum_duration varchar,                -- longest access, as sent
    terms_of_use_required boolean,           -- must be accepted
    privacy_approval_required boolean,       -- by privacy compliance
    partner_sharing boolean,                 -- is permitted
    customer_sharing boolean,                -- is permitted
    skips_workflow boolean,                  -- access is given without a decision
    uses_power_automate boolean,             -- access is given by Power Automate
    self_service boolean,                    -- people may ask for access themselves
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (subject_kind, subject_id, kind)
);

-- one row per workflow that decides about access or publishing
create table access_workflow (
    id varchar primary key,                  -- guid
    name varchar not null,                   -- display name
    type varchar,                            -- as sent
    enabled boolean,                         -- it runs when it is triggered
    description varchar,                     -- free text
    triggers varchar[] not null,             -- DataAccessRequestSubmitted | DataProductPublish | TermPublish; empty = none
    scopes varchar[] not null,               -- parts of the hierarchy of domains and terms that it is for; empty = not stated
    actions varchar[] not null,              -- kinds of its steps, in order; empty = not stated
    provider_ids varchar[] not null,         -- who has to give the access
    created_by varchar,                      -- as sent
    updated_by varchar,                      -- as sent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per run of a workflow that decides about access or publishing
create table access_workflow_run (
    id varchar primary key,                  -- guid
    workflow_id varchar,                     -- access_workflow.id, which may be gone
    workflow_name varchar,                   -- display name
    type varchar,                            -- workflowType
    trigger varchar,                         -- DataAccessRequestSubmitted | DataProductPublish | TermPublish
    status varchar not null,                 -- as sent
    subscriber_id varchar,                   -- Entra object id
    requestor_id varchar,                    -- Entra object id
    created_at timestamptz,                  -- createdAt
    created_by varchar,                      -- as sent
    updated_at timestamptz,                  -- modifiedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per approval of a workflow run
create table access_approval (
    id varchar primary key,                  -- guid
    run_id varchar not null references access_workflow_run (id), -- access_workflow_run.id
    approver_id varchar,                     -- Entra object id
    approver_kind varchar,                   -- User | Group | ServicePrincipal
    decision varchar not null,               -- Approved | Rejected | Pending
    comment_given boolean not null,          -- the text itself is not kept
    decided_at timestamptz,                  -- decisionDate
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per classic workflow of Purview: what happens before a term, an asset or access to data is changed
create table classic_workflow (
    id varchar primary key,                  -- guid
    name varchar not null,                   -- display name, untrusted text
    enabled boolean,                         -- isEnabled: it runs when it is triggered
    description varchar,                     -- free text
    created_at timestamptz,                  -- createdTime
    created_by varchar,                      -- Entra object id
    updated_at timestamptz,                  -- lastUpdateTime
    updated_by varchar,                      -- Entra object id
    step_types varchar[],                    -- kinds of its steps, at any depth, e.g. Approval; null = not read
    assignee_ids varchar[],                  -- object ids of people and groups that any of its steps is assigned to; null = not read
    detail_read boolean not null,            -- false = only the list row is known: its steps are not
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per trigger of a classic workflow: what starts it, and where
create table classic_workflow_trigger (
    workflow_id varchar not null references classic_workflow (id), -- classic_workflow.id
    position integer not null,               -- place among its triggers, from 0
    type varchar not null,                   -- e.g. when_data_access_grant_is_requested, when_term_update_is_requested
    collection_id varchar,                   -- underCollection: collection.id; null = wherever
    glossary_guid varchar,                   -- underGlossary: glossary.guid; null = whichever
    glossary_hierarchy varchar,              -- underGlossaryHierarchy: path of a term; null = whichever
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (workflow_id, position)
);

-- one row per run of a classic workflow that began in the last 90 days, or of which a task tells
create table classic_workflow_run (
    id varchar primary key,                  -- guid
    workflow_id varchar,                     -- classic_workflow.id, which may be gone
    requestor_id varchar,                    -- Entra object id: who asked
    request_id varchar,                      -- userRequestId: what was asked for together
    operation varchar,                       -- CreateTerm | UpdateTerm | DeleteTerm | ImportTerms | UpdateAsset | GrantDataAccess
    target varchar,                          -- what is to be changed, as sent: untrusted text
    status varchar not null,                 -- NotStarted | InProgress | Failed | Completed | Canceling | CancellationFailed | Canceled
    started_at timestamptz,                  -- startTime
    ended_at timestamptz,                    -- endTime
    cancelled_at timestamptz,                -- cancelTime
    comment_given boolean not null,          -- when it was cancelled; the text itself is not kept
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per approval, or other task for people, of a run of a classic workflow, of the last 90 days
create table classic_workflow_task (
    id varchar primary key,                  -- guid
    run_id varchar not null,                 -- classic_workflow_run.id, which may be gone
    workflow_id varchar,                     -- classic_workflow.id, which may be gone
    type varchar not null,                   -- Approval | SimpleTask
    title varchar,                           -- untrusted text
    requestor_id varchar,                    -- Entra object id: who asked
    operation varchar,                       -- as in classic_workflow_run
    target varchar,                          -- what is to be changed, as sent: untrusted text
    approval_type varchar,                   -- PendingOnAny = one approver is enough | PendingOnAll; null = no approval
    status varchar not null,                 -- Pending | Approved | Rejected | Canceled | NotStarted | InProgress | Completed; the last three are of tasks that are no approvals
    created_at timestamptz,                  -- createdTime
    updated_at timestamptz,                  -- lastUpdateTime
    expires_at timestamptz,                  -- expiryTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per task of a classic workflow and person or group it waits or waited for
create table classic_workflow_reply (
    task_id varchar not null references classic_workflow_task (id), -- classic_workflow_task.id
    approver_id varchar not null,            -- Entra object id
    reply varchar,                           -- Approved | Rejected | Pending; null = no approval
    comment_given boolean not null,          -- the text itself is not kept
    replied_at timestamptz,                  -- responseTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (task_id, approver_id)
);

-- one row per change that the Data Map's audit history tells of, in the days before as_of
create table audit_event (
    id varchar primary key,                  -- id of the log entry
    category varchar not null,               -- Asset | GlossaryTerm | ClassificationDef
    occurred_at timestamptz not null,        -- creationTime
    operation varchar,                       -- e.g. EntityUpdated, ClassificationDeleted, SensitivityLabelChanged
    user_id varchar,                         -- user principal name, or object id of a service principal
    user_key varchar,                        -- object id
    client_ip varchar,                       -- where reported
    change_request_id varchar,               -- what belongs together
    object_guid varchar,                     -- asset.guid, term.guid or classification_def.guid; it may be gone by now
    object_name varchar,                     -- untrusted text
    object_type varchar,                     -- type of an asset
    object_qualified_name varchar,           -- natural key of an asset
    object_collection_id varchar,            -- collection.id
    old_value varchar,                       -- JSON text as sent, untrusted; null = none
    new_value varchar,                       -- JSON text as sent, untrusted; null = none
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- group: immuta

-- one row per registered Immuta data source, disabled ones included
create table immuta_source (
    id integer primary key,                  -- Govern id
    name varchar not null,                   -- display name
    technology varchar,                      -- synapse | databricks | redshift | snowflake | trino
    deleted boolean not null,                -- true = disabled: still listed
    status varchar,                          -- health: passed or failed
    subscription_type varchar,               -- automatic | approval | policy | manual
    host varchar,                            -- of the remote table
    database_name varchar,                   -- of the remote table
    schema_name varchar,                     -- of the remote table
    table_name varchar,                      -- of the remote table
    connection_string varchar,               -- of the remote table, secrets struck out
    warehouse varchar,                       -- Snowflake: what computes
    http_path varchar,                       -- Databricks: what computes
    domain_id varchar,                       -- Immuta domain
    domain_name varchar,                     -- Immuta domain
    schema_evolution_id varchar,             -- what watches the schema for new and changed tables; null = nothing does
    schema_evolution_disabled boolean,       -- true = it is switched off; null = not said
    column_evolution boolean,                -- new columns are looked for; null = not said
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt of the source itself, e.g. when it was disabled; null = not said
    detail_read boolean not null,            -- false = only the list row is known: policies are not
    handler_read boolean not null,           -- false = the remote table is not known
    has_policy_handler boolean,              -- data policies are in force; null = not known
    dictionary_absent boolean not null,      -- true = Immuta says that there is no dictionary; one that could not be read is a gap
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per column in the data dictionary of an Immuta data source
create table immuta_column (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    name varchar not null,                   -- column name
    data_type varchar,                       -- Immuta's word
    remote_type varchar,                     -- the platform's word
    nullable boolean,                        -- as declared
    remote_name varchar,                     -- name in the remote table
    description varchar,                     -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, name)
);

-- one row per column of the remote table, as the handler of an Immuta data source saw it last
create table immuta_remote_column (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    name varchar not null,                   -- column name
    data_type varchar,                       -- Immuta's word
    nullable boolean,                        -- as declared
    primary_key_part boolean,                -- part of the primary key
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page: the text that lists all columns
    primary key (source_id, name)
);

-- one row per column name that the search over all dictionaries knows; of no data source in particular
create table immuta_column_name (
    name varchar primary key,                -- column name
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per tag on a dictionary column
create table immuta_column_tag (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    column_name varchar not null,            -- immuta_column.name
    tag varchar not null,                    -- dotted hierarchy
    tag_source varchar,                      -- curated, or the catalog it came from
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, column_name, tag)
);

-- one row per tag on a data source
create table immuta_source_tag (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    tag varchar not null,                    -- dotted hierarchy
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, tag)
);

-- one row per tag known to Immuta
create table immuta_tag (
    id integer primary key,                  -- tag id
    name varchar not null,                   -- dotted hierarchy; the same name may come from several sources
    parent varchar,                          -- name of the tag above it; null = at the top
    tag_source varchar,                      -- curated, or the catalog it came from
    system_created boolean,                  -- made by Immuta
    deleted boolean not null,                -- kept in the list
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per tag and kind of thing that the Request app says it is applied to; to which column or source, it does not say
create table applied_tag (
    model_type varchar not null,             -- column | datasource
    tag_id integer not null,                 -- immuta_tag.id, which need not be listed
    tag varchar not null,                    -- immuta_tag.name
    tag_source varchar,                      -- as immuta_tag.tag_source
    display_name varchar,                    -- as shown
    protected boolean,                       -- as sent
    deleted boolean,                         -- true = kept, but not in use
    system_created boolean,                  -- made by Immuta
    created_by integer,                      -- immuta_user.id
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (model_type, tag_id)
);

-- one row per person with access to an Immuta data source and kind of access
create table immuta_membership (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    profile_id integer not null,             -- immuta_user.id
    state varchar not null,                  -- owner | expert | subscribed | ingest | pending
    iam_id varchar,                          -- identity provider in Immuta
    user_id varchar,                         -- name in that provider
    name varchar,                            -- display name
    email varchar,                           -- mail
    approved boolean,                        -- as reported
    required_permission varchar,             -- of the approvals that are open, e.g. OWNER, GOVERNANCE; null = of none
    created_at timestamptz,                  -- createdAt
    subscription_id integer,                 -- subscriptionId
    expires_at timestamptz,                  -- null = no end
    system_generated boolean,                -- made by Immuta
    origin_hint varchar,                     -- what the row says of where it comes from, as sent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, profile_id, state)
);

-- one row per group that an Immuta data source lists as such and kind of access; most tenants list its members only
create table immuta_group_access (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    group_key varchar not null,              -- number of the group, or its name where none is sent
    state varchar not null,                  -- as immuta_membership.state
    iam_id varchar,                          -- identity provider in Immuta
    name varchar,                            -- display name
    approved boolean,                        -- as reported
    required_permission varchar,             -- of the approvals that are open, e.g. OWNER, GOVERNANCE; null = of none
    subscription_id integer,                 -- subscriptionId
    expires_at timestamptz,                  -- null = no end
    created_at timestamptz,                  -- createdAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, group_key, state)
);

-- one row per subscription that waits for somebody's approval, as far as the credential may see them
create table pending_subscription (
    id integer primary key,                  -- subscription request id
    model_type varchar not null,             -- what is asked for, e.g. datasource or project
    model_id integer,                        -- immuta_source.id or immuta_project.id
    model_name varchar,                      -- display name
    entity_type varchar not null,            -- who asks, e.g. profile or group
    entity_id integer,                       -- immuta_user.id or immuta_group.id
    entity_name varchar,                     -- display name
    required_permission varchar,             -- of the approvals that are open, e.g. OWNER, GOVERNANCE
    approvals json,                          -- as sent
    created_at timestamptz,                  -- createdAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per global policy
create table immuta_policy (
    id integer primary key,                  -- policy id
    policy_key varchar,                      -- stable name
    name varchar,                            -- display name
    type varchar not null,                   -- subscription or data
    staged boolean,                          -- true = not in force
    deleted boolean,                         -- true = not in force
    system_generated boolean,                -- made by Immuta
    template boolean,                        -- offered to be copied
    cloned_from integer,                     -- immuta_policy.id it was copied from
    subscription_type varchar,               -- who is let in, in Immuta's word, e.g. policy, manual, automatic; null = not a subscription policy
    access_grant varchar,                    -- READ or WRITE
    share_responsibility boolean,            -- true = one of several subscription policies is enough; false = always required
    allow_discovery boolean,                 -- whoever is not let in still sees that the source exists
    certification_label varchar,             -- what a source owner certifies; null = nothing to certify
    certification_text varchar,              -- what that means
    recertify boolean,                       -- a changed policy must be certified anew
    owner_restrictions json,                 -- whose sources it is limited to, as sent
    actions json,                            -- as sent
    circumstances json,                      -- as sent
    created_by integer,                      -- immuta_user.id
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per policy that applies to a data source
create table policy_application (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    policy varchar not null,                 -- global:<policy id>, or local:subscription
    type varchar not null,                   -- subscription or data
    name varchar,                            -- display name
    disabled boolean not null,               -- true = switched off for this source
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, policy, type)
);

-- one row per data policy in force on a data source, in order
create table source_policy (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    position integer not null,               -- 1, 2, 3 ...
    type varchar not null,                   -- e.g. masking, rowOrObjectRestriction; exemption = the list in policy_exemption
    name varchar,                            -- display name, where sent
    rules json,                              -- what is done to which columns, and for whom not, as sent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, position)
);

-- one row per connection of a tenant that registers tables through connections
create table immuta_connection (
    key varchar primary key,                 -- connection key, which is its display name
    technology varchar,                      -- e.g. Snowflake
    state varchar,                           -- as sent, in capitals: ACTIVE, INACTIVE or UNHEALTHY; null = not said
    host varchar,                            -- host name
    connection json,                         -- as sent, secrets struck out
    native_integration_id integer,           -- nativeIntegrationId
    created_by integer,                      -- immuta_user.id
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    detail_read boolean not null,            -- false = only the list of objects names it
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per object of a connection: itself, its databases, schemas and tables
create table immuta_object (
    path varchar primary key,                -- connection/database/schema/table
    connection_key varchar not null,         -- immuta_connection.key
    parent_path varchar,                     -- immuta_object.path; null = the connection itself
    depth integer not null,                  -- 1 = the connection, 4 = a table in most technologies
    technology varchar,                      -- e.g. Snowflake
    state varchar,                           -- as sent, in lower case: active or inactive; null = not said
    source_id integer,                       -- immuta_source.id, where the object says so
    settings json,                           -- what holds for it, e.g. what becomes of new tables and who owns them, as sent; null = not said
    overrides json,                          -- which of these are its own and not those of what it is in, as sent; null = not said
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per circumstance in which a global policy applies to a data source
create table policy_circumstance (
    policy varchar not null,                 -- global:<policy id>
    position integer not null,               -- from 1, as listed
    kind varchar not null,                   -- tag | columnTag | columnRegex | domain | server | unknown
    name varchar,                            -- the tag, the pattern, the domain's id or name; for unknown what was sent
    operator varchar,                        -- and or or; how it goes together with the others
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (policy, position)
);

-- one row per condition by which a subscription policy lets people in, staged and deleted policies included; a policy that leaves it
-- to people (manual, approval) has none
create table policy_condition (
    policy varchar not null,                 -- global:<policy id>, or local:subscription, as in policy_application
    source_id integer not null,              -- immuta_source.id of a local policy; 0 = a global one
    position integer not null,               -- from 1, as listed
    kind varchar not null,                   -- group | attribute | purpose | advanced | anyone | unknown
    iam_id varchar,                          -- identity provider of the group or attribute
    name varchar,                            -- the group, the attribute's name, the purpose
    value varchar,                           -- the attribute's value, the text of an advanced condition; for anyone and unknown what was sent
    operator varchar,                        -- and or or; how it goes together with the others; null = not said
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (policy, source_id, position)
);

-- one row per masking rule of a data policy and thing it masks, staged and deleted policies included
create table policy_masking (
    policy varchar not null,                 -- global:<policy id>, or local:data: in force on the source, as source_policy says, global ones repeated
    source_id integer not null,              -- immuta_source.id of a local policy; 0 = a global one
    position integer not null,               -- from 1, as listed
    rule integer not null,                   -- which rule of the policy, from 1
    masking_type varchar,                    -- Immuta's word, e.g. Consistent Value, Null, Constant; null = not said
    masking_config json,                     -- as sent
    applies_to_kind varchar not null,        -- columnTag | column | columnRegex | unknown
    applies_to varchar,                      -- the tag, the column, the pattern; for unknown what was sent
    exception_count integer not null,        -- conditions that let people out of it: rows of policy_exception with this rule
    exception_operator varchar,              -- and or or; null = not said
    unconditional_exception boolean not null, -- one of them is met by everybody
    inclusion_count integer not null,        -- conditions it is limited to: whoever meets none of them is not masked; 0 = for everyone
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (policy, source_id, position)
);

-- one row per condition that lets people out of a rule of a data policy, staged and deleted policies included
create table policy_exception (
    policy varchar not null,                 -- global:<policy id>, or local:data: in force on the source, as source_policy says, global ones repeated
    source_id integer not null,              -- immuta_source.id of a local policy; 0 = a global one
    position integer not null,               -- from 1, as listed
    rule integer not null,                   -- which rule of the policy, from 1
    rule_type varchar,                       -- masking, or Immuta's word for another kind of rule
    kind varchar not null,                   -- group | attribute | purpose | advanced | anyone | unknown
    iam_id varchar,                          -- identity provider of the group or attribute
    name varchar,                            -- the group, the attribute's name, the purpose
    value varchar,                           -- the attribute's value, the text of an advanced condition; for anyone and unknown what was sent
    operator varchar,                        -- and or or; how it goes together with the others of the rule; null = not said
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (policy, source_id, position)
);

-- one row per person, group or condition that a data source lets out of every data policy: a list of its own, which Immuta deprecates
create table policy_exemption (
    source_id integer not null references immuta_source (id), -- immuta_source.id
    position integer not null,               -- from 1, as listed
    kind varchar not null,                   -- user | group | attribute | purpose | advanced | anyone | unknown
    iam_id varchar,                          -- identity provider, where sent
    name varchar,                            -- the person, the group, the attribute's name, the purpose
    value varchar,                           -- the attribute's value, the text of an advanced condition; for anyone and unknown what was sent
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, position)
);

-- one row per purpose, deleted ones included
create table immuta_purpose (
    id integer primary key,                  -- purpose id
    name varchar not null,                   -- a subpurpose is usually named Parent.Child
    parent_name varchar,                     -- immuta_purpose.name of the purpose above it; null = at the top
    description varchar,                     -- free text
    acknowledgement varchar,                 -- what members of a project must agree to; null = the tenant's standard text, or none
    display_acknowledgement boolean,         -- whether members are asked to agree
    deleted boolean not null,                -- kept in the list
    system_generated boolean,                -- made by Immuta
    added_by integer,                        -- immuta_user.id
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt: also when the text to agree to changed
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per project, closed and deleted ones included
create table immuta_project (
    id integer primary key,                  -- project id
    project_key varchar,                     -- stable name
    name varchar not null,                   -- display name
    description varchar,                     -- free text
    status varchar,                          -- open or closed
    type varchar,                            -- user or schema; schema = made by Immuta for the tables of one schema
    deleted boolean not null,                -- kept in the list
    subscription_type varchar,               -- automatic | approval | policy | manual
    subscription_policy json,                -- who may join, as sent
    equalized boolean,                       -- members are given the access that all of them have; null = not known
    allow_masked_joins boolean,              -- masked columns may be joined on
    workspace json,                          -- where members write, as sent; null = nowhere
    has_deleted_purposes boolean,            -- Immuta's own word; null = not said
    tags varchar[] not null,                 -- on the project
    created_by integer,                      -- immuta_user.id
    updated_by integer,                      -- immuta_user.id
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    detail_read boolean not null,            -- false = only the list row is known
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per purpose of a project
create table project_purpose (
    project_id integer not null references immuta_project (id), -- immuta_project.id
    purpose varchar not null,                -- immuta_purpose.name, which need not be listed any more
    purpose_id integer,                      -- immuta_purpose.id; null = only the name is given
    staged boolean not null,                 -- true = not approved yet: not in force
    deleted boolean,                         -- as the project says; null = not said
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (project_id, purpose)
);

-- one row per equalized project that is not deleted, and what Govern says of its equalization when asked
create table project_equalization (
    project_id integer primary key references immuta_project (id), -- immuta_project.id
    holds boolean,                           -- it is in force as it was set up; null = answer is neither true nor false
    answer varchar,                          -- what is said of its state, as sent; null = in no word that is known
    said json not null,                      -- as sent: its shape is not documented
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data source of a project
create table project_source (
    project_id integer not null references immuta_project (id), -- immuta_project.id
    source_id integer not null,              -- immuta_source.id, which need not be listed any more
    name varchar,                            -- display name
    deleted boolean,                         -- the source is disabled
    derived boolean,                         -- made from the project's other sources
    added_by integer,                        -- immuta_user.id
    added_at timestamptz,                    -- addedOn
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (project_id, source_id)
);

-- one row per member of a project and kind of membership
create table project_member (
    project_id integer not null references immuta_project (id), -- immuta_project.id
    profile_id integer not null,             -- immuta_user.id
    state varchar not null,                  -- owner | subscribed | pending
    iam_id varchar,                          -- identity provider in Immuta
    user_id varchar,                         -- name in that provider
    name varchar,                            -- display name
    email varchar,                           -- mail
    type varchar,                            -- as reported
    approved boolean,                        -- as reported
    required_permission varchar,             -- of the approvals that are open, e.g. OWNER, GOVERNANCE; null = of none
    acknowledged boolean,                    -- no agreement to a purpose's text is missing; null = not known, which is no agreement
    missing_entitlements boolean,            -- lacks what an equalized project demands; null = not known
    validation_overdue boolean,              -- entitlements were not confirmed in time; null = not known
    missing_source_count integer,            -- sources of the project that the member cannot see; null = not known
    subscription_id integer,                 -- Immuta's number of the membership
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (project_id, profile_id, state)
);

-- one row per domain
create table immuta_domain (
    id varchar primary key,                  -- uuid; immuta_source.domain_id, data_product.domains
    name varchar not null,                   -- display name
    description varchar,                     -- free text
    assignment_type varchar,                 -- dynamic = sources are assigned by tag; anything else = by hand
    tags varchar[] not null,                 -- by which sources are assigned
    deleted boolean not null,                -- kept in the list
    created_by varchar,                      -- immuta_user.id as text, or a name
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data source of a domain
create table domain_source (
    domain_id varchar not null references immuta_domain (id), -- immuta_domain.id
    source_id integer not null,              -- immuta_source.id, which need not be listed any more
    name varchar,                            -- display name
    deleted boolean,                         -- the source is disabled
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (domain_id, source_id)
);

-- one row per person or group and permission in a domain
create table domain_permission (
    domain_id varchar not null references immuta_domain (id), -- immuta_domain.id
    principal_kind varchar not null,         -- user | group | unknown
    principal_id varchar not null,           -- immuta_user.id or immuta_group.id as text; what was sent where neither is
    permission varchar not null,             -- e.g. Manage Policies, Audit Activity, Manage Data Products
    name varchar,                            -- display name
    user_id varchar,                         -- name in the identity provider
    granted_through varchar[] not null,      -- as sent: directly, or by which group
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (domain_id, principal_kind, principal_id, permission)
);

-- one row per Immuta user
create table immuta_user (
    id integer primary key,                  -- profile id
    iam_id varchar,                          -- identity provider in Immuta
    user_id varchar,                         -- name in that provider
    name varchar,                            -- display name
    email varchar,                           -- mail
    permissions varchar[] not null,          -- e.g. GOVERNANCE, AUDIT
    disabled boolean not null,               -- may not sign in
    system_generated boolean,                -- made by Immuta
    organization varchar,                    -- as the profile says
    accounts integer,                        -- with how many providers' accounts the person can sign in
    last_login_at timestamptz,               -- lastLogin
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per plane of Immuta that has lists of things: who asks, and what that identity may see
create table caller (
    plane varchar primary key,               -- govern | activity | request
    user_id varchar,                         -- name to sign in with
    name varchar,                            -- display name
    profile_id integer,                      -- immuta_user.id
    permissions varchar[] not null,          -- held everywhere, e.g. GOVERNANCE, AUDIT
    on_domains varchar[] not null,           -- domains on which the Request app grants more
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per identity provider that Immuta knows
create table immuta_iam (
    id varchar primary key,                  -- name in the other tables, e.g. bim, okta
    display_name varchar,                    -- as shown to people
    type varchar,                            -- kind of provider
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per Immuta group
create table immuta_group (
    id integer primary key,                  -- group id
    iam_id varchar,                          -- immuta_iam.id
    name varchar,                            -- display name
    gid varchar,                             -- name in the provider
    email varchar,                           -- mail
    description varchar,                     -- free text
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per person in an Immuta group
create table immuta_group_member (
    group_id integer not null references immuta_group (id), -- immuta_group.id
    profile_id integer not null,             -- immuta_user.id; may be gone
    iam_id varchar,                          -- provider of the account that is in the group
    user_id varchar,                         -- name in that provider
    disabled boolean,                        -- as reported
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (group_id, profile_id)
);

-- one row per value of an attribute that a person or a group has: what policies let people in by
create table immuta_attribute (
    principal_kind varchar not null,         -- user | group
    principal_id integer not null,           -- immuta_user.id or immuta_group.id
    name varchar not null,                   -- of the attribute
    value varchar not null,                  -- one of its values
    origin varchar,                          -- iam = from the provider, bim = given in Immuta; null = not said
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (principal_kind, principal_id, name, value)
);

-- one row per event that Immuta recorded in the days collected
create table immuta_audit_event (
    id varchar primary key,                  -- of the event
    model varchar not null,                  -- uam | legacy
    happened_at timestamptz not null,        -- when it was done
    received_at timestamptz,                 -- when Immuta heard of it
    action varchar,                          -- e.g. QUERY, CREATE, UPDATE; in the legacy log the record type
    status varchar,                          -- e.g. SUCCESS, FAILURE, UNAUTHORIZED
    reason varchar,                          -- why it failed, as sent
    target_type varchar,                     -- e.g. DATASOURCE, PROJECT, APIKEY
    target_id varchar,                       -- of the first thing it was done to
    target_name varchar,                     -- of the first thing it was done to
    source_id integer,                       -- immuta_source.id, where the event is about one; may be gone
    policy_id integer,                       -- immuta_policy.id, where the event is about a global one; may be gone
    certification varchar,                   -- what became of a certification: certified | decertified | expired; null = of none
    actor_type varchar,                      -- e.g. USER_ACTOR
    actor_id varchar,                        -- name the actor goes by; null or Unknown = nobody Immuta can name
    actor_name varchar,                      -- as shown
    iam_id varchar,                          -- immuta_iam.id of the actor
    profile_id integer,                      -- immuta_user.id; null = the actor is unknown
    actor_ip varchar,                        -- address the call came from
    request_id varchar,                      -- of the call
    session_id varchar,                      -- of the sign-in
    payload_type varchar,                    -- kind of details that the event has
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer, or line, in that page
);

-- one row per thing that Govern says was done lately with an API key; its documentation does not tell what it says of it
create table immuta_key_activity (
    id varchar primary key,                  -- as sent, or a hash of what was sent
    happened_at timestamptz,                 -- when it was done; null = not said in a word that is known
    key_id varchar,                          -- of the API key
    key_name varchar,                        -- what its owner calls the key
    action varchar,                          -- what was done, in the words of the older log
    user_id varchar,                         -- name of the owner in the identity provider
    profile_id integer,                      -- immuta_user.id of the owner
    said json not null,                      -- as sent, without secrets
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per person met in the Request app: the bridge from global ids to Immuta users
create table request_user (
    id varchar primary key,                  -- globalUserId
    profile_id integer not null,             -- immuta_user.id
    iam_id varchar,                          -- identity provider in Immuta
    username varchar,                        -- name in that provider
    name varchar,                            -- display name
    email varchar,                           -- mail
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data product
create table data_product (
    id varchar primary key,                  -- cuid or uuid
    name varchar not null,                   -- display name
    description varchar,                     -- free text
    domains varchar[] not null,              -- domain ids; empty when the domain was deleted later
    suspended boolean not null,              -- access to all its sources suspended
    access_review_flow json,                 -- who decides about access where the form leaves it to the product, as sent; null = not told
    created_by varchar,                      -- request_user.id; who clicked, not who owns
    expert_id varchar,                       -- metadata.subjectMatterExpert.id
    expert_name varchar,                     -- as sent
    created_at timestamptz not null,         -- createdAt
    updated_at timestamptz not null,         -- updatedAt
    total_request_count integer,             -- stats: the server's own count
    pending_request_count integer,           -- stats: the server's own count
    approved_request_count integer,          -- stats: the server's own count
    revoked_request_count integer,           -- stats: the server's own count
    canceled_request_count integer,          -- stats: the server's own count
    denied_request_count integer,            -- stats: the server's own count
    data_source_count integer,               -- stats: the server's own count
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data source of a data product, in either of the two lists that there are of them
create table data_product_source (
    product_id varchar not null references data_product (id), -- data_product.id
    source_id varchar not null,              -- immuta_source.id as text
    name varchar,                            -- display name
    technology varchar,                      -- as the Request app names it
    host varchar,                            -- of the remote table
    database_name varchar,                   -- of the remote table
    schema_name varchar,                     -- of the remote table
    table_name varchar,                      -- of the remote table
    listed_in varchar not null,              -- both | paged | all; the two lists of a product's sources say the same
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, source_id)
);

-- one row per column of a data product's sources
create table product_column (
    product_id varchar not null references data_product (id), -- data_product.id
    source_id varchar not null,              -- immuta_source.id as text
    name varchar not null,                   -- column name
    tags varchar[] not null,                 -- tags on the column
    global_masking varchar,                  -- masking type of a global policy
    local_masking varchar,                   -- masking type of a local policy
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, source_id, name)
);

-- one row per access request, of any type and status, for a data product or for a single table
create table access_request (
    id varchar primary key,                  -- cuid
    product_id varchar,                      -- data_product.id, which need not be listed any more; null = for a single table
    asset_id varchar,                        -- of the single table; null = for a data product
    asset_name varchar,                      -- of the single table, as shown
    asset_source_id integer,                 -- immuta_source.id of the single table, where the request names it
    type varchar not null,                   -- DATA_ACCESS or MASKING_EXCEPTION
    status varchar not null,                 -- APPROVED | CANCELED | DENIED | PENDING | REVOKED | EXPIRED
    requester_id varchar not null,           -- request_user.id: who asked
    user_id varchar not null,                -- request_user.id: who benefits
    form_version varchar,                    -- request_form_version.version, which the API need not know any more
    answers json,                            -- of the form, in order: question (id or label) and length of the answer; the text itself is not kept; null = no form
    created_at timestamptz not null,         -- createdAt
    updated_at timestamptz not null,         -- updatedAt
    expires_at timestamptz,                  -- null = no end
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per request that the product's members list names: who is listed as a member
create table product_member (
    product_id varchar not null references data_product (id), -- data_product.id
    request_id varchar not null,             -- access_request.id
    user_id varchar not null,                -- request_user.id
    type varchar not null,                   -- DATA_ACCESS or MASKING_EXCEPTION
    status varchar not null,                 -- as listed
    expires_at timestamptz,                  -- null = no end
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, request_id)
);

-- one row per review step of a request
create table approval (
    id varchar primary key,                  -- cuid
    request_id varchar not null references access_request (id), -- access_request.id
    status varchar not null,                 -- APPROVED | BLOCKED | CANCELED | DENIED | PENDING
    actor_id varchar,                        -- request_user.id; null = nobody acted
    reason_given boolean not null,           -- the text itself is not kept
    duration integer,                        -- length of the access granted
    duration_unit varchar,                   -- HOURS | DAYS | WEEKS | MONTHS | YEARS
    approvers json,                          -- who may act, as sent
    criteria_met json,                       -- which of them who acted was, as the app found then, as sent; [] = none
    created_at timestamptz not null,         -- createdAt
    updated_at timestamptz not null,         -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per request, pending or decided in the last 30 days, of which the app has worked out how risky an approval is
create table risk_assessment (
    request_id varchar primary key references access_request (id), -- access_request.id
    risk varchar not null,                   -- HIGH | MODERATE | LOW | INDETERMINATE | PENDING
    conflict boolean,                        -- whether the app sees reasons for and against; null = not worked out
    recommendation varchar,                  -- APPROVED | BLOCKED | CANCELED | DENIED | PENDING | NONE; null = not worked out
    risk_value double,                       -- the risk as a number, as sent
    allowed_count integer,                   -- similar requests that were approved
    denied_count integer,                    -- similar requests that were denied
    median_days double,                      -- how long similar ones were approved for; null = not told
    cohort json,                             -- what makes requests similar, as sent
    explanation varchar,                     -- in the app's words
    approval_reasons varchar[],              -- in the app's words
    denial_reasons varchar[],                -- in the app's words
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per asset that a request or a form names: a single table that can be asked for
create table request_asset (
    id varchar primary key,                  -- cuid or uuid; access_request.asset_id
    type varchar not null,                   -- DATA_OBJECT or DATA_PRODUCT
    name varchar not null,                   -- as shown
    object_path varchar[] not null,          -- database, schema, table
    technology varchar,                      -- as the Request app names it
    host varchar,                            -- of the remote table
    port integer,                            -- of the remote table
    legacy_type varchar,                     -- e.g. table, view
    source_id integer,                       -- immuta_source.id, where the asset names it
    registered boolean,                      -- whether Immuta governs it; null = not said
    data_source_count integer,               -- stats: the server's own count
    expert_ids varchar[] not null,           -- request_user.id of its subject matter experts
    description varchar,                     -- free text
    external_link varchar,                   -- an address outside Immuta
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per asset and request form that was assigned to it
create table request_form_asset (
    form_id varchar not null,                -- request_form_version.form_id
    asset_id varchar not null,               -- request_asset.id; of a data product data_product.id
    request_type varchar not null,           -- DATA_ACCESS or MASKING_EXCEPTION
    type varchar not null,                   -- DATA_OBJECT or DATA_PRODUCT
    name varchar,                            -- of the asset, as shown
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (form_id, asset_id, request_type)
);

-- one row per asset and type of request: the form that whoever asks fills in
create table asset_form (
    asset_id varchar not null references request_asset (id), -- request_asset.id
    request_type varchar not null,           -- DATA_ACCESS or MASKING_EXCEPTION
    form_id varchar not null,                -- request_form_version.form_id
    version varchar,                         -- cuid; request_form_version.version
    name varchar,                            -- display name
    required_field_count integer not null,   -- questions that must be answered
    default_event varchar,                   -- approve | deny | review | dataProductPolicy
    inherited_from varchar,                  -- id of the asset that it comes from; null = its own
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_id, request_type)
);

-- one row per asset and type of request: who decides where the form leaves it open
create table asset_review_flow (
    asset_id varchar not null references request_asset (id), -- request_asset.id
    request_type varchar not null,           -- DATA_ACCESS or MASKING_EXCEPTION
    default_event varchar,                   -- approve | review
    review_rule_count integer not null,      -- rules of the review flow
    review_flow json,                        -- as sent: rules, stages and their approvers
    inherited_from varchar,                  -- id of the asset that it comes from; null = its own
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (asset_id, request_type)
);

-- one row per token for the Request app that the service shows to whoever reads: its own, not the token itself
create table request_token (
    id varchar primary key,                  -- tokenId
    user_id varchar,                         -- request_user.id of whoever it stands for
    description varchar,                     -- free text
    active boolean,                          -- whether it opens the app; null = not said
    created_at timestamptz,                  -- creationDate
    expires_at timestamptz,                  -- expirationDate; null = no end, or not said
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per request form of a data product
create table request_form (
    product_id varchar not null references data_product (id), -- data_product.id
    id varchar not null,                     -- uuid
    name varchar,                            -- display name
    request_type varchar not null,           -- DATA_ACCESS or MASKING_EXCEPTION
    version varchar,                         -- cuid
    field_count integer not null,            -- questions
    required_field_count integer not null,   -- questions that must be answered
    review_rule_count integer not null,      -- rules of the review flow
    default_event varchar,                   -- approve | deny | review | dataProductPolicy
    inherited boolean not null,              -- the tenant's standard form
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (product_id, id)
);

-- one row per version of a request form: those in force, and those that requests were made with
create table request_form_version (
    version varchar primary key,             -- cuid; access_request.form_version
    form_id varchar not null,                -- request_form.id
    name varchar,                            -- display name
    in_force boolean not null,               -- the form's newest version: what is asked today
    field_count integer not null,            -- questions
    required_field_count integer not null,   -- questions that must be answered
    questions json,                          -- in order: id, label, type and whether it must be answered
    asks_duration boolean not null,          -- whoever asks must say for how long
    agreement_ids varchar[] not null,        -- data_use_agreement.id: what must be agreed to
    domains varchar[],                       -- request_domain.id: where the form is used; null = not in force, or not told
    review_rule_count integer not null,      -- rules of the review flow
    default_event varchar,                   -- approve | deny | review | dataProductPolicy
    review_flow json,                        -- as sent: rules, stages and their approvers
    updated_by varchar,                      -- request_user.id
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data use agreement
create table data_use_agreement (
    id varchar primary key,                  -- uuid
    name varchar not null,                   -- display name
    body varchar,                            -- what is agreed to
    created_by varchar,                      -- request_user.id
    updated_by varchar,                      -- request_user.id
    created_at timestamptz,                  -- createdAt
    updated_at timestamptz,                  -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per recent decision of a person, at most five per data product and type: the app's own short list, approval has all
create table determination (
    id varchar primary key,                  -- cuid
    product_id varchar not null references data_product (id), -- data_product.id
    type varchar not null,                   -- DATA_ACCESS or MASKING_EXCEPTION
    status varchar not null,                 -- APPROVED | BLOCKED | CANCELED | DENIED | PENDING
    requester_id varchar,                    -- request_user.id: who asked
    user_id varchar,                         -- request_user.id: who benefits
    actor_id varchar,                        -- request_user.id; null = nobody is named
    reason_given boolean not null,           -- the text itself is not kept
    expires_at timestamptz,                  -- null = no end
    created_at timestamptz not null,         -- createdAt
    updated_at timestamptz not null,         -- updatedAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per column that a masking exception was asked for
create table masking_exception_column (
    request_id varchar not null references access_request (id), -- access_request.id
    source_id varchar not null,              -- immuta_source.id as text
    column_name varchar not null,            -- immuta_column.name
    source_name varchar,                     -- display name
    masking_type varchar,                    -- of the global policy that masks it now; null = none does
    matching_tag varchar,                    -- the tag by which that policy finds it
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (request_id, source_id, column_name)
);

-- one row per column that the app says a person may see unmasked; asked about everybody who was ever to benefit from a masking exception
create table approved_masking_exception (
    user_id varchar not null,                -- request_user.id
    source_id varchar not null,              -- immuta_source.id as text
    column_name varchar not null,            -- immuta_column.name
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (user_id, source_id, column_name)
);

-- one row per domain that the Request app lists
create table request_domain (
    id varchar primary key,                  -- data_product.domains
    name varchar not null,                   -- display name
    description varchar,                     -- free text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data source that the Request app lists in a domain
create table request_domain_source (
    domain_id varchar not null references request_domain (id), -- request_domain.id
    source_id integer not null,              -- immuta_source.id
    name varchar,                            -- display name
    platform varchar,                        -- as the Request app names it
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (domain_id, source_id)
);

-- one row per group that the Request app names
create table request_group (
    id integer primary key,                  -- group id
    iam_id varchar,                          -- identity provider in Immuta
    name varchar not null,                   -- display name
    email varchar,                           -- mail
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per attribute that the Request app says users can have
create table request_attribute (
    name varchar not null,                   -- type
    value varchar not null,                  -- value
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (name, value)
);

-- one row per thing that one list of a source has and another one, read to its end, should have and has not
create table listing_difference (
    about varchar not null,                  -- request | product | source | product source | member | domain | collection | data source | subscriber | column tag | source tag | tag | policy | purpose | project | user | pending subscription, and whatever else two lists can differ in
    key varchar not null,                    -- its id, or its name where nothing tells the id (tag, purpose); <data_product.id>.<source id> of a product source; <source id>.<profile id> of a pending subscription; purview_data_product.id of subscribers, which are counted only
    listed_in varchar not null,              -- reconciliation.endpoint of the list that has it
    missing_in varchar not null,             -- reconciliation.endpoint of the list that has it not
    cause varchar not null,                  -- hole = the list lost it, or may not show it: nobody knows what else it lacks; moved = it came or changed during the walk; gone = the API, asked about it alone, has it no more; refused = asked about it alone, the API did not answer, which is a gap of its own; unread = that list was not read whole; unknown = nothing says that both must agree: the searches of column names and of applied tags and what dictionaries and data sources show, the count of subscribers and the requests that were granted; people who may have left, purposes that may be deleted, tags of disabled sources and policies that are off
    hole boolean not null,                   -- true = cause is hole: there is a gap for it and the run is incomplete; false = nothing to worry about that is not told elsewhere
    page_id bigint not null,                 -- exchange.page_id of the list that has it
    item varchar not null,                   -- JSON pointer in that page
    primary key (about, key, missing_in)
);

-- group: directory

-- one row per person, group or service that a contact, a role or an Immuta owner names, as the directory knows it; without a directory there is none
create table identity (
    id varchar primary key,                  -- object id in lower case
    kind varchar not null,                   -- human | group | service | unknown; unknown = the directory has no such id
    state varchar not null,                  -- active | disabled | deleted | unknown; deleted = asked for, and the directory has no such id
    display_name varchar,                    -- untrusted text
    mail varchar,                            -- may change hands: never a key
    user_principal_name varchar,             -- name to sign in with; it changes when a person is renamed
    user_type varchar,                       -- Member or Guest
    employee_id varchar,                     -- number in the personnel system
    manager_id varchar,                      -- identity.id of the manager
    sponsor_id varchar,                      -- identity.id of who answers for a service
    as_of timestamptz,                       -- when a file says that this was so; null = when it was collected
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page; #row=n is row n of a file (RFC 7111)
);

-- one row per group that owns something and member of it, members of groups inside it included
create table group_member (
    group_id varchar not null,               -- identity.id
    member_id varchar not null,              -- identity.id
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page; #row=n is row n of a file (RFC 7111)
    primary key (group_id, member_id)
);

-- one row where the directory is a file: how old it is
create table identity_feed (
    as_of timestamptz primary key,           -- of its oldest row
    row_count integer not null,              -- people, groups and services in it
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page; #row=n is row n of a file (RFC 7111)
);

-- group: judge

-- one row per class name known to the sensitivity map of this snapshot
create table sensitivity (
    source varchar not null,                 -- purview = classification, immuta = tag
    name varchar not null,                   -- as sent by the source
    class_key varchar not null,              -- e.g. EMAIL
    tier integer not null,                   -- 1 restricted, 2 confidential, 3 weak, 0 public
    primary key (source, name)
);

-- one row per Purview asset and Immuta data source that are the same table
create table link (
    asset_guid varchar not null,             -- asset.guid
    source_id integer not null,              -- immuta_source.id
    method varchar not null,                 -- canonical_path | account_form | host_alias
    confidence double not null,              -- 1.0 = exact
    canonical_path varchar not null,         -- platform://host/database/schema/table
    ambiguous boolean not null,              -- several candidates: not to be relied on
    reason varchar,                          -- in words: what was taken for the same
    primary key (asset_guid, source_id)
);

-- one row per Purview asset and Immuta data source, both without a link, that may be the same table: for a person to settle, never for a rule
create table link_candidate (
    asset_guid varchar not null,             -- asset.guid
    source_id integer not null,              -- immuta_source.id
    method varchar not null,                 -- case_folded | account_locator | database_path
    confidence double not null,              -- under 0.9
    canonical_path varchar not null,         -- of the asset: platform://host/database/schema/table
    ambiguous boolean not null,              -- several candidates for one of the two
    reason varchar not null,                 -- in words: what is not certain
    primary key (asset_guid, source_id)
);

-- one row per principal, object and level of access in force at the snapshot, and why it is there
create table active_grant (
    id varchar primary key,                  -- <object kind>:<object id>:<user or group>:<principal id>:<level>
    principal_kind varchar not null,         -- person | group | service; service = the directory says that the account is one
    principal_id varchar not null,           -- immuta_user.id as text, request_user.id where it leads to no profile, or immuta_group.id
    principal_name varchar,                  -- display name, untrusted text
    profile_id integer,                      -- immuta_user.id; null = a group, or not known
    object_kind varchar not null,            -- source | product | project
    object_id varchar not null,              -- immuta_source.id, data_product.id or immuta_project.id
    level varchar not null,                  -- owner | expert | subscribed | ingest | member
    since timestamptz,                       -- when it began; null = not known
    until timestamptz,                       -- when it ends, in the past = it should have ended; null = no end on record
    origin varchar not null,                 -- request | policy | manual | group | project | unexplained | unknown; unknown = data is missing that could explain it
    origin_id varchar,                       -- access_request.id, policy_application.policy, immuta_group.id or immuta_project.id
    decided_kind varchar,                    -- person | review flow | policy | unknown
    decided_by varchar,                      -- request_user.id or immuta_user.id of who decided last, or the name of the policy; null = not on record
    decided_at timestamptz,                  -- when; null = not on record
    via varchar,                             -- product:<id>, group:<name> or project:<id> through which it came
    explanations json not null,              -- every explanation, the strongest first: origin, id, state (holds | ended | unknown), via, decided by whom and when, until
    page_id bigint not null,                 -- exchange.page_id of the row that shows the access
    item varchar not null                    -- JSON pointer in that page; '' = the whole page
);

-- one row per step in the life of an access request, in order
create table request_event (
    request_id varchar not null,             -- access_request.id
    position integer not null,               -- 1, 2, 3 ... by time
    event varchar not null,                  -- asked | assigned | decided | granted | expires | expired | revoked | canceled | last_seen; last_seen = as a member
    happened_at timestamptz,                 -- when; null with last_seen = listed in this snapshot
    actor_id varchar,                        -- request_user.id; null = nobody, or not on record
    approval_id varchar,                     -- approval.id of an assigned or decided step
    outcome varchar,                         -- of a decision: APPROVED | DENIED | CANCELED
    inferred boolean not null,               -- true = the instant is not in the data as such
    how varchar,                             -- what it was inferred from
    primary key (request_id, position)
);

-- one row per masking exception in force and column; one without a column where the columns could not be read
create table masking_grant (
    id varchar primary key,                  -- <request id>:<source id>:<column>, as far as known
    request_id varchar not null,             -- access_request.id
    product_id varchar,                      -- data_product.id; null = for a single table
    user_id varchar not null,                -- request_user.id: who benefits
    profile_id integer,                      -- immuta_user.id; null = not known
    source_id integer,                       -- immuta_source.id; null = not read
    column_name varchar,                     -- immuta_column.name; null = not read
    class_keys varchar[] not null,           -- sensitivity.class_key of tier 1 and 2
    tier integer,                            -- the strictest of them; null = none known
    approved_by varchar,                     -- request_user.id of who approved last; null = nobody, or not on record
    approved_at timestamptz,                 -- when
    until timestamptz,                       -- when it ends, in the past = it should have ended; null = no end
    purpose_given boolean,                   -- questions of the request were answered; null = not known
    base_access boolean,                     -- the person has access to the source; null = not known
    masking varchar,                         -- masking type in force on the column; null = none, or not known
    effective varchar not null,              -- lifted | no mask | no access | unknown; an approval alone is no proof of clear values
    reason varchar not null,                 -- in words: why so
    page_id bigint not null,                 -- exchange.page_id of the row that names the column, or of the request
    item varchar not null                    -- JSON pointer in that page
);

-- one row per asset or column and class of tier 1 or 2 that lineage carries to it while it is not classified so; the shortest way is shown
create table carried_class (
    entity_guid varchar not null,            -- the asset or the column that it reaches
    class_key varchar not null,              -- sensitivity.class_key
    tier integer not null,                   -- 1 or 2
    asset_guid varchar not null,             -- asset.guid, or an asset this identity cannot see
    column_guid varchar,                     -- asset_column.guid; null = somewhere in the asset
    origin_guid varchar not null,            -- the asset or the column that is classified so
    hops integer not null,                   -- steps from there; 1 = this step lost the class
    path varchar[] not null,                 -- guids of assets and columns from the origin to here
    processes varchar[] not null,            -- process.guid of each step; empty text = directly
    primary key (entity_guid, class_key)
);

-- one row per rule of the packs in force, and per rule not loaded whose verdicts are kept
create table rule (
    id varchar primary key,                  -- stable for ever
    title varchar not null,                  -- what is true when it passes
    severity varchar not null,               -- critical | high | medium | low | info
    subject varchar not null,                -- kind of thing a verdict is about
    why varchar not null,                    -- what goes wrong otherwise
    fix varchar not null,                    -- what to do
    confidence varchar not null,             -- exact | derived | heuristic
    params json not null,                    -- effective parameters
    sql varchar not null,                    -- the query as run
    blocked_by varchar[],                    -- rules that must have passed for a subject
    registers varchar[],                     -- registers without which it is not evaluated
    sha256 varchar not null,                 -- digest of the rule file
    pack varchar not null,                   -- builtin, or the pack's name
    state varchar not null,                  -- evaluated | not_evaluated | error
    error varchar,                           -- why it is not evaluated
    population integer not null,             -- pass + fail + not_evaluated
    passed integer not null,                 -- verdicts pass
    failed integer not null,                 -- verdicts fail, waived ones included
    waived integer not null,                 -- of the failed
    not_evaluated integer not null           -- verdicts not_evaluated
);

-- one row per rule and member of its population
create table verdict (
    rule_id varchar not null,                -- rule.id
    subject_id varchar not null,             -- key in the table that the rule's subject names
    subject varchar not null,                -- kind of subject
    status varchar not null,                 -- pass | fail | not_evaluated
    severity varchar not null,               -- the rule's, or its documented escalation
    reason varchar not null,                 -- in words
    subject_name varchar,                    -- display text, untrusted
    evidence json not null,                  -- observed values the rule looked at
    finding_id varchar not null,             -- sha256(rule_id|subject key|), first 16 characters
    waived boolean not null,                 -- a valid waiver matches a fail
    primary key (rule_id, subject_id)
);

-- one row per framework whose controls rules are mapped to
create table framework (
    id varchar primary key,                  -- as its file is called, e.g. soc-2
    name varchar not null,                   -- as people call it
    version varchar not null,                -- the edition that is meant
    note varchar not null,                   -- what the mapping claims, and what not
    sha256 varchar not null,                 -- digest of the file
    pack varchar not null                    -- builtin, or the pack's name
);

-- one row per control of a framework, with the rules that give evidence relevant to it
create table framework_control (
    framework_id varchar not null,           -- framework.id
    id varchar not null,                     -- as the framework numbers it
    position integer not null,               -- place in the file, from 1
    title varchar not null,                  -- in our own words
    rules varchar[] not null,                -- rule ids, in force or not; empty = no rule looks at it
    primary key (framework_id, id)
);

-- one row per kind of register: whether any pack has one
create table register (
    name varchar primary key,                -- as its file is called: waivers, reviews, transfers, changes, breakers, hosts, sensitivity
    table_name varchar not null,             -- the table it fills
    present boolean not null,                -- false = no pack has such a file: rules that need it are not evaluated
    files varchar[] not null,                -- where it was read from
    sha256 varchar[] not null,               -- digests of the files
    row_count integer not null,              -- rows in all of them
    approvers varchar[],                     -- who approved rows of it; none beside rows = as shipped, and approved by nobody here
    replaced_packs varchar[],                -- whose files they stand in place of, earliest first
    replaced_sha256 varchar[]                -- digests of those
);

-- one row per host that goes by another name
create table host_alias (
    name varchar primary key,                -- as one system has it
    other varchar not null,                  -- as the other one has it
    ticket varchar,                          -- where it was discussed
    author varchar,                          -- who wrote the row; null = shipped
    approver varchar,                        -- who approved it; null = shipped, and approved by nobody here
    file varchar not null,                   -- where it is written
    line integer not null                    -- in that file
);

-- one row per name, family or pattern of names that the tier map knows: `sensitivity` says what names of the estate mean
create table sensitivity_entry (
    source varchar not null,                 -- purview = classification, immuta = tag
    way varchar not null,                    -- names = in full | families = every name that starts so | patterns = * stands for one or more characters
    name varchar not null,                   -- compared after folding case and treating '.', '_' and ' ' alike
    class_key varchar not null,              -- e.g. EMAIL
    tier integer not null,                   -- 1 restricted, 2 confidential, 3 weak, 0 public
    protection varchar,                      -- what a masking policy is expected to do
    ticket varchar,                          -- where it was discussed
    author varchar,                          -- who wrote the row; null = shipped
    approver varchar,                        -- who approved it; null = shipped, and approved by nobody here
    file varchar not null,                   -- where it is written
    line integer not null,                   -- in that file
    primary key (source, way, name)
);

-- one row per waiver on record, expired and unfit ones included: waiver_match says which ones count
create table waiver (
    id varchar primary key,                  -- given by its author
    rule_id varchar not null,                -- rule.id
    subject_pattern varchar not null,        -- subject ids or names it covers; * stands for any text
    reason varchar not null,                 -- justification
    requested_by varchar not null,           -- who asked
    approved_by varchar not null,            -- who accepts the risk
    ticket varchar,                          -- where it was discussed
    created_at timestamptz not null,         -- when approved
    expires_at timestamptz not null,         -- last moment in force
    file varchar not null,                   -- where it is written
    line integer not null                    -- in that file
);

-- one row per failing verdict that a waiver names, whether or not the waiver is fit to count
create table waiver_match (
    waiver_id varchar not null,              -- waiver.id
    rule_id varchar not null,                -- rule.id
    subject_id varchar not null,             -- verdict.subject_id
    severity varchar not null,               -- of the verdict
    owner_approved boolean,                  -- who approved the waiver owns what fails, or it is their own access; null = owners are not all known
    self_approved boolean,                   -- who approved the waiver asked for it, by whatever name; null = people are not all known
    primary key (waiver_id, rule_id, subject_id)
);

-- one row per decision of a periodic review of access
create table review_decision (
    id varchar primary key,                  -- given by its author
    principal varchar not null,              -- whose access: object id, sign-in name, or profile:<immuta_user.id>
    object_kind varchar not null,            -- source | product | project | collection | account
    object_id varchar not null,              -- key of the object in its table
    decision varchar not null,               -- keep | revoke | change | not_reviewed; the last = the review ended and nobody had looked
    reviewer varchar not null,               -- who decided
    decided_at timestamptz not null,         -- when
    due_at timestamptz,                      -- by when it is to be carried out
    ticket varchar,                          -- where it was discussed
    author varchar not null,                 -- who wrote the row
    approver varchar not null,               -- who approved it
    file varchar not null,                   -- where it is written
    line integer not null                    -- in that file
);

-- one row per recorded basis for moving data
create table data_transfer (
    id varchar primary key,                  -- given by its author
    from_pattern varchar not null,           -- qualified names it moves from; * stands for any text
    to_pattern varchar not null,             -- qualified names it moves to
    basis varchar not null,                  -- why that is allowed
    created_at timestamptz not null,         -- when approved
    expires_at timestamptz,                  -- last moment in force; null = no end
    ticket varchar,                          -- where it was discussed
    author varchar not null,                 -- who wrote the row
    approver varchar not null,               -- who approved it
    file varchar not null,                   -- where it is written
    line integer not null                    -- in that file
);

-- one row per change that was approved before it was made
create table approved_change (
    id varchar primary key,                  -- given by its author
    subject_pattern varchar not null,        -- ids or names of what may change; * stands for any text
    change varchar not null,                 -- what may change, in words
    valid_from_at timestamptz not null,      -- first moment in which it may be made
    valid_to_at timestamptz not null,        -- last moment in which it may be made
    ticket varchar,                          -- where it was discussed
    author varchar not null,                 -- who wrote the row
    approver varchar not null,               -- who approved it
    file varchar not null,                   -- where it is written
    line integer not null                    -- in that file
);

-- one row per process that is declared to take sensitivity out of data
create table lineage_breaker (
    id varchar primary key,                  -- given by its author
    process_pattern varchar not null,        -- qualified names of processes; * stands for any text
    kind varchar not null,                   -- masking | aggregation
    class_pattern varchar,                   -- class keys it takes out; null = all
    created_at timestamptz not null,         -- when approved
    expires_at timestamptz not null,         -- last moment in force
    ticket varchar,                          -- where it was discussed
    author varchar not null,                 -- who wrote the row
    approver varchar not null,               -- who approved it
    file varchar not null,                   -- where it is written
    line integer not null                    -- in that file
);
