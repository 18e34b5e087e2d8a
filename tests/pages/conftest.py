from tests.api.conftest import at

__all__ = ["at"]
