import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.catalog.Column.PhysicalColumn;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/** `'connector' = 'nexmark'`, with the options that the benchmark gives; all else is as Hurtig's connector has it by default. */
public final class NexmarkTableFactory implements DynamicTableSourceFactory {
    private static final ConfigOption<Kind> TABLE = ConfigOptions.key("nexmark.table").enumType(Kind.class).noDefaultValue();
    private static final ConfigOption<Long> EVENTS = ConfigOptions.key("events.num").longType().noDefaultValue();
    private static final ConfigOption<Boolean> FULL_ROWS = ConfigOptions.key("full-rows").booleanType().defaultValue(false);

    @Override
    public String factoryIdentifier() {
        return "nexmark";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(TABLE, EVENTS);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(FULL_ROWS);
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validate();
        Kind kind = helper.getOptions().get(TABLE);
        long events = helper.getOptions().get(EVENTS);
        List<String> columns =
                context.getCatalogTable().getResolvedSchema().getColumns().stream()
                        .filter(PhysicalColumn.class::isInstance)
                        .map(column -> column.getName())
                        .toList();
        return helper.getOptions().get(FULL_ROWS)
                ? new NexmarkTable(kind, columns, events)
                : new NexmarkTable.Projectable(kind, columns, events);
    }
}
