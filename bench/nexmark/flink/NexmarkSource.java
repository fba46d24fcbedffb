import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/** The events of one kind among the first so many events: the same rows as Hurtig's connector makes. */
final class NexmarkSource implements Source<RowData, Stride, Void> {
    private final Kind kind;
    private final List<String> columns;
    private final long events;

    NexmarkSource(Kind kind, List<String> columns, long events) {
        this.kind = kind;
        this.columns = columns;
        this.events = events;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<RowData, Stride> createReader(SourceReaderContext context) {
        return new NexmarkReader(context, kind, makers(), events);
    }

    private Column[] makers() {
        SharedText text = SharedText.nonsense();
        Map<String, Column> known =
                switch (kind) {
                    case PERSON -> Persons.columns(text);
                    case AUCTION -> Auctions.columns(text);
                    case BID -> Bids.columns(text);
                };
        return columns.stream().map(known::get).toArray(Column[]::new);
    }

    @Override
    public SplitEnumerator<Stride, Void> createEnumerator(SplitEnumeratorContext<Stride> context) {
        return new Strides(context);
    }

    @Override
    public SplitEnumerator<Stride, Void> restoreEnumerator(SplitEnumeratorContext<Stride> context, Void checkpoint) {
        return new Strides(context);
    }

    @Override
    public SimpleVersionedSerializer<Stride> getSplitSerializer() {
        return new Stride.Serializer();
    }

    @Override
    public SimpleVersionedSerializer<Void> getEnumeratorCheckpointSerializer() {
        return new Nothing();
    }

    /** Gives each subtask its stride when it asks. One that is restored has its own already. */
    private record Strides(SplitEnumeratorContext<Stride> context) implements SplitEnumerator<Stride, Void> {
        @Override
        public void handleSplitRequest(int subtask, String host) {
            context.assignSplit(Stride.first(subtask, context.currentParallelism()), subtask);
        }

        /** Whoever had them asks again, and gets the same. */
        @Override
        public void addSplitsBack(List<Stride> strides, int subtask) {}

        @Override
        public void addReader(int subtask) {}

        @Override
        public Void snapshotState(long checkpoint) {
            return null;
        }

        @Override
        public void start() {}

        @Override
        public void close() {}
    }

    private static final class Nothing implements SimpleVersionedSerializer<Void> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(Void nothing) {
            return new byte[0];
        }

        @Override
        public Void deserialize(int version, byte[] serialized) {
            return null;
        }
    }
}
