/** Prices from 100 to 100 million, even on a logarithmic scale: read off a table, with a straight line between two entries. */
final class Prices {
    private static final int PRICE_BITS = 10;
    private static final long[] TABLE = table();

    private Prices() {}

    static long price(long bits) {
        int index = (int) (bits >>> 64 - PRICE_BITS);
        long fraction = bits << PRICE_BITS >>> 32;
        long low = TABLE[index];
        return low + ((TABLE[index + 1] - low) * fraction >> 32);
    }

    private static long[] table() {
        int entries = 1 << PRICE_BITS;
        long[] table = new long[entries + 1];
        for (int index = 0; index <= entries; index++) {
            table[index] = Math.round(100 * Math.pow(10, 6.0 * index / entries));
        }
        return table;
    }
}
