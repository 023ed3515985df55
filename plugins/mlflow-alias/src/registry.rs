//! What the registry answers. Tells "it isn't there" from "that was no answer of MLflow's".

use belay_sdk::{Fault, Reads, Resource, http, json};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Config;
use crate::alias::Alias;

/// Below it lies the API.
pub(crate) const API: &str = "/api/2.0/mlflow";
const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts";
/// RFC 3986: all but unreserved characters, and `/`, which parts the path.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A registry behind a connection.
pub(crate) struct Registry<'a> {
    reads: &'a dyn Reads,
    pub(crate) connection: &'a str,
    /// Whether artifacts are looked at.
    pub(crate) artifacts: bool,
}

/// A version of a registered model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Version {
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) run_id: String,
    #[serde(default)]
    pub(crate) source: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) description: String,
    /// Milliseconds since 1970 UTC.
    pub(crate) creation_timestamp: Option<u64>,
    /// Milliseconds since 1970 UTC.
    pub(crate) last_updated_timestamp: Option<u64>,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
}

/// What somebody wrote down about a version or a run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
}

/// A run, as far as it matters for what it made.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) info: RunInfo,
    #[serde(default)]
    pub(crate) inputs: Inputs,
    #[serde(default)]
    pub(crate) data: RunData,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct RunData {
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RunInfo {
    pub(crate) artifact_uri: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Inputs {
    #[serde(default)]
    pub(crate) dataset_inputs: Vec<DatasetInput>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DatasetInput {
    pub(crate) dataset: Dataset,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) digest: String,
}

/// A file or a folder below the one that was listed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) is_dir: bool,
    #[serde(default)]
    pub(crate) file_size: u64,
}

/// Some versions, and the token of the page after them.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    #[serde(default)]
    pub(crate) model_versions: Vec<Version>,
    #[serde(default)]
    pub(crate) next_page_token: String,
}

/// MLflow's own words for why it has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Refusal {
    error_code: String,
    #[serde(default)]
    message: String,
}

impl Refusal {
    fn is_absence(&self) -> bool {
        self.error_code == "RESOURCE_DOES_NOT_EXIST"
    }

    /// An absent alias is answered as a wrong parameter.
    fn is_absent_alias(&self) -> bool {
        self.error_code == "INVALID_PARAMETER_VALUE"
            && self.message.contains("alias")
            && self.message.contains("not found")
    }
}

#[derive(Deserialize)]
struct VersionAnswer {
    model_version: Version,
}

impl<'a> Registry<'a> {
    /// The registry of a resource.
    pub(crate) fn of(reads: &'a dyn Reads, resource: &'a Resource<Config>) -> Self {
        Self { reads, connection: &resource.connection, artifacts: resource.config.artifacts }
    }

    /// The version that an alias stands at; nothing where there is no such alias. That there is no such model is a
    /// fault.
    pub(crate) fn aliased(&self, alias: &Alias) -> Result<Option<Version>, Fault> {
        let (model, name) = (encoded(&alias.model), encoded(&alias.name));
        let path = format!("{API}/registered-models/alias?name={model}&alias={name}");
        match self.get::<VersionAnswer>(&path)? {
            Ok(found) => Ok(Some(found.model_version)),
            Err(refusal) if refusal.is_absent_alias() => Ok(None),
            Err(refusal) if refusal.is_absence() => Err(Fault::Missing(refusal.message)),
            Err(refusal) => Err(unexpected(&path, &refusal)),
        }
    }

    /// A version by its number; a fault where it was deleted or never was.
    pub(crate) fn version(&self, model: &str, number: u64) -> Result<Version, Fault> {
        let path = format!("{API}/model-versions/get?name={}&version={number}", encoded(model));
        match self.get::<VersionAnswer>(&path)? {
            Ok(found) => Ok(found.model_version),
            Err(refusal) if refusal.is_absence() => {
                Err(Fault::Missing(format!("version {number} of `{model}` is not in the registry")))
            }
            Err(refusal) => Err(unexpected(&path, &refusal)),
        }
    }

    /// Where the registry says that a version's artifacts are; nothing where it doesn't know any more.
    pub(crate) fn download_uri(&self, model: &str, number: &str) -> Result<Option<String>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            artifact_uri: String,
        }
        let path = format!("{API}/model-versions/get-download-uri?name={}&version={}", encoded(model), encoded(number));
        Ok(self.there(&path)?.map(|answer: Answer| answer.artifact_uri))
    }

    /// A run; nothing where it was deleted for good.
    pub(crate) fn run(&self, id: &str) -> Result<Option<Run>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            run: Run,
        }
        Ok(self.there(&format!("{API}/runs/get?run_id={}", encoded(id)))?.map(|answer: Answer| answer.run))
    }

    /// What lies directly in a folder of artifacts. A folder that is not there has nothing in it.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<Listed>, Fault> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            files: Vec<Listed>,
        }
        let found = self.there(&format!("{ARTIFACTS}?path={}", encoded(folder)))?;
        Ok(found.map_or_else(Vec::new, |answer: Answer| answer.files))
    }

    /// Size and SHA-256 of an artifact; nothing where it is not there.
    pub(crate) fn digest(&self, file: &str) -> Result<Option<http::Digested>, Fault> {
        let path = format!("{ARTIFACTS}/{}", encoded(file));
        let digested = self.reads.http_digest(&http::Request::get(self.connection, &path));
        let digested = digested.map_err(|error| Fault::from(error).while_doing(&format!("digesting {file}")))?;
        match digested.status {
            200 => Ok(Some(digested)),
            404 => Ok(None),
            status => Err(refused(&path, status)),
        }
    }

    /// A page of a model's versions, the latest first.
    pub(crate) fn versions(&self, model: &str, most: u32, token: &str) -> Result<Page, Fault> {
        let filter = encoded(&format!("name='{model}'"));
        let from = if token.is_empty() { String::new() } else { format!("&page_token={}", encoded(token)) };
        let path = format!(
            "{API}/model-versions/search?filter={filter}&order_by=version_number%20DESC&max_results={most}{from}"
        );
        self.get(&path)?.map_err(|refusal| unexpected(&path, &refusal))
    }

    fn there<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Fault> {
        match self.get(path)? {
            Ok(found) => Ok(Some(found)),
            Err(refusal) if refusal.is_absence() => Ok(None),
            Err(refusal) => Err(unexpected(path, &refusal)),
        }
    }

    /// What a `GET` answers: what was asked for, or MLflow's refusal. Whatever else comes back is a fault.
    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Result<T, Refusal>, Fault> {
        let answer = self.reads.get(self.connection, path)?;
        let what = format!("GET {path}: {}", answer.status);
        match answer.status {
            200 => json::answered(&answer.body, &what).map(Ok),
            400 | 404 => json::answered(&answer.body, &what).map(Err),
            status => Err(refused(path, status)),
        }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

fn unexpected(path: &str, refusal: &Refusal) -> Fault {
    Fault::Unexpected(format!("GET {path}: {}: {}", refusal.error_code, refusal.message))
}

fn refused(path: &str, status: u16) -> Fault {
    let what = format!("GET {path}: {status}");
    match status {
        401 | 403 | 408 | 429 | 500.. => Fault::Unavailable(what),
        _ => Fault::Unexpected(what),
    }
}
