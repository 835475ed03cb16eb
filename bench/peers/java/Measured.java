import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How a peer reports: one JSON line on standard output, as the other contestants do. */
public final class Measured {
  private Measured() {}

  public static void report(long events, long startedNanos) throws IOException {
    double seconds = (System.nanoTime() - startedNanos) / 1e9;
    System.out.println(
        "{\"events\":" + events + ",\"seconds\":" + seconds + ",\"rssMaxBytes\":" + rssMaxBytes() + "}");
  }

  /** The largest resident set of this process; 0 where the system has no /proc. */
  private static long rssMaxBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) return 0;
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
        .findFirst()
        .orElse(0);
  }
}
