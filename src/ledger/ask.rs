//! Statements with values. sqlx's own ways do the same, but the compiler cannot see that a task may wait for those while
//! another thread takes it over; here that is said.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Executor, FromRow};

/// A statement with its values.
pub(super) type Statement<'q> = Query<'q, Any, AnyArguments<'q>>;

/// Changes something: how many rows.
pub(super) fn change<'c>(
    connection: &'c mut AnyConnection,
    statement: Statement<'c>,
) -> BoxFuture<'c, Result<u64, sqlx::Error>> {
    connection.execute(statement).map_ok(|done| done.rows_affected()).boxed()
}

/// All rows that the statement finds.
pub(super) fn all<'c, T>(
    connection: &'c mut AnyConnection,
    statement: Statement<'c>,
) -> BoxFuture<'c, Result<Vec<T>, sqlx::Error>>
where
    T: for<'r> FromRow<'r, AnyRow>,
{
    let rows = connection.fetch_all(statement);
    rows.map(|rows| rows?.iter().map(T::from_row).collect()).boxed()
}

/// The one row that the statement finds, if there is one.
pub(super) fn one<'c, T>(
    connection: &'c mut AnyConnection,
    statement: Statement<'c>,
) -> BoxFuture<'c, Result<Option<T>, sqlx::Error>>
where
    T: for<'r> FromRow<'r, AnyRow>,
{
    let row = connection.fetch_optional(statement);
    row.map(|row| row?.as_ref().map(T::from_row).transpose()).boxed()
}

/// Statements without values, one after the other.
pub(super) fn plainly<'c>(
    connection: &'c mut AnyConnection,
    statements: &'c str,
) -> BoxFuture<'c, Result<(), sqlx::Error>> {
    connection.execute(sqlx::raw_sql(statements)).map_ok(|_| ()).boxed()
}
