import java.util.Map;
import org.apache.flink.table.data.TimestampData;

/** Columns of auctions. */
final class Auctions {
    private static final Draw ITEM = Draw.column(11);
    private static final Draw DESCRIPTION = Draw.column(12);
    private static final Draw INITIAL_BID = Draw.column(13);
    private static final Draw RESERVE = Draw.column(14);
    private static final Draw EXPIRES = Draw.column(15);
    private static final Draw SELLER = Draw.column(16);
    private static final Draw CATEGORY = Draw.column(17);
    private static final Draw EXTRA = Draw.column(18);

    private static final int TEXT_MIN = 3;
    private static final int ITEM_MAX = 20;
    private static final int DESCRIPTION_MAX = 100;
    private static final int FIRST_CATEGORY = 10;
    private static final int CATEGORIES = 5;
    /** So many events later as many auctions have begun as are open at a time. */
    private static final long OPEN_EVENTS = Ids.OPEN_AUCTIONS * Kind.ROUND / Kind.AUCTION.count;

    private Auctions() {}

    static Map<String, Column> columns(SharedText text) {
        return Map.of(
                "id", (number, round) -> Ids.of(Kind.AUCTION, number, round),
                "itemName", text(ITEM, ITEM_MAX, text),
                "description", text(DESCRIPTION, DESCRIPTION_MAX, text),
                "initialBid", (number, round) -> firstPrice(number),
                "reserve", (number, round) -> firstPrice(number) + Prices.price(RESERVE.bits(number)),
                "dateTime", Column::time,
                "expires", (number, round) -> expires(number),
                "seller", (number, round) -> Ids.seller(SELLER.bits(number), round),
                "category", (number, round) -> FIRST_CATEGORY + Draw.below(CATEGORY.bits(number), CATEGORIES),
                "extra", Column.extra(EXTRA, 500, 118, text));
    }

    private static long firstPrice(long number) {
        return Prices.price(INITIAL_BID.bits(number));
    }

    /** An auction is open for as long as, on average, there are as many open as there should be. */
    private static TimestampData expires(long number) {
        long now = Column.millis(number);
        long longest = Math.max((Column.millis(number + OPEN_EVENTS) - now) * 2, 1);
        return TimestampData.fromEpochMillis(now + 1 + Draw.below(EXPIRES.bits(number), longest));
    }

    /** Texts of any length up to `longest`. */
    private static Column text(Draw draw, int longest, SharedText text) {
        return (number, round) -> {
            long bits = draw.bits(number);
            return text.any(bits, (int) (TEXT_MIN + Draw.below(bits << 32, longest - TEXT_MIN)));
        };
    }
}
