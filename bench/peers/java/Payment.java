import java.io.IOException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** A payment of the benches' workload, as a plain object. Both peers decode it by hand from Avro's binary form: the quickest way there is in Java. */
public class Payment {
  public String userId;
  public double amount;
  public long occurredAt;

  private static final int WIRE_HEADER_BYTES = 5;

  /** Reads a value with the registry's wire header; `reuse` may be a decoder of the same thread, or null. */
  public static Payment decode(byte[] value, BinaryDecoder reuse) throws IOException {
    BinaryDecoder in =
        DecoderFactory.get().binaryDecoder(value, WIRE_HEADER_BYTES, value.length - WIRE_HEADER_BYTES, reuse);
    Payment payment = new Payment();
    in.skipString();
    payment.userId = in.readString();
    payment.amount = in.readDouble();
    in.readEnum();
    payment.occurredAt = in.readLong();
    return payment;
  }
}
