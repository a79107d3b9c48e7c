"""The OpenAPI document tells the truth: whatever is sent, no answer is a fault or one that it does not know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support.backend_process import send
from tests.support.campaign import sized

HERE = Path(__file__).parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# These end the session that the others are tried with.
ENDS = "log_?out|delete_account"


def test_no_request_gets_a_fault_or_an_answer_that_is_not_in_the_document(stack: Any, tmp_path: Path) -> None:
    account = {"email": f"fuzz-{uuid4()}@example.org", "password": "fuzz fuzz fuzz"}
    token = send(stack.url, "POST", "/api/v1/auth/register", account).body["access_token"]
    words = ["--config-file", str(HERE / "schemathesis.toml"), "run", f"{stack.url}/openapi.json"]
    words += ["-H", f"Authorization: Bearer {token}", "--checks", CHECKS, "--exclude-operation-id-regex", ENDS]
    words += ["--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--no-color"]
    words += ["--max-examples", str(sized(10, 300))]
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run([str(program), *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
