"""What the planted classifications and tags mean: the sandbox's own copy of the model.

It is kept apart from the rules' map on purpose: the expected verdicts must not come from
the code they are there to check.
"""

MARKER = "REVIEWED_NO_SENSITIVE"
ENDORSEMENT = "MICROSOFT.POWERBI.ENDORSEMENT"
LABEL_PREFIX = "Microsoft.Label."
SECRET_PREFIX = "MICROSOFT.SECURITY."  # noqa: S105 (a family of classification names)

SSN = "MICROSOFT.GOVERNMENT.US.SOCIAL_SECURITY_NUMBER"
CARD = "MICROSOFT.FINANCIAL.CREDIT_CARD_NUMBER"
NATIONAL_ID = "MICROSOFT.GOVERNMENT.EU.NATIONAL_IDENTIFICATION_NUMBER"
PASSPORT = "MICROSOFT.GOVERNMENT.AUSTRIA.PASSPORT.NUMBER"
US_PASSPORT = "MICROSOFT.GOVERNMENT.US.PASSPORT_NUMBER"
TAX_ID = "MICROSOFT.GOVERNMENT.EU.TAX_IDENTIFICATION_NUMBER"
LICENCE = "MICROSOFT.GOVERNMENT.EU.DRIVERS_LICENSE_NUMBER"
PASSWORDS = "MICROSOFT.SECURITY.COMMON_PASSWORDS"
ACCOUNT = "MICROSOFT.FINANCIAL.CANADA.BANK_ACCOUNT_NUMBER"
ROUTING = "MICROSOFT.FINANCIAL.US.ABA_ROUTING_NUMBER"
EMAIL = "MICROSOFT.PERSONAL.EMAIL"
NAME = "MICROSOFT.PERSONAL.NAME"
PHONE = "MICROSOFT.PERSONAL.US.PHONE_NUMBER"
BIRTH = "MICROSOFT.PERSONAL.DATE_OF_BIRTH"
IP = "MICROSOFT.PERSONAL.IPADDRESS"
CITY = "MICROSOFT.GOVERNMENT.CITY_NAME"
STATE = "MICROSOFT.GOVERNMENT.US.STATE"
ZIP = "MICROSOFT.GOVERNMENT.US.ZIP_CODE"
LOYALTY = "Northlight Loyalty Number"
HANDLE = "Twitter Handle"
PROGRAMME = "Programme Falcon"

TIER = {
    SSN: 1, CARD: 1, NATIONAL_ID: 1, PASSPORT: 1, US_PASSPORT: 1, TAX_ID: 1, LICENCE: 1,
    PASSWORDS: 1,
    ACCOUNT: 2, EMAIL: 2, NAME: 2, PHONE: 2, BIRTH: 2, IP: 2,
    ROUTING: 3, CITY: 3, STATE: 3, ZIP: 3, MARKER: 0,
}  # fmt: skip

_ENTITY = "Discovered.Entity."
TAGS = {
    SSN: (_ENTITY + "Social Security Number",),
    CARD: (_ENTITY + "Credit Card Number",),
    NATIONAL_ID: (_ENTITY + "National ID Number", _ENTITY + "DNI Number"),
    PASSPORT: (_ENTITY + "Passport", "Discovered.Passport"),
    LICENCE: (_ENTITY + "Drivers License Number",),
    ACCOUNT: (_ENTITY + "IBAN Code",),
    EMAIL: (_ENTITY + "Electronic Mail Address",),
    NAME: (_ENTITY + "Person Name",),
    PHONE: (_ENTITY + "Telephone Number",),
    BIRTH: (_ENTITY + "Date of Birth",),
    IP: (_ENTITY + "IP Address",),
}
_FURTHER_TAGS = (_ENTITY + "Medicare Number", _ENTITY + "Age")
COUNTRY_PREFIX = "Discovered.Country."
COUNTRY_TAG = COUNTRY_PREFIX + "United States"
UNMAPPED_TAGS = ("New", "Finance.Ledger")


def folded(name: str) -> str:
    """Name in the form in which classifications and tags are compared."""
    return name.lower().replace("_", ".")


_MAPPED_TAGS = {folded(tag) for tags in TAGS.values() for tag in tags} | {
    folded(tag) for tag in _FURTHER_TAGS
}
_MAPPED_CLASSES = {folded(name) for name in TIER}


def is_decision(type_name: str) -> bool:
    """Whether a classification says something about the data: labels and endorsements do not."""
    return type_name != ENDORSEMENT and not type_name.startswith(LABEL_PREFIX)


def is_sensitive(type_name: str) -> bool:
    """Whether the classification is of tier 1 or 2."""
    return TIER.get(type_name) in (1, 2)


def is_mapped_class(type_name: str) -> bool:
    """Whether the model knows the classification."""
    return folded(type_name) in _MAPPED_CLASSES or type_name.startswith(SECRET_PREFIX)


def is_mapped_tag(tag: str) -> bool:
    """Whether the model knows the tag."""
    return folded(tag) in _MAPPED_TAGS or folded(tag).startswith(folded(COUNTRY_PREFIX))


def has_counterpart(type_name: str, tags: tuple[str, ...]) -> bool:
    """Whether one of the tags (or a child of it) is the equivalent of the classification."""
    have = [folded(tag) for tag in tags]
    wanted = [folded(tag) for tag in TAGS[type_name]]
    return any(tag == want or tag.startswith(want + ".") for tag in have for want in wanted)
