/** Ids of persons and auctions: which there are already when an event happens, and which of them it is about. */
final class Ids {
    private static final long FIRST_ID = 1000;
    private static final long ACTIVE_PERSONS = 1000;
    static final long OPEN_AUCTIONS = 100;
    /** So many ids that are not there yet may be named. */
    private static final long LEAD = 10;
    /** Of so many persons or auctions in a row one is hot. */
    private static final long HOT_EVERY = 100;

    private static final int HOT_AUCTIONS = 2;
    private static final int HOT_BIDDERS = 4;
    private static final int HOT_SELLERS = 4;

    private Ids() {}

    /** The id of the person or the auction that an event makes. */
    static long of(Kind kind, long number, long round) {
        long place = number - round * Kind.ROUND - kind.first;
        return FIRST_ID + round * kind.count + place;
    }

    static long seller(long bits, long round) {
        long newest = newest(Kind.PERSON, round);
        return FIRST_ID + (isHot(bits, HOT_SELLERS) ? newest / HOT_EVERY * HOT_EVERY : anyPerson(bits, newest));
    }

    static long bidder(long bits, long round) {
        long newest = newest(Kind.PERSON, round);
        return FIRST_ID + (isHot(bits, HOT_BIDDERS) ? newest / HOT_EVERY * HOT_EVERY + 1 : anyPerson(bits, newest));
    }

    static long auction(long bits, long round) {
        long newest = newest(Kind.AUCTION, round);
        if (isHot(bits, HOT_AUCTIONS)) {
            return FIRST_ID + newest / HOT_EVERY * HOT_EVERY;
        }
        long oldest = Math.max(newest - OPEN_AUCTIONS, 0);
        return FIRST_ID + oldest + Draw.below(bits, newest - oldest + 1 + LEAD);
    }

    /** The newest of a kind when a bid of this round happens, counted from 0. */
    private static long newest(Kind kind, long round) {
        return round * kind.count + kind.count - 1;
    }

    private static long anyPerson(long bits, long newest) {
        long persons = newest + 1;
        long active = Math.min(persons, ACTIVE_PERSONS);
        return persons - active + Draw.below(bits, active + LEAD);
    }

    /** All but one in `ratio` are hot, by the lower bits: `below` goes by the upper ones. */
    private static boolean isHot(long bits, int ratio) {
        return (bits & 0xffffffffL) * ratio >>> 32 > 0;
    }
}
