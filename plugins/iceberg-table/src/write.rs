//! The commit that moves a reference. The catalog itself refuses it where the table or the reference is another than
//! expected.

use belay_sdk::{Answer, BodyTest, Fault, HttpWrite, Write, json};
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::name::Name;
use crate::table::SnapshotRef;

/// Sets the reference, which stands at `from` until then; at nothing where there is none yet.
pub(crate) fn set(
    catalog: &Catalog,
    name: &Name,
    table: &str,
    from: Option<i64>,
    to: &SnapshotRef,
) -> Result<Write, Fault> {
    let mut update = serde_json::to_value(to).map_err(|error| Fault::Unexpected(error.to_string()))?;
    if let Value::Object(members) = &mut update {
        members.insert("action".to_owned(), json!("set-snapshot-ref"));
        members.insert("ref-name".to_owned(), json!(name.reference));
    }
    commit(catalog, name, table, from, &update)
}

/// Takes the reference away.
pub(crate) fn remove(catalog: &Catalog, name: &Name, table: &str, from: i64) -> Result<Write, Fault> {
    let update = json!({ "action": "remove-snapshot-ref", "ref-name": name.reference });
    commit(catalog, name, table, Some(from), &update)
}

fn commit(catalog: &Catalog, name: &Name, table: &str, from: Option<i64>, update: &Value) -> Result<Write, Fault> {
    let body = json!({
        "requirements": [
            { "type": "assert-table-uuid", "uuid": table },
            { "type": "assert-ref-snapshot-id", "ref": name.reference, "snapshot-id": from },
        ],
        "updates": [update],
    });
    // A catalog names each refusal; the same status without a name is a proxy's.
    let named = |status| Answer { status, body: Some(("/error/type".to_owned(), BodyTest::Present)) };
    let whose = ("/metadata/table-uuid".to_owned(), BodyTest::Equals(json::text(&table)?));
    Ok(Write::Http(HttpWrite {
        connection: catalog.connection.to_owned(),
        method: "POST".to_owned(),
        path: name.path.clone(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
        applied: vec![Answer { status: 200, body: Some(whose) }],
        // 500, 502 and 504 say that the commit's state is unknown.
        refused: [400, 401, 403, 404, 409, 419, 429].map(named).into(),
    }))
}
