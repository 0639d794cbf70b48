// Records what Kafka Streams makes of scripts: one file a topology, with its description, the settings of its internal
// topics, and every record of every topic. The format is in README.md.
package org.apache.kafka.streams;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.*;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.internals.InternalTopologyBuilder;
import org.apache.kafka.streams.processor.internals.InternalTopicConfig;
import org.apache.kafka.streams.test.TestRecord;

public class Recorder {
  // SCRIPTS OUT STATE [NAME ...]
  public static void main(String[] arguments) throws Exception {
    var scripts = Path.of(arguments[0]);
    var out = Path.of(arguments[1]);
    var only = Set.of(Arrays.copyOfRange(arguments, 3, arguments.length));
    for (var one : Topologies.ALL.entrySet()) {
      if (!only.isEmpty() && !only.contains(one.getKey())) continue;
      try (var writer = new PrintWriter(Files.newBufferedWriter(out.resolve(one.getKey() + ".txt")))) {
        new Recorder(one.getKey(), one.getValue().make(), writer, arguments[2]).record(scripts(scripts, one.getValue().scripts()));
      }
    }
  }

  private static List<Scripts.Script> scripts(Path folder, String which) throws Exception {
    var words = which.split(" ");
    var all = Scripts.read(folder.resolve(words[0] + ".txt"));
    return words.length == 1 ? all : all.subList(0, Integer.parseInt(words[1]));
  }

  private final String name;
  private final Topologies.Make make;
  private final PrintWriter out;
  private final Properties properties = new Properties();
  private final Map<String, Integer> topics = new LinkedHashMap<>();
  private final StringBuilder scripts = new StringBuilder();

  private Recorder(String name, Topologies.Make make, PrintWriter out, String state) {
    this.name = name;
    this.make = make;
    this.out = out;
    properties.put("application.id", "app");
    properties.put("bootstrap.servers", "nowhere:1");
    properties.put("default.key.serde", Serdes.StringSerde.class.getName());
    properties.put("default.value.serde", Serdes.StringSerde.class.getName());
    properties.put("statestore.cache.max.bytes", "0");
    properties.put("state.dir", state);
  }

  private Topology topology() {
    var builder = new StreamsBuilder();
    make.build(builder);
    return builder.build(properties);
  }

  private void record(List<Scripts.Script> all) {
    out.println("# Recorded from Kafka Streams 4.3.1 by tests/interop/streams-golden/record; not edited by hand.");
    out.println("topology " + name);
    var described = topology().describe().toString().stripTrailing();
    for (var line : described.split("\n")) out.println("| " + line.stripTrailing().replaceAll("extractor class: .*\\)", "extractor class: function)"));
    internal();
    for (var script : all) {
      scripts.append("script ").append(script.name()).append('\n');
      run(script);
    }
    topics.forEach((topic, number) -> out.println("topic " + number + " " + topic));
    out.print(scripts);
  }

  private void internal() {
    var builder = topology().internalTopologyBuilder;
    builder.rewriteTopology(new StreamsConfig(properties));
    builder.buildTopology();  // which connects stores with their changelogs
    var lines = new TreeSet<String>();
    for (InternalTopologyBuilder.TopicsInfo info : builder.subtopologyToTopicsInfo().values()) {
      for (var topic : info.repartitionSourceTopics.values()) lines.add(line("repartition", topic));
      for (var topic : info.stateChangelogTopics.values()) lines.add(line("changelog", topic));
    }
    lines.forEach(out::println);
  }
  private static String line(String kind, InternalTopicConfig topic) {
    var line = kind + " " + topic.name();
    if (topic.numberOfPartitions().isPresent()) line += " partitions=" + topic.numberOfPartitions().get();
    for (var entry : new TreeMap<>(topic.properties(Map.of(), 86400000L)).entrySet()) line += " " + entry.getKey() + "=" + entry.getValue();
    return line;
  }

  private void run(Scripts.Script script) {
    try (var driver = new TopologyTestDriver(topology(), properties, Instant.ofEpochMilli(0))) {
      for (var step : script.steps()) {
        scripts.append(step.line()).append('\n');
        if (step.wall() > 0) driver.advanceWallClockTime(Duration.ofMillis(step.wall()));
        else driver.createInputTopic(step.topic(), new ByteArraySerializer(), new ByteArraySerializer())
            .pipeInput(new TestRecord<>(bytes(step.key()), bytes(step.value()), Instant.ofEpochMilli(step.timestamp())));
        drain(driver);
      }
    }
  }

  private void drain(TopologyTestDriver driver) {
    for (var topic : new TreeSet<>(driver.producedTopicNames())) {
      var records = driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
      while (!records.isEmpty()) {
        var record = records.readRecord();
        scripts.append("> ").append(topics.computeIfAbsent(topic, t -> topics.size() + 1)).append(' ');
        scripts.append(token(record.key())).append(' ').append(token(record.value())).append(' ').append('@').append(record.timestamp() == null ? "~" : record.timestamp());
        for (var header : record.headers()) scripts.append(' ').append(header.key()).append('=').append(token(header.value()));
        scripts.append('\n');
      }
    }
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
  }

  // Text as it is, with %20 for a blank; what is no text as 0x and hex; ~ for null.
  static String token(byte[] bytes) {
    if (bytes == null) return "~";
    if (bytes.length == 0) return "\"\"";
    boolean text = true;
    for (byte b : bytes) text &= b >= 0x20 && b < 0x7f;
    if (!text) return "0x" + HexFormat.of().formatHex(bytes);
    return new String(bytes, StandardCharsets.US_ASCII).replace("%", "%25").replace(" ", "%20").replace("~", "%7e");
  }
}
