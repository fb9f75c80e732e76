from tests.pipeline.conftest import archive, template

__all__ = ["archive", "template"]
