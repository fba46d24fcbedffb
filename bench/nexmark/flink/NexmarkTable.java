import java.util.Arrays;
import java.util.List;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.types.DataType;

/** A table of events of one kind, of which all columns are made. */
class NexmarkTable implements ScanTableSource {
    final Kind kind;
    final long events;
    List<String> columns;

    NexmarkTable(Kind kind, List<String> columns, long events) {
        this.kind = kind;
        this.columns = columns;
        this.events = events;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return ChangelogMode.insertOnly();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        return SourceProvider.of(new NexmarkSource(kind, columns, events));
    }

    @Override
    public DynamicTableSource copy() {
        return new NexmarkTable(kind, columns, events);
    }

    @Override
    public String asSummaryString() {
        return "nexmark " + kind;
    }

    /** One of which those columns are made that are read. */
    static final class Projectable extends NexmarkTable implements SupportsProjectionPushDown {
        Projectable(Kind kind, List<String> columns, long events) {
            super(kind, columns, events);
        }

        @Override
        public boolean supportsNestedProjection() {
            return false;
        }

        @Override
        public void applyProjection(int[][] projected, DataType produced) {
            columns = Arrays.stream(projected).map(path -> columns.get(path[0])).toList();
        }

        @Override
        public DynamicTableSource copy() {
            return new Projectable(kind, columns, events);
        }
    }
}
