//! One state that expires, under one key.

use super::clock::Clock;
use super::config::{StateTtl, TtlUpdate, TtlVisibility};
use crate::keyed::access::Access;
use crate::keyed::sort::Sort;

/// What a token of a state that expires reaches.
pub(in crate::keyed) struct TtlAccess<'a, K, S: Sort> {
    pub(super) access: Access<'a, K, S>,
    pub(super) clock: Clock,
    pub(super) ttl: StateTtl,
}

impl<K, S: Sort> TtlAccess<'_, K, S> {
    pub(super) fn refreshes_on_read(&self) -> bool {
        self.ttl.update == TtlUpdate::OnReadAndWrite
    }

    pub(super) fn hides_expired(&self) -> bool {
        self.ttl.visibility == TtlVisibility::NeverReturnExpired
    }
}
