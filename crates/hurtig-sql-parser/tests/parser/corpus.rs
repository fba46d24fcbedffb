//! Every statement of the corpus prints as a statement that is equal to it.

use hurtig_sql_parser::{Statement, parse_statement, split_script};

const CORPUS: [(&str, &str); 5] = [
    ("queries", include_str!("../corpus/queries.sql")),
    ("expressions", include_str!("../corpus/expressions.sql")),
    ("tables", include_str!("../corpus/tables.sql")),
    ("nexmark", include_str!("../corpus/nexmark.sql")),
    ("others", include_str!("../corpus/others.sql")),
];

fn failures(name: &str, script: &str) -> Vec<String> {
    let mut failures = Vec::new();
    for statement in split_script(script).unwrap() {
        if let Err(why) = round_trip(statement.parse()) {
            failures.push(format!(
                "{name}.sql:{}: {}\n  {why}",
                statement.line, statement.text
            ));
        }
    }
    failures
}

fn round_trip(parsed: Result<Statement, hurtig_sql_parser::ParseError>) -> Result<(), String> {
    let statement = parsed.map_err(|error| error.to_string())?;
    let printed = statement.to_string();
    let again =
        parse_statement(&printed).map_err(|error| format!("printed as {printed}\n{error}"))?;
    if again != statement {
        return Err(format!("printed as {printed}\n{statement:?}\n{again:?}"));
    }
    if again.to_string() != printed {
        return Err(format!("printed as {printed}\nand then as {again}"));
    }
    Ok(())
}

#[test]
fn every_statement_prints_as_an_equal_one() {
    let failures: Vec<_> = CORPUS
        .iter()
        .flat_map(|(name, script)| failures(name, script))
        .collect();
    assert!(
        failures.is_empty(),
        "{} fail:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    let statements = CORPUS
        .iter()
        .map(|(_, script)| split_script(script).unwrap().len())
        .sum::<usize>();
    assert!(statements > 200, "{statements} statements");
}
