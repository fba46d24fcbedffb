import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.binary.BinaryStringData;

/** Texts that are parts of one text: a column's text costs no more than its place is known by, as in Hurtig. */
final class SharedText {
    private static final int NONSENSE_BYTES = 64 * 1024;

    private final MemorySegment[] segments;
    private final int length;

    private SharedText(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        segments = new MemorySegment[] {MemorySegmentFactory.wrap(bytes)};
        length = bytes.length;
    }

    /** Words of small letters. */
    static SharedText nonsense() {
        Draw draw = Draw.column(0);
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < NONSENSE_BYTES; at++) {
            long letter = Draw.below(draw.bits(at), 13 * 26);
            text.append(letter < 26 ? ' ' : (char) ('a' + letter % 26));
        }
        return new SharedText(text.toString());
    }

    /** A part of this length; by the bits, from anywhere. */
    StringData any(long bits, int length) {
        return part((int) Draw.below(bits, this.length - length), length);
    }

    private StringData part(int start, int length) {
        return BinaryStringData.fromAddress(segments, start, length);
    }

    /** A list of texts of which each row has one. */
    static final class Choices {
        private final SharedText text;
        private final int[] starts;

        Choices(List<String> choices) {
            text = new SharedText(String.join("", choices));
            starts = new int[choices.size() + 1];
            for (int at = 0; at < choices.size(); at++) {
                starts[at + 1] = starts[at] + choices.get(at).length();
            }
        }

        int count() {
            return starts.length - 1;
        }

        StringData get(int index) {
            return text.part(starts[index], starts[index + 1] - starts[index]);
        }
    }
}
