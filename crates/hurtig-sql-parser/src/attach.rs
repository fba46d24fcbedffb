//! What is done to a tree once it is there: hints go to what they were written at, and what has two forms gets one.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, OptimizerHint,
    OptimizerHintStyle, Query, Select, Spanned, TableFactor, Value, ValueWithSpan, VisitorMut,
};
use sqlparser::tokenizer::Location;

use crate::ast::Insert;
use crate::error::ParseError;
use crate::hints::Hint;
use crate::lex::RawHint;
use crate::refuse;
use crate::walk::Walk;

/// Attaches hints to what stood before them, which is known by its place; and makes `LATERAL f(x)` of `LATERAL TABLE(f(x))`.
///
/// `start` is where the text begins.
pub(crate) fn attach_hints<T: Walk>(
    tree: &mut T,
    raw: &[RawHint],
    start: Location,
    script: &str,
) -> Result<(), ParseError> {
    let mut hints = Vec::with_capacity(raw.len());
    for hint in raw {
        hints.push(Placed {
            after: hint.after,
            start: hint.start,
            hints: hint.parse(script)?,
        });
    }
    let mut attach = Attach {
        hints,
        misplaced: None,
    };
    for insert in tree.inserts() {
        attach.insert(insert);
    }
    // A walk that breaks has noted why.
    let _ = tree.walk(&mut attach);
    let misplaced = attach.misplaced;
    let left = attach.hints.first().map(|hint| (hint.start, NOWHERE));
    match misplaced.or(left) {
        None => Ok(()),
        Some((at, why)) => Err(ParseError::new(
            why,
            if at.line == 0 { start } else { at },
            script,
        )),
    }
}

const NOWHERE: &str =
    "a hint stands behind SELECT, or behind the name of a table: this one is at neither";
const NOT_A_TABLES: &str =
    "of all hints, OPTIONS alone stands behind a table: write this one behind SELECT";
const NOT_A_SELECTS: &str = "OPTIONS is about a table: write it behind the table's name";

struct Placed {
    after: Location,
    start: Location,
    hints: Vec<(Hint, Location)>,
}

struct Attach {
    hints: Vec<Placed>,
    misplaced: Option<(Location, &'static str)>,
}

impl Attach {
    /// Takes the hints that were written behind a place.
    fn take(&mut self, place: Location, options: bool) -> Vec<Hint> {
        let mut taken = Vec::new();
        while let Some(index) = self
            .hints
            .iter()
            .position(|hint| hint.after == place && place.line > 0)
        {
            for (hint, at) in self.hints.remove(index).hints {
                if matches!(hint, Hint::Options(_)) != options {
                    let why = if options { NOT_A_TABLES } else { NOT_A_SELECTS };
                    self.misplaced.get_or_insert((at, why));
                }
                taken.push(hint);
            }
        }
        taken
    }

    fn refuse(&mut self, why: Option<&'static str>, at: impl Fn() -> Location) -> ControlFlow<()> {
        match why {
            None => ControlFlow::Continue(()),
            Some(why) => {
                self.misplaced.get_or_insert((at(), why));
                ControlFlow::Break(())
            }
        }
    }

    fn insert(&mut self, insert: &mut Insert) {
        insert.hints = self.take(end_of_name(&insert.target), true);
    }
}

/// Where the last part of a name begins.
fn end_of_name(name: &ObjectName) -> Location {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or(Location::empty(), |ident| ident.span.start)
}

impl VisitorMut for Attach {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.refuse(refuse::query(query), || query.span().start)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.refuse(refuse::select(select), || select.select_token.0.span.start)?;
        if !self.hints.is_empty() {
            let hints = self.take(select.select_token.0.span.start, false);
            select
                .optimizer_hints
                .extend(hints.into_iter().map(optimizer_hint));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        self.refuse(refuse::table_factor(factor), || factor.span().start)?;
        match factor {
            TableFactor::Table {
                name, with_hints, ..
            } if !self.hints.is_empty() => {
                with_hints.extend(self.take(end_of_name(name), true).iter().map(Hint::to_expr));
            }
            TableFactor::Function {
                lateral: true,
                name,
                args,
                ..
            } => unwrap_table(name, args),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// All kinds of texts are one: the lexer has dealt with their escapes.
    fn post_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        if let Value::UnicodeStringLiteral(text) = &mut value.value {
            value.value = Value::SingleQuotedString(std::mem::take(text));
        }
        ControlFlow::Continue(())
    }
}

fn optimizer_hint(hint: Hint) -> OptimizerHint {
    OptimizerHint {
        prefix: String::new(),
        text: format!(" {hint} "),
        style: OptimizerHintStyle::MultiLine,
    }
}

/// `TABLE(f(x))` was read as a call of a function named TABLE.
fn unwrap_table(name: &mut ObjectName, args: &mut Vec<FunctionArg>) {
    let is_table = matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(|ident| {
        ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("TABLE")
    }));
    if !is_table {
        return;
    }
    if let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(function)))] =
        args.as_mut_slice()
        && let FunctionArguments::List(list) = &mut function.args
    {
        *name = function.name.clone();
        *args = std::mem::take(&mut list.args);
    }
}
