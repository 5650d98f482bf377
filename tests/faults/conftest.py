"""The faults use the integration tests' databases."""

from tests.integration.conftest import database, template

__all__ = ["database", "template"]
