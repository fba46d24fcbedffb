//! Scripts are split where their statements end, and nowhere else.

use hurtig_sql_parser::{Statement, is_complete, parse_script, split_script};

fn texts(script: &str) -> Vec<&str> {
    split_script(script)
        .unwrap()
        .into_iter()
        .map(|statement| statement.text)
        .collect()
}

#[test]
fn semicolons_end_statements() {
    assert_eq!(texts("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
    assert_eq!(texts(";;\nSELECT 1;;  ;"), ["SELECT 1"]);
    assert_eq!(texts("-- nothing\n/* at; all */\n"), [""; 0]);
    assert_eq!(
        texts("SELECT ';' AS `;` -- ;\n, 2 /* ; */;SELECT 3"),
        ["SELECT ';' AS `;` -- ;\n, 2 /* ; */", "SELECT 3"]
    );
}

#[test]
fn a_statement_set_is_one_statement() {
    let script = "SET 'a' = 'b';\nbegin statement set;\nINSERT INTO a SELECT 1;\n-- x;\nINSERT INTO b SELECT 2;\nend;\nSELECT 3;";
    assert_eq!(texts(script).len(), 3);
    let statements = parse_script(script).unwrap();
    assert!(matches!(&statements[1], Statement::StatementSet(inserts) if inserts.len() == 2));

    for opening in [
        "EXECUTE",
        "EXPLAIN",
        "EXPLAIN CHANGELOG_MODE, PLAN_ADVICE",
        "COMPILE PLAN '/x' FOR",
    ] {
        let script = format!(
            "{opening} STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END; SELECT 1"
        );
        assert_eq!(texts(&script).len(), 2, "{opening}");
        parse_script(&script).unwrap();
    }
}

#[test]
fn ranges_and_places_are_of_the_script() {
    let script = "  SELECT 1;\n\n\tSELECT 'ä;' ;";
    let statements = split_script(script).unwrap();
    assert_eq!((statements[1].line, statements[1].column), (3, 2));
    assert_eq!(&script[statements[1].range()], "SELECT 'ä;'");
}

#[test]
fn a_client_knows_when_to_read_on() {
    for complete in [
        "SELECT 1;",
        "SELECT 1; -- done",
        "SELECT ';';\n\n",
        "BEGIN STATEMENT SET;\nINSERT INTO a SELECT 1;\nEND;",
        "SET;",
    ] {
        assert!(is_complete(complete), "{complete}");
    }
    let open = [
        "",
        "  ",
        "-- x;",
        "SELECT 1",
        "SELECT 1 -- ;",
        "SELECT ';",
        "SELECT `;",
        "SELECT 1 /* ;",
        "SELECT 1; SELECT 2",
        "BEGIN STATEMENT SET;",
        "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;",
    ];
    for open in open {
        assert!(!is_complete(open), "{open}");
    }
}
