//! Names of jobs, operators and vertices: 128 bits, shown as 32 hexadecimal digits, as Flink shows them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::murmur3_x64_128;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id of these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes of the id.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id! {
    /// One run of a job.
    ///
    /// ```
    /// use hurtig_types::JobId;
    /// assert_eq!(JobId::from_bytes([0xab; 16]).to_string(), "ab".repeat(16));
    /// ```
    JobId
}

id! {
    /// An operator, the same from one version of a job to the next: its state is found by it.
    ///
    /// ```
    /// use hurtig_types::OperatorId;
    /// // What Flink makes of the same uid.
    /// assert_eq!(OperatorId::from_uid("my-source").to_string().len(), 32);
    /// assert_eq!(OperatorId::from_uid("a"), OperatorId::from_uid("a"));
    /// ```
    OperatorId
}

id! {
    /// A vertex of the job graph: a chain of operators, named by its head.
    ///
    /// ```
    /// use hurtig_types::{OperatorId, VertexId};
    /// let head = OperatorId::from_uid("window");
    /// assert_eq!(VertexId::from(head).to_string(), head.to_string());
    /// ```
    VertexId
}

impl OperatorId {
    /// The id of the operator to which a user gave `uid`: MurmurHash3 x64 128 of its UTF-8 bytes, as in Flink.
    pub fn from_uid(uid: &str) -> Self {
        Self(murmur3_x64_128(uid.as_bytes()))
    }

    /// The id of an operator without a uid, from a description of what it does.
    pub fn from_description(description: &[u8]) -> Self {
        Self(murmur3_x64_128(description))
    }
}

impl From<OperatorId> for VertexId {
    fn from(id: OperatorId) -> Self {
        Self(id.0)
    }
}
