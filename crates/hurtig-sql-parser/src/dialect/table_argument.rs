//! Tables as arguments of functions.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    Expr, GroupByExpr, ObjectName, OrderByExpr, Query, Select, SelectFlavor, SelectItem, SetExpr,
    TableFactor, TableWithJoins, WildcardAdditionalOptions, WindowSpec, WindowType,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::calls::{arguments, plain_function};
use crate::carriers;
use crate::lex::begins_query;
use crate::syntax::parts::path;
use crate::syntax::words::{Parsed, Words};

/// `TABLE t PARTITION BY k ORDER BY o` as an argument of a function: a table, or a query, with how it is distributed.
///
/// ```
/// use hurtig_sql_parser::{TableArgument, parse_expression};
/// use sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, FunctionArguments};
///
/// let expr = parse_expression("SESSION(TABLE bids PARTITION BY bidder, DESCRIPTOR(ts), INTERVAL '5' MINUTES)")?;
/// let Expr::Function(session) = expr else { panic!() };
/// let FunctionArguments::List(args) = &session.args else { panic!() };
/// let FunctionArg::Unnamed(FunctionArgExpr::Expr(table)) = &args.args[0] else { panic!() };
/// let argument = TableArgument::from_expr(table).unwrap();
/// assert_eq!(argument.table().unwrap().to_string(), "bids");
/// assert_eq!(argument.partition_by[0].to_string(), "bidder");
/// # Ok::<(), hurtig_sql_parser::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TableArgument<'a> {
    /// The rows: `SELECT * FROM t` for `TABLE t`.
    pub query: &'a Query,
    /// Rows with equal values here are worked on together.
    pub partition_by: &'a [Expr],
    /// And in this order.
    pub order_by: &'a [OrderByExpr],
}

impl<'a> TableArgument<'a> {
    /// Reads the argument that an expression carries; `None` if it is another.
    pub fn from_expr(expr: &'a Expr) -> Option<Self> {
        let Expr::Function(function) = expr else {
            return None;
        };
        if function.name.to_string() != carriers::TABLE {
            return None;
        }
        let [Expr::Subquery(query)] = arguments(function)?.as_slice() else {
            return None;
        };
        let (partition_by, order_by) = match &function.over {
            Some(WindowType::WindowSpec(spec)) => {
                (spec.partition_by.as_slice(), spec.order_by.as_slice())
            }
            _ => Default::default(),
        };
        Some(Self {
            query,
            partition_by,
            order_by,
        })
    }

    /// The table itself, with its hints, if the argument is no query.
    pub fn table(&self) -> Option<&'a TableFactor> {
        let SetExpr::Select(select) = self.query.body.as_ref() else {
            return None;
        };
        let [TableWithJoins { relation, joins }] = select.from.as_slice() else {
            return None;
        };
        let TableFactor::Table {
            alias: None,
            args: None,
            version: None,
            ..
        } = relation
        else {
            return None;
        };
        let all = *self.query == select_all(relation.clone());
        (joins.is_empty() && all).then_some(relation)
    }
}

/// `TABLE t …`, `TABLE (query) …`
pub(super) fn parse(p: &mut Parser<'_>) -> Parsed<Expr> {
    p.advance_token();
    let query = if p.at_token(&Token::LParen) && begins_query(&p.peek_nth_token_ref(1).token) {
        p.in_brackets(|p| p.parse_query())?
    } else if p.consume_token(&Token::LParen) {
        let query = Box::new(select_all(table(path(p)?)));
        p.expect_token(&Token::RParen)?;
        query
    } else {
        Box::new(select_all(table(path(p)?)))
    };
    let partition_by = if p.eat(&["PARTITION", "BY"]) {
        one_or_list(p, |p| p.parse_expr())?
    } else {
        Vec::new()
    };
    let order_by = if p.eat(&["ORDER", "BY"]) {
        one_or_list(p, |p| p.parse_order_by_expr())?
    } else {
        Vec::new()
    };
    let mut function = plain_function(
        ObjectName::from(sqlparser::ast::Ident::new(carriers::TABLE)),
        vec![Expr::Subquery(query)],
    );
    if !partition_by.is_empty() || !order_by.is_empty() {
        let spec = WindowSpec {
            window_name: None,
            partition_by,
            order_by,
            window_frame: None,
        };
        function.over = Some(WindowType::WindowSpec(spec));
    }
    Ok(Expr::Function(function))
}

/// One, or several in brackets: a comma behind one begins the next argument.
fn one_or_list<T>(
    p: &mut Parser<'_>,
    mut item: impl FnMut(&mut Parser<'_>) -> Parsed<T>,
) -> Parsed<Vec<T>> {
    if p.at_token(&Token::LParen) {
        p.list(item)
    } else {
        Ok(vec![item(p)?])
    }
}

fn table(name: ObjectName) -> TableFactor {
    TableFactor::Table {
        name,
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}

/// `SELECT * FROM factor`
fn select_all(relation: TableFactor) -> Query {
    let select = Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())],
        exclude: None,
        into: None,
        from: vec![TableWithJoins {
            relation,
            joins: Vec::new(),
        }],
        lateral_views: Vec::new(),
        prewhere: None,
        selection: None,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    };
    Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
