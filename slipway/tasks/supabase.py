"""`invoke supabase.…`: leaving Supabase."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, ON, perform


@task(default=True, help={"on": ON, "write": "write docs/supabase-fallback.md, for the team", "json": JSON})
def inventory(c, on="local", write=False, json=False):
    """List everything that a Supabase project has, and what becomes of it; reads only."""
    perform("supabase.inventory", on, write=write, json=json)


namespace = Collection("supabase", inventory)
