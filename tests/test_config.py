"""The configuration: what wins, what is refused and how, and secrets that never show."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline import config
from pipeline.config import FAMILIAR_NAMES, Config, load
from pipeline.errors import ConfigError

SECRETS = {
    "purview": {
        "client_secret": "synthetic-one",
        "token": "synthetic-two",
        "certificate_password": "synthetic-five",
    },
    "immuta": {
        "api_key": "synthetic-three",
        "request_token": "synthetic-four",
        "token": "synthetic-seven",
    },
    "directory": {"token": "synthetic-six"},
}
Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine counts."""
    import os

    for name in os.environ:
        if name.startswith("MUSTER_") or name in FAMILIAR_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "settings.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_nothing_is_needed() -> None:
    """Without a file and without a variable there are defaults."""
    found = load()
    assert (found.home, found.collect.workers, found.purview.account) == (Path("data"), 8, None)


def test_the_file_in_the_working_folder_is_found(tmp_path: Path) -> None:
    """muster.toml counts without being named."""
    (tmp_path / "muster.toml").write_text('[purview]\naccount = "utility"\n')
    assert load().purview.account == "utility"


def test_a_variable_wins_over_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key by key: the rest of the section still comes from the file."""
    path = write(
        'home = "a"\n[purview]\naccount = "file"\ntenant_id = "file"\n[collect]\nworkers = 3'
    )
    monkeypatch.setenv("MUSTER_PURVIEW_ACCOUNT", "variable")
    monkeypatch.setenv("MUSTER_HOME", "b")
    monkeypatch.setenv("MUSTER_COLLECT_TIMEOUT_S", "7.5")
    found = load(path)
    assert (found.home, found.purview.account, found.purview.tenant_id) == (
        Path("b"),
        "variable",
        "file",
    )
    assert (found.collect.workers, found.collect.timeout_s) == (3, 7.5)


@pytest.mark.parametrize(("name", "place"), FAMILIAR_NAMES.items())
def test_names_that_people_already_have_count(
    name: str, place: tuple[str, str], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They win over the file, and our own names win over them."""
    section, key = place
    path = write(f'[{section}]\n{key} = "https://file.example"')
    monkeypatch.setenv(name, "https://familiar.example")
    assert value(load(path), section, key) == "https://familiar.example"
    monkeypatch.setenv(f"MUSTER_{section}_{key}".upper(), "https://own.example")
    assert value(load(path), section, key) == "https://own.example"


def value(found: Config, section: str, key: str) -> object:
    held = getattr(getattr(found, section), key)
    return held.get_secret_value() if isinstance(held, SecretStr) else held


def test_an_immuta_host_may_lack_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """IMMUTA_HOST is often a bare name; an empty variable is none."""
    monkeypatch.setenv("IMMUTA_HOST", "acme.immuta.example")
    monkeypatch.setenv("AZURE_TENANT_ID", "")
    found = load()
    assert found.immuta.govern_url == "https://acme.immuta.example"
    assert found.purview.tenant_id is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "hom = 1",
            "hom: unknown key; valid here: home, packs, purview, immuta, directory, collect, judge, params",
        ),
        ("[purview]\nacount = 'x'", "purview.acount: unknown key; valid here: account, endpoint,"),
        ("[collect]\nworkers = 0", "collect.workers: Input should be greater than or equal to 1"),
        ("[collect]\nworkers = 'many'", "collect.workers: Input should be a valid integer"),
        ("[purview]\nskip = ['lineage']", "purview.skip.0: Input should be 'datamap', 'account',"),
        (
            "[immuta]\nskip = ['datamap']",
            "immuta.skip.0: Input should be 'govern', 'request' or 'activity'",
        ),
        ("[purview]\nrequests_per_second = 0", "purview.requests_per_second: Input should be gr"),
        ("purview = 3", "purview: Input should be a valid dictionary"),
        ("[purview]\naudit_days = 0", "purview.audit_days: Input should be greater than or equ"),
        ("[purview]\naudit_days = 4000", "purview.audit_days: Input should be less than or equal"),
        ("[purview]\nsign_in = 'magic'", "purview.sign_in: Input should be 'auto', 'secret',"),
        ("[directory]\ngraph = true\nfeed = 'a.csv'", "graph and feed exclude each other"),
        (
            "[params.CLS-007]\nmost = [{day = 2026-01-01}]",
            "params.CLS-007.most.0.day: no text, number, list or table of those; a day is text",
        ),
        ("[directory]\nfeeds = 'a.csv'", "directory.feeds: unknown key; valid here: graph, feed"),
        ("[judge]\nrule_timeout_s = 0", "judge.rule_timeout_s: Input should be greater than 0"),
        ("[judge]\nmemory_limit = 'lots'", "judge.memory_limit: String should match pattern"),
        ("[collect]\nmemory_limit = 256", "collect.memory_limit: Input should be a valid string"),
        ("[collect]\nmemory_limit = '1'", "collect.memory_limit: String should match pattern"),
        ("home = ", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_says_where_and_what_is_valid(
    write: Write, text: str, message: str
) -> None:
    """The file, the place and the valid keys or values are in one line."""
    with pytest.raises(ConfigError) as refused:
        load(write(text))
    assert message in str(refused.value)
    assert "settings.toml" in str(refused.value)
    assert refused.value.exit_code == 2


def test_all_mistakes_are_told_at_once(write: Write) -> None:
    """Nobody has to start the command five times."""
    with pytest.raises(ConfigError) as refused:
        load(write("a = 1\nb = 2\n[collect]\nworkers = -1"))
    assert len(str(refused.value).splitlines()) == 3


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    """The cure is in the message."""
    with pytest.raises(ConfigError, match="no such file; `muster init`"):
        load(tmp_path / "absent.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are a configuration error, not a crash."""
    path = tmp_path / "settings.toml"
    path.write_bytes(b'home = "\xff"')
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(path)


def test_secrets_never_show() -> None:
    """Neither in repr, str or JSON, nor in the message about a mistake beside them."""
    found = Config(**SECRETS)
    shown = [
        repr(found),
        str(found),
        found.model_dump_json(),
        json.dumps(found.model_dump(mode="json")),
    ]
    shown += [repr(found.purview), f"{found.immuta}"]
    assert not [text for text in shown if "synthetic" in text]
    assert value(found, "immuta", "api_key") == "synthetic-three"


def test_a_secret_of_the_wrong_kind_is_not_repeated(write: Write) -> None:
    """The message names the key, not what was written there."""
    with pytest.raises(ConfigError) as refused:
        load(write("[immuta]\napi_key = ['synthetic-secret']"))
    assert "immuta.api_key" in str(refused.value)
    assert "synthetic-secret" not in str(refused.value)


def test_the_digest_is_of_what_changes_the_result() -> None:
    """Where results lie, what the secrets are and how much memory there is do not matter; everything else does."""
    plain = Config(**SECRETS)
    others = {key: dict.fromkeys(names, "synthetic-other") for key, names in SECRETS.items()}
    assert plain.digest() == Config(**others, home=Path("elsewhere")).digest()
    assert plain.digest() == Config(**SECRETS, collect={"memory_limit": "1GB"}).digest()
    assert plain.digest() != Config(**SECRETS, collect={"workers": 3}).digest()
    assert plain.digest() != Config(**SECRETS, params={"OWN-001": {"min_owners": 2}}).digest()
    assert len(plain.digest()) == 64


def test_a_configuration_does_not_change() -> None:
    """What a command started with is what it ends with."""
    found = Config()
    with pytest.raises(ValueError, match="frozen"):
        found.home = Path("other")
    with pytest.raises(ValueError, match="frozen"):
        found.collect.workers = 2
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("settings", "plane", "url"),
    [
        ({"account": "utility"}, "datamap", "https://utility.purview.azure.com"),
        ({"endpoint": "http://127.0.0.1:8099/"}, "account", "http://127.0.0.1:8099"),
        (
            {"endpoint": "http://127.0.0.1:8099", "scanning_url": "http://127.0.0.1:9000/"},
            "scanning",
            "http://127.0.0.1:9000",
        ),
    ],
)
def test_the_address_of_a_plane(settings: dict[str, str], plane: str, url: str) -> None:
    """Its own address, else the common one, else the account's."""
    assert Config(purview=settings).purview.base_url(plane) == url


def test_a_plane_without_an_address_says_what_to_set() -> None:
    """And how to do without."""
    with pytest.raises(ConfigError, match=r"PURVIEW_ACCOUNT_NAME.*--sandbox"):
        Config().purview.base_url("datamap")


def test_the_sandbox_keeps_what_is_not_about_addresses() -> None:
    """Skipped planes and the collector's settings stay; addresses and credentials are the sandbox's."""
    mine = Config(**SECRETS, collect={"workers": 2})
    mine = mine.model_copy(
        update={"purview": mine.purview.model_copy(update={"skip": ("account",)})}
    )
    names = ("tenant_id", "client_id", "client_secret", "immuta_api_key", "immuta_request_token")
    facts = {name: f"sandbox {name}" for name in names} | {"url": "http://127.0.0.1:1"}
    found = config.for_sandbox(mine, facts)
    assert (found.purview.skip, found.collect.workers) == (("account",), 2)
    assert found.purview.token is None
    assert value(found, "immuta", "api_key") == "sandbox immuta_api_key"
    assert found.immuta.request_url == "http://127.0.0.1:1/marketplace"
    assert (found.directory.graph, found.directory.url) == (True, "http://127.0.0.1:1/v1.0")
    assert found.directory.token is None


@pytest.mark.parametrize(
    ("settings", "skipped"),
    [({}, ("graph",)), ({"graph": True}, ()), ({"feed": "people.csv"}, ())],
)
def test_there_is_no_directory_unless_one_is_named(
    settings: dict[str, object], skipped: tuple[str, ...]
) -> None:
    """Microsoft Graph is a plane that is switched off until it is asked for; a file takes its place."""
    assert Config(directory=settings).directory.skip == skipped


def test_the_sandbox_can_be_read_with_a_file_of_people() -> None:
    """A feed that is set stays: only without one, the sandbox's own directory is asked."""
    facts = dict.fromkeys(
        ("tenant_id", "client_id", "client_secret", "immuta_api_key", "immuta_request_token"), "x"
    ) | {"url": "http://127.0.0.1:1"}
    found = config.for_sandbox(Config(directory={"feed": "people.csv"}), facts)
    assert (found.directory.graph, found.directory.feed) == (False, Path("people.csv"))


def test_an_authority_may_lack_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """AZURE_AUTHORITY_HOST is a bare name in Microsoft's own examples."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "login.microsoftonline.us")
    assert load().purview.authority == "https://login.microsoftonline.us"


def test_a_list_in_a_variable_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is not JSON is told as a mistake of the environment, with an example."""
    monkeypatch.setenv("MUSTER_PURVIEW_SKIP", "audit")
    with pytest.raises(ConfigError, match=r"the environment: .*MUSTER_PURVIEW_SKIP="):
        config.load()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "https://na.api.immutacloud.com/marketplace"),
        ('region = "eu"', "https://eu.api.immutacloud.com/marketplace"),
        ('region = "ap"\nrequest_url = "https://own.example/marketplace/"', "https://own.example/marketplace"),
    ],
)  # fmt: skip
def test_the_request_app_is_where_its_region_is(write: Write, text: str, url: str) -> None:
    """An address that is given wins over the region's, whatever slash it ends with."""
    assert load(write(f"[immuta]\n{text}")).immuta.request_base == url


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("", set()),
        ("skip = ['govern']", {"govern", "activity"}),
        ("skip = ['activity']", {"activity"}),
        ("skip = ['govern']\naudit_feed = 'events'", {"govern"}),
    ],
)
def test_activity_goes_with_govern_unless_it_comes_from_files(
    write: Write, text: str, off: set[str]
) -> None:
    """Both are on one host and behind one key; files need neither."""
    assert load(write(f"[immuta]\n{text}")).immuta.left_out == off


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("", set()),
        ("skip = ['unified_catalog']", {"unified_catalog", "data_assets"}),
        ("skip = ['data_assets']", {"data_assets"}),
    ],
)
def test_data_assets_go_with_the_catalog_and_not_the_other_way(
    write: Write, text: str, off: set[str]
) -> None:
    """Data assets are asked about from what the catalog lists, on its host; the catalog does without them."""
    found = load(write(f"[purview]\nunified_catalog_url = 'https://own.example/'\n{text}")).purview
    assert found.left_out == off
    assert found.base_url("data_assets") == "https://own.example"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region = 'us'", "immuta.region: Input should be 'na', 'eu' or 'ap'"),
        ("sign_in = 'key'", "immuta.sign_in: Input should be 'auto', 'exchange', 'raw' or 'bearer'"),
        ("audit_days = 0", "immuta.audit_days: Input should be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_words_of_immuta_that_are_none_are_refused(write: Write, text: str, said: str) -> None:
    """The message names the key and what is valid there."""
    with pytest.raises(ConfigError) as refused:
        load(write(f"[immuta]\n{text}"))
    assert said in str(refused.value)
