"""Every error Pass Muster raises on purpose, and the exit code each one means.

PassMusterError                     what, where and the cure, in one message
├── UsageError               2      wrong flag, argument or subject
│   └── ConfigError          2      wrong or missing setting
├── IncompleteError          3      the run could not be finished honestly
│   ├── SignInError          3      a credential was refused
│   ├── RequestError         3      one call was given up
│   ├── PageError            3      an answer or a stored page is not what its endpoint promises
│   ├── GateError            3      the quality gate found broken data
│   └── RuleError            3      a rule could not be evaluated
├── PublishError             4      a report or bundle could not be written
├── LockedError              5      another run holds the lock
└── ForbiddenRequestError    3      a request that is not on the allowlist of reads
"""


class PassMusterError(Exception):
    """The root of every error raised on purpose; `exit_code` is what the command ends with."""

    exit_code = 3


class UsageError(PassMusterError):
    """A flag, an argument or a file of the user's is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is unknown, missing or malformed."""


class IncompleteError(PassMusterError):
    """The run could not be finished honestly; nothing false was sealed."""


class SignInError(IncompleteError):
    """A credential was refused by the service."""


class UnreachableError(IncompleteError):
    """A host does not answer at all; the run can go on when it does."""


class RequestError(IncompleteError):
    """One call was given up; `status` is the last HTTP status, None without an answer.

    `seq` is the position in the run of the last answer, which is kept; `slow` says that there was
    none in time, so that asking for less may help.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        *,
        seq: int | None = None,
        slow: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.seq, self.slow = status, seq, slow


class PageError(IncompleteError):
    """An answer, or a page on disk, is not what its endpoint promises."""


class GateError(IncompleteError):
    """The quality gate found data that must not be sealed."""


class RuleError(IncompleteError):
    """A rule could not be evaluated."""


class PublishError(PassMusterError):
    """A report or a bundle could not be written."""

    exit_code = 4


class LockedError(PassMusterError):
    """Another run holds the lock of this folder of results."""

    exit_code = 5


class ForbiddenRequestError(PassMusterError):
    """A request that is not on the allowlist of reads; it never left this machine."""
