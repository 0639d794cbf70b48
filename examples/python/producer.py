"""Sends ten user events and waits until all are acknowledged."""

import json
import os
import sys
import time

from confluent_kafka import Producer

failures = []


def on_delivery(error, message):
    if error:
        failures.append(error)
        print(f"send: {error}", file=sys.stderr)
    else:
        print(f"partition={message.partition()} offset={message.offset()} key={message.key().decode()}")


producer = Producer({
    "bootstrap.servers": os.environ.get("BOOTSTRAP", "localhost:9092"),
    "enable.idempotence": True,
    "compression.type": "gzip",
})
for user_id in range(10):
    event = {"user_id": user_id, "event_type": "user_registered", "timestamp": int(time.time()), "sent_by": "python"}
    producer.produce("user-events", key=f"user-{user_id}", value=json.dumps(event),
                     headers={"content-type": "application/json"}, on_delivery=on_delivery)
producer.flush()
sys.exit(1 if failures else 0)
