//! An entry in a few words, for people. What it says in full is its JSON.

use belay_domain::id::Millis;
use belay_ledger::Entry;
use serde_json::Value;

use crate::words::moment;

fn reading(body: &Value) -> String {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}{}", text("/reading/kind"), text("/reading/value"), text("/reading/reason")).trim_end().to_owned()
}

/// The part of a verifier that people compare.
fn key_id(verifier: &str) -> &str {
    verifier.split('+').nth(1).unwrap_or_default()
}

fn failures(body: &Value) -> String {
    let failures = body.get("failures").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told = failures.iter().map(|failure| {
        let text = |name: &str| failure.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{}: {}", text("kind").replace('_', " "), text("cause"))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// The texts of a list.
fn texts<'b>(body: &'b Value, pointer: &str) -> Vec<&'b str> {
    body.pointer(pointer).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What each guardrail said.
fn verdicts(body: &Value) -> String {
    let said = body.pointer("/finding/verdicts").and_then(Value::as_object).into_iter().flatten();
    said.map(|(name, verdict)| format!(", {name} {}", verdict.as_str().unwrap_or_default().replace('_', " "))).collect()
}

/// What an entry says, in one line.
pub(crate) fn summary(entry: &Entry) -> String {
    let body = entry.body.value();
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |pointer: &str| body.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let short = |pointer: &str| text(pointer).chars().take(12).collect::<String>();
    match entry.kind.as_str() {
        "plugin.call" => {
            let (plugin, function, status) = (text("/plugin"), text("/call/function"), text("/call/status"));
            format!(
                "{plugin} {function}: {status}, {} reads, {} µs",
                number("/call/reads"),
                number("/call/duration_us")
            )
        }
        "run.opened" => {
            format!("{} on {}, mandate {}", text("/runbook/name"), text("/feature_set/name"), short("/mandate"))
        }
        "stage.planned" if text("/finding/kind") == "judged" => format!(
            "{}: {} operations, risk {}, plan {}{}",
            text("/name"),
            number("/operations"),
            number("/finding/risk/risk"),
            short("/plan"),
            verdicts(body)
        ),
        "stage.planned" => format!("{}: breaks {} rules", text("/name"), number("/finding/violations")),
        "intent" => format!(
            "step {}.{}, operation {} (attempt {}), {}",
            number("/step/stage"),
            number("/step/step"),
            number("/index"),
            number("/attempt"),
            short("/operation")
        ),
        "outcome" => {
            let why = [text("/outcome/detail"), text("/outcome/reason")].concat();
            format!("{} for intent {}: {why}", text("/outcome/kind"), number("/intent"))
        }
        "point.captured" => format!("{} of {}: {}", text("/id"), text("/feature_set"), text("/message")),
        "point.marked" => format!("{} is {}", text("/id"), text("/mark")),
        "gate.judged" => {
            let open = body.get("open").and_then(Value::as_bool).unwrap_or_default();
            format!("{} {} be rolled back", text("/feature_set"), if open { "can" } else { "can't" })
        }
        "quarantine.set" => format!("{} at {}, left by {}", text("/resource"), text("/version"), text("/run")),
        "quarantine.lifted" => format!("{} at {}", text("/resource"), text("/version")),
        "resource.seen" => format!("{} is {}", text("/resource"), text("/version")),
        "resource.changed_outside" => {
            format!(
                "{}: {} → {} with no run to explain it",
                text("/resource"),
                text("/before/version"),
                text("/version")
            )
        }
        "plugin.added" | "component.kept" => format!("{} is {}", text("/name"), short("/digest")),
        "configuration.changed" => format!("{} {} is now {}", text("/what"), text("/name"), short("/digest")),
        "step.confirmed" => format!(
            "step {}.{}{}, {} operations left",
            number("/step/stage"),
            number("/step/step"),
            body.pointer("/part").and_then(Value::as_u64).map(|part| format!(", part {part}")).unwrap_or_default(),
            number("/remaining_operations")
        ),
        "step.seen" => format!("step {}.{}: {}", number("/step/stage"), number("/step/step"), text("/look")),
        "stage.locked" => format!("stage {}", number("/stage")),
        "stage.lock_held" => format!("{} is held by {}", text("/holder/resource"), text("/holder/run")),
        "check.measured" => format!("check {}: {}", number("/check"), reading(body)),
        "run.resumed" => format!("by {}, epoch {}", text("/by"), number("/epoch")),
        "run.taken_over" => {
            format!("by {}, epoch {}: {}", text("/by"), number("/epoch"), entry.reason.clone().unwrap_or_default())
        }
        "step.resolved" => format!(
            "step {}.{}: {} says {}: {}",
            number("/step/stage"),
            number("/step/step"),
            text("/by"),
            text("/decision").replace('_', " "),
            text("/reason")
        ),
        "run.fell_back" => match text("/response/kind").as_str() {
            "undo" => "what was written is put back".to_owned(),
            _ => format!("goes on with {}", text("/response/name")),
        },
        "request.signed" | "approval" => format!("{} signed mandate {}", text("/person"), short("/mandate")),
        "rejection" => format!("{} rejected mandate {}: {}", text("/person"), short("/mandate"), text("/reason")),
        "break_glass" => format!("{} with {}: {}", text("/person"), text("/requester"), text("/reason")),
        "review.closed" => format!("by {}: {}", text("/person"), entry.reason.clone().unwrap_or_default()),
        "run.turned_down" => format!("by {}: {}", text("/by"), text("/reason")),
        "run.abort_asked" => text("/reason"),
        "run.pause_asked" | "run.continue_asked" => format!("by {} {}", text("/by"), text("/reason")).trim().to_owned(),
        "ledger.begun" => text("/origin"),
        "ledger.heartbeat" => match number("/every_ms") {
            0 => String::new(),
            every_ms => format!("the next entry within {} s", every_ms / 1_000),
        },
        "ledger.recovered" => failures(body),
        "key.rotated" => format!("{} → {}", key_id(&text("/before")), key_id(&text("/after"))),
        "key.compromised" => {
            format!("{} since entry {}; {} signs", key_id(&text("/before")), number("/since"), key_id(&text("/after")))
        }
        "run.sealed" => text("/ending"),
        "write.answered" => format!("{} for intent {}", number("/status"), number("/intent")),
        "run.asked" => [text("/ask"), text("/reason")].join(" ").trim().to_owned(),
        "request.refused" => texts(body, "/reasons").join("; "),
        "incident.attached" => text("/incident"),
        "governance.proposed" => format!("{} by {}, text {}", short("/governance"), text("/author"), short("/text")),
        "governance.signed" => format!("text {} by {}", short("/text"), text("/person")),
        "governance.accepted" => format!("{}, proposed by {}", short("/governance"), text("/author")),
        "evidence.exported" => {
            format!("{} entries of {}, file {}", number("/entries"), number("/size"), short("/digest"))
        }
        "mandate" => format!("{}, until {}", short("/mandate"), moment(Millis(number("/expires_at")))),
        _ => String::new(),
    }
}
