import java.nio.ByteBuffer;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * What one subtask makes: every so manyth block of event numbers, so that subtasks stay together in event time.
 *
 * @param subtask whose it is
 * @param subtasks how many there are
 * @param next the number that begins the next round
 */
record Stride(int subtask, int subtasks, long next) implements SourceSplit {
    private static final long BLOCK = 1000;

    static Stride first(int subtask, int subtasks) {
        return new Stride(subtask, subtasks, subtask * BLOCK);
    }

    /** The number that begins the round after one. */
    long after(long round) {
        long next = round + Kind.ROUND;
        return next % BLOCK == 0 ? next + BLOCK * (subtasks - 1) : next;
    }

    Stride at(long next) {
        return new Stride(subtask, subtasks, next);
    }

    @Override
    public String splitId() {
        return Integer.toString(subtask);
    }

    static final class Serializer implements SimpleVersionedSerializer<Stride> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(Stride stride) {
            ByteBuffer bytes = ByteBuffer.allocate(16);
            return bytes.putInt(stride.subtask).putInt(stride.subtasks).putLong(stride.next).array();
        }

        @Override
        public Stride deserialize(int version, byte[] serialized) {
            ByteBuffer bytes = ByteBuffer.wrap(serialized);
            return new Stride(bytes.getInt(), bytes.getInt(), bytes.getLong());
        }
    }
}
