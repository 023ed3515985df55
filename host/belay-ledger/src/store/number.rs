//! Numbers for people: `r-77`, `rp-0412`. Never waits for the disk.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::draft::Counter;
use crate::error::Error;

/// The next number of a counter. Not synced: the next synced commit contains it, and what is durable and refers to the
/// number is a later commit. After a power failure before that, nobody remembers the number, and it is given again.
pub(super) fn next_number(connection: &Connection, counter: Counter) -> Result<u64, Error> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let sql = "INSERT INTO counter VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value";
    let number = transaction.prepare_cached(sql)?.query_row([counter.name()], |row| row.get(0))?;
    transaction.commit()?;
    Ok(number)
}
