"""What a deployment says, in the environment: every name begins with ``REGIETAFEL_``."""

from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How the service runs. Without an ``issuer`` everyone on this machine may do everything.

    Raises
    ------
    ValidationError
        With everything that is wrong, by name.
    """

    model_config = SettingsConfigDict(env_prefix="REGIETAFEL_", frozen=True, extra="ignore")

    database: str = "sqlite:///regietafel.db"
    url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8000"), description="Where browsers find the service."
    )
    issuer: HttpUrl | None = Field(default=None, description="The OpenID provider.")
    client_id: str = "regietafel"
    audience: str = Field(default="regietafel", description="Who bearer tokens are meant for.")
    client_key: Path | None = Field(
        default=None,
        description="A private key as JWK, which the provider knows the public one of.",
    )
    session_key: SecretStr | None = Field(default=None, min_length=32)
    workers: int = Field(default=1, ge=0, le=32, description="Jobs that run here at once.")
    queue: int = Field(default=20, ge=1, le=1000, description="Jobs that may wait.")
    rate: str = Field(default="6000/minute", pattern=r"^[1-9][0-9]{0,6}/(second|minute|hour)$")

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        if self.issuer is not None:
            missing = [
                name for name in ("client_key", "session_key") if getattr(self, name) is None
            ]
            if missing:
                raise ValueError(f"with an issuer these are asked for too: {', '.join(missing)}")
        return self
