// What is piped into a topology: the scripts of a file, hand-written, and those that a line `random` stands for.
package org.apache.kafka.streams;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;

class Scripts {
  // `wall` > 0: the clock on the wall goes on by so many milliseconds. Else a record; null key or value: ~.
  record Step(String topic, String key, String value, long timestamp, long wall) {
    String line() {
      return wall > 0 ? "wall " + wall : "< " + topic + " " + text(key) + " " + text(value) + " @" + timestamp;
    }
    private static String text(String s) {
      return s == null ? "~" : Recorder.token(s.getBytes());
    }
  }
  record Script(String name, List<Step> steps) {}

  static List<Script> read(Path file) throws IOException {
    var scripts = new ArrayList<Script>();
    for (var line : Files.readAllLines(file)) {
      var words = line.strip().split(" +");
      switch (words[0]) {
        case "", "#" -> {}
        case "script" -> scripts.add(new Script(line.strip().substring(7), new ArrayList<>()));
        case "random" -> scripts.add(random(words));
        case "wall" -> scripts.get(scripts.size() - 1).steps().add(new Step(null, null, null, 0, Long.parseLong(words[1])));
        default -> scripts.get(scripts.size() - 1).steps().add(new Step(words[0], read(words[1]), read(words[2]), Long.parseLong(words[3].substring(1)), 0));
      }
    }
    return scripts;
  }

  private static String read(String token) {
    if (token.equals("~")) return null;
    return token.equals("\"\"") ? "" : token.replace("%20", " ");
  }

  // random SEED COUNT topics=a,b keys=.. values=.. step=N back=N jump=N: time goes on by less than `step`, a third of the
  // records are up to `back` older, one in a dozen jumps ahead by `jump`. # in a value: the number of the record.
  private static Script random(String[] words) {
    var random = new Random(Long.parseLong(words[1]));
    var options = new HashMap<String, String>();
    for (int i = 3; i < words.length; ++i) options.put(words[i].split("=")[0], words[i].split("=")[1]);
    var steps = new ArrayList<Step>();
    long now = 0;
    for (int i = 0; i < Integer.parseInt(words[2]); ++i) {
      now += random.nextInt(Integer.parseInt(options.get("step")));
      if (random.nextInt(12) == 0) now += Integer.parseInt(options.get("jump"));
      long at = random.nextInt(3) == 0 ? Math.max(0, now - random.nextInt(Integer.parseInt(options.get("back")))) : now;
      var topics = options.get("topics").split(",");
      var keys = options.get("keys").split(",");
      var values = options.get("values").split(",");
      steps.add(new Step(topics[random.nextInt(topics.length)], read(keys[random.nextInt(keys.length)]), read(values[random.nextInt(values.length)].replace("#", "" + i)), at, 0));
    }
    return new Script("random " + words[1], steps);
  }
}
