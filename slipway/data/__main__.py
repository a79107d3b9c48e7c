"""The name by which a tool of any version calls the program beside the data, which is `slipway.ops`.

Tool and container are of different versions while a stack is upgraded, and when somebody goes back to an older tool.
"""

from __future__ import annotations

import runpy

runpy.run_module("slipway.ops", run_name="__main__", alter_sys=True)
