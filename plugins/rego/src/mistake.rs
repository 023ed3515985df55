//! What regorus says of a mistake, on one line: the file, the line, what is wrong.

use belay_sdk::Fault;

/// A mistake in a policy. The guardrail can't judge, so it has denied.
pub(crate) fn fault(error: &impl ToString) -> Fault {
    Fault::Invalid(told(&error.to_string()))
}

/// regorus shows the place (`--> policies/a.rego:3:5`), the line with a mark below it, and the error; where rules call
/// each other, one such block for each. The last one is nearest to the mistake.
fn told(said: &str) -> String {
    let place = said.lines().rev().find_map(|line| line.trim().strip_prefix("--> "));
    let what = said.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
    match (place.and_then(parted), what) {
        (Some((file, line)), Some(what)) => format!("the policy {file}, line {line}: {}", what.trim_start()),
        (_, what) => {
            let whole = || said.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("the policies: {}", what.map_or_else(whole, str::to_owned))
        }
    }
}

/// The file and the line of `file:line:column`.
fn parted(place: &str) -> Option<(&str, &str)> {
    let (rest, _column) = place.rsplit_once(':')?;
    rest.rsplit_once(':')
}
