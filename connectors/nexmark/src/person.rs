//! Persons.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use hurtig_table::connector::Draw;

use crate::bid::extras;
use crate::events::Events;
use crate::ids::Ids;
use crate::text::{Choices, ExtraLength, SharedText};

const NAME: Draw = Draw::column(21);
const EMAIL: Draw = Draw::column(22);
const CARD: Draw = Draw::column(23);
const CITY: Draw = Draw::column(24);
const STATE: Draw = Draw::column(25);
const EXTRA: Draw = Draw::column(26);

const FIRST_NAMES: [&str; 11] = [
    "Anna", "Ben", "Clara", "David", "Emil", "Frida", "Greta", "Hugo", "Ida", "Jonas", "Karla",
];
const LAST_NAMES: [&str; 9] = [
    "Bauer", "Fischer", "Huber", "Krause", "Lorenz", "Meyer", "Schmidt", "Vogel", "Wolf",
];
/// Those that the queries know, and others: half of them are asked for in q3.
const STATES: [&str; 6] = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const CITIES: [&str; 10] = [
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
];

/// What persons are made with.
pub(crate) struct Persons {
    ids: Ids,
    names: Choices,
    cities: Choices,
    states: Choices,
    extra: ExtraLength,
}

impl Persons {
    pub(crate) fn new(ids: Ids, size: u64) -> Self {
        let names = FIRST_NAMES
            .iter()
            .flat_map(|first| LAST_NAMES.iter().map(move |last| format!("{first} {last}")));
        Self {
            ids,
            names: Choices::new(names),
            cities: Choices::new(CITIES),
            states: Choices::new(STATES),
            // An id, and texts of about 11, 17, 19, 8 and 2 bytes.
            extra: ExtraLength::of(size, 65),
        }
    }

    pub(crate) fn id(&self, events: &Events) -> Vec<i64> {
        let events = events.iter();
        events
            .map(|(number, round)| self.ids.of_person(number, round) as i64)
            .collect()
    }

    pub(crate) fn name(&self, events: &Events) -> ArrayRef {
        choose(&self.names, NAME, events)
    }

    pub(crate) fn city(&self, events: &Events) -> ArrayRef {
        choose(&self.cities, CITY, events)
    }

    pub(crate) fn state(&self, events: &Events) -> ArrayRef {
        choose(&self.states, STATE, events)
    }

    /// Seven letters, five letters: `vkmraok@lgfni.com`.
    pub(crate) fn email(&self, events: &Events) -> ArrayRef {
        written(events, EMAIL, |mut bits, text| {
            let mut letters = |text: &mut String, count: usize| {
                for _ in 0..count {
                    text.push(char::from(b'a' + (bits % 26) as u8));
                    bits /= 26;
                }
            };
            letters(text, 7);
            text.push('@');
            letters(text, 5);
            text.push_str(".com");
        })
    }

    /// Four times four digits.
    pub(crate) fn credit_card(&self, events: &Events) -> ArrayRef {
        written(events, CARD, |bits, text| {
            for (place, digit) in (0..16u32).map(|place| (place, bits >> (4 * place) & 15)) {
                if place > 0 && place % 4 == 0 {
                    text.push(' ');
                }
                text.push(char::from(b'0' + (digit * 10 / 16) as u8));
            }
        })
    }

    pub(crate) fn extra(&self, events: &Events, text: &SharedText) -> ArrayRef {
        extras(events, EXTRA, self.extra, text)
    }
}

fn choose(choices: &Choices, draw: Draw, events: &Events) -> ArrayRef {
    let count = choices.len() as u64;
    let numbers = events.numbers.iter();
    choices.column(numbers.map(|number| Draw::below(draw.bits(*number), count) as usize))
}

/// Texts that are written one by one: of few events, so that there is no need to share them.
fn written(events: &Events, draw: Draw, write: impl Fn(u64, &mut String)) -> ArrayRef {
    let mut column = StringViewBuilder::with_capacity(events.len());
    let mut text = String::new();
    for number in &events.numbers {
        text.clear();
        write(draw.bits(*number), &mut text);
        column.append_value(&text);
    }
    Arc::new(column.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use hurtig_table::connector::TableOptions;

    #[test]
    fn addresses_and_cards_have_their_form() {
        let settings = crate::settings::Settings::of(&TableOptions::default()).unwrap();
        let persons = Persons::new(Ids::new(&settings), 200);
        let events = Events {
            numbers: (0..1000).map(|round| round * 50).collect(),
            rounds: (0..1000).collect(),
        };
        for email in persons.email(&events).as_string_view().iter().flatten() {
            let (name, host) = email.split_once('@').unwrap();
            assert_eq!((name.len(), host.len()), (7, 9), "{email}");
        }
        for card in persons
            .credit_card(&events)
            .as_string_view()
            .iter()
            .flatten()
        {
            let fours: Result<Vec<u16>, _> = card.split(' ').map(str::parse).collect();
            assert_eq!((card.len(), fours.unwrap().len()), (19, 4), "{card}");
        }
        assert_eq!(persons.id(&events), (1000..2000).collect::<Vec<_>>());
    }
}
