"""What a deployment says, in the environment: every name begins with ``REGIETAFEL_``."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    FilePath,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from api.access.keys import signing_key
from api.access.loopback import is_loopback


def _safe(url: HttpUrl) -> HttpUrl:
    if url.scheme != "https" and not is_loopback(url.host):
        raise ValueError("is reached by https, or on this machine")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("is a scheme, a host and a path, and nothing else")
    return url


def _origin(url: HttpUrl) -> HttpUrl:
    if url.path not in {None, "/"}:
        raise ValueError("has no path: the service has a host of its own")
    return url


def _issuer(name: str) -> str:
    _safe(TypeAdapter(HttpUrl).validate_python(name))
    return name


def _holds_key(path: Path) -> Path:
    signing_key(path)
    return path


PREFIX = "REGIETAFEL_"
ELSEWHERE = frozenset({"language"})
"""What is read by the command line alone."""
OF_OPENID = frozenset({"client_id", "audience", "client_key", "session_key"})
"""What means nothing without an issuer: who says it forgot one, or misspelt it."""


class _All(EnvSettingsSource):
    """All of the environment that begins as ours, also what is no setting: it may be misspelt."""

    def __call__(self) -> dict[str, Any]:
        prefix, known = PREFIX.lower(), ELSEWHERE | self.settings_cls.model_fields.keys()
        named = {name.removeprefix(prefix) for name in self.env_vars if name.startswith(prefix)}
        return super().__call__() | dict.fromkeys(named - known)


class Settings(BaseSettings):
    """How the service runs. Without an ``issuer`` everyone on this machine may do everything.

    Such a demo is made by nobody's mistake: it is refused where anything else is said that belongs
    to an issuer, or a ``url`` that others find.

    Raises
    ------
    ValidationError
        With everything that is wrong, by name.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: Any, *_: Any, **__: Any
    ) -> tuple[Any, ...]:
        """Read what is given, and after it the environment."""
        return init_settings, _All(settings_cls)

    database: str = "sqlite:///regietafel.db"
    url: Annotated[HttpUrl, AfterValidator(_safe), AfterValidator(_origin)] = Field(
        default=HttpUrl("http://127.0.0.1:8000"), description="Where browsers find the service."
    )
    issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        default=None, description="The OpenID provider, letter by letter as it names itself."
    )
    client_id: str = Field(default="regietafel", min_length=1, max_length=200)
    audience: str = Field(
        default="regietafel-api",
        min_length=1,
        max_length=200,
        description="Who bearer tokens are meant for; another than the client_id.",
    )
    client_key: Annotated[Path, AfterValidator(_holds_key)] | None = Field(
        default=None,
        description="A private key as JWK, which the provider knows the public one of.",
    )
    session_key: SecretStr | None = Field(default=None, min_length=32)
    workers: int = Field(default=1, ge=0, le=32, description="Jobs that run here at once.")
    queue: int = Field(default=20, ge=1, le=1000, description="Jobs that may wait.")
    lease: int = Field(
        default=30, ge=1, le=3600, description="Seconds after which a silent process loses its job."
    )
    rate: str = Field(default="6000/minute", pattern=r"^[1-9][0-9]{0,6}/(second|minute|hour)$")
    assets: Path = Field(
        default=Path(__file__).parents[1] / "node_modules",
        description="Where npm put what the pages are dressed with.",
    )
    theme: FilePath | None = Field(
        default=None, description="The design tokens of the deployment, as a style sheet."
    )
    theme_class: str = Field(default="voorbeeld-theme", pattern=r"^[a-z][a-z0-9-]{0,60}$")

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        if self.issuer is None:
            alone = sorted(OF_OPENID & self.model_fields_set)
            if not is_loopback(self.url.host):
                alone.append("url, of another machine")
            if alone:
                raise ValueError(f"these are for nothing without an issuer: {', '.join(alone)}")
        else:
            missing = [
                name for name in ("client_key", "session_key") if getattr(self, name) is None
            ]
            if missing:
                raise ValueError(f"with an issuer these are asked for too: {', '.join(missing)}")
            # What says who logged in is meant for the client, and must not open the API.
            if self.audience == self.client_id:
                raise ValueError("audience and client_id must not be the same")
        return self
