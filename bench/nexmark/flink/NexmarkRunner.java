import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.api.TableException;
import org.apache.flink.table.api.ValidationException;

/**
 * Runs a query of Nexmark with Flink, and prints what it took as a line of JSON, with the keys of `hurtig bench nexmark --json`.
 *
 * <p>Arguments: the directory of the scripts, the query, the number of events, the parallelism, and options as KEY=VALUE. A query to a
 * process, so that memory is its own; it runs once before it is measured, with fewer events, because Java compiles what runs often.
 */
public final class NexmarkRunner {
    private static final long WARM_UP_EVENTS_MIN = 1_000_000;

    private final Path scripts;
    private final String query;
    private final Session session;

    private NexmarkRunner(Path scripts, String query, Session session) {
        this.scripts = scripts;
        this.query = query;
        this.session = session;
    }

    public static void main(String[] args) throws Exception {
        long events = Long.parseLong(args[2]);
        Session session = new Session(Integer.parseInt(args[3]), options(args));
        NexmarkRunner runner = new NexmarkRunner(Path.of(args[0]), args[1], session);
        System.out.println(runner.measured(events));
        System.exit(0); // Flink leaves threads behind.
    }

    /** What Flink's documentation says to set for throughput; those that are given come above it. */
    private static Map<String, String> options(String[] args) {
        Map<String, String> options = new HashMap<>();
        options.put("table.local-time-zone", "UTC");
        options.put("table.exec.mini-batch.enabled", "true");
        options.put("table.exec.mini-batch.allow-latency", "2s");
        options.put("table.exec.mini-batch.size", "50000");
        options.put("table.optimizer.distinct-agg.split.enabled", "true");
        options.put("pipeline.object-reuse", "true");
        for (int at = 4; at < args.length; at++) {
            String[] option = args[at].split("=", 2);
            options.put(option[0], option[1]);
        }
        return options;
    }

    private ObjectNode measured(long events) throws Exception {
        ObjectNode line = JsonNodeFactory.instance.objectNode().put("query", query);
        try {
            run(Math.max(events / 10, WARM_UP_EVENTS_MIN));
        } catch (TableException | ValidationException refused) {
            return line.put("refused", innermost(refused));
        }
        System.gc(); // What the first run has left is not the second one's.
        double cpuBefore = cpuSeconds();
        double seconds = run(events);
        return line.put("events", events)
                .put("seconds", rounded(seconds))
                .put("events_per_second", Math.round(events / seconds))
                .put("cpu_seconds", rounded(cpuSeconds() - cpuBefore))
                .put("peak_rss_mib", rounded(peakKib() / 1024));
    }

    /** Runs the query to its end, which takes so many seconds. */
    private double run(long events) throws Exception {
        Path directory = Files.createTempDirectory("nexmark");
        try {
            Files.write(
                    directory.resolve("side_input.csv"),
                    (Iterable<String>) IntStream.range(0, 10_000).mapToObj(key -> key + ",value " + key)::iterator);
            String script = filled(scripts.resolve("tables.sql"), events, directory) + filled(query(), events, directory);
            long start = System.nanoTime();
            session.run(script);
            return (System.nanoTime() - start) / 1e9;
        } finally {
            delete(directory);
        }
    }

    /** The query's script: one for Flink alone, where that of Hurtig is not for it. */
    private Path query() {
        Path own = scripts.resolve("flink").resolve(query + ".sql");
        return Files.exists(own) ? own : scripts.resolve(query + ".sql");
    }

    /** A script, with what it is told. */
    private static String filled(Path script, long events, Path directory) throws IOException {
        return Files.readString(script)
                .replace("${events}", Long.toString(events))
                .replace("${full-rows}", "false")
                .replace("${directory}", directory.toString());
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static double cpuSeconds() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime() / 1e9;
    }

    /** The greatest resident set of this process so far. */
    private static double peakKib() throws IOException {
        String peak =
                Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmHWM:"))
                        .findFirst()
                        .orElseThrow();
        return Double.parseDouble(peak.replaceAll("\\D", ""));
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    /** The first line of the innermost cause: the one that says what is wrong. */
    private static String innermost(Throwable failed) {
        Throwable cause = failed;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage()).strip().lines().findFirst().orElse("");
    }
}
