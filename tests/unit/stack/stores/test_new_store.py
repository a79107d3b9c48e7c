"""A store that is added is its name and files of that name; nothing else is touched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from slipway.environment import ROOT

STORE = """
from pydantic import BaseModel
from slipway.config.types import Bytes, UrlSafe, generated_setting, setting
from slipway.stack.stores import Store

class Fields(BaseModel):
    search_memory: Bytes = setting("256MB", "Memory limit of the search.")
    search_key: UrlSafe = generated_setting("Key of the search.")

def tell(settings, at, voice):
    return {"SEARCH_URL": f"http://:{voice.secret('SEARCH_KEY')}@{at['search']}"}

STORE = Store("search", {"Search": Fields}, lambda s: "search:1", lambda s: s.search_memory, lambda s: "search:7700",
              lambda s: ["SEARCH_KEY"], tell, tell)
"""
RECIPE = """
from slipway.engine.embedded.recipe import Recipe, spec

RECIPE = Recipe(lambda stack, root, home, ports: spec("search", home, ["searchd", ports["search"]], {}, home), ("TERM", 5))
"""
TEMPLATE = """
  search:
    image: {{ service.image | q }}
    volumes: ["search:/data"]
    networks: [data]
{{ common.guard(service) }}
"""
ASKED = """
from pathlib import Path
from slipway.config import credentials, envfile
from slipway.config.settings import Settings
from slipway.data import endpoints
from slipway.engine.embedded import ports, services
from slipway.ops import verbs
from slipway.release import change
from slipway.stack import model, render

settings = Settings()
text = render.files(model.build(settings), Path("."))["local.yaml"]
assert 'image: "search:1"' in text and "search: {condition: service_healthy}" in text and "  search: {}\\n" in text
assert text.count("SEARCH_URL=http://:${SEARCH_KEY:?") == 3
assert "# --- Search ---" in envfile.example() and "SEARCH_KEY" in credentials.required_secrets(settings)
assert verbs.find("gate.search").function()({}, {}, print) == "open" and "search" in change.DATA_TIER
assert endpoints.read({"SEARCH_URL": "http://:hush-hush@search:7700"}).scrub("hush-hush") == "•••"
assert "search" in ports.SERVICES and services.names(model.build(settings))[3] == "search"
"""


def test_a_new_store_is_its_name_and_files_of_that_name(tmp_path: Path):
    for room in ("slipway", "templates"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    names = tmp_path / "slipway/stack/stores/__init__.py"
    names.write_text(names.read_text().replace('"objects")\n', '"objects", "search")\n', 1))
    for path, text in (
        ("slipway/stack/stores/search.py", STORE),
        ("slipway/engine/embedded/stores/search.py", RECIPE),
        ("slipway/data/gates/search.py", "def gate(ends, args, emit):\n    return 'open'\n"),
        ("templates/services/search.yaml.j2", TEMPLATE),
    ):
        (tmp_path / path).write_text(text)
    asked = subprocess.run([sys.executable, "-c", ASKED], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert asked.returncode == 0, asked.stderr
