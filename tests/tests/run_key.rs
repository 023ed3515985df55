//! What a run writes carries a key by which it is found again, and which no other run in any ledger has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use belay_tests::workspace::Shop;
use serde_json::Value;

/// The transaction that the run put into the newest commit of the table.
fn transaction(shop: &Shop) -> String {
    let systems = shop.systems();
    let newest = systems.iter().rfind(|(name, _)| name.contains("_delta_log/") && name.ends_with(".json")).unwrap();
    let lines = std::str::from_utf8(newest.1).unwrap().lines();
    let mut actions = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let info = actions.find_map(|action| action.get("commitInfo").cloned()).unwrap();
    info["txnId"].as_str().unwrap().to_owned()
}

#[test]
fn two_ledgers_number_their_runs_alike_and_give_them_other_keys() {
    let keys = [(); 2].map(|()| {
        let shop = Shop::released();
        shop.roll_back("run", &[]).ends(0);
        let mandate = shop.log().into_iter().find(|entry| entry["kind"] == "mandate").unwrap();
        let key = transaction(&shop);
        let nonce = mandate["body"]["nonce"].as_str().unwrap();
        assert_eq!(key, format!("r-1-{nonce}/1.0"), "{mandate:#}");
        key
    });
    assert_ne!(keys[0], keys[1]);
}
