//! The names by which Flink's forms travel in a tree that has no place for them.
//!
//! A query is a tree of sqlparser, so that planners read it. What only Flink writes is carried in it as calls of functions
//! with these names; their arguments are always there, in this order, and texts are string literals in capitals. A planner
//! gives each an implementation; [`Statement`](crate::Statement)'s `Display` writes them as they were.
//!
//! | Flink | Carried as |
//! |---|---|
//! | `FLOOR(x TO HOUR)`, `CEIL(x TO DAY)` | `__floor_to(x, 'HOUR')`, `__ceil_to(x, 'DAY')` |
//! | `TIMESTAMPADD(DAY, 1, x)`, `TIMESTAMPDIFF(…)` | the same call, with `'DAY'` as its first argument |
//! | `INTERVAL '1' DAY` | `Expr::Interval`, where a number of one unit says all |
//! | `INTERVAL '1 10' DAY TO HOUR` | [`__interval`](INTERVAL); [`IntervalLiteral`](crate::IntervalLiteral) reads both |
//! | `CAST(x AS ROW<a INT>)` | `DataType::Custom`, for [`DataType::from_sql`](crate::DataType::from_sql) |
//! | `MAP['k', v]` | `Expr::Map` |
//! | `x BETWEEN SYMMETRIC a AND b` | `__between_symmetric(x, a, b)`, below NOT if negated |
//! | `x IS JSON OBJECT` | `__is_json(x, 'OBJECT')`, below NOT if negated; `'VALUE'` if no kind is named |
//! | `JSON_VALUE`, `JSON_QUERY`, `JSON_EXISTS` | [`__json_value`](JSON_VALUE), [`__json_query`](JSON_QUERY), `__json_exists` |
//! | `JSON_OBJECT`, `JSON_ARRAY` | `__json_object('NULL', k, v, …)`, `__json_array('ABSENT', a, …)` |
//! | `JSON_OBJECTAGG`, `JSON_ARRAYAGG` | `__json_objectagg_null(k, v)`, `__json_arrayagg_absent(x)` and so on |
//! | `TABLE t PARTITION BY k` as an argument | [`__table`](TABLE), for [`TableArgument`](crate::TableArgument) |
//! | `TABLE(TUMBLE(…))` | `TableFactor::TableFunction` |
//! | `LATERAL TABLE(f(x))` | `TableFactor::Function` with `lateral` |
//! | `t FOR SYSTEM_TIME AS OF x AS a` | `TableFactor::Table` with `version` |
//! | `t /*+ OPTIONS('k'='v') */` | its `with_hints`, for [`Hint::of_table`](crate::Hint::of_table) |
//! | `SELECT /*+ STATE_TTL('t'='1d') */` | its `optimizer_hints`, for [`Hint::of_select`](crate::Hint::of_select) |
//! | `PATTERN (…) WITHIN INTERVAL '1' HOUR` | the first symbol of DEFINE is `__within`, defined as the interval |
//! | `PATTERN (A+?)` | a repetition by `?` around the repetition: reluctant |

/// `FLOOR(x TO unit)`
pub const FLOOR_TO: &str = "__floor_to";
/// `CEIL(x TO unit)`
pub const CEIL_TO: &str = "__ceil_to";
/// An interval of more than a number of one unit, or with a precision, or of quarters: `__interval('1 10', 'DAY TO HOUR')`.
pub const INTERVAL: &str = "__interval";
/// `x BETWEEN SYMMETRIC a AND b`
pub const BETWEEN_SYMMETRIC: &str = "__between_symmetric";
/// `x IS JSON kind`
pub const IS_JSON: &str = "__is_json";
/// `JSON_EXISTS(x, 'path' TRUE ON ERROR)`: `__json_exists(x, 'path', 'TRUE')`; without the clause it is `'FALSE'`.
pub const JSON_EXISTS: &str = "__json_exists";
/// `JSON_VALUE(x, 'path' RETURNING INT DEFAULT 0 ON EMPTY)`: `__json_value(x, 'path', 'INT', 'DEFAULT', 0, 'NULL', NULL)`.
///
/// The type is `'STRING'` if none is named. Then comes what is done if there is nothing, `'NULL'`, `'ERROR'` or `'DEFAULT'`, with the
/// default (else NULL); then the same for errors.
pub const JSON_VALUE: &str = "__json_value";
/// `JSON_QUERY(x, 'path' WITH WRAPPER)`: `__json_query(x, 'path', 'STRING', 'UNCONDITIONAL', 'NULL', 'NULL')`.
///
/// The type; the wrapper, `'WITHOUT'`, `'CONDITIONAL'` or `'UNCONDITIONAL'`; what is done if there is nothing, and on an error:
/// `'NULL'`, `'EMPTY ARRAY'`, `'EMPTY OBJECT'` or `'ERROR'`.
pub const JSON_QUERY: &str = "__json_query";
/// `JSON_OBJECT(KEY k VALUE v, …)`: first `'NULL'` or `'ABSENT'`, then keys and values.
pub const JSON_OBJECT: &str = "__json_object";
/// `JSON_ARRAY(a, …)`: first `'NULL'` or `'ABSENT'`, then the items.
pub const JSON_ARRAY: &str = "__json_array";
/// `JSON_OBJECTAGG … NULL ON NULL`
pub const JSON_OBJECTAGG_NULL: &str = "__json_objectagg_null";
/// `JSON_OBJECTAGG … ABSENT ON NULL`
pub const JSON_OBJECTAGG_ABSENT: &str = "__json_objectagg_absent";
/// `JSON_ARRAYAGG … NULL ON NULL`
pub const JSON_ARRAYAGG_NULL: &str = "__json_arrayagg_null";
/// `JSON_ARRAYAGG … ABSENT ON NULL`
pub const JSON_ARRAYAGG_ABSENT: &str = "__json_arrayagg_absent";
/// A table as an argument: `__table((SELECT * FROM t)) OVER (PARTITION BY k ORDER BY o)`.
pub const TABLE: &str = "__table";
/// The symbol that carries MATCH_RECOGNIZE's WITHIN.
pub const WITHIN: &str = "__within";
