//! Text and bytes. Places and lengths count characters, from 1.

mod case;
mod concat;
mod digest;
mod encode;
mod hex;
mod kinds;
mod like;
mod pad;
mod part;
mod place;
mod regexp;
mod replace;
mod similar;
mod split;
mod trim;
mod url;

use super::definition::Definition;

/// All of them.
pub(super) fn definitions() -> impl Iterator<Item = &'static Definition> {
    let all: [&[Definition]; 15] = [
        &case::ALL,
        &concat::ALL,
        &digest::ALL,
        &encode::ALL,
        &hex::ALL,
        &kinds::ALL,
        &like::ALL,
        &pad::ALL,
        &part::ALL,
        &place::ALL,
        &regexp::ALL,
        &replace::ALL,
        &split::ALL,
        &trim::ALL,
        &url::ALL,
    ];
    all.into_iter().flatten()
}
