package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;
import static java.time.Duration.ofMillis;

import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.*;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.*;

class Processors {
  // Lets the first record of a key through, and tells the time.
  static class First implements Processor<String, String, String, String> {
    private ProcessorContext<String, String> context;
    private KeyValueStore<String, String> seen;

    @Override
    public void init(ProcessorContext<String, String> c) {
      context = c;
      seen = c.getStateStore("seen");
      c.schedule(ofMillis(10), PunctuationType.STREAM_TIME, t -> c.forward(new Record<>("stream", "" + t, t)));
      c.schedule(ofMillis(100), PunctuationType.WALL_CLOCK_TIME, t -> c.forward(new Record<>("wall", "" + t, t)));
    }
    @Override
    public void process(Record<String, String> record) {
      if (record.key() == null) return;
      if (record.value() == null) seen.delete(record.key());
      else if (seen.putIfAbsent(record.key(), record.value()) == null) context.forward(record.withValue(record.value() + " is first"));
    }
  }

  static void add() {
    Topologies.add("process", "one", b -> {
      b.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("seen"), S, S));
      stream(b, "in").process(First::new, "seen").to("out", Produced.with(S, S));
    });
  }
}
