import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/**
 * What Java's Avro says, one JSON line per question. {"reader", "writer"} asks for the verdict of SchemaCompatibility; with "seed" and "count" also for random values, written
 * under the writer's schema and read under the reader's, in the canonical text that canonical-value.ts describes.
 */
public final class AvroOracle {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode question = JSON.readTree(line);
      Schema reader;
      Schema writer;
      try {
        reader = new Schema.Parser().parse(question.get("reader").toString());
        writer = new Schema.Parser().parse(question.get("writer").toString());
      } catch (AvroRuntimeException noSchema) {
        out.println(JSON.writeValueAsString(JSON.createObjectNode().put("noSchema", noSchema.getMessage())));
        continue;
      }
      ObjectNode answer = verdict(reader, writer);
      if (question.has("seed")) {
        Random random = new Random(question.get("seed").asLong());
        ArrayNode values = answer.putArray("values");
        for (int i = question.get("count").asInt(); i > 0; i--) values.add(example(random, reader, writer));
      }
      out.println(JSON.writeValueAsString(answer));
    }
    out.flush();
  }

  private static ObjectNode verdict(Schema reader, Schema writer) {
    ObjectNode answer = JSON.createObjectNode();
    ArrayNode found = answer.putArray("incompatibilities");
    try {
      for (SchemaCompatibility.Incompatibility one :
          SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult().getIncompatibilities()) {
        found.addObject().put("type", one.getType().name()).put("location", one.getLocation()).put("message", one.getMessage());
      }
    } catch (AvroRuntimeException gaveUp) {
      found.removeAll().addObject().put("type", "CHECKER_EXCEPTION");
    }
    return answer;
  }

  private static ObjectNode example(Random random, Schema reader, Schema writer) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<Object>(writer).write(value(random, writer, 0), encoder);
    encoder.flush();
    ObjectNode answer = JSON.createObjectNode().put("hex", HexFormat.of().formatHex(bytes.toByteArray()));
    try {
      Object read = new GenericDatumReader<Object>(writer, reader)
          .read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null));
      answer.set("value", canonical(reader, read));
    } catch (AvroRuntimeException refused) {
      answer.put("refused", refused.getMessage());
    }
    return answer;
  }

  private static Object value(Random random, Schema schema, int depth) {
    switch (schema.getType()) {
      case NULL: return null;
      case BOOLEAN: return random.nextBoolean();
      case INT: return random.nextInt() >> random.nextInt(32);
      case LONG: return random.nextLong() >> random.nextInt(64);
      case FLOAT: return Float.intBitsToFloat(random.nextInt() & 0xBFFFFFFF);
      case DOUBLE: return random.nextInt(4) == 0 ? Math.rint(random.nextGaussian() * 1e6) : random.nextGaussian() * 1e12;
      case STRING: return text(random);
      case BYTES: return ByteBuffer.wrap(text(random).getBytes(StandardCharsets.UTF_8));
      case FIXED: {
        byte[] bytes = new byte[schema.getFixedSize()];
        random.nextBytes(bytes);
        return new GenericData.Fixed(schema, bytes);
      }
      case ENUM: {
        List<String> symbols = schema.getEnumSymbols();
        return new GenericData.EnumSymbol(schema, symbols.get(random.nextInt(symbols.size())));
      }
      case ARRAY: {
        List<Object> items = new ArrayList<>();
        for (int i = depth > 4 ? 0 : random.nextInt(3); i > 0; i--) items.add(value(random, schema.getElementType(), depth + 1));
        return items;
      }
      case MAP: {
        Map<String, Object> entries = new HashMap<>();
        for (int i = depth > 4 ? 0 : random.nextInt(3); i > 0; i--) entries.put("k" + text(random), value(random, schema.getValueType(), depth + 1));
        return entries;
      }
      case UNION: {
        int branches = schema.getTypes().size();
        Integer none = schema.getIndexNamed("null");
        int branch = depth > 4 && none != null ? none : random.nextInt(branches);
        return value(random, schema.getTypes().get(branch), depth + 1);
      }
      default: {
        GenericData.Record made = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) made.put(field.pos(), value(random, field.schema(), depth + 1));
        return made;
      }
    }
  }

  private static String text(Random random) {
    String[] parts = {"a", "Z", "0", "é", "漢", "😀", " "};
    StringBuilder made = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) made.append(parts[random.nextInt(parts.length)]);
    return made.toString();
  }

  private static JsonNode canonical(Schema schema, Object value) {
    switch (schema.getType()) {
      case NULL: return JSON.nullNode();
      case BOOLEAN: return JSON.getNodeFactory().textNode("z" + value);
      case INT: case LONG: return JSON.getNodeFactory().textNode("i" + value);
      case FLOAT: case DOUBLE:
        return JSON.getNodeFactory().textNode("d" + HexFormat.of().toHexDigits(Double.doubleToLongBits(((Number) value).doubleValue())));
      case STRING: case ENUM: return JSON.getNodeFactory().textNode("s" + value);
      case FIXED: return JSON.getNodeFactory().textNode("b" + HexFormat.of().formatHex(((GenericData.Fixed) value).bytes()));
      case BYTES: {
        ByteBuffer bytes = ((ByteBuffer) value).duplicate();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return JSON.getNodeFactory().textNode("b" + HexFormat.of().formatHex(copy));
      }
      case ARRAY: {
        ArrayNode items = JSON.createArrayNode();
        for (Object item : (List<?>) value) items.add(canonical(schema.getElementType(), item));
        return items;
      }
      case MAP: {
        ObjectNode entries = JSON.createObjectNode();
        ((Map<?, ?>) value).forEach((key, entry) -> entries.set(key.toString(), canonical(schema.getValueType(), entry)));
        return entries;
      }
      case UNION: {
        Schema branch = schema.getTypes().get(GenericData.get().resolveUnion(schema, value));
        JsonNode inner = canonical(branch, value);
        if (branch.getType() == Schema.Type.NULL) return inner;
        return JSON.createObjectNode().set("<" + branch.getFullName() + ">", inner);
      }
      default: {
        ObjectNode fields = JSON.createObjectNode();
        GenericData.Record made = (GenericData.Record) value;
        for (Schema.Field field : schema.getFields()) fields.set(field.name(), canonical(field.schema(), made.get(field.pos())));
        return fields;
      }
    }
  }
}
