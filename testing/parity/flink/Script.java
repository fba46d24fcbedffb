import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of the corpus: settings and tables, then queries, each behind a line `--- its name`. */
final class Script {
    private static final Pattern SET = Pattern.compile("SET\\s+'([^']*)'\\s*=\\s*'([^']*)'");

    /** A query; where `ordered` stands behind its name, the order of its rows counts. */
    record Query(String title, String sql) {
        boolean isOrdered() {
            return title.endsWith(" ordered");
        }
    }

    final Map<String, String> settings = new LinkedHashMap<>();
    final List<String> header = new ArrayList<>();
    final List<Query> queries = new ArrayList<>();

    static Script parse(String text) {
        Script script = new Script();
        String[] parts = text.split("(?m)^--- ");
        script.header(parts[0]);
        for (int at = 1; at < parts.length; at++) {
            String[] query = parts[at].split("\n", 2);
            script.queries.add(new Query(query[0].strip(), bare(query[1])));
        }
        return script;
    }

    /** A statement ends where a line ends with a semicolon. */
    private void header(String text) {
        for (String statement : text.split("(?m);\\s*$")) {
            String sql = bare(statement);
            Matcher set = SET.matcher(sql);
            if (set.matches()) {
                settings.put(set.group(1), set.group(2));
            } else if (!sql.isEmpty()) {
                header.add(sql);
            }
        }
    }

    /** Without lines that are comments, and without the semicolon at the end. */
    private static String bare(String sql) {
        String lines = sql.lines().filter(line -> !line.startsWith("--")).reduce("", (all, line) -> all + line + "\n");
        String stripped = lines.strip();
        return stripped.endsWith(";") ? stripped.substring(0, stripped.length() - 1) : stripped;
    }
}
