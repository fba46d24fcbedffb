import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Runs the scripts that are its arguments as one, to their end. */
public final class NexmarkRows {
    private NexmarkRows() {}

    public static void main(String[] args) throws Exception {
        StringBuilder script = new StringBuilder();
        for (String file : args) {
            script.append(Files.readString(Path.of(file)));
        }
        new Session(2, Map.of()).run(script.toString());
        System.exit(0); // Flink leaves threads behind.
    }
}
