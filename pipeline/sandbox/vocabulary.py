"""The invented company: business domains, the tables they keep and the words used for them."""

from typing import NamedTuple

from pipeline.sandbox import sensitivity as s

COMPANY = "northlight"
MAIL_DOMAIN = "northlight.example"
ACCOUNT_NAME = "sandbox"


class Domain(NamedTuple):
    """One business domain: key in identifiers, collection name (six characters) and title."""

    key: str
    collection: str
    title: str


class Field(NamedTuple):
    """One column of a table template: name, SQL type and the classifications it deserves."""

    name: str
    data_type: str
    classes: tuple[str, ...] = ()


class Template(NamedTuple):
    """One kind of table that a business domain keeps."""

    domain: int
    name: str
    fields: tuple[Field, ...]


DOMAINS = (
    Domain("sales", "sal001", "Sales"),
    Domain("finance", "fin002", "Finance"),
    Domain("hr", "hrs003", "Human Resources"),
    Domain("claims", "clm004", "Claims"),
    Domain("marketing", "mkt005", "Marketing"),
    Domain("risk", "rsk006", "Risk"),
    Domain("supply", "sup007", "Supply Chain"),
    Domain("digital", "dig008", "Digital Channels"),
)
SUB_COLLECTIONS = (("raw", "Raw"), ("cur", "Curated"))

_KINDS = {
    "id": "bigint", "date": "date", "at": "timestamp", "amount": "decimal(18,2)",
    "count": "int", "rate": "decimal(9,4)", "flag": "boolean",
}  # fmt: skip


def _field(text: str) -> Field:
    """Column from its short form; the SQL type follows from the last word of the name."""
    name, _, classes = text.partition(":")
    found = tuple(getattr(s, key) for key in classes.split("+") if key)
    return Field(name, _KINDS.get(name.rsplit("_", 1)[-1], "varchar(200)"), found)


def _template(domain: int, name: str, fields: str) -> Template:
    return Template(domain, name, tuple(_field(text) for text in fields.split()))


TEMPLATES = tuple(
    _template(domain, name, fields)
    for domain, name, fields in (
        (0, "customer", "customer_id full_name:NAME email:EMAIL phone:PHONE birth_date:BIRTH city:CITY state:STATE zip_code:ZIP loyalty_number:LOYALTY updated_at"),
        (0, "orders", "order_id customer_id order_date ship_city:CITY contact_email:EMAIL total_amount discount_rate currency channel updated_at"),
        (0, "order_lines", "order_id line_count product_code net_amount tax_amount warehouse delivery_date status updated_at"),
        (0, "quotes", "quote_id customer_id contact_line:EMAIL+PHONE valid_date quoted_amount probability_rate stage owner_team updated_at"),
        (1, "invoices", "invoice_id customer_name:NAME tax_number:TAX_ID iban:ACCOUNT due_date gross_amount currency status cost_centre updated_at"),
        (1, "payments", "payment_id card_number:CARD card_holder:NAME routing_number:ROUTING paid_amount paid_at currency gateway status merchant_code"),
        (1, "ledger_entries", "entry_id account_code posting_date debit_amount credit_amount cost_centre period source_system updated_at"),
        (1, "vendor_accounts", "vendor_id vendor_name:NAME bank_account:ACCOUNT tax_number:TAX_ID email:EMAIL payment_terms country limit_amount updated_at"),
        (2, "employees", "employee_id full_name:NAME ssn:SSN birth_date:BIRTH work_email:EMAIL phone:PHONE home_city:CITY salary_amount grade hire_date manager_id"),
        (2, "payroll", "employee_id period national_id:NATIONAL_ID bank_account:ACCOUNT gross_amount net_amount tax_number:TAX_ID pay_date currency updated_at"),
        (2, "absences", "employee_id absence_date reason_code hours_count approved_flag approver_id comment_text updated_at"),
        (2, "applicants", "applicant_id full_name:NAME email:EMAIL phone:PHONE passport_number:PASSPORT licence_number:LICENCE source_channel stage applied_date updated_at"),
        (3, "claims", "claim_id policy_number claimant_name:NAME claimant_ssn:SSN loss_date loss_city:CITY paid_amount reserve_amount status adjuster_id updated_at"),
        (3, "claim_parties", "party_id claim_id party_name:NAME driver_licence:LICENCE birth_date:BIRTH phone:PHONE role zip_code:ZIP updated_at"),
        (3, "claim_payments", "payment_id claim_id payee_name:NAME iban:ACCOUNT paid_amount paid_date method status updated_at"),
        (3, "fraud_scores", "claim_id score_rate model_version reason_code scored_at threshold_rate reviewer_flag updated_at"),
        (4, "campaign_targets", "campaign_id customer_id email:EMAIL social_handle:HANDLE segment sent_at opened_flag clicked_flag cost_amount"),
        (4, "web_leads", "lead_id full_name:NAME email:EMAIL phone:PHONE client_ip:IP landing_page created_at utm_source consent_flag"),
        (4, "segments", "segment_id segment_name rule_text members_count refreshed_at owner_team score_rate budget_amount"),
        (4, "newsletter", "subscriber_id email:EMAIL city:CITY subscribed_at language topics bounce_count updated_at"),
        (5, "exposures", "exposure_id counterparty_code exposure_amount collateral_amount rating horizon_date probability_rate desk updated_at"),
        (5, "kyc_files", "customer_id full_name:NAME passport_number:PASSPORT national_id:NATIONAL_ID birth_date:BIRTH nationality risk_rate review_date reviewer_id"),
        (5, "limits", "limit_id counterparty_code limit_amount used_amount currency approved_date expires_date approver_id updated_at"),
        (5, "incidents", "incident_id reported_at reporter_email:EMAIL severity_count category loss_amount root_cause closed_at updated_at"),
        (6, "suppliers", "supplier_id supplier_name contact_name:NAME contact_email:EMAIL contact_phone:PHONE city:CITY country lead_count rating_rate updated_at"),
        (6, "shipments", "shipment_id order_id carrier dispatch_date arrival_date weight_count destination_zip:ZIP cost_amount status updated_at"),
        (6, "inventory", "sku_id warehouse stock_count reorder_count unit_amount counted_at location batch_code updated_at"),
        (6, "drivers", "driver_id full_name:NAME licence_number:LICENCE birth_date:BIRTH phone:PHONE depot hire_date vehicle_id updated_at"),
        (7, "app_users", "user_id user_name:NAME email:EMAIL password_hint:PASSWORDS last_ip:IP device created_at last_login_at locked_flag"),
        (7, "sessions", "session_id user_id client_ip:IP started_at ended_at page_count device country consent_flag"),
        (7, "clickstream", "event_id session_id event_at url_path referrer element duration_count experiment variant"),
        (7, "support_chats", "chat_id customer_id agent_name:NAME transcript_text:EMAIL+PHONE started_at rating_rate channel closed_flag updated_at"),
    )
)  # fmt: skip

VARIANTS = (
    "", "_emea", "_amer", "_apac", "_hist", "_daily", "_monthly", "_stg", "_snapshot",
    "_archive", "_eu", "_us", "_uk", "_agg", "_ext",
)  # fmt: skip
REPORT_WORDS = (
    "Overview",
    "Cockpit",
    "Monthly Review",
    "Drill-down",
    "Board Pack",
    "Quality Watch",
)
HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    '=HYPERLINK("http://x.example")',
    'O\'Brien "quarterly" extract',
    "\u202edekrow ton si siht",
    "line one\nline two",
    "+1-800,@SUM(A1:A9)",
    "Zürich — übersicht 客户",
)
FIRST_NAMES = (
    "Ada", "Bram", "Carla", "Dario", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaya",
    "Leon", "Mina", "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Sven", "Tilda", "Umar", "Vera",
)  # fmt: skip
LAST_NAMES = (
    "Abel", "Brandt", "Cortez", "Dunne", "Ekberg", "Fiala", "Garcia", "Holm", "Ivanova", "Jansen",
    "Keller", "Lindgren", "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Sato",
)  # fmt: skip
