/** The kinds of events, and which of a round of fifty are of each. */
enum Kind {
    PERSON(0, 1),
    AUCTION(1, 3),
    BID(4, 46);

    /** Persons, auctions and bids of a round together. */
    static final int ROUND = 50;

    /** Where those of this kind begin in a round, and how many they are. */
    final int first;
    final int count;

    Kind(int first, int count) {
        this.first = first;
        this.count = count;
    }
}
