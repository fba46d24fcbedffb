//! The events of the Nexmark benchmark as a table: an auction house whose people put up auctions and bid.
//!
//! ```text
//!  event numbers ─► which are persons, auctions, bids (by the proportions) ─► one column after the other, of those that are read
//! ```
//!
//! ```sql
//! CREATE TABLE bid (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3),
//!   WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND)
//! WITH ('connector' = 'nexmark', 'nexmark.table' = 'bid', 'events.num' = '1000000');
//! ```
//!
//! Without `'nexmark.table'` there is one table of all events, as the suite has it: `event_type` (0, 1, 2) and the rows `person`,
//! `auction`, `bid`, two of which are null. With it there are the columns and rows of one kind, and the numbers of the others are
//! passed over.
//!
//! Proportions, ids, hot items and prices follow the description of the benchmark; the generator is our own. What it is not: the same
//! rows as anybody else's generator makes.
//!
//! Two laws:
//! 1. An event depends on its number and the options alone: not on the split, the subtask, the columns that are read, or the clock.
//! 2. Nothing is made that is not read, unless `'full-rows' = 'true'`.
//!
//! | option | default | |
//! |---|---|---|
//! | `first-event.rate`, `next-event.rate` | 10000 | events per second of event time: at first, and after a time; equal ones are constant |
//! | `rate.shape`, `rate.period` | `SQUARE`, `600 s` | how the rate goes between the two (`SINE`), and for how long once |
//! | `rate.limited` | `false` | makes events in real time, no sooner; so does `'max-emit-speed' = 'false'` |
//! | `events.num` | 0 | how many; 0 for no end |
//! | `stop-at` | −1 | the number of the event before which it stops; −1 for none |
//! | `keep-alive` | `false` | does not end when all is made |
//! | `person.proportion`, `auction.proportion`, `bid.proportion` | 1, 3, 46 | |
//! | `person.avg-size`, `auction.avg-size`, `bid.avg-size` | 200, 500, 100 bytes | what `extra` fills up to |
//! | `bid.hot-ratio.auctions`, `bid.hot-ratio.bidders`, `auction.hot-ratio.sellers` | 2, 4, 4 | all but one of so many go to the hot one |
//! | `nexmark.table` | | `person`, `auction` or `bid`: a table of these alone (ours) |
//! | `full-rows` | `false` | makes all columns, whatever is read (ours) |
//! | `out-of-order-group-size` | 1 | so many events come in mixed order (ours) |
//! | `base-time` | 1436918400000 | the time of event 0, in milliseconds (ours: 2015-07-15T00:00:00Z) |

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod auction;
mod bid;
mod clock;
mod events;
mod factory;
mod ids;
mod person;
mod rows;
mod settings;
mod table;
mod text;

pub use factory::NexmarkFactory;
