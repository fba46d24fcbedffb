import org.apache.flink.table.data.TimestampData;

/** What events have in one column. */
interface Column {
    long BASE_TIME_MS = 1436918400000L;
    int EVENTS_PER_SECOND = 10_000;

    /** Of the event with this number, before which came so many whole rounds; in the form that rows of Flink hold. */
    Object value(long number, long round);

    /** When an event happens. */
    static long millis(long number) {
        return BASE_TIME_MS + number * 1000 / EVENTS_PER_SECOND;
    }

    static TimestampData time(long number, long round) {
        return TimestampData.fromEpochMillis(millis(number));
    }

    static Column choice(Draw draw, SharedText.Choices choices) {
        return (number, round) -> choices.get((int) Draw.below(draw.bits(number), choices.count()));
    }

    /** What fills a row up to `size` bytes, of which other columns take `others`: on average, give or take a fifth. */
    static Column extra(Draw draw, int size, int others, SharedText text) {
        int wanted = size - others;
        int fifth = (wanted + 2) / 5;
        int spread = 2 * fifth + 1;
        return (number, round) -> {
            long bits = draw.bits(number);
            return text.any(bits, (int) (wanted - fifth + ((bits & 0xffff) * spread >>> 16)));
        };
    }
}
