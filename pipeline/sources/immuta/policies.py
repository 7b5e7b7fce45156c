"""Tags and global policies of Govern."""

from pipeline.collect.endpoint import Endpoint
from pipeline.collect.paging import single

ENDPOINTS = (
    Endpoint("tag", "govern", "/tag", ("immuta_tag",), single, items="[]"),
    Endpoint("policy", "govern", "/policy/global", ("immuta_policy",), single, items="[]"),
)
