"""A client of Confluent's own making: writes to a topic and reads it, and uses all of the registry's API that SchemaRegistryClient has.

Arguments: brokers, registry, topic, first number, count, total. Prints one JSON object.
"""

import json
import sys
import uuid
from datetime import datetime, timezone

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

brokers, url, topic, first, count, total = sys.argv[1:4] + [int(n) for n in sys.argv[4:7]]
client = SchemaRegistryClient({"url": url, "basic.auth.user.info": "ann:secret"})


def record(name, fields, **more):
    return json.dumps({"type": "record", "name": name, "namespace": "reprise.example", "fields": fields, **more})


def error_of(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except SchemaRegistryError as error:
        return [error.http_status_code, error.error_code]
    return None


# The event with its enum in a subject of its own, and one field more.
action_subject = f"{topic}-action"
action = json.dumps({"type": "enum", "name": "Action", "namespace": "reprise.example", "symbols": ["VIEW", "CLICK", "PURCHASE"]})
client.register_schema(action_subject, Schema(action, "AVRO"))
user_acted = Schema(
    record("UserActed", [
        {"name": "eventId", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "userId", "type": "string"},
        {"name": "action", "type": "Action"},
        {"name": "value", "type": "double"},
        {"name": "occurredAt", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "device", "type": ["null", "string"], "default": None},
    ]),
    "AVRO",
    [SchemaReference("reprise.example.Action", action_subject, 1)],
)
serializer = AvroSerializer(client, user_acted)
deserializer = AvroDeserializer(client)
context = SerializationContext(topic, MessageField.VALUE)


def write():
    # Java's partitioner: with librdkafka's own, a key would stand in two partitions.
    producer = Producer({"bootstrap.servers": brokers, "partitioner": "murmur2_random"})
    for n in range(first, first + count):
        at = datetime.fromtimestamp(1767225600 + n / 10, timezone.utc)
        event = {
            "eventId": uuid.UUID(int=n),
            "userId": f"user-{n % 7}",
            "action": "CLICK",
            "value": n + 0.25,
            "occurredAt": at,
            "device": "python",
        }
        producer.produce(topic, key=event["userId"], value=serializer(event, context), timestamp=int(at.timestamp() * 1000))
    producer.flush()


def read():
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": f"{topic}-python", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    events = []
    while len(events) < total:
        message = consumer.poll(30)
        if message is None or message.error():
            raise RuntimeError(f"read {len(events)} of {total}: {message and message.error()}")
        event = deserializer(message.value(), context)
        events.append([
            str(event["eventId"]), event["userId"], event["action"], event["value"],
            round(event["occurredAt"].timestamp() * 1000), message.key().decode(),
        ])
    consumer.close()
    return sorted(events)


def administer():
    subject = f"{topic}/admin é"
    one = Schema(record("Admin", [{"name": "id", "type": "string"}]), "AVRO")
    two = Schema(record("Admin", [{"name": "id", "type": "string"}, {"name": "more", "type": "string", "default": ""}]), "AVRO")
    bad = Schema(record("Admin", [{"name": "id", "type": "long"}]), "AVRO")
    ids = [client.register_schema(subject, schema) for schema in (one, two, one)]
    fresh = SchemaRegistryClient({"url": url, "bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.token": "t0ken",
                                  "bearer.auth.logical.cluster": "none", "bearer.auth.identity.pool.id": "none"})
    said = {
        "sameId": ids[0] == ids[2],
        "types": fresh.get_schema_types(),
        "byId": json.loads(fresh.get_schema(ids[1]).schema_str) == json.loads(two.schema_str),
        "listed": subject in fresh.get_subjects(),
        "versions": fresh.get_versions(subject),
        "latest": fresh.get_latest_version(subject).version,
        "lookup": fresh.lookup_schema(subject, one).version,
        "subjectsById": fresh.get_subjects_by_schema_id(ids[0]),
        "versionsById": [[v.subject, v.version] for v in fresh.get_schema_versions(ids[0])],
        "referencedBy": len(fresh.get_referenced_by(action_subject, 1)),
        "compatible": [fresh.test_compatibility(subject, schema) for schema in (two, bad)],
        "compatibleWithAll": fresh.test_compatibility_all_versions(subject, bad),
        "incompatible": error_of(client.register_schema, subject, bad),
        "invalid": error_of(client.register_schema, subject, Schema('{"type":"record"}', "AVRO")),
        "unknownSubject": error_of(fresh.get_latest_version, f"{topic}-none"),
        "unknownVersion": error_of(fresh.get_version, subject, 9),
        "unknownId": error_of(fresh.get_schema, 2**31 - 1),
        "unauthorized": error_of(SchemaRegistryClient({"url": url}).get_subjects),
        "referenced": error_of(fresh.delete_version, action_subject, 1),
        "setLevel": client.set_compatibility(subject, "NONE")["compatibility"],
        "level": client.get_compatibility(subject),
        "noLevel": error_of(client.get_compatibility, f"{topic}-none"),
        "globalLevel": client.get_compatibility(),
        "deletedConfig": client.delete_config(subject).compatibility_level,
        "setMode": client.update_mode(subject, "READONLY"),
        "mode": client.get_mode(subject),
        "readOnly": error_of(fresh.register_schema, subject, Schema(record("Admin", []), "AVRO")),
        "deletedMode": client.delete_mode(subject),
        "globalMode": client.get_global_mode(),
        "contexts": client.get_contexts(),
        "deletedVersion": client.delete_version(subject, 1),
        "left": fresh.get_versions(subject),
        "deletedSubject": client.delete_subject(subject),
        "deletedForGood": client.delete_subject(subject, permanent=True),
        "goneFromList": subject not in client.get_subjects(),
    }
    return said


write()
print(json.dumps({"events": read(), "said": administer()}))
