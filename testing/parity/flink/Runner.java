import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.CloseableIterator;

/**
 * Asks Flink every query of the corpus, and writes down what it answers.
 *
 * <p>Arguments: the directory with corpus and data, the directory to write to, and, if not all are wanted, what the names of the files
 * to ask begin with. One process asks them all: Java takes long to start.
 */
public final class Runner {
    private static final long TIMEOUT_SECONDS = 60;
    private static final int SIDE_BY_SIDE = 6;

    private final Path home;
    private final Path out;
    private final int port;
    private final ExecutorService worker =
            Executors.newCachedThreadPool(
                    task -> {
                        Thread thread = new Thread(task);
                        thread.setDaemon(true);
                        return thread;
                    });

    private Runner(Path home, Path out, int port) {
        this.home = home;
        this.out = out;
        this.port = port;
    }

    public static void main(String[] args) throws Exception {
        Runner runner = new Runner(Path.of(args[0]).toAbsolutePath(), Path.of(args[1]), startCluster());
        String wanted = args.length > 2 ? args[2] : "";
        Path corpus = runner.home.resolve("corpus");
        List<Path> files;
        try (Stream<Path> found = Files.walk(corpus)) {
            files = found.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
        }
        for (Path file : files) {
            String name = corpus.relativize(file).toString().replace(".sql", "");
            if (name.startsWith(wanted)) {
                runner.file(name, Files.readString(file));
            }
        }
        System.exit(0); // Flink leaves threads behind.
    }

    /** One cluster for all queries, spoken to as if it were elsewhere: a cluster for each would take six seconds a query. */
    private static int startCluster() throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("rest.address", "localhost");
        configuration.setString("rest.bind-port", "0");
        configuration.setString("taskmanager.memory.network.min", "64mb");
        MiniClusterConfiguration.Builder cluster = new MiniClusterConfiguration.Builder();
        cluster.setConfiguration(configuration).setNumTaskManagers(1).setNumSlotsPerTaskManager(SIDE_BY_SIDE);
        MiniCluster running = new MiniCluster(cluster.build());
        running.start();
        return running.getRestAddress().get().getPort();
    }

    /** A file: what its header creates is there for all its queries. */
    private void file(String name, String text) throws IOException {
        long start = System.nanoTime();
        Script script = Script.parse(text.replace("${data}", home.resolve("data").toString()));
        TableEnvironment tables = environment(script);
        StringBuilder answers = new StringBuilder();
        List<Future<List<String>>> running = new ArrayList<>();
        for (Script.Query query : script.queries) {
            running.add(start(tables, query));
            if (running.size() >= SIDE_BY_SIDE) {
                answer(running.get(running.size() - SIDE_BY_SIDE));
            }
        }
        for (int at = 0; at < running.size(); at++) {
            answers.append("--- ").append(script.queries.get(at).title()).append('\n');
            answer(running.get(at)).forEach(line -> answers.append(line).append('\n'));
        }
        Path target = out.resolve(name + ".txt");
        Files.createDirectories(target.getParent());
        Files.writeString(target, answers.toString());
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
        System.out.printf("%s: %d queries, %d s%n", name, script.queries.size(), seconds);
    }

    private TableEnvironment environment(Script script) {
        boolean batch = script.settings.getOrDefault("execution.runtime-mode", "").equals("batch");
        StreamExecutionEnvironment cluster = StreamExecutionEnvironment.createRemoteEnvironment("localhost", port, client());
        cluster.setParallelism(1);
        EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance();
        TableEnvironment tables =
                StreamTableEnvironment.create(cluster, (batch ? settings.inBatchMode() : settings.inStreamingMode()).build());
        tables.getConfig().set("table.local-time-zone", "UTC");
        script.settings.forEach(tables.getConfig()::set);
        script.header.forEach(tables::executeSql);
        return tables;
    }

    /** Answers are asked for again soon: the seconds that it waits otherwise would be most of the time. */
    private static Configuration client() {
        Configuration client = new Configuration();
        client.setString("rest.retry.delay", "50 ms");
        return client;
    }

    /**
     * The rows of a query, to be waited for: several run side by side. Planned in one thread, for Flink's planner keeps things by
     * thread.
     */
    private Future<List<String>> start(TableEnvironment tables, Script.Query query) {
        try {
            TableResult running = tables.executeSql(query.sql());
            return worker.submit(() -> ask(running, query));
        } catch (Exception failed) {
            return CompletableFuture.failedFuture(failed);
        }
    }

    private static List<String> answer(Future<List<String>> rows) {
        try {
            return rows.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            rows.cancel(true); // Which closes the iterator, and with it the job.
            return List.of("ERROR no end after " + TIMEOUT_SECONDS + " s");
        } catch (ExecutionException | InterruptedException failed) {
            return List.of("ERROR " + cause(failed));
        }
    }

    /** The types of the columns, then the rows that the changes leave. */
    private static List<String> ask(TableResult result, Script.Query query) throws Exception {
        List<LogicalType> types =
                result.getResolvedSchema().getColumnDataTypes().stream().map(type -> type.getLogicalType()).toList();
        List<String> lines = new ArrayList<>();
        try (CloseableIterator<Row> rows = result.collect()) {
            while (rows.hasNext()) {
                change(lines, rows.next(), types);
            }
        }
        if (!query.isOrdered()) {
            lines = sorted(lines);
        }
        lines.add(0, ": " + String.join(", ", types.stream().map(Text::type).toList()));
        return lines;
    }

    private static void change(List<String> lines, Row row, List<LogicalType> types) {
        List<String> cells = new ArrayList<>();
        for (int at = 0; at < types.size(); at++) {
            cells.add(Text.value(row.getField(at), types.get(at)));
        }
        String line = String.join(" | ", cells);
        boolean adds = row.getKind() == RowKind.INSERT || row.getKind() == RowKind.UPDATE_AFTER;
        if (adds) {
            lines.add(line);
        } else if (!lines.remove(line)) {
            lines.add("TAKEN AWAY, AND NOT THERE: " + line);
        }
    }

    /** By the bytes of their UTF-8, as Rust sorts; Java would sort by UTF-16. */
    private static List<String> sorted(List<String> lines) {
        TreeMap<int[], List<String>> byCodePoints = new TreeMap<>(java.util.Arrays::compare);
        lines.forEach(line -> byCodePoints.computeIfAbsent(line.codePoints().toArray(), key -> new ArrayList<>()).add(line));
        List<String> sorted = new ArrayList<>();
        byCodePoints.values().forEach(sorted::addAll);
        return sorted;
    }

    /** The innermost cause: the one that says what is wrong. */
    private static String cause(Throwable failed) {
        Throwable cause = failed;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = String.valueOf(cause.getMessage()).strip();
        String line = message.lines().findFirst().orElse("");
        return (cause.getClass().getSimpleName() + ": " + line).strip();
    }
}
