"""Published ports, in the short and in the long form."""

from __future__ import annotations

from yaml.nodes import Node

from slipway.stack.dokploy.yaml_nodes import entries, get, text

DATABASES = {
    "1433": "SQL Server",
    "3306": "MySQL",
    "5432": "Postgres",
    "5984": "CouchDB",
    "6379": "Valkey and its like",
    "8123": "ClickHouse",
    "9042": "Cassandra",
    "9200": "Elasticsearch",
    "11211": "Memcached",
    "27017": "MongoDB",
}
LOOPBACK = ("127.", "localhost", "[::1]", "::1")


def database(port: str) -> str:
    """Whose port this is, if it is that of a database."""
    return DATABASES.get(port, "")


def inner_port(node: Node) -> str:
    """The port within the container."""
    if entries(node):
        return text(get(node, "target"))
    return text(node).rsplit(":", 1)[-1].partition("/")[0]


def publishes(node: Node) -> bool:
    """Whether an item of ports opens one of the host; a target alone gets a random one, which is open too."""
    return bool(inner_port(node))


def loopback(node: Node) -> bool:
    """Whether only the host itself reaches a port."""
    address = text(get(node, "host_ip")) if entries(node) else text(node)
    return address.startswith(LOOPBACK)
