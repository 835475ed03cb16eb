import java.io.Serializable;
import java.nio.ByteBuffer;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;

/** One row of the result: the payments of a user in a minute. Sums are added one after another, as the frameworks' own do. */
public class Metrics implements Serializable {
  /** The row's upsert; the database's driver rewrites a batch of them into one statement of many rows. */
  public static final String UPSERT =
      "insert into payment_metrics (user_id, window_start, payments, total, smallest, largest) values (?, ?, ?, ?, ?, ?)"
          + " on conflict (user_id, window_start) do update set payments = excluded.payments, total = excluded.total,"
          + " smallest = excluded.smallest, largest = excluded.largest";

  public String userId;
  public long windowStart;
  public long payments;
  public double total;
  public double smallest = Double.POSITIVE_INFINITY;
  public double largest = Double.NEGATIVE_INFINITY;

  public Metrics add(Payment payment) {
    payments += 1;
    total += payment.amount;
    smallest = Math.min(smallest, payment.amount);
    largest = Math.max(largest, payment.amount);
    return this;
  }

  public void bind(PreparedStatement statement) throws SQLException {
    statement.setString(1, userId);
    statement.setTimestamp(2, new Timestamp(windowStart));
    statement.setLong(3, payments);
    statement.setDouble(4, total);
    statement.setDouble(5, smallest);
    statement.setDouble(6, largest);
  }

  /** The measures alone, for a state store: 32 bytes. */
  public byte[] toBytes() {
    return ByteBuffer.allocate(32).putLong(payments).putDouble(total).putDouble(smallest).putDouble(largest).array();
  }

  public static Metrics ofBytes(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    Metrics metrics = new Metrics();
    metrics.payments = in.getLong();
    metrics.total = in.getDouble();
    metrics.smallest = in.getDouble();
    metrics.largest = in.getDouble();
    return metrics;
  }
}
