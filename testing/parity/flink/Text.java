import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.MultisetType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.types.Row;

/** Values and types in the one form that both sides write: see README.md. `src/text.rs` is its other half. */
final class Text {
    private Text() {}

    static String type(LogicalType type) {
        return switch (type.getTypeRoot()) {
            case CHAR, VARCHAR -> "STRING";
            case BINARY, VARBINARY -> "BYTES";
            case INTEGER -> "INT";
            case DECIMAL -> "DECIMAL(" + ((DecimalType) type).getPrecision() + ", " + ((DecimalType) type).getScale() + ")";
            case TIME_WITHOUT_TIME_ZONE -> "TIME";
            case TIMESTAMP_WITHOUT_TIME_ZONE -> "TIMESTAMP(" + digits(((TimestampType) type).getPrecision()) + ")";
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
                    "TIMESTAMP_LTZ(" + digits(((LocalZonedTimestampType) type).getPrecision()) + ")";
            case INTERVAL_YEAR_MONTH -> "INTERVAL MONTH";
            case INTERVAL_DAY_TIME -> "INTERVAL SECOND";
            case ARRAY -> "ARRAY<" + type(((ArrayType) type).getElementType()) + ">";
            case MAP -> "MAP<" + type(((MapType) type).getKeyType()) + ", " + type(((MapType) type).getValueType()) + ">";
            case MULTISET -> "MULTISET<" + type(((MultisetType) type).getElementType()) + ">";
            case ROW, STRUCTURED_TYPE -> "ROW<" + String.join(", ", type.getChildren().stream().map(Text::type).toList()) + ">";
            default -> type.getTypeRoot().name();
        };
    }

    /** Times have as many digits as the unit that they are kept in: milli-, micro- or nanoseconds. */
    private static int digits(int precision) {
        return precision <= 3 ? 3 : precision <= 6 ? 6 : 9;
    }

    static String value(Object value, LogicalType type) {
        if (value == null) {
            return "NULL";
        }
        return switch (type.getTypeRoot()) {
            case CHAR, VARCHAR -> quoted(value.toString());
            case BINARY, VARBINARY -> bytes((byte[]) value);
            case DECIMAL -> ((BigDecimal) value).toPlainString();
            case FLOAT -> shortest(value.toString(), (Float) value, text -> Float.parseFloat(text) == (Float) value);
            case DOUBLE -> shortest(value.toString(), (Double) value, text -> Double.parseDouble(text) == (Double) value);
            case DATE -> ((LocalDate) value).toString();
            case TIME_WITHOUT_TIME_ZONE -> time((LocalTime) value);
            case TIMESTAMP_WITHOUT_TIME_ZONE -> timestamp((LocalDateTime) value, ((TimestampType) type).getPrecision());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
                    timestamp(
                                    LocalDateTime.ofInstant((Instant) value, ZoneOffset.UTC),
                                    ((LocalZonedTimestampType) type).getPrecision())
                            + "Z";
            case INTERVAL_YEAR_MONTH -> ((Period) value).toTotalMonths() + " months";
            case INTERVAL_DAY_TIME -> ((Duration) value).toMillis() + " ms";
            case ARRAY -> array(value, ((ArrayType) type).getElementType());
            case MAP -> map((Map<?, ?>) value, ((MapType) type).getKeyType(), ((MapType) type).getValueType());
            case MULTISET -> map((Map<?, ?>) value, ((MultisetType) type).getElementType(), new IntType());
            case ROW, STRUCTURED_TYPE -> row((Row) value, type.getChildren());
            default -> value.toString();
        };
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "'";
    }

    private static String bytes(byte[] bytes) {
        StringBuilder hex = new StringBuilder("x'");
        for (byte one : bytes) {
            hex.append(String.format("%02x", one));
        }
        return hex.append('\'').toString();
    }

    private interface ReadsBack {
        boolean test(String text);
    }

    /** The fewest digits that are read back as the same number: Java 17 sometimes has more. */
    private static String shortest(String text, double value, ReadsBack same) {
        if (Double.isNaN(value) || Double.isInfinite(value) || value == 0) {
            return text;
        }
        BigDecimal exact = new BigDecimal(text);
        for (int digits = 1; digits <= 17; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (same.test(rounded.toString())) {
                return plain(rounded.stripTrailingZeros());
            }
        }
        return plain(exact);
    }

    /** `1.5`, `100.0`; very large and very small ones as `1.5e300`. */
    private static String plain(BigDecimal value) {
        int exponent = value.precision() - value.scale() - 1;
        if (exponent >= -7 && exponent < 17) {
            return value.setScale(Math.max(value.scale(), 1)).toPlainString();
        }
        String digits = value.unscaledValue().abs().toString();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        return (value.signum() < 0 ? "-" : "") + digits.charAt(0) + fraction + "e" + exponent;
    }

    private static String time(LocalTime time) {
        return time.format(DateTimeFormatter.ofPattern("HH:mm:ss.SSS"));
    }

    private static String timestamp(LocalDateTime time, int precision) {
        return time.format(DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss." + "S".repeat(digits(precision))));
    }

    private static String array(Object array, LogicalType element) {
        List<String> items = new ArrayList<>();
        for (int at = 0; at < Array.getLength(array); at++) {
            items.add(value(Array.get(array, at), element));
        }
        return "[" + String.join(", ", items) + "]";
    }

    private static String map(Map<?, ?> map, LogicalType key, LogicalType value) {
        TreeSet<String> entries = new TreeSet<>();
        map.forEach((one, other) -> entries.add(value(one, key) + "=" + value(other, value)));
        return "{" + String.join(", ", entries) + "}";
    }

    private static String row(Row row, List<LogicalType> types) {
        List<String> fields = new ArrayList<>();
        for (int at = 0; at < types.size(); at++) {
            fields.add(value(row.getField(at), types.get(at)));
        }
        return "(" + String.join(", ", fields) + ")";
    }
}
