import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.data.StringData;

/** Columns of persons. */
final class Persons {
    private static final Draw NAME = Draw.column(21);
    private static final Draw EMAIL = Draw.column(22);
    private static final Draw CARD = Draw.column(23);
    private static final Draw CITY = Draw.column(24);
    private static final Draw STATE = Draw.column(25);
    private static final Draw EXTRA = Draw.column(26);

    private static final List<String> FIRST_NAMES =
            List.of("Anna", "Ben", "Clara", "David", "Emil", "Frida", "Greta", "Hugo", "Ida", "Jonas", "Karla");
    private static final List<String> LAST_NAMES =
            List.of("Bauer", "Fischer", "Huber", "Krause", "Lorenz", "Meyer", "Schmidt", "Vogel", "Wolf");
    private static final List<String> STATES = List.of("AZ", "CA", "ID", "OR", "WA", "WY");
    private static final List<String> CITIES =
            List.of(
                    "Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent",
                    "Cheyenne");

    private Persons() {}

    static Map<String, Column> columns(SharedText text) {
        List<String> names = new ArrayList<>();
        FIRST_NAMES.forEach(first -> LAST_NAMES.forEach(last -> names.add(first + " " + last)));
        return Map.of(
                "id", (number, round) -> Ids.of(Kind.PERSON, number, round),
                "name", Column.choice(NAME, new SharedText.Choices(names)),
                "emailAddress", (number, round) -> email(EMAIL.bits(number)),
                "creditCard", (number, round) -> creditCard(CARD.bits(number)),
                "city", Column.choice(CITY, new SharedText.Choices(CITIES)),
                "state", Column.choice(STATE, new SharedText.Choices(STATES)),
                "dateTime", Column::time,
                "extra", Column.extra(EXTRA, 200, 65, text));
    }

    /** Seven letters, five letters: `vkmraok@lgfni.com`. */
    private static StringData email(long bits) {
        StringBuilder email = new StringBuilder();
        for (int letter = 0; letter < 12; letter++) {
            if (letter == 7) {
                email.append('@');
            }
            email.append((char) ('a' + Long.remainderUnsigned(bits, 26)));
            bits = Long.divideUnsigned(bits, 26);
        }
        return StringData.fromString(email.append(".com").toString());
    }

    /** Four times four digits. */
    private static StringData creditCard(long bits) {
        StringBuilder card = new StringBuilder();
        for (int place = 0; place < 16; place++) {
            if (place > 0 && place % 4 == 0) {
                card.append(' ');
            }
            card.append((char) ('0' + (bits >>> 4 * place & 15) * 10 / 16));
        }
        return StringData.fromString(card.toString());
    }
}
