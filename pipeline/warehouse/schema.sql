-- The data dictionary: every public table, its grain and its columns.
-- One statement a table; the comment above each table and beside each column is what `muster sql` users see.
-- Primary keys, not-null and references are promises that the quality gate checks before a snapshot is sealed.
-- Every table here but `snapshot` and `exchange` is kept with history: see history.py.
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
    redactions varchar[]                     -- JSON pointers of secrets replaced before storing
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
    primary key (endpoint, key)
);

-- group: purview

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
    detail_read boolean not null,            -- false = only the search hit is known: contacts, columns, classifications are not
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
    status varchar not null,                 -- ACTIVE or DELETED
    source varchar,                          -- who set it, where Purview says so
    confidence double,                       -- where reported
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (entity_guid, type_name)
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
    qualified_name varchar,                  -- Term@Glossary
    status varchar,                          -- Draft | Approved | Alert | Expired
    short_description varchar,               -- one line
    long_description varchar,                -- may hold HTML: untrusted
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

-- one row per term assigned to an asset
create table term_assignment (
    term_guid varchar not null,              -- term.guid, where the term's glossary could be read
    asset_guid varchar not null references asset (guid), -- asset.guid
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (term_guid, asset_guid)
);

-- one row per collection; the root has no parent
create table collection (
    id varchar primary key,                  -- the collection's name in the API (six characters; the root's is the account)
    name varchar,                            -- friendly name
    parent_id varchar,                       -- collection.id of the parent
    description varchar,                     -- free text
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
    ruleset_name varchar,                    -- scan rule set
    ruleset_type varchar,                    -- System or Custom
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
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per run of a scan
create table scan_run (
    id varchar primary key,                  -- run id
    scan_id varchar not null references scan (id), -- scan.id
    status varchar not null,                 -- Accepted | InProgress | TransientFailure | Succeeded | Failed | Canceled
    started_at timestamptz,                  -- startTime
    ended_at timestamptz,                    -- endTime
    scan_level varchar,                      -- Full or Incremental
    run_type varchar,                        -- Manual, Scheduled
    discovery_status varchar,                -- discovery part, where reported
    ingestion_status varchar,                -- ingestion part, where reported
    assets_discovered bigint,                -- either API version
    assets_classified bigint,                -- either API version
    assets_failed bigint,                    -- where reported
    error_message varchar,                   -- untrusted text
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per Process entity (what moves data from inputs to outputs)
create table process (
    guid varchar primary key,                -- entity guid
    type_name varchar not null,              -- a subtype of Process
    qualified_name varchar,                  -- natural key
    name varchar,                            -- display name
    status varchar not null,                 -- ACTIVE or DELETED
    updated_at timestamptz,                  -- updateTime
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per input, process and output: data flows from_guid -> process_guid -> to_guid
create table lineage_edge (
    from_guid varchar not null,              -- asset.guid, or an asset this identity cannot see
    to_guid varchar not null,                -- asset.guid, or an asset this identity cannot see
    process_guid varchar not null references process (guid), -- process.guid
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (from_guid, to_guid, process_guid)
);

-- one row per column pair that a process declares (names, not guids: that is all Purview has)
create table column_lineage (
    process_guid varchar not null references process (guid), -- process.guid
    from_qualified_name varchar not null,    -- input asset, * = many or unknown
    from_column varchar not null,            -- column name
    to_qualified_name varchar not null,      -- output asset
    to_column varchar not null,              -- column name
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (process_guid, from_qualified_name, from_column, to_qualified_name, to_column)
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
    domain_id varchar,                       -- Immuta domain
    domain_name varchar,                     -- Immuta domain
    created_at timestamptz,                  -- createdAt
    detail_read boolean not null,            -- false = only the list row is known: policies are not
    handler_read boolean not null,           -- false = the remote table is not known
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
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, name)
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
    name varchar not null,                   -- dotted hierarchy
    tag_source varchar,                      -- curated, or the catalog it came from
    deleted boolean not null,                -- kept in the list
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
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
    created_at timestamptz,                  -- createdAt
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null,                   -- JSON pointer in that page
    primary key (source_id, profile_id, state)
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
    actions json,                            -- as sent
    circumstances json,                      -- as sent
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

-- one row per Immuta user
create table immuta_user (
    id integer primary key,                  -- profile id
    iam_id varchar,                          -- identity provider in Immuta
    user_id varchar,                         -- name in that provider
    name varchar,                            -- display name
    email varchar,                           -- mail
    permissions varchar[] not null,          -- e.g. GOVERNANCE, AUDIT
    disabled boolean not null,               -- may not sign in
    last_login_at timestamptz,               -- lastLogin
    created_at timestamptz,                  -- createdAt
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
    created_by varchar not null,             -- request_user.id; who clicked, not who owns
    expert_id varchar,                       -- metadata.subjectMatterExpert.id
    expert_name varchar,                     -- as sent
    created_at timestamptz not null,         -- createdAt
    updated_at timestamptz not null,         -- updatedAt
    total_request_count integer,             -- stats: the server's own count
    data_source_count integer,               -- stats: the server's own count
    page_id bigint not null,                 -- exchange.page_id
    item varchar not null                    -- JSON pointer in that page
);

-- one row per data source of a data product
create table data_product_source (
    product_id varchar not null references data_product (id), -- data_product.id
    source_id varchar not null,              -- immuta_source.id as text
    name varchar,                            -- display name
    technology varchar,                      -- as the Request app names it
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

-- one row per access request, of any type and status
create table access_request (
    id varchar primary key,                  -- cuid
    product_id varchar not null references data_product (id), -- data_product.id
    type varchar not null,                   -- DATA_ACCESS or MASKING_EXCEPTION
    status varchar not null,                 -- APPROVED | CANCELED | DENIED | PENDING | REVOKED | EXPIRED
    requester_id varchar not null,           -- request_user.id: who asked
    user_id varchar not null,                -- request_user.id: who benefits
    form_version varchar,                    -- request_form.version
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
    created_at timestamptz not null,         -- createdAt
    updated_at timestamptz not null,         -- updatedAt
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
    method varchar not null,                 -- canonical_path
    confidence double not null,              -- 1.0 = exact
    canonical_path varchar not null,         -- platform://host/database/schema/table
    ambiguous boolean not null,              -- several candidates: not to be relied on
    primary key (asset_guid, source_id)
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

-- one row per waiver in force
create table waiver (
    id varchar primary key,                  -- given by its author
    rule_id varchar not null,                -- rule.id
    subject_pattern varchar not null,        -- subject ids it covers
    reason varchar not null,                 -- justification
    requested_by varchar not null,           -- who asked
    approved_by varchar not null,            -- who accepts the risk
    created_at timestamptz not null,         -- when approved
    expires_at timestamptz not null          -- last moment in force
);
