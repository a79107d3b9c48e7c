"""The tasks that people type, by collection; tasks.py at the top has those without one."""

import os
import sys

# Invoke keeps Python from writing bytecode: each command would compile the package anew.
sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in os.environ
