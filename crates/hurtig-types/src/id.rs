//! Names of jobs, operators and vertices: 128 bits, shown as 32 hexadecimal digits, as Flink shows them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
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

        /// From the 32 hexadecimal digits that it is shown as.
        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                let number = match text.len() {
                    32 if text.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                        u128::from_str_radix(text, 16).ok()
                    }
                    _ => None,
                };
                number
                    .map(|number| Self(number.to_be_bytes()))
                    .ok_or_else(|| Error::config(format!("`{text}` is no id: 32 hexadecimal digits")))
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
    /// let id = JobId::from_bytes([0xab; 16]);
    /// assert_eq!(id.to_string(), "ab".repeat(16));
    /// assert_eq!("ab".repeat(16).parse::<JobId>()?, id);
    /// assert!("+b".repeat(16).parse::<JobId>().is_err());
    /// # Ok::<(), hurtig_types::Error>(())
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
