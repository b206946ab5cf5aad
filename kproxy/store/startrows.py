"""What the server held when the session began, as rows of the tables, and back: keys, and objects."""

from kproxy.model.etcd import ClusterId, EtcdKey, Revision, key_text
from kproxy.model.start import StartKey, StartObject
from kproxy.store.cells import VALUE, Columns, Row, body_of, body_row


def start_key_row(key: StartKey) -> Row:
    """In the order of schema.start_keys's columns."""
    return (
        key.cluster,
        key.key,
        key_text(key.key),
        *body_row(key.value),
        key.create_revision,
        key.mod_revision,
        key.version,
        key.lease,
        key.ttl,
    )


def start_key_of(row: Columns) -> StartKey:
    """What start_key_row made."""
    return StartKey(
        cluster=ClusterId(row["cluster"]),
        key=EtcdKey(row["key"]),
        value=body_of(row, VALUE),
        create_revision=Revision(row["create_revision"]),
        mod_revision=Revision(row["mod_revision"]),
        version=row["version"],
        lease=row["lease"],
        ttl=row["ttl"],
    )


def start_object_row(each: StartObject) -> Row:
    """In the order of schema.start_objects's columns."""
    return (
        each.group,
        each.resource,
        each.namespace,
        each.name,
        each.version,
        each.kind,
        each.revision,
        *body_row(each.value),
        each.status,
    )


def start_object_of(row: Columns) -> StartObject:
    """What start_object_row made."""
    return StartObject(
        group=row["api_group"],
        version=row["api_version"],
        resource=row["resource"],
        kind=row["kind"],
        namespace=row["namespace"],
        name=row["name"],
        revision=Revision(row["revision"]),
        value=body_of(row, VALUE),
        status=bool(row["status"]),
    )
