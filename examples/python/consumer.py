"""Prints user events as a member of a group, until Ctrl-C. Start a second one: the two share the partitions."""

import os
import sys

from confluent_kafka import Consumer

consumer = Consumer({
    "bootstrap.servers": os.environ.get("BOOTSTRAP", "localhost:9092"),
    "group.id": os.environ.get("GROUP", "my-consumer-group"),
    "auto.offset.reset": "earliest",
})
consumer.subscribe(["user-events"])
try:
    while True:
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error():
            print(f"consume: {message.error()}", file=sys.stderr)
            continue
        print(f"partition={message.partition()} offset={message.offset()} key={message.key().decode()} "
              f"value={message.value().decode()}", flush=True)
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
