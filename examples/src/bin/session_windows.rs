//! `session_windows`: prints the sessions of a few users.

use hurtig::prelude::*;
use hurtig_examples::session_windows::{clicks, sessions};

fn main() -> Result<()> {
    let env = StreamExecutionEnvironment::new();
    sessions(&env.from_collection(clicks()))
        .map(|session| {
            format!(
                "{} from {}: {} clicks",
                session.user, session.time, session.count
            )
        })
        .print();
    env.execute("session windows")?;
    Ok(())
}
