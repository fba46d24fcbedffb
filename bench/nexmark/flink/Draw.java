/** Random numbers that can be asked for in any order: `Draw` of hurtig-table. */
final class Draw {
    /** The step of SplitMix64: the golden ratio in 64 bits. */
    private static final long STEP = 0x9e3779b97f4a7c15L;

    private final long start;

    private Draw(long start) {
        this.start = start;
    }

    /** The source of a column: columns know nothing of each other. */
    static Draw column(long column) {
        return new Draw(mix((column + 1) * STEP));
    }

    /** 64 bits for this row. */
    long bits(long number) {
        return mix(start + number * STEP);
    }

    /** A number below `count`, by the upper bits, which have no sign: Java 17 multiplies such only as if they had. */
    static long below(long bits, long count) {
        return Math.multiplyHigh(bits, count) + (bits >> 63 & count);
    }

    private static long mix(long bits) {
        bits = (bits ^ bits >>> 30) * 0xbf58476d1ce4e5b9L;
        bits = (bits ^ bits >>> 27) * 0x94d049bb133111ebL;
        return bits ^ bits >>> 31;
    }
}
