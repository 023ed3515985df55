//! A plan as lines for a shell, without secrets: for when belay itself can't act. Never says more than the plan does.

mod keys;

use belay_connect::Target;
use belay_domain::operation::{Expectation, HttpWrite, ObjectWrite, Operation, Write};
use belay_domain::plan::{StagePlan, StepPlan};

use crate::workspace::Environment;

/// The lines for one stage, in order.
pub(crate) fn of(plan: &StagePlan, environment: &Environment) -> Vec<String> {
    let heading = format!("# {}", plan.stage);
    let lines = plan.operations().flat_map(|planned| {
        let step = plan.steps.iter().find(|step| step.id == planned.step);
        let mut lines = step.map(|step| hold_before(step, planned.index)).unwrap_or_default();
        lines.extend(operation(planned.operation, environment));
        lines
    });
    let by_hand = plan.steps.iter().filter_map(|step| match &step.subject {
        belay_domain::plan::Subject::Manual { instruction } => Some(comment(&format!("by hand: {instruction}"))),
        belay_domain::plan::Subject::Resource(_) => None,
    });
    std::iter::once(heading).chain(lines).chain(by_hand).collect()
}

/// Between the parts of a ramp: what belay would wait for.
fn hold_before(step: &StepPlan, index: u32) -> Vec<String> {
    let ramp = step.subject.target().and_then(|target| target.ramp.as_ref());
    let begins = step.part_of(index).is_some_and(|(_, own)| index > 0 && own.start == index);
    let Some(ramp) = ramp.filter(|_| begins) else { return Vec::new() };
    let checks = if ramp.checks { "; go on only if the runbook's checks hold" } else { "" };
    let hold = comment(&format!("{} is held{checks}", step.subject.title()));
    vec![hold, format!("sleep {}", ramp.hold_ms.div_ceil(1_000))]
}

fn operation(operation: &Operation, environment: &Environment) -> Vec<String> {
    let target = environment.connections.get(operation.write.connection()).map(|spec| &spec.target);
    let mut lines = vec![comment(&operation.summary)];
    match (&operation.write, target) {
        (Write::Http(write), Some(Target::Http(http))) => lines.push(curl(write, &http.url)),
        (Write::Object(write), Some(Target::Dir(dir))) => lines.extend(object(write, &dir.path.join(&write.key))),
        (Write::Object(write), Some(Target::Objects(store))) => {
            let (url, line) = (&store.url, operation.write.line());
            let (bucket, key) = (&store.bucket, &write.key);
            lines.push(comment(&format!("{line} in bucket {bucket} of {url}: by the store's own client, key {key}")));
        }
        (Write::Keyvalue(write), Some(Target::Redis(redis))) => lines.push(keys::line(write, redis)),
        _ => lines.push(comment("its connection is not in this environment")),
    }
    lines
}

fn comment(text: &str) -> String {
    format!("# {}", text.replace(char::is_control, " "))
}

fn curl(write: &HttpWrite, base: &str) -> String {
    let mut line = format!("curl --fail-with-body -X {}", write.method);
    for (name, value) in &write.headers {
        line.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
    }
    if !write.body.0.is_empty() {
        line.push_str(&format!(" --data-binary {}", quoted(&String::from_utf8_lossy(&write.body.0))));
    }
    line.push_str(&format!(" {}", quoted(&format!("{}{}", base.trim_end_matches('/'), write.path))));
    line.push_str("  # add the credentials");
    line
}

fn object(write: &ObjectWrite, path: &std::path::Path) -> Vec<String> {
    let path = quoted(&path.display().to_string());
    let guard = match &write.expect {
        Expectation::Anything => None,
        Expectation::Absent => Some(format!("test ! -e {path} &&")),
        Expectation::Bytes(digest) => Some(format!("echo '{digest}  '{path} | sha256sum -c --quiet &&")),
    };
    let act = match &write.content {
        None => format!("rm {path}"),
        Some(body) => match std::str::from_utf8(&body.0) {
            Ok(text) => format!("printf %s {} > {path}", quoted(text)),
            Err(_) => return vec![comment(&format!("{path}: {} bytes that are no text", body.0.len()))],
        },
    };
    vec![guard.map_or(act.clone(), |guard| format!("{guard} {act}"))]
}

/// For a POSIX shell: nothing between single quotes is special but the quote itself.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("it's $HOME `x`"), r"'it'\''s $HOME `x`'");
        assert_eq!(comment("a\nrm -rf /"), "# a rm -rf /");
    }
}
