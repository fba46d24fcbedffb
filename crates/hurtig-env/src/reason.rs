//! What a store's error comes down to.

use std::error::Error as StdError;

use object_store::Error;

/// The innermost cause, as a person wants to know it: `Permission denied (os error 13)`, or `The specified bucket does not exist
/// (NoSuchBucket)`.
///
/// A store names the path as it sees it, in several layers, and a server answers in XML.
///
/// ```
/// use hurtig_env::object_store::Error;
///
/// let answer = "404 Not Found: <Error><Code>NoSuchBucket</Code><Message>There is none</Message></Error>";
/// let error = Error::Generic { store: "S3", source: answer.into() };
/// assert_eq!(hurtig_env::reason(&error), "There is none (NoSuchBucket)");
/// ```
pub fn reason(error: &Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let said = cause.to_string();
    match (element(&said, "Code"), element(&said, "Message")) {
        (Some(code), Some(message)) => format!("{} ({code})", message.trim_end_matches('.')),
        _ => said,
    }
}

/// What stands in the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, from) = xml.split_once(&format!("<{name}>"))?;
    let (inside, _) = from.split_once(&format!("</{name}>"))?;
    Some(inside.trim())
}
