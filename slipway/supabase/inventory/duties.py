"""What the platform does for the project: scheduled jobs, queues, secrets."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.supabase import platform, references
from slipway.supabase.interface import BY_HAND, Finding
from slipway.supabase.inventory.project import Project, counted

JOB, QUEUE, SECRET = "cron.job", "pgmq.meta", "vault.secrets"


def find(project: Project) -> Iterator[Finding]:
    yield from project.there("scheduled job", JOB)
    yield from project.there("queue", QUEUE)
    yield from project.there("vault secret", SECRET)
    if project.has(JOB):
        yield from jobs(project)
    if project.has(QUEUE):
        yield from queues(project)
    if project.has(SECRET):
        for name, known in project.rows(
            "SELECT coalesce(name, id::text), name IS NOT NULL FROM vault.secrets ORDER BY 1"
        ):
            label = name if known else f"without a name, {name}"
            yield Finding(
                "vault secret",
                label,
                BY_HAND,
                f"instead: {platform.INSTEAD['vault']}; ./invoke supabase.secrets --write",
            )


def jobs(project: Project) -> Iterator[Finding]:
    offered = "pg_cron" in project.target.extensions
    for number, schedule, command, active in project.rows(
        "SELECT jobid, schedule, command, active FROM cron.job ORDER BY 1"
    ):
        notes = [schedule if active else f"{schedule}, switched off"]
        notes.append("the target offers pg_cron: schedule it there again" if offered else platform.INSTEAD["cron"])
        called = [each for each in references.calls(command) if not each.startswith("cron.")]
        notes += [f"calls {', '.join(called)}"] if called else []
        kept = (*references.secrets(command), *references.addresses(command))
        notes += [f"holds {', '.join(kept)}"] if kept else []
        yield Finding("scheduled job", f"job {number}", BY_HAND, "; ".join(notes))


def queues(project: Project) -> Iterator[Finding]:
    from psycopg import sql

    for (name,) in project.rows("SELECT queue_name::text FROM pgmq.meta ORDER BY 1"):
        waiting = []
        for kind, word in (("q", "waiting"), ("a", "archived")):
            table = f"{kind}_{name}"
            if project.has(f"pgmq.{table}"):
                query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("pgmq", table))
                count = project.conn.execute(query).fetchone()[0]
                waiting.append(f"{counted(count, 'message')} {word}")
        yield Finding("queue", name, BY_HAND, "; ".join((*waiting, f"instead: {platform.INSTEAD['pgmq']}")))
