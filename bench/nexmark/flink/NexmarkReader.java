import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/** Makes the rows of one subtask, a round of the proportions at a time. */
final class NexmarkReader implements SourceReader<RowData, Stride> {
    private final SourceReaderContext context;
    private final Kind kind;
    private final Column[] columns;
    private final long events;
    private final CompletableFuture<Void> given = new CompletableFuture<>();
    private Stride stride;
    /** The number that begins the next round. */
    private long next;

    NexmarkReader(SourceReaderContext context, Kind kind, Column[] columns, long events) {
        this.context = context;
        this.kind = kind;
        this.columns = columns;
        this.events = events;
    }

    @Override
    public void start() {
        if (stride == null) {
            context.sendSplitRequest();
        }
    }

    @Override
    public void addSplits(List<Stride> strides) {
        stride = strides.get(0);
        next = stride.next();
        given.complete(null);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<RowData> output) {
        if (stride == null) {
            return InputStatus.NOTHING_AVAILABLE;
        }
        if (next >= events) {
            return InputStatus.END_OF_INPUT;
        }
        round(output);
        next = stride.after(next);
        return InputStatus.MORE_AVAILABLE;
    }

    private void round(ReaderOutput<RowData> output) {
        long round = next / Kind.ROUND;
        long first = next + kind.first;
        long end = Math.min(first + kind.count, events);
        for (long number = first; number < end; number++) {
            GenericRowData row = new GenericRowData(columns.length);
            for (int at = 0; at < columns.length; at++) {
                row.setField(at, columns[at].value(number, round));
            }
            output.collect(row);
        }
    }

    @Override
    public List<Stride> snapshotState(long checkpoint) {
        return stride == null ? List.of() : List.of(stride.at(next));
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return given;
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() {}
}
