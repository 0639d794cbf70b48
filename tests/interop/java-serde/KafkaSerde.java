// Makes messages with Apache Kafka's own classes and prints their bytes, so that ours can be compared.
//
// Reads lines "NAME VERSION SEED" and answers "NAME VERSION SEED HEX", or "NAME VERSION SEED - REASON" for what this
// release of Kafka does not have. The values follow the rule in src/protocol/testing/filler.h: they depend on the seed
// and on the path of each field only.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;

public class KafkaSerde {
    private static final String[] PLACES = {
        "org.apache.kafka.common.message.%sData",
        "org.apache.kafka.common.message.%s",
        "org.apache.kafka.common.metadata.%s",
        "org.apache.kafka.coordinator.group.generated.%s",
        "org.apache.kafka.coordinator.transaction.generated.%s",
        "org.apache.kafka.coordinator.share.generated.%s",
        "org.apache.kafka.raft.generated.%s",
        "org.apache.kafka.storage.internals.log.generated.%s",
        "org.apache.kafka.storage.generated.%s",
        "org.apache.kafka.server.log.remote.metadata.storage.generated.%s",
    };

    /** What this release of Kafka cannot do; not a difference. */
    private static final class Unsupported extends Exception {
        Unsupported(String why) {
            super(why);
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.trim().split(" ");
            String answer;
            try {
                byte[] bytes = make(words[0], Short.parseShort(words[1]), Integer.parseUnsignedInt(words[2]));
                answer = bytes.length == 0 ? "empty" : HexFormat.of().formatHex(bytes);
            } catch (Unsupported e) {
                answer = "- " + e.getMessage();
            }
            System.out.println(line.trim() + " " + answer);
        }
    }

    private static byte[] make(String name, short version, int seed) throws Exception {
        Class<?> type = find(name);
        Schema[] schemas = (Schema[]) type.getField("SCHEMAS").get(null);
        if (version >= schemas.length || schemas[version] == null) throw new Unsupported("no such version");
        Message message = (Message) type.getDeclaredConstructor().newInstance();
        new KafkaSerde(seed).fill(message, schemas[version], "");
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        if (buffer.hasRemaining()) throw new IllegalStateException(name + " is shorter than it said");
        return buffer.array();
    }

    private static Class<?> find(String name) throws Unsupported {
        for (String place : PLACES) {
            try {
                return Class.forName(String.format(place, name));
            } catch (ClassNotFoundException e) {
                // the next place may have it
            }
        }
        throw new Unsupported("no such message");
    }

    private final int seed;

    private KafkaSerde(int seed) {
        this.seed = seed;
    }

    // ------------------------------------------------------------------------------------------------ the rule

    private static int mix(int x) {
        x ^= x >>> 16;
        x *= 0x7feb352d;
        x ^= x >>> 15;
        x *= 0x846ca68b;
        return x ^ x >>> 16;
    }

    private static long wide(int high) {
        return (long) high << 32 | Integer.toUnsignedLong(mix(high + 1));
    }

    private int mixed(String path) {
        return mix(path.hashCode() + seed);
    }

    private static int choose(int mixed, int below) {
        return Integer.remainderUnsigned(mixed, below);
    }

    private byte[] bytes(int mixed) {
        byte[] bytes = new byte[choose(mixed, 20)];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (mixed + 7 * i);
        return bytes;
    }

    private static String text(int mixed) {
        String digits = Integer.toHexString(mixed);
        return digits.substring(0, Math.min(digits.length(), choose(mixed, 9)));
    }

    // ------------------------------------------------------------------------------------------------ reflection

    private void fill(Object message, Schema schema, String path) throws Exception {
        for (BoundField bound : schema.fields()) {
            if (bound.def.type instanceof TaggedFields tagged) {
                for (var field : fields(tagged).values()) set(message, field, path);
            } else {
                set(message, bound.def, path);
            }
        }
    }

    private static String plain(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    private void set(Object message, org.apache.kafka.common.protocol.types.Field field, String outer)
            throws Exception {
        String name = plain(field.name);
        for (Field member : message.getClass().getDeclaredFields()) {
            if (Modifier.isStatic(member.getModifiers()) || !plain(member.getName()).equals(name)) continue;
            member.setAccessible(true);
            member.set(message, value(field.type, member, outer + name));
            return;
        }
        throw new IllegalStateException(message.getClass() + " has no member for " + field.name);
    }

    private Object value(Type type, Field member, String path) throws Exception {
        boolean records = type.toString().contains("RECORDS");
        if (type.isNullable() && !records && choose(mixed(path + "?"), 7) == 0) return null;
        if (type.isArray()) return array(type.arrayElementType().get(), member, path);
        if (type instanceof Schema schema) return struct(schema, member.getType(), path);
        return scalar(type, member.getType(), path);
    }

    private Object struct(Schema schema, Class<?> type, String path) throws Exception {
        Object struct = type.getDeclaredConstructor().newInstance();
        fill(struct, schema, path);
        return struct;
    }

    /** Collections with a key are subclasses of a list-like one; their element type is the type argument. */
    @SuppressWarnings("unchecked")
    private Object array(Type element, Field member, String path) throws Exception {
        boolean list = member.getGenericType() instanceof ParameterizedType;
        ParameterizedType generic = (ParameterizedType) (list ? member.getGenericType()
                                                              : member.getType().getGenericSuperclass());
        Class<?> type = (Class<?>) generic.getActualTypeArguments()[0];
        Collection<Object> values =
            list ? new ArrayList<>() : (Collection<Object>) member.getType().getDeclaredConstructor().newInstance();
        int count = choose(mixed(path), 4);
        for (int i = 0; i < count; i++) {
            Object value = element instanceof Schema schema ? struct(schema, type, path + i) : scalar(element, type, path + i);
            if (!values.add(value)) throw new IllegalStateException("element not accepted at " + path);
        }
        return values;
    }

    private Object scalar(Type wire, Class<?> type, String path) throws Exception {
        int mixed = mixed(path);
        if (type == boolean.class) return (mixed & 1) != 0;
        if (type == byte.class || type == Byte.class) return (byte) mixed;
        if (type == short.class || type == Short.class) return (short) mixed;
        // An unsigned number of 16 bits is an int in Java, one of 32 bits a long.
        if (type == int.class || type == Integer.class) return wire == Type.UINT16 ? mixed & 0xffff : mixed;
        if (type == long.class || type == Long.class) {
            return wire == Type.UNSIGNED_INT32 ? Integer.toUnsignedLong(mixed) : wide(mixed);
        }
        if (type == double.class) return mixed / 8.0;
        if (type == Uuid.class) return new Uuid(wide(mixed), wide(mix(mixed + 2)));
        if (type == String.class) return text(mixed);
        if (type == byte[].class) return bytes(mixed);
        if (type == ByteBuffer.class) return ByteBuffer.wrap(bytes(mixed));
        return records(bytes(mixed));
    }

    /** The class moved to another package between releases. */
    private static Object records(byte[] bytes) throws Exception {
        for (String place : new String[] {"internal.", ""}) {
            try {
                return Class.forName("org.apache.kafka.common.record." + place + "MemoryRecords")
                    .getMethod("readableRecords", ByteBuffer.class)
                    .invoke(null, ByteBuffer.wrap(bytes));
            } catch (ClassNotFoundException e) {
                // the next place may have it
            }
        }
        throw new IllegalStateException("no MemoryRecords");
    }

    @SuppressWarnings("unchecked")
    private static Map<Integer, org.apache.kafka.common.protocol.types.Field> fields(TaggedFields tagged)
            throws Exception {
        Field member = TaggedFields.class.getDeclaredField("fields");
        member.setAccessible(true);
        return (Map<Integer, org.apache.kafka.common.protocol.types.Field>) member.get(tagged);
    }
}
