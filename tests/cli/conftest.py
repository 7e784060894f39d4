"""The whole product, for the tests of this folder."""

from tests.end_to_end.fixtures import set_up, stage, temporal

__all__ = ["set_up", "stage", "temporal"]
