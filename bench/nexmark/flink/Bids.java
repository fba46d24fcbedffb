import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Columns of bids. */
final class Bids {
    private static final Draw AUCTION = Draw.column(1);
    private static final Draw BIDDER = Draw.column(2);
    private static final Draw PRICE = Draw.column(3);
    private static final Draw CHANNEL = Draw.column(4);
    private static final Draw EXTRA = Draw.column(5);
    private static final Draw URL = Draw.column(6);

    private static final List<String> HOT_CHANNELS = List.of("Google", "Facebook", "Baidu", "Apple");
    private static final int CHANNELS = 10_000;

    private Bids() {}

    static Map<String, Column> columns(SharedText text) {
        List<String> names = new ArrayList<>(HOT_CHANNELS);
        List<String> pages = new ArrayList<>();
        for (int channel = 0; channel < CHANNELS; channel++) {
            names.add("channel-" + channel);
        }
        for (int channel = 0; channel < names.size(); channel++) {
            pages.add(url(channel));
        }
        SharedText.Choices channels = new SharedText.Choices(names);
        SharedText.Choices urls = new SharedText.Choices(pages);
        return Map.of(
                "auction", (number, round) -> Ids.auction(AUCTION.bits(number), round),
                "bidder", (number, round) -> Ids.bidder(BIDDER.bits(number), round),
                "price", (number, round) -> Prices.price(PRICE.bits(number)),
                "channel", (number, round) -> channels.get(channel(number)),
                "url", (number, round) -> urls.get(channel(number)),
                "dateTime", Column::time,
                "extra", Column.extra(EXTRA, 100, 32, text));
    }

    /** Which channel a bid comes from: a hot one every other time. */
    private static int channel(long number) {
        long bits = CHANNEL.bits(number);
        int hot = HOT_CHANNELS.size();
        return (int) ((bits & 1) == 0 ? Draw.below(bits, hot) : hot + Draw.below(bits, CHANNELS));
    }

    /** The page of a channel: three directories, and of nine in ten that are not hot the channel's id. */
    private static String url(int channel) {
        StringBuilder url = new StringBuilder("https://www.nexmark.com/");
        for (int place = 0; place < 3; place++) {
            for (int letter = 0; letter < 5; letter++) {
                url.append((char) ('a' + Draw.below(URL.bits(channel * 32L + place * 8 + letter), 26)));
            }
            url.append('/');
        }
        url.append("item.htm?query=1");
        long bits = URL.bits(channel * 32L + 31);
        if (channel >= HOT_CHANNELS.size() && Draw.below(bits, 10) > 0) {
            url.append("&channel_id=").append((int) bits >>> 1);
        }
        return url.toString();
    }
}
