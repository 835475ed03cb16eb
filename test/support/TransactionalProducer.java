import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes transactions of ten records to partition 0: committed, aborted, committed, aborted; so the log ends with records nobody may see. */
public class TransactionalProducer {
  public static void main(String[] args) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("transactional.id", args[1]);
    settings.put("linger.ms", "0");
    settings.put("compression.type", args[2]);
    StringSerializer text = new StringSerializer();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, text, text)) {
      producer.initTransactions();
      for (int transaction = 0; transaction < 4; transaction++) {
        producer.beginTransaction();
        for (int i = 0; i < 10; i++) {
          String value = "transaction-" + transaction + "-record-" + i + "-" + "x".repeat(200);
          producer.send(new ProducerRecord<>(args[1], 0, "key", value));
        }
        producer.flush();
        if (transaction % 2 == 0) producer.commitTransaction();
        else producer.abortTransaction();
      }
    }
  }
}
