//! What an author is told of a configuration that makes no sense, before anything is read.

use belay_sdk::{Fault, Reverter, fake};
use expect_test::expect;
use http_resource::HttpResource;

use super::resource;

const SOUND: &str = r#"
id = "{flow}/{name}"
content = { paused = "/paused", owner = "/owner" }
attributes = { paused = "boolean" }
read = [{ request = "GET /things/{flow}/{name}" }]
write = [{ request = "PATCH /things/{/id}", body = { paused = "{desired/paused}", owner = "{desired/owner}" } }]
"#;

/// What is said of the sound configuration with one place of it changed.
fn told(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    let of = resource("etl/nightly", &SOUND.replacen(from, to, 1));
    // Nobody can be reached: what is found wrong is found in the configuration.
    match HttpResource::observe(&fake::Reads::default().unreachable("api"), &of) {
        Err(Fault::Invalid(text)) => text,
        other => format!("not noticed: {other:?}"),
    }
}

#[test]
fn each_mistake_is_told_with_its_place() {
    let mistakes = [
        ("content = { paused", "content = { Paused"),
        ("\"/owner\" }", "\"owner\" }"),
        ("\"/owner\" }", "\"/own~er\" }"),
        ("GET /things/{flow}", "GET /things/{flw}"),
        ("GET /things", "FETCH /things"),
        ("GET /things", "GET things"),
        ("GET /things/{flow}/{name}", "GET /things/{flow}/{name"),
        ("PATCH /things/{/id}", "PATCH /things/{/}id}"),
        ("{desired/owner}", "{desired/ownr}"),
        (", owner = \"{desired/owner}\" }", " }"),
        ("\"{desired/paused}\"", "{ now = \"{wanted/paused}\" }"),
        ("body = {", "sets = [\"paused\"], body = {"),
        ("body = {", "sets = [\"pausd\"], body = {"),
        ("body = {", "applied = [\"OK\"], body = {"),
        ("body = {", "applied = [], body = {"),
        ("body = {", "headers = { If-Match = \"*\" }, body = {"),
        ("id = \"{flow}/{name}\"", "id = \"{flow}\""),
        ("id = \"{flow}/{name}\"", "id = \"{flow}/{flow}\""),
        ("id = \"{flow}/{name}\"", "id = \"{key}/{name}\""),
        ("attributes = { paused", "attributes = { pause"),
        ("attributes = {", "ignore = [\"/updated\"]\nattributes = {"),
        ("attributes = {", "preset = \"prefect-deploy\"\nattributes = {"),
        ("attributes = {", "history = { request = \"GET /h\", version = \"{version}\" }\nattributes = {"),
        (
            "attributes = {",
            "history = { request = \"GET /h\", version = \"{/v}\", state = \"/s\", read = \"/r\" }\nattributes = {",
        ),
        ("attributes = {", "create = { request = \"POST /things\", body = \"{result}\" }\nattributes = {"),
        ("read = [{", "read = [{ request = \"GET /a\" }, {"),
        ("read = [{", "read = [{ absent = [\"404 errno is 1\"], "),
        ("read = [{", "read = [{ next = \"/things?page={/next}\", "),
    ];
    let all: Vec<String> = mistakes.iter().map(|(from, to)| told(from, to)).collect();
    expect![[r#"
        content.Paused: a name is lower-case letters, digits and `_`
        content.owner: the pointer `owner` does not start with `/`
        content.owner: the pointer `/own~er` has `~er`: `~` is written `~0`, and `/` in a name `~1`
        read[0].request: `{flw}`: nothing has this name here; there are {id}, {flow}, {name}
        read[0].request: `FETCH /things/{flow}/{name}` does not start with GET or POST and a space
        read[0].request: the path `things/{flow}/{name}` does not start with `/`
        read[0].request: `/things/{flow}/{name`: a brace that is no hole is written twice
        write[0].request: `/things/{/}id}`: a brace that is no hole is written twice
        write[0].body/owner: `{desired/ownr}`: `content` has no `ownr`; it has owner, paused
        write[0]: it is to set `owner` but doesn't say to what: `{desired/owner}` in its path or body, or `when`
        write[0].body/paused/now: `{wanted/paused}`: nothing has this name here; there are {id}, {flow}, {name}, {key}, {/…}, {header}, {observed}, {desired}, {result}
        write: none sets `owner`, so a state with another one could not be restored
        write[0].sets: `content` has no `pausd`; it has owner, paused
        write[0].applied: `OK`: an answer starts with its status, as in `200`
        write[0].applied: no answer would say that it was applied
        write[0].headers.If-Match: a header's name is written in lower case
        id: the id `etl/nightly` does not have the parts of `{flow}`
        id: `{flow}/{flow}`: another part is called `flow`
        id: `{key}/{name}`: a part can't be called `key`
        attributes: `content` has no `pause`; it has owner, paused
        ignore: `/updated` does not start with a name of `content`, as in `/owner/…`
        preset: there is no `prefect-deploy`; there are airflow-dag-run, airflow-dag, prefect-deployment, prefect-flow-run
        history.version: `{version}`: nothing has this name here; there are {id}, {flow}, {name}, {/…}
        history.read: `state` says already where an item's state is
        create.body: `{result}`: nothing has this name here; there are {id}, {flow}, {name}, {key}, {desired}
        read[0].as: where there are several reads, each has a name
        read[0].absent: the pointer `errno` does not start with `/`
        read[0].list: it says which list of the answer comes in pages"#]].assert_eq(&all.join("\n"));
}

#[test]
fn what_is_missing_is_told_with_an_example() {
    let said = |config: &str| match HttpResource::observe(&fake::Reads::default(), &resource("x", config)) {
        Err(Fault::Invalid(text)) => text,
        other => format!("not noticed: {other:?}"),
    };
    let all = [
        said(""),
        said("read = [{ request = \"GET /x\" }]"),
        said("read = [{ request = \"GET /x\" }]\ncontent = { a = \"/a\" }"),
    ];
    expect![[r#"
        read: there is none, as in `read = [{ request = "GET /things/{id}" }]`
        content: it says what of the answer is to be restored, as in `{ paused = "/paused" }`
        write: there is none, so nothing puts `a` right"#]]
    .assert_eq(&all.join("\n"));
}
