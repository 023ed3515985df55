//! The rare exceptions of the auditor's population, each made by a belay that met the trouble itself: an outcome that
//! nobody knew, one that a person decided, a run taken over, and what could not be recorded in time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;

use belay_tests::kill::stop_when;
use belay_tests::lab::desk::Desk;
use belay_tests::lab::shelf::{Loses, Shelf};
use belay_tests::redact::redact;
use belay_tests::workspace::{ROLLBACK, Said, Shop};
use expect_test::expect;
use serde_json::{Value, json};

/// A page, a table and JSON of everything that happened; each must tell the same.
struct Report {
    page: String,
    table: String,
    answer: Value,
    log: Vec<Value>,
}

impl Report {
    fn of(belay: impl Fn(&[&str]) -> Said, log: Vec<Value>) -> Self {
        let text = |format: &str| {
            let said = belay(&["audit", "report", "--format", format]);
            said.ends(0);
            said
        };
        let answer = text("json").answer("report");
        Self { page: text("html").out, table: text("csv").out, answer, log }
    }

    /// The exceptions of a kind: what each says. Each is shown by an entry of that kind, and stands in the page and in
    /// the table with the same number and words.
    #[track_caller]
    fn told(&self, kind: &str, words: &str, shown_by: &str) -> Vec<&Value> {
        let all = self.answer["exceptions"].as_array().unwrap();
        let rows: Vec<_> = all.iter().filter(|row| row["kind"] == kind).collect();
        for row in &rows {
            let (number, what) = (&row["entry"], row["what"].as_str().unwrap());
            let entry = &self.log[usize::try_from(number.as_u64().unwrap()).unwrap()];
            assert_eq!((&entry["seq"], &entry["kind"]), (number, &Value::from(shown_by)), "{row}");
            let what = what.replace('\'', "&#39;");
            let cells =
                |row: &str| row.contains(&format!("<td>{words}</td>")) && row.contains(&format!("<td>{what}</td>"));
            let begins = format!("<tr><td>{number}</td>");
            assert_eq!(self.page.lines().filter(|row| row.starts_with(&begins) && cells(row)).count(), 1, "{row}");
            let begins = format!("\"exception\",\"{number}\",");
            let in_words = format!("\"{words}\",");
            let found = self.table.split("\r\n").filter(|row| row.starts_with(&begins) && row.contains(&in_words));
            assert_eq!(found.count(), 1, "{row}");
        }
        assert_eq!(self.page.matches(&format!("<td>{words}</td>")).count(), rows.len(), "{words}");
        assert_eq!(self.table.matches(&format!("\"{words}\"")).count(), rows.len(), "{words}");
        rows
    }
}

fn of_shop(shop: &Shop) -> Report {
    Report::of(|words| shop.belay(words), shop.log())
}

fn of_desk(desk: &Desk) -> Report {
    Report::of(|words| desk.belay(&words.join(" ")), desk.log())
}

/// Who did it and what the report says of it, without what differs from run to run.
fn reads(row: &Value) -> String {
    let [who, what] = ["who", "what"].map(|name| row[name].as_str().unwrap());
    redact(&format!("{who}: {what}"), "/no/folder")
}

const RUN: &str = "run weights-back ranking --to latest-good --json";

#[test]
fn an_outcome_that_nobody_knew_is_told_with_who_decided_it() {
    let (shelf, desk) = Shelf::released();
    shelf.next_write(Loses::Request);
    desk.belay(RUN).ends(6).says("belay resolve r-1");
    assert_eq!(shelf.get(), json!({ "clicks": 90 }), "it never arrived");

    let told = of_desk(&desk);
    let unknown = told.told("unknown_outcome", "unknown outcome", "outcome");
    assert_eq!((unknown.len(), &unknown[0]["run"]), (1, &Value::from("r-1")), "{}", told.answer);
    expect![[r#"
        [user]: Whether a write to weights, intended by entry [number], happened, belay could not tell: the connection broke before an answer: connection closed before message completed. What was found out later, the run's receipt says: it is not there yet, or can't be read.
    "#]].assert_eq(&reads(unknown[0]));
    // It may have happened, and nobody approved it.
    assert_eq!(told.told("without_approval", "written without approval", "outcome").len(), 1);
    assert_eq!(told.told("resolved_outcome", "outcome decided by a person", "step.resolved").len(), 0);
    assert_eq!(told.told("open", "run not ended", "run.opened").len(), 1);

    desk.belay("resolve r-1 weights --as not-applied --reason looked-at-the-shelf").ends(0);
    desk.belay("resume r-1").ends(0);
    assert_eq!(shelf.get(), json!({ "clicks": 3 }));
    let told = of_desk(&desk);
    assert_eq!(told.told("unknown_outcome", "unknown outcome", "outcome").len(), 1, "it was unknown for all that");
    assert_eq!(told.answer["runs"][0]["writes"], 1, "the second try");
    let decided = told.told("resolved_outcome", "outcome decided by a person", "step.resolved");
    assert_eq!(decided.len(), 1, "{}", told.answer);
    expect![[r#"
        [user]: On a write to weights, [user] decided that it did not happen (not applied): looked-at-the-shelf
    "#]]
    .assert_eq(&reads(decided[0]));
    assert_eq!(told.told("open", "run not ended", "run.opened").len(), 0);
    desk.is_sound();
}

#[test]
fn an_answer_that_was_lost_is_told_also_where_looking_settled_it() {
    let (shelf, desk) = Shelf::released();
    shelf.next_write(Loses::Answer);
    desk.belay(RUN).ends(0);
    assert_eq!(shelf.get(), json!({ "clicks": 3 }));
    let told = of_desk(&desk);
    let unknown = told.told("unknown_outcome", "unknown outcome", "outcome");
    assert_eq!(unknown.len(), 1, "{}", told.answer);
    expect![[r#"
        [user]: Whether a write to weights, intended by entry [number], happened, belay could not tell: the connection broke before an answer: connection closed before message completed. Found out later: it had happened, the content is what it yields.
    "#]].assert_eq(&reads(unknown[0]));
    assert_eq!(told.answer["runs"][0]["writes"], 1, "it was found to have happened");
    assert_eq!(told.told("without_approval", "written without approval", "outcome").len(), 1);
    assert_eq!(told.told("resolved_outcome", "outcome decided by a person", "step.resolved").len(), 0);
    desk.is_sound();
}

fn run(shop: &Shop) -> Command {
    shop.command([&["run"], &ROLLBACK[..], &["--env", "demo"]].concat())
}

#[test]
fn a_run_that_was_taken_over_is_told_with_who_took_it_and_why() {
    let shop = Shop::released();
    // Amid its first write: the one who takes over finds an intent, and no outcome.
    let old = stop_when(&run(&shop), |write| write.file.as_ref().is_some_and(|file| file.contains("/flags/")));
    assert_eq!(of_shop(&shop).told("taken_over", "run taken over", "run.taken_over").len(), 0);
    shop.belay(["takeover", "r-1", "--reason", "the terminal hangs"]).ends(0);
    assert_ne!(old.wake(), 0, "it is told that the run is no longer its own");

    let told = of_shop(&shop);
    let taken = told.told("taken_over", "run taken over", "run.taken_over");
    assert_eq!((taken.len(), &taken[0]["run"]), (1, &Value::from("r-1")), "{}", told.answer);
    expect![[r#"
        [user]: [user] took the run from the process that [user] had begun or resumed: the terminal hangs
    "#]]
    .assert_eq(&reads(taken[0]));
    let unknown = told.told("unknown_outcome", "unknown outcome", "outcome");
    assert_eq!(unknown.len(), 1, "{}", told.answer);
    expect![[r#"
        [user]: Whether a write to flag, intended by entry [number], happened, belay could not tell: the process ended between intent and outcome. Found out later: it had not happened, the resource has not moved since it was planned.
    "#]].assert_eq(&reads(unknown[0]));
    shop.is_sound();
}

#[test]
fn what_a_belay_could_not_record_is_told_by_the_next_one() {
    let shop = Shop::released();
    let command = run(&shop);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=2+"]);
    strace.arg(command.get_program()).args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    shop.listen(strace).ends(1).says("nobody knows what the disk holds");
    assert_eq!(
        of_shop(&shop).told("not_recorded", "not recorded in time", "ledger.recovered").len(),
        0,
        "nobody could"
    );

    let begun = shop.belay(["status", "r-1"]).status == Some(0);
    let next = if begun { shop.belay(["resume", "r-1"]) } else { shop.roll_back("run", &[]) };
    next.ends(0);
    let told = of_shop(&shop);
    let lost = told.told("not_recorded", "not recorded in time", "ledger.recovered");
    assert_eq!(lost.len(), 1, "{}", told.answer);
    let entry = &told.log[usize::try_from(lost[0]["entry"].as_u64().unwrap()).unwrap()];
    assert_eq!(entry["body"]["failures"][0]["kind"], "stopped");
    let failed_at = entry["body"]["failures"][0]["at"].as_u64().unwrap();
    assert!(failed_at <= entry["at"].as_u64().unwrap());
    expect![[r#"
        [user]: at [moment] a belay (process [number]) ended at once, since a write of its record failed and nobody knew what the disk held: the database: disk I/O error
    "#]].assert_eq(&reads(lost[0]));
    shop.is_sound();
}
