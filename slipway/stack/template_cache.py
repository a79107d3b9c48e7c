"""Templates as they were compiled before, which is most of what rendering takes: kept as Python keeps its own modules."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jinja2.bccache import Bucket, FileSystemBytecodeCache


class TemplateCache(FileSystemBytecodeCache):
    """What is in `__pycache__` beside the templates; good for a template of the same place, text and options alone."""

    def __init__(self, templates: Path, options: Mapping[str, bool]) -> None:
        super().__init__(str(templates / "__pycache__"), "%s.pyc")
        self.options = options

    def get_source_checksum(self, source: str) -> str:
        return super().get_source_checksum(f"{self.options}{source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Leaves the bucket empty where nothing was kept, or nothing that can be read: the template is compiled then."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # of a file that was cut, pickle and marshal raise what they like
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Writes it where Python may write its own; where the directory cannot be written, the next command compiles."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)
