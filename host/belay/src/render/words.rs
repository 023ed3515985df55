//! Requests back into the words that were typed, to paste.

use belay_runtime::api::{Goal, PlanRequest, UndoRequest};

use super::clock::Clock;

/// `standard-rollback checkout-ranker --env prod --to latest-good`, quoted for a shell. Moments are written in full, so
/// that the words mean the same tomorrow.
pub(crate) fn words(request: &PlanRequest, clock: &Clock) -> String {
    let mut words = vec![request.runbook.to_string(), request.feature_set.to_string()];
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    if let Some(environment) = &request.environment {
        option("--env", environment.to_string());
    }
    match &request.goal {
        None => {}
        Some(Goal::Point(point)) => option("--to", point.to_string()),
        Some(Goal::LatestGood) => option("--to", "latest-good".to_owned()),
        Some(Goal::Before(at)) => option("--before", clock.exact(*at)),
        Some(Goal::Versions(versions)) => {
            versions.iter().for_each(|(resource, version)| option("--at", format!("{resource}={version}")));
        }
    }
    if let Some(stage) = &request.only {
        option("--only", stage.to_string());
    }
    request.except.iter().for_each(|resource| option("--except", resource.to_string()));
    request.parameters.iter().for_each(|(name, value)| option("--parameter", format!("{name}={value}")));
    if let Some(incident) = &request.incident {
        option("--incident", incident.to_string());
    }
    if let Some(reason) = &request.reason {
        option("--reason", reason.clone());
    }
    line(&words)
}

/// `r-77 --except dataset --reason 'it was right'`, as [`words`].
pub(crate) fn undo_words(request: &UndoRequest) -> String {
    let mut words = vec![request.run.to_string()];
    request.except.iter().for_each(|resource| words.extend(["--except".to_owned(), resource.to_string()]));
    words.extend(request.with_checks.then(|| "--with-checks".to_owned()));
    words.extend(request.break_glass.then(|| "--break-glass".to_owned()));
    for (name, value) in
        [("--incident", request.incident.as_ref().map(ToString::to_string)), ("--reason", request.reason.clone())]
    {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    }
    line(&words)
}

fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// One word, quoted where a shell would take it apart.
pub(crate) fn quoted(word: &str) -> String {
    // Readable where it is safe: a `=` means something to a shell only in its first word.
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c)) {
        return word.to_owned();
    }
    // Only a NUL can't be quoted, and no argument holds one.
    shlex::try_quote(word).map_or_else(|_| word.replace('\0', ""), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use belay_domain::id::Millis;

    use super::*;
    use crate::render::clock;

    #[test]
    fn words_can_be_pasted() {
        let mut request = PlanRequest {
            runbook: "r".parse().unwrap(),
            feature_set: "s".parse().unwrap(),
            environment: Some("prod".parse().unwrap()),
            goal: Some(Goal::Before(Millis(1_795_313_400_000))),
            only: Some("contain".parse().unwrap()),
            except: vec!["model".parse().unwrap()],
            parameters: [("to".to_owned(), "10 %".to_owned())].into(),
            incident: Some("INC-1".parse().unwrap()),
            reason: Some("it's bad".to_owned()),
            break_glass: false,
        };
        let clock = clock::at("2026-11-22T03:10:00+01:00[Europe/Berlin]");
        assert_eq!(
            words(&request, &clock),
            "r s --env prod --before 2026-11-22T03:10:00+01:00 --only contain --except model \
             --parameter 'to=10 %' --incident INC-1 --reason \"it's bad\""
        );
        request.goal = Some(Goal::Versions([("model".parse().unwrap(), "8".to_owned())].into()));
        assert!(words(&request, &clock).contains("--at model=8"));
    }

    #[test]
    fn so_can_those_of_an_undo() {
        let mut request = UndoRequest {
            run: "r-77".parse().unwrap(),
            except: Vec::new(),
            with_checks: false,
            incident: None,
            reason: None,
            break_glass: false,
        };
        assert_eq!(undo_words(&request), "r-77");
        request.except.push("dataset".parse().unwrap());
        request.with_checks = true;
        request.break_glass = true;
        request.incident = Some("INC-1".parse().unwrap());
        request.reason = Some("it's right".to_owned());
        assert_eq!(
            undo_words(&request),
            "r-77 --except dataset --with-checks --break-glass --incident INC-1 --reason \"it's right\""
        );
    }
}
